package growth

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/window"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

func (p *Pane) runColumns() []table.Column[run] {
	return []table.Column[run]{
		{Head: "RUN", Least: 14, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			return strings.Repeat("  ", min(r.Depth, 8)) + r.name, t.Agent
		}, Less: func(a, b *run) int { return cmp.Compare(a.name, b.name) }},
		{Head: "GROWTH", Width: sparks, Rank: 1, Paint: func(l *frame.Line, t *theme.Theme, r *run) {
			top, _ := r.scale()
			l.Spark(t, t.Model, r.spark, float64(top))
		}},
		{Head: "LARGEST", Width: 7, Right: true, Rank: 2, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			return figure.Count(r.Turns[r.Largest].Context()), t.Text
		}, Less: func(a, b *run) int { return cmp.Compare(b.Turns[b.Largest].Context(), a.Turns[a.Largest].Context()) }},
		{Head: "OF LIMIT", Width: 10, Right: true, Rank: 4, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			largest := float64(r.Turns[r.Largest].Context())
			style := t.Dim
			if largest > 0.75*float64(r.Limit.Tokens) {
				style = t.Warn
			}
			return figure.Percent(largest, float64(r.Limit.Tokens)) + " " + limitText(r.Limit), style
		}, Less: func(a, b *run) int {
			return cmp.Compare(float64(b.Turns[b.Largest].Context())/float64(max(1, b.Limit.Tokens)), float64(a.Turns[a.Largest].Context())/float64(max(1, a.Limit.Tokens)))
		}},
		{Head: "COMPACT", Width: 7, Right: true, Rank: 5, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			if len(r.Compactions) == 0 {
				return "", t.Dim
			}
			return t.Pin + " " + figure.Count(int64(len(r.Compactions))), t.Warn
		}, Less: func(a, b *run) int { return cmp.Compare(len(b.Compactions), len(a.Compactions)) }},
		{Head: "TURNS", Width: 5, Right: true, Rank: 6, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			return figure.Count(int64(len(r.Turns))), t.Text
		}, Less: func(a, b *run) int { return cmp.Compare(len(b.Turns), len(a.Turns)) }},
		{Head: "READING", Width: 8, Right: true, Rank: 3, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			return partCost(t, r.read, int64(len(r.Turns)), r.unpriced)
		}, Less: func(a, b *run) int { return cmp.Compare(b.read, a.read) }},
		{Head: "OF COST", Width: 8, Right: true, Rank: 7, Cell: func(t *theme.Theme, r *run) (string, theme.Style) {
			return figure.Cost(r.cost-r.guessed, r.guessed, int64(len(r.Turns)), r.unpriced, 0), t.Dim
		}, Less: func(a, b *run) int { return cmp.Compare(b.cost, a.cost) }},
	}
}

// partCost spells a part of a cost, which is always an estimate: no log tells it.
func partCost(t *theme.Theme, m eventlog.Money, calls, unpriced int64) (string, theme.Style) {
	switch {
	case calls == 0:
		return t.Dot, t.Dim
	case calls == unpriced:
		return "no price", t.Warn
	case unpriced > 0:
		return "~" + figure.Money(m) + "+", t.Bright
	case m == 0:
		return t.Dot, t.Dim
	}
	return "~" + figure.Money(m), t.Bright
}

// kindNames are what blocks are called.
var kindNames = map[window.Kind]string{
	window.Result: "tool result", window.User: "prompt", window.System: "system", window.Answer: "answer", window.Summary: "summary", window.Untold: "untold",
}

func kindStyle(t *theme.Theme, k window.Kind) theme.Style {
	switch k {
	case window.Result:
		return t.Tool
	case window.User:
		return t.Human
	case window.Answer:
		return t.Model
	case window.Summary:
		return t.Warn
	case window.System:
		return t.Agent
	}
	return t.Dim
}

func (p *Pane) blockColumns(many bool) []table.Column[block] {
	all := []table.Column[block]{
		{Head: "CARRYING", Width: 8, Right: true, Rank: 0, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return partCost(t, b.Cost, b.Calls, b.Unpriced)
		}, Less: func(a, b *block) int { return cmp.Compare(b.Cost, a.Cost) }},
		{Head: "", Width: 8, Rank: 8, Paint: func(l *frame.Line, t *theme.Theme, b *block) {
			share := float64(b.Cost) / float64(max(1, p.found.dearest))
			if p.found.dearest == 0 {
				share = float64(b.Carried) / float64(max(1, p.found.most))
			}
			l.Meter(t, kindStyle(t, b.Kind), share, 8)
		}},
		{Head: "TOKENS", Width: 6, Right: true, Rank: 1, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return "~" + figure.Count(b.Tokens), t.Text
		}, Less: func(a, b *block) int { return cmp.Compare(b.Tokens, a.Tokens) }},
		{Head: "READS", Width: 5, Right: true, Rank: 2, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return t.Times + figure.Count(b.Calls), t.Text
		}, Less: func(a, b *block) int { return cmp.Compare(b.Calls, a.Calls) }},
		{Head: "CARRIED", Width: 7, Right: true, Rank: 4, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return "~" + figure.Count(b.Carried), t.Text
		}, Less: func(a, b *block) int { return cmp.Compare(b.Carried, a.Carried) }},
		{Head: "BYTES", Width: 7, Right: true, Rank: 7, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			if b.Bytes == 0 {
				return t.Dot, t.Dim
			}
			return figure.Bytes(b.Bytes), t.Dim
		}, Less: func(a, b *block) int { return cmp.Compare(b.Bytes, a.Bytes) }},
		{Head: "FROM", Width: 6, Right: true, Rank: 5, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			if b.Turn < 0 {
				return t.Dot, t.Dim
			}
			return number(b.Turn), t.Dim
		}, Less: func(a, b *block) int { return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Turn, b.Turn)) }},
		{Head: "KIND", Width: 11, Rank: 3, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return kindNames[b.Kind], kindStyle(t, b.Kind)
		}, Less: func(a, b *block) int { return cmp.Compare(a.Kind, b.Kind) }},
		{Head: "BLOCK", Least: 20, Cell: func(t *theme.Theme, b *block) (string, theme.Style) {
			return strings.TrimSpace(b.Tool + " " + b.Label), t.Text
		}},
	}
	if many {
		all = append(all, table.Column[block]{Head: "RUN", Width: 15, Rank: 6, Cell: func(t *theme.Theme, b *block) (string, theme.Style) { return b.name, t.Agent }})
	}
	return all
}

func (p *Pane) compactionColumns(many bool) []table.Column[compaction] {
	turns := func(c *compaction) *run { return &p.found.runs[c.run] }
	all := []table.Column[compaction]{
		{Head: "AT", Width: 5, Right: true, Rank: 0, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
			if c.At >= len(turns(c).Turns) {
				return "end", t.Text
			}
			return number(c.At), t.Text
		}, Less: func(a, b *compaction) int { return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.At, b.At)) }},
		{Head: "BEFORE", Width: 6, Right: true, Rank: 1, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
			return figure.Count(c.Before), t.Bright
		}, Less: func(a, b *compaction) int { return cmp.Compare(b.Before, a.Before) }},
		{Head: "AFTER", Width: 6, Rank: 1, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
			if c.After == 0 {
				return t.To + "none", t.Dim
			}
			return t.To + figure.Count(c.After), t.Bright
		}, Less: func(a, b *compaction) int { return cmp.Compare(a.After, b.After) }},
		{Head: "SUMMARY", Width: 8, Right: true, Rank: 2, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
			switch {
			case !c.Known:
				return "not told", t.Dim
			case c.Source == eventlog.Unpriced:
				return "no price", t.Warn
			case c.Source == eventlog.Estimated:
				return "~" + figure.Money(c.Cost), t.Bright
			}
			return figure.Money(c.Cost), t.Bright
		}, Less: func(a, b *compaction) int { return cmp.Compare(b.Cost, a.Cost) }},
		{Head: "BY", Width: 8, Rank: 3, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
			if c.Inferred {
				return "inferred", t.Dim
			}
			return "recorded", t.Text
		}},
	}
	when := table.Column[compaction]{Head: "WHEN", Least: 8, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) {
		if !c.Time.Known() {
			return t.Dot, t.Dim
		}
		return c.Time.Time().In(p.options.Zone).Format("15:04:05"), t.Dim
	}}
	if !many {
		return append(all, when)
	}
	when.Width, when.Least, when.Rank = 8, 0, 5
	return append(all, when, table.Column[compaction]{Head: "RUN", Least: 10, Cell: func(t *theme.Theme, c *compaction) (string, theme.Style) { return c.name, t.Agent }})
}

// mix says what was carried, by kind.
func (p *Pane) mix(t *theme.Theme, width int) string {
	l := frame.NewLine(width, "").Space(2)
	var values []float64
	var styles []theme.Style
	sum := 0.0
	kinds := p.found.report.Kinds
	for i := range kinds {
		v := float64(kinds[i].Cost)
		if p.found.report.Total.Cost == 0 {
			v = float64(kinds[i].Carried)
		}
		values, styles, sum = append(values, v), append(styles, kindStyle(t, kinds[i].Kind)), sum+v
	}
	if sum == 0 {
		return l.Put(t.Dim, "no call read anything again").String()
	}
	l.Split(t, styles, values, max(8, width/5)).Space(2)
	for _, i := range byValue(values) {
		text := kindNames[kinds[i].Kind] + " " + figure.Percent(values[i], sum)
		if values[i] > 0 && l.Room() > frame.Width(text)+4 {
			l.Put(styles[i], t.Bar).Space(1).Put(t.Dim, kindNames[kinds[i].Kind]).Space(1).Put(t.Text, figure.Percent(values[i], sum)).Space(2)
		}
	}
	return l.String()
}

// byValue returns the indices of values, the largest first.
func byValue(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	for i := range order { // there are six
		for k := i; k > 0 && values[order[k]] > values[order[k-1]]; k-- {
			order[k], order[k-1] = order[k-1], order[k]
		}
	}
	return order
}

// carried says what carrying all blocks cost.
func (p *Pane) carried() string {
	r := p.found.report
	var guessed eventlog.Money
	for i := range p.found.runs {
		guessed += p.found.runs[i].guessed
	}
	if r.Unpriced == r.Calls {
		return "no prices"
	}
	return fmt.Sprintf("~$%s of %s", figure.Money(r.Total.Cost), figure.Dollars(r.Cost-guessed, guessed, r.Calls, r.Unpriced, 0))
}
