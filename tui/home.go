package tui

import (
	"cmp"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/agents"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/doctor"
	"github.com/lazytrace/lazytrace/tui/find"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/noted"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/troubles"
	"github.com/lazytrace/lazytrace/tui/variants"
	"github.com/lazytrace/lazytrace/tui/wall"
)

// home is the screen about all sessions: the sessions themselves in front, and
// pages that show the same sessions otherwise. All of them go by one filter, one
// period and one catalog.
type home struct {
	world   *world
	ask     overview.Ask
	view    *overview.View
	catalog *eventlog.Catalog
	making  job.Job
	took    time.Duration // to make the view, the last time
	past
	views  views
	marked string // the id of the session that others are compared with

	front *front
	pages map[keymap.Action]homePage // those that were gone to, by what goes there
	place keymap.Action              // what is in front

	width, height int
	body          rect
	cards         bool
}

// viewMsg brings what the home screen shows.
type viewMsg struct {
	ticket job.Ticket
	view   *overview.View
	took   time.Duration
}

// homePages are the pages beside the sessions.
var homePages = map[keymap.Action]struct {
	name string
	make func(*home) homePage
}{
	keymap.GoWall:   {"wall", func(h *home) homePage { return wall.New(h.world.opts.Budget.Session) }},
	keymap.GoNotes:  {"notes", func(h *home) homePage { return noted.All{Pane: noted.New(h.world.opts.Notes, h.world.now)} }},
	keymap.GoCost:   {"cost", func(h *home) homePage { return newHomeCost(h) }},
	keymap.GoErrors: {"errors", func(h *home) homePage { return troubles.NewAll(h.world.ctx, h.world.opts.Open, h.world.zone()) }},
	keymap.GoSearch: {"search", func(h *home) homePage {
		p := find.New(h.world.ctx, h.world.opts.Search, h.world.now)
		if !h.world.wait {
			p.Typing, p.Moment = 0, time.Hour
		}
		return p
	}},
	keymap.GoDoctor: {"doctor", func(h *home) homePage {
		p := doctor.New(h.world.ctx, h.world.opts.Doctor, h.world.now)
		if !h.world.wait {
			p.Pause = 0
		}
		return p
	}},
	keymap.GoAgents: {"agents", func(h *home) homePage {
		return agents.New(h.world.ctx, func(name string) tea.Cmd { return askNarrow(quoted("agent", name)) })
	}},
	keymap.GoVariants: {"experiments", func(h *home) homePage {
		return variants.New(h.world.ctx, func(experiment, variant string) tea.Cmd {
			return askNarrow(quoted("experiment", experiment) + " " + quoted("variant", variant))
		})
	}},
	keymap.GoGraph: {"graph", func(h *home) homePage { return newHomeGraph(h) }},
}

// arriver is a page that does something when a person goes to it by a key.
type arriver interface{ Arrive() tea.Cmd }

func newHome(w *world) *home {
	h := &home{world: w, pages: map[keymap.Action]homePage{}, place: keymap.GoSessions, views: newViews(w.opts.Views)}
	h.front = newFront(h)
	if w.opts.All {
		h.ask.Period = overview.All
	}
	if q, err := eventlog.ParseQuery(w.opts.Query); err == nil {
		h.ask.Query = q
	}
	return h
}

// Open asks for nothing: the catalog comes by itself.
func (h *home) Open() tea.Cmd { return nil }

func (h *home) Close() {
	h.making.Stop()
	for _, p := range h.pages {
		p.Close()
	}
}

// page returns what is in front.
func (h *home) page() homePage {
	if p := h.pages[h.place]; p != nil {
		return p
	}
	return h.front
}

// turn goes to a page. It reports whether there is one.
func (h *home) turn(to keymap.Action) (tea.Cmd, bool) {
	if _, ok := homePages[to]; ok || to == keymap.GoSessions {
		if p, ok := h.page().(interface{ Leave() }); ok {
			p.Leave() // it need not go on with what only it shows
		}
	}
	if to == keymap.GoSessions {
		h.place = to
		return h.Resize(h.width, h.height), true
	}
	kind, ok := homePages[to]
	if !ok {
		return nil, false
	}
	if h.pages[to] == nil {
		h.pages[to] = kind.make(h)
	}
	h.place = to
	cmd := h.Resize(h.width, h.height)
	if h.view != nil {
		cmd = tea.Batch(cmd, h.page().Show(h.view))
	}
	return cmd, true
}

// Resize gives the page what the header leaves.
func (h *home) Resize(width, height int) tea.Cmd {
	h.width, h.height = width, height
	top := 2
	h.cards = height >= 30 && width >= 80
	if h.cards {
		top += 2
	}
	h.body = rect{0, top, width, max(0, height-top)}
	columns := h.front.columns()
	cmd := h.page().Resize(h.body.w, h.body.h)
	if h.front.columns() != columns {
		cmd = tea.Batch(cmd, h.make(true))
	}
	return cmd
}

// Know takes a new catalog.
func (h *home) Know(c *eventlog.Catalog) tea.Cmd {
	h.catalog = c
	return h.make(false)
}

// make works out what is shown. restart is for when something else is asked for.
func (h *home) make(restart bool) tea.Cmd {
	if h.catalog == nil {
		return nil
	}
	if restart {
		h.making.Stop()
	}
	ctx, ticket, ok := h.making.Start(h.world.ctx)
	if !ok {
		return nil
	}
	c, a := h.catalog, h.ask
	a.Now, a.Columns, a.Views, a.Budget = h.world.now(), h.front.columns(), h.views.queries(), h.world.opts.Budget.Session
	return func() tea.Msg {
		began := time.Now() // of the work, not of what is shown
		return viewMsg{ticket, overview.Make(ctx, c, a), time.Since(began)}
	}
}

func (h *home) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case viewMsg:
		fresh, again := h.making.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		h.view, h.took = msg.view, msg.took
		cmd := h.front.Show(msg.view)
		if p := h.page(); p != homePage(h.front) {
			cmd = tea.Batch(cmd, p.Show(msg.view))
		}
		if again {
			cmd = tea.Batch(cmd, h.make(false))
		}
		return cmd, true
	case narrowMsg:
		return h.narrow(msg.query), true
	case tickMsg:
		return h.make(false), true
	case bookMsg:
		// Tags are of the catalog: it is made anew.
		h.world.opts.Sources.Notify()
		return h.make(false), true
	}
	var cmd tea.Cmd
	changed := false
	for _, p := range h.pages {
		more, also := p.Update(msg)
		cmd, changed = tea.Batch(cmd, more), changed || also
	}
	return cmd, changed
}

func (h *home) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if ofMachine[a] {
		cmd, done := h.turn(a)
		if p, ok := h.page().(arriver); ok && done {
			cmd = tea.Batch(cmd, p.Arrive())
		}
		return cmd, done
	}
	if cmd, done := h.page().Do(a, n); done {
		return cmd, true
	}
	switch a {
	case keymap.Period:
		h.ask.Period = h.nextPeriod()
		return h.make(true), true
	case keymap.Range:
		return h.askRange(), true
	case keymap.Views:
		return h.chooseView(), true
	case keymap.ViewNext, keymap.ViewPrev:
		d := 1
		if a == keymap.ViewPrev {
			d = -1
		}
		return h.look(h.views.beside(d)), true
	case keymap.Export:
		return h.export(), true
	case keymap.Mark:
		return h.mark(), true
	}
	return h.world.act(a, h.subject())
}

// mark marks the selected session, to be compared with, or takes the mark away.
func (h *home) mark() tea.Cmd {
	s := h.subject()
	switch {
	case s == nil:
		return nil
	case s.ID == h.marked:
		h.marked = ""
	default:
		h.marked = s.ID
	}
	h.front.tree.Marked = h.marked
	if h.marked == "" {
		return nil
	}
	return ask.Tell("marked: W on another session compares it with this one")
}

// With does an action with what was typed behind its name.
func (h *home) With(a keymap.Action, text string) (tea.Cmd, error) {
	cmd, err := h.with(a, text)
	if cmd != nil || err != nil {
		return cmd, err
	}
	return withText(h.page(), a, text)
}

func (h *home) with(a keymap.Action, text string) (tea.Cmd, error) {
	if a == keymap.Range {
		return h.setRange(text)
	}
	if ofMachine[a] {
		cmd, _ := h.turn(a)
		more, err := withText(h.page(), a, text)
		return tea.Batch(cmd, more), err
	}
	return nil, nil
}

// withText gives a page what was typed behind the name of a command.
func withText(p page, a keymap.Action, text string) (tea.Cmd, error) {
	if t, ok := p.(interface {
		With(keymap.Action, string) (tea.Cmd, error)
	}); ok {
		return t.With(a, text)
	}
	return nil, fmt.Errorf("nothing here is done with %q", text)
}

func (h *home) nextPeriod() overview.Period {
	at := h.ask.Period
	if at == overview.Auto && h.view != nil {
		at = h.view.Period
	}
	if at >= overview.All {
		return overview.Day
	}
	return at + 1
}

// askRange asks for a range of time.
func (h *home) askRange() tea.Cmd {
	return ask.Do(ask.Text{Sign: "range", Hint: "3d   2026-01-31   2026-01-01..2026-01-31   2026-01-31T09:30..2026-01-31T12:00", Enter: h.setRange})
}

func (h *home) setRange(text string) (tea.Cmd, error) {
	from, to, err := overview.ParseRange(text, h.world.now())
	if err != nil {
		return nil, err
	}
	return h.between(from, to), nil
}

// between shows what happened in a range of time.
func (h *home) between(from, to time.Time) tea.Cmd {
	h.ask.Period, h.ask.From, h.ask.To = overview.Custom, from, to
	return h.make(true)
}

// Moment goes to nothing: sessions lie beside each other in time.
func (h *home) Moment(string) (tea.Cmd, error) {
	return nil, fmt.Errorf("times are for an opened session; here, P sets a range")
}

// Inner leaves what the page is in the middle of.
func (h *home) Inner() (tea.Cmd, bool) { return nil, h.page().Back() }

// Back leaves the page for the sessions.
func (h *home) Back() (tea.Cmd, bool) {
	if h.page().Back() {
		return nil, true
	}
	if h.place == keymap.GoSessions {
		return nil, false
	}
	cmd, _ := h.turn(keymap.GoSessions)
	return cmd, true
}

func (h *home) Scopes() []keymap.Scope {
	return append(h.page().Scopes(), keymap.Sessions, keymap.Lists, keymap.Everywhere)
}

func (h *home) Hints() []keymap.Action { return h.page().Hints() }

// paned is a page of several panes.
type paned interface {
	Panels() int
	Focus() int
	SetFocus(int) tea.Cmd
}

// Panels returns how many panes there are: most pages are one.
func (h *home) Panels() int {
	if p, ok := h.page().(paned); ok {
		return p.Panels()
	}
	return 1
}

func (h *home) Focus() int {
	if p, ok := h.page().(paned); ok {
		return p.Focus()
	}
	return 1
}

func (h *home) SetFocus(n int) tea.Cmd {
	if p, ok := h.page().(paned); ok {
		k := p.Panels()
		return tea.Batch(p.SetFocus((n+k-1)%k+1), h.Resize(h.width, h.height))
	}
	return nil
}

func (h *home) Query() string { return h.ask.Query.String() }

func (h *home) Filter(text string) (tea.Cmd, error) {
	q, err := eventlog.ParseQuery(text)
	if err != nil {
		return nil, err
	}
	h.ask.Query = q
	return h.make(true), nil
}

// Unfilter goes back to the filter before.
func (h *home) Unfilter() (tea.Cmd, bool) {
	query, ok := h.last()
	if !ok {
		return nil, false
	}
	cmd, err := h.Filter(query)
	return cmd, err == nil
}

func (h *home) Count() string {
	if h.view == nil {
		return ""
	}
	return fmt.Sprintf("%d/%d", h.view.Shown, h.view.Known)
}

func (h *home) Title() string { return cmp.Or(h.world.opts.Title, "all sessions") }
func (h *home) Live() bool    { return h.view != nil && h.view.Running > 0 }

func (h *home) Wheel(w wheelMsg) tea.Cmd {
	if h.place == keymap.GoSessions {
		return h.front.wheel(w.x, w.y-h.body.y, w.steps)
	}
	return h.page().Scroll(3 * w.steps)
}

func (h *home) Click(x, y int) tea.Cmd {
	if y == 1 && h.view != nil {
		return h.clickCrumbs(x)
	}
	if h.view == nil || y < h.body.y {
		return nil
	}
	return h.page().Click(x, y-h.body.y)
}

func (h *home) Draw(t *theme.Theme) []string {
	rows := []string{h.header(t), h.crumbs(t)}
	if h.view == nil {
		parts := []frame.Part{{Style: t.Text, Text: "Looking for sessions" + t.More}}
		return frame.Fill(append(rows, frame.Message(h.width, h.height-2, parts...)...), h.width, h.height)
	}
	if h.failedOnly() {
		return frame.Fill(append(rows, h.failure(t)...), h.width, h.height)
	}
	if h.cards {
		rows = append(rows, h.card(t), frame.Fit(t.Dim, "", h.width))
	}
	return frame.Fill(append(rows, h.page().Draw(t, 1, true)...), h.width, h.height)
}

func (h *home) failedOnly() bool {
	return h.view.All == 0 && len(h.view.Catalog.Progress.Failed) > 0 && !h.view.Catalog.Progress.Loading
}

func (h *home) failure(t *theme.Theme) []string {
	failed := h.view.Catalog.Progress.Failed
	parts := []frame.Part{{Style: t.BadBold, Text: t.Failed + " Nothing could be opened."}, {Text: " "}}
	for _, f := range failed[:min(len(failed), 8)] {
		parts = append(parts, frame.Part{Style: t.Text, Text: frame.Clean(f.String(), h.width*2)})
	}
	return frame.Message(h.width, h.height-2, parts...)
}

// card is one line of figures over what the filter lets through.
func (h *home) card(t *theme.Theme) string {
	v := h.view
	s := v.Report.Total
	l := frame.NewLine(h.width, "").Space(1)
	item := func(style theme.Style, figure, unit string) {
		if figure != "" && l.Room() > len(figure)+len(unit)+2 {
			l.Put(style, figure).Space(1).Put(t.Dim, unit).Space(3)
		}
	}
	item(t.Bright, figure.Whole(int64(v.Shown)), figure.Noun(int64(v.Shown), "session"))
	item(t.Good.Bold(), fmt.Sprint(v.Running), "running")
	if v.Failed > 0 {
		item(t.BadBold, fmt.Sprint(v.Failed), "failed")
	}
	item(t.Bright, figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast), "cost")
	item(t.Bright, figure.Count(s.Usage.Total()), "tokens")
	if s.Usage.Context() > 0 {
		item(t.Bright, figure.Percent(float64(s.Usage.CacheRead), float64(s.Usage.Context())), "from cache")
	}
	item(t.Bright, fmt.Sprint(v.Agents), figure.Noun(int64(v.Agents), "agent"))
	item(t.Bright, figure.Count(s.Calls), figure.Noun(s.Calls, "model call"))
	item(t.Bright, figure.Count(s.ToolCalls), figure.Noun(s.ToolCalls, "tool call"))
	return l.String()
}
