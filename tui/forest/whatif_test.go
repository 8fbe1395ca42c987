package forest

import (
	"context"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// grown makes the forest of events that were told in order.
func grown(events []eventlog.Event) *Forest {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	for i := range events {
		x.Append(eventlog.Place{Pos: int64(i)}, &events[i])
	}
	return Build(context.Background(), x.Publish(), 0)
}

// call is a tool call from second a to second b of the test.
func call(run, id, tool string, a, b int) []eventlog.Event {
	at := func(s int) eventlog.Stamp { return eventlog.Stamp(1e18) + eventlog.Stamp(s)*1e9 }
	return []eventlog.Event{
		{SessionID: "s", RunID: run, Kind: eventlog.ToolCall, Tool: tool, CallID: id, Time: at(a)},
		{SessionID: "s", RunID: run, Kind: eventlog.ToolResult, Tool: tool, CallID: id, Time: at(b)},
	}
}

// side makes a run with an alone stretch of 10 s, then 20 s in which two calls
// run of which one ends 5 s earlier, then 10 s alone.
func side(t *testing.T) (*Forest, func(tool string) eventlog.SpanID) {
	t.Helper()
	a, long, short, c := call("r", "1", "first", 0, 10), call("r", "2", "long", 10, 30), call("r", "3", "short", 10, 25), call("r", "4", "last", 30, 40)
	events := []eventlog.Event{{SessionID: "s", RunID: "r", Kind: eventlog.AgentStart, Agent: "main", Time: a[0].Time}}
	events = append(events, a[0], a[1], long[0], short[0], short[1], long[1], c[0], c[1])
	events = append(events, eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.AgentFinish, Time: c[1].Time})
	f := grown(events)
	return f, func(tool string) eventlog.SpanID {
		for i, s := range f.Snap.Spans.All() {
			if s.Kind == eventlog.SpanTool && f.Snap.Symbols.Name(s.Tool) == tool {
				return eventlog.SpanID(i + 1)
			}
		}
		t.Fatalf("no call of %s", tool)
		return 0
	}
}

func TestWhatIf(t *testing.T) {
	f, of := side(t)
	for tool, saved := range map[string]time.Duration{"first": 10 * time.Second, "long": 5 * time.Second, "short": 0, "last": 10 * time.Second} {
		w := f.WhatIf(of(tool), 0)
		if w.Saved != saved || w.Wall != 40*time.Second-saved {
			t.Errorf("without %s: %v, saved %v; want %v", tool, w.Wall, w.Saved, saved)
		}
	}
}

func TestLanes(t *testing.T) {
	f, of := side(t)
	l := f.Lanes(t.Context(), 0)
	if l.Len() != 2 || l.Most != 2 {
		t.Fatalf("%d lanes, at most %d; want 2", l.Len(), l.Most)
	}
	at := func(s int) eventlog.Stamp { return eventlog.Stamp(1e18) + eventlog.Stamp(s)*1e9 }
	for _, c := range []struct {
		lane, from, to int
		want           eventlog.SpanID
	}{{0, 0, 5, of("first")}, {0, 12, 13, of("long")}, {1, 12, 13, of("short")}, {1, 26, 29, 0}, {0, 31, 39, of("last")}, {1, 0, 9, 0}} {
		if got := l.In(c.lane, at(c.from), at(c.to)); got != c.want {
			t.Errorf("lane %d from %d to %d: span %d, want %d", c.lane, c.from, c.to, got, c.want)
		}
	}
}
