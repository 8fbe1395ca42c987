package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// input takes what the person did.
func (m *model) input(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		if m.prompt.IsOpen() {
			return m.typed(m.prompt.Update(msg))
		}
	case tea.MouseClickMsg:
		if m.early(func() tea.Cmd { return m.input(msg) }) {
			return nil
		}
		if msg.Button == tea.MouseLeft && m.menu == nil && m.question == nil {
			return m.screen().Click(msg.X, msg.Y)
		}
	case wheelMsg:
		if m.menu != nil {
			m.menu.Move(msg.steps)
			return nil
		}
		return m.screen().Wheel(msg)
	}
	return nil
}

// key turns a key into an action and does it.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	m.notice = ""
	if a, _ := m.keys.Find([]keymap.Scope{keymap.Everywhere}, name); a == keymap.QuitNow {
		return tea.Quit
	}
	switch {
	case m.question != nil:
		return m.inQuestion(k)
	case m.menu != nil:
		return m.inMenu(k)
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
	if !ofPreview[a] && m.early(func() tea.Cmd { return m.do(a, count) }) {
		return nil
	}
	switch a {
	case keymap.QuitNow:
		return tea.Quit
	case keymap.Close:
		return m.leave()
	case keymap.Back:
		return m.back()
	case keymap.Keys:
		return m.help()
	case keymap.Command:
		return m.commandLine()
	case keymap.Palette:
		return m.palette()
	case keymap.UserCommand:
		return m.userCommands()
	case keymap.Filter:
		return m.filter()
	case keymap.Unfilter:
		cmd, ok := m.screen().Unfilter()
		if !ok {
			m.notice = "there was no other filter before"
		}
		return cmd
	case keymap.Mouse:
		m.mouse = !m.mouse
		m.notice = "the mouse belongs to the terminal: select text as usual, F2 takes it back"
		if m.mouse {
			m.notice = "wheel and clicks work here, F2 gives the mouse back"
		}
	case keymap.ThemeToggle:
		m.look, m.dark = m.look.Next(m.dark)
		m.paint()
		m.notice = "theme: " + m.look.String(m.dark)
	case keymap.Suspend:
		return tea.Suspend
	case keymap.Redraw:
		return tea.ClearScreen
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
		cmd, done := m.screen().Do(a, count)
		switch {
		case done:
		case ofMachine[a]:
			return m.goHome(a)
		case a == keymap.Diff:
			return m.compareWith(m.inFront())
		}
		return cmd
	}
	return nil
}

// ofMachine are the actions that go to a page about all sessions, where the
// screen on top has no page of that kind.
var ofMachine = map[keymap.Action]bool{
	keymap.GoSessions: true, keymap.GoWall: true, keymap.GoCost: true, keymap.GoErrors: true, keymap.GoAgents: true, keymap.GoVariants: true,
	keymap.GoGraph: true, keymap.GoSearch: true, keymap.GoNotes: true, keymap.GoDoctor: true,
}

// goHome leaves all that lies over the sessions and goes to a page there.
func (m *model) goHome(a keymap.Action) tea.Cmd {
	for len(m.above) > 0 {
		m.pop()
	}
	cmd, _ := m.home.Do(a, 0)
	return cmd
}

// leave leaves the innermost thing, and in the end the program.
func (m *model) leave() tea.Cmd {
	if cmd, ok := m.screen().Back(); ok {
		return cmd
	}
	if len(m.above) > 0 {
		m.pop()
		return nil
	}
	return tea.Quit
}

// back clears the filter, or goes to the screen below.
func (m *model) back() tea.Cmd {
	if m.task != nil {
		m.task.cancel()
		return nil
	}
	if cmd, ok := m.screen().Inner(); ok {
		return cmd
	}
	if before := m.screen().Query(); before != "" {
		m.screen().Remember(before)
		cmd, _ := m.screen().Filter("")
		return cmd
	}
	if cmd, ok := m.screen().Back(); ok {
		return cmd
	}
	m.pop()
	return nil
}
