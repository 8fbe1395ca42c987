package graph

import (
	"github.com/lazytrace/lazytrace/tui/theme"
)

// canvas is a place for lines. Each cell knows how heavy the arms of its lines are,
// from 0 to 2, and whether those that go across join those that go up and down, or
// only pass below them.
type canvas struct {
	width, height int
	cells         []dot
}

type dot struct {
	up, right, down, left uint8
	joined                bool
	glyph                 string // in place of a line
	across, upright       paint
}

// paint is the colour of a line, and how heavy that line is.
type paint struct {
	style  theme.Style
	weight uint8
}

// over takes another colour, unless that is of a lighter line.
func (p *paint) over(weight uint8, s theme.Style) {
	if weight >= p.weight {
		p.style, p.weight = s, weight
	}
}

func newCanvas(width, height int) *canvas {
	return &canvas{width: max(0, width), height: max(0, height), cells: make([]dot, max(0, width)*max(0, height))}
}

// at returns a cell for changing it, or one that nobody sees.
func (c *canvas) at(x, y int) *dot {
	if x < 0 || y < 0 || x >= c.width || y >= c.height {
		return &dot{}
	}
	return &c.cells[y*c.width+x]
}

// across draws a line from x to to, whose ends are arms of these cells.
func (c *canvas) across(x, to, y int, weight uint8, s theme.Style) {
	for i := x; i <= to; i++ {
		d := c.at(i, y)
		if i > x {
			d.left = max(d.left, weight)
		}
		if i < to {
			d.right = max(d.right, weight)
		}
		d.across.over(weight, s)
	}
}

// upright draws a line from y down to to.
func (c *canvas) upright(x, y, to int, weight uint8, s theme.Style) {
	for i := y; i <= to; i++ {
		d := c.at(x, i)
		if i > y {
			d.up = max(d.up, weight)
		}
		if i < to {
			d.down = max(d.down, weight)
		}
		d.upright.over(weight, s)
	}
}

// join says that what meets in a cell belongs together.
func (c *canvas) join(x, y int) { c.at(x, y).joined = true }

// put puts a glyph in place of a line.
func (c *canvas) put(x, y int, glyph string, s theme.Style) {
	d := c.at(x, y)
	d.glyph, d.across = glyph, paint{s, 2}
}

// style is the colour of what is seen in a cell.
func (d *dot) style() theme.Style {
	switch {
	case d.up+d.down == 0 || d.glyph != "":
		return d.across.style
	case d.joined && d.across.weight > d.upright.weight:
		return d.across.style
	}
	return d.upright.style
}

// meet takes over the arms of another cell, where the lines of both join: what
// goes up or down there is of one agent.
func (d *dot) meet(other *dot) {
	if other.joined && (d.joined || d.up+d.down > 0) {
		d.joined = true
		d.up, d.right, d.down, d.left = max(d.up, other.up), max(d.right, other.right), max(d.down, other.down), max(d.left, other.left)
	}
}

// text returns what is seen in a cell, or "" where nothing is.
func (d *dot) text(t *theme.Theme) string {
	up, right, down, left := d.up, d.right, d.down, d.left
	switch {
	case d.glyph != "":
		return d.glyph
	case up+down > 0 && right+left > 0 && !d.joined:
		right, left = 0, 0
	}
	if up+right+down+left == 0 {
		return ""
	}
	return string(t.Joints[27*int(up)+9*int(right)+3*int(down)+int(left)])
}
