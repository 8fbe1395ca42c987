package cost

import (
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// drawWhy says why the total is right: what was read and what was cut.
func (p *Pane) drawWhy(t *theme.Theme, w, h int) []string {
	remark := "counts are of all logs"
	if p.options.Prices != "" {
		remark = p.options.Prices + " " + t.Dot + " of all logs"
	}
	rows := []string{frame.Title(t, w, 0, "Why this is right", false, frame.Part{Style: t.Dim, Text: remark})}
	if p.report == nil {
		return frame.Fill(rows, w, h)
	}
	a, total := p.catalog.Audit, p.report.Total
	line := func(n int64, style theme.Style, text string) {
		rows = append(rows, frame.NewLine(w, "").Space(1).Right(style, figure.Whole(n), 12).Space(2).Put(t.Dim, text).String())
	}
	rows = append(rows, frame.NewLine(w, "").Space(1).Right(t.Bright, "$"+figure.Money(total.Cost()), 12).Space(2).
		Put(t.Money, "recorded $"+figure.Money(total.Recorded)).Put(t.Dim, "  ").Put(t.Human, "estimated $"+figure.Money(total.Estimated)).
		Put(t.Dim, fmt.Sprintf("  %s without a price", figure.Plural(total.Unpriced, "call"))).String())
	line(a.Records, t.Text, fmt.Sprintf("records read, of which %s could not be", figure.Whole(a.Unreadable)))
	line(a.CallRecords, t.Text, "told of a model call")
	line(-(a.SameResponse + a.SameRequest + a.SameRecord), t.Text, fmt.Sprintf("told of one again: %s by response, %s by request, %s by record id", figure.Whole(a.SameResponse), figure.Whole(a.SameRequest), figure.Whole(a.SameRecord)))
	line(-a.Copies, t.Text, "stand in another session as well: forks and resumes")
	line(a.Calls, t.Bright, "calls, each counted once")
	line(a.AtLeast, t.Text, "of them counted at least: their log lacks the final count")
	line(a.ShadowEvents, t.Text, "events that a better log holds as well, not counted")
	return frame.Fill(rows, w, h)
}

// budgetRows is the rows that the budget takes.
func (p *Pane) budgetRows() int {
	if p.options.Day == 0 && p.options.Each == 0 || p.height < 8 || !p.options.Days && p.options.Each == 0 {
		return 0
	}
	return 1
}

// budget says how much of what a person wants to spend is spent.
func (p *Pane) budget(t *theme.Theme) string {
	l := frame.NewLine(p.width, "").Space(1).Put(t.Dim, "budget").Space(2)
	meter := func(name string, spent, of float64, text, limit string) {
		style, share := t.Good, spent/of
		switch {
		case share > 1:
			style = t.BadBold
		case share > 0.8:
			style = t.Warn
		}
		l.Put(t.Dim, name).Space(1).Thin(t, style, share, max(4, min(12, p.width/10))).Space(1).Put(t.Bright, text).Put(t.Dim, " of "+limit).Space(1)
		if share > 1 {
			l.Put(t.BadBold, t.Failed+" "+figure.Percent(spent, of))
		} else {
			l.Put(t.Text, figure.Percent(spent, of))
		}
		l.Space(3)
	}
	if s := p.spent.One; s != nil {
		meter("this session", float64(s.Cost()), float64(p.options.Each), figure.Dollars(s.Recorded, s.Estimated, max(1, s.Calls), s.Unpriced, s.AtLeast), "$"+figure.Money(p.options.Each))
		return l.String()
	}
	if day := p.options.Day; day > 0 {
		s := &p.spent.Today
		text := "$0.00"
		if s.Calls > 0 {
			text = figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
		}
		meter("today", float64(s.Cost()), float64(day), text, "$"+figure.Money(day))
	}
	if each := p.options.Each; each > 0 {
		style := t.Good
		if p.spent.Over > 0 {
			style = t.BadBold
		}
		l.Put(style, figure.Whole(int64(p.spent.Over))).Put(t.Dim, fmt.Sprintf(" of %s over $%s", figure.Plural(int64(p.spent.Of), "session"), figure.Money(each)))
	}
	return l.String()
}
