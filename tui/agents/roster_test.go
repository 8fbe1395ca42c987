package agents

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// worked is the view of sessions in which agents ran, each so long before noon and
// for so long.
func worked(t *testing.T, runs ...[3]any) *overview.View {
	t.Helper()
	src := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(src)
	var events []eventlog.Event
	for i, r := range runs {
		start := eventlog.StampOf(noon.Add(-r[1].(time.Duration)))
		e := eventlog.Event{SessionID: fmt.Sprint("s", i), RunID: "r", Agent: r[0].(string), Kind: eventlog.AgentStart, Time: start}
		events = append(events, e)
		e.Kind, e.Tool, e.CallID = eventlog.ToolCall, "Bash", "c"
		events = append(events, e)
		e.Kind, e.Failed = eventlog.ToolError, true
		events = append(events, e)
		e = eventlog.Event{SessionID: e.SessionID, RunID: "r", Agent: e.Agent, Kind: eventlog.AgentFinish, Outcome: eventlog.Success, Time: start + eventlog.Stamp(r[2].(time.Duration))}
		events = append(events, e)
	}
	if err := log.WriteEvents(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	return overview.Make(t.Context(), src.Catalog(), overview.Ask{Period: overview.All, Now: noon})
}

func TestRoster(t *testing.T) {
	r := newRoster(t.Context(), worked(t,
		[3]any{"a", 13 * time.Hour, time.Second}, [3]any{"a", 11 * time.Hour, 100 * time.Second}, [3]any{"b", 13 * 24 * time.Hour, 10 * time.Second},
		[3]any{"b", 20 * 24 * time.Hour, 10 * time.Second}))
	if r.unit != 24*time.Hour {
		t.Fatalf("a bar is %s", r.unit)
	}
	got := map[string]string{}
	for i := range r.rows {
		got[r.rows[i].Name] = fmt.Sprintf("%v %d %s %v", r.rows[i].beats, len(r.rows[i].sessions), r.rows[i].sessions[0].ID, r.rows[i].tools)
	}
	// Days are those of the person's clock: 13 hours before noon was yesterday. What
	// is older than all bars is in none.
	for name, want := range map[string]string{
		"a": "[0 0 0 0 0 0 0 0 0 0 0 0 1 1] 2 s1 [{Bash 2 2",
		"b": "[1 0 0 0 0 0 0 0 0 0 0 0 0 0] 2 s2 [{Bash 2 2",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s: %s, want %s…", name, got[name], want)
		}
	}
	// The range of all is from one second to a hundred, and its scale logarithmic.
	for i := range r.rows {
		from, to := r.span(&r.rows[i], 11)
		if want := map[string][2]int{"a": {0, 11}, "b": {5, 6}}[r.rows[i].Name]; want != [2]int{from, to} {
			t.Errorf("%s: from %d to %d, want %v", r.rows[i].Name, from, to, want)
		}
	}
}

func TestHoursOfToday(t *testing.T) {
	r := newRoster(t.Context(), worked(t, [3]any{"a", time.Hour, time.Second}, [3]any{"a", 3 * time.Hour, time.Second}))
	if got, want := fmt.Sprint(r.rows[0].beats), "[0 0 0 0 0 0 0 0 0 0 0 0 1 1]"; got != want || r.unit != 2*time.Hour {
		t.Errorf("%s of %s each, want %s", got, r.unit, want)
	}
}

func TestCalledOff(t *testing.T) {
	p := New(t.Context(), func(string) tea.Cmd { return nil })
	p.Resize(80, 24)
	cmd := p.Show(worked(t, [3]any{"a", time.Hour, time.Second}))
	page := func() string { return strings.Join(p.Draw(theme.Look{}.Theme(true), 1, true), "\n") }
	if !strings.Contains(page(), "Adding up the agents") || !p.Back() || !strings.Contains(page(), "Called off.") {
		t.Errorf("it cannot be called off\n%s", page())
	}
	if _, changed := p.Update(cmd()); changed {
		t.Error("a result came that was called off")
	}
	again, _ := p.Do(keymap.Open, 0)
	p.Update(again())
	if !strings.Contains(page(), "1 agent") {
		t.Errorf("enter does not add up after all\n%s", page())
	}
}
