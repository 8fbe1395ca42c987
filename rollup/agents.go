package rollup

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// AgentStatus is how an agent is, by what its sessions have come to lately. As
// Niitaka derives it, where it says how, the first that holds of these:
//
//   - new: it is named, but no run of it was started or ended, and it called nothing
//   - active: it takes part in a session that is running
//   - stale: a run of it is open in a session of which nothing was heard for five
//     minutes, or whose recorder is gone; after a day nobody waits for it any more
//   - error: a run of it failed, or a call within, in its last session or in one
//     that it took part in during the past hour
//   - idle: its last session ended and none of the above holds
//
// Like that of a session it is derived whenever it is asked for and never stored.
type AgentStatus uint8

// The states of an agent.
const (
	AgentNew AgentStatus = iota
	AgentActive
	AgentStale
	AgentError
	AgentIdle
)

// agentLately is how far back the failures of an agent are its state.
const agentLately = time.Hour

var agentStatusNames = [...]string{"new", "active", "stale", "error", "idle"}

// String returns the name of the state.
func (s AgentStatus) String() string { return agentStatusNames[s] }

// MarshalText returns the name of the state.
func (s AgentStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Agent is what the runs of the agents of one name come to.
type Agent struct {
	Name      string
	Status    AgentStatus
	Sessions  int64 // in how many it took part
	Runs      int64
	Failed    int64 // runs that ended in failure
	Timed     int64 // runs of which it is known how long they took: they ended, and their log has times
	P50, P95  time.Duration
	Own       Sum      // without what its runs started
	Inclusive Sum      // with what they started in their sessions, each call once
	Models    []string // those that it used, most tokens first
	First     eventlog.Stamp
	Last      eventlog.Stamp // when it was last seen
}

// ErrorRate is the part of the runs that failed, from 0 to 1.
func (a *Agent) ErrorRate() float64 {
	if a.Runs == 0 {
		return 0
	}
	return float64(a.Failed) / float64(a.Runs)
}

// Fields is the usage object of the agent by its names, with inclusive and what
// else is known of it.
func (a *Agent) Fields() map[string]any {
	m := a.Own.Fields()
	for k, v := range map[string]any{
		"name": a.Name, "status": a.Status, "sessions": a.Sessions, "runs": a.Runs, "failed_runs": a.Failed, "error_rate": a.ErrorRate(),
		"timed_runs": a.Timed, "p50_ms": a.P50.Milliseconds(), "p95_ms": a.P95.Milliseconds(), "inclusive": a.Inclusive,
		"models": append([]string{}, a.Models...), "first_seen": a.First, "last_seen": a.Last,
	} {
		m[k] = v
	}
	return m
}

// MarshalJSON writes Fields.
func (a Agent) MarshalJSON() ([]byte, error) { return json.Marshal(a.Fields()) }

// Agents says how the agents of the sessions are for which keep is true, at a
// moment; nil keeps all. They are ordered as those of a Report are, by inclusive
// cost. Its work is proportional to the calls and runs: call it from a command.
func Agents(c *eventlog.Catalog, keep func(*eventlog.Session) bool, now eventlog.Stamp) []Agent {
	return newRoster(c, New(c, keep), now).agents()
}

// roster is the list of agents that is being made.
type roster struct {
	report *Report
	names  []string
	now    eventlog.Stamp
	byName map[string]*member
	in     map[part]bool
}

// part says that an agent took part in a session.
type part struct {
	of      *member
	session eventlog.Sym
}

// member is an agent of a roster.
type member struct {
	Agent
	took     []time.Duration
	tokens   map[string]int64 // by model
	began    bool
	active   bool
	stale    bool
	lately   bool // something failed within the past hour
	last     *eventlog.Session
	lastBad  bool // something failed in its last session
	lastSeen eventlog.Stamp
}

func newRoster(c *eventlog.Catalog, report *Report, now eventlog.Stamp) *roster {
	r := &roster{report: report, names: c.Symbols.Names(), now: now, byName: map[string]*member{}, in: map[part]bool{}}
	runs := map[runKey]*Run{}
	for i := range report.Runs {
		run := &report.Runs[i]
		runs[runKey{run.Session.Sym, run.Run.ID}] = run
		if run.Run.ID != 0 || *run.Own != (Sum{}) { // the session's own events are of no agent
			r.run(run)
		}
	}
	for _, e := range c.Entries.All() {
		run := runs[runKey{e.Session, e.Run}]
		if run == nil {
			continue // of a session that is not kept
		}
		m := r.member(cmp.Or(r.names[e.Agent], run.Agent))
		m.tokens[orUnknown(r.names[e.Model])] += e.Usage.Total() + 1
		r.takesPart(m, e.Session)
	}
	for _, g := range report.Agents {
		m := r.member(g.Key)
		m.Own, m.Inclusive = g.Own, g.Inclusive
		m.began = m.began || g.Own.Calls > 0 || g.Own.ToolCalls > 0
	}
	return r
}

func (r *roster) member(name string) *member {
	m := r.byName[name]
	if m == nil {
		m = &member{Agent: Agent{Name: name}, tokens: map[string]int64{}}
		r.byName[name] = m
	}
	return m
}

func (r *roster) takesPart(m *member, session eventlog.Sym) {
	if p := (part{m, session}); !r.in[p] {
		r.in[p] = true
		m.Sessions++
	}
}

// run counts a run. The runs of a session come one after another.
func (r *roster) run(run *Run) {
	m := r.member(run.Agent)
	r.takesPart(m, run.Session.Sym)
	failed := run.Run.Outcome == eventlog.Failure
	if run.Run.ID != 0 {
		m.Runs++
		if failed {
			m.Failed++
		}
	}
	if at := run.Run; at.ID != 0 && !at.Open && at.Start.Known() && at.End > at.Start {
		m.took = append(m.took, at.End.Sub(at.Start))
	}
	if start := run.Run.Start; start.Known() && (!m.First.Known() || start < m.First) {
		m.First = start
	}
	m.Last = max(m.Last, run.Run.End)
	m.began = m.began || run.Run.Started || run.Run.Outcome != eventlog.OutcomeUnknown
	switch status, _ := run.Session.Status(r.now); {
	case status == eventlog.Running:
		m.active = true
	case run.Run.Open && (status == eventlog.Stale || status == eventlog.Interrupted && r.now.Sub(run.Session.Last) < eventlog.CloseAfter):
		m.stale = true
	}
	bad := failed || run.Own.Errors > 0
	seen := max(run.Run.End, run.Run.Start)
	if bad && seen.Known() && r.now.Sub(seen) <= agentLately {
		m.lately = true
	}
	switch {
	case m.last == run.Session:
		m.lastBad, m.lastSeen = m.lastBad || bad, max(m.lastSeen, seen)
	case m.last == nil || seen > m.lastSeen:
		m.last, m.lastBad, m.lastSeen = run.Session, bad, seen
	}
}

func (m *member) status() AgentStatus {
	switch {
	case !m.began:
		return AgentNew
	case m.active:
		return AgentActive
	case m.stale:
		return AgentStale
	case m.lately || m.lastBad:
		return AgentError
	}
	return AgentIdle
}

func (r *roster) agents() []Agent {
	all := make([]Agent, 0, len(r.byName))
	for _, m := range r.byName {
		slices.Sort(m.took)
		m.Timed, m.P50, m.P95 = int64(len(m.took)), Quantile(m.took, 0.5), Quantile(m.took, 0.95)
		m.Status = m.status()
		for model := range m.tokens {
			m.Models = append(m.Models, model)
		}
		slices.SortFunc(m.Models, func(a, b string) int {
			return cmp.Or(cmp.Compare(m.tokens[b], m.tokens[a]), strings.Compare(a, b))
		})
		all = append(all, m.Agent)
	}
	slices.SortFunc(all, func(a, b Agent) int {
		return cmp.Or(
			cmp.Compare(b.Inclusive.Cost(), a.Inclusive.Cost()), cmp.Compare(b.Inclusive.Usage.Total(), a.Inclusive.Usage.Total()),
			cmp.Compare(b.Inclusive.ToolCalls, a.Inclusive.ToolCalls), cmp.Compare(b.Runs, a.Runs), strings.Compare(a.Name, b.Name))
	})
	return all
}
