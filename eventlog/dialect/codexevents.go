package dialect

import (
	"cmp"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// message decodes an event_msg: what the program tells its screen. Most of it
// stands in response_items as well and is hidden here.
func (c *codex) message(kind string, full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	e.Copied = c.owner() != c.own.id
	switch kind {
	case "token_count":
		c.tokens(full, emit)
	case "user_message":
		told, _ := jsonl.Lookup(p.all, "kind")
		c.said(readable(p.message), harnessKind(readable(told)), full, emit)
	case "item_completed":
		c.completed(full, emit)
	case "task_started", "turn_started":
		c.tasks, c.asked, c.failure = true, false, ""
		if t := c.names.text(p.turnID); t != "" {
			c.turn = t
		}
		at, _ := jsonl.Lookup(p.all, "started_at")
		c.started = moment(at)
		c.outside()
		e.Kind, e.Idle = eventlog.AgentStart, eventlog.IdleNo
		emit(e)
	case "task_complete", "turn_complete":
		c.finish(full, emit)
	case "turn_aborted":
		e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Cancelled
		if full {
			c.details("reason", "duration_ms")
		}
		emit(e)
	case "error":
		e.Kind, e.Failed = eventlog.Error, !e.Copied // it is counted where it happened
		c.failure = readable(p.message)
		if !c.tasks {
			e.Idle = eventlog.IdleYes
		}
		if full {
			e.Message = readable(p.message)
			c.details("codex_error_info")
		}
		emit(e)
	case "stream_error":
		e.Kind = eventlog.Retry
		c.shown(full, emit)
	case "warning", "guardian_warning", "thread_rolled_back", "deprecation_notice":
		e.Kind = eventlog.Custom
		c.shown(full, emit)
	case "entered_review_mode", "exited_review_mode":
		e.Kind = eventlog.StateChange
		c.shown(full, emit)
	case "exec_approval_request", "apply_patch_approval_request", "request_permissions", "request_user_input", "elicitation_request":
		e.Kind, e.Idle, c.asked = eventlog.HILDecision, eventlog.IdleYes, true
		if id := readable(p.callID); id != "" {
			e.CallID, e.Wait = id, eventlog.WaitAsked
			c.awaited = id
		}
		c.shown(full, emit)
	case "guardian_assessment":
		e.Kind = eventlog.Decision
		c.shown(full, emit)
	case "exec_command_end", "patch_apply_end", "mcp_tool_call_end", "dynamic_tool_call_response":
		c.ended(kind, p.all, full, emit)
	case "thread_settings_applied":
		if m, ok := jsonl.Lookup(p.settled, "model"); ok && readable(m) != "" {
			c.model = c.names.text(m)
		}
		c.serve(p.settled)
		c.hidden(full, emit)
	case "thread_name_updated":
		if name, ok := jsonl.Lookup(p.all, "thread_name"); ok && readable(name) != "" {
			e.Facts = &eventlog.Facts{Title: readable(name)}
		}
		c.hidden(full, emit)
	default:
		c.hidden(full, emit)
	}
}

// shown emits the event with its text and everything else it tells.
func (c *codex) shown(full bool, emit func(*eventlog.Event)) {
	if full {
		c.e.Text = readable(first(c.p.message, c.p.reason, c.p.text))
		c.details("call_id", "command", "cwd", "reason", "status", "risk_level", "rationale", "num_turns", "codex_error_info", "details")
		c.e.Payload = clone(c.p.all)
	}
	emit(&c.e)
}

func (c *codex) details(keys ...string) { detailsOf(&c.e, c.p.all, keys...) }

// detailsOf adds the fields of a value that are there.
func detailsOf(e *eventlog.Event, from []byte, keys ...string) {
	for _, key := range keys {
		if v, ok := jsonl.Lookup(from, key); ok && readable(v) != "" && string(v) != "[]" && string(v) != "{}" {
			e.Details = append(e.Details, eventlog.Detail{Name: spaced([]byte(key)), Value: readable(v)})
		}
	}
}

func harnessKind(kind string) bool {
	return kind == "environment_context" || kind == "user_instructions"
}

// said emits what a user wrote.
func (c *codex) said(text string, byProgram, full bool, emit func(*eventlog.Event)) {
	e := &c.e
	if byProgram || harness([]byte(text)) {
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "context", true
	} else {
		c.prompt(text)
	}
	if full {
		e.Text = text
		c.attached()
	}
	emit(e)
}

// finish decodes the end of a turn.
func (c *codex) finish(full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Success
	text, _ := jsonl.Lookup(p.failure, "message")
	message := readable(text)
	if len(p.failure) > 0 && p.failure[0] == '"' {
		message = readable(p.failure)
	}
	switch {
	case len(p.failure) > 0 && !jsonl.IsNull(p.failure):
		e.Outcome, e.Failed = eventlog.Failure, c.failure == "" && !e.Copied // it is counted once
		e.Facts = &eventlog.Facts{FailureReason: message}
	case c.failure != "":
		e.Outcome = eventlog.Failure
		e.Facts = &eventlog.Facts{FailureReason: c.failure}
	}
	c.failure = ""
	if full {
		e.Message = message
		detailsOf(e, p.failure, "codex_error_info")
		c.details("duration_ms", "time_to_first_token_ms")
	}
	emit(e)
}

// completed decodes an item_completed, which tells of newer versions what
// several kinds of event_msg told of older ones.
func (c *codex) completed(full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	typ, _ := jsonl.Lookup(p.item, "type")
	kind := readable(typ)
	e.Type = c.typed("item_completed/", typ)
	if t := c.names.text(p.turnID); t != "" {
		c.turn = t
	}
	switch kind {
	case "UserMessage":
		content, _ := jsonl.Lookup(p.item, "content")
		if full {
			e.Details = pictures(e.Details, content)
		}
		c.said(textOf(content), false, full, emit)
	case "CommandExecution", "McpToolCall", "FileChange", "CollabAgentToolCall", "DynamicToolCall":
		c.ended(kind, p.item, full, emit)
	case "EnteredReviewMode", "ExitedReviewMode":
		e.Kind = eventlog.StateChange
		if full {
			e.Payload = clone(p.item)
		}
		emit(e)
	default:
		c.hidden(full, emit)
	}
}

// codexEnd is what is told of the end of a tool call besides its output.
type codexEnd struct {
	id, tool, server, status, exit, failure, source, command, success []byte
	output, result, changes, invocation, took                         []byte
}

// millis returns how long the call ran.
func (x *codexEnd) millis() (eventlog.Stamp, bool) {
	secs, _ := jsonl.Lookup(x.took, "secs")
	nanos, _ := jsonl.Lookup(x.took, "nanos")
	s, ok := jsonl.Float(secs)
	n, ok2 := jsonl.Float(nanos)
	if !ok || !ok2 || s < 0 || s > 1e9 {
		return 0, false
	}
	return eventlog.Stamp(s*1e9 + n), true
}

func (x *codexEnd) parse(body []byte) {
	_ = jsonl.Fields(body, func(key, value []byte) bool {
		switch string(key) {
		case "id", "call_id":
			x.id = value
		case "tool":
			x.tool = value
		case "server":
			x.server = value
		case "status":
			x.status = value
		case "duration":
			x.took = value
		case "exit_code", "exitCode":
			x.exit = value
		case "error":
			x.failure = value
		case "source":
			x.source = value
		case "command", "arguments", "prompt":
			x.command = value
		case "success":
			x.success = value
		case "aggregated_output", "formatted_output", "aggregatedOutput":
			x.output = value
		case "result":
			x.result = value
		case "changes":
			x.changes = value
		case "invocation":
			x.invocation = value
		}
		return true
	})
	if x.invocation != nil {
		_ = jsonl.Fields(x.invocation, func(key, value []byte) bool {
			switch string(key) {
			case "server":
				x.server = value
			case "tool":
				x.tool = value
			case "arguments":
				x.command = value
			}
			return true
		})
	}
}

func (x *codexEnd) failed() bool {
	switch {
	case readable(x.status) == "failed", string(x.success) == "false":
		return true
	case x.failure != nil && !jsonl.IsNull(x.failure):
		return true
	}
	wrong, _ := jsonl.Lookup(x.result, "Ok", "isError")
	if wrong == nil {
		wrong, _ = jsonl.Lookup(x.result, "isError")
	}
	_, bad := jsonl.Lookup(x.result, "Err")
	exit := readable(x.exit)
	return truth(wrong) || bad || exit != "" && exit != "0"
}

// message is what the end says of its failure.
func (x *codexEnd) message() string {
	if text, ok := jsonl.Lookup(x.failure, "message"); ok {
		return readable(text)
	}
	return readable(x.failure)
}

// said is what the call returned, as a person would read it.
func (x *codexEnd) said() string {
	if out := strings.TrimSpace(readable(x.output)); out != "" {
		return out
	}
	for _, path := range [][]string{{"Ok", "content"}, {"content"}, {"Err"}} {
		if content, ok := lookup(x.result, path...); ok {
			return textOf(content)
		}
	}
	return ""
}

func (x *codexEnd) named(kind string) string {
	switch {
	case x.server != nil && !jsonl.IsNull(x.server):
		return "mcp__" + readable(x.server) + "__" + readable(x.tool)
	case x.tool != nil:
		return readable(x.tool)
	case kind == "FileChange", kind == "patch_apply_end":
		return "apply_patch"
	}
	return "exec_command"
}

// ended decodes what is told of the end of a tool call. Its call and output
// mostly stand in response_items; a call that does not is told of here.
func (c *codex) ended(kind string, body []byte, full bool, emit func(*eventlog.Event)) {
	var x codexEnd
	x.parse(body)
	e := &c.e
	base := *e
	id, failed := readable(x.id), x.failed()
	e.Kind, e.Hidden, e.CallID = eventlog.Custom, true, id
	if readable(x.status) == "declined" {
		e.Kind, e.Hidden, e.Wait = eventlog.HILDecision, false, eventlog.WaitRefused
	} else if ms, ok := x.millis(); ok && id == c.awaited && id != "" {
		e.Wait, e.Ran = eventlog.WaitAnswered, e.Time-ms
	}
	byUser := readable(x.source) == "user_shell"
	if byUser {
		e.Hidden = false
	}
	if full {
		detailsOf(e, body, "status", "exit_code", "duration", "cwd", "sender_thread_id", "receiver_thread_ids", "agents_states", "model")
		e.Input, e.Output = unwrapped(first(x.command, x.changes)), clone(first(x.output, x.result))
		e.Text = x.said()
		if e.Kind == eventlog.HILDecision {
			e.Text = "declined"
		}
		if failed {
			e.Message = x.message()
		}
	}
	emit(e)
	call, known := c.calls[id]
	if known {
		if failed {
			call.failed = true
			c.calls[id] = call
		}
		return
	}
	if byUser || id == "" {
		return
	}
	*e = base
	e.Tool = c.names.of([]byte(x.named(kind)))
	e.CallID, e.Use = id, eventlog.Identify("codex tool", id)
	c.remember(id, e.Tool)
	e.Kind = eventlog.ToolCall
	if began, ok := jsonl.Lookup(c.p.all, "started_at_ms"); ok && moment(began).Known() {
		e.Time = min(moment(began), base.Time)
	}
	args := first(x.command, x.changes)
	e.Print = eventlog.Print(args)
	if full {
		e.Input = unwrapped(args)
	}
	emit(e)
	e.Kind, e.Time, e.Input, e.Print, e.Failed = eventlog.ToolResult, base.Time, nil, 0, failed
	c.outside()
	if full {
		e.Output = clone(first(x.output, x.result))
		text := x.said()
		if failed {
			e.Message = cmp.Or(x.message(), text)
		} else {
			e.Text = text
		}
	}
	emit(e)
}
