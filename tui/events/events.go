// Package events is the flat list of an opened session: every event in the
// order of the log. It shares nothing with the tree but the log itself.
package events

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/label"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the list.
type Pane struct {
	ctx           context.Context
	log           eventlog.Log
	zone          *time.Location
	width, height int
	list          list.List
	lines         *forest.Lines
	rows          []eventlog.RowID
	agents        []eventlog.Sym // of each row
	beats         *beats
	plain         bool // no histogram is wanted
	follow        bool
	goal          eventlog.SpanID // to be selected when there are rows
	labels        map[eventlog.RowID]string
	listing       job.Job
	naming        job.Job
}

// New returns the list of a log. Times are told in a zone.
func New(ctx context.Context, log eventlog.Log, zone *time.Location) *Pane {
	return &Pane{ctx: ctx, log: log, zone: zone, labels: map[eventlog.RowID]string{}}
}

type listedMsg struct {
	p      *Pane
	ticket job.Ticket
	lines  *forest.Lines
	rows   []eventlog.RowID
	agents []eventlog.Sym
	beats  *beats
}

type namedMsg struct {
	p      *Pane
	ticket job.Ticket
	labels map[eventlog.RowID]string
}

// Resize says how much room there is, with the title and the heads.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.list.Resize(height - 2 - p.beatRows())
	return p.name()
}

// Show takes the lines of the tree, whose filter it shares.
func (p *Pane) Show(s *opened.Session) tea.Cmd {
	lines := s.Lines
	if lines == p.lines {
		return nil
	}
	ctx, ticket := p.listing.Restart(p.ctx)
	return func() tea.Msg {
		rows, agents := collect(ctx, lines)
		b := &beats{}
		for _, id := range rows {
			b.span(lines.Snap.Rows.At(int(id)).Time)
		}
		for _, id := range rows {
			r := lines.Snap.Rows.At(int(id))
			b.add(&r)
		}
		return listedMsg{p, ticket, lines, rows, agents, b}
	}
}

// collect lists the rows of the spans that may be shown.
func collect(ctx context.Context, l *forest.Lines) ([]eventlog.RowID, []eventlog.Sym) {
	in := make([]bool, l.Snap.Spans.Len()+1)
	agent := make([]eventlog.Sym, len(in))
	for _, id := range l.Order() {
		s := l.Snap.Span(eventlog.SpanID(id))
		if agent[id] = s.Agent; s.Agent == 0 {
			agent[id] = agent[l.Parent(eventlog.SpanID(id))]
		}
		in[id] = l.Matched == nil || l.Hit(eventlog.SpanID(id))
	}
	if l.Root != 0 && l.Matched == nil {
		in[l.Root] = true
	}
	var rows []eventlog.RowID
	var agents []eventlog.Sym
	for i, r := range l.Snap.Rows.All() {
		if i%65536 == 0 && ctx.Err() != nil {
			return rows, agents
		}
		if !in[r.Span] || l.View.Failed && r.Flags&eventlog.RowFailed == 0 || !l.View.Noise && r.Flags&eventlog.RowHidden != 0 {
			continue
		}
		rows, agents = append(rows, eventlog.RowID(i)), append(agents, agent[r.Span])
	}
	return rows, agents
}

// Update takes what the pane's commands found. It reports whether anything
// changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case listedMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.listing.Land(msg.ticket); !fresh {
			return nil, false
		}
		if p.lines != nil && p.lines.Snap.Generation != msg.lines.Snap.Generation {
			clear(p.labels) // they are about other rows
		}
		p.show(msg)
		return p.name(), true
	case namedMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.naming.Land(msg.ticket); !fresh {
			return nil, false
		}
		const most = 5000
		if len(p.labels) > most {
			clear(p.labels)
		}
		for row, text := range msg.labels {
			p.labels[row] = text
		}
		return p.name(), true
	}
	return nil, false
}

func (p *Pane) show(msg listedMsg) {
	at := eventlog.RowID(-1)
	if i := p.list.Cursor(); i >= 0 && i < len(p.rows) {
		at = p.rows[i]
	}
	p.lines, p.rows, p.agents, p.beats = msg.lines, msg.rows, msg.agents, msg.beats
	p.list.Resize(p.height - 2 - p.beatRows())
	p.list.SetLen(len(p.rows))
	goal := p.goal
	p.goal = 0
	switch {
	case goal != 0:
		if i := p.index(p.lines.Snap.Span(goal).First); i >= 0 {
			p.list.To(i)
		}
	case p.follow:
		p.list.To(len(p.rows) - 1)
	case at >= 0:
		if i := p.index(at); i >= 0 {
			p.list.Keep(i)
		}
	}
}

// index finds a row, or the first behind it: rows are in order.
func (p *Pane) index(row eventlog.RowID) int {
	lo, hi := 0, len(p.rows)
	for lo < hi {
		if mid := (lo + hi) / 2; p.rows[mid] < row {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == len(p.rows) {
		return len(p.rows) - 1
	}
	return lo
}

// Select selects the row of a span's beginning.
func (p *Pane) Select(id eventlog.SpanID) tea.Cmd {
	p.goal = id
	if p.lines == nil {
		return nil // when the rows are there
	}
	if i := p.index(p.lines.Snap.Span(id).First); i >= 0 {
		p.list.To(i)
	}
	return p.name()
}

// Selected returns the span that the selected row belongs to, or zero.
func (p *Pane) Selected() eventlog.SpanID {
	if i := p.list.Cursor(); p.lines != nil && i >= 0 && i < len(p.rows) {
		return p.lines.Snap.Rows.At(int(p.rows[i])).Span
	}
	return 0
}

// Following reports whether the cursor stays at the newest event.
func (p *Pane) Following() bool { return p.follow }

// Do moves the cursor. It reports whether the action was one for the list.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.NextError, keymap.NextNeed:
		p.failed(1)
	case keymap.PrevError, keymap.PrevNeed:
		p.failed(-1)
	case keymap.Beats:
		p.plain = !p.plain
		return p.Resize(p.width, p.height), true
	case keymap.Follow:
		if p.follow = !p.follow; p.follow {
			p.list.To(p.list.Len() - 1)
		}
		return p.name(), true
	default:
		if !p.list.Do(a, n) {
			return nil, false
		}
	}
	p.follow = false
	return p.name(), true
}

func (p *Pane) failed(step int) {
	for i := p.list.Cursor() + step; p.lines != nil && i >= 0 && i < len(p.rows); i += step {
		if p.lines.Snap.Rows.At(int(p.rows[i])).Flags&eventlog.RowFailed != 0 {
			p.list.To(i)
			return
		}
	}
}

// Back leaves nothing: the list has no levels.
func (p *Pane) Back() bool { return false }

// Scopes are those of the tree, whose filters the list shares.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Trace} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.NextError, keymap.Filter, keymap.Failures, keymap.TabNext, keymap.Follow, keymap.Copy, keymap.PanelNext}
}

// Close ends nothing: commands end with the session.
func (p *Pane) Close() {}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.list.Scroll(d)
	p.follow = false
	return p.name()
}

// Click selects the row at y, which counts from the title.
func (p *Pane) Click(_, y int) tea.Cmd {
	y -= p.beatRows()
	if i := p.list.Top() + y - 2; y >= 2 && i < len(p.rows) {
		p.list.To(i)
		p.follow = false
	}
	return p.name()
}

// name asks for the labels of the visible rows that have none yet.
func (p *Pane) name() tea.Cmd {
	from, to := p.list.Visible()
	var rows []eventlog.RowID
	for i := from; i < min(to, len(p.rows)); i++ {
		if _, ok := p.labels[p.rows[i]]; !ok {
			rows = append(rows, p.rows[i])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	ctx, ticket, ok := p.naming.Start(p.ctx)
	if !ok {
		return nil
	}
	log := p.log
	return func() tea.Msg {
		out := make(map[eventlog.RowID]string, len(rows))
		events, err := log.Events(ctx, rows)
		for i, row := range rows {
			if err != nil || i >= len(events) {
				out[row] = ""
				continue
			}
			out[row] = label.Of(&events[i])
		}
		return namedMsg{p, ticket, out}
	}
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	right := frame.Part{Style: t.Dim, Text: fmt.Sprintf("%s/%s", figure.Whole(int64(p.list.Cursor()+1)), figure.Whole(int64(len(p.rows))))}
	rows := []string{frame.Title(t, p.width, number, "Events", active, right)}
	switch {
	case p.lines == nil:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Reading" + t.More})...), p.width, p.height)
	case len(p.rows) == 0:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Bright, Text: "No event matches the filter."}, frame.Part{Style: t.Dim, Text: "esc clears it."})...), p.width, p.height)
	}
	if p.beatRows() > 0 {
		rows = append(rows, p.drawBeats(t)...)
	}
	l := frame.NewLine(p.width, "").Space(2).Right(t.Dim, "#", 7).Space(2).Cell(t.Dim, "TIME", 12).Space(1).Right(t.Dim, "DELTA", 7).Space(2)
	rows = append(rows, l.Cell(t.Dim, "KIND", 14).Space(1).Cell(t.Dim, "AGENT", p.agentWidth()).Space(1).Cell(t.Dim, "WHAT", l.Room()).String())
	from, to := p.list.Visible()
	for i := from; i < min(to, len(p.rows)); i++ {
		rows = append(rows, p.row(t, i, active))
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) agentWidth() int {
	switch {
	case p.width >= 100:
		return 16
	case p.width >= 70:
		return 10
	}
	return 0
}

func (p *Pane) row(t *theme.Theme, i int, active bool) string {
	selected := i == p.list.Cursor()
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	snap := p.lines.Snap
	r := snap.Rows.At(int(p.rows[i]))
	l := frame.NewLine(p.width, back)
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	l.To(2).Right(t.Dim, figure.Whole(int64(p.rows[i])+1), 7).Space(2)
	when, gap := "", ""
	if r.Time.Known() {
		when = r.Time.Time().In(p.zone).Format("15:04:05.000")
		if i > 0 {
			if before := snap.Rows.At(int(p.rows[i-1])).Time; before.Known() {
				if d := r.Time.Sub(before); d >= time.Millisecond {
					gap = "+" + figure.Duration(d)
				} else if d < 0 {
					gap = "-" + figure.Duration(-d)
				}
			}
		}
	}
	l.Cell(t.Dim, when, 12).Space(1).Right(t.Dim, gap, 7).Space(2)
	failed := r.Flags&eventlog.RowFailed != 0
	style := t.Class(r.Kind.Class())
	if failed {
		style = t.BadBold
	}
	kind := r.Kind.String()
	if r.Kind == eventlog.Custom && r.Type != 0 {
		kind = snap.Symbols.Name(r.Type)
	}
	l.Cell(style, kind, 14).Space(1)
	if w := p.agentWidth(); w > 0 {
		l.Cell(t.Dim, snap.Symbols.Name(p.agents[i]), w).Space(1)
	}
	s := snap.Span(r.Span)
	name := ""
	switch {
	case r.Flags&eventlog.RowInRun != 0:
	case s.Kind == eventlog.SpanTool:
		name = snap.Symbols.Name(s.Tool)
	case s.Kind == eventlog.SpanModel:
		name = snap.Symbols.Name(s.Model)
	}
	if failed {
		l.Put(t.BadBold, t.Failed+" ")
	}
	if name != "" {
		l.Cell(t.Span(&s), name, min(frame.Width(frame.Clean(name, 24)), 24)).Space(2)
	}
	text := t.Text
	if !selected && !failed {
		text = t.Dim
	}
	return l.Cell(text, p.labels[p.rows[i]], l.Room()).String()
}
