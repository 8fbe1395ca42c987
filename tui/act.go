package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// act does what can be done with a session.
func (w *world) act(a keymap.Action, s *eventlog.Session) (tea.Cmd, bool) {
	if s == nil {
		return nil, false
	}
	switch a {
	case keymap.Copy:
		return w.copySession(s), true
	case keymap.Stop:
		return w.stop(s), true
	case keymap.Note:
		return w.note(func() (notes.Note, error) { return w.onSession(s), nil }), true
	case keymap.Tag:
		return w.tag(s), true
	case keymap.Rename:
		return w.rename(s), true
	}
	return nil, false
}

// stop ends the recording of a session, with the program that is recorded, when
// the person means it.
func (w *world) stop(s *eventlog.Session) tea.Cmd {
	if status, _ := s.Status(w.stamp()); status != eventlog.Running {
		return ask.Tell("this session does not run")
	}
	if w.opts.Stop == nil || s.RecorderPid == 0 {
		return ask.Tell("only what lazytrace run records can be stopped from here")
	}
	stop, ctx := w.opts.Stop, w.ctx
	return ask.Do(ask.Sure{Question: "stop " + escape.Line(s.Label()) + "?", Yes: func() tea.Cmd {
		return func() tea.Msg {
			if err := stop(ctx, s); err != nil {
				return ask.Notice("it could not be stopped: " + err.Error())
			}
			return ask.Notice("it was told to stop")
		}
	}})
}

// act does what can be done with the selected step, or else with its session.
func (e *explorer) act(a keymap.Action) (tea.Cmd, bool) {
	switch a {
	case keymap.Copy:
		return e.copyStep(), true
	case keymap.Editor:
		if e.detail.Text() == "" {
			return nil, true
		}
		return e.world.edit(e.detail.Text(), "step.txt"), true
	case keymap.Note:
		return e.world.note(e.onStep()), true
	case keymap.Export:
		return e.export(), true
	case keymap.Fork:
		return e.fork(), true
	}
	return e.world.act(a, e.session)
}

// subject is the session that is selected on the page in front, or nil.
func (h *home) subject() *eventlog.Session {
	if p, ok := h.page().(interface{ Selected() *eventlog.Session }); ok {
		return p.Selected()
	}
	return nil
}

// inFront is the session that is opened, or selected on the home screen; nil is
// none.
func (m *model) inFront() *eventlog.Session {
	switch s := m.screen().(type) {
	case *home:
		return s.subject()
	case *explorer:
		return s.session
	}
	return nil
}

// About tells of the selected session.
func (h *home) About() about {
	if s := h.subject(); s != nil {
		return aboutSession(s)
	}
	return nil
}

func aboutSession(s *eventlog.Session) about {
	a := about{"LT_SESSION": s.ID, "LT_AGENT": s.Agent, "LT_DIR": s.Directory}
	if len(s.Paths) > 0 {
		a["LT_FILE"] = s.Paths[0]
	}
	return a
}

// About tells of the selected step.
func (e *explorer) About() about {
	a := aboutSession(e.session)
	if e.trace == nil || e.snap == nil {
		return a
	}
	if id := e.selected(); id != 0 {
		row := e.snap.Span(id).First
		a["LT_STEP"] = strconv.Itoa(int(row) + 1)
		if r := e.snap.Rows.At(int(row)); int(r.Segment) < len(e.snap.Paths) {
			a["LT_FILE"] = e.snap.Paths[r.Segment]
		}
	}
	return a
}
