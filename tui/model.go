package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/audit"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/prompt"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// model is the root. It routes messages to the screens, keys to actions, and
// keeps the last drawn frame until something changes.
type model struct {
	world   *world
	keys    *keymap.Map
	theme   *theme.Theme
	home    *home
	over    *explorer // on top of home, when a session is open
	catalog *eventlog.Catalog

	prompt  prompt.Prompt
	fault   error  // what is wrong with the text in the prompt
	before  string // the filter as it was when the prompt was opened
	help    helpBox
	pending string // the first key of a sequence
	count   int
	notice  string
	mouse   bool
	started bool // Options.Start was done
	ticking bool
	dark    bool
	basic   bool // sixteen colours or none
	stop    context.CancelFunc

	width, height int
	dirty         bool
	frame         string
}

func newModel(ctx context.Context, o Options) *model {
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, stop := context.WithCancel(ctx)
	w := &world{ctx: ctx, opts: o, now: o.Now, wait: true}
	return &model{
		world: w, keys: keymap.New(keymap.Table()), theme: theme.New(true, o.ASCII), home: newHome(w),
		mouse: o.Mouse, dark: true, dirty: true, stop: stop, started: o.Start == "",
	}
}

// close ends all work that is under way.
func (m *model) close() {
	if m.over != nil {
		m.over.Close()
	}
	m.home.Close()
	m.stop()
}

// screen returns the screen on top.
func (m *model) screen() screen {
	if m.over != nil {
		return m.over
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
		m.dirty = true
		m.width, m.height = msg.Width, msg.Height
		return m.resize()
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.paint()
		return nil
	case tea.ColorProfileMsg:
		m.basic = msg.Profile < colorprofile.ANSI256
		m.paint()
		return nil
	case tea.KeyPressMsg:
		m.dirty = true
		return m.key(msg)
	case tea.PasteMsg:
		if m.prompt.IsOpen() {
			m.dirty = true
			return m.typed(m.prompt.Update(msg))
		}
		return nil
	case tea.MouseClickMsg:
		if msg.Button == tea.MouseLeft && !m.help.open {
			m.dirty = true
			return m.screen().Click(msg.X, msg.Y)
		}
		return nil
	case wheelMsg:
		m.dirty = true
		if m.help.open {
			m.help.move(msg.steps)
			return nil
		}
		return m.screen().Wheel(msg)
	case catalogMsg:
		return m.know(msg)
	case openMsg:
		m.dirty = true
		return m.open(msg)
	case audit.GoMsg:
		m.dirty = true
		return m.goTo(&msg.Finding)
	case copyMsg:
		m.dirty = true
		m.notice = msg.what + " copied"
		return tea.SetClipboard(msg.text)
	case tickMsg:
		m.ticking = false
	}
	return m.broadcast(msg)
}

// paint takes the theme that suits the terminal.
func (m *model) paint() {
	m.dirty = true
	if m.basic {
		m.theme = theme.Basic(m.dark, m.world.opts.ASCII)
		return
	}
	m.theme = theme.New(m.dark, m.world.opts.ASCII)
}

// broadcast gives a message to all screens, hidden ones too, so that they stay
// up to date.
func (m *model) broadcast(msg tea.Msg) tea.Cmd {
	cmd, changed := m.home.Update(msg)
	if m.over != nil {
		more, also := m.over.Update(msg)
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
	// Hidden screens are resized as well: size belongs to Update, not to View.
	cmd := m.home.Resize(m.width, m.height-1)
	if m.over != nil {
		cmd = tea.Batch(cmd, m.over.Resize(m.width, m.height-1))
	}
	m.help.resize(m.width, m.height)
	return cmd
}

// know takes a new catalog.
func (m *model) know(msg catalogMsg) tea.Cmd {
	m.catalog = msg.catalog
	cmd := m.home.Know(msg.catalog)
	if m.over != nil {
		cmd = tea.Batch(cmd, m.over.Know(msg.catalog))
		m.dirty = true
	}
	if m.world.wait {
		cmd = tea.Batch(cmd, awaitCatalog(m.world.ctx, m.world.opts.Sources, msg.took))
	}
	if s := m.wanted(); s != nil {
		m.started = true
		cmd = tea.Batch(cmd, m.open(openMsg{session: s, query: m.home.ask.Query}))
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

func (m *model) open(msg openMsg) tea.Cmd {
	if m.over != nil {
		m.over.Close()
	}
	m.over = newExplorer(m.world, msg.session, m.catalog, msg.run)
	m.over.query, m.over.record = msg.query, msg.record
	m.dirty = true
	return tea.Batch(m.over.open(), m.over.Resize(m.width, m.height-1))
}

// goTo goes to the step that a record tells of.
func (m *model) goTo(f *eventlog.Finding) tea.Cmd {
	if m.over != nil {
		if cmd, ok := m.over.goTo(f); ok {
			return cmd
		}
	}
	s, ok := m.catalog.Session(f.Session)
	if !ok {
		return nil
	}
	return m.open(openMsg{session: s, record: f})
}

// pop goes back to the sessions.
func (m *model) pop() {
	m.over.Close()
	m.over = nil
}

// View returns the frame, drawn anew only when something changed.
func (m *model) View() tea.View {
	if m.dirty {
		m.frame = m.draw()
		m.dirty = false
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	v.WindowTitle = "lazytrace" // no foreign text: some terminals act upon titles
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

func (m *model) draw() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	t := m.theme
	rows := frame.Fill(m.screen().Draw(t), m.width, m.height-1)
	if m.prompt.IsOpen() && len(rows) > 1 {
		right := ""
		if m.prompt.Sign() == "/" {
			right = m.screen().Count()
		}
		rows[1] = m.prompt.Draw(t, m.width, right)
	}
	rows = append(rows, m.footer(t))
	if m.help.open {
		rows = frame.Over(rows, m.help.draw(t, m.keys), m.width)
	}
	frame := strings.Join(rows, "\n")
	if m.world.opts.ASCII {
		frame = plainer.Replace(frame)
	}
	return frame
}

// plainer replaces the few signs that texts of ours hold beside the glyphs of
// the theme. All are one cell wide.
var plainer = strings.NewReplacer("…", "~", "·", "-", "→", ">", "↵", "|", "“", "\"", "”", "\"")

// footer shows the keys that work here, or what is wrong.
func (m *model) footer(t *theme.Theme) string {
	l := frame.NewLine(m.width, t.Strip).Space(1)
	switch {
	case m.prompt.IsOpen() && m.fault != nil:
		return l.Foreign(t.Bad, m.fault.Error()).String()
	case m.prompt.IsOpen() && m.prompt.Sign() == ":":
		hint(l, t, "enter", "do it")
		hint(l, t, "esc", "leave")
		return l.Foreign(t.Dim, strings.Join(matching(m.prompt.Text()), "  ")).String()
	case m.prompt.IsOpen():
		hint(l, t, "enter", "keep")
		hint(l, t, "esc", "clear")
		return l.Put(t.Dim, "words  agent:x  tool:x  model:x  kind:tool  err:any  is:running  cost>0.1  dur>30s  since:2h  -not  a OR b").String()
	case m.help.open:
		hint(l, t, "enter", "do it")
		hint(l, t, "esc", "leave")
		return l.Put(t.Dim, "type to find").String()
	case m.notice != "":
		return l.Foreign(t.Human, m.notice).String()
	case m.pending != "" || m.count > 0:
		text := m.pending
		if m.count > 0 {
			text = fmt.Sprintf("%d%s", m.count, m.pending)
		}
		return l.Put(t.Key, text).Put(t.Dim, t.More).String()
	}
	// What gets one out of anywhere stands at the right, whatever fits.
	last := []keymap.Action{keymap.Keys, keymap.Close}
	room := m.width - 1
	for _, a := range last {
		r := m.keys.Row(a)
		room -= len(r.Keys[0]) + len(r.Short) + 3
	}
	for _, a := range m.screen().Hints() {
		r := m.keys.Row(a)
		if l.Used()+len(r.Keys[0])+1+len(r.Short) < room {
			hint(l, t, r.Keys[0], r.Short)
		}
	}
	l.To(max(l.Used(), room+2))
	for _, a := range last {
		r := m.keys.Row(a)
		hint(l, t, r.Keys[0], r.Short)
	}
	return l.String()
}

func hint(l *frame.Line, t *theme.Theme, key, short string) {
	l.Put(t.Key, key).Space(1).Put(t.Dim, short).Space(2)
}

// copyMsg asks to copy a text; what it is, is said to the person.
type copyMsg struct{ text, what string }

func copyText(text, what string) tea.Cmd {
	return func() tea.Msg { return copyMsg{escape.Text(text), what} }
}
