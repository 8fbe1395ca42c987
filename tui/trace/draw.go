package trace

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// shape is how a row is divided.
type shape struct {
	tree, name, model, cost, took, bars int
}

// barWidth is what the waterfall gets.
func (p *Pane) barWidth() int { return p.shape().bars }

// shape follows the narrow rule: below 100 columns the waterfall keeps 45 and
// the tree loses its columns; below 80 the waterfall goes.
func (p *Pane) shape() shape {
	var s shape
	switch w := p.width; {
	case w < 74, p.forest != nil && p.forest.Len() > 0 && !p.forest.Start.Known(): // a log may tell no times
		s.tree = w
	case w < 100:
		s.tree = max(30, w-47)
	default:
		s.tree = min(96, max(50, w*2/5))
	}
	if s.bars = p.width - s.tree - 3; s.bars < 20 {
		s.bars, s.tree = 0, p.width
	}
	s.name = s.tree - 2
	take := func(n, least int) int {
		if s.name-n < least {
			return 0
		}
		s.name -= n
		return n
	}
	if s.tree < 50 {
		took, cost := p.figureWidths()
		s.took = take(took, 14)
		s.cost = take(cost, 14)
		return s
	}
	s.took = take(8, 20)
	s.cost = take(8, 22)
	s.model = take(12, 38)
	return s
}

// figureWidths returns how wide the columns of times and costs must be in a
// narrow tree: those of a long or dear session take one more.
func (p *Pane) figureWidths() (took, cost int) {
	took, cost = 7, 7
	if f := p.forest; f != nil && f.Len() > 0 {
		if f.End.Sub(f.Start) >= time.Hour {
			took++
		}
		if f.Cost[f.Order()[0]] >= 10*eventlog.Dollar {
			cost++
		}
	}
	return took, cost
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	s := p.shape()
	rows := []string{p.title(t, s, number, active)}
	if p.lines == nil || p.lines.Len() == 0 {
		return frame.Fill(append(rows, p.empty(t)...), p.width, p.height)
	}
	now := eventlog.StampOf(p.now())
	from, to := p.window()
	scale := p.scale()
	d := drawing{scale: scale, p: p, t: t, s: s, now: now, from: from, to: to, live: p.live(), names: p.lines.Snap.Symbols, loc: p.now().Location(), dash: -1, palette: palette{t: t}}
	if p.replay.on {
		d.now, d.live = p.replay.at, true
	}
	if id := p.Selected(); id != 0 && s.bars > 0 {
		at := p.lines.Snap.Span(id).Start
		if p.replay.on {
			at = p.replay.at
		}
		if at >= from && at <= to {
			d.dash, d.dashAt = d.column(at), at
		}
	}
	top, end := p.list.Visible()
	above := d.sticky(top)
	for _, l := range above {
		rows = append(rows, d.row(l, false, false))
	}
	for i := top + len(above); i < min(end, p.lines.Len()); i++ {
		rows = append(rows, d.row(p.line(i), i == p.list.Cursor(), active))
	}
	if s.bars > 0 {
		lanes := d.lanes()
		for len(rows) < p.height-1-len(lanes) {
			rows = append(rows, d.blank())
		}
		rows = append(append(rows, lanes...), d.axis())
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) title(t *theme.Theme, s shape, number int, active bool) string {
	name := "Trace"
	switch {
	case p.view.Failed && p.view.Flat:
		name = "Trace, only errors, flat"
	case p.view.Failed:
		name = "Trace, only errors"
	case p.view.Flat:
		name = "Trace, flat"
	}
	var right []frame.Part
	if s.cost > 0 {
		right = append(right, frame.Part{Style: t.Dim, Text: "cost"})
	}
	if s.took > 0 {
		right = append(right, frame.Part{Style: t.Dim, Text: fmt.Sprintf("%*s", s.took, [...]string{"time", "start", "clock", "gap"}[p.mode])})
	}
	l := frame.NewLine(p.width, "")
	if p.lines != nil && p.lines.Len() > p.list.Height() {
		name += fmt.Sprintf("  %s/%s", figure.Whole(int64(p.list.Cursor()+1)), figure.Whole(int64(p.lines.Len())))
	}
	if p.laying.Busy() {
		name += " " + t.More
	}
	if how := p.progress(); how != "" {
		name += "  " + how
	}
	if p.replay.on && p.lines != nil {
		name = p.replayed()
	}
	l.Join(frame.Fixed(frame.Title(t, s.tree, number, name, active, right...), s.tree))
	if s.bars > 0 {
		l.Join(frame.Fixed(frame.Title(t, p.width-s.tree, 0, "Time", false, frame.Part{Style: t.Dim, Text: p.span()}), p.width-s.tree))
	}
	return l.String()
}

func (p *Pane) span() string {
	if p.forest == nil {
		return ""
	}
	from, to := p.window()
	text := figure.Clock(from.Sub(p.forest.Start)) + " to " + figure.Clock(to.Sub(p.forest.Start))
	if cut := p.scale(); len(cut.gaps) > 0 {
		text += "  " + figure.Clock(cut.idle()) + " idle cut // "
	}
	if p.from != 0 {
		text += "  zoomed, 0 fits"
	}
	if p.color != ByKind {
		text = "colour: " + colorNames[p.color] + "  " + text
	}
	if how := p.measured(); how != "" {
		text = how + "  " + text
	}
	return text
}

// scale returns the scale of the window that is shown.
func (p *Pane) scale() scale {
	from, to := p.window()
	if p.idle || p.forest == nil {
		return newScale(from, to, nil)
	}
	return newScale(from, to, p.forest.Gaps)
}

func (p *Pane) empty(t *theme.Theme) []string {
	switch {
	case p.lines == nil:
		return frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Reading the log" + t.More})
	case p.progress() != "" && !p.found.failed:
		return frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Searching the records" + t.More}, frame.Part{Style: t.Dim, Text: "esc stops it."})
	case !p.view.Query.IsZero():
		return frame.Message(p.width, p.height-1, frame.Part{Style: t.Bright, Text: "No step matches the filter."}, frame.Part{Style: t.Dim, Text: "esc clears it."})
	case p.view.Failed:
		return frame.Message(p.width, p.height-1, frame.Part{Style: t.Good, Text: t.Done + " Nothing failed."}, frame.Part{Style: t.Dim, Text: "! shows everything again."})
	}
	return frame.Message(p.width, p.height-1, frame.Part{Style: t.Bright, Text: "No step yet."}, frame.Part{Style: t.Dim, Text: "It appears here as soon as it is written."})
}

// drawing is one pass over the visible rows.
type drawing struct {
	p        *Pane
	t        *theme.Theme
	s        shape
	now      eventlog.Stamp
	from, to eventlog.Stamp
	live     bool
	scale    scale
	names    *eventlog.Symbols
	loc      *time.Location
	id       eventlog.SpanID // of the row in hand
	dash     int             // column of the time cursor, or -1
	dashAt   eventlog.Stamp
	palette  palette
}

// line is what a row is drawn from.
type line struct {
	id          eventlog.SpanID
	before      eventlog.SpanID // in the row above, or zero
	depth       int
	rails       uint64
	final, shut bool
	stuck       bool // it stands for one further up
}

func (p *Pane) line(i int) line {
	l := line{id: p.lines.Spans[i], depth: int(p.lines.Depth[i]), rails: p.lines.Rails[i], final: p.lines.Last[i], shut: p.lines.Shut[i]}
	if i > 0 {
		l.before = p.lines.Spans[i-1]
	}
	return l
}

// sticky returns what the first rows are part of: it stays in sight in their
// place. It never takes more rows than lie above the cursor.
func (d *drawing) sticky(top int) []line {
	p := d.p
	const most = 2
	if top == 0 || p.lines.View.Flat || p.list.Height() < 8 {
		return nil
	}
	for n := min(most, p.lines.Len()-top-1); n > 0; n-- {
		path := p.forest.Path(p.lines.Spans[top+n]) // of the first row that is left
		above := path[:len(path)-1]
		if len(above) < n {
			continue
		}
		out := make([]line, n)
		for i := range out {
			depth := len(above) - n + i
			if out[i] = p.line(top + i); out[i].id != above[depth] {
				out[i] = line{id: above[depth], depth: min(depth, 60), stuck: true}
			}
		}
		return out
	}
	return nil
}

func (d *drawing) row(of line, selected, active bool) string {
	p, t := d.p, d.t
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	id := of.id
	d.id = id
	span := p.then(p.lines.Snap.Span(id))
	l := frame.NewLine(p.width, back)
	switch {
	case p.marks.spans[id]:
		l.Put(t.Human, t.Pin)
	case selected:
		l.Put(t.Title, t.Cursor)
	}
	l.To(1)
	end := 1 + d.s.name
	d.name(l, &of, &span, selected, end)
	l.To(end)
	if d.s.model > 0 {
		model := ""
		if span.Kind == eventlog.SpanModel {
			model = d.names.Name(span.Model)
		}
		l.Space(1).Cell(t.Dim, model, d.s.model-1)
	}
	if d.s.cost > 0 {
		text, style := d.cost(id, &span, selected)
		l.Right(style, text, d.s.cost)
	}
	if d.s.took > 0 {
		l.Right(t.Dim, d.took(of.before, &span), d.s.took)
	}
	l.To(d.s.tree)
	if d.s.bars > 0 {
		l.Put(t.Faint, t.Wall).Space(1)
		d.bar(l, &span, selected)
	}
	return l.String()
}

func (d *drawing) name(l *frame.Line, of *line, span *eventlog.Span, selected bool, end int) {
	p, t := d.p, d.t
	id, shut := of.id, of.shut
	if of.stuck {
		l.Space(2*max(0, of.depth-1)).Put(t.Faint, t.More).Space(1)
	} else {
		l.Guides(t, of.rails, of.depth, of.final, !p.lines.View.Flat && p.forest.HasChildren(id), shut)
	}
	failed := span.Flags.Has(eventlog.SpanFailed)
	words, _ := p.labels.get(id)
	note := d.note(id, span, shut, failed, words.fail)
	if room := (end - l.Used()) / 2; frame.Width(note.Text) > room {
		switch {
		case shut && p.forest.Bad[id] > 0:
			note.Text = t.Failed + figure.Count(int64(p.forest.Bad[id]))
		case failed && room < 9:
			note.Text = t.Failed
		case failed:
			note.Text = frame.Short(note.Text, room)
		default:
			note.Text = ""
		}
	}
	noteWidth := frame.Width(note.Text)
	stop := end
	if noteWidth > 0 {
		stop = end - noteWidth - 1
	}
	style := t.Span(span)
	if span.Kind == eventlog.SpanRun || span.Kind == eventlog.SpanSession || selected {
		style = style.Bold()
	}
	if p.lines.Hit(id) {
		style += ";4"
	}
	head, figures, text := d.words(id, span, words.text)
	head = frame.Clean(head, stop-l.Used())
	l.Cell(style, head, min(frame.Width(head), stop-l.Used()))
	rest := t.Dim
	if selected {
		rest = t.Text
	}
	for _, part := range [...]frame.Part{{Style: rest, Text: figures}, {Style: rest, Text: text}} {
		if part.Text != "" && stop-l.Used() > 3 {
			l.Space(2)
			part.Text = frame.Clean(part.Text, stop-l.Used())
			l.Cell(part.Style, part.Text, min(frame.Width(part.Text), stop-l.Used()))
		}
	}
	if noteWidth > 0 {
		l.To(end-noteWidth).Put(note.Style, note.Text)
	}
}

// note says what must not be missed of a row.
func (d *drawing) note(id eventlog.SpanID, span *eventlog.Span, shut, failed bool, why string) frame.Part {
	t, f := d.t, d.p.forest
	switch {
	case shut && f.Bad[id] > 0:
		return frame.Part{Style: t.BadBold, Text: fmt.Sprintf("%s below %s%s", figure.Count(int64(f.Below[id])), t.Failed, figure.Count(int64(f.Bad[id])))}
	case shut:
		return frame.Part{Style: t.Dim, Text: figure.Count(int64(f.Below[id])) + " below"}
	case failed:
		text := frame.Short(clause(why), 28)
		if text == "" {
			return frame.Part{Style: t.BadBold, Text: t.Failed}
		}
		return frame.Part{Style: t.BadBold, Text: t.Failed + " " + text}
	case span.Flags.Has(eventlog.SpanOrphan):
		return frame.Part{Style: t.Warn, Text: "parent missing"}
	case span.Flags.Has(eventlog.SpanCut), span.Flags.Has(eventlog.SpanOpen) && !d.live && span.Kind != eventlog.SpanSession && !span.Flags.Has(eventlog.SpanWaiting):
		return frame.Part{Style: t.Dim, Text: "no end"}
	case span.Flags.Has(eventlog.SpanWaiting|eventlog.SpanOpen) && d.live:
		return frame.Part{Style: t.Human, Text: "waiting"}
	case d.p.notes[id] != "":
		return frame.Part{Style: t.Human, Text: frame.Short(d.p.notes[id], 24)}
	}
	return frame.Part{}
}

// clause returns the first clause of why a call failed where it names the
// failure, as "exit 1" and "TimeoutError" do. It may as well name the program
// ("cat"), or say no more than that something failed ("API Error").
func clause(why string) string {
	head, _, ok := strings.Cut(why, ": ")
	if !ok || len(head) > 20 || head == "Error" {
		return why
	}
	if strings.ContainsAny(head, "0123456789") || !strings.Contains(head, " ") && strings.HasSuffix(head, "Error") {
		return head
	}
	return why
}

// words returns what a row is called, its figures, and what it is about.
func (d *drawing) words(id eventlog.SpanID, span *eventlog.Span, text string) (head, figures, about string) {
	switch span.Kind {
	case eventlog.SpanSession:
		if s := d.p.sessionOf(span.Session); s != nil {
			return s.Label(), "", ""
		}
		return cmp.Or(d.names.Name(span.Agent), "session"), "", d.names.Name(span.Session)
	case eventlog.SpanRun:
		return cmp.Or(d.names.Name(span.Agent), "run"), "", text
	case eventlog.SpanModel:
		if span.Bill > 0 {
			u := d.p.lines.Snap.Bills.At(int(span.Bill) - 1).Usage
			figures = figure.Count(u.Context()) + d.t.Glyphs.To + figure.Count(u.Output)
			if u.CacheRead > 0 {
				figures += " hit " + figure.Percent(float64(u.CacheRead), float64(u.Context()))
			}
		}
		return "model", figures, text
	case eventlog.SpanTool:
		return cmp.Or(d.names.Name(span.Tool), "tool"), "", text
	}
	switch span.Event {
	case eventlog.Message, eventlog.Decision, eventlog.LogLine:
		if text != "" {
			return span.Event.String(), "", text
		}
	case eventlog.HILDecision:
		return "person", "", text
	case eventlog.Custom:
		return cmp.Or(d.names.Name(d.p.lines.Snap.Rows.At(int(span.First)).Type), "event"), "", text
	}
	return span.Event.String(), "", text
}

func (d *drawing) cost(id eventlog.SpanID, span *eventlog.Span, selected bool) (string, theme.Style) {
	f, t := d.p.forest, d.t
	tally := f.Tally[id]
	if d.p.replay.on && span.Flags.Has(eventlog.SpanOpen) {
		return "", t.Dim // it is not known yet
	}
	if tally == 0 {
		return "", t.Dim
	}
	if tally&forest.HasCost == 0 {
		return t.Rule, t.Dim // the why pane says in words that there is no price
	}
	text := figure.Money(f.Cost[id])
	if tally&forest.HasEstimate != 0 {
		text = "~" + text
	}
	if tally&(forest.HasUnpriced|forest.HasAtLeast) != 0 {
		text += "+"
	}
	if span.Kind == eventlog.SpanRun || span.Kind == eventlog.SpanSession || selected {
		return text, t.Bright
	}
	return text, t.Text
}

func (d *drawing) took(before eventlog.SpanID, span *eventlog.Span) string {
	if !span.Start.Known() {
		return ""
	}
	switch d.p.mode {
	case SinceStart:
		return "+" + figure.Clock(span.Start.Sub(d.p.forest.Start))
	case WallClock:
		return span.Start.Time().In(d.loc).Format("15:04")
	case Gap:
		if before == 0 {
			return ""
		}
		return figure.Clock(span.Start.Sub(d.p.lines.Snap.Span(before).Start))
	}
	if span.Kind == eventlog.SpanEvent && span.Start == span.End {
		return ""
	}
	now := span.End
	if d.live {
		now = d.now
	}
	return figure.Duration(span.Duration(now))
}
