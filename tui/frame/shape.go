package frame

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Part is a piece of text with its style.
type Part struct {
	Style theme.Style
	Text  string
}

// Title returns a hairline with a title in it at the left, and something about
// the pane at the right. The number is that of the key that focuses the pane;
// zero is none.
func Title(t *theme.Theme, width, number int, title string, active bool, right ...Part) string {
	l := NewLine(width, "")
	style := t.Dim
	if active {
		style = t.Title
	}
	l.Put(t.Faint, t.Rule)
	l.Space(1)
	if number > 0 {
		l.Put(style, strconv.Itoa(number)+" ")
	}
	tail := 0
	for _, p := range right {
		tail += Width(p.Text)
	}
	if tail > 0 {
		tail += 3
	}
	if tail > width/2 && tail+Width(title)+6 > width {
		right, tail = nil, 0
	}
	room := max(1, width-l.Used()-tail-2)
	l.put(style, Clean(title, room), room)
	l.Space(1)
	if n := width - tail - l.Used(); n > 0 {
		l.Put(t.Faint, strings.Repeat(t.Rule, n))
	}
	if tail > 0 {
		l.Space(1)
		for _, p := range right {
			l.Put(p.Style, p.Text)
		}
		l.Space(1)
		l.Put(t.Faint, t.Rule)
	}
	return l.String()
}

// Guides adds what joins a row of a tree to its parent, and its fold marker.
// Bit d of rails says that a line goes on downwards at depth d.
func (l *Line) Guides(t *theme.Theme, rails uint64, depth int, final, parent, shut bool) *Line {
	mark := " "
	if depth > 0 {
		var b strings.Builder
		for d := 1; d < depth; d++ {
			if rails&(1<<min(d, 63)) != 0 {
				b.WriteString(t.Pipe)
			} else {
				b.WriteString(t.Blank)
			}
		}
		if final {
			b.WriteString(t.Corner)
		} else {
			b.WriteString(t.Branch)
		}
		l.Put(t.Faint, b.String())
		mark = t.Rule
	}
	switch {
	case parent && shut:
		l.Put(t.Dim, t.Glyphs.Shut)
	case parent:
		l.Put(t.Dim, t.Glyphs.Open)
	default:
		l.Put(t.Faint, mark)
	}
	return l.Space(1)
}

// Meter adds a bar of width cells, filled to a share from 0 to 1.
func (l *Line) Meter(t *theme.Theme, s theme.Style, share float64, width int) *Line {
	share = min(1, max(0, share))
	width = max(0, width)
	eighths := int(share*float64(width*8) + 0.5)
	if share > 0 && eighths == 0 {
		eighths = 1
	}
	var b strings.Builder
	for range eighths / 8 {
		b.WriteString(t.Meter[8])
	}
	if eighths%8 > 0 {
		b.WriteString(t.Meter[eighths%8])
	}
	end := l.used + max(0, width)
	l.put(s, b.String(), width)
	return l.To(end)
}

// Thin adds a thin bar of width cells, filled to a share from 0 to 1, on a
// track.
func (l *Line) Thin(t *theme.Theme, s theme.Style, share float64, width int) *Line {
	width = max(0, width)
	halves := int(min(1, max(0, share))*float64(2*width) + 0.5)
	if share > 0 && halves == 0 {
		halves = 1
	}
	end := l.used + width
	l.Put(s, strings.Repeat(t.Bar, halves/2))
	if halves%2 == 1 {
		l.Put(s, t.BarTail)
	}
	return l.Put(t.Faint, strings.Repeat(t.Bar, max(0, end-l.used)))
}

// Spark adds one block for each value, as high as its share of top.
func (l *Line) Spark(t *theme.Theme, s theme.Style, values []float64, top float64) *Line {
	var b strings.Builder
	for _, v := range values {
		i := 0
		if v > 0 && top > 0 {
			i = min(8, max(1, int(v/top*8+0.5)))
		}
		b.WriteString(t.Blocks[i])
	}
	return l.Put(s, b.String())
}

// Beside puts blocks of rows side by side with a wall between them. All must
// have the same number of rows.
func Beside(t *theme.Theme, blocks ...[]string) []string {
	wall := "\x1b[" + string(t.Faint) + "m" + t.Wall + "\x1b[m"
	rows := make([]string, len(blocks[0]))
	var b strings.Builder
	for y := range rows {
		b.Reset()
		for i, block := range blocks {
			if i > 0 {
				b.WriteString(wall)
			}
			b.WriteString(block[y])
		}
		rows[y] = b.String()
	}
	return rows
}

// Fill returns rows padded with empty ones, or cut, to a height.
func Fill(rows []string, width, height int) []string {
	if len(rows) > height {
		return rows[:max(0, height)]
	}
	if len(rows) < height {
		blank := strings.Repeat(" ", max(0, width))
		for len(rows) < height {
			rows = append(rows, blank)
		}
	}
	return rows
}

// Message returns a block with a few lines of our own text in its upper third.
func Message(width, height int, parts ...Part) []string {
	var rows []string
	blank := strings.Repeat(" ", max(0, width))
	for range min(max(0, height-len(parts))/3, 6) {
		rows = append(rows, blank)
	}
	for _, p := range parts {
		for _, text := range Wrap(p.Text, max(1, width-4)) {
			rows = append(rows, NewLine(width, "").Space(2).Put(p.Style, text).String())
		}
	}
	return Fill(rows, width, height)
}

// Wrap breaks a text without control characters into lines of at most width
// cells, between words where it can.
func Wrap(text string, width int) []string {
	if Width(text) <= width {
		return []string{text}
	}
	return strings.Split(ansi.Wrap(text, max(1, width), " "), "\n")
}

// Over lays a box of rows over others, in their middle. It measures, so it is
// for popups only.
func Over(rows, box []string, width int) []string {
	if len(box) == 0 {
		return rows
	}
	left, top := max(0, (width-ansi.StringWidth(box[0]))/2), max(0, (len(rows)-len(box))/2)
	return append(append([]string(nil), rows[:top]...), Patch(rows[top:], box, left, width)...)
}

// Patch lays a box of rows over others, from the first of these and a column on.
func Patch(rows, box []string, left, width int) []string {
	out := append([]string(nil), rows...)
	for y, r := range box {
		if y < len(out) {
			end := left + ansi.StringWidth(r)
			head, tail := ansi.Cut(out[y], 0, left), ansi.Cut(out[y], end, width)
			// Of a wide character that the box covers half of, nothing is left.
			if ansi.StringWidth(tail) > width-end {
				tail = ansi.Cut(out[y], end+1, width)
			}
			head += "\x1b[m" + strings.Repeat(" ", max(0, left-ansi.StringWidth(head)))
			gap := strings.Repeat(" ", max(0, width-end-ansi.StringWidth(tail)))
			out[y] = head + r + "\x1b[m" + gap + tail
		}
	}
	return out
}

// Split adds a thin bar of width cells, divided as its values are.
func (l *Line) Split(t *theme.Theme, styles []theme.Style, values []float64, width int) *Line {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if sum <= 0 || width <= 0 {
		return l
	}
	end, at, so := l.used+width, 0, 0.0
	for i, v := range values {
		so += v
		to := int(so/sum*float64(width) + 0.5)
		if v > 0 && to == at && to < width {
			to++
		}
		l.Put(styles[i], strings.Repeat(t.Bar, max(0, to-at)))
		at = max(at, to)
	}
	return l.To(end)
}
