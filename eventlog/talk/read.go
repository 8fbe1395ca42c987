package talk

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// BlockKind is what a block of an item is.
type BlockKind uint8

// The kinds of blocks.
const (
	Text      BlockKind = iota // what was said, or what a tool returned
	Thought                    // what the model thought
	Asked                      // what was put to the model, where the log tells it with the call
	Picture                    // an image, by its name
	Arguments                  // of a call, as JSON
	Diff                       // what a call does to a file
	Structure                  // an answer or result that is JSON
	Failure                    // how it failed
)

// Block is a part of an item.
type Block struct {
	Kind  BlockKind
	Text  string          // foreign, as it is in the log
	Raw   json.RawMessage // of arguments and structures
	Image string          // of a picture: its name
	Edit  *content.Edit   // of a diff
}

// Said is an item with its bodies.
type Said struct {
	Item
	Index  int // of the item
	End    eventlog.Stamp
	Who    string // the agent
	Model  string
	Tool   string // the name of the tool; of a note what it is
	CallID string
	Label  string // of a call in a few words
	Bill   eventlog.Bill
	Billed bool
	Blocks []Block
	Cut    bool // it has more rows than are read
}

// Empty reports whether the item says nothing: a model call that only calls
// tools, the start of a run that tells no task.
func (s *Said) Empty() bool {
	return len(s.Blocks) == 0 && s.Kind != Tool && s.Kind != Agent && !s.Flags.Has(Failed)
}

// Joined returns the text of the blocks of a kind.
func (s *Said) Joined(kind BlockKind) string {
	var texts []string
	for i := range s.Blocks {
		if s.Blocks[i].Kind == kind {
			texts = append(texts, s.Blocks[i].Text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// Raw returns the JSON of the first block of a kind.
func (s *Said) Raw(kind BlockKind) json.RawMessage {
	for i := range s.Blocks {
		if s.Blocks[i].Kind == kind {
			return s.Blocks[i].Raw
		}
	}
	return nil
}

// How much is read at a time, and of one item at most: a stream may have been
// written letter by letter.
const (
	portion  = 256
	mostRows = 20_000
)

// Read reads the bodies of some items, by their numbers: those on a screen, or
// the next of a transcript.
func (l *List) Read(ctx context.Context, log eventlog.Log, items ...int) ([]Said, error) {
	out := make([]Said, len(items))
	var rows []eventlog.RowID
	counts := make([]int, len(items))
	for k, i := range items {
		out[k] = l.about(i)
		own := l.Rows(i)
		if len(own) > mostRows {
			own, out[k].Cut = own[:mostRows], true
		}
		counts[k] = len(own)
		rows = append(rows, own...)
	}
	var events []eventlog.Event
	k := 0
	for at := 0; at < len(rows) || k < len(items); {
		next := min(len(rows), at+portion)
		if at < next {
			more, err := log.Events(ctx, rows[at:next])
			if err != nil {
				return nil, err
			}
			events, at = append(events, more...), next
		}
		for k < len(items) && len(events) >= counts[k] {
			out[k].compose(events[:counts[k]])
			events = events[counts[k]:]
			k++
		}
	}
	return out, ctx.Err()
}

// about tells of an item what its span does.
func (l *List) about(i int) Said {
	it := l.Items[i]
	s, names := l.Snap.Span(it.Span), l.Snap.Symbols
	said := Said{Item: it, Index: i, End: s.End, Who: names.Name(it.Agent), Model: names.Name(s.Model)}
	if it.Kind == Task || it.Kind == Result {
		said.End = it.Time
	}
	if s.Kind == eventlog.SpanTool {
		said.Tool = names.Name(s.Tool)
	}
	if s.Bill > 0 && s.Kind == eventlog.SpanModel {
		said.Bill, said.Billed = l.Snap.Bills.At(int(s.Bill)-1), true
	}
	return said
}

// compose makes the blocks of an item of its events.
func (s *Said) compose(events []eventlog.Event) {
	for i := range events {
		e := &events[i]
		if s.CallID == "" {
			s.CallID = e.CallID
		}
		switch {
		case s.Kind == Assistant && counts(e):
			continue
		case s.Kind == Tool:
			s.tool(e)
		case e.Kind == eventlog.ModelRequest:
			s.text(Asked, e.Text, false)
		case s.Kind == Thinking:
			s.text(Thought, e.Text, false)
		case s.Kind == Assistant:
			s.answer(e)
		default:
			s.message(e)
		}
		if e.Failed || s.Flags.Has(Failed) && e.Message != "" {
			s.failure(e)
		}
	}
}

// counts reports whether an event only tells what calls used: nobody said that.
func counts(e *eventlog.Event) bool {
	return e.Bill != nil && (e.Type == "usage" || e.Type == "stats" || e.Type == "model_usage")
}

// text adds a text, unless it was said already: several records may tell of one
// answer. A piece goes on where the last one ended.
func (s *Said) text(kind BlockKind, text string, piece bool) {
	if strings.TrimSpace(text) == "" && !piece || text == "" {
		return
	}
	if n := len(s.Blocks) - 1; piece && n >= 0 && s.Blocks[n].Kind == kind {
		s.Blocks[n].Text += text
		return
	}
	for i := range s.Blocks {
		if s.Blocks[i].Kind == kind && s.Blocks[i].Text == text {
			return
		}
	}
	s.Blocks = append(s.Blocks, Block{Kind: kind, Text: text})
}

// details names the images of a message and puts the thoughts of an answer before
// its text, where they were thought.
func (s *Said) details(e *eventlog.Event) {
	for _, d := range e.Details {
		switch d.Name {
		case "thinking":
			s.text(Thought, d.Value, e.Piece)
		case content.ImageDetail:
			s.Blocks = append(s.Blocks, Block{Kind: Picture, Image: d.Value})
		}
	}
}

func (s *Said) answer(e *eventlog.Event) {
	s.details(e)
	if raw := json.RawMessage(strings.TrimSpace(e.Text)); structured(raw) {
		s.structure(raw)
		return
	}
	s.text(Text, e.Text, e.Piece)
	if e.Text == "" && structured(e.Output) && !transcript(e.Output) {
		s.structure(e.Output)
	}
}

// structured reports whether a text is a JSON object or list.
func structured(raw json.RawMessage) bool {
	return len(raw) > 1 && (raw[0] == '{' || raw[0] == '[') && len(raw) < 1<<20 && json.Valid(raw)
}

// transcript reports whether an answer is a list of messages or blocks, whose text
// and calls are told by themselves.
func transcript(raw json.RawMessage) bool {
	var list []map[string]json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		var one map[string]json.RawMessage
		if json.Unmarshal(raw, &one) != nil {
			return false
		}
		list = append(list, one)
	}
	for _, m := range list {
		for _, name := range []string{"role", "parts", "type", "tool_calls", "choices", "candidates"} {
			if _, ok := m[name]; ok {
				return true
			}
		}
	}
	return false
}

func (s *Said) structure(raw json.RawMessage) {
	for i := range s.Blocks {
		if s.Blocks[i].Kind == Structure && bytes.Equal(s.Blocks[i].Raw, raw) {
			return
		}
	}
	s.Blocks = append(s.Blocks, Block{Kind: Structure, Raw: slices.Clone(raw)})
}

// tool adds what a record tells of a call: its arguments, or what it returned.
func (s *Said) tool(e *eventlog.Event) {
	if s.Tool == "" {
		s.Tool = e.Tool
	}
	if !content.Nothing(e.Input) && s.Raw(Arguments) == nil {
		s.Label = label.Input(e.Input)
		s.Blocks = append(s.Blocks, Block{Kind: Arguments, Raw: e.Input})
		edits := content.Edits(s.Tool, e.Input)
		for i := range edits {
			s.Blocks = append(s.Blocks, Block{Kind: Diff, Text: edits[i].Diff, Edit: &edits[i]})
		}
	}
	if e.Kind == eventlog.ToolCall {
		if s.Label == "" {
			s.Label = label.Of(e)
		}
		return
	}
	for _, image := range content.Images(e.Output) {
		s.Blocks = append(s.Blocks, Block{Kind: Picture, Image: image.String()})
	}
	if e.Text != "" || e.Failed && told(e) {
		s.text(Text, e.Text, false)
		return
	}
	if text, ok := content.String(e.Output); ok {
		s.text(Text, text, false)
	} else if text, ok := content.Blocks(e.Output); ok {
		s.text(Text, text, false)
	} else if structured(e.Output) && len(content.Images(e.Output)) == 0 {
		s.structure(e.Output)
	} else if !content.Nothing(e.Output) && len(content.Images(e.Output)) == 0 {
		s.text(Text, string(e.Output), false)
	}
}

// told reports whether the message of a failure and the output say the same, or one
// of them holds the other.
func told(e *eventlog.Event) bool {
	if e.Message == "" {
		return false
	}
	text, ok := content.String(e.Output)
	if !ok {
		text, ok = content.Blocks(e.Output)
	}
	text, message := strings.TrimSpace(text), strings.TrimSpace(e.Message)
	return !ok || strings.Contains(text, message) || strings.Contains(message, text)
}

// message adds what a record says that is no answer and no call.
func (s *Said) message(e *eventlog.Event) {
	switch s.Kind {
	case Decision:
		s.Tool = e.Tool
	case Note:
		if s.Tool = e.Tool; s.Tool == "" {
			s.Tool = e.Type[strings.LastIndexByte(e.Type, '/')+1:]
		}
	}
	text := e.Text
	if text == e.Type {
		text = "" // it is only called so
	}
	if text == "" && s.Kind == Task {
		text, _ = content.String(e.Input)
	}
	if text == "" && s.Kind == Result {
		if out, ok := content.String(e.Output); ok {
			text = out
		} else if structured(e.Output) && !transcript(e.Output) {
			s.structure(e.Output)
		}
	}
	if text == "" && (s.Kind == Decision || s.Kind == Compaction || s.Kind == Error) && !e.Failed {
		text = label.Of(e)
	}
	if raw := json.RawMessage(strings.TrimSpace(text)); s.Kind == Result && structured(raw) {
		s.structure(raw)
	} else {
		s.text(Text, text, false)
	}
	s.details(e)
}

// unknown is said of what failed in a way that nobody tells.
const unknown = "failed"

// failure adds how the item failed. A message that is the text anyhow becomes the
// failure.
func (s *Said) failure(e *eventlog.Event) {
	message := eventlog.Prose(e.Message)
	if message == "" {
		if message = label.Failure(e); message == "" && e.Text == "" {
			message = unknown
		}
	}
	s.Blocks = slices.DeleteFunc(s.Blocks, func(b Block) bool {
		return b.Kind == Text && strings.TrimSpace(b.Text) == strings.TrimSpace(e.Message)
	})
	if message == "" {
		return
	}
	for i := range s.Blocks {
		if s.Blocks[i].Kind == Failure {
			if s.Blocks[i].Text == unknown {
				s.Blocks[i].Text = message
			}
			if message == unknown {
				return
			}
		}
	}
	s.text(Failure, message, false)
}
