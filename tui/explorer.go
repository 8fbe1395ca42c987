package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/chat"
	"github.com/lazytrace/lazytrace/tui/detail"
	"github.com/lazytrace/lazytrace/tui/events"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/growth"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/noted"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/trace"
	"github.com/lazytrace/lazytrace/tui/troubles"
	"github.com/lazytrace/lazytrace/tui/visit"
	"github.com/lazytrace/lazytrace/tui/why"
)

// explorer is the screen of one opened session: the tree of its steps, and tabs
// that show the same steps otherwise. All of them go by one filter and one
// selected step.
type explorer struct {
	world    *world
	ctx      context.Context
	cancel   context.CancelFunc
	session  *eventlog.Session
	catalog  *eventlog.Catalog
	log      eventlog.Log
	snap     *eventlog.Snapshot
	err      error
	goal     visit.Msg      // where to go once it is there
	searched *forest.Forest // where it was not
	seeking  job.Job
	query    eventlog.Query
	pace     pace // of new events
	given    bool // the memory that reading took was given back
	looked   bool // for the notes of the session
	noted    int  // notes of the session when they were last looked at
	past

	tab    int           // index into sessionTabs
	pages  []sessionPage // nil until they are gone to
	trace  *trace.Pane   // nil until the log is open
	detail *detail.Pane
	why    why.Pane

	width, height int
	focus         int
	grow          grow
	at            [4]rect
}

// sessionTabs are the views of an opened session.
var sessionTabs = [...]struct {
	name   string
	goes   keymap.Action
	beside bool // the selected step is shown in full below it
	make   func(*explorer) sessionPage
}{
	{"Trace", keymap.GoTrace, true, func(e *explorer) sessionPage { return tracePage{e.trace} }},
	{"Chat", keymap.GoChat, false, func(e *explorer) sessionPage { return chat.New(e.ctx, e.log, e.world.zone()) }},
	{"Events", keymap.GoEvents, true, func(e *explorer) sessionPage { return events.New(e.ctx, e.log, e.world.zone()) }},
	{"Cost", keymap.GoCost, false, func(e *explorer) sessionPage { return newSessionCost(e.ctx, e.world) }},
	{"Context", keymap.GoContext, false, func(e *explorer) sessionPage {
		return growth.New(e.ctx, growth.Options{Book: e.world.opts.Book, Zone: e.world.zone()})
	}},
	{"Errors", keymap.GoErrors, true, func(e *explorer) sessionPage { return troubles.NewSession(e.ctx, e.log, e.world.zone()) }},
	{"Graph", keymap.GoGraph, false, func(e *explorer) sessionPage { return newSessionGraph(e.ctx) }},
	{"Notes", keymap.GoNotes, false, func(e *explorer) sessionPage { return noted.One{Pane: noted.New(e.world.opts.Notes, e.world.now)} }},
}

// tracePage is the tree as a page. What it shows, it lays out itself.
type tracePage struct{ *trace.Pane }

func (tracePage) Show(*opened.Session) tea.Cmd { return nil }

func newExplorer(w *world, to visit.Msg, c *eventlog.Catalog) *explorer {
	ctx, cancel := context.WithCancel(w.ctx)
	return &explorer{world: w, ctx: ctx, cancel: cancel, session: to.Session, catalog: c, goal: to, query: to.Query, focus: 1, pages: make([]sessionPage, len(sessionTabs))}
}

// openedMsg brings a log that was asked for, or why it could not be had.
type openedMsg struct {
	e   *explorer
	log eventlog.Log
	err error
}

// Open reads the log.
func (e *explorer) Open() tea.Cmd {
	open, s, ctx := e.world.opts.Open, e.session, e.ctx
	if open == nil {
		e.err = fmt.Errorf("this session cannot be opened here")
		return nil
	}
	return func() tea.Msg {
		log, err := open(ctx, s)
		return openedMsg{e, log, err}
	}
}

// opened takes the log.
func (e *explorer) opened(msg openedMsg) tea.Cmd {
	if msg.err != nil {
		e.err = msg.err
		return nil
	}
	e.log = msg.log
	e.trace = trace.New(e.ctx, e.log, e.session.Sym, e.world.now)
	e.trace.Know(e.catalog)
	if !e.world.wait {
		e.trace.Typing = 0
	}
	e.detail = detail.New(e.ctx, e.log)
	e.pages[0] = sessionTabs[0].make(e)
	cmds := []tea.Cmd{e.Resize(e.width, e.height), e.trace.Filter(e.query), e.show(e.log.Snapshot())}
	if e.world.opts.Follow && e.running() {
		cmds = append(cmds, e.trace.Follow(true))
	}
	if e.world.opts.Replay && strings.HasPrefix(e.session.ID, e.world.opts.Start) {
		e.trace.ReplayFirst()
	}
	if e.world.wait {
		cmds = append(cmds, awaitLog(e.ctx, e.log, e.pace))
	}
	return tea.Batch(cmds...)
}

// page returns the tab in front. It is nil until the log is open.
func (e *explorer) page() sessionPage { return e.pages[e.tab] }

// subject is the session as its pages see it, once there is something to see.
func (e *explorer) subject() *opened.Session {
	if e.trace == nil || e.trace.Lines() == nil {
		return nil
	}
	return &opened.Session{Session: e.session, Catalog: e.catalog, Log: e.log, Lines: e.trace.Lines(), Now: e.world.now(), Running: e.running()}
}

// refresh shows the page in front what there is now.
func (e *explorer) refresh() tea.Cmd {
	if s := e.subject(); s != nil {
		return e.page().Show(s)
	}
	return nil
}

// running reports whether the session still goes on.
func (e *explorer) running() bool {
	status, _ := e.session.Status(e.world.stamp())
	return status == eventlog.Running
}

// growing is up to when open spans last: now, or, when the session no longer
// goes on, until they were last heard of.
func (e *explorer) growing() eventlog.Stamp {
	if e.running() {
		return e.world.stamp()
	}
	return 0
}

func (e *explorer) show(snap *eventlog.Snapshot) tea.Cmd {
	e.snap = snap
	return e.trace.Show(snap)
}

func (e *explorer) Close() {
	for _, p := range e.pages {
		if p != nil {
			p.Close()
		}
	}
	e.cancel()
	if e.log != nil {
		_ = e.log.Close() // nothing was written, so there is nothing to lose
	}
}

// Inner leaves what the tab is in the middle of.
func (e *explorer) Inner() (tea.Cmd, bool) {
	if p, ok := e.page().(interface{ Leave() (tea.Cmd, bool) }); ok {
		return p.Leave()
	}
	return nil, e.page() != nil && e.page().Back()
}

// Back does the same. Tabs are beside each other, not above.
func (e *explorer) Back() (tea.Cmd, bool) { return e.Inner() }

// Resize divides the screen.
func (e *explorer) Resize(width, height int) tea.Cmd {
	e.width, e.height = width, height
	e.at = [4]rect{}
	top := 2
	if height >= 36 {
		top = 3
	}
	body := rect{0, top, width, max(0, height-top)}
	one := width < 60 || height < 16
	switch {
	case !sessionTabs[e.tab].beside:
		e.at[1] = body
	case e.grow == full || one:
		e.at[e.focus] = body
	default:
		low := body.h * 2 / 5
		if e.grow == half {
			low = body.h / 4
			if e.focus > 1 {
				low = body.h * 3 / 4
			}
		}
		low = max(6, low)
		e.at[1] = rect{0, top, width, body.h - low}
		y := top + body.h - low
		switch side := min(56, max(40, width*28/100)); {
		case width >= 100:
			e.at[2] = rect{0, y, width - side - 1, low}
			e.at[3] = rect{width - side, y, side, low}
		case e.focus == 3:
			e.at[3] = rect{0, y, width, low}
		default:
			e.at[2] = rect{0, y, width, low}
		}
	}
	e.why.Resize(e.at[3].w, e.at[3].h)
	if e.trace == nil {
		return nil
	}
	cmd := tea.Batch(e.page().Resize(e.at[1].w, e.at[1].h), e.detail.Resize(e.at[2].w, e.at[2].h, e.snap))
	if e.tab != 0 { // it lays out the lines that all tabs show
		cmd = tea.Batch(cmd, e.trace.Resize(e.at[1].w, e.at[1].h))
	}
	return cmd
}

// Know takes a new catalog.
func (e *explorer) Know(c *eventlog.Catalog) tea.Cmd {
	e.catalog = c
	if s := c.BySym(e.session.Sym); s != nil {
		e.session = s
	}
	if e.trace == nil {
		return nil
	}
	e.trace.Know(c)
	return e.refresh()
}

// turn goes to another tab.
func (e *explorer) turn(to int) tea.Cmd {
	from := e.selected()
	e.tab = (to + len(sessionTabs)) % len(sessionTabs)
	e.focus = 1
	if e.pages[e.tab] == nil {
		e.pages[e.tab] = sessionTabs[e.tab].make(e)
	}
	cmds := []tea.Cmd{e.Resize(e.width, e.height), e.refresh()}
	if from != 0 && e.page().Selected() != from {
		cmds = append(cmds, e.page().Select(from))
	}
	return tea.Batch(append(cmds, e.moved())...)
}

// tabOf returns the tab that an action goes to, or -1.
func tabOf(a keymap.Action) int {
	for i := range sessionTabs {
		if sessionTabs[i].goes == a {
			return i
		}
	}
	return -1
}

// selected returns the span that is selected on the tab in front.
func (e *explorer) selected() eventlog.SpanID {
	id := e.page().Selected()
	if id == 0 {
		id = e.trace.Selected()
	}
	// A pane may still show an earlier generation of the log.
	if e.snap != nil && int(id) > e.snap.Spans.Len() {
		return 0
	}
	if f := e.trace.Forest(); f != nil && int(id) > f.Snap.Spans.Len() {
		return 0
	}
	return id
}

func (e *explorer) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case openedMsg:
		if msg.e != e {
			return nil, false
		}
		return e.opened(msg), true
	case logMsg:
		if e.log == nil || msg.log != e.log {
			return nil, false
		}
		cmd := e.show(msg.snap)
		if e.world.wait {
			e.pace = e.pace.after(e.trace.Work(), msg.snap.Loading, time.Now())
			cmd = tea.Batch(cmd, awaitLog(e.ctx, e.log, e.pace))
		}
		const large = 100_000 // of less there is little to give
		if e.world.wait && !e.given && !msg.snap.Loading && msg.snap.Rows.Len() > large {
			e.given = true
			cmd = tea.Batch(cmd, giveBack(e.ctx))
		}
		return cmd, false
	case soughtMsg:
		if msg.e != e {
			return nil, false
		}
		return e.sought(msg), true
	case drillMsg:
		return e.drill(msg), true
	case bookMsg:
		if e.trace == nil {
			return nil, false
		}
		return tea.Batch(e.findNotes(), e.refresh()), true
	case notedMsg:
		if msg.e != e {
			return nil, false
		}
		e.trace.SetNotes(msg.steps)
		return e.moved(), true
	case tickMsg:
		if e.trace != nil && e.running() {
			return e.trace.Elapse(), e.Live()
		}
		return nil, e.Live()
	}
	if e.trace == nil {
		return nil, false
	}
	cmd, laid := e.trace.Update(msg)
	changed := laid
	for _, p := range e.pages[1:] {
		if p != nil {
			more, also := p.Update(msg)
			cmd, changed = tea.Batch(cmd, more), changed || also
		}
	}
	if laid {
		cmd = tea.Batch(cmd, e.reach(), e.refresh())
		if !e.looked {
			e.looked = true
			cmd = tea.Batch(cmd, e.findNotes())
		}
	}
	if changed {
		cmd = tea.Batch(cmd, e.moved())
	}
	if e.detail.Update(msg) {
		changed = true
	}
	return cmd, changed
}

// drill shows the steps that a line of a table adds up.
func (e *explorer) drill(msg drillMsg) tea.Cmd {
	if msg.of != e.session.Sym {
		return nil
	}
	before := e.Query()
	cmd, err := e.Filter(msg.query)
	if err != nil {
		return ask.Tell(err.Error())
	}
	e.Remember(before)
	return tea.Batch(cmd, e.turn(0))
}

// moved shows the selected step in the detail pane.
func (e *explorer) moved() tea.Cmd {
	e.why.Note = e.trace.Note(e.selected())
	return e.detail.Show(e.snap, e.selected())
}

func (e *explorer) Query() string { return e.query.String() }

func (e *explorer) Filter(text string) (tea.Cmd, error) {
	q, err := eventlog.ParseQuery(text)
	if err != nil {
		return nil, err
	}
	e.query = q
	if e.trace == nil {
		return nil, nil
	}
	return e.trace.Filter(q), nil
}

// Unfilter goes back to the filter before.
func (e *explorer) Unfilter() (tea.Cmd, bool) {
	query, ok := e.last()
	if !ok {
		return nil, false
	}
	cmd, err := e.Filter(query)
	return cmd, err == nil
}

func (e *explorer) Count() string {
	if e.trace == nil || e.trace.Lines() == nil {
		return ""
	}
	l := e.trace.Lines()
	if l.Matched != nil {
		return fmt.Sprintf("%s of %s", figure.Whole(int64(l.Hits)), figure.Whole(int64(l.Forest.Len())))
	}
	return figure.Whole(int64(l.Forest.Len()))
}

func (e *explorer) Title() string { return e.session.Label() }

func (e *explorer) Live() bool { return e.running() }
