package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// printed runs the program in the process and returns what it prints.
func printed(t *testing.T, home string, args ...string) (string, error) {
	t.Helper()
	var out, complaints bytes.Buffer
	env := &Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints, Terminal: func() bool { return false },
		Now: func() time.Time { return time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC) },
		Getenv: func(key string) string {
			if key == "HOME" || key == "USERPROFILE" {
				return home
			}
			return ""
		},
	}
	if code := run(t.Context(), env, args); code != 0 {
		return "", fmt.Errorf("lazytrace %s: exit code %d: %s", strings.Join(args, " "), code, &complaints)
	}
	return out.String(), nil
}

// forkedSession is what must be the same of a session and its fork.
type forkedSession struct {
	ID     string `json:"id"`
	ForkOf string `json:"fork_of"`
	Runs   []struct {
		ID     string `json:"id"`
		Agent  string `json:"agent_name"`
		Parent string `json:"parent_run_id"`
		Call   string `json:"parent_call_id"`
		Link   string `json:"link"`
		Depth  int    `json:"depth"`
	} `json:"runs"`
}

func (s *forkedSession) tree() string {
	var lines []string
	for _, r := range s.Runs {
		lines = append(lines, fmt.Sprintf("%+v", r))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Whatever the format, all of a session makes a fork with the same tree, and
// where both are read nothing is counted or paid for twice.
func TestForksCountOnce(t *testing.T) {
	t.Parallel()
	roots, err := filepath.Glob(filepath.Join("..", "testdata", "*"))
	if err != nil || len(roots) == 0 {
		t.Fatalf("no small logs: %v", err)
	}
	for _, root := range roots {
		t.Run(filepath.Base(root), func(t *testing.T) {
			t.Parallel()
			forkAll(t, root)
		})
	}
	shared := os.Getenv("LAZYTRACE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	for _, sample := range []string{"claude/gen_2.1.328_whole_project", "codex/gen_0.169", "opencode/gen_1.18.33", "pi/gen_0.73", "seeds/nested.sqlite"} {
		t.Run("real/"+sample, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(shared, "samples", filepath.FromSlash(sample))
			if _, err := os.Stat(path); err != nil {
				t.Skipf("no real log here: %v", err)
			}
			forkAll(t, path)
		})
	}
}

func forkAll(t *testing.T, root string) {
	home := t.TempDir()
	list, err := printed(t, home, "sessions", "--json", root)
	if err != nil {
		t.Skip(err) // what is made of SQL is no log yet
	}
	total := func(paths ...string) map[string]any {
		text, err := printed(t, home, append([]string{"usage", "--json", "--by", "total"}, paths...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out struct{ Total map[string]any }
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		delete(out.Total, "sessions")
		delete(out.Total, "runs")
		return out.Total
	}
	before, db := total(root), filepath.Join(home, "forks.sqlite")
	for line := range strings.Lines(list) {
		var s, f forkedSession
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		text, err := printed(t, home, "fork", s.ID, "--at", "end", "--db", db, "--json", root)
		if err != nil {
			t.Fatal(err)
		}
		var made forkResult
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			t.Fatal(err)
		}
		shown, err := printed(t, home, "sessions", "show", made.Session, db, "--json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(shown), &f); err != nil {
			t.Fatal(err)
		}
		if f.ForkOf != s.ID || f.tree() != s.tree() {
			t.Errorf("%s: fork of %s\n%s\nwant\n%s", s.ID, f.ForkOf, f.tree(), s.tree())
		}
	}
	if after := total(root, db); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("with forks %v\nwithout    %v", after, before)
	}
}
