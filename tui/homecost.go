package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// homeCost is the page of what the sessions that are shown cost.
type homeCost struct {
	costs
	home    *home
	view    *overview.View
	judging job.Job
	judged  *judgedMsg // the last that came
}

// judgedMsg brings what caches came to, and what each day cost.
type judgedMsg struct {
	p      *homeCost
	ticket job.Ticket
	view   *overview.View
	cache  *cache.Report
	err    error
	days   []rollup.Group
	spent  cost.Spent
	took   time.Duration
}

func newHomeCost(h *home) *homeCost {
	return &homeCost{costs: newCosts(h.world.ctx, &h.world.opts, true), home: h}
}

func (p *homeCost) Resize(width, height int) tea.Cmd {
	p.costs.Resize(width, height)
	return nil
}

func (p *homeCost) Show(v *overview.View) tea.Cmd {
	p.view = v
	cmd := p.costs.Show(v.Report, v.Catalog)
	if old := p.judged; old != nil && sameSessions(old.view, v) {
		return cmd
	}
	return tea.Batch(cmd, p.judge(0))
}

// sameSessions reports whether two views are of the same calls: time that goes by
// changes nothing of what caches came to.
func sameSessions(a, b *overview.View) bool {
	return a.Catalog == b.Catalog && a.Shown == b.Shown && a.Period == b.Period && a.Ask.Query.String() == b.Ask.Query.String() && a.Ask.From.Equal(b.Ask.From) && a.Ask.To.Equal(b.Ask.To)
}

// judge judges the calls of the sessions that are shown. What each day cost is of
// all periods: a pace is of more than one day.
func (p *homeCost) judge(took time.Duration) tea.Cmd {
	ctx, ticket, ok := p.judging.Start(p.home.world.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	v, book, each := p.view, p.home.world.opts.Book, p.home.world.opts.Budget.Session
	return func() tea.Msg {
		if !job.Rest(ctx, took) {
			return nil
		}
		began := time.Now()
		m := judgedMsg{p: p, ticket: ticket, view: v, spent: cost.Spent{Today: v.Today, Of: len(v.Report.Sessions)}}
		shown := make(map[string]bool, len(v.Report.Sessions))
		for i := range v.Report.Sessions {
			s := &v.Report.Sessions[i]
			shown[s.Key] = true
			if each > 0 && s.Own.Cost() > each {
				m.spent.Over++
			}
		}
		m.cache, m.err = cache.New(ctx, v.Catalog, func(s *eventlog.Session) bool { return shown[s.ID] }, book)
		now := eventlog.StampOf(v.Ask.Now)
		m.days = rollup.DaysOf(v.Catalog, func(s *eventlog.Session) bool { return s.Matches(v.Ask.Query, now) })
		m.took = time.Since(began)
		return m
	}
}

func (p *homeCost) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(judgedMsg)
	if !ok || m.p != p {
		return p.costs.Update(msg)
	}
	fresh, again := p.judging.Land(m.ticket)
	if !fresh {
		return nil, false
	}
	p.judged = &m
	p.pane.ShowDays(m.days, m.view.Ask.Now.UTC().Format(time.DateOnly))
	p.pane.ShowCache(m.cache, m.err, p.home.world.zone(), p.label)
	p.pane.ShowSpent(m.spent)
	if again {
		return p.judge(m.took), true
	}
	return nil, true
}

func (p *homeCost) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a != keymap.Open || p.auditing {
		return p.costs.Do(a, n)
	}
	return p.open(), true
}

// open goes into what is selected: to the sessions that a line of the table adds up,
// to the misses of a cause, or to the step of a miss.
func (p *homeCost) open() tea.Cmd {
	if !p.pane.Inside() {
		return p.drill()
	}
	m := p.pane.Enter()
	if m == nil || p.judged == nil || p.judged.cache == nil {
		return nil
	}
	s, ok := p.catalog.Session(m.Session)
	if !ok {
		return nil
	}
	f := p.judged.cache.Finding(m)
	return visit.To(visit.Msg{Session: s, Record: &f})
}

// drill shows the sessions that a line of the table adds up.
func (p *homeCost) drill() tea.Cmd {
	key, ok := p.pane.Selected()
	if !ok {
		return nil
	}
	by := p.pane.By()
	if s, found := p.catalog.Session(key); found && by == cost.Session {
		return visit.To(visit.Msg{Session: s})
	}
	if day, err := time.ParseInLocation(time.DateOnly, key, time.UTC); by == cost.Day && err == nil {
		turn, _ := p.home.turn(keymap.GoSessions)
		return tea.Batch(p.home.between(day, day.AddDate(0, 0, 1)), turn)
	}
	query := drillQuery(by, key)
	if query == "" {
		return ask.Tell("no filter can ask for this")
	}
	before := p.home.Query()
	cmd, err := p.home.Filter(query)
	if err != nil {
		return ask.Tell(err.Error())
	}
	p.home.Remember(before)
	turn, _ := p.home.turn(keymap.GoSessions)
	return tea.Batch(cmd, turn)
}

func (p *homeCost) Click(x, y int) tea.Cmd {
	cmd, open := p.click(x, y)
	if open {
		return p.open()
	}
	return cmd
}

func (p *homeCost) Scroll(d int) tea.Cmd {
	p.costs.Scroll(d)
	return nil
}

func (p *homeCost) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Cost} }

func (p *homeCost) Hints() []keymap.Action {
	return p.hints(keymap.Filter, keymap.Period, keymap.Back)
}

func (p *homeCost) Close() {
	p.judging.Stop()
	p.close()
}
