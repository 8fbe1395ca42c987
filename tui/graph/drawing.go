package graph

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// An edge is drawn heavy from one part in manyShare of the largest count on, if it
// is many, and as bad from one failure in badShare on.
const (
	many      = 5
	manyShare = 4
	badShare  = 10
)

func weight(count, most int64) uint8 {
	if count >= many && count*manyShare >= most {
		return 2
	}
	return 1
}

func bad(count, failed int64) bool { return failed > 0 && failed*badShare >= count }

// kindStyle is the colour of a node.
func kindStyle(t *theme.Theme, k topology.Kind) theme.Style {
	switch k {
	case topology.Tool:
		return t.Tool
	case topology.Model:
		return t.Model
	case topology.Session:
		return t.Text
	}
	return t.Agent
}

// wireStyle is the colour of an edge that is told from others.
func wireStyle(t *theme.Theme, k topology.Relation) theme.Style {
	switch k {
	case topology.Calls:
		return t.Tool
	case topology.Asks:
		return t.Model
	}
	return t.Agent
}

// name is what is called a target.
func (l *plan) name(p *picture, t target) string {
	if t.node < 0 {
		return figure.Count(int64(t.many)) + " others"
	}
	return p.Nodes[t.node].Name
}

// order is the nodes as they are gone through: down the left, then down the right.
// The node of the rest is -1.
func (l *plan) order() []int {
	out := make([]int, 0, len(l.left)+len(l.right))
	for _, a := range l.left {
		out = append(out, a.node)
	}
	for _, t := range l.right {
		out = append(out, t.node)
	}
	return out
}

// upTo is the node at a place of the drawing, or false.
func (l *plan) upTo(x, y int) (int, bool) {
	if x < l.leftEnd {
		for _, a := range l.left {
			if a.row == y {
				return a.node, true
			}
		}
	}
	if x >= l.rightStart {
		for _, t := range l.right {
			if t.row == y {
				return t.node, true
			}
		}
	}
	return 0, false
}

// draw paints the drawing: all lines faint, those of the selected node over them.
func (l *plan) draw(t *theme.Theme, p *picture, selected, width int, active bool) []string {
	base, over := newCanvas(width, l.rows), newCanvas(width, l.rows)
	shade := func(w uint8) theme.Style {
		if w > 1 {
			return t.Dim
		}
		return t.Faint
	}
	for i := range l.left {
		a := &l.left[i]
		if a.parent < 0 {
			continue
		}
		w := weight(a.via.Count, p.most)
		l.start(base, a, w, shade(w), t)
		if a.node == selected || l.left[a.parent].node == selected {
			l.start(over, a, w, t.Agent, t)
		}
	}
	for i := range l.nets {
		n := &l.nets[i]
		mine := l.left[n.from].node == selected
		for _, w := range n.to {
			heavy := weight(w.count, p.most)
			l.wire(base, n, w, heavy, shade(heavy), shade(heavy), t)
			if mine || l.right[w.at].node == selected {
				style := wireStyle(t, w.kind)
				end := style
				if bad(w.count, w.failed) {
					end = t.Bad
				}
				l.wire(over, n, w, heavy, style, end, t)
			}
		}
		for _, w := range n.back {
			heavy := weight(w.count, p.most)
			l.back(base, n, w, heavy, shade(heavy), t)
			if mine || l.left[w.at].node == selected {
				l.back(over, n, w, heavy, t.Agent, t)
			}
		}
	}
	for _, to := range l.right {
		for x := l.rightStart - 3; x < l.rightStart && bad(to.count, to.failed); x++ {
			base.at(x, to.row).across = paint{t.Bad, 2} // whoever called it
		}
	}
	rows := make([]string, l.rows)
	for y := range rows {
		rows[y] = l.row(t, p, base, over, y, selected, width, active)
	}
	return rows
}

// start draws the line by which an agent hangs at the one that started it.
func (l *plan) start(c *canvas, a *agent, w uint8, s theme.Style, t *theme.Theme) {
	x := 2 + (a.depth-1)*indent + 1
	c.upright(x, l.left[a.parent].row, a.row, w, s) // it begins under the name
	c.across(x, x+2, a.row, w, s)
	c.join(x, a.row)
	c.put(x+2, a.row, t.Live, s)
}

// wire draws one call: along the row of its agent, up or down, and to its target.
func (l *plan) wire(c *canvas, n *net, w wire, heavy uint8, s, end theme.Style, t *theme.Theme) {
	y := l.left[n.from].row
	c.across(l.leftEnd, n.x, y, heavy, s)
	c.at(l.leftEnd, y).left = max(c.at(l.leftEnd, y).left, heavy)
	c.upright(n.x, min(y, w.row), max(y, w.row), heavy, s)
	c.join(n.x, y)
	c.join(n.x, w.row)
	c.across(n.x, n.x+1, w.row, heavy, s)
	c.across(n.x+1, l.rightStart-1, w.row, heavy, end)
	c.put(l.rightStart-1, w.row, t.Live, end)
}

// back draws the start of an agent that stands below another one.
func (l *plan) back(c *canvas, n *net, w wire, heavy uint8, s theme.Style, t *theme.Theme) {
	y := l.left[n.from].row
	c.across(l.leftEnd, n.x, y, heavy, s)
	c.upright(n.x, min(y, w.row), max(y, w.row), heavy, s)
	c.join(n.x, y)
	c.join(n.x, w.row)
	c.across(l.leftEnd, n.x, w.row, heavy, s)
	c.put(l.leftEnd, w.row, t.Return, s)
}

// row paints a row: the agent in it, the lines, and the target in it.
func (l *plan) row(t *theme.Theme, p *picture, base, over *canvas, y, selected, width int, active bool) string {
	f := frame.NewLine(width, "")
	lines := func(to int) {
		for x := f.Used(); x < to; x++ {
			d := over.at(x, y)
			d.meet(base.at(x, y))
			text := d.text(t)
			if text == "" {
				d = base.at(x, y)
				text = d.text(t)
			}
			if text == "" {
				f.Space(1)
				continue
			}
			f.Put(d.style(), text)
		}
	}
	for i := range l.left {
		if a := &l.left[i]; a.row == y {
			l.paintAgent(t, p, f, a, selected, active, lines)
		}
	}
	lines(l.leftEnd)
	before, after := l.tags(p, y, selected)
	at := f.Used()
	if before.text != "" {
		lines(at + 1)
		f.Put(before.style(t), " "+before.text+" ")
	}
	if after.text != "" {
		lines(l.rightStart - 2 - frame.Width(after.text) - 2)
		f.Put(after.style(t), " "+after.text+" ")
	}
	lines(l.rightStart)
	for i := range l.right {
		if l.right[i].row == y {
			l.paintTarget(t, p, f, &l.right[i], selected, active)
		}
	}
	return f.String()
}

// label is what stands on a line of the selected node.
type label struct {
	text string
	bad  bool
}

func (b label) style(t *theme.Theme) theme.Style {
	if b.bad {
		return t.BadBold
	}
	return t.Bright
}

// tags says what stands on the lines of a row: how often the selected node calls
// the target in it, or is called by the agent in it.
func (l *plan) tags(p *picture, y, selected int) (before, after label) {
	for i := range l.nets {
		n := &l.nets[i]
		from := &l.left[n.from]
		for _, w := range n.to {
			text := label{figure.Count(w.count), bad(w.count, w.failed)}
			switch {
			case from.node == selected && w.row == y:
				after = text
			case l.right[w.at].node == selected && from.row == y:
				before = text
			}
		}
	}
	return before, after
}

func (l *plan) paintAgent(t *theme.Theme, p *picture, f *frame.Line, a *agent, selected int, active bool, lines func(int)) {
	n := &p.Nodes[a.node]
	back := theme.Style("")
	style := kindStyle(t, n.Kind)
	if a.node == selected {
		if back = t.Quiet; active {
			back = t.Select
		}
		f.Put(t.Title, t.Cursor)
		style = style.Bold()
	}
	lines(2 + a.depth*indent)
	field := frame.NewLine(l.leftEnd-f.Used()-1, back)
	field.Cell(style, n.Name, l.names-a.depth*indent-mark(*a))
	if a.itself != nil {
		field.Put(t.Dim, " "+t.Return)
	}
	count := figure.Count(n.Runs)
	if n.Kind == topology.Session {
		count = ""
	}
	field.Right(t.Text, count, 5)
	if l.erredLeft {
		failed := ""
		if n.Failed > 0 {
			failed = t.Failed + figure.Count(n.Failed)
		}
		field.Right(t.BadBold, failed, 5)
	}
	field.Right(t.Bright, costOf(n.Inclusive), money)
	f.Join(field).Space(1)
}

func (l *plan) paintTarget(t *theme.Theme, p *picture, f *frame.Line, to *target, selected int, active bool) {
	back := theme.Style("")
	style := t.Dim
	if to.node >= 0 {
		style = kindStyle(t, p.Nodes[to.node].Kind)
	}
	if to.node == selected {
		if back = t.Quiet; active {
			back = t.Select
		}
		style = style.Bold()
	}
	field := frame.NewLine(f.Room(), back)
	if to.node == selected {
		field.Put(t.Title, t.Cursor)
	}
	field.To(1).Cell(style, l.name(p, *to), l.rightName).Right(t.Bright, figure.Count(to.count), 6)
	if l.erred {
		failed := ""
		if to.failed > 0 {
			failed = t.Failed + figure.Count(to.failed)
		}
		field.Right(t.BadBold, failed, 5)
	}
	if l.timed {
		field.Right(t.Text, l.took(p, to), 7)
	}
	if l.priced && to.node >= 0 {
		field.Right(t.Bright, costOf(p.Nodes[to.node].Own), money)
	}
	f.Join(field)
}

// took is how long the calls of a target took in all.
func (l *plan) took(p *picture, to *target) string {
	if to.node < 0 {
		return ""
	}
	sum, n := p.timeOf(to.node)
	if n == 0 {
		return ""
	}
	return figure.Duration(sum)
}

func costOf(s rollup.Sum) string {
	return figure.Cost(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
}

// heads are the heads over the two sides.
func (l *plan) heads(t *theme.Theme, p *picture, width int) string {
	f := frame.NewLine(width, "").Space(2)
	what := "AGENT"
	if p.Expanded {
		what = "RUN"
	}
	f.Cell(t.Dim, what, l.names).Right(t.Dim, "RUNS", 5)
	if l.erredLeft {
		f.Right(t.Dim, "ERR", 5)
	}
	f.Right(t.Dim, "COST", money)
	if n := l.rightStart - l.leftEnd; n > 34 {
		key := t.Bar + t.Bar + " many  " + t.Rule + t.Rule + " few"
		f.To(l.leftEnd+(n-frame.Width(key))/2).Put(t.Dim, key)
	}
	f.To(l.rightStart+1).Cell(t.Dim, "MODEL, TOOL", l.rightName).Right(t.Dim, "CALLS", 6)
	if l.erred {
		f.Right(t.Dim, "ERR", 5)
	}
	if l.timed {
		f.Right(t.Dim, "TIME", 7)
	}
	if l.priced {
		f.Right(t.Dim, "COST", money)
	}
	return f.String()
}

// nameOf is what a node is called: of a run, with the beginning of its id.
func nameOf(n *topology.Node) string {
	if n.Run == "" || n.Run == n.Name {
		return n.Name
	}
	id := n.Run
	if len(id) > 8 {
		id = strings.ToValidUTF8(id[:8], "")
	}
	return n.Name + " " + id
}
