package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup/topology"
)

type graphOptions struct {
	filterOptions
	expanded   bool
	noSessions bool
	times      bool
	asJSON     bool
	format     string
}

// graphFormats are the spellings of a graph.
var graphFormats = []string{"text", "json", "dot", "mermaid"}

func newGraph(env *Env) *cobra.Command {
	var opts graphOptions
	c := &cobra.Command{
		Use: "graph [PATH...]", Short: "Draw who calls whom: agents, tools and models",
		Long: `Draw which agents start which, and the tools and models that they call: how
often, how often it failed, how long it took and what it cost. A graph.json that
LazyBridge saved is drawn as well.

Agents are drawn by their names, with --expanded each run by itself. Of one
session with what is below it the log is opened, to say how long calls took; of
many sessions with --times.

  lazytrace graph --session 4f2a --format dot | dot -Tsvg > agents.svg`,
		RunE: func(c *cobra.Command, args []string) error { return runGraph(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	f := c.Flags()
	f.BoolVar(&opts.expanded, "expanded", false, "draw each run by itself")
	f.BoolVar(&opts.noSessions, "no-sessions", false, "leave out the sessions, of which there are nodes when several are drawn")
	f.BoolVar(&opts.times, "times", false, "of many sessions too, say how long calls took; reads the logs once more")
	f.StringVar(&opts.format, "format", "text", "print it as "+strings.Join(graphFormats, ", "))
	f.BoolVar(&opts.asJSON, "json", false, "the same as --format json")
	inputFormatFlag(c, env)
	return c
}

func runGraph(ctx context.Context, env *Env, paths []string, opts graphOptions) error {
	if opts.asJSON {
		opts.format = "json"
	}
	if !slices.Contains(graphFormats, opts.format) {
		return refuse("--format %s is not known; it is one of %s", opts.format, strings.Join(graphFormats, ", "))
	}
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	g, err := describedGraph(paths)
	if err != nil {
		return err
	}
	if g == nil {
		if g, err = drawGraph(ctx, env, paths, keep, opts); err != nil {
			return err
		}
	}
	switch opts.format {
	case "json":
		return printJSON(env.Stdout, g)
	case "dot":
		return g.WriteDOT(env.Stdout)
	case "mermaid":
		return g.WriteMermaid(env.Stdout)
	}
	return printGraph(env, g)
}

// longestGraph bounds a description of a graph. What is larger is a log.
const longestGraph = 16 << 20

// describedGraph reads a description of a graph, where the path leads to one.
func describedGraph(paths []string) (*topology.Graph, error) {
	for _, p := range paths {
		if !strings.HasSuffix(p, ".json") {
			continue
		}
		info, err := os.Stat(p)
		if err != nil || !info.Mode().IsRegular() || info.Size() > longestGraph {
			continue // reading the logs says what is wrong with it
		}
		text, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		g, err := topology.Read(text)
		switch {
		case err != nil:
			continue
		case len(paths) > 1:
			return nil, refuse("%s describes a graph and is drawn alone", p)
		}
		return g, nil
	}
	return nil, nil
}

// drawGraph draws the graph of what is at the paths.
func drawGraph(ctx context.Context, env *Env, paths []string, keep func(*eventlog.Session) bool, opts graphOptions) (*topology.Graph, error) {
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return nil, err
	}
	defer done()
	if opts.session != "" {
		keep = keepBelow(cat, keep)
	}
	kept, top := 0, 0
	for _, s := range cat.Sessions {
		if keep(s) {
			kept++
			if s.Parent == nil || !keep(s.Parent) {
				top++
			}
		}
	}
	o := topology.Options{Expanded: opts.expanded, Sessions: kept > 1 && !opts.noSessions, Keep: keep}
	var failed error
	if top == 1 || opts.times {
		o.Logs = eachLog(ctx, set, cat, keep, &failed)
	}
	g := topology.New(ctx, cat, o)
	return g, errors.Join(failed, ctx.Err())
}

// keepBelow keeps what lies below a session that is kept as well.
func keepBelow(cat *eventlog.Catalog, keep func(*eventlog.Session) bool) func(*eventlog.Session) bool {
	kept := map[*eventlog.Session]bool{}
	for _, s := range cat.Sessions {
		if keep(s) && !kept[s] {
			for _, below := range withBelow(s) {
				kept[below] = true
			}
		}
	}
	return func(s *eventlog.Session) bool { return kept[s] }
}

// eachLog opens the logs of sessions, those that share files at a time, and
// closes each before the next one. What goes wrong is left in failed.
func eachLog(ctx context.Context, set *source.Set, cat *eventlog.Catalog, keep func(*eventlog.Session) bool, failed *error) iter.Seq[*eventlog.Snapshot] {
	return func(yield func(*eventlog.Snapshot) bool) {
		for _, sessions := range together(cat, keep) {
			log, err := set.ReadLog(ctx, sessions)
			if err != nil {
				*failed = err
				return
			}
			more := yield(log.Snapshot())
			if *failed = log.Close(); *failed != nil || !more {
				return
			}
		}
	}
}

// printGraph prints a graph as a tree for people.
func printGraph(env *Env, g *topology.Graph) error {
	lines := g.Tree()
	t := &table{head: []string{"AGENT", "KIND", ">COUNT", ">FAILED", ">P50", ">TOKENS", ">COST", ""}}
	if g.Described {
		t.head = []string{"AGENT", "KIND", "MODEL", ""}
	}
	for _, l := range lines {
		n := &g.Nodes[l.Node]
		name := strings.Repeat("  ", min(l.Depth, 16)) + n.Name
		if n.Run != "" {
			name += " " + short(n.Run)
		}
		note := graphNote(g, l)
		if g.Described {
			t.add(name, n.Kind.String(), n.Model, note)
			continue
		}
		count, failed, p50, tokens, cost := n.Runs, n.Failed, "", "", ""
		sum := n.Inclusive
		if e := l.Edge; e != nil {
			count, failed = e.Count, e.Failed+e.CallErrors
			if e.Timed > 0 {
				p50 = figure.Duration(e.P50)
			}
			if e.Relation == topology.Asks {
				sum = e.Sum
			}
		}
		if n.Kind != topology.Tool && !l.Again && sum.Calls > 0 {
			tokens, cost = figure.Count(sum.Usage.Total()), figure.Dollars(sum.Recorded, sum.Estimated, sum.Calls, sum.Unpriced, sum.AtLeast)
		}
		t.add(name, n.Kind.String(), fmt.Sprint(count), orBlank(failed), p50, tokens, cost, note)
	}
	if err := t.print(env.Stdout, 60); err != nil {
		return err
	}
	return graphLegend(env.Stdout, g)
}

// graphNote says what is special about a line.
func graphNote(g *topology.Graph, l topology.Line) string {
	var notes []string
	if l.Again {
		notes = append(notes, "see above")
	}
	if e := l.Edge; e != nil {
		if e.Inferred() {
			notes = append(notes, "inferred by "+e.Link().String())
		}
		if e.Relation == topology.Declared && e.Type != "tool" {
			notes = append(notes, e.Type)
		}
		if e.Label != "" && e.Label != g.Nodes[l.Node].Name {
			notes = append(notes, e.Label)
		}
	}
	return strings.Join(notes, ", ")
}

// graphLegend says what the figures are of.
func graphLegend(w io.Writer, g *topology.Graph) error {
	if g.Described {
		_, err := fmt.Fprintln(w, "\nas it was described: nothing is known of what was called")
		return err
	}
	_, err := fmt.Fprintln(w, "\nan agent's tokens and cost are with everything that it started in its session; a model's are of the agent above it")
	return err
}

func orBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
