package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// screen fills the terminal but for the footer. Its first row is the header,
// its second the crumbs, which give way to the prompt.
type screen interface {
	Open() tea.Cmd // called once, before anything else
	Resize(width, height int) tea.Cmd
	Know(*eventlog.Catalog) tea.Cmd
	Do(a keymap.Action, count int) (tea.Cmd, bool)
	// With does an action with what was typed behind its name.
	With(a keymap.Action, text string) (tea.Cmd, error)
	// Moment goes to a moment as people write it: +5m behind the beginning.
	Moment(text string) (tea.Cmd, error)
	Update(msg tea.Msg) (cmd tea.Cmd, changed bool)
	Draw(t *theme.Theme) []string
	Click(x, y int) tea.Cmd
	Wheel(w wheelMsg) tea.Cmd
	Scopes() []keymap.Scope // innermost first
	Hints() []keymap.Action
	Panels() int
	Focus() int // of the focused panel, from one
	SetFocus(int) tea.Cmd
	Query() string
	Filter(text string) (tea.Cmd, error)
	Remember(query string)     // keep a filter that was left
	Unfilter() (tea.Cmd, bool) // go back to it
	Count() string             // what the filter lets through
	Title() string
	Live() bool
	About() about // what is selected, for commands of the person
	// Inner leaves what the screen is in the middle of, which esc does before it
	// clears the filter. It reports whether there was anything.
	Inner() (tea.Cmd, bool)
	// Back leaves what the screen shows over itself. It reports whether there
	// was anything.
	Back() (tea.Cmd, bool)
	Close()
}

// world is what all screens share.
type world struct {
	ctx  context.Context
	opts Options
	now  func() time.Time
	wait bool // watch for changes and tick; tests do not
}

func (w *world) stamp() eventlog.Stamp { return eventlog.StampOf(w.now()) }

// zone is where the person is.
func (w *world) zone() *time.Location { return w.now().Location() }

// rect is where a pane lies on the screen.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// grow is how much room the focused pane takes.
type grow int

const (
	normal grow = iota
	half
	full
)

// strip returns a header row: parts at the left, a remark at the right, which
// gives way first.
func strip(t *theme.Theme, width int, right string, parts ...frame.Part) string {
	l := frame.NewLine(width, t.Strip).Space(1)
	n := 0
	for _, p := range parts {
		n += frame.Width(p.Text)
	}
	if l.Used()+n+frame.Width(right)+3 > width {
		right = ""
	}
	for _, p := range parts {
		l.Foreign(p.Style, p.Text)
		for i := len(p.Text) - 1; i >= 0 && p.Text[i] == ' '; i-- {
			l.Space(1)
		}
	}
	if right != "" {
		l.To(width-1-frame.Width(right)).Put(t.Dim, right)
	}
	return l.String()
}
