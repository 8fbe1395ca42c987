package cost

import (
	"fmt"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// date is how days are spelled.
const date = "2006-01-02"

// mostDays is how many days are kept: more than any screen has columns for.
const mostDays = 120

// day is one day, or many on which nothing was called.
type day struct {
	rollup.Group
	gap bool
}

// longGap is how many days without a call are drawn as one gap.
const longGap = 8

// lastDays lists days up to today or, where that is long ago, to the last one on
// which something was called. Those on which nothing was are listed as well, unless
// they are many.
func lastDays(days []rollup.Group, today string) []day {
	if len(days) == 0 {
		return nil
	}
	now, err := time.Parse(date, today)
	last, wrong := time.Parse(date, days[len(days)-1].Key)
	const near = 31 * 24 * time.Hour
	if err == nil && wrong == nil && now.After(last) && now.Sub(last) < near {
		days = append(days[:len(days):len(days)], rollup.Group{Key: today})
	}
	var out []day
	for i := len(days) - 1; i >= 0 && len(out) < mostDays; i-- {
		at, err := time.Parse(date, days[i].Key)
		if err != nil {
			continue
		}
		if len(out) > 0 {
			next, _ := time.Parse(date, out[len(out)-1].Key)
			if n := int(next.Sub(at).Hours()/24) - 1; n >= longGap {
				out = append(out, day{gap: true})
			} else {
				for n := range max(0, n) {
					out = append(out, day{Group: rollup.Group{Key: next.AddDate(0, 0, -1-n).Format(date)}})
				}
			}
		}
		out = append(out, day{Group: days[i]})
	}
	slices.Reverse(out)
	return out
}

// pace is what a day costs of late.
type pace struct {
	days int // over so many before today; zero is nothing to go by
	sum  rollup.Sum
	only bool // there is today alone
}

// week is how many days a pace is of.
const week = 7

// paceOf adds up the days of the week before today, from the first on that is known;
// where today is the first, it stands for a day, of which more may come.
func paceOf(days []rollup.Group, today string) (p pace) {
	now, err := time.Parse(date, today)
	if err != nil || len(days) == 0 {
		return p
	}
	var ofToday rollup.Sum
	for i := range days {
		at, err := time.Parse(date, days[i].Key)
		if err != nil || at.After(now) {
			continue
		}
		switch ago := int(now.Sub(at).Hours() / 24); {
		case ago == 0:
			ofToday = days[i].Own
		case ago <= week:
			p.sum.Add(days[i].Own)
			p.days = max(p.days, ago)
		default:
			p.days = week
		}
	}
	if p.days == 0 && ofToday.Calls > 0 {
		p.days, p.sum, p.only = 1, ofToday, true
	}
	return p
}

// text says the pace in a few words, and what it is of.
func (p pace) text() (figureText, basis string) {
	s := &p.sum
	if p.days == 0 || s.Calls == 0 {
		return "", ""
	}
	const month = 30
	each := func(m eventlog.Money, times int) eventlog.Money {
		return m / eventlog.Money(p.days) * eventlog.Money(times)
	}
	figureText = figure.Dollars(each(s.Recorded, month), each(s.Estimated, month), s.Calls, s.Unpriced, s.AtLeast)
	basis = fmt.Sprintf("the %d days before today", p.days)
	switch {
	case p.only:
		basis = "today alone"
	case p.days == 1:
		basis = "yesterday alone"
	}
	return figureText, basis
}

const (
	dayGutter = 9 // cells of the scale, with the blank behind it
	dayLeast  = 3 // cells that a day takes at least
	dayMost   = 9
	whole     = 7 // cells from which on the name of the month fits
)

// drawDays draws a bar for each of the last days.
func (p *Pane) drawDays(t *theme.Theme, w, h int) []string {
	layers := []frame.Layer{{Style: t.Money, Shade: t.Shades[2]}, {Style: t.Human, Shade: t.Shades[1]}}
	right := []frame.Part{{Style: t.Money, Text: t.Shades[2]}, {Style: t.Dim, Text: " recorded  "}, {Style: t.Human, Text: t.Shades[1]}, {Style: t.Dim, Text: " estimated"}}
	if p.options.Day > 0 && p.options.Days {
		right = append(right, frame.Part{Style: t.Warn, Text: "  " + t.Wait}, frame.Part{Style: t.Dim, Text: " budget"})
	}
	rows := []string{frame.Title(t, w, 0, "Per day, UTC", false, right...)}
	if len(p.days) == 0 {
		text := "No call tells when it was made."
		if p.report == nil || p.today == "" {
			text = "Adding up" + t.More
		}
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Dim, Text: text})...), w, h)
	}
	room := max(0, w-dayGutter-1)
	n := max(1, min(len(p.days), room/dayLeast))
	days := p.days[len(p.days)-n:]
	if days[0].gap && n > 1 {
		days = days[1:]
	}
	each := min(dayMost, max(dayLeast, room/n))
	note := p.dayNote(t, w, days)
	months := 0
	if each < whole && h >= 10 {
		months = 1
	}
	area := max(1, h-2-len(note)-months)
	top := eventlog.Money(1)
	for i := range days {
		top = max(top, days[i].Own.Cost())
	}
	budget := eventlog.Money(0)
	if p.options.Days {
		budget = p.options.Day
	}
	if budget > 0 && budget < 4*top {
		top = max(top, budget)
	}
	line := -1 // the row of the budget, from the lowest
	if budget > 0 && budget <= top {
		line = min(area-1, max(0, (frame.Eighths(float64(budget), float64(top), area)-1)/8))
	}
	for y := area - 1; y >= 0; y-- {
		rows = append(rows, p.dayRow(t, w, days, each, layers, y, area, top, line, budget))
	}
	rows = append(rows, p.dayNames(t, w, days, each))
	if months > 0 {
		rows = append(rows, p.monthNames(t, w, days, each))
	}
	return frame.Fill(append(rows, note...), w, h)
}

// dayRow draws one row of the bars, counted from the lowest.
func (p *Pane) dayRow(t *theme.Theme, w int, days []day, each int, layers []frame.Layer, y, area int, top eventlog.Money, line int, budget eventlog.Money) string {
	l := frame.NewLine(w, "")
	switch {
	case y == line:
		l.Right(t.Warn, "$"+figure.Money(budget), dayGutter-1)
	case y == area-1:
		l.Right(t.Dim, "$"+figure.Money(top), dayGutter-1)
	case y == 0:
		l.Right(t.Dim, "$0", dayGutter-1)
	case area >= 7 && y == (area-1)/2 && line != y:
		l.Right(t.Dim, "$"+figure.Money(top*eventlog.Money(y+1)/eventlog.Money(area)), dayGutter-1)
	}
	l.To(dayGutter)
	for i := range days {
		s := &days[i].Own
		tops := []int{frame.Eighths(float64(s.Recorded), float64(top), area), frame.Eighths(float64(s.Cost()), float64(top), area)}
		glyph, style := frame.Pile(t, layers, tops, y)
		gap := 1
		for x := range each {
			switch {
			case days[i].gap && x == 0:
				l.Put(t.Faint, t.Dash)
			case x < each-gap && glyph != "":
				l.Put(style, glyph)
			case y == line:
				l.Put(t.Warn, t.Wait)
			case y == 0 && x == 0 && s.Calls > 0 && s.Unpriced == s.Calls:
				l.Put(t.Warn, t.Unknown) // nobody knows what it cost
			default:
				l.Space(1)
			}
		}
	}
	return l.String()
}

// dayNames is the row below the bars.
func (p *Pane) dayNames(t *theme.Theme, w int, days []day, each int) string {
	l := frame.NewLine(w, "").To(dayGutter)
	for i := range days {
		at, err := time.Parse(date, days[i].Key)
		text := at.Format("02")
		if each >= whole {
			text = at.Format("Jan 2")
		}
		if err != nil {
			text = ""
		}
		style := t.Dim
		if days[i].Key == p.today {
			style = t.Bright
		}
		l.Cell(style, text, each-1).Space(1)
	}
	return l.String()
}

// monthNames is the row below the days: each month where it begins.
func (p *Pane) monthNames(t *theme.Theme, w int, days []day, each int) string {
	l := frame.NewLine(w, "")
	month := ""
	for i := range days {
		at, err := time.Parse(date, days[i].Key)
		if text := at.Format("Jan"); err == nil && text != month {
			if x := dayGutter + i*each; l.Used() == 0 || l.Used() < x {
				l.To(x).Put(t.Dim, text)
			}
			month = text
		}
	}
	return l.String()
}

// dayNote says which days those are, what they came to, and at what pace it goes.
func (p *Pane) dayNote(t *theme.Theme, w int, days []day) []string {
	var sum rollup.Sum
	for i := range days {
		sum.Add(days[i].Own)
	}
	l := frame.NewLine(w, "").Space(1).Put(t.Bright, figure.Dollars(sum.Recorded, sum.Estimated, sum.Calls, sum.Unpriced, sum.AtLeast))
	first, last := days[0].Key, days[len(days)-1].Key
	span := first
	if first != last {
		span += " to " + last
	}
	l.Space(1).Put(t.Dim, span)
	if sum.Unpriced > 0 {
		l.Space(2).Put(t.Warn, figure.Count(sum.Unpriced)).Put(t.Dim, " calls unpriced")
	}
	rows := []string{l.String()}
	if text, basis := p.pace.text(); text != "" && p.options.Days {
		rows = append(rows, frame.NewLine(w, "").Space(1).Put(t.Dim, "at this pace ").Put(t.Bright, text).Put(t.Dim, " a month ("+basis+")").String())
	}
	return rows
}
