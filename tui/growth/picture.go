package growth

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/window"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

const (
	gutter  = 14 // cells of the scale, with the blank behind it
	widest  = 12 // cells that a turn takes at most
	parting = 3  // cells from which on turns are told apart by a blank
)

// plot is where the turns of a run stand in the picture: each takes the same part of
// the width, and several share a column where there are more turns than columns.
type plot struct {
	bars  []bar // as many as are drawn
	turns int
	kept  int // how many bars the run has
	width int // cells that all of them take
}

func (p *Pane) plot(r *run) plot {
	width := max(0, p.at[picture].w-gutter-1)
	l := plot{turns: len(r.Turns), kept: len(r.bars), width: min(width, len(r.bars)*widest)}
	l.bars = columns(r.bars, l.width)
	return l
}

// bar returns the columns that a bar takes.
func (l plot) bar(i int) (from, to int) {
	n := len(l.bars)
	return i * l.width / n, (i + 1) * l.width / n
}

// of returns the bar that a turn is in.
func (l plot) of(turn int) int {
	kept := turn
	if l.turns > l.kept {
		kept = ((turn+1)*l.kept - 1) / l.turns
	}
	if l.kept > len(l.bars) {
		return ((kept+1)*len(l.bars) - 1) / l.kept
	}
	return kept
}

// turnAt returns the first turn of the bar at a column of the part.
func (p *Pane) turnAt(x int) (int, bool) {
	l := p.plot(&p.found.runs[p.run])
	if x -= gutter; x < 0 || x >= l.width {
		return 0, false
	}
	bar := ((x+1)*len(l.bars) - 1) / l.width
	return bar * l.turns / len(l.bars), true
}

// scale is what the height of the picture stands for, and whether the limit of the
// window is its top.
func (r *run) scale() (top int64, limit bool) {
	largest := r.Turns[r.Largest].Context()
	if r.Limit.Tokens >= largest && r.Limit.Tokens/3 <= largest {
		return max(1, r.Limit.Tokens), true
	}
	return max(1, largest+largest/8), false
}

// lanes are the rows under the picture, each with a scale of its own, in the order
// in which they go when there is no room for them.
func lanes(height int) int { return min(3, max(0, (height-8)/2)) }

// drawPicture draws how the context of a run grew.
func (p *Pane) drawPicture(t *theme.Theme, number int, active bool) []string {
	at := p.at[picture]
	r := &p.found.runs[p.run]
	layers := frame.Layers(t, frame.Layer{Style: t.Fill, Shade: t.Shades[0]}, frame.Layer{Style: t.Human, Shade: t.Shades[2]}, frame.Layer{Style: t.Good, Shade: t.Shades[1]})
	rows := []string{frame.Title(t, at.w, number, "Context of "+r.name, active, p.legend(t, r, layers)...)}
	if at.h < 4 {
		return frame.Fill(append(rows, p.figures(t, r)), at.w, at.h)
	}
	l := p.plot(r)
	low := lanes(at.h)
	area := max(1, at.h-4-low)
	rows = append(rows, p.marks(t, r, l))
	rows = append(rows, p.area(t, r, l, layers, area)...)
	rows = append(rows, p.axis(t, r, l))
	names := []string{"cost", "new", "output"}
	dearest := "$" + figure.Money(r.dearest)
	if r.unpriced == int64(len(r.Turns)) {
		dearest = "no price"
	}
	tops := []string{dearest, figure.Count(r.fresh), figure.Count(r.output)}
	styles := []theme.Style{t.Text, t.Human, t.Good}
	for i := range low {
		rows = append(rows, p.lane(t, l, names[i]+" "+tops[i], styles[i], func(b *bar) float64 {
			return [...]float64{float64(b.cost) / float64(max(1, r.dearest)), float64(b.fresh) / float64(max(1, r.fresh)), float64(b.output) / float64(max(1, r.output))}[i]
		}))
	}
	return frame.Fill(append(rows, p.figures(t, r)), at.w, at.h)
}

// legend says what the colours are.
func (p *Pane) legend(t *theme.Theme, r *run, layers []frame.Layer) []frame.Part {
	var out []frame.Part
	narrow := p.at[picture].w < 100
	for i, name := range []string{"from cache", "new", "output"} {
		shade := layers[i].Shade
		if shade == "" {
			shade = t.Blocks[8]
		}
		out = append(out, frame.Part{Style: layers[i].Style, Text: shade}, frame.Part{Style: t.Dim, Text: " " + name + "  "})
	}
	if narrow {
		out[len(out)-1].Text = " output"
		return out
	}
	if len(r.Compactions) > 0 {
		out = append(out, frame.Part{Style: t.Warn, Text: t.Pin}, frame.Part{Style: t.Dim, Text: " compaction  "})
	}
	return append(out, frame.Part{Style: t.Warn, Text: t.Wait}, frame.Part{Style: t.Dim, Text: " limit " + limitText(r.Limit)})
}

// limitText spells a limit; a tilde marks a guess.
func limitText(l window.Limit) string {
	if l.Told {
		return figure.Count(l.Tokens)
	}
	return "~" + figure.Count(l.Tokens)
}

// cells is a row of the picture, cell by cell.
type cells struct {
	text  []string
	style []theme.Style
}

func newCells(width int) cells {
	return cells{make([]string, width), make([]theme.Style, width)}
}

func (c cells) put(x int, style theme.Style, text string) {
	for _, ch := range text {
		if x >= 0 && x < len(c.text) {
			c.text[x], c.style[x] = string(ch), style
		}
		x++
	}
}

// free reports whether nothing stands between two columns.
func (c cells) free(from, to int) bool {
	for x := from; x < to; x++ {
		if x < 0 || x >= len(c.text) || c.text[x] != "" {
			return false
		}
	}
	return true
}

// row draws the cells behind what stands in the gutter. mark is the columns with the
// background of what is selected.
func (c cells) row(t *theme.Theme, width int, label string, from, to int) string {
	l := frame.NewLine(width, "").Right(t.Dim, label, gutter-1).Space(1)
	for x := range c.text {
		text, style := c.text[x], c.style[x]
		if text == "" {
			text, style = " ", ""
		}
		if x >= from && x < to {
			if style == "" {
				style = t.Text
			}
			if !strings.Contains(string(style), ";48;2;") {
				style += t.Select
			}
		}
		l.Put(style, text)
	}
	return l.String()
}

// cursor returns the columns of the turn at the cursor.
func (p *Pane) cursor(l plot) (from, to int) {
	from, to = l.bar(l.of(p.turn))
	if to-from >= parting {
		to--
	}
	return from, max(to, from+1)
}

// marks is the row above the picture: the limit of the window as a line, the largest
// turn, and where the context was shortened.
func (p *Pane) marks(t *theme.Theme, r *run, l plot) string {
	width := max(0, p.at[picture].w-gutter-1)
	c := newCells(width)
	label := ""
	x, _ := l.bar(l.of(r.Largest))
	name := fmt.Sprintf("%s %s %s", figure.Count(r.Turns[r.Largest].Context()), number(r.Largest), t.Open)
	if at := x - frame.Width(name) + 1; at >= 0 {
		c.put(at, t.Bright, name)
	} else {
		c.put(x, t.Bright, fmt.Sprintf("%s %s %s", t.Open, number(r.Largest), figure.Count(r.Turns[r.Largest].Context())))
	}
	for i := range r.Compactions {
		from, _ := l.bar(l.of(min(r.Compactions[i].At, len(r.Turns)-1)))
		if from == x && c.free(x+1, x+2) {
			from++ // beside the largest turn
		}
		text := t.Pin
		if after := r.Compactions[i].After; after > 0 && c.free(from, from+9) {
			text += " " + t.To + figure.Count(after) + " "
		}
		if c.free(from, from+1) {
			c.put(from, t.Warn, text)
		}
	}
	if _, limit := r.scale(); limit {
		label = limitText(r.Limit)
		for x := range c.text {
			if c.text[x] == "" {
				c.put(x, t.Warn, t.Wait)
			}
		}
	}
	return c.row(t, p.at[picture].w, label, 0, 0)
}

// number is how a turn is called.
func number(turn int) string { return "#" + strconv.Itoa(turn+1) }

// area draws the turns as piles of what they read and put out.
func (p *Pane) area(t *theme.Theme, r *run, l plot, layers []frame.Layer, height int) []string {
	top, _ := r.scale()
	width := max(0, p.at[picture].w-gutter-1)
	grid := make([]cells, height)
	for y := range grid {
		grid[y] = newCells(width)
	}
	aside, chosen := append([]frame.Layer(nil), layers...), append([]frame.Layer(nil), layers...)
	aside[0].Style, chosen[0].Style = t.Dim, t.Model
	cursor := l.of(p.turn)
	for i := range l.bars {
		b := &l.bars[i]
		from, to := l.bar(i)
		if to-from >= parting {
			to--
		}
		tops := levels(b, top, height)
		of := layers
		switch {
		case i == cursor:
			of = chosen
		case b.aside:
			of = aside
		}
		for y := range grid {
			glyph, style := frame.Pile(t, of, tops, height-1-y)
			if glyph == "" {
				if b.shortened {
					dash := t.Warn
					if b.guessed {
						dash = t.Dim
					}
					grid[y].put(from, dash, t.Dash)
				}
				continue
			}
			for x := from; x < to; x++ {
				grid[y].put(x, style, glyph)
			}
		}
	}
	from, to := p.cursor(l)
	rows := make([]string, height)
	for y := range grid {
		label := ""
		switch _, limit := r.scale(); {
		case y == 0 && !limit:
			label = figure.Count(top)
		case height >= 4 && y == height/2:
			label = figure.Count(top * int64(height-y) / int64(height))
		}
		rows[y] = grid[y].row(t, p.at[picture].w, label, from, to)
	}
	return rows
}

// levels is how high a bar reaches in eighths of a row: what came from the cache,
// with what was new, with the output. What is less than half a row of the
// picture belongs to what is below it: the lanes tell it.
func levels(b *bar, top int64, height int) []int {
	to := func(n int64) int { return frame.Eighths(float64(n), float64(top), height) }
	cached, context, all := to(b.context-min(b.fresh, b.context)), to(b.context), to(b.context+b.output)
	if context-cached < 4 && cached > 0 {
		cached = context
	}
	if all-context < 4 && context > 0 {
		all = context
	}
	return []int{cached, context, all}
}

// axis is the row below the picture: the first and the last turn, the one at the
// cursor and, of a block, the turns that carried it.
func (p *Pane) axis(t *theme.Theme, r *run, l plot) string {
	width := max(0, p.at[picture].w-gutter-1)
	c := newCells(width)
	for x := range l.width {
		c.put(x, t.Faint, t.Rule)
	}
	if b := p.blocks.Selected(); p.focus == blocks && b != nil && b.Run == p.run && b.Turn >= 0 {
		from, _ := l.bar(l.of(b.Turn))
		_, to := l.bar(l.of(max(b.Turn, r.until(b.Turn)-1)))
		style := kindStyle(t, b.Kind)
		for x := from; x < to; x++ {
			c.put(x, style, t.Bar)
		}
	}
	from, _ := p.cursor(l)
	name := number(p.turn)
	c.put(max(0, min(from, width-len(name))), t.Title, name)
	return c.row(t, p.at[picture].w, "0", 0, 0)
}

// lane draws one figure of all turns in a row.
func (p *Pane) lane(t *theme.Theme, l plot, label string, style theme.Style, share func(*bar) float64) string {
	c := newCells(max(0, p.at[picture].w-gutter-1))
	for i := range l.bars {
		from, to := l.bar(i)
		if to-from >= parting {
			to--
		}
		high := frame.Eighths(share(&l.bars[i]), 1, 1)
		for x := from; x < to; x++ {
			c.put(x, style, t.Blocks[high])
		}
	}
	from, to := p.cursor(l)
	return c.row(t, p.at[picture].w, label, from, to)
}

// figures is the row about the turn at the cursor.
func (p *Pane) figures(t *theme.Theme, r *run) string {
	l := frame.NewLine(p.at[picture].w, "").Space(1)
	turn := &r.Turns[p.turn]
	item := func(style theme.Style, text, unit string) {
		if text != "" && l.Room() > frame.Width(text)+frame.Width(unit)+1 {
			l.Put(style, text)
			if unit != "" {
				l.Space(1).Put(t.Dim, unit)
			}
			l.Space(2)
		}
	}
	item(t.Title, number(p.turn), "of "+figure.Whole(int64(len(r.Turns))))
	if p.turn == r.Largest {
		item(t.Bright, "largest", "")
	}
	if turn.Aside {
		item(t.Dim, "aside", "")
	}
	if turn.Copied {
		item(t.Dim, "copied", "")
	}
	item(t.Bright, figure.Count(turn.Context()), "read")
	item(t.Human, figure.Count(fresh(&turn.Usage)), "new")
	written := figure.Count(turn.Usage.Output)
	if turn.AtLeast {
		written = "≥" + written
	}
	item(t.Good, written, "output")
	cost, style := turnCost(turn), t.Bright
	if turn.Source == eventlog.Unpriced {
		style = t.Warn
	}
	item(style, cost, "")
	if share := turn.Usage.HitRate(); turn.Context() > 0 {
		item(t.Text, figure.Percent(share, 1), "from cache")
	}
	item(t.Text, figure.Percent(float64(turn.Context()), float64(r.Limit.Tokens)), "of "+limitText(r.Limit))
	if turn.Grew != turn.Context() {
		item(t.Text, signed(turn.Grew), "since the turn before")
	}
	if turn.Source != eventlog.Unpriced && turn.Read > 0 {
		item(t.Text, "~$"+figure.Money(turn.Read), "for reading")
	}
	if turn.Time.Known() {
		item(t.Dim, turn.Time.Time().In(p.options.Zone).Format("15:04:05"), "")
	}
	return l.String()
}

func signed(n int64) string {
	if n < 0 {
		return figure.Count(n)
	}
	return "+" + figure.Count(n)
}

// turnCost spells what a turn cost.
func turnCost(turn *window.Turn) string {
	switch turn.Source {
	case eventlog.Recorded:
		return "$" + figure.Money(turn.Cost)
	case eventlog.Estimated:
		return "~$" + figure.Money(turn.Cost)
	}
	return "no price"
}
