package topology_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/topology"
)

const second = eventlog.Stamp(time.Second)

// writer makes the events of a test, one a second.
type writer struct {
	events []eventlog.Event
	now    eventlog.Stamp
}

func (w *writer) add(e eventlog.Event) {
	w.now += second
	e.Time = w.now
	w.events = append(w.events, e)
}

func (w *writer) start(session, run, parent, agent string, link eventlog.Link) {
	w.add(eventlog.Event{Kind: eventlog.AgentStart, SessionID: session, RunID: run, ParentRunID: parent, Agent: agent, Link: link})
}

func (w *writer) finish(session, run string, outcome eventlog.Outcome) {
	w.add(eventlog.Event{Kind: eventlog.AgentFinish, SessionID: session, RunID: run, Outcome: outcome, Failed: outcome == eventlog.Failure})
}

func (w *writer) tool(session, run, name, id string, failed bool) {
	w.add(eventlog.Event{Kind: eventlog.ToolCall, SessionID: session, RunID: run, Tool: name, CallID: id})
	end := eventlog.ToolResult
	if failed {
		end = eventlog.ToolError
	}
	w.add(eventlog.Event{Kind: end, SessionID: session, RunID: run, Tool: name, CallID: id, Failed: failed})
}

func (w *writer) model(session, run, model string, out int64, cost eventlog.Money) {
	w.add(eventlog.Event{Kind: eventlog.ModelRequest, SessionID: session, RunID: run, Provider: "p", Model: model})
	b := &eventlog.Bill{Usage: eventlog.Usage{Output: out}, Cost: cost, Source: eventlog.Recorded}
	if cost == 0 {
		b.Source = eventlog.Unpriced
	}
	w.add(eventlog.Event{Kind: eventlog.ModelResponse, SessionID: session, RunID: run, Provider: "p", Model: model, Bill: b})
}

// written returns the catalog and the log of events.
func written(t *testing.T, events []eventlog.Event) (*eventlog.Catalog, *eventlog.Snapshot) {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	m := eventlog.NewMemory(sources)
	if err := m.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return sources.Catalog(), m.Snapshot()
}

func logs(snaps ...*eventlog.Snapshot) iter.Seq[*eventlog.Snapshot] { return slices.Values(snaps) }

// family is a lead that starts two researchers by a tool of their name, and one
// writer, which starts a researcher too.
func family() []eventlog.Event {
	w := &writer{}
	w.start("s", "r1", "", "lead", 0)
	w.model("s", "r1", "big", 10, eventlog.Dollar)
	w.add(eventlog.Event{Kind: eventlog.ToolCall, SessionID: "s", RunID: "r1", Tool: "researcher", CallID: "c1"})
	w.start("s", "r2", "r1", "researcher", eventlog.LinkExact)
	w.model("s", "r2", "small", 100, 0)
	w.tool("s", "r2", "search", "t1", false)
	w.tool("s", "r2", "search", "t2", true)
	w.finish("s", "r2", eventlog.Failure)
	w.add(eventlog.Event{Kind: eventlog.ToolResult, SessionID: "s", RunID: "r1", Tool: "researcher", CallID: "c1"})
	w.start("s", "r3", "r1", "writer", eventlog.LinkSure)
	w.start("s", "r4", "r3", "researcher", eventlog.LinkSure)
	w.model("s", "r4", "small", 1000, 2*eventlog.Dollar)
	w.finish("s", "r4", eventlog.Success)
	w.finish("s", "r3", eventlog.Success)
	w.finish("s", "r1", eventlog.Success)
	return w.events
}

// describe spells a graph for comparing.
func describe(g *topology.Graph) string {
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s %s runs=%d/%d sessions=%d own=%d$%s all=%d$%s tools=%d/%d model=%s\n", n.Kind, n.ID, n.Runs, n.Failed, n.Sessions,
			n.Own.Usage.Output, n.Own.Cost(), n.Inclusive.Usage.Output, n.Inclusive.Cost(), n.Own.ToolCalls, n.Own.ToolErrors, n.Model)
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "%s -%s-> %s %d/%d link=%s calls=%d/%d p50=%s sum=%d$%s\n", g.Nodes[e.From].ID, e.Relation, g.Nodes[e.To].ID, e.Count, e.Failed,
			e.Link(), e.Calls, e.CallErrors, e.P50, e.Sum.Usage.Output, e.Sum.Cost())
	}
	return b.String()
}

const familyByName = `agent lead runs=1/0 sessions=1 own=10$1 all=1110$3 tools=1/0 model=big
agent writer runs=1/0 sessions=1 own=0$0 all=1000$2 tools=0/0 model=
agent researcher runs=2/1 sessions=1 own=1100$2 all=1100$2 tools=2/1 model=small
tool tool:search runs=0/0 sessions=0 own=0$0 all=0$0 tools=2/1 model=
model model:small runs=0/0 sessions=0 own=1100$2 all=1100$2 tools=0/0 model=
model model:big runs=0/0 sessions=0 own=10$1 all=10$1 tools=0/0 model=
lead -starts-> researcher 1/1 link=exact calls=1/0 p50=9s sum=0$0
lead -starts-> writer 1/0 link=recorded calls=0/0 p50=0s sum=0$0
lead -asks-> model:big 1/0 link= calls=0/0 p50=1s sum=10$1
writer -starts-> researcher 1/0 link=recorded calls=0/0 p50=0s sum=0$0
researcher -calls-> tool:search 2/1 link= calls=0/0 p50=1s sum=0$0
researcher -asks-> model:small 2/0 link= calls=0/0 p50=1s sum=1100$2
`

func TestByName(t *testing.T) {
	t.Parallel()
	cat, snap := written(t, family())
	// Starts of one agent come in the order of their counts, then of their nodes.
	want := sortLines(familyByName)
	for _, c := range []struct {
		name string
		g    *topology.Graph
	}{
		{"catalog and log", topology.New(t.Context(), cat, topology.Options{Logs: logs(snap)})},
		{"log alone", topology.FromLog(t.Context(), snap, topology.Options{})},
	} {
		if got := sortLines(describe(c.g)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
		if c.g.SessionID != "s" {
			t.Errorf("%s: session %q", c.name, c.g.SessionID)
		}
	}
	untimed := regexp.MustCompile(`p50=\S+`)
	got := topology.New(t.Context(), cat, topology.Options{})
	if text := sortLines(describe(got)); text != sortLines(untimed.ReplaceAllString(familyByName, "p50=0s")) {
		t.Errorf("catalog alone:\n%s", text)
	}
}

func sortLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// The figures of the graph are those of the roll-up, run by run.
func TestExpandedIsTheRollUp(t *testing.T) {
	t.Parallel()
	cat, snap := written(t, family())
	report := rollup.New(cat, nil)
	for name, g := range map[string]*topology.Graph{
		"catalog": topology.New(t.Context(), cat, topology.Options{Expanded: true, Logs: logs(snap)}),
		"log":     topology.FromLog(t.Context(), snap, topology.Options{Expanded: true}),
	} {
		runs := 0
		for _, n := range g.Nodes {
			if n.Kind != topology.Agent {
				continue
			}
			runs++
			want := report.ByRun()[n.Run]
			if n.Name != want.Agent || n.Own.Cost() != want.Own.Cost() || n.Inclusive.Usage != want.Inclusive.Usage || n.Inclusive.ToolErrors != want.Inclusive.ToolErrors {
				t.Errorf("%s: %s is %+v, want %+v", name, n.ID, n, want.Own)
			}
		}
		if runs != len(report.Runs) {
			t.Errorf("%s: %d runs, want %d", name, runs, len(report.Runs))
		}
		starts := 0
		for _, e := range g.Edges {
			if e.Relation == topology.Starts {
				starts++
			}
		}
		if starts != 3 {
			t.Errorf("%s: %d starts", name, starts)
		}
	}
}

// A session that a call of another one started hangs below the agent of that
// call, which the log knows; the catalog knows it where there is one agent only.
func TestSessionsBelowSessions(t *testing.T) {
	t.Parallel()
	w := &writer{}
	w.start("top", "r1", "", "lead", 0)
	w.start("top", "r2", "r1", "helper", eventlog.LinkSure)
	w.add(eventlog.Event{Kind: eventlog.ToolCall, SessionID: "top", RunID: "r2", Tool: "spawn", CallID: "c", Spawns: true})
	w.add(eventlog.Event{Kind: eventlog.ToolResult, SessionID: "top", RunID: "r2", Tool: "spawn", CallID: "c",
		Adopts: []eventlog.Adopt{{SessionID: "below", ParentRunID: "r2", ParentCall: "c", Link: eventlog.LinkSure}}})
	w.add(eventlog.Event{Kind: eventlog.SessionStart, SessionID: "below", Facts: &eventlog.Facts{ParentID: "top"}})
	w.start("below", "r3", "", "thread", 0)
	w.model("below", "r3", "m", 7, eventlog.Dollar)
	w.model("top", "r1", "m", 50, eventlog.Dollar)
	cat, snap := written(t, w.events)
	edge := func(g *topology.Graph, from, to string) *topology.Edge {
		for i := range g.Edges {
			if e := &g.Edges[i]; g.Nodes[e.From].ID == from && g.Nodes[e.To].ID == to {
				return e
			}
		}
		return nil
	}
	for name, g := range map[string]*topology.Graph{
		"catalog and log": topology.New(t.Context(), cat, topology.Options{Sessions: true, Logs: logs(snap)}),
		"log":             topology.FromLog(t.Context(), snap, topology.Options{Sessions: true}),
	} {
		if e := edge(g, "helper", "thread"); e == nil || e.Count != 1 || e.Link() != eventlog.LinkSure {
			t.Errorf("%s: helper starts thread: %+v", name, e)
		}
		if edge(g, "lead", "thread") != nil {
			t.Errorf("%s: lead did not start thread", name)
		}
		for _, n := range g.Nodes {
			want := map[string]int64{"lead": 50, "helper": 0, "thread": 7, "session:top": 57, "session:below": 7, "model:m": 57}[n.ID]
			if n.Kind != topology.Tool && n.Inclusive.Usage.Output != want {
				t.Errorf("%s: %s comes to %d, want %d", name, n.ID, n.Inclusive.Usage.Output, want)
			}
		}
		if edge(g, "session:top", "session:below") == nil || edge(g, "session:below", "thread") == nil || edge(g, "session:top", "lead") == nil {
			t.Errorf("%s: the sessions are not tied:\n%s", name, describe(g))
		}
	}
	if g := topology.New(t.Context(), cat, topology.Options{}); edge(g, "helper", "thread") != nil || edge(g, "lead", "thread") != nil {
		t.Error("the catalog cannot know which of two agents it was")
	}
	g := topology.New(t.Context(), cat, topology.Options{Keep: func(s *eventlog.Session) bool { return s.ID == "below" }})
	if len(g.Nodes) != 2 || g.SessionID != "below" {
		t.Errorf("kept more than one session:\n%s", describe(g))
	}
}

// Agents that start each other, and runs that name each other as parents, are
// told once.
func TestCircles(t *testing.T) {
	t.Parallel()
	w := &writer{}
	w.start("s", "r1", "r2", "ping", eventlog.LinkSure)
	w.start("s", "r2", "r1", "pong", eventlog.LinkSure)
	w.start("s", "r3", "r2", "ping", eventlog.LinkSure)
	w.start("s", "r4", "r3", "ping", eventlog.LinkSure)
	cat, snap := written(t, w.events)
	for _, expanded := range []bool{false, true} {
		opt := topology.Options{Expanded: expanded, Logs: logs(snap), Sessions: true}
		for _, g := range []*topology.Graph{topology.New(t.Context(), cat, opt), topology.FromLog(t.Context(), snap, opt)} {
			seen := map[int]int{}
			lines := g.Tree()
			for _, l := range lines {
				if !l.Again {
					seen[l.Node]++
				}
			}
			for i, n := range g.Nodes {
				if seen[i] != 1 && (n.Kind != topology.Session || expanded) {
					t.Errorf("expanded %v: %s is told %d times", expanded, n.ID, seen[i])
				}
			}
			if most := len(g.Nodes) + len(g.Edges); len(lines) > most {
				t.Errorf("%d lines of %d nodes and edges", len(lines), most)
			}
		}
	}
}

// A chain that is deeper than any stack, and as many runs beside each other.
func TestDeepAndWide(t *testing.T) {
	t.Parallel()
	const n = 20_000
	w := &writer{}
	for i := range n {
		parent := ""
		if i > 0 && i < n/2 {
			parent = fmt.Sprint("r", i-1)
		}
		w.start("s", fmt.Sprint("r", i), parent, "a", eventlog.LinkSure)
	}
	cat, snap := written(t, w.events)
	g := topology.New(t.Context(), cat, topology.Options{Expanded: true, Logs: logs(snap)})
	if len(g.Nodes) != n || len(g.Edges) != n/2-1 || len(g.Tree()) != n {
		t.Errorf("%d nodes, %d edges, %d lines", len(g.Nodes), len(g.Edges), len(g.Tree()))
	}
	g = topology.FromLog(t.Context(), snap, topology.Options{})
	if len(g.Nodes) != 1 || len(g.Edges) != 1 || g.Edges[0].Count != n/2-1 {
		t.Errorf("by name: %s", describe(g))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if topology.New(ctx, cat, topology.Options{}) != nil || topology.FromLog(ctx, snap, topology.Options{}) != nil {
		t.Error("it goes on after its context")
	}
}

// hostile are names that mean something where they are put.
var hostile = []string{
	`"]; n0 -> n1 [label="x`, `a\`, "line\nbreak", "\x1b[31mred", "&lt;b&gt;", "<script>alert(1)</script>", `%%{init: {"theme":"x"}}%%`, "`**md**`",
	"tool:fake", "model:fake", "run:s/r", "end", "#quot;", "n0", "日本 agent", "\u202eevil", `"|x|`, "\xff\xfe", "1. list", "- item",
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := &writer{}
	w.start("s", "top", "", "top", 0)
	for i, name := range hostile {
		run := fmt.Sprint("r", i)
		w.start("s", run, "top", name, eventlog.LinkSure)
		w.tool("s", run, name+"!", run+"t", false)
		w.model("s", run, name, 1, 1)
	}
	cat, _ := written(t, w.events)
	g := topology.New(t.Context(), cat, topology.Options{})
	var dot, mermaid strings.Builder
	if err := errors.Join(g.WriteDOT(&dot), g.WriteMermaid(&mermaid)); err != nil {
		t.Fatal(err)
	}
	// Whatever stands between quotes, the lines are of these shapes and no others.
	text := `"(?:[^"\\]|\\\\|\\"|\\n)*"`
	dotLine := regexp.MustCompile(`^(?:digraph agents \{|\}|  (?:rankdir=LR|(?:node|edge) \[fontname="Helvetica"(?:, fontsize=10)?\]|n\d+ \[label=` + text +
		`, shape=\w+(?:, style="rounded,filled", fillcolor="#e8f0fe")?\]|n\d+ -> n\d+(?: \[label=` + text + `\])?);)$`)
	plain := `"(?:[\p{L}\p{Nd} .,:/()+$~×-]|#\d+;|<br/>)*"`
	mermaidLine := regexp.MustCompile(`^(?:flowchart LR|  n\d+(?:\(` + plain + `\)|\[` + plain + `\]|\(\[` + plain + `\]\))|  n\d+ -->(?:\|` + plain + `\|)? n\d+)$`)
	for name, c := range map[string]struct {
		text string
		line *regexp.Regexp
	}{"dot": {dot.String(), dotLine}, "mermaid": {mermaid.String(), mermaidLine}} {
		lines := strings.Split(strings.TrimSuffix(c.text, "\n"), "\n")
		for _, l := range lines {
			if !c.line.MatchString(l) {
				t.Errorf("%s: %s", name, l)
			}
		}
		if name == "mermaid" && regexp.MustCompile(`["(>](?:\d+\.|[-+]) `).MatchString(c.text) {
			t.Error("mermaid takes a label for a list")
		}
		if strings.ContainsAny(c.text, "\x1b\u202e") {
			t.Errorf("%s holds what a terminal acts upon", name)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^  n\d+ -> n\d+`).FindAllString(dot.String(), -1)); n != len(g.Edges) {
		t.Errorf("%d arrows for %d edges", n, len(g.Edges))
	}
	ids := map[string]bool{}
	for _, n := range g.Nodes {
		if ids[n.ID] {
			t.Errorf("two nodes are called %s", n.ID)
		}
		ids[n.ID] = true
	}
}

// What is written is read by LazyBridge's rules: nodes and edges of its types
// only, and nothing else in the lists that it knows.
func TestSchemaIsLazyBridges(t *testing.T) {
	t.Parallel()
	cat, snap := written(t, family())
	g := topology.New(t.Context(), cat, topology.Options{Sessions: true, Logs: logs(snap)})
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		SessionID string           `json:"session_id"`
		Nodes     []map[string]any `json:"nodes"`
		Edges     []map[string]any `json:"edges"`
		Models    []map[string]any `json:"models"`
		Asks      []map[string]any `json:"model_calls"`
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	for _, n := range out.Nodes {
		switch n["type"] {
		case "agent":
			for _, k := range []string{"id", "name", "provider", "model", "system", "engine_type", "tools"} {
				if _, ok := n[k]; !ok {
					t.Errorf("agent %v has no %s", n["id"], k)
				}
			}
		case "tool":
		default:
			t.Errorf("a node of type %v", n["type"])
		}
	}
	for _, e := range out.Edges {
		if e["type"] != "tool" {
			t.Errorf("an edge of type %v", e["type"])
		}
	}
	if out.SessionID != "s" || len(out.Models) != 2 || len(out.Asks) != 2 || len(out.Edges) != 4 {
		t.Errorf("%s", text)
	}
	back, err := topology.Read(text)
	if err != nil || len(back.Nodes) != len(out.Nodes) || len(back.Edges) != len(out.Edges) || !back.Described {
		t.Errorf("read again: %v\n%s", err, describe(back))
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	g, err := topology.Read([]byte(`{"session_id":"x","nodes":[{"id":"a","name":"A","type":"agent","model":"m","tools":["t"]},{"id":"tool:t","name":"t","type":"tool"},
		{"id":"r","name":"R","type":"router","routes":{"yes":"a","no":"b"},"default":"a"}],
		"edges":[{"from":"a","to":"r","label":"","type":"context"},{"from":"a","to":"tool:t","label":"t","type":"tool"},{"from":"a","to":"tool:t","label":"t","type":"tool"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := g.WriteMermaid(&b); err != nil {
		t.Fatal(err)
	}
	want := `flowchart LR
  n0("A<br/>m")
  n1("b")
  n2["t"]
  n3{"router R"}
  n0 --> n2
  n0 -.-> n3
  n3 -->|"default"| n0
  n3 -->|"yes"| n0
  n3 -->|"no"| n1
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for _, bad := range []string{``, `{}`, `[]`, `{"nodes":[]}`, `{"nodes":{},"edges":[]}`, `{"nodes":[`, `null`} {
		if _, err := topology.Read([]byte(bad)); !errors.Is(err, topology.ErrNoGraph) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// The graph that LazyBridge saved is read in full.
func TestReadLazyBridge(t *testing.T) {
	t.Parallel()
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(root, "samples", "seeds", "graph.json"))
	if err != nil {
		t.Skipf("no real graph here: %v", err)
	}
	g, err := topology.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Nodes, Edges []json.RawMessage }
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != len(raw.Nodes) || len(g.Edges) != len(raw.Edges) {
		t.Errorf("%d nodes and %d edges, want %d and %d", len(g.Nodes), len(g.Edges), len(raw.Nodes), len(raw.Edges))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"nodes":[{"id":"a","routes":{"x":"a"},"type":"router"}],"edges":[{"from":"a","to":"b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := topology.Read(text)
		if err != nil {
			return
		}
		if err := errors.Join(g.WriteDOT(&strings.Builder{}), g.WriteMermaid(&strings.Builder{})); err != nil {
			t.Fatal(err)
		}
		g.Tree()
		out, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		again, err := topology.Read(out)
		if err != nil || len(again.Nodes) != len(g.Nodes) || len(again.Edges) != len(g.Edges) {
			t.Fatalf("%v\n%s\n%s", err, describe(g), describe(again))
		}
	})
}
