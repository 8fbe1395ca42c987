package process

import (
	"path/filepath"
	"strings"
)

// fullScreen are agents that draw on the whole terminal. What they print is no
// text to keep, and their events are found elsewhere, so they are given the
// real terminal.
var fullScreen = map[string]bool{
	"aider": true, "amp": true, "auggie": true, "claude": true, "codex": true, "copilot": true, "crush": true,
	"cursor-agent": true, "droid": true, "gemini": true, "gemini-cli": true, "goose": true, "kilocode": true,
	"kimi": true, "kiro-cli": true, "lazytrace": true, "opencode": true, "openhands": true, "pi": true, "qwen": true,
}

// launchers run the program that their first plain argument names.
var launchers = map[string]bool{"npx": true, "bunx": true, "pnpx": true, "uvx": true, "pipx": true, "env": true, "nice": true}

// Program returns which of the words of a command names the program that will
// run, behind what only launches it, and its name; -1 when none does.
func Program(args []string) (at int, name string) {
	for i, arg := range args {
		name := base(arg)
		if i > 0 && (strings.HasPrefix(arg, "-") || strings.Contains(arg, "=") || name == "run") {
			continue // an option or a setting of the launcher
		}
		if !launchers[name] {
			return i, name
		}
	}
	return -1, ""
}

// IsFullScreen reports whether a command is an agent that is known to draw on
// the whole terminal.
func IsFullScreen(args []string) bool {
	_, name := Program(args)
	return fullScreen[name] || packages[name]
}

// packages are the names under which package launchers know the agents.
var packages = map[string]bool{
	"claude-code": true, "aider-chat": true, "opencode-ai": true, "pi-coding-agent": true, "qwen-code": true,
}

// base returns the name of a command without its folder, version and suffix.
func base(arg string) string {
	name := filepath.Base(arg)
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		name = name[:at]
	}
	return strings.TrimSuffix(name, ".exe")
}
