package trace

import (
	"maps"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/notes"
)

// marks are the steps that a person marked. A command may read what only
// returned, so that it is made anew with every change.
type marks struct {
	spans map[eventlog.SpanID]bool
	last  eventlog.SpanID // the one that was marked last
}

func (m marks) toggle(id eventlog.SpanID) marks {
	if id == 0 {
		return m
	}
	next := marks{spans: maps.Clone(m.spans), last: id}
	if next.spans == nil {
		next.spans = map[eventlog.SpanID]bool{}
	}
	if m.spans[id] {
		delete(next.spans, id)
		next.last = 0
		for other := range next.spans {
			next.last = max(next.last, other)
		}
		return next
	}
	next.spans[id] = true
	return next
}

func (m marks) only() map[eventlog.SpanID]bool { return m.spans }

// Marks returns the marked steps.
func (p *Pane) Marks() map[eventlog.SpanID]bool { return p.marks.spans }

// SetNotes takes what people wrote about steps, in place of what they had
// written before: marked are those with a mark.
func (p *Pane) SetNotes(steps map[eventlog.SpanID][]notes.Note) {
	m := marks{last: p.marks.last}
	p.notes = map[eventlog.SpanID]string{}
	for id, list := range steps {
		for _, n := range list {
			if n.Kind == notes.Mark {
				if m.spans == nil {
					m.spans = map[eventlog.SpanID]bool{}
				}
				m.spans[id] = true
			}
			if n.Text != "" {
				p.notes[id] = n.Text
			}
		}
	}
	if !m.spans[m.last] {
		m.last = 0
		for id := range m.spans {
			m.last = max(m.last, id)
		}
	}
	p.marks = m
}

// Note returns what somebody wrote about a step last, or nothing.
func (p *Pane) Note(id eventlog.SpanID) string { return p.notes[id] }

// measured says the time between the two marks, or from the last mark to the
// selected step.
func (p *Pane) measured() string {
	if len(p.marks.spans) == 0 || p.lines == nil {
		return ""
	}
	start := func(id eventlog.SpanID) eventlog.Stamp { return p.lines.Snap.Span(id).Start }
	if len(p.marks.spans) == 2 {
		var a, b eventlog.Stamp
		for id := range p.marks.spans {
			a, b = b, start(id)
		}
		if a > b {
			a, b = b, a
		}
		if a.Known() {
			return "between the marks " + figure.Duration(b.Sub(a))
		}
		return ""
	}
	from, to := start(p.marks.last), start(p.Selected())
	if p.marks.last == 0 || !from.Known() || !to.Known() || p.marks.last == p.Selected() {
		return ""
	}
	d, sign := to.Sub(from), "+"
	if d < 0 {
		d, sign = -d, "-"
	}
	return "from the mark " + sign + figure.Duration(d.Round(time.Millisecond))
}
