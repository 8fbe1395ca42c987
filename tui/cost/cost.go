// Package cost is the Cost page: a table of what calls came to by agent, model,
// session, tool, day, branch or metadata, each by itself and with everything below
// it, and around it what each day cost, what caches saved and missed, and what was
// cut before anything was added up. What was recorded, what was estimated and what
// has no price are kept apart everywhere. It draws sums and makes none.
package cost

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Options say what the page goes by.
type Options struct {
	Prices string         // what estimates are made with
	Day    eventlog.Money // what a day may cost; zero is no limit
	Each   eventlog.Money // what a session may cost; zero is no limit
	Days   bool           // begin with what each day cost, and say at what pace it goes
}

// view is something that stands below or beside the table.
type view int

// The views, in the order in which they are gone through.
const (
	perDay view = iota
	caches
	why
	views
)

// Pane is the page.
type Pane struct {
	options       Options
	width, height int
	at            [views]rect
	ledger        rect // of the table
	view          view // the first of those that there is no room for all of
	alone         bool // there is room for one thing only, and it is not the table
	inside        bool // the cache has the keys, not the table

	by    By
	table table.Table[row]
	built struct { // what the columns of the table are made for
		by    By
		width int
	}
	top     float64 // what the longest bar of the table shows
	report  *rollup.Report
	catalog *eventlog.Catalog

	days  []day
	pace  pace
	today string // the day it is, in UTC

	spent Spent
	leaks leaks
}

// rect is where something lies.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// New returns the page.
func New(o Options) *Pane {
	p := &Pane{options: o, by: groupings[0].by}
	if !o.Days {
		p.view = caches
	}
	p.leaks.causes.Key = func(c *cache.CauseSum) string { return c.Cause.String() }
	p.leaks.causes.Columns = causeColumns(&p.leaks)
	return p
}

// The least room in which everything is seen at once, in which two things stand
// below the table, and in which one does.
const (
	allWidth, allHeight = 150, 36
	twoWidth, twoHeight = 100, 20
	oneHeight           = 17
)

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout divides the room among the table and the views.
func (p *Pane) layout() {
	w, h := p.width, p.height-p.budgetRows()
	p.at, p.ledger = [views]rect{}, rect{}
	next := func(n int) view { return (p.view + view(n)) % views }
	switch {
	case w >= allWidth && h >= allHeight:
		low := max(12, h/3)
		right := max(56, w*2/5)
		p.ledger, p.at[perDay] = rect{0, 0, w - right - 1, h - low}, rect{w - right, 0, right, h - low}
		p.at[caches], p.at[why] = rect{0, h - low, w - right - 1, low}, rect{w - right, h - low, right, low}
	case w >= twoWidth && h >= twoHeight:
		low := max(11, h*9/20)
		left := (w - 1) / 2
		p.ledger = rect{0, 0, w, h - low}
		p.at[next(0)], p.at[next(1)] = rect{0, h - low, left, low}, rect{left + 1, h - low, w - left - 1, low}
	case h >= oneHeight:
		low := max(10, h/2)
		p.ledger, p.at[next(0)] = rect{0, 0, w, h - low}, rect{0, h - low, w, low}
	case p.alone:
		p.at[p.view] = rect{0, 0, w, h}
	default:
		p.ledger = rect{0, 0, w, h}
	}
	if p.at[caches].h == 0 {
		p.inside = false
	}
	if p.built.by != p.by || p.built.width != p.ledger.w {
		p.rebuild()
	}
	p.table.Resize(p.ledger.w, max(0, p.ledger.h-1))
	p.leaks.resize(p.at[caches].w, p.at[caches].h, p.width, p.height)
}

// Show takes new sums.
func (p *Pane) Show(r *rollup.Report, c *eventlog.Catalog) {
	p.report, p.catalog = r, c
	p.regroup()
}

// ShowDays takes what each day cost, the oldest first, on the day that today is.
func (p *Pane) ShowDays(days []rollup.Group, today string) {
	p.days, p.today = lastDays(days, today), today
	p.pace = paceOf(days, today)
}

// Spent is what budgets are held against.
type Spent struct {
	Today rollup.Sum
	Over  int // sessions that cost more than one may
	Of    int
	One   *rollup.Sum // of an opened session, instead of the three
}

// ShowSpent takes what was spent.
func (p *Pane) ShowSpent(s Spent) { p.spent = s }

// Do does an action of the page, but for opening what is selected. It reports
// whether the action was one of the page.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if p.leaks.open {
		return nil, p.leaks.misses.Do(a, n)
	}
	switch a {
	case keymap.Group:
		return p.group(), true
	case keymap.FoldOpen:
		p.regroupBy(p.beside(1))
	case keymap.GroupPrev, keymap.FoldShut:
		p.regroupBy(p.beside(-1))
	case keymap.CostView:
		p.turn()
	default:
		if p.inside {
			return nil, p.leaks.causes.Do(a, n)
		}
		return nil, p.table.Do(a, n)
	}
	return nil, true
}

// turn goes on to the next view. Where all are seen, it is the keys that go on.
func (p *Pane) turn() {
	seen := 0
	for i := range p.at {
		if p.at[i].h > 0 {
			seen++
		}
	}
	switch {
	case seen == int(views):
		p.inside = !p.inside
		return
	case p.ledger.h > 0 && seen == 0:
		p.alone = true
	case p.ledger.h == 0 && p.view == p.first(-1):
		p.alone, p.view = false, p.first(0)
	default:
		p.view = (p.view + 1) % views
	}
	p.inside = p.alone && p.view == caches || p.ledger.h > 0 && seen > 0 && p.view == caches
	p.layout()
}

// first returns the view that the page begins with, or the one before it.
func (p *Pane) first(d view) view {
	begin := caches
	if p.options.Days {
		begin = perDay
	}
	return (begin + d + views) % views
}

// Inside reports whether the cache has the keys, so that opening is for it.
func (p *Pane) Inside() bool { return p.inside || p.leaks.open }

// Enter goes one level down in the cache: to the misses of a cause. Of a miss it
// returns the one that is selected.
func (p *Pane) Enter() *cache.Miss { return p.leaks.enter() }

// Back goes one level up. It reports whether there was one.
func (p *Pane) Back() bool {
	switch {
	case p.leaks.open:
		p.leaks.open = false
	case p.inside && p.ledger.h > 0:
		p.inside = false
	case p.alone && p.ledger.h == 0:
		p.alone, p.inside, p.view = false, false, p.first(0)
		p.layout()
	default:
		return false
	}
	return true
}

// Panels returns how many parts take keys.
func (p *Pane) Panels() int {
	if p.leaks.open {
		return 1
	}
	return 2
}

// Focus returns the part that has the keys.
func (p *Pane) Focus() int {
	if p.inside {
		return 2
	}
	return 1
}

// SetFocus gives the keys to the table or to the cache.
func (p *Pane) SetFocus(n int) {
	if p.leaks.open {
		return
	}
	p.inside = n == 2
	if p.inside && p.at[caches].h == 0 {
		p.view, p.alone = caches, true
	} else if !p.inside && p.ledger.h == 0 {
		p.view, p.alone = p.first(0), false
	}
	inside := p.inside
	p.layout()
	p.inside = inside && p.at[caches].h > 0
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) {
	switch {
	case p.leaks.open:
		p.leaks.misses.Scroll(d)
	case p.inside:
		p.leaks.causes.Scroll(d)
	default:
		p.table.Scroll(d)
	}
}

// Click selects the row at a place, or the grouping whose name was hit. It reports
// whether the row was selected before: a second click opens it.
func (p *Pane) Click(x, y int) (again bool) {
	at := p.at[caches]
	switch {
	case p.leaks.open:
		return p.leaks.misses.Click(y - 1)
	case at.holds(x, y):
		p.inside = true
		return p.leaks.causes.Click(y - at.y - leakHead)
	case p.ledger.holds(x, y):
		p.inside = false
		if y == p.ledger.y {
			p.clickTitle(x)
			return false
		}
		return p.table.Click(y - p.ledger.y - 1)
	}
	return false
}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	if p.leaks.open {
		return p.leaks.draw(t, p, active)
	}
	draw := func(v view) []string {
		at := p.at[v]
		switch v {
		case perDay:
			return p.drawDays(t, at.w, at.h)
		case caches:
			return p.leaks.summary(t, p, at.w, at.h, active && p.inside)
		}
		return p.drawWhy(t, at.w, at.h)
	}
	var rows []string
	if p.ledger.h > 0 {
		rows = p.drawTable(t, number, active && !p.inside)
	}
	if p.ledger.h > 0 && p.ledger.w < p.width {
		rows = frame.Beside(t, rows, draw(perDay))
		rows = append(rows, frame.Beside(t, draw(caches), draw(why))...)
	} else {
		first := p.view
		if second := (first + 1) % views; p.at[second].h > 0 {
			rows = append(rows, frame.Beside(t, draw(first), draw(second))...)
		} else if p.at[first].h > 0 {
			rows = append(rows, draw(first)...)
		}
	}
	rows = frame.Fill(rows, p.width, p.height-p.budgetRows())
	if p.budgetRows() > 0 {
		rows = append(rows, p.budget(t))
	}
	return frame.Fill(rows, p.width, p.height)
}
