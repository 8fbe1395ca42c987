package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/cost"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// homeCost is the page of what the sessions that are shown cost.
type homeCost struct {
	costs
	home *home
}

func (p *homeCost) Resize(width, height int) tea.Cmd {
	p.costs.Resize(width, height)
	return nil
}

func (p *homeCost) Show(v *overview.View) tea.Cmd { return p.costs.Show(v.Report, v.Catalog) }

func (p *homeCost) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if a == keymap.Open && !p.auditing {
		return p.drill(), true
	}
	return p.costs.Do(a, n)
}

// drill shows the sessions that a line of the table adds up.
func (p *homeCost) drill() tea.Cmd {
	key, ok := p.table.Selected()
	if !ok {
		return nil
	}
	if s, found := p.catalog.Session(key); found && p.table.By() == cost.Session {
		return visit.To(visit.Msg{Session: s})
	}
	turn, _ := p.home.turn(keymap.GoSessions)
	if day, err := time.ParseInLocation("2006-01-02", key, time.UTC); p.table.By() == cost.Day && err == nil {
		return tea.Batch(p.home.between(day, day.AddDate(0, 0, 1)), turn)
	}
	before := p.home.Query()
	cmd, err := p.home.Filter(drillQuery(p.table.By(), key))
	if err != nil {
		return nil
	}
	p.home.Remember(before)
	return tea.Batch(cmd, turn)
}

func (p *homeCost) Scroll(d int) tea.Cmd {
	p.costs.Scroll(d)
	return nil
}

func (p *homeCost) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Cost} }

func (p *homeCost) Hints() []keymap.Action {
	return p.hints(keymap.Filter, keymap.Period, keymap.Back)
}

func (p *homeCost) Close() { p.close() }

// drillQuery is the filter that shows what a line of the cost table adds up.
func drillQuery(by cost.By, key string) string {
	switch by {
	case cost.Day:
		return "since:" + key
	case cost.Session:
		return `session:"` + key + `"`
	}
	return by.String() + `:"` + strings.ReplaceAll(key, `"`, "*") + `"`
}
