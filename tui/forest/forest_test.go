package forest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// million makes a snapshot of n spans: a session, agents, and calls under them.
func million(n int) *eventlog.Snapshot {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	t := eventlog.Stamp(1_700_000_000_000_000_000)
	for i := range n {
		e := eventlog.Event{SessionID: "s", RunID: fmt.Sprint("run", i/1000), Kind: eventlog.ToolError, Failed: i%997 == 0, Tool: "Bash", Time: t + eventlog.Stamp(i)*1e6}
		if i%1000 == 0 {
			e.Kind, e.Agent, e.ParentRunID = eventlog.AgentStart, "worker", fmt.Sprint("run", i/10000)
		}
		x.Append(eventlog.Place{Pos: int64(i)}, &e)
	}
	return x.Publish()
}

func TestOrderIsParentsFirst(t *testing.T) {
	f := Build(context.Background(), million(50_000), 0)
	seen := map[int32]bool{0: true}
	for _, id := range f.order {
		if !seen[f.parent[id]] {
			t.Fatalf("span %d before its parent %d", id, f.parent[id])
		}
		seen[id] = true
	}
	if len(f.order) != f.Snap.Spans.Len() {
		t.Errorf("%d spans in order, want %d", len(f.order), f.Snap.Spans.Len())
	}
	if top := f.order[0]; int(f.Below[top]) != f.Snap.Spans.Len()-1 {
		t.Errorf("%d below the top, want %d", f.Below[top], f.Snap.Spans.Len()-1)
	}
}

func TestFilterKeepsAncestors(t *testing.T) {
	f := Build(context.Background(), million(20_000), 0)
	l := f.Lay(context.Background(), View{Failed: true})
	shown := map[eventlog.SpanID]bool{0: true}
	for _, id := range l.Spans {
		if !shown[f.Parent(id)] {
			t.Fatalf("span %d without its parent", id)
		}
		if f.Bad[id] == 0 {
			t.Fatalf("span %d did not fail", id)
		}
		shown[id] = true
	}
	if got, want := len(f.Failed()), 0; got == want || len(l.Spans) <= got {
		t.Errorf("%d lines for %d failures", len(l.Spans), got)
	}
}

// tangle is a forest of 97 runs within runs, some of which nobody started, and of steps
// that have little in common, some of them hidden: of one of two sessions, or of both.
func tangle(session string) *Forest {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	kinds := []eventlog.Kind{eventlog.Custom, eventlog.ToolCall, eventlog.ToolError, eventlog.ModelRequest, eventlog.ModelResponse}
	for i := range 20_000 {
		e := eventlog.Event{
			SessionID: fmt.Sprint("s", i%2), RunID: fmt.Sprint("run", i%97), Kind: kinds[i%len(kinds)],
			Tool: []string{"Bash", "Read", ""}[i%3], Model: []string{"", "opus", "haiku"}[i/7%3], Failed: i%11 == 0 && i%97%5 != 2, Hidden: i%23 == 5,
			Type: fmt.Sprint("type", i%7), Time: eventlog.Stamp(1_700_000_000_000_000_000 + i*1e6),
		}
		if i < 97 {
			e.Kind, e.Agent, e.ParentRunID = eventlog.AgentStart, []string{"main", "explore", ""}[i%3], fmt.Sprint("run", []int{i / 2, 1000}[i%8/7])
		}
		if e.Model != "" {
			e.Bill = &eventlog.Bill{Usage: eventlog.Usage{Input: int64(i)}, Cost: eventlog.Money(i), Source: eventlog.Recorded}
		}
		x.Append(eventlog.Place{Pos: int64(i)}, &e)
	}
	snap := x.Publish()
	root, _ := snap.Symbols.Find(session)
	f := Build(context.Background(), snap, root)
	for _, id := range f.order {
		if id%7 == 0 && f.HasChildren(eventlog.SpanID(id)) {
			f.flags[id] |= eventlog.SpanHidden // and what hangs under it, if all went well there
		}
	}
	return f
}

// The lines of a tree are those that going down into each branch finds.
func TestLinesOfTree(t *testing.T) {
	t.Run("all", func(t *testing.T) { checkLines(t, tangle("")) })
	t.Run("one", func(t *testing.T) { checkLines(t, tangle("s1")) })
}

func checkLines(t *testing.T, f *Forest) {
	q, err := eventlog.ParseQuery("err:any tool:Bash")
	if err != nil {
		t.Fatal(err)
	}
	paid, err := eventlog.ParseQuery("cost>0.000001")
	if err != nil {
		t.Fatal(err)
	}
	some := map[eventlog.SpanID]bool{}
	for i, id := range f.order {
		if i%3 == 0 && f.HasChildren(eventlog.SpanID(id)) {
			some[eventlog.SpanID(id)] = true
		}
	}
	for name, v := range map[string]View{
		"all": {}, "noise": {Noise: true}, "failed": {Failed: true}, "query": {Query: q, Now: f.End}, "paid": {Query: paid, Now: f.End}, "early": {Upto: 5000},
		"some shut": {Folds: Folds{Except: some}}, "some open": {Folds: Folds{All: true, Except: some}}, "marked": {Marked: some},
	} {
		l := f.Lay(context.Background(), v)
		keep := (&Lines{Forest: f, View: v}).match(context.Background())
		n := 0
		var down func(kids []int32, depth int, rails uint64)
		down = func(kids []int32, depth int, rails uint64) {
			kids = slices.DeleteFunc(slices.Clone(kids), func(id int32) bool { return keep != nil && !has(keep, id) || !l.shown(id) })
			for i, id := range kids {
				last, shut := i == len(kids)-1, keep == nil && f.HasChildren(eventlog.SpanID(id)) && v.Folds.Shut(eventlog.SpanID(id))
				if n >= l.Len() {
					t.Fatalf("%s: %d lines and more are to come", name, n)
				}
				if l.Spans[n] != eventlog.SpanID(id) || int(l.Depth[n]) != depth || l.Rails[n] != rails || l.Last[n] != last || l.Shut[n] != shut {
					t.Fatalf("%s: line %d is of span %d at %d, rails %b, last %v, shut %v; wanted %d at %d, %b, %v, %v",
						name, n, l.Spans[n], l.Depth[n], l.Rails[n], l.Last[n], l.Shut[n], id, depth, rails, last, shut)
				}
				n++
				below := rails
				if !last && depth > 0 {
					below |= 1 << depth
				}
				if !shut {
					down(f.children(id), depth+1, below)
				}
			}
		}
		top := f.roots()
		slices.Reverse(top)
		down(top, 0, 0)
		if n != l.Len() || n == 0 {
			t.Errorf("%s: %d lines, wanted %d", name, l.Len(), n)
		}
	}
}

// An answer that was kept is the one that asking anew would give.
func TestAlikeSpansAnswerAlike(t *testing.T) {
	t.Run("all", func(t *testing.T) { checkAnswers(t, tangle("")) })
	t.Run("one", func(t *testing.T) { checkAnswers(t, tangle("s1")) })
}

func checkAnswers(t *testing.T, f *Forest) {
	found := make([]uint64, f.Snap.Rows.Len()/64+1)
	for i := 0; i < f.Snap.Rows.Len(); i += 13 {
		set(found, int32(i))
	}
	for _, text := range []string{
		"tool:Bash", "-tool:Bash", "agent:explore", "agent:main OR model:opus", "kind:tool_error", "kind:tool model:haiku", "type:type3", "kind:type3",
		"session:s1 run:run5*", "err:any", "is:open -err:any", "is:orphan", "needle", "needle -bash", "(needle OR opus) err:none", "tokens>5000 tool:Read", "tool:Bash dur>-1s model:opus", "agent:main err:any tool:Bash", "cost>0 agent:explore", "dur>1s", "cost>0", "is:unpriced",
	} {
		q, err := eventlog.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		v := View{Query: q, Found: map[string][]uint64{"needle": found}, Now: f.End}
		alike, anew := newMatcher(f, &v), newMatcher(f, &v)
		anew.single, anew.query, anew.reads, anew.kept, anew.bare = nil, q, q.Reads(), nil, nil
		hits := 0
		f.each(func(id int32, s *eventlog.Span) bool {
			got, want := alike.match(id, s), anew.match(id, s)
			if got != want {
				t.Fatalf("%s: span %d is %v, asked anew %v", text, id, got, want)
			}
			if want {
				hits++
			}
			return true
		})
		if hits == 0 || hits == f.Len() {
			t.Errorf("%s: %d of %d spans match, which tells nothing", text, hits, f.Len())
		}
		if l := f.Lay(context.Background(), v); l.Hits != hits {
			t.Errorf("%s: %d hits laid out, %d found", text, l.Hits, hits)
		}
	}
}

func BenchmarkBuildMillion(b *testing.B) {
	snap := million(1_000_000)
	for b.Loop() {
		Build(context.Background(), snap, 0)
	}
}

func BenchmarkLayMillion(b *testing.B) {
	f := Build(context.Background(), million(1_000_000), 0)
	for b.Loop() {
		f.Lay(context.Background(), View{})
	}
}

func BenchmarkQueryMillion(b *testing.B) {
	f := Build(context.Background(), million(1_000_000), 0)
	q, err := eventlog.ParseQuery("tool:Bash err:any")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Lay(context.Background(), View{Query: q})
	}
}

func TestWhatACallWaitedMakesItNotSlow(t *testing.T) {
	at := func(seconds int64) eventlog.Stamp { return eventlog.Stamp(1_000_000_000 * (1000 + seconds)) }
	x := eventlog.NewIndex(eventlog.NewSymbols())
	for i, e := range []eventlog.Event{
		{Kind: eventlog.ToolCall, CallID: "a", Tool: "rm", Time: at(0)},
		{Kind: eventlog.ToolResult, CallID: "a", Time: at(60), Ran: at(50), Wait: eventlog.WaitAnswered},
		{Kind: eventlog.ToolCall, CallID: "b", Tool: "ls", Time: at(60)},
		{Kind: eventlog.ToolResult, CallID: "b", Time: at(80)},
	} {
		e.SessionID, e.RunID = "s", "r"
		x.Append(eventlog.Place{Pos: int64(i)}, &e)
	}
	f := Build(context.Background(), x.Publish(), 0)
	got := map[string]time.Duration{}
	for id := range eventlog.SpanID(f.Snap.Spans.Len()) {
		if s := f.Snap.Span(id + 1); s.Kind == eventlog.SpanTool {
			got[f.Snap.Symbols.Name(s.Tool)] = f.Ran(id+1, 0)
		}
	}
	if got["rm"] != 10*time.Second || got["ls"] != 20*time.Second {
		t.Errorf("ran %v", got)
	}
}

// Waiting for a person is on the critical path and no work: it is not part of
// the share.
func TestWaitingIsNoShareOfTheCriticalPath(t *testing.T) {
	at := func(seconds int64) eventlog.Stamp { return eventlog.Stamp(1_000_000_000 * (1000 + seconds)) }
	run := []eventlog.Event{
		{Kind: eventlog.AgentStart, Time: at(0)},
		{Kind: eventlog.ToolCall, CallID: "a", Tool: "rm", Time: at(0)},
	}
	for name, c := range map[string]struct {
		events []eventlog.Event
		share  float64
	}{
		"no wait":           {[]eventlog.Event{{Kind: eventlog.ToolResult, CallID: "a", Time: at(80)}}, 0.8},
		"an approval":       {[]eventlog.Event{{Kind: eventlog.ToolResult, CallID: "a", Time: at(80), Ran: at(50), Wait: eventlog.WaitAnswered}}, 0.3},
		"a question, open":  {[]eventlog.Event{{Kind: eventlog.HILDecision, CallID: "a", Time: at(20), Wait: eventlog.WaitAsked}}, 0.2},
		"a decision beside": {[]eventlog.Event{{Kind: eventlog.ToolResult, CallID: "a", Time: at(30)}, {Kind: eventlog.HILDecision, Began: at(30), Time: at(90)}}, 0.3},
		"a run at rest":     {[]eventlog.Event{{Kind: eventlog.Message, Idle: eventlog.IdleYes, Time: at(10)}, {Kind: eventlog.ToolResult, CallID: "a", Time: at(80)}}, 0.8},
	} {
		x := eventlog.NewIndex(eventlog.NewSymbols())
		for i, e := range append(run[:len(run):len(run)], c.events...) {
			e.SessionID, e.RunID = "s", "r"
			x.Append(eventlog.Place{Pos: int64(i)}, &e)
		}
		if name != "a question, open" {
			x.Append(eventlog.Place{Pos: 9}, &eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.AgentFinish, Time: at(100)})
		}
		f := Build(context.Background(), x.Publish(), 0)
		if got := f.Lay(context.Background(), View{Critical: true, Now: at(100)}).Path.Share; math.Abs(got-c.share) > 0.001 {
			t.Errorf("%s: a share of %v, want %v", name, got, c.share)
		}
	}
}
