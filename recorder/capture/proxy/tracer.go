package proxy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/layers"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// How much of a text is kept, and how much is remembered.
const (
	shownInput  = 16 << 10
	shownResult = 64 << 10
	remembered  = 4096
)

// tracer makes events of exchanges. It has one goroutine, which alone knows
// what it remembers.
type tracer struct {
	sink   Sink
	layers *layers.Registry
	runs   bool // conversations are runs
	named  func(conversation string)
	ctx    context.Context
	run    string
	agents map[string]*agent
	order  []*agent
	failed map[[32]byte]attempt // requests that were not served, by what they asked
	tools  map[string]toolCall  // calls that have no result yet, by id
	tasks  map[string]toolCall  // calls that start an agent which has not been heard of yet
}

// agent is a run that its client names.
type agent struct {
	id, name string
	parent   string // the run that started it
	last     time.Time
}

// attempt is what became of a request that may come again.
type attempt struct {
	n   int
	why string
}

// toolCall is a call that a model has asked for.
type toolCall struct {
	run, name, task, agent string // the task and the name of the agent that it starts, if it does
	at                     time.Time
}

// question is what must be known of a request when its answer comes.
type question struct {
	model string
	key   [32]byte
}

func newTracer(sink Sink, o Options) *tracer {
	if o.Conversation == nil {
		o.Conversation = func(string) {}
	}
	return &tracer{
		sink: sink, layers: o.Layers, runs: o.Runs, named: o.Conversation, run: o.Run, agents: map[string]*agent{}, failed: map[[32]byte]attempt{},
		tools: map[string]toolCall{}, tasks: map[string]toolCall{},
	}
}

// read reads what comes until nothing more will.
func (t *tracer) read(ctx context.Context, s *Server) {
	t.ctx = ctx
	for j := range s.jobs {
		time.Sleep(time.Until(j.due))
		if j.answered {
			t.answer(j.x, &s.room)
		} else {
			t.question(j.x, &s.room)
		}
	}
	for _, a := range t.order {
		var o wire.Object
		o.Text("layer", "proxy")
		t.emit(eventlog.AgentFinish, a.last, a, &o)
	}
}

// emit hands an event over; what could not be taken is counted there.
func (t *tracer) emit(k eventlog.Kind, at time.Time, a *agent, o *wire.Object) {
	t.send(eventlog.Event{Kind: k}, at, a, o)
}

// send is emit for an event that says more of itself than its payload.
func (t *tracer) send(e eventlog.Event, at time.Time, a *agent, o *wire.Object) {
	k := e.Kind
	e.Type, e.Time, e.Payload = k.String(), eventlog.StampOf(at), o.JSON()
	if a != nil {
		e.RunID, e.Agent = a.id, a.name
		a.last = at
		if k == eventlog.AgentStart {
			e.ParentRunID = a.parent
		}
	}
	_ = t.sink.Emit(t.ctx, e)
}

// payload is the part of a payload that all events of an exchange share.
func (x *exchange) payload() *wire.Object {
	o := &wire.Object{}
	o.Text("layer", "proxy")
	o.Text("api", x.api.String())
	o.Text("provider", x.service)
	return o
}

// question reads a request.
func (t *tracer) question(x *exchange, room *budget) {
	data, cut := x.asked.take()
	defer room.give(len(data))
	x.kept.request(data, x.packed, cut)
	if x.api == provider.None {
		return // told of when it is over
	}
	t.named(cmp.Or(x.client.thread, x.client.conversation))
	q := &question{model: x.model, key: keyOf(x.to.Path, data)}
	x.question = q
	req, err := t.request(x, data, cut)
	if req.Model != "" {
		q.model = req.Model
	}
	a := t.agent(x, req)
	if tried, again := t.failed[q.key]; again && !cut {
		o := x.payload()
		o.Int("attempt", int64(tried.n+1))
		o.Text("model", q.model)
		o.Text("text", fmt.Sprintf("attempt %d, after: %s", tried.n+1, tried.why))
		t.emit(eventlog.Retry, x.began, a, o)
	}
	t.results(x, a, req.Results)
	o := x.payload()
	o.Text("model", q.model)
	o.Text("call_id", x.id)
	o.Text("conversation_id", x.client.conversation)
	o.Int("messages", int64(req.Turns))
	o.Int("tools_offered", int64(req.Tools))
	if req.MaxTokens > 0 {
		o.Int("max_tokens", req.MaxTokens)
	}
	text(o, "text", req.Input, shownInput)
	if err != nil {
		o.Text("note", err.Error())
	}
	t.emit(eventlog.ModelRequest, x.began, a, o)
}

// keyOf tells one request from another.
func keyOf(path string, body []byte) (key [32]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, path+"\n")
	_, _ = h.Write(body)
	h.Sum(key[:0])
	return key
}

func (t *tracer) request(x *exchange, data []byte, cut bool) (provider.Request, error) {
	if cut {
		return provider.Request{}, errCut
	}
	data, err := unpacked(data, x.packed)
	if err != nil {
		return provider.Request{}, err
	}
	return x.api.Request(data)
}

var errCut = errors.New("there was no room for a copy of the body")

// agent returns the agent that asks, nil for the one that was recorded. An
// agent that nobody has seen begins here, below the call whose task it was given.
func (t *tracer) agent(x *exchange, req provider.Request) *agent {
	id := t.runOf(x)
	if id == "" {
		return nil
	}
	a := t.agents[id]
	if a != nil || len(t.agents) >= remembered {
		return a
	}
	a = &agent{id: id, name: x.client.name, parent: t.run}
	o := x.payload()
	text(o, "task", req.Task, shownInput)
	if x.client.agent == "" {
		t.begin(x, a, o)
		return a
	}
	a.name = cmp.Or(a.name, "sub-agent")
	a.parent = cmp.Or(t.conversation(x), t.run)
	for call, c := range t.tasks {
		if strings.Contains(req.Task, c.task) {
			delete(t.tasks, call)
			a.name, a.parent = cmp.Or(x.client.name, c.agent, a.name), cmp.Or(c.run, a.parent)
			o.Text("tool_use_id", call)
			break
		}
	}
	t.begin(x, a, o)
	return a
}

// begin tells of an agent that makes its first call.
func (t *tracer) begin(x *exchange, a *agent, o *wire.Object) {
	t.agents[a.id] = a
	t.order = append(t.order, a)
	t.emit(eventlog.AgentStart, x.began, a, o)
}

// runOf is the run that an exchange belongs to, "" for the command's.
func (t *tracer) runOf(x *exchange) string { return cmp.Or(x.client.agent, t.conversation(x)) }

// conversation is the run that stands for the conversation of an exchange, if
// conversations are runs.
func (t *tracer) conversation(x *exchange) string {
	if !t.runs {
		return ""
	}
	return x.client.conversation
}

// results tells of what tools gave, as far as their calls are known: a request
// holds the whole conversation, most of which was told before.
func (t *tracer) results(x *exchange, a *agent, results []provider.Result) {
	for _, r := range results {
		id := r.ID
		if id == "" {
			id = t.byName(r.Name)
		}
		c, open := t.tools[id]
		if !open {
			continue
		}
		delete(t.tools, id)
		o := x.payload()
		o.Text("tool", c.name)
		o.Text("tool_use_id", id)
		o.Text("thread_id", x.client.thread)
		o.Int("duration_ms", max(0, x.began.Sub(c.at).Milliseconds()))
		e, key := eventlog.Event{Kind: eventlog.ToolResult, Tool: c.name, CallID: id}, "result"
		if r.Failed {
			e.Kind, e.Failed, key = eventlog.ToolError, true, "error"
		}
		text(o, key, r.Text, shownResult)
		var saw []string
		e.Use, saw = t.layers.Result(layers.Proxy, "", id, toolName(x, id))
		known(o, saw, more(&e))
		t.send(e, x.began, a, o)
	}
}

// byName returns the oldest call of a tool, for providers that give no ids.
func (t *tracer) byName(name string) (id string) {
	var oldest toolCall
	for call, c := range t.tools {
		if c.name == name && (id == "" || c.at.Before(oldest.at) || c.at.Equal(oldest.at) && call < id) {
			id, oldest = call, c
		}
	}
	return id
}

// answer reads a response.
func (t *tracer) answer(x *exchange, room *budget) {
	data, cut := x.answer.take()
	defer room.give(len(data))
	x.kept.answer(x, data, x.answer.pieces(), cut)
	if x.api == provider.None {
		t.other(x)
		return
	}
	q := x.question
	if q == nil { // there was no room for the request
		q = &question{model: x.model}
	}
	a := t.agents[t.runOf(x)]
	if a != nil {
		a.last = x.ended
	}
	var err error
	if cut {
		data, err = nil, errCut
	} else {
		data, err = unpacked(data, x.answerPacked)
	}
	if x.fault != "" || x.status >= http.StatusBadRequest {
		t.refused(x, q, a, data)
		return
	}
	var res provider.Response
	if err == nil && len(data) > 0 {
		res, err = x.api.Response(data)
	}
	t.response(x, q, a, &res, err)
	for i, c := range res.Calls {
		t.call(x, a, i, c)
	}
	switch {
	case !res.Failure.IsZero():
		t.failure(x, q, a, res.Failure)
	case x.torn:
		t.remember(q, "it was broken off")
	default:
		delete(t.failed, q.key)
	}
}

// response tells what a model answered. Its identity is the provider's, so that
// the program's own log, which has it too, tells of the same call.
func (t *tracer) response(x *exchange, q *question, a *agent, res *provider.Response, err error) {
	o := x.payload()
	o.Text("model", cmp.Or(res.Model, q.model))
	o.Text("call_id", x.id)
	o.Text("response_id", res.ID)
	if x.requestID != "" || x.api == provider.Messages {
		o.Raw("request_id", wire.AppendString(nil, x.requestID))
	}
	o.Text("thread_id", x.client.thread)
	u := res.Usage
	o.Int("input_tokens", u.Input)
	o.Int("cache_read_tokens", u.CacheRead)
	o.Int("cache_write_5m_tokens", u.CacheWrite5m)
	o.Int("cache_write_1h_tokens", u.CacheWrite1h)
	o.Int("output_tokens", u.Output)
	if u.Reasoning > 0 {
		o.Int("thinking_tokens", u.Reasoning)
	}
	if !res.Counted {
		o.Raw("at_least", []byte("true"))
	}
	o.Text("mode", res.Mode.String())
	o.Text("stop_reason", res.Stop)
	o.Text("content", res.Text)
	o.Text("reasoning", res.Thinking)
	o.Int("latency_ms", x.ended.Sub(x.began).Milliseconds())
	if !x.first.IsZero() {
		o.Int("ttft_ms", x.first.Sub(x.began).Milliseconds())
	}
	if x.torn {
		o.Raw("cancelled", []byte("true"))
	}
	if err != nil {
		o.Text("note", err.Error())
	}
	e := eventlog.Event{Kind: eventlog.ModelResponse, Model: cmp.Or(res.Model, q.model), Provider: x.service, CallID: x.id}
	e.Bill = billOf(x, res)
	var saw []string
	saw, e.Same = t.layers.Call(layers.Proxy, res.ID != "", e.Bill)
	known(o, saw, more(&e))
	t.send(e, x.ended, a, o)
}

func (t *tracer) call(x *exchange, a *agent, i int, c provider.Call) {
	id := c.ID
	if id == "" {
		id = fmt.Sprintf("%s#%d", x.id, i+1)
	}
	o := x.payload()
	o.Text("tool", c.Name)
	o.Text("tool_use_id", id)
	o.Text("thread_id", x.client.thread)
	args := c.Arguments
	if len(args) == 0 {
		args = []byte("{}")
	}
	o.Raw("arguments", args)
	e := eventlog.Event{Kind: eventlog.ToolCall, Tool: c.Name, CallID: id}
	var saw []string
	e.Use, saw = t.layers.Tool(layers.Proxy, layers.ToolCall{ID: id, Name: toolName(x, id), Exact: true, Tool: c.Name, Arguments: args})
	known(o, saw, more(&e))
	t.send(e, x.ended, a, o)
	if len(t.tools) >= remembered {
		clear(t.tools) // results that come yet belong to nobody
	}
	open := toolCall{name: c.Name, at: x.ended}
	if a != nil {
		open.run = a.id
	}
	wire.Fields(args, func(name string, raw json.RawMessage) bool {
		switch name {
		case "prompt", "message":
			_ = json.Unmarshal(raw, &open.task) // what is no text is no task
		case "subagent_type", "agent_type":
			_ = json.Unmarshal(raw, &open.agent)
		}
		return true
	})
	t.tools[id] = open
	if len(open.task) > 3 {
		// An agent may be started in the background: then its call has a result
		// before the agent says anything.
		if len(t.tasks) >= remembered {
			clear(t.tasks)
		}
		t.tasks[id] = open
	}
}

// refused tells of a request that was not served.
func (t *tracer) refused(x *exchange, q *question, a *agent, data []byte) {
	f := provider.Failure{Type: "connection", Message: x.fault}
	if x.fault == "" {
		f = provider.FailureOf(data)
		if f.Message == "" {
			f.Message = http.StatusText(x.status)
		}
	}
	t.failure(x, q, a, f)
}

func (t *tracer) failure(x *exchange, q *question, a *agent, f provider.Failure) {
	o := x.payload()
	o.Text("model", q.model)
	o.Text("call_id", x.id)
	if x.status != 0 {
		o.Int("status", int64(x.status))
	}
	o.Text("type", f.Type)
	o.Text("error", f.Message)
	o.Text("request_id", x.requestID)
	o.Int("latency_ms", x.ended.Sub(x.began).Milliseconds())
	told, saw := t.layers.Failure(layers.Proxy, f.Message, true)
	e := eventlog.Event{Kind: eventlog.Error, Failed: !told, Model: q.model, CallID: x.id}
	var lt wire.Object
	lt.Set("failed", !told)
	known(o, saw, &lt)
	t.send(e, x.ended, a, o)
	why := cmp.Or(f.Type, "error")
	if x.status >= http.StatusBadRequest {
		why = fmt.Sprintf("%d %s", x.status, why)
	}
	t.remember(q, why)
}

// remember notes that a request may come again.
func (t *tracer) remember(q *question, why string) {
	if q.key == [32]byte{} {
		return
	}
	if len(t.failed) >= remembered {
		clear(t.failed)
	}
	t.failed[q.key] = attempt{t.failed[q.key].n + 1, why}
}

// other tells of a request that calls no model: it is kept, out of the way.
func (t *tracer) other(x *exchange) {
	o := x.payload()
	o.Raw("hidden", []byte("true"))
	o.Text("method", x.method)
	o.Text("path", x.to.Path)
	if x.status != 0 {
		o.Int("status", int64(x.status))
	}
	o.Text("note", x.fault)
	o.Int("latency_ms", x.ended.Sub(x.began).Milliseconds())
	e := eventlog.Event{Kind: eventlog.Custom, Type: "api_request", Time: eventlog.StampOf(x.ended), Payload: o.JSON()}
	_ = t.sink.Emit(t.ctx, e)
}

// text adds the beginning of a text, and how long it was when that is not all.
func text(o *wire.Object, name, s string, most int) {
	if len(s) > most {
		o.Int(name+"_bytes", int64(len(s)))
		s = strings.ToValidUTF8(s[:most], "")
	}
	o.Text(name, s)
}
