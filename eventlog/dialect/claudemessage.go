package dialect

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// spawner reports whether a tool starts sub-agents.
func spawner(tool string) bool { return tool == "Task" || tool == "Agent" || tool == "Workflow" }

// promptKey names a prompt without its words, which may be long, and are not to be
// stored.
func promptKey(prompt string) string { return strconv.FormatUint(eventlog.Print([]byte(prompt)), 36) }

// blocks calls fn for each block of a message's content, or once with the
// text, when the content is a string.
func blocks(content outlined, fn func(kind []byte, block outlined)) {
	if len(content.raw) == 0 {
		return
	}
	if content.raw[0] == '"' {
		fn([]byte("string"), content)
		return
	}
	if content.raw[0] != '[' {
		return
	}
	_ = content.each(func(_ []byte, block outlined) bool {
		fn(word(block.get("type").raw), block)
		return true
	})
}

// promptOf returns the text of a message.
func promptOf(message outlined) string {
	content := message.get("content")
	if len(content.raw) > 0 && content.raw[0] == '"' {
		return readable(content.raw) // as most are
	}
	var b strings.Builder
	blocks(content, func(kind []byte, block outlined) {
		if string(kind) == "text" {
			b.WriteString(readable(block.get("text").raw))
		}
	})
	return b.String()
}

// typed reports whether a content is a text that does not begin as those of programs do.
func typed(content []byte) bool {
	return len(content) > 2 && content[0] == '"' && !strings.ContainsRune(`<[\`, rune(content[1]))
}

// notified returns what the notice of a finished task says to people: what
// happened, and what the task came to. The names and paths around it are for
// the model.
func notified(text string) string {
	var said []string
	for _, tag := range [...]string{"summary", "result"} {
		_, rest, _ := strings.Cut(text, "<"+tag+">")
		if inner, _, ok := strings.Cut(rest, "</"+tag+">"); ok && strings.TrimSpace(inner) != "" {
			said = append(said, strings.TrimSpace(inner))
		}
	}
	if len(said) == 0 {
		return text
	}
	return strings.Join(said, "\n\n")
}

// assistant decodes a line that holds a piece of a model's response, mostly
// one block a line; lines of one response share its id. They are all one call.
func (c *claude) assistant(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	var id, model, stop []byte
	var usage, content outlined
	_ = r.said.each(func(key []byte, value outlined) bool {
		switch string(key) {
		case "id":
			id = value.raw
		case "model":
			model = value.raw
		case "stop_reason":
			stop = value.raw
		case "usage":
			usage = value
		case "content":
			content = value
		}
		return true
	})
	e.Kind, e.Model = eventlog.ModelResponse, c.names.text(model)
	e.CallID = c.names.id(id)
	if truth(r.apiError) || e.Model == "<synthetic>" {
		c.synthetic(full, emit)
		return
	}
	if began, ok := c.requests[readable(r.requestRef)]; ok {
		e.Began = began
	} else {
		e.Began = c.last[e.RunID]
	}
	c.charge(id, stop, usage, content.raw)
	if c.broken {
		c.broken = false
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Success // it went on after all
	}
	e.Idle = eventlog.IdleNo
	if string(word(stop)) == "end_turn" {
		e.Idle = eventlog.IdleYes
	}
	calls, texts := 0, 0
	blocks(content, func(kind []byte, _ outlined) {
		switch string(kind) {
		case "tool_use":
			calls++
		case "text", "string":
			texts++
		}
	})
	if calls == 0 && texts > 0 {
		e.Idle = eventlog.IdleYes
	}
	if full {
		c.response(content, stop)
	}
	emit(e)
	if calls > 0 {
		c.calls(content, full, emit)
	}
}

// charge bills the response. Its lines repeat the usage, the last one with the
// final counts.
func (c *claude) charge(id, stop []byte, usage outlined, content []byte) {
	if len(usage.raw) == 0 || usage.raw[0] != '{' {
		return
	}
	r, e := &c.r, &c.e
	u, mode := claudeUsage(usage)
	message := c.names.id(id)
	if message != c.message || c.call.IsZero() {
		c.message, c.content = message, 0
		c.call = eventlog.Identify("response", message)
	}
	c.content += len(content)
	c.b = eventlog.Bill{
		Usage: u, Mode: mode, Side: truth(r.side),
		// Without a stop reason the line may hold the count at the start of
		// the response only; far fewer tokens than text give it away.
		AtLeast: jsonl.IsNull(stop) && u.Output*12 < int64(c.content),
	}
	if message != "" {
		c.b.Call, c.b.Rule = c.call, eventlog.RuleResponse
		c.b.Request = eventlog.Identify("request", readable(r.request))
	} else {
		c.b.Call, c.b.Rule = eventlog.Identify("claude", readable(r.uuid)), eventlog.RuleRecord
	}
	c.b.Copied = e.Copied
	e.Bill = &c.b
}

// claudeUsage reads what a response used, and how it was served.
func claudeUsage(usage outlined) (eventlog.Usage, eventlog.Mode) {
	var u eventlog.Usage
	var mode eventlog.Mode
	var writes []byte
	var split outlined
	_ = usage.each(func(key []byte, value outlined) bool {
		switch string(key) {
		case "input_tokens":
			u.Input = count(value.raw)
		case "output_tokens":
			u.Output = count(value.raw)
		case "cache_read_input_tokens":
			u.CacheRead = count(value.raw)
		case "cache_creation_input_tokens":
			writes = value.raw
		case "cache_creation":
			split = value
		case "service_tier", "speed":
			mode |= served(value.raw)
		case "inference_geo":
			if string(value.raw) == `"us"` {
				mode |= eventlog.Regional
			}
		case "output_tokens_details":
			u.Reasoning = count(value.get("thinking_tokens").raw)
		}
		return true
	})
	if len(split.raw) > 0 && split.raw[0] == '{' {
		u.CacheWrite5m = count(split.get("ephemeral_5m_input_tokens").raw)
		u.CacheWrite1h = count(split.get("ephemeral_1h_input_tokens").raw)
	} else {
		u.CacheWrite5m = count(writes)
	}
	u.Reasoning = min(u.Reasoning, u.Output)
	return u, mode
}

// served reads the name of a tier or a speed.
func served(value []byte) eventlog.Mode {
	if string(value) == `"standard"` || len(value) < 2 || value[0] != '"' {
		return 0
	}
	return eventlog.ParseMode(string(value[1 : len(value)-1]))
}

// response fills in what the model said.
func (c *claude) response(content outlined, stop []byte) {
	e := &c.e
	blocks(content, func(kind []byte, block outlined) {
		switch string(kind) {
		case "string":
			e.Text += readable(block.raw)
		case "text":
			e.Text += readable(block.get("text").raw)
		case "thinking":
			e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: readable(block.get("thinking").raw)})
		}
	})
	if s := readable(stop); s != "" {
		e.Details = append(e.Details, eventlog.Detail{Name: "stop reason", Value: s})
	}
}

// calls emits the tool calls of a response.
func (c *claude) calls(content outlined, full bool, emit func(*eventlog.Event)) {
	base := c.e
	base.Bill, base.Facts, base.Adopts, base.Details, base.Text, base.Began = nil, nil, nil, nil, "", 0
	blocks(content, func(kind []byte, block outlined) {
		if string(kind) != "tool_use" {
			return
		}
		e := &c.part
		*e = base
		e.Kind, e.Type, e.Model, e.Idle = eventlog.ToolCall, "tool_use", "", eventlog.IdleNo
		var input []byte
		_ = block.each(func(key []byte, value outlined) bool {
			switch string(key) {
			case "id":
				e.CallID = c.names.id(value.raw)
			case "name":
				e.Tool = c.names.text(value.raw)
			case "input":
				input = value.raw
			}
			return true
		})
		e.Use, e.Print = eventlog.Identify("tool", e.CallID), eventlog.Print(input)
		asks(e)
		if spawner(e.Tool) {
			e.Spawns = true
			if prompt, ok := jsonl.Lookup(input, "prompt"); ok {
				c.tasks[promptKey(readable(prompt))] = e.CallID
			}
			if agent, ok := jsonl.Lookup(input, "subagent_type"); ok {
				c.tasks["\x00"+e.CallID] = readable(agent)
			}
		}
		if full {
			e.Input = clone(input)
		}
		emit(e)
	})
}

// synthetic keeps a message that the program wrote in place of a response that
// never came.
func (c *claude) synthetic(full bool, emit func(*eventlog.Event)) {
	e := &c.e
	e.Kind, e.Model, e.CallID, e.Idle = eventlog.Error, "", "", eventlog.IdleYes
	e.Failed = truth(c.r.apiError)
	if e.Failed {
		c.broken = true
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Failure
	} else {
		e.Kind, e.Tool = eventlog.Message, "system"
	}
	if full {
		e.Text = promptOf(c.r.said)
		if e.Failed {
			e.Message = e.Text
		}
	}
	emit(e)
}

// user decodes what went to the model: a prompt, or results of tools.
func (c *claude) user(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	if e.Time.Known() {
		c.last[e.RunID] = e.Time
	}
	results, content := 0, r.said.get("content")
	blocks(content, func(kind []byte, _ outlined) {
		if string(kind) == "tool_result" {
			results++
		}
	})
	if results > 0 {
		c.results(content, full, emit)
		return
	}
	e.Kind, e.Type, e.Tool, e.Idle = eventlog.Message, "user", "user", eventlog.IdleNo
	text := ""
	prompt := e.RunID == c.session && !truth(r.meta) && !truth(r.compact)
	// Of a session the first goal counts: the other prompts are read only if they may be no prompts.
	if full || prompt && (c.aimed != c.session || e.Copied || !typed(content.raw)) {
		text = promptOf(r.said)
	}
	switch origin, _ := jsonl.Lookup(r.origin, "kind"); {
	case truth(r.compact):
		e.Tool, e.Hidden = "summary", true
	case truth(r.meta):
		e.Tool, e.Hidden = "system", true
	case readable(origin) == "task-notification", strings.HasPrefix(text, "<task-notification>"):
		e.Tool, text = "system", notified(text)
	case strings.HasPrefix(text, "[Request interrupted by user"):
		e.Idle = eventlog.IdleYes
		if prompt {
			c.broken = true
			e.Facts = orNew(e.Facts)
			e.Facts.Outcome = eventlog.Cancelled
		}
	case prompt && text != "" && !strings.HasPrefix(text, "<"):
		e.Facts = orNew(e.Facts)
		e.Facts.Goal = text
		if !e.Copied {
			c.aimed = c.session
		}
	}
	if full {
		e.Text = text
		if content.raw != nil {
			e.Details = pictures(e.Details, content.raw)
		}
	}
	emit(e)
}

// results emits the results of tool calls.
func (c *claude) results(message outlined, full bool, emit func(*eventlog.Event)) {
	base := c.e
	blocks(message, func(kind []byte, block outlined) {
		if string(kind) != "tool_result" {
			return
		}
		e := &c.part
		*e = base
		base.Facts = nil
		e.Kind, e.Type, e.Idle = eventlog.ToolResult, "tool_result", eventlog.IdleNo
		var content []byte
		_ = block.each(func(key []byte, value outlined) bool {
			switch string(key) {
			case "tool_use_id":
				e.CallID = c.names.id(value.raw)
			case "is_error":
				e.Failed = truth(value.raw)
			case "content":
				content = value.raw
			}
			return true
		})
		e.Use = eventlog.Identify("tool", e.CallID)
		if e.Failed {
			e.Kind = eventlog.ToolError
		}
		c.decided(e, content)
		agent := c.r.returned.get("agentId").raw
		if agent == nil && e.RunID == c.session {
			agent = c.r.agent
		}
		if agent != nil {
			e.Adopts = []eventlog.Adopt{{
				RunID: readable(agent), ParentRunID: e.RunID, ParentCall: e.CallID, Link: eventlog.LinkSure,
				Agent: c.tasks["\x00"+e.CallID],
			}}
		}
		if full {
			c.output(e, content)
		}
		emit(e)
		c.launched(e, emit)
	})
}

// launched tells of the run of a workflow, to which agents in files of their own belong.
func (c *claude) launched(result *eventlog.Event, emit func(*eventlog.Event)) {
	name := c.r.returned.get("workflowName").raw
	id := readable(c.r.returned.get("runId").raw)
	if id == "" || name == nil && !strings.HasPrefix(id, "wf_") {
		return
	}
	e := eventlog.Event{
		Kind: eventlog.Custom, Type: "workflow", Hidden: true, Time: result.Time, Provider: result.Provider,
		SessionID: result.SessionID, RunID: id, Agent: cmp.Or(readable(name), "workflow"),
		ParentRunID: result.RunID, ParentCall: result.CallID, Link: eventlog.LinkSure, Idle: eventlog.IdleYes,
	}
	emit(&e)
}

// decided says what is told of a person who was asked about a call, and since
// when it ran. How long somebody thought about it is told of refused calls, and
// of those that say how long they ran.
func (c *claude) decided(e *eventlog.Event, content []byte) {
	word, _ := jsonl.Lookup(c.r.decision, "decision")
	source, _ := jsonl.Lookup(c.r.decision, "source")
	byPerson := bytes.HasPrefix(source, []byte(`"user`))
	if byPerson && readable(word) == "reject" || e.Failed && (refusal(c.r.returned.raw, "User rejected tool use", "Error: The user doesn't want to") ||
		refusal(content, "The user doesn't want to proceed with this tool use", "The user doesn't want to take this action right now")) {
		e.Wait = eventlog.WaitRefused
		return
	}
	ms := c.r.returned.get("durationMs").raw
	if e.Ran = 0; ms == nil {
		return
	}
	if e.Ran = earlierBy(e.Time, ms); byPerson {
		e.Wait = eventlog.WaitAnswered
	}
}

// output fills in what a tool returned.
func (c *claude) output(e *eventlog.Event, content []byte) {
	var text strings.Builder
	if len(content) > 0 && content[0] == '[' {
		_ = jsonl.Elements(content, func(block []byte) bool {
			if t, ok := jsonl.Lookup(block, "text"); ok {
				text.WriteString(readable(t))
			}
			return true
		})
	} else {
		text.WriteString(readable(content))
	}
	e.Output = clone(content)
	if e.Failed {
		e.Message = text.String()
	} else {
		e.Text = text.String()
	}
	e.Payload = clone(c.r.returned.raw)
}
