// Package fork writes the conversation of a session, up to one of its events, so
// that somebody can go on with it from there: as the transcript of the agent that
// it was held with, or as messages for a provider. It knows how those are spelled,
// and is given what it writes; it opens nothing.
package fork

import (
	"encoding/json"
	"slices"
)

// Format is a way to write a conversation.
type Format string

// The formats. Claude and Codex are written of their own transcripts only.
const (
	Claude       Format = "claude"
	Codex        Format = "codex"
	OpenAI       Format = "openai"
	Anthropic    Format = "anthropic"
	AgentSession Format = "agent-session"
)

// Formats are all of them, in the order in which they are listed.
var formats = []Format{Claude, Codex, OpenAI, Anthropic, AgentSession}

// Formats returns the names of the formats.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return names
}

// Known reports whether there is such a format.
func (f Format) Known() bool { return slices.Contains(formats, f) }

// Transcript reports whether the format is that of an agent, whose lines are
// copied, rather than of messages.
func (f Format) Transcript() bool { return f == Claude || f == Codex }

// field is a member of an object, as it is spelled.
type field struct {
	key   string
	value []byte
}

// spell writes an object.
func spell(fields []field) []byte {
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(f.key) // a text always has a spelling
		out = append(append(append(out, key...), ':'), f.value...)
	}
	return append(out, '}')
}

func quoted(text string) []byte {
	b, _ := json.Marshal(text) // a text always has a spelling
	return b
}
