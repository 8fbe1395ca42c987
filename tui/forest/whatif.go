package forest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// WhatIf is what the whole would have come to without a step and all below it.
type WhatIf struct {
	Step  eventlog.SpanID
	Wall  time.Duration // of the whole without it
	Saved time.Duration
	Cost  eventlog.Money // of the whole without it, as far as it is known
	Tally Tally
}

// WhatIf works out what the whole would have come to without a step, if all
// that came after it had come as much earlier as it alone was waited for. While
// something else ran beside it, that would have been waited for all the same;
// so it is at every level above. Its work grows with the siblings on the way.
func (f *Forest) WhatIf(id eventlog.SpanID, now eventlog.Stamp) *WhatIf {
	if id == 0 || int(id) >= len(f.parent) || len(f.order) == 0 {
		return nil
	}
	top := f.order[0]
	w := &WhatIf{Step: id, Wall: f.whole(now), Cost: f.Cost[top] - f.Cost[id], Tally: f.Tally[top]}
	s := f.Snap.Span(id)
	gone := stretch{s.Start, s.Start + eventlog.Stamp(s.Duration(now))}
	if !s.Start.Known() {
		return w
	}
	for at := int32(id); gone.end > gone.start; {
		gone.start = gone.end - eventlog.Stamp(f.alone(at, gone, now))
		up := f.Parent(eventlog.SpanID(at))
		if up == 0 {
			break
		}
		// The step above would have ended as much earlier.
		p := f.Snap.Span(up)
		end := p.Start + eventlog.Stamp(p.Duration(now))
		gone = stretch{end - (gone.end - gone.start), end}
		at = int32(up)
	}
	w.Saved = min(w.Wall, gone.end.Sub(gone.start))
	w.Wall -= w.Saved
	return w
}

// whole is how long all of it took.
func (f *Forest) whole(now eventlog.Stamp) time.Duration {
	end := f.End
	if f.Open > 0 {
		end = max(end, now)
	}
	return end.Sub(f.Start)
}

// alone returns how much of a stretch of a step none of its siblings was under
// way in.
func (f *Forest) alone(id int32, of stretch, now eventlog.Stamp) time.Duration {
	var beside []stretch
	for _, kid := range f.children(f.parent[id]) {
		if kid == id || f.flags[kid].Has(eventlog.SpanHidden) {
			continue
		}
		s := f.Snap.Span(eventlog.SpanID(kid))
		b := stretch{max(of.start, s.Start), min(of.end, s.Start+eventlog.Stamp(s.Duration(now)))}
		if s.Start.Known() && b.end > b.start {
			beside = append(beside, b)
		}
	}
	slices.SortFunc(beside, func(a, b stretch) int { return cmp.Compare(a.start, b.start) })
	left, upTo := of.end.Sub(of.start), of.start
	for _, b := range beside {
		if b.start = max(b.start, upTo); b.end > b.start {
			left -= b.end.Sub(b.start)
			upTo = b.end
		}
	}
	return max(0, left)
}
