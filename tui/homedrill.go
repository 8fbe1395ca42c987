package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// narrowMsg asks for the sessions that a filter lets through, of those that are
// shown.
type narrowMsg struct{ query string }

func askNarrow(query string) tea.Cmd { return func() tea.Msg { return narrowMsg{query} } }

// narrow shows, of the sessions that are shown, those that a filter lets through
// as well.
func (h *home) narrow(query string) tea.Cmd {
	before := h.Query()
	if before != "" {
		query = "(" + before + ") " + query
	}
	cmd, err := h.Filter(query)
	if err != nil {
		return ask.Tell(err.Error())
	}
	h.Remember(before)
	turn, _ := h.turn(keymap.GoSessions)
	return tea.Batch(cmd, turn)
}

// quoted spells a test of a query: a field and the text that it must be.
func quoted(field, text string) string {
	if text == "" {
		return "-" + field + ":*"
	}
	return field + `:"` + strings.ReplaceAll(text, `"`, "*") + `"`
}
