package rollup_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

const minute = eventlog.Stamp(time.Minute)

// noon is when the agents of the tests are looked at.
const noon = eventlog.Stamp(1_772_452_800_000_000_000)

// at gives an event a time, so many minutes before noon.
func at(e eventlog.Event, before int) eventlog.Event {
	e.Time = noon - eventlog.Stamp(before)*minute
	return e
}

func finish(session, run string, outcome eventlog.Outcome) eventlog.Event {
	return eventlog.Event{SessionID: session, RunID: run, Kind: eventlog.AgentFinish, Outcome: outcome, Failed: outcome == eventlog.Failure}
}

func agentsOf(t *testing.T, events ...eventlog.Event) map[string]rollup.Agent {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	if err := eventlog.NewMemory(sources).WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	all := map[string]rollup.Agent{}
	for _, a := range rollup.Agents(sources.Catalog(), nil, noon) {
		if _, twice := all[a.Name]; twice {
			t.Errorf("%s is listed twice", a.Name)
		}
		all[a.Name] = a
	}
	return all
}

func TestAgents(t *testing.T) {
	t.Parallel()
	var events []eventlog.Event
	// Ten runs of one minute to ten, two of them in each session, one failed.
	for i := range 10 {
		session, run := fmt.Sprint("s", i/2), fmt.Sprint("r", i)
		outcome := eventlog.Success
		if i == 3 {
			outcome = eventlog.Failure
		}
		end := 2000 - 100*i
		events = append(events, at(start(session, run, "", "worker"), end+i+1), at(finish(session, run, outcome), end))
	}
	// The last of them starts a helper, which calls another model.
	sub := start("s4", "h", "r9", "helper")
	a, b := call("s4", "r9", 10), call("s4", "h", 100)
	b.Model = "small"
	events = append(events, at(sub, 1100), at(a, 1100), at(b, 1100), at(tool("s4", "h", "t", eventlog.ToolCall, ""), 1100),
		at(tool("s4", "h", "t", eventlog.ToolError, ""), 1100))
	got := agentsOf(t, events...)
	w, h := got["worker"], got["helper"]
	if w.Sessions != 5 || w.Runs != 10 || w.Failed != 1 || w.ErrorRate() != 0.1 || w.Timed != 10 {
		t.Errorf("worker: %+v", w)
	}
	if w.P50 != 5*time.Minute || w.P95 != 10*time.Minute {
		t.Errorf("worker takes %v and %v", w.P50, w.P95)
	}
	if w.Own.Usage.Output != 10 || w.Inclusive.Usage.Output != 110 || !slices.Equal(w.Models, []string{"m"}) {
		t.Errorf("worker used %d, with what it started %d, of %v", w.Own.Usage.Output, w.Inclusive.Usage.Output, w.Models)
	}
	if w.First != noon-2001*minute || w.Last != noon-1100*minute {
		t.Errorf("worker was seen from %v to %v", w.First.Time(), w.Last.Time())
	}
	if h.Own.Usage.Output != 100 || h.Own.ToolCalls != 1 || h.Own.ToolErrors != 1 || h.Timed != 0 || !slices.Equal(h.Models, []string{"small"}) {
		t.Errorf("helper: %+v", h)
	}
	var out map[string]any
	text, err := json.Marshal(w)
	if err != nil || json.Unmarshal(text, &out) != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"name", "status", "sessions", "runs", "failed_runs", "error_rate", "timed_runs", "p50_ms", "p95_ms", "inclusive", "models", "first_seen", "last_seen", "cost_usd", "tool_errors"} {
		if _, ok := out[k]; !ok {
			t.Errorf("JSON has no %s", k)
		}
	}
	if out["sessions"] != 5.0 || out["p95_ms"] != 600000.0 || out["status"] != "idle" {
		t.Errorf("%s", text)
	}
}

func TestAgentStatus(t *testing.T) {
	t.Parallel()
	failing := tool("s", "r", "t", eventlog.ToolError, "")
	for _, c := range []struct {
		name   string
		events []eventlog.Event
		want   rollup.AgentStatus
	}{
		{"a run that is open and was heard of", []eventlog.Event{at(start("s", "r", "", "a"), 4)}, rollup.AgentActive},
		{"a run that ended in a session that goes on", []eventlog.Event{at(start("s", "x", "", "other"), 4), at(start("s", "r", "", "a"), 3), at(finish("s", "r", eventlog.Failure), 2)}, rollup.AgentActive},
		{"nothing was heard for five minutes", []eventlog.Event{at(start("s", "r", "", "a"), 5)}, rollup.AgentStale},
		{"its own run ended and another one hangs", []eventlog.Event{at(start("s", "x", "", "other"), 40), at(start("s", "r", "", "a"), 30), at(finish("s", "r", eventlog.Success), 20)}, rollup.AgentIdle},
		{"after a day nobody waits", []eventlog.Event{at(start("s", "r", "", "a"), 24*60)}, rollup.AgentIdle},
		{"its last run failed, long ago", []eventlog.Event{at(start("s", "r", "", "a"), 9000), at(finish("s", "r", eventlog.Failure), 8999)}, rollup.AgentError},
		{"a call failed in its last session", []eventlog.Event{at(start("s", "r", "", "a"), 9000), at(failing, 8999), at(finish("s", "r", eventlog.Success), 8998)}, rollup.AgentError},
		{"it failed, and did better since", []eventlog.Event{
			at(start("s", "r", "", "a"), 300), at(finish("s", "r", eventlog.Failure), 299), at(start("t", "q", "", "a"), 200), at(finish("t", "q", eventlog.Success), 199),
		}, rollup.AgentIdle},
		{"it failed within the hour, and did better since", []eventlog.Event{
			at(start("s", "r", "", "a"), 60), at(finish("s", "r", eventlog.Failure), 59), at(start("t", "q", "", "a"), 50), at(finish("t", "q", eventlog.Success), 49),
		}, rollup.AgentError},
		{"it ended just now", []eventlog.Event{at(start("s", "r", "", "a"), 2), at(finish("s", "r", eventlog.Success), 1)}, rollup.AgentIdle},
		{"it was only named", []eventlog.Event{at(eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.Custom, Type: "plan", Agent: "a"}, 1)}, rollup.AgentNew},
		{"it was named and called", []eventlog.Event{at(eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.Custom, Type: "plan", Agent: "a"}, 90), at(call("s", "r", 1), 90)}, rollup.AgentIdle},
		{"a recorder was killed", []eventlog.Event{
			at(eventlog.Event{SessionID: "s", Kind: eventlog.SessionStart}, 30), at(start("s", "r", "", "a"), 30),
			at(eventlog.Event{SessionID: "s", Kind: eventlog.SessionEnd, Facts: &eventlog.Facts{Closed: true, Interrupted: true}}, 20),
		}, rollup.AgentStale},
	} {
		if got := agentsOf(t, c.events...)["a"].Status; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Some logs tell of calls only, and of no run that they were part of.
func TestAgentsThatOnlyCalled(t *testing.T) {
	t.Parallel()
	one := call("s", "", 7)
	one.Agent = "caller"
	got := agentsOf(t, at(start("s", "r", "", "a"), 900), at(finish("s", "r", eventlog.Success), 899), at(one, 899))["caller"]
	if got.Runs != 0 || got.Sessions != 1 || got.Own.Usage.Output != 7 || got.Status != rollup.AgentIdle || got.ErrorRate() != 0 {
		t.Errorf("%+v", got)
	}
}
