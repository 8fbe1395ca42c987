package cache

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
)

// request is what is known of the request of a call: what it said, or of some
// of it, how much that was.
type request struct {
	tools, system []byte
	messages      [][]byte
	turns         int64 // messages, where only their number is told; -1 when it is not
	offered       int64 // tools, likewise
}

// The names by which the APIs of providers, and those who record them, call what a
// prompt begins with.
var (
	toolNames    = []string{"tools", "tool_definitions", "functions"}
	systemNames  = []string{"system", "instructions", "system_prompt", "system_instruction", "systemInstruction", "system_instructions"}
	messageNames = []string{"messages", "contents", "input", "input_messages"}
	outerNames   = []string{"request", "body", "params", "payload"}
)

// requestOf finds the request in an event.
func requestOf(e *eventlog.Event) request {
	r := request{turns: -1, offered: -1}
	r.read(e.Input, 0)
	r.read(e.Payload, 0)
	return r
}

// deepest is how far below the payload a request may stand.
const deepest = 2

func (r *request) read(body json.RawMessage, depth int) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || depth > deepest {
		return
	}
	if body[0] == '[' {
		r.list(body)
		return
	}
	var o map[string]json.RawMessage
	if body[0] != '{' || json.Unmarshal(body, &o) != nil {
		return
	}
	for _, name := range toolNames {
		if r.tools == nil {
			r.tools = plain(o[name])
		}
	}
	for _, name := range systemNames {
		if r.system == nil {
			r.system = plain(o[name])
		}
	}
	for _, name := range messageNames {
		if n, err := strconv.ParseInt(string(o[name]), 10, 64); err == nil && r.turns < 0 {
			r.turns = n
			continue
		}
		r.list(o[name])
	}
	if n, err := strconv.ParseInt(string(o["tools_offered"]), 10, 64); err == nil && r.offered < 0 {
		r.offered = n
	}
	for _, name := range outerNames {
		r.read(o[name], depth+1)
	}
}

func (r *request) list(body json.RawMessage) {
	var list []json.RawMessage
	if r.messages != nil || json.Unmarshal(body, &list) != nil || list == nil {
		return
	}
	r.messages = make([][]byte, 0, len(list))
	for _, m := range list {
		r.messages = append(r.messages, plain(m))
	}
}

// plain spells a value so that equal ones look equal: names in order, and without
// the marks of where the cache is to end, which wander from request to request.
func plain(body json.RawMessage) []byte {
	if len(body) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || v == nil {
		return nil
	}
	text, err := json.Marshal(unmarked(v))
	if err != nil {
		return nil
	}
	return text
}

func unmarked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "cache_control")
		delete(v, "cachePoint")
		for key, value := range v {
			v[key] = unmarked(value)
		}
	case []any:
		for i := range v {
			v[i] = unmarked(v[i])
		}
	}
	return v
}

// differs says how a request differs from the one before in what a cache would have
// had to hold: tools, system prompt and conversation, in this order. told reports
// whether anything could be compared.
func (r *request) differs(before *request) (cause Cause, why string, differs, told bool) {
	if r.tools != nil && before.tools != nil {
		if told = true; !bytes.Equal(r.tools, before.tools) {
			return Tools, "the requests describe other tools", true, true
		}
	} else if r.offered >= 0 && before.offered >= 0 && r.offered != before.offered {
		return Tools, "the requests offer " + strconv.FormatInt(before.offered, 10) + " tools, then " + strconv.FormatInt(r.offered, 10), true, true
	}
	if r.system != nil && before.system != nil {
		if told = true; !bytes.Equal(r.system, before.system) {
			return System, "the requests have other system prompts", true, true
		}
	}
	if r.messages == nil || before.messages == nil {
		if r.turns >= 0 && r.turns < before.turns {
			return History, "the requests hold " + strconv.FormatInt(before.turns, 10) + " messages, then " + strconv.FormatInt(r.turns, 10), true, true
		}
		return Unknown, "", false, told
	}
	for i, m := range before.messages {
		if i >= len(r.messages) || !bytes.Equal(m, r.messages[i]) {
			return History, "message " + strconv.Itoa(i+1) + " is another one", true, true
		}
	}
	return Unknown, "", false, true
}
