package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// reach goes to what was asked for, once it is there.
func (e *explorer) reach() tea.Cmd {
	f := e.trace.Forest()
	if f == nil || f == e.searched {
		return nil
	}
	e.searched = f
	id := e.find(e.goal)
	if id == 0 {
		return nil
	}
	e.goal = visit.Msg{}
	return e.trace.Select(id)
}

// find returns the most exact step that a goal names and the log has, or zero.
func (e *explorer) find(goal visit.Msg) eventlog.SpanID {
	f := e.trace.Forest()
	switch {
	case f == nil:
		return 0
	case goal.Span != 0 && int(goal.Span) <= f.Snap.Spans.Len() && tells(f.Snap, goal.Span, goal.Record):
		return goal.Span
	case goal.Record != nil:
		return stepOf(f.Snap, goal.Record)
	case goal.Run != 0:
		for _, id := range f.Order() {
			if s := f.Snap.Span(eventlog.SpanID(id)); s.Kind == eventlog.SpanRun && s.Run == goal.Run {
				return eventlog.SpanID(id)
			}
		}
	}
	return 0
}

// tells reports whether a span begins with a record, where one is named: a log
// that is opened anew may have been read in another order.
func tells(snap *eventlog.Snapshot, id eventlog.SpanID, of *eventlog.Finding) bool {
	if of == nil {
		return true
	}
	r := snap.Rows.At(int(snap.Span(id).First))
	return r.Pos == of.Pos && int(r.Segment) < len(snap.Paths) && snap.Paths[r.Segment] == of.Path
}

// stepOf returns the span of the record that a finding tells of.
func stepOf(snap *eventlog.Snapshot, of *eventlog.Finding) eventlog.SpanID {
	best := eventlog.SpanID(0)
	for _, r := range snap.Rows.All() {
		if r.Pos != of.Pos || r.Span == 0 || int(r.Segment) >= len(snap.Paths) || snap.Paths[r.Segment] != of.Path {
			continue
		}
		if best == 0 || of.Bill != nil && r.Kind == eventlog.ModelResponse || of.Tool != "" && r.Kind == eventlog.ToolCall {
			best = r.Span
		}
	}
	return best
}

// visit goes to a place within this session. It reports whether the place is
// here.
func (e *explorer) visit(to visit.Msg) (tea.Cmd, bool) {
	if e.trace == nil || e.snap == nil || to.Session != nil && to.Session.Sym != e.session.Sym && to.Record == nil {
		return nil, false
	}
	id := e.find(to)
	if id == 0 {
		return nil, to.Session != nil && to.Session.Sym == e.session.Sym && to.Record == nil
	}
	return tea.Batch(e.turn(0), e.trace.Select(id), e.moved()), true
}

// Moment goes to the step that was under way or came next at a moment: +5m is
// behind the beginning, 14:05 is on the clock of its day.
func (e *explorer) Moment(text string) (tea.Cmd, error) {
	f := e.trace.Forest()
	if f == nil || !f.Start.Known() {
		return nil, fmt.Errorf("the log of this session tells no times")
	}
	at, err := moment(text, f.Start, e.world.zone())
	if err != nil {
		return nil, err
	}
	if id := f.At(at); id != 0 {
		return tea.Batch(e.turn(0), e.trace.Select(id), e.moved()), nil
	}
	return nil, fmt.Errorf("nothing of this session was at %s", text)
}

// moment reads a moment of a session that began at start.
func moment(text string, start eventlog.Stamp, zone *time.Location) (eventlog.Stamp, error) {
	text = strings.TrimSpace(text)
	if d, err := time.ParseDuration(strings.TrimPrefix(text, "+")); err == nil {
		return start + eventlog.Stamp(d), nil
	}
	day := start.Time().In(zone)
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			at := time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
			if eventlog.StampOf(at) < start-eventlog.Stamp(time.Minute) {
				at = at.AddDate(0, 0, 1) // a session that went on over midnight
			}
			return eventlog.StampOf(at), nil
		}
	}
	return 0, fmt.Errorf("@%s is no time: want @+5m, @1h30m or @14:05", text)
}
