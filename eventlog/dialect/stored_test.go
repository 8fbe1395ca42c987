package dialect

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// What is decoded while it is recorded is what the store will be found to hold.
func TestStored(t *testing.T) {
	events := []eventlog.Event{
		{Type: "agent_start", Payload: json.RawMessage(`{"agent_name":"a","task":"t"}`)},
		{Type: "model_request", Payload: json.RawMessage(`{"provider":"OpenAIProvider","model":"m","call_id":"c"}`)},
		{Type: "model_response", Payload: json.RawMessage(`{"input_tokens":7,"output_tokens":2,"latency_ms":10}`)},
		{Type: "model_response", Payload: json.RawMessage(`{"response_id":"r","input_tokens":7,"cached_input_tokens":3,"cost_usd":0.1}`)},
		{Type: "model_response", Payload: json.RawMessage(`{"layer":"proxy","api":"anthropic.messages","response_id":"r","request_id":"q","input_tokens":7}`)},
		{Type: "tool_call", Payload: json.RawMessage(`{"tool":"x","arguments":{"b":1}}`)},
		{Type: "tool_error", Payload: json.RawMessage(`{"tool":"x","error":"no"}`)},
		{Type: "otlp.thing", Payload: json.RawMessage(`{"response_id":"z","input_tokens":1,"lt":{"failed":true,"sums":["r"]}}`)},
		{Type: "signal", Payload: json.RawMessage(`{"message":"told","type":"guardrail"}`)},
	}
	for i := range events {
		e := &events[i]
		e.ID, e.SessionID, e.RunID, e.Time = fmt.Sprint("id", i), "s", "r", eventlog.Stamp(1_700_000_000_000_000_000+int64(i)*1_000_000)
		e.Kind = eventlog.ParseKind(e.Type)
	}
	path := filepath.Join(t.TempDir(), "x.sqlite")
	store, err := sqlite.Create(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	var want []eventlog.Event
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := LazyBridge{}.Open(Segment{Path: path})
	if err := db.Scan(t.Context(), LazyBridge{}.Tables(), nil, func(rec eventlog.Record) error {
		return d.Decode(&rec, false, func(e *eventlog.Event) { want = append(want, copied(e)) })
	}); err != nil {
		t.Fatal(err)
	}
	s := NewStored()
	for i := range events {
		if err := s.Decode(&events[i], false, func(e *eventlog.Event) {
			if got := copied(e); i >= len(want) || !reflect.DeepEqual(got, want[i]) {
				t.Errorf("%s:\n%+v\nstored\n%+v", e.Type, got, want[i])
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) != len(events) {
		t.Errorf("%d events are stored", len(want))
	}
}

func copied(e *eventlog.Event) eventlog.Event {
	c := *e
	if e.Bill != nil {
		b := *e.Bill
		c.Bill = &b
	}
	return c
}

// What is remembered of a recording has bounds.
func TestStoredForgets(t *testing.T) {
	s := NewStored()
	for i := range 3 * mostRuns {
		e := eventlog.Event{
			ID: "x", SessionID: fmt.Sprint("s", i%(2*mostSessions)), RunID: fmt.Sprint("r", i), Type: "tool_call",
			Payload: json.RawMessage(`{"tool":"x","arguments":{"task":"` + fmt.Sprint(i) + `"}}`),
		}
		if i%2 == 0 {
			e.SessionID = "s"
		}
		if err := s.Decode(&e, false, func(*eventlog.Event) {}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.b.sessions); n > mostSessions {
		t.Errorf("%d sessions", n)
	}
	for _, known := range s.b.sessions {
		if len(known.runs) > mostRuns || known.nest.count() > mostCalls {
			t.Errorf("%d runs, %d calls", len(known.runs), known.nest.count())
		}
	}
}
