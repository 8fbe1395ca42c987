// Package frame makes rows that are exactly as wide as the place they are put
// in, and the few shapes that rows are made of: titled hairlines, meters,
// sparklines, columns side by side. It knows widths and styles, and nothing of
// what is shown.
package frame

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Line builds one row of a fixed width. What does not fit is cut with an
// ellipsis, what is missing is filled with spaces.
type Line struct {
	b     []byte
	width int
	used  int
	back  theme.Style
	last  theme.Style
	set   bool
}

// NewLine returns an empty row of a width. back is the background of all of
// it, or empty.
func NewLine(width int, back theme.Style) *Line {
	return &Line{b: make([]byte, 0, width*3+32), width: max(0, width), back: back}
}

// Used returns how many cells are taken.
func (l *Line) Used() int { return l.used }

// Room returns how many cells are left.
func (l *Line) Room() int { return l.width - l.used }

// Put adds text of our own: printable, without control characters.
func (l *Line) Put(s theme.Style, text string) *Line { return l.put(s, text, l.Room()) }

// Foreign adds text that came out of a log, made fit for a terminal.
func (l *Line) Foreign(s theme.Style, text string) *Line {
	return l.put(s, Clean(text, l.Room()), l.Room())
}

// Cell adds foreign text in a field of width cells, at its left.
func (l *Line) Cell(s theme.Style, text string, width int) *Line {
	width = max(0, min(width, l.Room()))
	end := l.used + width
	l.put(s, Clean(text, width), width)
	return l.To(end)
}

// Right adds our own text in a field of width cells, at its right.
func (l *Line) Right(s theme.Style, text string, width int) *Line {
	width = max(0, min(width, l.Room()))
	end := l.used + width
	if n := Width(text); n < width {
		l.To(end - n)
	}
	l.put(s, text, end-l.used)
	return l.To(end)
}

// To fills with spaces up to a column.
func (l *Line) To(column int) *Line {
	if column = min(column, l.width); column > l.used {
		if s := l.last; strings.HasSuffix(string(s), ";7") || strings.HasSuffix(string(s), ";4") || strings.Contains(string(s), ";48;") {
			l.style("") // what is marked, or has a background of its own, ends with its text
		} else {
			l.style(s)
		}
		for range column - l.used {
			l.b = append(l.b, ' ')
		}
		l.used = column
	}
	return l
}

// Join adds another row, filled to its width.
func (l *Line) Join(field *Line) *Line {
	if field.width > l.Room() {
		return l
	}
	l.b = append(l.b, field.String()...)
	l.used += field.width
	l.set, l.last = false, ""
	return l
}

// Space adds n spaces.
func (l *Line) Space(n int) *Line { return l.To(l.used + n) }

// String returns the row, filled to its width.
func (l *Line) String() string {
	l.To(l.width)
	if l.set {
		l.b = append(l.b, "\x1b[m"...)
		l.set = false
	}
	return string(l.b)
}

func (l *Line) put(s theme.Style, text string, room int) *Line {
	if room = min(room, l.Room()); room <= 0 || text == "" {
		return l
	}
	n := Width(text)
	if n > room {
		text, n = cut(text, room)
	}
	l.style(s)
	l.b = append(l.b, text...)
	l.used += n
	return l
}

// style writes the sequence for s unless it is in force already.
func (l *Line) style(s theme.Style) {
	if l.back == theme.Reverse && s != "" {
		s = "39" // a colour would become the background
	}
	if l.set && s == l.last || !l.set && s == "" && l.back == "" {
		return
	}
	l.b = append(l.b, "\x1b[0"...)
	if s != "" {
		l.b = append(l.b, ';')
		l.b = append(l.b, s...)
	}
	l.b = append(l.b, l.back...)
	l.b = append(l.b, 'm')
	l.last, l.set = s, true
}

// Width returns how many cells a text takes.
func Width(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return i + ansi.StringWidth(text[i:])
		}
	}
	return len(text)
}

// cut shortens text that is too wide and marks it.
func cut(text string, room int) (string, int) {
	if room == 1 {
		return "…", 1
	}
	if ascii(text) {
		return text[:room-1] + "…", room
	}
	text = ansi.Truncate(text, room, "…")
	return text, ansi.StringWidth(text)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Clean returns the beginning of a foreign text, fit for one line. It looks at
// no more of the text than can be seen in width cells, however long it is.
func Clean(text string, width int) string {
	const perCell = 8 // bytes a cell may take, with combining marks
	if limit := (max(0, width) + 2) * perCell; len(text) > limit {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	return escape.Line(strings.TrimSpace(text))
}

// Short returns a foreign text fit for one line and no wider than width.
func Short(text string, width int) string {
	text = Clean(text, width)
	if Width(text) > width {
		text, _ = cut(text, max(1, width))
	}
	return text
}

// Fit returns a row of our own text in one style.
func Fit(s theme.Style, text string, width int) string {
	return NewLine(width, "").Put(s, text).String()
}

// Fixed makes a row that is finished and known to be width cells wide fit to be
// joined to another.
func Fixed(row string, width int) *Line {
	return &Line{b: []byte(row), width: width, used: width}
}

// Row returns an empty row of a list, with a bar at the left and a background
// when it is selected. active is whether its pane has the keys.
func Row(t *theme.Theme, width int, selected, active bool) *Line {
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	l := NewLine(width, back)
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	return l.To(2)
}

// Back returns the background of the row.
func (l *Line) Back() theme.Style { return l.back }
