// Package graph is the page of who starts and calls whom: agents, the models they
// ask and the tools they call, drawn from left to right, or told as a tree where
// that does not fit. It is a page of all sessions and of an opened one; what it
// draws, it is given.
package graph

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/table"
)

// Source is what is drawn.
type Source struct {
	// Of tells one source from another: the same value has the same graph.
	Of any
	// Make makes the graph, with each run by itself or added up by name. It returns
	// nil when the context has ended.
	Make func(ctx context.Context, expanded bool) *topology.Graph
	// Steps is how much there is to go through, zero where that is little.
	Steps int64
}

// Pane is the page.
type Pane struct {
	ctx     context.Context
	enter   func(n *topology.Node) tea.Cmd // shows what a node did
	working job.Job
	source  Source
	made    any // what the picture is of
	halted  bool

	picture  *picture
	plan     *plan // nil where there is no room to draw
	nodes    []int // of the drawing, in the order in which they are gone through
	drawn    list.List
	tree     table.Table[line]
	asTree   bool // the person wants the tree
	expanded bool

	width, height int
}

// New returns the page. enter is what opening a node does.
func New(ctx context.Context, enter func(n *topology.Node) tea.Cmd) *Pane {
	p := &Pane{ctx: ctx, enter: enter}
	p.tree.Columns = p.columns()
	return p
}

// pictureMsg brings what is drawn.
type pictureMsg struct {
	p       *Pane
	ticket  job.Ticket
	of      any
	picture *picture
	node    int // the one that was selected, or -1
	line    int // where it stands in the tree, or -1
}

// Show takes what is to be drawn.
func (p *Pane) Show(s Source) tea.Cmd {
	same := p.source.Make != nil && s.Of == p.source.Of
	p.source = s
	if p.halted || same && (p.working.Busy() || s.Of == p.made) {
		return nil
	}
	return p.work(false)
}

// work makes the picture in a command. restart is for when something else is asked
// for.
func (p *Pane) work(restart bool) tea.Cmd {
	if p.source.Make == nil {
		return nil
	}
	if restart {
		p.working.Stop()
	}
	ctx, ticket, ok := p.working.Start(p.ctx)
	if !ok {
		return nil
	}
	source, expanded := p.source, p.expanded
	id, above := p.selectedID()
	return func() tea.Msg {
		m := pictureMsg{p: p, ticket: ticket, of: source.Of, picture: newPicture(ctx, source.Make(ctx, expanded)), node: -1, line: -1}
		if m.picture != nil && id != "" {
			m.node, m.line = m.picture.find(id, above)
		}
		return m
	}
}

// selectedID returns the ids of the selected node and, in the tree, of the one that
// it stands below.
func (p *Pane) selectedID() (id, above string) {
	n := p.node()
	if n < 0 {
		return "", ""
	}
	if l := p.tree.Selected(); !p.drawing() && l != nil && l.Edge != nil {
		above = p.picture.Nodes[l.Edge.From].ID
	}
	return p.picture.Nodes[n].ID, above
}

// find returns the node with an id and its line: the one below a certain node,
// where there is one.
func (p *picture) find(id, above string) (node, at int) {
	node, at = -1, -1
	for i := range p.Nodes {
		if p.Nodes[i].ID == id {
			node, at = i, int(p.first[i])
			break
		}
	}
	if node < 0 || above == "" {
		return node, at
	}
	for i := range p.lines {
		if l := &p.lines[i]; l.Node == node && l.Edge != nil && p.Nodes[l.Edge.From].ID == above {
			return node, i
		}
	}
	return node, at
}

// Update takes a picture.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(pictureMsg)
	if !ok || m.p != p {
		return nil, false
	}
	fresh, again := p.working.Land(m.ticket)
	if !fresh || m.picture == nil {
		return nil, false
	}
	p.picture, p.made = m.picture, m.of
	p.tree.Columns = p.columns()
	p.tree.Set(m.picture.lines) // nothing sorts them
	p.fit()
	if m.node >= 0 {
		p.selectNode(m.node)
		p.tree.To(m.line)
	}
	if again {
		return p.work(false), true
	}
	return nil, true
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	n := p.node()
	p.width, p.height = width, height
	p.fit()
	if n >= 0 {
		p.selectNode(n)
	}
	return nil
}

// leastBelow is how many rows the selected node takes at least, with its title.
const leastBelow = 7

// fit lays the drawing out anew.
func (p *Pane) fit() {
	room := p.height - 2
	if p.height >= 16 {
		room -= leastBelow
	}
	p.plan = lay(p.picture, p.width, room)
	p.nodes = nil
	if p.plan != nil {
		p.nodes = p.plan.order()
	}
	p.drawn.Resize(max(1, room))
	p.drawn.SetLen(len(p.nodes))
	p.tree.Resize(p.width, p.height-1-p.below())
}

// drawing reports whether the drawing is shown, and not the tree.
func (p *Pane) drawing() bool { return p.plan != nil && !p.asTree }

// below is how many rows the selected node takes, with its title.
func (p *Pane) below() int {
	switch {
	case p.height < 16:
		return 0
	case p.drawing():
		return min(16, p.height-2-p.plan.rows)
	}
	return max(leastBelow, min(12, p.height/3))
}

// node returns the selected node, or -1.
func (p *Pane) node() int {
	if p.picture == nil {
		return -1
	}
	if p.drawing() {
		if i := p.drawn.Cursor(); i >= 0 && i < len(p.nodes) {
			return p.nodes[i]
		}
		return -1
	}
	if l := p.tree.Selected(); l != nil {
		return l.Node
	}
	return -1
}

// selectNode selects a node where it is drawn; in the tree, its first line unless
// another one of it is selected.
func (p *Pane) selectNode(n int) {
	for i, at := range p.nodes {
		if at == n {
			p.drawn.To(i)
		}
	}
	if l := p.tree.Selected(); l != nil && l.Node != n && n < len(p.picture.first) && p.picture.first[n] >= 0 {
		p.tree.To(int(p.picture.first[n]))
	}
}

// Do moves the cursor, changes what is shown, or opens the selected node.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Open:
		return p.open(), true
	case keymap.Expand:
		p.expanded, p.halted = !p.expanded, false
		return p.work(true), true
	}
	if p.picture == nil {
		return nil, false
	}
	switch a {
	case keymap.Flat:
		return p.turn(), true
	case keymap.FoldOpen, keymap.FoldShut:
		p.aside(a == keymap.FoldOpen)
	case keymap.NextError:
		p.seek(1)
	case keymap.PrevError:
		p.seek(-1)
	case keymap.Copy:
		return p.copy(), true
	case keymap.Sort, keymap.Reverse:
		return nil, false // the order is that of who calls whom
	default:
		if p.drawing() {
			return nil, p.drawn.Do(a, n)
		}
		return nil, p.tree.Do(a, n)
	}
	return nil, true
}

// turn shows the tree in place of the drawing, or the other way round.
func (p *Pane) turn() tea.Cmd {
	if p.plan == nil {
		p.asTree = false
		return ask.Tell(p.why())
	}
	n := p.node()
	p.asTree = !p.asTree
	p.fit()
	if n >= 0 {
		p.selectNode(n)
	}
	return nil
}

// why says why there is no drawing.
func (p *Pane) why() string {
	if p.width < leastWidth {
		return "a drawing takes a terminal of 100 columns: here is the tree"
	}
	return "this is too much to draw on this screen: here is the tree"
}

// aside goes to what the selected node calls most, or to what calls it most.
func (p *Pane) aside(on bool) {
	n := p.node()
	if n < 0 {
		return
	}
	if !p.drawing() {
		p.inTree(on)
		return
	}
	edges := p.picture.into(n)
	if on {
		edges = p.picture.outOf(n)
	}
	for _, e := range edges {
		to := e.From
		if on {
			to = e.To
		}
		if to != n {
			p.selectNode(to)
			return
		}
	}
}

// inTree goes to the first line below the selected one, or to the one above it.
func (p *Pane) inTree(on bool) {
	at := p.tree.Cursor()
	depth := p.picture.lines[at].Depth
	if on {
		if at+1 < len(p.picture.lines) && p.picture.lines[at+1].Depth > depth {
			p.tree.To(at + 1)
		}
		return
	}
	for i := at - 1; i >= 0; i-- {
		if p.picture.lines[i].Depth < depth {
			p.tree.To(i)
			return
		}
	}
}

// seek goes to the next node of which something failed.
func (p *Pane) seek(step int) {
	if !p.drawing() {
		p.tree.Seek(step, func(l *line) bool {
			return l.Edge != nil && faults(l.Edge) > 0 || l.Edge == nil && failures(&p.picture.Nodes[l.Node]) > 0
		})
		return
	}
	k := len(p.nodes)
	for i := 1; i <= k; i++ {
		at := ((p.drawn.Cursor()+i*step)%k + k) % k
		if n := p.nodes[at]; n >= 0 && failures(&p.picture.Nodes[n]) > 0 {
			p.drawn.To(at)
			return
		}
	}
}

// copy copies the graph as text that Markdown pages draw.
func (p *Pane) copy() tea.Cmd {
	g := p.picture.Graph
	return func() tea.Msg {
		var b strings.Builder
		if err := g.WriteMermaid(&b); err != nil {
			return ask.Notice(err.Error())
		}
		return ask.Copied{Text: escape.Text(b.String()), What: "graph as Mermaid"}
	}
}

func (p *Pane) open() tea.Cmd {
	if p.halted {
		p.halted = false
		return p.work(true)
	}
	n := p.node()
	switch {
	case p.picture == nil || len(p.picture.Nodes) == 0:
		return nil
	case n < 0: // those that there is no room for
		p.asTree = true
		p.fit()
		return nil
	}
	return p.enter(&p.picture.Nodes[n])
}

// Click selects a node; a second click opens it.
func (p *Pane) Click(x, y int) tea.Cmd {
	if p.picture == nil || y >= p.height-p.below() {
		return nil
	}
	if !p.drawing() {
		if p.tree.Click(y - 1) {
			return p.open()
		}
		return nil
	}
	n, ok := p.plan.upTo(x, y-2)
	if !ok {
		return nil
	}
	if n == p.node() {
		return p.open()
	}
	p.selectNode(n)
	return nil
}

// Scroll scrolls the tree, or goes to the next node of the drawing.
func (p *Pane) Scroll(d int) tea.Cmd {
	if p.drawing() {
		p.drawn.Move(min(1, max(-1, d)))
	} else {
		p.tree.Scroll(d)
	}
	return nil
}

// Back calls off what is being drawn.
func (p *Pane) Back() bool {
	if p.picture != nil || !p.working.Busy() {
		return false
	}
	p.working.Stop()
	p.halted = true
	return true
}

// Scopes are those of pages.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Pages} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	hints := []keymap.Action{keymap.Open}
	if p.plan != nil {
		hints = append(hints, keymap.Flat)
	}
	return append(hints, keymap.Expand, keymap.NextError, keymap.Copy)
}

// Close calls off what is under way.
func (p *Pane) Close() { p.working.Stop() }
