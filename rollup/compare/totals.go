package compare

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// totals adds up one side.
func (h *half) totals() Totals {
	snap := h.side.Snap
	root := snap.Span(h.root)
	t := Totals{Wall: root.Duration(root.End)}
	below := h.below()
	var s rollup.Sum
	for i, span := range snap.Spans.All() {
		if !below[i+1] {
			continue
		}
		switch span.Kind {
		case eventlog.SpanSession:
			s.Sessions++
		case eventlog.SpanRun:
			s.Runs++
		case eventlog.SpanTool:
			if span.Flags.Has(eventlog.SpanHidden) {
				break
			}
			s.ToolCalls++
			if span.Flags.Has(eventlog.SpanFailed) {
				s.ToolErrors++
			}
		}
		if end := span.End; end > root.End {
			t.Wall = max(t.Wall, end.Sub(root.Start))
		}
		if span.Bill == 0 {
			continue
		}
		b := snap.Bills.At(int(span.Bill) - 1)
		if b.Copied {
			t.Copied += b.Count()
			continue
		}
		s.Calls += b.Count()
		s.Usage.Add(b.Usage)
		switch b.Source {
		case eventlog.Recorded:
			s.Recorded += b.Cost
		case eventlog.Estimated:
			s.Estimated += b.Cost
		case eventlog.Unpriced:
			s.Unpriced += b.Count()
		}
		if b.AtLeast {
			s.AtLeast += b.Count()
		}
	}
	for _, r := range snap.Rows.All() {
		if r.Flags&eventlog.RowFailed != 0 && below[r.Span] {
			s.Errors++
		}
	}
	if t.Sum = s; h.side.Sum != nil {
		t.Sum = *h.side.Sum
	}
	if f := h.side.Facts; f != nil {
		t.Outcome, t.Metrics = f.Outcome, f.Metrics
	}
	return t
}

// below tells, by its number, which spans are those of the side.
func (h *half) below() []bool {
	snap := h.side.Snap
	n := snap.Spans.Len()
	const unknown, in, out = 0, 1, 2
	state := make([]uint8, n+1)
	state[0], state[h.root] = out, in
	var path []eventlog.SpanID
	for i := 1; i <= n; i++ {
		at := eventlog.SpanID(i)
		for path = path[:0]; state[at] == unknown; at = snap.Span(at).Parent {
			path = append(path, at)
			state[at] = out // a circle, which there is none of, would end here
		}
		for _, p := range path {
			state[p] = state[at]
		}
	}
	is := make([]bool, n+1)
	for i := range is {
		is[i] = state[i] == in
	}
	return is
}
