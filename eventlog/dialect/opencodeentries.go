package dialect

import (
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// From version 2 on opencode keeps a message with all that belongs to it in one row:
// an entry. See docs/format/opencode.md.

// ocContent is what an entry holds, taken apart.
type ocContent struct {
	text, content, model, agent, cost, tokens, time, finish, failure, status []byte
	summary, command, output, exit, outcome, reason                          []byte
}

// entry decodes a row that is a message with its parts.
func (o *opencode) entry(kind string, data []byte, at eventlog.Stamp, full bool, emit func(*eventlog.Event)) error {
	var d ocContent
	if err := jsonl.Fields(data, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "text":
			to = &d.text
		case "content":
			to = &d.content
		case "model":
			to = &d.model
		case "agent":
			to = &d.agent
		case "cost":
			to = &d.cost
		case "tokens":
			to = &d.tokens
		case "time":
			to = &d.time
		case "finish":
			to = &d.finish
		case "error":
			to = &d.failure
		case "status":
			to = &d.status
		case "summary":
			to = &d.summary
		case "command":
			to = &d.command
		case "output":
			to = &d.output
		case "exit":
			to = &d.exit
		case "outcome":
			to = &d.outcome
		case "reason":
			to = &d.reason
		default:
			return true
		}
		*to = value
		return true
	}); err != nil {
		return err
	}
	e := &o.e
	s := o.state(e.SessionID)
	s.newer = true
	created, completed := ocTimes(d.time, "created", "completed")
	if created.Known() {
		at = created
	}
	e.Type, e.Time, e.Agent = o.names.of([]byte(kind)), at, o.names.of([]byte(s.agent))
	e.Copied = s.created.Known() && at.Known() && at < s.created
	switch kind {
	case "assistant":
		o.response(&d, at, completed, full, emit)
		return nil
	case "user":
		e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
		if text := readable(d.text); !s.asked && text != "" {
			s.asked = true
			e.Facts = &eventlog.Facts{Goal: ocPrompt(text)}
		}
	case "synthetic", "system", "skill":
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	case "model-switched", "agent-switched", "location-switched":
		e.Kind = eventlog.StateChange
		o.modelled(d.model)
	case "compaction":
		o.compacted(&d, at, full, emit)
		return nil
	case "idle":
		e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Success
		switch readable(d.outcome) {
		case "failed":
			e.Outcome = eventlog.Failure
		case "interrupted":
			e.Outcome = eventlog.Cancelled
		}
	case "shell":
		// A command that the person ran.
		e.Kind = eventlog.Custom
		if full {
			output, _ := lookup(d.output, "output")
			e.Text = "$ " + readable(d.command) + "\n" + readable(first(output, stringOf(d.output)))
			if v := readable(d.exit); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: "exit code", Value: v})
			}
		}
		emit(e)
		return nil
	case "":
		return ErrNoEvent
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Payload = clone(data)
		}
	}
	if full && e.Text == "" {
		e.Text = readable(d.text)
		if e.Kind == eventlog.StateChange {
			e.Text = strings.TrimSpace(e.Model + " " + readable(d.agent))
		}
	}
	emit(e)
	return nil
}

// stringOf returns a value that is a string.
func stringOf(value []byte) []byte {
	if len(value) > 0 && value[0] == '"' {
		return value
	}
	return nil
}

// modelled takes over which model the event is of.
func (o *opencode) modelled(model []byte) {
	id, _ := lookup(model, "id")
	provider, _ := lookup(model, "providerID")
	o.e.Model, o.e.Provider = o.names.text(id), o.names.text(provider)
}

// response decodes what the model said, and the calls that it led to, as far as they
// have come.
func (o *opencode) response(d *ocContent, created, completed eventlog.Stamp, full bool, emit func(*eventlog.Event)) {
	e := &o.e
	if agent := o.names.text(d.agent); agent != "" {
		e.Agent = agent
	}
	o.modelled(d.model)
	id := e.ID
	base := *e
	e.CallID, e.Kind, e.Idle = id, eventlog.ModelRequest, eventlog.IdleNo
	emit(e)
	_ = eachOf(d.content, func(part []byte) {
		if kind, _ := lookup(part, "type"); readable(kind) != "tool" {
			return
		}
		*e = base
		e.Model, e.Provider = "", ""
		o.used(part, full, emit)
	})
	failed := len(d.failure) > 0 && !jsonl.IsNull(d.failure)
	usage := ocUsage(d.tokens)
	if !completed.Known() && !failed && usage.Total() == 0 {
		return // it is being written
	}
	*e = base
	e.ID, e.CallID, e.Kind, e.Began, e.Idle = id, id, eventlog.ModelResponse, created, eventlog.IdleNo
	streamed, _ := lookup(d.time, "streamed")
	switch end := moment(streamed); {
	case end.Known():
		e.Time = end
	case completed.Known():
		e.Time = completed
	}
	finish := readable(d.finish)
	if failed || finish != "tool-calls" && finish != "unknown" && completed.Known() {
		e.Idle = eventlog.IdleYes
	}
	o.charge(&ocData{cost: d.cost, tokens: d.tokens}, usage, created, completed)
	kind, _ := lookup(d.failure, "type")
	message, _ := lookup(d.failure, "message")
	switch {
	case failed:
		e.Failed = readable(kind) != "aborted"
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome, e.Facts.FailureReason = eventlog.Failure, readable(first(message, kind))
		if !e.Failed {
			e.Facts.Outcome = eventlog.Cancelled
		}
	case e.Idle == eventlog.IdleYes:
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Success
	}
	if full {
		o.told(d.content)
		if failed {
			e.Message = readable(first(message, kind))
		}
		if finish != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "stop reason", Value: finish})
		}
	}
	emit(e)
}

// told fills in what a response said and thought.
func (o *opencode) told(content []byte) {
	e := &o.e
	_ = eachOf(content, func(part []byte) {
		kind, _ := lookup(part, "type")
		text, _ := lookup(part, "text")
		switch readable(kind) {
		case "text":
			e.Text += readable(text)
		case "reasoning":
			if t := readable(text); t != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: t})
			}
		}
	})
}

// eachOf calls fn for each element of what may be no array.
func eachOf(array []byte, fn func(part []byte)) error {
	if len(array) == 0 || array[0] != '[' {
		return nil
	}
	return jsonl.Elements(array, func(part []byte) bool {
		fn(part)
		return true
	})
}

// used decodes a call of a tool and, when it is over, its result.
func (o *opencode) used(part []byte, full bool, emit func(*eventlog.Event)) {
	var id, name, state, span []byte
	_ = fieldsOf(part, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			id = value
		case "callID": // of versions that name the part as well
			id = value
		case "name", "tool":
			name = value
		case "state":
			state = value
		case "time":
			span = value
		}
		return true
	})
	e := &o.e
	field := func(name string) []byte {
		v, _ := lookup(state, name)
		return v
	}
	if called, ok := lookup(part, "callID"); ok {
		id = called
	}
	e.Kind, e.Type, e.CallID, e.Tool = eventlog.ToolCall, "tool", readable(id), o.names.text(name)
	e.Spawns = e.Tool == "task" || e.Tool == "subagent"
	ran, ended := ocTimes(span, "ran", "completed")
	asked, _ := ocTimes(span, "created", "completed")
	if start := max(ran, asked); start.Known() {
		e.Time = start
		e.Use = eventlog.Identify("opencode", e.CallID, strconv.FormatInt(int64(start), 10), e.Tool)
	}
	metadata := first(field("metadata"), field("structured"))
	if e.Spawns {
		for _, key := range []string{"sessionID", "sessionId"} {
			if child, ok := lookup(metadata, key); ok {
				e.Adopts = []eventlog.Adopt{{SessionID: readable(child), ParentRunID: e.RunID, ParentCall: e.CallID, Link: eventlog.LinkSure}}
				break
			}
		}
	}
	word := readable(field("status"))
	over := word == "completed" || word == "error"
	if !over {
		e.Idle = eventlog.IdleNo
	}
	if full && word != "streaming" { // a piece of it is of no use
		e.Input = inputOf(field("input"))
	}
	call := *e
	emit(e)
	if !over {
		return
	}
	*e = call
	e.Kind, e.Input, e.Spawns, e.Adopts, e.Facts = eventlog.ToolResult, nil, false, nil, nil
	if ended.Known() {
		e.Began, e.Time = e.Time, ended
	}
	if word == "error" {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		message, _ := lookup(field("error"), "message")
		text := contentText(first(field("content"), stringOf(field("output"))))
		e.Output, e.Text, e.Payload = clone(first(field("content"), field("output"))), text, clone(metadata)
		if e.Failed {
			e.Message, e.Text = readable(first(message, stringOf(field("error")))), ""
			if e.Message == "" {
				e.Message = text
			}
		}
	}
	emit(e)
}

// compacted decodes how a conversation was shortened, which is a call of a model too.
func (o *opencode) compacted(d *ocContent, at eventlog.Stamp, full bool, emit func(*eventlog.Event)) {
	e := &o.e
	base := *e
	e.Kind = eventlog.Compaction
	if readable(d.status) == "failed" {
		e.Kind, e.Failed = eventlog.Error, true
	}
	if full {
		e.Text = readable(d.summary)
		if e.Failed {
			message, _ := lookup(d.failure, "message")
			e.Message = readable(message)
		}
	}
	emit(e)
	usage := ocUsage(d.tokens)
	if usage.Total() == 0 {
		return
	}
	*e = base
	o.modelled(d.model)
	e.Kind, e.CallID = eventlog.ModelResponse, e.ID
	o.charge(&ocData{cost: d.cost, tokens: d.tokens}, usage, at, at)
	if full {
		e.Text = "to shorten the conversation"
	}
	emit(e)
}
