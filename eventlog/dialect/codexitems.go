package dialect

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// item decodes a response_item: a piece of the conversation as the model sees
// it. A bare one stands in a file of the oldest kind, without an event_msg that
// tells the same.
func (c *codex) item(kind string, bare, full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	c.e.Copied = c.owner() != c.own.id
	switch kind {
	case "message":
		c.text(bare, full, emit)
	case "agent_message":
		c.outside()
		e.Kind, e.Tool = eventlog.Message, "agent"
		if full {
			e.Text = textOf(p.content)
			for _, key := range []string{"author", "recipient"} {
				if v, ok := jsonl.Lookup(p.all, key); ok {
					e.Details = append(e.Details, eventlog.Detail{Name: key, Value: readable(v)})
				}
			}
		}
		emit(e)
	case "reasoning":
		c.answer(false)
		c.busy()
		if full {
			for _, part := range [][]byte{p.summary, p.content} {
				if text := textOf(part); text != "" {
					e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: text})
				}
			}
		}
		emit(e)
	case "function_call", "custom_tool_call", "local_shell_call", "tool_search_call":
		c.call(kind, full)
		emit(e)
	case "function_call_output", "custom_tool_call_output", "local_shell_call_output", "tool_search_output":
		c.result(full)
		emit(e)
	case "web_search_call", "image_generation_call":
		// The provider runs these: the call comes with its result.
		c.call(kind, full)
		emit(e)
		e.Kind, e.Input, e.Text, e.Print = eventlog.ToolResult, nil, "", 0
		e.Failed = readable(p.status) == "failed"
		emit(e)
	default:
		c.hidden(full, emit)
	}
}

// busy notes that the run works: in files that do not tell when turns begin,
// and after a question to a person.
func (c *codex) busy() {
	if !c.tasks || c.asked {
		c.e.Idle, c.asked = eventlog.IdleNo, false
	}
}

// text decodes a message of the conversation. What a user wrote is shown by its
// event_msg, which has it without what the program put around it.
func (c *codex) text(bare, full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	role := readable(p.role)
	if role == "assistant" {
		c.answer(false)
		if !c.tasks {
			e.Idle = eventlog.IdleYes
		}
		if readable(p.phase) == "commentary" {
			c.busy()
		}
		if full {
			e.Text = textOf(p.content)
		}
		emit(e)
		return
	}
	e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	text := ""
	if full || bare {
		text = textOf(p.content)
	}
	switch {
	case role != "user":
	case !bare:
		e.Tool = "context"
		c.outside()
	case !harness([]byte(text)):
		c.prompt(text)
	}
	if full {
		e.Text = text
	}
	emit(e)
}

// prompt makes the event a message that somebody wrote.
func (c *codex) prompt(text string) {
	e := &c.e
	c.outside()
	e.Kind, e.Tool, e.Hidden, e.Idle = eventlog.Message, "user", false, eventlog.IdleNo
	e.Facts = orNew(e.Facts)
	e.Facts.Goal = text
}

// maxCodexCalls bounds how many calls a decoder remembers.
const maxCodexCalls = 1 << 17

func (c *codex) remember(id, tool string) {
	if len(c.calls) < maxCodexCalls {
		c.calls[id] = codexCall{tool: tool}
	}
}

// call makes the event a tool call.
func (c *codex) call(kind string, full bool) {
	p, e := &c.p, &c.e
	c.answer(false)
	e.Kind, e.Model, e.Began = eventlog.ToolCall, "", 0
	c.busy()
	e.Tool = c.names.text(p.name)
	switch kind {
	case "local_shell_call":
		e.Tool = "local_shell"
	case "web_search_call", "image_generation_call":
		e.Tool = strings.TrimSuffix(kind, "_call")
	case "tool_search_call":
		e.Tool = "tool_search"
	}
	if space := readable(p.namespace); strings.HasPrefix(space, "mcp__") && !strings.HasPrefix(e.Tool, "mcp__") {
		e.Tool = c.names.of([]byte(strings.TrimSuffix(space, "__") + "__" + e.Tool))
	}
	e.Spawns = e.Tool == "spawn_agent"
	asks(e)
	e.CallID = readable(p.callID)
	if e.CallID == "" {
		e.CallID = readable(p.id)
	}
	if e.CallID != "" {
		e.Use = eventlog.Identify("codex tool", e.CallID)
		c.remember(e.CallID, e.Tool)
	} else {
		e.CallID = c.nameless()
	}
	args := first(p.arguments, p.input, p.action)
	e.Print = eventlog.Print(args)
	if full {
		e.Input = unwrapped(args)
		e.Text = ""
	}
}

// nameless returns a name for a call that has none, and says what its copies
// are: the same words at the same place of the same turn.
func (c *codex) nameless() string {
	e := &c.e
	when := c.turn
	if when == "" {
		when = strconv.FormatInt(int64(e.Time), 10)
	}
	key := eventlog.Identify("codex nameless", when, string(c.p.all))
	c.unnamed[key]++
	n := strconv.Itoa(c.unnamed[key])
	e.Use = eventlog.Identify("codex nameless", when, string(c.p.all), n)
	return "#" + strconv.Itoa(c.number) + "." + e.Tool + "." + n
}

// unwrapped returns the JSON that stands in a string, or the value as it is.
func unwrapped(value []byte) json.RawMessage {
	if s, ok := jsonl.String(value); ok && len(s) > 1 && (s[0] == '{' || s[0] == '[') && jsonl.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return clone(value)
}

// result makes the event the result of a tool call.
func (c *codex) result(full bool) {
	p, e := &c.p, &c.e
	c.outside()
	c.busy()
	e.Kind = eventlog.ToolResult
	e.CallID = readable(p.callID)
	if e.CallID == "" {
		e.CallID = readable(p.id)
	}
	if e.CallID != "" {
		e.Use = eventlog.Identify("codex tool", e.CallID)
	}
	call := c.calls[e.CallID]
	e.Tool = call.tool
	if e.Tool == "spawn_agent" {
		if child, ok := jsonl.Lookup(unwrapped(p.output), "agent_id"); ok {
			e.Adopts = c.spawned(child)
		}
	}
	code, failed := exitCode(p.output)
	e.Failed = failed || call.failed
	if full {
		text := printed(resultText(p.output))
		e.Output = clone(p.output)
		if text == "" && code != "" {
			text = "exit code " + code
		}
		if e.Failed {
			e.Message = text
		} else {
			e.Text = text
		}
		if code != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "exit code", Value: code})
		}
	}
}

// spawned says that the call in hand started a thread.
func (c *codex) spawned(thread []byte) []eventlog.Adopt {
	return []eventlog.Adopt{{SessionID: readable(thread), ParentRunID: c.e.RunID, ParentCall: c.e.CallID, Link: eventlog.LinkSure}}
}

// resultText is what a tool returned, as a person would read it.
func resultText(output []byte) string {
	text := textOf(output)
	if len(output) > 0 && output[0] == '{' {
		for _, key := range []string{"content", "text"} {
			if inner, ok := lookup(output, key); ok {
				return textOf(inner)
			}
		}
	}
	if strings.HasPrefix(text, `{"`) {
		if inner, ok := jsonl.Lookup([]byte(text), "output"); ok {
			return readable(inner)
		}
	}
	return text
}

// printed returns what a command printed, without the lines about it that
// Codex puts before. Those are known by how they begin: any other text is whole.
func printed(text string) string {
	head, body, ok := strings.Cut(text, "\nOutput:\n")
	if !ok {
		return text
	}
	for line := range strings.Lines(head) {
		known := false
		for _, begin := range [...]string{"Chunk ID: ", "Wall time: ", "Process exited with code ", "Process running with session ID ", "Original token count: ", "Exit code: ", "Total output lines: "} {
			known = known || strings.HasPrefix(line, begin)
		}
		if !known {
			return text
		}
	}
	return strings.TrimSpace(body)
}

// exitCode finds in the output of a tool how the command ended. Where it
// stands changed from version to version; see docs/format/codex.md.
func exitCode(output []byte) (code string, failed bool) {
	if len(output) == 0 {
		return "", false
	}
	if output[0] == '{' {
		success, _ := jsonl.Lookup(output, "success")
		return "", string(success) == "false"
	}
	if output[0] != '"' {
		return "", false
	}
	raw := output[1:]
	if bytes.HasPrefix(raw, []byte(`{\"`)) {
		// The code stands behind the output, or, in short ones, before it.
		const tail = 256
		i := bytes.LastIndex(raw[max(0, len(raw)-tail):], []byte(`\"exit_code\":`))
		if i < 0 {
			return "", false
		}
		code = number(raw[max(0, len(raw)-tail):][i+len(`\"exit_code\":`):])
		return code, code != "" && code != "0"
	}
	const start = 400
	raw = raw[:min(len(raw), start)]
	if i := bytes.Index(raw, []byte(`\nOutput:`)); i >= 0 {
		raw = raw[:i]
	}
	for _, before := range [...]string{"Process exited with code ", "Exit code: "} {
		if i := bytes.Index(raw, []byte(before)); i == 0 || i > 1 && string(raw[i-2:i]) == `\n` {
			code = number(raw[i+len(before):])
			return code, code != "" && code != "0"
		}
	}
	for _, before := range [...]string{"execution error: ", "failed to parse function arguments: ", "apply_patch verification failed: ", "unsupported call: ", "tool call error: "} {
		if bytes.HasPrefix(raw, []byte(before)) {
			return "", true
		}
	}
	return "", false
}

// number returns the digits at the beginning of a text.
func number(text []byte) string {
	text = bytes.TrimLeft(text, " ")
	n := 0
	for n < len(text) && n < 12 && (text[n] >= '0' && text[n] <= '9' || n == 0 && text[n] == '-') {
		n++
	}
	return string(text[:n])
}

// spaced spells a name of the log for people.
func spaced(key []byte) string { return strings.ReplaceAll(string(key), "_", " ") }
