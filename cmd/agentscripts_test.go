package cmd

import (
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// realAgents are the agents and what they are tried with.
func realAgents() []*realAgent {
	return []*realAgent{claudeCode(), codexCLI(), geminiCLI(), openCode(), piAgent()}
}

func says(text string, calls ...scripted.Call) scripted.Turn {
	return scripted.Turn{Text: text, Calls: calls}
}

// faults are what every agent is to live with. A text is long enough that half
// of its stream holds some of it.
func faults(overloaded int) scripted.Scripts {
	long := strings.Repeat("It goes on for a while. ", 8)
	return scripted.Scripts{
		"plain":      {{Thinking: "I have thought about it.", Text: "Four."}},
		"again":      {says("Once more.")},
		"overloaded": {{Text: "It was tried again.", Fault: &scripted.Fault{Status: overloaded, Times: 2}}},
		"limited":    {{Text: "It was tried again.", Fault: &scripted.Fault{Status: 429, RetryAfter: "1"}}},
		"broken":     {{Text: long, Fault: &scripted.Fault{}}},
		"torn":       {{Text: long, Fault: &scripted.Fault{Torn: true}}},
		"refused":    {{Fault: &scripted.Fault{Status: 400, Times: -1}}},
	}
}

func with(s scripted.Scripts, more scripted.Scripts) scripted.Scripts {
	for name, turns := range more {
		s[name] = turns
	}
	return s
}

func once(script string) agentScenario {
	return agentScenario{name: script, runs: []agentRun{{script: script}}}
}

func ends(script string, exit int) agentScenario {
	return agentScenario{name: script, runs: []agentRun{{script: script, exit: exit}}, failed: 1}
}

func resumed(first string) agentScenario {
	return agentScenario{name: "resumed", runs: []agentRun{{script: first}, {script: "again", resume: true}}}
}

func prompt(r agentRun) string { return "Do what is to be done. [[" + r.script + "]]" }

// notAKey stands where a key would.
const notAKey = "none"

// oneWrite is the usage in a log that does not tell for how long something was
// put into the cache.
func oneWrite(u scripted.Usage) scripted.Usage {
	u.CacheWrite5m, u.CacheWrite1h = u.CacheWrite5m+u.CacheWrite1h, 0
	return u
}

func claudeCode() *realAgent {
	bash := func(command string) scripted.Call {
		return tool("Bash", input{"command": command, "description": "try it"})
	}
	return &realAgent{
		name: "claude", log: ".claude/projects",
		programs: []string{"@anthropic-ai/claude-code-" + npmName() + "/claude*"},
		env: func(home, url string) []string {
			return []string{
				"CLAUDE_CONFIG_DIR=" + filepath.Join(home, ".claude"), "ANTHROPIC_BASE_URL=" + url, "ANTHROPIC_API_KEY=" + notAKey,
				"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1", "DISABLE_TELEMETRY=1", "DISABLE_ERROR_REPORTING=1", "IS_SANDBOX=1",
			}
		},
		args: func(r agentRun, _ string) []string {
			args := []string{"-p", "--model", "claude-sonnet-4-5", "--allowedTools", "Bash Read Write Agent", "--output-format", "stream-json", "--verbose"}
			if r.resume {
				args = append(args, "--continue")
			}
			return append(append(args, r.more...), prompt(r))
		},
		scripts: with(faults(529), scripted.Scripts{
			"tools": {
				says("First a command.", bash("echo one")),
				says("", fails(bash("ls /no/such/place"))),
				says("", tool("Write", input{"file_path": "made.txt", "content": "alpha\n"})),
				{Thinking: "Several at once.", Gzip: true, Calls: []scripted.Call{
					tool("Read", input{"file_path": "made.txt"}), bash("echo two"), fails(tool("Read", input{"file_path": "missing.txt"})),
				}},
				says("Done."),
			},
			"agent": {
				says("An agent does it.", tool("Agent", input{"description": "look around", "prompt": "Look around. [[child]]", "subagent_type": "general-purpose"})),
				says("It is done."),
			},
			"agents": {
				says("Two agents do it.",
					tool("Agent", input{"description": "look here", "prompt": "Look here. [[child]]", "subagent_type": "general-purpose"}),
					tool("Agent", input{"description": "look there", "prompt": "Look there. [[child]]", "subagent_type": "general-purpose"})),
				says("They have begun."),
				says("It is done."),
			},
			"child": {says("", bash("echo from the child"), fails(bash("exit 3"))), says("The child is done.")},
		}),
		scenarios: []agentScenario{
			once("plain"), once("tools"), once("agent"), once("agents"), resumed("tools"),
			{name: "text", runs: []agentRun{{script: "tools", more: []string{"--output-format", "text"}}}},
			{name: "forked", runs: []agentRun{{script: "plain"}, {script: "again", resume: true, more: []string{"--fork-session"}}}},
			once("overloaded"), once("limited"), once("broken"), once("torn"), ends("refused", 1),
		},
		setUp: func(string, string) map[string]string { return nil },
	}
}

func codexCLI() *realAgent {
	shell := func(command string) scripted.Call { return tool("exec_command", input{"cmd": command}) }
	patch := func(text string) scripted.Call { return scripted.Call{Name: "apply_patch", Text: text} }
	collab := func(name string, in input) scripted.Call {
		return scripted.Call{Name: name, Namespace: "multi_agent_v1", Input: in}
	}
	return &realAgent{
		name: "codex", log: ".codex/sessions", programs: []string{".bin/codex"},
		env: func(home, _ string) []string {
			return []string{"CODEX_HOME=" + filepath.Join(home, ".codex"), "OPENAI_API_KEY=" + notAKey}
		},
		args: func(r agentRun, url string) []string {
			model := r.model
			if model == "" {
				model = "gpt-5.5"
			}
			args := []string{
				"exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "--json", "-m", model, "-c", "model_provider=scripted",
				"-c", `model_providers.scripted={name="scripted",base_url="` + url + `/v1",wire_api="responses",env_key="OPENAI_API_KEY"}`,
			}
			if r.resume {
				args = append(args, "resume", "--last")
			}
			return append(args, prompt(r))
		},
		setUp: func(string, string) map[string]string { return map[string]string{".codex/.keep": ""} },
		scripts: with(faults(500), scripted.Scripts{
			"tools": {
				says("First a command.", shell("echo one")),
				says("", fails(shell("ls /no/such/place"))),
				{Thinking: "Several at once.", Gzip: true, Calls: []scripted.Call{shell("echo two"), fails(shell("echo three; exit 3"))}},
				says("Done."),
			},
			"patch": {
				says("", patch("*** Begin Patch\n*** Add File: made.txt\n+alpha\n*** End Patch\n")),
				says("", fails(patch("*** Begin Patch\n*** Update File: missing.txt\n@@\n-x\n+y\n*** End Patch\n"))),
				says("Patched."),
			},
			"agent": {
				says("An agent does it.", collab("spawn_agent", input{"message": "Look around. [[child]]"})),
				says("", collab("wait_agent", input{"targets": []any{"{{agent_id}}"}, "timeout_ms": 30_000})),
				says("It is done."),
			},
			"child": {says("", shell("echo from the child"), fails(shell("exit 3"))), says("The child is done.")},
		}),
		scenarios: []agentScenario{
			once("plain"), once("tools"), once("patch"),
			// Codex offers its tools for agents to models that it does not know.
			{name: "agent", runs: []agentRun{{script: "agent", model: "scripted"}}},
			resumed("tools"), once("overloaded"), once("limited"), once("broken"), once("torn"), ends("refused", 1),
		},
	}
}

func geminiCLI() *realAgent {
	shell := func(command string) scripted.Call {
		return tool("run_shell_command", input{"command": command, "description": "try it"})
	}
	return &realAgent{
		name: "gemini", log: ".gemini/tmp", programs: []string{".bin/gemini"}, nameless: true, silent: true,
		env: func(home, url string) []string {
			return []string{"GEMINI_API_KEY=" + notAKey, "GOOGLE_GEMINI_BASE_URL=" + url, "GEMINI_CLI_TRUST_WORKSPACE=true", "NO_BROWSER=1"}
		},
		setUp: func(string, string) map[string]string {
			return map[string]string{".gemini/settings.json": `{"general":{"enableAutoUpdate":false},"privacy":{"usageStatisticsEnabled":false},"security":{"auth":{"selectedType":"gemini-api-key"}}}`}
		},
		args: func(r agentRun, _ string) []string {
			args := []string{"-m", "gemini-2.5-flash", "--approval-mode", "yolo", "--output-format", "stream-json"}
			if r.resume {
				args = append(args, "--resume", "latest")
			}
			return append(args, "-p", prompt(r))
		},
		scripts: with(faults(500), scripted.Scripts{
			"tools": {
				says("First a command.", shell("echo one")),
				says("", fails(shell("ls /no/such/place"))),
				says("", tool("write_file", input{"file_path": "made.txt", "content": "alpha"}), fails(tool("read_file", input{"file_path": "missing.txt"}))),
				says("Done."),
			},
		}),
		scenarios: []agentScenario{once("plain"), once("tools"), resumed("tools"), once("overloaded"), once("limited"), ends("refused", 1)},
	}
}

func openCode() *realAgent {
	bash := func(command string) scripted.Call {
		return tool("bash", input{"command": command, "description": "try it"})
	}
	return &realAgent{
		name: "opencode", log: ".local/share/opencode/opencode.db", programs: []string{".bin/opencode"}, nameless: true, failuresCall: true,
		fold: func(e scripted.Entry) (scripted.Entry, bool) {
			e.Usage = oneWrite(e.Usage)
			return e, e.Tools > 0 // a call that names the session is not in its log
		},
		env: func(home, url string) []string {
			return []string{
				"ANTHROPIC_API_KEY=" + notAKey, "ANTHROPIC_BASE_URL=" + url + "/v1",
				"OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
				"npm_config_offline=true", // it fetches what its plugins need
			}
		},
		setUp: func(string, string) map[string]string {
			return map[string]string{".config/opencode/opencode.json": `{"autoupdate":false,"share":"disabled","small_model":"anthropic/claude-sonnet-4-5","permission":{"bash":"allow","edit":"allow","external_directory":"allow"}}`}
		},
		args: func(r agentRun, _ string) []string {
			args := []string{"run", "--format", "json", "-m", "anthropic/claude-sonnet-4-5"}
			if r.resume {
				args = append(args, "--continue")
			}
			return append(args, prompt(r))
		},
		scripts: with(faults(529), scripted.Scripts{
			"tools": {
				says("First a command.", bash("echo one")),
				says("", bash("ls /no/such/place")), // a code that is not 0 is a result, as opencode has it
				says("", tool("write", input{"filePath": "made.txt", "content": "alpha"}), fails(tool("read", input{"filePath": "missing.txt"}))),
				says("Done."),
			},
			"agent": {says("An agent does it.", tool("task", input{"description": "look around", "prompt": "Look around. [[child]]", "subagent_type": "general"})), says("It is done.")},
			"child": {says("", bash("echo from the child")), says("The child is done.")},
		}),
		scenarios: []agentScenario{once("plain"), once("tools"), once("agent"), resumed("tools"), once("overloaded"), ends("refused", 1)},
	}
}

func piAgent() *realAgent {
	bash := func(command string) scripted.Call { return tool("bash", input{"command": command}) }
	return &realAgent{
		name: "pi", log: ".pi/agent/sessions", programs: []string{".bin/pi"}, nameless: true, elsewhere: true, failuresCall: true,
		fold: func(e scripted.Entry) (scripted.Entry, bool) {
			e.Usage = oneWrite(e.Usage)
			e.Usage.Reasoning = 0
			return e, true
		},
		env: func(home, url string) []string {
			return []string{"ANTHROPIC_API_KEY=" + notAKey, "PI_OFFLINE=1", "PI_SKIP_VERSION_CHECK=1"}
		},
		setUp: func(_, url string) map[string]string {
			return map[string]string{".pi/agent/models.json": `{"providers":{"anthropic":{"baseUrl":"` + url + `"}}}`}
		},
		args: func(r agentRun, _ string) []string {
			args := []string{"--mode", "json", "--provider", "anthropic", "--model", "claude-sonnet-4-5"}
			if r.resume {
				args = append(args, "--continue")
			}
			return append(args, "-p", prompt(r))
		},
		scripts: with(faults(529), scripted.Scripts{
			"tools": {
				says("First a command.", bash("echo one")),
				says("", fails(bash("ls /no/such/place"))),
				says("", tool("write", input{"path": "made.txt", "content": "alpha"}), fails(tool("read", input{"path": "missing.txt"}))),
				says("Done."),
			},
		}),
		scenarios: []agentScenario{once("plain"), once("tools"), resumed("tools"), once("overloaded"), ends("refused", 0)},
	}
}
