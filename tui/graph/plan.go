package graph

import (
	"cmp"
	"slices"

	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/frame"
)

// plan says where everything of a drawing is. Agents stand at the left, each on a
// row of its own and behind those that started it, so that the row to its right is
// free for its calls. Models and tools stand at the right. In the channel between
// them each agent that calls any has an upright of its own; nothing else goes up or
// down there, so that what crosses never meets.
type plan struct {
	left  []agent
	right []target
	nets  []net

	rows                int
	names               int // cells that the names at the left take
	leftEnd, rightStart int // the columns of the channel, without its ends
	rightName           int
	timed, priced       bool
	erredLeft, erred    bool // something at this side failed
}

// agent is what stands at the left: an agent, a run, or a session.
type agent struct {
	node   int
	depth  int
	parent int // index into left, or -1
	via    *topology.Edge
	row    int
	net    int // its upright, or -1
	itself *topology.Edge
}

// target is what stands at the right. The last one may stand for those that there
// is no room for.
type target struct {
	node   int // -1 for the rest
	row    int
	many   int // nodes that it stands for
	count  int64
	failed int64
}

// net is the calls of an agent: along its row to its upright, and from there to
// the right. back are agents that it started beside those that stand below it.
type net struct {
	from  int // index into left
	x     int
	to    []wire
	back  []wire
	first int // rows between which the upright stands
	last  int
}

// wire is one end of a net.
type wire struct {
	at     int // index into right, of back into left
	row    int
	count  int64
	failed int64
	kind   topology.Relation
}

const (
	// mostDrawn bounds what is laid out: a terminal has no more rows.
	mostDrawn = 400
	// deepest is how far agents are set in.
	deepest = 8
	// leastWidth is from how many columns on a drawing is tried.
	leastWidth = 100
	indent     = 5
	money      = 9
	tag        = 5 // for what stands on a line, at each end of the channel
)

// lay lays a graph out in width columns and at most height rows, or returns nil
// where it does not fit.
func lay(p *picture, width, height int) *plan {
	if p == nil || width < leastWidth || height < 3 || len(p.Nodes) == 0 {
		return nil
	}
	top := 0
	for i := range p.Nodes {
		if !leaf(&p.Nodes[i]) {
			if top++; top > min(height, mostDrawn) {
				return nil
			}
		}
	}
	l := &plan{timed: p.Timed}
	if !l.agents(p) || !l.targets(p, height) {
		return nil
	}
	l.wires(p)
	l.seat(height)
	if !l.columns(p, width) {
		return nil
	}
	return l
}

// agents lists what stands at the left, each behind the first that started it.
func (l *plan) agents(p *picture) bool {
	place := map[int]int{}
	led := map[int]bool{}
	for i := range p.Edges {
		if e := &p.Edges[i]; e.From != e.To && !leaf(&p.Nodes[e.To]) {
			led[e.To] = true
		}
	}
	deep := false
	var visit func(node, parent, depth int, via *topology.Edge)
	visit = func(node, parent, depth int, via *topology.Edge) {
		if _, done := place[node]; done {
			return
		}
		if depth > deepest {
			deep = true
			return
		}
		at := len(l.left)
		place[node] = at
		l.left = append(l.left, agent{node: node, depth: depth, parent: parent, via: via, net: -1})
		for _, e := range p.outOf(node) {
			switch {
			case e.To == node:
				l.left[at].itself = e
			case !leaf(&p.Nodes[e.To]):
				visit(e.To, at, depth+1, e)
			}
		}
	}
	for pass := range 2 { // the second is for circles that nothing leads into
		for i := range p.Nodes {
			if !leaf(&p.Nodes[i]) && (pass == 1 || !led[i]) {
				visit(i, -1, 0, nil)
			}
		}
	}
	return !deep
}

// targets lists what stands at the right: models, then tools, near to those that
// call them most. Where they are too many, the tools that were called least are
// drawn as one.
func (l *plan) targets(p *picture, height int) bool {
	var all []int
	for i := range p.Nodes {
		if leaf(&p.Nodes[i]) {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int {
		x, y := &p.Nodes[a], &p.Nodes[b]
		return cmp.Or(cmp.Compare(y.Kind, x.Kind), cmp.Compare(uses(y), uses(x)))
	})
	var rest []int
	if len(all) > height {
		all, rest = all[:height-1], all[height-1:]
	}
	where := map[int]int{}
	for i := range l.left {
		where[l.left[i].node] = i
	}
	middle := map[int]float64{}
	for _, n := range all {
		sum, weight := 0.0, 0.0
		for _, e := range p.into(n) {
			sum += float64(where[e.From]) * float64(e.Count)
			weight += float64(e.Count)
		}
		middle[n] = sum / max(1, weight)
	}
	slices.SortStableFunc(all, func(a, b int) int {
		x, y := &p.Nodes[a], &p.Nodes[b]
		return cmp.Or(cmp.Compare(y.Kind, x.Kind), cmp.Compare(middle[a], middle[b]))
	})
	for _, n := range all {
		l.right = append(l.right, target{node: n, many: 1, count: uses(&p.Nodes[n]), failed: failures(&p.Nodes[n])})
		l.priced = l.priced || p.Nodes[n].Kind == topology.Model
	}
	if len(rest) > 0 {
		t := target{node: -1, many: len(rest)}
		for _, n := range rest {
			t.count += uses(&p.Nodes[n])
			t.failed += failures(&p.Nodes[n])
		}
		l.right = append(l.right, t)
	}
	return true
}

// wires makes the nets.
func (l *plan) wires(p *picture) {
	target, left := map[int]int{}, map[int]int{}
	for i := range l.right {
		target[l.right[i].node] = i
	}
	for i := range l.left {
		left[l.left[i].node] = i
	}
	for i := range l.left {
		a := &l.left[i]
		n := net{from: i}
		for _, e := range p.outOf(a.node) {
			w := wire{count: e.Count, failed: faults(e), kind: e.Relation}
			if !leaf(&p.Nodes[e.To]) {
				at := left[e.To]
				if e.To != a.node && l.left[at].via != e {
					w.at = at
					n.back = append(n.back, w)
				}
				continue
			}
			at, drawn := target[e.To]
			if !drawn {
				at = len(l.right) - 1
			}
			if k := len(n.to); !drawn && k > 0 && n.to[k-1].at == at {
				n.to[k-1].count += w.count
				n.to[k-1].failed += w.failed
				continue
			}
			w.at = at
			n.to = append(n.to, w)
		}
		if len(n.to)+len(n.back) > 0 {
			a.net = len(l.nets)
			l.nets = append(l.nets, n)
		}
	}
}

// seat gives everything its row. Where there is room agents have the even rows and
// the others the odd ones, so that no line of an agent runs into another's.
func (l *plan) seat(height int) {
	most := max(len(l.left), len(l.right))
	step := 1
	if len(l.left) > 1 && 2*most <= height {
		step = 2
	}
	for i := range l.left {
		l.left[i].row = i * step
	}
	for i := range l.right {
		l.right[i].row = i*step + step - 1
	}
	l.rows = most * step
	for i := range l.nets {
		n := &l.nets[i]
		n.first, n.last = l.left[n.from].row, l.left[n.from].row
		for k := range n.to {
			n.to[k].row = l.right[n.to[k].at].row
		}
		for k := range n.back {
			n.back[k].row = l.left[n.back[k].at].row
		}
		for _, w := range append(slices.Clone(n.to), n.back...) {
			n.first, n.last = min(n.first, w.row), max(n.last, w.row)
		}
	}
}

// columns says how wide everything is and where the uprights stand. It reports
// whether all fits.
func (l *plan) columns(p *picture, width int) bool {
	for _, a := range l.left {
		l.erredLeft = l.erredLeft || p.Nodes[a.node].Failed > 0
		l.names = max(l.names, a.depth*indent+min(22, frame.Width(frame.Short(p.Nodes[a.node].Name, 22))+mark(a)))
	}
	l.names = max(l.names, 12)
	for _, t := range l.right {
		l.erred = l.erred || t.failed > 0
		l.rightName = max(l.rightName, min(22, frame.Width(frame.Short(l.name(p, t), 22))))
	}
	l.rightName = max(l.rightName, 11)
	l.leftEnd = 2 + l.names + 5 + money + 1 // with the runs
	if l.erredLeft {
		l.leftEnd += 5
	}
	need := l.rightName + l.tail()
	l.rightStart = width - need - 2
	tracks := l.uprights()
	room := l.rightStart - l.leftEnd - 2*tag - 2
	if tracks > 0 && room < tracks {
		return false
	}
	// The uprights share the room evenly, in the middle of what they do not need.
	wide := min(room, 4*tracks)
	begin := l.leftEnd + tag + 1 + (room-wide)/2
	for i := range l.nets {
		l.nets[i].x = begin + l.nets[i].x*wide/tracks
	}
	return true
}

func mark(a agent) int {
	if a.itself != nil {
		return 2
	}
	return 0
}

// tail is how many cells the figures at the right take.
func (l *plan) tail() int {
	n := 1 + 6 // calls
	if l.erred {
		n += 5
	}
	if l.timed {
		n += 7
	}
	if l.priced {
		n += money
	}
	return n
}

// uprights numbers the uprights from the left and returns how many columns they
// take. An agent whose row another one's calls lead to stands to the left of that,
// where it can, so that the two lines do not run into each other. Uprights that do
// not overlap share a column.
func (l *plan) uprights() int {
	at := map[int]int{} // net by the row of its agent
	for i := range l.nets {
		at[l.left[l.nets[i].from].row] = i
	}
	after := make([]map[int]bool, len(l.nets)) // which nets must stand to the left
	for i := range l.nets {
		after[i] = map[int]bool{}
		for _, w := range l.nets[i].to {
			if other, ok := at[w.row]; ok && other != i {
				after[i][other] = true
			}
		}
	}
	done := make([]bool, len(l.nets))
	column, end := 0, -1
	for range l.nets {
		best, fewest := -1, 0
		for i := range l.nets {
			if done[i] {
				continue
			}
			open := 0
			for other := range after[i] {
				if !done[other] {
					open++
				}
			}
			if best < 0 || open < fewest {
				best, fewest = i, open
			}
		}
		done[best] = true
		n := &l.nets[best]
		if end >= 0 && n.first <= end {
			column, end = column+1, -1
		}
		n.x = column
		end = max(end, n.last)
	}
	if len(l.nets) == 0 {
		return 0
	}
	return column + 1
}
