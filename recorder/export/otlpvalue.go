package export

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// textOf returns a JSON value as an attribute holds it: the text of a string,
// anything else as it is spelled, and nothing for null.
func textOf(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return string(raw)
}

// say sets a text as the convention has the messages of a conversation.
func (s *span) say(name, role, text, stop string) {
	if text == "" {
		return
	}
	var part, message wire.Object
	part.Text("type", "text")
	part.Text("content", fit(text))
	message.Text("role", role)
	message.Raw("parts", jsonList{part.JSON()}.json())
	message.Text("finish_reason", stop)
	s.attrs = append(s.attrs, attribute{name, string(jsonList{message.JSON()}.json())})
}

// payloadOf returns the members of a payload as attributes, under their own
// names: numbers and truths as such, and what is made of parts as JSON.
func payloadOf(e *eventlog.Event) (attrs []attribute) {
	const most = 64
	wire.Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		switch name {
		case "agent_name", "parent_run_id", "lt":
			return true
		}
		if value := valueOf(raw); value != nil {
			attrs = with(attrs, fit(name), value)
		}
		return len(attrs) < most
	})
	return attrs
}

func valueOf(raw json.RawMessage) any {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case string(raw) == "true", string(raw) == "false":
		return raw[0] == 't'
	case raw[0] == '"' || raw[0] == '{' || raw[0] == '[':
		return textOf(raw)
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && !math.IsInf(f, 0) {
		return f
	}
	return string(raw)
}

// errorType returns what kind of failure an event says it is.
func errorType(e *eventlog.Event) (kind string) {
	wire.Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		switch name {
		case "type", "error_type":
			kind = textOf(raw)
		case "status":
			if kind == "" {
				kind = textOf(raw)
			}
		}
		return true
	})
	return kind
}

// providerOf spells a provider as the convention does where it has a name of
// its own for it.
func providerOf(name string) string {
	switch name {
	case "google":
		return "gcp.gen_ai"
	case "bedrock":
		return "aws.bedrock"
	case "azure":
		return "azure.ai.openai"
	}
	return name
}
