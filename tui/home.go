package tui

import (
	"cmp"
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/now"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/pulse"
	"github.com/lazytrace/lazytrace/tui/sessions"
	"github.com/lazytrace/lazytrace/tui/summary"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// home is the screen of all sessions.
type home struct {
	world   *world
	ask     overview.Ask
	view    *overview.View
	catalog *eventlog.Catalog
	making  job.Job
	bucket  int // index into overview.Buckets plus one; zero fits

	tree    sessions.Pane
	summary summary.Pane
	now     now.Pane
	pulse   pulse.Pane

	width, height int
	focus         int
	grow          grow
	at            [5]rect // by panel number; panels that are not shown are empty
	cards         bool
	cost          costs
	costly        bool // the cost table is shown instead of the sessions
}

// viewMsg brings what the home screen shows.
type viewMsg struct {
	ticket job.Ticket
	view   *overview.View
}

// openMsg asks for the trace of a session, at a run if there is one.
type openMsg struct {
	session *eventlog.Session
	run     eventlog.Sym
	query   eventlog.Query
	record  *eventlog.Finding // go to the step that this record tells of
}

func newHome(w *world) *home {
	h := &home{world: w, focus: 1, cost: newCosts(w.ctx, &w.opts)}
	h.summary.Prices = w.opts.Prices
	if w.opts.All {
		h.ask.Period = overview.All
	}
	if q, err := eventlog.ParseQuery(w.opts.Query); err == nil {
		h.ask.Query = q
	}
	h.tree.SetFollow(w.opts.Follow)
	return h
}

func (h *home) Close() {
	h.making.Stop()
	h.cost.close()
}

// Resize divides the screen: below 100 columns one column, below 80 one pane at
// a time; below 30 rows no histogram, below 20 no summary.
func (h *home) Resize(width, height int) tea.Cmd {
	h.width, h.height = width, height
	h.at = [5]rect{}
	top := 2
	h.cards = height >= 30 && width >= 80
	if h.cards {
		top += 2
	}
	body := rect{0, top, width, max(0, height-top)}
	switch {
	case h.grow == full || width < 80 && h.focus > 1 || width < 60 || height < 20:
		h.at[h.focus] = body
	case width < 100:
		low := min(12, body.h*2/5)
		h.at[1] = rect{0, top, width, body.h - low}
		h.at[2] = rect{0, top + body.h - low, width, low}
		if h.focus > 2 {
			h.at[h.focus], h.at[2] = h.at[2], rect{}
		}
	default:
		low := 0
		if height >= 30 {
			low = 6
		}
		side := min(64, max(40, width*28/100))
		if h.grow == half && h.focus != 1 {
			side = width / 2
		}
		upper := body.h - low
		h.at[1] = rect{0, top, width - side - 1, upper}
		tall := min(18, upper*11/20)
		h.at[2] = rect{width - side, top, side, tall}
		h.at[3] = rect{width - side, top + tall, side, upper - tall}
		if low > 0 {
			h.at[4] = rect{0, top + upper, width, low}
		} else if h.focus == 4 {
			h.at[4], h.at[3] = h.at[3], rect{}
		}
	}
	h.cost.Resize(body.w, body.h)
	if h.costly {
		h.at = [5]rect{1: body}
	}
	h.tree.Resize(h.at[1].w, h.at[1].h)
	h.summary.Resize(h.at[2].w, h.at[2].h)
	h.now.Resize(h.at[3].w, h.at[3].h)
	before := h.pulse.Columns()
	h.pulse.Resize(h.at[4].w, h.at[4].h)
	if h.pulse.Columns() != before {
		return h.make(true)
	}
	return nil
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
	a.Now, a.Columns = h.world.now(), h.pulse.Columns()
	if h.bucket > 0 {
		a.Bucket = overview.Buckets[h.bucket-1]
	}
	return func() tea.Msg { return viewMsg{ticket, overview.Make(ctx, c, a)} }
}

func (h *home) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case viewMsg:
		fresh, again := h.making.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		h.view = msg.view
		h.tree.Show(msg.view)
		cmd := h.cost.Show(msg.view.Report, msg.view.Catalog)
		h.moved()
		if again {
			return tea.Batch(cmd, h.make(false)), true
		}
		return cmd, true
	case tickMsg:
		return h.make(false), true
	}
	return h.cost.Update(msg)
}

func (h *home) moved() {
	if r := h.tree.Selected(); r != nil {
		h.summary.Reset(r.Key)
	}
}

func (h *home) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if h.costly {
		if a == keymap.Open && !h.cost.auditing {
			return h.drill(), true
		}
		if cmd, done := h.cost.Do(a, n); done {
			return cmd, true
		}
	}
	switch a {
	case keymap.GoCost:
		h.costly = true
		return h.SetFocus(1), true
	case keymap.Sort:
		h.ask.Order = (h.ask.Order + 1) % overview.Orders
	case keymap.Reverse:
		h.ask.Reverse = !h.ask.Reverse
	case keymap.Period:
		h.ask.Period = h.nextPeriod()
	case keymap.Flat:
		h.ask.Flat = !h.ask.Flat
	case keymap.FoldAll:
		h.ask.Folds = overview.Folds{Mode: overview.AllShut}
	case keymap.UnfoldAll:
		h.ask.Folds = overview.Folds{Mode: overview.AllOpen}
	case keymap.BeatIn:
		h.bucket = max(1, h.bucketNow()-1)
	case keymap.BeatOut:
		h.bucket = min(len(overview.Buckets), h.bucketNow()+1)
	case keymap.Larger, keymap.Smaller:
		d := grow(1)
		if a == keymap.Smaller {
			d = 2
		}
		h.grow = (h.grow + d) % 3
		return h.Resize(h.width, h.height), true
	case keymap.Follow:
		h.tree.SetFollow(!h.tree.Follow())
		return nil, true
	case keymap.Fold, keymap.FoldShut, keymap.FoldOpen:
		return h.fold(a), true
	case keymap.Open:
		r := h.tree.Selected()
		if r == nil {
			return nil, true
		}
		open := openMsg{session: r.Session}
		if r.Run != nil {
			open.run = r.Run.ID
		}
		return func() tea.Msg { return open }, true
	case keymap.Copy:
		if r := h.tree.Selected(); r != nil {
			return copyText(r.Session.ID, "session id"), true
		}
		return nil, true
	default:
		if h.focus == 2 && (a == keymap.Down || a == keymap.Up) {
			d := max(1, n)
			if a == keymap.Up {
				d = -d
			}
			h.summary.Scroll(d)
			return nil, true
		}
		done := h.tree.Do(a, n)
		h.moved()
		return nil, done
	}
	return h.make(true), true
}

// bucketNow returns which bucket is in force, counted from one.
func (h *home) bucketNow() int {
	for i, b := range overview.Buckets {
		if h.view != nil && h.view.Pulse.Bucket == b {
			return i + 1
		}
	}
	return 1
}

func (h *home) nextPeriod() overview.Period {
	at := h.ask.Period
	if at == overview.Auto && h.view != nil {
		at = h.view.Period
	}
	return at%overview.All + 1
}

func (h *home) fold(a keymap.Action) tea.Cmd {
	r := h.tree.Selected()
	if r == nil {
		return nil
	}
	shut := !r.Shut
	switch {
	case a == keymap.FoldShut && (!r.Parent || r.Shut):
		h.tree.Parent()
		h.moved()
		return nil
	case a == keymap.FoldOpen && r.Parent && !r.Shut:
		h.tree.Do(keymap.Down, 1)
		h.moved()
		return nil
	case !r.Parent:
		return nil
	case a == keymap.FoldShut:
		shut = true
	case a == keymap.FoldOpen:
		shut = false
	}
	h.ask.Folds = h.ask.Folds.With(r.Key, shut)
	return h.make(true)
}

// drill shows the sessions that a line of the cost table adds up.
func (h *home) drill() tea.Cmd {
	key, ok := h.cost.Selected()
	if !ok || h.view == nil {
		return nil
	}
	if s, found := h.view.Catalog.Session(key); found && h.cost.By() == cost.Session {
		return func() tea.Msg { return openMsg{session: s} }
	}
	h.costly = false
	cmd, err := h.Filter(drillQuery(h.cost.By(), key))
	if err != nil {
		return nil
	}
	return tea.Batch(cmd, h.SetFocus(1))
}

// Back leaves the cost table.
func (h *home) Back() (tea.Cmd, bool) {
	if !h.costly {
		return nil, false
	}
	if h.cost.Back() {
		return nil, true
	}
	h.costly = false
	return h.Resize(h.width, h.height), true
}

func (h *home) Scopes() []keymap.Scope {
	if h.costly {
		return []keymap.Scope{keymap.Cost, keymap.Sessions, keymap.Lists, keymap.Everywhere}
	}
	return []keymap.Scope{keymap.Sessions, keymap.Lists, keymap.Everywhere}
}

func (h *home) Hints() []keymap.Action {
	if h.costly {
		return h.cost.hints(keymap.Filter, keymap.Period, keymap.Back)
	}
	return []keymap.Action{keymap.Open, keymap.Fold, keymap.Filter, keymap.Sort, keymap.Period, keymap.NextError, keymap.NextNeed, keymap.Follow, keymap.Copy, keymap.Command}
}

// Panels returns how many panes there are: the cost table stands alone.
func (h *home) Panels() int {
	if h.costly {
		return 1
	}
	return 4
}

func (h *home) Focus() int { return h.focus }

func (h *home) SetFocus(n int) tea.Cmd {
	k := h.Panels()
	h.focus = (n+k-1)%k + 1
	return h.Resize(h.width, h.height)
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

func (h *home) Count() string {
	if h.view == nil {
		return ""
	}
	return fmt.Sprintf("%d/%d", h.view.Shown, h.view.Known)
}

func (h *home) Title() string { return cmp.Or(h.world.opts.Title, "all sessions") }
func (h *home) Live() bool    { return h.view != nil && h.view.Running > 0 }

func (h *home) Wheel(w wheelMsg) tea.Cmd {
	switch {
	case h.at[2].holds(w.x, w.y):
		h.summary.Scroll(w.steps)
	case h.costly:
		h.cost.Scroll(3 * w.steps)
	case h.at[1].holds(w.x, w.y) && h.view != nil:
		h.tree.Scroll(3 * w.steps)
		h.moved()
	}
	return nil
}

func (h *home) Click(x, y int) tea.Cmd {
	if y == 1 && h.view != nil {
		if p, ok := h.periodAt(x); ok {
			h.ask.Period = p
			return h.make(true)
		}
	}
	if h.costly {
		return h.cost.Click(x-h.at[1].x, y-h.at[1].y)
	}
	for n := 1; n <= 4; n++ {
		if !h.at[n].holds(x, y) {
			continue
		}
		cmd := h.SetFocus(n)
		if n == 1 && h.view != nil {
			before := h.tree.Selected()
			key := ""
			if before != nil {
				key = before.Key
			}
			hit, marker := h.tree.Click(x-h.at[1].x, y-h.at[1].y)
			h.moved()
			if hit && marker {
				return tea.Batch(cmd, h.fold(keymap.Fold))
			}
			if r := h.tree.Selected(); hit && r != nil && r.Key == key {
				open, _ := h.Do(keymap.Open, 0) // a second click opens
				return tea.Batch(cmd, open)
			}
		}
		return cmd
	}
	return nil
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
	if h.costly {
		return frame.Fill(append(rows, h.cost.Draw(t, 1, true)...), h.width, h.height)
	}
	block := func(n int) []string {
		active := h.focus == n
		switch n {
		case 1:
			return h.tree.Draw(t, n, active)
		case 2:
			return h.summary.Draw(t, n, active, h.view, h.tree.Selected())
		case 3:
			return h.now.Draw(t, n, active, h.view, h.world.zone())
		}
		return h.pulse.Draw(t, n, active, h.view.Pulse)
	}
	if h.at[1].w > 0 && h.at[1].w < h.width {
		side := block(2)
		if h.at[3].h > 0 {
			side = append(side, block(3)...)
		} else if h.at[4].h > 0 && h.at[4].w < h.width {
			side = append(side, block(4)...)
		}
		rows = append(rows, frame.Beside(t, block(1), side)...)
		if h.at[4].w == h.width {
			rows = append(rows, block(4)...)
		}
	} else {
		for n := 1; n <= 4; n++ {
			if h.at[n].h > 0 {
				rows = append(rows, block(n)...)
			}
		}
	}
	return frame.Fill(rows, h.width, h.height)
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

func (h *home) header(t *theme.Theme) string {
	v := h.view
	parts := []frame.Part{{Style: t.Brand, Text: "lazytrace  "}, {Style: t.Bright, Text: h.Title() + "   "}}
	if v == nil {
		return strip(t, h.width, "", parts...)
	}
	if v.Running > 0 {
		parts = append(parts, frame.Part{Style: t.Good, Text: t.Running + " "}, frame.Part{Style: t.Bright, Text: fmt.Sprintf("%d live   ", v.Running)})
	}
	if v.Failed > 0 {
		parts = append(parts, frame.Part{Style: t.BadBold, Text: fmt.Sprintf("%s %d failed   ", t.Failed, v.Failed)})
	}
	if v.Today.Calls > 0 {
		parts = append(parts, frame.Part{Style: t.Dim, Text: "today "}, frame.Part{Style: t.Bright, Text: "$" + figure.Money(v.Today.Cost()) + " "})
		if h.width >= 100 {
			parts = append(parts, frame.Part{Style: t.Dim, Text: split(t, v)})
		}
	}
	right := fmt.Sprintf("%s %s since %s", figure.Plural(int64(v.All), "session"), t.Dot, v.Period)
	if v.Period == overview.All {
		right = figure.Plural(int64(v.All), "session")
	}
	return strip(t, h.width, right, parts...)
}

// split says what today's cost is made of.
func split(t *theme.Theme, v *overview.View) string {
	total := float64(v.Today.Cost())
	text := ""
	if v.Today.Cost() > 0 {
		text = "recorded " + figure.Percent(float64(v.Today.Recorded), total) + " " + t.Dot + " estimated " + figure.Percent(float64(v.Today.Estimated), total) + " " + t.Dot + " "
	}
	return text + "unpriced " + figure.Count(v.Today.Unpriced)
}

// periods is the part of the second row that tells and changes the period.
const periodsWidth = 18

func (h *home) crumbs(t *theme.Theme) string {
	l := frame.NewLine(h.width, "").Space(1).Put(t.Title, "sessions")
	if h.costly {
		l.Put(t.Dim, " "+t.Crumb+" ").Put(t.Bright, "cost")
	}
	if q := h.ask.Query.String(); q != "" {
		l.Put(t.Dim, " "+t.Crumb+" ").Foreign(t.Warn, q)
		if h.view != nil {
			l.Put(t.Dim, "   "+h.Count())
		}
	}
	if h.view == nil {
		return l.String()
	}
	if p := h.view.Catalog.Progress; p.Loading {
		text := "   reading " + figure.Count(int64(p.Found)) + " logs" + t.More
		if p.Total > 0 {
			text = "   reading " + figure.Percent(float64(p.Read), float64(p.Total)) + " of " + figure.Bytes(p.Total)
		}
		l.Put(t.Human, text)
	} else if n := len(p.Failed); n > 0 {
		l.Put(t.Bad, fmt.Sprintf("   %s %d %s could not be opened: ", t.Failed, n, figure.Noun(int64(n), "log"))).Foreign(t.Dim, p.Failed[0].String())
	} else if h.world.opts.Banner != "" {
		l.Space(3).Foreign(t.Dim, h.world.opts.Banner)
	}
	if l.Used() > h.width-periodsWidth-2 {
		return l.String()
	}
	l.To(h.width - periodsWidth - 1)
	for _, p := range overview.Periods {
		style := t.Dim
		if p == h.view.Period {
			style = t.Bright
		}
		l.Put(style, p.String()).Space(2)
	}
	return l.String()
}

func (h *home) periodAt(x int) (overview.Period, bool) {
	at := h.width - periodsWidth - 1
	for _, p := range overview.Periods {
		if n := len(p.String()); x >= at && x < at+n {
			return p, true
		}
		at += len(p.String()) + 2
	}
	return 0, false
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
