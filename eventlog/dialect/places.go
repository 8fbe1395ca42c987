package dialect

import (
	"cmp"
	"path/filepath"
	"strings"
)

// Placer is a dialect whose agent keeps its sessions in places that are known.
type Placer interface {
	// Places returns paths and patterns. They need not exist, nor need anything
	// match them yet.
	Places(env func(string) string) []string
}

// homes returns the folders that an environment variable lists, with commas
// between them, or else those below the home folder.
func homes(env func(string) string, override string, below ...string) []string {
	if dirs := env(override); override != "" && dirs != "" {
		var list []string
		for dir := range strings.SplitSeq(dirs, ",") {
			if dir = strings.TrimSpace(dir); dir != "" {
				list = append(list, dir)
			}
		}
		return list
	}
	home := env("HOME")
	if home == "" {
		return nil
	}
	list := make([]string, len(below))
	for i, b := range below {
		list[i] = filepath.Join(home, filepath.FromSlash(b))
	}
	return list
}

// within joins something to each folder.
func within(dirs []string, parts ...string) []string {
	list := make([]string, len(dirs))
	for i, dir := range dirs {
		list[i] = filepath.Join(append([]string{dir}, parts...)...)
	}
	return list
}

// Places are the projects of Claude Code.
func (Claude) Places(env func(string) string) []string {
	return within(homes(env, "CLAUDE_CONFIG_DIR", ".claude", ".config/claude"), "projects")
}

// Places are the rollouts of Codex, those that were archived as well.
func (Codex) Places(env func(string) string) []string {
	dirs := homes(env, "CODEX_HOME", ".codex")
	return append(within(dirs, "sessions"), within(dirs, "archived_sessions")...)
}

// Places are the chats of Gemini CLI, a folder a project.
func (Gemini) Places(env func(string) string) []string {
	if dir := env("GEMINI_DATA_DIR"); dir != "" {
		return []string{filepath.Join(dir, "tmp", "*", "chats")}
	}
	return within(homes(env, "GEMINI_CLI_HOME", "."), ".gemini", "tmp", "*", "chats")
}

// Places are the sessions of pi.
func (Pi) Places(env func(string) string) []string {
	return within(homes(env, cmp.Or(oneOf(env, "PI_CODING_AGENT_DIR", "PI_AGENT_DIR"), "PI_AGENT_DIR"), ".pi/agent"), "sessions")
}

// Places are the databases of opencode, one a release channel.
func (Opencode) Places(env func(string) string) []string {
	if env("OPENCODE_DATA_DIR") != "" {
		return within(homes(env, "OPENCODE_DATA_DIR"), "opencode*.db")
	}
	return within(shared(env), "opencode", "opencode*.db")
}

// Places are the sessions of Goose.
func (Goose) Places(env func(string) string) []string {
	if root := env("GOOSE_PATH_ROOT"); root != "" {
		return []string{filepath.Join(root, "data", "sessions", "sessions.db")}
	}
	dirs := append(shared(env), homes(env, "", "Library/Application Support")...)
	return within(dirs, "goose", "sessions", "sessions.db")
}

// Places is the database of Crush, which it keeps in the project.
func (Crush) Places(func(string) string) []string {
	return []string{filepath.Join(".crush", "crush.db")}
}

// Places is the database of the Agent SDK's examples, in the folder they run in.
func (AgentSDK) Places(func(string) string) []string { return []string{"agent_sessions.db"} }

// Places are the indexes of threads of Codex, one a version of the schema.
func (CodexThreads) Places(env func(string) string) []string {
	return within(homes(env, "CODEX_HOME", ".codex"), "state_*.sqlite")
}

// Places are the histories of threads of Codex, one a version of the schema.
func (CodexHistory) Places(env func(string) string) []string {
	return within(homes(env, "CODEX_HOME", ".codex"), "thread_history_*.sqlite")
}

// Places are the sessions of Copilot CLI, a folder or a file each.
func (Copilot) Places(env func(string) string) []string {
	return within(homes(env, "COPILOT_HOME", ".copilot"), "session-state")
}

// Places is the file that Gemini CLI was told to write its telemetry to.
func (GeminiTelemetry) Places(env func(string) string) []string {
	if file := env("GEMINI_TELEMETRY_OUTFILE"); file != "" {
		return []string{file}
	}
	return nil
}

// Places are where Copilot CLI keeps its telemetry, and the file that it was told
// to write it to.
func (CopilotTelemetry) Places(env func(string) string) []string {
	places := within(homes(env, "COPILOT_HOME", ".copilot"), "otel")
	if file := env("COPILOT_OTEL_FILE_EXPORTER_PATH"); file != "" {
		places = append(places, file)
	}
	return places
}

// shared returns where programs of this user keep their data.
func shared(env func(string) string) []string {
	if data := env("XDG_DATA_HOME"); data != "" {
		return []string{data}
	}
	return homes(env, "", ".local/share")
}

// oneOf returns the first of some variables that is set.
func oneOf(env func(string) string, names ...string) string {
	for _, name := range names {
		if env(name) != "" {
			return name
		}
	}
	return ""
}
