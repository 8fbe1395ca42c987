package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/tui/ask"
)

// bookMsg says that the book of notes has changed.
type bookMsg struct{ notice string }

// onSession is a note on a session, without its text.
func (w *world) onSession(s *eventlog.Session) notes.Note {
	return notes.Note{Session: s.ID, Time: w.stamp(), Author: w.opts.Author}
}

// note asks for a text and keeps it. on says what it is on; it is called in a
// command, since the record may have to be read.
func (w *world) note(on func() (notes.Note, error)) tea.Cmd {
	if w.opts.Notes == nil {
		return ask.Tell("there is no folder in which notes could be kept: set HOME")
	}
	return ask.Do(ask.Text{Sign: "note", Hint: "kept beside the logs, with secrets masked; :notes shows all", Enter: func(text string) (tea.Cmd, error) {
		if strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("a note says something")
		}
		return w.keep(on, notes.Text, text), nil
	}})
}

// keep adds a note to the book.
func (w *world) keep(on func() (notes.Note, error), kind notes.Kind, text string) tea.Cmd {
	book := w.opts.Notes
	return func() tea.Msg {
		n, err := on()
		if err == nil {
			n.Kind, n.Text = kind, text
			n, err = book.Add(n)
		}
		if err != nil {
			return ask.Notice("it could not be kept: " + err.Error())
		}
		if kind == notes.Mark {
			return bookMsg{}
		}
		return bookMsg{fmt.Sprintf("%s kept", n.Kind)}
	}
}

// tag asks for a tag of a session, or with a minus for one to take away.
func (w *world) tag(s *eventlog.Session) tea.Cmd {
	book := w.opts.Notes
	if book == nil {
		return ask.Tell("there is no folder in which tags could be kept: set HOME")
	}
	return ask.Do(ask.Text{Sign: "tag", Hint: "one word; -word takes it away; tag:word finds the session", Enter: func(text string) (tea.Cmd, error) {
		text = strings.TrimSpace(text)
		old, gone := strings.CutPrefix(text, "-")
		if !gone {
			return w.keep(func() (notes.Note, error) { return w.onSession(s), nil }, notes.Tag, text), nil
		}
		all := book.Of(s.ID)
		i := slices.IndexFunc(all, func(n notes.Note) bool { return n.Kind == notes.Tag && n.Text == old })
		if i < 0 {
			return nil, fmt.Errorf("nobody tagged this session %q", old)
		}
		at := w.stamp()
		return func() tea.Msg {
			if err := book.Delete(all[i].ID, at); err != nil {
				return ask.Notice("it could not be taken away: " + err.Error())
			}
			return bookMsg{"tag " + old + " taken away"}
		}, nil
	}})
}

// rename asks what a session is to be called.
func (w *world) rename(s *eventlog.Session) tea.Cmd {
	if w.opts.Notes == nil {
		return ask.Tell("there is no folder in which names could be kept: set HOME")
	}
	return ask.Do(ask.Text{Sign: "name", Hint: "kept beside the logs, which stay as they are", Enter: func(text string) (tea.Cmd, error) {
		if strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("a name says something")
		}
		return w.keep(func() (notes.Note, error) { return w.onSession(s), nil }, notes.Name, text), nil
	}})
}

// onStep returns what says that a note is on the selected step: the id of its
// event and where its record lies.
func (e *explorer) onStep() func() (notes.Note, error) {
	n := e.world.onSession(e.session)
	id := e.selected()
	if id == 0 {
		return func() (notes.Note, error) { return n, nil }
	}
	snap, log, ctx := e.snap, e.log, e.ctx
	return func() (notes.Note, error) {
		row := snap.Span(id).First
		r := snap.Rows.At(int(row))
		if int(r.Segment) < len(snap.Paths) {
			n.Place = notes.Place{Path: snap.Paths[r.Segment], Pos: r.Pos, Sub: int(r.Sub)}
		}
		events, err := log.Events(ctx, []eventlog.RowID{row})
		if err == nil && len(events) > 0 {
			n.Event = events[0].ID
		}
		return n, err
	}
}

// notedMsg brings which steps have notes and marks.
type notedMsg struct {
	e     *explorer
	steps map[eventlog.SpanID][]notes.Note
}

// findNotes finds the steps that the notes of the session are on, in one pass
// over its rows.
func (e *explorer) findNotes() tea.Cmd {
	book := e.world.opts.Notes
	if book == nil || e.snap == nil {
		return nil
	}
	all := book.Of(e.session.ID)
	if len(all) == 0 && e.noted == 0 {
		return nil
	}
	e.noted = len(all)
	snap, ctx := e.snap, e.ctx
	return func() tea.Msg {
		at := map[notes.Place][]notes.Note{}
		for _, n := range all {
			if n.OnEvent() && n.Kind != notes.Tag && !n.Place.IsZero() {
				at[n.Place] = append(at[n.Place], n)
			}
		}
		steps := map[eventlog.SpanID][]notes.Note{}
		for i, r := range snap.Rows.All() {
			if i%65536 == 0 && ctx.Err() != nil || len(at) == 0 {
				break
			}
			if r.Span == 0 || int(r.Segment) >= len(snap.Paths) {
				continue
			}
			place := notes.Place{Path: snap.Paths[r.Segment], Pos: r.Pos, Sub: int(r.Sub)}
			if list, ok := at[place]; ok {
				steps[r.Span] = append(steps[r.Span], list...)
				delete(at, place)
			}
		}
		return notedMsg{e, steps}
	}
}

// mark keeps the mark that was just put on a step, or takes it away.
func (e *explorer) mark(id eventlog.SpanID, on bool) tea.Cmd {
	book := e.world.opts.Notes
	if book == nil || id == 0 {
		return nil
	}
	step := e.onStep()
	if on {
		return e.world.keep(step, notes.Mark, "")
	}
	at := e.world.stamp()
	return func() tea.Msg {
		n, err := step()
		for _, old := range book.Of(n.Session) {
			if old.Kind == notes.Mark && old.Place == n.Place && err == nil {
				err = book.Delete(old.ID, at)
			}
		}
		if err != nil {
			return ask.Notice("the mark could not be taken away: " + err.Error())
		}
		return bookMsg{}
	}
}
