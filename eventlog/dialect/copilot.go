package dialect

import (
	"cmp"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Copilot reads the events that GitHub Copilot CLI keeps of a session. See
// docs/format/copilot.md.
type Copilot struct{}

// Name returns the name of the format.
func (Copilot) Name() string { return "copilot" }

// Sniff knows the events by their dotted types with data and a link to the
// event before.
func (Copilot) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var r copilotRecord
		if r.parse(line) != nil || len(r.data) == 0 || r.data[0] != '{' {
			continue
		}
		family, _, dotted := strings.Cut(readable(r.typ), ".")
		switch {
		case !dotted || !copilotFamilies[family]:
		case r.id != nil && r.parent != nil && r.time != nil:
			return 90
		case r.id != nil || r.time != nil:
			best = max(best, 60)
		}
	}
	return best
}

// copilotFamilies are what stands before the dot.
var copilotFamilies = map[string]bool{"session": true, "user": true, "assistant": true, "tool": true, "subagent": true, "system": true, "hook": true}

// Tables asks for nothing: the events never stand in a database.
func (Copilot) Tables() []eventlog.Table { return nil }

// Open returns a decoder. The session is named by its first event; that one is
// looked at now, so that every other one can be decoded without it.
func (Copilot) Open(seg Segment) Decoder {
	c := &copilot{
		names: names{}, calls: map[string]copilotCall{}, requests: map[string]string{}, before: map[string]copilotCount{}, sofar: map[string]*copilotSum{},
		paid: map[string]copilotAnswer{}, agents: map[string]string{}, models: map[string]string{}, units: map[string]*copilotUnits{},
	}
	c.session = strings.TrimSuffix(filepath.Base(seg.Path), filepath.Ext(seg.Path))
	if c.session == "events" {
		c.session = filepath.Base(filepath.Dir(seg.Path))
	}
	if seg.Head == nil {
		return c
	}
	for _, line := range seg.Head.Lines {
		var r copilotRecord
		if r.parse(line) != nil {
			continue
		}
		if id, ok := lookup(r.data, "sessionId"); ok && strings.HasPrefix(readable(r.typ), "session.") {
			c.session = readable(id)
			break
		}
	}
	return c
}

// copilot decodes one session.
type copilot struct {
	names    names
	session  string
	model    string // of the main run, as it was last told
	named    bool   // that was in this process
	asked    bool
	broken   bool           // the last thing that the main run met was an error
	last     eventlog.Stamp // when the main run last heard from outside
	calls    map[string]copilotCall
	requests map[string]string // the calls that a person was asked about, by request
	agents   map[string]string // names of sub-agents, by their id
	models   map[string]string // and their models

	process  int                      // how many processes have written before this one
	before   map[string]copilotCount  // what the last of them had counted, by model
	sofar    map[string]*copilotSum   // what this one has told of, by model
	paid     map[string]copilotAnswer // which answer bears the bill of a model
	nameless string                   // the model of messages from before it was named
	units    map[string]*copilotUnits // what GitHub bills by

	r copilotRecord
	e eventlog.Event
	b eventlog.Bill
}

// copilotCall is what is known of a tool call until its result comes.
type copilotCall struct{ tool, run string }

// copilotCount is what a shutdown says that a model has used since the session
// began.
type copilotCount struct {
	usage eventlog.Usage
	calls int64
}

// copilotSum is what single events have told of the use of a model.
type copilotSum struct {
	said, told copilotCount // by its messages, and by events about usage
	main       int64        // the output of messages of the main run
}

// copilotUnits is a counter of what GitHub bills by.
type copilotUnits struct {
	before float64 // what the processes used that counted for themselves
	ended  float64 // what the last process had counted
	now    float64
}

// begin takes what was counted so far for that of an earlier process.
func (u *copilotUnits) begin() { u.before, u.ended, u.now = u.before+u.ended, 0, 0 }

// copilotAnswer is the first answer of a model in a process. What the model has
// used is told by its span.
type copilotAnswer struct {
	call, run, agent string
	time             eventlog.Stamp
}

type copilotRecord struct{ typ, id, parent, time, data, agent, exit, usage []byte }

func (r *copilotRecord) parse(body []byte) error {
	*r = copilotRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			r.typ = value
		case "id":
			r.id = value
		case "parentId":
			r.parent = value
		case "timestamp":
			r.time = value
		case "data":
			r.data = value
		case "agentId":
			r.agent = value
		case "exitCode":
			r.exit = value
		case "usage":
			r.usage = value
		}
		return true
	})
}

// get returns a field of the record's data.
func (r *copilotRecord) get(path ...string) []byte {
	value, _ := lookup(r.data, path...)
	return value
}

// Decode decodes a line.
func (c *copilot) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r, e := &c.r, &c.e
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	kind := c.names.text(r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	*e = eventlog.Event{ID: readable(r.id), Type: kind, Time: moment(r.time), SessionID: c.session, RunID: c.session, Agent: "copilot", Kind: eventlog.Custom, Hidden: true}
	if agent := c.names.text(first(r.agent, r.get("parentToolCallId"))); agent != "" && agent != c.session {
		e.RunID, e.Agent = agent, c.agents[agent]
	}
	family, rest, _ := strings.Cut(kind, ".")
	switch family {
	case "session":
		c.about(rest, full, emit)
	case "user":
		c.user(rest, full, emit)
	case "assistant":
		c.assistant(rest, full, emit)
	case "permission":
		c.permission(rest)
		c.other(full, emit)
	case "tool":
		c.tool(rest, full, emit)
	case "subagent":
		c.subagent(rest, full, emit)
	default:
		c.other(full, emit)
	}
	return nil
}

// permission decodes that a person is asked about a call, or has decided.
func (c *copilot) permission(kind string) {
	r, e := &c.r, &c.e
	id := readable(r.get("requestId"))
	switch kind {
	case "requested":
		e.CallID = readable(first(r.get("permissionRequest", "toolCallId"), r.get("toolCallId")))
		if e.CallID != "" && len(c.requests) < maxCopilotCalls {
			e.Wait = eventlog.WaitAsked
			c.requests[id] = e.CallID
		}
	case "completed":
		if e.CallID = c.requests[id]; e.CallID == "" {
			return
		}
		delete(c.requests, id)
		if e.Wait = eventlog.WaitAnswered; strings.HasPrefix(readable(r.get("result", "kind")), "denied") {
			e.Wait = eventlog.WaitRefused
		}
	}
}

// other keeps an event that nothing more is known of.
func (c *copilot) other(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	switch e.Type {
	case "result": // only on standard output: how the run ended
		e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Success
		if code := readable(r.exit); code != "0" && code != "" {
			e.Outcome = eventlog.Failure
		}
		e.Facts = &eventlog.Facts{Outcome: e.Outcome}
		if full {
			detailsOf(e, r.usage, "premiumRequests", "totalApiDurationMs", "sessionDurationMs")
		}
		emit(e)
		return
	case "abort":
		e.Hidden, e.Idle = false, eventlog.IdleYes
		e.Facts = &eventlog.Facts{Outcome: eventlog.Cancelled}
	}
	if full {
		e.Text = readable(first(r.get("message"), r.get("content"), r.get("reason"), r.get("title")))
		e.Payload = clone(r.data)
	}
	emit(e)
}

// about decodes what is told of the session as a whole.
func (c *copilot) about(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	switch kind {
	case "start", "resume":
		if m := c.names.text(first(r.get("selectedModel"), r.get("currentModel"))); m != "" {
			c.model, c.named = m, true
		} else if kind == "resume" {
			c.named = false // another one may have been chosen
		}
		dir := readable(r.get("context", "cwd"))
		e.Kind = eventlog.LoopStep
		e.Facts = &eventlog.Facts{
			Agent: "copilot", Directory: dir, Branch: readable(r.get("context", "branch")),
			Version: readable(r.get("copilotVersion")), Started: moment(r.get("startTime")),
		}
		if dir != "" {
			e.Facts.Project = filepath.Base(filepath.ToSlash(dir))
		}
	case "title_changed":
		e.Facts = &eventlog.Facts{Title: readable(r.get("title"))}
	case "model_change":
		if m := c.names.text(r.get("newModel")); m != "" {
			c.model, c.named = m, true
		}
	case "compaction_complete":
		e.Kind, e.Hidden = eventlog.Compaction, false
	case "error":
		e.Kind, e.Failed, e.Hidden, e.Idle = eventlog.Error, true, false, eventlog.IdleYes
		e.Facts = &eventlog.Facts{Outcome: eventlog.Failure, FailureReason: readable(r.get("message"))}
		c.broken = true
	case "idle":
		e.Idle = eventlog.IdleYes
	case "shutdown":
		c.shutdown(full, emit)
		return
	case "usage_checkpoint":
		c.counted(emit)
		return
	}
	if full {
		text := readable(first(r.get("message"), r.get("title"), r.get("summaryContent"), r.get("newModel")))
		if e.Failed {
			e.Message = text
		} else {
			e.Text = text
		}
		e.Payload = clone(r.data)
	}
	emit(e)
}

// counted keeps the counts that GitHub bills by. They are sums and no dollars.
func (c *copilot) counted(emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	metrics := map[string]float64{}
	for _, of := range []struct {
		name  string
		value []byte
		per   float64
	}{{"premium_requests", r.get("totalPremiumRequests"), 1}, {"ai_units", r.get("totalNanoAiu"), 1e9}} {
		n, ok := jsonl.Float(of.value)
		if !ok {
			continue
		}
		u := c.units[of.name]
		if u == nil {
			u = &copilotUnits{}
			c.units[of.name] = u
		}
		if n /= of.per; n < u.ended {
			u.begin() // this process counts from zero
		}
		u.now = n
		metrics[of.name] = u.before + n
	}
	e.Kind = eventlog.Metrics
	if len(metrics) > 0 {
		e.Facts = orNew(e.Facts)
		e.Facts.Metrics = metrics
	}
	emit(e)
}

// shutdown decodes the end of a process, the only event with all tokens.
func (c *copilot) shutdown(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	e.Idle = eventlog.IdleYes
	e.Facts = &eventlog.Facts{}
	if readable(r.get("shutdownType")) == "error" {
		e.Failed, e.Hidden = true, false
		e.Facts.Outcome, e.Facts.FailureReason = eventlog.Failure, readable(r.get("errorReason"))
	}
	if full {
		e.Message = readable(r.get("errorReason"))
		e.Payload = clone(r.data)
	}
	base := *e
	metrics := r.get("modelMetrics")
	if m := c.names.text(r.get("currentModel")); m != "" {
		c.model = m
	}
	c.name(metrics)
	if c.afresh(metrics) {
		clear(c.before)
		for _, u := range c.units {
			u.begin()
		}
	}
	c.counted(emit)
	told := false
	_ = fieldsOf(metrics, func(model, metric []byte) bool {
		told = true
		name := c.names.of(model)
		*e = base
		e.Facts, e.Payload, e.Message, e.Failed, e.Hidden, e.Idle = nil, nil, "", false, true, eventlog.IdleSame
		e.Kind, e.Type, e.Provider, e.Model = eventlog.ModelResponse, "usage", "github-copilot", name
		now := copilotMetric(metric)
		c.bill(name, now.minus(c.before[name]), false)
		c.before[name] = now
		if a, ok := c.paid[name]; !ok || e.Bill != nil && c.sofar[name] == nil {
			c.paid[name] = copilotAnswer{"usage/" + strconv.Itoa(c.process) + "/" + name, e.RunID, e.Agent, e.Time}
		} else {
			e.RunID, e.Agent, e.Time = a.run, a.agent, a.time
		}
		e.CallID, e.Again = c.paid[name].call, true
		if full {
			e.Text = "all calls of " + name + " until the process ended"
		}
		emit(e)
		return true
	})
	if !told {
		return // whoever goes on may tell of what was used until now
	}
	for _, u := range c.units {
		u.ended = u.now
	}
	c.process++
	c.named, c.nameless = false, ""
	clear(c.sofar)
}

// afresh reports whether a process counted from zero. Older versions did so after
// a resume, newer ones go on counting: then no counter of an earlier process has
// fallen or is gone, and what was added is not less than what the main run's
// messages of this process say.
func (c *copilot) afresh(metrics []byte) bool {
	if len(c.before) == 0 {
		return false
	}
	known, fresh, any := 0, false, false
	_ = fieldsOf(metrics, func(model, metric []byte) bool {
		any = true
		name := c.names.of(model)
		now := copilotMetric(metric)
		was, ok := c.before[name]
		if ok {
			known++
		}
		if now.fell(was) {
			fresh = true
		}
		if s := c.sofar[name]; s != nil && (s.main > now.usage.Output-was.usage.Output || s.told.usage.Output > now.usage.Output-was.usage.Output) {
			fresh = true
		}
		return true
	})
	return any && (fresh || known < len(c.before))
}

// name gives messages whose model was never told the one that used most.
func (c *copilot) name(metrics []byte) {
	if c.sofar[""] == nil {
		return
	}
	most, name := int64(-1), ""
	_ = fieldsOf(metrics, func(model, metric []byte) bool {
		n := copilotMetric(metric).usage.Output
		if string(model) == c.model {
			n = math.MaxInt64
		}
		if n > most {
			most, name = n, c.names.of(model)
		}
		return true
	})
	c.adopt(name)
}

// copilotMetric reads what one model has used. The input includes the cache.
func copilotMetric(metric []byte) copilotCount {
	var n copilotCount
	usage, _ := lookup(metric, "usage")
	n.usage = copilotUsage(usage)
	calls, _ := lookup(metric, "requests", "count")
	n.calls = count(calls)
	return n
}

func copilotUsage(object []byte) eventlog.Usage {
	var u eventlog.Usage
	_ = fieldsOf(object, func(key, value []byte) bool {
		switch string(key) {
		case "inputTokens":
			u.Input = count(value)
		case "outputTokens":
			u.Output = count(value)
		case "cacheReadTokens":
			u.CacheRead = count(value)
		case "cacheWriteTokens":
			u.CacheWrite5m = count(value)
		case "reasoningTokens":
			u.Reasoning = count(value)
		}
		return true
	})
	return inclusive(u)
}

// inclusive takes the tokens of the cache off an input that includes them.
func inclusive(u eventlog.Usage) eventlog.Usage {
	u.Input = max(0, u.Input-u.CacheRead-u.CacheWrite5m-u.CacheWrite1h)
	u.Reasoning = min(u.Reasoning, u.Output)
	return u
}

// minus returns what came since an earlier count. A counter that has fallen
// adds nothing.
func (n copilotCount) minus(m copilotCount) copilotCount {
	return copilotCount{eventlog.Usage{
		Input: max(0, n.usage.Input-m.usage.Input), Output: max(0, n.usage.Output-m.usage.Output), Reasoning: max(0, n.usage.Reasoning-m.usage.Reasoning),
		CacheRead: max(0, n.usage.CacheRead-m.usage.CacheRead), CacheWrite5m: max(0, n.usage.CacheWrite5m-m.usage.CacheWrite5m),
	}, max(0, n.calls-m.calls)}
}

// fell reports whether a counter is smaller than it was.
func (n copilotCount) fell(m copilotCount) bool {
	return n.calls > 0 && n.calls < m.calls || n.usage.Input < m.usage.Input || n.usage.Output < m.usage.Output ||
		n.usage.CacheRead < m.usage.CacheRead || n.usage.CacheWrite5m < m.usage.CacheWrite5m
}

// bill bills all that a model, or one that is not told yet, was used for by one
// process. Every record that
// tells of it has the same identity: the one that counts most stands.
func (c *copilot) bill(model string, n copilotCount, atLeast bool) {
	if n.usage.Total() == 0 {
		return
	}
	key := model
	if key == c.nameless {
		key = "" // what was billed before the model was known is the same
	}
	c.b = eventlog.Bill{
		Call: eventlog.Identify("copilot", c.session, key, strconv.Itoa(c.process)), Rule: eventlog.RuleRecord,
		Usage: n.usage, Calls: n.calls, AtLeast: atLeast,
	}
	c.e.Bill = &c.b
}

// user decodes what a person wrote.
func (c *copilot) user(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	if kind != "message" {
		c.other(full, emit)
		return
	}
	e.Kind, e.Tool, e.Hidden, e.Idle = eventlog.Message, "user", false, eventlog.IdleNo
	main := e.RunID == c.session
	if source := readable(r.get("source")); source != "" && source != "user" {
		e.Tool, e.Hidden = "system", true // the program put it in
	} else if main && !c.asked {
		c.asked = true
		e.Facts = &eventlog.Facts{Goal: readable(r.get("content"))}
	}
	if main {
		c.last = e.Time
	}
	if full {
		e.Text = readable(r.get("content"))
		if list := r.get("attachments"); len(list) > len("[]") {
			e.Payload = clone(list)
		}
	}
	emit(e)
}

// assistant decodes what the model did.
func (c *copilot) assistant(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	switch kind {
	case "message":
		c.message(full, emit)
	case "turn_start":
		e.Kind, e.Idle = eventlog.LoopStep, eventlog.IdleNo
		emit(e)
	case "turn_end":
		e.Kind = eventlog.LoopStep
		emit(e)
	case "usage":
		// Only on standard output: what one call used.
		e.Kind, e.Provider, e.Model = eventlog.Metrics, "github-copilot", c.modelOf(r.get("model"))
		s := c.sum(e.Model)
		s.told.usage.Add(copilotUsage(r.data))
		s.told.calls++
		c.bill(e.Model, s.told, false)
		emit(e)
	default:
		if strings.HasSuffix(kind, "_delta") {
			e.Kind = eventlog.Heartbeat
		}
		c.other(full && e.Kind == eventlog.Custom, emit)
	}
}

// modelOf returns the model that a record names, or the one of its run.
func (c *copilot) modelOf(value []byte) string {
	own := c.names.text(value)
	if c.e.RunID != c.session {
		return cmp.Or(own, c.models[c.e.RunID], c.model)
	}
	if own != "" {
		c.model, c.named = own, true
		c.adopt(own)
	}
	return c.model
}

// adopt says which model the messages were of that named none.
func (c *copilot) adopt(model string) {
	if s := c.sofar[""]; s != nil && c.sofar[model] == nil && c.nameless == "" {
		c.sofar[model], c.paid[model], c.nameless = s, c.paid[""], model
		delete(c.sofar, "")
	}
}

// sum returns what single events of this process have told of a model.
func (c *copilot) sum(model string) *copilotSum {
	s := c.sofar[model]
	if s == nil {
		s = &copilotSum{}
		c.sofar[model] = s
	}
	return s
}

// message decodes an answer. It tells its output only: until the process ends
// nobody knows what was read for it.
func (c *copilot) message(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	e.Kind, e.Hidden, e.Provider, e.Model = eventlog.ModelResponse, false, "github-copilot", c.modelOf(r.get("model"))
	e.CallID = readable(first(r.get("messageId"), r.id))
	requests := r.get("toolRequests")
	wants := len(requests) > len("[]")
	e.Idle = eventlog.IdleYes
	if wants {
		e.Idle = eventlog.IdleNo
	}
	if e.RunID == c.session {
		e.Began = c.last
	}
	if c.broken && e.RunID == c.session {
		c.broken = false
		e.Facts = &eventlog.Facts{Outcome: eventlog.Success} // it went on after all
	}
	of := e.Model
	if !c.named && r.get("model") == nil && of == c.model {
		of = "" // it is only likely
	}
	s := c.sum(of)
	if s.said.calls == 0 {
		c.paid[of] = copilotAnswer{e.CallID, e.RunID, e.Agent, e.Time}
		e.Again = true
	}
	output := count(r.get("outputTokens"))
	s.said.usage.Output += output
	s.said.calls++
	if e.RunID == c.session {
		s.main += output
	}
	c.bill(of, s.said, true)
	if full {
		e.Text = readable(r.get("content"))
		if t := readable(r.get("reasoningText")); t != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: t})
		}
		if wants {
			e.Payload = clone(requests)
		}
	}
	emit(e)
}

// maxCopilotCalls bounds how many open calls a decoder remembers.
const maxCopilotCalls = 1 << 16

// tool decodes a call or its result.
func (c *copilot) tool(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	e.CallID = readable(r.get("toolCallId"))
	switch kind {
	case "execution_start":
		e.Kind, e.Hidden, e.Idle = eventlog.ToolCall, false, eventlog.IdleNo
		e.Tool = c.names.text(first(r.get("toolName"), r.get("mcpToolName")))
		asks(e)
		e.Spawns = true // an agent is named after the call that started it
		if len(c.calls) < maxCopilotCalls {
			c.calls[e.CallID] = copilotCall{e.Tool, e.RunID}
		}
		args := r.get("arguments")
		e.Print = eventlog.Print(args)
		if full {
			e.Input = inputOf(args)
		}
	case "execution_complete":
		e.Kind, e.Hidden, e.Idle = eventlog.ToolResult, false, eventlog.IdleNo
		e.Tool = c.calls[e.CallID].tool
		if string(r.get("success")) == "false" || r.get("error") != nil {
			e.Kind, e.Failed = eventlog.ToolError, true
		}
		if e.RunID == c.session {
			c.last = max(c.last, e.Time)
			c.modelOf(r.get("model"))
		}
		if full {
			e.Output = clone(r.get("result"))
			text := readable(first(r.get("result", "content"), r.get("result", "detailedContent")))
			if e.Failed {
				e.Message = cmp.Or(readable(r.get("error", "message")), text)
			} else {
				e.Text = text
			}
			e.Payload = clone(r.get("toolTelemetry"))
		}
	default:
		c.other(full, emit)
		return
	}
	emit(e)
}

// subagent decodes the beginning and the end of a sub-agent, which is named
// after the call that started it.
func (c *copilot) subagent(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	call := c.names.text(r.get("toolCallId"))
	if call == "" {
		c.other(full, emit)
		return
	}
	e.RunID = cmp.Or(c.names.text(r.agent), call)
	e.Agent = c.names.text(first(r.get("agentName"), r.get("agentDisplayName")))
	e.Hidden = false
	switch kind {
	case "started":
		c.agents[e.RunID] = e.Agent
		e.Kind, e.Idle, e.Link = eventlog.AgentStart, eventlog.IdleNo, eventlog.LinkSure
		e.ParentRunID, e.ParentCall = cmp.Or(c.calls[call].run, c.session), call
		e.Model = c.names.text(r.get("model"))
		c.models[e.RunID] = e.Model
	case "completed", "failed":
		e.Kind, e.Outcome = eventlog.AgentFinish, eventlog.Success
		if kind == "failed" {
			e.Outcome, e.Failed = eventlog.Failure, true
		}
	default:
		e.Hidden = true
	}
	if full {
		e.Text = readable(r.get("agentDescription"))
		e.Message = readable(r.get("error"))
		for _, d := range []struct {
			name  string
			value []byte
		}{{"tokens", r.get("totalTokens")}, {"tool calls", r.get("totalToolCalls")}, {"duration ms", r.get("durationMs")}} {
			if v := readable(d.value); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
			}
		}
	}
	emit(e)
}
