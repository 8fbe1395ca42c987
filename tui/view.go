package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// View returns the frame, drawn anew only when something changed.
func (m *model) View() tea.View {
	if m.dirty {
		m.frame = m.draw()
		m.dirty = false
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	v.WindowTitle = "lazytrace" // no foreign text: some terminals act upon titles
	v.ReportFocus = m.world.opts.Notify
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

func (m *model) draw() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	t := m.theme
	rows := frame.Fill(m.screen().Draw(t), m.width, m.height-1)
	if m.prompt.IsOpen() && len(rows) > 1 {
		m.drawPrompt(t, rows)
	}
	rows = append(rows, m.footer(t))
	if m.menu != nil {
		rows = frame.Over(rows, m.menu.Draw(t), m.width)
	}
	frame := strings.Join(rows, "\n")
	if m.world.opts.ASCII {
		frame = plainer.Replace(frame)
	}
	return frame
}

// plainer replaces the few signs that texts of ours hold beside the glyphs of
// the theme. All are one cell wide.
var plainer = strings.NewReplacer("…", "~", "·", "-", "→", ">", "↵", "|", "“", "\"", "”", "\"", "×", "x", "≠", "!", "Δ", "d", "≥", ">")

// drawPrompt puts the prompt in the place of the crumbs, and below it what is
// wrong with its text, or how it may go on.
func (m *model) drawPrompt(t *theme.Theme, rows []string) {
	right := ""
	if m.asking.Count != nil {
		right = m.asking.Count()
	}
	rows[1] = m.prompt.Draw(t, m.width, right)
	if len(rows) < 3 {
		return
	}
	column := func(at int) int { return m.prompt.Column(at, m.width, right) }
	if m.fault != nil {
		rows[2] = m.drawFault(t, column)
		return
	}
	box, x := m.offers.draw(t, m.width, column(m.offers.from))
	copy(rows[2:], frame.Patch(rows[2:], box, x, m.width))
}

// drawFault says what is wrong with the text of the prompt, below the place
// where it is wrong.
func (m *model) drawFault(t *theme.Theme, column func(int) int) string {
	l := frame.NewLine(m.width, t.Strip)
	at := 1
	var q interface{ Place() (from, to int) }
	if asQuery(m.fault, &q) {
		from, to := q.Place()
		at = column(from)
		marks := min(max(1, column(to)-at), 40)
		l.To(at).Put(t.BadBold, strings.Repeat("^", marks)).Space(1)
	}
	text := m.fault.Error()
	if frame.Width(text) > l.Room()-1 && at > frame.Width(text)+1 {
		// At the right there is no room: what is wrong stands before the mark.
		l = frame.NewLine(m.width, t.Strip).Space(1)
		return l.Foreign(t.Bad, text).To(at).Put(t.BadBold, "^").String()
	}
	return l.Foreign(t.Bad, text).String()
}

// footer shows the keys that work here, or what is asked.
func (m *model) footer(t *theme.Theme) string {
	l := frame.NewLine(m.width, t.Strip).Space(1)
	switch {
	case m.question != nil:
		l.Foreign(t.Human, m.question.Question).Space(2)
		hint(l, t, "y", "yes")
		hint(l, t, "n", "no")
		return l.String()
	case m.menu != nil:
		hint(l, t, "enter", "do it")
		hint(l, t, "esc", "leave")
		return l.Put(t.Dim, map[bool]string{true: "a letter chooses", false: "type to find"}[m.menu.Letters()]).String()
	case m.prompt.IsOpen():
		hint(l, t, "enter", "keep")
		leave := "leave"
		if m.asking.Query {
			leave = "clear"
		}
		hint(l, t, "esc", leave)
		if m.offers.any() {
			hint(l, t, "tab", "complete")
		}
		return l.Put(t.Dim, m.asking.Hint).String()
	case m.task != nil && m.notice == "":
		return m.task.draw(t, l)
	case m.notice != "":
		return l.Foreign(t.Human, m.notice).String()
	case m.pending != "" || m.count > 0:
		return m.half(t, l)
	}
	// What gets one out of anywhere stands at the right, whatever fits.
	last := []keymap.Action{keymap.Keys, keymap.Close}
	room := m.width - 1
	for _, a := range last {
		r := m.keys.Row(a)
		room -= len(r.Keys[0]) + len(r.Short) + 3
	}
	for _, a := range m.screen().Hints() {
		r := m.keys.Row(a)
		if len(r.Keys) > 0 && l.Used()+len(r.Keys[0])+1+len(r.Short) < room {
			hint(l, t, r.Keys[0], r.Short)
		}
	}
	l.To(max(l.Used(), room+2))
	for _, a := range last {
		r := m.keys.Row(a)
		hint(l, t, r.Keys[0], r.Short)
	}
	return l.String()
}

// half shows what was typed of a sequence, and how it may go on.
func (m *model) half(t *theme.Theme, l *frame.Line) string {
	text := m.pending
	if m.count > 0 {
		text = fmt.Sprintf("%d%s", m.count, m.pending)
	}
	l.Put(t.Key, text).Put(t.Dim, t.More).Space(2)
	if m.pending != "" {
		for _, next := range m.keys.After(m.screen().Scopes(), m.pending) {
			hint(l, t, next.Key, next.Word)
		}
	}
	return l.String()
}

func hint(l *frame.Line, t *theme.Theme, key, short string) {
	if l.Room() > frame.Width(key)+frame.Width(short)+1 {
		l.Put(t.Key, key).Space(1).Put(t.Dim, short).Space(2)
	}
}
