package dialect

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// spent returns what lines of a log bill, and the tools that they name.
func spent(t *testing.T, d Dialect, lines ...string) (bills []eventlog.Bill, uses []eventlog.Identity) {
	t.Helper()
	dec := d.Open(Segment{Path: "x.jsonl", Head: &Head{}})
	for i, line := range lines {
		err := dec.Decode(&eventlog.Record{Pos: int64(i), Body: []byte(line)}, false, func(e *eventlog.Event) {
			if e.Bill != nil {
				bills = append(bills, *e.Bill)
			}
			if !e.Use.IsZero() {
				uses = append(uses, e.Use)
			}
		})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return bills, uses
}

// A call that the capture proxy has overheard is the one that the program's own
// log tells of, and so are its tools.
func TestOverheard(t *testing.T) {
	for name, tc := range map[string]struct {
		own   Dialect
		log   []string
		heard []string
	}{
		"claude": {Claude{}, []string{`{"type":"assistant","uuid":"u","sessionId":"c","timestamp":"2026-11-01T10:00:00Z","requestId":"req_1","message":{"id":"msg_1","model":"claude-x","role":"assistant","stop_reason":"tool_use","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}],"usage":{"input_tokens":1,"output_tokens":2}}}`},
			[]string{`{"event_type":"model_response","session_id":"s","run_id":"r","layer":"proxy","api":"anthropic.messages","response_id":"msg_1","request_id":"req_1","input_tokens":1,"output_tokens":2}`,
				`{"event_type":"tool_call","session_id":"s","run_id":"r","layer":"proxy","api":"anthropic.messages","tool":"Bash","tool_use_id":"toolu_1"}`}},
		"claude by way of a gateway": {Claude{}, []string{`{"type":"assistant","uuid":"u","sessionId":"c","timestamp":"2026-11-01T10:00:00Z","message":{"id":"msg_1","model":"claude-x","role":"assistant","stop_reason":"tool_use","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}],"usage":{"input_tokens":1,"output_tokens":2}}}`},
			[]string{`{"event_type":"model_response","session_id":"s","run_id":"r","layer":"proxy","api":"anthropic.messages","response_id":"msg_1","request_id":"","input_tokens":1,"output_tokens":2}`,
				`{"event_type":"tool_call","session_id":"s","run_id":"r","layer":"proxy","api":"anthropic.messages","tool":"Bash","tool_use_id":"toolu_1"}`}},
		"codex": {Codex{}, []string{`{"timestamp":"2026-11-01T10:00:00Z","type":"session_meta","payload":{"id":"th","cwd":"/x","cli_version":"0.169.0"}}`,
			`{"timestamp":"2026-11-01T10:00:01Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{}","call_id":"call_1"}}`,
			`{"timestamp":"2026-11-01T10:00:02Z","type":"token_usage_record","payload":{"thread_id":"th","turn_id":"t","response_id":"resp_1","usage":{"input_tokens":1,"output_tokens":2}}}`},
			[]string{`{"event_type":"model_response","session_id":"s","run_id":"r","layer":"proxy","api":"openai.responses","response_id":"resp_1","request_id":"q","thread_id":"th","input_tokens":1,"output_tokens":2}`,
				`{"event_type":"tool_call","session_id":"s","run_id":"r","layer":"proxy","api":"openai.responses","tool":"shell","tool_use_id":"call_1","thread_id":"th"}`}},
	} {
		bills, uses := spent(t, tc.own, tc.log...)
		heard, heardUses := spent(t, LazyBridge{}, tc.heard...)
		if len(bills) != 1 || len(heard) != 1 || bills[0].Call != heard[0].Call || bills[0].Request != heard[0].Request || bills[0].Usage != heard[0].Usage {
			t.Errorf("%s: %+v\nheard %+v", name, bills, heard)
		}
		if len(uses) != 1 || len(heardUses) != 1 || uses[0] != heardUses[0] {
			t.Errorf("%s: tools %v, heard %v", name, uses, heardUses)
		}
	}
	// The same words in an event of somebody else are theirs.
	bills, uses := spent(t, LazyBridge{}, `{"event_type":"model_response","session_id":"s","run_id":"r","response_id":"a","request_id":"b","thread_id":"c","input_tokens":1}`,
		`{"event_type":"tool_call","session_id":"s","run_id":"r","tool":"x","tool_use_id":"1","thread_id":"c","api":"anthropic.messages"}`)
	if len(uses) != 0 || bills[0].Call != eventlog.Identify("response", "a") || !bills[0].Request.IsZero() {
		t.Errorf("%+v %v", bills, uses)
	}
	// What was not counted to the end, and how it was served.
	bills, _ = spent(t, LazyBridge{}, `{"event_type":"model_response","session_id":"s","run_id":"r","input_tokens":1,"at_least":true,"mode":"fast+regional"}`)
	if !bills[0].AtLeast || bills[0].Mode != eventlog.Fast|eventlog.Regional {
		t.Errorf("%+v", bills)
	}
}
