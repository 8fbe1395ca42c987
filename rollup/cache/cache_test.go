package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/rollup/price"
)

const sec = eventlog.Stamp(time.Second)

// began is when the sessions of these tests begin.
const began = 1_000_000 * sec

// book has two models whose tokens cost, in billionths of a dollar: input 1000,
// output 5000, cache read 100, write 1250, write for an hour 2000.
func book(t testing.TB) *price.Book {
	t.Helper()
	own, err := price.Parse("prices.tsv", "mock m 1 5 0.1 1.25 2\nmock n 1 5 0.1 1.25 2\n")
	if err != nil {
		t.Fatal(err)
	}
	return price.NewBook(price.BuiltIn(), own)
}

// call is a model call, at so many seconds.
type call struct {
	at           float64
	session, run string
	model        string
	usage        eventlog.Usage
	recorded     eventlog.Money
	calls        int64
	request      string // payload of its request, if that is recorded
	asked        float64
}

// ledger keeps calls in memory as a source would.
func ledger(t testing.TB, prices *price.Book, facts map[string]eventlog.Facts, calls []call) (*eventlog.Memory, *eventlog.Sources) {
	t.Helper()
	src := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(src)
	var events []eventlog.Event
	for id, f := range facts {
		events = append(events, eventlog.Event{Kind: eventlog.Custom, Hidden: true, SessionID: id, Facts: &f})
	}
	for i, c := range calls {
		if c.session == "" {
			c.session = "s"
		}
		if c.run == "" {
			c.run = "r"
		}
		if c.model == "" {
			c.model = "m"
		}
		e := eventlog.Event{
			Kind: eventlog.ModelResponse, SessionID: c.session, RunID: c.run, Agent: "tester", CallID: fmt.Sprint(i), Provider: "mock", Model: c.model,
			Bill: &eventlog.Bill{Usage: c.usage, Calls: c.calls, Call: eventlog.Identify("call", fmt.Sprint(i))},
		}
		if c.at != 0 {
			e.Time = began + eventlog.Stamp(c.at*float64(sec))
		}
		if c.recorded != 0 {
			e.Bill.Cost, e.Bill.Source = c.recorded, eventlog.Recorded
		} else if cost, why, ok := prices.Estimate(e.Provider, e.Model, e.Bill); ok {
			e.Bill.Cost, e.Bill.Source, e.Bill.Price = cost, eventlog.Estimated, src.Symbols().Intern(why)
		}
		if c.request != "" || c.asked != 0 {
			asked := began + eventlog.Stamp(c.asked*float64(sec))
			if c.asked == 0 {
				asked = e.Time
			}
			events = append(events, eventlog.Event{
				Kind: eventlog.ModelRequest, SessionID: c.session, RunID: c.run, CallID: e.CallID, Model: c.model, Time: asked, Payload: json.RawMessage(c.request),
			})
		}
		events = append(events, e)
	}
	if err := log.WriteEvents(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	return log, src
}

func judge(t testing.TB, calls []call) *cache.Report {
	t.Helper()
	prices := book(t)
	_, src := ledger(t, prices, nil, calls)
	r, err := cache.New(context.Background(), src.Catalog(), nil, prices)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Everything of a small run, computed by hand.
func TestNew(t *testing.T) {
	r := judge(t, []call{
		{at: 1, usage: eventlog.Usage{Input: 10, CacheWrite5m: 10_000}},                     // cold: 10,010 paid
		{at: 2, usage: eventlog.Usage{CacheRead: 10_000, CacheWrite5m: 2000, Output: 7}},    // all of it is there
		{at: 400, usage: eventlog.Usage{Input: 500, CacheRead: 2000, CacheWrite5m: 11_500}}, // 398 s later 10,000 are gone
		{at: 401, usage: eventlog.Usage{CacheRead: 13_500, CacheWrite1h: 1000}},
	})
	s := &r.Total
	if want := (eventlog.Usage{Input: 510, CacheRead: 25_500, CacheWrite5m: 23_500, CacheWrite1h: 1000, Output: 7}); s.Usage != want {
		t.Errorf("usage %+v", s.Usage)
	}
	// Saved: 900 a token read, 25,500 of them. Extra: 250 a token written, 1000 for an hour.
	if s.Saved != 22_950_000 || s.Extra != 5_875_000+1_000_000 || s.Net() != 16_075_000 || s.Judged != 4 || s.Unjudged != 0 {
		t.Errorf("saved %d extra %d net %d judged %d unjudged %d", s.Saved, s.Extra, s.Net(), s.Judged, s.Unjudged)
	}
	if s.ColdCalls != 1 || s.ColdTokens != 10_010 || s.Misses != 1 || s.Again != 10_000 {
		t.Errorf("%d cold for %d, %d misses for %d", s.ColdCalls, s.ColdTokens, s.Misses, s.Again)
	}
	// 12,000 were paid: 500 at 1000 and 11,500 at 1250, 14,875,000 in all. Of that
	// 10,000 tokens are 12,395,833.3, and from the cache they were 1,000,000.
	if s.Lost != 11_395_833 {
		t.Errorf("lost %d", s.Lost)
	}
	m := r.Misses[0]
	if m.Cause != cache.Idle || m.Had != 12_000 || m.Read != 2000 || m.Idle != 398*time.Second || m.Life != 5*time.Minute || m.Agent != "tester" || m.Model != "m" {
		t.Errorf("miss %+v", m)
	}
}

func TestCauses(t *testing.T) {
	u := func(input, read, write int64) eventlog.Usage {
		return eventlog.Usage{Input: input, CacheRead: read, CacheWrite5m: write}
	}
	hour := func(read, write int64) eventlog.Usage { return eventlog.Usage{CacheRead: read, CacheWrite1h: write} }
	for name, tc := range map[string]struct {
		calls []call
		want  string
	}{
		"nothing missed":          {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, usage: u(0, 20_000, 10)}}, "cold 1 asides 0"},
		"a tenth is no miss":      {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, usage: u(2000, 18_000, 0)}}, "cold 1 asides 0"},
		"more than a tenth is":    {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, usage: u(2001, 17_999, 0)}}, "cold 1 asides 0 unknown 1/2001"},
		"few tokens are not":      {[]call{{at: 1, usage: u(0, 0, 1023)}, {at: 2, usage: u(5000, 0, 0)}}, "cold 1 asides 0"},
		"five minutes":            {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 301, usage: u(30_000, 0, 0)}}, "cold 1 asides 0 unknown 1/20000"},
		"more than five minutes":  {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 302, usage: u(30_000, 0, 0)}}, "cold 1 asides 0 idle 1/20000"},
		"within the hour":         {[]call{{at: 1, usage: hour(0, 20_000)}, {at: 3600, usage: u(30_000, 0, 0)}}, "cold 1 asides 0 unknown 1/20000"},
		"after the hour":          {[]call{{at: 1, usage: hour(0, 20_000)}, {at: 2, usage: u(0, 20_000, 0)}, {at: 3700, usage: u(30_000, 0, 0)}}, "cold 1 asides 0 idle 1/20000"},
		"anew for five minutes":   {[]call{{at: 1, usage: hour(0, 20_000)}, {at: 3700, usage: u(0, 0, 30_000)}, {at: 4100, usage: u(40_000, 0, 0)}}, "cold 1 asides 0 idle 2/50000"},
		"another model":           {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, model: "n", usage: u(0, 0, 21_000)}, {at: 3, model: "n", usage: u(0, 21_000, 0)}}, "cold 1 asides 0 model 1/20000"},
		"back to the first model": {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, model: "n", usage: u(0, 0, 21_000)}, {at: 3, usage: u(2000, 20_000, 0)}}, "cold 1 asides 0 model 1/20000"},
		"another model aside":     {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, model: "n", usage: u(3000, 0, 0)}, {at: 3, usage: u(0, 20_000, 10)}}, "cold 2 asides 0"},
		"an aside":                {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, usage: u(3000, 0, 0)}, {at: 3, usage: u(0, 20_000, 10)}}, "cold 1 asides 1"},
		"shortened":               {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, usage: u(0, 500, 3000)}, {at: 3, usage: u(0, 3500, 10)}}, "cold 1 asides 0 history 1/3000"},
		"runs of their own":       {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, run: "q", usage: u(20_000, 0, 0)}}, "cold 2 asides 0"},
		"sums":                    {[]call{{at: 1, usage: u(0, 0, 20_000)}, {at: 2, calls: 3, usage: u(90_000, 0, 0)}, {at: 3, usage: u(0, 20_000, 0)}}, "cold 1 asides 0"},
		"no times":                {[]call{{usage: u(0, 0, 20_000)}, {usage: u(30_000, 0, 0)}}, "cold 1 asides 0 unknown 1/20000"},
	} {
		r := judge(t, tc.calls)
		got := fmt.Sprintf("cold %d asides %d", r.Total.ColdCalls, r.Total.Asides)
		for _, c := range r.Causes {
			got += fmt.Sprintf(" %s %d/%d", c.Cause, c.Misses, c.Tokens)
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// A fork goes on with what the session that it comes from has in the cache.
func TestForks(t *testing.T) {
	prices := book(t)
	facts := map[string]eventlog.Facts{"f": {ForkOf: "s"}, "g": {ForkOf: "s"}}
	from := call{at: 10, session: "s", usage: eventlog.Usage{CacheWrite5m: 20_000}}
	_, src := ledger(t, prices, facts, []call{
		from,
		{at: 20, session: "f", usage: eventlog.Usage{CacheRead: 1000, CacheWrite5m: 22_000}}, // misses
		{at: 30, session: "g", usage: eventlog.Usage{CacheRead: 20_000, Input: 5}},           // finds it
		{at: 500, session: "s", usage: eventlog.Usage{Input: 30_000}},                        // idle, and of no fork
	})
	r, err := cache.New(t.Context(), src.Catalog(), func(s *eventlog.Session) bool { return s.ID != "s" }, prices)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Misses) != 1 || r.Misses[0].Cause != cache.Fork || r.Misses[0].Again != 19_000 || r.Misses[0].Session != "f" || r.Total.ColdCalls != 0 || r.Total.Calls != 2 {
		t.Errorf("%+v of %+v", r.Misses, r.Total)
	}
}

// A recorded cost is apportioned by the prices of the model; without prices nobody
// can tell.
func TestRecordedCosts(t *testing.T) {
	r := judge(t, []call{
		// 20,000 written and 2000 read come to 25,200,000; twice that was asked.
		{at: 1, usage: eventlog.Usage{CacheRead: 2000, CacheWrite5m: 20_000}, recorded: 50_400_000},
		// 30,000 of input are 30,000,000; half was asked. 22,000 of them had been there:
		// each cost 900 more than from the cache.
		{at: 2, usage: eventlog.Usage{Input: 30_000}, recorded: 15_000_000},
		{at: 3, model: "nobody-knows-it", usage: eventlog.Usage{Input: 29_000}, recorded: 5},
	})
	if r.Total.Saved != 2*2000*900 || r.Total.Extra != 2*20_000*250 || r.Total.Judged != 2 || r.Total.Unjudged != 1 {
		t.Errorf("%+v", r.Total)
	}
	if r.Total.Misses != 1 || r.Total.Lost != 22_000*900/2 || r.Total.Unpriced != 0 {
		t.Errorf("%+v", r.Total)
	}
}

func TestUnpricedMisses(t *testing.T) {
	r := judge(t, []call{
		{at: 1, model: "nobody-knows-it", usage: eventlog.Usage{CacheWrite5m: 20_000}},
		{at: 2, model: "nobody-knows-it", usage: eventlog.Usage{Input: 20_000}},
	})
	if r.Total.Unjudged != 2 || r.Total.Unpriced != 1 || r.Total.Again != 20_000 || r.Total.Lost != 0 || r.Misses[0].Priced || r.Causes[0].Unpriced != 1 {
		t.Errorf("%+v %+v", r.Total, r.Causes)
	}
}

// What requests hold tells more, and the report that was asked stays as it was.
func TestRequestsTellCauses(t *testing.T) {
	messages := `{"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"system":"be brief","tools":[{"name":"ls"}]}`
	for name, tc := range map[string]struct {
		before, after string
		want          cache.Cause
		why           string
	}{
		"alike":              {messages, `{"tools":[{"name":"ls"}],"system":"be brief","messages":[{"content":[{"text":"hi","type":"text","cache_control":{"type":"ephemeral"}}],"role":"user"},{"role":"user","content":"more"}]}`, cache.Unknown, "what was recorded of the requests begins alike"},
		"tools":              {messages, strings.Replace(messages, `"ls"`, `"cat"`, 1), cache.Tools, "the requests describe other tools"},
		"system":             {messages, strings.Replace(messages, "brief", "long", 1), cache.System, "the requests have other system prompts"},
		"conversation":       {messages, strings.Replace(messages, "hi", "ho", 1), cache.History, "message 1 is another one"},
		"shorter":            {messages, `{"messages":[]}`, cache.History, "message 1 is another one"},
		"below":              {`{"request":{"instructions":"a","input":[]}}`, `{"request":{"instructions":"b","input":[]}}`, cache.System, "the requests have other system prompts"},
		"Gemini":             {`{"body":{"systemInstruction":{"parts":[]},"contents":[{"role":"user"}]}}`, `{"body":{"systemInstruction":{"parts":[]},"contents":[{"role":"model"}]}}`, cache.History, "message 1 is another one"},
		"numbers of tools":   {`{"messages":4,"tools_offered":12}`, `{"messages":6,"tools_offered":14}`, cache.Tools, "the requests offer 12 tools, then 14"},
		"numbers of turns":   {`{"messages":12,"tools_offered":14}`, `{"messages":4,"tools_offered":14}`, cache.History, "the requests hold 12 messages, then 4"},
		"numbers that agree": {`{"messages":4,"tools_offered":14}`, `{"messages":6,"tools_offered":14}`, cache.Unknown, ""},
		"nothing":            {`{"note":"x"}`, `{"note":"y"}`, cache.Unknown, ""},
		"no JSON":            {`nope`, `[`, cache.Unknown, ""},
	} {
		prices := book(t)
		log, src := ledger(t, prices, nil, []call{
			{at: 1, usage: eventlog.Usage{CacheWrite5m: 20_000}, request: tc.before},
			{at: 2, usage: eventlog.Usage{Input: 25_000}, request: tc.after},
		})
		r, err := cache.New(t.Context(), src.Catalog(), nil, prices)
		if err != nil {
			t.Fatal(err)
		}
		in, err := r.In(t.Context(), log, log.Snapshot(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := in.Misses[0]
		if m.Cause != tc.want || m.Why != tc.why || m.Span == 0 || m.Previous == 0 || m.Span == m.Previous {
			t.Errorf("%s: %s %q, spans %d and %d", name, m.Cause, m.Why, m.Previous, m.Span)
		}
		if len(in.Causes) != 1 || in.Causes[0].Cause != tc.want || in.Causes[0].Tokens != 20_000 || in.Causes[0].Cost != r.Causes[0].Cost {
			t.Errorf("%s: causes %+v", name, in.Causes)
		}
		if r.Misses[0].Cause != cache.Unknown || r.Misses[0].Span != 0 || len(r.Causes) != 1 {
			t.Errorf("%s: the report changed: %+v", name, r.Misses[0])
		}
	}
}

// The cache is kept from when a request comes in. The ledger knows only when calls
// ended.
func TestSpansTellHowLongItWasIdle(t *testing.T) {
	prices := book(t)
	log, src := ledger(t, prices, nil, []call{
		{at: 2, asked: 1, usage: eventlog.Usage{CacheWrite5m: 20_000}},
		{at: 320, asked: 290, usage: eventlog.Usage{Input: 25_000}}, // it took half a minute
	})
	r, err := cache.New(t.Context(), src.Catalog(), nil, prices)
	if err != nil {
		t.Fatal(err)
	}
	in, err := r.In(t.Context(), log, log.Snapshot(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Misses[0].Cause != cache.Idle || in.Misses[0].Cause != cache.Unknown || in.Misses[0].Idle != 289*time.Second || in.Causes[0].Cause != cache.Unknown {
		t.Errorf("%+v became %+v", r.Misses[0], in.Misses[0])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.In(ctx, log, log.Snapshot(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := cache.New(ctx, src.Catalog(), nil, prices); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Tokens and calls are those of the ledger, and causes, models and runs come to the
// whole, whatever the calls are.
func TestSumsAreThoseOfTheLedger(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var calls []call
	at := 0.0
	for range 4000 {
		at += rnd.ExpFloat64() * 90
		u := eventlog.Usage{Input: rnd.Int64N(9000), CacheRead: rnd.Int64N(40_000), CacheWrite5m: rnd.Int64N(9000), CacheWrite1h: rnd.Int64N(3) / 2 * 500, Output: rnd.Int64N(900)}
		c := call{at: at, session: fmt.Sprint("s", rnd.IntN(5)), run: fmt.Sprint("r", rnd.IntN(3)), model: []string{"m", "n", "nobody-knows-it"}[rnd.IntN(3)], usage: u}
		if rnd.IntN(9) == 0 {
			c.calls = 3
		}
		if rnd.IntN(7) == 0 {
			c.recorded = eventlog.Money(1 + rnd.Int64N(1e9))
		}
		calls = append(calls, c)
	}
	prices := book(t)
	_, src := ledger(t, prices, nil, calls)
	cat := src.Catalog()
	keep := func(s *eventlog.Session) bool { return s.ID != "s3" }
	r, err := cache.New(t.Context(), cat, keep, prices)
	if err != nil {
		t.Fatal(err)
	}
	want := rollup.New(cat, keep).Total
	if r.Total.Usage != want.Usage || r.Total.Calls != want.Calls || r.Total.Judged+r.Total.Unjudged != want.Calls {
		t.Errorf("%+v, the ledger has %+v", r.Total, want)
	}
	var models, runs, causes cache.Sum
	for _, m := range r.Models {
		models.Usage.Add(m.Usage)
		models.Calls, models.Again, models.Lost, models.Saved = models.Calls+m.Calls, models.Again+m.Again, models.Lost+m.Lost, models.Saved+m.Saved
	}
	for _, m := range r.Runs {
		runs.Misses, runs.Again, runs.Lost = runs.Misses+m.Misses, runs.Again+m.Again, runs.Lost+m.Lost
	}
	for _, c := range r.Causes {
		causes.Misses, causes.Again, causes.Lost, causes.Unpriced = causes.Misses+c.Misses, causes.Again+c.Tokens, causes.Lost+c.Cost, causes.Unpriced+c.Unpriced
	}
	total := r.Total
	if models.Usage != total.Usage || models.Calls != total.Calls || models.Again != total.Again || models.Lost != total.Lost || models.Saved != total.Saved {
		t.Errorf("models %+v of %+v", models, total)
	}
	if runs.Misses != total.Misses || runs.Again != total.Again || runs.Lost != total.Lost || total.Misses == 0 {
		t.Errorf("runs %+v of %+v", runs, total)
	}
	if causes.Misses != total.Misses || causes.Again != total.Again || causes.Lost != total.Lost || causes.Unpriced != total.Unpriced {
		t.Errorf("causes %+v of %+v", causes, total)
	}
	for i := range r.Misses {
		if m := &r.Misses[i]; m.Cost < 0 || i > 0 && m.Cost > r.Misses[i-1].Cost {
			t.Fatalf("miss %d costs %d", i, m.Cost)
		}
	}
}

// Requests come from anywhere.
func FuzzRequests(f *testing.F) {
	f.Add(`{"messages":[{"role":"user","content":"hi"}],"tools":[]}`, `{"messages":3,"tools_offered":-1}`)
	f.Add(`[{"role":"user"}]`, `{"request":{"request":{"request":{"tools":[1]}}}}`)
	f.Add(`{"tools":{"a":[{"cache_control":1}]}}`, `nope`)
	f.Fuzz(func(t *testing.T, before, after string) {
		prices := book(t)
		log, src := ledger(t, prices, nil, []call{
			{at: 1, usage: eventlog.Usage{CacheWrite5m: 20_000}, request: before + " "},
			{at: 2, usage: eventlog.Usage{Input: 25_000}, request: after + " "},
		})
		r, err := cache.New(t.Context(), src.Catalog(), nil, prices)
		if err != nil {
			t.Fatal(err)
		}
		in, err := r.In(t.Context(), log, log.Snapshot(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if before == after && in.Misses[0].Cause != cache.Unknown {
			t.Errorf("equal requests are said to differ: %+v", in.Misses[0])
		}
	})
}
