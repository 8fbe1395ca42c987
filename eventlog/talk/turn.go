package talk

import (
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Turn is what came of one prompt: the items from it up to the next one.
type Turn struct {
	From, To  int // items, To not included
	Took      time.Duration
	Recorded  eventlog.Money // told by the log
	Estimated eventlog.Money
	Calls     int64 // of models
	Unpriced  int64
	Tools     int64
}

// Turns tells the conversation by its prompts. What comes before the first one is
// a turn of its own when it is anything but a prompt. Calls that were copied from
// another session cost nothing here.
func (l *List) Turns() []Turn {
	var out []Turn
	var t *Turn
	var first, last eventlog.Stamp
	worked := true // since the last prompt
	finish := func(to int) {
		if t != nil {
			t.To, t.Took = to, max(0, last.Sub(first))
		}
	}
	bills := map[int32]bool{}
	for i := range l.Items {
		it := &l.Items[i]
		prompt := it.Depth == 0 && (it.Kind == User || it.Kind == Task) && !it.Flags.Has(Hidden)
		if (prompt || t == nil) && worked && (t == nil || prompt) {
			finish(i)
			out = append(out, Turn{From: i})
			t = &out[len(out)-1]
			first, last, worked = it.Time, it.Time, false
		}
		s := l.Snap.Span(it.Span)
		if !first.Known() {
			first = it.Time
		}
		switch it.Kind {
		case Task, Result:
			last = max(last, it.Time)
		default:
			last = max(last, s.End)
		}
		switch it.Kind {
		case Assistant, Tool, Agent, Error:
			worked = true
		}
		if it.Kind == Tool && !it.Flags.Has(Copied) {
			t.Tools++
		}
		if s.Bill == 0 || s.Kind != eventlog.SpanModel || it.Kind != Assistant || bills[s.Bill] {
			continue
		}
		bills[s.Bill] = true
		b := l.Snap.Bills.At(int(s.Bill) - 1)
		if b.Copied {
			continue
		}
		t.Calls += b.Count()
		switch b.Source {
		case eventlog.Recorded:
			t.Recorded += b.Cost
		case eventlog.Estimated:
			t.Estimated += b.Cost
		case eventlog.Unpriced:
			t.Unpriced += b.Count()
		}
	}
	finish(len(l.Items))
	return slices.Clip(out)
}
