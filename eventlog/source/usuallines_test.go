package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
