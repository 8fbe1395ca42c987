package health

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// made returns the catalog of some sessions that a program made.
func made(t *testing.T, events []eventlog.Event) *eventlog.Catalog {
	t.Helper()
	src := eventlog.NewSources(eventlog.NewSymbols())
	if err := eventlog.NewMemory(src).WriteEvents(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	return src.Catalog()
}

func TestHabits(t *testing.T) {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) eventlog.Stamp { return eventlog.StampOf(noon.Add(-ago)) }
	start := func(id string, ago time.Duration, facts eventlog.Facts) eventlog.Event {
		return eventlog.Event{SessionID: id, Kind: eventlog.SessionStart, Time: at(ago), Facts: &facts}
	}
	end := func(id string, ago time.Duration) eventlog.Event {
		return eventlog.Event{SessionID: id, Kind: eventlog.SessionEnd, Time: at(ago), Facts: &eventlog.Facts{Closed: true, Ended: at(ago)}}
	}
	run := func(id, run string, ago time.Duration) []eventlog.Event {
		return []eventlog.Event{
			{SessionID: id, RunID: run, Kind: eventlog.AgentStart, Time: at(ago)}, {SessionID: id, RunID: run, Kind: eventlog.AgentFinish, Time: at(ago - time.Minute)},
		}
	}
	tools := func(id string, n int) (out []eventlog.Event) {
		for i := range n {
			out = append(out, eventlog.Event{SessionID: id, RunID: "r", Kind: eventlog.ToolCall, Tool: "x", CallID: fmt.Sprint(i), Time: at(time.Hour)})
		}
		return out
	}
	var tiny []eventlog.Event
	for i := range 12 {
		id := fmt.Sprint("one", i)
		tiny = append(tiny, start(id, time.Hour, eventlog.Facts{Name: "fetch the page"}), end(id, time.Hour-time.Minute))
	}
	for name, c := range map[string]struct {
		events []eventlog.Event
		want   string
	}{
		"none":           {append(append([]eventlog.Event{start("a", time.Hour, eventlog.Facts{Name: "Fix the cart"})}, run("a", "r", time.Hour)...), end("a", time.Minute)), ""},
		"generic":        {append(tools("a", 3), start("a", time.Hour, eventlog.Facts{Name: "My_Agent 12"}), end("a", time.Minute)), "1 of 1 session has a name that says nothing, as “My_Agent 12”"},
		"later title":    {append(tools("a", 3), start("a", time.Hour, eventlog.Facts{Name: "agent", Title: "Fix the cart"}), end("a", time.Minute)), ""},
		"reused":         {append(append(run("a", "r1", 72*time.Hour), run("a", "r2", time.Hour)...), end("a", time.Minute)), "1 of 1 session was begun anew a day or more after the end, as 2 runs under one id"},
		"went on":        {append(append(run("a", "r1", 10*time.Hour), run("a", "r2", time.Hour)...), end("a", time.Minute)), ""},
		"secret":         {append(tools("a", 3), start("a", time.Hour, eventlog.Facts{Name: "Fix it", Metadata: map[string]string{"auth": "Bearer [REDACTED:token]"}}), end("a", time.Minute)), "1 of 1 session has a secret in the metadata, as its auth"},
		"telling name":   {append(tools("a", 3), start("a", time.Hour, eventlog.Facts{Name: "Fix it", Metadata: map[string]string{"db-password": "x"}}), end("a", time.Minute)), "1 of 1 session has a secret in the metadata, as its db-password"},
		"counted tokens": {append(tools("a", 3), start("a", time.Hour, eventlog.Facts{Name: "Fix it", Metadata: map[string]string{"tokens": "12"}}), end("a", time.Minute)), ""},
		"never closed":   {append(tools("a", 3), start("a", 48*time.Hour, eventlog.Facts{Name: "Fix it"}))[3:], "1 of 1 session was never closed, and counted as done after a day"},
		"tiny":           {tiny, "12 of 12 sessions have one call or none"},
		"a few tiny":     {tiny[:16], ""},
	} {
		r := New()
		r.Take(made(t, c.events), eventlog.StampOf(noon), func(format string) bool { return format == "memory" })
		got := ""
		for _, h := range r.Habits {
			got += h.Text()
			if h.Advice == "" || h.Session == "" {
				t.Errorf("%s: %+v", name, h)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		r = New()
		if r.Take(made(t, c.events), eventlog.StampOf(noon), nil); len(r.Habits) > 0 {
			t.Errorf("%s: habits of agents are told: %+v", name, r.Habits)
		}
	}
}

func TestTakeAddsUp(t *testing.T) {
	src := eventlog.NewSources(eventlog.NewSymbols())
	now := eventlog.StampOf(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
	for i, version := range []string{"2.1.9", "2.1.328", "2.1.39"} {
		sum := eventlog.NewSummary(src.Symbols(), fmt.Sprint("/logs/", i, ".jsonl"), "claude", 0)
		sum.Update(func() {
			sum.Record()
			sum.Add(0, &eventlog.Event{SessionID: fmt.Sprint(i), Kind: eventlog.Message, Time: now, Facts: &eventlog.Facts{Version: version}})
			if i == 0 {
				sum.Fault(eventlog.Fault{Path: "/logs/0.jsonl", Pos: 9, Why: "no object"})
				sum.Fault(eventlog.Fault{Path: "/logs/0.jsonl", Pos: -1, Why: "input/output error"})
			}
		})
		src.Add(sum)
	}
	r := New()
	r.Take(src.Catalog(), now, nil)
	if len(r.Read) != 1 || len(r.Faults) != 2 || len(r.Broken) != 1 {
		t.Fatalf("%+v", r)
	}
	if f := r.Read[0]; f.Files != 3 || f.Records != 3 || f.Sessions != 3 || f.Unread != 2 || fmt.Sprint(f.Versions) != "[2.1.9 2.1.328]" {
		t.Errorf("%+v", f)
	}
	if n := Files(src.Catalog(), "/logs"); n != 3 {
		t.Errorf("%d files", n)
	}
	if n := Files(src.Catalog(), "/logs/*.jsonl"); n != 3 {
		t.Errorf("%d files by pattern", n)
	}
}
