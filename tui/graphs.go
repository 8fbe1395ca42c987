package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/graph"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// homeGraph is the page of who calls whom in the sessions that are shown.
type homeGraph struct {
	*graph.Pane
	home *home
}

func newHomeGraph(h *home) *homeGraph {
	p := &homeGraph{home: h}
	p.Pane = graph.New(h.world.ctx, p.enter)
	return p
}

// shown tells what sessions are shown from others.
type shown struct {
	catalog      *eventlog.Catalog
	query        string
	period       overview.Period
	from, to     time.Time
	count, known int
}

// Show draws the sessions. Their logs are not opened, so no call has a time.
func (p *homeGraph) Show(v *overview.View) tea.Cmd {
	return p.Pane.Show(graph.Source{
		Of: shown{v.Catalog, v.Ask.Query.String(), v.Period, v.Ask.From, v.Ask.To, v.Shown, v.Known},
		Make: func(ctx context.Context, expanded bool) *topology.Graph {
			return topology.New(ctx, v.Catalog, topology.Options{Keep: v.Keeps, Expanded: expanded, Sessions: expanded})
		},
	})
}

// enter shows the sessions in which a node was, or goes to it.
func (p *homeGraph) enter(n *topology.Node) tea.Cmd {
	if n.Session != "" {
		return visitNode(p.home.view.Catalog, n)
	}
	if q, ok := nodeQuery(n); ok {
		return askNarrow(q)
	}
	return ask.Tell("the log names no " + n.Kind.String() + ": a filter cannot name it either")
}

// visitNode goes to a session, or to a run of it.
func visitNode(c *eventlog.Catalog, n *topology.Node) tea.Cmd {
	s, ok := c.Session(n.Session)
	if !ok {
		return nil
	}
	to := visit.Msg{Session: s}
	if n.Run != "" {
		to.Run, _ = c.Symbols.Find(n.Run)
	}
	return visit.To(to)
}

// nodeQuery is the filter that shows what a node did. What has no name has none.
func nodeQuery(n *topology.Node) (string, bool) {
	if n.Name == "unknown" || n.Name == "" {
		return "", false
	}
	return quoted(n.Kind.String(), n.Name), true
}

// sessionGraph is the page of who calls whom in an opened session and in those
// that it started.
type sessionGraph struct {
	*graph.Pane
	of *opened.Session
}

func newSessionGraph(ctx context.Context) *sessionGraph {
	p := &sessionGraph{}
	p.Pane = graph.New(ctx, p.enter)
	return p
}

// opening tells one state of an opened session from another.
type opening struct {
	catalog *eventlog.Catalog
	snap    *eventlog.Snapshot
	session eventlog.Sym
}

// Show draws the session. Its log tells how long calls took.
func (p *sessionGraph) Show(s *opened.Session) tea.Cmd {
	p.of = s
	snap := s.Lines.Forest.Snap
	return p.Pane.Show(graph.Source{
		Of: opening{s.Catalog, snap, s.Sym}, Steps: int64(s.Lines.Forest.Len()),
		Make: func(ctx context.Context, expanded bool) *topology.Graph {
			several := false
			for _, other := range s.Catalog.Sessions {
				several = several || other.Sym != s.Sym && s.Within(other.Sym)
			}
			return topology.New(ctx, s.Catalog, topology.Options{
				Keep: func(one *eventlog.Session) bool { return s.Within(one.Sym) }, Expanded: expanded, Sessions: several,
				Logs: slices.Values([]*eventlog.Snapshot{snap}),
			})
		},
	})
}

// enter shows the steps of a node.
func (p *sessionGraph) enter(n *topology.Node) tea.Cmd {
	if n.Session != "" {
		return visitNode(p.of.Catalog, n)
	}
	q, ok := nodeQuery(n)
	if !ok {
		return ask.Tell("the log names no " + n.Kind.String() + ": a filter cannot name it either")
	}
	msg := drillMsg{p.of.Sym, q}
	return func() tea.Msg { return msg }
}

// Selected returns no step: a node is many.
func (p *sessionGraph) Selected() eventlog.SpanID { return 0 }

// Select does nothing for the same reason.
func (p *sessionGraph) Select(eventlog.SpanID) tea.Cmd { return nil }
