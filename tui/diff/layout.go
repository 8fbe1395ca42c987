package diff

import (
	"slices"

	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

// entry is a row of the list: a pair, or a stretch of pairs that are equal.
type entry struct{ from, to int32 }

func (e entry) fold() bool { return e.to > e.from+1 }

// layout is the rows as they are folded. It does not change.
type layout struct {
	rows    []entry
	changes []int32 // rows at which a difference begins
	failed  []int32 // rows of steps that failed
	all     bool
	open    map[int32]bool // folds that are open, by their first pair
}

// lay makes the rows.
func (s *Subject) lay(all bool, open map[int32]bool) *layout {
	l := &layout{all: all, open: open}
	before := compare.Equal
	for i, to := range s.c.Rows(func(f compare.Fold) bool { return !all && !open[int32(f.From)] }) {
		at, p := int32(len(l.rows)), &s.c.Pairs[i]
		l.rows = append(l.rows, entry{int32(i), int32(to)})
		if to > i+1 {
			before = compare.Equal
			continue
		}
		// Several steps that only one of them took are one difference.
		if r := p.Relation; r == compare.Changed || r != compare.Equal && r != before {
			l.changes = append(l.changes, at)
		}
		before = p.Relation
		if s.failed(p) {
			l.failed = append(l.failed, at)
		}
	}
	return l
}

func (s *Subject) failed(p *compare.Pair) bool {
	for i, item := range []int32{p.ItemA, p.ItemB} {
		if item >= 0 && s.sides[i].list.Items[item].Flags.Has(talk.Failed) {
			return true
		}
	}
	return false
}

// row returns the row that shows a pair.
func (l *layout) row(pair int32) int {
	i, _ := slices.BinarySearchFunc(l.rows, pair, func(e entry, pair int32) int {
		switch {
		case e.to <= pair:
			return -1
		case e.from > pair:
			return 1
		}
		return 0
	})
	return i
}

// beside returns the next of some rows behind or before one, or -1.
func beside(rows []int32, at, step int) int {
	i, found := slices.BinarySearch(rows, int32(at))
	if step > 0 && found {
		i++
	} else if step < 0 {
		i--
	}
	if i < 0 || i >= len(rows) {
		return -1
	}
	return int(rows[i])
}
