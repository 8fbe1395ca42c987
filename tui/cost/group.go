package cost

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/menu"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// By is what the table is grouped by: a grouping of ours, or a key of metadata.
type By struct{ name, key string }

// The groupings that are more than a text to whoever drills down.
var (
	Session = By{name: "session"}
	Day     = By{name: "day"}
	tools   = By{name: "tool"}
)

// Meta returns the grouping by a key of metadata.
func Meta(key string) By { return By{"meta", key} }

// String returns the name of the grouping, which is that of its field in a query.
func (b By) String() string {
	if b.name == "meta" {
		return "meta." + b.key
	}
	return b.name
}

// Key returns the key of metadata that the grouping is by.
func (b By) Key() (string, bool) { return b.key, b.name == "meta" }

// groupings are those that there always are, with the letter that chooses each.
var groupings = []struct {
	by     By
	letter string
	of     func(*rollup.Report) []rollup.Group
	style  func(*theme.Theme) theme.Style
}{
	{By{name: "agent"}, "a", func(r *rollup.Report) []rollup.Group { return r.Agents }, func(t *theme.Theme) theme.Style { return t.Agent }},
	{By{name: "model"}, "m", func(r *rollup.Report) []rollup.Group { return r.Models }, func(t *theme.Theme) theme.Style { return t.Model }},
	{Session, "s", func(r *rollup.Report) []rollup.Group { return r.Sessions }, func(t *theme.Theme) theme.Style { return t.Text }},
	{tools, "t", func(r *rollup.Report) []rollup.Group { return r.Tools }, func(t *theme.Theme) theme.Style { return t.Tool }},
	{Day, "d", func(r *rollup.Report) []rollup.Group {
		days := slices.Clone(r.Days)
		slices.Reverse(days)
		return days
	}, func(t *theme.Theme) theme.Style { return t.Text }},
	{By{name: "branch"}, "b", func(r *rollup.Report) []rollup.Group { return r.Branches }, func(t *theme.Theme) theme.Style { return t.Text }},
}

// row is a line of the table.
type row struct {
	rollup.Group
	label string
	none  bool // it is of those that say nothing
}

// By returns what the table is grouped by.
func (p *Pane) By() By { return p.by }

// Selected returns the key of the selected group.
func (p *Pane) Selected() (string, bool) {
	if r := p.table.Selected(); r != nil {
		return r.Key, true
	}
	return "", false
}

// all are the groupings that there are now.
func (p *Pane) all() []By {
	var list []By
	for i := range groupings {
		list = append(list, groupings[i].by)
	}
	if p.report != nil {
		for i := range p.report.Metadata {
			list = append(list, Meta(p.report.Metadata[i].Key))
		}
	}
	return list
}

// beside returns the grouping so many further on.
func (p *Pane) beside(d int) By {
	all := p.all()
	n := len(all)
	return all[((max(0, slices.Index(all, p.by))+d)%n+n)%n]
}

// group goes on to the next grouping, or asks for one where metadata makes more of
// them than people want to go through.
func (p *Pane) group() tea.Cmd {
	if p.report == nil || len(p.report.Metadata) == 0 {
		p.regroupBy(p.beside(1))
		return nil
	}
	var items []menu.Item
	add := func(group, letter, text, note string, by By) {
		items = append(items, menu.Item{Group: group, Key: letter, Text: text, Note: note, Do: func() tea.Cmd {
			p.regroupBy(by)
			return nil
		}})
	}
	for i := range groupings {
		add("by", groupings[i].letter, groupings[i].by.String(), "", groupings[i].by)
	}
	for i := range p.report.Metadata {
		k, letter := &p.report.Metadata[i], ""
		if i < 9 {
			letter = strconv.Itoa(i + 1)
		}
		add("metadata", letter, k.Key, figure.Plural(int64(len(k.Groups)), "group"), Meta(k.Key))
	}
	return ask.Do(ask.Choice{Menu: menu.New("Group by", menu.ByLetter, items)})
}

// regroupBy shows another grouping.
func (p *Pane) regroupBy(by By) {
	p.by = by
	p.rebuild()
}

// rebuild makes the table anew: its columns depend on the grouping and the width.
func (p *Pane) rebuild() {
	key := ""
	if r := p.table.Selected(); r != nil && p.built.by == p.by {
		key = r.Key
	}
	p.built.by, p.built.width = p.by, p.ledger.w
	p.table = table.Table[row]{Key: func(r *row) string { return r.Key }, Columns: p.columns()}
	p.table.Resize(p.ledger.w, max(0, p.ledger.h-1))
	p.regroup()
	if key != "" {
		p.table.Find(func(r *row) bool { return r.Key == key })
	}
}

// regroup fills the table.
func (p *Pane) regroup() {
	if p.report == nil {
		return
	}
	var groups []rollup.Group
	if key, meta := p.by.Key(); meta {
		groups = p.report.ByMeta(key)
	}
	for i := range groupings {
		if groupings[i].by == p.by {
			groups = groupings[i].of(p.report)
		}
	}
	rows := make([]row, 0, len(groups))
	for i := range groups {
		g := &groups[i]
		if g.Inclusive.Calls == 0 && g.Inclusive.ToolCalls == 0 && g.Inclusive.Errors == 0 {
			continue
		}
		r := row{Group: *g, label: g.Key}
		if p.by == Session {
			if s, ok := p.catalog.Session(g.Key); ok {
				r.label = s.Label()
			}
		} else if r.none = strings.TrimSpace(g.Key) == ""; r.none {
			r.label = "(none)"
		}
		rows = append(rows, r)
	}
	p.top = 0
	for i := range rows {
		p.top = max(p.top, p.weight(&rows[i].Group))
	}
	p.table.Set(rows)
}

// weight is what the bar of a group shows.
func (p *Pane) weight(g *rollup.Group) float64 {
	if p.by == tools {
		return float64(g.Inclusive.ToolCalls)
	}
	return float64(g.Inclusive.Cost())
}

// columns are those of the grouping in force.
func (p *Pane) columns() []table.Column[row] {
	amount := func(t *theme.Theme, m eventlog.Money, s theme.Style) (string, theme.Style) {
		if m == 0 {
			return t.Dot, t.Dim
		}
		return figure.Money(m), s
	}
	count := func(t *theme.Theme, n int64, s theme.Style) (string, theme.Style) {
		if n == 0 {
			return t.Dot, t.Dim
		}
		return figure.Count(n), s
	}
	by := func(value func(*rollup.Group) int64) func(a, b *row) int {
		return func(a, b *row) int { return cmp.Compare(value(&b.Group), value(&a.Group)) }
	}
	name := table.Column[row]{Head: strings.ToUpper(p.by.String()), Least: 14, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
		if r.none {
			return r.label, t.Dim
		}
		for i := range groupings {
			if groupings[i].by == p.by {
				return r.label, groupings[i].style(t)
			}
		}
		return r.label, t.Text
	}, Less: func(a, b *row) int { return strings.Compare(strings.ToLower(a.label), strings.ToLower(b.label)) }}
	calls := func(head string, width, rank int, value func(*rollup.Sum) int64) table.Column[row] {
		return table.Column[row]{Head: head, Width: width, Right: true, Rank: rank, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			return count(t, value(&r.Inclusive), t.Text)
		}, Less: by(func(g *rollup.Group) int64 { return value(&g.Inclusive) })}
	}
	errs := table.Column[row]{Head: "ERR", Width: 5, Right: true, Rank: 2, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
		if n := failures(&r.Inclusive); n > 0 {
			return t.Failed + figure.Count(n), t.BadBold
		}
		return "", t.Dim
	}, Less: by(func(g *rollup.Group) int64 { return failures(&g.Inclusive) })}
	toolCalls := calls("TOOLS", 6, 12, func(s *rollup.Sum) int64 { return s.ToolCalls })
	if p.by == tools {
		// Tool calls have no price of their own.
		toolCalls.Rank = 1
		return p.withBar([]table.Column[row]{name, toolCalls, errs})
	}
	return p.withBar([]table.Column[row]{
		name,
		{Head: "OWN", Width: 8, Right: true, Rank: 5, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return costOf(t, &r.Own) }, Less: by(func(g *rollup.Group) int64 { return int64(g.Own.Cost()) })},
		{Head: "INCL", Width: 8, Right: true, Rank: 0, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			text, s := costOf(t, &r.Inclusive)
			if s == t.Text {
				s = t.Bright
			}
			return text, s
		}, Less: by(func(g *rollup.Group) int64 { return int64(g.Inclusive.Cost()) })},
		{Head: "RECORDED", Width: 8, Right: true, Rank: 7, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return amount(t, r.Inclusive.Recorded, t.Money) }, Less: by(func(g *rollup.Group) int64 { return int64(g.Inclusive.Recorded) })},
		{Head: "ESTIM.", Width: 8, Right: true, Rank: 8, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return amount(t, r.Inclusive.Estimated, t.Human) }, Less: by(func(g *rollup.Group) int64 { return int64(g.Inclusive.Estimated) })},
		{Head: "UNPRICED", Width: 8, Right: true, Rank: 9, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return count(t, r.Inclusive.Unpriced, t.Warn) }, Less: by(func(g *rollup.Group) int64 { return g.Inclusive.Unpriced })},
		calls("IN", 6, 3, func(s *rollup.Sum) int64 { return s.Usage.Context() }),
		calls("OUT", 6, 10, func(s *rollup.Sum) int64 { return s.Usage.Output }),
		{Head: "HIT", Width: 4, Right: true, Rank: 11, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.Inclusive.Usage.Context() == 0 {
				return t.Dot, t.Dim
			}
			return figure.Percent(float64(r.Inclusive.Usage.CacheRead), float64(r.Inclusive.Usage.Context())), t.Text
		}, Less: func(a, b *row) int { return cmp.Compare(b.Inclusive.Usage.HitRate(), a.Inclusive.Usage.HitRate()) }},
		calls("CALLS", 5, 4, func(s *rollup.Sum) int64 { return s.Calls }),
		toolCalls,
		errs,
	})
}

func failures(s *rollup.Sum) int64 { return max(s.Errors, s.ToolErrors) }

// withBar adds a bar, as wide as the names leave room for.
func (p *Pane) withBar(columns []table.Column[row]) []table.Column[row] {
	const name, least, most = 32, 10, 40
	room := p.ledger.w - 2 - name
	for i := 1; i < len(columns); i++ {
		room -= columns[i].Width + 2
	}
	width := min(most, max(least, room-2))
	return append(columns, table.Column[row]{Width: width, Rank: 6, Paint: func(l *frame.Line, t *theme.Theme, r *row) {
		if p.top == 0 {
			return
		}
		share := p.weight(&r.Group) / p.top
		if p.by == tools {
			l.Meter(t, t.Tool, share, width)
			return
		}
		if recorded, estimated := float64(r.Inclusive.Recorded), float64(r.Inclusive.Estimated); recorded+estimated > 0 {
			l.Split(t, []theme.Style{t.Money, t.Human}, []float64{recorded, estimated}, max(1, int(share*float64(width)+0.5)))
		}
	}})
}

// costOf spells what is known of a cost.
func costOf(t *theme.Theme, s *rollup.Sum) (string, theme.Style) {
	text := figure.Cost(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
	switch text {
	case "":
		return t.Dot, t.Dim
	case "no price":
		return text, t.Warn
	}
	return text, t.Text
}

// names are the groupings as the title of the table has them: those that there
// always are, and the one by metadata that is in force.
func (p *Pane) names() []By {
	list := p.all()[:len(groupings)]
	if _, meta := p.by.Key(); meta {
		list = append(list, p.by)
	}
	return list
}

// nameOf is how a grouping is called in the title, where keys may be long.
func nameOf(b By) string { return frame.Short(b.String(), 18) }

// clickTitle goes to the grouping whose name was hit.
func (p *Pane) clickTitle(x int) {
	at := p.ledger.w - 2
	names := p.names()
	for i := len(names) - 1; i >= 0; i-- {
		n := frame.Width(nameOf(names[i]))
		if at -= n; x >= at && x < at+n {
			p.regroupBy(names[i])
			return
		}
		at -= 2
	}
}

// drawTable draws the table with its title.
func (p *Pane) drawTable(t *theme.Theme, number int, active bool) []string {
	var right []frame.Part
	for i, by := range p.names() {
		style, name := t.Dim, nameOf(by)
		if by == p.by {
			style = t.Title
		}
		if i > 0 {
			name = "  " + name
		}
		right = append(right, frame.Part{Style: style, Text: name})
	}
	title := "Cost by " + nameOf(p.by)
	if order := p.table.Order(); order != "" && p.ledger.w >= 100 {
		title += ", " + frame.Clean(order, 40)
	}
	rows := []string{frame.Title(t, p.ledger.w, number, title, active, right...)}
	w, h := p.ledger.w, p.ledger.h
	switch {
	case p.report == nil:
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Text, Text: "Adding up" + t.More})...), w, h)
	case p.table.Len() == 0:
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Bright, Text: "Nothing to add up by " + nameOf(p.by) + "."}, frame.Part{Style: t.Dim, Text: "b groups by something else."})...), w, h)
	}
	return frame.Fill(append(rows, p.table.Draw(t, active)...), w, h)
}
