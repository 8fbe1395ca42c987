package receiver

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// native spells decoded events as the recorder stores them, so that whoever
// reads the store finds what the reader of telemetry would have found.
type native struct {
	run string // what has no run of its own above it lies below this one
}

// longestType bounds what an event may be called.
const longestType = 256

func (n native) event(e *eventlog.Event) eventlog.Event {
	out := eventlog.Event{
		ID: e.ID, RunID: e.RunID, ParentRunID: e.ParentRunID, Kind: e.Kind, Type: e.Kind.String(), Time: e.Time, Agent: e.Agent, Failed: e.Failed,
	}
	if e.Kind == eventlog.Custom && e.Type != "" {
		out.Type = e.Type
		if eventlog.ParseKind(e.Type) != eventlog.Custom {
			out.Type = "otlp." + e.Type // a span that is called like an event of ours is none
		}
		if len(out.Type) > longestType {
			out.Type = strings.ToValidUTF8(out.Type[:longestType], "")
		}
	}
	if e.Kind == eventlog.AgentStart && e.ParentRunID == "" {
		out.ParentRunID = n.run
	}
	out.Payload = n.payload(e)
	return out
}

func (n native) payload(e *eventlog.Event) json.RawMessage {
	var o wire.Object
	o.Text("provider", e.Provider)
	o.Text("model", e.Model)
	o.Text("tool", e.Tool)
	o.Text("call_id", e.CallID)
	bodies(&o, e)
	if e.Began.Known() && e.Time > e.Began {
		o.Set("latency_ms", float64(e.Time-e.Began)/1e6)
	}
	if e.Kind == eventlog.AgentFinish {
		o.Text("outcome", e.Outcome.String())
	}
	if e.Bill != nil {
		bill(&o, e)
	}
	if e.Hidden {
		o.Raw("hidden", []byte("true"))
	}
	if e.Facts != nil {
		o.Text("goal", e.Facts.Goal)
	}
	for _, d := range e.Details {
		o.Text(strings.ReplaceAll(d.Name, " ", "_"), d.Value)
	}
	o.Text("conversation_id", e.SessionID)
	raw(&o, "attributes", e.Payload)
	o.Raw("lt", n.more(e))
	return o.JSON()
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
	u := e.Bill.Usage
	o.Int("input_tokens", u.Input)
	o.Int("cache_read_tokens", u.CacheRead)
	o.Int("cache_write_5m_tokens", u.CacheWrite5m)
	o.Int("cache_write_1h_tokens", u.CacheWrite1h)
	o.Int("output_tokens", u.Output)
	o.Int("reasoning_tokens", u.Reasoning)
	if e.Bill.Source == eventlog.Recorded {
		o.Raw("cost_usd", []byte(e.Bill.Cost.String()))
	}
	o.Text("response_id", call(e.Bill.Call))
}

// call is what a model or tool call is called. Several spans and log records may
// tell of one; whoever reads them knows them by this. It has the form of a UUID,
// which nobody takes for a secret.
func call(id eventlog.Identity) string {
	b := hex.AppendEncode(nil, id[:])
	for _, at := range []int{20, 16, 12, 8} {
		b = slices.Insert(b, at, '-')
	}
	return string(b)
}

// more is what else is known of an event; see docs/format/native-jsonl.md.
func (n native) more(e *eventlog.Event) json.RawMessage {
	var o wire.Object
	o.Set("failed", e.Failed)
	if e.Again {
		o.Raw("again", []byte("true"))
	}
	if e.Holds {
		o.Raw("holds", []byte("true"))
	}
	if !e.Use.IsZero() {
		o.Text("use", call(e.Use))
	}
	if len(e.Sums) > 0 {
		sums := make([]string, len(e.Sums))
		for i, id := range e.Sums {
			sums[i] = call(id)
		}
		o.Set("sums", sums)
	}
	if len(e.Adopts) > 0 {
		type adopt struct {
			Run    string `json:"run_id"`
			Parent string `json:"parent_run_id"`
			Agent  string `json:"agent_name,omitempty"`
		}
		adopts := make([]adopt, len(e.Adopts))
		for i, a := range e.Adopts {
			adopts[i] = adopt{a.RunID, cmp.Or(a.ParentRunID, n.run), a.Agent}
		}
		o.Set("adopts", adopts)
	}
	return o.JSON()
}
