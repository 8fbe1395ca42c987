package forest

import (
	"context"
	"math/bits"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// View says which spans of a forest are shown.
type View struct {
	Folds    Folds
	Noise    bool                     // show machinery as well
	Flat     bool                     // one line a span in the order of time, without a tree
	Failed   bool                     // only what failed, and what it hangs under
	Critical bool                     // find the critical path as well
	Lanes    bool                     // and what ran at the same time
	Without  eventlog.SpanID          // and what it would have been without a step
	Marked   map[eventlog.SpanID]bool // only these, and what they hang under; nil is all
	// Upto is the last row that is looked at, plus one: what came later has not
	// happened yet. Zero is all of them.
	Upto  eventlog.RowID
	Query eventlog.Query
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
	Lanes   *Lanes   // likewise
	WhatIf  *WhatIf  // likewise
	Matched []uint64 // which, by SpanID; nil without a query

	newest eventlog.SpanID
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
	switch {
	case keep != nil:
		n := 0
		for _, w := range keep {
			n += bits.OnesCount64(w)
		}
		l.Spans = make([]eventlog.SpanID, 0, n)
	case v.Flat || !v.Folds.All:
		l.Spans = make([]eventlog.SpanID, 0, len(l.order))
	}
	if v.Flat {
		l.flat(keep)
	} else {
		l.tree(keep)
	}
	if v.Critical {
		l.Path = f.critical(v.Now)
		l.WhatIf = f.WhatIf(v.Without, v.Now)
	}
	if v.Lanes {
		l.Lanes = f.Lanes(ctx, v.Now)
	}
	return l
}

// match returns the bits of the spans that may be shown: those that the filters
// let through, and what they hang under. Nil lets all through.
func (l *Lines) match(ctx context.Context) []uint64 {
	v := &l.View
	if !v.Failed && v.Query.IsZero() && v.Marked == nil {
		return nil
	}
	keep := make([]uint64, len(l.parent)/64+1)
	if v.Marked != nil {
		l.Matched = make([]uint64, len(keep))
		for _, id := range l.order {
			if v.Marked[eventlog.SpanID(id)] {
				set(l.Matched, id)
				l.Hits++
			}
		}
		copy(keep, l.Matched)
	} else if !v.Query.IsZero() {
		l.Matched, l.Hits = l.matches(ctx, v)
		copy(keep, l.Matched)
	} else {
		for _, id := range l.order {
			if l.Bad[id] > 0 && (!v.Flat || l.flags[id].Has(eventlog.SpanFailed)) {
				set(keep, id)
			}
		}
	}
	if v.Flat || l.Matched == nil {
		return keep
	}
	// What a match hangs under, up to what hangs there already.
	for id := range ones(l.Matched) {
		for p := l.parent[id]; p != 0 && !has(keep, p); p = l.parent[p] {
			set(keep, p)
		}
	}
	return keep
}

// shown reports whether a span that the filters let through has a line.
func (l *Lines) shown(id int32) bool {
	if l.View.Upto > 0 && l.Snap.Span(eventlog.SpanID(id)).First >= l.View.Upto {
		return false
	}
	return l.View.Noise || !l.flags[id].Has(eventlog.SpanHidden) || l.Bad[id] > 0
}

// tree adds the spans that are shown in the order of the tree. What hangs under one
// that is not, or that is folded, is passed over as a whole: it stands behind it.
func (l *Lines) tree(keep []uint64) {
	if keep != nil {
		l.kept(keep)
	} else {
		l.unfolded()
	}
	l.alone()
	l.hang()
}

// kept adds what a filter lets through. Folds that were made for the whole tree would
// hide it: everything that is left is of interest.
func (l *Lines) kept(keep []uint64) {
	inOrder := make([]uint64, len(l.order)/64+1)
	for id := range ones(keep) {
		if at := l.at[id]; at >= 0 {
			set(inOrder, at)
		}
	}
	over := int32(0) // what stands before is passed over
	for at := range ones(inOrder) {
		if at < over {
			continue
		}
		if id := l.order[at]; l.shown(id) {
			l.add(id)
		} else {
			over = at + l.Below[id] + 1
		}
	}
}

func (l *Lines) unfolded() {
	folds, below := l.View.Folds, l.Below
	some := folds.All || len(folds.Except) > 0
	for i := 0; i < len(l.order); i++ {
		id := l.order[i]
		if !l.shown(id) {
			i += int(below[id])
			continue
		}
		l.add(id)
		if !some {
			continue
		}
		shut := below[id] > 0 && folds.Shut(eventlog.SpanID(id))
		l.Shut = append(l.Shut, shut)
		if shut {
			i += int(below[id])
		}
	}
}

// hang tells of each line how deep it is, whether a sibling follows, and which lines go
// on downwards beside it.
func (l *Lines) hang() {
	var above []int // lines, from the top to the one before
	for i, id := range l.Spans {
		elder := -1
		for n := len(above); n > 0 && int32(l.Spans[above[n-1]]) != l.parent[id]; n-- {
			elder, above = above[n-1], above[:n-1]
		}
		if elder >= 0 {
			l.Last[elder] = false
		}
		l.Depth[i] = uint8(min(len(above), deepest))
		above = append(above, i)
	}
	var rails [deepest + 1]uint64 // of the next line at each depth
	for i, depth := range l.Depth {
		l.Rails[i] = rails[depth]
		below := rails[depth]
		if !l.Last[i] && depth > 0 {
			below |= 1 << depth
		}
		rails[min(depth+1, deepest)] = below
	}
}

func (l *Lines) flat(keep []uint64) {
	if keep == nil {
		keep = l.all()
	}
	for id := range ones(keep) { // spans are numbered in the order they were met
		if l.shown(id) {
			l.add(id)
		}
	}
	l.alone()
}

// add adds the line of a span.
func (l *Lines) add(id int32) {
	if span := eventlog.SpanID(id); span > l.newest {
		l.newest, l.Newest = span, len(l.Spans)
	}
	l.Spans = append(l.Spans, eventlog.SpanID(id))
}

// alone makes what is told of each line, as if it stood alone.
func (l *Lines) alone() {
	n := len(l.Spans)
	l.Depth, l.Rails, l.Last = make([]uint8, n), make([]uint64, n), make([]bool, n)
	for i := range l.Last {
		l.Last[i] = true
	}
	if l.Shut == nil { // there are no folds
		l.Shut = make([]bool, n)
	}
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

// ones iterates over the bits that are set.
func ones(words []uint64) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i, w := range words {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

func set(bits []uint64, i int32)      { bits[i>>6] |= 1 << (i & 63) }
func has(bits []uint64, i int32) bool { return bits[i>>6]&(1<<(i&63)) != 0 }
