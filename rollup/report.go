package rollup

import (
	"cmp"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Group is one line of a roll-up.
type Group struct {
	Key       string
	Own       Sum // without what it started
	Inclusive Sum // with everything that it started, each call once
}

// Run is one run of a roll-up, with its place in the tree.
type Run struct {
	Group
	Session *eventlog.Session
	Agent   string
	Run     *eventlog.Run
	Parent  int    // index into Report.Runs, or -1
	Above   string // the id of that run, or ""
	Depth   int
}

// Report is the roll-up of a selection of sessions. Groups are ordered by
// inclusive cost, then tokens, then name; runs stand behind their parent.
type Report struct {
	Total    Sum
	Agents   []Group
	Models   []Group
	Sessions []Group // Key is the session id
	Tools    []Group
	Days     []Group // Key is a date in UTC, oldest first
	Branches []Group // Key is the branch of git that a session was on last; empty for those on none
	Metadata []Keyed // by each key of metadata, the one that most sessions have first; at most MostKeys
	Runs     []Run
}

// New adds up the sessions of c for which keep is true; nil keeps all. Its work
// is proportional to the calls and runs: call it from a command. Of a preview what
// sessions come to is right, and not what agents and tools do.
func New(c *eventlog.Catalog, keep func(*eventlog.Session) bool) *Report {
	var sessions []*eventlog.Session
	most := 0 // runs are large, and there may be many
	for _, s := range c.Sessions {
		if keep == nil || keep(s) {
			sessions = append(sessions, s)
			most += len(s.Runs)
		}
	}
	f := fold{
		c: c, names: c.Symbols.Names(), kept: map[eventlog.Sym]bool{}, runs: make(map[runKey]int, most),
		agents: map[string]*Group{}, models: map[string]*Group{}, tools: map[string]*Group{}, days: map[string]*Group{},
		sessions: map[eventlog.Sym]*Group{}, r: &Report{Runs: make([]Run, 0, most)},
	}
	f.last.run = -1
	for _, s := range sessions {
		f.session(s)
	}
	var calendar calendar
	for _, e := range c.Entries.All() {
		if f.keeps(e.Session) {
			var one Sum
			one.entry(e)
			f.add(e.Session, e.Run, e.Agent, one)
			f.model(e.Model).both(one)
			if e.Time.Known() {
				group(f.days, calendar.of(e)).both(one)
			}
		}
	}
	for i := range c.Uses {
		if u := &c.Uses[i]; f.keeps(u.Session) {
			one := Sum{ToolCalls: 1}
			if u.Failed {
				one.ToolErrors, one.Errors = 1, 1
			}
			f.add(u.Session, u.Run, 0, one)
			group(f.tools, orUnknown(f.names[u.Tool])).both(one)
		}
	}
	for i := range c.Tallies {
		if t := &c.Tallies[i]; f.keeps(t.Session) {
			one := Sum{ToolCalls: t.Calls, ToolErrors: t.Failed, Errors: t.Failed}
			f.add(t.Session, t.Run, 0, one)
		}
	}
	f.finish()
	return f.r
}

type runKey struct{ session, run eventlog.Sym }

// fold is the state of one roll-up.
type fold struct {
	c        *eventlog.Catalog
	names    []string
	kept     map[eventlog.Sym]bool
	runs     map[runKey]int // index into r.Runs
	agents   map[string]*Group
	models   map[string]*Group
	tools    map[string]*Group
	days     map[string]*Group
	sessions map[eventlog.Sym]*Group
	r        *Report

	// What was asked for last: calls of one run come together, and looking for
	// what they are part of would take most of the time.
	last struct {
		session *Group
		of      eventlog.Sym
		run     int
		key     runKey
		agent   *Group
		model   *Group
		called  eventlog.Sym
	}
}

// keeps reports whether the calls of a session are added up.
func (f *fold) keeps(session eventlog.Sym) bool {
	return f.last.session != nil && f.last.of == session || f.kept[session]
}

// ofSession returns the group of a session that is kept.
func (f *fold) ofSession(session eventlog.Sym) *Group {
	if f.last.session == nil || f.last.of != session {
		f.last.session, f.last.of = f.sessions[session], session
	}
	return f.last.session
}

// ofRun returns which run it is, or -1.
func (f *fold) ofRun(key runKey) int {
	if f.last.key != key || f.last.run < 0 {
		i, ok := f.runs[key]
		if !ok {
			return -1
		}
		f.last.run, f.last.key = i, key
	}
	return f.last.run
}

func (f *fold) agent(name string) *Group {
	if f.last.agent == nil || f.last.agent.Key != name {
		f.last.agent = group(f.agents, name)
	}
	return f.last.agent
}

func (f *fold) model(model eventlog.Sym) *Group {
	if f.last.model == nil || f.last.called != model {
		f.last.model, f.last.called = group(f.models, orUnknown(f.names[model])), model
	}
	return f.last.model
}

func group(m map[string]*Group, key string) *Group {
	g := m[key]
	if g == nil {
		g = &Group{Key: key}
		m[key] = g
	}
	return g
}

func (g *Group) both(s Sum) {
	g.Own.Add(s)
	g.Inclusive.Add(s)
}

func orUnknown(name string) string { return cmp.Or(name, "unknown") }

// session lists a session's runs, parents first, and adds up what the runs
// count themselves.
func (f *fold) session(s *eventlog.Session) {
	f.kept[s.Sym] = true
	f.sessions[s.Sym] = &Group{Key: s.ID}
	f.own(s.Sym, Sum{Sessions: 1})
	children := map[eventlog.Sym][]*eventlog.Run{}
	for _, r := range s.Runs {
		children[r.Parent] = append(children[r.Parent], r)
	}
	type step struct {
		run    *eventlog.Run
		parent int
	}
	listed := make(map[*eventlog.Run]bool, len(s.Runs))
	walk := func(roots []*eventlog.Run) {
		var stack []step
		for _, r := range slices.Backward(roots) {
			stack = append(stack, step{r, -1})
		}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if listed[at.run] {
				continue
			}
			listed[at.run] = true
			i := f.list(s, at.run, at.parent)
			if at.run.ID != 0 {
				for _, r := range slices.Backward(children[at.run.ID]) {
					stack = append(stack, step{r, i})
				}
			}
		}
	}
	walk(children[0])
	// Runs that name each other as parents hang nowhere: list them on top.
	for _, r := range s.Runs {
		if !listed[r] {
			walk([]*eventlog.Run{r})
		}
	}
	for _, r := range s.Runs {
		one := Sum{ToolCalls: r.ToolCalls, ToolErrors: r.ToolErrors, Errors: r.Errors}
		if r.ID != 0 {
			one.Runs = r.Stands()
		}
		f.add(s.Sym, r.ID, 0, one)
		for tool, n := range r.Tools {
			group(f.tools, orUnknown(f.names[tool])).both(Sum{ToolCalls: n.Calls, ToolErrors: n.Errors, Errors: n.Errors})
		}
	}
}

func (f *fold) list(s *eventlog.Session, r *eventlog.Run, parent int) int {
	i := len(f.r.Runs)
	depth, above := 0, ""
	if parent >= 0 {
		depth, above = f.r.Runs[parent].Depth+1, f.r.Runs[parent].Key
	}
	f.runs[runKey{s.Sym, r.ID}] = i
	f.r.Runs = append(f.r.Runs, Run{
		Group: Group{Key: f.names[r.ID]}, Session: s, Agent: orUnknown(f.names[r.Agent]), Run: r, Parent: parent, Above: above, Depth: depth,
	})
	return i
}

// own adds to the total and to the session.
func (f *fold) own(session eventlog.Sym, one Sum) {
	f.r.Total.Add(one)
	f.ofSession(session).Own.Add(one)
}

// add adds to everything that a run is part of. What the agents come to with
// what they started is added up at the end, by agents.
func (f *fold) add(session, run, agent eventlog.Sym, one Sum) {
	f.own(session, one)
	i := f.ofRun(runKey{session, run})
	if i < 0 || one == (Sum{}) {
		return
	}
	f.r.Runs[i].Own.Add(one)
	name := f.r.Runs[i].Agent
	if agent != 0 {
		name = f.names[agent]
	}
	f.agent(name).Own.Add(one)
	if name != f.r.Runs[i].Agent && !f.within(i, name) {
		f.agent(name).Inclusive.Add(one)
	}
}

// within reports whether a run, or one above it, is of an agent, so that the
// agent's inclusive sum holds the run already.
func (f *fold) within(run int, agent string) bool {
	for ; run >= 0; run = f.r.Runs[run].Parent {
		if f.r.Runs[run].Agent == agent {
			return true
		}
	}
	return false
}

// inclusiveAgents adds to every agent what its runs come to. Of runs of one
// agent that are inside of each other only the topmost counts.
func (f *fold) inclusiveAgents() {
	var above []string
	inside := map[string]int{}
	for i := range f.r.Runs {
		run := &f.r.Runs[i]
		for len(above) > run.Depth {
			inside[above[len(above)-1]]--
			above = above[:len(above)-1]
		}
		if inside[run.Agent] == 0 && run.Inclusive != (Sum{}) {
			group(f.agents, run.Agent).Inclusive.Add(run.Inclusive)
		}
		inside[run.Agent]++
		above = append(above, run.Agent)
	}
}

func (f *fold) finish() {
	r := f.r
	// Children stand behind their parents, so one pass from the end is enough.
	for i := len(r.Runs) - 1; i >= 0; i-- {
		r.Runs[i].Inclusive.Add(r.Runs[i].Own)
		if p := r.Runs[i].Parent; p >= 0 {
			r.Runs[p].Inclusive.Add(r.Runs[i].Inclusive)
		}
	}
	f.inclusiveAgents()
	f.inclusiveSessions()
	f.labels()
	r.Agents, r.Models, r.Tools, r.Days = ordered(f.agents), ordered(f.models), ordered(f.tools), byDay(f.days)
	sessions := make(map[string]*Group, len(f.sessions))
	for _, g := range f.sessions {
		sessions[g.Key] = g
	}
	r.Sessions = ordered(sessions)
}

// inclusiveSessions adds every session to those above it. The tree may be very
// deep, so it is walked without recursion: children before their parents.
func (f *fold) inclusiveSessions() {
	var order []*eventlog.Session
	for _, s := range f.c.Sessions {
		if s.Parent == nil {
			order = append(order, s)
		}
	}
	for i := 0; i < len(order); i++ {
		order = append(order, order[i].Children...)
	}
	below := make(map[*eventlog.Session]Sum, len(order))
	for _, s := range slices.Backward(order) {
		sum := below[s]
		if g := f.sessions[s.Sym]; g != nil {
			sum.Add(g.Own)
			g.Inclusive = sum
		}
		if s.Parent != nil {
			up := below[s.Parent]
			up.Add(sum)
			below[s.Parent] = up
		}
	}
}

func ordered(m map[string]*Group) []Group {
	groups := make([]Group, 0, len(m))
	for _, g := range m {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(
			cmp.Compare(b.Inclusive.Cost(), a.Inclusive.Cost()),
			cmp.Compare(b.Inclusive.Usage.Total(), a.Inclusive.Usage.Total()),
			cmp.Compare(b.Inclusive.ToolCalls, a.Inclusive.ToolCalls),
			cmp.Compare(a.Key, b.Key))
	})
	return groups
}
