package tui

import (
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// Command is a command of the person's own. The shell runs it, with what is
// selected in its environment: LT_SESSION, LT_AGENT, LT_STEP, LT_EVENT, LT_FILE,
// LT_DIR, LT_QUERY. Nothing of a log is ever put into its text.
type Command struct {
	Name    string
	Key     string // in the menu
	Run     string
	Confirm bool // asks first
	Quiet   bool // runs without taking the terminal
}

// about is what of the selection a command is told.
type about map[string]string

func (a about) environ() []string {
	env := os.Environ()
	for name, value := range a {
		env = append(env, name+"="+strings.ReplaceAll(value, "\x00", ""))
	}
	return env
}

// userCommands is the menu of the person's commands.
func (m *model) userCommands() tea.Cmd {
	all := m.world.opts.Commands
	if len(all) == 0 {
		return ask.Tell("no command of your own yet: put [[commands]] into config.toml, see docs/config.md")
	}
	how := menu.ByLetter
	var items []menu.Item
	for _, c := range all {
		if c.Key == "" {
			how = menu.ByText
		}
		items = append(items, menu.Item{Key: c.Key, Text: c.Name, Note: c.Run, Do: func() tea.Cmd { return m.runCommand(c) }})
	}
	return m.asked(ask.Choice{Menu: menu.New("Commands", how, items)})
}

// runCommand runs a command of the person, with their consent where they want to
// be asked.
func (m *model) runCommand(c Command) tea.Cmd {
	env := m.screen().About().environ()
	env = append(env, "LT_QUERY="+m.screen().Query())
	run := func() tea.Cmd {
		cmd := exec.CommandContext(m.world.ctx, "sh", "-c", c.Run)
		cmd.Env = env
		if c.Quiet {
			return func() tea.Msg {
				if err := cmd.Run(); err != nil {
					return ask.Notice(c.Name + ": " + err.Error())
				}
				return ask.Notice(c.Name + ": done")
			}
		}
		return tea.ExecProcess(onTerminal(cmd), func(err error) tea.Msg {
			if err != nil {
				return ask.Notice(c.Name + ": " + err.Error())
			}
			return ask.Notice(c.Name + ": done")
		})
	}
	if c.Confirm {
		return m.asked(ask.Sure{Question: "run " + c.Name + ": " + c.Run + " ?", Yes: run})
	}
	return run()
}
