package topology

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// The JSON of a graph is a GraphSchema of LazyBridge, which reads it: nodes are
// agents, tools and routers, edges are of the types that it knows. What it has no
// word for has keys of its own, beside and within: sessions, models, model_calls
// and holds, and the figures of each node and edge.

type schemaNode struct {
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Provider *string            `json:"provider,omitempty"`
	Model    *string            `json:"model,omitempty"`
	System   json.RawMessage    `json:"system,omitempty"`
	Engine   *string            `json:"engine_type,omitempty"`
	Tools    *[]string          `json:"tools,omitempty"`
	Routes   *map[string]string `json:"routes,omitempty"`
	Default  *string            `json:"default,omitempty"`
	Type     string             `json:"type"`
	*nodeFigures
}

type nodeFigures struct {
	Session   string      `json:"session_id,omitempty"`
	Run       string      `json:"run_id,omitempty"`
	Sessions  *int64      `json:"sessions,omitempty"`
	Runs      *int64      `json:"runs,omitempty"`
	Failed    *int64      `json:"failed_runs,omitempty"`
	Own       *rollup.Sum `json:"usage,omitempty"`
	Inclusive *rollup.Sum `json:"inclusive,omitempty"`
}

type schemaEdge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
	Type  string `json:"type"`
	*edgeFigures
}

type edgeFigures struct {
	Relation   string           `json:"relation"`
	Count      int64            `json:"count"`
	Failed     *int64           `json:"failed,omitempty"`
	Link       string           `json:"link,omitempty"`
	Links      map[string]int64 `json:"links,omitempty"`
	Calls      *int64           `json:"tool_calls,omitempty"`
	CallErrors *int64           `json:"tool_errors,omitempty"`
	Timed      *int64           `json:"timed_calls,omitempty"`
	Took       *int64           `json:"took_ms,omitempty"`
	P50        *int64           `json:"p50_ms,omitempty"` // absent where no call tells how long it took
	Sum        *rollup.Sum      `json:"usage,omitempty"`
}

type schema struct {
	SessionID string       `json:"session_id"`
	Nodes     []schemaNode `json:"nodes"`
	Edges     []schemaEdge `json:"edges"`
	Expanded  bool         `json:"expanded"`
	Sessions  []schemaNode `json:"sessions"`
	Models    []schemaNode `json:"models"`
	Asks      []schemaEdge `json:"model_calls"`
	Holds     []schemaEdge `json:"holds"`
}

// MarshalJSON writes the graph as LazyBridge does, with the figures under keys
// that it passes over.
func (g *Graph) MarshalJSON() ([]byte, error) {
	out := schema{
		SessionID: g.SessionID, Expanded: g.Expanded,
		Nodes: []schemaNode{}, Edges: []schemaEdge{}, Sessions: []schemaNode{}, Models: []schemaNode{}, Asks: []schemaEdge{}, Holds: []schemaEdge{},
	}
	for i := range g.Nodes {
		n := g.schemaNode(i)
		switch g.Nodes[i].Kind {
		case Session:
			out.Sessions = append(out.Sessions, n)
		case Model:
			out.Models = append(out.Models, n)
		default:
			out.Nodes = append(out.Nodes, n)
		}
	}
	for i := range g.Edges {
		e := g.schemaEdge(&g.Edges[i])
		switch g.Edges[i].Relation {
		case Holds:
			out.Holds = append(out.Holds, e)
		case Asks:
			out.Asks = append(out.Asks, e)
		default:
			out.Edges = append(out.Edges, e)
		}
	}
	return json.Marshal(out)
}

func (g *Graph) schemaNode(i int) schemaNode {
	n := &g.Nodes[i]
	out := schemaNode{ID: n.ID, Name: n.Name, Type: n.Kind.String()}
	switch n.Kind {
	case Agent:
		tools := []string{}
		for _, e := range g.From(i) {
			if to := &g.Nodes[e.To]; to.Kind == Tool {
				tools = append(tools, to.Name)
			}
		}
		slices.Sort(tools)
		tools = slices.Compact(tools)
		out.Provider, out.Model, out.Engine, out.Tools = &n.Provider, &n.Model, &n.Engine, &tools
		out.System = json.RawMessage("null")
		if n.System != "" {
			out.System, _ = json.Marshal(n.System) // a text always has a spelling
		}
	case Router:
		routes := n.Routes
		if routes == nil {
			routes = map[string]string{}
		}
		out.Routes, out.Default = &routes, &n.Default
	case Model:
		out.Provider = &n.Provider
	}
	if g.Described {
		return out
	}
	out.nodeFigures = &nodeFigures{Session: n.Session, Run: n.Run, Own: &n.Own, Inclusive: &n.Inclusive}
	switch n.Kind {
	case Agent:
		out.Runs, out.Failed, out.Sessions = &n.Runs, &n.Failed, &n.Sessions
	case Session:
		out.Runs = &n.Runs
	case Tool, Model:
		out.Inclusive = nil
	}
	return out
}

func (g *Graph) schemaEdge(e *Edge) schemaEdge {
	to := &g.Nodes[e.To]
	out := schemaEdge{From: g.Nodes[e.From].ID, To: to.ID, Label: cmp.Or(e.Label, to.Name), Type: e.Type}
	if e.Relation == Declared {
		out.Label = e.Label
		return out
	}
	out.Type = map[Relation]string{Starts: "tool", Calls: "tool", Asks: "model", Holds: "session"}[e.Relation]
	f := &edgeFigures{Relation: e.Relation.String(), Count: e.Count}
	switch e.Relation {
	case Starts:
		f.Failed, f.Link, f.Links = &e.Failed, e.Link().String(), map[string]int64{}
		for l, count := range e.Links {
			if count > 0 {
				f.Links[cmp.Or(eventlog.Link(l).String(), "none")] = count
			}
		}
		f.Calls, f.CallErrors = &e.Calls, &e.CallErrors
	case Holds, Calls:
		f.Failed = &e.Failed
	case Asks:
		f.Sum = &e.Sum
	}
	if g.Timed && e.Relation != Holds {
		took, p50 := e.Took.Round(time.Millisecond).Milliseconds(), e.P50.Round(time.Millisecond).Milliseconds()
		f.Timed, f.Took = &e.Timed, &took
		if e.Timed > 0 {
			f.P50 = &p50
		}
	}
	out.edgeFigures = f
	return out
}

// ErrNoGraph is returned for a text that is no description of a graph.
var ErrNoGraph = errors.New("not a graph: no object with nodes and edges")

// Read reads a description of a graph: the JSON that LazyBridge saves, or that
// Graph writes, whose figures are passed over. Ends of edges that no node
// describes are agents, or tools where they are called so.
func Read(text []byte) (*Graph, error) {
	type node struct {
		ID       string            `json:"id"`
		Name     string            `json:"name"`
		Type     string            `json:"type"`
		Provider string            `json:"provider"`
		Model    string            `json:"model"`
		System   string            `json:"system"`
		Engine   string            `json:"engine_type"`
		Tools    []string          `json:"tools"`
		Routes   map[string]string `json:"routes"`
		Default  string            `json:"default"`
	}
	var in struct {
		SessionID string  `json:"session_id"`
		Nodes     *[]node `json:"nodes"`
		Edges     *[]struct {
			From  string `json:"from"`
			To    string `json:"to"`
			Label string `json:"label"`
			Type  string `json:"type"`
		} `json:"edges"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoGraph, err)
	}
	if in.Nodes == nil || in.Edges == nil {
		return nil, ErrNoGraph
	}
	d := described{g: &Graph{SessionID: in.SessionID, Described: true}, at: map[string]int{}, had: map[Edge]bool{}}
	for _, n := range *in.Nodes {
		i := d.node(n.ID)
		kind := Agent
		switch n.Type {
		case "tool":
			kind = Tool
		case "router":
			kind = Router
		}
		d.g.Nodes[i] = Node{
			ID: n.ID, Name: cmp.Or(n.Name, n.ID), Kind: kind, Provider: n.Provider, Model: n.Model, System: n.System, Engine: n.Engine,
			Routes: n.Routes, Default: n.Default,
		}
	}
	for _, e := range *in.Edges {
		d.edge(e.From, e.To, e.Label, e.Type)
	}
	for _, n := range *in.Nodes {
		for _, label := range slices.Sorted(maps.Keys(n.Routes)) {
			d.edge(n.ID, n.Routes[label], label, "router")
		}
		if n.Type == "router" && n.Default != "" {
			d.edge(n.ID, n.Default, "default", "router")
		}
		for _, tool := range n.Tools {
			if to, ok := d.at["tool:"+tool]; ok {
				d.edge(n.ID, d.g.Nodes[to].ID, tool, "tool")
			}
		}
	}
	d.g.order()
	return d.g, nil
}

// described is a graph that is being read.
type described struct {
	g   *Graph
	at  map[string]int
	had map[Edge]bool
}

func (d *described) node(id string) int {
	i, ok := d.at[id]
	if !ok {
		i = len(d.g.Nodes)
		d.at[id] = i
		n := Node{ID: id, Name: id, Kind: Agent}
		if name, tool := strings.CutPrefix(id, "tool:"); tool {
			n.Kind, n.Name = Tool, name
		}
		d.g.Nodes = append(d.g.Nodes, n)
	}
	return i
}

func (d *described) edge(from, to, label, kind string) {
	switch kind {
	case "tool", "context", "router":
	default:
		kind = "tool"
	}
	e := Edge{From: d.node(from), To: d.node(to), Relation: Declared, Label: label, Type: kind}
	if !d.had[e] {
		d.had[e] = true
		d.g.Edges = append(d.g.Edges, e)
	}
}
