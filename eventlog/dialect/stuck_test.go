package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// live says what the session of a log that is being written is stuck with.
func live(t *testing.T, d Dialect, path string, lines ...string) string {
	t.Helper()
	dec := d.Open(Segment{Path: path, Head: &Head{Path: path}})
	s := eventlog.NewSources(eventlog.NewSymbols())
	sum := eventlog.NewSummary(s.Symbols(), path, d.Name(), 0)
	s.Add(sum)
	for i, line := range lines {
		err := dec.Decode(&eventlog.Record{Pos: int64(i), Body: []byte(line)}, false, func(e *eventlog.Event) {
			sum.Update(func() { sum.Add(int64(i), e) })
		})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	c := s.Catalog()
	x := c.Sessions[0]
	var words []string
	if x.Waiting.Kind != 0 {
		words = append(words, fmt.Sprintf("waits %d %s since %s", x.Waiting.Kind, c.Symbols.Name(x.Waiting.Tool), x.Waiting.Since.Time().Format("15:04:05")))
	}
	if x.Loop.Times > 0 {
		words = append(words, fmt.Sprintf("loop %s x%d since %s", c.Symbols.Name(x.Loop.Tool), x.Loop.Times, x.Loop.Since.Time().Format("15:04:05")))
	}
	if x.Failing > 0 {
		words = append(words, fmt.Sprintf("failing %d", x.Failing))
	}
	return strings.Join(words, ", ")
}

func TestLiveSessionsTellWhatTheyAreStuckWith(t *testing.T) {
	claudeLine := func(n int, kind, message string) string {
		return fmt.Sprintf(`{"sessionId":"s","uuid":"u%d","type":%q,"timestamp":"2026-02-01T09:00:%02d.000Z","message":%s}`, n, kind, n, message)
	}
	claudeCall := func(n int, tool, input string) []string {
		return []string{claudeLine(2*n, "assistant", fmt.Sprintf(`{"id":"m%d","model":"m","content":[{"type":"tool_use","id":"t%d","name":%q,"input":%s}]}`, n, n, tool, input)),
			claudeLine(2*n+1, "user", fmt.Sprintf(`{"content":[{"type":"tool_result","tool_use_id":"t%d","is_error":true,"content":"Exit code 1"}]}`, n))}
	}
	codexLine := func(n int, kind, payload string) string {
		return fmt.Sprintf(`{"timestamp":"2026-02-01T09:00:%02d.000Z","type":%q,"payload":%s}`, n, kind, payload)
	}
	codexCall := func(n int, arguments string) []string {
		return []string{codexLine(2*n, "response_item", fmt.Sprintf(`{"type":"function_call","name":"exec_command","call_id":"c%d","arguments":%q}`, n, arguments)),
			codexLine(2*n+1, "response_item", fmt.Sprintf(`{"type":"function_call_output","call_id":"c%d","output":"Process exited with code 0\nOutput:\nx"}`, n))}
	}
	codexStart := []string{codexLine(0, "session_meta", `{"id":"s"}`), codexLine(1, "event_msg", `{"type":"task_started"}`)}
	native := func(n int, kind, rest string) string {
		return fmt.Sprintf(`{"event_type":%q,"session_id":"s","run_id":"r","ts":%d,"id":"%d"%s}`, kind, 1769936400+n, n, rest)
	}
	nativeStart := native(0, "agent_start", `,"agent_name":"a"`)
	nativeCall := func(n int, arguments string) string {
		return native(n, "tool_call", fmt.Sprintf(`,"tool":"bash","tool_use_id":"c%d","arguments":%s`, n, arguments))
	}
	all := func(parts ...[]string) (lines []string) {
		for _, p := range parts {
			lines = append(lines, p...)
		}
		return lines
	}
	for _, c := range []struct {
		name    string
		dialect Dialect
		lines   []string
		want    string
	}{
		{"claude, a loop", Claude{}, all(claudeCall(1, "Bash", `{"command":"npm test"}`), claudeCall(2, "Bash", `{"command":"npm test"}`), claudeCall(3, "Bash", `{"command":"npm test"}`)), "loop Bash x3 since 09:00:02, failing 3"},
		{"claude, other arguments", Claude{}, all(claudeCall(1, "Bash", `{"command":"a"}`), claudeCall(2, "Bash", `{"command":"b"}`), claudeCall(3, "Bash", `{"command":"c"}`)), "failing 3"},
		{"claude, a question", Claude{}, claudeCall(1, "AskUserQuestion", `{"question":"which?"}`)[:1], "waits 2 AskUserQuestion since 09:00:02"},
		{"claude, an answer", Claude{}, claudeCall(1, "AskUserQuestion", `{"question":"which?"}`), "failing 1"},
		{"codex, a loop", Codex{}, all(codexStart, codexCall(1, `{"cmd":"ls"}`), codexCall(2, `{"cmd":"ls"}`), codexCall(3, `{"cmd":"ls"}`), codexCall(4, `{"cmd":"ls"}`)), "loop exec_command x4 since 09:00:02"},
		{"codex, a call asks", Codex{}, all(codexStart, codexCall(1, `{"cmd":"rm x"}`)[:1], []string{codexLine(3, "event_msg", `{"type":"exec_approval_request","call_id":"c1","command":["rm","x"]}`)}), "waits 1 exec_command since 09:00:03"},
		{"codex, it is allowed", Codex{}, all(codexStart, codexCall(1, `{"cmd":"rm x"}`)[:1], []string{codexLine(3, "event_msg", `{"type":"exec_approval_request","call_id":"c1","command":["rm","x"]}`)}, codexCall(1, `{}`)[1:]), ""},
		{"native, a loop", LazyBridge{}, []string{nativeStart, nativeCall(1, `{"command":"x"}`), native(2, "model_response", ""), nativeCall(3, `{"command":"x"}`), nativeCall(4, `{"command":"x"}`)}, "loop bash x3 since 09:00:01"},
		{"native, a call asks", LazyBridge{}, []string{nativeStart, nativeCall(1, `{"command":"x"}`), native(2, "hil_decision", `,"tool_use_id":"c1","lt":{"wait":"asked"}`)}, "waits 1 bash since 09:00:02"},
		{"native, somebody decided", LazyBridge{}, []string{nativeStart, nativeCall(1, `{"command":"x"}`), native(2, "hil_decision", `,"tool_use_id":"c1","lt":{"wait":"asked"}`), native(3, "hil_decision", `,"tool_use_id":"c1","lt":{"wait":"answered"}`)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := live(t, c.dialect, "s.jsonl", c.lines...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Every call whose arguments are told in full has a print, whatever the mode.
func TestPrintsOfCalls(t *testing.T) {
	for _, c := range []struct {
		dialect Dialect
		path    string
	}{
		{Claude{}, "claude/projects/-home-dev-shop/0f0e0d0c-1111-4aaa-8bbb-cccccccccccc.jsonl"},
		{LazyBridge{}, "native/events.jsonl"},
		{LazyBridge{}, "trouble/events.jsonl"},
		{Pi{}, "pi"}, {Gemini{}, "gemini"}, {Codex{}, "codex/sessions"}, {CodexExec{}, "codex/exec.jsonl"}, {ClaudeStream{}, "claude-stream/two-turns.jsonl"},
		{Copilot{}, "copilot"}, {OpencodeRun{}, "opencode-run"},
	} {
		t.Run(c.dialect.Name()+" "+filepath.Base(c.path), func(t *testing.T) {
			calls := 0
			err := filepath.WalkDir(filepath.Join("..", "..", "testdata", c.path), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() || filepath.Ext(path) != ".jsonl" {
					return err
				}
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				lines := strings.Split(strings.TrimSpace(string(text)), "\n")
				var prints [2][]uint64
				for mode, full := range []bool{false, true} {
					dec := c.dialect.Open(Segment{Path: path, Head: &Head{Path: path}})
					for i, line := range lines {
						_ = dec.Decode(&eventlog.Record{Pos: int64(i), Body: []byte(line)}, full, func(e *eventlog.Event) {
							if e.Kind != eventlog.ToolCall {
								return
							}
							prints[mode] = append(prints[mode], e.Print)
							if full && len(e.Input) > 0 && e.Print == 0 {
								t.Errorf("%s: a call of %s with %s has no print", path, e.Tool, e.Input)
							}
						})
					}
				}
				if fmt.Sprint(prints[0]) != fmt.Sprint(prints[1]) {
					t.Errorf("%s: prints of the two modes differ", path)
				}
				calls += len(prints[0])
				return nil
			})
			if err != nil || calls == 0 {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
}
