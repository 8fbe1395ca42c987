package recorder

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Graph is who called whom in a session and below it: its agents, their tools,
// and the edges between them, each once, in the order in which they appeared. Its
// JSON is LazyBridge's.
type Graph struct {
	SessionID string `json:"session_id"`
	Nodes     []Node `json:"nodes"`
	Edges     []Edge `json:"edges"`
}

// Node is an agent or a tool.
type Node struct {
	ID       string // the name of an agent, tool:NAME of a tool
	Name     string
	Type     string   // agent or tool
	Provider string   // of an agent: of the last model that it used
	Model    string   // of an agent: the last one that it used
	Tools    []string // of an agent: those that are no agents, by name
}

// Edge says that an agent called a tool or started another agent.
type Edge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
	Type  string `json:"type"` // tool
}

// MarshalJSON writes the members that a node of its type has. What nobody knows
// is null.
func (n Node) MarshalJSON() ([]byte, error) {
	if n.Type != "agent" {
		return json.Marshal(struct {
			ID   string `json:"id"`
			Name string `json:"name"`
			Type string `json:"type"`
		}{n.ID, n.Name, n.Type})
	}
	told := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return json.Marshal(struct {
		ID       string   `json:"id"`
		Name     string   `json:"name"`
		Provider *string  `json:"provider"`
		Model    *string  `json:"model"`
		System   *string  `json:"system"`
		Engine   *string  `json:"engine_type"`
		Tools    []string `json:"tools"`
		Type     string   `json:"type"`
	}{n.ID, n.Name, told(n.Provider), told(n.Model), nil, nil, append([]string{}, n.Tools...), n.Type})
}

// ToJSON returns the graph as JSON, laid out for people.
func (g Graph) ToJSON() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(g) != nil {
		return "" // texts and lists always have a spelling
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Graph draws what has been committed of the session and the sessions below it.
// In batches Flush has to come before it.
func (s *Session) Graph(ctx context.Context) (Graph, error) {
	if s == nil {
		return Graph{}, nil
	}
	h := s.engine.history
	cat, err := h.catalog(ctx)
	if err != nil {
		return Graph{}, fmt.Errorf("graph: %w", err)
	}
	h.mu.Lock()
	above := maps.Clone(h.above)
	h.mu.Unlock()
	d := drawing{names: cat.Symbols.Names(), runs: map[string]*eventlog.Run{}, agents: map[string]*drawn{}, edges: map[Edge]bool{}}
	// The catalog has the newest first, and so has each of them.
	for _, one := range slices.Backward(cat.Sessions) {
		if s.holds(one) {
			d.session(one, above[one.ID])
		}
	}
	for _, e := range cat.Entries.All() {
		d.called(e)
	}
	return d.graph(s.id), nil
}

// drawing is a graph that is being made.
type drawing struct {
	names  []string
	runs   map[string]*eventlog.Run // by session and run id
	agents map[string]*drawn
	order  []*drawn
	links  []Edge // from agent to agent
	edges  map[Edge]bool
}

type drawn struct {
	Node
	tools   map[string]bool
	started map[string]bool // the agents
}

func (d *drawing) agent(name string) *drawn {
	name = cmp.Or(name, "unknown")
	a := d.agents[name]
	if a == nil {
		a = &drawn{Node: Node{ID: name, Name: name, Type: "agent"}, tools: map[string]bool{}, started: map[string]bool{}}
		d.agents[name] = a
		d.order = append(d.order, a)
	}
	return a
}

func runKey(session, run string) string { return session + "\x00" + run }

// session adds the agents of a session, which a run of its parent may have
// started.
func (d *drawing) session(s *eventlog.Session, startedBy string) {
	for _, r := range s.Runs {
		d.runs[runKey(s.ID, d.names[r.ID])] = r
	}
	for _, r := range s.Runs {
		if r.ID == 0 && len(r.Tools) == 0 {
			continue // the session's own events
		}
		a := d.agent(d.names[r.Agent])
		if r.Model != 0 {
			a.Model = d.names[r.Model]
		}
		for _, t := range r.Tools {
			a.tools[cmp.Or(d.names[t.Tool], "unknown")] = true
		}
		up := d.runs[runKey(s.ID, d.names[r.Parent])]
		if r.Parent == 0 {
			up = nil
			if s.Parent != nil && startedBy != "" {
				up = d.runs[runKey(s.Parent.ID, startedBy)]
			}
		}
		if up != nil {
			d.link(d.agent(d.names[up.Agent]), a)
		}
	}
}

func (d *drawing) link(from, to *drawn) {
	e := Edge{From: from.ID, To: to.ID, Label: to.Name, Type: "tool"}
	from.started[to.Name] = true
	if !d.edges[e] {
		d.edges[e] = true
		d.links = append(d.links, e)
	}
}

// called takes the provider from a call.
func (d *drawing) called(e *eventlog.Entry) {
	if a := d.agents[d.names[e.Agent]]; a != nil && e.Provider != 0 && d.names[e.Model] == a.Model {
		a.Provider = d.names[e.Provider]
	}
}

// graph puts each agent before its tools. A tool that is an agent is one already.
func (d *drawing) graph(id string) Graph {
	g := Graph{SessionID: id, Nodes: []Node{}, Edges: []Edge{}}
	had := map[string]bool{}
	for _, a := range d.order {
		var tools []Node
		for _, name := range slices.Sorted(maps.Keys(a.tools)) {
			if a.started[name] {
				continue
			}
			t := Node{ID: "tool:" + name, Name: name, Type: "tool"}
			a.Tools = append(a.Tools, name)
			g.Edges = append(g.Edges, Edge{From: a.ID, To: t.ID, Label: name, Type: "tool"})
			if !had[t.ID] {
				had[t.ID] = true
				tools = append(tools, t)
			}
		}
		g.Nodes = append(append(g.Nodes, a.Node), tools...)
	}
	g.Edges = append(g.Edges, d.links...)
	return g
}
