// Package menu is a box over the screen in which a person chooses one of many
// things: by typing a part of its name, by moving to it, or, in a menu of few
// things, by the letter before it.
package menu

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Item is one thing that can be chosen.
type Item struct {
	Group string // shown where it changes
	Key   string // what else does the same; in a menu of letters, the letter
	Text  string
	Note  string
	Do    func() tea.Cmd
}

// How is in what way things are chosen.
type How int

// The ways.
const (
	ByText   How = iota // typing keeps what holds the text
	ByFuzzy             // typing keeps what has its letters in that order, the best first
	ByLetter            // a letter chooses at once
)

// Menu is the box.
type Menu struct {
	Title string
	How   How
	Empty string // what is said when nothing is left

	all    []Item
	shown  []Item
	hits   [][]int // of each shown item, the places of its letters that were typed
	text   string
	list   list.List
	width  int
	height int
}

// New returns a menu of items.
func New(title string, how How, items []Item) *Menu {
	m := &Menu{Title: title, How: how, all: items, Empty: "nothing is called that"}
	m.narrow()
	return m
}

// Resize says how large the terminal is.
func (m *Menu) Resize(width, height int) {
	widest := 0
	for i := range m.all {
		it := &m.all[i]
		widest = max(widest, frame.Width(it.Text)+frame.Width(it.Note))
	}
	group, key := m.columns()
	m.width = min(width-4, max(46, 2+group+key+widest+6), 100)
	if width < 60 { // what would be seen beside it would only be in the way
		m.width = max(0, width)
	}
	m.height = max(0, min(height, max(3, min(height-4, len(m.all)+3))))
	m.list.Resize(m.height - m.heads())
}

func (m *Menu) heads() int {
	if m.How == ByLetter {
		return 1
	}
	return 2
}

// columns returns how wide the groups and the keys are.
func (m *Menu) columns() (group, key int) {
	for i := range m.all {
		group, key = max(group, frame.Width(m.all[i].Group)), max(key, frame.Width(m.all[i].Key))
	}
	if group > 0 {
		group += 2
	}
	return group, min(key, 22) + 2
}

// Key takes a key. It reports whether the box is to be closed, and what is to be
// done then.
func (m *Menu) Key(k tea.KeyPressMsg) (closed bool, do func() tea.Cmd) {
	switch k.String() {
	case "esc", "ctrl+c":
		return true, nil
	case "enter":
		if i := m.list.Cursor(); i >= 0 && i < len(m.shown) {
			return true, m.shown[i].Do
		}
		return false, nil
	case "down", "ctrl+n", "tab":
		m.list.Move(1)
	case "up", "ctrl+p", "shift+tab":
		m.list.Move(-1)
	case "pgdown", "ctrl+d":
		m.list.Move(max(1, m.list.Height()/2))
	case "pgup", "ctrl+u":
		m.list.Move(-max(1, m.list.Height()/2))
	case "home":
		m.list.To(0)
	case "end":
		m.list.To(len(m.shown) - 1)
	case "backspace":
		if r := []rune(m.text); len(r) > 0 {
			m.text = string(r[:len(r)-1])
			m.narrow()
		}
	case "ctrl+w":
		m.text = ""
		m.narrow()
	default:
		if m.How == ByLetter {
			return m.letter(k.String())
		}
		if k.Text != "" {
			m.text += k.Text
			m.narrow()
		}
	}
	return false, nil
}

// letter chooses by a letter, or moves.
func (m *Menu) letter(key string) (bool, func() tea.Cmd) {
	for i := range m.shown {
		if m.shown[i].Key == key {
			return true, m.shown[i].Do
		}
	}
	switch key {
	case "j":
		m.list.Move(1)
	case "k":
		m.list.Move(-1)
	case "q":
		return true, nil
	}
	return false, nil
}

// Move moves the selection.
func (m *Menu) Move(d int) { m.list.Move(d) }

// narrow keeps what was typed for.
func (m *Menu) narrow() {
	m.shown, m.hits = m.shown[:0], m.hits[:0]
	switch {
	case m.text == "" || m.How == ByLetter:
		m.shown = append(m.shown, m.all...)
		m.hits = make([][]int, len(m.shown))
	case m.How == ByFuzzy:
		texts := make([]string, len(m.all))
		for i := range m.all {
			texts[i] = m.all[i].Text
		}
		for _, hit := range fuzzy.Find(strings.TrimSpace(m.text), texts) {
			m.shown, m.hits = append(m.shown, m.all[hit.Index]), append(m.hits, hit.MatchedIndexes)
		}
	default:
		for _, it := range m.all {
			whole := strings.ToLower(it.Group + " " + it.Key + " " + it.Text + " " + it.Note)
			if !slices.ContainsFunc(strings.Fields(strings.ToLower(m.text)), func(word string) bool { return !strings.Contains(whole, word) }) {
				m.shown, m.hits = append(m.shown, it), append(m.hits, nil)
			}
		}
	}
	m.list.SetLen(len(m.shown))
	m.list.To(0)
}

// Draw returns the rows of the box.
func (m *Menu) Draw(t *theme.Theme) []string {
	line := func() *frame.Line { return frame.NewLine(m.width, t.Strip) }
	head := line().Space(2).Put(t.Title, m.Title)
	if m.How != ByLetter {
		head.Space(2).Foreign(t.Warn, m.text).Put(t.Bright+";7", " ")
	}
	if n := len(m.shown); n > m.list.Height() {
		at := strconv.Itoa(m.list.Cursor()+1) + "/" + strconv.Itoa(n)
		head.To(m.width-1-len(at)).Put(t.Dim, at)
	}
	rows := []string{head.String()}
	if m.How != ByLetter {
		rows = append(rows, line().String())
	}
	group, key := m.columns()
	from, to := m.list.Visible()
	last := ""
	for i := from; i < min(to, len(m.shown)); i++ {
		it := &m.shown[i]
		l := line()
		if i == m.list.Cursor() {
			l = frame.NewLine(m.width, t.Select).Put(t.Title, t.Cursor)
		}
		l.To(2)
		if group > 0 {
			name := ""
			if it.Group != last {
				name, last = it.Group, it.Group
			}
			l.Cell(t.Agent, name, group)
		}
		l.Cell(t.Key, it.Key, key)
		note := frame.Width(it.Note)
		room := max(0, l.Room()-1)
		if note > 0 {
			room = max(8, room-note-2)
		}
		m.item(t, l, it.Text, m.hits[i], room)
		if note > 0 && l.Room() > note+1 {
			l.To(m.width-1-note).Foreign(t.Dim, it.Note)
		}
		rows = append(rows, l.String())
	}
	if len(m.shown) == 0 {
		rows = append(rows, line().Space(2).Put(t.Dim, m.Empty).String())
	}
	for len(rows) < m.height {
		rows = append(rows, line().String())
	}
	return rows[:m.height]
}

// item puts the text of an item with the letters that were typed marked.
func (m *Menu) item(t *theme.Theme, l *frame.Line, text string, hits []int, room int) {
	end := l.Used() + room
	if len(hits) == 0 {
		l.Cell(t.Text, text, room)
		return
	}
	marked := make(map[int]bool, len(hits))
	for _, at := range hits {
		marked[at] = true
	}
	from := 0
	put := func(to int, mark bool) {
		if to > from && l.Used() < end {
			style := t.Text
			if mark {
				style = t.Mark
			}
			piece := frame.Short(text[from:to], end-l.Used())
			// Short trims blanks, which stand between words here.
			for i := from; i < to && text[i] == ' '; i++ {
				l.Space(1)
			}
			l.Put(style, piece)
			for i := to - 1; i > from && text[i] == ' '; i-- {
				l.Space(1)
			}
		}
		from = to
	}
	on := false
	for i := range text {
		if marked[i] != on {
			put(i, on)
			on = marked[i]
		}
	}
	put(len(text), on)
	l.To(end)
}

// Letters reports whether a letter chooses at once.
func (m *Menu) Letters() bool { return m.How == ByLetter }
