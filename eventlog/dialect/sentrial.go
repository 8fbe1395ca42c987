package dialect

import (
	"cmp"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Sentrial reads the requests that a Sentrial client sends, one a line, each
// with what was answered. See docs/format/sentrial.md.
type Sentrial struct{}

// Name returns the name of the format.
func (Sentrial) Name() string { return "sentrial" }

// Sniff knows a request by its path.
func (Sentrial) Sniff(h *Head) int {
	for _, line := range h.Lines {
		var r sentrialRequest
		if r.parse(line) == nil && r.what() != sentrialOther {
			return 92
		}
	}
	return 0
}

// Tables asks for nothing: it is never a database.
func (Sentrial) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (Sentrial) Open(seg Segment) Decoder {
	return &sentrial{names: names{}, agents: map[string]string{}, file: streamName(seg.Path)}
}

// sentrial decodes one log of requests.
type sentrial struct {
	names  names
	file   string
	agents map[string]string // by session
	e      eventlog.Event
	b      eventlog.Bill
}

// sentrialRequest is a request taken apart but not decoded.
type sentrialRequest struct{ method, path, body, response []byte }

func (r *sentrialRequest) parse(line []byte) error {
	*r = sentrialRequest{}
	return jsonl.Fields(line, func(key, value []byte) bool {
		switch string(key) {
		case "method":
			r.method = value
		case "path", "url":
			r.path = value
		case "body":
			r.body = value
		case "response":
			r.response = value
		}
		return true
	})
}

// sentrialKind is what a request does.
type sentrialKind uint8

const (
	sentrialOther sentrialKind = iota
	sentrialCreate
	sentrialEvent
	sentrialUpdate
)

func (r *sentrialRequest) what() sentrialKind {
	_, path, ok := strings.Cut(readable(r.path), "/api/sdk/")
	path, _, _ = strings.Cut(path, "?")
	switch method := strings.ToUpper(readable(r.method)); {
	case !ok:
	case method == "POST" && path == "sessions":
		return sentrialCreate
	case method == "POST" && path == "events":
		return sentrialEvent
	case method == "PATCH" && strings.HasPrefix(path, "sessions/"):
		return sentrialUpdate
	}
	return sentrialOther
}

// told returns the value that the answer to a request has, or else the request.
func (r *sentrialRequest) told(name string) []byte {
	answered, _ := lookup(r.response, name)
	sent, _ := lookup(r.body, name)
	return first(answered, sent)
}

// Decode decodes a request.
func (s *sentrial) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var r sentrialRequest
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	if r.method == nil || r.path == nil {
		return ErrNoEvent
	}
	s.e = eventlog.Event{ID: readable(r.told("id")), Time: moment(r.told("createdAt"))}
	switch r.what() {
	case sentrialCreate:
		s.create(&r, full, emit)
	case sentrialEvent:
		s.event(&r, full, emit)
	case sentrialUpdate:
		s.update(&r, full, emit)
	default:
		s.e.SessionID, s.e.Kind, s.e.Hidden = s.session(r.told("sessionId")), eventlog.Custom, true
		s.e.Type = s.names.of([]byte(readable(r.method) + " " + readable(r.path)))
		if full {
			s.e.Payload = clone(rec.Body)
		}
		emit(&s.e)
	}
	return nil
}

func (s *sentrial) session(id []byte) string { return cmp.Or(s.names.text(id), s.file) }

// create decodes the beginning of a session. Its id is in the answer.
func (s *sentrial) create(r *sentrialRequest, full bool, emit func(*eventlog.Event)) {
	e := &s.e
	e.Kind, e.Type, e.SessionID = eventlog.SessionStart, "sessions", s.session(r.told("id"))
	f := &eventlog.Facts{
		Name: readable(r.told("name")), Agent: readable(r.told("agentName")), User: readable(r.told("userId")), Project: readable(r.told("projectId")),
		ParentID: readable(r.told("parentSessionId")), Conversation: readable(r.told("convoId")), Started: e.Time,
	}
	s.agents[e.SessionID], e.Agent = f.Agent, f.Agent
	meta, _ := lookup(r.body, "metadata")
	sentrialMetadata(f, meta)
	e.Facts = f
	if full {
		e.Text, e.Payload = f.Name, clone(r.body)
	}
	emit(e)
}

// sentrialMetadata takes from what somebody attached to a session what has a
// place of its own.
func sentrialMetadata(f *eventlog.Facts, meta []byte) {
	_ = fieldsOf(meta, func(key, value []byte) bool {
		switch string(key) {
		case "environment":
			f.Environment = readable(value)
		case "version":
			f.Version = readable(value)
		case "input", "userInput":
			f.Goal = said(value)
		case "convo_id":
			f.Conversation = cmp.Or(f.Conversation, readable(value))
		case "tags":
			elements(value, func(tag []byte) { f.Tags = append(f.Tags, readable(tag)) })
		default:
			if f.Metadata == nil {
				f.Metadata = map[string]string{}
			}
			f.Metadata[string(key)] = readable(value)
		}
		return true
	})
}

// sentrialFields is an event taken apart but not decoded.
type sentrialFields struct {
	kind, tool, input, output, reasoning, alternatives, confidence []byte
	cost, before, after, failure, tokens, meta, trace              []byte
	success                                                        []byte
}

func (f *sentrialFields) parse(body []byte) {
	*f = sentrialFields{}
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "eventType":
			f.kind = value
		case "toolName":
			f.tool = value
		case "toolInput":
			f.input = value
		case "toolOutput":
			f.output = value
		case "reasoning":
			f.reasoning = value
		case "alternativesConsidered":
			f.alternatives = value
		case "confidence":
			f.confidence = value
		case "estimatedCost":
			f.cost = value
		case "stateBefore":
			f.before = value
		case "stateAfter":
			f.after = value
		case "toolError":
			f.failure = value
		case "tokenCount":
			f.tokens = value
		case "metadata":
			f.meta = value
		case "traceId":
			f.trace = value
		case "status":
			f.success = value
		}
		return true
	})
}

// event decodes one event. A call of a model is sent as that of a tool which is
// called llm:PROVIDER:MODEL.
func (s *sentrial) event(r *sentrialRequest, full bool, emit func(*eventlog.Event)) {
	e := &s.e
	e.SessionID = s.session(r.told("sessionId"))
	e.Agent = s.agents[e.SessionID]
	var f sentrialFields
	f.parse(r.body)
	e.Type = s.names.text(f.kind)
	tool := s.names.text(f.tool)
	failed := first(f.failure) != nil || e.Type == "error" || eventlog.ParseOutcome(readable(f.success)) == eventlog.Failure
	if provider, model, ok := strings.Cut(strings.TrimPrefix(tool, "llm:"), ":"); ok && strings.HasPrefix(tool, "llm:") {
		s.call(&f, provider, model, failed, full)
		emit(e)
		return
	}
	if tool != "" && (e.Type == "tool_call" || e.Type == "error") {
		s.tool(&f, tool, failed, full, emit)
		return
	}
	switch e.Type {
	case "llm_decision", "decision":
		e.Kind = eventlog.Decision
	case "state_change":
		e.Kind = eventlog.StateChange
	case "error":
		e.Kind, e.Failed = eventlog.Error, true
	default:
		e.Kind = eventlog.Custom
	}
	if full {
		e.Text = readable(f.reasoning)
		s.details(&f)
	}
	emit(e)
}

// call decodes a call of a model.
func (s *sentrial) call(f *sentrialFields, provider, model string, failed, full bool) {
	e := &s.e
	e.Kind, e.Provider, e.Model, e.Failed = eventlog.ModelResponse, provider, model, failed
	e.Began = s.began(f)
	tokens := func(meta, output string) []byte {
		told, _ := lookup(f.meta, meta)
		answered, _ := lookup(f.output, "tokens", output)
		return first(told, answered)
	}
	in, out := tokens("prompt_tokens", "prompt"), tokens("completion_tokens", "completion")
	price, _ := lookup(f.output, "cost_usd")
	s.b = eventlog.Bill{Usage: eventlog.Usage{Input: count(in), Output: count(out)}}
	if in == nil && out == nil {
		s.b.Usage.Input = count(f.tokens) // only their sum is told
	}
	if c, ok := cost(first(f.cost, price)); ok && (c > 0 || s.b.Usage.Total() == 0) {
		s.b.Cost, s.b.Source = c, eventlog.Recorded
	}
	if e.ID != "" {
		s.b.Call, s.b.Rule = eventlog.Identify("sentrial", e.SessionID, e.ID), eventlog.RuleRecord
	}
	if !failed || s.b.Usage.Total() > 0 || s.b.Cost > 0 {
		e.Bill = &s.b
	}
	if full {
		e.Input, e.Output = clone(f.input), clone(f.output)
		e.Text = said(f.output)
		s.details(f)
	}
}

// tool decodes a call of a tool, which is sent when it is over: as two events.
func (s *sentrial) tool(f *sentrialFields, name string, failed, full bool, emit func(*eventlog.Event)) {
	e := &s.e
	e.Tool, e.CallID = name, e.ID
	if e.ID != "" {
		e.Use = eventlog.Identify("sentrial", "tool", e.SessionID, e.ID)
	}
	result := *e
	e.Kind = eventlog.ToolCall
	if began := s.began(f); began.Known() {
		e.Time = began
	}
	if full {
		e.Input = clone(f.input)
	}
	emit(e)

	*e = result
	e.Kind = eventlog.ToolResult
	if failed {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		e.Output = clone(f.output)
		e.Text = said(f.output)
		s.details(f)
	}
	emit(e)
}

// began returns when a call began, which is told by how long it took.
func (s *sentrial) began(f *sentrialFields) eventlog.Stamp {
	took, _ := lookup(f.meta, "duration_ms")
	if ms, ok := jsonl.Float(took); ok && ms > 0 && ms < 1e10 && s.e.Time.Known() {
		return s.e.Time - eventlog.Stamp(ms*1e6)
	}
	return 0
}

// details lists everything else that an event tells. What the state was is what
// all tools before have answered: it is shown where it says more than that.
func (s *sentrial) details(f *sentrialFields) {
	e := &s.e
	if e.Failed {
		message, _ := lookup(f.failure, "message")
		e.Message = cmp.Or(readable(message), said(f.failure), readable(f.reasoning))
	}
	kind, _ := lookup(f.failure, "type")
	stack, _ := lookup(f.failure, "stack_trace")
	var alternatives []string
	elements(f.alternatives, func(v []byte) { alternatives = append(alternatives, readable(v)) })
	for _, d := range []eventlog.Detail{
		{Name: "error type", Value: readable(kind)}, {Name: "stack", Value: readable(stack)},
		{Name: "reasoning", Value: readable(f.reasoning)}, {Name: "alternatives", Value: strings.Join(alternatives, "; ")},
		{Name: "confidence", Value: readable(f.confidence)}, {Name: "cost", Value: readable(f.cost)}, {Name: "trace", Value: readable(f.trace)},
		{Name: "state before", Value: sentrialState(f.before)}, {Name: "state after", Value: sentrialState(f.after)},
	} {
		if d.Value != "" && d.Value != e.Text {
			e.Details = append(e.Details, d)
		}
	}
	e.Payload = clone(f.meta)
}

func sentrialState(state []byte) string {
	if string(state) == "{}" {
		return ""
	}
	return readable(state)
}

// update decodes what is said of a session later, mostly at its end. Its counts
// are sums of what the events told.
func (s *sentrial) update(r *sentrialRequest, full bool, emit func(*eventlog.Event)) {
	e := &s.e
	id := r.told("id")
	if _, name, ok := strings.Cut(readable(r.path), "/sessions/"); ok && id == nil {
		name, _, _ = strings.Cut(name, "?")
		id = appendJSONText(nil, []byte(name))
	}
	e.ID, e.SessionID, e.Type = "", s.session(id), "sessions"
	e.Agent = s.agents[e.SessionID]
	e.Time = moment(first(r.told("completedAt"), r.told("updatedAt")))
	f := &eventlog.Facts{FailureReason: readable(r.told("failureReason")), Summary: cmp.Or(readable(r.told("summary")), said(r.told("assistantOutput")))}
	f.Goal = said(r.told("userInput"))
	f.Metrics = numbers(r.told("customMetrics"))
	if c, ok := cost(r.told("estimatedCost")); ok {
		f.Recorded, f.RecordedKnown = c, true
	}
	status := readable(r.told("status"))
	e.Kind = eventlog.StateChange
	if status != "" && status != "active" {
		e.Kind, f.Closed, f.Ended = eventlog.SessionEnd, true, e.Time
		f.Outcome = eventlog.ParseOutcome(status)
		if yes, ok := jsonl.Bool(r.told("success")); ok && f.Outcome != eventlog.Cancelled {
			f.Outcome = eventlog.Success
			if !yes {
				f.Outcome = eventlog.Failure
			}
		}
	}
	e.Outcome, e.Facts = f.Outcome, f
	if full {
		e.Text, e.Message, e.Payload = f.Summary, f.FailureReason, clone(r.body)
	}
	emit(e)
}
