package eventlog

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// There are many rows: what they take is what a log takes.
func TestRowIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Row{}); n > 40 {
		t.Errorf("a row takes %d bytes, want 40", n)
	}
}

// dump draws the forest of a snapshot, for comparing.
func dump(s *Snapshot) string {
	names := s.Symbols.Names()
	children := map[SpanID][]SpanID{}
	for i, span := range s.Spans.All() {
		children[span.Parent] = append(children[span.Parent], SpanID(i+1))
	}
	var b strings.Builder
	var walk func(id SpanID, depth int)
	walk = func(id SpanID, depth int) {
		span := s.Span(id)
		what := [...]string{"", "session " + names[span.Session], "run " + names[span.Agent], "model " + names[span.Model], "tool " + names[span.Tool], span.Event.String()}[span.Kind]
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), what)
		for flag, name := range map[SpanFlags]string{SpanFailed: "failed"} {
			if span.Flags.Has(flag) {
				b.WriteString(" " + name)
			}
		}
		if span.Flags.Has(SpanOpen) {
			b.WriteString(" open")
		}
		if span.Flags.Has(SpanOrphan) {
			b.WriteString(" orphan")
		}
		if span.Link != LinkNone {
			b.WriteString(" link=" + span.Link.String())
		}
		if span.Bill != 0 {
			fmt.Fprintf(&b, " out=%d", s.Bills.At(int(span.Bill)-1).Usage.Output)
		}
		fmt.Fprintf(&b, " %s\n", time.Duration(span.End-span.Start))
		for _, child := range children[id] {
			walk(child, depth+1)
		}
	}
	for _, root := range children[0] {
		walk(root, 0)
	}
	return b.String()
}

func at(seconds float64) Stamp { return Stamp(seconds * 1e9) }

func TestIndexBuildsSpans(t *testing.T) {
	x := NewIndex(NewSymbols())
	for _, e := range []Event{
		{SessionID: "s", RunID: "r1", Kind: AgentStart, Agent: "main", Time: at(1)},
		{SessionID: "s", RunID: "r1", Kind: ModelRequest, Model: "m", Time: at(1)},
		{SessionID: "s", RunID: "r1", Kind: ModelResponse, Time: at(3), Bill: &Bill{Usage: Usage{Output: 7}}},
		{SessionID: "s", RunID: "r1", Kind: ToolCall, Tool: "Task", CallID: "c1", Time: at(3)},
		{SessionID: "s", RunID: "r1", Kind: ToolCall, Tool: "Bash", CallID: "c2", Time: at(3)},
		{SessionID: "s", RunID: "r2", Kind: AgentStart, Agent: "sub", Time: at(4), ParentRunID: "r1", ParentCall: "c1", Link: LinkSure},
		{SessionID: "s", RunID: "r1", Kind: ToolError, CallID: "c2", Failed: true, Time: at(6)},
		{SessionID: "s", RunID: "r2", Kind: AgentFinish, Time: at(8)},
		{SessionID: "s", RunID: "r1", Kind: ToolResult, CallID: "c1", Time: at(8)},
		{SessionID: "s", RunID: "r1", Kind: LoopStep, Time: at(8)},
		{SessionID: "s", RunID: "r1", Kind: HILDecision, Time: at(9)},
		{SessionID: "s", RunID: "r1", Kind: ModelRequest, Model: "m", Time: at(9)},
	} {
		x.Append(Place{}, &e)
	}
	want := `session s open 8s
  run main open 8s
    model m out=7 2s
    tool Task 5s
      run sub link=recorded 4s
    tool Bash failed 3s
    hil_decision 0s
    model m open 0s
`
	if got := dump(x.Publish()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Records of one response repeat its usage; the span counts the largest, once.
func TestIndexJoinsRecordsOfOneCall(t *testing.T) {
	x := NewIndex(NewSymbols())
	call := Identify("response", "msg_1")
	for i, out := range []int64{2, 2, 60} {
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ModelResponse, Model: "m", CallID: "msg_1", Time: at(float64(i + 1)), Bill: &Bill{Call: call, Rule: RuleResponse, Usage: Usage{Output: out}}})
	}
	s := x.Publish()
	if got, want := dump(s), "session s open 2s\n  run  open 2s\n    model m out=60 2s\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if s.Bills.Len() != 1 {
		t.Errorf("%d bills, want 1", s.Bills.Len())
	}
}

// A count of several calls that is told again takes no time.
func TestIndexCountsTakeNoTime(t *testing.T) {
	x := NewIndex(NewSymbols())
	for i, out := range []int64{2, 60} {
		x.Append(Place{}, &Event{
			SessionID: "s", RunID: "r", Kind: ModelResponse, Model: "m", CallID: "usage of m", Time: at(float64(1 + 20*i)), Again: true,
			Bill: &Bill{Call: Identify("total", "s"), Rule: RuleRecord, Calls: int64(i + 1), Usage: Usage{Output: out}},
		})
	}
	if got, want := dump(x.Publish()), "session s open 20s\n  run  open 20s\n    model m out=60 0s\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A hidden answer makes a line as soon as something of it is to be seen.
func TestIndexHidesAnswers(t *testing.T) {
	x := NewIndex(NewSymbols())
	hidden := func(e Event) bool {
		e.SessionID, e.RunID, e.Kind, e.CallID, e.Again = "s", "r", ModelResponse, "usage of m", true
		x.Append(Place{}, &e)
		s := x.Publish()
		for _, span := range s.Spans.All() {
			if span.Kind == SpanModel {
				return span.Flags.Has(SpanHidden)
			}
		}
		t.Fatal("no span")
		return false
	}
	if !hidden(Event{Hidden: true}) {
		t.Error("a hidden answer makes a line")
	}
	if hidden(Event{Hidden: true, Bill: &Bill{Call: Identify("total", "s"), Rule: RuleRecord, Usage: Usage{Output: 1}}}) {
		t.Error("what costs is hidden")
	}
}

// A parent's record may tell of a child run before or after the child's own
// records are read.
// A model call that fails has no response: its error is its end. Other errors
// stand for themselves.
func TestIndexErrorEndsItsCall(t *testing.T) {
	x := NewIndex(NewSymbols())
	for _, e := range []Event{
		{SessionID: "s", RunID: "r", Kind: ModelRequest, Model: "m", CallID: "1", Time: at(1)},
		{SessionID: "s", RunID: "r", Kind: ModelRequest, Model: "m", CallID: "2", Time: at(1)},
		{SessionID: "s", RunID: "r", Kind: Error, CallID: "1", Failed: true, Time: at(3)},
		{SessionID: "s", RunID: "r", Kind: Error, Failed: true, Time: at(4)},
	} {
		x.Append(Place{}, &e)
	}
	want := "session s open 3s\n  run  open 3s\n    model m failed 2s\n    model m open 0s\n    error failed 0s\n"
	if got := dump(x.Publish()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestIndexAdoptsInAnyOrder(t *testing.T) {
	parent := []Event{
		{SessionID: "s", RunID: "main", Kind: ToolCall, Tool: "Task", CallID: "c1", Time: at(1), Spawns: true},
		{SessionID: "s", RunID: "main", Kind: ToolResult, CallID: "c1", Time: at(9), Adopts: []Adopt{{RunID: "kid", ParentRunID: "main", ParentCall: "c1", Link: LinkSure, Agent: "Explore"}}},
	}
	child := []Event{{SessionID: "s", RunID: "kid", Kind: Message, Time: at(2), ParentRunID: "main", Link: LinkTask}}
	want := "    tool Task 8s\n      run Explore open link=recorded 0s\n"
	for name, order := range map[string][]Event{"parent first": append(append([]Event{}, parent...), child...), "child first": append(append([]Event{}, child...), parent...)} {
		x := NewIndex(NewSymbols())
		for _, e := range order {
			x.Append(Place{}, &e)
		}
		if got := dump(x.Publish()); !strings.Contains(got, want) {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// A call that was under way when its run ended is under way no more, unless its
// result comes later.
func TestIndexCutsCallsThatOutliveTheirRun(t *testing.T) {
	x := NewIndex(NewSymbols())
	for i := range 500 { // calls that end are forgotten
		call := fmt.Sprint("done", i)
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolCall, Tool: "Read", CallID: call, Time: at(1)})
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolResult, CallID: call, Time: at(2)})
	}
	for _, tool := range []string{"Lost", "Late"} {
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolCall, Tool: tool, CallID: tool, Time: at(3)})
	}
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: AgentFinish, Time: at(10)})
	snap := x.Publish()
	for id := SpanID(snap.Spans.Len() - 1); int(id) <= snap.Spans.Len(); id++ {
		if s := snap.Span(id); s.Flags.Has(SpanOpen) || !s.Flags.Has(SpanCut) || s.End != at(10) {
			t.Errorf("%+v", s)
		}
	}
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolResult, CallID: "Late", Time: at(8)})
	if s := x.Publish().Span(SpanID(snap.Spans.Len())); s.Flags.Has(SpanCut) || s.End != at(8) {
		t.Errorf("the late one: %+v", s)
	}
	if n := cap(x.runs[runKey{x.names.intern("s"), x.names.intern("r")}].begun); n > 128 {
		t.Errorf("%d calls are remembered", n)
	}
}

// A parent's record may tell of a child session before or after the child's own
// records are read, and while the call is still going on.
func TestIndexHangsSessionsUnderTheirCall(t *testing.T) {
	adopts := []Adopt{{SessionID: "kid", ParentRunID: "main", ParentCall: "c1", Link: LinkSure}}
	call := Event{SessionID: "s", RunID: "main", Kind: ToolCall, Tool: "task", CallID: "c1", Time: at(1), Spawns: true}
	result := Event{SessionID: "s", RunID: "main", Kind: ToolResult, CallID: "c1", Time: at(9), Adopts: adopts}
	running := call
	running.Adopts = adopts
	child := Event{SessionID: "kid", RunID: "kid", Kind: Message, Time: at(2), Facts: &Facts{ParentID: "s"}, ParentRunID: "main"}
	for name, c := range map[string]struct {
		order []Event
		want  string
	}{
		"parent first": {[]Event{call, result, child}, "    tool task 8s\n      session kid"},
		"child first":  {[]Event{child, call, result}, "    tool task 8s\n      session kid"},
		"in between":   {[]Event{call, child, result}, "    tool task 8s\n      session kid"},
		"running":      {[]Event{running, child}, "    tool task open 0s\n      session kid"},
		"by the child": {[]Event{call, {SessionID: "kid", RunID: "kid", Kind: Message, Time: at(2), Facts: &Facts{ParentID: "s"}, ParentRunID: "main", ParentCall: "c1"}}, "    tool task open 0s\n      session kid"},
	} {
		x := NewIndex(NewSymbols())
		for _, e := range c.order {
			x.Append(Place{}, &e)
		}
		if got := dump(x.Publish()); !strings.Contains(got, c.want) {
			t.Errorf("%s: got\n%swant\n%s", name, got, c.want)
		}
	}
}

// Sessions may name each other as parents; every span must still hang below a
// root exactly once.
func TestIndexCutsCircles(t *testing.T) {
	x := NewIndex(NewSymbols())
	const n = 200
	for i := range n {
		x.Append(Place{}, &Event{SessionID: fmt.Sprint("s", i), Kind: Message, Time: at(1), Facts: &Facts{ParentID: fmt.Sprint("s", (i+1)%n)}})
	}
	if got := strings.Count(dump(x.Publish()), "session "); got != n {
		t.Errorf("%d sessions hang below a root, want %d", got, n)
	}
}

func TestSnapshotStaysAsItWas(t *testing.T) {
	x := NewIndex(NewSymbols())
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolCall, Tool: "Bash", CallID: "c", Time: at(1)})
	before := x.Publish()
	want := dump(before)
	for i := range 3 * chunk {
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolCall, Tool: "Read", CallID: fmt.Sprint(i), Time: at(2)})
	}
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolError, CallID: "c", Failed: true, Time: at(5)})
	if got := dump(before); got != want {
		t.Errorf("a snapshot changed:\n%s\nwas\n%s", got, want)
	}
	if n := x.Publish().Rows.Len(); n != 3*chunk+2 {
		t.Errorf("%d rows", n)
	}
}

// A clock that steps back must not make a negative duration.
func TestIndexClampsSkew(t *testing.T) {
	x := NewIndex(NewSymbols())
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolCall, CallID: "c", Time: at(100)})
	x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: ToolResult, CallID: "c", Time: at(40)})
	for _, span := range x.Publish().Spans.All() {
		if d := span.Duration(at(100)); d < 0 {
			t.Errorf("%v took %v", span.Kind, d)
		}
		if span.Kind == SpanTool && !span.Flags.Has(SpanSkewed) {
			t.Error("the skew is not marked")
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	x := NewIndex(NewSymbols())
	call := Event{SessionID: "s", RunID: "r", Kind: ToolCall, Agent: "a", Tool: "Bash", Time: at(1)}
	end := Event{SessionID: "s", RunID: "r", Kind: ToolResult, Agent: "a", Tool: "Bash", Time: at(2)}
	b.ReportAllocs()
	for i := range b.N {
		call.CallID = fmt.Sprint(i)
		end.CallID = call.CallID
		x.Append(Place{}, &call)
		x.Append(Place{}, &end)
	}
}

// A run of which nothing but steps is told lasts from the first to the last.
func TestRunLastsAsLongAsItsEvents(t *testing.T) {
	x := NewIndex(NewSymbols())
	for i := range 3 {
		x.Append(Place{}, &Event{SessionID: "s", RunID: "r", Kind: LoopStep, Time: at(float64(1 + i))})
	}
	if got, want := dump(x.Publish()), "session s open 2s\n  run  open 2s\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A call may turn out to be what others named as their run, before or after
// they came: it is one span either way, and they lie below it.
func TestIndexCallHoldsRuns(t *testing.T) {
	tool := []Event{
		{SessionID: "s", RunID: "main", Kind: ToolCall, Tool: "ask", CallID: "t1", Time: at(1), Again: true, Holds: true},
		{SessionID: "s", RunID: "main", Kind: ToolResult, Tool: "ask", CallID: "t1", Time: at(9), Again: true, Holds: true},
	}
	below := []Event{
		{SessionID: "s", RunID: "t1", Kind: ModelRequest, Model: "m", CallID: "c1", Time: at(2), Again: true, Holds: true},
		{SessionID: "s", RunID: "t1", Kind: ModelResponse, Model: "m", CallID: "c1", Time: at(3), Again: true, Holds: true},
		{SessionID: "s", RunID: "kid", ParentRunID: "t1", Link: LinkSure, Agent: "kid", Kind: AgentStart, Time: at(4)},
		{SessionID: "s", RunID: "kid", Kind: AgentFinish, Time: at(5)},
	}
	for name, order := range map[string][]Event{"call first": append(append([]Event{}, tool...), below...), "call last": append(append([]Event{}, below...), tool...)} {
		x := NewIndex(NewSymbols())
		for _, e := range order {
			x.Append(Place{}, &e)
		}
		got := dump(x.Publish())
		for _, want := range []string{"    tool ask 8s\n", "      model m 1s\n", "      run kid link=recorded 1s\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
	}
}

// A run that names a call as its parent hangs below that, also where a record of
// another run has told before that it started it, and whatever comes first.
func TestIndexRunKnowsItsCall(t *testing.T) {
	t.Parallel()
	step := Event{SessionID: "s", RunID: "child", Kind: LoopStep, Time: at(3), Adopts: []Adopt{{RunID: "child", ParentRunID: "main", Link: LinkSure}}}
	child := Event{SessionID: "s", RunID: "child", ParentRunID: "t1", Kind: AgentStart, Agent: "helper", Time: at(2), Link: LinkSure}
	call := Event{SessionID: "s", RunID: "main", Kind: ToolCall, Tool: "ask", CallID: "t1", Time: at(1), Again: true, Holds: true}
	parent := Event{SessionID: "s", RunID: "main", Kind: AgentStart, Agent: "lead", Time: at(0)}
	for _, order := range [][]Event{
		{step, child, call, parent}, {step, child, parent, call}, {parent, call, step, child}, {call, parent, child, step}, {child, step, parent, call}, {parent, step, child, call},
	} {
		x := NewIndex(NewSymbols())
		for i := range order {
			x.Append(Place{}, &order[i])
		}
		snap := x.Publish()
		for i, span := range snap.Spans.All() {
			if span.Kind != SpanRun || snap.Symbols.Name(span.Agent) != "helper" {
				continue
			}
			if up := snap.Span(span.Parent); up.Kind != SpanTool || span.Flags.Has(SpanOrphan) {
				t.Errorf("%d: %v first: the run hangs below\n%s", i, order[0].Kind, dump(snap))
			}
		}
	}
}
