package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/rollup/price"
	"github.com/lazytrace/lazytrace/tui/ask"
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
	ctx      context.Context
	book     *price.Book
	zone     *time.Location
	of       *opened.Session
	adding   job.Job
	looking  job.Job // for causes, in the log
	progress *job.Progress
	cache    *cache.Report
	known    int64 // the generation of the log that the spans of the report are of
}

func newSessionCost(ctx context.Context, w *world) *sessionCost {
	return &sessionCost{costs: newCosts(ctx, &w.opts, false), ctx: ctx, book: w.opts.Book, zone: w.zone()}
}

// costMsg brings the sums of an opened session.
type costMsg struct {
	p      *sessionCost
	ticket job.Ticket
	of     *opened.Session
	report *rollup.Report
	cache  *cache.Report
	err    error
	took   time.Duration
}

// causesMsg brings the misses of an opened session with the causes that its log
// tells of.
type causesMsg struct {
	p          *sessionCost
	ticket     job.Ticket
	cache      *cache.Report
	err        error
	generation int64
}

// lookingMsg says that the log is still being looked at.
type lookingMsg struct {
	p      *sessionCost
	ticket job.Ticket
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
	return p.addUp(0)
}

func (p *sessionCost) addUp(took time.Duration) tea.Cmd {
	ctx, ticket, ok := p.adding.Start(p.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	of, book := p.of, p.book
	return func() tea.Msg {
		if !job.Rest(ctx, took) {
			return nil
		}
		began := time.Now()
		keep := func(s *eventlog.Session) bool { return of.Within(s.Sym) }
		m := costMsg{p: p, ticket: ticket, of: of, report: rollup.New(of.Catalog, keep)}
		m.cache, m.err = cache.New(ctx, of.Catalog, keep, book)
		m.took = time.Since(began)
		return m
	}
}

func (p *sessionCost) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch m := msg.(type) {
	case costMsg:
		if m.p == p {
			return p.added(m)
		}
	case lookingMsg:
		if m.p != p {
			return nil, false
		}
		if ctx, goes := p.looking.Goes(m.ticket); goes {
			p.coming()
			return p.still(ctx, m.ticket), true
		}
	case causesMsg:
		if m.p != p {
			return nil, false
		}
		if fresh, _ := p.looking.Land(m.ticket); fresh {
			p.found(m.cache, m.err, m.generation)
			return nil, true
		}
	default:
		return p.costs.Update(msg)
	}
	return nil, false
}

// added takes the sums, and looks for causes in the log where calls missed caches.
func (p *sessionCost) added(m costMsg) (tea.Cmd, bool) {
	fresh, again := p.adding.Land(m.ticket)
	if !fresh {
		return nil, false
	}
	cmd := p.costs.Show(m.report, m.of.Catalog)
	p.pane.ShowDays(m.report.Days, m.of.Now.UTC().Format(time.DateOnly))
	p.pane.ShowSpent(cost.Spent{One: &m.report.Total})
	switch {
	case m.err != nil, len(m.cache.Misses) == 0:
		p.looking.Stop()
		p.found(m.cache, m.err, 0)
	default:
		if p.cache == nil { // else what was found before stays until more is known
			p.found(m.cache, nil, 0)
		}
		cmd = tea.Batch(cmd, p.look(m.cache))
	}
	if again {
		cmd = tea.Batch(cmd, p.addUp(m.took))
	}
	return cmd, true
}

// found shows what is known of the cache.
func (p *sessionCost) found(r *cache.Report, err error, generation int64) {
	p.cache, p.known = r, generation
	p.coming()
	p.pane.ShowCache(r, err, p.zone, p.label)
}

// look looks in the log for what the ledger does not know of misses.
func (p *sessionCost) look(r *cache.Report) tea.Cmd {
	ctx, ticket := p.looking.Restart(p.ctx)
	of, done := p.of, job.NewProgress()
	p.progress = done
	p.coming()
	return tea.Batch(func() tea.Msg {
		defer done.End()
		snap := of.Lines.Snap
		in, err := r.In(ctx, of.Log, snap, done.Tell)
		return causesMsg{p, ticket, in, err, snap.Generation}
	}, p.still(ctx, ticket))
}

// still asks to be drawn again soon, as long as the log is being looked at.
func (p *sessionCost) still(ctx context.Context, ticket job.Ticket) tea.Cmd {
	done := p.progress
	return func() tea.Msg {
		if !done.Moment(ctx) {
			return nil
		}
		return lookingMsg{p, ticket}
	}
}

// coming says how far the looking has come.
func (p *sessionCost) coming() {
	text := ""
	if p.looking.Busy() {
		text = "looking for causes…"
		if done, total := p.progress.Look(); total > 0 {
			text = "causes: " + figure.Whole(done) + " of " + figure.Whole(total) + "…  esc stops"
		}
	}
	p.pane.Coming(text)
}

// Back calls off the looking for causes, or leaves a level of the page.
func (p *sessionCost) Back() bool {
	if p.costs.Back() {
		return true
	}
	if !p.looking.Busy() {
		return false
	}
	p.looking.Stop()
	p.coming()
	return true
}

func (p *sessionCost) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a == keymap.Open && !p.auditing {
		return p.open(), true
	}
	return p.costs.Do(a, n)
}

// open goes into what is selected: to the steps that a line of the table adds up, to
// the misses of a cause, or to the step of a miss.
func (p *sessionCost) open() tea.Cmd {
	if !p.pane.Inside() {
		return p.drill()
	}
	m := p.pane.Enter()
	if m == nil || p.cache == nil {
		return nil
	}
	if m.Span != 0 && p.known == p.of.Lines.Snap.Generation {
		return visit.To(visit.Msg{Session: p.of.Session, Span: m.Span})
	}
	f := p.cache.Finding(m)
	return visit.To(visit.Msg{ID: m.Session, Record: &f})
}

// drill shows the steps that a line of the table adds up.
func (p *sessionCost) drill() tea.Cmd {
	key, ok := p.pane.Selected()
	if !ok {
		return nil
	}
	by := p.pane.By()
	if s, known := p.catalog.Session(key); known && by == cost.Session {
		return visit.To(visit.Msg{Session: s})
	}
	query := drillQuery(by, key)
	if query == "" {
		return ask.Tell("no filter can ask for this")
	}
	msg := drillMsg{p.of.Sym, query}
	return func() tea.Msg { return msg }
}

func (p *sessionCost) Click(x, y int) tea.Cmd {
	cmd, open := p.click(x, y)
	if open {
		return p.open()
	}
	return cmd
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

// Close ends what is under way.
func (p *sessionCost) Close() {
	p.adding.Stop()
	p.looking.Stop()
	p.close()
}
