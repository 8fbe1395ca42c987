package foreign

import (
	"cmp"
	"encoding/json"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Speller spells the events of one layer. Its methods may be called by any
// goroutine.
type Speller struct {
	Run    string // what has no run of its own above it lies below this one
	Layer  string // what saw the events: transcript, otlp, stdout
	Prefix string // before types that are called like one of ours and are none
	Copies bool   // the events are in a log of their own as well, and stay there
	marks  bool   // of each event it is told whether it is a copy of another session's
	whole  bool   // sessions keep their names, and readers are told all that was known
	facts  string // and what of its session, as eventlog.Facts spells it
}

// longestType bounds what an event may be called.
const longestType = 256

// Event returns an event as it is stored, and as saw names the layers that have
// told of it; nil is this one. Its session is left to the pipeline; what the
// source calls it is conversation_id in the payload.
func (s Speller) Event(e *eventlog.Event, saw []string) eventlog.Event {
	if saw == nil {
		saw = []string{s.Layer}
	}
	out := eventlog.Event{
		ID: e.ID, RunID: e.RunID, ParentRunID: e.ParentRunID, Kind: e.Kind, Type: e.Kind.String(), Time: e.Time, Agent: e.Agent, Failed: e.Failed,
		Bill: e.Bill, Use: e.Use, Tool: e.Tool, Model: e.Model, Provider: e.Provider, CallID: e.CallID, Of: s.of(e),
	}
	if e.Kind == eventlog.Custom && e.Type != "" {
		out.Type = e.Type
		if eventlog.ParseKind(e.Type) != eventlog.Custom {
			out.Type = s.Prefix + "." + e.Type // a record that is called like an event of ours is none
		}
		if len(out.Type) > longestType {
			out.Type = strings.ToValidUTF8(out.Type[:longestType], "")
		}
	}
	if e.Kind == eventlog.AgentStart && e.ParentRunID == "" {
		out.ParentRunID = s.Run
	}
	out.Payload = s.payload(e, saw)
	return out
}

func (s Speller) payload(e *eventlog.Event, saw []string) json.RawMessage {
	var o wire.Object
	o.Set("layers", saw)
	o.Text("provider", e.Provider)
	o.Text("model", e.Model)
	o.Text("tool", e.Tool)
	o.Text("call_id", e.CallID)
	o.Text("branch_id", e.Branch)
	bodies(&o, e)
	if e.Began.Known() && e.Time > e.Began {
		o.Set("latency_ms", float64(e.Time-e.Began)/1e6)
	}
	if e.Kind == eventlog.AgentFinish && !s.whole {
		o.Text("outcome", e.Outcome.String())
	}
	if e.Bill != nil {
		bill(&o, e)
	}
	if machinery := e.Kind == eventlog.Heartbeat || e.Kind == eventlog.LoopStep; e.Hidden || s.whole && machinery {
		o.Set("hidden", e.Hidden)
	}
	if e.Facts != nil {
		facts(&o, e.Facts)
	}
	details(&o, e.Details)
	if !s.whole {
		o.Text("conversation_id", e.SessionID)
	}
	raw(&o, "attributes", e.Payload)
	o.Raw("lt", s.more(e))
	return o.JSON()
}

// details keeps what else is worth showing. A name that readers take for something
// of ours, and may have been set already, stands one level lower.
func details(o *wire.Object, list []eventlog.Detail) {
	var apart wire.Object
	n := 0
	for _, d := range list {
		name := strings.ReplaceAll(d.Name, " ", "_")
		if name == "stop_reason" || !taken()[name] && !strings.HasSuffix(name, "_tokens") && !strings.HasSuffix(name, "_ms") {
			o.Text(name, d.Value)
		} else if d.Value != "" {
			apart.Text(name, d.Value)
			n++
		}
	}
	if n > 0 {
		o.Raw("details", apart.JSON())
	}
}

// taken are the names that mean something in a payload of ours.
var taken = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`layers provider model tool tool_name step name call_id tool_use_id tool_call_id branch_id arguments input output
		result content text task message error error_type type stack timeout_s command kind cost_usd at_least mode response_id request_id thread_id
		api layer hidden goal title conversation_id conversation_outcome outcome attributes lt session_id run_id parent_run_id parent_session_id ts id
		payload agent agent_name cancelled reasoning summary user project cwd git_branch environment experiment variant version host metadata tags
		metrics exit_code signal dropped banner argv fork_of failure_reason recorded_cost_usd record_id details turn`) {
		names[name] = true
	}
	return names
})

// facts keeps what a log says about its session and no recorder knows better.
func facts(o *wire.Object, f *eventlog.Facts) {
	o.Text("goal", f.Goal)
	o.Text("title", cmp.Or(f.Title, f.Name))
	if f.Outcome != eventlog.OutcomeUnknown {
		o.Text("conversation_outcome", f.Outcome.String())
	}
	if f.RecordedKnown {
		o.Raw("recorded_cost_usd", []byte(f.Recorded.String()))
	}
}

// bodies puts texts and values where those who read them look.
func bodies(o *wire.Object, e *eventlog.Event) {
	text, output, message := "text", "output", "error"
	switch e.Kind {
	case eventlog.AgentStart:
		text = "task"
	case eventlog.AgentFinish:
		text = "result"
	case eventlog.HILDecision:
		text = "command"
	case eventlog.ToolResult, eventlog.ToolError:
		output = "result"
	case eventlog.Error:
		message = "message"
	}
	raw(o, "input", e.Input)
	raw(o, output, e.Output)
	if text != output || len(e.Output) == 0 {
		o.Text(text, e.Text)
	}
	o.Text(message, e.Message)
}

// raw adds a value that should be JSON. What foreign writers call so may not be.
func raw(o *wire.Object, name string, value json.RawMessage) {
	switch {
	case len(value) == 0:
	case json.Valid(value):
		o.Raw(name, value)
	default:
		o.Text(name, string(value))
	}
}

func bill(o *wire.Object, e *eventlog.Event) {
	b := e.Bill
	u := b.Usage
	o.Int("input_tokens", u.Input)
	o.Int("cache_read_tokens", u.CacheRead)
	o.Int("cache_write_5m_tokens", u.CacheWrite5m)
	o.Int("cache_write_1h_tokens", u.CacheWrite1h)
	o.Int("output_tokens", u.Output)
	o.Int("reasoning_tokens", u.Reasoning)
	switch {
	case b.Source == eventlog.Recorded:
		o.Raw("cost_usd", []byte(b.Cost.String()))
	case b.Final:
		o.Raw("cost_usd", []byte("null")) // nobody is to guess
	}
	if b.AtLeast {
		o.Raw("at_least", []byte("true"))
	}
	o.Text("mode", b.Mode.String())
	if !b.Call.IsZero() {
		o.Text("response_id", b.Call.String())
	}
}

// more is what else is known of an event; see docs/format/native-jsonl.md.
func (s Speller) more(e *eventlog.Event) json.RawMessage {
	var o wire.Object
	o.Set("failed", e.Failed)
	if s.whole {
		s.rest(&o, e)
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"holds", e.Holds}, {"spawns", e.Spawns}, {"echo", e.Echo}, {"copied", s.marks && e.Copied}} {
		if flag.set {
			o.Raw(flag.name, []byte("true"))
		}
	}
	o.Text("of", s.of(e))
	if e.ParentRunID != "" {
		o.Text("link", e.Link.String())
		o.Text("parent_call", e.ParentCall)
	}
	switch e.Idle {
	case eventlog.IdleYes:
		o.Raw("idle", []byte("true"))
	case eventlog.IdleNo:
		o.Raw("idle", []byte("false"))
	}
	if e.Wait != eventlog.WaitSame || s.whole && e.Kind == eventlog.HILDecision {
		o.Set("wait", e.Wait.String())
	}
	if e.Ran.Known() {
		o.Raw("ran", wire.AppendSeconds(nil, e.Ran))
	}
	Names(&o, e)
	if len(e.Adopts) > 0 {
		o.Set("adopts", s.adopts(e))
	}
	return o.JSON()
}

// rest is what only whole sessions need: what recordings have elsewhere.
func (s Speller) rest(o *wire.Object, e *eventlog.Event) {
	if s.facts != "" {
		o.Raw("facts", []byte(s.facts))
	}
	if e.Kind == eventlog.AgentFinish {
		o.Text("outcome", e.Outcome.String())
	}
	if e.Bill != nil && e.Bill.Call.IsZero() {
		o.Raw("bill", []byte("true")) // it has no name to be known by
	}
	if e.Kind.Class() != eventlog.ClassTool {
		o.Text("tool", e.Tool)
	}
	if e.Piece {
		o.Raw("piece", []byte("true"))
	}
	if e.Kind == eventlog.AgentStart && e.ParentRunID == "" {
		o.Raw("root", []byte("true")) // nobody is to look for who started it
	}
}

func (s Speller) of(e *eventlog.Event) string {
	if !s.Copies {
		return ""
	}
	return e.SessionID
}

// Names adds to lt by which names an event's call is known, so that what other
// layers and other logs tell of it is the same call.
func Names(lt *wire.Object, e *eventlog.Event) {
	if e.Again {
		lt.Raw("again", []byte("true"))
	}
	if !e.Use.IsZero() {
		lt.Text("use", e.Use.String())
	}
	if e.Bill != nil {
		charge(lt, e.Bill)
	}
	identities(lt, "same", e.Same)
	identities(lt, "sums", e.Sums)
}

// charge keeps what makes two records one call, as the log's own reader has it.
func charge(o *wire.Object, b *eventlog.Bill) {
	if !b.Call.IsZero() {
		o.Text("call", b.Call.String())
		o.Text("rule", b.Rule.String())
	}
	if !b.Request.IsZero() {
		o.Text("request", b.Request.String())
	}
	if b.Calls > 0 {
		o.Int("calls", b.Calls)
	}
	if b.Side {
		o.Raw("side", []byte("true"))
	}
}

func identities(o *wire.Object, name string, ids []eventlog.Identity) {
	if len(ids) == 0 {
		return
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	o.Set(name, texts)
}

// adopts are runs that turned out to have been started by a call. A session of
// its own is a run here: all of a recording is one session.
func (s Speller) adopts(e *eventlog.Event) any {
	type adopt struct {
		Run    string `json:"run_id,omitempty"`
		Other  string `json:"session_id,omitempty"`
		Parent string `json:"parent_run_id"`
		Call   string `json:"parent_call,omitempty"`
		Link   string `json:"link,omitempty"`
		Agent  string `json:"agent_name,omitempty"`
	}
	list := make([]adopt, len(e.Adopts))
	for i, a := range e.Adopts {
		if s.whole {
			list[i] = adopt{a.RunID, a.SessionID, a.ParentRunID, a.ParentCall, a.Link.String(), a.Agent}
			continue
		}
		list[i] = adopt{cmp.Or(a.RunID, a.SessionID), "", cmp.Or(a.ParentRunID, s.Run), a.ParentCall, a.Link.String(), a.Agent}
	}
	return list
}
