package tui

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// twins are calls of two runs that begin at the same time, two of them in one run.
func twins() []eventlog.Event {
	s := &story{id: "twins", at: noon.Add(-time.Minute)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Name: "twins", Started: e.Time} })
	s.add("a", "a", eventlog.AgentStart, nil)
	s.add("b", "b", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "a", eventlog.LinkSure })
	s.wait(10 * time.Second)
	for _, c := range [][2]string{{"a", "one"}, {"a", "two"}, {"b", "three"}} {
		s.add(c[0], c[0], eventlog.ToolCall, func(e *eventlog.Event) {
			e.ID, e.Tool, e.CallID, e.Input = "call "+c[1], c[1], c[1], json.RawMessage(`{}`)
		})
	}
	s.wait(10 * time.Second)
	for _, c := range [][2]string{{"a", "one"}, {"a", "two"}, {"b", "three"}} {
		s.add(c[0], c[0], eventlog.ToolError, func(e *eventlog.Event) {
			e.ID, e.Tool, e.CallID, e.Failed, e.Message = "end "+c[1], c[1], c[1], c[1] == "two", "boom"
		})
		s.wait(time.Second)
	}
	return s.out
}

// TestReachByWhatLogsAgreeOn goes to a step that is named by the id of an event,
// by its time, or by both, as it is where a log is opened again.
func TestReachByWhatLogsAgreeOn(t *testing.T) {
	src, log := told(t, twins())
	c := src.Catalog()
	session, _ := c.Session("twins")
	run := func(name string) eventlog.Sym { sym, _ := c.Symbols.Find(name); return sym }
	began := eventlog.StampOf(noon.Add(-50 * time.Second))
	for _, goal := range []struct {
		name string
		visit.Msg
		want string
	}{
		{"the id of a call", visit.Msg{Event: "call two"}, "two"},
		{"the id of a result", visit.Msg{Event: "end three"}, "three"},
		{"an id in another run", visit.Msg{Event: "end three", Run: run("a")}, ""},
		{"an id that is not there", visit.Msg{Event: "nope"}, ""},
		{"the time alone: what failed", visit.Msg{Time: began}, "two"},
		{"the time in a run", visit.Msg{Time: began, Run: run("b")}, "three"},
		{"the time and the id of a call", visit.Msg{Time: began, Event: "call one"}, "one"},
		{"the time of the call and the id of its result", visit.Msg{Time: began, Run: run("a"), Event: "end one"}, "one"},
		{"the time of a result", visit.Msg{Time: began + eventlog.Stamp(12*time.Second)}, "three"},
		{"a time at which nothing was, and an id", visit.Msg{Time: began + 1, Event: "end one"}, "one"},
		{"a time at which nothing was", visit.Msg{Time: began + 1}, ""},
	} {
		t.Run(goal.name, func(t *testing.T) {
			snap := log.Snapshot()
			got := ""
			if id := stepAt(t.Context(), log, snap, goal.Msg); id != 0 {
				got = snap.Symbols.Name(snap.Span(id).Tool)
			}
			if got != goal.want {
				t.Errorf("found %q, want %q", got, goal.want)
			}
			if goal.want == "" {
				return
			}
			to := goal.Msg
			to.Session = session
			for _, from := range []string{"sessions", "the session itself"} {
				d := drive(t, src, log, nil).start(120, 36)
				if from != "sessions" {
					d.keys("enter g e")
				}
				d.send(to)
				if d.over() == nil || d.over().tab != 0 {
					t.Fatalf("from %s: the trace is not in front", from)
				}
				if id := d.over().trace.Selected(); id == 0 || snap.Symbols.Name(snap.Span(id).Tool) != goal.want {
					t.Errorf("from %s: the step is not selected, but %d", from, id)
				}
				d.m.close()
			}
		})
	}
}

// TestReachEndsWithTheScreen leaves the session while its step is looked for.
func TestReachEndsWithTheScreen(t *testing.T) {
	src, log := told(t, twins())
	stuck := &waitingLog{Log: log}
	d := drive(t, src, stuck, nil).start(120, 36)
	session, _ := src.Catalog().Session("twins")
	d.send(visit.Msg{Session: session})
	stuck.on = true
	_, cmd := d.m.Update(visit.Msg{Session: session, Event: "end three"})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do(cmd)
	}()
	d.m.pop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it is still looked for")
	}
}

// waitingLog waits with bodies until nobody wants them any more.
type waitingLog struct {
	eventlog.Log
	on bool
}

func (l *waitingLog) Events(ctx context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	if l.on {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l.Log.Events(ctx, rows)
}

// do does a command and those that it is made of, and nothing of what they bring.
func do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if batch, ok := cmd().(tea.BatchMsg); ok {
		for _, c := range batch {
			do(c)
		}
	}
}
