package rollup

import (
	"cmp"
	"slices"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Group is one line of a roll-up.
type Group struct {
	Key       string
	Own       Sum // without what it started
	Inclusive Sum // with everything that it started, each call once
}

// Run is one run of a roll-up, with its place in the tree. There may be very many, and
// most started nothing, so that both their sums are one.
type Run struct {
	Key            string
	Own, Inclusive *Sum // as those of a Group; they do not change
	Session        *eventlog.Session
	Agent          string
	Run            *eventlog.Run
	Parent         int    // index into Report.Runs, or -1
	Above          string // the id of that run, or ""
	Depth          int
}

// Group is the run as a line of a roll-up like others.
func (r *Run) Group() Group { return Group{r.Key, *r.Own, *r.Inclusive} }

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
	r := &Report{Runs: make([]Run, 0, most)}
	f := fold{c: c, names: c.Symbols.Names(), sessions: make(map[eventlog.Sym]*Group, len(sessions)), r: r}
	for _, s := range sessions {
		f.sessions[s.Sym] = &Group{Key: s.ID}
	}
	// What the calls are, and what they belong to, have nothing to do with each other.
	var wg sync.WaitGroup
	wg.Go(func() { f.kinds(sessions) })
	f.places(sessions)
	wg.Wait()
	f.labels()
	return r
}

// fold is the state of one roll-up.
type fold struct {
	c        *eventlog.Catalog
	names    []string
	sessions map[eventlog.Sym]*Group // those that are kept; the groups are made by places
	r        *Report
}

func group(m map[string]*Group, key string) *Group {
	g := m[key]
	if g == nil {
		g = &Group{Key: key}
		m[key] = g
	}
	return g
}

func orUnknown(name string) string { return cmp.Or(name, "unknown") }

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
