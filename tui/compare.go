package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/diff"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/menu"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// comparison is the screen of two sessions beside each other. It opens both logs,
// and closes them when it is left.
type comparison struct {
	world    *world
	ctx      context.Context
	cancel   context.CancelFunc
	catalog  *eventlog.Catalog
	sessions [2]*eventlog.Session
	progress diff.Progress
	said     string // how far the loading has come
	pane     *diff.Pane
	err      error

	width, height int
}

// newComparison compares two sessions; the one that began first is A.
func newComparison(w *world, c *eventlog.Catalog, a, b *eventlog.Session) *comparison {
	if b.Began() < a.Began() {
		a, b = b, a
	}
	ctx, cancel := context.WithCancel(w.ctx)
	return &comparison{world: w, ctx: ctx, cancel: cancel, catalog: c, sessions: [2]*eventlog.Session{a, b}}
}

// comparedMsg brings what was compared, or why it could not be.
type comparedMsg struct {
	of      *comparison
	subject *diff.Subject
	err     error
}

// comparingMsg passes while two sessions are being compared.
type comparingMsg struct{ of *comparison }

// Open opens both logs and compares them.
func (c *comparison) Open() tea.Cmd {
	c.said = c.progress.String()
	load := func() tea.Msg {
		subject, err := diff.Load(c.ctx, c.world.opts.Open, c.catalog, c.sessions[0], c.sessions[1], &c.progress)
		if subject != nil {
			// Also when nobody takes it any more, since the screen was left meanwhile.
			context.AfterFunc(c.ctx, subject.Close)
		}
		return comparedMsg{c, subject, err}
	}
	return tea.Batch(load, c.tick())
}

// tick shows how far it has come, a few times a second.
func (c *comparison) tick() tea.Cmd {
	if !c.world.wait {
		return nil
	}
	return tea.Tick(150*time.Millisecond, func(time.Time) tea.Msg { return comparingMsg{c} })
}

func (c *comparison) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case comparedMsg:
		if msg.of != c {
			return nil, false
		}
		if c.err = msg.err; msg.subject == nil {
			return nil, true
		}
		c.pane = diff.New(c.ctx, msg.subject, c.world.zone())
		return c.Resize(c.width, c.height), true
	case comparingMsg:
		if msg.of != c || c.pane != nil || c.err != nil {
			return nil, false
		}
		c.said = c.progress.String()
		return c.tick(), true
	}
	if c.pane == nil {
		return nil, false
	}
	return c.pane.Update(msg)
}

// Close calls off what is under way and closes the logs.
func (c *comparison) Close() {
	c.cancel()
}

func (c *comparison) Resize(width, height int) tea.Cmd {
	c.width, c.height = width, height
	if c.pane == nil {
		return nil
	}
	return c.pane.Resize(width, max(0, height-2))
}

// Know keeps what was compared: it is what was known then.
func (c *comparison) Know(*eventlog.Catalog) tea.Cmd { return nil }

func (c *comparison) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if c.pane == nil {
		return nil, false
	}
	return c.pane.Do(a, n)
}

func (c *comparison) With(_ keymap.Action, text string) (tea.Cmd, error) {
	return nil, fmt.Errorf("nothing here is done with %q", text)
}

// Moment goes to nothing: the two have different times.
func (c *comparison) Moment(string) (tea.Cmd, error) {
	return nil, fmt.Errorf("two sessions have no time in common")
}

func (c *comparison) Click(x, y int) tea.Cmd {
	if c.pane == nil || y < 2 {
		return nil
	}
	return c.pane.Click(x, y-2)
}

func (c *comparison) Wheel(w wheelMsg) tea.Cmd {
	if c.pane == nil {
		return nil
	}
	return c.pane.Wheel(w.x, w.y-2, w.steps)
}

func (c *comparison) Scopes() []keymap.Scope {
	return []keymap.Scope{keymap.Compare, keymap.Opened, keymap.Lists, keymap.Everywhere}
}

func (c *comparison) Hints() []keymap.Action {
	if c.pane == nil {
		return []keymap.Action{keymap.Back}
	}
	return []keymap.Action{keymap.ChangeNext, keymap.Open, keymap.Fold, keymap.Equal, keymap.TextMode, keymap.NextError, keymap.Copy, keymap.Back}
}

func (c *comparison) Panels() int            { return 1 }
func (c *comparison) Focus() int             { return 1 }
func (c *comparison) SetFocus(int) tea.Cmd   { return nil }
func (c *comparison) Query() string          { return "" }
func (c *comparison) Remember(string)        {}
func (c *comparison) Count() string          { return "" }
func (c *comparison) Title() string          { return "comparison" }
func (c *comparison) Live() bool             { return false }
func (c *comparison) About() about           { return aboutSession(c.sessions[1]) }
func (c *comparison) Inner() (tea.Cmd, bool) { return nil, false }
func (c *comparison) Back() (tea.Cmd, bool)  { return nil, false }

// Filter is not for this screen: what is left out could not be compared.
func (c *comparison) Filter(text string) (tea.Cmd, error) {
	if text == "" {
		return nil, nil
	}
	return nil, fmt.Errorf("a comparison has no filter; ] goes to the next difference")
}

func (c *comparison) Unfilter() (tea.Cmd, bool) { return nil, false }

func (c *comparison) Draw(t *theme.Theme) []string {
	parts := []frame.Part{{Style: t.Brand, Text: "lazytrace  "}, {Style: t.Bright, Text: "Compare   "}}
	if c.width < 60 {
		parts = parts[1:]
	}
	if c.pane != nil {
		parts = append(parts, frame.Part{Style: t.Text, Text: c.pane.Summary()})
	}
	rows := []string{strip(t, c.width, "", parts...), c.crumbs(t)}
	switch {
	case c.err != nil:
		rows = append(rows, frame.Message(c.width, c.height-2, frame.Part{Style: t.BadBold, Text: t.Failed + " These sessions cannot be compared."},
			frame.Part{Style: t.Text, Text: frame.Clean(c.err.Error(), c.width*2)}, frame.Part{Style: t.Dim, Text: "esc goes back."})...)
	case c.pane == nil:
		rows = append(rows, frame.Message(c.width, c.height-2, frame.Part{Style: t.Text, Text: c.said + t.More}, frame.Part{Style: t.Dim, Text: "esc leaves it."})...)
	default:
		rows = append(rows, c.pane.Draw(t)...)
	}
	return frame.Fill(rows, c.width, c.height)
}

func (c *comparison) crumbs(t *theme.Theme) string {
	l := frame.NewLine(c.width, "").Space(1)
	if c.width >= 60 {
		l.Put(t.Dim, "sessions "+t.Crumb+" ")
	}
	a, b := c.sessions[0].Label(), c.sessions[1].Label()
	room := l.Room() - 2
	if a == b {
		return l.Put(t.Dim, "two runs of ").Foreign(t.Bright, frame.Short(a, room-12)).String()
	}
	return l.Foreign(t.Bright, frame.Short(a, (room-2)/2)).Put(t.Dim, " "+t.To+" ").Foreign(t.Bright, frame.Short(b, l.Room()-3)).String()
}

// compareWith asks what to compare a session with, the likeliest first.
func (m *model) compareWith(s *eventlog.Session) tea.Cmd {
	if s == nil || m.catalog == nil {
		return nil
	}
	now := m.world.stamp()
	var items []menu.Item
	for _, r := range rivals(m.catalog, s, m.home.marked) {
		note := []string{}
		if cost := figure.Dollars(r.session.Recorded, r.session.Estimated, r.session.Calls, r.session.Unpriced, r.session.AtLeast); cost != "" {
			note = append(note, cost)
		}
		note = append(note, figure.Clock(r.session.Duration(now)))
		if at := r.session.Began(); at.Known() {
			note = append(note, figure.Ago(now.Sub(at))+" ago")
		}
		if model := m.catalog.Symbols.Name(r.session.Model); model != "" {
			note = append([]string{model}, note...)
		}
		items = append(items, menu.Item{Group: r.why, Text: r.session.Label(), Note: frame.Clean(strings.Join(note, "  "), 60), Do: func() tea.Cmd {
			return m.push(newComparison(m.world, m.catalog, s, r.session))
		}})
	}
	if len(items) == 0 {
		return ask.Tell("there is nothing to compare it with: m marks a session, W on another one compares the two")
	}
	return m.asked(ask.Choice{Menu: menu.New("Compare "+frame.Clean(s.Label(), 40)+" with", menu.ByText, items)})
}

// rival is a session that another one may be compared with, and why.
type rival struct {
	why     string
	session *eventlog.Session
}

// mostRivals bounds each kind of them.
const mostRivals = 20

// rivals lists what a session may be compared with, each once, the likeliest
// first: what the person marked, where it comes from, and then other runs of the
// same thing, the one before it first.
func rivals(c *eventlog.Catalog, s *eventlog.Session, marked string) []rival {
	var out []rival
	seen := map[*eventlog.Session]bool{s: true}
	add := func(why string, of ...*eventlog.Session) {
		n := 0
		for _, o := range of {
			if o != nil && !seen[o] && n < mostRivals {
				seen[o] = true
				out = append(out, rival{why, o})
				n++
			}
		}
	}
	find := func(id string) *eventlog.Session {
		if id == "" {
			return nil
		}
		o, _ := c.Session(id)
		return o
	}
	// near puts the ones before it first, the latest of them on top.
	near := func(wanted func(*eventlog.Session) bool) []*eventlog.Session {
		var before, after []*eventlog.Session
		for _, o := range c.Sessions {
			switch {
			case o == s || !wanted(o):
			case o.Began() <= s.Began():
				before = append(before, o)
			default:
				after = append(after, o)
			}
		}
		slices.SortStableFunc(before, func(a, b *eventlog.Session) int { return cmp.Compare(b.Began(), a.Began()) })
		slices.SortStableFunc(after, func(a, b *eventlog.Session) int { return cmp.Compare(a.Began(), b.Began()) })
		return append(before, after...)
	}
	add("marked", find(marked))
	add("forked from", find(s.ForkOf))
	add("parent", s.Parent)
	add("fork", near(func(o *eventlog.Session) bool { return o.ForkOf == s.ID || s.ForkOf != "" && o.ForkOf == s.ForkOf })...)
	add("same name", near(func(o *eventlog.Session) bool {
		return o.Label() == s.Label() && s.Label() != s.ID || s.Goal != "" && o.Goal == s.Goal
	})...)
	add("experiment", near(func(o *eventlog.Session) bool { return s.Experiment != "" && o.Experiment == s.Experiment })...)
	if s.Directory != "" {
		folder := near(func(o *eventlog.Session) bool { return o.Directory == s.Directory && o.Parent == nil })
		add("same folder", folder[:min(len(folder), 5)]...)
	}
	add("child", s.Children...)
	return out
}
