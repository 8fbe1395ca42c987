package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// notifier tells of sessions that begin to need somebody while nobody looks.
type notifier struct {
	known map[string]eventlog.Want // of each session that needed somebody, by id
}

// took takes what needs somebody now, and returns what is to be told: nothing
// the first time, since what was there at the start is on the screen.
func (n *notifier) took(needs []overview.Need) (text string) {
	known := make(map[string]eventlog.Want, len(needs))
	fresh, first := 0, eventlog.WantNothing
	for i := range needs {
		id, want := needs[i].Session.ID, needs[i].Want
		known[id] = want
		if n.known != nil && n.known[id] != want {
			if fresh++; fresh == 1 {
				first = want
			}
		}
	}
	n.known = known
	switch fresh {
	case 0:
		return ""
	case 1:
		return "a session needs you: " + first.String()
	}
	return fmt.Sprintf("%d sessions need you, one is %s", fresh, first)
}

// ring rings the bell and asks the terminal to notify. The text is ours: names
// out of a log have no business in a control sequence.
func ring(text string) tea.Cmd { return tea.Raw("\a\x1b]9;lazytrace: " + text + "\x07") }
