// Package visit is how a pane asks to be taken somewhere: to a session, to a run
// or a step of it, or to the record that a figure or a hit was found in. Whoever
// holds the screens answers.
package visit

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

// Msg asks to go to a session and, in it, to the most exact place that it names. A
// filter alone asks to go to the sessions that it lets through.
type Msg struct {
	Session *eventlog.Session
	ID      string            // of the session, where only that is known
	Run     eventlog.Sym      // a run of it; with Event or Time, the run that these are of
	Span    eventlog.SpanID   // a step of it, when the session is the one in front
	Event   string            // the id of an event of it
	Time    eventlog.Stamp    // when a step of it began, or an event of it was: what one log and another agree on
	Record  *eventlog.Finding // the record that tells of a step
	Query   eventlog.Query    // the filter to begin with
}

// To returns the command that asks.
func To(m Msg) tea.Cmd { return func() tea.Msg { return m } }
