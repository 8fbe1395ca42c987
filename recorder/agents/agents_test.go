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
