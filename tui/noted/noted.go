// Package noted is the page of what people wrote: notes, tags and marks, of all
// sessions or of an opened one.
package noted

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Pane is the page.
type Pane struct {
	book          *notes.Book // nil where notes cannot be kept
	now           func() time.Time
	table         table.Table[row]
	session       string // whose notes are shown; empty is all
	catalog       *eventlog.Catalog
	width, height int
}

// row is a note and the session that it is on, where that is there.
type row struct {
	notes.Note
	session *eventlog.Session
}

// New returns the page of a book.
func New(book *notes.Book, now func() time.Time) *Pane {
	p := &Pane{book: book, now: now}
	p.table.Key = func(r *row) string { return r.ID }
	p.table.Columns = []table.Column[row]{
		{Head: "", Width: 1, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			switch r.Kind {
			case notes.Mark:
				return t.Pin, t.Human
			case notes.Tag:
				return "#", t.Agent
			case notes.Name:
				return "=", t.Agent
			}
			return t.Dot, t.Dim
		}},
		{Head: "KIND", Width: 4, Rank: 4, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return string(r.Kind), t.Dim }},
		{Head: "TEXT", Least: 16, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.Text == "" {
				return "a mark", t.Dim
			}
			return r.Text, t.Text
		}},
		{Head: "ON", Width: 34, Rank: 1, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			name, style := r.Session, t.Dim
			if r.session != nil {
				name, style = r.session.Label(), t.Text
			}
			if r.OnEvent() {
				return "a step of " + name, style
			}
			return name, style
		}},
		{Head: "BY", Width: 10, Rank: 3, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return r.Author, t.Dim }},
		{Head: "AGO", Width: 4, Right: true, Rank: 2, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			return figure.Ago(p.now().Sub(r.Time.Time())), t.Dim
		}, Less: func(a, b *row) int { return int(min(1, max(-1, b.Time-a.Time))) }},
	}
	return p
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.table.Resize(width, height-1)
	return nil
}

// fill takes what the book has now.
func (p *Pane) fill() {
	if p.book == nil || p.catalog == nil {
		return
	}
	all := p.book.All()
	if p.session != "" {
		all = p.book.Of(p.session)
	}
	rows := make([]row, 0, len(all))
	for _, n := range slices.Backward(all) { // newest first
		s, _ := p.catalog.Session(n.Session)
		rows = append(rows, row{n, s})
	}
	p.table.Set(rows)
}

// Update takes nothing: the page is shown what there is.
func (p *Pane) Update(tea.Msg) (tea.Cmd, bool) { return nil, false }

// Do moves the cursor, goes to what a note is on, or deletes it.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	r := p.table.Selected()
	switch a {
	case keymap.Open:
		if r != nil {
			return p.visit(r), true
		}
		return nil, true
	case keymap.Delete:
		if r != nil {
			return p.remove(r.Note), true
		}
		return nil, true
	case keymap.Copy:
		if r != nil {
			return ask.Copy(r.Text, string(r.Kind)), true
		}
	}
	return nil, p.table.Do(a, n)
}

// visit goes to the session or the step that a note is on.
func (p *Pane) visit(r *row) tea.Cmd {
	if r.session == nil {
		return ask.Tell("that session is not here")
	}
	to := visit.Msg{Session: r.session}
	if r.OnEvent() && !r.Place.IsZero() {
		to.Record = &eventlog.Finding{Path: r.Place.Path, Pos: r.Place.Pos, Sub: r.Place.Sub + 1, Session: r.Session}
	}
	return visit.To(to)
}

// remove deletes a note when the person means it.
func (p *Pane) remove(n notes.Note) tea.Cmd {
	what := n.Text
	if what == "" {
		what = "this mark"
	}
	return ask.Do(ask.Sure{Question: fmt.Sprintf("delete the %s %s?", n.Kind, escape.Line(what)), Yes: func() tea.Cmd {
		if err := p.book.Delete(n.ID, eventlog.StampOf(p.now())); err != nil {
			return ask.Tell("it could not be deleted: " + err.Error())
		}
		p.fill()
		return ask.Tell("deleted")
	}})
}

// Click selects a row; a second click goes there.
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

// Scopes are those of pages with things that can be deleted.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Pages} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.Delete, keymap.Copy, keymap.Sort, keymap.Back}
}

// Close ends nothing.
func (p *Pane) Close() {}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	right := frame.Part{Style: t.Dim, Text: figure.Plural(int64(p.table.Len()), "note")}
	rows := []string{frame.Title(t, p.width, number, "Notes", active, right)}
	switch {
	case p.book == nil:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "There is no folder in which notes could be kept: set HOME."})...), p.width, p.height)
	case p.table.Len() == 0:
		parts := []frame.Part{{Style: t.Bright, Text: "No note yet."}, {Style: t.Text, Text: "a writes one on what is selected, # tags, m marks."}, {Style: t.Dim, Text: "Notes are kept beside the logs, never in them."}}
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, parts...)...), p.width, p.height)
	}
	return frame.Fill(append(rows, p.table.Draw(t, active)...), p.width, p.height)
}

// All is the page of the notes of all sessions.
type All struct{ *Pane }

// Show takes a new view.
func (a All) Show(v *overview.View) tea.Cmd {
	a.catalog = v.Catalog
	a.fill()
	return nil
}

// One is the page of the notes of an opened session.
type One struct{ *Pane }

// Show takes the session.
func (o One) Show(s *opened.Session) tea.Cmd {
	o.catalog, o.session = s.Catalog, s.ID
	o.fill()
	return nil
}

// Selected returns no step: a note may be on none.
func (o One) Selected() eventlog.SpanID { return 0 }

// Select does nothing for the same reason.
func (o One) Select(eventlog.SpanID) tea.Cmd { return nil }
