package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line string
		want eventlog.Event
	}{
		"envelope": {
			`{"id":"c1","session_id":"s","run_id":"r","parent_run_id":"p","event_type":"tool_call","ts":1.5,"agent":"a","payload":{"n": 1.0}}`,
			eventlog.Event{ID: "c1", SessionID: "s", RunID: "r", ParentRunID: "p", Kind: eventlog.ToolCall, Type: "tool_call",
				Time: 1_500_000_000, Agent: "a", Payload: json.RawMessage(`{"n": 1.0}`)},
		},
		"flat": {
			`{"event_type": "model_response", "session_id": "s", "run_id": null, "agent_name": "w", "cost_usd": 0.10, "z": {"b":1,"a":2}}`,
			eventlog.Event{SessionID: "s", Kind: eventlog.ModelResponse, Type: "model_response", Agent: "w",
				Payload: json.RawMessage(`{"agent_name":"w","cost_usd":0.10,"z":{"b":1,"a":2}}`)},
		},
		"flat with a payload that is text": {
			`{"event_type":"agent_finish","session_id":"s","run_id":"r","agent_name":"w","payload":"Done."}`,
			eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.AgentFinish, Type: "agent_finish", Agent: "w",
				Payload: json.RawMessage(`{"agent_name":"w","payload":"Done."}`)},
		},
		"flat with our own additions": {
			`{"event_type":"x","session_id":"s","run_id":"r","ts":1700000000.123456,"seq":4,"id":"i","payload.id":7,"k":true}`,
			eventlog.Event{ID: "i", SessionID: "s", RunID: "r", Type: "x", Time: 1_700_000_000_123_456_000,
				Payload: json.RawMessage(`{"id":7,"k":true}`)},
		},
		"only a type": {
			` {"event_type":"decision"} ` + "\r",
			eventlog.Event{Kind: eventlog.Decision, Type: "decision", Payload: json.RawMessage(`{}`)},
		},
		"RFC 3339 and a number for an id": {
			`{"event_type":"x","id":12,"ts":"2026-01-02T03:04:05.5Z"}`,
			eventlog.Event{ID: "12", Type: "x", Time: eventlog.StampOf(time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)), Payload: json.RawMessage(`{}`)},
		},
		"not a number, as Python prints it": {
			`{"event_type":"x","payload":{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}}`,
			eventlog.Event{Type: "x", Payload: json.RawMessage(`{"a":null,"b":[null,null],"c":"NaN"}`)},
		},
		"raw control bytes": {
			"{\"event_type\":\"x\",\"payload\":{\"a\":\"\x1b[0m\t\"}}",
			eventlog.Event{Type: "x", Payload: json.RawMessage(`{"a":"\u001b[0m\u0009"}`)},
		},
		"escaped names, and one that is there twice": {
			`{"event_\u0074ype":"a","event_type":"b","payload":{}}`,
			eventlog.Event{Type: "b", Payload: json.RawMessage(`{}`)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Payload) != string(c.want.Payload) {
				t.Errorf("payload %s, want %s", got.Payload, c.want.Payload)
			}
			got.Payload, c.want.Payload = nil, nil
			if a, b := key(got), key(c.want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
		})
	}
}

func key(e eventlog.Event) string {
	return strings.Join([]string{e.ID, e.SessionID, e.RunID, e.ParentRunID, e.Kind.String(), e.Type, e.Agent, e.Time.Time().String()}, "|")
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"empty": "", "text": "hello", "list": `[1]`, "no type": `{"id":"1"}`, "empty type": `{"event_type":""}`,
		"type is no text": `{"event_type":{}}`, "torn": `{"event_type":"x","payload":{"a":`,
		"two values": `{"event_type":"x"} {}`, "long id": `{"event_type":"x","id":"` + strings.Repeat("i", 2000) + `"}`,
	} {
		if _, err := Decode([]byte(line)); !errors.Is(err, ErrNotEvent) {
			t.Errorf("%s: error %v", name, err)
		}
		if events, ok := Line([]byte(line)); ok {
			t.Errorf("%s: events %v", name, events)
		}
	}
}

func TestWithText(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`{}`, `{"agent_name":"a"}`},
		{`{"x":1}`, `{"agent_name":"a","x":1}`},
		{`{ }`, `{"agent_name":"a" }`},
		{`{"agent_name":"b"}`, `{"agent_name":"b"}`},
		{`{"x":"agent_name"}`, `{"agent_name":"a","x":"agent_name"}`},
		{`{"x":{"agent_name":"b"}}`, `{"agent_name":"a","x":{"agent_name":"b"}}`},
	} {
		if got := WithText(json.RawMessage(c[0]), "agent_name", "a"); string(got) != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
	}
}

func TestNewIDIsSorted(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	a, b := NewID(now), NewID(now.Add(time.Millisecond))
	if len(a) != 36 || a >= b || a[14] != '7' {
		t.Errorf("ids %s, %s", a, b)
	}
}

// Whatever a program sends, an event that is taken has a payload that can be
// stored, and the same event comes out when it is read again.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		`{"id":"c1","event_type":"tool_call","ts":1.5,"agent":"a","payload":{"n":1}}`,
		`{"event_type":"agent_finish","session_id":"s","run_id":null,"payload":"Done.","payload.id":1}`,
		`{"event_type":"x","payload":{"a":NaN}}`, `{"event_type":"x","ts":"1e999"}`, "{\"event_type\":\"\xff\"}",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Decode(line)
		if err != nil {
			return
		}
		if !json.Valid(e.Payload) || e.Payload[0] != '{' {
			t.Fatalf("payload %q", e.Payload)
		}
		Fields(e.Payload, func(string, json.RawMessage) bool { return true })
		if with := WithText(e.Payload, "agent_name", "a"); !json.Valid(with) {
			t.Fatalf("payload %q", with)
		}
	})
}
