package forest

import (
	"context"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// View says which spans of a forest are shown.
type View struct {
	Folds    Folds
	Noise    bool // show machinery as well
	Flat     bool // one line a span in the order of time, without a tree
	Failed   bool // only what failed, and what it hangs under
	Critical bool // find the critical path as well
	Query    eventlog.Query
	// Found holds, for each free word of the query, a bit for each row whose
	// record holds it.
	Found map[string][]uint64
	Now   eventlog.Stamp
	// Facts returns what is known of a session, for queries about it; may be nil.
	Facts func(eventlog.Sym) *eventlog.Facts
}

// Folds says which spans are folded: all but some, or only some.
type Folds struct {
	All    bool
	Except map[eventlog.SpanID]bool
}

// Shut reports whether a span is folded.
func (f Folds) Shut(id eventlog.SpanID) bool { return f.All != f.Except[id] }

// With returns the folds with one span folded or not. Folds that a command
// reads never change under it.
func (f Folds) With(id eventlog.SpanID, shut bool) Folds {
	next := make(map[eventlog.SpanID]bool, len(f.Except)+1)
	for k := range f.Except {
		next[k] = true
	}
	if shut != f.All {
		next[id] = true
	} else {
		delete(next, id)
	}
	return Folds{All: f.All, Except: next}
}

// Lines is what is left of a forest to show, top to bottom.
type Lines struct {
	*Forest
	View    View
	Spans   []eventlog.SpanID
	Depth   []uint8
	Rails   []uint64 // bit d: a line goes on downwards at depth d
	Last    []bool   // no sibling follows
	Shut    []bool   // folded, with something below it
	Newest  int      // line of the span that began last, or -1
	Hits    int      // spans that match the query by themselves
	Path    *Path    // the critical path, when it was asked for
	Matched []uint64 // which, by SpanID; nil without a query
}

type step struct {
	id    int32
	depth uint8
	last  bool
	rails uint64
}

// deepest is how deep the tree is drawn; what lies deeper is drawn at it.
const deepest = 60

// Lay makes the lines of a forest. Its work is proportional to the spans.
func (f *Forest) Lay(ctx context.Context, v View) *Lines {
	l := &Lines{Forest: f, View: v, Newest: -1}
	keep := l.match(ctx)
	if ctx.Err() != nil {
		return l
	}
	if v.Flat {
		l.flat(keep)
	} else {
		l.tree(keep)
	}
	if v.Critical {
		l.Path = f.critical(v.Now)
	}
	var newest eventlog.SpanID
	for i, id := range l.Spans {
		if id > newest {
			newest, l.Newest = id, i
		}
	}
	return l
}

// match returns the bits of the spans that may be shown: those that the filters
// let through, and what they hang under. Nil lets all through.
func (l *Lines) match(ctx context.Context) []uint64 {
	v := &l.View
	if !v.Failed && v.Query.IsZero() {
		return nil
	}
	keep := make([]uint64, len(l.parent)/64+1)
	if v.Query.IsZero() {
		for _, id := range l.order {
			if l.Bad[id] > 0 && (!v.Flat || l.flags[id].Has(eventlog.SpanFailed)) {
				set(keep, id)
			}
		}
		return keep
	}
	l.Matched = make([]uint64, len(keep))
	m := newMatcher(l.Forest, v)
	for i, id := range l.order {
		if i%4096 == 0 && ctx.Err() != nil {
			return keep
		}
		if v.Failed && l.Bad[id] == 0 {
			m.skip(id)
			continue
		}
		if m.match(id) {
			set(l.Matched, id)
			set(keep, id)
			l.Hits++
		}
	}
	if v.Flat {
		return keep
	}
	for _, id := range slices.Backward(l.order) {
		if p := l.parent[id]; p != 0 && has(keep, id) {
			set(keep, p)
		}
	}
	return keep
}

func (l *Lines) shown(keep []uint64, id int32) bool {
	if !l.View.Noise && l.flags[id].Has(eventlog.SpanHidden) && l.Bad[id] == 0 {
		return false
	}
	return keep == nil || has(keep, id)
}

func (l *Lines) tree(keep []uint64) {
	filtered := keep != nil
	folds := l.View.Folds
	some := folds.All || len(folds.Except) > 0
	stack := make([]step, 0, 256)
	roots := l.roots()
	for i, id := range roots {
		if l.shown(keep, id) {
			stack = append(stack, step{id: id, last: i == 0})
		}
	}
	if len(l.order) > 1<<12 && !filtered && !folds.All {
		l.grow(len(l.order))
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		kids := l.children(at.id)
		// Under a filter everything that is left is of interest: folds that were
		// made for the whole tree would hide it.
		shut := some && !filtered && len(kids) > 0 && folds.Shut(eventlog.SpanID(at.id))
		l.add(at, shut)
		if shut {
			continue
		}
		depth := min(at.depth+1, deepest)
		rails := at.rails
		if !at.last && at.depth > 0 {
			rails |= 1 << at.depth
		}
		last := true
		for i := len(kids) - 1; i >= 0; i-- {
			if !l.shown(keep, kids[i]) {
				continue
			}
			stack = append(stack, step{id: kids[i], depth: depth, last: last, rails: rails})
			last = false
		}
	}
}

func (l *Lines) flat(keep []uint64) {
	l.grow(len(l.order))
	ids := slices.Clone(l.order)
	slices.Sort(ids) // spans are numbered in the order they were met
	for _, id := range ids {
		if l.shown(keep, id) {
			l.add(step{id: id, last: true}, false)
		}
	}
}

func (l *Lines) grow(n int) {
	l.Spans = make([]eventlog.SpanID, 0, n)
	l.Depth, l.Rails = make([]uint8, 0, n), make([]uint64, 0, n)
	l.Last, l.Shut = make([]bool, 0, n), make([]bool, 0, n)
}

func (l *Lines) add(s step, shut bool) {
	l.Spans = append(l.Spans, eventlog.SpanID(s.id))
	l.Depth = append(l.Depth, s.depth)
	l.Rails = append(l.Rails, s.rails)
	l.Last = append(l.Last, s.last)
	l.Shut = append(l.Shut, shut)
}

// Len returns the number of lines.
func (l *Lines) Len() int { return len(l.Spans) }

// Line returns the line of a span, or of the nearest span above it that has
// one, or -1. It is a search: do not call it for every line.
func (l *Lines) Line(id eventlog.SpanID) int {
	for id != 0 {
		if i := slices.Index(l.Spans, id); i >= 0 {
			return i
		}
		id = l.Parent(id)
	}
	return -1
}

// FailedFrom returns the next line, in the direction of step, whose span failed
// itself or hides failures below it, or -1.
func (l *Lines) FailedFrom(line, step int) int {
	return l.round(line, step, func(i int) bool {
		id := l.Spans[i]
		return l.flags[id].Has(eventlog.SpanFailed) || l.Shut[i] && l.Bad[id] > 0
	})
}

// round returns the next line that is wanted in the direction of step, going on
// at the other end, or -1.
func (l *Lines) round(line, step int, wanted func(int) bool) int {
	n := len(l.Spans)
	for i := 1; i <= n; i++ {
		if at := ((line+i*step)%n + n) % n; wanted(at) {
			return at
		}
	}
	return -1
}

// HitFrom returns the next line in the direction of step that matches the query
// by itself, or -1.
func (l *Lines) HitFrom(line, step int) int {
	if l.Matched == nil {
		return -1
	}
	return l.round(line, step, func(i int) bool { return has(l.Matched, int32(l.Spans[i])) })
}

// Hit reports whether a span matches the query by itself.
func (l *Lines) Hit(id eventlog.SpanID) bool { return l.Matched != nil && has(l.Matched, int32(id)) }

func set(bits []uint64, i int32)      { bits[i>>6] |= 1 << (i & 63) }
func has(bits []uint64, i int32) bool { return bits[i>>6]&(1<<(i&63)) != 0 }
