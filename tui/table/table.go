// Package table is a list of rows in columns: it moves a cursor, sorts, drops
// the columns that a narrow pane has no room for, and draws the rows that can be
// seen. What the rows are is its owner's business.
package table

import (
	"slices"

	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Column is one column of rows of type R.
type Column[R any] struct {
	Head  string
	Width int // cells; the one column without a width takes what is left
	Least int // of the column without a width: below that, others give way
	Right bool
	Rank  int // the lower, the longer the column stays when it gets narrow
	// Cell returns what stands in a row, which may be foreign text, and how it
	// looks.
	Cell func(t *theme.Theme, r *R) (string, theme.Style)
	// Paint draws what is more than a text, in place of Cell.
	Paint func(l *frame.Line, t *theme.Theme, r *R)
	// Less orders rows by the column, the first to be shown first; nil cannot.
	Less func(a, b *R) int
}

// Table is the list. Columns and Key are set before it is used.
type Table[R any] struct {
	Columns []Column[R]
	Key     func(*R) string // by which a row stays selected as rows come and go
	// Recede reports whether a row is of less interest than others.
	Recede func(*R) bool
	// IsBand reports whether a row runs over all columns, like the name of a group;
	// nil is never. Band draws it. The cursor passes it over.
	IsBand func(*R) bool
	Band   func(l *frame.Line, t *theme.Theme, r *R)

	list          list.List
	rows          []R
	key           string
	by            int // the column that sorts, plus one; zero is the order of the rows
	reverse       bool
	width, height int
}

// Resize says how much room there is, with the heads.
func (t *Table[R]) Resize(width, height int) {
	t.width, t.height = width, height
	t.list.Resize(height - 1)
}

// Set takes new rows and keeps the selection. The rows belong to the table from
// now on.
func (t *Table[R]) Set(rows []R) {
	t.rows = rows
	t.sort()
}

func (t *Table[R]) sort() {
	if t.by > 0 {
		less := t.Columns[t.by-1].Less
		slices.SortStableFunc(t.rows, func(a, b R) int {
			if t.reverse {
				a, b = b, a
			}
			return less(&a, &b)
		})
	}
	t.list.SetLen(len(t.rows))
	if t.Key == nil || t.key == "" {
		t.pass(1)
		return
	}
	if i := slices.IndexFunc(t.rows, func(r R) bool { return t.Key(&r) == t.key }); i >= 0 {
		t.list.Keep(i)
	}
	t.pass(1)
}

// pass leaves the rows that run over all columns in the direction of step, or
// back where there are no others.
func (t *Table[R]) pass(step int) {
	if t.IsBand != nil {
		for _, d := range []int{step, -step} {
			at := t.list.Cursor()
			for at >= 0 && at < len(t.rows) && t.IsBand(&t.rows[at]) {
				at += d
			}
			if at >= 0 && at < len(t.rows) {
				t.list.To(at)
				break
			}
		}
	}
	t.note()
}

func (t *Table[R]) note() {
	if r := t.Selected(); r != nil && t.Key != nil {
		t.key = t.Key(r)
	}
}

// Len returns how many rows there are.
func (t *Table[R]) Len() int { return len(t.rows) }

// Row returns row i, in the order in which they are shown.
func (t *Table[R]) Row(i int) *R { return &t.rows[i] }

// Cursor returns the index of the selected row, or -1.
func (t *Table[R]) Cursor() int { return t.list.Cursor() }

// Selected returns the selected row, or nil.
func (t *Table[R]) Selected() *R {
	if i := t.list.Cursor(); i >= 0 && i < len(t.rows) {
		return &t.rows[i]
	}
	return nil
}

// To selects row i, or the nearest that there is.
func (t *Table[R]) To(i int) {
	t.list.To(i)
	t.pass(1)
}

// Find selects the first row that is wanted. It reports whether there is one.
func (t *Table[R]) Find(wanted func(*R) bool) bool {
	i := slices.IndexFunc(t.rows, func(r R) bool { return wanted(&r) })
	if i >= 0 {
		t.list.To(i)
		t.note()
	}
	return i >= 0
}

// Seek selects the next row in the direction of step that is wanted, round the
// end.
func (t *Table[R]) Seek(step int, wanted func(*R) bool) {
	n := len(t.rows)
	for i := 1; i <= n; i++ {
		at := ((t.list.Cursor()+i*step)%n + n) % n
		if wanted(&t.rows[at]) {
			t.list.To(at)
			t.note()
			return
		}
	}
}

// Do moves the cursor, or sorts. It reports whether the action was one of
// those.
func (t *Table[R]) Do(a keymap.Action, n int) bool {
	switch a {
	case keymap.Sort:
		for range len(t.Columns) + 1 {
			t.by = (t.by + 1) % (len(t.Columns) + 1)
			if t.by == 0 || t.Columns[t.by-1].Less != nil {
				break
			}
		}
		t.sort()
	case keymap.Reverse:
		if t.by == 0 {
			slices.Reverse(t.rows)
			t.sort()
			break
		}
		t.reverse = !t.reverse
		t.sort()
	default:
		before := t.list.Cursor()
		if !t.list.Do(a, n) {
			return false
		}
		t.pass(toward(before, t.list.Cursor()))
	}
	return true
}

func toward(from, to int) int {
	if to < from {
		return -1
	}
	return 1
}

// Scroll scrolls by d rows.
func (t *Table[R]) Scroll(d int) {
	t.list.Scroll(d)
	t.pass(toward(0, d))
}

// Click selects the row at y, which counts from the heads. It reports whether
// that row was selected before: a second click opens it.
func (t *Table[R]) Click(y int) (again bool) {
	i := t.list.Top() + y - 1
	if y < 1 || i >= len(t.rows) || t.IsBand != nil && t.IsBand(&t.rows[i]) {
		return false
	}
	again = i == t.list.Cursor()
	t.list.To(i)
	t.note()
	return again
}

// Order says what the rows are sorted by, for the title of a pane.
func (t *Table[R]) Order() string {
	if t.by == 0 {
		return ""
	}
	text := "by " + t.Columns[t.by-1].Head
	if t.reverse {
		text += ", reversed"
	}
	return text
}

// fit returns the columns that there is room for and the width of each.
func (t *Table[R]) fit() ([]int, []int) {
	kept := make([]int, len(t.Columns))
	for i := range kept {
		kept[i] = i
	}
	for {
		sum, worst := 2, -1
		for at, i := range kept {
			c := &t.Columns[i]
			sum += max(c.Width, c.Least) + 2
			if c.Width > 0 && (worst < 0 || c.Rank > t.Columns[kept[worst]].Rank) {
				worst = at
			}
		}
		if sum <= t.width+1 || worst < 0 {
			break
		}
		kept = slices.Delete(kept, worst, worst+1)
	}
	widths, rest, flex := make([]int, len(kept)), t.width-3, -1
	for at, i := range kept {
		if widths[at] = t.Columns[i].Width; widths[at] == 0 {
			flex = at
		}
		rest -= widths[at] + 2
	}
	if flex >= 0 {
		widths[flex] = max(1, rest+2)
	}
	return kept, widths
}

// Draw returns the heads and the rows that can be seen.
func (t *Table[R]) Draw(th *theme.Theme, active bool) []string {
	kept, widths := t.fit()
	head := frame.NewLine(t.width, "").Space(2)
	for at, i := range kept {
		c := &t.Columns[i]
		text, style := c.Head, th.Dim
		if t.by == i+1 {
			style = th.Title
		}
		if c.Right {
			head.Right(style, text, widths[at])
		} else {
			head.Cell(style, text, widths[at])
		}
		head.Space(2)
	}
	rows := []string{head.String()}
	from, to := t.list.Visible()
	for i := from; i < min(to, len(t.rows)); i++ {
		rows = append(rows, t.row(th, i, active, kept, widths))
	}
	return frame.Fill(rows, t.width, t.height)
}

func (t *Table[R]) row(th *theme.Theme, i int, active bool, kept, widths []int) string {
	selected := i == t.list.Cursor()
	r := &t.rows[i]
	if t.IsBand != nil && t.IsBand(r) {
		l := frame.NewLine(t.width, "")
		t.Band(l, th, r)
		return l.String()
	}
	l := frame.Row(th, t.width, selected, active)
	recede := t.Recede != nil && t.Recede(r) && !selected
	for at, k := range kept {
		c := &t.Columns[k]
		if c.Paint != nil {
			field := frame.NewLine(widths[at], l.Back())
			c.Paint(field, th, r)
			l.Join(field).Space(2)
			continue
		}
		text, style := c.Cell(th, r)
		if recede && style == th.Text {
			style = th.Dim
		}
		if selected && style == th.Text {
			style = th.Bright
		}
		if c.Right {
			l.Right(style, frame.Short(text, widths[at]), widths[at])
		} else {
			l.Cell(style, text, widths[at])
		}
		l.Space(2)
	}
	return l.String()
}
