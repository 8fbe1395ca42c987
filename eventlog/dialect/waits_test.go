package dialect

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// waitsOf returns what the events of some lines tell of waiting, shortly.
func waitsOf(t *testing.T, d Dialect, lines ...string) string {
	t.Helper()
	head := &Head{Path: "log.jsonl"}
	for _, line := range lines {
		head.Lines = append(head.Lines, []byte(line+"\n"))
	}
	dec := d.Open(Segment{Path: head.Path, Head: head})
	var out []string
	for i, line := range lines {
		err := dec.Decode(&eventlog.Record{Pos: int64(i), Body: []byte(line)}, false, func(e *eventlog.Event) {
			word := [...]string{"", "asked", "answered", "refused", "person"}[e.Wait]
			if e.Ran.Known() {
				word += " ran " + e.Ran.Time().Format("05.0")
			}
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, strings.TrimSpace(e.Kind.String()+" "+e.CallID)+": "+word)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatLogsTellOfWaiting(t *testing.T) {
	const (
		claudeHead = `{"uuid":"u","parentUuid":null,"sessionId":"s","timestamp":"2026-05-01T12:00:10Z",`
		codexHead  = `{"timestamp":"2026-05-01T12:00:10Z","type":"event_msg","payload":`
	)
	result := func(more, content string) string {
		return claudeHead + `"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":` + content + `}]}` + more + `}`
	}
	codexMeta := `{"timestamp":"2026-05-01T12:00:00Z","type":"session_meta","payload":{"id":"0199","cwd":"/w"}}`
	for _, c := range []struct {
		name  string
		d     Dialect
		lines []string
		want  string
	}{
		{"claude: allowed by a rule, how long it ran is told", Claude{}, []string{
			result(`,"toolUseResult":{"durationMs":4000},"permissionDecision":{"decision":"accept","source":"config"}`, `"ok"`),
		}, "tool_result c: ran 06.0"},
		{"claude: allowed by a person", Claude{}, []string{
			result(`,"toolUseResult":{"durationMs":4000},"permissionDecision":{"decision":"accept","source":"user_temporary"}`, `"ok"`),
		}, "tool_result c: answered ran 06.0"},
		{"claude: allowed by a person, and nothing says when", Claude{}, []string{
			result(`,"toolUseResult":{"stdout":"ok"},"permissionDecision":{"decision":"accept","source":"user_temporary"}`, `"ok"`),
		}, ""},
		{"claude: refused by a person", Claude{}, []string{
			result(`,"permissionDecision":{"decision":"reject","source":"user_reject"}`, `"no"`),
		}, "tool_result c: refused"},
		{"claude: refused, in words", Claude{}, []string{
			result(``, `"The user doesn't want to proceed with this tool use. The rest.","is_error":true`),
		}, "tool_error c: refused"},
		{"claude: a result that only quotes those words", Claude{}, []string{
			result(``, `"The user doesn't want to proceed with this tool use. The rest."`),
		}, ""},
		{"claude: a question, and another attempt", Claude{}, []string{
			claudeHead + `"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"tool_use","id":"q","name":"AskUserQuestion","input":{}}]}}`,
			claudeHead + `"type":"system","subtype":"api_error","retryInMs":2500}`,
		}, "tool_call q: person\nretry: ran 12.5"},
		{"codex: asked, and run", Codex{}, []string{
			codexMeta,
			codexHead + `{"type":"exec_approval_request","call_id":"c"}}`,
			codexHead + `{"type":"exec_command_end","call_id":"c","exit_code":0,"duration":{"secs":3,"nanos":500000000}}}`,
		}, "hil_decision c: asked\ncustom c: answered ran 06.5"},
		{"codex: run without a question", Codex{}, []string{
			codexMeta,
			`{"timestamp":"2026-05-01T12:00:05Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{}","call_id":"c"}}`,
			codexHead + `{"type":"exec_command_end","call_id":"c","exit_code":0,"duration":{"secs":3,"nanos":0}}}`,
		}, ""},
		{"codex: declined", Codex{}, []string{
			codexMeta,
			codexHead + `{"type":"item_completed","item":{"type":"CommandExecution","id":"c","status":"declined"}}}`,
		}, "hil_decision c: refused"},
		{"copilot: asked and denied", Copilot{}, []string{
			`{"type":"session.start","id":"1","timestamp":"2026-05-01T12:00:00Z","data":{"sessionId":"s"}}`,
			`{"type":"permission.requested","id":"2","timestamp":"2026-05-01T12:00:01Z","data":{"requestId":"p","permissionRequest":{"kind":"shell","toolCallId":"c"}}}`,
			`{"type":"permission.completed","id":"3","timestamp":"2026-05-01T12:00:09Z","data":{"requestId":"p","result":{"kind":"denied-interactively-by-user"}}}`,
		}, "custom c: asked\ncustom c: refused"},
		{"opencode: rejected", OpencodeRun{}, []string{
			`{"type":"tool_use","timestamp":1777636810000,"sessionID":"ses_1","part":{"id":"p","messageID":"m","type":"tool","callID":"c","tool":"bash","state":{"status":"error","error":"The user rejected permission to use this specific tool call.","time":{"start":1777636800000,"end":1777636810000}}}}`,
		}, "tool_error c: refused"},
		{"lazybridge: a decision about a call", LazyBridge{}, []string{
			`{"session_id":"s","run_id":"r","event_type":"hil_decision","ts":1777636810.0,"tool_use_id":"c","result":"ok"}`,
		}, "hil_decision c: answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := waitsOf(t, c.d, c.lines...); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
