package dialect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// readLines decodes lines in full and returns the index and the events.
func readLines(t *testing.T, d Dialect, path string, lines ...string) (*eventlog.Snapshot, []eventlog.Event) {
	t.Helper()
	head := &Head{Path: path}
	for _, line := range lines {
		head.Lines = append(head.Lines, []byte(line))
	}
	if got := Sniff(head, All()); got == nil || got.Name() != d.Name() {
		t.Errorf("told as %v, want %s", got, d.Name())
	}
	seg := Segment{Path: path, Head: head}
	if s, ok := d.(Sidecarer); ok {
		seg.Sidecar, _ = os.ReadFile(s.Sidecar(path))
	}
	dec, x := d.Open(seg), eventlog.NewIndex(eventlog.NewSymbols())
	var all []eventlog.Event
	for i, line := range head.Lines {
		if err := dec.Decode(&eventlog.Record{Pos: int64(i), Body: line}, true, func(e *eventlog.Event) {
			x.Append(eventlog.Place{Pos: int64(i)}, e)
			all = append(all, *e)
		}); err != nil {
			t.Fatal(err)
		}
	}
	return x.Publish(), all
}

// Steps whose parts name no message are calls of their own, what comes after their
// end included; an error that the run survived is not its outcome.
func TestOpencodeRunWithoutMessages(t *testing.T) {
	const step = `{"type":"step_start","timestamp":1784000000001,"sessionID":"ses_1","part":{"type":"step-start"}}`
	const finish = `{"type":"step_finish","timestamp":1784000000002,"sessionID":"ses_1","part":{"type":"step-finish","reason":"stop","cost":0.5,"tokens":{"input":6,"output":7,"cache":{"read":8,"write":0}}}}`
	const text = `{"type":"text","timestamp":1784000000003,"sessionID":"ses_1","part":{"type":"text","text":"Done."}}`
	const failed = `{"type":"error","timestamp":1784000000004,"sessionID":"ses_1","error":{"name":"ProviderError","data":{"message":"busy"}}}`
	s, all := readLines(t, OpencodeRun{}, "out.jsonl", step, finish, text, step, failed, finish)
	n, _, u := spans(s, eventlog.SpanModel)
	if want := (eventlog.Usage{Input: 12, Output: 14, CacheRead: 16}); n != 2 || u != want {
		t.Errorf("%d calls of %+v, want 2 of %+v", n, u, want)
	}
	if f := all[len(all)-1].Facts; f == nil || f.Outcome != eventlog.Success {
		t.Errorf("%+v", f)
	}
}

// A result that has no text says in a list what went wrong.
func TestClaudeStreamErrors(t *testing.T) {
	_, all := readLines(t, ClaudeStream{}, "out.jsonl",
		`{"type":"system","subtype":"init","session_id":"s","uuid":"a","cwd":"/w","model":"m"}`,
		`{"type":"result","subtype":"error_max_turns","is_error":true,"session_id":"s","uuid":"b","errors":["Too many turns (5)"],"permission_denials":[{"tool_name":"Bash","tool_input":{}},{"tool_name":"Write","tool_input":{}}]}`)
	end := all[len(all)-1]
	if end.Message != "Too many turns (5)" || !end.Failed {
		t.Errorf("%q %v", end.Message, end.Failed)
	}
	if d := end.Details[len(end.Details)-1]; d.Name != "denied" || d.Value != "Bash, Write" {
		t.Errorf("%+v", d)
	}
}

// What a call of another server returned is shown as a text.
func TestCodexServerResult(t *testing.T) {
	const item = `"item":{"id":"i1","type":"mcp_tool_call","server":"db","tool":"logs","arguments":{},"status":"completed","result":{"content":[{"type":"text","text":"line one"}]},"error":null}}`
	_, all := readLines(t, CodexExec{}, "out.jsonl", `{"type":"thread.started","thread_id":"t"}`, `{"type":"item.completed",`+item)
	if e := all[len(all)-1]; e.Text != "line one" {
		t.Errorf("%q", e.Text)
	}
	_, all = readLines(t, Codex{}, "rollout-x.jsonl", `{"timestamp":"2026-03-02T10:00:00Z","type":"session_meta","payload":{"id":"t"}}`,
		`{"timestamp":"2026-03-02T10:00:01Z","type":"event_msg","payload":{"type":"mcp_tool_call_end","call_id":"c","invocation":{"server":"db","tool":"logs"},"result":{"Ok":{"content":[{"type":"text","text":"line two"}],"isError":false}}}}`)
	if e := all[len(all)-1]; e.Kind != eventlog.ToolResult || e.Text != "line two" || e.Failed {
		t.Errorf("%v %q", e.Kind, e.Text)
	}
}

// A file beside the chats tells the folder of the project.
func TestGeminiProjectRoot(t *testing.T) {
	project := filepath.Join(t.TempDir(), "shop")
	if err := os.MkdirAll(filepath.Join(project, "chats"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(project, ".project_root"), []byte("/home/dev/the-shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, all := readLines(t, Gemini{}, filepath.Join(project, "chats", "session-1.jsonl"), `{"sessionId":"s","projectHash":"p","startTime":"2026-09-30T10:00:00Z","kind":"main"}`)
	if f := all[0].Facts; f == nil || f.Directory != "/home/dev/the-shop" || f.Project != "the-shop" {
		t.Errorf("%+v", f)
	}
	if !strings.HasSuffix((Gemini{}).Sidecar(filepath.Join("x", "chats", "s.jsonl")), ".project_root") || (Gemini{}).Sidecar("s.jsonl") != "" {
		t.Error("sidecar")
	}
}

// What Copilot writes to its standard output ends with how the run went.
func TestCopilotResult(t *testing.T) {
	const start = `{"type":"session.start","data":{"sessionId":"s"},"id":"1","timestamp":"2026-03-06T08:00:00Z","parentId":null}`
	for code, want := range map[string]eventlog.Outcome{"0": eventlog.Success, "1": eventlog.Failure} {
		_, all := readLines(t, Copilot{}, "out.jsonl", start, `{"type":"result","sessionId":"s","exitCode":`+code+`,"usage":{"premiumRequests":2}}`)
		if e := all[len(all)-1]; e.Kind != eventlog.AgentFinish || e.Outcome != want || e.SessionID != "s" || len(e.Details) != 1 {
			t.Errorf("%s: %v %v %q %v", code, e.Kind, e.Outcome, e.SessionID, e.Details)
		}
	}
}
