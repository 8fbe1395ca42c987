package dialect

import (
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Pi reads the sessions that pi keeps on disk, and what it writes to its
// standard output with --mode json: both begin with the same line. See
// docs/format/pi.md.
type Pi struct{}

// Name returns the name of the format.
func (Pi) Name() string { return "pi" }

// Sniff knows a session by its first line, and its lines by what they hold.
func (Pi) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var kind string
		var cwd, id, at, role bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "type":
				kind, _ = jsonl.String(value)
			case "cwd":
				cwd = true
			case "id":
				id = true
			case "timestamp":
				at = true
			case "message":
				_, role = jsonl.Lookup(value, "role")
			}
			return true
		})
		switch {
		case err != nil:
		case kind == "session" && id && cwd && at:
			return 95
		case role && (kind == "message_start" || kind == "message_end"):
			best = max(best, 85)
		case role && kind == "message" && at:
			best = max(best, 60)
		}
	}
	return best
}

// Tables asks for nothing: a session is never a database.
func (Pi) Tables() []eventlog.Table { return nil }

// Rank puts a session file before what the same session wrote to its standard
// output.
func (Pi) Rank(h *Head) int {
	for _, line := range h.Lines {
		kind, _ := jsonl.Lookup(line, "type")
		if piStreams(readable(kind)) {
			return 0
		}
	}
	return 1
}

// piStreams reports whether a kind of line is of the standard output only.
func piStreams(kind string) bool {
	switch kind {
	case "agent_start", "turn_start", "message_start", "message_update", "message_end":
		return true
	}
	return false
}

// Open returns a decoder.
func (Pi) Open(seg Segment) Decoder {
	p := &pi{names: names{}, session: streamName(seg.Path)}
	if seg.Head != nil {
		for _, line := range seg.Head.Lines {
			if p.r.parse(line) == nil && readable(p.r.typ) == "session" {
				p.begin()
				break
			}
		}
	}
	return p
}

// pi decodes one session.
type pi struct {
	names   names
	session string
	began   eventlog.Stamp // of a session that was branched off another one
	now     eventlog.Stamp
	ended   eventlog.Outcome // of the last response
	broken  bool             // the last response failed

	r piRecord
	m piMessage
	e eventlog.Event
	b eventlog.Bill
}

// piRecord is a line taken apart but not decoded.
type piRecord struct {
	typ, id, time, cwd, version, parent, branched, message    []byte
	provider, model, level, summary, tokens, custom, name     []byte
	content, data, attempt, attempts, delay, failure, problem []byte
	title                                                     []byte
}

func (r *piRecord) parse(body []byte) error {
	*r = piRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "type":
			to = &r.typ
		case "id":
			to = &r.id
		case "timestamp":
			to = &r.time
		case "cwd":
			to = &r.cwd
		case "version":
			to = &r.version
		case "parentSession":
			to = &r.parent
		case "branchedFrom":
			to = &r.branched
		case "message":
			to = &r.message
		case "provider":
			to = &r.provider
		case "modelId", "model":
			to = &r.model
		case "title":
			to = &r.title
		case "thinkingLevel":
			to = &r.level
		case "summary":
			to = &r.summary
		case "tokensBefore":
			to = &r.tokens
		case "customType":
			to = &r.custom
		case "name":
			to = &r.name
		case "content":
			to = &r.content
		case "data", "details":
			to = &r.data
		case "attempt":
			to = &r.attempt
		case "maxAttempts":
			to = &r.attempts
		case "delayMs":
			to = &r.delay
		case "errorMessage":
			to = &r.failure
		case "error":
			to = &r.problem
		default:
			return true
		}
		*to = value
		return true
	})
}

// piMessage is a message taken apart but not decoded.
type piMessage struct {
	role, content, api, provider, model, usage, stop, failure, time []byte
	response, call, tool, failed, details, command, output, code    []byte
}

func (m *piMessage) parse(body []byte) error {
	*m = piMessage{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "role":
			to = &m.role
		case "content":
			to = &m.content
		case "api":
			to = &m.api
		case "provider":
			to = &m.provider
		case "model":
			to = &m.model
		case "usage":
			to = &m.usage
		case "stopReason":
			to = &m.stop
		case "errorMessage":
			to = &m.failure
		case "timestamp":
			to = &m.time
		case "responseId":
			to = &m.response
		case "toolCallId":
			to = &m.call
		case "toolName":
			to = &m.tool
		case "isError":
			to = &m.failed
		case "details":
			to = &m.details
		case "command":
			to = &m.command
		case "output":
			to = &m.output
		case "exitCode":
			to = &m.code
		default:
			return true
		}
		*to = value
		return true
	})
}

// begin takes over what the first line tells.
func (p *pi) begin() {
	if id := p.names.text(p.r.id); id != "" {
		p.session = id
	}
	if first(p.r.parent, p.r.branched) != nil {
		p.began = moment(p.r.time)
	}
}

// Decode decodes a line.
func (p *pi) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r, e := &p.r, &p.e
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	kind := p.names.text(r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	if kind == "session" {
		p.begin()
	}
	at := moment(r.time)
	if (kind == "message" || kind == "message_end") && p.m.parse(r.message) == nil && !at.Known() {
		at = moment(p.m.time)
	}
	if p.now = max(p.now, at); !at.Known() {
		at = p.now
	}
	*e = eventlog.Event{ID: readable(r.id), Type: kind, SessionID: p.session, RunID: p.session, Time: at, Agent: "pi"}
	// A branch begins with copies of what came before, at the times of then.
	e.Copied = p.began.Known() && at.Known() && at < p.began && kind != "session"
	switch kind {
	case "session":
		e.ID = ""
		p.header()
	case "message", "message_end":
		p.message(full, emit)
		return nil
	case "message_start", "message_update", "tool_execution_start", "tool_execution_update", "tool_execution_end":
		// What they tell comes again, whole, in the message that ends.
		e.Kind, e.Hidden = eventlog.Heartbeat, true
	case "turn_start", "turn_end":
		e.Kind, e.Hidden = eventlog.LoopStep, true
	case "agent_start":
		e.Kind = eventlog.AgentStart
	case "agent_end":
		e.Kind, e.Outcome = eventlog.AgentFinish, p.ended
	default:
		p.other(kind, rec.Body, full)
	}
	emit(e)
	return nil
}

func (p *pi) header() {
	r, e := &p.r, &p.e
	e.Kind, e.Hidden = eventlog.Custom, true
	dir := readable(r.cwd)
	e.Facts = &eventlog.Facts{Agent: "pi", Directory: dir, Started: e.Time, Name: readable(r.title)}
	if dir != "" {
		e.Facts.Project = filepath.Base(filepath.ToSlash(dir))
	}
	if from := readable(first(r.parent, r.branched)); from != "" {
		// It is the path of the session's file: TIME_ID.jsonl.
		name := from[strings.LastIndexAny(from, `/\`)+1:]
		name = strings.TrimSuffix(name, ".jsonl")
		e.Facts.ForkOf = name[strings.LastIndexByte(name, '_')+1:]
	}
}

// other decodes the lines that are no messages.
func (p *pi) other(kind string, body []byte, full bool) {
	r, e := &p.r, &p.e
	e.Kind = eventlog.Custom
	text := ""
	switch kind {
	case "model_change":
		e.Kind, e.Provider, e.Model = eventlog.StateChange, p.names.text(r.provider), p.names.text(r.model)
		text = e.Model
	case "thinking_level_change":
		e.Kind, text = eventlog.StateChange, readable(r.level)
	case "compaction", "compaction_end", "auto_compaction_end":
		e.Kind, text = eventlog.Compaction, readable(r.summary)
	case "branch_summary":
		text = readable(r.summary)
	case "session_info":
		e.Hidden = true
		text = readable(r.name)
		e.Facts = &eventlog.Facts{Title: text}
	case "custom_message":
		e.Kind, e.Tool, text = eventlog.Message, "system", partsText(r.content)
	case "custom":
		e.Hidden = true
		e.Type = p.names.of([]byte("custom/" + readable(r.custom)))
	case "label", "context_transform", "ephemeral", "queue_update", "auto_compaction_start", "compaction_start", "auto_retry_end", "agent_settled":
		e.Hidden = true
	case "auto_retry_start":
		e.Kind = eventlog.Retry
	case "extension_error":
		e.Kind, e.Failed = eventlog.Error, true
	}
	if !full {
		return
	}
	e.Text, e.Message = text, readable(first(r.failure, r.problem))
	if text == "" {
		e.Payload = clone(body)
	}
	for _, d := range []struct {
		name  string
		value []byte
	}{{"tokens before", r.tokens}, {"attempt", r.attempt}, {"attempts at most", r.attempts}, {"retry in ms", r.delay}, {"kind", r.custom}} {
		if v := readable(d.value); v != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
		}
	}
}

// message decodes a message that is whole.
func (p *pi) message(full bool, emit func(*eventlog.Event)) {
	m, e := &p.m, &p.e
	role := p.names.text(m.role)
	switch role {
	case "user":
		text := partsText(m.content)
		e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
		e.Facts = &eventlog.Facts{Goal: text}
		if full {
			e.Text, e.Details = text, pictures(e.Details, m.content)
		}
	case "assistant":
		p.assistant(full, emit)
		return
	case "toolResult":
		p.result(full)
	case "bashExecution":
		// A command that the person ran; the model is told of it with the next prompt.
		e.Kind, e.Type = eventlog.Custom, role
		if full {
			e.Text, e.Output = "$ "+readable(m.command)+"\n"+readable(m.output), clone(m.output)
			if code := readable(m.code); code != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: "exit code", Value: code})
			}
		}
	default:
		e.Kind, e.Type = eventlog.Custom, p.names.of([]byte("message/"+role))
		if full {
			e.Text, e.Payload = partsText(m.content), clone(p.r.message)
		}
	}
	emit(e)
}

// assistant decodes a response: one message, one call of the model.
func (p *pi) assistant(full bool, emit func(*eventlog.Event)) {
	m, e := &p.m, &p.e
	e.Kind, e.Provider, e.Model = eventlog.ModelResponse, p.names.text(m.provider), p.names.text(m.model)
	e.Began = moment(m.time)
	stop := readable(m.stop)
	p.charge(stop)
	e.Idle, p.ended = eventlog.IdleYes, eventlog.Success
	switch stop {
	case "toolUse":
		e.Idle = eventlog.IdleNo
	case "error":
		e.Failed, p.broken, p.ended = true, true, eventlog.Failure
		e.Facts = &eventlog.Facts{Outcome: eventlog.Failure}
	case "aborted":
		p.ended = eventlog.Cancelled
	}
	if p.broken && !e.Failed {
		p.broken = false
		e.Facts = &eventlog.Facts{Outcome: eventlog.Success} // it went on after all
	}
	if full {
		e.Text, e.Message = partsText(m.content), readable(m.failure)
		eachPart(m.content, func(part []byte) {
			if v, ok := jsonl.Lookup(part, "thinking"); ok {
				e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: readable(v)})
			}
		})
		e.Details = append(e.Details, eventlog.Detail{Name: "stop reason", Value: stop})
	}
	base := *e
	emit(e)
	base.Bill, base.Facts, base.Details, base.Text, base.Message, base.Began, base.Failed = nil, nil, nil, "", "", 0, false
	eachPart(m.content, func(part []byte) {
		var kind, id, name, args []byte
		_ = jsonl.Fields(part, func(key, value []byte) bool {
			switch string(key) {
			case "type":
				kind = value
			case "id":
				id = value
			case "name":
				name = value
			case "arguments":
				args = value
			}
			return true
		})
		if string(kind) != `"toolCall"` {
			return
		}
		*e = base
		e.Kind, e.Type, e.Model, e.Provider = eventlog.ToolCall, "toolCall", "", ""
		e.CallID, e.Tool = readable(id), p.names.text(name)
		e.Use, e.Print = eventlog.Identify("pi", "tool", e.CallID), eventlog.Print(args)
		if full {
			e.Input = clone(args)
		}
		emit(e)
	})
}

// charge bills a response. A response that was cut off tells what had been
// counted until then.
func (p *pi) charge(stop string) {
	m, e := &p.m, &p.e
	if len(m.usage) == 0 || m.usage[0] != '{' {
		return
	}
	var price []byte
	p.b = eventlog.Bill{AtLeast: stop == "aborted" || stop == "error", Copied: e.Copied}
	u := &p.b.Usage
	_ = jsonl.Fields(m.usage, func(key, value []byte) bool {
		switch string(key) {
		case "input":
			u.Input = count(value)
		case "output":
			u.Output = count(value)
		case "cacheRead":
			u.CacheRead = count(value)
		case "cacheWrite":
			u.CacheWrite5m = count(value)
		case "reasoning":
			u.Reasoning = count(value)
		case "cost":
			price, _ = jsonl.Lookup(value, "total")
		}
		return true
	})
	u.Reasoning = min(u.Reasoning, u.Output)
	// Models that pi knows no price of cost nothing there.
	if c, ok := cost(price); ok && (c > 0 || u.Total() == 0) {
		p.b.Cost, p.b.Source = c, eventlog.Recorded
	}
	if id := readable(m.response); id != "" {
		// Some local servers give the same id to all their responses: the time tells
		// them apart, and stays the same in the copies that a branch begins with.
		p.b.Call, p.b.Rule = eventlog.Identify("pi", e.Provider, id, string(m.time)), eventlog.RuleResponse
	} else if len(m.time) > 0 {
		p.b.Call, p.b.Rule = eventlog.Identify("pi", e.Provider, e.Model, string(m.time), string(m.usage)), eventlog.RuleRecord
	}
	e.Bill = &p.b
}

func (p *pi) result(full bool) {
	m, e := &p.m, &p.e
	e.Kind, e.Type, e.Idle = eventlog.ToolResult, "toolResult", eventlog.IdleNo
	e.CallID, e.Tool = readable(m.call), p.names.text(m.tool)
	e.Use = eventlog.Identify("pi", "tool", e.CallID)
	if truth(m.failed) {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		e.Output, e.Payload = clone(m.content), clone(m.details)
		if e.Failed {
			e.Message = partsText(m.content)
		} else {
			e.Text = partsText(m.content)
		}
	}
}
