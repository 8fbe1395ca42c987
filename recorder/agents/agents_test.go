package agents

import (
	"strings"
	"testing"
)

func TestIsFullScreen(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"claude": true, "/opt/x/codex exec": true, "npx --yes @anthropic-ai/claude-code": true, "env A=b gemini": true,
		"uvx aider-chat": true, "python3 claude.py": false, "vim claude": false, "npx eslint": false, "": false,
	} {
		if got := IsFullScreen(strings.Fields(args)); got != want {
			t.Errorf("%q: %v", args, got)
		}
	}
}

func TestRunning(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"claude -p x": "claude", "node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js -p x": "claude",
		"node --no-warnings /usr/local/bin/gemini": "gemini", "bun /home/x/pi-coding-agent/dist/cli.js": "pi",
		"node server.js --agent claude": "", "python3 -m http.server": "", "sh -c claude": "", "node": "", "": "",
	} {
		a, ok := Running(strings.Fields(args))
		if a.Name != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", args, a.Name, want)
		}
	}
}

func TestResume(t *testing.T) {
	for _, c := range []struct{ format, id, folder, want string }{
		{"claude", "0a1b", "", "claude --resume 0a1b"},
		{"codex", "0a1b", "/src/my shop", "cd '/src/my shop' && codex resume 0a1b"},
		{"opencode", "ses_1", "/src/it's", `cd '/src/it'\''s' && opencode --session ses_1`},
		{"pi", "$(rm -rf x)", "", "pi --session '$(rm -rf x)'"},
		{"gemini", "0a1b", "", ""}, // it takes a number of its own list only
		{"lazybridge", "0a1b", "", ""},
		{"claude", "", "/src", ""},
	} {
		if got := Resume(c.format, c.id, c.folder); got != c.want {
			t.Errorf("%s %s in %s: %s, want %s", c.format, c.id, c.folder, got, c.want)
		}
	}
}
