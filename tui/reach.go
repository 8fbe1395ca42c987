package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// reach goes to what was asked for, once it is there.
func (e *explorer) reach() tea.Cmd {
	f := e.trace.Forest()
	if f == nil || f == e.searched {
		return nil
	}
	if named(e.goal) {
		return e.seek()
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

// named reports whether a goal names a step by what every log of its session
// tells of it, so that it has to be looked for.
func named(goal visit.Msg) bool {
	return goal.Span == 0 && goal.Record == nil && (goal.Event != "" || goal.Time.Known())
}

// soughtMsg brings the step that was looked for, or zero.
type soughtMsg struct {
	e      *explorer
	ticket job.Ticket
	snap   *eventlog.Snapshot
	id     eventlog.SpanID
}

// seek looks for a step by the id of an event or by its time.
func (e *explorer) seek() tea.Cmd {
	f := e.trace.Forest()
	ctx, ticket, ok := e.seeking.Start(e.ctx)
	if !ok {
		return nil // it is looked for again when this search has ended
	}
	e.searched = f
	log, goal, snap := e.log, e.goal, f.Snap
	return func() tea.Msg { return soughtMsg{e, ticket, snap, stepAt(ctx, log, snap, goal)} }
}

// sought goes to the step that was looked for.
func (e *explorer) sought(msg soughtMsg) tea.Cmd {
	fresh, again := e.seeking.Land(msg.ticket)
	switch {
	case !fresh || !named(e.goal):
		return nil
	case msg.id != 0 && msg.snap.Generation == e.snap.Generation:
		e.goal = visit.Msg{}
		return tea.Batch(e.trace.Select(msg.id), e.moved())
	case again:
		return e.reach()
	}
	return nil
}

// stepAt returns the step that a goal names by the id of an event or by when it
// was, or zero. Of several that were at that time it is the one with the event,
// or the likeliest.
func stepAt(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, goal visit.Msg) eventlog.SpanID {
	var at []eventlog.SpanID
	var rows []eventlog.RowID // those of them whose event may have the id
	if goal.Time.Known() {
		at, rows = stepsAt(ctx, snap, goal)
	}
	if goal.Event != "" && len(at) != 1 && !(len(at) == 0 && snap.Loading) {
		if len(at) == 0 {
			rows = rowsOfRun(snap, goal.Run)
		}
		if id := spanOfEvent(ctx, log, snap, rows, goal.Event); id != 0 {
			return id
		}
	}
	best, most := eventlog.SpanID(0), -1
	for _, id := range at {
		if n := likely(snap, id, goal.Time); n > most {
			best, most = id, n
		}
	}
	return best
}

// likely says how likely a step of that time is meant, where nothing but the time
// tells it from others: failures are looked for most, and rather a call that began
// then than the run that began with it, or the call that ended.
func likely(snap *eventlog.Snapshot, id eventlog.SpanID, at eventlog.Stamp) (n int) {
	s := snap.Span(id)
	if s.Flags.Has(eventlog.SpanFailed) {
		n += 4
	}
	if s.Kind != eventlog.SpanRun && s.Kind != eventlog.SpanSession {
		n += 2
	}
	if s.Start == at {
		n++
	}
	return n
}

// stepsAt returns the steps that began at a time, or an event of which was then,
// and their rows.
func stepsAt(ctx context.Context, snap *eventlog.Snapshot, goal visit.Msg) (at []eventlog.SpanID, rows []eventlog.RowID) {
	add := func(id eventlog.SpanID, row eventlog.RowID) {
		if goal.Run != 0 && snap.Span(id).Run != goal.Run {
			return
		}
		if !slices.Contains(at, id) {
			at = append(at, id)
		}
		rows = append(rows, row)
	}
	for i, r := range snap.Rows.All() {
		if i%65536 == 0 && ctx.Err() != nil {
			return nil, nil
		}
		if r.Time == goal.Time && r.Span != 0 {
			add(r.Span, eventlog.RowID(i))
		}
	}
	for i, s := range snap.Spans.All() {
		// A record may tell when something began that was written down later.
		if id := eventlog.SpanID(i + 1); s.Start == goal.Time || s.End == goal.Time {
			add(id, s.First)
			add(id, s.Last)
		}
	}
	return at, rows
}

// rowsOfRun returns the rows of a run, or all where none is named.
func rowsOfRun(snap *eventlog.Snapshot, run eventlog.Sym) (rows []eventlog.RowID) {
	for i, r := range snap.Rows.All() {
		if r.Span != 0 && (run == 0 || snap.Span(r.Span).Run == run) {
			rows = append(rows, eventlog.RowID(i))
		}
	}
	return rows
}

// spanOfEvent reads some rows, in portions, until one is the event with an id.
func spanOfEvent(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, rows []eventlog.RowID, id string) eventlog.SpanID {
	const portion = 256
	for ; len(rows) > 0; rows = rows[min(portion, len(rows)):] {
		part := rows[:min(portion, len(rows))]
		events, err := log.Events(ctx, part)
		if err != nil {
			return 0
		}
		for i := range events {
			if events[i].ID == id {
				return snap.Rows.At(int(part[i])).Span
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

// stepOf returns the span of the record that a finding tells of. Places are told
// within a table, or a list of a document: another one may have the same.
func stepOf(snap *eventlog.Snapshot, of *eventlog.Finding) eventlog.SpanID {
	best, sure := eventlog.SpanID(0), 0
	for _, r := range snap.Rows.All() {
		if r.Pos != of.Pos || r.Table != of.Within || r.Span == 0 || int(r.Segment) >= len(snap.Paths) || snap.Paths[r.Segment] != of.Path {
			continue
		}
		now := 1
		switch {
		case of.Sub > 0 && int(r.Sub) == of.Sub-1:
			now = 3
		case of.Bill != nil && r.Kind == eventlog.ModelResponse || of.Tool != "" && r.Kind == eventlog.ToolCall:
			now = 2
		}
		if now > sure || now == 2 && sure == 2 {
			best, sure = r.Span, now
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
	if named(to) && to.Session != nil {
		e.goal, e.searched = to, nil
		e.seeking.Stop()
		return tea.Batch(e.turn(0), e.reach()), true
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
