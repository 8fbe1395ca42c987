// Package forest turns the spans of a snapshot into the lines of a tree: which
// span stands below which, what each comes to with everything below it, and
// which lines are left when parts are folded or filtered away. All of it works
// on flat arrays and is made in commands; what it returns never changes.
package forest

import (
	"context"
	"slices"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Forest is the shape of a snapshot's spans. Arrays are indexed by SpanID, so
// that index 0 is nobody.
type Forest struct {
	Snap  *eventlog.Snapshot
	Root  eventlog.SpanID // the session that is looked at; 0 is all of them
	Below []int32         // spans below each span
	Bad   []int32         // failed spans below each span, and itself
	Cost  []eventlog.Money
	Tally []Tally // of cost sources, below and at each span
	Start eventlog.Stamp
	End   eventlog.Stamp
	Open  int32 // spans that have not ended
	Gaps  []Gap // long stretches in which nothing was under way
	// Waits are the pauses of calls: the time in which they did not run.
	Waits map[eventlog.SpanID][]eventlog.Pause

	parent []int32
	flags  []eventlog.SpanFlags
	first  []int32 // children of span i are kids[first[i]:first[i+1]]
	kids   []int32
	order  []int32  // every span under Root, parents first
	at     []int32  // where in the order each span stands, or -1
	under  []uint64 // those in the order as bits by SpanID; nil is all of them
	billed []uint64 // likewise those that have a bill of their own
	agents func() []eventlog.Sym
}

// Tally says what a cost is made of.
type Tally uint8

// The parts of a tally.
const (
	HasCost Tally = 1 << iota
	HasRecorded
	HasEstimate
	HasUnpriced
	HasAtLeast
)

// Build makes the forest of a snapshot, below the span of one session, or of
// all sessions when root is zero. Its work is proportional to the spans.
func Build(ctx context.Context, snap *eventlog.Snapshot, session eventlog.Sym) *Forest {
	n := snap.Spans.Len() + 1
	f := &Forest{
		Snap: snap, Below: make([]int32, n), Bad: make([]int32, n), Cost: make([]eventlog.Money, n), Tally: make([]Tally, n),
		parent: make([]int32, n), flags: make([]eventlog.SpanFlags, n), first: make([]int32, n+2), billed: make([]uint64, n/64+1),
	}
	// One pass over the wide spans; everything after it reads narrow arrays.
	starts, ends := make([]eventlog.Stamp, n), make([]eventlog.Stamp, n)
	work := make([]bool, n) // calls and events, which are not made of others
	for i, s := range snap.Spans.All() {
		id := i + 1
		f.parent[id], f.flags[id], starts[id], ends[id] = int32(s.Parent), s.Flags, s.Start, s.End
		work[id] = s.Kind != eventlog.SpanRun && s.Kind != eventlog.SpanSession
		f.first[s.Parent+2]++
		if s.Kind == eventlog.SpanSession && session != 0 && s.Session == session {
			f.Root = eventlog.SpanID(id)
		}
		if s.Flags.Has(eventlog.SpanFailed) {
			f.Bad[id] = 1
		}
		if s.Bill > 0 {
			set(f.billed, int32(id))
			f.bill(id, snap.Bills.At(int(s.Bill)-1))
		}
	}
	if ctx.Err() != nil {
		return f
	}
	for i := 2; i < len(f.first); i++ {
		f.first[i] += f.first[i-1]
	}
	f.kids = make([]int32, n-1)
	late := f.place(starts)
	for _, p := range late {
		kids := f.children(int32(p))
		slices.SortStableFunc(kids, func(a, b int32) int {
			if starts[a] == 0 || starts[b] == 0 {
				return 0
			}
			return int(min(1, max(-1, starts[a]-starts[b])))
		})
	}
	if ctx.Err() != nil {
		return f
	}
	f.walk()
	f.agents = sync.OnceValue(f.inherit)
	f.sums()
	f.times(starts, ends)
	f.Gaps = f.gaps(starts, ends, work)
	f.Waits = waits(snap)
	return f
}

func (f *Forest) bill(id int, b eventlog.Bill) {
	if b.Void {
		return
	}
	if b.Source != eventlog.Unpriced {
		f.Cost[id] = b.Cost
	}
	switch b.Source {
	case eventlog.Recorded:
		f.Tally[id] |= HasCost | HasRecorded
	case eventlog.Estimated:
		f.Tally[id] |= HasCost | HasEstimate
	case eventlog.Unpriced:
		f.Tally[id] |= HasUnpriced
	}
	if b.AtLeast {
		f.Tally[id] |= HasAtLeast
	}
}

// place puts every span behind its elder siblings and returns the parents whose
// children did not come in the order of their start.
func (f *Forest) place(starts []eventlog.Stamp) []eventlog.SpanID {
	// After the counting, first[p+1] is where the children of p begin; placing
	// moves it to where they end, which is where those of p+1 begin.
	var late []eventlog.SpanID
	for id := 1; id < len(f.parent); id++ {
		p := f.parent[id]
		at := f.first[p+1]
		f.kids[at] = int32(id)
		f.first[p+1]++
		if at > 0 && at > f.start(p) {
			if elder := f.kids[at-1]; starts[elder] > starts[id] && starts[id] != 0 {
				if len(late) == 0 || late[len(late)-1] != eventlog.SpanID(p) {
					late = append(late, eventlog.SpanID(p))
				}
			}
		}
	}
	return late
}

// start is where the children of p begin. It is right during placing as well:
// those of p-1 end there in the end, but p's own begin is not moved before.
func (f *Forest) start(p int32) int32 {
	if p == 0 {
		return 0
	}
	return f.first[p]
}

func (f *Forest) children(p int32) []int32 { return f.kids[f.first[p]:f.first[p+1]] }

// walk lists every span below the root, parents first.
func (f *Forest) walk() {
	f.order = make([]int32, 0, len(f.parent)-1)
	stack := f.roots()
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		f.order = append(f.order, id)
		kids := f.children(id)
		for i := len(kids) - 1; i >= 0; i-- {
			stack = append(stack, kids[i])
		}
	}
	f.at = make([]int32, len(f.parent))
	for id := range f.at {
		f.at[id] = -1
	}
	for i, id := range f.order {
		f.at[id] = int32(i)
	}
	if len(f.order) < len(f.parent)-1 {
		f.under = make([]uint64, len(f.parent)/64+1)
		for _, id := range f.order {
			set(f.under, id)
		}
	}
}

// each calls do for every span under the root in the order of their numbers,
// which is that of memory, until it returns false.
func (f *Forest) each(do func(id int32, s *eventlog.Span) bool) {
	for id := 1; id < len(f.parent); id++ {
		if (f.under == nil || has(f.under, int32(id))) && !do(int32(id), f.Snap.Spans.Ref(id-1)) {
			return
		}
	}
}

// all returns every span under the root as bits by SpanID.
func (f *Forest) all() []uint64 {
	if f.under != nil {
		return f.under
	}
	bits := make([]uint64, len(f.parent)/64+1)
	for id := 1; id < len(f.parent); id++ {
		set(bits, int32(id))
	}
	return bits
}

// inherit returns what each span calls its agent, or else what the spans above
// it do.
func (f *Forest) inherit() []eventlog.Sym {
	agents := make([]eventlog.Sym, len(f.parent))
	f.each(func(id int32, s *eventlog.Span) bool {
		agents[id] = s.Agent
		return true
	})
	for _, id := range f.order {
		if agents[id] == 0 {
			agents[id] = agents[f.parent[id]]
		}
	}
	return agents
}

// roots returns what stands on top, last first, ready to be a stack.
func (f *Forest) roots() []int32 {
	if f.Root != 0 {
		// A session that is a single run says nothing that the run does not.
		if kids := f.children(int32(f.Root)); len(kids) == 1 && f.Snap.Span(eventlog.SpanID(kids[0])).Kind == eventlog.SpanRun {
			return []int32{kids[0]}
		}
		return []int32{int32(f.Root)}
	}
	top := slices.Clone(f.children(0))
	slices.Reverse(top)
	return top
}

func (f *Forest) sums() {
	for i := len(f.order) - 1; i >= 0; i-- {
		id := f.order[i]
		if p := f.parent[id]; p != 0 {
			f.Below[p] += f.Below[id] + 1
			f.Bad[p] += f.Bad[id]
			f.Cost[p] += f.Cost[id]
			f.Tally[p] |= f.Tally[id]
		}
	}
}

// times finds the beginning and the end of it all: a step may outlast what
// started it.
func (f *Forest) times(starts, ends []eventlog.Stamp) {
	for _, id := range f.order {
		if at := starts[id]; at.Known() && (f.Start == 0 || at < f.Start) {
			f.Start = at
		}
		f.End = max(f.End, ends[id])
		if f.flags[id].Has(eventlog.SpanOpen) {
			f.Open++
		}
	}
}

// Len returns how many spans there are below the root, and the root.
func (f *Forest) Len() int { return len(f.order) }

// Parent returns the span above a span, or zero.
func (f *Forest) Parent(id eventlog.SpanID) eventlog.SpanID {
	if int(id) >= len(f.parent) { // of an earlier generation of the log
		return 0
	}
	if id == f.Root || f.parent[id] == int32(f.Root) && f.order[0] == int32(id) {
		return 0
	}
	return eventlog.SpanID(f.parent[id])
}

// Path returns the spans from the top down to a span.
func (f *Forest) Path(id eventlog.SpanID) []eventlog.SpanID {
	var path []eventlog.SpanID
	for id != 0 {
		path = append(path, id)
		id = f.Parent(id)
	}
	slices.Reverse(path)
	return path
}

// HasChildren reports whether anything hangs under a span.
func (f *Forest) HasChildren(id eventlog.SpanID) bool { return f.first[id] < f.first[id+1] }

// Failed returns every failed span below the root, in the order of the tree.
func (f *Forest) Failed() []eventlog.SpanID {
	var out []eventlog.SpanID
	for _, id := range f.order {
		if f.flags[id].Has(eventlog.SpanFailed) {
			out = append(out, eventlog.SpanID(id))
		}
	}
	return out
}

// Order returns every span below the root, parents first. It must not be
// changed.
func (f *Forest) Order() []int32 { return f.order }

// At returns the innermost step that was under way at a moment, or the first
// one that began after it, or zero. It looks at every span.
func (f *Forest) At(at eventlog.Stamp) eventlog.SpanID {
	best, next := eventlog.SpanID(0), eventlog.SpanID(0)
	var begun, first eventlog.Stamp
	for _, id := range f.order {
		s := f.Snap.Span(eventlog.SpanID(id))
		switch {
		case !s.Start.Known() || s.Flags.Has(eventlog.SpanHidden):
		case s.Start <= at && (s.End >= at || s.Flags.Has(eventlog.SpanOpen)) && s.Start >= begun:
			best, begun = eventlog.SpanID(id), s.Start
		case s.Start > at && (next == 0 || s.Start < first):
			next, first = eventlog.SpanID(id), s.Start
		}
	}
	if best != 0 {
		return best
	}
	return next
}
