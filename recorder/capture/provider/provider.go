// Package provider reads what a program and a model provider say to each other:
// Anthropic's Messages, OpenAI's Chat Completions and Responses, and Gemini,
// each as one JSON document or as a stream. It reads copies that somebody else
// made, and knows nothing of connections or events.
package provider

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// API is a way in which a model is called.
type API uint8

// The ways of calling a model. None is everything else that a provider offers.
const (
	None API = iota
	Messages
	Chat
	Responses
	Gemini
)

var names = [...]string{"", "anthropic.messages", "openai.chat", "openai.responses", "gemini"}

// String returns the name of the API.
func (a API) String() string { return names[a] }

// Of tells from a request's method and path which API it calls, and the model
// where the path names it. Counting tokens, for one, calls no model.
func Of(method, path string) (a API, model string) {
	if method != "POST" {
		return None, ""
	}
	path = strings.TrimRight(path, "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch last {
	case "messages":
		return Messages, ""
	case "completions":
		if strings.HasSuffix(path, "/chat/completions") {
			return Chat, ""
		}
		return None, ""
	case "responses":
		return Responses, ""
	}
	if model, verb, ok := strings.Cut(last, ":"); ok && (verb == "generateContent" || verb == "streamGenerateContent") {
		if model == "v1internal" {
			model = "" // Gemini's Code Assist names it in the body
		}
		return Gemini, model
	}
	return None, ""
}

// Request is what a program asks of a model.
type Request struct {
	Model     string
	Input     string // the newest text that is not the model's
	Task      string // the first text that is not the model's
	Turns     int    // messages that are sent along
	Tools     int    // tools that are offered
	MaxTokens int64
	Stream    bool
	Results   []Result // what tools gave since the model last spoke
}

// Result is what a tool gave to a call.
type Result struct {
	ID, Name string // Gemini may give the name only
	Text     string
	Failed   bool
}

// Response is what a model answered.
type Response struct {
	ID, Model      string
	Stop           string // why the model ended, in the provider's word
	Text, Thinking string
	Calls          []Call
	Usage          eventlog.Usage
	Counted        bool // the usage is final
	Mode           eventlog.Mode
	Failure        Failure // of a stream that began well
}

// Call is a tool call that the model asks for.
type Call struct {
	ID, Name  string
	Arguments json.RawMessage
}

// Failure is what a provider says about a request that it did not serve.
type Failure struct{ Type, Message string }

// IsZero reports whether nothing failed.
func (f Failure) IsZero() bool { return f == Failure{} }

// ErrUnreadable is returned for a body that is not what its API sends.
var ErrUnreadable = errors.New("the body is not in the form of its API")

// Request reads the body of a request.
func (a API) Request(body []byte) (Request, error) {
	var read func([]byte) (Request, error)
	switch a {
	case Messages:
		read = messagesRequest
	case Chat:
		read = chatRequest
	case Responses:
		read = responsesRequest
	case Gemini:
		read = geminiRequest
	default:
		return Request{}, ErrUnreadable
	}
	return read(body)
}

// reader takes the documents of a response one by one.
type reader interface {
	read(doc []byte) error
	response() Response
}

// Response reads the body of a response, as a document or a stream. A stream
// that was cut off gives what had come.
func (a API) Response(body []byte) (Response, error) {
	var r reader
	switch a {
	case Messages:
		r = &messages{}
	case Chat:
		r = &chat{}
	case Responses:
		r = &responses{}
	case Gemini:
		r = &gemini{}
	default:
		return Response{}, ErrUnreadable
	}
	some := false
	err := documents(body, func(doc []byte) error {
		some = true
		return r.read(doc)
	})
	if err == nil && !some {
		err = ErrUnreadable
	}
	out := r.response()
	u := &out.Usage
	for _, n := range []*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.Output, &u.Reasoning} {
		*n = max(*n, 0) // nobody is paid back for tokens
	}
	u.Reasoning = min(u.Reasoning, u.Output)
	return out, err
}

// FailureOf reads the body of a response whose status says that it failed. A
// body in no known form is its own message.
func FailureOf(body []byte) Failure {
	var f Failure
	_ = documents(body, func(doc []byte) error {
		if f.IsZero() {
			f = failure(doc)
		}
		return nil
	})
	if f.IsZero() {
		const enough = 4 << 10
		f.Message = strings.ToValidUTF8(strings.TrimSpace(string(body[:min(len(body), enough)])), "\ufffd")
	}
	return f
}

// failure reads what a document says of an error, in any provider's form.
func failure(doc []byte) Failure {
	var d struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  string          `json:"detail"`
	}
	if json.Unmarshal(doc, &d) != nil {
		return Failure{}
	}
	var e struct {
		Type, Message, Status string
		Code                  json.RawMessage
	}
	if json.Unmarshal(d.Error, &e) != nil {
		var text string
		if json.Unmarshal(d.Error, &text) == nil && text != "" {
			return Failure{Message: text}
		}
		if d.Message == "" {
			d.Message = d.Detail
		}
		return Failure{Message: d.Message}
	}
	f := Failure{Type: e.Type, Message: e.Message}
	if f.Type == "" {
		f.Type = e.Status
	}
	var code string
	if f.Type == "" && json.Unmarshal(e.Code, &code) == nil {
		f.Type = code
	}
	return f
}
