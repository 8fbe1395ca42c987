package graph

import (
	"fmt"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	rows := []string{frame.Title(t, p.width, number, "Graph", active, p.about(t)...)}
	if p.picture == nil || len(p.picture.lines) == 0 {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, p.nothing(t)...)...), p.width, p.height)
	}
	n := p.node()
	if p.drawing() {
		rows = append(rows, p.plan.heads(t, p.picture, p.width))
		rows = append(rows, p.plan.draw(t, p.picture, n, p.width, active)...)
	} else {
		rows = append(rows, p.tree.Draw(t, active)...)
	}
	rows = frame.Fill(rows, p.width, p.height-p.below())
	if p.below() > 0 {
		rows = append(rows, p.whole(t, n)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// about says what is shown, and how.
func (p *Pane) about(t *theme.Theme) []frame.Part {
	if p.picture == nil || len(p.picture.lines) == 0 {
		return nil
	}
	n := p.picture.kinds
	what := figure.Plural(n[topology.Agent], "agent")
	if p.picture.Expanded {
		what = figure.Plural(n[topology.Agent], "run") + " " + t.Dot + " each by itself"
	}
	parts := []frame.Part{{Style: t.Dim, Text: what}}
	if p.width >= 70 {
		parts[0].Text += fmt.Sprintf(" %s %s %s %s", t.Dot, figure.Plural(n[topology.Model], "model"), t.Dot, figure.Plural(n[topology.Tool], "tool"))
	}
	if p.working.Busy() {
		parts = append(parts, frame.Part{Style: t.Human, Text: "  drawing" + t.More})
	}
	return parts
}

// nothing says why there is nothing to see.
func (p *Pane) nothing(t *theme.Theme) []frame.Part {
	switch {
	case p.halted:
		return []frame.Part{{Style: t.Bright, Text: "Called off."}, {Style: t.Dim, Text: "enter draws it after all."}}
	case p.picture == nil:
		text := "Finding out who calls whom"
		if p.source.Steps > 0 {
			text += " in " + figure.Plural(p.source.Steps, "step")
		}
		return []frame.Part{{Style: t.Text, Text: text + t.More}, {Style: t.Dim, Text: "esc calls it off."}}
	}
	return []frame.Part{{Style: t.Bright, Text: "Nobody calls anybody here."}, {Style: t.Dim, Text: "No agent ran, no tool and no model was called in what is shown."}}
}

// sum is what a line of the tree comes to: of a model what the agent above it spent
// on it, otherwise all of the node, where that is told.
func (p *Pane) sum(l *line) rollup.Sum {
	switch {
	case l.Again:
		return rollup.Sum{}
	case l.Edge != nil && l.Edge.Relation == topology.Asks:
		return l.Edge.Sum
	}
	return p.picture.Nodes[l.Node].Inclusive
}

// costs is what an edge comes to. What an agent cost is known for each that
// started it only where there is one.
func (p *Pane) costs(e *topology.Edge) rollup.Sum {
	switch to := &p.picture.Nodes[e.To]; {
	case e.Relation == topology.Asks:
		return e.Sum
	case !leaf(to) && len(p.picture.in[p.picture.inAt[e.To]:p.picture.inAt[e.To+1]]) == 1:
		return to.Inclusive
	}
	return rollup.Sum{}
}

// columns are those of the tree.
func (p *Pane) columns() []table.Column[line] {
	all := []table.Column[line]{
		{Head: "WHO", Least: 20, Paint: p.name},
		{Head: "", Width: 10, Rank: 6, Paint: func(f *frame.Line, t *theme.Theme, l *line) {
			if l.Edge != nil && p.picture.most > 0 {
				f.Thin(t, wireStyle(t, l.Edge.Relation), float64(l.Edge.Count)/float64(p.picture.most), 10)
			}
		}},
		{Head: "COUNT", Width: 6, Right: true, Rank: 0, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			n := p.picture.Nodes[l.Node].Runs
			if l.Edge != nil {
				n = l.Edge.Count
			}
			return figure.Count(n), t.Bright
		}},
		{Head: "ERR", Width: 5, Right: true, Rank: 1, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			n := p.picture.Nodes[l.Node].Failed
			if l.Edge != nil {
				n = faults(l.Edge)
			}
			if n == 0 {
				return "", t.Dim
			}
			return t.Failed + figure.Count(n), t.BadBold
		}},
		{Head: "P50", Width: 6, Right: true, Rank: 3, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			if l.Edge == nil || l.Edge.Timed == 0 {
				return "", t.Dim
			}
			return figure.Duration(l.Edge.P50), t.Text
		}},
		{Head: "TIME", Width: 7, Right: true, Rank: 4, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			if l.Edge == nil || l.Edge.Timed == 0 {
				return "", t.Dim
			}
			return figure.Duration(l.Edge.Took), t.Text
		}},
		{Head: "TOKENS", Width: 6, Right: true, Rank: 5, Cell: func(t *theme.Theme, l *line) (string, theme.Style) {
			if n := p.sum(l).Usage.Total(); n > 0 {
				return figure.Count(n), t.Text
			}
			return "", t.Dim
		}},
		{Head: "COST", Width: 8, Right: true, Rank: 2, Cell: func(t *theme.Theme, l *line) (string, theme.Style) { return costOf(p.sum(l)), t.Bright }},
	}
	if p.picture == nil || !p.picture.Timed {
		all = slices.DeleteFunc(all, func(c table.Column[line]) bool { return c.Head == "P50" || c.Head == "TIME" })
	}
	return all
}

// name draws who stands in a line of the tree.
func (p *Pane) name(f *frame.Line, t *theme.Theme, l *line) {
	n := &p.picture.Nodes[l.Node]
	parent := false
	if !leaf(n) && !l.Again {
		parent = len(p.picture.From(l.Node)) > 0
	}
	depth := min(l.Depth, max(1, (f.Room()-12)/2))
	f.Guides(t, l.rails, depth, l.final, parent, false)
	style, text := kindStyle(t, n.Kind), nameOf(n)
	note := ""
	if e := l.Edge; e != nil && e.Inferred() {
		note = "by " + e.Link().String()
	}
	if l.Again {
		style, note = t.Dim, "see above"
	}
	f.Cell(style, text, min(f.Room(), frame.Width(frame.Short(text, f.Room()))))
	if note != "" && f.Room() > len(note)+2 {
		f.Space(2).Put(t.Dim, note)
	}
}

// whole is the selected node: what it came to, who leads to it and where it leads.
func (p *Pane) whole(t *theme.Theme, n int) []string {
	height := p.below()
	if n < 0 {
		rows := []string{frame.Title(t, p.width, 0, "Others", false)}
		rows = append(rows, frame.Message(p.width, height-1, frame.Part{Style: t.Text, Text: "Those that were called least, for which there is no room."}, frame.Part{Style: t.Dim, Text: "enter shows the tree, which has all of them."})...)
		return frame.Fill(rows, p.width, height)
	}
	node := &p.picture.Nodes[n]
	rows := []string{frame.Title(t, p.width, 0, node.Kind.String()+" "+nameOf(node), false, p.came(t, node)...)}
	into, out := p.picture.into(n), p.picture.outOf(n)
	switch {
	case leaf(node):
		rows = append(rows, p.edges(t, inHead(node), into, false, p.width, height-1)...)
	case p.width < 60:
		rows = append(rows, p.edges(t, "LEADS TO", out, true, p.width, height-1)...)
	default:
		left := (p.width - 1) * 2 / 5
		rows = append(rows, frame.Beside(t, p.edges(t, inHead(node), into, false, left, height-1), p.edges(t, "STARTS AND CALLS", out, true, p.width-left-1, height-1))...)
	}
	return frame.Fill(rows, p.width, height)
}

func inHead(n *topology.Node) string {
	if leaf(n) {
		return "CALLED BY"
	}
	return "STARTED BY"
}

// came says what a node came to.
func (p *Pane) came(t *theme.Theme, n *topology.Node) []frame.Part {
	var parts []frame.Part
	add := func(style theme.Style, text string) {
		if len(parts) > 0 {
			text = "  " + text
		}
		parts = append(parts, frame.Part{Style: style, Text: text})
	}
	switch n.Kind {
	case topology.Tool:
		add(t.Bright, figure.Plural(n.Own.ToolCalls, "call"))
	case topology.Model:
		add(t.Bright, figure.Plural(n.Own.Calls, "call"))
	default:
		text := figure.Plural(n.Runs, "run")
		if n.Sessions > 1 {
			text += " in " + figure.Plural(n.Sessions, "session")
		}
		add(t.Bright, text)
	}
	if f := failures(n); f > 0 {
		add(t.BadBold, t.Failed+" "+figure.Count(f)+" failed")
	}
	if p.width < 60 {
		return parts
	}
	if costOf(n.Own) != "" {
		add(t.Text, dollars(n.Own))
	}
	if n.Inclusive != n.Own && costOf(n.Inclusive) != "" && p.width >= 90 {
		add(t.Dim, "with all it started "+dollars(n.Inclusive))
	}
	if n := n.Own.Usage.Total(); n > 0 && p.width >= 110 {
		add(t.Dim, figure.Count(n)+" tokens")
	}
	return parts
}

func dollars(s rollup.Sum) string {
	return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
}

// edges lists edges by the node at their other end.
func (p *Pane) edges(t *theme.Theme, head string, edges []*topology.Edge, on bool, width, height int) []string {
	p50, cost := p.picture.Timed && width >= 44, width >= 36
	name := width - 2 - 7 - 6
	if p50 {
		name -= 8
	}
	if cost {
		name -= 9
	}
	name = min(name, 26+40)
	bar := max(0, name-26)
	if bar < 6 {
		bar = 0
	}
	top := int64(1)
	for _, e := range edges {
		top = max(top, e.Count)
	}
	f := frame.NewLine(width, "").Space(2).Cell(t.Dim, head, name).Right(t.Dim, "TIMES", 7).Right(t.Dim, "ERR", 6)
	if p50 {
		f.Right(t.Dim, "P50", 8)
	}
	if cost {
		f.Right(t.Dim, "COST", 9)
	}
	rows := []string{f.String()}
	for i, e := range edges {
		if i == height-2 && len(edges) > height-1 {
			rows = append(rows, frame.NewLine(width, "").Space(2).Put(t.Dim, "and "+figure.Count(int64(len(edges)-i))+" more").String())
			break
		}
		other := &p.picture.Nodes[e.From]
		if on {
			other = &p.picture.Nodes[e.To]
		}
		f := frame.NewLine(width, "").Space(2)
		end := f.Used() + name
		text := frame.Short(nameOf(other), max(1, name-bar-1))
		f.Put(kindStyle(t, other.Kind), text)
		if e.Inferred() && f.Used()+12 < end-bar {
			f.Put(t.Dim, "  by "+e.Link().String())
		}
		if bar > 0 {
			f.To(end-bar).Thin(t, wireStyle(t, e.Relation), float64(e.Count)/float64(top), bar-1)
		}
		f.To(end).Right(t.Bright, figure.Count(e.Count), 7)
		failed := ""
		if n := faults(e); n > 0 {
			failed = t.Failed + figure.Count(n)
		}
		f.Right(t.BadBold, failed, 6)
		if p50 {
			text := ""
			if e.Timed > 0 {
				text = figure.Duration(e.P50)
			}
			f.Right(t.Text, text, 8)
		}
		if cost {
			f.Right(t.Text, costOf(p.costs(e)), 9)
		}
		rows = append(rows, f.String())
	}
	if len(edges) == 0 {
		text := "nobody: it stands on top"
		if on {
			text = "nothing"
		}
		rows = append(rows, frame.NewLine(width, "").Space(2).Put(t.Dim, text).String())
	}
	return frame.Fill(rows, width, height)
}
