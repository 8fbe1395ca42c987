package dialect

import (
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// OpencodeRun reads what opencode writes to its standard output with
// run --format json. See docs/format/opencode-run.md.
type OpencodeRun struct{}

// Name returns the name of the format.
func (OpencodeRun) Name() string { return "opencode-run" }

// Sniff knows a line by the session's id and the part, or error, that it holds.
func (OpencodeRun) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var session, kind, part, failure bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "sessionID":
				session = true
			case "type":
				kind = true
			case "part":
				part = value[0] == '{'
			case "error":
				failure = true
			}
			return true
		})
		switch {
		case err != nil || !session || !kind:
		case part:
			return 95
		case failure:
			best = max(best, 85)
		}
	}
	return best
}

// Tables asks for nothing: a stream is never a database.
func (OpencodeRun) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (OpencodeRun) Open(seg Segment) Decoder {
	return &opencodeRun{names: names{}, session: streamName(seg.Path)}
}

// opencodeRun decodes one stream.
type opencodeRun struct {
	names   names
	session string
	started bool
	broken  bool // the last thing that was told of is an error
	step    int  // how many have begun, for those without a message
	e       eventlog.Event
	b       eventlog.Bill
	part    opencodePart
}

// opencodePart is a part of a message taken apart but not decoded.
type opencodePart struct {
	id, message, kind, text, tool, call, state, time []byte
	reason, tokens, cost                             []byte
}

func (p *opencodePart) parse(body []byte) error {
	*p = opencodePart{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "id":
			to = &p.id
		case "messageID":
			to = &p.message
		case "type":
			to = &p.kind
		case "text":
			to = &p.text
		case "tool":
			to = &p.tool
		case "callID":
			to = &p.call
		case "state":
			to = &p.state
		case "time":
			to = &p.time
		case "reason":
			to = &p.reason
		case "tokens":
			to = &p.tokens
		case "cost":
			to = &p.cost
		default:
			return true
		}
		*to = value
		return true
	})
}

// Decode decodes a line.
func (o *opencodeRun) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var typ, at, session, part, failure []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			typ = value
		case "timestamp":
			at = value
		case "sessionID":
			session = value
		case "part":
			part = value
		case "error":
			failure = value
		}
		return true
	}); err != nil {
		return err
	}
	kind := o.names.text(typ)
	if kind == "" {
		return ErrNoEvent
	}
	if id := o.names.text(session); id != "" {
		o.session = id
	}
	e, p := &o.e, &o.part
	*e = eventlog.Event{Type: kind, Time: moment(at), SessionID: o.session, RunID: o.session, Agent: "opencode"}
	if !o.started {
		o.started = true
		e.Facts = &eventlog.Facts{Agent: "opencode"}
	}
	*p = opencodePart{}
	if len(part) > 0 && part[0] == '{' {
		if err := p.parse(part); err != nil {
			return err
		}
	}
	e.ID, e.Idle = readable(p.id), eventlog.IdleNo
	switch kind {
	case "step_start":
		o.step++
		e.Kind, e.CallID, e.Again = eventlog.ModelRequest, o.call(), true
	case "text", "reasoning":
		o.text(kind, full)
	case "tool_use":
		o.tool(full, emit)
		return nil
	case "step_finish":
		o.finish(full)
	case "error":
		e.Kind, e.Failed, e.Idle = eventlog.Error, true, eventlog.IdleYes
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Failure
		o.broken = true
		if full {
			opencodeError(e, failure)
		}
	default:
		e.Kind, e.Idle = eventlog.Custom, eventlog.IdleSame
		if full {
			e.Payload = clone(first(part, rec.Body))
		}
	}
	emit(e)
	return nil
}

// call names the call that a part is of: by its message, or where a version does not
// tell that, by the number of the step.
func (o *opencodeRun) call() string {
	if id := readable(o.part.message); id != "" {
		return id
	}
	return "step " + strconv.Itoa(o.step)
}

// text decodes a piece of a response.
func (o *opencodeRun) text(kind string, full bool) {
	e, p := &o.e, &o.part
	e.Kind, e.CallID, e.Again = eventlog.ModelResponse, o.call(), true
	if began, ok := jsonl.Lookup(p.time, "start"); ok {
		e.Began = moment(began)
	}
	if !full {
		return
	}
	if kind == "reasoning" {
		e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: readable(p.text)})
	} else {
		e.Text = readable(p.text)
	}
}

// finish decodes the end of a step, which is one call of the model.
func (o *opencodeRun) finish(full bool) {
	e, p := &o.e, &o.part
	e.Kind, e.CallID, e.Again = eventlog.ModelResponse, o.call(), true
	if o.broken {
		o.broken = false
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Success // it went on after all
	}
	reason := readable(p.reason)
	if reason != "tool-calls" {
		e.Idle = eventlog.IdleYes
	}
	if full && reason != "" {
		e.Details = append(e.Details, eventlog.Detail{Name: "stop reason", Value: reason})
	}
	if len(p.tokens) == 0 || p.tokens[0] != '{' {
		return
	}
	o.b = eventlog.Bill{Usage: ocUsage(p.tokens)}
	if e.ID != "" {
		o.b.Call, o.b.Rule = eventlog.Identify("opencode", "step", o.session, e.ID), eventlog.RuleRecord
	}
	// Models that opencode knows no price of cost nothing there.
	if c, ok := cost(p.cost); ok && (c > 0 || o.b.Usage.Total() == 0) {
		o.b.Cost, o.b.Source = c, eventlog.Recorded
	}
	e.Bill = &o.b
}

// tool decodes a tool call, which is written when it is over: as two events.
func (o *opencodeRun) tool(full bool, emit func(*eventlog.Event)) {
	e, p := &o.e, &o.part
	var status, input, output, failure, metadata, title, start, end []byte
	_ = jsonl.Fields(p.state, func(key, value []byte) bool {
		switch string(key) {
		case "status":
			status = value
		case "input":
			input = value
		case "output":
			output = value
		case "error":
			failure = value
		case "metadata":
			metadata = value
		case "title":
			title = value
		case "time":
			start, _ = jsonl.Lookup(value, "start")
			end, _ = jsonl.Lookup(value, "end")
		}
		return true
	})
	result := *e
	result.Facts = nil
	e.Kind, e.CallID, e.Tool = eventlog.ToolCall, readable(p.call), o.names.text(p.tool)
	e.Use = eventlog.Identify("opencode", "tool", o.session, readable(p.message), e.CallID)
	if at := moment(start); at.Known() {
		e.Time = at
	}
	e.Print = eventlog.Print(input)
	if full {
		e.Input = clone(input)
		if t := readable(title); t != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "title", Value: t})
		}
	}
	result.CallID, result.Tool, result.Use = e.CallID, e.Tool, e.Use
	asks(e)
	emit(e)

	state := readable(status)
	if state != "completed" && state != "error" {
		return
	}
	*e = result
	e.Kind = eventlog.ToolResult
	exit, _ := jsonl.Lookup(metadata, "exit")
	code := readable(exit)
	if state == "error" || code != "" && code != "0" {
		e.Kind, e.Failed = eventlog.ToolError, true
		if refusal(failure, opencodeRefusal) {
			e.Wait = eventlog.WaitRefused
		}
	}
	if at := moment(end); at.Known() {
		e.Time = at
	}
	if full {
		e.Output, e.Payload = clone(first(output, failure)), clone(metadata)
		if e.Failed {
			e.Message = readable(first(failure, output))
		} else {
			e.Text = readable(output)
		}
		if code != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "exit code", Value: code})
		}
	}
	emit(e)
}

// opencodeError fills in what an error tells.
func opencodeError(e *eventlog.Event, failure []byte) {
	name, _ := jsonl.Lookup(failure, "name")
	message, _ := jsonl.Lookup(failure, "data", "message")
	e.Message = readable(first(message, name, failure))
	status, _ := jsonl.Lookup(failure, "data", "statusCode")
	for _, d := range []struct {
		name  string
		value []byte
	}{{"error", name}, {"status", status}} {
		if v := readable(d.value); v != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
		}
	}
	e.Payload = clone(failure)
}
