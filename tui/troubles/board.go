// Package troubles is the page of what went wrong, of an opened session or of all
// sessions that are shown: failures that are alike, calls that went round in a
// loop, what was tried again, and tools that are slow. What went wrong is found by
// rollup/trouble, in commands, and shown here; no log is changed.
package troubles

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// section is a part of the page.
type section int

const (
	families section = iota
	loops
	retries
	slow
	sections
)

// order is how families are sorted.
type order int

const (
	most order = iota
	newest
	dearest
	orders
)

// row is a line of the families: a family, or one failure of a family that is
// unfolded.
type row struct {
	*family
	at    int // of the family, among all
	place int // index into places, or -1
}

// board is a report on the screen. It does what an opened session and all
// sessions have in common, and asks for nothing.
type board struct {
	all  bool // about several sessions
	zone *time.Location
	now  eventlog.Stamp
	name func(session string) string // what to call a session

	width, height int
	shown         *shown // nil before anything is known
	section       section
	order         order
	reverse       bool
	unfolded      map[string]bool
	sorted        []*family
	families      table.Table[row]
	loops         table.Table[trouble.Loop]
	retries       table.Table[trouble.Retry]
	slow          table.Table[trouble.ToolTime]
	upper, lower  int    // rows of the section in front, and of the loops below the families
	about         int    // rows about what is selected
	fault         string // what could not be read, of what is shown
}

// lister is a table whatever its rows are.
type lister interface {
	Do(a keymap.Action, n int) bool
	Scroll(d int)
	Click(y int) bool
	Resize(width, height int)
	Draw(t *theme.Theme, active bool) []string
	Order() string
	Len() int
}

func newBoard(all bool, zone *time.Location) board {
	return board{all: all, zone: zone, unfolded: map[string]bool{}}
}

// keys says by what rows stay selected.
func (b *board) keys() {
	b.families.Key = func(r *row) string {
		if r.place < 0 {
			return r.key
		}
		return r.key + "\x00" + keyOf(&r.places[r.place])
	}
	b.loops.Key = func(l *trouble.Loop) string { return keyOf(&l.Places[0]) }
	b.retries.Key = func(r *trouble.Retry) string { return keyOf(&r.Places[0]) }
	b.slow.Key = func(t *trouble.ToolTime) string { return t.Tool }
	b.loops.Recede = func(l *trouble.Loop) bool { return !l.Open && !l.Same } // patience rather than a loop
	b.retries.Recede = func(r *trouble.Retry) bool { return r.Fine }
}

// table returns the table of a section.
func (b *board) table(s section) lister {
	switch s {
	case loops:
		return &b.loops
	case retries:
		return &b.retries
	case slow:
		return &b.slow
	}
	return &b.families
}

// take shows something else.
func (b *board) take(s *shown) {
	b.shown = s
	b.columns() // times need more room where there are days
	b.arrange()
	b.loops.Set(slices.Clone(s.loops))
	b.retries.Set(slices.Clone(s.retries))
	b.slow.Set(slices.Clone(s.tools))
	b.layout()
}

// top selects the first row of every section.
func (b *board) top() {
	for s := range sections {
		b.table(s).Do(keymap.Top, 0)
	}
}

// arrange sorts the families and lists those that are unfolded with their
// failures.
func (b *board) arrange() {
	b.sorted = slices.Clone(b.shown.families)
	slices.SortStableFunc(b.sorted, func(x, y *family) int {
		if b.reverse {
			x, y = y, x
		}
		switch b.order {
		case newest:
			return cmp.Compare(y.last, x.last)
		case dearest:
			return cmp.Compare(y.since.Cost(), x.since.Cost())
		}
		return cmp.Compare(len(y.places), len(x.places))
	})
	var rows []row
	for i, f := range b.sorted {
		rows = append(rows, row{f, i, -1})
		if b.unfolded[f.key] {
			for n := range f.places {
				rows = append(rows, row{f, i, n})
			}
		}
	}
	b.families.Set(rows)
	b.layout()
}

// resize says how much room there is, with the title.
func (b *board) resize(width, height int) {
	b.width, b.height = width, height
	b.columns()
	b.layout()
}

// heads are the rows above the first table: the title and the sections.
func (b *board) heads() int {
	if b.height < 6 {
		return 1
	}
	return 2
}

// feet are the rows below everything: what could not be read.
func (b *board) feet() int {
	if b.fault == "" || b.height < 6 {
		return 0
	}
	return 1
}

// together is from how many rows on the loops stand below the families.
const together = 20

// layout divides the rows.
func (b *board) layout() {
	rest := max(0, b.height-b.heads()-b.feet())
	b.lower, b.about = 0, 0
	if b.all && b.height >= together+4 && b.shown != nil && b.shown.failures > 0 && b.section <= loops {
		b.about = 7
		rest -= b.about
	}
	b.upper = rest
	if b.stacked() {
		// Few families leave the rest to the loops, right below them.
		most := rest - min(len(b.shown.loops)+2, max(5, rest*2/5))
		b.upper = min(most, b.families.Len()+2)
		b.lower = rest - b.upper
	}
	front := b.section
	if b.lower > 0 {
		front = families
		b.loops.Resize(b.width, b.lower-1)
	}
	b.table(front).Resize(b.width, b.upper)
}

// stacked reports whether the loops stand below the families.
func (b *board) stacked() bool {
	return b.height >= together && b.section <= loops && b.shown != nil && len(b.shown.loops) > 0 && len(b.shown.families) > 0
}

// do does what an action asks. It reports whether the action was one for the
// page.
func (b *board) do(a keymap.Action, n int) bool {
	if b.shown == nil {
		return false
	}
	switch a {
	case keymap.Section:
		b.turn((b.section + 1) % sections)
		return true
	case keymap.NextError, keymap.NextNeed:
		b.seek(1)
		return true
	case keymap.PrevError, keymap.PrevNeed:
		b.seek(-1)
		return true
	}
	if b.section == families && b.inFamilies(a) {
		return true
	}
	return b.table(b.section).Do(a, n)
}

// turn goes to a section.
func (b *board) turn(to section) {
	b.section = to
	b.layout()
}

// inFamilies does the actions that mean the families.
func (b *board) inFamilies(a keymap.Action) bool {
	r := b.families.Selected()
	switch a {
	case keymap.Sort:
		b.order, b.reverse = (b.order+1)%orders, false
	case keymap.Reverse:
		b.reverse = !b.reverse
	case keymap.Fold:
		b.fold(r, r != nil && !b.unfolded[r.key])
	case keymap.FoldShut:
		b.fold(r, false)
	case keymap.FoldOpen:
		if r != nil && b.unfolded[r.key] && r.place < 0 {
			b.goTo(r.at, 0)
			return true
		}
		b.fold(r, true)
	case keymap.FoldAll:
		clear(b.unfolded)
		if r != nil {
			b.fold(r, false)
		}
	case keymap.UnfoldAll:
		for _, f := range b.sorted {
			b.unfolded[f.key] = true
		}
	default:
		return false
	}
	b.arrange()
	return true
}

// fold folds a family or unfolds it. Of a failure, its family is meant.
func (b *board) fold(r *row, open bool) {
	if r == nil {
		return
	}
	b.unfolded[r.key] = open
	if !open {
		b.goTo(r.at, -1)
	}
}

// goTo selects a family, or a failure of it, which is unfolded for that.
func (b *board) goTo(at, place int) {
	if place >= 0 {
		b.unfolded[b.sorted[at].key] = true
	}
	of := b.sorted[at]
	b.arrange()
	b.families.Find(func(r *row) bool { return r.family == of && r.place == place })
}

// seek goes to the next failure in the direction of step, whether its family is
// unfolded or not. In the other sections it goes to the next row with a failure.
func (b *board) seek(step int) {
	switch b.section {
	case loops:
		b.loops.Seek(step, func(l *trouble.Loop) bool { return l.Failed > 0 })
		return
	case retries:
		b.retries.Seek(step, func(*trouble.Retry) bool { return true })
		return
	case slow:
		b.slow.Seek(step, func(t *trouble.ToolTime) bool { return t.Failed > 0 })
		return
	}
	r := b.families.Selected()
	if r == nil {
		return
	}
	at, place := r.at, r.place+step
	switch {
	case step > 0 && place >= len(r.places):
		at, place = at+1, 0
	case step < 0 && place < 0:
		if at--; at >= 0 {
			place = len(b.sorted[at].places) - 1
		}
	}
	if at >= 0 && at < len(b.sorted) {
		b.goTo(at, place)
	}
}

// place returns where what is selected happened: of a family its newest failure,
// of a loop or of attempts the first call, of a tool the slowest. It is nil where
// nothing is.
func (b *board) place() *trouble.Place {
	if b.shown == nil {
		return nil
	}
	switch b.section {
	case families:
		if r := b.families.Selected(); r != nil {
			return &r.places[max(0, r.place)]
		}
	case loops:
		if l := b.loops.Selected(); l != nil {
			return &l.Places[0]
		}
	case retries:
		if r := b.retries.Selected(); r != nil {
			return &r.Places[0]
		}
	case slow:
		if t := b.slow.Selected(); t != nil && t.Worst.Span != 0 {
			return &t.Worst
		}
	}
	return nil
}

// open unfolds or folds the selected family. It reports whether one was: all
// else is a place to go to.
func (b *board) open() bool {
	r := b.families.Selected()
	if b.section != families || r == nil || r.place >= 0 {
		return false
	}
	return b.inFamilies(keymap.Fold)
}

// show selects the failure of a span, if it is one.
func (b *board) show(id eventlog.SpanID) bool {
	for i, f := range b.sorted {
		if n := slices.IndexFunc(f.places, func(p trouble.Place) bool { return p.Span == id }); n >= 0 {
			b.turn(families)
			b.goTo(i, n)
			return true
		}
	}
	return false
}

// click selects what is at a place, which counts from the title. It reports
// whether that was selected before.
func (b *board) click(x, y int) (again bool) {
	if b.shown == nil {
		return false
	}
	if y == 1 && b.heads() == 2 {
		if s, ok := b.sectionAt(x); ok {
			b.turn(s)
		}
		return false
	}
	y -= b.heads()
	switch {
	case b.lower > 0 && y > b.upper && y < b.upper+b.lower:
		if b.section != loops {
			b.turn(loops)
			b.loops.Click(y - b.upper - 1)
			return false
		}
		return b.loops.Click(y - b.upper - 1)
	case y < b.upper && b.lower > 0:
		if b.section != families {
			b.turn(families)
			b.families.Click(y)
			return false
		}
		return b.families.Click(y)
	case y < b.upper:
		return b.table(b.section).Click(y)
	}
	return false
}
