package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// page is one view on a screen. It fills the body of the screen, or the upper
// part of it where the step that is selected is shown below.
type page interface {
	Resize(width, height int) tea.Cmd
	Update(msg tea.Msg) (cmd tea.Cmd, changed bool)
	Do(a keymap.Action, n int) (tea.Cmd, bool)
	Draw(t *theme.Theme, number int, active bool) []string
	Click(x, y int) tea.Cmd
	Scroll(d int) tea.Cmd
	// Back leaves a level of the page. It reports whether there was one.
	Back() bool
	// Scopes are those of the page's own keys, innermost first.
	Scopes() []keymap.Scope
	Hints() []keymap.Action
	Close()
}

// homePage is a page about all sessions.
type homePage interface {
	page
	Show(v *overview.View) tea.Cmd
}

// sessionPage is a page about an opened session. It is shown the session when
// it comes to the front, and again whenever something changed.
type sessionPage interface {
	page
	Show(s *opened.Session) tea.Cmd
	// Selected returns the step that is selected, or zero: then the one that was
	// selected before remains so.
	Selected() eventlog.SpanID
	// Select goes to a step, if the page shows it.
	Select(eventlog.SpanID) tea.Cmd
}
