// Package topology draws who calls whom: agents, the agents they start, the tools
// they call and the models they ask, with how often, how long, how sure and for
// how much. It makes the graph of a catalog, of opened logs or of a description
// that LazyBridge saved, and spells it for other programs. It knows no format of
// logs and no screen.
package topology

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// Kind is what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Session Kind = iota + 1
	Agent
	Tool
	Model
	Router // of a description only: it chooses which agent comes next
)

var kindNames = [...]string{"", "session", "agent", "tool", "model", "router"}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// Relation is what an edge says of its two ends.
type Relation uint8

// The relations, in the order in which the edges of a node are listed.
const (
	Holds    Relation = iota + 1 // a session has runs of an agent on top, or another session below it
	Starts                       // an agent started another one
	Calls                        // an agent called a tool
	Asks                         // an agent called a model
	Declared                     // a description says that one may lead to the other
)

var relationNames = [...]string{"", "holds", "starts", "calls", "asks", "declared"}

// String returns the name of the relation.
func (r Relation) String() string { return relationNames[r] }

// Node is an agent, a tool, a model or a session. Of an expanded graph an agent
// is one run.
type Node struct {
	ID        string // unique in its graph
	Name      string
	Kind      Kind
	Session   string            // the session's id, of a session and of a run
	Run       string            // the id of the run, in an expanded graph
	Sessions  int64             // in how many sessions an agent was
	Runs      int64             // of an agent or session; a run is one
	Failed    int64             // runs that ended in failure
	Provider  string            // of the model that an agent used most
	Model     string            // the model that an agent used most, by tokens
	System    string            // of a description
	Engine    string            // of a description
	Routes    map[string]string // of a router: where its choices lead
	Default   string            // of a router
	Own       rollup.Sum        // of an agent: without what it started; of a tool or model: all of it
	Inclusive rollup.Sum        // with everything that it started, each call once
}

// Edge is what one node had to do with another.
type Edge struct {
	From, To int // indexes into Graph.Nodes
	Relation Relation
	Count    int64 // runs started, calls of a tool, calls of a model, or what a session holds
	Failed   int64 // of them, those that failed; of calls of a model nobody knows
	// Links counts the starts by how sure it is that this agent started that one.
	Links [eventlog.LinkSure + 1]int64
	// Calls and CallErrors are of a start by a tool that is called like the agent:
	// the two are one thing, and there is no node for the tool.
	Calls, CallErrors int64
	Timed             int64         // calls of which it is known how long they took
	Took              time.Duration // they did in all
	P50               time.Duration // half of them did not take longer
	Sum               rollup.Sum    // of calls of a model
	Label             string        // of a description
	Type              string        // of a description: tool, context or router
}

// Link is how sure the least sure of the starts is.
func (e *Edge) Link() eventlog.Link {
	for l, n := range e.Links {
		if n > 0 {
			return eventlog.Link(l)
		}
	}
	return eventlog.LinkNone
}

// Graph is who called whom. It does not change once it is made. It may hold
// circles: an agent may start itself, or those that started it.
type Graph struct {
	SessionID string // where there is only one
	Expanded  bool   // each run is a node
	Described bool   // it was read from a description and has no figures
	Timed     bool   // it was asked how long calls took
	Nodes     []Node // sessions, agents, tools, models; the dearest first, runs behind those that started them
	Edges     []Edge // by the node that they come from, then in the order of relations
}

// Options say how a graph is drawn.
type Options struct {
	Expanded bool                         // each run is a node, instead of each agent by its name
	Sessions bool                         // sessions are nodes too
	Keep     func(*eventlog.Session) bool // which sessions of a catalog; nil is all
	// Logs are the logs of the sessions, opened one after another. They tell what
	// the catalog does not know: how long calls took, and which run started a
	// session. Nil does without.
	Logs iter.Seq[*eventlog.Snapshot]
}

// key tells nodes apart while a graph is being made. Of an agent by its name, of
// a tool and of a model only the name is set.
type key struct {
	kind    Kind
	name    string
	session eventlog.Sym
	run     eventlog.Sym
}

type edgeKey struct {
	from, to int32
	relation Relation
}

// sketch is a graph that is being made.
type sketch struct {
	opt   Options
	names []string
	g     *Graph
	nodes map[key]int32
	edges map[edgeKey]int32
	took  map[int32][]time.Duration // by edge
	in    map[[2]int64]bool         // by agent and session
	use   map[[2]string]usage       // by agent's node id and model
}

type usage struct {
	provider string
	tokens   int64
}

func newSketch(opt Options, names []string) *sketch {
	return &sketch{
		opt: opt, names: names, g: &Graph{Expanded: opt.Expanded}, nodes: map[key]int32{}, edges: map[edgeKey]int32{},
		took: map[int32][]time.Duration{}, in: map[[2]int64]bool{}, use: map[[2]string]usage{},
	}
}

func orUnknown(name string) string { return cmp.Or(name, "unknown") }

// node returns the node with a key, making it where it is new.
func (s *sketch) node(k key, id, name string) int32 {
	at, ok := s.nodes[k]
	if !ok {
		at = int32(len(s.g.Nodes))
		s.nodes[k] = at
		s.g.Nodes = append(s.g.Nodes, Node{ID: id, Name: name, Kind: k.kind})
	}
	return at
}

// agent returns the node of a run of an agent.
func (s *sketch) agent(name string, session eventlog.Sym, run eventlog.Sym) int32 {
	name = orUnknown(name)
	if !s.opt.Expanded {
		return s.node(key{kind: Agent, name: name}, agentID(name), name)
	}
	sid, rid := s.names[session], s.names[run]
	at := s.node(key{kind: Agent, session: session, run: run}, "run:"+sid+"/"+rid, name)
	s.g.Nodes[at].Session, s.g.Nodes[at].Run = sid, rid
	return at
}

func (s *sketch) tool(name string) int32 {
	name = orUnknown(name)
	return s.node(key{kind: Tool, name: name}, "tool:"+name, name)
}

func (s *sketch) model(name string) int32 {
	name = orUnknown(name)
	return s.node(key{kind: Model, name: name}, "model:"+name, name)
}

func (s *sketch) session(id eventlog.Sym, label string) int32 {
	at := s.node(key{kind: Session, session: id}, "session:"+s.names[id], label)
	s.g.Nodes[at].Session = s.names[id]
	return at
}

// agentID is what LazyBridge calls an agent: its name, unless that would be taken
// for something else.
func agentID(name string) string {
	for _, k := range kindNames[1:] {
		if len(name) > len(k) && name[:len(k)] == k && name[len(k)] == ':' {
			return "agent:" + name
		}
	}
	if len(name) > 4 && name[:4] == "run:" {
		return "agent:" + name
	}
	return name
}

// edge returns an edge for changing it, until the next one is asked for.
func (s *sketch) edge(from, to int32, r Relation) (*Edge, int32) {
	k := edgeKey{from, to, r}
	at, ok := s.edges[k]
	if !ok {
		at = int32(len(s.g.Edges))
		s.edges[k] = at
		s.g.Edges = append(s.g.Edges, Edge{From: int(from), To: int(to), Relation: r})
	}
	return &s.g.Edges[at], at
}

// ran counts a run.
func (s *sketch) ran(at int32, session eventlog.Sym, failed bool) {
	n := &s.g.Nodes[at]
	n.Runs++
	if failed {
		n.Failed++
	}
	if pair := [2]int64{int64(at), int64(session)}; !s.in[pair] {
		s.in[pair] = true
		n.Sessions++
	}
}

// started counts a start.
func (s *sketch) started(from, to int32, link eventlog.Link, failed bool) {
	e, _ := s.edge(from, to, Starts)
	e.Count++
	e.Links[link]++
	if failed {
		e.Failed++
	}
}

// called counts calls of a tool.
func (s *sketch) called(from int32, tool string, calls, failed int64) {
	to := s.tool(tool)
	e, _ := s.edge(from, to, Calls)
	e.Count += calls
	e.Failed += failed
	s.g.Nodes[to].Own.Add(rollup.Sum{ToolCalls: calls, ToolErrors: failed, Errors: failed})
}

// asked adds calls of a model.
func (s *sketch) asked(from int32, provider, model string, sum rollup.Sum) {
	to := s.model(model)
	e, _ := s.edge(from, to, Asks)
	e.Count += sum.Calls
	e.Sum.Add(sum)
	n := &s.g.Nodes[to]
	n.Own.Add(sum)
	n.Provider = cmp.Or(n.Provider, provider)
	k := [2]string{s.g.Nodes[from].ID, n.Name}
	u := s.use[k]
	s.use[k] = usage{cmp.Or(u.provider, provider), u.tokens + sum.Usage.Total() + sum.Calls}
}

// lasted notes how long a call took.
func (s *sketch) lasted(edge int32, d time.Duration) {
	s.took[edge] = append(s.took[edge], d)
}

// graph is what has come together, in an order that does not depend on the order
// in which it was found.
func (s *sketch) graph() *Graph {
	g := s.g
	g.Timed = s.opt.Logs != nil
	for i, took := range s.took {
		e := &g.Edges[i]
		slices.Sort(took)
		e.Timed, e.P50 = int64(len(took)), rollup.Quantile(took, 0.5)
		for _, d := range took {
			e.Took += d
		}
	}
	s.models()
	if !g.Expanded {
		s.fold()
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Kind == Tool || n.Kind == Model {
			n.Inclusive = n.Own
		}
	}
	g.order()
	return g
}

// models names the model that each agent used most.
func (s *sketch) models() {
	best := map[string]int64{}
	where := map[string]*Node{}
	for i := range s.g.Nodes {
		where[s.g.Nodes[i].ID] = &s.g.Nodes[i]
	}
	for k, u := range s.use {
		n := where[k[0]]
		if u.tokens > best[k[0]] || u.tokens == best[k[0]] && k[1] < n.Model {
			best[k[0]], n.Model, n.Provider = u.tokens, k[1], u.provider
		}
	}
}

// fold makes one of the call of a tool and of the start of the agent that is
// called like it: in LazyBridge an agent is the tool of another one.
func (s *sketch) fold() {
	g := s.g
	gone := map[int32]bool{} // edges
	for k, at := range s.edges {
		if k.relation != Calls {
			continue
		}
		agent, ok := s.nodes[key{kind: Agent, name: g.Nodes[k.to].Name}]
		if !ok {
			continue
		}
		start, ok := s.edges[edgeKey{k.from, agent, Starts}]
		if !ok {
			continue
		}
		call, e := &g.Edges[at], &g.Edges[start]
		e.Calls, e.CallErrors, e.Timed, e.Took, e.P50 = call.Count, call.Failed, call.Timed, call.Took, call.P50
		gone[at] = true
	}
	used := make([]bool, len(g.Nodes))
	edges := g.Edges[:0]
	for i, e := range g.Edges {
		if !gone[int32(i)] {
			used[e.To] = true
			edges = append(edges, e)
		}
	}
	g.Edges = edges
	place := make([]int, len(g.Nodes))
	nodes := g.Nodes[:0]
	for i, n := range g.Nodes {
		if n.Kind == Tool && !used[i] {
			continue
		}
		place[i] = len(nodes)
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
	for i := range g.Edges {
		e := &g.Edges[i]
		e.From, e.To = place[e.From], place[e.To]
	}
}

// order sorts nodes and edges. Runs stay behind those that started them.
func (g *Graph) order() {
	at := make([]int, len(g.Nodes))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		a, b := &g.Nodes[i], &g.Nodes[j]
		if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		if a.Kind == Session || a.Kind == Agent && g.Expanded {
			return cmp.Compare(i, j)
		}
		return cmp.Or(
			cmp.Compare(b.Inclusive.Cost(), a.Inclusive.Cost()), cmp.Compare(b.Inclusive.Usage.Total(), a.Inclusive.Usage.Total()),
			cmp.Compare(b.Inclusive.ToolCalls, a.Inclusive.ToolCalls), cmp.Compare(b.Runs, a.Runs), cmp.Compare(a.ID, b.ID))
	})
	g.place(at)
}

// place puts the nodes into an order, and the edges into that of their nodes.
func (g *Graph) place(at []int) {
	nodes, to := make([]Node, len(at)), make([]int, len(at))
	for i, old := range at {
		nodes[i], to[old] = g.Nodes[old], i
	}
	g.Nodes = nodes
	for i := range g.Edges {
		g.Edges[i].From, g.Edges[i].To = to[g.Edges[i].From], to[g.Edges[i].To]
	}
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(
			cmp.Compare(a.From, b.From), cmp.Compare(a.Relation, b.Relation), cmp.Compare(b.Sum.Cost(), a.Sum.Cost()), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.To, b.To), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Label, b.Label))
	})
}

// From returns the edges that come from a node.
func (g *Graph) From(node int) []Edge {
	first, _ := slices.BinarySearchFunc(g.Edges, node, func(e Edge, node int) int { return cmp.Compare(e.From, node) })
	last, _ := slices.BinarySearchFunc(g.Edges, node+1, func(e Edge, node int) int { return cmp.Compare(e.From, node) })
	return g.Edges[first:last]
}
