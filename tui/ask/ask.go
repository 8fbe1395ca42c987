// Package ask is how a screen or a pane asks the person something: for a line of
// text, for one of several things, or whether it is really meant. Whoever holds
// the keyboard asks, and does what the answer calls for.
package ask

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// Text asks for a line of text.
type Text struct {
	Sign  string // stands before the text
	Value string // to begin with
	Hint  string // for the footer
	// Preview is called with every change; its error is shown below the text. Nil
	// does nothing.
	Preview func(text string) (tea.Cmd, error)
	// Enter takes the text. After an error the line stays open.
	Enter func(text string) (tea.Cmd, error)
	// Leave is called instead when the person changed their mind; nil does nothing.
	Leave func() tea.Cmd
	// Query says that the text is a filter, which is completed field by field.
	Query bool
	// Count says what the text leaves, at the right; nil says nothing.
	Count func() string
}

// Choice asks for one of several things.
type Choice struct{ Menu *menu.Menu }

// Sure asks whether something is really meant. It is asked before anything that
// cannot be taken back.
type Sure struct {
	Question string
	Yes      func() tea.Cmd
}

// Notice tells something in the footer until the next key.
type Notice string

// Copied asks to put a text on the clipboard; what it is, is said to the person.
type Copied struct{ Text, What string }

// Do returns the command that brings a message of this package.
func Do(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// Copy returns the command that copies a text, made fit for a terminal.
func Copy(text, what string) tea.Cmd {
	return func() tea.Msg { return Copied{escape.Text(text), what} }
}

// Tell returns the command that tells something.
func Tell(text string) tea.Cmd { return func() tea.Msg { return Notice(text) } }

// Task asks for something that takes a while: it is done in a command, the
// footer says how far it is, and esc calls it off.
type Task struct {
	Title string
	// Run does it. Of progress, a total of zero is not known. What it returns is
	// told to the person.
	Run func(ctx context.Context, progress func(done, total int64)) (string, error)
}
