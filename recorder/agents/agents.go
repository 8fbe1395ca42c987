package agents

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Agent is one agent program.
type Agent struct {
	Name     string
	Programs []string // names of the command
	Packages []string // names under which package launchers and runtimes know it
	// Formats are the dialects of the logs that it keeps of its sessions, which
	// are at the usual places of these dialects. Empty when it is not known how
	// to read them.
	Formats []string
	// ProviderIDs says that these logs call model and tool calls by the ids that
	// the provider gave them.
	ProviderIDs bool
	// pointer is the file that names the conversation that a process holds, in
	// the folder that the variable home names, or in dir of the user's home.
	pointer, home, dir string
	// resume are the words of the command line that goes on with a session, whose
	// id stands behind them. Empty where the program takes no id.
	resume []string
}

// Resume returns the command line, for a shell, that goes on with a session
// whose log is of a format, in the folder where it worked; or nothing where no
// agent is known to take it.
func Resume(format, id, folder string) string {
	i := slices.IndexFunc(known, func(a Agent) bool { return slices.Contains(a.Formats, format) })
	if i < 0 || len(known[i].resume) == 0 || id == "" {
		return ""
	}
	line := strings.Join(known[i].resume, " ") + " " + quoted(id)
	if folder != "" {
		line = "cd " + quoted(folder) + " && " + line
	}
	return line
}

// quoted returns a text as one word of a shell.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Pointer returns the file in which a process of the agent names the
// conversation that it holds, as sessionId, or nothing where none is known.
func (a Agent) Pointer(env func(string) string, pid int) string {
	if a.pointer == "" {
		return ""
	}
	root := env(a.home)
	if root == "" {
		root = filepath.Join(env("HOME"), a.dir)
	}
	return filepath.Join(root, fmt.Sprintf(a.pointer, pid))
}

// known are the agents that draw on the whole terminal. What they print there is
// no text to keep, and their events are found elsewhere.
var known = []Agent{
	{Name: "claude", Packages: []string{"claude-code"}, Formats: []string{"claude"}, ProviderIDs: true,
		pointer: "sessions/%d.json", home: "CLAUDE_CONFIG_DIR", dir: ".claude", resume: []string{"claude", "--resume"}},
	{Name: "codex", Formats: []string{"codex"}, ProviderIDs: true, resume: []string{"codex", "resume"}},
	{Name: "gemini", Programs: []string{"gemini-cli"}, Packages: []string{"gemini-cli"}, Formats: []string{"gemini"}},
	{Name: "opencode", Packages: []string{"opencode-ai"}, Formats: []string{"opencode", "opencode-files"}, resume: []string{"opencode", "--session"}},
	{Name: "pi", Packages: []string{"pi-coding-agent"}, Formats: []string{"pi"}, resume: []string{"pi", "--session"}},
	{Name: "crush", Formats: []string{"crush"}},
	{Name: "goose", Formats: []string{"goose", "goose-lines"}, resume: []string{"goose", "session", "--resume", "--session-id"}},
	{Name: "copilot", Formats: []string{"copilot"}},
	{Name: "aider", Packages: []string{"aider-chat"}},
	{Name: "qwen", Packages: []string{"qwen-code"}},
	{Name: "amp"}, {Name: "auggie"}, {Name: "cursor-agent"}, {Name: "droid"}, {Name: "kilocode"}, {Name: "kimi"},
	{Name: "kiro-cli"}, {Name: "openhands"},
	{Name: "lazytrace"}, // no agent, but its explorer fills the terminal too
}

// launchers run the program that their first plain argument names.
var launchers = map[string]bool{"npx": true, "bunx": true, "pnpx": true, "uvx": true, "pipx": true, "env": true, "nice": true}

// runtimes run the script that their first plain argument names.
var runtimes = []string{"node", "bun", "deno", "python", "python3"}

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

// Of returns the agent that a command starts.
func Of(args []string) (Agent, bool) {
	_, name := Program(args)
	for _, a := range known {
		if name == a.Name || slices.Contains(a.Programs, name) || slices.Contains(a.Packages, name) {
			return a, true
		}
	}
	return Agent{}, false
}

// Running returns the agent that a process is, by its arguments: a runtime may
// have been given the agent's script.
func Running(args []string) (Agent, bool) {
	if a, ok := Of(args); ok || len(args) < 2 || !slices.Contains(runtimes, base(args[0])) {
		return a, ok
	}
	for _, arg := range args[1:] {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if a, ok := Of([]string{arg}); ok {
			return a, true
		}
		for dir := range strings.SplitSeq(filepath.ToSlash(arg), "/") {
			for _, a := range known {
				if slices.Contains(a.Packages, dir) {
					return a, true
				}
			}
		}
		break
	}
	return Agent{}, false
}

// IsFullScreen reports whether a command is an agent that is known to draw on
// the whole terminal.
func IsFullScreen(args []string) bool {
	_, ok := Of(args)
	return ok
}

// base returns the name of a command without its folder, version and suffix.
func base(arg string) string {
	name := filepath.Base(arg)
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		name = name[:at]
	}
	return strings.TrimSuffix(name, ".exe")
}
