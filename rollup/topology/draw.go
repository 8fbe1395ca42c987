package topology

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// text is what a picture says of a node, line by line.
func (n *Node) text(described bool) []string {
	lines := []string{n.Name}
	if n.Kind == Session || n.Kind == Router {
		lines[0] = n.Kind.String() + " " + n.Name
	}
	if n.Run != "" {
		lines = append(lines, "run "+n.Run)
	}
	if described {
		if n.Model != "" {
			lines = append(lines, n.Model)
		}
		return lines
	}
	var parts []string
	switch own := &n.Own; n.Kind {
	case Agent, Session:
		if n.Run == "" {
			parts = append(parts, figure.Plural(n.Runs, "run"))
		}
		if n.Failed > 0 {
			parts = append(parts, figure.Whole(n.Failed)+" failed")
		}
		if all := n.Inclusive; all.Calls > 0 {
			parts = append(parts, figure.Dollars(all.Recorded, all.Estimated, all.Calls, all.Unpriced, all.AtLeast))
		}
	case Tool:
		parts = append(parts, figure.Plural(own.ToolCalls, "call"))
		if own.ToolErrors > 0 {
			parts = append(parts, figure.Whole(own.ToolErrors)+" failed")
		}
	case Model:
		parts = append(parts, figure.Plural(own.Calls, "call"), figure.Dollars(own.Recorded, own.Estimated, own.Calls, own.Unpriced, own.AtLeast))
	}
	if len(parts) > 0 {
		lines = append(lines, strings.Join(parts, ", "))
	}
	return lines
}

// text is what a picture says of an edge, line by line.
func (g *Graph) text(e *Edge) []string {
	var parts []string
	switch e.Relation {
	case Declared:
		if e.Label == "" || e.Label == g.Nodes[e.To].Name {
			return nil
		}
		return []string{e.Label}
	case Asks:
		parts = append(parts, figure.Whole(e.Count)+"×", figure.Count(e.Sum.Usage.Total())+" tokens")
		parts = append(parts, figure.Dollars(e.Sum.Recorded, e.Sum.Estimated, e.Sum.Calls, e.Sum.Unpriced, e.Sum.AtLeast))
	default:
		parts = append(parts, figure.Whole(e.Count)+"×")
		if n := e.Failed + e.CallErrors; n > 0 {
			parts = append(parts, figure.Whole(n)+" failed")
		}
	}
	if e.Timed > 0 {
		parts = append(parts, "p50 "+figure.Duration(e.P50))
	}
	if e.Inferred() {
		parts = append(parts, "inferred by "+e.Link().String())
	}
	return []string{strings.Join(parts, ", ")}
}

// Inferred reports whether a start, or one of several, was not told by a log but
// found out.
func (e *Edge) Inferred() bool {
	l := e.Link()
	return e.Relation == Starts && l != eventlog.LinkNone && l != eventlog.LinkSure
}

// WriteDOT writes the graph for Graphviz. Starts that were found out rather than
// told are dashed.
func (g *Graph) WriteDOT(w io.Writer) error {
	var b strings.Builder
	b.WriteString("digraph agents {\n  rankdir=LR;\n  node [fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];\n")
	shapes := [...]string{
		Session: "shape=folder", Agent: "shape=box, style=\"rounded,filled\", fillcolor=\"#e8f0fe\"", Tool: "shape=box",
		Model: "shape=ellipse", Router: "shape=diamond",
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		fmt.Fprintf(&b, "  n%d [label=\"%s\", %s", i, dotText(n.text(g.Described)), shapes[n.Kind])
		if n.Failed > 0 || n.Kind == Tool && n.Own.ToolErrors > 0 {
			b.WriteString(", color=\"#c5221f\"")
		}
		b.WriteString("];\n")
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		fmt.Fprintf(&b, "  n%d -> n%d", e.From, e.To)
		var with []string
		if text := g.text(e); len(text) > 0 {
			with = append(with, `label="`+dotText(text)+`"`)
		}
		if e.dashed() {
			with = append(with, "style=dashed")
		}
		if e.Failed+e.CallErrors > 0 {
			with = append(with, `color="#c5221f"`)
		}
		if len(with) > 0 {
			b.WriteString(" [" + strings.Join(with, ", ") + "]")
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (e *Edge) dashed() bool { return e.Inferred() || e.Type == "context" }

// dotText spells lines so that they stand between quotes and mean themselves:
// Graphviz takes a backslash for the beginning of a command, and an ampersand for
// that of a character.
func dotText(lines []string) string {
	spelled := make([]string, len(lines))
	for i, l := range lines {
		spelled[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;").Replace(escape.Line(l))
	}
	return strings.Join(spelled, `\n`)
}

// WriteMermaid writes the graph for Mermaid. Starts that were found out rather
// than told are dotted.
func (g *Graph) WriteMermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	shapes := [...][2]string{Session: {"[[", "]]"}, Agent: {"(", ")"}, Tool: {"[", "]"}, Model: {"([", "])"}, Router: {"{", "}"}}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		shape := shapes[n.Kind]
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s\n", i, shape[0], mermaidText(n.text(g.Described)), shape[1])
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		arrow := "-->"
		if e.dashed() {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  n%d %s", e.From, arrow)
		if text := g.text(e); len(text) > 0 {
			fmt.Fprintf(&b, "|\"%s\"|", mermaidText(text))
		}
		fmt.Fprintf(&b, " n%d\n", e.To)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mermaidText spells lines so that they stand between quotes and mean themselves.
// A diagram may hold directives, markup and Markdown wherever it stands, so that
// only what is known to be harmless is left as it is.
func mermaidText(lines []string) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		list := true // what is here so far would begin a list in Markdown, which labels are
		for i, r := range escape.Line(l) {
			item := list && (r == '.' || i == 0 && (r == '-' || r == '+'))
			list = list && unicode.IsDigit(r)
			if item {
				fmt.Fprintf(&b, "#%d;", r)
			} else if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -.,:/()+$~×", r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	return b.String()
}
