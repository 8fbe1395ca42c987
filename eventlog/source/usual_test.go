package source

import (
	"os"
	"path/filepath"
	"slices"
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
	opencode := place("home", ".local", "share", "opencode", "opencode.db")
	beta := place("home", ".local", "share", "opencode", "opencode-beta.db")
	goose := place("home", ".local", "share", "goose", "sessions", "sessions.db")
	mac := place("home", "Library", "Application Support", "goose", "sessions", "sessions.db")
	rooted := place("goose", "data", "sessions", "sessions.db")
	moved := place("data", "opencode", "opencode.db")
	other := place("other", "opencode.db")
	place("agent_sessions.db")
	place(".crush", "crush.db")
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"home":     {nil, []string{beta, opencode, goose, mac}},
		"xdg":      {map[string]string{"XDG_DATA_HOME": filepath.Join(root, "data")}, []string{moved, mac}},
		"goose":    {map[string]string{"GOOSE_PATH_ROOT": filepath.Join(root, "goose")}, []string{beta, opencode, rooted}},
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
