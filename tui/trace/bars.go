package trace

import (
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// half returns the half cell of the waterfall that a moment falls into.
func (d *drawing) half(at eventlog.Stamp) float64 {
	return d.scale.place(at) * float64(2*d.s.bars)
}

func (d *drawing) column(at eventlog.Stamp) int {
	return max(0, min(d.s.bars-1, int(d.half(at)/2)))
}

// bar draws the time of a span. Cells have two halves, so that bars end where
// they do; no bar is shorter than a half, so that short steps can be seen.
func (d *drawing) bar(l *frame.Line, span *eventlog.Span, selected bool) {
	base := l.Used()
	end := base + d.s.bars
	if !span.Start.Known() {
		d.gap(l, base, end)
		return
	}
	stop, growing := span.End, false
	if span.Flags.Has(eventlog.SpanOpen) && d.live {
		stop, growing = max(stop, d.now), true
	}
	if stop < d.from || span.Start > d.to {
		d.gap(l, base, end)
		return
	}
	last := 2 * d.s.bars
	p := max(0, int(d.half(span.Start)))
	q := min(last, max(p+1, int(d.half(stop)+0.5)))
	p = min(p, last-1)
	q = max(q, p+1)
	style := d.tint(d.id, span)
	if span.Flags.Has(eventlog.SpanFailed) {
		style = d.t.Bad
	}
	if span.Kind == eventlog.SpanRun || span.Kind == eventlog.SpanSession || selected {
		style = style.Bold()
	}
	full, head, tail := d.t.Glyphs.Bar, d.t.BarHead, d.t.BarTail
	if path := d.p.lines.Path; path != nil {
		if path.On(d.id) {
			style = style.Bold()
		} else if !span.Flags.Has(eventlog.SpanFailed) {
			style, full, head, tail = d.t.Dim, d.t.Rule, d.t.Rule, d.t.Rule
		}
	}
	d.gap(l, base, base+p/2)
	var b strings.Builder
	cells, now := style, d.now
	flush := func(next theme.Style) {
		l.Put(cells, b.String())
		b.Reset()
		cells = next
	}
	for c := p / 2; c <= (q-1)/2; c++ {
		glyph := tail
		switch left, right := 2*c >= p, 2*c+1 < q; {
		case left && right:
			glyph = full
		case right:
			glyph = head
		}
		want := style
		if kind := d.waits(c, min(q, 2*c+2)-max(p, 2*c), now); kind != 0 && q-p > 2 {
			glyph, want = d.t.Wait, d.t.Human
			if kind == eventlog.PauseQueue {
				want = d.t.Dim
			}
		}
		if want != cells {
			flush(want)
		}
		b.WriteString(glyph)
	}
	flush(style)
	if growing && l.Used() < base+d.s.bars+1 && stop <= d.to {
		l.Put(style, d.t.Live)
	}
	d.gap(l, l.Used(), end)
}

// waits returns what the call of the row in hand waited for during most of the
// halves that its bar has in a column, if anything.
func (d *drawing) waits(column, halves int, now eventlog.Stamp) eventlog.PauseKind {
	for _, p := range d.p.forest.Waits[d.id] {
		if !d.live {
			now = 0
		}
		from, to := d.half(p.Start), d.half(p.Until(now))
		if min(to, float64(2*column+2))-max(from, float64(2*column)) >= float64(halves)/2 {
			return p.Kind
		}
	}
	return 0
}

// gap fills up to a column, with the time cursor where it passes.
func (d *drawing) gap(l *frame.Line, from, to int) {
	base := d.s.tree + 2
	if at := base + d.dash; d.dash >= 0 && at >= l.Used() && at < to {
		l.To(at).Put(d.t.Faint, d.t.Dash)
	}
	l.To(to)
}

// blank is a row below the last line, through which the time cursor passes.
func (d *drawing) blank() string {
	l := frame.NewLine(d.p.width, "").To(d.s.tree).Put(d.t.Faint, d.t.Wall).Space(1)
	d.gap(l, l.Used(), l.Used()+d.s.bars)
	return l.String()
}

// steps are the distances that ticks of the axis may have.
var steps = []time.Duration{
	time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// axis says the time since the start below the waterfall.
func (d *drawing) axis() string {
	l := frame.NewLine(d.p.width, "")
	switch path := d.p.lines.Path; {
	case path != nil:
		l.Space(1).Put(d.t.Bright, d.t.Glyphs.Bar).Space(1).Put(d.t.Text, "critical path ").
			Put(d.t.Bright, figure.Percent(path.Share, 1)).Put(d.t.Dim, " of the time, ").Put(d.t.Text, figure.Whole(int64(path.Steps))).Put(d.t.Dim, " "+figure.Noun(int64(path.Steps), "step"))
		d.whatIf(l)
	case d.p.color != ByKind:
		l.Space(1)
		d.colorLegend(l)
	case d.p.lines.View.Query.IsZero():
		l.Space(1)
		d.legend(l)
	default:
		l.Space(1).Put(d.t.Dim, figure.Whole(int64(d.p.lines.Hits))+" match")
	}
	l.To(d.s.tree).Put(d.t.Faint, d.t.Wall).Space(1)
	base, total := l.Used(), time.Duration(d.to-d.from)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if float64(s)/float64(total)*float64(d.s.bars) >= 11 {
			step = s
			break
		}
	}
	if len(d.scale.gaps) > 0 {
		return d.cutAxis(l, base)
	}
	start := d.from.Sub(d.p.forest.Start)
	first := start.Truncate(step)
	if first < start {
		first += step
	}
	for at := first; at <= start+total; at += step {
		c := base + int(float64(at-start)/float64(total)*float64(d.s.bars))
		text := figure.Clock(at)
		if step < time.Second {
			text = at.String()
		}
		if c < l.Used() {
			continue
		}
		if c+frame.Width(text) > d.p.width {
			break
		}
		style := d.t.Dim
		l.To(c).Put(style, text)
		if l.Room() > 1 {
			l.Space(1)
		}
	}
	return l.String()
}

// whatIf says what the whole would have come to without the selected step.
func (d *drawing) whatIf(l *frame.Line) {
	w := d.p.lines.WhatIf
	if w == nil || w.Saved <= 0 && w.Cost == d.p.forest.Cost[d.p.forest.Order()[0]] {
		l.Put(d.t.Dim, "  "+d.t.Rule+" beside it")
		return
	}
	text := figure.Clock(w.Wall)
	if w.Tally&forest.HasCost != 0 {
		text += ", $" + figure.Money(w.Cost)
	}
	l.Put(d.t.Warn, "  without it: "+text)
}

// cutAxis says the time at regular places, since the time between them is not
// regular, and marks where time was cut.
func (d *drawing) cutAxis(l *frame.Line, base int) string {
	for c := 0; c < d.s.bars-8; {
		l.To(base + c)
		at := d.scale.moment(float64(c) / float64(d.s.bars))
		text := figure.Clock(at.Sub(d.p.forest.Start))
		l.Put(d.t.Dim, text)
		next := c + max(12, frame.Width(text)+3)
		for _, g := range d.scale.gaps {
			if x := d.column(g.Start); x >= l.Used()-base && x < next {
				l.To(base+x).Put(d.t.Warn, "//")
				next = max(next, l.Used()-base+1)
			}
		}
		c = next
	}
	return l.String()
}

// legend says which colour is which kind, where there is room for it.
func (d *drawing) legend(l *frame.Line) {
	type entry struct {
		style       theme.Style
		glyph, name string
	}
	bar := d.t.Glyphs.Bar
	entries := []entry{{d.t.Agent, bar, "agent"}, {d.t.Model, bar, "model"}, {d.t.Tool, bar, "tool"}, {d.t.Human, bar, "person"}, {d.t.Bad, bar, "failed"}}
	if len(d.p.forest.Waits) > 0 { // where there is little room, what is rare is to be named first
		entries = []entry{{d.t.Model, bar, "model"}, {d.t.Tool, bar, "tool"}, {d.t.Human, d.t.Wait, "waits"}, {d.t.Human, bar, "person"}, {d.t.Agent, bar, "agent"}, {d.t.Bad, bar, "failed"}}
	}
	for _, k := range entries {
		if l.Used()+len(k.name)+3 > d.s.tree {
			return
		}
		l.Put(k.style, k.glyph).Space(1).Put(d.t.Dim, k.name)
		if l.Used()+2 < d.s.tree {
			l.Space(2)
		}
	}
}
