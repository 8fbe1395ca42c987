package agents

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// row is an agent, with what the page tells of it beside its sums.
type row struct {
	rollup.Agent
	beats    []float64 // runs that began, the newest last
	models   []use
	tools    []use
	starts   []use // other agents
	sessions []part
}

// use is a model, a tool or another agent, and what an agent had to do with it.
type use struct {
	name   string
	count  int64
	failed int64
	sum    rollup.Sum // of a model
}

// part is what an agent did in a session.
type part struct {
	*eventlog.Session
	runs   int64
	failed int64
	own    rollup.Sum
	last   eventlog.Stamp
}

// roster is all that the page shows. It is made in a command and never changes.
type roster struct {
	of        *overview.View
	rows      []row
	states    [len(urgency)]int64
	unit      time.Duration // of a beat
	low, high time.Duration // between which runs of all agents mostly last
}

// beats is how many bars stand for the time up to now.
const beats = 14

// longestList is how many sessions of an agent are kept: more than a screen has
// rows for.
const longestList = 100

// newRoster works out the page. It returns nil when the context has ended.
func newRoster(ctx context.Context, v *overview.View) *roster {
	now := eventlog.StampOf(v.Ask.Now)
	all := rollup.Agents(v.Catalog, v.Keeps, now)
	g := topology.New(ctx, v.Catalog, topology.Options{Keep: v.Keeps})
	if g == nil {
		return nil
	}
	r := &roster{of: v, rows: make([]row, len(all)), unit: 24 * time.Hour}
	at := make(map[string]*row, len(all))
	for i := range all {
		r.rows[i] = row{Agent: all[i], beats: make([]float64, beats)}
		at[all[i].Name] = &r.rows[i]
		r.states[all[i].Status]++
		if all[i].Timed > 0 {
			if r.low == 0 || all[i].P50 < r.low {
				r.low = all[i].P50
			}
			r.high = max(r.high, all[i].P95)
		}
	}
	for i := range g.Nodes {
		if to := at[g.Nodes[i].Name]; to != nil && g.Nodes[i].Kind == topology.Agent {
			to.uses(g, i)
		}
	}
	r.parts(at)
	r.beat(at, now)
	return r
}

// uses takes what an agent calls from the graph.
func (r *row) uses(g *topology.Graph, node int) {
	for _, e := range g.From(node) {
		u := use{g.Nodes[e.To].Name, e.Count, e.Failed, e.Sum}
		switch e.Relation {
		case topology.Asks:
			r.models = append(r.models, u)
		case topology.Calls:
			r.tools = append(r.tools, u)
		case topology.Starts:
			r.starts = append(r.starts, u)
		}
	}
}

// parts tells in which sessions each agent was, the last one first.
func (r *roster) parts(at map[string]*row) {
	type place struct {
		of      *row
		session *eventlog.Session
	}
	where := map[place]int{}
	for i := range r.of.Report.Runs {
		run := &r.of.Report.Runs[i]
		to := at[run.Agent]
		if to == nil || run.Run.ID == 0 && *run.Own == (rollup.Sum{}) {
			continue
		}
		key := place{to, run.Session}
		n, known := where[key]
		if !known {
			n = len(to.sessions)
			where[key] = n
			to.sessions = append(to.sessions, part{Session: run.Session})
		}
		p := &to.sessions[n]
		if run.Run.ID != 0 {
			p.runs++
			if run.Run.Outcome == eventlog.Failure {
				p.failed++
			}
		}
		p.own.Add(*run.Own)
		p.last = max(p.last, run.Run.Start, run.Run.End)
	}
	for i := range r.rows {
		all := r.rows[i].sessions
		slices.SortFunc(all, func(a, b part) int { return cmp.Or(cmp.Compare(b.last, a.last), cmp.Compare(a.ID, b.ID)) })
		r.rows[i].sessions = slices.Clip(all[:min(len(all), longestList)])
	}
}

// beat counts the runs that began, by day, or by two hours where all are of the
// last two days.
func (r *roster) beat(at map[string]*row, now eventlog.Stamp) {
	first := now
	for i := range r.rows {
		if f := r.rows[i].First; f.Known() {
			first = min(first, f)
		}
	}
	last := now
	if now.Sub(first) <= 48*time.Hour {
		r.unit = 2 * time.Hour
	} else {
		y, m, d := r.of.Ask.Now.Date() // days are those of the person
		last = eventlog.StampOf(time.Date(y, m, d+1, 0, 0, 0, 0, r.of.Ask.Now.Location()))
	}
	for i := range r.of.Report.Runs {
		run := &r.of.Report.Runs[i]
		to := at[run.Agent]
		if to == nil || run.Run.ID == 0 || !run.Run.Start.Known() {
			continue
		}
		if n := beats - 1 - int(last.Sub(run.Run.Start)/r.unit); n >= 0 && n < beats {
			to.beats[n]++
		}
	}
}
