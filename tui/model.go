package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/menu"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/prompt"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// model is the root. It routes messages to the screens, keys to actions, and
// keeps the last drawn frame until something changes.
type model struct {
	world   *world
	keys    *keymap.Map
	theme   *theme.Theme
	home    *home
	above   []screen // what was opened over the sessions, the last one on top
	catalog *eventlog.Catalog

	prompt   prompt.Prompt
	asking   ask.Text // what the text in the prompt is for
	fault    error    // what is wrong with it
	offers   offers   // how it may go on
	menu     *menu.Menu
	question *ask.Sure
	task     *task
	pending  string // the first key of a sequence
	count    int
	notice   string
	mouse    bool
	started  bool           // Options.Start was done
	pace     pace           // of new catalogs
	given    bool           // the memory that reading took was given back
	later    func() tea.Cmd // what waits for more than a preview
	ticking  bool
	away     bool // the person looks at something else
	notifier notifier
	look     theme.Look
	dark     bool
	stop     context.CancelFunc

	width, height int
	dirty         bool
	frame         string
}

// deepest is how many screens may lie over each other; of more, those at the
// bottom are closed, since each holds a log.
const deepest = 12

func newModel(ctx context.Context, o Options) *model {
	o.fill()
	ctx, stop := context.WithCancel(ctx)
	w := &world{ctx: ctx, opts: o, now: o.Now, wait: true}
	m := &model{
		world: w, keys: keymap.New(o.Keys), home: newHome(w),
		mouse: o.Mouse, dark: true, look: o.Look, dirty: true, stop: stop, started: o.Start == "",
	}
	m.paint()
	return m
}

// close ends all work that is under way.
func (m *model) close() {
	for _, s := range m.above {
		s.Close()
	}
	m.home.Close()
	m.stop()
}

// screen returns the screen on top.
func (m *model) screen() screen {
	if n := len(m.above); n > 0 {
		return m.above[n-1]
	}
	return m.home
}

// Init asks for the catalog and the background.
func (m *model) Init() tea.Cmd {
	return tea.Batch(makeCatalog(m.world.opts.Sources), tea.RequestBackgroundColor)
}

// Update routes.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	return m, m.route(msg)
}

func (m *model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.resize()
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.paint()
		return nil
	case tea.ColorProfileMsg:
		m.look.Basic = msg.Profile < colorprofile.ANSI256
		if msg.Profile <= colorprofile.ASCII && m.look.Name == "" {
			m.look.Name = "none"
		}
		m.paint()
		return nil
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseClickMsg, wheelMsg:
		m.dirty = true
		return m.input(msg)
	case catalogMsg:
		return m.know(msg)
	case visit.Msg:
		m.dirty = true
		return m.visit(msg)
	case ask.Text, ask.Choice, ask.Sure, ask.Notice, ask.Copied, ask.Task, valuesMsg:
		m.dirty = true
		return m.asked(msg)
	case tea.BlurMsg:
		m.away = true
		return nil
	case tea.FocusMsg:
		m.away = false
		return nil
	case viewMsg:
		return tea.Batch(m.broadcast(msg), m.tell(msg.view.Needs), m.shown(msg.view))
	case taskMsg:
		m.dirty = true
		m.ended(msg)
		return nil
	case taskTickMsg:
		m.dirty = m.dirty || msg.t == m.task
		return m.taskTick()
	case bookMsg:
		m.dirty = true
		if msg.notice != "" {
			m.notice = msg.notice
		}
	case tickMsg:
		m.ticking = false
	}
	return m.broadcast(msg)
}

// paint takes the theme that suits the terminal and the person.
func (m *model) paint() {
	m.dirty = true
	look := m.look
	look.ASCII = m.world.opts.ASCII
	m.theme = look.Theme(m.dark)
}

// tell rings when a session begins to need somebody and nobody looks.
func (m *model) tell(needs []overview.Need) tea.Cmd {
	text := m.notifier.took(needs)
	if text == "" || !m.away || !m.world.opts.Notify {
		return nil
	}
	return ring(text)
}

// broadcast gives a message to all screens, hidden ones too, so that they stay
// up to date.
func (m *model) broadcast(msg tea.Msg) tea.Cmd {
	cmd, changed := m.home.Update(msg)
	for _, s := range m.above {
		more, also := s.Update(msg)
		cmd, changed = tea.Batch(cmd, more), changed || also
	}
	if changed {
		m.dirty = true
	}
	return tea.Batch(cmd, m.tick())
}

// tick keeps the clock going while something runs.
func (m *model) tick() tea.Cmd {
	if m.ticking || !m.world.wait || !m.home.Live() && !m.screen().Live() {
		return nil
	}
	m.ticking = true
	return tick()
}

func (m *model) resize() tea.Cmd {
	m.dirty = true
	// Hidden screens are resized as well: size belongs to Update, not to View.
	cmd := m.home.Resize(m.width, m.height-1)
	for _, s := range m.above {
		cmd = tea.Batch(cmd, s.Resize(m.width, m.height-1))
	}
	if m.menu != nil {
		m.menu.Resize(m.width, m.height)
	}
	return cmd
}

// know takes a new catalog.
func (m *model) know(msg catalogMsg) tea.Cmd {
	if m.tooEarly(msg.catalog) {
		m.world.opts.Sources.Want()
		return awaitCatalog(m.world.ctx, m.world.opts.Sources, pace{})
	}
	m.catalog = msg.catalog
	cmd := m.home.Know(msg.catalog)
	for _, s := range m.above {
		cmd = tea.Batch(cmd, s.Know(msg.catalog))
		m.dirty = true
	}
	if m.world.wait {
		if m.pace != (pace{}) || len(msg.catalog.Sessions) > 0 {
			m.pace = m.pace.after(msg.took+m.home.took, msg.catalog.Progress.Loading, time.Now())
		}
		cmd = tea.Batch(cmd, awaitCatalog(m.world.ctx, m.world.opts.Sources, m.pace))
	}
	if s := m.wanted(); s != nil {
		m.started = true
		cmd = tea.Batch(cmd, m.visit(visit.Msg{Session: s, Query: m.home.ask.Query}))
	}
	if m.world.wait && !m.given && !msg.catalog.Progress.Loading {
		m.given = true
		cmd = tea.Batch(cmd, giveBack(m.world.ctx))
	}
	if m.later != nil && !msg.catalog.Preview {
		later := m.later
		m.later, m.dirty = nil, true
		cmd = tea.Batch(cmd, later())
	}
	return tea.Batch(cmd, m.tick())
}

// wanted returns the session that Options.Start asks for, once it is there.
func (m *model) wanted() *eventlog.Session {
	if m.started {
		return nil
	}
	start, c := m.world.opts.Start, m.catalog
	if start == "only" {
		if c.Progress.Loading {
			return nil
		}
		m.started = len(c.Sessions) > 0
		if len(c.Sessions) == 1 {
			return c.Sessions[0]
		}
		return nil
	}
	for _, s := range c.Sessions {
		if strings.HasPrefix(s.ID, start) {
			return s
		}
	}
	if !c.Progress.Loading && len(c.Sessions) > 0 {
		m.notice, m.started = "no session begins with "+start, true
	}
	return nil
}

// visit goes where somebody asked to go: within the session in front, or to
// another one, over it.
func (m *model) visit(msg visit.Msg) tea.Cmd {
	if m.early(func() tea.Cmd { return m.visit(msg) }) {
		return nil
	}
	if msg.Session == nil && m.catalog != nil {
		id := msg.ID
		if id == "" && msg.Record != nil {
			id = msg.Record.Session
		}
		msg.Session, _ = m.catalog.Session(id)
	}
	if e, ok := m.screen().(*explorer); ok {
		if cmd, ok := e.visit(msg); ok {
			return cmd
		}
	}
	if msg.Session == nil && msg.ID == "" && msg.Record == nil && msg.Query.String() != "" {
		return m.filtered(msg.Query)
	}
	if msg.Session == nil {
		return nil
	}
	return m.push(newExplorer(m.world, msg, m.catalog))
}

// filtered goes to the sessions that a filter lets through.
func (m *model) filtered(q eventlog.Query) tea.Cmd {
	there := m.goHome(keymap.GoSessions)
	before := m.home.Query()
	m.home.ask.Period = overview.All // whoever asks knows sessions of any age
	cmd, err := m.home.Filter(q.String())
	if err != nil {
		m.notice = err.Error()
		return there
	}
	m.home.Remember(before)
	return tea.Batch(there, cmd)
}

// push puts a screen on top.
func (m *model) push(s screen) tea.Cmd {
	if len(m.above) >= deepest {
		m.above[0].Close()
		m.above = m.above[1:]
	}
	m.above = append(m.above, s)
	m.dirty = true
	return tea.Batch(s.Open(), s.Resize(m.width, m.height-1))
}

// pop goes back to the screen below.
func (m *model) pop() {
	if n := len(m.above); n > 0 {
		m.above[n-1].Close()
		m.above = m.above[:n-1]
	}
}
