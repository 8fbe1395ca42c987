package provider

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// chatRequest reads a request of OpenAI's Chat Completions.
func chatRequest(body []byte) (r Request, err error) {
	var d struct {
		Model         string
		MaxTokens     int64 `json:"max_tokens"`
		MaxCompletion int64 `json:"max_completion_tokens"`
		Stream        bool
		Tools         []json.RawMessage
		Functions     []json.RawMessage
		Messages      []struct {
			Role, Name string
			Content    json.RawMessage
			ToolCallID string `json:"tool_call_id"`
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return r, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	r = Request{Model: d.Model, MaxTokens: max(d.MaxTokens, d.MaxCompletion), Stream: d.Stream, Tools: len(d.Tools) + len(d.Functions), Turns: len(d.Messages)}
	for _, m := range d.Messages {
		switch m.Role {
		case "assistant":
			r.Results = nil
		case "tool", "function":
			r.Results = append(r.Results, Result{ID: m.ToolCallID, Name: m.Name, Text: textOf(m.Content)})
		case "system", "developer":
		default:
			r.said(textOf(m.Content))
		}
	}
	return r, nil
}

type chatCall struct {
	Index    int
	ID       string
	Function struct{ Name, Arguments string }

	text strings.Builder
}

type chatMessage struct {
	Content      json.RawMessage
	Refusal      string
	Thinking     string      `json:"reasoning_content"`
	Calls        []*chatCall `json:"tool_calls"`
	FunctionCall *struct{ Name, Arguments string }
}

// chat reads a response of OpenAI's Chat Completions.
type chat struct {
	r              Response
	text, thinking strings.Builder
	calls          []*chatCall
	at             map[[2]int]*chatCall // by choice and index, of a stream
}

func (c *chat) read(doc []byte) error {
	var d struct {
		ID, Model   string
		ServiceTier string `json:"service_tier"`
		Choices     []struct {
			Index        int
			Message      *chatMessage
			Delta        *chatMessage
			FinishReason string `json:"finish_reason"`
		}
		Usage *openUsage
		Error json.RawMessage
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if d.ID != "" {
		c.r.ID = d.ID
	}
	if d.Model != "" {
		c.r.Model = d.Model
	}
	c.r.Mode |= eventlog.ParseMode(d.ServiceTier)
	for _, choice := range d.Choices {
		if choice.FinishReason != "" {
			c.r.Stop = choice.FinishReason
		}
		if choice.Message != nil {
			c.message(choice.Message, func(call *chatCall) *chatCall {
				fresh := &chatCall{}
				c.calls = append(c.calls, fresh)
				return fresh
			})
		}
		if choice.Delta != nil {
			c.message(choice.Delta, func(call *chatCall) *chatCall { return c.call(choice.Index, call) })
		}
	}
	if d.Usage != nil {
		c.r.Usage, c.r.Counted = d.Usage.usage(), true
	}
	if len(d.Error) > 0 && string(d.Error) != "null" {
		c.r.Failure = failure(doc)
	}
	return nil
}

// message takes a message or a piece of one. The function finds the call that a
// piece belongs to.
func (c *chat) message(m *chatMessage, find func(*chatCall) *chatCall) {
	c.text.WriteString(textOf(m.Content))
	c.text.WriteString(m.Refusal)
	c.thinking.WriteString(m.Thinking)
	if f := m.FunctionCall; f != nil { // before there were tools
		m.Calls = append(m.Calls, &chatCall{Function: *f})
	}
	for _, piece := range m.Calls {
		if piece == nil {
			continue
		}
		call := find(piece)
		if piece.ID != "" {
			call.ID = piece.ID
		}
		call.Function.Name += piece.Function.Name
		call.text.WriteString(piece.Function.Arguments)
	}
}

func (c *chat) call(choice int, piece *chatCall) *chatCall {
	key := [2]int{choice, piece.Index}
	call := c.at[key]
	// Some providers number all calls 0 and give each a new id.
	if call == nil || piece.ID != "" && call.ID != "" && piece.ID != call.ID {
		call = &chatCall{}
		c.calls = append(c.calls, call)
		if c.at == nil {
			c.at = map[[2]int]*chatCall{}
		}
		c.at[key] = call
	}
	return call
}

func (c *chat) response() Response {
	r := c.r
	r.Text, r.Thinking = c.text.String(), c.thinking.String()
	for _, call := range c.calls {
		r.Calls = append(r.Calls, Call{ID: call.ID, Name: call.Function.Name, Arguments: arguments(call.text.String())})
	}
	return r
}

// openUsage is how OpenAI counts: the input with what came from the cache, the
// output with the reasoning. Its two APIs have different names for it.
type openUsage struct {
	Prompt        int64      `json:"prompt_tokens"`
	Completion    int64      `json:"completion_tokens"`
	Input         int64      `json:"input_tokens"`
	Output        int64      `json:"output_tokens"`
	PromptDetails openInput  `json:"prompt_tokens_details"`
	InputDetails  openInput  `json:"input_tokens_details"`
	DoneDetails   openOutput `json:"completion_tokens_details"`
	OutputDetails openOutput `json:"output_tokens_details"`
}

type openInput struct {
	Cached int64 `json:"cached_tokens"`
	Write  int64 `json:"cache_write_tokens"`
}

type openOutput struct {
	Reasoning int64 `json:"reasoning_tokens"`
}

func (n *openUsage) usage() eventlog.Usage {
	input := max(n.Prompt, n.Input)
	cached := min(max(n.PromptDetails.Cached, n.InputDetails.Cached), input)
	written := min(max(n.PromptDetails.Write, n.InputDetails.Write), input-cached)
	return eventlog.Usage{
		Input: input - cached - written, CacheRead: cached, CacheWrite5m: written,
		Output: max(n.Completion, n.Output), Reasoning: max(n.DoneDetails.Reasoning, n.OutputDetails.Reasoning),
	}
}
