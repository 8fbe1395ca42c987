package export

import (
	"cmp"
	"container/list"
	"encoding/json"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// spanTree makes spans of events: of runs, of calls of models and tools, and of
// what has a beginning and an end besides. What else happens within a run is an
// event of its span. A span is given away when it has ended; its id follows
// from what it stands for, so that what lies below it can be told before, and
// by another process.
type spanTree struct {
	reader   *reader
	service  string // what resources are called; "" is by their agent
	version  string
	extra    []attribute // of every resource
	emit     func(*span)
	sessions map[string]*spanSession
	gone     recentSpans
	known    map[eventlog.Identity]calledAs // calls that several layers of a recording tell of
	calls    list.List                      // of *openSpan: calls without a result, the oldest first
	runs     list.List                      // of *openSpan: runs without an end
	bytes    int64                          // of both
}

// How many spans may be open, and how large they may be together. Beyond that
// the oldest are told as interrupted.
const (
	mostOpenSpans = 10_000
	mostOpenBytes = 32 << 20
	mostWithin    = 128 // events of one span; others become spans without length
)

// spanSession is what must be known of a session.
type spanSession struct {
	id    string
	trace traceID
	above spanID // the run that started the session, of another one
	told  bool   // its beginning was seen
	from  *resource
	runs  map[string]*spanRun
	last  eventlog.Stamp

	adopted map[string]eventlog.Adopt // runs that a record of another one tells of
}

// spanRun is what must be known of a run that has not ended, or has calls that
// have not.
type spanRun struct {
	span  *openSpan // nil once it has ended, and for what only stands below a call
	ended eventlog.Stamp
	calls map[spanCall]*openSpan
}

type spanCall struct {
	class eventlog.Class
	id    string
}

// openSpan is a span that has not ended.
type openSpan struct {
	span
	session *spanSession
	run     string
	call    spanCall // of a call
	implied bool     // of a run that nobody said began
	model   string   // that was asked for
	bytes   int64
	in      *list.List
	at      *list.Element
}

func newSpanTree(emit func(*span)) *spanTree {
	return &spanTree{reader: newReader(), emit: emit, sessions: map[string]*spanSession{}}
}

// add takes the next event.
func (t *spanTree) add(raw *eventlog.Event) {
	if raw.ID != "" {
		if _, again := t.gone.find("event", raw.SessionID, raw.ID); again {
			return // it was sent twice
		}
		t.gone.add(spanID{}, "event", raw.SessionID, raw.ID)
	}
	e := t.reader.read(raw)
	s := t.session(e, raw)
	s.last = max(s.last, e.Time)
	for _, a := range e.Adopts {
		t.adopt(s, a)
	}
	if e.Again {
		t.same(s, e)
	}
	switch e.Kind {
	case eventlog.SessionStart, eventlog.Heartbeat, eventlog.LogLine:
	case eventlog.SessionEnd:
		t.end(s)
	case eventlog.AgentStart:
		t.startRun(s, e)
	case eventlog.AgentFinish:
		t.endRun(s, e, raw)
	case eventlog.ModelRequest, eventlog.ToolCall:
		t.startCall(s, e, raw)
	case eventlog.ModelResponse, eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		t.endCall(s, e, raw)
	case eventlog.Error:
		if e.CallID == "" || !t.failCall(s, e, raw) {
			t.within(s, e, raw)
		}
	case eventlog.Custom:
		if !e.Hidden || e.Bill != nil { // else it is machinery of an agent
			t.within(s, e, raw)
		}
	default:
		t.within(s, e, raw)
	}
	t.bound()
}

// calledAs is how the first layer that told of a call spells it.
type calledAs struct{ session, run, call string }

// same spells an event of a call as the layer did that told of it first, so that
// it is one span. What this layer has told of it before is that span too.
func (t *spanTree) same(s *spanSession, e *eventlog.Event) {
	ids := append([]eventlog.Identity{e.Use}, e.Same...)
	if e.Bill != nil {
		ids = append(ids, e.Bill.Call)
	}
	if len(t.known) > mostRecent {
		t.known = nil
	}
	as := calledAs{s.id, e.RunID, e.CallID}
	for _, id := range ids {
		first, ok := t.known[id]
		if !ok || id.IsZero() || first.session != s.id || first == as {
			continue
		}
		if r := s.runs[e.RunID]; r != nil {
			twin := spanCall{e.Kind.Class(), e.CallID}
			if o := r.calls[twin]; o != nil {
				t.drop(o)
				delete(r.calls, twin)
				t.settled(s, e.RunID)
			}
		}
		e.RunID, e.CallID, as = first.run, first.call, first
		break
	}
	for _, id := range ids {
		if id.IsZero() {
			continue
		}
		if t.known == nil {
			t.known = map[eventlog.Identity]calledAs{}
		}
		t.known[id] = as
	}
}

// close ends everything that is open.
func (t *spanTree) close() {
	for _, s := range t.sessions {
		t.end(s)
	}
}

// session returns what is known of the event's session, which its first event
// tells.
func (t *spanTree) session(e, raw *eventlog.Event) *spanSession {
	s := t.sessions[e.SessionID]
	if s != nil && (s.told || e.Kind != eventlog.SessionStart) {
		return s
	}
	if s == nil {
		t.forget()
		s = &spanSession{id: e.SessionID, trace: traceOf(e.SessionID), runs: map[string]*spanRun{}}
		s.from = t.resource(e.Agent, nil)
		t.sessions[e.SessionID] = s
	}
	if e.Kind != eventlog.SessionStart {
		return s
	}
	s.told = true
	s.from = t.resource(e.Agent, e.Facts)
	parent, run, root := "", "", ""
	wire.Fields(raw.Payload, func(name string, value json.RawMessage) bool {
		switch name {
		case "parent_session_id":
			parent = textOf(value)
		case "parent_run_id":
			run = textOf(value)
		case "root_session_id":
			root = textOf(value)
		}
		return true
	})
	if parent != "" {
		s.trace = traceOf(cmp.Or(root, parent))
		if run != "" {
			s.above = runSpan(parent, run)
		}
	}
	return s
}

// forget makes room where a program sends events of ever more sessions.
func (t *spanTree) forget() {
	if len(t.sessions) < mostSessions {
		return
	}
	for id, s := range t.sessions {
		if len(s.runs) == 0 {
			delete(t.sessions, id)
			return
		}
	}
	for id, s := range t.sessions {
		t.end(s)
		delete(t.sessions, id)
		return
	}
}

func (t *spanTree) resource(agent string, f *eventlog.Facts) *resource {
	r := &resource{version: t.version}
	r.attrs = with(r.attrs, "service.name", cmp.Or(t.service, agent, "lazytrace"))
	r.attrs = with(r.attrs, "telemetry.sdk.name", "lazytrace")
	r.attrs = with(r.attrs, "telemetry.sdk.language", "go")
	r.attrs = with(r.attrs, "telemetry.sdk.version", t.version)
	if f != nil {
		r.attrs = with(r.attrs, "host.name", f.Host)
		r.attrs = with(r.attrs, "deployment.environment.name", f.Environment)
		r.attrs = with(r.attrs, "process.command_line", f.Command)
	}
	r.attrs = append(r.attrs, t.extra...)
	return r
}

// run returns what is known of a run. A run that nobody said began is made
// now, so that its calls have a parent that is there; one that has ended, or
// is a call that others lie below, is not made again.
func (t *spanTree) run(s *spanSession, e *eventlog.Event) *spanRun {
	if r := s.runs[e.RunID]; r != nil {
		return r
	}
	r := &spanRun{calls: map[spanCall]*openSpan{}}
	if _, ended := t.gone.find("run", s.id, e.RunID); !ended && e.RunID != "" {
		r.span = t.openRun(s, e, true)
	}
	s.runs[e.RunID] = r
	return r
}

// settled forgets a run when nothing of it is open.
func (t *spanTree) settled(s *spanSession, run string) {
	if r := s.runs[run]; r != nil && r.span == nil && len(r.calls) == 0 {
		delete(s.runs, run)
	}
}

func (t *spanTree) openRun(s *spanSession, e *eventlog.Event, implied bool) *openSpan {
	o := &openSpan{session: s, run: e.RunID, implied: implied}
	o.span = span{
		trace: s.trace, id: runSpan(s.id, e.RunID), parent: s.above, kind: kindInternal, start: e.Time, from: s.from,
	}
	if implied {
		if e.Began.Known() {
			o.start = min(o.start, e.Began)
		}
		o.parent = t.parentOf(s, &eventlog.Event{RunID: e.RunID})
		t.called(o, e)
	}
	t.put(&t.runs, o)
	return o
}

// called tells what a run is called.
func (t *spanTree) called(o *openSpan, e *eventlog.Event) {
	o.name = strings.TrimSpace("invoke_agent " + fit(e.Agent))
	t.describe(o, "invoke_agent", e)
}

func (t *spanTree) startRun(s *spanSession, e *eventlog.Event) {
	r := s.runs[e.RunID]
	if r == nil {
		r = &spanRun{calls: map[spanCall]*openSpan{}}
		s.runs[e.RunID] = r
	}
	switch {
	case r.span == nil:
		_, before := t.gone.find("run", s.id, e.RunID)
		r.span, r.ended = t.openRun(s, e, false), 0
		if before {
			r.span.id = spanOf("turn", s.id, e.RunID, e.ID) // it goes on: another span of the same run
		}
	case r.span.implied:
		r.span.start = min(r.span.start, e.Time)
	default:
		return // told twice
	}
	o := r.span
	o.parent = t.parentOf(s, e)
	o.implied = false
	t.called(o, e)
	o.say("gen_ai.input.messages", "user", e.Text, "")
	t.weigh(o)
}

// parentOf returns the span that a run lies below: the call that started it,
// else the run that did, else what started the session.
func (t *spanTree) parentOf(s *spanSession, e *eventlog.Event) spanID {
	if a, ok := s.adopted[e.RunID]; ok && e.ParentRunID == "" {
		e = &eventlog.Event{RunID: e.RunID, ParentRunID: a.ParentRunID, ParentCall: a.ParentCall}
	}
	if e.ParentRunID == "" || e.ParentRunID == e.RunID {
		return s.above
	}
	up := s.runs[e.ParentRunID]
	if e.ParentCall != "" {
		call := spanCall{eventlog.ClassTool, e.ParentCall}
		if up != nil && up.calls[call] != nil {
			return up.calls[call].id
		}
		if id, ok := t.gone.find("call", s.id, e.ParentRunID, e.ParentCall); ok {
			return id
		}
	}
	if up != nil && up.span != nil {
		return up.span.id
	}
	if _, known := t.gone.find("run", s.id, e.ParentRunID); up == nil && !known && s.above != (spanID{}) {
		return s.above // it names a run of the session that started this one
	}
	return runSpan(s.id, e.ParentRunID)
}

// adopt notes that a run was started by another one, for a run that does not
// say so itself.
func (t *spanTree) adopt(s *spanSession, a eventlog.Adopt) {
	if s.adopted == nil || len(s.adopted) >= mostOpenSpans {
		s.adopted = map[string]eventlog.Adopt{}
	}
	s.adopted[a.RunID] = a
	if r := s.runs[a.RunID]; r != nil && r.span != nil && r.span.parent == s.above {
		r.span.parent = t.parentOf(s, &eventlog.Event{RunID: a.RunID})
	}
}

func (t *spanTree) endRun(s *spanSession, e, raw *eventlog.Event) {
	if _, ended := t.gone.find("run", s.id, e.RunID); ended && s.runs[e.RunID] == nil && layered(raw) {
		return // another layer told of it before
	}
	r := t.run(s, e)
	if r.span == nil {
		t.within(s, e, raw)
		return
	}
	o := r.span
	if o.implied {
		if e.Began.Known() {
			o.start = min(o.start, e.Began)
		}
		t.called(o, e)
	}
	o.say("gen_ai.output.messages", "assistant", e.Text, "")
	o.set("lazytrace.outcome", e.Outcome.String())
	if e.Failed || e.Outcome == eventlog.Failure {
		o.fail(cmp.Or(e.Message, e.Outcome.String()), cmp.Or(errorType(raw), "agent_error"))
	}
	r.ended = e.Time
	t.give(o, e.Time)
	t.settled(s, e.RunID)
}

func (t *spanTree) startCall(s *spanSession, e, raw *eventlog.Event) {
	r := t.run(s, e)
	call := spanCall{e.Kind.Class(), e.CallID}
	if old := r.calls[call]; old != nil {
		if e.Again {
			t.asked(old, e)
			t.weigh(old)
			return
		}
		t.interrupt(old, e.Time)
	}
	if _, told := t.gone.find(callKind(call), s.id, e.RunID, e.CallID); told && e.Again {
		t.settled(s, e.RunID)
		return // its end came first
	}
	r = t.run(s, e) // it may have been forgotten with the call
	o := t.openCall(s, r, e, raw, e.Time)
	t.asked(o, e)
	t.weigh(o)
}

// openCall begins the span of a call.
func (t *spanTree) openCall(s *spanSession, r *spanRun, e, raw *eventlog.Event, start eventlog.Stamp) *openSpan {
	o := &openSpan{session: s, run: e.RunID, call: spanCall{e.Kind.Class(), e.CallID}}
	o.span = span{trace: s.trace, parent: t.holder(s, r, e.RunID), kind: kindInternal, start: start, from: s.from}
	_, used := t.gone.find(callKind(o.call), s.id, e.RunID, e.CallID)
	switch {
	case e.Holds && e.CallID != "":
		o.id = runSpan(s.id, e.CallID)
		t.held(s, e.CallID)
	case e.CallID == "" || e.CallID[0] == '#' || used: // it has no name of its own, or the name was used before
		o.id = spanOf("event", s.id, raw.ID)
	default:
		o.id = spanOf("call", s.id, e.RunID, o.call.class.String(), e.CallID)
	}
	if o.call.class == eventlog.ClassModel {
		o.kind = kindClient
	}
	r.calls[o.call] = o
	t.put(&t.calls, o)
	return o
}

// held makes the call the span of a run that what lies below it has made up.
func (t *spanTree) held(s *spanSession, run string) {
	if r := s.runs[run]; r != nil && r.span != nil && r.span.implied {
		t.drop(r.span)
		r.span = nil
		t.settled(s, run)
	}
	t.gone.add(runSpan(s.id, run), "run", s.id, run)
}

// holder returns the span that what happens in a run lies below.
func (t *spanTree) holder(s *spanSession, r *spanRun, run string) spanID {
	switch {
	case r.span != nil:
		return r.span.id
	case run != "":
		return runSpan(s.id, run)
	}
	return s.above
}

// asked tells what a call was asked.
func (t *spanTree) asked(o *openSpan, e *eventlog.Event) {
	if o.call.class == eventlog.ClassTool {
		o.name = strings.TrimSpace("execute_tool " + fit(e.Tool))
		t.describe(o, "execute_tool", e)
		o.replace("gen_ai.tool.name", cmp.Or(e.Tool, "tool"))
		if e.CallID != "" && e.CallID[0] != '#' {
			o.replace("gen_ai.tool.call.id", fit(e.CallID))
		}
		o.set("gen_ai.tool.call.arguments", textOf(e.Input))
		return
	}
	o.model = e.Model
	o.name = strings.TrimSpace("chat " + fit(e.Model))
	t.describe(o, "chat", e)
	if e.Provider != "" {
		o.replace("gen_ai.provider.name", fit(providerOf(e.Provider)))
	}
	if e.Model != "" {
		o.replace("gen_ai.request.model", fit(e.Model))
	}
	o.say("gen_ai.input.messages", "user", e.Text, "")
}

// describe sets what every span of its kind has.
func (t *spanTree) describe(o *openSpan, operation string, e *eventlog.Event) {
	o.replace("gen_ai.operation.name", operation)
	o.replace("gen_ai.conversation.id", fit(o.session.id))
	if e.Agent != "" {
		o.replace("gen_ai.agent.name", fit(e.Agent))
	}
	if o.call == (spanCall{}) && o.run != "" {
		o.replace("gen_ai.agent.id", fit(o.run))
	}
}

func (t *spanTree) endCall(s *spanSession, e, raw *eventlog.Event) {
	r := t.run(s, e)
	o := r.calls[spanCall{e.Kind.Class(), e.CallID}]
	if o == nil {
		if _, told := t.gone.find(callKind(spanCall{e.Kind.Class(), e.CallID}), s.id, e.RunID, e.CallID); told && e.Again {
			t.settled(s, e.RunID)
			return // several records tell of it, and one was enough
		}
		start := e.Time
		if e.Began.Known() {
			start = min(e.Began, e.Time)
		}
		o = t.openCall(s, r, e, raw, start)
		said := *e
		said.Text, said.Input = "", nil // what it says is the answer
		t.asked(o, &said)
	}
	t.answered(o, e, raw)
	if e.Failed {
		kind := cmp.Or(errorType(raw), e.Kind.String())
		o.fail(cmp.Or(e.Message, kind), kind)
	}
	t.give(o, e.Time)
	t.settled(s, e.RunID)
}

// answered tells what came of a call.
func (t *spanTree) answered(o *openSpan, e, raw *eventlog.Event) {
	if o.call.class == eventlog.ClassTool {
		o.set("gen_ai.tool.call.result", textOf(e.Output))
		return
	}
	var told, id, stop string
	ttft := -1.0
	wire.Fields(raw.Payload, func(name string, value json.RawMessage) bool {
		switch name {
		case "model":
			told = textOf(value)
		case "response_id":
			id = textOf(value)
		case "stop_reason":
			stop = textOf(value)
		case "ttft_ms":
			if json.Unmarshal(value, &ttft) != nil {
				ttft = -1
			}
		}
		return true
	})
	if o.model == "" && e.Model != "" { // only the answer tells
		o.name = "chat " + fit(e.Model)
		o.replace("gen_ai.request.model", fit(e.Model))
	}
	if e.Provider != "" {
		o.replace("gen_ai.provider.name", fit(providerOf(e.Provider)))
	}
	o.set("gen_ai.response.model", told)
	o.set("gen_ai.response.id", id)
	if stop != "" {
		o.set("gen_ai.response.finish_reasons", []string{fit(stop)})
	}
	if ttft >= 0 {
		o.set("gen_ai.response.time_to_first_chunk", ttft/1000)
	}
	o.say("gen_ai.output.messages", "assistant", e.Text, stop)
	o.bill(e.Bill)
}

// bill tells what a call used and cost. In the convention the input includes
// what came from the cache and went into it, and the output the reasoning.
func (o *openSpan) bill(b *eventlog.Bill) {
	if b == nil {
		return
	}
	u := b.Usage
	o.set("gen_ai.usage.input_tokens", u.Context())
	o.set("gen_ai.usage.output_tokens", u.Output)
	for _, n := range [...]attribute{
		{"gen_ai.usage.cache_read.input_tokens", u.CacheRead},
		{"gen_ai.usage.cache_creation.input_tokens", u.CacheWrite5m + u.CacheWrite1h},
		{"gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", u.CacheWrite1h},
		{"gen_ai.usage.reasoning.output_tokens", u.Reasoning},
	} {
		if n.value != int64(0) {
			o.set(n.name, n.value)
		}
	}
	if b.Source == eventlog.Recorded {
		o.set("lazytrace.cost_usd", float64(b.Cost)/float64(eventlog.Dollar))
	}
}

// layered reports whether a capture layer tells of the event that is not the
// only one that may.
func layered(raw *eventlog.Event) (yes bool) {
	wire.Fields(raw.Payload, func(name string, _ json.RawMessage) bool {
		yes = name == "layers" || name == "layer"
		return !yes
	})
	return yes
}

// failCall ends a model call of which an error tells in place of a response.
func (t *spanTree) failCall(s *spanSession, e, raw *eventlog.Event) bool {
	r := s.runs[e.RunID]
	if r == nil {
		return false
	}
	o := r.calls[spanCall{eventlog.ClassModel, e.CallID}]
	if o == nil {
		return false
	}
	kind := cmp.Or(errorType(raw), "error")
	o.fail(cmp.Or(e.Message, kind), kind)
	t.give(o, e.Time)
	t.settled(s, e.RunID)
	return true
}

// within tells of an event that is no call and no run: within the span of its
// run where that is open, else as a span of its own, as is what has a length.
func (t *spanTree) within(s *spanSession, e, raw *eventlog.Event) {
	r := s.runs[e.RunID]
	if e.RunID != "" {
		r = t.run(s, e)
		defer t.settled(s, e.RunID)
	}
	long := e.Kind != eventlog.HILDecision && (e.Holds || e.Began.Known() && e.Began < e.Time)
	if r != nil && r.span != nil && !long && len(r.span.events) < mostWithin {
		o := r.span
		o.events = append(o.events, spanEvent{e.Time, fit(e.Type), payloadOf(raw)})
		t.weigh(o)
		return
	}
	alone := &span{trace: s.trace, parent: s.above, kind: kindInternal, name: fit(e.Type), start: e.Time, end: e.Time, from: s.from}
	if r != nil {
		alone.parent = t.holder(s, r, e.RunID)
	}
	alone.id = spanOf("event", s.id, raw.ID)
	if e.Holds && e.CallID != "" {
		alone.id = runSpan(s.id, e.CallID)
		t.held(s, e.CallID)
	}
	if e.Began.Known() {
		alone.start = min(e.Began, e.Time)
	}
	alone.set("gen_ai.conversation.id", s.id)
	alone.set("gen_ai.agent.name", e.Agent)
	alone.attrs = append(alone.attrs, payloadOf(raw)...)
	if e.Failed {
		kind := cmp.Or(errorType(raw), e.Kind.String())
		alone.fail(cmp.Or(e.Message, kind), kind)
	}
	t.emit(alone)
}

// end ends what is open in a session: nobody will.
func (t *spanTree) end(s *spanSession) {
	for run, r := range s.runs {
		for _, o := range r.calls {
			t.interrupt(o, cmp.Or(r.ended, s.last))
		}
		switch {
		case r.span == nil:
		case r.span.implied:
			t.give(r.span, s.last)
		default:
			t.interrupt(r.span, s.last)
		}
		delete(s.runs, run)
	}
}

// interrupt ends a span of which nothing came.
func (t *spanTree) interrupt(o *openSpan, at eventlog.Stamp) {
	o.fail("interrupted", "interrupted")
	t.give(o, at)
	t.settled(o.session, o.run)
}

// bound keeps what is open within its bounds.
func (t *spanTree) bound() {
	for t.calls.Len() > mostOpenSpans || t.bytes > mostOpenBytes && t.calls.Len() > 0 {
		o := t.calls.Front().Value.(*openSpan)
		t.interrupt(o, o.session.last)
	}
	for t.runs.Len() > mostOpenSpans || t.bytes > mostOpenBytes && t.runs.Len() > 1 {
		// The first one is most likely the one that all others lie below.
		o := t.runs.Front().Next().Value.(*openSpan)
		t.interrupt(o, o.session.last)
	}
}

// give gives a span away that has ended.
func (t *spanTree) give(o *openSpan, end eventlog.Stamp) {
	o.end = max(o.start, end)
	o.from = o.session.from
	t.drop(o)
	r := o.session.runs[o.run]
	if o.call == (spanCall{}) {
		t.gone.add(o.id, "run", o.session.id, o.run)
		if r != nil && r.span == o {
			r.span = nil
		}
	} else {
		t.gone.add(o.id, callKind(o.call), o.session.id, o.run, o.call.id)
		if r != nil && r.calls[o.call] == o {
			delete(r.calls, o.call)
		}
	}
	t.emit(&o.span)
}

func (t *spanTree) put(in *list.List, o *openSpan) {
	o.in, o.at = in, in.PushBack(o)
	t.weigh(o)
}

func (t *spanTree) weigh(o *openSpan) {
	size := o.size()
	t.bytes, o.bytes = t.bytes+size-o.bytes, size
}

func (t *spanTree) drop(o *openSpan) {
	o.in.Remove(o.at)
	t.bytes -= o.bytes
	o.bytes = 0
}

func (s *span) fail(message, kind string) {
	s.failed, s.message = true, fit(message)
	s.replace("error.type", fit(kind))
}

func callKind(c spanCall) string {
	if c.class == eventlog.ClassTool {
		return "call"
	}
	return "model"
}

// traceOf is the trace of a session and of those that it has started.
func traceOf(session string) traceID { return traceID(eventlog.Identify("lazytrace trace", session)) }

// runSpan is the id of the span of a run.
func runSpan(session, run string) spanID { return spanOf("run", session, run) }

func spanOf(parts ...string) spanID {
	id := eventlog.Identify(append([]string{"lazytrace span"}, parts...)...)
	return spanID(id[:8])
}

// recentSpans remembers the ids of spans that were given away last.
type recentSpans struct{ young, old map[eventlog.Identity]spanID }

const mostRecent = 1 << 15

func (r *recentSpans) find(parts ...string) (spanID, bool) {
	key := eventlog.Identify(parts...)
	if id, ok := r.young[key]; ok {
		return id, true
	}
	id, ok := r.old[key]
	return id, ok
}

func (r *recentSpans) add(id spanID, parts ...string) {
	if len(r.young) >= mostRecent {
		r.young, r.old = nil, r.young
	}
	if r.young == nil {
		r.young = map[eventlog.Identity]spanID{}
	}
	r.young[eventlog.Identify(parts...)] = id
}
