package scripted

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// conversation is what a request tells that matters to a script.
type conversation struct {
	model   string
	stream  bool
	counted bool // a stream of Chat Completions whose client asked for its counts
	tools   int
	script  string // the last one that its user asked for
	turn    int    // how often the model has spoken since
	results []toolResult
	last    string // what the newest tool gave

	spoke bool // the last thing in it is the model's
}

// toolResult is what a tool gave.
type toolResult struct {
	id, name string
	failed   bool
}

// said takes what a user or a tool said.
func (c *conversation) said(text string) {
	if name := markerOf(text); name != "" {
		c.script, c.turn = name, 0
	}
	c.spoke = false
}

// answered takes something of the model's. All that it says in a row is one turn.
func (c *conversation) answered() {
	if !c.spoke {
		c.turn++
	}
	c.spoke = true
}

// gave takes what a tool gave. Tools may quote anything, so they ask for no script.
func (c *conversation) gave(id, name, text string, failed bool) {
	c.results = append(c.results, toolResult{id, name, failed})
	c.spoke, c.last = false, text
}

// read reads the body of a request.
func (w wire) read(r *http.Request, body []byte) (*conversation, error) {
	c := &conversation{}
	var err error
	switch w {
	case messages:
		err = c.messages(body)
	case chat:
		err = c.chat(body)
	case responses:
		err = c.responses(body)
	case gemini:
		c.model, _, _ = strings.Cut(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], ":")
		c.stream = strings.Contains(r.URL.Path, ":stream")
		err = c.gemini(body)
	}
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return c, nil
}

// part is a piece of what somebody said, in any API.
type part struct {
	Type, Text string
	ToolUseID  string `json:"tool_use_id"`
	IsError    bool   `json:"is_error"`
	Content    json.RawMessage
}

// parts returns the pieces of a text or of a list, at least one.
func parts(raw json.RawMessage) []part {
	var list []part
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return list
	}
	var text string
	_ = json.Unmarshal(raw, &text) // what is neither says nothing
	return []part{{Type: "text", Text: text}}
}

func (c *conversation) messages(body []byte) error {
	var d struct {
		Model    string
		Stream   bool
		Tools    []json.RawMessage
		Messages []struct {
			Role    string
			Content json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	c.model, c.stream, c.tools = d.Model, d.Stream, len(d.Tools)
	for _, m := range d.Messages {
		if m.Role == "assistant" {
			c.answered()
			continue
		}
		for _, p := range parts(m.Content) {
			switch p.Type {
			case "text":
				c.said(p.Text)
			case "tool_result":
				c.gave(p.ToolUseID, "", parts(p.Content)[0].Text, p.IsError)
			}
		}
	}
	return nil
}

func (c *conversation) chat(body []byte) error {
	var d struct {
		Model   string
		Stream  bool
		Options struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
		Tools    []json.RawMessage
		Messages []struct {
			Role       string
			ToolCallID string `json:"tool_call_id"`
			Content    json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	c.model, c.stream, c.counted, c.tools = d.Model, d.Stream, d.Options.Usage, len(d.Tools)
	for _, m := range d.Messages {
		switch m.Role {
		case "assistant":
			c.answered()
		case "tool":
			c.gave(m.ToolCallID, "", parts(m.Content)[0].Text, false)
		case "user":
			for _, p := range parts(m.Content) {
				c.said(p.Text)
			}
		}
	}
	return nil
}

func (c *conversation) responses(body []byte) error {
	var d struct {
		Model  string
		Stream bool
		Tools  []json.RawMessage
		Input  json.RawMessage
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	c.model, c.stream, c.tools = d.Model, d.Stream, len(d.Tools)
	var items []struct {
		Type, Role string
		CallID     string `json:"call_id"`
		Content    json.RawMessage
		Output     json.RawMessage
	}
	if json.Unmarshal(d.Input, &items) != nil {
		c.said(parts(d.Input)[0].Text)
		return nil
	}
	for _, it := range items {
		switch {
		case strings.HasSuffix(it.Type, "_output"):
			c.gave(it.CallID, "", parts(it.Output)[0].Text, false)
		case it.Role == "assistant", strings.HasSuffix(it.Type, "_call"), it.Type == "reasoning":
			c.answered()
		case it.Role == "user":
			for _, p := range parts(it.Content) {
				c.said(p.Text)
			}
		}
	}
	return nil
}

func (c *conversation) gemini(body []byte) error {
	var d struct {
		Tools    []json.RawMessage
		Contents []struct {
			Role  string
			Parts []struct {
				Text             string
				FunctionResponse *struct{ ID, Name string }
			}
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	c.tools = len(d.Tools)
	for _, m := range d.Contents {
		if m.Role == "model" {
			c.answered()
			continue
		}
		for _, p := range m.Parts {
			if f := p.FunctionResponse; f != nil {
				c.gave(f.ID, f.Name, "", false)
				continue
			}
			c.said(p.Text)
		}
	}
	return nil
}
