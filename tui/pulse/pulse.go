// Package pulse is the histogram of the home screen: how many model calls, tool
// calls, dollars and errors there were in each stretch of time.
package pulse

import (
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the histogram.
type Pane struct {
	width, height int
	brush         brush
}

const (
	left  = 9 // cells for the names
	right = 9 // and for the top of the scale
)

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) { p.width, p.height = width, height }

// Columns returns how many columns of time there is room for.
func (p *Pane) Columns() int { return max(0, p.width-left-right) }

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool, u overview.Pulse) []string {
	rows := []string{frame.Title(t, p.width, number, "Events per "+stretch(u.Bucket), active, p.remark(t, u))}
	if !u.Any {
		rows = append(rows, frame.Fit(t.Dim, "  nothing happened in this time", p.width))
		return frame.Fill(rows, p.width, p.height)
	}
	type series struct {
		name   string
		style  theme.Style
		values []float64
		top    func(float64) string
	}
	count := func(f float64) string { return figure.Count(int64(f)) }
	all := []series{{"model", t.Model, u.Model, count}, {"tool", t.Tool, u.Tool, count}, {"error", t.Bad, u.Errors, count},
		{"cost", t.Money, u.Cost, func(f float64) string { return "$" + figure.Money(eventlog.Money(f*1e9)) }}}
	if p.height < 6 {
		all = all[:max(1, p.height-2)]
	}
	for _, s := range all {
		l := frame.NewLine(p.width, "").Space(1).Cell(t.Dim, s.name, left-1)
		if len(s.values) == p.Columns() && len(s.values) > 0 {
			top := slices.Max(s.values)
			l.Spark(t, s.style, s.values, top).Space(1)
			if top > 0 {
				l.Put(t.Dim, s.top(top))
			}
		}
		rows = append(rows, l.String())
	}
	if p.brush.on {
		return frame.Fill(append(rows, p.selected(t)), p.width, p.height)
	}
	return frame.Fill(append(rows, p.axis(t, u)), p.width, p.height)
}

// remark says how the histogram is used, or what is selected of it.
func (p *Pane) remark(t *theme.Theme, u overview.Pulse) frame.Part {
	from, to, ok := p.Brushed(u)
	if !ok {
		return frame.Part{Style: t.Dim, Text: "z Z finer, coarser " + t.Dot + " v selects " + t.Dot + " highest at the right"}
	}
	layout := "15:04"
	if to.Sub(from) >= 24*time.Hour || u.Bucket >= 24*time.Hour {
		layout = "Jan _2 15:04"
	}
	return frame.Part{Style: t.Human, Text: from.Format(layout) + " to " + to.Format(layout) + "  " + figure.Clock(to.Sub(from))}
}

// selected is the row in the place of the axis that shows what is selected.
func (p *Pane) selected(t *theme.Theme) string {
	from, to := p.ends()
	l := frame.NewLine(p.width, "").To(left + from)
	return l.Put(t.Human, strings.Repeat(t.Bar, to-from+1)).String()
}

// axis says the time at some columns, each at the beginning of its column.
func (p *Pane) axis(t *theme.Theme, u overview.Pulse) string {
	l := frame.NewLine(p.width, "").To(left)
	layout, every := "15:04", 20
	switch {
	case u.Bucket >= 24*time.Hour:
		layout = "Jan _2"
	case u.Bucket >= time.Hour:
		layout, every = "Jan _2 15:04", 30
	}
	for c := 0; c < p.Columns(); c += every {
		if left+c+len(layout) > p.width-right-4 {
			break
		}
		l.To(left+c).Put(t.Dim, u.Start.Add(time.Duration(c)*u.Bucket).Format(layout))
	}
	return l.To(left+p.Columns()-3).Put(t.Text, "now").String()
}

func stretch(d time.Duration) string {
	switch {
	case d == 0 || d == time.Minute:
		return "minute"
	case d < time.Hour:
		return figure.Count(int64(d/time.Minute)) + " minutes"
	case d == time.Hour:
		return "hour"
	case d < 24*time.Hour:
		return figure.Count(int64(d/time.Hour)) + " hours"
	case d == 24*time.Hour:
		return "day"
	}
	return "week"
}
