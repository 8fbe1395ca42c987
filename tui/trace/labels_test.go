package trace

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// TestWordsOfASpan holds that an answer in several records says what any of
// them says but never what was asked, and that a failed run says why.
func TestWordsOfASpan(t *testing.T) {
	m := eventlog.NewMemory(eventlog.NewSources(eventlog.NewSymbols()))
	of := func(e eventlog.Event) eventlog.Event {
		e.SessionID, e.RunID = "s", "r"
		return e
	}
	if err := m.WriteEvents(t.Context(), []eventlog.Event{
		of(eventlog.Event{Kind: eventlog.AgentStart, Text: "mend it"}),
		of(eventlog.Event{Kind: eventlog.ModelResponse, CallID: "m1"}),
		of(eventlog.Event{Kind: eventlog.ModelResponse, CallID: "m1", Text: "I look."}),
		of(eventlog.Event{Kind: eventlog.ModelResponse, CallID: "m1"}),
		of(eventlog.Event{Kind: eventlog.ModelRequest, CallID: "m2", Text: "mend it"}),
		of(eventlog.Event{Kind: eventlog.ModelResponse, CallID: "m2"}),
		of(eventlog.Event{Kind: eventlog.AgentFinish, Failed: true, Message: "no money left"}),
		of(eventlog.Event{Kind: eventlog.Heartbeat}),
	}); err != nil {
		t.Fatal(err)
	}
	snap := m.Snapshot()
	var got []string
	for id := eventlog.SpanID(1); int(id) <= snap.Spans.Len(); id++ {
		s := snap.Span(id)
		events, err := m.Events(t.Context(), said(snap, id, &s))
		if err != nil {
			t.Fatal(err)
		}
		if s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanRun {
			var w words
			w.say(events, "")
			got = append(got, w.text+"|"+w.fail)
		}
	}
	if want := "mend it|no money left, I look.|, |"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ", "), want)
	}
}

func TestClause(t *testing.T) {
	for why, want := range map[string]string{
		"exit 1: 1 test failed":     "exit 1",
		"TimeoutError: no answer":   "TimeoutError",
		"Error: no such file":       "Error: no such file",
		"cat: /x: No such file":     "cat: /x: No such file",
		"API Error: 529 Overloaded": "API Error: 529 Overloaded",
		"Exit code 3":               "Exit code 3",
	} {
		if got := clause(why); got != want {
			t.Errorf("%q: %q, want %q", why, got, want)
		}
	}
}
