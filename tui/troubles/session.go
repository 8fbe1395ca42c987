package troubles

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Session is the page of an opened session.
type Session struct {
	board
	ctx     context.Context
	log     eventlog.Log
	of      *opened.Session
	report  *trouble.Report    // nil until it was found out
	snap    *eventlog.Snapshot // what was looked at last
	running bool               // whether the session went on then
	took    time.Duration
	ended   time.Time
	waiting bool
	stopped bool // by the person
	err     error
	read    [2]int // bodies, of how many
	goal    eventlog.SpanID
	finding job.Job
	sifting job.Job
}

// NewSession returns the page of a log. Times are told in a zone.
func NewSession(ctx context.Context, log eventlog.Log, zone *time.Location) *Session {
	p := &Session{board: newBoard(false, zone), ctx: ctx, log: log}
	p.columns()
	return p
}

// siftedMsg brings what the filter leaves of a report.
type siftedMsg struct {
	p      *Session
	ticket job.Ticket
	shown  *shown
}

// Resize says how much room there is, with the title.
func (p *Session) Resize(width, height int) tea.Cmd {
	p.resize(width, height)
	return nil
}

// Show takes the session as it is now, and finds out anew what went wrong when its
// log has changed and that is cheap.
func (p *Session) Show(s *opened.Session) tea.Cmd {
	other := p.of == nil || p.of.Lines != s.Lines
	p.of, p.now = s, eventlog.StampOf(s.Now)
	cmd := p.find()
	if other && p.report != nil {
		cmd = tea.Batch(cmd, p.sift())
	}
	return cmd
}

// find finds out what went wrong, unless that is known.
func (p *Session) find() tea.Cmd {
	snap := p.of.Lines.Snap
	if p.stopped || p.waiting || p.finding.Busy() || p.snap == snap && p.running == p.of.Running {
		return nil
	}
	if p.snap != nil && p.snap.Generation != snap.Generation {
		p.report, p.shown = nil, nil // it is about other steps
	}
	if cmd := wait(p.ctx, p, p.took, p.ended); cmd != nil {
		p.waiting = true
		return cmd
	}
	ctx, ticket := p.finding.Restart(p.ctx)
	p.snap, p.running, p.read = snap, p.of.Running, [2]int{}
	log, of := p.log, p.of
	return begin(ctx, p, ticket, func(tell, give func(news)) {
		began := time.Now() // of the work, not of what is shown
		within := sessionsOf(of.Lines)
		r, err := trouble.Find(ctx, log, snap, trouble.Options{
			Only:     func(sym eventlog.Sym) bool { return within[sym] },
			Now:      nows(of.Catalog, eventlog.StampOf(of.Now)),
			Progress: func(n, total int) { tell(news{read: n, total: total}) },
		})
		if err == nil {
			r.Reckon(of.Catalog)
		}
		give(news{report: r, err: err, ended: true, took: time.Since(began)})
	})
}

// sessionsOf returns the sessions whose steps are in a tree. Its log may hold others.
func sessionsOf(l *forest.Lines) map[eventlog.Sym]bool {
	in := map[eventlog.Sym]bool{}
	for _, id := range l.Order() {
		if sym := l.Snap.Span(eventlog.SpanID(id)).Session; !in[sym] {
			in[sym] = true
		}
	}
	return in
}

// nows says up to when sessions go on.
func nows(c *eventlog.Catalog, now eventlog.Stamp) func(eventlog.Sym) eventlog.Stamp {
	return func(sym eventlog.Sym) eventlog.Stamp {
		if s := c.BySym(sym); s != nil {
			return s.Now(now)
		}
		return 0
	}
}

// sift makes ready what the filter leaves of the report.
func (p *Session) sift() tea.Cmd {
	_, ticket := p.sifting.Restart(p.ctx)
	report, lines := p.report, p.of.Lines
	o := scope{from: lines.Start, to: max(lines.End, p.of.Until())}
	if lines.Matched != nil {
		o.keep = func(id eventlog.SpanID) bool { return int(id) <= lines.Snap.Spans.Len() && lines.Hit(id) }
	}
	return func() tea.Msg { return siftedMsg{p, ticket, ready(report, o)} }
}

// Update takes what was found. It reports whether anything changed.
func (p *Session) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case newsMsg:
		if msg.of != any(p) {
			return nil, false
		}
		return p.hear(msg)
	case dueMsg:
		if msg.of != any(p) {
			return nil, false
		}
		p.waiting = false
		return p.find(), false
	case siftedMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.sifting.Land(msg.ticket); !fresh {
			return nil, false
		}
		p.take(msg.shown)
		if p.goal != 0 {
			p.show(p.goal)
			p.goal = 0
		}
		return nil, true
	}
	return nil, false
}

func (p *Session) hear(msg newsMsg) (tea.Cmd, bool) {
	ctx, goes := p.finding.Goes(msg.ticket)
	if !goes {
		return nil, false
	}
	if !msg.ended {
		p.read = [2]int{msg.read, msg.total}
		return next(ctx, p, msg.ticket, msg.more), true
	}
	p.finding.Stop()
	p.took, p.ended = msg.took, time.Now()
	if p.err = msg.err; p.err != nil {
		return nil, true
	}
	p.report = msg.report
	return tea.Batch(p.sift(), p.find()), true
}

// Selected returns the step of what is selected.
func (p *Session) Selected() eventlog.SpanID {
	if at := p.place(); at != nil {
		return at.Span
	}
	return 0
}

// Select goes to the failure of a step, if it is one.
func (p *Session) Select(id eventlog.SpanID) tea.Cmd {
	if p.shown == nil {
		p.goal = id // when it is known
		return nil
	}
	p.show(id)
	return nil
}

// Do does what an action asks. It reports whether the action was one for the
// page.
func (p *Session) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a != keymap.Open {
		return nil, p.do(a, n)
	}
	if p.stopped || p.err != nil {
		p.stopped, p.err, p.snap = false, nil, nil
		return p.find(), true
	}
	if p.open() {
		return nil, true
	}
	if at := p.place(); at != nil {
		return visit.To(visit.Msg{Session: p.of.Session, Span: at.Span}), true
	}
	return nil, true
}

// Click selects what is at a place; a second click opens it.
func (p *Session) Click(x, y int) tea.Cmd {
	if p.click(x, y) {
		cmd, _ := p.Do(keymap.Open, 0)
		return cmd
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *Session) Scroll(d int) tea.Cmd {
	p.table(p.section).Scroll(d)
	return nil
}

// Back stops reading while somebody waits for it. What is found out anew is not
// waited for.
func (p *Session) Back() bool {
	if p.shown != nil || !p.finding.Busy() {
		return false
	}
	p.finding.Stop()
	p.stopped = true
	return true
}

// Scopes are those of lists, and of pages with sections.
func (p *Session) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Lists, keymap.Pages} }

// Hints are the keys that matter here.
func (p *Session) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.NextError, keymap.Section, keymap.Fold, keymap.Sort, keymap.Filter, keymap.TabNext, keymap.Copy, keymap.PanelNext}
}

// Close ends what is under way.
func (p *Session) Close() {
	p.finding.Stop()
	p.sifting.Stop()
}

// Draw returns the rows of the page.
func (p *Session) Draw(t *theme.Theme, number int, active bool) []string {
	right := p.remark(t)
	if p.shown != nil && p.of.Lines.Snap != p.snap {
		if more := p.of.Lines.Snap.Rows.Len() - p.snap.Rows.Len(); more > 0 {
			right.Text = figure.Plural(int64(more), "event") + " since   " + right.Text
		}
	}
	return p.draw(t, number, active, "Errors", p.state(t), right)
}

// state says why there is nothing to show, where there is not.
func (p *Session) state(t *theme.Theme) []frame.Part {
	switch {
	case p.err != nil:
		return []frame.Part{
			{Style: t.BadBold, Text: t.Failed + " What failed could not be read."},
			{Style: t.Text, Text: frame.Clean(p.err.Error(), p.width*2)}, {Style: t.Dim, Text: "enter tries again."},
		}
	case p.shown != nil:
		return nil
	case p.stopped:
		return []frame.Part{{Style: t.Bright, Text: "Reading was stopped."}, {Style: t.Dim, Text: "enter reads on."}}
	}
	return []frame.Part{{Style: t.Text, Text: "Reading what went wrong" + t.More + bodies(p.read)}, {Style: t.Dim, Text: "esc stops."}}
}

// bodies says how far a log is read.
func bodies(read [2]int) string {
	if read[1] == 0 {
		return ""
	}
	return " " + figure.Whole(int64(read[0])) + " of " + figure.Plural(int64(read[1]), "call")
}
