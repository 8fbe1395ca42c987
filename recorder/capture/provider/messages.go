package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// messagesRequest reads a request of Anthropic's Messages API.
func messagesRequest(body []byte) (r Request, err error) {
	var d struct {
		Model     string
		MaxTokens int64 `json:"max_tokens"`
		Stream    bool
		Tools     []json.RawMessage
		Messages  []message
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return r, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	r = Request{Model: d.Model, MaxTokens: d.MaxTokens, Stream: d.Stream, Tools: len(d.Tools), Turns: len(d.Messages)}
	// A request holds the whole conversation. Only its beginning and its end are
	// taken apart: what the first text is, the last one, and what the model has
	// not seen yet.
	seen := len(d.Messages) // what stands before this the model has answered
	for seen > 0 && d.Messages[seen-1].Role != "assistant" {
		seen--
	}
	fresh := "" // the first text of the end
	for _, m := range d.Messages[seen:] {
		text, results := m.read()
		r.Results = append(r.Results, results...)
		r.Input, fresh = cmp.Or(text, r.Input), cmp.Or(fresh, text)
	}
	for i := seen - 1; i >= 0 && r.Input == ""; i-- {
		r.Input, _ = d.Messages[i].read()
	}
	for i := 0; i < seen && r.Task == ""; i++ {
		r.Task, _ = d.Messages[i].read()
	}
	r.Task = cmp.Or(r.Task, fresh)
	return r, nil
}

// message is one of the conversation.
type message struct {
	Role    string
	Content json.RawMessage
}

// read returns what somebody says who is not the model, and what tools gave.
func (m *message) read() (text string, results []Result) {
	if m.Role == "assistant" {
		return "", nil
	}
	var blocks []messagesBlock
	if len(m.Content) == 0 || m.Content[0] != '[' || json.Unmarshal(m.Content, &blocks) != nil {
		text = textOf(m.Content)
	}
	for _, b := range blocks {
		switch b.Type {
		case "text":
			if !strings.HasPrefix(b.Text, reminder) {
				text = joined(text, b.Text)
			}
		case "tool_result":
			results = append(results, Result{ID: b.ToolUseID, Text: textOf(b.Content), Failed: b.IsError})
		}
	}
	return text, results
}

// reminder begins what Claude Code adds to what people say.
const reminder = "<system-reminder>"

// said notes a text that is not the model's.
func (r *Request) said(text string) {
	if text == "" {
		return
	}
	if r.Task == "" {
		r.Task = text
	}
	r.Input = text
}

type messagesBlock struct {
	Type, Text, Thinking, ID, Name string
	Input                          json.RawMessage
	ToolUseID                      string `json:"tool_use_id"`
	IsError                        bool   `json:"is_error"`
	Content                        json.RawMessage

	text, partial strings.Builder // what came in pieces
}

type messagesUsage struct {
	Input      int64 `json:"input_tokens"`
	Output     int64 `json:"output_tokens"`
	CacheRead  int64 `json:"cache_read_input_tokens"`
	CacheWrite int64 `json:"cache_creation_input_tokens"`
	Split      *struct {
		Short int64 `json:"ephemeral_5m_input_tokens"`
		Long  int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
	Details struct {
		Thinking int64 `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
	Tier  string `json:"service_tier"`
	Speed string `json:"speed"`
	Place string `json:"inference_geo"`
}

// messages reads a response of Anthropic's Messages API.
type messages struct {
	r      Response
	blocks []*messagesBlock
	writes int64
	split  bool
}

func (m *messages) read(doc []byte) error {
	var d struct {
		Type         string
		Message      json.RawMessage // an object in a stream
		Index        int
		ContentBlock *messagesBlock `json:"content_block"`
		Delta        struct {
			Type, Text, Thinking string
			PartialJSON          string `json:"partial_json"`
			StopReason           string `json:"stop_reason"`
		}
		Usage *messagesUsage
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	switch d.Type {
	case "message":
		m.r.Counted = d.Usage != nil
		return m.message(doc)
	case "message_start":
		return m.message(d.Message)
	case "content_block_start":
		if b := m.block(d.Index); b != nil && d.ContentBlock != nil {
			*b = messagesBlock{
				Type: d.ContentBlock.Type, Text: d.ContentBlock.Text, Thinking: d.ContentBlock.Thinking,
				ID: d.ContentBlock.ID, Name: d.ContentBlock.Name, Input: d.ContentBlock.Input,
			}
		}
	case "content_block_delta":
		if b := m.block(d.Index); b != nil {
			b.text.WriteString(d.Delta.Text)
			b.text.WriteString(d.Delta.Thinking)
			b.partial.WriteString(d.Delta.PartialJSON)
		}
	case "message_delta":
		if d.Delta.StopReason != "" {
			m.r.Stop = d.Delta.StopReason
		}
		if d.Usage != nil {
			m.r.Counted = true
			m.usage(d.Usage)
		}
	case "error":
		m.r.Failure = failure(doc)
	}
	return nil
}

// message reads a message, which is a whole one or the beginning of one.
func (m *messages) message(doc []byte) error {
	var d struct {
		ID, Model  string
		StopReason string `json:"stop_reason"`
		Content    []*messagesBlock
		Usage      *messagesUsage
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	m.r.ID, m.r.Model, m.r.Stop = d.ID, d.Model, d.StopReason
	m.blocks = d.Content
	if d.Usage != nil {
		m.usage(d.Usage)
	}
	return nil
}

// most is how many blocks a response may have: their numbers are foreign.
const most = 10_000

func (m *messages) block(i int) *messagesBlock {
	if i < 0 || i >= most {
		return nil
	}
	for len(m.blocks) <= i {
		m.blocks = append(m.blocks, &messagesBlock{})
	}
	return m.blocks[i]
}

// usage takes counts. They are told at the beginning and again at the end, as
// sums so far.
func (m *messages) usage(n *messagesUsage) {
	u := &m.r.Usage
	u.Input, u.Output = max(u.Input, n.Input), max(u.Output, n.Output)
	u.CacheRead, u.Reasoning = max(u.CacheRead, n.CacheRead), max(u.Reasoning, n.Details.Thinking)
	m.writes = max(m.writes, n.CacheWrite)
	if n.Split != nil {
		m.split = true
		u.CacheWrite5m, u.CacheWrite1h = max(u.CacheWrite5m, n.Split.Short), max(u.CacheWrite1h, n.Split.Long)
	}
	m.r.Mode |= eventlog.ParseMode(n.Tier) | eventlog.ParseMode(n.Speed)
	if n.Place == "us" {
		m.r.Mode |= eventlog.Regional
	}
}

func (m *messages) response() Response {
	r := m.r
	if !m.split {
		r.Usage.CacheWrite5m = m.writes
	}
	for _, b := range m.blocks {
		if b == nil {
			continue
		}
		switch b.Type {
		case "text":
			r.Text = joined(r.Text, b.Text+b.text.String())
		case "thinking":
			r.Thinking = joined(r.Thinking, b.Thinking+b.text.String())
		case "tool_use":
			c := Call{ID: b.ID, Name: b.Name, Arguments: b.Input}
			if b.partial.Len() > 0 || len(b.Input) == 0 {
				c.Arguments = arguments(b.partial.String())
			}
			r.Calls = append(r.Calls, c)
		}
	}
	return r
}
