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
	pairs, fold := s.c.Pairs, 0
	before := compare.Equal
	for i := 0; i < len(pairs); i++ {
		for fold < len(s.c.Folds) && s.c.Folds[fold].To <= i {
			fold++
		}
		if fold < len(s.c.Folds) && s.c.Folds[fold].From == i && !all && !open[int32(i)] {
			f := s.c.Folds[fold]
			l.rows = append(l.rows, entry{int32(f.From), int32(f.To)})
			i, before = f.To-1, compare.Equal
			continue
		}
		at, p := int32(len(l.rows)), &pairs[i]
		// Several steps that only one of them took are one difference.
		if r := p.Relation; r == compare.Changed || r != compare.Equal && r != before {
			l.changes = append(l.changes, at)
		}
		before = p.Relation
		if s.failed(p) {
			l.failed = append(l.failed, at)
		}
		l.rows = append(l.rows, entry{int32(i), int32(i + 1)})
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
