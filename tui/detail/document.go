package detail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// Part is which side of a step is shown.
type Part int

// The parts.
const (
	Call Part = iota // call and result together
	Input
	Output
	Raw
	parts
)

var partNames = [parts]string{"call", "input", "output", "raw"}

// kind is how a line looks. Colours are put on when a line is drawn, so that
// only what is seen is coloured.
type kind uint8

const (
	plain kind = iota
	dim
	heading
	command
	bad
	good
	code
	jsonText
	field // name and value, parted by a tab
)

// line is one row of the document: fit for a terminal and no wider than it was
// wrapped for, but for code, which scrolls sideways.
type line struct {
	kind kind
	text string
}

// document is what a step says, broken into rows.
type document struct {
	lines []line
	width int
	cut   bool
}

// Bodies may be as large as a log allows; no person reads further than this.
const (
	maxLines = 20_000
	maxBytes = 2 << 20
)

func (d *document) add(k kind, text string) {
	if len(d.lines) >= maxLines {
		d.cut = true
		return
	}
	d.lines = append(d.lines, line{k, text})
}

func (d *document) blank() {
	if n := len(d.lines); n > 0 && d.lines[n-1].text != "" {
		d.add(plain, "")
	}
}

// text adds foreign text, wrapped.
func (d *document) text(k kind, text string) {
	if len(text) > maxBytes {
		text = strings.ToValidUTF8(text[:maxBytes], "")
		d.cut = true
	}
	fenced := false
	for _, raw := range strings.Split(strings.TrimRight(escape.Text(text), "\n"), "\n") {
		style := k
		if k == plain {
			switch {
			case strings.HasPrefix(raw, "```"):
				fenced = !fenced
				style = dim
			case fenced:
				style = code
			case strings.HasPrefix(raw, "#"):
				style = heading
			case strings.HasPrefix(raw, "FAIL"), strings.HasPrefix(raw, "Error"), strings.HasPrefix(raw, "error:"), strings.HasPrefix(raw, "Traceback"), strings.HasPrefix(raw, "panic:"):
				style = bad
			}
		}
		d.wrap(style, raw)
		if d.cut {
			return
		}
	}
}

func (d *document) wrap(k kind, text string) {
	if len(text) <= d.width || ansi.StringWidth(text) <= d.width {
		d.add(k, text)
		return
	}
	for _, part := range strings.Split(ansi.Wrap(text, max(4, d.width), ""), "\n") {
		d.add(k, part)
	}
}

// body adds a JSON value the way that it reads best: strings as text, objects
// by their fields, anything else indented.
func (d *document) body(raw json.RawMessage) {
	if content.Nothing(raw) {
		return
	}
	raw = bytes.TrimSpace(raw)
	if text, ok := content.String(raw); ok {
		d.text(plain, text)
		return
	}
	if blocks, ok := content.Blocks(raw); ok {
		d.text(plain, blocks)
		return
	}
	if raw[0] == '{' && len(raw) < maxBytes {
		if fields, ok := content.Fields(raw); ok {
			d.fields(fields)
			return
		}
	}
	d.json(raw)
}

func (d *document) fields(fields []content.Field) {
	width := 0
	for _, f := range fields {
		width = max(width, min(16, ansi.StringWidth(escape.Line(f.Name))))
	}
	for _, f := range fields {
		name := escape.Line(f.Name)
		value := string(f.Value)
		text, isText := content.String(f.Value)
		if isText {
			value = text
		}
		short := !strings.Contains(value, "\n") && len(value) < max(20, d.width-width-3) && (isText || !strings.HasPrefix(value, "{") || len(value) < 40)
		if short {
			d.add(field, name+strings.Repeat(" ", max(0, width-ansi.StringWidth(name)))+"\t"+escape.Line(value))
			continue
		}
		d.add(dim, name)
		if isText {
			d.text(plain, text)
		} else if blocks, ok := content.Blocks(f.Value); ok {
			d.text(plain, blocks)
		} else {
			d.json(f.Value)
		}
	}
}

// json adds a value indented. Long lines are not wrapped: they scroll.
func (d *document) json(raw json.RawMessage) {
	if len(raw) > maxBytes {
		d.text(plain, string(raw))
		return
	}
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		d.text(plain, string(raw))
		return
	}
	for _, text := range strings.Split(escape.Text(b.String()), "\n") {
		d.wrap(jsonText, text)
	}
}

// compose makes the document of a part of a step from its events.
func compose(events []eventlog.Event, part Part, width int, several bool) *document {
	d := &document{width: max(8, width)}
	switch part {
	case Call:
		if !several {
			d.call(events)
			break
		}
		for i := range events {
			before := len(d.lines)
			d.blank()
			d.add(dim, escape.Line(kindOf(&events[i])))
			at := len(d.lines)
			d.call(events[i : i+1])
			if len(d.lines) == at {
				d.lines = d.lines[:before] // it says nothing
			}
		}
	case Input:
		for i := range events {
			if len(events[i].Input) > 0 {
				d.blank()
				d.body(events[i].Input)
			}
		}
	case Output:
		d.failure(events)
		d.output(events)
	case Raw:
		for i := range events {
			d.raw(&events[i])
		}
	}
	if len(d.lines) == 0 {
		d.add(dim, [parts]string{"This step says nothing more.", "No input was recorded.", "No output was recorded.", "No record."}[part])
	}
	if d.cut {
		d.add(dim, "… cut here: the rest is longer than can be read")
	}
	return d
}

func (d *document) call(events []eventlog.Event) {
	d.failure(events)
	for i := range events {
		e := &events[i]
		if len(e.Input) > 0 {
			d.blank()
			if e.Kind.Class() == eventlog.ClassTool {
				d.input(e)
			} else {
				d.body(e.Input)
			}
		}
	}
	d.output(events)
	d.details(events)
}

// input shows a call: a command alone as a shell would, anything else by its
// fields.
func (d *document) input(e *eventlog.Event) {
	fields, ok := content.Fields(e.Input)
	if ok {
		for _, f := range fields {
			if f.Name == "command" || f.Name == "cmd" {
				d.wrap(command, "$ "+escape.Line(label.Input(e.Input)))
				if text, isText := content.String(f.Value); isText && !strings.Contains(text, "\n") && len(fields) <= 3 {
					return
				}
				d.blank()
				break
			}
		}
	}
	d.body(e.Input)
}

func (d *document) failure(events []eventlog.Event) {
	for i := range events {
		e := &events[i]
		if !e.Failed {
			continue
		}
		message := eventlog.Prose(e.Message)
		if message == "" {
			message = e.Kind.String()
		}
		d.text(bad, message)
		d.blank()
		return
	}
}

func (d *document) output(events []eventlog.Event) {
	for i := range events {
		e := &events[i]
		if e.Text != "" {
			d.blank()
			d.text(plain, e.Text)
		}
		if len(e.Output) > 0 {
			text, isText := content.String(e.Output)
			if isText && (text == e.Text || text == e.Message) {
				continue // said already
			}
			d.blank()
			d.body(e.Output)
		}
	}
}

func (d *document) details(events []eventlog.Event) {
	width := 0
	for i := range events {
		for _, x := range events[i].Details {
			width = max(width, min(20, ansi.StringWidth(escape.Line(x.Name))))
		}
	}
	if width == 0 {
		return
	}
	d.blank()
	for i := range events {
		for _, x := range events[i].Details {
			name := escape.Line(x.Name)
			if strings.Contains(x.Value, "\n") || len(x.Value) > d.width-width-2 {
				d.add(dim, name)
				d.text(plain, x.Value)
				continue
			}
			d.add(field, name+strings.Repeat(" ", max(0, width-ansi.StringWidth(name)))+"\t"+escape.Line(x.Value))
		}
	}
}

// kindOf returns what an event is called: by the log where nobody else has a
// name for it.
func kindOf(e *eventlog.Event) string {
	if e.Kind == eventlog.Custom && e.Type != "" {
		return e.Type
	}
	return e.Kind.String()
}

func (d *document) raw(e *eventlog.Event) {
	d.blank()
	head := kindOf(e)
	if e.ID != "" {
		head += "  " + e.ID
	}
	if n := len(e.Payload); n > 0 {
		head += fmt.Sprintf("  %s", figure.Bytes(int64(n)))
	}
	d.add(heading, escape.Line(head))
	switch {
	case len(e.Payload) > 0:
		d.json(e.Payload)
	case len(e.Input) > 0 || len(e.Output) > 0:
		d.json(e.Input)
		d.json(e.Output)
	default:
		d.text(plain, e.Text)
	}
}
