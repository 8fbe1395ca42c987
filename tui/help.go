package tui

import (
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// helpBox is the list of all keys, over the screen. Typing narrows it, enter
// does what is selected.
type helpBox struct {
	open   bool
	text   string
	scopes []keymap.Scope
	rows   []keymap.Row
	list   list.List
	width  int
	height int
}

func (h *helpBox) show(scopes []keymap.Scope, width, height int) {
	h.open, h.text, h.scopes = true, "", scopes
	h.resize(width, height)
	h.narrow()
	h.list.To(0)
}

func (h *helpBox) resize(width, height int) {
	h.width, h.height = min(92, width-4), max(5, height-4)
	h.list.Resize(h.height - 3)
}

func (h *helpBox) add(text string) { h.text += text; h.narrow() }

func (h *helpBox) erase() {
	if r := []rune(h.text); len(r) > 0 {
		h.text = string(r[:len(r)-1])
		h.narrow()
	}
}

func (h *helpBox) move(d int) { h.list.Move(d) }

// narrow keeps the rows of the scopes that are in force here, innermost first,
// and then all others.
func (h *helpBox) narrow() {
	h.rows = h.rows[:0]
	low := strings.ToLower(h.text)
	for _, r := range keymap.Table() {
		text := strings.ToLower(strings.Join(r.Keys, " ") + " " + r.Help + " " + string(r.Action) + " " + string(r.Scope))
		if strings.Contains(text, low) {
			h.rows = append(h.rows, r)
		}
	}
	rank := func(s keymap.Scope) int {
		if i := slices.Index(h.scopes, s); i >= 0 {
			return i
		}
		return len(h.scopes)
	}
	slices.SortStableFunc(h.rows, func(a, b keymap.Row) int { return rank(a.Scope) - rank(b.Scope) })
	h.list.SetLen(len(h.rows))
}

func (h *helpBox) selected() (keymap.Action, bool) {
	if i := h.list.Cursor(); i >= 0 && i < len(h.rows) {
		return h.rows[i].Action, true
	}
	return "", false
}

func (h *helpBox) draw(t *theme.Theme, _ *keymap.Map) []string {
	back := t.Strip
	line := func() *frame.Line { return frame.NewLine(h.width, back) }
	rows := []string{line().Space(2).Put(t.Title, "Keys").Space(2).Foreign(t.Warn, h.text).Put(t.Bright+";7", " ").String(), line().String()}
	from, to := h.list.Visible()
	last := keymap.Scope("")
	for i := from; i < to; i++ {
		r := h.rows[i]
		l := line()
		if i == h.list.Cursor() {
			l = frame.NewLine(h.width, t.Select).Put(t.Title, t.Cursor)
		}
		scope := ""
		if r.Scope != last {
			scope, last = string(r.Scope), r.Scope
		}
		l.To(2).Cell(t.Agent, scope, 15).Cell(t.Key, strings.Join(r.Keys, "  "), 18).Space(1).Cell(t.Text, r.Help, l.Room()-1)
		rows = append(rows, l.String())
	}
	for len(rows) < h.height {
		rows = append(rows, line().String())
	}
	return rows
}
