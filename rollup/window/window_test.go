package window_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
	"github.com/lazytrace/lazytrace/rollup/window"
)

const sec = eventlog.Stamp(1e9)

// began is when the sessions of these tests begin.
const began = 1_000_000 * sec

// book has one model, of which a token of input costs a thousand billionths.
func book(t testing.TB) *price.Book {
	t.Helper()
	own, err := price.Parse("prices.tsv", "mock m 1 5 0.1 1.25 2\n* m 1 5 0.1 1.25 2\n")
	if err != nil {
		t.Fatal(err)
	}
	return price.NewBook(price.BuiltIn(), own)
}

// shelf is a log of events that say where their records lie.
type shelf struct {
	eventlog.Log
	snap   *eventlog.Snapshot
	events []eventlog.Event
	reads  int
}

func (s *shelf) Events(ctx context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	out := make([]eventlog.Event, len(rows))
	for i, r := range rows {
		out[i] = s.events[r]
	}
	s.reads += len(rows)
	return out, ctx.Err()
}

// step is an event whose time is seconds, and where its record lies.
type step struct {
	eventlog.Event
	at   float64
	pos  int64
	size int32
}

// logOf indexes steps and prices their bills as a source would.
func logOf(t testing.TB, prices *price.Book, steps []step) *shelf {
	t.Helper()
	syms := eventlog.NewSymbols()
	x, log := eventlog.NewIndex(syms), &shelf{}
	for i := range steps {
		e := steps[i].Event
		if steps[i].at != 0 {
			e.Time = began + eventlog.Stamp(steps[i].at*1e9)
		}
		if e.SessionID == "" {
			e.SessionID = "s"
		}
		if e.RunID == "" {
			e.RunID = "r"
		}
		if e.Bill != nil {
			b := *e.Bill
			if b.Source == eventlog.Unpriced && prices != nil {
				cost, why, ok := prices.Estimate(e.Provider, e.Model, &b)
				if b.Price = syms.Intern(why); ok {
					b.Cost, b.Source = cost, eventlog.Estimated
				}
			}
			e.Bill = &b
		}
		at := eventlog.Place{Pos: int64(i), Size: steps[i].size}
		if steps[i].pos != 0 {
			at.Pos, at.Sub = steps[i].pos, uint32(i)
		}
		x.Append(at, &e)
		log.events = append(log.events, e)
	}
	log.snap = x.Publish()
	return log
}

func grow(t testing.TB, prices *price.Book, steps []step) *window.Report {
	t.Helper()
	log := logOf(t, prices, steps)
	s, _ := log.snap.Symbols.Find("s")
	r, err := window.Grow(context.Background(), log, log.snap, s, prices, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func said(at float64, who, text string) step {
	return step{at: at, Event: eventlog.Event{Kind: eventlog.Message, Tool: who, Text: text}}
}

func model(at float64, id string, u eventlog.Usage) step {
	return step{at: at, Event: eventlog.Event{Kind: eventlog.ModelResponse, CallID: id, Provider: "mock", Model: "m", Text: id, Bill: &eventlog.Bill{Usage: u}}}
}

func tool(at float64, id, command, result string) []step {
	return []step{
		{at: at, Event: eventlog.Event{Kind: eventlog.ToolCall, Tool: "bash", CallID: id, Input: []byte(`{"command":"` + command + `"}`)}},
		{at: at + 0.5, Event: eventlog.Event{Kind: eventlog.ToolResult, CallID: id, Text: result}},
	}
}

// again marks steps as told of by several layers.
func again(steps []step) []step {
	for i := range steps {
		steps[i].Again = true
	}
	return steps
}

// bytes is a text of so many bytes.
func bytes(n int) string { return strings.Repeat("x", n) }

// blocks spells blocks as they are listed.
func blocks(r *window.Report) string {
	var b strings.Builder
	for i := range r.Blocks {
		x := &r.Blocks[i]
		fmt.Fprintf(&b, "%s %q turn %d: %d bytes %d tokens (%s), %d calls %d carried, first %d cost %d\n",
			x.Kind, strings.TrimSpace(x.Tool+" "+clip(x.Label)), x.Turn, x.Bytes, x.Tokens, x.Basis, x.Calls, x.Carried, x.First, x.Cost)
	}
	return b.String()
}

func clip(s string) string {
	if len(s) > 12 {
		return s[:12]
	}
	return s
}

// Everything of a small run, computed by hand. Of the mock's prices a token costs,
// in billionths: input 1000, cache read 100, cache write 1250, output 5000.
func TestGrow(t *testing.T) {
	steps := []step{
		said(1, "user", bytes(40)),
		model(2, "a1", eventlog.Usage{CacheWrite5m: 1000, Output: 20}), // 1,250,000 for reading
	}
	steps = append(steps, tool(3, "k1", "ls", bytes(400))...)
	steps = append(steps,
		model(4, "a2", eventlog.Usage{CacheRead: 1000, CacheWrite5m: 120, Output: 10}), // 100,000 for what was there, 150,000 for what is new
		model(5, "a3", eventlog.Usage{Input: 1130, Output: 30}),                        // nothing came from the cache: 1,130,000
		step{at: 6, Event: eventlog.Event{Kind: eventlog.Compaction}},
		said(6.5, "summary", bytes(200)),
		model(7, "a4", eventlog.Usage{Input: 500}),
	)
	r := grow(t, book(t), steps)
	want := `untold "system promp" turn 0: 0 bytes 990 tokens (growth), 2 calls 1980 carried, first 1237500 cost 1089000
tool_result "bash ls" turn 1: 400 bytes 100 tokens (growth), 1 calls 100 carried, first 125000 cost 100000
answer "a1" turn 1: 18 bytes 20 tokens (output), 1 calls 20 carried, first 25000 cost 20000
user "xxxxxxxxxxxx" turn 0: 40 bytes 10 tokens (bytes), 2 calls 20 carried, first 12500 cost 11000
untold "system promp" turn 3: 0 bytes 450 tokens (growth), 0 calls 0 carried, first 450000 cost 0
summary "xxxxxxxxxxxx" turn 3: 200 bytes 50 tokens (bytes), 0 calls 0 carried, first 50000 cost 0
answer "a3" turn -1: 2 bytes 30 tokens (output), 0 calls 0 carried, first 0 cost 0
answer "a2" turn 2: 2 bytes 10 tokens (output), 0 calls 0 carried, first 10000 cost 0
answer "a4" turn -1: 2 bytes 1 tokens (bytes), 0 calls 0 carried, first 0 cost 0
`
	if got := blocks(r); got != want {
		t.Errorf("blocks:\n%swant:\n%s", got, want)
	}
	if r.Read != 3_130_000 || r.Cost != 3_430_000 || r.Total.First+r.Total.Cost != r.Read || r.Calls != 4 || r.ByTokens != 0 || !r.Measured {
		t.Errorf("read %d of %d, first %d and carrying %d, %d calls, %d by tokens", r.Read, r.Cost, r.Total.First, r.Total.Cost, r.Calls, r.ByTokens)
	}
	run := r.Runs[0]
	grew := []int64{}
	for _, turn := range run.Turns {
		grew = append(grew, turn.Grew)
	}
	if !slices.Equal(grew, []int64{1000, 120, 10, 500}) || run.Largest != 2 || run.Turns[2].Context() != 1130 {
		t.Errorf("it grew by %v, the largest is %d", grew, run.Largest)
	}
	if len(run.Compactions) != 1 {
		t.Fatalf("%d compactions", len(run.Compactions))
	}
	if c := run.Compactions[0]; c.Before != 1130 || c.After != 500 || c.At != 3 || c.Inferred || c.Known || c.Span == 0 {
		t.Errorf("compaction %+v", c)
	}
}

// What a model's prices say nothing of is parted by tokens, and what has no cost
// stays without.
func TestCostsWithoutParts(t *testing.T) {
	recorded := func(at float64, model string, u eventlog.Usage, cost eventlog.Money) step {
		return step{at: at, Event: eventlog.Event{Kind: eventlog.ModelResponse, CallID: fmt.Sprint(at), Model: model, Bill: &eventlog.Bill{Usage: u, Cost: cost, Source: eventlog.Recorded}}}
	}
	unpriced := step{at: 3, Event: eventlog.Event{Kind: eventlog.ModelResponse, CallID: "u", Model: "nobody-knows-it", Bill: &eventlog.Bill{Usage: eventlog.Usage{Input: 120}}}}
	for name, tc := range map[string]struct {
		steps                            []step
		read, carrying, first            eventlog.Money
		byTokens, unpriced, carryingLess int64
	}{
		// 75 of 100 tokens are context.
		"by tokens": {[]step{recorded(1, "nobody-knows-it", eventlog.Usage{Input: 75, Output: 25}, 1000)}, 750, 0, 750, 1, 0, 0},
		// Of 100 in, 100 from the cache and 20 out the model asks 1000, 100 and 5000
		// each: 100,000 and 10,000 and 100,000, of which half was billed.
		"by the model": {[]step{recorded(1, "m", eventlog.Usage{Input: 100, CacheRead: 100, Output: 20}, 105_000)}, 55_000, 0, 55_000, 0, 0, 0},
		"unpriced":     {[]step{unpriced}, 0, 0, 0, 0, 1, 0},
		// The block of 75 is read again twice, once for nothing that is known: the
		// second call costs 1 a token.
		"some": {[]step{
			recorded(1, "nobody-knows-it", eventlog.Usage{Input: 75, Output: 25}, 1000),
			recorded(2, "nobody-knows-it", eventlog.Usage{Input: 100}, 100), unpriced,
		}, 850, 75, 775, 2, 1, 2},
	} {
		r := grow(t, book(t), tc.steps)
		less := int64(0)
		for i := range r.Blocks {
			less += r.Blocks[i].Unpriced
		}
		if r.Read != tc.read || r.Total.Cost != tc.carrying || r.Total.First != tc.first || r.ByTokens != tc.byTokens || r.Unpriced != tc.unpriced || less != tc.carryingLess {
			t.Errorf("%s: read %d carrying %d first %d by tokens %d unpriced %d, of blocks %d", name, r.Read, r.Total.Cost, r.Total.First, r.ByTokens, r.Unpriced, less)
		}
	}
}

// compactions spells compactions.
func compactions(r *window.Report, run int) string {
	var b strings.Builder
	for _, c := range r.Runs[run].Compactions {
		fmt.Fprintf(&b, "at %d %d→%d inferred %t known %t cost %d\n", c.At, c.Before, c.After, c.Inferred, c.Known, c.Cost)
	}
	return b.String()
}

func TestCompactions(t *testing.T) {
	in := func(n int64) eventlog.Usage { return eventlog.Usage{Input: n} }
	compacted := step{at: 3.5, Event: eventlog.Event{Kind: eventlog.Compaction}}
	for name, tc := range map[string]struct {
		steps  []step
		want   string
		asides int
	}{
		"inferred":           {[]step{model(1, "a", in(900)), model(2, "b", in(599))}, "at 1 900→599 inferred true known false cost 0\n", 0},
		"two thirds are not": {[]step{model(1, "a", in(900)), model(2, "b", in(600))}, "", 0},
		"an aside":           {[]step{model(1, "a", in(900)), model(2, "b", in(10)), model(3, "c", in(950))}, "", 1},
		"three asides":       {[]step{model(1, "a", in(900)), model(2, "b", in(10)), model(3, "c", in(20)), model(4, "d", in(900))}, "", 2},
		"it stays small":     {[]step{model(1, "a", in(900)), model(2, "b", in(10)), model(3, "c", in(20)), model(4, "d", in(30)), model(5, "e", in(40)), model(6, "f", in(950))}, "at 1 900→10 inferred true known false cost 0\n", 0},
		"recorded":           {[]step{model(1, "a", in(900)), compacted, compacted, model(4, "b", in(100))}, "at 1 900→100 inferred false known false cost 0\n", 0},
		"no aside after one": {[]step{model(1, "a", in(900)), model(2, "b", in(10)), compacted, model(4, "c", in(900))}, "at 1 900→10 inferred true known false cost 0\nat 2 10→900 inferred false known false cost 0\n", 0},
		"nothing came":       {[]step{model(1, "a", in(900)), compacted}, "at 1 900→0 inferred false known false cost 0\n", 0},
		"by a run": {[]step{
			model(1, "a", in(900)),
			{at: 2, Event: eventlog.Event{Kind: eventlog.ModelResponse, CallID: "c", RunID: "helper", Agent: "compact", ParentRunID: "r", Link: eventlog.LinkSure, Provider: "mock", Model: "m", Bill: &eventlog.Bill{Usage: in(910)}}},
			compacted, model(4, "b", in(100)),
		}, "at 1 900→100 inferred false known true cost 910000\n", 0},
		"by a call of the same record": {[]step{
			model(1, "a", in(900)),
			{at: 2, pos: 77, size: 50, Event: eventlog.Event{Kind: eventlog.Compaction}},
			{at: 2, pos: 77, size: 50, Event: model(2, "c", in(910)).Event},
			model(4, "b", in(100)),
		}, "at 2 910→100 inferred false known true cost 910000\n", 0},
	} {
		r := grow(t, book(t), tc.steps)
		if got := compactions(r, 0); got != tc.want {
			t.Errorf("%s: %swant %s", name, got, tc.want)
		}
		asides := 0
		for _, turn := range r.Runs[0].Turns {
			if turn.Aside {
				asides++
			}
		}
		if asides != tc.asides {
			t.Errorf("%s: %d asides, want %d", name, asides, tc.asides)
		}
	}
}

// What is told of twice is one block, and what nobody else tells of a request is.
func TestBlocksAreCountedOnce(t *testing.T) {
	u := eventlog.Usage{Input: 1000, Output: 1}
	request := step{at: 2, Event: eventlog.Event{Kind: eventlog.ModelRequest, CallID: "a", Text: bytes(80)}}
	for name, tc := range map[string]struct {
		steps []step
		want  string
	}{
		"as sent and as written": {[]step{said(1, "context", bytes(44)), said(1, "context", bytes(48)), said(1.1, "user", bytes(40)), model(2, "a", u)}, "answer 1 system 1 untold 1 user 1"},
		"a task and a message":   {[]step{{at: 1, Event: eventlog.Event{Kind: eventlog.AgentStart, Text: bytes(40)}}, said(1, "user", bytes(40)), model(2, "a", u)}, "answer 1 untold 1 user 1"},
		"a task":                 {[]step{{at: 1, Event: eventlog.Event{Kind: eventlog.AgentStart, Text: bytes(40)}}, model(2, "a", u)}, "answer 1 untold 1 user 1"},
		"a request":              {[]step{request, model(3, "a", u)}, "answer 1 untold 1 user 1"},
		"a request and more":     {[]step{said(1, "user", bytes(80)), request, model(3, "a", u)}, "answer 1 untold 1 user 1"},
		"two results":            {append(again(tool(1, "k", "ls", bytes(4))), step{at: 1.6, Event: eventlog.Event{Kind: eventlog.ToolResult, CallID: "k", Again: true, Text: bytes(4)}}, model(2, "a", u)), "answer 1 tool_result 1 untold 1"},
		"summary and boundary":   {[]step{model(1, "a", u), {at: 2, Event: eventlog.Event{Kind: eventlog.Compaction, Text: bytes(8)}}, said(2, "summary", bytes(80)), model(3, "b", u)}, "answer 2 summary 1 untold 2"},
		"a boundary alone":       {[]step{model(1, "a", u), {at: 2, Event: eventlog.Event{Kind: eventlog.Compaction, Text: bytes(8)}}, model(3, "b", u)}, "answer 2 summary 1 untold 2"},
		"an attachment":          {[]step{{at: 1, Event: eventlog.Event{Kind: eventlog.Custom, Type: "attachment/file", Text: bytes(8)}}, {at: 1, Event: eventlog.Event{Kind: eventlog.Custom, Type: "progress", Text: bytes(8)}}, model(3, "b", u)}, "answer 1 system 1 untold 1"},
	} {
		r := grow(t, book(t), tc.steps)
		var got []string
		for _, k := range r.Kinds {
			got = append(got, fmt.Sprint(k.Kind, " ", k.Blocks))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

// An output whose count is not final is parted by its bytes like the rest.
func TestAtLeast(t *testing.T) {
	first := model(1, bytes(300), eventlog.Usage{Input: 100, Output: 2})
	first.Bill.AtLeast = true
	steps := append([]step{first}, tool(2, "k", "ls", bytes(86))...) // the arguments are 16 bytes more of the answer
	steps[1].Input = []byte(`{"command":"l"}`)                       // 15 bytes
	steps[2].Text = bytes(85)
	steps = append(steps, model(3, "b", eventlog.Usage{Input: 200}))
	r := grow(t, book(t), steps)
	// 400 bytes are 100 tokens: 315 of them 78, the rest 22.
	var got []string
	for i := range r.Blocks {
		if b := &r.Blocks[i]; b.Turn == 1 {
			got = append(got, fmt.Sprint(b.Kind, " ", b.Bytes, " ", b.Tokens, " ", b.Basis))
		}
	}
	slices.Sort(got)
	if want := "[answer 315 78 growth tool_result 85 22 growth]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		model   string
		largest int64
		told    string
		want    int64
		known   bool
	}{
		"family":         {"claude-opus-4-6", 1000, "", 200_000, false},
		"of a cloud":     {"eu.anthropic.claude-sonnet-4-6", 1000, "", 200_000, false},
		"routed":         {"openai/gpt-4.1-mini", 1000, "", 1_047_576, false},
		"large by name":  {"claude-opus-4-6[1m]", 1000, "", 1_000_000, false},
		"went above":     {"claude-opus-4-6", 200_001, "", 1_000_000, false},
		"far above":      {"claude-opus-4-6", 1_000_001, "", 2_000_000, false},
		"beyond":         {"claude-opus-4-6", 2_000_001, "", 2_000_001, false},
		"unknown":        {"m", 1000, "", 200_000, false},
		"part of a name": {"not-claude", 1000, "", 200_000, false},
		"told":           {"gpt-5.4", 1000, "258400", 258_400, true},
		"told nonsense":  {"gpt-5.4", 1000, "a lot", 400_000, false},
	} {
		steps := []step{model(1, "a", eventlog.Usage{Input: tc.largest})}
		steps[0].Model = tc.model
		if tc.told != "" {
			steps = append(steps, step{at: 2, Event: eventlog.Event{Kind: eventlog.Metrics, Details: []eventlog.Detail{{Name: "context window", Value: tc.told}}}})
		}
		l := grow(t, nil, steps).Runs[0].Limit
		if l.Tokens != tc.want || l.Told != tc.known || l.Why == "" {
			t.Errorf("%s: %+v, want %d", name, l, tc.want)
		}
	}
}

// Only what lies below the chosen session is looked at, and runs stand behind
// those that started them.
func TestRunsBelowTheSession(t *testing.T) {
	u := eventlog.Usage{Input: 10}
	of := func(at float64, session, run, parent, call string) step {
		s := model(at, call, u)
		s.SessionID, s.RunID, s.ParentRunID, s.Link = session, run, parent, eventlog.LinkSure
		return s
	}
	child := of(9, "child", "c", "", "x")
	child.Facts = &eventlog.Facts{ParentID: "s"}
	steps := []step{
		of(5, "s", "late", "r", "1"), of(1, "s", "r", "", "2"), of(3, "s", "early", "r", "3"), of(4, "s", "deep", "early", "4"), of(2, "other", "o", "", "5"), child,
	}
	r := grow(t, book(t), steps)
	var got []string
	for _, run := range r.Runs {
		got = append(got, fmt.Sprintf("%s%d%d", run.Run, run.Depth, run.Parent))
	}
	if want := "[r0-1 early10 deep21 late10 c0-1]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	for i := range r.Blocks {
		if b := &r.Blocks[i]; r.Runs[b.Run].Turns[0].Span != b.Span {
			t.Errorf("a block of run %s hangs on span %d", r.Runs[b.Run].Run, b.Span)
		}
	}
}

func TestSumsAreNoTurns(t *testing.T) {
	sum := model(2, "b", eventlog.Usage{Input: 5000})
	sum.Bill.Calls = 7
	r := grow(t, book(t), []step{model(1, "a", eventlog.Usage{Input: 10}), sum, model(3, "c", eventlog.Usage{})})
	if len(r.Runs[0].Turns) != 1 || r.Left != 1 {
		t.Errorf("%d turns, %d left", len(r.Runs[0].Turns), r.Left)
	}
}

// Without times the log is in the order in which it stands.
func TestWithoutTimes(t *testing.T) {
	steps := []step{said(0, "user", bytes(40)), model(0, "a", eventlog.Usage{Input: 100}), said(0, "user", bytes(80)), model(0, "b", eventlog.Usage{Input: 120})}
	if got := blocks(grow(t, book(t), steps)); !strings.Contains(got, `turn 1: 80 bytes 20 tokens (growth)`) {
		t.Error(got)
	}
}

// Whatever a log holds, the parts are no more than the whole, and the list is the
// dearest of all.
func TestPartsNeverExceedTheWhole(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var steps []step
		for i := range 80 {
			at := float64(i + 1)
			switch rnd.IntN(6) {
			case 0:
				steps = append(steps, said(at, []string{"user", "system", "context", "summary"}[rnd.IntN(4)], bytes(rnd.IntN(900))))
			case 1:
				steps = append(steps, tool(at, fmt.Sprint(i), "ls", bytes(rnd.IntN(3000)))...)
			case 2:
				if rnd.IntN(4) == 0 {
					steps = append(steps, step{at: at, Event: eventlog.Event{Kind: eventlog.Compaction}})
				}
			default:
				s := model(at, fmt.Sprint("m", i), eventlog.Usage{
					Input: rnd.Int64N(500), CacheRead: rnd.Int64N(2000), CacheWrite5m: rnd.Int64N(300), CacheWrite1h: rnd.Int64N(2), Output: rnd.Int64N(400),
				})
				switch rnd.IntN(5) {
				case 0:
					s.Bill.Source, s.Bill.Cost = eventlog.Recorded, eventlog.Money(rnd.Int64N(1e9))
				case 1:
					s.Model = "nobody-knows-it"
				case 2:
					s.Bill.Source, s.Bill.Cost = eventlog.Recorded, eventlog.Money(rnd.Int64N(1<<50)-1<<49)
				case 3:
					s.Bill.Usage.CacheRead = rnd.Int64N(1 << 45)
				}
				steps = append(steps, s)
			}
		}
		steps = append(steps, model(100, "last", eventlog.Usage{Input: 10}))
		r := grow(t, book(t), steps)
		var cost, read eventlog.Money
		for i := range r.Runs[0].Turns {
			turn := &r.Runs[0].Turns[i]
			if turn.Read < 0 || turn.Read > max(0, turn.Cost) {
				t.Fatalf("round %d: turn %d read %d of %d", round, i, turn.Read, turn.Cost)
			}
			cost, read = cost+max(0, turn.Cost), read+turn.Read
		}
		if sum := r.Total.First + r.Total.Cost; sum < 0 || sum > read || read != r.Read {
			t.Fatalf("round %d: parts %d of %d (%d)", round, sum, read, r.Read)
		}
		for i := range r.Blocks {
			if i > 0 && r.Blocks[i].Cost > r.Blocks[i-1].Cost {
				t.Fatalf("round %d: block %d is dearer than the one before", round, i)
			}
		}
	}
}

// A large log is gone through in portions, and its list is bounded.
func TestLargeLog(t *testing.T) {
	var steps []step
	size := int64(1000)
	for i := range 10_000 {
		at := float64(i + 1)
		for _, s := range tool(at, fmt.Sprint(i), "ls", bytes(8)) {
			s.size = int32(100 + i%7)
			steps = append(steps, s)
		}
		if size += 30; size > 150_000 {
			size = 1000
		}
		s := model(at+0.75, fmt.Sprint("m", i), eventlog.Usage{CacheRead: size - 30, CacheWrite5m: 30, Output: 5})
		s.size = 900
		steps = append(steps, s)
	}
	prices := book(t)
	log := logOf(t, prices, steps)
	s, _ := log.snap.Symbols.Find("s")
	last, total := 0, 0
	r, err := window.Grow(t.Context(), log, log.snap, s, prices, func(done, all int) { last, total = done, all })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Blocks) != window.Most || r.Measured || r.Total.Blocks < 20_000 || last != total || total == 0 {
		t.Errorf("%d blocks of %d, measured %t, at %d of %d", len(r.Blocks), r.Total.Blocks, r.Measured, last, total)
	}
	if log.reads > 3*window.Most {
		t.Errorf("%d events were read", log.reads)
	}
	for i := range r.Blocks {
		if b := &r.Blocks[i]; b.Kind == window.Result && (b.Label != "ls" || b.Bytes != 8) {
			t.Fatalf("block %+v", b)
		}
	}
}

func TestGrowStops(t *testing.T) {
	prices := book(t)
	log := logOf(t, prices, []step{model(1, "a", eventlog.Usage{Input: 10})})
	s, _ := log.snap.Symbols.Find("s")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := window.Grow(ctx, log, log.snap, s, prices, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := window.Grow(t.Context(), log, log.snap, log.snap.Symbols.Intern("nobody's"), prices, nil); err == nil || !strings.Contains(err.Error(), "nobody's") {
		t.Errorf("%v", err)
	}
}

func BenchmarkGrow(b *testing.B) {
	var steps []step
	for i := range 100_000 {
		at := float64(i + 1)
		for _, s := range tool(at, fmt.Sprint(i), "ls", bytes(8)) {
			s.size = int32(100 + i%7)
			steps = append(steps, s)
		}
		s := model(at+0.75, fmt.Sprint("m", i), eventlog.Usage{CacheRead: 10_000 + int64(i%1000)*30, CacheWrite5m: 30, Output: 5})
		s.size = 900
		steps = append(steps, s)
	}
	prices := book(b)
	log := logOf(b, prices, steps)
	s, _ := log.snap.Symbols.Find("s")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := window.Grow(b.Context(), log, log.snap, s, prices, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(steps)*b.N)/b.Elapsed().Seconds(), "rows/s")
}
