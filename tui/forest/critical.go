package forest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Path is the critical path of a forest: the steps that the end waited for. Had
// any other step been faster, the whole would have taken as long.
type Path struct {
	on    []uint64
	Steps int     // calls on the path that have nothing below them on it
	Share float64 // of the whole time that those calls were at work; the rest was waiting
}

// On reports whether a span lies on the path. A nil path has nothing on it.
func (p *Path) On(id eventlog.SpanID) bool { return p != nil && has(p.on, int32(id)) }

// critical walks back from the end: of the steps that had ended by then, the one
// that ended last is what was waited for, and the walk goes on from its start.
// Within each such step the same holds of what is below it.
func (f *Forest) critical(now eventlog.Stamp) *Path {
	p := &Path{on: make([]uint64, len(f.parent)/64+1)}
	if len(f.order) == 0 {
		return p
	}
	var busy, whole time.Duration
	type piece struct {
		id   int32
		upTo eventlog.Stamp
	}
	var todo []piece
	for _, id := range f.roots() {
		s := f.Snap.Span(eventlog.SpanID(id))
		whole += s.Duration(now)
		todo = append(todo, piece{id, s.Start + eventlog.Stamp(s.Duration(now))})
	}
	type child struct {
		id         int32
		start, end eventlog.Stamp
	}
	var kids []child
	pauses := f.pauses(now)
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		set(p.on, at.id)
		kids = kids[:0]
		for _, id := range f.children(at.id) {
			if s := f.Snap.Span(eventlog.SpanID(id)); s.Start.Known() && !f.flags[id].Has(eventlog.SpanHidden) {
				kids = append(kids, child{id, s.Start, s.Start + eventlog.Stamp(s.Duration(now))})
			}
		}
		slices.SortFunc(kids, func(a, b child) int { return cmp.Or(cmp.Compare(b.end, a.end), cmp.Compare(b.id, a.id)) })
		t, leaf := at.upTo, true
		for _, k := range kids {
			if k.end > t || k.end == k.start {
				continue // it ran beside the path, or is a moment
			}
			todo = append(todo, piece{k.id, k.end})
			t, leaf = k.start, false
		}
		if s := f.Snap.Span(eventlog.SpanID(at.id)); leaf && (s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanTool || s.Kind == eventlog.SpanEvent) {
			p.Steps++
			busy += at.upTo.Sub(s.Start) - f.waited(at.id, stretch{s.Start, at.upTo}, pauses)
		}
	}
	if whole > 0 {
		p.Share = min(1, float64(busy)/float64(whole))
	}
	return p
}

// stretch is a stretch of time.
type stretch struct{ start, end eventlog.Stamp }

// pauses returns the pauses by their span, of calls and of runs. A run at rest
// is none: what is under way meanwhile is at work.
func (f *Forest) pauses(now eventlog.Stamp) map[int32][]stretch {
	out := map[int32][]stretch{}
	for _, p := range f.Snap.Pauses.All() {
		if p.Kind != eventlog.PauseTurn {
			out[int32(p.Span)] = append(out[int32(p.Span)], stretch{p.Start, p.Until(now)})
		}
	}
	return out
}

// waited returns how much of a stretch a step was not at work, because itself or
// something that it is part of waited then.
func (f *Forest) waited(id int32, of stretch, pauses map[int32][]stretch) time.Duration {
	if len(pauses) == 0 {
		return 0
	}
	var within []stretch
	for ; id > 0; id = f.parent[id] {
		for _, p := range pauses[id] {
			if p.start, p.end = max(p.start, of.start), min(p.end, of.end); p.end > p.start {
				within = append(within, p)
			}
		}
	}
	slices.SortFunc(within, func(a, b stretch) int { return cmp.Compare(a.start, b.start) })
	var sum time.Duration
	upTo := of.start // what is before that is counted
	for _, p := range within {
		if p.start = max(p.start, upTo); p.end > p.start {
			sum += p.end.Sub(p.start)
			upTo = p.end
		}
	}
	return sum
}
