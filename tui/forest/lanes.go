package forest

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Lanes are the calls of a forest laid side by side: in a lane, one call begins
// when the one before it has ended, so that as many lanes are taken at a moment
// as calls are under way.
type Lanes struct {
	calls [][]lane
	Most  int // calls that were under way at once
}

type lane struct {
	start, end eventlog.Stamp
	id         eventlog.SpanID
}

// mostLanes is how many lanes are kept; what runs beside so many others is only
// counted.
const mostLanes = 64

// Lanes lays the calls out. Its work grows with their number: call it from a
// command.
func (f *Forest) Lanes(ctx context.Context, now eventlog.Stamp) *Lanes {
	var calls []lane
	f.each(func(id int32, s *eventlog.Span) bool {
		if (s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanTool) && s.Start.Known() && !s.Flags.Has(eventlog.SpanHidden) && !f.holdsRun(id) {
			calls = append(calls, lane{s.Start, s.Start + eventlog.Stamp(s.Duration(now)), eventlog.SpanID(id)})
		}
		return id%4096 != 0 || ctx.Err() == nil
	})
	slices.SortFunc(calls, func(a, b lane) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id)) })
	l := &Lanes{}
	var ends []eventlog.Stamp
	for _, c := range calls {
		at := slices.IndexFunc(ends, func(end eventlog.Stamp) bool { return end <= c.start })
		if at < 0 {
			if at = len(ends); at >= mostLanes {
				continue
			}
			ends, l.calls = append(ends, 0), append(l.calls, nil)
		}
		ends[at] = max(c.end, c.start+1)
		l.calls[at] = append(l.calls[at], c)
	}
	l.Most = len(l.calls)
	return l
}

// holdsRun reports whether a call is one that started a run: what runs is then
// what is below it.
func (f *Forest) holdsRun(id int32) bool {
	for _, kid := range f.children(id) {
		if f.Snap.Span(eventlog.SpanID(kid)).Kind == eventlog.SpanRun {
			return true
		}
	}
	return false
}

// Len returns how many lanes there are.
func (l *Lanes) Len() int { return len(l.calls) }

// In returns the call of a lane that was under way within a stretch of time, the
// longest of them, or zero.
func (l *Lanes) In(n int, from, to eventlog.Stamp) eventlog.SpanID {
	calls := l.calls[n]
	i := sort.Search(len(calls), func(i int) bool { return calls[i].end > from })
	best, longest := eventlog.SpanID(0), eventlog.Stamp(-1)
	for looked := 0; i < len(calls) && calls[i].start < to && looked < 64; i, looked = i+1, looked+1 {
		if d := min(calls[i].end, to) - max(calls[i].start, from); d > longest {
			best, longest = calls[i].id, d
		}
	}
	return best
}
