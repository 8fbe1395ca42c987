package dialect

import (
	"cmp"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Niitaka reads an export of Niitaka: one JSON object with sessions, events and
// signals. See docs/format/niitaka.md.
type Niitaka struct{}

// Name returns the name of the format.
func (Niitaka) Name() string { return "niitaka" }

// Sniff knows an export by its lists, and by what its sessions have.
func (Niitaka) Sniff(h *Head) int {
	for _, doc := range h.Lines {
		var sessions, events, ours bool
		_ = fieldsOf(doc, func(key, value []byte) bool {
			switch string(key) {
			case "sessions":
				sessions = value[0] == '['
				elements(value, func(s []byte) {
					_, id := lookup(s, "id")
					_, agent := lookup(s, "agent_id")
					ours = ours || id && agent
				})
			case "events", "signals":
				events = events || value[0] == '['
			}
			return true
		})
		if sessions && events && ours {
			return 90
		}
	}
	return 0
}

// Tables asks for nothing: it is never a database.
func (Niitaka) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (Niitaka) Open(Segment) Decoder { return &niitaka{names: names{}} }

// niitaka decodes one export.
type niitaka struct {
	names  names
	agents map[string]string
	e      eventlog.Event
	b      eventlog.Bill
}

// Decode decodes an export. Its lists may stand in any order; sessions come
// first, so that events find theirs.
func (n *niitaka) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var sessions, events, signals []byte
	var others [][2][]byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "sessions":
			sessions = value
		case "events":
			events = value
		case "signals":
			signals = value
		default:
			if value[0] == '[' {
				others = append(others, [2][]byte{key, value})
			}
		}
		return true
	}); err != nil {
		return err
	}
	if sessions == nil && events == nil && signals == nil {
		return ErrNoEvent
	}
	n.agents = map[string]string{}
	elements(sessions, func(v []byte) { n.session(v, full, emit) })
	elements(events, func(v []byte) { n.event(v, full, emit) })
	elements(signals, func(v []byte) { n.signal(v, full, emit) })
	for _, o := range others {
		elements(o[1], func(v []byte) {
			n.begin(v)
			n.e.Kind, n.e.Type = eventlog.Custom, n.names.of(o[0])
			if full {
				n.e.Payload = clone(v)
			}
			emit(&n.e)
		})
	}
	return nil
}

// begin begins an event with what events and signals share.
func (n *niitaka) begin(v []byte) {
	get := func(names ...string) []byte {
		for _, name := range names {
			if value, ok := lookup(v, name); ok {
				return value
			}
		}
		return nil
	}
	n.e = eventlog.Event{
		ID: readable(get("id", "event_id")), SessionID: n.names.text(get("session_id")), Time: moment(get("created_at", "timestamp", "ts", "time")),
		Type: n.names.text(get("type")),
	}
	n.e.Agent = cmp.Or(n.names.text(get("agent_id", "agent")), n.agents[n.e.SessionID])
}

// session decodes a session: where it begins, and where it is over its end. Its
// totals are sums of its events, and of some that an export may not hold.
func (n *niitaka) session(v []byte, full bool, emit func(*eventlog.Event)) {
	f := &eventlog.Facts{}
	var id, status, reported string
	var ended, updated eventlog.Stamp
	_ = fieldsOf(v, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			id = n.names.text(value)
		case "goal":
			f.Goal = said(value)
		case "agent_id":
			f.Agent = n.names.text(value)
		case "user_id":
			f.User = readable(value)
		case "status":
			status = readable(value)
		case "total_cost":
			f.Recorded, f.RecordedKnown = cost(value)
		case "error_count":
			reported = readable(value)
		case "parent_session_id":
			f.ParentID = readable(value)
		case "experiment_id":
			f.Experiment = readable(value)
		case "variant":
			f.Variant = readable(value)
		case "environment":
			f.Environment = readable(value)
		case "metrics":
			f.Metrics = numbers(value)
		case "created_at", "started_at":
			f.Started = moment(value)
		case "ended_at", "completed_at", "closed_at":
			ended = moment(value)
		case "updated_at", "last_heartbeat":
			updated = moment(value)
		case "metadata":
			sentrialMetadata(f, value)
		}
		return true
	})
	if reported != "" && reported != "0" {
		if f.Metadata == nil {
			f.Metadata = map[string]string{}
		}
		f.Metadata["error_count"] = reported
	}
	if done, ok := f.Metrics["goal_completed"]; ok && status != "running" {
		f.Outcome = eventlog.Failure
		if done > 0 {
			f.Outcome = eventlog.Success
		}
	}
	n.agents[id] = f.Agent
	n.e = eventlog.Event{ID: id, SessionID: id, Kind: eventlog.SessionStart, Type: "session", Time: f.Started, Agent: f.Agent, Facts: f}
	if full {
		n.e.Text, n.e.Payload = f.Goal, clone(v)
	}
	emit(&n.e)
	n.e = eventlog.Event{SessionID: id, Type: "session", Agent: f.Agent, Kind: eventlog.Heartbeat, Time: updated, Hidden: true}
	if status == "done" || status == "completed" {
		n.e.Kind, n.e.Time, n.e.Hidden = eventlog.SessionEnd, ended, false
		n.e.Facts = &eventlog.Facts{Closed: true, Ended: ended}
	}
	emit(&n.e)
}

// event decodes what happened in a session. How long a call took is told in
// seconds within its data; the event's own duration is always 0.
func (n *niitaka) event(v []byte, full bool, emit func(*eventlog.Event)) {
	n.begin(v)
	e := &n.e
	data, _ := lookup(v, "data")
	get := func(names ...string) []byte {
		for _, name := range names {
			if value, ok := lookup(data, name); ok {
				return value
			}
		}
		return nil
	}
	began := eventlog.Stamp(0)
	latency, _ := lookup(data, "meta", "latency")
	if s, ok := jsonl.Float(latency); ok && s > 0 && s < 1e7 && e.Time.Known() {
		began = e.Time - eventlog.Stamp(s*1e9)
	}
	failure := get("error")
	if full {
		e.Payload = clone(data)
		e.Text = said(first(get("content", "output", "response", "text", "reasoning", "message"), data))
		if s := readable(latency); s != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "latency s", Value: s})
		}
	}
	switch e.Type {
	case "llm":
		e.Kind, e.Began = eventlog.ModelResponse, began
		e.Model, e.Provider = n.names.text(get("model")), n.names.text(get("provider"))
		n.b = eventlog.Bill{Usage: eventlog.Usage{Input: count(get("prompt_tokens", "input_tokens")), Output: count(get("completion_tokens", "output_tokens"))}}
		if c, ok := cost(get("cost_usd", "cost")); ok && (c > 0 || n.b.Usage.Total() == 0) {
			n.b.Cost, n.b.Source = c, eventlog.Recorded
		}
		if e.ID != "" {
			n.b.Call, n.b.Rule = eventlog.Identify("niitaka", e.SessionID, e.ID), eventlog.RuleRecord
		}
		e.Bill, e.Failed = &n.b, first(failure) != nil
	case "tool":
		n.tool(first(get("name"), get("tool"), get("tool_name")), get("input", "arguments", "args"), get("output", "result"), failure, began, full, emit)
		return
	case "decision":
		e.Kind = eventlog.Decision
	case "error":
		e.Kind, e.Failed = eventlog.Error, true
		failure = first(failure, get("message"), data)
	default:
		e.Kind = eventlog.Custom
	}
	if full && e.Failed {
		e.Message = said(failure)
	}
	emit(e)
}

func (n *niitaka) tool(name, input, output, failure []byte, began eventlog.Stamp, full bool, emit func(*eventlog.Event)) {
	e := &n.e
	e.Tool, e.CallID = n.names.text(name), e.ID
	result := *e
	e.Kind, e.Payload, e.Text = eventlog.ToolCall, nil, ""
	if began.Known() {
		e.Time = began
	}
	if full {
		e.Input = clone(input)
	}
	emit(e)
	*e = result
	e.Kind = eventlog.ToolResult
	if first(failure) != nil {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		e.Output, e.Text, e.Message = clone(output), said(output), said(failure)
	}
	emit(e)
}

// signal decodes what a policy noticed.
func (n *niitaka) signal(v []byte, full bool, emit func(*eventlog.Event)) {
	n.begin(v)
	e := &n.e
	e.Kind = eventlog.Signal
	sub, _ := lookup(v, "subtype")
	e.Type = n.names.of([]byte(strings.Trim(e.Type+"/"+readable(sub), "/")))
	if full {
		message, _ := lookup(v, "message")
		e.Text, e.Payload = said(message), clone(v)
		e.Details = append(e.Details, eventlog.Detail{Name: "signal", Value: e.Type})
	}
	emit(e)
}
