package fork

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Encode writes the conversation as messages; session is the id of the new one.
func (c *Conversation) Encode(f Format, session string) ([]byte, error) {
	var v any
	switch f {
	case OpenAI:
		v = c.openAI()
	case Anthropic:
		v = c.anthropic()
	case AgentSession:
		v = c.agentSession(session)
	default:
		return nil, fmt.Errorf("fork: %s is no format of messages", f)
	}
	return spelled(v)
}

// Export writes the conversation as Encode does, all that there is of it: a session
// that the Agent SDK stored is that value again, and messages of the Messages API
// stand beside their system prompt, as a request has them.
func (c *Conversation) Export(f Format, session string) ([]byte, error) {
	switch {
	case f == AgentSession && json.Valid(c.whole):
		return spelled(c.whole)
	case f == Anthropic:
		return spelled(anthropicRequest{c.System, begun(c.anthropic())})
	}
	return c.Encode(f, session)
}

func spelled(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// name spells a name or id so that every provider takes it. What is empty then is
// called something.
func name(text string, longest int) string {
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, text)
	if out == "" {
		return "_"
	}
	return out[:min(len(out), longest)]
}

const longestName = 64

type openAICall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type openAIMessage struct {
	Role    string       `json:"role"`
	Content *string      `json:"content"`
	Calls   []openAICall `json:"tool_calls,omitempty"`
	CallID  string       `json:"tool_call_id,omitempty"`
}

// openAI is the messages of the chat completions API.
func (c *Conversation) openAI() []openAIMessage {
	list := []openAIMessage{}
	if c.System != "" {
		list = append(list, openAIMessage{Role: "system", Content: &c.System})
	}
	turns, _ := c.closed()
	for _, t := range turns {
		m := openAIMessage{Role: "assistant"}
		if t.person {
			m.Role = "user"
		}
		if t.text != "" {
			m.Content = &t.text
		}
		var results []openAIMessage
		for _, k := range t.calls {
			one := openAICall{ID: k.id, Type: "function"}
			one.Function.Name, one.Function.Arguments = name(k.name, longestName), string(k.input)
			m.Calls = append(m.Calls, one)
			results = append(results, openAIMessage{Role: "tool", Content: &k.output, CallID: k.id})
		}
		list = append(append(list, m), results...)
	}
	return list
}

type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	Content   *string         `json:"content,omitempty"`
	IsError   bool            `json:"is_error,omitempty"`
}

type anthropicMessage struct {
	Role    string  `json:"role"`
	Content []block `json:"content"`
}

// anthropicRequest is what of a request is the conversation.
type anthropicRequest struct {
	System   string             `json:"system,omitempty"`
	Messages []anthropicMessage `json:"messages"`
}

// begun puts a message of the user before an answer that a log begins with, since
// the API takes none there, and cuts blanks at the end of a last answer likewise.
func begun(list []anthropicMessage) []anthropicMessage {
	if len(list) > 0 && list[0].Role != "user" {
		first := anthropicMessage{"user", []block{{Type: "text", Text: "(What was asked is not in the log.)"}}}
		list = append([]anthropicMessage{first}, list...)
	}
	if n := len(list) - 1; n >= 0 && list[n].Role == "assistant" {
		last := &list[n].Content[len(list[n].Content)-1]
		last.Text = strings.TrimRight(last.Text, " \t\r\n")
	}
	return list
}

// anthropic is the messages of the Messages API, in which the sides take turns and
// the results of tools are said by the user. The system prompt is no message
// there.
func (c *Conversation) anthropic() []anthropicMessage {
	list := []anthropicMessage{}
	say := func(role string, blocks ...block) {
		if len(blocks) == 0 {
			return
		}
		if n := len(list); n > 0 && list[n-1].Role == role {
			list[n-1].Content = append(list[n-1].Content, blocks...)
			return
		}
		list = append(list, anthropicMessage{role, blocks})
	}
	turns, _ := c.closed()
	taken := map[string]bool{}
	for _, t := range turns {
		var said, results []block
		if strings.TrimSpace(t.text) != "" { // blanks alone are refused
			said = append(said, block{Type: "text", Text: t.text})
		}
		for _, k := range t.calls {
			id := name(k.id, len(k.id))
			for n := 2; taken[id]; n++ { // two ids may be spelled alike
				id = fmt.Sprint(name(k.id, len(k.id)), "_", n)
			}
			taken[id] = true
			said = append(said, block{Type: "tool_use", ID: id, Name: name(k.name, longestName), Input: k.input})
			results = append(results, block{Type: "tool_result", ToolUseID: id, Content: &k.output, IsError: k.failed})
		}
		role := "assistant"
		if t.person {
			role = "user"
		}
		say(role, said...)
		say("user", results...)
	}
	return list
}

type agentCall struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

type agentMessage struct {
	Role    string      `json:"role"`
	Content string      `json:"content"`
	Name    *string     `json:"name"`
	CallID  *string     `json:"tool_call_id"`
	Calls   []agentCall `json:"tool_calls"` // null where there are none
}

type agentSession struct {
	ID       string         `json:"session_id"`
	System   *string        `json:"system"`
	Messages []agentMessage `json:"messages"`
}

// agentSession is a session as the Agent SDK stores it.
func (c *Conversation) agentSession(id string) agentSession {
	s := agentSession{ID: id, Messages: []agentMessage{}}
	if c.System != "" {
		s.System = &c.System
	}
	turns, _ := c.closed()
	for _, t := range turns {
		m := agentMessage{Role: "assistant", Content: t.text}
		if t.person {
			m.Role = "user"
		}
		var results []agentMessage
		for _, k := range t.calls {
			m.Calls = append(m.Calls, agentCall{k.id, k.name, k.input})
			results = append(results, agentMessage{Role: "tool", Content: k.output, Name: &k.name, CallID: &k.id})
		}
		s.Messages = append(append(s.Messages, m), results...)
	}
	return s
}
