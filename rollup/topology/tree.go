package topology

// Line is a line of a graph that is laid out as a tree.
type Line struct {
	Depth int
	Node  int
	Edge  *Edge // that leads here from the line above it; nil at the top
	Again bool  // the node stands further up as well, and what is below it is told there
}

// Tree lays the graph out as lines: what nobody leads to on top, and below each
// node what it leads to. What is below a node is told once, so that the lines are
// no more than nodes and edges, however they are tied to each other. A circle
// that nothing leads into begins with its dearest node.
func (g *Graph) Tree() []Line {
	led := make([]bool, len(g.Nodes))
	for _, e := range g.Edges {
		if e.From != e.To && !g.skips(&e) {
			led[e.To] = true
		}
	}
	var lines []Line
	told := make([]bool, len(g.Nodes))
	for i := range g.Nodes {
		if !led[i] {
			lines = g.below(lines, told, i)
		}
	}
	for i := range g.Nodes {
		if !told[i] {
			lines = g.below(lines, told, i)
		}
	}
	return lines
}

// skips reports whether a tree does without an edge. Agents by their names, of
// many sessions, stand on top themselves.
func (g *Graph) skips(e *Edge) bool { return e.Relation == Holds && !g.Expanded }

// below adds a node that stands on top, and all below it.
func (g *Graph) below(lines []Line, told []bool, root int) []Line {
	if g.Nodes[root].Kind == Session && !g.Expanded {
		told[root] = true
		return lines
	}
	stack := []Line{{Node: root}}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		leaf := g.Nodes[at.Node].Kind == Tool || g.Nodes[at.Node].Kind == Model
		at.Again = told[at.Node] && !leaf
		lines = append(lines, at)
		if told[at.Node] {
			continue
		}
		told[at.Node] = true
		edges := g.From(at.Node)
		// The last is the first off the stack: models and tools before agents.
		for _, first := range []bool{false, true} {
			for i := len(edges) - 1; i >= 0; i-- {
				kind := g.Nodes[edges[i].To].Kind
				if (kind == Tool || kind == Model) == first && !g.skips(&edges[i]) {
					stack = append(stack, Line{Depth: at.Depth + 1, Node: edges[i].To, Edge: &edges[i]})
				}
			}
		}
	}
	return lines
}
