// Package audit is the pane that says how the figures came to be: what was read,
// what was cut before anything was added up, and by which prices estimates were
// made. Each line leads to its records, which are looked for when somebody asks,
// and each record to its step, or to what can be said of it.
package audit

import (
	"context"
	"iter"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Find tells of the records behind a figure; see source.Set.Find.
type Find func(ctx context.Context, f eventlog.Figure, found func(*eventlog.Finding) error) error

// level is how deep the pane was gone into.
type level int

const (
	figures level = iota // the lines of the audit
	records              // the records behind one of them
	record               // one of these
)

// Pane is the audit.
type Pane struct {
	ctx   context.Context
	find  Find
	about string // the table of prices

	width, height int
	level         level
	catalog       *eventlog.Catalog
	lines         []line
	list          list.List
	adding        job.Job

	of     line // whose records are shown
	found  []eventlog.Finding
	items  list.List
	all    bool // everything was found
	err    error
	search job.Job
	scroll int // of the one record
}

// New returns the audit, whose records are looked for in ctx.
func New(ctx context.Context, find Find, about string) Pane {
	return Pane{ctx: ctx, find: find, about: about}
}

// line is one line of the audit.
type line struct {
	count  int64
	text   string
	remark string
	cost   eventlog.Money
	kind   kind
	figure eventlog.Figure
	only   func(*eventlog.Finding) bool // of the figure's records, those that the line counts
}

// kind is what a line is.
type kind uint8

const (
	whole  kind = iota // a count that stands for itself
	part               // a part of the one above
	cut                // what was taken away
	head               // of lines that follow
	priced             // calls of one price
	wrong              // what ought not to be
)

// most is how many records are listed; the command line lists all.
const most = 5000

// auditMsg brings what the ledger is made of.
type auditMsg struct {
	p       *Pane
	ticket  job.Ticket
	catalog *eventlog.Catalog
	audit   *rollup.Audit
}

// Show audits a catalog.
func (p *Pane) Show(c *eventlog.Catalog) tea.Cmd {
	p.catalog = c
	ctx, ticket, ok := p.adding.Start(p.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	return func() tea.Msg { return auditMsg{p, ticket, c, rollup.NewAudit(c)} }
}

// Stop ends what is under way.
func (p *Pane) Stop() {
	p.adding.Stop()
	p.search.Stop()
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) {
	p.width, p.height = width, height
	p.list.Resize(height - 1)
	p.items.Resize(height - 2)
}

// Update takes what the pane's commands found. It reports whether anything
// changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case auditMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.adding.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		p.lines = p.compose(msg.catalog, msg.audit)
		p.list.SetLen(len(p.lines))
		if again {
			return p.Show(p.catalog), true
		}
		return nil, true
	case foundMsg:
		if msg.p != p {
			return nil, false
		}
		return p.took(msg)
	}
	return nil, false
}

// foundMsg brings some more of the records that are being looked for.
type foundMsg struct {
	p      *Pane
	ticket job.Ticket
	seq    *pull
	found  []eventlog.Finding
	ended  bool
	err    error
}

// pull is a search that goes on as far as somebody wants it to.
type pull struct {
	next func() (eventlog.Finding, bool)
	stop func()
	err  error
}

// enough ends a search.
type enough struct{}

func (enough) Error() string { return "enough" }

// open looks for the records behind a line.
func (p *Pane) open(l line) tea.Cmd {
	p.level, p.of, p.found, p.all, p.err = records, l, nil, false, nil
	p.items = list.List{}
	p.items.Resize(p.height - 2)
	ctx, ticket := p.search.Restart(p.ctx)
	if p.find == nil {
		p.search.Stop()
		p.all = true
		return nil
	}
	s := &pull{}
	find := p.find
	seq := func(yield func(eventlog.Finding) bool) {
		s.err = find(ctx, l.figure, func(f *eventlog.Finding) error {
			if (l.only == nil || l.only(f)) && !yield(*f) {
				return enough{}
			}
			return nil
		})
	}
	s.next, s.stop = iter.Pull(iter.Seq[eventlog.Finding](seq))
	return p.more(ctx, ticket, s)
}

// more takes what is found within a moment.
func (p *Pane) more(ctx context.Context, ticket job.Ticket, s *pull) tea.Cmd {
	const batch, moment = 512, 150 * time.Millisecond
	return func() tea.Msg {
		m := foundMsg{p: p, ticket: ticket, seq: s}
		for end := time.Now().Add(moment); len(m.found) < batch && time.Now().Before(end); {
			f, ok := s.next()
			if !ok || ctx.Err() != nil {
				m.ended, m.err = true, s.err
				s.stop()
				break
			}
			m.found = append(m.found, f)
		}
		return m
	}
}

func (p *Pane) took(msg foundMsg) (tea.Cmd, bool) {
	ctx, goes := p.search.Goes(msg.ticket)
	if !goes {
		return func() tea.Msg { msg.seq.stop(); return nil }, false
	}
	p.found = append(p.found, msg.found...)
	full := len(p.found) >= most
	p.found = p.found[:min(len(p.found), most)]
	p.items.SetLen(len(p.found))
	switch {
	case msg.ended:
		p.search.Stop()
		p.all, p.err = msg.err == nil, msg.err
		return nil, true
	case full:
		p.search.Stop()
		return func() tea.Msg { msg.seq.stop(); return nil }, true
	}
	return p.more(ctx, msg.ticket, msg.seq), true
}

// Back goes one level up. It reports whether there was one.
func (p *Pane) Back() bool {
	switch p.level {
	case record:
		p.level = records
	case records:
		p.search.Stop()
		p.level, p.found = figures, nil
	default:
		return false
	}
	return true
}

// Enter goes one level down: to the records of a figure, or from a record to
// its step, where its session is known.
func (p *Pane) Enter() tea.Cmd {
	switch p.level {
	case figures:
		if i := p.list.Cursor(); i >= 0 && i < len(p.lines) && p.lines[i].kind != head && p.lines[i].count > 0 {
			return p.open(p.lines[i])
		}
	case records:
		i := p.items.Cursor()
		if i < 0 || i >= len(p.found) {
			return nil
		}
		f := p.found[i]
		if s, ok := p.catalog.Session(f.Session); ok && s != nil && f.Session != "" && f.Why == "" {
			return visit.To(visit.Msg{Session: s, Record: &f})
		}
		p.level, p.scroll = record, 0
	}
	return nil
}

// Do moves the cursor. It reports whether the action was one for the pane.
func (p *Pane) Do(a keymap.Action, n int) bool {
	switch p.level {
	case figures:
		return p.list.Do(a, n)
	case records:
		return p.items.Do(a, n)
	}
	d := max(1, n)
	switch a {
	case keymap.Down:
		p.scroll += d
	case keymap.Up:
		p.scroll = max(0, p.scroll-d)
	default:
		return false
	}
	return true
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) {
	switch p.level {
	case figures:
		p.list.Scroll(d)
	case records:
		p.items.Scroll(d)
	default:
		p.scroll = max(0, p.scroll+d)
	}
}

// Click selects the row at y, which counts from the title; a second click opens
// it.
func (p *Pane) Click(y int) tea.Cmd {
	of, first := &p.list, 1
	switch p.level {
	case records:
		of, first = &p.items, 2
	case record:
		return nil
	}
	i := of.Top() + y - first
	if y < first || i >= of.Len() {
		return nil
	}
	if i == of.Cursor() {
		return p.Enter()
	}
	of.To(i)
	return nil
}
