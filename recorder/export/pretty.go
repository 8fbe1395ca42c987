package export

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// Pretty prints one line an event for people: the time since the recording
// began, what it is, indented by the depth of its run, who and with what, and
// what it used, cost and took.
type Pretty struct {
	out    io.Writer
	opts   PrettyOptions
	reader *reader
	buf    strings.Builder
	held   int
	began  eventlog.Stamp
	depths map[runKey]int
	starts map[callKey]eventlog.Stamp
}

// PrettyOptions say how lines look. Zero fields are the defaults.
type PrettyOptions struct {
	Width int  // of a line, in cells; 120
	Color bool // whether the output takes colours
}

type (
	runKey  struct{ session, run string }
	callKey struct {
		runKey
		class eventlog.Class
		call  string
	}
)

// NewPretty prints to out.
func NewPretty(out io.Writer, o PrettyOptions) *Pretty {
	if o.Width <= 0 {
		o.Width = 120
	}
	return &Pretty{out: out, opts: o, reader: newReader(), depths: map[runKey]int{}, starts: map[callKey]eventlog.Stamp{}}
}

// Name says what it is.
func (*Pretty) Name() string { return "console" }

// The columns of a line.
const (
	timeWidth = 9
	kindWidth = 9
	deepest   = 12 // levels that are indented; what is below stands there too
	mostOpen  = 10_000
)

// Export adds the line of the event to the batch.
func (p *Pretty) Export(event eventlog.Event) error {
	p.held++
	e := p.reader.read(&event)
	if !p.began.Known() {
		p.began = e.Time
	}
	depth := p.depth(e)
	took := p.took(e)
	style := styleOf(e)
	word := style.word
	if word == "" {
		word = ansi.Truncate(escape.Line(e.Type), kindWidth, "~")
	}
	indent := strings.Repeat("  ", min(depth, deepest))
	figures := figures(e, took)
	left := timeWidth + 2 + kindWidth + 2 + len(indent)
	room := max(p.opts.Width-left, 8)
	if figures != "" && room-ansi.StringWidth(figures)-2 >= 8 {
		room -= ansi.StringWidth(figures) + 2
	} else {
		figures = "" // a narrow terminal: the words say more
	}
	agent, words := escape.Line(e.Agent), escape.Line(subjectOf(e))
	agent = ansi.Truncate(agent, room, "~")
	if rest := room - ansi.StringWidth(agent) - 2; agent != "" && words != "" && rest > 0 {
		words = ansi.Truncate(words, rest, "~")
	} else if agent != "" {
		words = ""
	} else {
		words = ansi.Truncate(words, room, "~")
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%s  %s  %s", p.paint(faint, padLeft(sinceText(e.Time.Sub(p.began)), timeWidth)),
		p.paint(style.color, padRight(word, kindWidth)), indent)
	line.WriteString(p.paint(faint, agent))
	used := ansi.StringWidth(agent)
	if words != "" {
		if agent != "" {
			line.WriteString("  ")
			used += 2
		}
		line.WriteString(p.paint(style.text, words))
		used += ansi.StringWidth(words)
	}
	if figures != "" {
		line.WriteString(strings.Repeat(" ", room-used+2))
		line.WriteString(p.paint(faint, figures))
	}
	p.buf.WriteString(strings.TrimRight(line.String(), " "))
	p.buf.WriteByte('\n')
	return nil
}

// Flush prints the batch.
func (p *Pretty) Flush() error {
	if p.buf.Len() == 0 {
		return nil
	}
	err := printed(p.out, p.buf.String(), p.held)
	p.buf.Reset()
	p.held = 0
	return err
}

// Close prints what is left. What is printed to stays open.
func (p *Pretty) Close() error { return p.Flush() }

// depth returns how deep the run of an event lies, and follows what begins.
func (p *Pretty) depth(e *eventlog.Event) int {
	key := runKey{e.SessionID, e.RunID}
	if e.Kind == eventlog.AgentStart {
		depth := 0
		if up, ok := p.depths[runKey{e.SessionID, e.ParentRunID}]; ok {
			depth = up + 1
		}
		if len(p.depths) >= mostOpen {
			clear(p.depths)
		}
		p.depths[key] = depth
	}
	depth := p.depths[key]
	if e.RunID != "" && e.Kind != eventlog.AgentStart && e.Kind != eventlog.AgentFinish {
		depth++ // what a run does stands below its beginning
	}
	return depth
}

// took returns how long what the event ends has taken, or zero.
func (p *Pretty) took(e *eventlog.Event) time.Duration {
	key := callKey{runKey{e.SessionID, e.RunID}, e.Kind.Class(), e.CallID}
	switch e.Kind {
	case eventlog.AgentStart, eventlog.ModelRequest, eventlog.ToolCall:
		if len(p.starts) >= mostOpen {
			clear(p.starts)
		}
		p.starts[key] = e.Time
		return 0
	case eventlog.AgentFinish, eventlog.ModelResponse, eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		began, ok := p.starts[key]
		delete(p.starts, key)
		if ok && !e.Began.Known() {
			return e.Time.Sub(began)
		}
	}
	if e.Began.Known() {
		return e.Time.Sub(e.Began)
	}
	return 0
}

// subjectOf returns the words of an event: what it was done with, and what it
// says.
func subjectOf(e *eventlog.Event) string {
	name := e.Tool
	if e.Kind.Class() == eventlog.ClassModel {
		name = e.Model
	}
	words := label.Of(e)
	switch {
	case e.Kind == eventlog.AgentFinish && e.Text == "" && e.Message == "":
		words = e.Outcome.String()
	case e.Kind == eventlog.SessionEnd && e.Facts != nil:
		words = e.Facts.Outcome.String()
	}
	if e.Failed {
		words = label.Failure(e)
		if words == "" {
			words = "failed"
		}
	}
	if name == "" || words == "" {
		return name + words
	}
	return name + "  " + words
}

// figures spells what an event tells in numbers.
func figures(e *eventlog.Event, took time.Duration) string {
	var parts []string
	if b := e.Bill; b != nil {
		parts = append(parts, figure.Count(b.Usage.Context())+" in "+figure.Count(b.Usage.Output)+" out")
		if b.Source == eventlog.Recorded {
			parts = append(parts, fmt.Sprintf("$%.4f", float64(b.Cost)/float64(eventlog.Dollar)))
		}
	}
	if took > 0 {
		parts = append(parts, fmt.Sprintf("%7s", tookText(took)))
	}
	return strings.Join(parts, "  ")
}

// sinceText spells a moment by what has passed before it.
func sinceText(d time.Duration) string {
	d = max(d, 0)
	if d < time.Minute {
		return fmt.Sprintf("%.3f", d.Seconds())
	}
	s := int64(d / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func tookText(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return sinceText(d)
}

func padRight(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(s))) + s
}

// color is the parameter of the sequence that turns a colour on.
type color string

const (
	plain   color = ""
	faint   color = "2"
	red     color = "31"
	green   color = "32"
	yellow  color = "33"
	blue    color = "34"
	magenta color = "35"
	cyan    color = "36"
)

func (p *Pretty) paint(c color, text string) string {
	if !p.opts.Color || c == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// prettyStyle is how events of a kind look.
type prettyStyle struct {
	word        string // instead of their type
	color, text color
}

var prettyStyles = map[eventlog.Kind]prettyStyle{
	eventlog.AgentStart:    {"agent >", blue, plain},
	eventlog.AgentFinish:   {"agent <", blue, plain},
	eventlog.LoopStep:      {"step", faint, faint},
	eventlog.ModelRequest:  {"model >", magenta, faint},
	eventlog.ModelResponse: {"model <", magenta, plain},
	eventlog.ToolCall:      {"tool >", cyan, plain},
	eventlog.ToolResult:    {"tool <", cyan, plain},
	eventlog.ToolError:     {"tool !", red, red},
	eventlog.ToolTimeout:   {"timeout !", red, red},
	eventlog.HILDecision:   {"human", yellow, plain},
	eventlog.Decision:      {"decision", yellow, plain},
	eventlog.Error:         {"error !", red, red},
	eventlog.Message:       {"message", green, plain},
	eventlog.SessionStart:  {"session >", faint, faint},
	eventlog.SessionEnd:    {"session <", faint, faint},
	eventlog.Heartbeat:     {"alive", faint, faint},
	eventlog.LogLine:       {"output", faint, plain},
	eventlog.Retry:         {"retry", yellow, plain},
	eventlog.Dropped:       {"dropped !", red, red},
}

func styleOf(e *eventlog.Event) prettyStyle {
	style := prettyStyles[e.Kind]
	if e.Failed {
		style.color, style.text = red, red
	}
	return style
}
