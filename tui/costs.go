package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/audit"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// costs is the Cost screen: the table of what it cost and what stands around it or,
// in their place, the audit of the figures.
type costs struct {
	pane     *cost.Pane
	audit    audit.Pane
	auditing bool
	catalog  *eventlog.Catalog
}

// newCosts returns the screen; days says that days, and what a day may cost, matter
// there.
func newCosts(ctx context.Context, o *Options, days bool) costs {
	return costs{
		pane:  cost.New(cost.Options{Prices: o.Prices, Day: o.Budget.Day, Each: o.Budget.Session, Days: days}),
		audit: audit.New(ctx, o.Find, o.Prices),
	}
}

func (c *costs) Resize(width, height int) {
	c.pane.Resize(width, height)
	c.audit.Resize(width, height)
}

// Show takes new sums.
func (c *costs) Show(r *rollup.Report, cat *eventlog.Catalog) tea.Cmd {
	c.catalog = cat
	c.pane.Show(r, cat)
	if c.auditing {
		return c.audit.Show(cat)
	}
	return nil
}

func (c *costs) Update(msg tea.Msg) (tea.Cmd, bool) { return c.audit.Update(msg) }

// Do does an action of the screen. Opening what is selected is for whoever shows
// the screen.
func (c *costs) Do(a keymap.Action, n int) (cmd tea.Cmd, done bool) {
	switch {
	case a == keymap.Audit:
		c.auditing = !c.auditing
		if c.auditing && c.catalog != nil {
			return c.audit.Show(c.catalog), true
		}
		return nil, true
	case !c.auditing:
		return c.pane.Do(a, n)
	case a == keymap.Open:
		return c.audit.Enter(), true
	}
	return nil, c.audit.Do(a, n)
}

// Back leaves the audit, or what the screen was gone into, level by level. It
// reports whether there was anything to leave.
func (c *costs) Back() bool {
	if !c.auditing {
		return c.pane.Back()
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
	c.pane.Scroll(d)
}

// click selects what was hit. It reports whether that is to be opened.
func (c *costs) click(x, y int) (tea.Cmd, bool) {
	if c.auditing {
		return c.audit.Click(y), false
	}
	return nil, c.pane.Click(x, y)
}

func (c *costs) Draw(t *theme.Theme, number int, active bool) []string {
	if c.auditing {
		return c.audit.Draw(t, number, active)
	}
	return c.pane.Draw(t, number, active)
}

// Panels returns how many parts take keys.
func (c *costs) Panels() int {
	if c.auditing {
		return 1
	}
	return c.pane.Panels()
}

// Focus returns the part that has the keys.
func (c *costs) Focus() int {
	if c.auditing {
		return 1
	}
	return c.pane.Focus()
}

// SetFocus gives the keys to a part.
func (c *costs) SetFocus(n int) tea.Cmd {
	if !c.auditing {
		c.pane.SetFocus(n)
	}
	return nil
}

// hints are the keys of the screen; others stand behind them.
func (c *costs) hints(others ...keymap.Action) []keymap.Action {
	if c.auditing {
		return []keymap.Action{keymap.Open, keymap.Audit, keymap.Back}
	}
	return append([]keymap.Action{keymap.Group, keymap.Open, keymap.CostView, keymap.Audit, keymap.Sort}, others...)
}

// close ends what is under way.
func (c *costs) close() { c.audit.Stop() }

// label is what a session is called.
func (c *costs) label(id string) string {
	if s, ok := c.catalog.Session(id); ok {
		return s.Label()
	}
	return id
}

// drillQuery is the filter that shows what a line of the cost table adds up. It is
// empty where no filter can.
func drillQuery(by cost.By, key string) string {
	switch by {
	case cost.Day: // of UTC, like the table
		day, err := time.Parse(time.DateOnly, key)
		if err != nil {
			return ""
		}
		return "since:" + day.Format(time.RFC3339) + " until:" + day.AddDate(0, 0, 1).Format(time.RFC3339)
	case cost.Session:
		return `session:"` + key + `"`
	}
	field := by.String()
	if name, meta := by.Key(); meta {
		if strings.ContainsAny(name, "\":=<>\r") {
			return ""
		}
		if field = "meta." + name; strings.ContainsAny(name, " \t\n()") {
			field = `meta."` + name + `"`
		}
	}
	// Quotes end a value and commas part it; a star stands for both.
	return field + `:"` + strings.NewReplacer(`"`, "*", ",", "*").Replace(key) + `"`
}
