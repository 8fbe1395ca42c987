// Package prompt is a line in which a person types: a filter or a command. It
// edits; what the text means is its owner's business.
package prompt

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Prompt is the line. The zero Prompt is shut.
type Prompt struct {
	input textinput.Model
	sign  string
	open  bool
}

// Open shows the line with a text in it. sign stands before it.
func (p *Prompt) Open(sign, text string) {
	p.input = textinput.New()
	p.input.Prompt = ""
	p.input.CharLimit = 2000
	p.input.SetVirtualCursor(false)
	p.input.Focus()
	p.input.SetValue(text)
	p.input.CursorEnd()
	p.sign, p.open = sign, true
}

// Shut hides the line.
func (p *Prompt) Shut() { p.open = false }

// IsOpen reports whether the line takes the keys.
func (p *Prompt) IsOpen() bool { return p.open }

// Sign returns what stands before the text.
func (p *Prompt) Sign() string { return p.sign }

// Text returns what was typed.
func (p *Prompt) Text() string { return p.input.Value() }

// Set replaces what was typed.
func (p *Prompt) Set(text string) { p.input.SetValue(text); p.input.CursorEnd() }

// Update edits, and reports whether the text changed.
func (p *Prompt) Update(msg tea.Msg) bool {
	before := p.input.Value()
	p.input, _ = p.input.Update(msg) // its only command is a blink, which we do not want
	return p.input.Value() != before
}

// Draw returns the line. right is what is known of its effect.
func (p *Prompt) Draw(t *theme.Theme, width int, right string) string {
	l := frame.NewLine(width, "")
	l.Space(1).Put(t.Key, p.sign).Space(1)
	runes := []rune(p.input.Value())
	at := min(p.input.Position(), len(runes))
	room := max(8, l.Room()-frame.Width(right)-3)
	// Show the end of what stands before the cursor rather than its beginning.
	before := escape.Line(string(runes[:at]))
	for frame.Width(before) > room-1 {
		cut := []rune(before)
		before = string(cut[max(1, len(cut)/8):])
	}
	under, after := " ", ""
	if at < len(runes) {
		under, after = escape.Line(string(runes[at:at+1])), escape.Line(string(runes[at+1:]))
	}
	l.Put(t.Bright, before).Put(t.Bright+";7", under)
	if rest := width - frame.Width(right) - 2 - l.Used(); rest > 0 {
		l.Cell(t.Text, after, rest)
	}
	return l.Right(t.Dim, right, max(0, l.Room()-1)).String()
}
