package tui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/label"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// copyItem is one thing that can be copied.
func copyItem(key, what, text string) menu.Item {
	return menu.Item{Key: key, Text: what, Note: eventlog.Sentence(text), Do: func() tea.Cmd { return ask.Copy(text, what) }}
}

// copySession is the menu of what can be copied of a session.
func (w *world) copySession(s *eventlog.Session) tea.Cmd {
	return ask.Do(ask.Choice{Menu: menu.New("Copy", menu.ByLetter, w.sessionItems(s))})
}

func (w *world) sessionItems(s *eventlog.Session) []menu.Item {
	items := []menu.Item{copyItem("s", "session id", s.ID)}
	if w.opts.Resume != nil {
		if command := w.opts.Resume(s); command != "" {
			items = append(items, copyItem("r", "resume command", command))
		}
	}
	if len(s.Paths) > 0 {
		items = append(items, copyItem("p", "path of the log", s.Paths[0]))
	}
	if s.Goal != "" {
		items = append(items, copyItem("g", "goal", s.Goal))
	}
	return items
}

// copyStep is the menu of what can be copied of the selected step. Its bodies
// are read first.
func (e *explorer) copyStep() tea.Cmd {
	id := e.selected()
	if id == 0 {
		return e.world.copySession(e.session)
	}
	snap, log, ctx, w, s := e.snap, e.log, e.ctx, e.world, e.session
	span := snap.Span(id)
	return func() tea.Msg {
		rows := []eventlog.RowID{span.First}
		if span.Last != span.First && span.Kind != eventlog.SpanRun && span.Kind != eventlog.SpanSession {
			rows = append(rows, span.Last)
		}
		events, err := log.Events(ctx, rows)
		if err != nil {
			return ask.Notice("the step cannot be read: " + err.Error())
		}
		return ask.Choice{Menu: menu.New("Copy", menu.ByLetter, append(stepItems(snap, &span, events), w.sessionItems(s)...))}
	}
}

// stepItems are the things that can be copied of a step.
func stepItems(snap *eventlog.Snapshot, span *eventlog.Span, events []eventlog.Event) []menu.Item {
	if len(events) == 0 {
		return nil
	}
	first, last := &events[0], &events[len(events)-1]
	var items []menu.Item
	if first.ID != "" {
		items = append(items, copyItem("i", "event id", first.ID))
	}
	if command := commandOf(first.Input); command != "" {
		items = append(items, copyItem("c", "command", command))
	}
	if len(first.Input) > 0 {
		items = append(items, copyItem("a", "input", plainBody(first.Input)))
	}
	if out := outputOf(last); out != "" {
		items = append(items, copyItem("o", "output", out))
	}
	return append(items, copyItem("m", "as Markdown", stepMarkdown(snap, span, events)))
}

// commandOf returns the command line among the arguments of a call, if it has
// one.
func commandOf(input json.RawMessage) string {
	var args map[string]json.RawMessage
	if json.Unmarshal(input, &args) != nil {
		return ""
	}
	for _, name := range []string{"command", "cmd", "script"} {
		var text string
		if json.Unmarshal(args[name], &text) == nil && text != "" {
			return text
		}
		var words []string
		if json.Unmarshal(args[name], &words) == nil && len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return ""
}

// plainBody returns a body as text: a string as what it says, anything else
// indented.
func plainBody(body json.RawMessage) string {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		return string(body)
	}
	return b.String()
}

func outputOf(e *eventlog.Event) string {
	switch {
	case len(e.Output) > 0:
		return plainBody(e.Output)
	case e.Message != "":
		return e.Message
	}
	return e.Text
}

// stepMarkdown is a step as somebody would paste it into a report or a prompt.
func stepMarkdown(snap *eventlog.Snapshot, span *eventlog.Span, events []eventlog.Event) string {
	first, last := &events[0], &events[len(events)-1]
	names := snap.Symbols
	title := first.Kind.String()
	switch span.Kind {
	case eventlog.SpanTool:
		title = names.Name(span.Tool)
	case eventlog.SpanModel:
		title = "model " + names.Name(span.Model)
	case eventlog.SpanRun:
		title = "run " + names.Name(span.Agent)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", title)
	facts := []string{fmt.Sprintf("#%d", int(span.First)+1)}
	if span.Start.Known() {
		facts = append(facts, span.Start.Time().Format(time.RFC3339))
	}
	if d := span.Duration(0); d > 0 {
		facts = append(facts, figure.Duration(d))
	}
	if span.Flags.Has(eventlog.SpanFailed) {
		facts = append(facts, "failed")
	}
	fmt.Fprintf(&b, "%s\n", strings.Join(facts, " · "))
	section := func(name, language, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fence := fenceFor(text)
			fmt.Fprintf(&b, "\n%s\n\n%s%s\n%s\n%s\n", name, fence, language, text, fence)
		}
	}
	if command := commandOf(first.Input); command != "" {
		section("Command", "sh", command)
	} else if len(first.Input) > 0 {
		section("Input", "json", plainBody(first.Input))
	}
	if last.Failed {
		section("Failure", "", label.Failure(last))
	}
	section("Output", "", outputOf(last))
	return b.String()
}

// fenceFor returns a fence that does not occur in a text.
func fenceFor(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}
