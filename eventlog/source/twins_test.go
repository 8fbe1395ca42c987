package source

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// told is what a catalog and the opened logs tell of each session, wherever it lies.
type told struct {
	Events, Errors, Tools, Fails, Calls, Rows int64
	Runs                                      int
	Usage                                     eventlog.Usage
	Cost                                      eventlog.Money
}

func tell(t *testing.T, paths ...string) map[string]told {
	t.Helper()
	set := Open(t.Context(), paths, Options{})
	defer func() { _ = set.Close() }()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := map[string]told{}
	for _, s := range set.Sources().Catalog().Sessions {
		log, err := set.ReadLog(t.Context(), []*eventlog.Session{s})
		if err != nil {
			t.Fatal(err)
		}
		all[s.ID] = told{s.Events, s.Errors, s.ToolCalls, s.ToolFails, s.Calls, int64(log.Snapshot().Rows.Len()), len(s.Runs), s.Usage, s.Cost()}
		_ = log.Close()
	}
	return all
}

// copyTree copies a folder of logs into a new one.
func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestCopiedLogsCountOnce(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "testdata")
	for _, kind := range []string{
		"agentsdk", "claude", "claude-stream", "claude-workflow", "codex", "copilot", "gemini", "goose-lines", "inspect", "lazybridge", "mini-swe-agent", "native",
		"niitaka", "opencode-files", "otlp", "pi", "sentrial", "swe-agent", "trouble",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			one := copyTree(t, filepath.Join(root, kind))
			want := tell(t, one)
			if len(want) == 0 {
				t.Fatal("no sessions")
			}
			if got := tell(t, one, copyTree(t, one)); !reflect.DeepEqual(got, want) {
				t.Errorf("with a copy beside it:\n%+v\nalone:\n%+v", got, want)
			}
		})
	}
}

func TestOlderCopiesCountOnce(t *testing.T) {
	t.Parallel()
	const id = "0f0e0d0c-1111-4aaa-8bbb-cccccccccccc"
	one := copyTree(t, filepath.Join("..", "..", "testdata", "claude", "projects"))
	want := tell(t, one)
	older := copyTree(t, one)
	log := filepath.Join(older, "-home-dev-shop", id+".jsonl")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	begun := bytes.Join(lines[:len(lines)*2/3], nil)
	if err := os.WriteFile(log, begun, 0o600); err != nil {
		t.Fatal(err)
	}
	if tell(t, older)[id] == want[id] {
		t.Fatal("the older copy tells as much")
	}
	if got := tell(t, one, older); !reflect.DeepEqual(got, want) {
		t.Errorf("with an older copy beside it:\n%+v\nalone:\n%+v", got, want)
	}
	// What went another way since has calls of its own: both count.
	other := strings.NewReplacer("msg_", "msg_other", "req_", "req_other").Replace(string(lines[len(lines)-1]))
	for _, line := range lines {
		if bytes.Contains(line, []byte(`"usage"`)) {
			other = strings.NewReplacer("msg_", "msg_other", "req_", "req_other").Replace(string(line))
		}
	}
	if err := os.WriteFile(log, append(begun, other...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tell(t, one, older); got[id].Calls != want[id].Calls+1 {
		t.Errorf("%d calls, want one more than %d", got[id].Calls, want[id].Calls)
	}
}
