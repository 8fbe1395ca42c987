package forest

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// waits returns the pauses of calls by their span. There are few: only some
// logs tell of them.
func waits(snap *eventlog.Snapshot) map[eventlog.SpanID][]eventlog.Pause {
	out := map[eventlog.SpanID][]eventlog.Pause{}
	for _, p := range snap.Pauses.All() {
		if s := snap.Span(p.Span); s.Kind == eventlog.SpanTool && (p.Open || p.End > p.Start) {
			out[p.Span] = append(out[p.Span], *p)
		}
	}
	return out
}

// Ran returns how long a span was at work: what it waited makes no call a slow
// one.
func (f *Forest) Ran(id eventlog.SpanID, now eventlog.Stamp) time.Duration {
	s := f.Snap.Span(id)
	ran := s.Duration(now)
	for _, p := range f.Waits[id] {
		ran -= p.Until(now).Sub(p.Start)
	}
	return max(0, ran)
}
