package eventlog

import (
	"strings"
	"testing"
	"time"
)

func TestStatusOfAKilledRecorder(t *testing.T) {
	t.Parallel()
	dead := false
	asked := 0
	src := NewSources(NewSymbols())
	src.Gone(func(host string, pid int, mark string) bool {
		asked++
		return dead && host == "here" && pid == 7 && mark == "m"
	})
	sum := NewSummary(src.Symbols(), "a", "x", 0)
	add := func(e Event) { sum.Update(func() { sum.Add(0, &e) }) }
	facts := Facts{Host: "here", RecorderPid: 7, RecorderMark: "m"}
	const second Stamp = 1e9
	at := 1_800_000_000 * second
	add(Event{SessionID: "s", Kind: SessionStart, Time: at, Facts: &facts})
	add(Event{SessionID: "s", RunID: "r", Kind: AgentStart, Time: at + second})
	add(Event{SessionID: "s", RunID: "r", Kind: ToolCall, CallID: "1", Time: at + 2*second})
	add(Event{SessionID: "s", RunID: "r", Kind: ToolResult, CallID: "1", Time: at + 3*second})
	add(Event{SessionID: "s", RunID: "r", Kind: ToolCall, CallID: "2", Time: at + 4*second})
	src.Add(sum)
	one := func() *Session { return src.Catalog().Sessions[0] }

	s, now := one(), at+5*second
	check := func(when string, want Status, why string) {
		t.Helper()
		if st, by := s.Status(now); st != want || by != why {
			t.Errorf("%s: %v %q, want %v %q", when, st, by, want, why)
		}
	}
	check("while it lives", Running, "")
	dead = true
	check("killed, with the same catalog", Interrupted, "interrupted")
	if s.Now(now) != 0 || s.Duration(now) != 4*time.Second {
		t.Errorf("it goes on: now %v, took %v", s.Now(now), s.Duration(now))
	}
	if r := s.Reason(now); !strings.HasSuffix(r, ": 5 events kept, 1 open call closed") {
		t.Errorf("reason %q", r)
	}

	// The next recorder writes it down.
	reason := s.Reason(now)
	add(Event{SessionID: "s", RunID: "r", Kind: AgentFinish, Outcome: Cancelled, Time: at + 4*second})
	add(Event{SessionID: "s", Kind: SessionEnd, Time: at + 4*second, Facts: &Facts{Closed: true, Interrupted: true, Outcome: Cancelled, FailureReason: reason, Ended: at + 4*second}})
	s, asked = one(), 0
	check("written", Interrupted, "interrupted")
	if s.Reason(now) != reason || asked != 0 {
		t.Errorf("reason %q; asked %d times after one that is closed", s.Reason(now), asked)
	}

	// A session that its recorder ended is done, and one without a recorder is
	// not asked about.
	facts = Facts{Closed: true}
	add(Event{SessionID: "t", Kind: SessionStart, Time: at, Facts: &Facts{Host: "here", RecorderPid: 7, RecorderMark: "m"}})
	add(Event{SessionID: "t", Kind: SessionEnd, Time: at + second, Facts: &facts})
	add(Event{SessionID: "u", Kind: SessionStart, Time: at, Facts: &Facts{Host: "here"}})
	for _, each := range src.Catalog().Sessions {
		switch s = each; s.ID {
		case "t":
			check("ended", Done, "exit")
		case "u":
			check("nobody's", Running, "")
		}
	}
}
