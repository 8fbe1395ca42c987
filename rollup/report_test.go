package rollup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// start is the start of a run, below another one when parent is not empty.
func start(session, run, parent, agent string) eventlog.Event {
	e := eventlog.Event{SessionID: session, RunID: run, Kind: eventlog.AgentStart, Agent: agent, Time: 1}
	if parent != "" {
		e.ParentRunID, e.Link = parent, eventlog.LinkSure
	}
	return e
}

// call is a model call that nobody has a copy of. Each call of a test writes
// another power of ten, so that a sum shows what is in it, and how often.
func call(session, run string, out int64) eventlog.Event {
	return eventlog.Event{
		SessionID: session, RunID: run, Kind: eventlog.ModelResponse, Model: "m", Time: 1,
		Bill: &eventlog.Bill{Usage: eventlog.Usage{Output: out}},
	}
}

// response is a model call that other records may tell of as well.
func response(session, run, id string, out int64, copied bool) eventlog.Event {
	e := call(session, run, out)
	e.Bill.Call, e.Bill.Request, e.Bill.Rule = eventlog.Identify("response", id), eventlog.Identify("request", id), eventlog.RuleResponse
	e.Bill.Copied = copied
	return e
}

func tool(session, run, name string, kind eventlog.Kind, id string) eventlog.Event {
	e := eventlog.Event{SessionID: session, RunID: run, Kind: kind, Tool: name, Time: 1, Failed: kind == eventlog.ToolError}
	if id != "" {
		e.Use = eventlog.Identify("tool", id)
	}
	return e
}

func child(session, parent string) eventlog.Event {
	return eventlog.Event{SessionID: session, Kind: eventlog.SessionStart, Time: 1, Facts: &eventlog.Facts{ParentID: parent}}
}

func priced(e eventlog.Event, cost eventlog.Money, source eventlog.CostSource) eventlog.Event {
	e.Bill.Cost, e.Bill.Source = cost, source
	return e
}

func named(e eventlog.Event, agent string) eventlog.Event {
	e.Agent = agent
	return e
}

func on(e eventlog.Event, model string, at time.Time) eventlog.Event {
	e.Model, e.Time = model, eventlog.StampOf(at)
	return e
}

// catalog makes a catalog of segments, each a list of events.
func catalog(segments ...[]eventlog.Event) *eventlog.Catalog {
	sources := eventlog.NewSources(eventlog.NewSymbols())
	for n, events := range segments {
		sum := eventlog.NewSummary(sources.Symbols(), fmt.Sprintf("segment-%02d", n), "test", 0)
		sum.Update(func() {
			for i := range events {
				sum.Record()
				sum.Add(int64(i), &events[i])
			}
		})
		sources.Add(sum)
	}
	return sources.Catalog()
}

// spelled writes a report as text: of each line its own sum and, behind a
// slash, the inclusive one.
func spelled(r *rollup.Report) string {
	var b strings.Builder
	one := func(s rollup.Sum) string {
		text := fmt.Sprint(s.Usage.Output)
		if s.ToolCalls > 0 || s.ToolErrors > 0 || s.Errors > 0 {
			text += fmt.Sprintf(" tools %d-%d errors %d", s.ToolCalls, s.ToolErrors, s.Errors)
		}
		return text
	}
	fmt.Fprintf(&b, "total: %d sessions %d runs %d calls %s\n", r.Total.Sessions, r.Total.Runs, r.Total.Calls, one(r.Total))
	list := func(what string, groups []rollup.Group) {
		for _, g := range groups {
			fmt.Fprintf(&b, "%s %s: %s / %s\n", what, g.Key, one(g.Own), one(g.Inclusive))
		}
	}
	list("agent", r.Agents)
	list("session", r.Sessions)
	list("tool", r.Tools)
	for _, g := range r.Runs {
		if g.Key != "" {
			fmt.Fprintf(&b, "run %s%s/%s: %s / %s\n", strings.Repeat(">", g.Depth), g.Session.ID, g.Key, one(*g.Own), one(*g.Inclusive))
		}
	}
	return b.String()
}

func TestSums(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		segments [][]eventlog.Event
		keep     func(*eventlog.Session) bool
		want     string
	}{
		"nothing": {want: "total: 0 sessions 0 runs 0 calls 0\n"},
		"nested agents": {
			segments: [][]eventlog.Event{{
				start("s", "1", "", "main"), call("s", "1", 1),
				start("s", "2", "1", "research"), call("s", "2", 10), call("s", "2", 20),
				start("s", "3", "2", "fetch"), call("s", "3", 100),
				start("s", "4", "1", "write"), call("s", "4", 1000),
			}},
			want: `
total: 1 sessions 4 runs 5 calls 1131
agent main: 1 / 1131
agent write: 1000 / 1000
agent research: 30 / 130
agent fetch: 100 / 100
session s: 1131 / 1131
run s/1: 1 / 1131
run >s/2: 30 / 130
run >>s/3: 100 / 100
run >s/4: 1000 / 1000
`},
		"an agent in itself": {
			segments: [][]eventlog.Event{{
				start("s", "1", "", "loop"), call("s", "1", 1),
				start("s", "2", "1", "loop"), call("s", "2", 10),
				start("s", "3", "2", "leaf"), call("s", "3", 100),
				start("s", "4", "3", "loop"), call("s", "4", 1000),
			}},
			want: `
total: 1 sessions 4 runs 4 calls 1111
agent loop: 1011 / 1111
agent leaf: 100 / 1100
session s: 1111 / 1111
run s/1: 1 / 1111
run >s/2: 10 / 1110
run >>s/3: 100 / 1100
run >>>s/4: 1000 / 1000
`},
		"a call in the name of another agent": {
			segments: [][]eventlog.Event{{
				start("s", "1", "", "main"), call("s", "1", 1), named(call("s", "1", 10), "judge"),
				start("s", "2", "1", "sub"), named(call("s", "2", 100), "main"), named(call("s", "2", 1000), "judge"),
			}},
			want: `
total: 1 sessions 2 runs 4 calls 1111
agent main: 101 / 1111
agent sub: 0 / 1100
agent judge: 1010 / 1010
session s: 1111 / 1111
run s/1: 11 / 1111
run >s/2: 1100 / 1100
`},
		"child sessions": {
			segments: [][]eventlog.Event{
				{start("top", "1", "", "main"), call("top", "1", 1)},
				{child("kid", "top"), start("kid", "1", "", "main"), call("kid", "1", 10)},
				{child("grandkid", "kid"), start("grandkid", "1", "", "other"), call("grandkid", "1", 100)},
			},
			want: `
total: 3 sessions 3 runs 3 calls 111
agent other: 100 / 100
agent main: 11 / 11
session top: 1 / 111
session kid: 10 / 110
session grandkid: 100 / 100
run grandkid/1: 100 / 100
run kid/1: 10 / 10
run top/1: 1 / 1
`},
		"a selection leaves out the session between": {
			segments: [][]eventlog.Event{
				{call("top", "1", 1)}, {child("kid", "top"), call("kid", "1", 10)}, {child("grandkid", "kid"), call("grandkid", "1", 100)},
			},
			keep: func(s *eventlog.Session) bool { return s.ID != "kid" },
			want: `
total: 2 sessions 2 runs 2 calls 101
agent unknown: 101 / 101
session top: 1 / 101
session grandkid: 100 / 100
run grandkid/1: 100 / 100
run top/1: 1 / 1
`},
		"one run id in two sessions": {
			segments: [][]eventlog.Event{{
				start("a", "r", "", "x"), call("a", "r", 1), start("b", "r", "", "y"), call("b", "r", 10),
				start("b", "q", "r", "z"), call("b", "q", 100),
			}},
			want: `
total: 2 sessions 3 runs 3 calls 111
agent y: 10 / 110
agent z: 100 / 100
agent x: 1 / 1
session b: 110 / 110
session a: 1 / 1
run a/r: 1 / 1
run b/r: 10 / 110
run >b/q: 100 / 100
`},
		"runs that name each other as parents": {
			segments: [][]eventlog.Event{{
				start("s", "1", "3", "a"), call("s", "1", 1), start("s", "2", "1", "b"), call("s", "2", 10),
				start("s", "3", "2", "c"), call("s", "3", 100), start("s", "4", "4", "d"), call("s", "4", 1000),
				start("s", "5", "gone", "e"), call("s", "5", 10_000),
			}},
			want: `
total: 1 sessions 5 runs 5 calls 11111
agent e: 10000 / 10000
agent d: 1000 / 1000
agent a: 1 / 111
agent b: 10 / 110
agent c: 100 / 100
session s: 11111 / 11111
run s/5: 10000 / 10000
run s/1: 1 / 111
run >s/2: 10 / 110
run >>s/3: 100 / 100
run s/4: 1000 / 1000
`},
		"a fork holds copies": {
			segments: [][]eventlog.Event{
				{response("fork", "f", "m1", 1, true), response("fork", "f", "m2", 10, true), response("fork", "f", "m3", 100, false)},
				{response("original", "o", "m1", 1, false), response("original", "o", "m2", 10, false)},
			},
			want: `
total: 2 sessions 2 runs 3 calls 111
agent unknown: 111 / 111
session fork: 100 / 100
session original: 11 / 11
run fork/f: 100 / 100
run original/o: 11 / 11
`},
		"one response on many lines, the last with the final count": {
			segments: [][]eventlog.Event{{
				response("s", "r", "m", 1, false), response("s", "r", "m", 1, false), response("s", "r", "m", 10, false), response("s", "r", "n", 100, false),
			}},
			want: `
total: 1 sessions 1 runs 2 calls 110
agent unknown: 110 / 110
session s: 110 / 110
run s/r: 110 / 110
`},
		"tool calls": {
			segments: [][]eventlog.Event{{
				start("s", "1", "", "main"), start("s", "2", "1", "sub"),
				tool("s", "1", "bash", eventlog.ToolCall, ""), tool("s", "1", "bash", eventlog.ToolResult, ""),
				tool("s", "2", "bash", eventlog.ToolCall, ""), tool("s", "2", "bash", eventlog.ToolError, ""),
				tool("s", "2", "read", eventlog.ToolCall, ""), tool("s", "2", "read", eventlog.ToolTimeout, ""),
				{SessionID: "s", RunID: "1", Kind: eventlog.Error, Failed: true, Time: 1},
			}},
			want: `
total: 1 sessions 2 runs 0 calls 0 tools 3-1 errors 2
agent main: 0 tools 1-0 errors 1 / 0 tools 3-1 errors 2
agent sub: 0 tools 2-1 errors 1 / 0 tools 2-1 errors 1
session s: 0 tools 3-1 errors 2 / 0 tools 3-1 errors 2
tool bash: 0 tools 2-1 errors 1 / 0 tools 2-1 errors 1
tool read: 0 tools 1-0 errors 0 / 0 tools 1-0 errors 0
run s/1: 0 tools 1-0 errors 1 / 0 tools 3-1 errors 2
run >s/2: 0 tools 2-1 errors 1 / 0 tools 2-1 errors 1
`},
		"tool calls that a fork holds as well": {
			segments: [][]eventlog.Event{
				{tool("a", "1", "bash", eventlog.ToolCall, "c1"), tool("a", "1", "bash", eventlog.ToolError, "c1")},
				{
					tool("b", "2", "bash", eventlog.ToolCall, "c1"), tool("b", "2", "bash", eventlog.ToolError, "c1"),
					tool("b", "2", "bash", eventlog.ToolCall, "c2"), tool("b", "2", "bash", eventlog.ToolResult, "c2"),
				},
			},
			want: `
total: 2 sessions 2 runs 0 calls 0 tools 2-1 errors 1
agent unknown: 0 tools 2-1 errors 1 / 0 tools 2-1 errors 1
session a: 0 tools 1-1 errors 1 / 0 tools 1-1 errors 1
session b: 0 tools 1-0 errors 0 / 0 tools 1-0 errors 0
tool bash: 0 tools 2-1 errors 1 / 0 tools 2-1 errors 1
run a/1: 0 tools 1-1 errors 1 / 0 tools 1-1 errors 1
run b/2: 0 tools 1-0 errors 0 / 0 tools 1-0 errors 0
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := spelled(rollup.New(catalog(tc.segments...), tc.keep))
			if want := strings.TrimPrefix(tc.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The order in which segments are found changes no figure.
func TestSumsDoNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	original := []eventlog.Event{response("o", "o", "m1", 1, false), response("o", "o", "m2", 10, false), tool("o", "o", "t", eventlog.ToolCall, "u")}
	fork := []eventlog.Event{response("f", "f", "m1", 1, true), response("f", "f", "m3", 100, false), tool("f", "f", "t", eventlog.ToolCall, "u")}
	one, other := rollup.New(catalog(original, fork), nil).Total, rollup.New(catalog(fork, original), nil).Total
	if one != other || one.Usage.Output != 111 || one.ToolCalls != 1 {
		t.Errorf("%+v and %+v", one, other)
	}
}

// What the log tells, what was counted with a table, and what has no price
// are never one figure.
func TestCostsAreKeptApart(t *testing.T) {
	t.Parallel()
	atLeast := priced(call("s", "1", 4), 0, eventlog.Unpriced)
	atLeast.Bill.AtLeast = true
	r := rollup.New(catalog([]eventlog.Event{
		start("s", "1", "", "main"),
		priced(call("s", "1", 1), eventlog.Dollar/10, eventlog.Recorded), priced(call("s", "1", 2), eventlog.Dollar/5, eventlog.Recorded),
		priced(call("s", "1", 3), 3*eventlog.Dollar, eventlog.Estimated), atLeast,
	}), nil)
	s := r.Total
	if s.Recorded != 300_000_000 || s.Estimated != 3*eventlog.Dollar || s.Unpriced != 1 || s.AtLeast != 1 {
		t.Errorf("%+v", s)
	}
	if s.Cost().String() != "3.3" || s.Known() {
		t.Errorf("cost %s, known %t", s.Cost(), s.Known())
	}
	if !(rollup.Sum{Calls: 1}).Known() {
		t.Error("without an unpriced call the cost is known")
	}
}

func TestModelsAndDays(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 11, 19, 23, 59, 0, 0, time.UTC)
	// A day is a day in UTC wherever the log was written.
	east := late.Add(2 * time.Minute).In(time.FixedZone("east", -5*3600))
	nowhen := on(call("s", "1", 100), "", late)
	nowhen.Time = 0
	r := rollup.New(catalog([]eventlog.Event{
		on(call("s", "1", 1), "small", late), on(call("s", "1", 10), "large", east), nowhen,
	}), nil)
	var got []string
	for _, g := range append(r.Models, r.Days...) {
		got = append(got, fmt.Sprintf("%s %d/%d", g.Key, g.Own.Usage.Output, g.Inclusive.Usage.Output))
	}
	if text := strings.Join(got, ", "); text != "unknown 100/100, large 10/10, small 1/1, 2026-11-19 1/1, 2026-11-20 10/10" {
		t.Error(text)
	}
}

// The usage object is a contract: its names, their order, and how numbers are
// spelled.
func TestUsageObject(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(rollup.Sum{
		Sessions: 1, Runs: 2, Calls: 3, ToolCalls: 4, ToolErrors: 5, Errors: 6,
		Usage:    eventlog.Usage{Input: 7, Output: 8, CacheRead: 9, CacheWrite5m: 10, CacheWrite1h: 11, Reasoning: 12},
		Recorded: 24_999_999, Estimated: 1, Unpriced: 13, AtLeast: 14,
	})
	const want = `{"sessions":1,"runs":2,"calls":3,"tool_calls":4,"tool_errors":5,"errors":6,` +
		`"input_tokens":7,"output_tokens":8,"cache_read_tokens":9,"cache_write_5m_tokens":10,"cache_write_1h_tokens":11,"reasoning_tokens":12,` +
		`"cost_usd":0.025,"cost_known":false,"cost_recorded_usd":0.024999999,"cost_estimated_usd":0.000000001,"unpriced_calls":13,"at_least_calls":14}`
	if err != nil || string(text) != want {
		t.Errorf("%v\n got %s\nwant %s", err, text, want)
	}
}

// Very many sessions and runs below each other are added up in time that grows
// with their number only.
func TestDeepTrees(t *testing.T) {
	t.Parallel()
	const deep = 20_000
	var events []eventlog.Event
	for i := range deep {
		run, parent := fmt.Sprint("r", i), ""
		if i > 0 {
			parent = fmt.Sprint("r", i-1)
			events = append(events, child(fmt.Sprint("s", i), fmt.Sprint("s", i-1)), call(fmt.Sprint("s", i), "1", 1))
		}
		events = append(events, start("s0", run, parent, fmt.Sprint("a", i)), call("s0", run, 1))
	}
	r := rollup.New(catalog(events), nil)
	if r.Total.Usage.Output != 2*deep-1 || r.Sessions[0].Key != "s0" || r.Sessions[0].Inclusive.Usage.Output != 2*deep-1 {
		t.Errorf("total %d, top %+v", r.Total.Usage.Output, r.Sessions[0])
	}
	for _, g := range r.Agents {
		if g.Key == "a0" && g.Inclusive.Usage.Output != deep {
			t.Errorf("agent a0: %d", g.Inclusive.Usage.Output)
		}
	}
}
