// Package detail is the pane that shows a step in full: the call and its result
// together, the failure first. Bodies are read and broken into rows in commands;
// only the rows that can be seen are coloured.
package detail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/prose"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the detail pane.
type Pane struct {
	ctx           context.Context
	log           eventlog.Log
	width, height int
	id            eventlog.SpanID
	span          eventlog.Span
	name          string
	part          Part
	doc           *document
	shown         eventlog.SpanID // whose document that is
	scroll        int
	aside         int // cells scrolled sideways
	bytes         int64
	err           error
	reading       job.Job
}

// New returns the detail pane of a log.
func New(ctx context.Context, log eventlog.Log) *Pane { return &Pane{ctx: ctx, log: log} }

type readMsg struct {
	p      *Pane
	ticket job.Ticket
	id     eventlog.SpanID
	doc    *document
	bytes  int64
	err    error
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int, snap *eventlog.Snapshot) tea.Cmd {
	again := width != p.width && p.id != 0
	p.width, p.height = width, height
	if again && snap != nil {
		return p.read(snap)
	}
	return nil
}

// Show shows a span. While a new one is read, the old one stays on the screen.
func (p *Pane) Show(snap *eventlog.Snapshot, id eventlog.SpanID) tea.Cmd {
	if id == 0 || snap == nil {
		return nil
	}
	span := snap.Span(id)
	if id == p.id && span.Last == p.span.Last && span.Flags == p.span.Flags {
		return nil
	}
	if id == p.id && (span.Kind == eventlog.SpanRun || span.Kind == eventlog.SpanSession) && span.Flags == p.span.Flags {
		return nil // its last row is that of something below it
	}
	if id != p.id {
		p.scroll, p.aside = 0, 0
	}
	p.id, p.span = id, span
	p.name = name(snap, &span)
	return p.read(snap)
}

func name(snap *eventlog.Snapshot, s *eventlog.Span) string {
	names := snap.Symbols
	switch s.Kind {
	case eventlog.SpanTool:
		return names.Name(s.Tool)
	case eventlog.SpanModel:
		return "model " + names.Name(s.Model)
	case eventlog.SpanRun:
		return "run " + names.Name(s.Agent)
	case eventlog.SpanSession:
		return "session"
	}
	if s.Event == eventlog.Custom {
		return names.Name(snap.Rows.At(int(s.First)).Type)
	}
	return s.Event.String()
}

// rowsOf returns the rows that belong to a span, at most a few hundred of them.
func rowsOf(snap *eventlog.Snapshot, id eventlog.SpanID, s *eventlog.Span) []eventlog.RowID {
	const most, reach = 200, 20_000
	rows := []eventlog.RowID{s.First}
	for row := s.First + 1; row <= s.Last && int(row) < snap.Rows.Len() && row < s.First+reach && len(rows) < most; row++ {
		if snap.Rows.At(int(row)).Span == id {
			rows = append(rows, row)
		}
	}
	if s.Kind == eventlog.SpanSession {
		return append(rows, about(snap, id, s)...)
	}
	if up := s.Parent; s.Kind == eventlog.SpanRun && up != 0 {
		// What a run was asked and what it answered stands in the call that
		// started it.
		if call := snap.Span(up); call.Kind == eventlog.SpanTool {
			rows = append([]eventlog.RowID{call.First}, rows...)
			if call.Last != call.First {
				rows = append(rows, call.Last)
			}
			return rows
		}
		return append(rows, about(snap, id, s)...)
	}
	if last := rows[len(rows)-1]; last != s.Last && int(s.Last) < snap.Rows.Len() && snap.Rows.At(int(s.Last)).Span == id {
		rows = append(rows, s.Last)
	}
	return rows
}

// about returns the rows that tell what a run was asked and what it answered:
// its first message and its last answer, if they are near its ends.
func about(snap *eventlog.Snapshot, id eventlog.SpanID, s *eventlog.Span) []eventlog.RowID {
	const reach = 500
	var rows []eventlog.RowID
	in := func(row eventlog.RowID) (eventlog.Row, bool) {
		r := snap.Rows.At(int(row))
		return r, r.Span == id || r.Span != 0 && snap.Span(r.Span).Parent == id
	}
	last := min(s.Last, eventlog.RowID(snap.Rows.Len()-1))
	for row := s.First + 1; row <= last && row < s.First+reach; row++ {
		if r, ok := in(row); ok && r.Kind == eventlog.Message {
			rows = append(rows, row)
			break
		}
	}
	for row := last; row > s.First && row > last-reach; row-- {
		if r, ok := in(row); ok && (r.Kind == eventlog.ModelResponse || r.Kind == eventlog.AgentFinish && r.Span == id) {
			if len(rows) == 0 || rows[len(rows)-1] < row {
				rows = append(rows, row)
			}
			if r.Kind == eventlog.ModelResponse {
				break
			}
		}
	}
	slices.Sort(rows)
	return rows
}

func (p *Pane) read(snap *eventlog.Snapshot) tea.Cmd {
	ctx, ticket := p.reading.Restart(p.ctx)
	log, id, span, part, width := p.log, p.id, p.span, p.part, p.width-4
	return func() tea.Msg {
		rows := rowsOf(snap, id, &span)
		var bytes int64
		for _, r := range rows {
			bytes += int64(snap.Rows.At(int(r)).Size)
		}
		events, err := log.Events(ctx, rows)
		if err != nil {
			return readMsg{p, ticket, id, nil, bytes, err}
		}
		events = priced(snap, &span, events)
		return readMsg{p, ticket, id, compose(events, part, width, span.Kind == eventlog.SpanRun || span.Kind == eventlog.SpanSession), bytes, nil}
	}
}

// priced adds to the details of a call what its estimate was made with, or why
// it has no price.
func priced(snap *eventlog.Snapshot, s *eventlog.Span, events []eventlog.Event) []eventlog.Event {
	if s.Bill == 0 || len(events) == 0 {
		return events
	}
	b := snap.Bills.At(int(s.Bill) - 1)
	if b.Price == 0 {
		return events
	}
	name := "no price"
	if b.Source == eventlog.Estimated {
		name = "estimated"
	}
	last := &events[len(events)-1]
	last.Details = append(slices.Clip(last.Details), eventlog.Detail{Name: name, Value: snap.Symbols.Name(b.Price)})
	return events
}

// Update takes what the pane's commands read. It reports whether anything
// changed.
func (p *Pane) Update(msg tea.Msg) bool {
	m, ok := msg.(readMsg)
	if !ok || m.p != p {
		return false
	}
	if fresh, _ := p.reading.Land(m.ticket); !fresh {
		return false
	}
	p.doc, p.err, p.shown, p.bytes = m.doc, m.err, m.id, m.bytes
	p.Scroll(0)
	return true
}

// Turn goes to the next part, or the previous one.
func (p *Pane) Turn(snap *eventlog.Snapshot, d int) tea.Cmd {
	p.part = (p.part + Part(d) + parts) % parts
	p.scroll, p.aside = 0, 0
	if snap == nil || p.id == 0 {
		return nil
	}
	return p.read(snap)
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) {
	p.scroll += d
	if p.doc != nil {
		p.scroll = min(p.scroll, len(p.doc.lines)-p.height+1)
	}
	p.scroll = max(0, p.scroll)
}

// Aside scrolls sideways by d cells.
func (p *Pane) Aside(d int) { p.aside = max(0, p.aside+d) }

// Height returns how many rows of the document can be seen.
func (p *Pane) Height() int { return max(1, p.height-1) }

// Text returns the document as plain text, for copying.
func (p *Pane) Text() string {
	if p.doc == nil {
		return ""
	}
	var b strings.Builder
	for _, l := range p.doc.lines {
		b.WriteString(strings.Replace(l.text, "\t", "  ", 1))
		b.WriteByte('\n')
	}
	return b.String()
}

// Click turns to the part whose name was hit in the title. It reports whether
// one was.
func (p *Pane) Click(snap *eventlog.Snapshot, x, y int) (tea.Cmd, bool) {
	if y != 0 {
		return nil, false
	}
	at := p.width - 2
	for i := parts - 1; i >= 0; i-- {
		at -= len(partNames[i])
		if x >= at && x < at+len(partNames[i]) {
			return p.Turn(snap, int(i-p.part)), true
		}
		at -= 2
	}
	return nil, false
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	var right []frame.Part
	if p.doc != nil && len(p.doc.lines) > p.height-1 {
		right = append(right, frame.Part{Style: t.Dim, Text: fmt.Sprintf("%d/%d   ", min(len(p.doc.lines), p.scroll+p.height-1), len(p.doc.lines))})
	}
	for i, name := range partNames {
		style := t.Dim
		if Part(i) == p.part {
			style = t.Title
		}
		if i > 0 {
			name = "  " + name
		}
		right = append(right, frame.Part{Style: style, Text: name})
	}
	title := "Detail"
	if p.id != 0 {
		title = fmt.Sprintf("#%s %s", figure.Whole(int64(p.span.First)+1), p.name)
		if p.bytes > 0 {
			title += "  " + figure.Bytes(p.bytes)
		}
	}
	rows := []string{frame.Title(t, p.width, number, title, active, right...)}
	switch {
	case p.err != nil:
		rows = append(rows, frame.NewLine(p.width, "").Space(2).Foreign(t.Bad, t.Failed+" cannot be read: "+p.err.Error()).String())
	case p.doc == nil:
		text := "  Nothing is selected."
		if p.id != 0 {
			text = "  Reading" + t.More
		}
		rows = append(rows, frame.Fit(t.Dim, text, p.width))
	default:
		for i := p.scroll; i < min(len(p.doc.lines), p.scroll+p.height-1); i++ {
			rows = append(rows, p.line(t, p.doc.lines[i]))
		}
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) line(t *theme.Theme, d line) string {
	l := frame.NewLine(p.width, "").Space(2)
	text := d.text
	if p.aside > 0 {
		text = ansi.Cut(strings.Replace(text, "\t", "  ", 1), p.aside, p.aside+p.width)
		if d.kind == field || d.kind == jsonText {
			d.kind = plain
		}
	}
	switch d.kind {
	case dim:
		l.Put(t.Dim, text)
	case heading:
		l.Put(t.Bright, text)
	case command:
		l.Put(t.Key, text)
	case bad:
		l.Put(t.Bad, text)
	case good:
		l.Put(t.Good, text)
	case code:
		l.Put(t.String, text)
	case field:
		name, value, _ := strings.Cut(text, "\t")
		l.Put(t.Dim, name).Space(2).Put(t.Text, value)
	case jsonText:
		prose.PutJSON(l, t, text)
	default:
		l.Put(t.Text, text)
	}
	return l.String()
}
