package variants

import (
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// columns are the measures. What is ahead of the others has a sign beside its
// colour.
func columns() []table.Column[line] {
	amount := func(m eventlog.Money, style func(*theme.Theme) theme.Style, sign string) func(*theme.Theme) (string, theme.Style) {
		return func(t *theme.Theme) (string, theme.Style) {
			if m == 0 {
				return t.Dot, t.Dim
			}
			return sign + figure.Money(m), style(t)
		}
	}
	money := func(t *theme.Theme) theme.Style { return t.Text }
	return []table.Column[line]{
		{Head: "VARIANT", Least: 16, Cell: func(t *theme.Theme, l *line) (string, theme.Style) { return label(l.variant), t.Text }},
		{Head: "N", Width: 5, Right: true, Rank: 0, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			style := t.Text
			if l.variant.Few {
				style = t.Warn
			}
			return figure.Count(l.variant.Sessions), style
		}},
		{Head: "SUCCESS", Width: 19, Rank: 1, Paint: func(f *frame.Line, t *theme.Theme, l *line) {
			text, share, ok := bySuccess.show(l.variant)
			if !ok {
				f.Right(t.Dim, t.Dot, f.Room()-2)
				return
			}
			f.Thin(t, lead(t, l, bySuccess, t.Model), share, 11).Space(1)
			put(f, t, l, bySuccess, text)
		}},
		{Head: "SCORE  ", Width: 8, Right: true, Rank: 3, Paint: func(f *frame.Line, t *theme.Theme, l *line) { cell(f, t, l, byScore) }},
		{Head: "$ EACH  ", Width: 10, Right: true, Rank: 2, Paint: func(f *frame.Line, t *theme.Theme, l *line) { cell(f, t, l, byCost) }},
		{Head: "RECORDED", Width: 8, Right: true, Rank: 7, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			return amount(l.variant.Sum.Recorded, money, "")(t)
		}},
		{Head: "ESTIM.", Width: 8, Right: true, Rank: 8, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			return amount(l.variant.Sum.Estimated, money, "~")(t)
		}},
		{Head: "UNPRICED", Width: 8, Right: true, Rank: 9, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			if l.variant.Sum.Unpriced == 0 {
				return t.Dot, t.Dim
			}
			return figure.Count(l.variant.Sum.Unpriced), t.Warn
		}},
		{Head: "P50  ", Width: 8, Right: true, Rank: 4, Paint: func(f *frame.Line, t *theme.Theme, l *line) { cell(f, t, l, byTime) }},
		{Head: "ERR EACH  ", Width: 10, Right: true, Rank: 6, Paint: func(f *frame.Line, t *theme.Theme, l *line) { cell(f, t, l, byErrors) }},
		{Head: "ERR", Width: 5, Right: true, Rank: 5, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			if l.variant.Sum.Errors == 0 {
				return t.Dot, t.Dim
			}
			return t.Failed + figure.Count(l.variant.Sum.Errors), t.BadBold
		}},
	}
}

func lead(t *theme.Theme, l *line, m measure, other theme.Style) theme.Style {
	if l.ahead[m] {
		return t.Good.Bold()
	}
	return other
}

// cell puts a figure into a column of its own.
func cell(f *frame.Line, t *theme.Theme, l *line, m measure) {
	text, _, ok := m.show(l.variant)
	if !ok {
		f.Right(t.Dim, t.Dot, f.Room()-2)
		return
	}
	put(f, t, l, m, text)
}

func put(f *frame.Line, t *theme.Theme, l *line, m measure, text string) {
	f.Right(lead(t, l, m, t.Text), text, f.Room()-2)
	if l.ahead[m] {
		f.Put(t.Good.Bold(), " "+t.Done)
	}
}

// band draws what is said of an experiment as a whole.
func band(f *frame.Line, t *theme.Theme, l *line) {
	switch l.kind {
	case ofName:
		var n int64
		for i := range l.of.Variants {
			n += l.of.Variants[i].Sessions
		}
		tail := fmt.Sprintf("  %s, %s", figure.Plural(int64(len(l.of.Variants)), "variant"), figure.Plural(n, "session"))
		f.Space(1).Cell(t.Bright, l.of.Name, min(frame.Width(frame.Short(l.of.Name, f.Room())), max(8, f.Room()-len(tail))))
		f.Put(t.Dim, tail)
	case ofDoubt:
		f.Space(2).Put(t.Warn, "! ").Foreign(t.Warn, l.text)
	case ofResult:
		f.Space(2).Put(t.Good, t.Done+" ").Foreign(t.Text, l.text)
	}
}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	var right []frame.Part
	if p.told != nil && len(p.told.all) > 0 {
		text := figure.Plural(int64(len(p.told.all)), "experiment") + ", " + figure.Plural(p.told.sessions, "session") + "  by " + measureNames[p.by]
		if p.reverse {
			text += ", reversed"
		}
		right = append(right, frame.Part{Style: t.Dim, Text: text})
	}
	rows := []string{frame.Title(t, p.width, number, "Experiments", active, right...)}
	if p.told == nil || len(p.told.all) == 0 {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, p.nothing(t)...)...), p.width, p.height)
	}
	rows = append(rows, p.table.Draw(t, active)...)
	if l := p.table.Selected(); l != nil && p.below() > 0 {
		rows = append(rows, p.picture(t, l)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// nothing says why there are no rows, and how to come by some.
func (p *Pane) nothing(t *theme.Theme) []frame.Part {
	switch {
	case p.halted:
		return []frame.Part{{Style: t.Bright, Text: "Called off."}, {Style: t.Dim, Text: "enter adds the experiments up after all."}}
	case p.told == nil:
		return []frame.Part{{Style: t.Text, Text: "Adding up the experiments" + t.More}, {Style: t.Dim, Text: "esc calls it off."}}
	}
	return []frame.Part{
		{Style: t.Bright, Text: "No session that is shown names an experiment."},
		{Text: " "},
		{Style: t.Text, Text: "Tell which experiment and variant a command is, and they are compared here:"},
		{Style: t.Key, Text: "lazytrace run --experiment prompt --variant short -- COMMAND"},
		{Text: " "},
		{Style: t.Dim, Text: "p shows a longer period, / changes the filter."},
	}
}

// shown are the measures of the picture.
var shown = [...]measure{bySuccess, byScore, byCost, byTime, byErrors}

var pictureHeads = map[measure]string{bySuccess: "succeeded", byScore: "score", byCost: "cost of a session", byTime: "time, half of them", byErrors: "errors of a session"}

// across is how many measures stand beside each other in the picture.
func (p *Pane) across() int { return min(5, max(1, p.width/36)) }

// picture draws the variants of the selected experiment side by side, a bar each.
func (p *Pane) picture(t *theme.Theme, l *line) []string {
	e, height := l.of, p.below()
	ahead := [measures]*rollup.Variant{}
	for m := range measures {
		ahead[m] = m.best(e)
	}
	rows := []string{frame.Title(t, p.width, 0, e.Name, false, frame.Part{Style: t.Dim, Text: "side by side"})}
	all, across := shown[:], p.across()
	width := p.width / across
	for from := 0; from < len(all) && len(rows) < height; from += across {
		var blocks [][]string
		for _, m := range all[from:min(len(all), from+across)] {
			blocks = append(blocks, block(t, e, m, ahead[m], l.variant, width))
		}
		for y := range blocks[0] {
			f := frame.NewLine(p.width, "")
			for _, b := range blocks {
				f.Join(frame.Fixed(b[y], width))
			}
			rows = append(rows, f.String())
		}
	}
	return frame.Fill(rows, p.width, height)
}

// block is the bars of one measure.
func block(t *theme.Theme, e *rollup.Experiment, m measure, ahead, selected *rollup.Variant, width int) []string {
	rows := []string{frame.NewLine(width, "").Space(2).Put(t.Dim, pictureHeads[m]).String()}
	top := 0.0
	if m == bySuccess {
		top = 1
	}
	for i := range e.Variants {
		_, amount, _ := m.show(&e.Variants[i])
		top = max(top, amount)
	}
	name := min(14, max(6, width/3))
	for i := range e.Variants {
		v := &e.Variants[i]
		text, amount, ok := m.show(v)
		style := t.Dim
		if v == selected {
			style = t.Bright
		}
		f := frame.NewLine(width, "").Space(2).Cell(style, label(v), name).Space(1)
		if !ok {
			rows = append(rows, f.Put(t.Dim, "not told").String())
			continue
		}
		bar, mark := t.Model, "  "
		if v == ahead {
			bar, mark = t.Good, " "+t.Done
		}
		share := 0.0
		if top > 0 {
			share = amount / top
		}
		f.Thin(t, bar, share, max(0, width-name-15)).Space(1)
		f.Right(map[bool]theme.Style{true: t.Good.Bold(), false: t.Text}[v == ahead], text, 8).Put(t.Good.Bold(), mark)
		rows = append(rows, f.String())
	}
	return append(rows, frame.Fit("", "", width))
}
