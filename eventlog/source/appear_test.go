package source

import (
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/watch"
)

// appearing are the agents, the variables that move their sessions, and where
// then what of our own logs lies. A file of SQL is made into a database.
var appearing = []struct {
	format string
	env    string // NAME=folder below the home folder
	from   string
	to     string
}{
	{"claude", "", "claude/projects/-home-dev-shop/1f0e0d0c-2222-4aaa-8bbb-cccccccccccc.jsonl", ".claude/projects/p/1f0e0d0c-2222-4aaa-8bbb-cccccccccccc.jsonl"},
	{"claude", "", "claude/projects", ".config/claude/projects"},
	{"claude", "CLAUDE_CONFIG_DIR=a/b", "claude/projects", "a/b/projects"},
	{"codex", "", "codex/sessions/2026", ".codex/sessions/2026"},
	{"codex", "", "codex/archived_sessions", ".codex/archived_sessions"},
	{"codex", "CODEX_HOME=moved", "codex/sessions", "moved/sessions"},
	{"codex-threads", "", "codex-threads/state.sql", ".codex/state_7.sqlite"},
	{"codex-history", "", "codex-history/history.sql", ".codex/thread_history_2.sqlite"},
	{"gemini", "", "gemini/tmp/shop/chats", ".gemini/tmp/shop/chats"},
	{"gemini", "GEMINI_CLI_HOME=g", "gemini/tmp/shop/chats", "g/.gemini/tmp/other/chats"},
	{"gemini", "GEMINI_DATA_DIR=d", "gemini/tmp/shop/chats", "d/tmp/other/chats"},
	{"gemini-telemetry", "GEMINI_TELEMETRY_OUTFILE=t/telemetry.log", "gemini-telemetry/telemetry.log", "t/telemetry.log"},
	{"copilot-telemetry", "", "copilot-telemetry/copilot-otel.jsonl", ".copilot/otel/one.jsonl"},
	{"copilot-telemetry", "COPILOT_OTEL_FILE_EXPORTER_PATH=t/spans.log", "copilot-telemetry/editor.jsonl", "t/spans.log"},
	{"pi", "", "pi/2026-11-20T09-00-00-000Z_9a1e7a90-4444-4aaa-8bbb-cccccccccccc.jsonl", ".pi/agent/sessions/--home-dev--/one.jsonl"},
	{"pi", "PI_CODING_AGENT_DIR=p", "pi/2026-11-20T09-00-00-000Z_9a1e7a90-4444-4aaa-8bbb-cccccccccccc.jsonl", "p/sessions/--home-dev--/one.jsonl"},
	{"opencode", "", "opencode/opencode.sql", ".local/share/opencode/opencode.db"},
	{"opencode", "XDG_DATA_HOME=x", "opencode/opencode.sql", "x/opencode/opencode-beta.db"},
	{"opencode", "OPENCODE_DATA_DIR=o", "opencode/opencode.sql", "o/opencode.db"},
	{"opencode-files", "", "opencode-files/storage", ".local/share/opencode/storage"},
	{"goose", "", "goose/sessions.sql", ".local/share/goose/sessions/sessions.db"},
	{"goose", "", "goose/sessions.sql", "Library/Application Support/goose/sessions/sessions.db"},
	{"goose", "GOOSE_PATH_ROOT=r", "goose/sessions.sql", "r/data/sessions/sessions.db"},
	{"goose-lines", "", "goose-lines/20250901_090000.jsonl", ".local/share/goose/sessions/20250901_090000.jsonl"},
	{"crush", "", "crush/crush.sql", "here/.crush/crush.db"},
	{"agentsdk", "", "agentsdk/sessions.sql", "here/agent_sessions.db"},
	{"copilot", "", "copilot/session-state", ".copilot/session-state"},
	{"copilot", "COPILOT_HOME=c", "copilot/session-state", "c/session-state"},
}

// put makes something of our own logs at a path, as its agent would: folder by
// folder, file by file.
func put(t *testing.T, from, to string) {
	t.Helper()
	from = filepath.Join(testlogs, filepath.FromSlash(from))
	if strings.HasSuffix(from, ".sql") {
		text := must(os.ReadFile(from))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		// A writer that does not wait is refused while a reader makes the log's index.
		db, err := sql.Open("sqlite", to+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { db.Close() })
		for _, s := range []string{"PRAGMA journal_mode=WAL", string(text)} {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if err := filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		dest := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
			return err
		}
		return os.WriteFile(dest, must(os.ReadFile(p)), 0o600)
	}); err != nil {
		t.Fatal(err)
	}
}

// testlogs is absolute: tests of places go into a folder of their own.
var testlogs = must(filepath.Abs(filepath.Join("..", "..", "testdata")))

// nearly waits for something, and returns how long it took.
func nearly(t *testing.T, set *Set, what string, ok func(*eventlog.Catalog) bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok(set.Sources().Catalog()) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s: it never came; %v", what, set.Sources().Catalog().Progress.Failed)
		}
		select {
		case <-set.Sources().Changed():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return time.Since(began)
}

// Whatever agent is used for the first time while the usual places are looked
// at, its first session appears, wherever variables put it.
func TestUsualPlacesThatAppear(t *testing.T) {
	rows := map[string]bool{}
	for _, tc := range appearing {
		rows[tc.format] = true
		t.Run(fmt.Sprintf("%s %s", tc.format, tc.to), func(t *testing.T) {
			home := t.TempDir()
			here := filepath.Join(home, "here")
			if err := os.Mkdir(here, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Chdir(here)
			vars := map[string]string{"HOME": home}
			if name, dir, ok := strings.Cut(tc.env, "="); ok {
				vars[name] = filepath.Join(home, filepath.FromSlash(dir))
			}
			env := func(name string) string { return vars[name] }
			set := Open(t.Context(), Expected(env, filepath.Join(home, "no-store.sqlite")), Options{Follow: true, Hopeful: true, Env: env})
			defer set.Close()
			if err := set.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c := set.Sources().Catalog(); len(c.Segments) > 0 || len(c.Progress.Failed) > 0 {
				t.Fatalf("in an empty home: %v %v", c.Segments, c.Progress.Failed)
			}
			to := filepath.Join(home, filepath.FromSlash(tc.to))
			put(t, tc.from, to)
			holds := func(c *eventlog.Catalog) bool {
				for _, s := range c.Segments {
					if s.Format == tc.format && s.Sessions > 0 {
						return true
					}
				}
				return false
			}
			t.Logf("seen after %v", nearly(t, set, "the session", holds))
		})
	}
	for _, d := range dialect.All() {
		if _, ok := d.(dialect.Placer); ok && !rows[d.Name()] {
			t.Errorf("%s has no row here", d.Name())
		}
	}
}

// What is deleted goes, a file, a folder and a database, and comes back when it
// does; what is only written anew stays all the time.
func TestWhatIsDeletedGoes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("databases that are open cannot be removed here")
	}
	dir := t.TempDir()
	set := Open(t.Context(), []string{dir}, Options{Follow: true})
	defer set.Close()
	counts := func(want map[string]bool) func(*eventlog.Catalog) bool {
		return func(c *eventlog.Catalog) bool {
			got := map[string]bool{}
			for _, s := range c.Segments {
				if s.Sessions > 0 {
					got[s.Format] = true
				}
			}
			return maps.Equal(got, want) && c.Progress.Found == len(c.Segments)
		}
	}
	lines, chats, data := filepath.Join(dir, "b.jsonl"), filepath.Join(dir, "chats"), filepath.Join(dir, "goose.db")
	whole := must(os.ReadFile(filepath.Join(testlogs, "lazybridge", "events.jsonl")))
	write := func() {
		if err := os.WriteFile(lines, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	put(t, "gemini/tmp/shop/chats", chats)
	put(t, "goose/sessions.sql", data)
	nearly(t, set, "all", counts(map[string]bool{"lazybridge": true, "gemini": true, "goose": true}))
	for _, path := range []string{chats, data, data + "-wal", data + "-shm"} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if err := os.Remove(lines); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		write()
		time.Sleep(time.Millisecond)
	}
	nearly(t, set, "the lines alone", counts(map[string]bool{"lazybridge": true}))
	if err := os.Remove(lines); err != nil {
		t.Fatal(err)
	}
	nearly(t, set, "nothing", counts(map[string]bool{}))
	write()
	nearly(t, set, "the lines again", counts(map[string]bool{"lazybridge": true}))
}

// The same holds where the system tells of nothing.
func TestPlacesThatAppearWithoutWatching(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	set := Open(t.Context(), Expected(env, "no-store.sqlite"), Options{Follow: true, Hopeful: true, watching: watch.Options{PollOnly: true}})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, "gemini/tmp/shop/chats", filepath.Join(home, ".gemini", "tmp", "shop", "chats"))
	nearly(t, set, "the session", func(c *eventlog.Catalog) bool { return len(c.Sessions) > 0 })
}

// A thread of Codex that is archived while it is shown is the same thread, with as
// many events as before.
func TestArchivedWhileShown(t *testing.T) {
	home := t.TempDir()
	put(t, "codex/sessions/2025", filepath.Join(home, ".codex", "sessions", "2025"))
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	set := Open(t.Context(), Expected(env, filepath.Join(home, "no-store.sqlite")), Options{Follow: true, Hopeful: true, Env: env})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := set.Sources().Catalog()
	if len(before.Sessions) != 1 || before.Sessions[0].Events == 0 {
		t.Fatalf("%+v", before.Sessions)
	}
	archive := filepath.Join(home, ".codex", "archived_sessions")
	if err := os.Mkdir(archive, 0o755); err != nil {
		t.Fatal(err)
	}
	from := before.Sessions[0].Paths[0]
	if err := os.Rename(from, filepath.Join(archive, filepath.Base(from))); err != nil {
		t.Fatal(err)
	}
	nearly(t, set, "the archived thread", func(c *eventlog.Catalog) bool {
		return len(c.Segments) == 1 && strings.HasPrefix(c.Segments[0].Path, archive) && len(c.Sessions) == 1 && c.Sessions[0].Events == before.Sessions[0].Events
	})
}
