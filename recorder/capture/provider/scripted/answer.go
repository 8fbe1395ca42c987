package scripted

import (
	"encoding/json"
	"strings"
)

// wire is the form in which a client asks.
type wire string

const (
	none      wire = ""
	messages  wire = "anthropic.messages"
	chat      wire = "openai.chat"
	responses wire = "openai.responses"
	gemini    wire = "gemini"
)

// wireOf tells which API a request calls. What counts tokens calls no model.
func wireOf(method, path string) wire {
	switch {
	case method != "POST":
		return none
	case strings.HasSuffix(path, "/messages"):
		return messages
	case strings.HasSuffix(path, "/chat/completions"):
		return chat
	case strings.HasSuffix(path, "/responses"):
		return responses
	case strings.HasSuffix(path, ":generateContent"), strings.HasSuffix(path, ":streamGenerateContent"):
		return gemini
	}
	return none
}

// requestHeader is where a provider tells the id of a request.
func (w wire) requestHeader() string {
	if w == messages {
		return "Request-Id"
	}
	return "X-Request-Id"
}

// answer is a turn with the names that this server gives to it.
type answer struct {
	Turn
	wire      wire
	model     string
	id        string
	usage     Usage
	calls     []Asked
	counted   bool // a stream of Chat Completions that is to tell its counts
	itemNames string
}

// event is one event of a stream; the name may be empty.
type event struct {
	name string
	data any
}

type object = map[string]any

// document returns the answer in one piece.
func (a *answer) document() any {
	switch a.wire {
	case messages:
		return a.message()
	case chat:
		return a.completion()
	case responses:
		return a.response("completed")
	}
	return a.candidate(a.geminiParts(), true)
}

// events returns the answer as a stream. Whatever comes after the first half
// may be missing from one that breaks off.
func (a *answer) events() []event {
	switch a.wire {
	case messages:
		return a.messageEvents()
	case chat:
		return a.completionEvents()
	case responses:
		return a.responseEvents()
	}
	return a.geminiEvents()
}

// told returns what the beginning of a stream says of the counts: Anthropic
// tells the input at once, the others nothing before the end.
func (a *answer) told() Usage {
	if a.wire == messages {
		u := a.usage
		u.Output, u.Reasoning = 1, 0
		return u
	}
	return Usage{}
}

// pieces cuts a text into what a stream tells at once.
func pieces(text string) []string {
	const size = 24
	var out []string
	runes := []rune(text)
	for len(runes) > size {
		out = append(out, string(runes[:size]))
		runes = runes[size:]
	}
	return append(out, string(runes))
}

// input returns what a call hands to its tool, as JSON.
func (c Call) input() json.RawMessage {
	if c.Input == nil {
		return json.RawMessage("{}")
	}
	text, _ := json.Marshal(c.Input) // it came from JSON, or is a literal of a test
	return text
}

// failure returns what a provider says about a request that it does not serve.
func (w wire) failure(status int, kind, requestID string) any {
	const text = "The script says that this fails."
	switch w {
	case gemini:
		return object{"error": object{"code": status, "message": text, "status": kind}}
	case chat, responses:
		return object{"error": object{"message": text, "type": kind, "param": nil, "code": kind}}
	}
	return object{"type": "error", "error": object{"type": kind, "message": text}, "request_id": requestID}
}

// kindOf returns a provider's word for a status.
func (w wire) kindOf(status int) string {
	words := map[int]string{400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}
	switch w {
	case gemini:
		words = map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
	case chat, responses:
		words = map[int]string{400: "invalid_request_error", 401: "invalid_api_key", 429: "rate_limit_exceeded", 500: "server_error"}
	}
	if word := words[status]; word != "" {
		return word
	}
	if w == gemini {
		return "UNAVAILABLE"
	}
	return "overloaded_error"
}
