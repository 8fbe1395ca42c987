package graph

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/rollup/topology"
)

// picture is a graph with all that is needed to show it. It is made in a command
// and never changes.
type picture struct {
	*topology.Graph
	lines []line
	first []int32 // by node: the first line that it stands on, or -1
	in    []int32 // edges by the node that they lead to
	inAt  []int32 // in[inAt[n]:inAt[n+1]] lead to node n
	most  int64   // the largest count of an edge
	kinds [topology.Router + 1]int64
}

// line is a line of the tree.
type line struct {
	topology.Line
	rails uint64
	final bool
}

// newPicture returns nil when the context has ended.
func newPicture(ctx context.Context, g *topology.Graph) *picture {
	if g == nil || ctx.Err() != nil {
		return nil
	}
	p := &picture{Graph: g, first: make([]int32, len(g.Nodes)), in: make([]int32, len(g.Edges)), inAt: make([]int32, len(g.Nodes)+2)}
	for i := range g.Edges {
		p.inAt[g.Edges[i].To+2]++
		p.most = max(p.most, g.Edges[i].Count)
	}
	for n := 1; n < len(p.inAt); n++ {
		p.inAt[n] += p.inAt[n-1]
	}
	for i := range g.Edges {
		at := &p.inAt[g.Edges[i].To+1]
		p.in[*at] = int32(i)
		*at++
	}
	for i := range g.Nodes {
		p.kinds[g.Nodes[i].Kind]++
	}
	tree := g.Tree()
	p.lines = make([]line, len(tree))
	for n := range p.first {
		p.first[n] = -1
	}
	// From the end it is known at which depths a line goes on downwards.
	var rails uint64
	for i := len(tree) - 1; i >= 0; i-- {
		l := tree[i]
		bit := uint64(1) << min(l.Depth, 63)
		rails &= bit<<1 - 1 // what is deeper ends here
		p.lines[i] = line{Line: l, rails: rails, final: rails&bit == 0}
		if l.Depth > 0 {
			rails |= bit
		}
		p.first[l.Node] = int32(i)
	}
	return p
}

// into returns the edges that lead to a node, those of most weight first.
func (p *picture) into(node int) []*topology.Edge {
	var out []*topology.Edge
	for _, i := range p.in[p.inAt[node]:p.inAt[node+1]] {
		out = append(out, &p.Edges[i])
	}
	slices.SortStableFunc(out, heavier)
	return out
}

// outOf returns the edges that come from a node: agents first, then models and
// tools, in each those of most weight first.
func (p *picture) outOf(node int) []*topology.Edge {
	edges := p.From(node)
	out := make([]*topology.Edge, len(edges))
	for i := range edges {
		out[i] = &edges[i]
	}
	slices.SortStableFunc(out, func(a, b *topology.Edge) int {
		return cmp.Or(cmp.Compare(rank(a.Relation), rank(b.Relation)), heavier(a, b))
	})
	return out
}

// rank orders relations in a list: the calls of models, which cost, before those
// of tools.
func rank(r topology.Relation) int {
	switch r {
	case topology.Asks:
		return 3
	case topology.Calls:
		return 4
	}
	return int(r)
}

func heavier(a, b *topology.Edge) int {
	return cmp.Or(cmp.Compare(b.Sum.Cost(), a.Sum.Cost()), cmp.Compare(b.Count, a.Count))
}

// faults are the failures that an edge tells of.
func faults(e *topology.Edge) int64 { return e.Failed + e.CallErrors }

// leaf reports whether a node is at the right of the drawing: it calls nothing.
func leaf(n *topology.Node) bool { return n.Kind == topology.Tool || n.Kind == topology.Model }

// uses is how often a node ran or was called.
func uses(n *topology.Node) int64 {
	switch n.Kind {
	case topology.Tool:
		return n.Own.ToolCalls
	case topology.Model:
		return n.Own.Calls
	}
	return n.Runs
}

// failures of a node: of its runs, of its calls.
func failures(n *topology.Node) int64 {
	if n.Kind == topology.Tool {
		return n.Own.ToolErrors
	}
	return n.Failed
}

// timeOf is how long the calls of a tool or model took in all, and of how many
// that is known.
func (p *picture) timeOf(node int) (sum time.Duration, timed int64) {
	for _, i := range p.in[p.inAt[node]:p.inAt[node+1]] {
		sum += p.Edges[i].Took
		timed += p.Edges[i].Timed
	}
	return sum, timed
}
