package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// key turns a key into an action and does it.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	m.notice = ""
	if a, _ := m.keys.Find([]keymap.Scope{keymap.Everywhere}, name); a == keymap.QuitNow {
		return tea.Quit
	}
	switch {
	case m.help.open:
		return m.inHelp(k)
	case m.prompt.IsOpen():
		return m.inPrompt(k)
	}
	scopes := m.screen().Scopes()
	if m.pending != "" {
		name, m.pending = m.pending+" "+name, ""
	} else if m.digit(name) {
		return nil
	} else if m.keys.Begins(scopes, name) {
		m.pending = name
		return nil
	}
	count := m.count
	m.count = 0
	a, ok := m.keys.Find(scopes, name)
	if !ok {
		return nil
	}
	return m.do(a, count)
}

// digit takes a digit that belongs to a count: one that follows another, or
// that names no pane, or the pane that has the keys already.
func (m *model) digit(name string) bool {
	if len(name) != 1 || name[0] < '0' || name[0] > '9' {
		return false
	}
	n := int(name[0] - '0')
	if m.count == 0 && (n == 0 || n <= m.screen().Panels() && n != m.screen().Focus()) {
		return false
	}
	m.count = min(m.count*10+n, 1_000_000)
	return true
}

// do does an action: those of the root here, all others on the screen on top.
func (m *model) do(a keymap.Action, count int) tea.Cmd {
	switch a {
	case keymap.QuitNow:
		return tea.Quit
	case keymap.Close:
		if cmd, ok := m.screen().Back(); ok {
			return cmd
		}
		if m.over != nil {
			m.pop()
			return nil
		}
		return tea.Quit
	case keymap.Back:
		return m.back()
	case keymap.Keys:
		m.help.show(m.screen().Scopes(), m.width, m.height)
	case keymap.Command:
		m.prompt.Open(":", "")
		m.fault = nil
	case keymap.Filter:
		m.before = m.screen().Query()
		m.prompt.Open("/", m.before)
		m.fault = nil
	case keymap.Mouse:
		m.mouse = !m.mouse
		m.notice = "the mouse belongs to the terminal: select text as usual, F2 takes it back"
		if m.mouse {
			m.notice = "wheel and clicks work here, F2 gives the mouse back"
		}
	case keymap.ThemeToggle:
		m.dark = !m.dark
		m.paint()
	case keymap.Suspend:
		return tea.Suspend
	case keymap.Redraw:
		return tea.ClearScreen
	case keymap.GoSessions:
		if m.over != nil {
			m.pop()
		}
	case keymap.PanelNext:
		return m.screen().SetFocus(m.screen().Focus() + 1)
	case keymap.PanelPrev:
		return m.screen().SetFocus(m.screen().Focus() - 1)
	case keymap.Panel1, keymap.Panel2, keymap.Panel3, keymap.Panel4:
		n := int(a[len(a)-1] - '0')
		if n <= m.screen().Panels() {
			return m.screen().SetFocus(n)
		}
	default:
		cmd, _ := m.screen().Do(a, count)
		return cmd
	}
	return nil
}

// back clears the filter, or goes to the screen below.
func (m *model) back() tea.Cmd {
	if m.screen().Query() != "" {
		cmd, _ := m.screen().Filter("")
		return cmd
	}
	if cmd, ok := m.screen().Back(); ok {
		return cmd
	}
	if m.over != nil {
		m.pop()
	}
	return nil
}

// inPrompt edits the prompt.
func (m *model) inPrompt(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		m.prompt.Shut()
		if m.prompt.Sign() == "/" {
			cmd, _ := m.screen().Filter("")
			return cmd
		}
		return nil
	case "enter":
		if m.prompt.Sign() == ":" {
			m.prompt.Shut()
			return m.command(m.prompt.Text())
		}
		if m.fault != nil {
			return nil // it stays open until it can be read
		}
		m.prompt.Shut()
		return nil
	case "tab":
		if names := matching(m.prompt.Text()); m.prompt.Sign() == ":" && len(names) > 0 {
			m.prompt.Set(names[0])
		}
		return nil
	}
	return m.typed(m.prompt.Update(k))
}

// typed previews what was typed.
func (m *model) typed(changed bool) tea.Cmd {
	if !changed || m.prompt.Sign() != "/" {
		return nil
	}
	cmd, err := m.screen().Filter(m.prompt.Text())
	m.fault = err
	return cmd
}

// inHelp moves in the list of keys, or narrows it.
func (m *model) inHelp(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc", "?":
		m.help.open = false
	case "enter":
		m.help.open = false
		if a, ok := m.help.selected(); ok {
			return m.do(a, 0)
		}
	case "down", "ctrl+n":
		m.help.move(1)
	case "up", "ctrl+p":
		m.help.move(-1)
	case "pgdown", "ctrl+d":
		m.help.move(10)
	case "pgup", "ctrl+u":
		m.help.move(-10)
	case "backspace":
		m.help.erase()
	default:
		if k.Text != "" {
			m.help.add(k.Text)
		}
	}
	return nil
}

// commands are the names that the command line knows.
var commands = map[string]keymap.Action{
	"sessions": keymap.GoSessions, "trace": keymap.GoTrace, "events": keymap.GoEvents, "cost": keymap.GoCost, "errors": keymap.GoErrors,
	"quit": keymap.QuitNow, "keys": keymap.Keys, "help": keymap.Keys, "follow": keymap.Follow, "filter": keymap.Filter,
	"flat": keymap.Flat, "mouse": keymap.Mouse, "theme": keymap.ThemeToggle, "fold": keymap.FoldAll, "unfold": keymap.UnfoldAll,
}

// matching returns the names of commands that begin with a text.
func matching(text string) []string {
	var names []string
	for name := range commands {
		if strings.HasPrefix(name, strings.TrimSpace(text)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// command does what was typed after the colon: a name or its beginning, a
// filter, or the number of a line.
func (m *model) command(text string) tea.Cmd {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if name == "" {
		return nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		return m.do(keymap.Top, max(1, n))
	}
	if name == "q" {
		return m.do(keymap.Close, 0)
	}
	names := matching(name)
	a, ok := commands[name]
	if !ok && len(names) > 0 {
		a, ok = commands[names[0]], true
	}
	if !ok {
		m.notice = fmt.Sprintf("there is no command %q", name)
		return nil
	}
	if a == keymap.Filter && rest != "" {
		cmd, err := m.screen().Filter(rest)
		if err != nil {
			m.notice = err.Error()
		}
		return cmd
	}
	return m.do(a, 0)
}
