// Package wall is the page of what runs now: a row for each session with its
// meters, those that need somebody first.
package wall

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/sessions"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Pane is the page.
type Pane struct {
	table         table.Table[overview.Live]
	view          *overview.View
	budget        eventlog.Money // of a session; zero is none
	width, height int
}

// New returns the page. budget is what a session may cost; zero is no limit.
func New(budget eventlog.Money) *Pane {
	p := &Pane{budget: budget}
	p.table.Key = func(l *overview.Live) string { return l.Session.ID }
	p.table.Columns = p.columns()
	return p
}

func (p *Pane) columns() []table.Column[overview.Live] {
	return []table.Column[overview.Live]{
		{Head: "", Width: 1, Rank: 0, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) {
			if l.Need != nil && l.Need.Want == eventlog.WantAnswer {
				return t.Waiting, t.Human
			}
			return t.Status(l.Status, l.Need != nil && l.Need.Want == eventlog.WantLook)
		}},
		{Head: "SESSION", Least: 18, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) { return l.Session.Label(), t.Text }},
		{Head: "NEEDS YOU", Width: 22, Rank: 1, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) {
			return p.need(t, l)
		}},
		{Head: "AGENT", Width: 9, Rank: 7, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) { return l.Session.Agent, t.Agent }},
		{Head: "CONTEXT", Width: 12, Rank: 5, Paint: func(f *frame.Line, t *theme.Theme, l *overview.Live) {
			if l.Session.Context == 0 {
				return
			}
			share, style := sessions.Window(l.Session.Context), t.Model
			if share > 0.75 {
				style = t.Warn
			}
			f.Thin(t, style, share, 6).Space(1).Right(t.Dim, figure.Count(l.Session.Context), f.Room())
		}},
		{Head: "BUDGET", Width: 12, Rank: 3, Paint: func(f *frame.Line, t *theme.Theme, l *overview.Live) {
			s := l.Session
			text := figure.Cost(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
			if p.budget > 0 {
				share, style := float64(s.Cost())/float64(p.budget), t.Good
				if share > 0.8 {
					style = t.Warn
				}
				if share > 1 {
					style = t.Bad
				}
				f.Thin(t, style, share, 5).Space(1)
			}
			f.Right(t.Bright, text, f.Room())
		}},
		{Head: "$/H", Width: 6, Right: true, Rank: 8, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) {
			if l.Hour == 0 {
				return "", t.Dim
			}
			return figure.Money(l.Hour), t.Text
		}},
		{Head: "LAST 20 MINUTES", Width: 20, Rank: 9, Paint: func(f *frame.Line, t *theme.Theme, l *overview.Live) {
			top := 1.0
			for _, v := range l.Beats {
				top = max(top, v)
			}
			f.Spark(t, t.Model, l.Beats, top)
		}},
		{Head: "ERR", Width: 4, Right: true, Rank: 4, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) {
			if l.Session.Errors == 0 {
				return "", t.Dim
			}
			return t.Failed + figure.Count(l.Session.Errors), t.BadBold
		}},
		{Head: "TIME", Width: 7, Right: true, Rank: 2, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) {
			return figure.Clock(l.Took), t.Text
		}},
		{Head: "DOES", Width: 22, Rank: 6, Cell: func(t *theme.Theme, l *overview.Live) (string, theme.Style) { return p.does(t, l) }},
	}
}

// need says what a session needs somebody for.
func (p *Pane) need(t *theme.Theme, l *overview.Live) (string, theme.Style) {
	if l.Need == nil {
		return "", t.Dim
	}
	return l.Need.Say(eventlog.StampOf(p.view.Ask.Now)), NeedStyle(t, l.Need.Want)
}

// NeedStyle is the colour of a want.
func NeedStyle(t *theme.Theme, w eventlog.Want) theme.Style {
	switch w {
	case eventlog.WantAnswer:
		return t.Human
	case eventlog.WantLook, eventlog.WantHelp:
		return t.Bad
	}
	return t.Warn
}

// does says what a session did last, and how long ago.
func (p *Pane) does(t *theme.Theme, l *overview.Live) (string, theme.Style) {
	if len(l.Session.Recent) == 0 {
		return "", t.Dim
	}
	h := &l.Session.Recent[0]
	name := p.view.Catalog.Symbols.Name(h.Name)
	if name == "" {
		name = h.Kind.String()
	}
	style := t.Class(h.Kind.Class())
	if h.Failed {
		name, style = t.Failed+" "+name, t.Bad
	}
	if !h.Time.Known() {
		return name, style
	}
	return figure.Ago(eventlog.StampOf(p.view.Ask.Now).Sub(h.Time)) + " " + name, style
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.table.Resize(width, height-1-p.below())
	return nil
}

// below is how many rows the feed of the selected session takes.
func (p *Pane) below() int {
	if p.height < 20 {
		return 0
	}
	return min(12, p.height/3)
}

// Show takes a new view.
func (p *Pane) Show(v *overview.View) tea.Cmd {
	p.view = v
	p.table.Set(append([]overview.Live(nil), v.Live...))
	return nil
}

// Update takes nothing: the page asks for nothing.
func (p *Pane) Update(tea.Msg) (tea.Cmd, bool) { return nil, false }

// Do moves the cursor, or opens what is selected.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Open:
		if l := p.table.Selected(); l != nil {
			return visit.To(visit.Msg{Session: l.Session}), true
		}
		return nil, true
	case keymap.NextNeed, keymap.PrevNeed:
		d := 1
		if a == keymap.PrevNeed {
			d = -1
		}
		p.table.Seek(d, func(l *overview.Live) bool { return l.Need != nil })
		return nil, true
	case keymap.NextError, keymap.PrevError:
		d := 1
		if a == keymap.PrevError {
			d = -1
		}
		p.table.Seek(d, func(l *overview.Live) bool { return l.Session.Errors > 0 })
		return nil, true
	}
	return nil, p.table.Do(a, n)
}

// Selected returns the selected session, or nil.
func (p *Pane) Selected() *eventlog.Session {
	if l := p.table.Selected(); l != nil {
		return l.Session
	}
	return nil
}

// Click selects a row; a second click opens it.
func (p *Pane) Click(_, y int) tea.Cmd {
	if p.table.Click(y - 1) {
		cmd, _ := p.Do(keymap.Open, 0)
		return cmd
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.table.Scroll(d)
	return nil
}

// Back leaves nothing: the page has no levels.
func (p *Pane) Back() bool { return false }

// Scopes are none: the keys of lists do.
func (p *Pane) Scopes() []keymap.Scope { return nil }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.NextNeed, keymap.NextError, keymap.Sort, keymap.Stop, keymap.Copy, keymap.Back}
}

// Close ends nothing.
func (p *Pane) Close() {}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	live, needy := 0, 0
	var hour eventlog.Money
	if p.view != nil {
		for i := range p.view.Live {
			if l := &p.view.Live[i]; l.Status == eventlog.Running {
				live++
			}
			hour += p.view.Live[i].Hour
		}
		needy = len(p.view.Needs)
	}
	right := []frame.Part{{Style: t.Dim, Text: fmt.Sprintf("%d live", live)}}
	if needy > 0 {
		right = append(right, frame.Part{Style: t.Human, Text: fmt.Sprintf("  %d %s you", needy, verb(needy))})
	}
	if hour > 0 {
		right = append(right, frame.Part{Style: t.Dim, Text: "  $" + figure.Money(hour) + " in the last hour"})
	}
	rows := []string{frame.Title(t, p.width, number, "Wall", active, right...)}
	if p.table.Len() == 0 {
		parts := []frame.Part{{Style: t.Bright, Text: "Nothing runs, and nothing needs you."}, {Style: t.Dim, Text: "What is started appears here by itself; g s shows all sessions."}}
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, parts...)...), p.width, p.height)
	}
	rows = append(rows, p.table.Draw(t, active)...)
	if l := p.table.Selected(); l != nil && p.below() > 0 {
		rows = append(rows, p.did(t, l)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// did is what the selected session did last.
func (p *Pane) did(t *theme.Theme, l *overview.Live) []string {
	rows := []string{frame.Title(t, p.width, 0, l.Session.Label(), false, frame.Part{Style: t.Dim, Text: "newest first"})}
	if l.Need != nil {
		f := frame.NewLine(p.width, "").Space(2)
		f.Foreign(NeedStyle(t, l.Need.Want).Bold(), l.Need.Say(eventlog.StampOf(p.view.Ask.Now)))
		if l.Need.Want == eventlog.WantAnswer {
			f.Space(2).Foreign(t.Text, l.Need.Text)
		}
		rows = append(rows, f.String())
	}
	names, zone := p.view.Catalog.Symbols, p.view.Ask.Now.Location()
	for i := range l.Session.Recent {
		h := &l.Session.Recent[i]
		f := frame.NewLine(p.width, "").Space(2)
		when := ""
		if h.Time.Known() {
			when = h.Time.Time().In(zone).Format("15:04:05")
		}
		f.Cell(t.Dim, when, 9).Cell(t.Agent, names.Name(h.Agent), 16).Space(1)
		name := names.Name(h.Name)
		if name == "" {
			name = h.Kind.String()
		}
		style := t.Class(h.Kind.Class())
		if h.Failed {
			style = t.Bad
		}
		f.Cell(style, name, min(40, frame.Width(frame.Clean(name, 40))+2))
		if h.Failed {
			f.Put(t.BadBold, t.Failed+" failed")
		}
		rows = append(rows, f.String())
	}
	return frame.Fill(rows, p.width, p.below())
}

func verb(n int) string {
	if n == 1 {
		return "needs"
	}
	return "need"
}
