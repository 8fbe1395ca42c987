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
