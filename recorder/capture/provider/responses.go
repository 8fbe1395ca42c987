package provider

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// responsesItem is one thing of a conversation, in a request or a response.
type responsesItem struct {
	Type, Role, ID, Name, Arguments string
	CallID                          string `json:"call_id"`
	Content, Output, Action         json.RawMessage
	Input                           json.RawMessage
	Summary                         json.RawMessage
}

// responsesRequest reads a request of OpenAI's Responses.
func responsesRequest(body []byte) (r Request, err error) {
	var d struct {
		Model     string
		MaxTokens int64 `json:"max_output_tokens"`
		Stream    bool
		Tools     []json.RawMessage
		Input     json.RawMessage
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return r, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	r = Request{Model: d.Model, MaxTokens: d.MaxTokens, Stream: d.Stream, Tools: len(d.Tools)}
	var items []responsesItem
	if json.Unmarshal(d.Input, &items) != nil {
		r.Turns = 1
		r.said(textOf(d.Input))
		return r, nil
	}
	r.Turns = len(items)
	for _, it := range items {
		switch {
		case strings.HasSuffix(it.Type, "_call_output"):
			text := outputOf(it.Output)
			r.Results = append(r.Results, Result{ID: it.CallID, Text: text, Failed: codexFailed(it.Output, text)})
		case it.Type == "" || it.Type == "message":
			if it.Role == "user" {
				r.said(textOf(it.Content))
			}
		}
	}
	return r, nil
}

// outputOf returns what a tool gave: a text, or parts of one.
func outputOf(raw json.RawMessage) string {
	var d struct{ Content json.RawMessage }
	if json.Unmarshal(raw, &d) == nil && len(d.Content) > 0 {
		return textOf(d.Content)
	}
	return textOf(raw)
}

// codexFailed tells from what a tool of Codex gave whether it failed: the API has
// no word for it, so Codex writes it into the text. Its log is read by the same
// rules.
func codexFailed(raw json.RawMessage, text string) bool {
	var d struct {
		Success  *bool
		Metadata struct {
			ExitCode int `json:"exit_code"`
		}
	}
	if json.Unmarshal(raw, &d) == nil || json.Unmarshal([]byte(text), &d) == nil {
		return d.Success != nil && !*d.Success || d.Metadata.ExitCode != 0
	}
	head, _, _ := strings.Cut(text, "\nOutput:")
	for line := range strings.Lines(head[:min(len(head), 400)]) {
		for _, before := range [...]string{"Process exited with code ", "Exit code: "} {
			if code, ok := strings.CutPrefix(line, before); ok {
				code = strings.TrimSpace(code)
				return code != "0" && code != ""
			}
		}
	}
	for _, before := range [...]string{"execution error: ", "failed to parse function arguments: ", "apply_patch verification failed: ", "unsupported call: ", "tool call error: "} {
		if strings.HasPrefix(text, before) {
			return true
		}
	}
	return false
}

// responses reads a response of OpenAI's Responses.
type responses struct {
	r      Response
	text   strings.Builder // until its item is done
	items  []responsesItem // as they were done
	output []responsesItem // as the end of the response lists them
}

type responsesBody struct {
	ID, Model, Status string
	Output            []responsesItem
	Usage             *openUsage
	ServiceTier       string                   `json:"service_tier"`
	Incomplete        *struct{ Reason string } `json:"incomplete_details"`
	Error             json.RawMessage
}

func (r *responses) read(doc []byte) error {
	var d struct {
		Type, Object string
		Delta        json.RawMessage // a text, in the events that are read
		Item         *responsesItem
		Response     *responsesBody
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	switch {
	case d.Object == "response":
		var b responsesBody
		if err := json.Unmarshal(doc, &b); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		r.body(&b, doc)
	case d.Response != nil:
		var whole struct{ Response json.RawMessage }
		if err := json.Unmarshal(doc, &whole); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		r.body(d.Response, whole.Response)
	case d.Type == "response.output_text.delta":
		r.text.WriteString(textOf(d.Delta))
	case d.Type == "response.output_item.done" && d.Item != nil:
		r.items = append(r.items, *d.Item)
		if d.Item.Type == "message" {
			r.text.Reset()
		}
	case d.Type == "error":
		if r.r.Failure = failure(doc); r.r.Failure.IsZero() {
			r.r.Failure = Failure{Type: "error", Message: "the stream ended with an error"}
		}
	}
	return nil
}

// body takes the response as far as it has come.
func (r *responses) body(b *responsesBody, raw []byte) {
	r.r.ID, r.r.Model = b.ID, b.Model
	if b.Status != "in_progress" && b.Status != "queued" {
		r.r.Stop = b.Status
	}
	if b.Incomplete != nil && b.Incomplete.Reason != "" {
		r.r.Stop = b.Incomplete.Reason
	}
	if b.Usage != nil {
		r.r.Usage, r.r.Counted = b.Usage.usage(), true
	}
	r.r.Mode |= eventlog.ParseMode(b.ServiceTier)
	if len(b.Output) > 0 {
		r.output = b.Output
	}
	if len(b.Error) > 0 && string(b.Error) != "null" {
		r.r.Failure = failure(raw)
	}
}

func (r *responses) response() Response {
	out := r.r
	items := r.output
	if len(items) < len(r.items) {
		items = r.items
	}
	for _, it := range items {
		switch it.Type {
		case "message":
			out.Text = joined(out.Text, textOf(it.Content))
		case "reasoning":
			out.Thinking = joined(out.Thinking, textOf(it.Summary))
		case "function_call":
			out.Calls = append(out.Calls, Call{ID: it.CallID, Name: it.Name, Arguments: arguments(it.Arguments)})
		case "custom_tool_call":
			out.Calls = append(out.Calls, Call{ID: it.CallID, Name: it.Name, Arguments: it.Input})
		case "local_shell_call":
			out.Calls = append(out.Calls, Call{ID: it.CallID, Name: "local_shell", Arguments: it.Action})
		}
	}
	if len(r.output) == 0 { // an item that was begun and not done
		out.Text = joined(out.Text, r.text.String())
	}
	return out
}
