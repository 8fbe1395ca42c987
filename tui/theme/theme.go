// Package theme holds every style and every glyph of the screen, and nothing
// else does. Styles are escape sequence parameters made once, so that drawing a
// row only copies bytes. A colour means a kind and is never the only sign of
// anything: each state has a glyph and a word as well, so that the screen reads
// the same without colour.
package theme

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Style is the parameters of a select graphic rendition sequence, without its
// introducer and its end.
type Style string

// Theme is all styles and glyphs for one background.
type Theme struct {
	Dark bool

	Text   Style // what is read first
	Bright Style // a figure or a name that matters
	Dim    Style // units, finished things, labels
	Faint  Style // lines and furniture only: too weak to be read
	Title  Style // of the pane that has the keys
	Key    Style // a key in the footer
	Brand  Style

	Model   Style
	Tool    Style
	Agent   Style
	Human   Style
	Good    Style
	Bad     Style
	Warn    Style
	Money   Style
	Number  Style // in JSON
	String  Style
	BadBold Style
	Mark    Style // where a search hit
	Fill    Style // the large part of a picture, which others stand out from

	// Series are told apart where there are more kinds of things than colours of
	// kinds: models, agents.
	Series []Style
	// Heat goes from what costs least to what costs most.
	Heat []Style

	Strip  Style // background of header and footer
	Select Style // background of the selected row
	Quiet  Style // the same while another pane has the keys

	Glyphs
}

// Glyphs are the signs that are drawn. The plain set is ASCII.
type Glyphs struct {
	Running, Done, Failed, Stale, Unknown, Waiting string
	Open, Shut                                     string // fold markers
	Branch, Corner, Pipe, Blank                    string // tree guides
	Rule, Wall, Cursor, Dash, Pin                  string
	Bar, BarHead, BarTail, Live, Wait              string // waterfall
	Crumb, Dot, To, More, Times                    string
	Blocks                                         []string // eighths, rising
	Meter                                          []string // eighths, growing to the right
	Shades                                         []string // of what is filled, from light to full
	Fine                                           bool     // the eighths can be told apart
	Return                                         string   // the head of an edge that leads back
	// Joints are lines by how heavy their arms are, from 0 to 2: up, right, down and
	// left are the digits of the index, in base 3.
	Joints []rune
}

var fancy = Glyphs{
	Running: "●", Done: "✓", Failed: "✗", Stale: "~", Unknown: "?", Waiting: "◐",
	Open: "▾", Shut: "▸", Branch: "├", Corner: "└", Pipe: "│ ", Blank: "  ",
	Rule: "─", Wall: "│", Cursor: "▌", Dash: "┆", Pin: "◆",
	Bar: "━", BarHead: "╺", BarTail: "╸", Live: "▸", Wait: "┄",
	Crumb: "›", Dot: "·", To: "→", More: "…", Times: "×",
	Blocks: []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Meter:  []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	Shades: []string{"░", "▒", "█"}, Fine: true,
	Return: "◂",
	Joints: []rune(" ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋"),
}

var plain = Glyphs{
	Running: "R", Done: "D", Failed: "E", Stale: "S", Unknown: "?", Waiting: "W",
	Open: "v", Shut: ">", Branch: "|", Corner: "`", Pipe: "| ", Blank: "  ",
	Rule: "-", Wall: "|", Cursor: ">", Dash: ":", Pin: "*",
	Bar: "=", BarHead: "=", BarTail: "=", Live: ">", Wait: ".",
	Crumb: ">", Dot: "-", To: ">", More: "~", Times: "x",
	Blocks: []string{" ", ".", ".", ":", ":", "-", "=", "+", "#"},
	Meter:  []string{" ", " ", "-", "-", "-", "=", "=", "=", "#"},
	Shades: []string{".", "%", "#"},
	Return: "<",
	Joints: []rune(" -=|++|++--=++++++===++++++|++|++|++++++++++++++++++++|++|++|++++++++++++++++++++"),
}

const bold = ";1"

func night() *Theme {
	blue, teal, mauve, red := fg("122;162;247"), fg("115;218;202"), fg("187;154;247"), fg("247;118;142")
	return &Theme{
		Dark: true,
		Text: fg("192;202;245"), Bright: fg("214;222;255") + bold, Dim: fg("148;155;196"), Faint: fg("66;72;112"),
		Title: blue + bold, Key: fg("125;207;255") + bold, Brand: mauve + bold,
		Model: blue, Tool: teal, Agent: mauve, Human: fg("224;175;104"), Good: fg("158;206;106"),
		Bad: red, Warn: fg("255;158;100"), Money: fg("158;206;106"), Number: fg("255;158;100"), String: fg("158;206;106"),
		BadBold: red + bold, Mark: fg("224;175;104") + bold + ";4", Fill: fg("74;96;160"),
		Strip: bg("36;40;59"), Select: bg("40;52;87"), Quiet: bg("36;40;59"),
	}
}

func day() *Theme {
	blue, teal, mauve, red := fg("46;84;170"), fg("17;98;104"), fg("112;60;168"), fg("172;32;58")
	return &Theme{
		Text: fg("40;46;72"), Bright: fg("20;24;44") + bold, Dim: fg("84;90;112"), Faint: fg("178;184;204"),
		Title: blue + bold, Key: fg("22;92;126") + bold, Brand: mauve + bold,
		Model: blue, Tool: teal, Agent: mauve, Human: fg("128;80;8"), Good: fg("44;98;20"),
		Bad: red, Warn: fg("150;72;12"), Money: fg("44;98;20"), Number: fg("150;72;12"), String: fg("44;98;20"),
		BadBold: red + bold, Mark: fg("128;80;8") + bold + ";4", Fill: fg("152;174;222"),
		Strip: bg("230;233;242"), Select: bg("208;218;244"), Quiet: bg("230;233;242"),
	}
}

func fg(rgb string) Style { return Style("38;2;" + rgb) }
func bg(rgb string) Style { return Style(";48;2;" + rgb) }

// Behind returns the colour of the style as a background. Only colours that are
// told by their parts can be one: others are as the terminal has them.
func (s Style) Behind() (Style, bool) {
	rgb, ok := strings.CutPrefix(string(s), "38;2;")
	return bg(strings.TrimSuffix(rgb, bold)), ok
}

// Bold returns the style in bold.
func (s Style) Bold() Style { return s + bold }

// Class returns the colour of a kind of event.
func (t *Theme) Class(c eventlog.Class) Style {
	switch c {
	case eventlog.ClassAgent:
		return t.Agent
	case eventlog.ClassModel:
		return t.Model
	case eventlog.ClassTool:
		return t.Tool
	case eventlog.ClassHuman:
		return t.Human
	case eventlog.ClassError:
		return t.Bad
	case eventlog.ClassMessage:
		return t.Text
	}
	return t.Dim
}

// Span returns the colour of a span.
func (t *Theme) Span(s *eventlog.Span) Style {
	switch s.Kind {
	case eventlog.SpanSession, eventlog.SpanRun:
		return t.Agent
	case eventlog.SpanModel:
		return t.Model
	case eventlog.SpanTool:
		return t.Tool
	}
	return t.Class(s.Event.Class())
}

// Status returns the glyph and the colour of a session's or run's state.
func (t *Theme) Status(s eventlog.Status, failed bool) (string, Style) {
	switch {
	case s == eventlog.Running:
		return t.Running, t.Good.Bold()
	case failed:
		return t.Failed, t.BadBold
	case s == eventlog.Done:
		return t.Done, t.Dim
	case s == eventlog.Stale, s == eventlog.Interrupted:
		return t.Stale, t.Warn
	}
	return t.Unknown, t.Dim
}
