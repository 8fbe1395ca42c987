package source

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

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
