package eventlog

import (
	"fmt"
	"strings"
	"testing"
)

func TestPrint(t *testing.T) {
	for _, raw := range []string{"", "null"} {
		if p := Print([]byte(raw)); p != 0 {
			t.Errorf("print of %q is %x", raw, p)
		}
	}
	seen := map[uint64]string{}
	add := func(raw string) {
		p := Print([]byte(raw))
		if old, ok := seen[p]; ok || p == 0 {
			t.Errorf("%q and %q are %x", raw, old, p)
		}
		if p != Print([]byte(strings.Clone(raw))) {
			t.Errorf("%q has two prints", raw)
		}
		seen[p] = raw
	}
	for n := range 100 {
		add(strings.Repeat("\x00", n+1))
		add(strings.Repeat("a", n) + "b")
		add("x" + strings.Repeat("a", n) + "c")
		add(fmt.Sprintf(`{"command":"go test ./p%d"}`, n))
	}
}

func BenchmarkPrint(b *testing.B) {
	for _, n := range []int{40, 1000, 20000} {
		raw := []byte(strings.Repeat("x", n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Print(raw)
			}
		})
	}
}

// stuckOf says what the only session of some segments is stuck with.
func stuckOf(t *testing.T, segments ...[]Event) string {
	t.Helper()
	var said string
	for _, backwards := range []bool{false, true} {
		s := NewSources(NewSymbols())
		for i := range segments {
			n := i
			if backwards {
				n = len(segments) - 1 - i
			}
			sum := NewSummary(s.Symbols(), fmt.Sprintf("log %d", i), "test", 0)
			sum.Update(func() {
				for pos := range segments[n] {
					e := segments[n][pos]
					if e.SessionID = "s"; e.RunID == "" {
						e.RunID = "r"
					}
					sum.Add(int64(pos), &e)
				}
			})
			s.Add(sum)
		}
		c := s.Catalog()
		x := c.Sessions[0]
		var b strings.Builder
		if w := x.Waiting; w.Kind != 0 {
			fmt.Fprintf(&b, "waits %d %s %s since %v; ", w.Kind, c.Symbols.Name(w.Run), c.Symbols.Name(w.Tool), w.Since.Seconds())
		}
		if l := x.Loop; l.Times > 0 {
			fmt.Fprintf(&b, "loop %s %s x%d since %v; ", c.Symbols.Name(l.Run), c.Symbols.Name(l.Tool), l.Times, l.Since.Seconds())
		}
		if x.Failing > 0 {
			fmt.Fprintf(&b, "failing %d; ", x.Failing)
		}
		if backwards && b.String() != said {
			t.Errorf("in one order %q, in the other %q", said, b.String())
		}
		said = b.String()
	}
	return strings.TrimSuffix(said, "; ")
}

func TestStuck(t *testing.T) {
	begin := Event{Kind: AgentStart, Time: at(1)}
	end := Event{Kind: AgentFinish, Time: at(100)}
	call := func(sec float64, id, tool, args string) Event {
		return Event{Kind: ToolCall, Tool: tool, CallID: id, Time: at(sec), Print: Print([]byte(args))}
	}
	result := func(sec float64, id string) Event { return Event{Kind: ToolResult, CallID: id, Time: at(sec)} }
	failed := func(sec float64, id string) Event {
		return Event{Kind: ToolError, CallID: id, Time: at(sec), Failed: true}
	}
	wait := func(e Event, w Wait) Event { e.Wait = w; return e }
	in := func(run string, e Event) Event { e.RunID = run; return e }
	use := func(e Event) Event { e.Use, e.Again = Identify("tool", e.CallID), true; return e }
	decides := func(sec float64, id string, w Wait) Event {
		return Event{Kind: HILDecision, CallID: id, Time: at(sec), Wait: w}
	}
	model := Event{Kind: ModelResponse, Model: "m", Time: at(3)}
	three := []Event{begin, call(2, "1", "Bash", "x"), result(3, "1"), model, call(4, "2", "Bash", "x"), result(5, "2"), call(6, "3", "Bash", "x")}
	for _, c := range []struct {
		name string
		want string
		log  [][]Event
	}{
		{"nothing", "", [][]Event{{begin}}},
		{"twice", "", [][]Event{three[:5]}},
		{"three times", "loop r Bash x3 since 2", [][]Event{three}},
		{"another call", "", [][]Event{append(three[:7:7], call(8, "4", "Bash", "y"))}},
		{"another tool", "", [][]Event{append(three[:7:7], call(8, "4", "Read", "x"))}},
		{"arguments that nobody knows", "", [][]Event{{begin, call(2, "1", "a", ""), call(3, "2", "a", ""), call(4, "3", "a", "")}}},
		{"the run has ended", "", [][]Event{append(three[:7:7], end)}},
		{"the session is closed", "", [][]Event{append(three[:7:7], Event{Kind: SessionEnd, Facts: &Facts{Closed: true}})}},
		{"the worst of two runs", "loop b Bash x4 since 2", [][]Event{append(three[:7:7], in("b", begin), in("b", call(2, "b1", "Bash", "x")), in("b", call(3, "b2", "Bash", "x")),
			in("b", call(4, "b3", "Bash", "x")), in("b", call(5, "b4", "Bash", "x")))}},
		{"one call that is told of again and again", "", [][]Event{{begin, call(2, "1", "Bash", "x"), call(3, "1", "Bash", "x"), call(4, "1", "Bash", "x")}}},
		{"two layers tell of two calls side by side", "", [][]Event{{begin, use(call(2, "1", "Bash", "x")), use(call(2, "2", "Bash", "x")), result(3, "1"), result(3, "2"),
			use(call(4, "1", "Bash", "x")), use(call(4, "2", "Bash", "x"))}}},
		{"what another segment tells later", "", [][]Event{three, {call(8, "4", "Bash", "y"), result(9, "4")}}},
		{"what another segment told earlier", "loop r Bash x3 since 2", [][]Event{three, {call(1, "0", "Bash", "y"), result(1.5, "0")}}},

		{"failures in a row", "failing 2", [][]Event{{begin, call(1, "0", "a", "0"), result(2, "0"), call(3, "1", "a", "1"), failed(4, "1"), call(5, "2", "a", "2"), failed(6, "2"), call(7, "3", "a", "3")}}},
		{"one that goes well", "", [][]Event{{begin, call(3, "1", "a", "1"), failed(4, "1"), call(5, "2", "a", "2"), result(6, "2")}}},
		{"one failure that is told of twice", "failing 1", [][]Event{{begin, use(call(3, "1", "a", "1")), use(failed(4, "1")), use(failed(5, "1"))}}},

		{"a call asks", "waits 1 r Write since 3", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked)}}},
		{"it is asked again", "waits 1 r Write since 3", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), decides(4, "1", WaitAsked)}}},
		{"it is allowed", "", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), decides(4, "1", WaitAnswered)}}},
		{"it is refused", "", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), decides(4, "1", WaitRefused)}}},
		{"it has its result, whoever answered", "", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), result(5, "1")}}},
		{"its run ends", "", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), end}}},
		{"nobody knows the call", "", [][]Event{{begin, decides(3, "1", WaitAsked)}}},
		{"a question", "waits 2 r ask since 2", [][]Event{{begin, wait(call(2, "1", "ask", "x"), WaitPerson)}}},
		{"the longest of two", "waits 1 r Write since 3", [][]Event{{begin, call(2, "1", "Write", "x"), decides(3, "1", WaitAsked), wait(call(4, "2", "ask", "x"), WaitPerson)}}},
		{"a run asks", "waits 2 r  since 5", [][]Event{{begin, {Kind: HILDecision, Time: at(5), Idle: IdleYes}}}},
		{"and goes on", "", [][]Event{{begin, {Kind: HILDecision, Time: at(5), Idle: IdleYes}, {Kind: Message, Tool: "user", Time: at(9), Idle: IdleNo}}}},
		{"a turn that is over is no question", "", [][]Event{{begin, {Kind: ModelResponse, Time: at(5), Idle: IdleYes}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := stuckOf(t, c.log...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whoever waits for a person is not over, though nothing is under way.
func TestWaitingIsOpen(t *testing.T) {
	s := NewSources(NewSymbols())
	sum := NewSummary(s.Symbols(), "log", "test", 0)
	add := func(e Event) { e.SessionID, e.RunID = "s", "r"; sum.Update(func() { sum.Add(0, &e) }) }
	s.Add(sum)
	status := func() Status { st, _ := s.Catalog().Sessions[0].Status(at(10)); return st }
	add(Event{Kind: ToolCall, CallID: "1", Tool: "exec", Time: at(1)})
	add(Event{Kind: HILDecision, CallID: "1", Wait: WaitAsked, Idle: IdleYes, Time: at(2)})
	if st := status(); st != Running {
		t.Errorf("it waits and is %s", st)
	}
	add(Event{Kind: ToolResult, CallID: "1", Time: at(3)})
	add(Event{Kind: AgentFinish, Idle: IdleYes, Time: at(4)})
	if st := status(); st != Done {
		t.Errorf("it has ended and is %s", st)
	}
}

// Nothing that is kept of a run grows with what it does.
func TestStuckIsBounded(t *testing.T) {
	s := NewSources(NewSymbols())
	sum := NewSummary(s.Symbols(), "log", "test", 0)
	sum.Update(func() {
		for i := range 10_000 {
			e := Event{SessionID: "s", RunID: "r", Kind: ToolCall, CallID: fmt.Sprint(i), Tool: "t", Time: at(float64(i + 1)), Wait: WaitPerson, Print: 7}
			sum.Add(0, &e)
		}
	})
	k := sum.sessions[s.Symbols().Intern("s")].run(s.Symbols().Intern("r")).stuck
	if len(k.calls) > mostCalls || cap(k.calls) > 2*mostCalls || k.times != 10_000 || k.calls[0].asked != at(1) {
		t.Errorf("%d calls, %d times", len(k.calls), k.times)
	}
}
