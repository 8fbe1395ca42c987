package talk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Tools says how much of tool calls a transcript tells.
type Tools uint8

// How much is told of tools.
const (
	ToolsFull  Tools = iota // arguments, results and diffs, folded
	ToolsNames              // one line a call
	ToolsNone               // nothing
)

// Options are what a transcript is written with.
type Options struct {
	Title    string
	About    []string // lines below the title
	Level    int      // of the title's heading; 0 is 1
	Tools    Tools
	Thinking bool           // what the model thought, folded
	System   bool           // all of what programs put in; else one line of it
	Local    *time.Location // of the times; nil is UTC
	Longest  int            // bytes of a result that are shown; 0 is 32 KiB
}

// Markdown writes a conversation as Markdown: a heading a turn with its time and
// cost, tools folded, diffs fenced, images by their names. What is written is fit
// for a terminal.
func Markdown(ctx context.Context, w io.Writer, log eventlog.Log, l *List, opt Options) error {
	if opt.Level == 0 {
		opt.Level = 1
	}
	if opt.Longest == 0 {
		opt.Longest = 32 << 10
	}
	if opt.Local == nil {
		opt.Local = time.UTC
	}
	m := writer{w: bufio.NewWriterSize(w, 64<<10), opt: opt, list: l, turns: l.Turns(), blank: true}
	if opt.Title != "" {
		m.line(strings.Repeat("#", opt.Level) + " " + plainLine(opt.Title))
		m.gap()
	}
	if len(opt.About) > 0 {
		for i, text := range opt.About {
			end := "  " // a line of its own
			if i == len(opt.About)-1 {
				end = ""
			}
			m.line(plainLine(text) + end)
		}
		m.gap()
	}
	m.before()
	err := l.Each(ctx, log, func(s *Said, repeats bool) error {
		m.item(s, repeats)
		return m.err
	})
	if err != nil {
		return err
	}
	m.close(0)
	if m.said == 0 {
		m.line("Nothing was said here that the log keeps.")
	}
	if m.err == nil {
		m.err = m.w.Flush()
	}
	return m.err
}

// writer is the state of one transcript.
type writer struct {
	w     *bufio.Writer
	opt   Options
	list  *List
	turns []Turn
	turn  int      // the number of turns that have begun
	heard []string // the last answers
	err   error

	open   []fold   // what is unfinished, the outermost first
	late   []string // agents that have said nothing yet
	blank  bool     // the last line is blank
	bullet bool     // the last line is a list item
	copied bool     // what was written last is history of another session
	said   int
	shown  int // the number of headings
}

// fold is a <details> that is open while what is inside is written.
type fold struct {
	until int // the item behind it
	tail  func()
}

func (m *writer) line(text string) {
	if len(m.late) > 0 {
		late := m.late
		m.late = nil
		for _, head := range late {
			m.begin(head)
		}
	}
	if m.err == nil {
		_, m.err = m.w.WriteString(text + "\n")
	}
	m.blank, m.bullet = text == "", false
}

func (m *writer) gap() {
	if !m.blank && len(m.late) == 0 {
		m.line("")
	}
}

// before says how much of the beginning is history of another session.
func (m *writer) before() {
	n := 0
	for _, it := range m.list.Items {
		if it.Flags.Has(Copied) && it.Depth == 0 {
			n++
		}
	}
	if n > 0 {
		m.line("*This session began with a copy of another one. What was copied is marked.*")
		m.gap()
	}
}

// close ends the folds that do not reach an item.
func (m *writer) close(item int) {
	for n := len(m.open) - 1; n >= 0 && (item == 0 || m.open[n].until <= item); n-- {
		f := m.open[n]
		m.open = m.open[:n]
		if late := len(m.late) - 1; f.tail == nil && late >= 0 {
			// It said nothing: a line is enough.
			name := m.late[late]
			m.late = m.late[:late]
			m.gap()
			m.line("*" + plainLine(name) + ": nothing is told of what it said*")
			m.gap()
			continue
		}
		if f.tail != nil {
			f.tail()
		}
		m.gap()
		m.line("</details>")
		m.gap()
	}
}

// item writes an item.
func (m *writer) item(s *Said, repeats bool) {
	if s.Index > 0 {
		m.close(s.Index)
	}
	m.hear(s)
	if s.Depth > 0 && m.opt.Tools != ToolsFull {
		return // it lies within a call that is not unfolded
	}
	if s.Empty() || repeats {
		return
	}
	m.heading(s)
	if c := s.Flags.Has(Copied); c != m.copied {
		m.copied = c
		m.gap()
		if c {
			m.line("*Copied from here on:*")
		} else {
			m.line("*Here the copy ends.*")
		}
		m.gap()
	}
	m.said++
	switch s.Kind {
	case Task, User:
		m.quote(s)
	case Assistant, Result, Error, Decision, Peer:
		m.speech(s)
	case Thinking:
		m.thought(s.Joined(Text) + s.Joined(Thought))
	case Tool:
		m.tool(s)
	case Agent:
		m.agent(s)
	case System, Compaction, Note:
		m.aside(s)
	}
}

// heading begins a new turn, if the item does.
func (m *writer) heading(s *Said) {
	began := false
	for m.turn < len(m.turns) && m.turns[m.turn].From <= s.Index {
		m.turn++
		began = true
	}
	if !began {
		return
	}
	t := m.turns[m.turn-1]
	m.shown++
	parts := []string{fmt.Sprintf("%s %d", strings.Repeat("#", m.opt.Level+1), m.shown)}
	if s.Time.Known() {
		parts = append(parts, s.Time.Time().In(m.opt.Local).Format("2006-01-02 15:04:05"))
	}
	if t.Took > 0 {
		parts = append(parts, figure.Duration(t.Took))
	}
	if t.Calls > 0 {
		if cost := figure.Dollars(t.Recorded, t.Estimated, t.Calls, t.Unpriced, 0); cost != "" {
			parts = append(parts, cost)
		}
	}
	m.gap()
	m.line(strings.Join(parts, " · "))
	m.gap()
}

// quote writes what a person said.
func (m *writer) quote(s *Said) {
	m.gap()
	for i := range s.Blocks {
		b := &s.Blocks[i]
		if i > 0 {
			m.line(">")
		}
		text := escape.Text(b.Text)
		if b.Kind == Picture {
			text = "[" + escape.Line(b.Image) + "]"
		}
		for _, line := range strings.Split(strings.TrimSpace(unfolded(text)), "\n") {
			m.line(strings.TrimRight("> "+line, " "))
		}
	}
	m.gap()
}

// speech writes what the model said, and what else stands in the open.
func (m *writer) speech(s *Said) {
	for i := range s.Blocks {
		b := &s.Blocks[i]
		switch b.Kind {
		case Thought:
			m.thought(b.Text)
		case Asked:
			m.gap()
			for _, line := range strings.Split(strings.TrimSpace(unfolded(escape.Text(b.Text))), "\n") {
				m.line(strings.TrimRight("> "+line, " "))
			}
			m.gap()
		case Picture:
			m.gap()
			m.line("[" + escape.Line(b.Image) + "]")
		case Structure:
			m.structure(b.Raw)
		case Failure:
			m.gap()
			m.line("**✗ " + plainLine(b.Text) + "**")
			m.gap()
		default:
			m.gap()
			if strings.HasPrefix(b.Text, "diff --git ") {
				m.fence("diff", b.Text)
				m.gap()
				continue
			}
			text := strings.Trim(unfolded(escape.Text(b.Text)), "\n")
			switch s.Kind {
			case Decision:
				text = "*Decision: " + plainLine(strings.TrimSpace(s.Tool+" "+firstOf(s.Label, b.Text))) + "*"
			case Peer:
				text = "**" + plainLine(firstOf(s.Who, "another agent")) + ":** " + text
			}
			m.line(text)
			m.gap()
		}
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// thought writes what the model thought, folded.
func (m *writer) thought(text string) {
	if text = strings.TrimSpace(text); !m.opt.Thinking || text == "" {
		return
	}
	m.begin("thinking")
	m.line(strings.Trim(unfolded(escape.Text(text)), "\n"))
	m.end()
}

// aside writes what is no part of what people say to each other, folded when it
// is long.
func (m *writer) aside(s *Said) {
	name := s.Kind.String()
	if s.Kind == Note && s.Tool != "" {
		name = strings.ReplaceAll(s.Tool, "_", " ")
	}
	if s.Kind == Compaction {
		name = "the context was shortened"
	}
	text := strings.TrimSpace(s.Joined(Text))
	if failure := s.Joined(Failure); failure != "" {
		text = strings.TrimSpace("✗ " + failure + "\n" + text)
	}
	const short = 160
	if s.Kind == System && s.Flags.Has(Hidden) && !m.opt.System {
		if size := len(text); size > short {
			text = cut(eventlog.Sentence(text), short/2) + " (" + figure.Bytes(int64(size)) + ")"
		}
		text = strings.ReplaceAll(text, "\n", " ")
	}
	if len(text) <= short && !strings.Contains(text, "\n") {
		m.gap()
		if text != "" {
			name += ": " + text
		}
		m.line("*" + plainLine(name) + "*")
		m.gap()
		return
	}
	m.begin(name + ": " + eventlog.Sentence(text))
	m.fence("", text)
	m.end()
}

// begin opens a fold with a line that stays to be seen.
func (m *writer) begin(summary string) {
	m.gap()
	m.line("<details><summary>" + html(cut(escape.Line(summary), 160)) + "</summary>")
	m.gap()
}

func (m *writer) end() {
	m.gap()
	m.line("</details>")
	m.gap()
}

// head is the line of a call: its tool, what it was called with, how long it took.
func (m *writer) head(s *Said) string {
	text := ""
	if s.Flags.Has(Failed) {
		text = "✗ "
	}
	text += firstOf(s.Tool, "call")
	if s.Label != "" {
		text += ": " + cut(eventlog.Sentence(s.Label), 120)
	}
	if took := s.End.Sub(s.Time); took >= 100*time.Millisecond {
		text += " (" + figure.Duration(took) + ")"
	}
	if s.Flags.Has(Open) {
		text += " (no result)"
	}
	return text
}

// tool writes a call with its result.
func (m *writer) tool(s *Said) {
	switch m.opt.Tools {
	case ToolsNone:
		return
	case ToolsNames:
		if !m.bullet {
			m.gap()
		}
		text := m.head(s)
		if s.Below > 0 {
			text += fmt.Sprintf(" (%s inside)", figure.Plural(int64(s.Below), "item"))
		}
		m.line("- " + plainLine(text))
		m.bullet = true
		return
	}
	m.begin(m.head(s))
	edits := false
	for i := range s.Blocks {
		b := &s.Blocks[i]
		if b.Kind != Diff {
			continue
		}
		edits = true
		what := b.Edit.Verb + " " + b.Edit.Path
		if b.Edit.To != "" {
			what += " to " + b.Edit.To
		}
		m.line(code(strings.TrimSpace(what)))
		if b.Text != "" {
			m.gap()
			m.fence("diff", b.Text)
		}
		m.gap()
	}
	if raw := s.Raw(Arguments); raw != nil && !edits {
		m.arguments(raw)
	}
	if s.Below > 0 {
		m.open = append(m.open, fold{s.Index + 1 + int(s.Below), func() { m.result(s, true) }})
		return
	}
	m.result(s, false)
	m.end()
}

// hear remembers the last answers, which may be the result of a call around them.
func (m *writer) hear(s *Said) {
	if s.Kind != Assistant && s.Kind != Result {
		return
	}
	if text := strings.TrimSpace(s.Joined(Text)); text != "" {
		m.heard = append(m.heard, text)
		m.heard = m.heard[max(0, len(m.heard)-3):]
	}
}

// answered reports whether a result was said as an answer just before: it holds
// the answer and at most what programs add to it.
func (m *writer) answered(text string) bool {
	const added = 400
	text = strings.TrimSpace(text)
	for _, t := range m.heard {
		if t == text || strings.HasPrefix(text, t) && len(text)-len(t) < added {
			return true
		}
	}
	return false
}

// result writes what a call came to. What an agent below it said last is said
// already.
func (m *writer) result(s *Said, below bool) {
	for i := range s.Blocks {
		b := &s.Blocks[i]
		switch b.Kind {
		case Failure:
			m.gap()
			m.fence("", "✗ "+b.Text)
		case Text:
			if below && m.answered(b.Text) {
				continue
			}
			m.gap()
			m.fence("", b.Text)
		case Structure:
			m.structure(b.Raw)
		case Picture:
			m.gap()
			m.line("[" + escape.Line(b.Image) + "]")
		}
	}
	if s.Cut {
		m.line("*more was recorded of this call than is read here*")
	}
}

// agent writes that an agent was started, and opens what it said.
func (m *writer) agent(s *Said) {
	name := firstOf(s.Who, "an agent")
	if s.Flags.Has(Failed) {
		name = "✗ " + name
	}
	if m.opt.Tools != ToolsFull {
		if !m.bullet {
			m.gap()
		}
		m.line("- " + plainLine(fmt.Sprintf("%s (%s inside)", name, figure.Plural(int64(s.Below), "item"))))
		m.bullet = true
		return
	}
	if took := s.End.Sub(s.Time); took >= 100*time.Millisecond {
		name += " (" + figure.Duration(took) + ")"
	}
	m.late = append(m.late, "agent "+name)
	m.open = append(m.open, fold{until: s.Index + 1 + int(s.Below)})
}

// arguments writes what a tool was called with: a command as a shell would show
// it, anything else by its members.
func (m *writer) arguments(raw json.RawMessage) {
	if text, ok := command(raw); ok {
		m.fence("sh", text)
		m.gap()
		return
	}
	m.structure(raw)
}

// command returns the arguments of a call that is nothing but a command.
func command(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	var words []string
	if json.Unmarshal(raw, &words) == nil && len(words) > 0 {
		return strings.Join(words, " "), true
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "", false
	}
	for name, v := range fields {
		switch name {
		case "command", "cmd":
			if json.Unmarshal(v, &text) != nil {
				if json.Unmarshal(v, &words) != nil {
					return "", false
				}
				text = strings.Join(words, " ")
			}
		case "description", "timeout", "workdir", "max_output_tokens", "yield_time_ms", "timeout_ms", "is_background":
		default:
			return "", false
		}
	}
	return text, text != ""
}

func (m *writer) structure(raw json.RawMessage) {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		m.gap()
		m.fence("", string(raw))
		m.gap()
		return
	}
	m.gap()
	m.fence("json", b.String())
	m.gap()
}

// fence writes a text as it is between lines that it does not hold itself.
func (m *writer) fence(language, text string) {
	rest := 0
	if len(text) > m.opt.Longest {
		rest = len(text) - m.opt.Longest
		text = strings.ToValidUTF8(text[:m.opt.Longest], "")
	}
	text = strings.Trim(escape.Text(text), "\n")
	most := 2
	for run, i := 0, 0; i < len(text); i++ {
		if text[i] == '`' {
			run++
			most = max(most, run)
		} else {
			run = 0
		}
	}
	marks := strings.Repeat("`", most+1)
	m.line(marks + language)
	m.line(text)
	m.line(marks)
	if rest > 0 {
		m.gap()
		m.line("*" + figure.Bytes(int64(rest)) + " more*")
	}
}

// plainLine makes a foreign text one line that is no markup.
func plainLine(text string) string {
	text = strings.ReplaceAll(escape.Line(text), "*", `\*`)
	return tag().ReplaceAllString(text, "&lt;$1")
}

// tag is the beginning of what would be read as HTML.
var tag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([A-Za-z/!?])`) })

// folds are the tags that would end a fold of ours, or hide what follows.
var folds = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)<(/?(?:details|summary)|!--)`) })

// unfolded spells such tags as text.
func unfolded(text string) string { return folds().ReplaceAllString(text, "&lt;$1") }

// code spells a name as code.
func code(text string) string {
	return "`" + strings.ReplaceAll(escape.Line(text), "`", "'") + "`"
}

func html(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
