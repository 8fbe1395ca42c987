package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/detail"
	"github.com/lazytrace/lazytrace/tui/events"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/trace"
	"github.com/lazytrace/lazytrace/tui/why"
)

// tab is a view of an opened session.
type tab int

const (
	tabTrace tab = iota
	tabEvents
	tabCost
	tabErrors
	tabs
)

var tabNames = [tabs]string{"Trace", "Events", "Cost", "Errors"}

// explorer is the screen of one opened session.
type explorer struct {
	world    *world
	ctx      context.Context
	cancel   context.CancelFunc
	session  *eventlog.Session
	catalog  *eventlog.Catalog
	log      eventlog.Log
	snap     *eventlog.Snapshot
	err      error
	goal     eventlog.Sym      // a run to go to once it is there
	searched *forest.Forest    // where it was not
	record   *eventlog.Finding // a record to go to once it is there
	query    eventlog.Query

	tab    tab
	trace  *trace.Pane
	detail *detail.Pane
	why    why.Pane
	events *events.Pane
	errors *events.Pane
	cost   costs
	adding job.Job

	width, height int
	focus         int
	grow          grow
	at            [4]rect
}

func newExplorer(w *world, s *eventlog.Session, c *eventlog.Catalog, run eventlog.Sym) *explorer {
	ctx, cancel := context.WithCancel(w.ctx)
	return &explorer{world: w, ctx: ctx, cancel: cancel, session: s, catalog: c, goal: run, focus: 1, cost: newCosts(ctx, &w.opts)}
}

// open reads the log.
func (e *explorer) open() tea.Cmd {
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
	e.events, e.errors = events.New(e.ctx, e.log, false), events.New(e.ctx, e.log, true)
	cmds := []tea.Cmd{e.Resize(e.width, e.height), e.trace.Filter(e.query), e.show(e.log.Snapshot())}
	if e.world.opts.Follow && e.running() {
		cmds = append(cmds, e.trace.Follow(true))
	}
	if e.world.wait {
		cmds = append(cmds, awaitLog(e.ctx, e.log, 0))
	}
	return tea.Batch(cmds...)
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
	e.cost.close()
	e.cancel()
	if e.log != nil {
		_ = e.log.Close() // nothing was written, so there is nothing to lose
	}
}

// Back leaves the audit. Tabs are beside each other, not above.
func (e *explorer) Back() (tea.Cmd, bool) {
	return nil, e.tab == tabCost && e.cost.Back()
}

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
	case e.tab == tabCost:
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
	e.cost.Resize(e.at[1].w, e.at[1].h)
	return tea.Batch(e.trace.Resize(e.at[1].w, e.at[1].h), e.events.Resize(e.at[1].w, e.at[1].h),
		e.errors.Resize(e.at[1].w, e.at[1].h), e.detail.Resize(e.at[2].w, e.at[2].h, e.snap))
}

// Know takes a new catalog.
func (e *explorer) Know(c *eventlog.Catalog) tea.Cmd {
	e.catalog = c
	if s := c.BySym(e.session.Sym); s != nil {
		e.session = s
	}
	if e.trace != nil {
		e.trace.Know(c)
	}
	if e.tab == tabCost {
		return e.addUp()
	}
	return nil
}

// costMsg brings the sums of an opened session.
type costMsg struct {
	e       *explorer
	ticket  job.Ticket
	report  *rollup.Report
	catalog *eventlog.Catalog
}

// addUp adds up the session and everything below it.
func (e *explorer) addUp() tea.Cmd {
	ctx, ticket, ok := e.adding.Start(e.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	c, root := e.catalog, e.session.Sym
	return func() tea.Msg {
		return costMsg{e, ticket, rollup.New(c, func(s *eventlog.Session) bool {
			for ; s != nil; s = s.Parent {
				if s.Sym == root {
					return true
				}
			}
			return false
		}), c}
	}
}

// turn goes to another tab.
func (e *explorer) turn(to tab) tea.Cmd {
	from := e.selected()
	e.tab = (to + tabs) % tabs
	e.focus = 1
	cmds := []tea.Cmd{e.Resize(e.width, e.height), e.list()}
	switch e.tab {
	case tabTrace:
		if from != 0 && from != e.trace.Selected() {
			cmds = append(cmds, e.trace.Select(from))
		}
	case tabEvents:
		if from != 0 {
			cmds = append(cmds, e.events.Goto(e.snap.Span(from).First))
		}
	case tabCost:
		cmds = append(cmds, e.addUp())
	}
	return tea.Batch(append(cmds, e.moved())...)
}

// list brings the flat lists up to date, when one is shown.
func (e *explorer) list() tea.Cmd {
	switch e.tab {
	case tabEvents:
		return e.events.Show(e.trace.Lines())
	case tabErrors:
		return e.errors.Show(e.trace.Lines())
	}
	return nil
}

// selected returns the span that is selected on the tab in front.
func (e *explorer) selected() eventlog.SpanID {
	id := eventlog.SpanID(0)
	switch e.tab {
	case tabEvents:
		id = e.events.Selected()
	case tabErrors:
		id = e.errors.Selected()
	}
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
			cmd = tea.Batch(cmd, awaitLog(e.ctx, e.log, e.trace.Work()))
		}
		return cmd, false
	case tickMsg:
		if e.trace != nil && e.running() {
			return e.trace.Elapse(), e.Live()
		}
		return nil, e.Live()
	case costMsg:
		if msg.e != e {
			return nil, false
		}
		fresh, again := e.adding.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		cmd := e.cost.Show(msg.report, msg.catalog)
		if again {
			return tea.Batch(cmd, e.addUp()), true
		}
		return cmd, true
	}
	if cmd, changed := e.cost.Update(msg); cmd != nil || changed {
		return cmd, changed
	}
	if e.trace == nil {
		return nil, false
	}
	cmd, changed := e.trace.Update(msg)
	for _, p := range []*events.Pane{e.events, e.errors} {
		more, also := p.Update(msg)
		cmd, changed = tea.Batch(cmd, more), changed || also
	}
	if changed {
		cmd = tea.Batch(cmd, e.reach(), e.list(), e.moved())
	}
	if e.detail.Update(msg) {
		changed = true
	}
	return cmd, changed
}

// reach goes to the run that was asked for, once it is there.
func (e *explorer) reach() tea.Cmd {
	f := e.trace.Forest()
	if e.record != nil && f != nil && f != e.searched {
		e.searched = f
		if id := stepOf(f.Snap, e.record); id != 0 {
			e.record = nil
			return e.trace.Select(id)
		}
		return nil
	}
	if e.goal == 0 || f == nil || f == e.searched {
		return nil
	}
	e.searched = f
	for _, id := range f.Order() {
		s := f.Snap.Span(eventlog.SpanID(id))
		if s.Kind == eventlog.SpanRun && s.Run == e.goal {
			e.goal = 0
			return e.trace.Select(eventlog.SpanID(id))
		}
	}
	return nil
}

// stepOf returns the span of the record that a finding tells of.
func stepOf(snap *eventlog.Snapshot, of *eventlog.Finding) eventlog.SpanID {
	best := eventlog.SpanID(0)
	for _, r := range snap.Rows.All() {
		if r.Pos != of.Pos || r.Span == 0 || int(r.Segment) >= len(snap.Paths) || snap.Paths[r.Segment] != of.Path {
			continue
		}
		if best == 0 || of.Bill != nil && r.Kind == eventlog.ModelResponse || of.Tool != "" && r.Kind == eventlog.ToolCall {
			best = r.Span
		}
	}
	return best
}

// goTo goes to the step of a record, in this session or in another.
func (e *explorer) goTo(f *eventlog.Finding) (tea.Cmd, bool) {
	if e.trace == nil || e.snap == nil {
		return nil, false
	}
	id := stepOf(e.snap, f)
	if id == 0 {
		return nil, false
	}
	return tea.Batch(e.turn(tabTrace), e.trace.Select(id), e.moved()), true
}

// moved shows the selected step in the detail pane.
func (e *explorer) moved() tea.Cmd {
	return e.detail.Show(e.snap, e.selected())
}

func (e *explorer) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Larger, keymap.Smaller:
		d := grow(1)
		if a == keymap.Smaller {
			d = 2
		}
		e.grow = (e.grow + d) % 3
		return e.Resize(e.width, e.height), true
	}
	if e.trace == nil {
		return nil, false
	}
	switch a {
	case keymap.TabNext, keymap.TabPrev:
		d := 1
		if a == keymap.TabPrev {
			d = -1
		}
		if e.focus == 2 {
			return e.detail.Turn(e.snap, d), true
		}
		return e.turn(e.tab + tab(d)), true
	case keymap.GoTrace:
		return e.turn(tabTrace), true
	case keymap.GoEvents:
		return e.turn(tabEvents), true
	case keymap.GoCost:
		return e.turn(tabCost), true
	case keymap.GoErrors:
		return e.turn(tabErrors), true
	case keymap.PartNext:
		return e.detail.Turn(e.snap, 1), true
	case keymap.PartPrev:
		return e.detail.Turn(e.snap, -1), true
	case keymap.DetailDown:
		e.detail.Scroll(max(1, n))
		return nil, true
	case keymap.DetailUp:
		e.detail.Scroll(-max(1, n))
		return nil, true
	}
	if e.focus == 2 {
		if cmd, ok := e.inDetail(a, n); ok {
			return cmd, true
		}
	}
	switch {
	case a == keymap.Copy:
		return e.copy(), true
	case a == keymap.Open && e.tab == tabTrace:
		return e.SetFocus(2), true
	case a == keymap.Open && e.tab == tabCost && !e.cost.auditing:
		return e.drill(), true
	case a == keymap.Open && e.tab != tabCost:
		return e.turn(tabTrace), true
	}
	var cmd tea.Cmd
	var done bool
	switch e.tab {
	case tabEvents:
		cmd, done = e.events.Do(a, n)
	case tabErrors:
		cmd, done = e.errors.Do(a, n)
	case tabCost:
		return e.cost.Do(a, n)
	}
	if !done && (e.tab == tabTrace || a == keymap.Failures || a == keymap.Noise) {
		cmd, done = e.trace.Do(a, n)
	}
	if done {
		cmd = tea.Batch(cmd, e.list(), e.moved())
	}
	return cmd, done
}

// drill shows the steps that a line of the cost table adds up.
func (e *explorer) drill() tea.Cmd {
	key, ok := e.cost.Selected()
	if !ok {
		return nil
	}
	if e.cost.By() == cost.Session {
		if s, ok := e.catalog.Session(key); ok && s.Sym != e.session.Sym {
			return func() tea.Msg { return openMsg{session: s} }
		}
		return e.turn(tabTrace)
	}
	cmd, err := e.Filter(drillQuery(e.cost.By(), key))
	if err != nil {
		return nil
	}
	return tea.Batch(cmd, e.turn(tabTrace))
}

// inDetail does the actions that mean the text while the detail pane has the
// keys.
func (e *explorer) inDetail(a keymap.Action, n int) (tea.Cmd, bool) {
	d, page := max(1, n), e.detail.Height()
	switch a {
	case keymap.Down:
		e.detail.Scroll(d)
	case keymap.Up:
		e.detail.Scroll(-d)
	case keymap.HalfDown:
		e.detail.Scroll(d * page / 2)
	case keymap.HalfUp:
		e.detail.Scroll(-d * page / 2)
	case keymap.PageDown:
		e.detail.Scroll(d * page)
	case keymap.PageUp:
		e.detail.Scroll(-d * page)
	case keymap.Top:
		e.detail.Scroll(-1 << 30)
	case keymap.End:
		e.detail.Scroll(1 << 30)
	case keymap.Left:
		e.detail.Aside(-8)
	case keymap.Right:
		e.detail.Aside(8)
	case keymap.Copy:
		return copyText(e.detail.Text(), "text"), true
	default:
		return nil, false
	}
	return nil, true
}

func (e *explorer) copy() tea.Cmd {
	id := e.selected()
	if id == 0 {
		return nil
	}
	span := e.snap.Span(id)
	log, ctx := e.log, e.ctx
	session := e.session.ID
	return func() tea.Msg {
		events, err := log.Events(ctx, []eventlog.RowID{span.First})
		if err != nil || len(events) == 0 || events[0].ID == "" {
			return copyMsg{session, "session id"}
		}
		return copyMsg{events[0].ID, "event id"}
	}
}

func (e *explorer) Scopes() []keymap.Scope {
	if e.tab == tabCost {
		return []keymap.Scope{keymap.Cost, keymap.Opened, keymap.Lists, keymap.Everywhere}
	}
	return []keymap.Scope{keymap.Trace, keymap.Opened, keymap.Lists, keymap.Everywhere}
}

func (e *explorer) Hints() []keymap.Action {
	switch e.tab {
	case tabCost:
		return e.cost.hints(keymap.TabNext, keymap.Command)
	case tabEvents, tabErrors:
		return []keymap.Action{keymap.Open, keymap.NextError, keymap.Filter, keymap.Failures, keymap.TabNext, keymap.Follow, keymap.Copy, keymap.PanelNext}
	}
	return []keymap.Action{keymap.Fold, keymap.Open, keymap.NextError, keymap.NextSlow, keymap.Critical, keymap.Failures, keymap.Filter, keymap.ZoomIn, keymap.TimeMode, keymap.TabNext, keymap.Follow, keymap.Copy, keymap.PanelNext}
}

// Panels returns how many panes there are: the cost table stands alone.
func (e *explorer) Panels() int {
	if e.tab == tabCost {
		return 1
	}
	return 3
}

func (e *explorer) Focus() int { return e.focus }

func (e *explorer) SetFocus(n int) tea.Cmd {
	k := e.Panels()
	e.focus = (n+k-1)%k + 1
	return e.Resize(e.width, e.height)
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

func (e *explorer) Live() bool {
	status, _ := e.session.Status(e.world.stamp())
	return status == eventlog.Running
}

func (e *explorer) Wheel(w wheelMsg) tea.Cmd {
	if e.trace == nil {
		return nil
	}
	switch {
	case e.at[1].holds(w.x, w.y):
		var cmd tea.Cmd
		switch e.tab {
		case tabTrace:
			cmd = e.trace.Scroll(3 * w.steps)
		case tabEvents:
			cmd = e.events.Scroll(3 * w.steps)
		case tabErrors:
			cmd = e.errors.Scroll(3 * w.steps)
		case tabCost:
			e.cost.Scroll(3 * w.steps)
		}
		return tea.Batch(cmd, e.moved())
	case e.at[2].holds(w.x, w.y) && w.aside:
		e.detail.Aside(4 * w.steps)
	case e.at[2].holds(w.x, w.y):
		e.detail.Scroll(3 * w.steps)
	case e.at[3].holds(w.x, w.y):
		e.why.Scroll(w.steps)
	}
	return nil
}

func (e *explorer) Click(x, y int) tea.Cmd {
	if e.trace == nil {
		return nil
	}
	if to, ok := e.tabAt(x); ok && y == 1 {
		return e.turn(to)
	}
	for n := 1; n <= 3; n++ {
		if !e.at[n].holds(x, y) {
			continue
		}
		cmd := e.SetFocus(n)
		switch n {
		case 1:
			return tea.Batch(cmd, e.clickList(x-e.at[1].x, y-e.at[1].y), e.moved())
		case 2:
			turn, _ := e.detail.Click(e.snap, x-e.at[2].x, y-e.at[2].y)
			return tea.Batch(cmd, turn)
		}
		return cmd
	}
	return nil
}

func (e *explorer) clickList(x, y int) tea.Cmd {
	switch e.tab {
	case tabEvents:
		return e.events.Click(y)
	case tabErrors:
		return e.errors.Click(y)
	case tabCost:
		return e.cost.Click(x, y)
	}
	return e.trace.Click(x, y)
}

// tabAt returns the tab whose name stands at column x of the second row.
func (e *explorer) tabAt(x int) (tab, bool) {
	at := e.width
	for i := tabs - 1; i >= 0; i-- {
		at -= len(tabNames[i]) + 2
		if x >= at && x < at+len(tabNames[i]) {
			return i, true
		}
	}
	return 0, false
}

func (e *explorer) Draw(t *theme.Theme) []string {
	rows := []string{e.header(t), e.crumbs(t)}
	switch {
	case e.err != nil:
		parts := []frame.Part{{Style: t.BadBold, Text: t.Failed + " This session cannot be opened."}, {Style: t.Text, Text: frame.Clean(e.err.Error(), e.width*2)}, {Style: t.Dim, Text: "esc goes back."}}
		return frame.Fill(append(rows, frame.Message(e.width, e.height-2, parts...)...), e.width, e.height)
	case e.trace == nil:
		return frame.Fill(append(rows, frame.Message(e.width, e.height-2, frame.Part{Style: t.Text, Text: "Opening" + t.More})...), e.width, e.height)
	}
	for top := range e.at {
		if e.at[top].h > 0 && top > 0 {
			for len(rows) < e.at[top].y {
				rows = append(rows, frame.Fit(t.Dim, "", e.width))
			}
			break
		}
	}
	if e.at[1].h > 0 {
		rows = append(rows, e.drawList(t)...)
	}
	draw := func(n int) []string {
		if n == 2 {
			return e.detail.Draw(t, 2, e.focus == 2)
		}
		return e.why.Draw(t, 3, e.focus == 3, e.trace.Forest(), e.trace.Times(), e.selected(), e.growing(), e.world.zone())
	}
	switch {
	case e.at[2].h > 0 && e.at[3].h > 0:
		rows = append(rows, frame.Beside(t, draw(2), draw(3))...)
	case e.at[2].h > 0:
		rows = append(rows, draw(2)...)
	case e.at[3].h > 0:
		rows = append(rows, draw(3)...)
	}
	return frame.Fill(rows, e.width, e.height)
}

func (e *explorer) drawList(t *theme.Theme) []string {
	var start eventlog.Stamp
	if f := e.trace.Forest(); f != nil {
		start = f.Start
	}
	switch e.tab {
	case tabEvents:
		return e.events.Draw(t, 1, e.focus == 1, start, e.world.zone())
	case tabErrors:
		return e.errors.Draw(t, 1, e.focus == 1, start, e.world.zone())
	case tabCost:
		return e.cost.Draw(t, 1, e.focus == 1)
	}
	return e.trace.Draw(t, 1, e.focus == 1, e.world.zone())
}

func (e *explorer) header(t *theme.Theme) string {
	s := e.session
	now := e.world.stamp()
	status, _ := s.Status(now)
	failed := s.Outcome == eventlog.Failure
	glyph, style := t.Status(status, failed)
	word := status.String()
	if status == eventlog.Running {
		word = "live"
	} else if s.Outcome != eventlog.OutcomeUnknown && status != eventlog.Interrupted {
		word = s.Outcome.String()
	}
	others := 70
	if e.width < 100 {
		others = 48
	}
	least := 12 // cells of the name are kept in any case: the crumbs have more of it
	if e.width >= 100 {
		least = 20
	}
	parts := []frame.Part{{Style: t.Brand, Text: "lazytrace  "}}
	if e.width < 100 {
		parts = nil
	}
	name := len(parts)
	parts = append(parts, frame.Part{Style: t.Bright, Text: "   "}, frame.Part{Style: style, Text: glyph + " " + word + " "},
		frame.Part{Style: t.Text, Text: figure.Clock(s.Duration(now)) + "   "})
	sum := family(s)
	if cost := figure.Dollars(sum.Recorded, sum.Estimated, sum.Calls, sum.Unpriced, sum.AtLeast); cost != "" {
		parts = append(parts, frame.Part{Style: t.Bright, Text: cost + "   "})
	}
	if sum.Errors > 0 {
		parts = append(parts, frame.Part{Style: t.BadBold, Text: t.Failed + " " + figure.Count(sum.Errors) + "   "})
	}
	room := min(e.width-others, e.width-2-widthOf(parts)-e.spentWidth())
	parts[name].Text = frame.Short(s.Label(), max(least, room)) + parts[name].Text
	// The position gives way, word by word, to the shorter ways to say the times
	// but the last, which says the least.
	position := e.position(2)
	spent := e.spent(t, position, parts, 1)
	for detail := 1; spent == nil && detail >= 0 && e.trace != nil && e.trace.Times() != nil; detail-- {
		if spent = e.spent(t, e.position(detail), parts, 1); spent != nil {
			position = e.position(detail)
		}
	}
	if spent == nil {
		spent = e.spent(t, position, parts, 0)
	}
	return strip(t, e.width, position, append(parts, spent...)...)
}

// spent says where the time of the session went, as far as there is room beside
// the position, in all ways but the last ones. The time as a whole stands beside
// the state.
func (e *explorer) spent(t *theme.Theme, position string, parts []frame.Part, but int) []frame.Part {
	if e.trace == nil || e.trace.Times() == nil {
		return nil
	}
	room := e.width - 2 - widthOf(parts)
	if less := room - frame.Width(position) - 3; less >= 0 {
		room = less // otherwise the position is not shown at all
	}
	if e.trace.Times().Sessions[e.session.Sym].Inclusive == (rollup.Time{}) {
		return nil // no record tells a time
	}
	forms := e.spentForms()
	for _, text := range forms[:len(forms)-but] {
		if frame.Width(text) <= room {
			return []frame.Part{{Style: t.Dim, Text: text}}
		}
	}
	return nil
}

// spentForms are the ways to say where the time went, the longest first.
func (e *explorer) spentForms() []string {
	clock := e.trace.Times().Sessions[e.session.Sym]
	spent, whole := clock.Inclusive, time.Duration(0)
	if spent.Wall-clock.Own.Wall >= time.Second {
		whole = spent.Wall // what it started went on when it had ended itself
	}
	return figure.Spent(whole, spent.Model, spent.Tool, spent.Waited(), spent.Queue, spent.Idle)
}

// spentWidth is the room that a long name leaves to them.
func (e *explorer) spentWidth() int {
	if e.trace == nil || e.trace.Times() == nil {
		return 0
	}
	forms := e.spentForms()
	if e.width >= 140 {
		return frame.Width(forms[0]) + frame.Width(e.position(2)) + 3
	}
	return frame.Width(forms[len(forms)-2])
}

func widthOf(parts []frame.Part) (n int) {
	for _, p := range parts {
		n += frame.Width(p.Text)
	}
	return n
}

// family adds up a session and the sessions below it, as the tree does.
func family(s *eventlog.Session) rollup.Sum {
	sum := rollup.Sum{Recorded: s.Recorded, Estimated: s.Estimated, Calls: s.Calls, Unpriced: s.Unpriced, AtLeast: s.AtLeast, Errors: s.Errors}
	for _, child := range s.Children {
		sum.Add(family(child))
	}
	return sum
}

// position says whether the newest is followed and, in more detail, where the
// cursor is: in time, and among the rows of the log.
func (e *explorer) position(detail int) string {
	if e.trace == nil || e.trace.Forest() == nil {
		return ""
	}
	text := ""
	if id := e.selected(); id != 0 && detail > 0 {
		s := e.snap.Span(id)
		if s.Start.Known() {
			text = "+" + figure.Clock(s.Start.Sub(e.trace.Forest().Start)) + "   "
		}
		if detail > 1 {
			text += fmt.Sprintf("#%s / %s   ", figure.Whole(int64(s.First)+1), figure.Whole(int64(e.snap.Rows.Len())))
		}
	}
	if e.trace.Following() && e.tab == tabTrace || e.events.Following() && e.tab == tabEvents {
		return text + "follow on"
	}
	return text + "follow off"
}

func (e *explorer) crumbs(t *theme.Theme) string {
	l := frame.NewLine(e.width, "").Space(1)
	width := 0
	for _, name := range tabNames {
		width += len(name) + 2
	}
	room := e.width - width - 2
	if e.query.String() != "" {
		l.Put(t.Key, "/ ").Foreign(t.Warn, e.query.String())
		l.Put(t.Dim, "   "+e.Count()+"   ")
	}
	e.path(t, l, room)
	if e.trace != nil && e.snap.Loading && l.Used() < room-16 {
		l.Put(t.Human, "   reading "+figure.Percent(float64(e.snap.Read), float64(e.snap.Total)))
	}
	l.To(e.width - width)
	for i, name := range tabNames {
		style := t.Dim
		if tab(i) == e.tab {
			style = t.Title
		}
		l.Put(style, name).Space(2)
	}
	return l.String()
}

// path puts the way to the selected step, whose end matters more than its
// beginning.
func (e *explorer) path(t *theme.Theme, l *frame.Line, room int) {
	names := []string{"sessions", e.session.Label()}
	if e.trace != nil && e.trace.Forest() != nil {
		f := e.trace.Forest()
		for _, id := range f.Path(e.selected()) {
			s := f.Snap.Span(id)
			if n := crumb(f.Snap, &s); n != "" {
				names = append(names, n)
			}
		}
	}
	for i := range names {
		names[i] = frame.Short(names[i], 32)
	}
	width := func() (n int) {
		for _, name := range names {
			n += frame.Width(name) + 3
		}
		return n
	}
	cut := false
	for len(names) > 1 && l.Used()+width() > room {
		names, cut = names[1:], true
	}
	if cut {
		l.Put(t.Dim, t.More+" "+t.Crumb+" ")
	}
	for i, name := range names {
		if l.Used() >= room-2 {
			return
		}
		style := t.Dim
		if i == len(names)-1 {
			style = t.Bright
		}
		l.Cell(style, name, min(frame.Width(name), room-l.Used()))
		if i < len(names)-1 {
			l.Put(t.Dim, " "+t.Crumb+" ")
		}
	}
}

func crumb(snap *eventlog.Snapshot, s *eventlog.Span) string {
	names := snap.Symbols
	switch s.Kind {
	case eventlog.SpanSession:
		return ""
	case eventlog.SpanRun:
		return names.Name(s.Agent)
	case eventlog.SpanModel:
		return "model"
	case eventlog.SpanTool:
		return names.Name(s.Tool)
	}
	return s.Event.String()
}

// drillQuery is the filter that shows what a line of the cost table adds up.
func drillQuery(by cost.By, key string) string {
	switch by {
	case cost.Day:
		return "since:" + key
	case cost.Session:
		return `session:"` + key + `"`
	}
	return by.String() + `:"` + strings.ReplaceAll(key, `"`, "*") + `"`
}
