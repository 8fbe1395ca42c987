// Package cost is the table of what calls came to, by agent, model, session,
// tool or day, each by itself and with everything below it, with what was
// recorded, what was estimated and what has no price kept apart. Beside it
// stands what was cut before anything was added up.
package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// By is what the table is grouped by.
type By int

// The groupings.
const (
	Agent By = iota
	Model
	Session
	Tool
	Day
	bys
)

var byNames = [bys]string{"agent", "model", "session", "tool", "day"}

// String returns the name of the grouping.
func (b By) String() string { return byNames[b] }

// Pane is the table.
type Pane struct {
	width, height int
	by            By
	list          list.List
	report        *rollup.Report
	catalog       *eventlog.Catalog
	groups        []rollup.Group
	top           float64 // what the longest bar shows
	prices        string  // what estimates are made with
}

// New returns the table, of estimates that are made with these prices.
func New(prices string) Pane { return Pane{prices: prices} }

// auditHeight is the rows that the audit takes, with its title.
const auditHeight = 9

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) {
	p.width, p.height = width, height
	p.list.Resize(p.tableHeight() - 2)
}

func (p *Pane) tableHeight() int {
	if p.height >= auditHeight+8 {
		return p.height - auditHeight
	}
	return p.height
}

// Show takes a new report.
func (p *Pane) Show(r *rollup.Report, c *eventlog.Catalog) {
	p.report, p.catalog = r, c
	p.regroup()
}

func (p *Pane) regroup() {
	if p.report == nil {
		return
	}
	switch p.by {
	case Agent:
		p.groups = p.report.Agents
	case Model:
		p.groups = p.report.Models
	case Session:
		p.groups = p.report.Sessions
	case Tool:
		p.groups = p.report.Tools
	case Day:
		p.groups = slices.Clone(p.report.Days)
		slices.Reverse(p.groups)
	}
	p.groups = slices.DeleteFunc(slices.Clone(p.groups), func(g rollup.Group) bool {
		return g.Inclusive.Calls == 0 && g.Inclusive.ToolCalls == 0 && g.Inclusive.Errors == 0
	})
	p.list.SetLen(len(p.groups))
	p.top = 0
	for i := range p.groups {
		p.top = max(p.top, weight(p.by, &p.groups[i]))
	}
}

// By returns what the table is grouped by.
func (p *Pane) By() By { return p.by }

// Selected returns the key of the selected group.
func (p *Pane) Selected() (string, bool) {
	if i := p.list.Cursor(); i >= 0 && i < len(p.groups) {
		return p.groups[i].Key, true
	}
	return "", false
}

// Do moves the cursor or regroups. It reports whether the action was one for
// the table.
func (p *Pane) Do(a keymap.Action, n int) bool {
	switch a {
	case keymap.Group, keymap.FoldOpen:
		p.by = (p.by + 1) % bys
		p.regroup()
		p.list.To(0)
	case keymap.GroupPrev, keymap.FoldShut:
		p.by = (p.by + bys - 1) % bys
		p.regroup()
		p.list.To(0)
	default:
		if !p.list.Do(a, n) {
			return false
		}
	}
	return true
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) { p.list.Scroll(d) }

// Click selects the row at y, which counts from the title, or the grouping whose
// name was hit in it.
func (p *Pane) Click(x, y int) {
	if y == 0 {
		at := p.width - 2
		for b := bys - 1; b >= 0; b-- {
			at -= len(byNames[b])
			if x >= at && x < at+len(byNames[b]) {
				p.by = b
				p.regroup()
				p.list.To(0)
				return
			}
			at -= 2
		}
	}
	if i := p.list.Top() + y - 2; y >= 2 && i < len(p.groups) {
		p.list.To(i)
	}
}

// column is one column of the table.
type column struct {
	head  string
	width int
	rank  int // the lower, the longer it stays
	text  func(*theme.Theme, *rollup.Group) (string, theme.Style)
}

func (p *Pane) columns() []column {
	amount := func(m eventlog.Money, s theme.Style, t *theme.Theme) (string, theme.Style) {
		if m == 0 {
			return t.Dot, t.Dim
		}
		return figure.Money(m), s
	}
	count := func(n int64, t *theme.Theme) (string, theme.Style) {
		if n == 0 {
			return t.Dot, t.Dim
		}
		return figure.Count(n), t.Text
	}
	all := []column{
		{"OWN", 8, 4, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) { return cost(t, g.Own) }},
		{"INCL", 8, 0, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			text, s := cost(t, g.Inclusive)
			if s == t.Text {
				s = t.Bright
			}
			return text, s
		}},
		{"RECORDED", 9, 5, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			return amount(g.Inclusive.Recorded, t.Money, t)
		}},
		{"ESTIM.", 8, 6, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			return amount(g.Inclusive.Estimated, t.Human, t)
		}},
		{"UNPRICED", 8, 7, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			text, s := count(g.Inclusive.Unpriced, t)
			if g.Inclusive.Unpriced > 0 {
				s = t.Warn
			}
			return text, s
		}},
		{"IN", 7, 2, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			return count(g.Inclusive.Usage.Context(), t)
		}},
		{"OUT", 7, 8, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			return count(g.Inclusive.Usage.Output, t)
		}},
		{"HIT", 5, 9, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			if g.Inclusive.Usage.Context() == 0 {
				return t.Dot, t.Dim
			}
			return figure.Percent(float64(g.Inclusive.Usage.CacheRead), float64(g.Inclusive.Usage.Context())), t.Text
		}},
		{"CALLS", 6, 3, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) { return count(g.Inclusive.Calls, t) }},
		{"TOOLS", 6, 10, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) { return count(g.Inclusive.ToolCalls, t) }},
		{"ERR", 6, 1, func(t *theme.Theme, g *rollup.Group) (string, theme.Style) {
			n := max(g.Inclusive.Errors, g.Inclusive.ToolErrors)
			if n == 0 {
				return "", t.Dim
			}
			return t.Failed + figure.Count(n), t.BadBold
		}},
	}
	if p.by == Tool {
		// Tool calls have no price of their own.
		all = []column{all[9], all[10]}
	}
	name := max(14, p.width/4)
	for len(all) > 1 {
		sum, worst := 2+name, 0
		for i, c := range all {
			sum += c.width + 1
			if c.rank > all[worst].rank {
				worst = i
			}
		}
		if sum <= p.width {
			break
		}
		all = slices.Delete(all, worst, worst+1)
	}
	return all
}

func cost(t *theme.Theme, s rollup.Sum) (string, theme.Style) {
	text := figure.Cost(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
	if text == "" {
		return t.Dot, t.Dim
	}
	return text, t.Text
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	var right []frame.Part
	for i, name := range byNames {
		style := t.Dim
		if By(i) == p.by {
			style = t.Title
		}
		if i > 0 {
			name = "  " + name
		}
		right = append(right, frame.Part{Style: style, Text: name})
	}
	rows := []string{frame.Title(t, p.width, number, "Cost by "+p.by.String(), active, right...)}
	switch {
	case p.report == nil:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Adding up" + t.More})...), p.width, p.height)
	case len(p.groups) == 0:
		rows = append(rows, frame.Message(p.width, p.tableHeight()-1, frame.Part{Style: t.Bright, Text: "Nothing to add up by " + p.by.String() + "."}, frame.Part{Style: t.Dim, Text: "b groups by something else."})...)
	default:
		rows = p.table(t, rows, active)
	}
	rows = frame.Fill(rows, p.width, p.tableHeight())
	if p.tableHeight() < p.height {
		rows = append(rows, p.audit(t)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) table(t *theme.Theme, rows []string, active bool) []string {
	columns := p.columns()
	sum := 2
	for _, c := range columns {
		sum += c.width + 1
	}
	name := max(10, min(40, p.width-sum))
	bar := p.width - sum - name - 2
	if bar < 6 {
		name, bar = p.width-sum, 0
	}
	l := frame.NewLine(p.width, "").Space(2).Cell(t.Dim, strings.ToUpper(p.by.String()), name)
	for _, c := range columns {
		l.Space(1).Right(t.Dim, c.head, c.width)
	}
	rows = append(rows, l.String())
	from, to := p.list.Visible()
	for i := from; i < min(to, len(p.groups)); i++ {
		rows = append(rows, p.row(t, columns, &p.groups[i], i == p.list.Cursor(), active, name, bar, p.top))
	}
	return rows
}

// weight is what the bar of a group shows.
func weight(by By, g *rollup.Group) float64 {
	if by == Tool {
		return float64(g.Inclusive.ToolCalls)
	}
	return float64(g.Inclusive.Cost())
}

func (p *Pane) row(t *theme.Theme, columns []column, g *rollup.Group, selected, active bool, name, bar int, top float64) string {
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	l := frame.NewLine(p.width, back)
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	key := g.Key
	if p.by == Session {
		if s, ok := p.catalog.Session(g.Key); ok {
			key = s.Label()
		}
	}
	style := map[By]theme.Style{Agent: t.Agent, Model: t.Model, Tool: t.Tool}[p.by]
	l.To(2).Cell(cmp.Or(style, t.Text), key, name)
	for _, c := range columns {
		text, s := c.text(t, g)
		l.Space(1).Right(s, text, c.width)
	}
	if bar > 0 && top > 0 {
		l.Space(2)
		if p.by == Tool {
			l.Meter(t, t.Tool, weight(p.by, g)/top, bar)
		} else {
			share := weight(p.by, g) / top
			recorded, estimated := float64(g.Inclusive.Recorded), float64(g.Inclusive.Estimated)
			if width := int(share*float64(bar) + 0.5); recorded+estimated > 0 {
				l.Split(t, []theme.Style{t.Money, t.Human}, []float64{recorded, estimated}, max(1, width))
			}
		}
	}
	return l.String()
}

// audit says why the total is right: what was read and what was cut.
func (p *Pane) audit(t *theme.Theme) []string {
	a := p.catalog.Audit
	total := p.report.Total
	left := p.width
	days := p.report.Days
	chart := 0
	if p.width >= 90 && len(days) > 1 {
		chart = min(p.width/2, max(30, len(days)*3+12))
		left = p.width - chart - 1
	}
	remark := "counts are of all logs"
	if p.prices != "" {
		remark = p.prices + " " + t.Dot + " of all logs"
	}
	rows := []string{frame.Title(t, left, 0, "Why this is right", false, frame.Part{Style: t.Dim, Text: remark})}
	line := func(n int64, style theme.Style, text string) {
		rows = append(rows, frame.NewLine(left, "").Space(1).Right(style, figure.Whole(n), 12).Space(2).Put(t.Dim, text).String())
	}
	rows = append(rows, frame.NewLine(left, "").Space(1).Right(t.Bright, "$"+figure.Money(total.Cost()), 12).Space(2).
		Put(t.Money, "recorded $"+figure.Money(total.Recorded)).Put(t.Dim, "  ").Put(t.Human, "estimated $"+figure.Money(total.Estimated)).
		Put(t.Dim, fmt.Sprintf("  %s calls without a price", figure.Whole(total.Unpriced))).String())
	line(a.Records, t.Text, fmt.Sprintf("records read, of which %s could not be", figure.Whole(a.Unreadable)))
	line(a.CallRecords, t.Text, "told of a model call")
	line(-(a.SameResponse + a.SameRequest + a.SameRecord), t.Text, fmt.Sprintf("told of one again: %s by response, %s by request, %s by record id", figure.Whole(a.SameResponse), figure.Whole(a.SameRequest), figure.Whole(a.SameRecord)))
	line(-a.Copies, t.Text, "stand in another session as well: forks and resumes")
	line(a.Calls, t.Bright, "calls, each counted once")
	line(a.AtLeast, t.Text, "of them counted at least: their log lacks the final count")
	line(a.ShadowEvents, t.Text, "events that a better log holds as well, not counted")
	rows = frame.Fill(rows, left, auditHeight)
	if chart == 0 {
		return rows
	}
	return frame.Beside(t, rows, p.chart(t, days, chart))
}

// chart draws a bar for each of the last days, as tall as the audit.
func (p *Pane) chart(t *theme.Theme, days []rollup.Group, width int) []string {
	rows := []string{frame.Title(t, width, 0, "Per day, UTC", false)}
	days = days[max(0, len(days)-(width-11)/3):]
	top := eventlog.Money(1)
	for i := range days {
		top = max(top, days[i].Own.Cost())
	}
	height := auditHeight - 2
	for y := height; y > 0; y-- {
		l := frame.NewLine(width, "").Space(1)
		label := ""
		if y == height {
			label = "$" + figure.Money(top)
		}
		l.Right(t.Dim, label, 7).Space(1)
		for i := range days {
			eighths := int(float64(days[i].Own.Cost()) / float64(top) * float64(height*8))
			l.Put(t.Money, t.Blocks[max(0, min(8, eighths-(y-1)*8))]).Put(t.Money, t.Blocks[max(0, min(8, eighths-(y-1)*8))]).Space(1)
		}
		rows = append(rows, l.String())
	}
	l := frame.NewLine(width, "").Space(9)
	for i := range days {
		text := days[i].Key
		if len(text) == len("2006-01-02") {
			text = text[8:]
		}
		l.Cell(t.Dim, text, 2).Space(1)
	}
	return append(rows, l.String())
}
