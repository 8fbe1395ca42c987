// Package agents is the page of the agents of the sessions that are shown: how
// each of them is, how often it failed, how long its runs took and what it cost,
// and of the selected one its models, its tools and its last sessions.
package agents

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Pane is the page.
type Pane struct {
	ctx     context.Context
	show    func(agent string) tea.Cmd // shows the sessions of an agent
	working job.Job
	view    *overview.View
	made    *roster
	halted  bool // the person called it off

	table    table.Table[row]
	sessions table.Table[part]
	of       string // the agent whose sessions are listed
	focus    int

	width, height int
}

// New returns the page. show is what opening an agent does.
func New(ctx context.Context, show func(agent string) tea.Cmd) *Pane {
	p := &Pane{ctx: ctx, show: show, focus: 1}
	p.table.Key = func(r *row) string { return r.Name }
	p.table.Columns = p.columns()
	p.table.Recede = func(r *row) bool { return r.Status == rollup.AgentIdle || r.Status == rollup.AgentNew }
	p.sessions.Key = func(s *part) string { return s.ID }
	p.sessions.Columns = p.sessionColumns()
	return p
}

// madeMsg brings what the page shows.
type madeMsg struct {
	p      *Pane
	ticket job.Ticket
	roster *roster
}

// Show takes a new view.
func (p *Pane) Show(v *overview.View) tea.Cmd {
	p.view = v
	if p.halted {
		return nil
	}
	return p.work()
}

func (p *Pane) work() tea.Cmd {
	ctx, ticket, ok := p.working.Start(p.ctx)
	if !ok {
		return nil
	}
	v := p.view
	return func() tea.Msg { return madeMsg{p, ticket, newRoster(ctx, v)} }
}

// Update takes what was worked out.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(madeMsg)
	if !ok || m.p != p {
		return nil, false
	}
	fresh, again := p.working.Land(m.ticket)
	if !fresh || m.roster == nil {
		return nil, false
	}
	p.made = m.roster
	p.table.Columns = p.columns()
	p.table.Set(append([]row(nil), m.roster.rows...))
	p.list()
	p.Resize(p.width, p.height)
	if again {
		return p.work(), true
	}
	return nil, true
}

// list lists the sessions of the selected agent.
func (p *Pane) list() {
	r := p.table.Selected()
	if r == nil {
		p.sessions.Set(nil)
		return
	}
	p.sessions.Set(append([]part(nil), r.sessions...))
	if p.of != r.Name {
		p.of = r.Name
		p.sessions.Do(keymap.Top, 0)
	}
}

// Resize says how much room there is, with the titles.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	if p.below() == 0 {
		p.focus = 1
	}
	p.table.Resize(width, height-1-p.below())
	p.sessions.Resize(p.sessionsWidth(), p.below()-1-p.brief())
	return nil
}

// below is how many rows the selected agent takes, with their title: what the
// agents leave, and some in any case.
func (p *Pane) below() int {
	if p.height < 18 {
		return 0
	}
	return min(24, max(8, p.height*2/5, p.height-3-p.table.Len()))
}

// brief is how many rows tell of models and tools where there is no room for
// lists of them beside the sessions.
func (p *Pane) brief() int {
	if p.width >= wide {
		return 0
	}
	return 2
}

// wide is from how many columns on the lists stand beside each other.
const wide = 100

func (p *Pane) sessionsWidth() int {
	if p.width < wide {
		return p.width
	}
	return p.width - 2*p.usesWidth() - 2
}

func (p *Pane) usesWidth() int { return min(42, max(32, p.width*32/100)) }

// Panels returns how many panes there are.
func (p *Pane) Panels() int {
	if p.below() == 0 {
		return 1
	}
	return 2
}

// Focus returns the pane that has the keys.
func (p *Pane) Focus() int { return p.focus }

// SetFocus gives a pane the keys.
func (p *Pane) SetFocus(n int) tea.Cmd {
	p.focus = min(n, p.Panels())
	return nil
}

// Selected returns the session that is selected, where sessions have the keys.
func (p *Pane) Selected() *eventlog.Session {
	if p.focus != 2 {
		return nil
	}
	if s := p.sessions.Selected(); s != nil {
		return s.Session
	}
	return nil
}

// Do moves the cursor, sorts, or opens what is selected.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a == keymap.Open {
		return p.open(), true
	}
	if p.focus == 2 {
		switch a {
		case keymap.NextError:
			p.sessions.Seek(1, erred)
		case keymap.PrevError:
			p.sessions.Seek(-1, erred)
		default:
			return nil, p.sessions.Do(a, n)
		}
		return nil, true
	}
	switch a {
	case keymap.NextError:
		p.table.Seek(1, failing)
	case keymap.PrevError:
		p.table.Seek(-1, failing)
	case keymap.NextNeed:
		p.table.Seek(1, ill)
	case keymap.PrevNeed:
		p.table.Seek(-1, ill)
	default:
		if !p.table.Do(a, n) {
			return nil, false
		}
	}
	p.list()
	return nil, true
}

func erred(s *part) bool  { return s.failed > 0 || s.own.Errors > 0 }
func failing(r *row) bool { return r.Failed > 0 || r.Own.ToolErrors > 0 }
func ill(r *row) bool     { return r.Status == rollup.AgentError || r.Status == rollup.AgentStale }

// open goes to the selected session, or shows the sessions of the selected agent.
func (p *Pane) open() tea.Cmd {
	if p.halted {
		p.halted = false
		return p.work()
	}
	if s := p.Selected(); s != nil {
		return visit.To(visit.Msg{Session: s})
	}
	r := p.table.Selected()
	switch {
	case r == nil:
		return nil
	case r.Name == "unknown":
		return ask.Tell("these runs name no agent: a filter cannot name it either")
	}
	return p.show(r.Name)
}

// Click selects a row; a second click opens it.
func (p *Pane) Click(x, y int) tea.Cmd {
	top := p.height - p.below()
	if p.below() == 0 || y < top {
		p.focus = 1
		again := p.table.Click(y - 1)
		p.list()
		if again {
			return p.open()
		}
		return nil
	}
	if x < p.width-p.sessionsWidth() {
		return nil
	}
	p.focus = 2
	if p.sessions.Click(y - top - 1 - p.brief()) {
		return p.open()
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	if p.focus == 2 {
		p.sessions.Scroll(d)
		return nil
	}
	p.table.Scroll(d)
	p.list()
	return nil
}

// Back calls off what is being worked out, or gives the keys back to the agents.
func (p *Pane) Back() bool {
	switch {
	case p.made == nil && p.working.Busy():
		p.working.Stop()
		p.halted = true
		return true
	case p.focus == 2:
		p.focus = 1
		return true
	}
	return false
}

// Scopes are none: the keys of lists do.
func (p *Pane) Scopes() []keymap.Scope { return nil }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.Sort, keymap.NextError, keymap.PanelNext, keymap.Filter, keymap.Period, keymap.Back}
}

// Close calls off what is under way.
func (p *Pane) Close() { p.working.Stop() }
