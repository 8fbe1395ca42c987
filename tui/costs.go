package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/audit"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// costs is the Cost screen: the table of what it cost or, in its place, the
// audit of the figures.
type costs struct {
	table    cost.Pane
	audit    audit.Pane
	auditing bool
	catalog  *eventlog.Catalog
}

func newCosts(ctx context.Context, o *Options) costs {
	return costs{table: cost.New(o.Prices), audit: audit.New(ctx, o.Find, o.Prices)}
}

func (c *costs) Resize(width, height int) {
	c.table.Resize(width, height)
	c.audit.Resize(width, height)
}

// Show takes new sums.
func (c *costs) Show(r *rollup.Report, cat *eventlog.Catalog) tea.Cmd {
	c.catalog = cat
	c.table.Show(r, cat)
	if c.auditing {
		return c.audit.Show(cat)
	}
	return nil
}

func (c *costs) Update(msg tea.Msg) (tea.Cmd, bool) { return c.audit.Update(msg) }

// Do does an action of the screen. Opening a line of the table is for whoever
// shows the screen.
func (c *costs) Do(a keymap.Action, n int) (cmd tea.Cmd, done bool) {
	switch {
	case a == keymap.Audit:
		c.auditing = !c.auditing
		if c.auditing && c.catalog != nil {
			return c.audit.Show(c.catalog), true
		}
		return nil, true
	case !c.auditing:
		return nil, c.table.Do(a, n)
	case a == keymap.Open:
		return c.audit.Enter(), true
	}
	return nil, c.audit.Do(a, n)
}

// Back leaves the audit, level by level. It reports whether it was shown.
func (c *costs) Back() bool {
	if !c.auditing {
		return false
	}
	if !c.audit.Back() {
		c.auditing = false
	}
	return true
}

func (c *costs) Scroll(d int) {
	if c.auditing {
		c.audit.Scroll(d)
		return
	}
	c.table.Scroll(d)
}

func (c *costs) Click(x, y int) tea.Cmd {
	if c.auditing {
		return c.audit.Click(y)
	}
	c.table.Click(x, y)
	return nil
}

func (c *costs) Draw(t *theme.Theme, number int, active bool) []string {
	if c.auditing {
		return c.audit.Draw(t, number, active)
	}
	return c.table.Draw(t, number, active)
}

// hints are the keys of the screen; others stand behind them.
func (c *costs) hints(others ...keymap.Action) []keymap.Action {
	if c.auditing {
		return []keymap.Action{keymap.Open, keymap.Audit, keymap.Back}
	}
	return append([]keymap.Action{keymap.Group, keymap.Open, keymap.Audit}, others...)
}

// close ends what is under way.
func (c *costs) close() { c.audit.Stop() }
