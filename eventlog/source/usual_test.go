package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestUsualPlaces(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	place := func(parts ...string) string {
		t.Helper()
		path := filepath.Join(append([]string{root}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	channels := "opencode*.db" // one a release channel, those to come as well
	opencode := filepath.Join(filepath.Dir(place("home", ".local", "share", "opencode", "opencode-beta.db")), channels)
	goose := place("home", ".local", "share", "goose", "sessions", "sessions.db")
	mac := place("home", "Library", "Application Support", "goose", "sessions", "sessions.db")
	rooted := place("goose", "data", "sessions", "sessions.db")
	moved := filepath.Join(filepath.Dir(place("data", "opencode", "opencode.db")), channels)
	other := filepath.Join(filepath.Dir(place("other", "opencode.db")), channels)
	place("agent_sessions.db")
	place(".crush", "crush.db")
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"home":     {nil, []string{opencode, goose, mac}},
		"xdg":      {map[string]string{"XDG_DATA_HOME": filepath.Join(root, "data")}, []string{moved, mac}},
		"goose":    {map[string]string{"GOOSE_PATH_ROOT": filepath.Join(root, "goose")}, []string{opencode, rooted}},
		"override": {map[string]string{"OPENCODE_DATA_DIR": filepath.Dir(other)}, []string{other, goose, mac}},
	} {
		getenv := func(key string) string {
			if v, ok := tc.env[key]; ok || key != "HOME" {
				return v
			}
			return filepath.Join(root, "home")
		}
		got := Usual(getenv, filepath.Join(root, "no store"))
		tc.want = append(tc.want, "agent_sessions.db", filepath.Join(".crush", "crush.db"))
		for _, want := range tc.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %q is not among %q", name, want, got)
			}
		}
		if len(got) != len(tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestUsualCodex(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home) // away from any .lazytrace folder
	for _, dir := range []string{".codex/sessions", ".codex/archived_sessions", "elsewhere/sessions"} {
		if err := os.MkdirAll(filepath.Join(home, filepath.FromSlash(dir)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		codexHome string
		want      []string
	}{
		{"", []string{".codex/sessions", ".codex/archived_sessions"}},
		{"elsewhere", []string{"elsewhere/sessions"}},
		{"nowhere", nil},
	} {
		env := map[string]string{"HOME": home}
		if tc.codexHome != "" {
			env["CODEX_HOME"] = filepath.Join(home, tc.codexHome)
		}
		var want []string
		for _, dir := range tc.want {
			want = append(want, filepath.Join(home, filepath.FromSlash(dir)))
		}
		if got := Usual(func(name string) string { return env[name] }, filepath.Join(home, "no-store")); !slices.Equal(got, want) {
			t.Errorf("CODEX_HOME=%q: %v, want %v", tc.codexHome, got, want)
		}
	}
}

// The usual places are those of each agent, where they are, and follow the
// variables with which each agent lets them be moved.
func TestUsualLines(t *testing.T) {
	home := t.TempDir()
	mkdir := func(parts ...string) string {
		dir := filepath.Join(append([]string{home}, parts...)...)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	usual := func(env map[string]string) string {
		env["HOME"] = home
		places := Usual(func(name string) string { return env[name] }, filepath.Join(home, "store.db"))
		return strings.ReplaceAll(filepath.ToSlash(strings.Join(places, " ")), filepath.ToSlash(home), "~")
	}
	if got := usual(map[string]string{}); got != "" {
		t.Errorf("where nothing is: %s", got)
	}
	mkdir(".claude", "projects")
	mkdir(".gemini", "tmp", "shop", "chats")
	mkdir(".pi", "agent", "sessions")
	if got, want := usual(map[string]string{}), "~/.claude/projects ~/.gemini/tmp/*/chats ~/.pi/agent/sessions"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	mkdir("g", ".gemini", "tmp", "shop", "chats")
	mkdir("data", "tmp", "shop", "chats")
	mkdir("pi", "sessions")
	env := map[string]string{"CLAUDE_CONFIG_DIR": mkdir("none"), "GEMINI_CLI_HOME": mkdir("g"), "PI_CODING_AGENT_DIR": mkdir("pi")}
	if got, want := usual(env), "~/g/.gemini/tmp/*/chats ~/pi/sessions"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	env["GEMINI_DATA_DIR"] = mkdir("data")
	if got, want := usual(env), "~/data/tmp/*/chats ~/pi/sessions"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Agents whose sessions lie in a folder of their own.
func TestUsualFolders(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	for _, dir := range []string{".copilot/session-state", "elsewhere/session-state", ".local/share/opencode/storage/session", ".codex"} {
		if err := os.MkdirAll(filepath.Join(home, filepath.FromSlash(dir)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(home, ".codex", "thread_history_1.sqlite"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for override, want := range map[string]string{
		"":                               "~/.local/share/opencode/storage/session ~/.codex/thread_history_*.sqlite ~/.copilot/session-state",
		filepath.Join(home, "elsewhere"): "~/.local/share/opencode/storage/session ~/.codex/thread_history_*.sqlite ~/elsewhere/session-state",
	} {
		env := map[string]string{"HOME": home, "COPILOT_HOME": override}
		got := strings.Join(Usual(func(name string) string { return env[name] }, filepath.Join(home, "no-store")), " ")
		if got = strings.ReplaceAll(filepath.ToSlash(got), filepath.ToSlash(home), "~"); got != want {
			t.Errorf("COPILOT_HOME=%q: %s, want %s", override, got, want)
		}
	}
}
