package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// A catalog that is a preview has all that the first screen shows, and not what lies
// behind it: single calls, and the runs of what is over. The moment that it stands is
// mostly over before anybody presses a key. What is asked for meanwhile is done when the
// catalog is whole.

// ofPreview are the actions that a preview is enough for: about what is on the screen
// of the sessions, and how it is shown.
var ofPreview = map[keymap.Action]bool{
	keymap.QuitNow: true, keymap.Close: true, keymap.Back: true, keymap.Keys: true, keymap.Mouse: true, keymap.ThemeToggle: true,
	keymap.Suspend: true, keymap.Redraw: true, keymap.Panel1: true, keymap.Panel2: true, keymap.Panel3: true, keymap.Panel4: true,
	keymap.PanelNext: true, keymap.PanelPrev: true, keymap.Larger: true, keymap.Smaller: true,
	keymap.Down: true, keymap.Up: true, keymap.HalfDown: true, keymap.HalfUp: true, keymap.PageDown: true, keymap.PageUp: true,
	keymap.Top: true, keymap.End: true, keymap.FoldShut: true, keymap.FoldAll: true, keymap.Flat: true,
	keymap.Sort: true, keymap.Reverse: true,
}

// early reports whether something comes too early for the catalog, and has it done
// later. Of several things the last one counts.
func (m *model) early(later func() tea.Cmd) bool {
	if m.catalog == nil || !m.catalog.Preview {
		return false
	}
	m.later = later
	m.world.opts.Sources.Want()
	return true
}

// tooEarly reports whether a catalog knows too little for what the home screen asks.
func (m *model) tooEarly(c *eventlog.Catalog) bool {
	return c.Preview && (m.home.ask.Query.ReadsRuns() || slices.ContainsFunc(m.home.views.queries(), eventlog.Query.ReadsRuns))
}

// shown has the whole catalog made once a preview is on the screen.
func (m *model) shown(v *overview.View) tea.Cmd {
	if !v.Catalog.Preview {
		return nil
	}
	ctx, sources, wait := m.world.ctx, m.world.opts.Sources, m.world.wait
	return func() tea.Msg {
		const drawn = 100 * time.Millisecond
		if !wait || pause(ctx, drawn) {
			sources.Want()
		}
		return nil
	}
}
