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

// At returns before which byte of the text the cursor is.
func (p *Prompt) At() int {
	runes := []rune(p.input.Value())
	return len(string(runes[:min(p.input.Position(), len(runes))]))
}

// Set replaces what was typed and puts the cursor before a byte of it.
func (p *Prompt) Set(text string, at int) {
	p.input.SetValue(text)
	p.input.SetCursor(len([]rune(text[:max(0, min(at, len(text)))])))
}

// Update edits, and reports whether the text changed.
func (p *Prompt) Update(msg tea.Msg) bool {
	before := p.input.Value()
	p.input, _ = p.input.Update(msg) // its only command is a blink, which we do not want
	return p.input.Value() != before
}

// before returns what is seen of the text before the cursor: its end rather than
// its beginning, where there is no room for all of it.
func (p *Prompt) before(room int) (shown string, cut int) {
	shown = escape.Line(p.input.Value()[:p.At()])
	whole := frame.Width(shown)
	for frame.Width(shown) > room-1 {
		runes := []rune(shown)
		shown = string(runes[max(1, len(runes)/8):])
	}
	return shown, whole - frame.Width(shown)
}

// start is the column at which the text begins.
func (p *Prompt) start() int { return 2 + frame.Width(p.sign) }

// Column returns the column at which a byte of the text stands in a line that is
// drawn so.
func (p *Prompt) Column(at, width int, right string) int {
	_, cut := p.before(p.room(width, right))
	text := p.input.Value()
	return max(p.start(), p.start()+frame.Width(escape.Line(text[:max(0, min(at, len(text)))]))-cut)
}

// room is how many cells there are for the text.
func (p *Prompt) room(width int, right string) int {
	return max(8, width-p.start()-frame.Width(right)-3)
}

// Draw returns the line. right is what is known of its effect.
func (p *Prompt) Draw(t *theme.Theme, width int, right string) string {
	l := frame.NewLine(width, "")
	l.Space(1).Put(t.Key, p.sign).Space(1)
	runes := []rune(p.input.Value())
	at := min(p.input.Position(), len(runes))
	before, _ := p.before(p.room(width, right))
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
