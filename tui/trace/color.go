package trace

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Color is what the colour of a bar tells.
type Color int

// The colours.
const (
	ByKind Color = iota
	ByModel
	ByAgent
	ByCost
	colors
)

var colorNames = [colors]string{"kind", "model", "agent", "cost"}

// palette gives names colours in the order in which they are met among the
// lines that can be seen, so that those next to each other differ.
type palette struct {
	t     *theme.Theme
	names []eventlog.Sym
}

func (c *palette) of(name eventlog.Sym) theme.Style {
	if name == 0 {
		return c.t.Dim
	}
	for i, n := range c.names {
		if n == name {
			return c.t.Series[i%len(c.t.Series)]
		}
	}
	c.names = append(c.names, name)
	return c.t.Series[(len(c.names)-1)%len(c.t.Series)]
}

// tint is the colour of a span's bar.
func (d *drawing) tint(id eventlog.SpanID, span *eventlog.Span) theme.Style {
	switch d.p.color {
	case ByModel:
		return d.palette.of(span.Model)
	case ByAgent:
		return d.palette.of(d.agent(id, span))
	case ByCost:
		return d.heat(id)
	}
	return d.t.Span(span)
}

// agent is that of the span, or of what it is part of.
func (d *drawing) agent(id eventlog.SpanID, span *eventlog.Span) eventlog.Sym {
	name := span.Agent
	for up := d.p.forest.Parent(id); name == 0 && up != 0; up = d.p.forest.Parent(up) {
		name = d.p.lines.Snap.Span(up).Agent
	}
	return name
}

// heat is the colour of a cost: a tenth of a cent, a cent, ten, a dollar.
func (d *drawing) heat(id eventlog.SpanID) theme.Style {
	cost, level := d.p.forest.Cost[id], 0
	for _, least := range heatSteps {
		if cost >= least {
			level++
		}
	}
	return d.t.Heat[level]
}

var heatSteps = [...]eventlog.Money{eventlog.Dollar / 1000, eventlog.Dollar / 100, eventlog.Dollar / 10, eventlog.Dollar}

// colorLegend says which colour is what, where that is not the kind.
func (d *drawing) colorLegend(l *frame.Line) {
	bar := d.t.Glyphs.Bar
	put := func(style theme.Style, name string) {
		if l.Used()+frame.Width(name)+5 <= d.s.tree {
			l.Put(style, bar).Space(1).Foreign(d.t.Dim, name).Space(2)
		}
	}
	if d.p.color == ByCost {
		for i, least := range heatSteps {
			put(d.t.Heat[i], "< $"+figure.Money(least))
		}
		put(d.t.Heat[len(heatSteps)], "more")
		return
	}
	for i, name := range d.palette.names {
		put(d.t.Series[i%len(d.t.Series)], frame.Short(d.names.Name(name), 20))
	}
}
