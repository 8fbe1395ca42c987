package rollup

import "github.com/lazytrace/lazytrace/eventlog"

// places adds up the calls by what they belong to: by run, agent, session and in total,
// of runs and sessions with everything below them.
func (f *fold) places(sessions []*eventlog.Session) {
	most := cap(f.r.Runs)
	p := placing{
		fold: f, agents: f.groups(), own: make([]Sum, most), agent: make([]agent, most), place: make([]int32, 0, most), of: make([]eventlog.Sym, 0, most),
		runs: make([]int32, len(f.names)), more: map[runKey]int32{},
	}
	for _, s := range sessions {
		p.session(s)
	}
	p.calls()
	p.runsBelow()
	p.agentsBelow()
	for i := range f.r.Runs {
		f.sessions[f.r.Runs[i].Session.Sym].Own.plus(f.r.Runs[i].Own)
	}
	for _, s := range sessions {
		own := &f.sessions[s.Sym].Own
		own.Sessions = 1
		f.r.Total.plus(own)
	}
	f.inclusiveSessions()
	f.r.Agents = ordered(p.agents.named)
	byID := make(map[string]*Group, len(f.sessions))
	for _, g := range f.sessions {
		byID[g.Key] = g
	}
	f.r.Sessions = ordered(byID)
}

type runKey struct{ session, run eventlog.Sym }

// placing is the state of a fold by what calls belong to.
type placing struct {
	*fold
	agents *groups
	own    []Sum   // of each run of the report
	agent  []agent // likewise
	place  []int32 // of each run of the sessions, in their order: index into r.Runs, or unlisted

	// Runs are found a hundred thousand times, and hardly ever do two have one id: runs
	// has by symbol the position of the first one with it, from one on, of the session
	// that of names; more has the others.
	runs []int32
	of   []eventlog.Sym
	more map[runKey]int32

	// The tree of the session that is being listed, by position of its runs.
	child, sibling []int32
	stack          []step
}

// agent is that of a run, and its group when it was asked for.
type agent struct {
	name  eventlog.Sym
	group *Group
}

// step is a run that is to be listed, by position, and where the one above it stands.
type step struct{ run, parent int32 }

const (
	unlisted = -1
	none     = -1
)

// session lists a session's runs, parents first, and adds up what the runs
// count themselves.
func (p *placing) session(s *eventlog.Session) {
	base := int32(len(p.place))
	p.child, p.sibling = p.child[:0], p.sibling[:0]
	for i, r := range s.Runs {
		if at := base + int32(i); p.runs[r.ID] == 0 {
			p.runs[r.ID] = at + 1
		} else {
			p.more[runKey{s.Sym, r.ID}] = at
		}
		p.place, p.of = append(p.place, unlisted), append(p.of, s.Sym)
		p.child, p.sibling = append(p.child, none), append(p.sibling, none)
	}
	top := int32(none)
	for i, r := range s.Runs { // the list of the children begins with the last one
		if r.Parent == 0 {
			p.sibling[i], top = top, int32(i)
		} else if at, ok := p.position(runKey{s.Sym, r.Parent}); ok {
			p.sibling[i], p.child[at-base] = p.child[at-base], int32(i)
		}
	}
	p.walk(s, base, top)
	// Runs that name each other as parents hang nowhere: list them on top.
	for i := range s.Runs {
		if p.place[base+int32(i)] == unlisted {
			p.stack = append(p.stack, step{int32(i), none})
			p.walk(s, base, none)
		}
	}
}

// walk lists the runs that wait on the stack, those from top on, and what is below
// them.
func (p *placing) walk(s *eventlog.Session, base, top int32) {
	push := func(run, parent int32) { // the first one comes to lie on top
		for ; run != none; run = p.sibling[run] {
			p.stack = append(p.stack, step{run, parent})
		}
	}
	push(top, none)
	for len(p.stack) > 0 {
		at := p.stack[len(p.stack)-1]
		p.stack = p.stack[:len(p.stack)-1]
		if p.place[base+at.run] != unlisted {
			continue
		}
		i := p.list(s, s.Runs[at.run], int(at.parent))
		p.place[base+at.run] = i
		if s.Runs[at.run].ID != 0 {
			push(p.child[at.run], i)
		}
	}
}

func (p *placing) list(s *eventlog.Session, r *eventlog.Run, parent int) int32 {
	depth, above := 0, ""
	if parent >= 0 {
		depth, above = p.r.Runs[parent].Depth+1, p.r.Runs[parent].Key
	}
	i := len(p.r.Runs)
	p.r.Runs = p.r.Runs[:i+1] // there is room for all: a run is large, and not made elsewhere first
	run := &p.r.Runs[i]
	run.Key, run.Agent, run.Session, run.Run, run.Parent, run.Above, run.Depth = p.names[r.ID], orUnknown(p.names[r.Agent]), s, r, parent, above, depth
	p.agent[i].name = r.Agent
	own := &p.own[i]
	run.Own = own
	own.ToolCalls, own.ToolErrors, own.Errors = r.ToolCalls, r.ToolErrors, r.Errors
	if r.ID != 0 {
		own.Runs = r.Stands()
	}
	return int32(i)
}

// agentOf returns the group of a run's agent.
func (p *placing) agentOf(run int) *Group {
	of := &p.agent[run]
	if of.group == nil {
		of.group = p.agents.of(of.name)
	}
	return of.group
}

// calls adds the calls to their runs, and what a run did to its agent.
func (p *placing) calls() {
	guests := map[int32]*Sum{} // what other agents did in a run
	var loose *Sum             // of the session: a call of a run that it does not have
	session := p.keeper()
	last, at := runKey{}, p.find(runKey{})
	run := func(of, run eventlog.Sym) bool {
		if !session(of) {
			return false
		}
		if key := (runKey{of, run}); key != last {
			last, at = key, p.find(key)
		}
		if at < 0 {
			loose = &p.sessions[of].Own
		}
		return true
	}
	for _, e := range entriesWith(p.c, "Session", "Run", "Agent").All() {
		switch {
		case !run(e.Session, e.Run):
		case at < 0:
			loose.entry(e)
		case e.Agent == 0 || e.Agent == p.agent[at].name:
			p.own[at].entry(e)
		default:
			if guests[at] == nil {
				guests[at] = &Sum{}
			}
			guests[at].entry(e)
			p.guest(int(at), e)
		}
	}
	add := func(one Sum) {
		if at < 0 {
			loose.plus(&one)
			return
		}
		p.own[at].plus(&one)
	}
	for i := range p.c.Uses {
		if u := &p.c.Uses[i]; run(u.Session, u.Run) {
			var one Sum
			one.use(u)
			add(one)
		}
	}
	for i := range p.c.Tallies {
		if t := &p.c.Tallies[i]; run(t.Session, t.Run) {
			var one Sum
			one.tally(t)
			add(one)
		}
	}
	for i := range p.r.Runs {
		if p.own[i] != (Sum{}) {
			p.agentOf(i).Own.plus(&p.own[i])
		}
	}
	for at, of := range guests {
		p.own[at].plus(of)
	}
}

// find returns where a run stands in the report, or -1.
func (p *placing) find(key runKey) int32 {
	if at, ok := p.position(key); ok {
		return p.place[at]
	}
	return -1
}

// position returns which of the runs of the sessions one is.
func (p *placing) position(key runKey) (int32, bool) {
	if at := p.runs[key.run] - 1; at >= 0 && p.of[at] == key.session {
		return at, true
	}
	at, ok := p.more[key]
	return at, ok
}

// guest adds a call to the agent that made it inside a run of another. What the agents
// come to with what they started is added up at the end, but for this.
func (p *placing) guest(run int, e *eventlog.Entry) {
	agent := p.agents.of(e.Agent)
	agent.Own.entry(e)
	if !p.within(run, agent.Key) {
		agent.Inclusive.entry(e)
	}
}

// within reports whether a run, or one above it, is of an agent, so that the
// agent's inclusive sum holds the run already.
func (p *placing) within(run int, agent string) bool {
	for ; run >= 0; run = p.r.Runs[run].Parent {
		if p.r.Runs[run].Agent == agent {
			return true
		}
	}
	return false
}

// runsBelow adds every run to those above it. Children stand behind their parents, so
// one pass from the end is enough.
func (p *placing) runsBelow() {
	all := p.r.Runs
	for i := len(all) - 1; i >= 0; i-- {
		run := &all[i]
		if run.Inclusive == nil {
			run.Inclusive = run.Own
		} else {
			run.Inclusive.plus(run.Own)
		}
		if run.Parent >= 0 {
			above := &all[run.Parent]
			if above.Inclusive == nil {
				above.Inclusive = &Sum{}
			}
			above.Inclusive.plus(run.Inclusive)
		}
	}
}

// agentsBelow adds to every agent what its runs come to. Of runs of one
// agent that are inside of each other only the topmost counts.
func (p *placing) agentsBelow() {
	var above []*int
	inside := map[string]*int{}
	last, of := (*int)(nil), ""
	for i := range p.r.Runs {
		run := &p.r.Runs[i]
		for len(above) > run.Depth {
			*above[len(above)-1]--
			above = above[:len(above)-1]
		}
		if last == nil || of != run.Agent {
			if last = inside[run.Agent]; last == nil {
				last = new(int)
				inside[run.Agent] = last
			}
			of = run.Agent
		}
		if *last == 0 && *run.Inclusive != (Sum{}) {
			p.agentOf(i).Inclusive.plus(run.Inclusive)
		}
		*last++
		above = append(above, last)
	}
}
