package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// sessionCost is the page of what an opened session cost, with everything below
// it.
type sessionCost struct {
	costs
	ctx    context.Context
	adding job.Job
	of     *opened.Session
}

func newSessionCost(ctx context.Context, o *Options) *sessionCost {
	return &sessionCost{costs: newCosts(ctx, o), ctx: ctx}
}

// costMsg brings the sums of an opened session.
type costMsg struct {
	p       *sessionCost
	ticket  job.Ticket
	report  *rollup.Report
	catalog *eventlog.Catalog
}

// drillMsg asks for the steps of a session that a filter lets through.
type drillMsg struct {
	of    eventlog.Sym
	query string
}

func (p *sessionCost) Resize(width, height int) tea.Cmd {
	p.costs.Resize(width, height)
	return nil
}

// Show adds up the session when there is a new catalog.
func (p *sessionCost) Show(s *opened.Session) tea.Cmd {
	if p.of != nil && p.of.Catalog == s.Catalog && p.of.Sym == s.Sym {
		return nil
	}
	p.of = s
	return p.addUp()
}

func (p *sessionCost) addUp() tea.Cmd {
	ctx, ticket, ok := p.adding.Start(p.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	of := p.of
	return func() tea.Msg {
		return costMsg{p, ticket, rollup.New(of.Catalog, func(s *eventlog.Session) bool { return of.Within(s.Sym) }), of.Catalog}
	}
}

func (p *sessionCost) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(costMsg)
	if !ok || m.p != p {
		return p.costs.Update(msg)
	}
	fresh, again := p.adding.Land(m.ticket)
	if !fresh {
		return nil, false
	}
	cmd := p.costs.Show(m.report, m.catalog)
	if again {
		cmd = tea.Batch(cmd, p.addUp())
	}
	return cmd, true
}

func (p *sessionCost) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a == keymap.Open && !p.auditing {
		return p.drill(), true
	}
	return p.costs.Do(a, n)
}

// drill shows the steps that a line of the table adds up.
func (p *sessionCost) drill() tea.Cmd {
	key, ok := p.table.Selected()
	if !ok {
		return nil
	}
	if s, known := p.catalog.Session(key); known && p.table.By() == cost.Session {
		return visit.To(visit.Msg{Session: s})
	}
	msg := drillMsg{p.of.Sym, drillQuery(p.table.By(), key)}
	return func() tea.Msg { return msg }
}

func (p *sessionCost) Scroll(d int) tea.Cmd {
	p.costs.Scroll(d)
	return nil
}

// Selected returns no step: a line of the table is many.
func (p *sessionCost) Selected() eventlog.SpanID { return 0 }

// Select does nothing for the same reason.
func (p *sessionCost) Select(eventlog.SpanID) tea.Cmd { return nil }

func (p *sessionCost) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Cost} }

func (p *sessionCost) Hints() []keymap.Action { return p.hints(keymap.TabNext, keymap.Command) }

func (p *sessionCost) Close() { p.close() }
