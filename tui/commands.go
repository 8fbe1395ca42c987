package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/menu"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// commands are the names that the command line knows, beside those of all
// actions.
var commands = map[string]keymap.Action{
	"sessions": keymap.GoSessions, "wall": keymap.GoWall, "trace": keymap.GoTrace, "chat": keymap.GoChat, "events": keymap.GoEvents,
	"cost": keymap.GoCost, "context": keymap.GoContext, "errors": keymap.GoErrors, "loops": keymap.GoErrors, "graph": keymap.GoGraph,
	"agents": keymap.GoAgents, "experiments": keymap.GoVariants, "variants": keymap.GoVariants, "notes": keymap.GoNotes, "doctor": keymap.GoDoctor,
	"search": keymap.GoSearch, "quit": keymap.QuitNow, "keys": keymap.Keys, "help": keymap.Keys, "follow": keymap.Follow, "filter": keymap.Filter,
	"flat": keymap.Flat, "mouse": keymap.Mouse, "theme": keymap.ThemeToggle, "fold": keymap.FoldAll, "unfold": keymap.UnfoldAll,
	"export": keymap.Export, "copy": keymap.Copy, "note": keymap.Note, "tag": keymap.Tag, "rename": keymap.Rename, "mark": keymap.Mark, "fork": keymap.Fork,
	"compare": keymap.Diff, "diff": keymap.Diff, "replay": keymap.Replay, "views": keymap.Views, "range": keymap.Range, "since": keymap.Range,
	"audit": keymap.Audit, "edit": keymap.Editor, "stop": keymap.Stop,
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

// commandLine opens the prompt for a command.
func (m *model) commandLine() tea.Cmd {
	return m.asked(ask.Text{
		Sign: ":", Hint: "a command, the number of a row, or a time: @+5m, @1h30m",
		Enter: m.command,
	})
}

// command does what was typed after the colon: a name or its beginning, with
// what it is about, the number of a line, or a time.
func (m *model) command(text string) (tea.Cmd, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rest = strings.TrimSpace(rest)
	if name == "" {
		return nil, nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		return m.do(keymap.Top, max(1, n)), nil
	}
	if at, ok := strings.CutPrefix(name, "@"); ok {
		return m.screen().Moment(at)
	}
	if name == "q" {
		return m.do(keymap.Close, 0), nil
	}
	a, ok := commands[name]
	if names := matching(name); !ok && len(names) > 0 {
		a, ok = commands[names[0]], true
	}
	if !ok {
		if r := m.keys.Row(keymap.Action(name)); r.Action != "" {
			a, ok = r.Action, true // any action goes by its id as well
		}
	}
	if !ok {
		return nil, fmt.Errorf("there is no command %q; tab completes, ctrl+p finds", name)
	}
	if rest != "" {
		return m.with(a, rest)
	}
	return m.do(a, 0), nil
}

// with does an action with what was typed behind its name.
func (m *model) with(a keymap.Action, text string) (tea.Cmd, error) {
	switch a {
	case keymap.Filter:
		before := m.screen().Query()
		cmd, err := m.screen().Filter(text)
		if err == nil {
			m.screen().Remember(before)
		}
		return cmd, err
	case keymap.ThemeToggle:
		look, dark, err := m.look.Named(text, m.dark)
		if err != nil {
			return nil, err
		}
		m.look, m.dark = look, dark
		m.paint()
		return nil, nil
	case keymap.Range, keymap.GoSearch:
		for len(m.above) > 0 {
			m.pop()
		}
		return m.home.with(a, text)
	}
	return m.screen().With(a, text)
}

// help is the list of all keys. Typing narrows it, enter does what is selected.
func (m *model) help() tea.Cmd {
	scopes := m.screen().Scopes()
	rank := func(s keymap.Scope) int {
		if i := slices.Index(scopes, s); i >= 0 {
			return i
		}
		return len(scopes)
	}
	rows := slices.Clone(m.keys.Rows())
	slices.SortStableFunc(rows, func(a, b keymap.Row) int { return rank(a.Scope) - rank(b.Scope) })
	var items []menu.Item
	for _, r := range rows {
		items = append(items, menu.Item{Group: string(r.Scope), Key: strings.Join(r.Keys, "  "), Text: r.Help, Do: func() tea.Cmd { return m.do(r.Action, 0) }})
	}
	return m.asked(ask.Choice{Menu: menu.New("Keys", menu.ByText, items)})
}

// palette is everything that one can go to, found by a few letters.
func (m *model) palette() tea.Cmd {
	var items []menu.Item
	if m.catalog != nil {
		for _, s := range m.catalog.Sessions[:min(len(m.catalog.Sessions), 3000)] {
			items = append(items, menu.Item{Group: "session", Text: s.Label(), Note: s.Agent, Do: func() tea.Cmd { return m.visit(visit.Msg{Session: s}) }})
		}
	}
	for _, v := range m.home.views.all() {
		items = append(items, menu.Item{Group: "view", Text: "view " + v.Name, Note: v.Query, Do: func() tea.Cmd {
			return tea.Batch(m.goHome(keymap.GoSessions), m.home.look(v))
		}})
	}
	for _, r := range m.keys.Rows() {
		if r.Scope == keymap.Lists && r.Short == "" || r.Help == "" {
			continue
		}
		key := ""
		if len(r.Keys) > 0 {
			key = r.Keys[0]
		}
		items = append(items, menu.Item{Group: "key", Key: key, Text: r.Help, Note: string(r.Action), Do: func() tea.Cmd { return m.do(r.Action, 0) }})
	}
	return m.asked(ask.Choice{Menu: menu.New("Go to", menu.ByFuzzy, items)})
}
