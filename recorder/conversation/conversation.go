// Package conversation keeps the conversations of Go programs between one sitting and
// the next: what was said so far, in the form and the database of the Agent SDK, so
// that lazytrace opens them, and a program in Python goes on with them. Where they
// are kept is a Store of four methods; there is one in memory, one in SQLite, and
// yours.
//
// What a program did is not here but in a recording; see package recorder.
package conversation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The roles of messages.
const (
	System    = "system"
	User      = "user"
	Assistant = "assistant"
	Tool      = "tool"
)

// Conversation is what was said in a session so far. Its JSON is the Agent SDK's
// session.json, member by member.
type Conversation struct {
	SessionID string    `json:"session_id"`
	System    *string   `json:"system"`
	Messages  []Message `json:"messages"`
}

// Message is one thing that was said.
type Message struct {
	Role       string     `json:"role"`
	Content    Content    `json:"content"`
	Name       *string    `json:"name"`         // of the tool whose result it is
	ToolCallID *string    `json:"tool_call_id"` // which call it answers
	ToolCalls  []ToolCall `json:"tool_calls"`   // null where there are none
}

// ToolCall is a call that the model asks for.
type ToolCall struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"` // an object
}

// Block is a part of a content that is more than a text.
type Block struct {
	Type     string          `json:"type"` // text, image, image_url
	Text     *string         `json:"text"`
	ImageURL json.RawMessage `json:"image_url"` // an address, or an object with one
}

// Content is a text or, where Blocks is not nil, a list of blocks.
type Content struct {
	Text   string
	Blocks []Block
}

// MarshalJSON writes a text as a string and blocks as an array.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.Blocks != nil {
		return json.Marshal(c.Blocks)
	}
	return json.Marshal(c.Text)
}

// UnmarshalJSON reads either.
func (c *Content) UnmarshalJSON(text []byte) error {
	*c = Content{}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		c.Blocks = []Block{}
		return json.Unmarshal(text, &c.Blocks)
	}
	return json.Unmarshal(text, &c.Text)
}

// String is the texts of the content, one behind the other.
func (c Content) String() string {
	if c.Blocks == nil {
		return c.Text
	}
	var b bytes.Buffer
	for _, block := range c.Blocks {
		if block.Text != nil {
			b.WriteString(*block.Text)
		}
	}
	return b.String()
}

// Say appends a message with a text.
func (c *Conversation) Say(role, text string) {
	c.Messages = append(c.Messages, Message{Role: role, Content: Content{Text: text}})
}

// Clear forgets the messages and keeps the system prompt.
func (c *Conversation) Clear() { c.Messages = nil }

// Fork is a conversation of its own that begins with what was said in this one,
// which goes on unchanged.
func (c *Conversation) Fork(sessionID string) *Conversation {
	return &Conversation{SessionID: sessionID, System: c.System, Messages: slices.Clone(c.Messages)}
}

// Parse reads a session.json.
func Parse(text []byte) (*Conversation, error) {
	var c Conversation
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("read conversation: %w", err)
	}
	if c.SessionID == "" {
		return nil, errors.New("read conversation: it has no session_id")
	}
	return &c, nil
}

// JSON spells the conversation as session.json.
func (c *Conversation) JSON() ([]byte, error) {
	all := *c
	if all.Messages == nil {
		all.Messages = []Message{} // a list, as everybody who reads it expects
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&all); err != nil {
		return nil, fmt.Errorf("write conversation %s: %w", c.SessionID, err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
