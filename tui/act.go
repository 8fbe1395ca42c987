package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// act does what can be done with a row of the sessions.
func (h *home) act(a keymap.Action, r *overview.Row) (tea.Cmd, bool) {
	if r == nil {
		return nil, false
	}
	switch a {
	case keymap.Copy:
		return ask.Copy(r.Session.ID, "session id"), true
	}
	return nil, false
}

// About tells of the selected session.
func (h *home) About() about {
	r := h.front.tree.Selected()
	if r == nil {
		return nil
	}
	return aboutSession(r.Session)
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
