// Package variants is the page of experiments: the sessions that name one, by
// their variants side by side, with a word where nothing may be concluded of the
// figures.
package variants

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/table"
)

// Pane is the page.
type Pane struct {
	ctx     context.Context
	show    func(experiment, variant string) tea.Cmd
	working job.Job
	view    *overview.View
	told    *told
	halted  bool // the person called it off

	table   table.Table[line]
	by      measure
	reverse bool

	width, height int
}

// New returns the page. show is what opening a variant does.
func New(ctx context.Context, show func(experiment, variant string) tea.Cmd) *Pane {
	p := &Pane{ctx: ctx, show: show}
	p.table.Key = (*line).key
	p.table.IsBand = func(l *line) bool { return l.variant == nil }
	p.table.Band = band
	p.table.Columns = columns()
	return p
}

// toldMsg brings what the page shows.
type toldMsg struct {
	p      *Pane
	ticket job.Ticket
	told   *told
}

// Show takes a new view.
func (p *Pane) Show(v *overview.View) tea.Cmd {
	p.view = v
	if p.halted {
		return nil
	}
	return p.work()
}

func (p *Pane) work() tea.Cmd {
	ctx, ticket, ok := p.working.Start(p.ctx)
	if !ok {
		return nil
	}
	v := p.view
	return func() tea.Msg { return toldMsg{p, ticket, tell(ctx, v.Catalog, v.Keeps)} }
}

// Update takes what was worked out.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(toldMsg)
	if !ok || m.p != p {
		return nil, false
	}
	fresh, again := p.working.Land(m.ticket)
	if !fresh || m.told == nil {
		return nil, false
	}
	p.told = m.told
	p.lay()
	if again {
		return p.work(), true
	}
	return nil, true
}

func (p *Pane) lay() {
	if p.told == nil {
		return
	}
	p.table.Set(p.told.lines(p.by, p.reverse))
	p.Resize(p.width, p.height)
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.table.Resize(width, min(p.table.Len()+1, height-1-p.below()))
	return nil
}

// below is how many rows the picture of the selected experiment takes, with its
// title: what the table leaves, but one row of measures in any case, and no more
// than there are.
func (p *Pane) below() int {
	l := p.table.Selected()
	if p.height < 18 || l == nil {
		return 0
	}
	one := len(l.of.Variants) + 2
	if one > p.height/2 {
		return 0
	}
	stacks := (len(shown) + p.across() - 1) / p.across()
	return 1 + one*max(1, min(stacks, (p.height-3-p.table.Len())/one))
}

// Do moves the cursor, sorts, or shows the sessions of the selected variant.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Open:
		return p.open(), true
	case keymap.Sort:
		p.by = (p.by + 1) % measures
		p.lay()
	case keymap.Reverse:
		p.reverse = !p.reverse
		p.lay()
	case keymap.NextError:
		p.table.Seek(1, erred)
	case keymap.PrevError:
		p.table.Seek(-1, erred)
	default:
		if !p.table.Do(a, n) {
			return nil, false
		}
	}
	p.Resize(p.width, p.height) // experiments have pictures of different heights
	return nil, true
}

func erred(l *line) bool { return l.variant != nil && l.variant.Sum.Errors > 0 }

func (p *Pane) open() tea.Cmd {
	if p.halted {
		p.halted = false
		return p.work()
	}
	l := p.table.Selected()
	if l == nil || l.variant == nil {
		return nil
	}
	return p.show(l.of.Name, l.variant.Name)
}

// Click selects a row; a second click opens it.
func (p *Pane) Click(_, y int) tea.Cmd {
	if y >= p.height-p.below() {
		return nil
	}
	again := p.table.Click(y - 1)
	p.Resize(p.width, p.height)
	if again {
		return p.open()
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.table.Scroll(d)
	p.Resize(p.width, p.height)
	return nil
}

// Back calls off what is being worked out.
func (p *Pane) Back() bool {
	if p.told != nil || !p.working.Busy() {
		return false
	}
	p.working.Stop()
	p.halted = true
	return true
}

// Scopes are none: the keys of lists do.
func (p *Pane) Scopes() []keymap.Scope { return nil }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.Sort, keymap.NextError, keymap.Filter, keymap.Period, keymap.Back}
}

// Close calls off what is under way.
func (p *Pane) Close() { p.working.Stop() }
