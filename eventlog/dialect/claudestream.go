package dialect

import (
	"cmp"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// ClaudeStream reads what Claude Code writes to its standard output with
// --output-format stream-json, and the one object of --output-format json. See
// docs/format/claude-stream.md.
type ClaudeStream struct{}

// Name returns the name of the format.
func (ClaudeStream) Name() string { return "claude-stream" }

// Sniff knows a line by the session's id, spelled as only the stream does, and
// by what belongs to its type. The order of the keys is not fixed.
func (ClaudeStream) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var kind string
		var session, disk, message, subtype, event, result bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "type":
				kind, _ = jsonl.String(value)
			case "session_id":
				session = true
			case "sessionId":
				disk = true
			case "message":
				_, message = jsonl.Lookup(value, "role")
			case "subtype":
				subtype = true
			case "event":
				event = true
			case "num_turns", "total_cost_usd", "modelUsage":
				result = true
			}
			return true
		})
		switch {
		case err != nil || !session || disk:
		case kind == "system" && subtype, (kind == "assistant" || kind == "user") && message, kind == "stream_event" && event, kind == "result" && result:
			best = max(best, 92)
		}
	}
	return best
}

// Tables asks for nothing: a stream is never a database.
func (ClaudeStream) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (ClaudeStream) Open(seg Segment) Decoder {
	c, _ := Claude{}.Open(Segment{Path: "x"}).(*claude)
	s := &claudeStream{
		claude: c, runs: map[string]*claudeRun{}, made: map[string]string{},
		counted: map[string]eventlog.Usage{}, models: map[string]string{}, totals: map[string]eventlog.Usage{}, seen: map[string]int64{}, shown: map[string]bool{},
	}
	s.session = streamName(seg.Path)
	return s
}

// claudeStream decodes one stream. Its messages are those of the transcripts, in
// an envelope that is spelled otherwise.
type claudeStream struct {
	*claude
	s     streamRecord
	now   eventlog.Stamp
	began eventlog.Stamp // of the first line with a time
	runs  map[string]*claudeRun
	made  map[string]string // the run that made a call

	writing string // the message that is being streamed
	counted map[string]eventlog.Usage
	models  map[string]string         // of the messages
	totals  map[string]eventlog.Usage // of the models
	seen    map[string]int64          // messages of the models
	shown   map[string]bool           // models whose total has been told
	mode    eventlog.Mode             // of the last message
}

// claudeRun is what is known of a sub-agent.
type claudeRun struct {
	agent  string
	linked bool
}

// streamRecord holds the fields that only the stream has.
type streamRecord struct {
	call, kind, task, taskCall, status, event, model, prompt []byte
	isError, modelUsage, cost, result, turns, api, reason    []byte
	delay, most, code, denials, message, mode, errors        []byte
}

func (s *claudeStream) parse(body []byte) error {
	r, t := &s.r, &s.s
	*r, *t = claudeRecord{}, streamRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "type":
			to = &r.typ
		case "subtype":
			to = &r.subtype
		case "uuid":
			to = &r.uuid
		case "session_id":
			to = &r.session
		case "timestamp":
			to = &r.time
		case "request_id":
			to = &r.request
		case "agent_id":
			to = &r.agent
		case "cwd":
			to = &r.cwd
		case "claude_code_version":
			to = &r.version
		case "message":
			r.said = outlined{raw: value}
			return true
		case "tool_use_result":
			r.returned = outlined{raw: value}
			return true
		case "is_api_error_message":
			to = &r.apiError
		case "error":
			to = &r.errText
		case "attempt":
			to = &r.attempt
		case "duration_ms":
			to = &r.duration
		case "compact_metadata":
			to = &r.compactMeta
		case "origin":
			to = &r.origin
		case "parent_tool_use_id":
			to = &t.call
		case "subagent_type":
			to = &t.kind
		case "task_id":
			to = &t.task
		case "tool_use_id":
			to = &t.taskCall
		case "status":
			to = &t.status
		case "event":
			to = &t.event
		case "model":
			to = &t.model
		case "prompt":
			to = &t.prompt
		case "is_error":
			to = &t.isError
		case "modelUsage":
			to = &t.modelUsage
		case "total_cost_usd":
			to = &t.cost
		case "result":
			to = &t.result
		case "num_turns":
			to = &t.turns
		case "duration_api_ms":
			to = &t.api
		case "terminal_reason":
			to = &t.reason
		case "retry_delay_ms":
			to = &t.delay
		case "max_retries":
			to = &t.most
		case "api_error_status", "error_status":
			to = &t.code
		case "permission_denials":
			to = &t.denials
		case "errors":
			to = &t.errors
		case "api_message_id":
			to = &t.message
		case "permissionMode":
			to = &t.mode
		default:
			return true
		}
		*to = value
		return true
	})
}

// Decode decodes a line.
func (s *claudeStream) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if err := s.parse(rec.Body); err != nil {
		return err
	}
	kind := s.names.text(s.r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	s.start(kind)
	e := &s.e
	switch kind {
	case "assistant":
		s.answer(full, emit)
	case "user":
		s.user(full, emit)
	case "system":
		s.told(rec.Body, full, emit)
	case "stream_event":
		s.piece(emit)
	case "result":
		s.finish(full, emit)
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Payload = clone(rec.Body)
		}
		emit(e)
	}
	return nil
}

// start begins the event with what all lines share.
func (s *claudeStream) start(kind string) {
	r, e := &s.r, &s.e
	at := moment(r.time)
	if s.now = max(s.now, at); !at.Known() {
		at = s.now
	}
	if !s.began.Known() {
		s.began = at
	}
	if id := s.names.text(r.session); id != "" {
		s.session = id
	}
	*e = eventlog.Event{ID: readable(r.uuid), Type: kind, Time: at, SessionID: s.session, RunID: s.session, Agent: "claude", Provider: "anthropic"}
	call := s.names.text(s.s.call)
	if call == "" {
		return
	}
	// What a sub-agent does names the call that started it, and in newer versions
	// the agent as well.
	id := s.names.text(r.agent)
	if id == "" {
		id = "side-" + call
	}
	run := s.agentRun(id, s.names.text(s.s.kind), call)
	e.RunID, e.Agent = s.names.of([]byte(id)), run.agent
	if !run.linked {
		run.linked = true
		e.ParentRunID, e.ParentCall, e.Link = cmp.Or(s.made[call], s.session), call, eventlog.LinkSure
	}
}

func (s *claudeStream) agentRun(id, kind, call string) *claudeRun {
	run := s.runs[id]
	if run == nil {
		run = &claudeRun{}
		s.runs[id] = run
	}
	run.agent = cmp.Or(run.agent, kind, s.tasks["\x00"+call])
	return run
}

// answer decodes a piece of a response. Its usage is what was known when the
// response began, so that it goes into the running total of the model.
func (s *claudeStream) answer(full bool, emit func(*eventlog.Event)) {
	var usage *eventlog.Bill
	id, model, run := "", "", s.e.RunID
	s.assistant(full, func(e *eventlog.Event) {
		switch e.Kind {
		case eventlog.ModelResponse:
			if e.Bill != nil {
				bill := *e.Bill
				usage, id, model = &bill, e.CallID, e.Model
			}
			e.Bill, e.Again = nil, true
		case eventlog.ToolCall:
			s.made[e.CallID] = run
		}
		emit(e)
	})
	if usage == nil {
		return
	}
	s.models[id] = model
	s.mode = usage.Mode
	s.count(id, model, usage.Usage)
	s.total(model, s.totals[modelKey(model)], emit)
}

// count adds to the running total of a model what is new of a message.
func (s *claudeStream) count(id, model string, u eventlog.Usage) {
	old, again := s.counted[id]
	if !again {
		s.seen[modelKey(model)]++
	}
	now := eventlog.Usage{
		Input: max(old.Input, u.Input), CacheRead: max(old.CacheRead, u.CacheRead), Output: max(old.Output, u.Output),
		CacheWrite5m: max(old.CacheWrite5m, u.CacheWrite5m), CacheWrite1h: max(old.CacheWrite1h, u.CacheWrite1h), Reasoning: max(old.Reasoning, u.Reasoning),
	}
	s.counted[id] = now
	sum := s.totals[modelKey(model)]
	sum.Add(eventlog.Usage{
		Input: now.Input - old.Input, CacheRead: now.CacheRead - old.CacheRead, Output: now.Output - old.Output,
		CacheWrite5m: now.CacheWrite5m - old.CacheWrite5m, CacheWrite1h: now.CacheWrite1h - old.CacheWrite1h, Reasoning: now.Reasoning - old.Reasoning,
	})
	s.totals[modelKey(model)] = sum
}

// total tells what a model has used so far. All such records of a session and a
// model are one: the largest stands, which is that of the last result. A stream
// that was cut off leaves what was counted until then.
func (s *claudeStream) total(model string, u eventlog.Usage, emit func(*eventlog.Event)) {
	s.b = eventlog.Bill{AtLeast: true, Usage: u, Mode: s.mode}
	s.sum(model, emit)
}

func (s *claudeStream) sum(model string, emit func(*eventlog.Event)) {
	key := modelKey(model)
	s.b.Call, s.b.Rule = eventlog.Identify("claude", "total", s.session, key), eventlog.RuleRecord
	s.b.Calls = s.seen[key]
	s.e = eventlog.Event{
		Type: "usage", Kind: eventlog.ModelResponse, Time: s.began, SessionID: s.session, RunID: s.session, Agent: "claude", Provider: "anthropic",
		Model: model, CallID: "usage of " + key, Again: true, Hidden: s.shown[key], Bill: &s.b, Text: "all calls of " + model,
	}
	s.shown[key] = true
	if s.b.Usage.Total() == 0 && s.b.Cost == 0 {
		s.e.Bill = nil
	}
	emit(&s.e)
}

var modelDate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[-@](\d{8}|latest)$`) })

// modelKey returns the name of a model without what results and messages spell
// differently: a date, the size of the context, the cloud.
func modelKey(model string) string {
	key, _, _ := strings.Cut(strings.ToLower(model), "[")
	key = key[strings.LastIndexByte(key, '/')+1:]
	if i := strings.Index(key, "claude-"); i > 0 {
		key = key[i:]
	}
	key, _, _ = strings.Cut(key, "-v1:")
	return modelDate().ReplaceAllString(key, "")
}

// piece decodes a part of a response that is being streamed: a sign of life,
// but for the one that tells the final counts of its message.
func (s *claudeStream) piece(emit func(*eventlog.Event)) {
	e, event := &s.e, s.s.event
	kind, _ := jsonl.Lookup(event, "type")
	e.Kind, e.Hidden, e.Idle = eventlog.Heartbeat, true, eventlog.IdleNo
	name := s.names.text(kind)
	emit(e)
	switch name {
	case "message_start":
		id, _ := jsonl.Lookup(event, "message", "id")
		model, _ := jsonl.Lookup(event, "message", "model")
		s.writing = readable(id)
		s.models[s.writing] = s.names.text(model)
	case "message_delta":
		usage, ok := jsonl.Lookup(event, "usage")
		if !ok {
			return
		}
		id := s.names.text(s.s.message)
		if id == "" {
			id = s.writing
		}
		model := s.models[id]
		if model != "" {
			u, mode := claudeUsage(outlined{raw: usage})
			s.mode = mode
			s.count(id, model, u)
		}
		s.total(model, s.totals[modelKey(model)], emit)
	}
}

// told decodes what the program says of itself.
func (s *claudeStream) told(body []byte, full bool, emit func(*eventlog.Event)) {
	r, t, e := &s.r, &s.s, &s.e
	subtype := s.names.text(r.subtype)
	e.Type = s.names.of([]byte("system/" + subtype))
	e.Kind, e.Hidden = eventlog.Custom, true
	details := []struct {
		name  string
		value []byte
	}{{"attempt", r.attempt}, {"attempts at most", t.most}, {"retry in ms", t.delay}, {"status", t.code}, {"permission mode", t.mode}}
	switch subtype {
	case "init":
		e.Kind, e.Hidden, e.Model = eventlog.AgentStart, false, s.names.text(t.model)
		dir := readable(r.cwd)
		e.Facts = &eventlog.Facts{Agent: "claude", Directory: dir, Version: readable(r.version)}
		if dir != "" {
			e.Facts.Project = filepath.Base(filepath.ToSlash(dir))
		}
	case "api_retry":
		e.Kind, e.Hidden, e.Ran = eventlog.Retry, false, later(e.Time, t.delay)
	case "compact_boundary":
		e.Kind, e.Hidden = eventlog.Compaction, false
	case "thinking_tokens", "status":
		e.Kind = eventlog.Heartbeat
	case "task_started":
		if id := s.names.text(t.task); t.kind != nil && id != "" {
			call := s.names.text(t.taskCall)
			e.Adopts = []eventlog.Adopt{{
				RunID: id, ParentRunID: cmp.Or(s.made[call], s.session), ParentCall: call, Agent: s.names.text(t.kind), Link: eventlog.LinkSure,
			}}
			s.agentRun(id, e.Adopts[0].Agent, call)
		}
	case "task_notification":
		if id := s.names.text(t.task); s.runs[id] != nil {
			e.RunID, e.Agent, e.Idle = id, s.runs[id].agent, eventlog.IdleYes
		}
	}
	if full {
		e.Message = readable(r.errText)
		e.Text = readable(t.prompt)
		if subtype != "init" {
			e.Payload = clone(first(r.compactMeta, body))
		}
		for _, d := range details {
			if v := readable(d.value); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
			}
		}
	}
	emit(e)
}

// finish decodes a result: the end of a turn, with all that the process has used
// so far, sub-agents and what a resumed session had used before included.
func (s *claudeStream) finish(full bool, emit func(*eventlog.Event)) {
	r, t := &s.r, &s.s
	end := s.e
	s.e.Kind, s.e.Hidden, s.e.Idle = eventlog.LoopStep, true, eventlog.IdleNo
	emit(&s.e)
	_ = jsonl.Fields(t.modelUsage, func(model, counts []byte) bool {
		s.b = modelBill(counts)
		s.sum(string(model), emit)
		return true
	})
	s.e = end
	e := &s.e
	failed := truth(t.isError)
	if t.isError == nil {
		failed = strings.HasPrefix(readable(r.subtype), "error")
	}
	e.Kind, e.Outcome = eventlog.AgentFinish, eventlog.Success
	if failed {
		e.Outcome = eventlog.Failure
		e.Failed = !s.broken // the message that told of it has been counted
	}
	e.Facts = &eventlog.Facts{Agent: "claude", Outcome: e.Outcome}
	if m, ok := cost(t.cost); ok {
		e.Facts.Recorded, e.Facts.RecordedKnown = m, true
	}
	s.broken = false
	if full {
		e.Text = readable(t.result)
		if failed {
			e.Message = cmp.Or(e.Text, strings.Join(texts(t.errors), "\n"), readable(r.subtype))
		}
		for _, d := range []struct {
			name  string
			value []byte
		}{
			{"result", r.subtype}, {"reason", t.reason}, {"status", t.code}, {"turns", t.turns}, {"duration ms", r.duration},
			{"duration of calls ms", t.api}, {"cost so far", t.cost},
		} {
			if v := readable(d.value); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
			}
		}
		if v := denied(t.denials); v != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "denied", Value: v})
		}
	}
	emit(e)
}

// denied returns the names of the calls that were not permitted.
func denied(list []byte) string {
	var tools []string
	if len(list) > 0 && list[0] == '[' {
		_ = jsonl.Elements(list, func(call []byte) bool {
			name, _ := lookup(call, "tool_name")
			tools = append(tools, cmp.Or(readable(name), readable(call)))
			return true
		})
	}
	return strings.Join(tools, ", ")
}

// texts returns the texts of an array.
func texts(array []byte) (list []string) {
	if len(array) > 0 && array[0] == '[' {
		_ = jsonl.Elements(array, func(v []byte) bool {
			list = append(list, readable(v))
			return true
		})
	}
	return list
}

// modelBill reads what a result says that a model has used.
func modelBill(counts []byte) eventlog.Bill {
	var b eventlog.Bill
	var writes int64
	_ = jsonl.Fields(counts, func(key, value []byte) bool {
		switch string(key) {
		case "inputTokens":
			b.Usage.Input = count(value)
		case "outputTokens":
			b.Usage.Output = count(value)
		case "cacheReadInputTokens":
			b.Usage.CacheRead = count(value)
		case "cacheCreationInputTokens":
			writes = count(value)
		case "cacheCreationEphemeral5mInputTokens":
			b.Usage.CacheWrite5m = count(value)
		case "cacheCreationEphemeral1hInputTokens":
			b.Usage.CacheWrite1h = count(value)
		case "thinkingTokens":
			b.Usage.Reasoning = count(value)
		case "costUSD":
			if m, ok := cost(value); ok {
				b.Cost, b.Source = m, eventlog.Recorded
			}
		}
		return true
	})
	u := &b.Usage
	u.CacheWrite5m = max(u.CacheWrite5m, writes-u.CacheWrite1h)
	u.Reasoning = min(u.Reasoning, u.Output)
	return b
}
