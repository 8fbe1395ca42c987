package fork

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
)

// Conversation is what was said between a person, an agent and its tools. The
// zero Conversation is empty; Add takes one event after the other.
type Conversation struct {
	System string
	turns  []turn

	current int            // the answer that is being given, counted from 1; 0 when nobody answers
	named   bool           // the log says of which model call it is
	answers map[string]int // turns by the model calls that they are the answers of
	calls   map[string]place
	whole   json.RawMessage // the session as the Agent SDK stored it, where the log is its own
	said    map[string]bool // ids of messages: some logs write what changed once more
	open    []string        // ids of calls without a result, in their order
}

// turn is what one side said.
type turn struct {
	person bool
	text   string
	calls  []call
}

// call is a call of a tool, with its result.
type call struct {
	id, name string
	input    json.RawMessage
	output   string
	done     bool
	failed   bool
}

type place struct{ turn, call int }

// Add takes an event of a run that has the conversation, decoded in full. What is
// no part of it changes nothing.
func (c *Conversation) Add(e *eventlog.Event) {
	if c.answers == nil {
		c.answers, c.calls, c.said = map[string]int{}, map[string]place{}, map[string]bool{}
	}
	switch e.Kind {
	case eventlog.AgentStart:
		c.person(cmp.Or(e.Text, plain(e.Input)))
	case eventlog.LoopStep:
		if e.Type == "session" { // the Agent SDK keeps the system prompt with the session
			c.System = cmp.Or(c.System, e.Text)
			c.whole = e.Payload
		}
	case eventlog.Message:
		c.message(e)
	case eventlog.ModelResponse:
		if sum := e.Bill != nil && e.Bill.Calls > 0; !e.Failed && !sum {
			c.answered(e)
		}
	case eventlog.ToolCall:
		c.called(e)
	case eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		c.returned(e)
	}
}

// message takes a message that is no answer. Tool says whose it is; what a program
// only shows on its screen is not said to the model.
func (c *Conversation) message(e *eventlog.Event) {
	switch {
	case e.Tool == "system" && e.Hidden && e.Type == "system":
		c.System = cmp.Or(c.System, e.Text)
	case e.Hidden:
	case e.Tool == "user" || e.Tool == "" || e.Type == "user" || e.Type == "observation":
		if e.ID == "" || !c.said[e.ID] {
			c.said[e.ID] = true
			c.person(withImages(e.Text, shown(e)))
		}
	}
}

// person takes what a person said. Several records may tell of one message.
func (c *Conversation) person(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if n := len(c.turns); n > 0 && c.turns[n-1].person && c.turns[n-1].text == text {
		return
	}
	c.turns = append(c.turns, turn{person: true, text: text})
	c.current = 0
}

// answer makes the turn of a model call the current one: that of earlier records
// of the same call, or a new one. A number is no name: a record that is decoded by
// itself does not know how many there were before it.
func (c *Conversation) answer(id string) {
	c.named = id != "" && !strings.HasPrefix(id, "#")
	if at, ok := c.answers[id]; ok && c.named {
		c.current = at
		return
	}
	c.turns = append(c.turns, turn{})
	c.current = len(c.turns)
	if c.named {
		c.answers[id] = c.current
	}
}

// answered takes a part of an answer, or the whole of it once more.
func (c *Conversation) answered(e *eventlog.Event) {
	text := cmp.Or(e.Text, plain(e.Output))
	if text == "" && (e.CallID == "" || strings.HasPrefix(e.CallID, "#")) {
		return
	}
	c.answer(e.CallID)
	if text == "" {
		return // what it calls is of this turn
	}
	t := &c.turns[c.current-1]
	switch {
	case t.text == "" || strings.HasPrefix(text, t.text):
		t.text = text // the record was written anew, with more
	case !strings.HasSuffix(t.text, text):
		t.text += "\n\n" + text
	}
}

// called takes a call of a tool, which belongs to the answer that is being given.
// Where the log does not name that, a call that comes after the results of others
// is of another answer, which had no text.
func (c *Conversation) called(e *eventlog.Event) {
	id := cmp.Or(e.CallID, fmt.Sprint("call_", len(c.calls)+1))
	if _, again := c.calls[id]; again {
		return
	}
	if c.current == 0 || !c.named && c.turns[c.current-1].over() {
		c.answer("")
	}
	t := &c.turns[c.current-1]
	c.calls[id] = place{c.current - 1, len(t.calls)}
	c.open = append(c.open, id)
	t.calls = append(t.calls, call{id: id, name: cmp.Or(e.Tool, "tool"), input: arguments(e.Input)})
}

// over reports whether the turn called tools and all of them have returned.
func (t *turn) over() bool {
	for _, k := range t.calls {
		if !k.done {
			return false
		}
	}
	return len(t.calls) > 0
}

// returned takes what a tool returned. Where a log names no calls it is the oldest
// of the tool that has no result.
func (c *Conversation) returned(e *eventlog.Event) {
	id := e.CallID
	if id == "" {
		for _, open := range c.open {
			if at := c.calls[open]; c.turns[at.turn].calls[at.call].name == cmp.Or(e.Tool, "tool") {
				id = open
				break
			}
		}
	}
	at, ok := c.calls[id]
	if !ok {
		return
	}
	for i, open := range c.open {
		if open == id {
			c.open = append(c.open[:i:i], c.open[i+1:]...)
			break
		}
	}
	t := &c.turns[at.turn].calls[at.call]
	images := content.Images(e.Output)
	text := e.Text
	if text == "" && len(images) > 0 {
		text = texts(e.Output) // without what the images hold
	} else if text == "" {
		text = plain(e.Output)
	}
	names := make([]string, len(images))
	for i := range images {
		names[i] = images[i].String()
	}
	t.output, t.done = cmp.Or(withImages(text, names), e.Message, t.output), true
	t.failed = e.Kind != eventlog.ToolResult
}

// shown returns the names of the images of a message.
func shown(e *eventlog.Event) (names []string) {
	for _, d := range e.Details {
		if d.Name == content.ImageDetail {
			names = append(names, d.Value)
		}
	}
	return names
}

// withImages names images behind a text: what they show is no part of a log's
// conversation that somebody else could be given.
func withImages(text string, names []string) string {
	for _, name := range names {
		if text != "" {
			text += "\n"
		}
		text += "[" + name + "]"
	}
	return text
}

// Len returns how many messages there are.
func (c *Conversation) Len() int {
	turns, _ := c.closed()
	n := 0
	for _, t := range turns {
		n += 1 + len(t.calls)
	}
	return n
}

// Open returns how many calls of tools have no result. No provider goes on with
// such a conversation, so they are left out.
func (c *Conversation) Open() int {
	_, open := c.closed()
	return open
}

// closed returns the turns that somebody can go on with.
func (c *Conversation) closed() (turns []turn, open int) {
	for _, t := range c.turns {
		var calls []call
		for _, k := range t.calls {
			if k.done {
				calls = append(calls, k)
			} else {
				open++
			}
		}
		if t.calls = calls; t.text != "" || len(calls) > 0 {
			turns = append(turns, t)
		}
	}
	return turns, open
}

// plain is the text of a value: of a string itself, of blocks of text these, and
// of anything else its JSON.
func plain(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || string(value) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return cmp.Or(texts(value), string(value))
}

// texts joins the texts of a list of blocks.
func texts(value json.RawMessage) string {
	var blocks []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(value, &blocks) != nil {
		return ""
	}
	var b strings.Builder
	for _, block := range blocks {
		if block.Text != "" && b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(block.Text)
	}
	return b.String()
}

// arguments makes an object of what a tool was called with.
func arguments(input json.RawMessage) json.RawMessage {
	input = bytes.TrimSpace(input)
	var object map[string]json.RawMessage
	if json.Unmarshal(input, &object) == nil && object != nil {
		return input
	}
	var text string
	if json.Unmarshal(input, &text) == nil { // it may be spelled within a text
		if json.Unmarshal([]byte(text), &object) == nil && object != nil {
			return json.RawMessage(text)
		}
	}
	switch {
	case len(input) == 0 || string(input) == "null":
		return json.RawMessage("{}")
	case !json.Valid(input):
		input = quoted(string(input))
	}
	return spell([]field{{"input", input}})
}
