package source

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// statements runs what a file holds in a database of its own.
func statements(t *testing.T, name string, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "testdata"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	path, _ := database(t, name, string(text))
	return path
}

// A thread counts once, from its rollout; the index of threads gives it a title
// all the same; the history counts where there is no rollout.
func TestCodexThreadInSeveralPlaces(t *testing.T) {
	const id = "019cadc6-9a80-7000-8000-000000000001"
	rollouts := filepath.Join("..", "..", "testdata", "codex", "sessions")
	_, alone := read(t, rollouts)
	history, exec := database(t, "thread_history_1.sqlite", string(must(os.ReadFile(filepath.Join("..", "..", "testdata", "codex-history", "history.sql")))))
	exec("UPDATE thread_items SET thread_id = '"+id+"' WHERE thread_id = 'h-child'", "UPDATE thread_turns SET thread_id = '"+id+"' WHERE thread_id = 'h-child'")
	index, exec := database(t, "state_5.sqlite", string(must(os.ReadFile(filepath.Join("..", "..", "testdata", "codex-threads", "state.sql")))))
	exec("UPDATE threads SET id = '"+id+"', name = 'A title' WHERE id = 't-child'", "DELETE FROM thread_spawn_edges")
	_, c := read(t, rollouts, history, index)
	s, ok := c.Session(id)
	before, _ := alone.Session(id)
	if !ok || s.Title != "A title" || s.Goal != before.Goal || s.Agent != before.Agent || s.ToolCalls != before.ToolCalls || s.Calls != before.Calls || s.Errors != before.Errors {
		t.Errorf("%+v, want what the rollout has, with the title of the index: %+v", s, before)
	}
	if h, ok := c.Session("h-main"); !ok || h.ToolCalls != 3 || h.ToolFails != 1 || h.Goal != "Look around" || h.FailureReason != "high demand" {
		t.Errorf("without a rollout: %+v", h)
	}
	_, only := read(t, statements(t, "thread_history_2.sqlite", "codex-history", "history.sql"))
	if s, ok := only.Session("h-child"); !ok || s.Parent == nil || s.Parent.ID != "h-main" {
		t.Errorf("the started thread hangs below %+v", s)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The history of real threads repeats what their rollouts tell, and adds
// nothing where both are read.
func TestCodexHistoryOfRealThreads(t *testing.T) {
	rollouts, history := shared(t, "samples", "codex", "gen_0.169"), shared(t, "samples", "codex", "gen_0.169_sqlite", "thread_history_1.sqlite")
	_, a := read(t, rollouts)
	_, b := read(t, rollouts, history)
	_, h := read(t, history)
	if len(h.Sessions) != 6 {
		t.Errorf("%d threads in the history", len(h.Sessions))
	}
	for _, s := range a.Sessions {
		both, ok := b.Session(s.ID)
		if !ok || fmt.Sprint(both.Calls, both.Usage, both.ToolCalls, both.ToolFails, both.Errors) != fmt.Sprint(s.Calls, s.Usage, s.ToolCalls, s.ToolFails, s.Errors) {
			t.Errorf("%s: %+v with the history, %+v without", s.ID, both, s)
		}
		_, alone := read(t, s.Paths...) // calls of several threads share their ids
		s, _ = alone.Session(s.ID)
		told, ok := h.Session(s.ID)
		if s.Outcome == eventlog.Cancelled { // a command that was interrupted has failed in the history only
			told.ToolFails = 0
		}
		if !ok || told.ToolCalls != s.ToolCalls || told.ToolFails != s.ToolFails || told.Goal != s.Goal || told.Outcome != s.Outcome {
			t.Errorf("%s: the history tells %d calls, %d failed, goal %q, %v; the rollout %d, %d, %q, %v", s.ID, told.ToolCalls, told.ToolFails, told.Goal, told.Outcome, s.ToolCalls, s.ToolFails, s.Goal, s.Outcome)
		}
	}
	if u := rollup.New(h, nil).Total; u.Calls != 0 {
		t.Errorf("the history tells no tokens, but %d calls are counted", u.Calls)
	}
}
