// Package doctor is the page that says how well what lies on this machine is
// understood: where it was looked for and what was found, what is new to this
// version or cannot be read, what will be deleted, and what to do about it. What
// the catalog tells is shown at once; the rest is found out by whoever knows the
// formats, which reads everything once more.
package doctor

import (
	"context"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/health"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Examine finds out everything. progress is told, by any goroutine, how many
// records were read.
type Examine func(ctx context.Context, progress func(records int64)) (*health.Report, error)

// Pane is the page.
type Pane struct {
	// Pause is how long to wait between two looks at how far the examination is.
	Pause time.Duration

	ctx     context.Context
	examine Examine
	now     func() time.Time

	width, height int
	view          *overview.View
	report        *health.Report
	examined      bool // the report is of an examination, not of the catalog alone
	stopped       bool // an examination was called off
	err           error
	adding, work  job.Job
	read          *atomic.Int64 // records that were read of the examination under way

	at       int // the section that is shown
	sections [len(names)]section
	tables   tables
}

// section is a table of the page.
type section interface {
	Len() int
	Cursor() int
	Resize(width, height int)
	Do(a keymap.Action, n int) bool
	Scroll(d int)
	Click(y int) (again bool)
	Order() string
	Draw(t *theme.Theme, active bool) []string
}

// New returns the page. examine may be nil: then what the catalog tells is all.
func New(ctx context.Context, examine Examine, now func() time.Time) *Pane {
	p := &Pane{Pause: 150 * time.Millisecond, ctx: ctx, examine: examine, now: now}
	p.sections = p.tables.make()
	return p
}

// reportMsg brings a report and the rows that are shown of it.
type reportMsg struct {
	p        *Pane
	ticket   job.Ticket
	examined bool
	report   *health.Report
	rows     rows
	err      error
}

// lookMsg passes while an examination is under way.
type lookMsg struct {
	p      *Pane
	ticket job.Ticket
}

// Show takes a new view. The first one begins an examination.
func (p *Pane) Show(v *overview.View) tea.Cmd {
	first := p.view == nil
	p.view = v
	var cmd tea.Cmd
	if !p.examined {
		cmd = p.add()
	}
	if first {
		cmd = tea.Batch(cmd, p.begin())
	}
	return cmd
}

// add adds up what the catalog tells.
func (p *Pane) add() tea.Cmd {
	ctx, ticket, ok := p.adding.Start(p.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	c, now := p.view.Catalog, eventlog.StampOf(p.now())
	return func() tea.Msg {
		r := health.New()
		r.Take(c, now, nil)
		for _, f := range c.Progress.Failed {
			r.Failed = append(r.Failed, health.Fault{Path: f.Path, Pos: f.Pos, Why: f.Why})
		}
		return reportMsg{p: p, ticket: ticket, report: r, rows: newRows(r, c)}
	}
}

// begin examines everything.
func (p *Pane) begin() tea.Cmd {
	if p.examine == nil || p.view == nil {
		return nil
	}
	ctx, ticket := p.work.Restart(p.ctx)
	p.err, p.stopped = nil, false
	read := &atomic.Int64{}
	p.read = read
	examine, c := p.examine, p.view.Catalog
	return tea.Batch(func() tea.Msg {
		r, err := examine(ctx, func(n int64) { read.Store(n) })
		m := reportMsg{p: p, ticket: ticket, examined: true, report: r, err: err}
		if err == nil {
			m.rows = newRows(r, c)
		}
		return m
	}, p.look(ticket))
}

// look asks, a little later, how far the examination has come.
func (p *Pane) look(ticket job.Ticket) tea.Cmd {
	return tea.Tick(p.Pause, func(time.Time) tea.Msg { return lookMsg{p, ticket} })
}

// Update takes what was found out. It reports whether anything changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case lookMsg:
		if _, goes := p.work.Goes(msg.ticket); msg.p != p || !goes {
			return nil, false
		}
		return p.look(msg.ticket), true
	case reportMsg:
		if msg.p != p {
			return nil, false
		}
		of := &p.adding
		if msg.examined {
			of = &p.work
		}
		fresh, again := of.Land(msg.ticket)
		if !fresh || !msg.examined && p.examined {
			return nil, false
		}
		if p.err = msg.err; msg.err == nil {
			p.report, p.examined = msg.report, msg.examined
			p.tables.set(msg.rows)
		}
		if again && !p.examined {
			return p.add(), true
		}
		return nil, true
	}
	return nil, false
}

// Do does an action. It reports whether the action was one for the page.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Section:
		p.at = (p.at + 1) % len(p.sections)
	case keymap.FoldOpen:
		p.at = min(p.at+1, len(p.sections)-1)
	case keymap.FoldShut:
		p.at = max(0, p.at-1)
	case keymap.Refresh:
		return p.begin(), true
	case keymap.Open:
		return p.open(), true
	default:
		return nil, p.sections[p.at].Do(a, n)
	}
	return nil, true
}

// open goes to what the selected row is about.
func (p *Pane) open() tea.Cmd {
	query := func(text string) tea.Cmd {
		q, err := eventlog.ParseQuery(text)
		if err != nil {
			return ask.Tell(err.Error())
		}
		return visit.To(visit.Msg{Query: q})
	}
	if p.sections[p.at].Len() == 0 {
		return nil
	}
	switch p.at {
	case sources:
		s := p.tables.sources.Selected()
		if s.read.Files == 0 {
			return ask.Tell("nothing of it is here")
		}
		return query(`format:"` + s.format + `"`)
	case news:
		d := p.tables.news.Selected()
		return p.record(d.Path, d.Pos, "")
	case unread:
		f := p.tables.unread.Selected()
		return p.record(f.Path, f.Pos, f.Why)
	case kept:
		k := p.tables.kept.Selected()
		if k.Soon == 0 {
			return query(`format:"` + k.Format + `"`)
		}
		return query(`format:"` + k.Format + `" dies<7d`)
	case habits:
		return visit.To(visit.Msg{ID: p.tables.habits.Selected().Session})
	}
	return nil
}

// record goes to the step of a record, in a session that its file holds.
func (p *Pane) record(path string, pos int64, why string) tea.Cmd {
	if p.view == nil {
		return nil
	}
	for _, s := range p.view.Catalog.Sessions {
		for _, of := range s.Paths {
			if of == path {
				return visit.To(visit.Msg{Session: s, Record: &eventlog.Finding{Path: path, Pos: pos, Session: s.ID, Why: why}})
			}
		}
	}
	return ask.Tell("no session is in that file; the audit, g c a, lists what could not be read")
}

// Click selects a section or a row; a second click opens the row.
func (p *Pane) Click(x, y int) tea.Cmd {
	if y == 1 {
		if to, ok := p.sectionAt(x); ok {
			p.at = to
		}
		return nil
	}
	if y >= heads && y < p.height-p.below() && p.sections[p.at].Click(y-heads) {
		return p.open()
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.sections[p.at].Scroll(d)
	return nil
}

// Back calls off the examination. It reports whether one was under way.
func (p *Pane) Back() bool {
	if !p.work.Busy() {
		return false
	}
	p.work.Stop()
	p.stopped = true
	return true
}

// Scopes are those of pages.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Pages} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Section, keymap.Open, keymap.Sort, keymap.Refresh, keymap.Back}
}

// Close ends what is under way.
func (p *Pane) Close() {
	p.adding.Stop()
	p.work.Stop()
}
