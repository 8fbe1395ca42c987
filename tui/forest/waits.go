package forest

import "github.com/lazytrace/lazytrace/eventlog"

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
