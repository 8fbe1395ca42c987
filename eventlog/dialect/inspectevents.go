package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// inspectEventRecord is an event of Inspect taken apart but not decoded.
type inspectEventRecord struct {
	kind, id, uuid, span, parent, typ, name, time, completed, pending []byte
	model, output, cache, failure, function, arguments, result        []byte
	events, input, message, data, action, score, traceback            []byte
}

func (r *inspectEventRecord) parse(body []byte) error {
	*r = inspectEventRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "event":
			to = &r.kind
		case "id":
			to = &r.id
		case "uuid":
			to = &r.uuid
		case "span_id":
			to = &r.span
		case "parent_id":
			to = &r.parent
		case "type":
			to = &r.typ
		case "name":
			to = &r.name
		case "timestamp":
			to = &r.time
		case "completed":
			to = &r.completed
		case "pending":
			to = &r.pending
		case "model":
			to = &r.model
		case "output":
			to = &r.output
		case "cache":
			to = &r.cache
		case "error":
			to = &r.failure
		case "function":
			to = &r.function
		case "arguments":
			to = &r.arguments
		case "result":
			to = &r.result
		case "events":
			to = &r.events
		case "input":
			to = &r.input
		case "message":
			to = &r.message
		case "data":
			to = &r.data
		case "action":
			to = &r.action
		case "score":
			to = &r.score
		case "traceback":
			to = &r.traceback
		default:
			return true
		}
		if !jsonl.IsNull(value) {
			*to = value
		}
		return true
	})
}

// maxWithin is how deep events stand in events. What is deeper is shown with
// what holds it.
const maxWithin = 16

// event decodes an event, and those that old versions keep within it.
func (d *inspect) event(body []byte, depth int, full bool, emit func(*eventlog.Event)) error {
	var r inspectEventRecord
	if err := r.parse(body); err != nil {
		return err
	}
	kind := d.names.text(r.kind)
	if kind == "" {
		return ErrNoEvent
	}
	span := d.names.text(r.span)
	e := &d.e
	*e = d.envelope(kind, moment(r.time))
	e.ID = readable(r.uuid)
	if run, ok := d.runs[span]; ok && run != d.session {
		e.RunID, e.Agent = run, d.agents[run]
	}
	switch kind {
	case "model":
		d.response(&r, full, emit)
	case "tool":
		d.tool(&r, full, emit)
	case "span_begin":
		d.span(&r, span, full, emit)
	default:
		d.other(kind, &r, body, full, emit)
	}
	if !isArray(r.events) || depth == maxWithin {
		return nil
	}
	return jsonl.Elements(r.events, func(inner []byte) bool {
		_ = d.event(inner, depth+1, full, emit) // what is none is kept with what holds it
		return true
	})
}

// response decodes a call of a model. One that was answered from the cache of
// Inspect used nothing.
func (d *inspect) response(r *inspectEventRecord, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	e.Kind, e.CallID = eventlog.ModelResponse, readable(r.uuid)
	e.Provider, e.Model = providerOf(d.names.text(r.model))
	began := e.Time
	if truth(r.pending) {
		e.Kind = eventlog.ModelRequest
	} else {
		e.Time, e.Began = ended(began, r), began
	}
	usage, ok := lookup(r.output, "usage")
	if cached := readable(r.cache) == "read"; ok && !cached {
		call := e.CallID
		if call == "" {
			call = string(r.time) + string(r.output)
		}
		d.pay(usage, d.names.text(r.model), call)
	}
	e.Failed = len(r.failure) > 0
	if full {
		d.words(r)
	}
	emit(e)
}

// ended returns when something that took its time was over.
func ended(began eventlog.Stamp, r *inspectEventRecord) eventlog.Stamp {
	if at := moment(r.completed); at.Known() {
		return at
	}
	if seconds, ok := lookup(r.output, "time"); ok && began.Known() {
		if m, ok := cost(seconds); ok {
			return began + eventlog.Stamp(m)
		}
	}
	return began
}

// words adds what a model was asked and answered.
func (d *inspect) words(r *inspectEventRecord) {
	e := &d.e
	choices, _ := lookup(r.output, "choices")
	if isArray(choices) {
		_ = jsonl.Elements(choices, func(choice []byte) bool {
			content, _ := lookup(choice, "message", "content")
			e.Text = d.resolve(contentText(content))
			if stop, ok := lookup(choice, "stop_reason"); ok {
				e.Details = append(e.Details, eventlog.Detail{Name: "stop reason", Value: readable(stop)})
			}
			return false
		})
	}
	if hasElements(r.input) {
		e.Input = clone(r.input)
	}
	e.Message = readable(r.failure)
	if cache := readable(r.cache); cache != "" {
		e.Details = append(e.Details, eventlog.Detail{Name: "cache", Value: cache})
	}
}

func (d *inspect) tool(r *inspectEventRecord, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	e.Kind, e.CallID, e.Tool, e.Spawns = eventlog.ToolCall, readable(r.id), d.names.text(r.function), true
	end := *e
	if full {
		e.Input = clone(r.arguments)
	}
	emit(e)
	if truth(r.pending) {
		return
	}
	*e = end
	e.Kind, e.Time = eventlog.ToolResult, ended(end.Time, r)
	if e.Failed = len(r.failure) > 0; e.Failed {
		e.Kind = eventlog.ToolError
	}
	if full {
		e.Output, e.Text = clone(r.result), d.resolve(contentText(r.result))
		if message, ok := lookup(r.failure, "message"); ok {
			e.Message, e.Text = readable(message), ""
		}
		if kind, ok := lookup(r.failure, "type"); ok {
			e.Details = append(e.Details, eventlog.Detail{Name: "error", Value: readable(kind)})
		}
	}
	emit(e)
}

// span decodes the beginning of a span. An agent's is a run; what is in any
// other is part of the run around it.
func (d *inspect) span(r *inspectEventRecord, inside string, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	id, parent := d.names.text(r.id), d.names.text(r.parent)
	around, ok := d.runs[parent]
	if !ok {
		if around, ok = d.runs[inside]; !ok {
			around = d.session
		}
	}
	name := d.names.text(r.name)
	if full {
		e.Text = strings.Trim(readable(r.typ)+" "+name, " ")
	}
	if readable(r.typ) != "agent" {
		d.remember(id, around)
		e.RunID, e.Kind, e.Hidden = around, eventlog.LoopStep, true
		emit(e)
		return
	}
	run := d.session + "/" + id
	d.remember(id, run)
	if d.agents != nil && len(d.agents) < maxNames {
		d.agents[run] = name
	}
	e.Kind, e.RunID, e.ParentRunID, e.Agent, e.Link = eventlog.AgentStart, run, around, name, eventlog.LinkSure
	emit(e)
}

func (d *inspect) remember(span, run string) {
	if d.runs != nil && len(d.runs) < maxNames {
		d.runs[span] = run
	}
}

// other decodes what is no call.
func (d *inspect) other(kind string, r *inspectEventRecord, body []byte, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	text := ""
	switch kind {
	case "error":
		e.Kind, e.Failed = eventlog.Error, true
		message, _ := lookup(r.failure, "message")
		text = readable(first(message, r.message))
	case "info":
		e.Kind, e.Tool = eventlog.Message, "system"
		text = readable(r.data)
	case "input":
		e.Kind, e.Tool = eventlog.Message, "user"
		text = readable(r.input)
	case "logger":
		e.Kind = eventlog.LogLine
		message, _ := lookup(r.message, "message")
		level, _ := lookup(r.message, "level")
		text = strings.TrimSpace(readable(level) + " " + readable(message))
	case "compaction":
		e.Kind = eventlog.Compaction
	case "state", "store":
		e.Kind, e.Hidden = eventlog.StateChange, true
	case "approval":
		e.Kind = eventlog.Policy
		text = readable(r.message)
	case "sample_limit":
		e.Kind, e.Tool = eventlog.Message, "system"
		text = readable(first(r.message, r.typ))
	case "span_end":
		e.Kind, e.Hidden = eventlog.LoopStep, true
		if run, ok := d.runs[d.names.text(r.id)]; ok && run != d.session && strings.HasSuffix(run, "/"+d.names.text(r.id)) {
			e.RunID, e.Agent, e.Idle = run, d.agents[run], eventlog.IdleYes
		}
	case "step", "subtask":
		e.Kind, e.Hidden = eventlog.LoopStep, true
		text = readable(r.name)
	case "score":
		e.Kind = eventlog.Custom
		value, _ := lookup(r.score, "value")
		why, _ := lookup(r.score, "explanation")
		text = strings.TrimSpace(readable(value) + "\n" + d.resolve(readable(why)))
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
	}
	if full {
		e.Text = d.resolve(text)
		if e.Failed {
			e.Message = e.Text
		}
		e.Payload = clone(body)
	}
	emit(e)
}
