package topology

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// New draws the sessions of a catalog. Its figures are those of package rollup:
// every call is in the graph once. Without logs nothing is opened, and no time is
// known. It stops with the context, and returns nil then.
func New(ctx context.Context, c *eventlog.Catalog, opt Options) *Graph {
	report := rollup.New(c, opt.Keep)
	s := newSketch(opt, c.Symbols.Names())
	d := catalogSketch{sketch: s, c: c, report: report, runs: map[rollup.RunID]int32{}, kept: map[eventlog.Sym]*eventlog.Session{}}
	d.agents()
	d.starts()
	d.tools()
	d.calls()
	if opt.Logs != nil {
		for snap := range opt.Logs {
			if ctx.Err() != nil {
				break
			}
			newLogSketch(s, snap).times(ctx)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	g := s.graph()
	d.sums(g)
	if !opt.Expanded { // now that it is known what they come to
		g.order()
	}
	if len(d.kept) == 1 {
		for _, one := range d.kept {
			g.SessionID = one.ID
		}
	}
	return g
}

// catalogSketch is the graph of a catalog that is being made.
type catalogSketch struct {
	*sketch
	c      *eventlog.Catalog
	report *rollup.Report
	runs   map[rollup.RunID]int32 // the node of each
	kept   map[eventlog.Sym]*eventlog.Session
}

// agents makes the nodes of runs and sessions.
func (d *catalogSketch) agents() {
	for i := range d.report.Runs {
		r := &d.report.Runs[i]
		d.kept[r.Session.Sym] = r.Session
		if r.Run.ID == 0 && r.Own.Calls == 0 && r.Own.ToolCalls == 0 {
			continue // the session's own events
		}
		at := d.agent(r.Agent, r.Session.Sym, r.Run.ID)
		d.runs[rollup.RunID{Session: r.Session.Sym, Run: r.Run.ID}] = at
		if r.Run.ID != 0 {
			d.ran(at, r.Session.Sym, r.Run.Outcome == eventlog.Failure)
		}
	}
	for _, one := range d.c.Sessions {
		if d.opt.Keep == nil || d.opt.Keep(one) {
			d.kept[one.Sym] = one
		}
	}
	if !d.opt.Sessions {
		return
	}
	for _, one := range d.c.Sessions {
		if d.kept[one.Sym] != nil {
			d.session(one.Sym, one.Label())
		}
	}
}

// starts makes the edges between agents, and those from sessions.
func (d *catalogSketch) starts() {
	for i := range d.report.Runs {
		r := &d.report.Runs[i]
		at, ok := d.runs[rollup.RunID{Session: r.Session.Sym, Run: r.Run.ID}]
		if !ok {
			continue
		}
		failed := r.Run.Outcome == eventlog.Failure
		if r.Parent >= 0 {
			up := &d.report.Runs[r.Parent]
			if from, ok := d.runs[rollup.RunID{Session: up.Session.Sym, Run: up.Run.ID}]; ok {
				d.started(from, at, r.Run.Link, failed)
			}
			continue
		}
		if d.opt.Sessions {
			e, _ := d.edge(d.session(r.Session.Sym, ""), at, Holds)
			e.Count++
			if failed {
				e.Failed++
			}
		}
		if from, ok := d.only(r.Session); ok && d.opt.Logs == nil {
			d.started(from, at, eventlog.LinkSure, failed)
		}
	}
	if !d.opt.Sessions {
		return
	}
	for _, one := range d.c.Sessions {
		if one.Parent != nil && d.kept[one.Sym] != nil && d.kept[one.Parent.Sym] != nil {
			e, _ := d.edge(d.session(one.Parent.Sym, ""), d.session(one.Sym, ""), Holds)
			e.Count++
		}
	}
}

// only returns the agent that must have started a session, since there is no
// other one in the session above it. The catalog does not know which run did.
func (d *catalogSketch) only(s *eventlog.Session) (int32, bool) {
	if s.Parent == nil || d.kept[s.Parent.Sym] == nil {
		return 0, false
	}
	found := int32(-1)
	for _, r := range s.Parent.Runs {
		at, ok := d.runs[rollup.RunID{Session: s.Parent.Sym, Run: r.ID}]
		switch {
		case !ok || r.ID == 0 || at == found:
		case found >= 0:
			return 0, false
		default:
			found = at
		}
	}
	return found, found >= 0
}

// tools makes the edges to tools.
func (d *catalogSketch) tools() {
	for i := range d.report.Runs {
		r := &d.report.Runs[i]
		if at, ok := d.runs[rollup.RunID{Session: r.Session.Sym, Run: r.Run.ID}]; ok {
			for _, n := range r.Run.Tools {
				d.called(at, d.names[n.Tool], n.Calls, n.Errors)
			}
		}
	}
	for i := range d.c.Uses {
		u := &d.c.Uses[i]
		if at, ok := d.runs[rollup.RunID{Session: u.Session, Run: u.Run}]; ok {
			failed := int64(0)
			if u.Failed {
				failed = 1
			}
			d.called(at, d.names[u.Tool], 1, failed)
		}
	}
}

// calls makes the edges to models.
func (d *catalogSketch) calls() {
	for _, e := range d.c.Entries.All() {
		at, ok := d.runs[rollup.RunID{Session: e.Session, Run: e.Run}]
		if !ok {
			continue
		}
		if name := d.names[e.Agent]; name != "" && !d.opt.Expanded && name != d.g.Nodes[at].Name {
			at = d.agent(name, e.Session, e.Run) // a record may say that another agent than its run's called
		}
		d.asked(at, d.names[e.Provider], d.names[e.Model], rollup.SumOf(e))
	}
}

// sums takes what agents, runs and sessions come to from the roll-up.
func (d *catalogSketch) sums(g *Graph) {
	agents, runs, sessions := rollup.ByKey(d.report.Agents), map[string]*rollup.Run{}, rollup.ByKey(d.report.Sessions)
	for i := range d.report.Runs {
		r := &d.report.Runs[i]
		runs["run:"+r.Session.ID+"/"+r.Key] = r
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		switch {
		case n.Kind == Agent && g.Expanded:
			if r := runs[n.ID]; r != nil {
				n.Own, n.Inclusive = *r.Own, *r.Inclusive
			}
		case n.Kind == Agent:
			n.Own, n.Inclusive = agents[n.Name].Own, agents[n.Name].Inclusive
		case n.Kind == Session:
			sum := sessions[n.Session]
			n.Own, n.Inclusive, n.Runs = sum.Own, sum.Inclusive, sum.Own.Runs
		}
	}
}
