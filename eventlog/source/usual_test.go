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
	pattern := "opencode*.db" // one a release channel, those to come as well
	home := filepath.Dir(place("home", ".local", "share", "opencode", "opencode-beta.db"))
	moved := filepath.Dir(place("data", "opencode", "opencode.db"))
	other := filepath.Dir(place("other", "opencode.db"))
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"home":     {nil, []string{filepath.Join(home, pattern)}},
		"xdg":      {map[string]string{"XDG_DATA_HOME": filepath.Join(root, "data")}, []string{filepath.Join(moved, pattern)}},
		"override": {map[string]string{"OPENCODE_DATA_DIR": other}, []string{filepath.Join(other, pattern)}},
	} {
		getenv := func(key string) string {
			if v, ok := tc.env[key]; ok || key != "HOME" {
				return v
			}
			return filepath.Join(root, "home")
		}
		got := Usual(getenv, filepath.Join(root, "no store"))
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
