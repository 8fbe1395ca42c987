package trace

import (
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// words are what a line says beyond the name of its tool or agent.
type words struct {
	text string
	fail string
	last eventlog.RowID // the last row of the span when it was read
}

// said returns the rows that the words of a span are taken from: its first,
// and how it ended. An answer may be several records, of which the last is
// often a call or a count, so that all of the last few are looked at; that a
// run failed stands in a row of its own, before what others wrote meanwhile.
func said(snap *eventlog.Snapshot, id eventlog.SpanID, s *eventlog.Span) []eventlog.RowID {
	const most, reach = 6, 500
	rows := []eventlog.RowID{s.First}
	last := min(s.Last, eventlog.RowID(snap.Rows.Len()-1))
	switch s.Kind {
	case eventlog.SpanModel:
		for row := last; row > s.First && row > last-reach && len(rows) <= most; row-- {
			if snap.Rows.At(int(row)).Span == id {
				rows = append(rows, row)
			}
		}
		slices.Sort(rows)
	case eventlog.SpanRun:
		for row := last; s.Flags.Has(eventlog.SpanFailed) && row > s.First && row > last-reach; row-- {
			if r := snap.Rows.At(int(row)); r.Span == id && r.Flags&eventlog.RowFailed != 0 {
				return append(rows, row)
			}
		}
	case eventlog.SpanSession:
	default:
		if s.Last != s.First {
			rows = append(rows, s.Last)
		}
	}
	return rows
}

// say takes the words from the events of a span.
func (w *words) say(events []eventlog.Event, goal string) {
	begin, end := &events[0], &events[len(events)-1]
	if w.text = label.Of(begin); goal != "" && (begin.Kind != eventlog.AgentStart || w.text == "") {
		w.text = goal // rather than that of whatever came first
	}
	if end.Failed {
		w.fail = label.Failure(end)
	}
	if len(events) > 1 && end.Kind.Class() == eventlog.ClassModel {
		// What was asked before the answer is not what it says.
		for w.text = ""; len(events) > 0 && w.text == ""; events = events[:len(events)-1] {
			if e := &events[len(events)-1]; e.Kind == eventlog.ModelResponse {
				w.text = label.Of(e)
			}
		}
	}
	if w.text == w.fail {
		w.text = "" // once is enough
	}
}

// cache keeps the labels of lines that were seen lately. Two generations come
// close to the least recently used at the cost of a map: when the young one is
// full it becomes the old one, and what is not asked for by then is forgotten.
type cache struct {
	young, old map[eventlog.SpanID]words
}

const generation = 2000

func (c *cache) get(id eventlog.SpanID) (words, bool) {
	if w, ok := c.young[id]; ok {
		return w, true
	}
	w, ok := c.old[id]
	return w, ok
}

func (c *cache) put(labels map[eventlog.SpanID]words) {
	if len(c.young) > generation || c.young == nil {
		c.old, c.young = c.young, make(map[eventlog.SpanID]words, generation)
	}
	for id, w := range labels {
		c.young[id] = w
	}
}
