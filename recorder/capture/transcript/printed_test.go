package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// printedByClaude is what `claude -p --output-format stream-json` prints, in short.
func printedByClaude(session string) []string {
	return []string{
		fmt.Sprintf(`{"type":"system","subtype":"init","session_id":%q,"model":"claude-sonnet-4-5","tools":["Bash"],"cwd":"/x","uuid":"1"}`, session),
		fmt.Sprintf(`{"type":"assistant","session_id":%q,"uuid":"2","parent_tool_use_id":null,"message":{"id":"msg_1","model":"claude-sonnet-4-5","role":"assistant",`+
			`"usage":{"input_tokens":3,"output_tokens":4},"content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}}]}}`, session),
		fmt.Sprintf(`{"type":"result","subtype":"success","is_error":false,"session_id":%q,"uuid":"3","result":"done","usage":{"input_tokens":3,"output_tokens":4},"total_cost_usd":0.5}`, session),
	}
}

func TestWhatIsPrintedWithoutATranscript(t *testing.T) {
	t.Parallel()
	for _, files := range []bool{true, false} {
		a := newAgent(t)
		a.opts.Files = files
		f := a.follow()
		p := f.Printed()
		for _, line := range printedByClaude("c1") {
			if !p.Line([]byte(line)) {
				t.Errorf("taken for a line of text: %s", line)
			}
		}
		if p.Line([]byte("done")) || p.Line([]byte(`{"level":"info"}`)) {
			t.Error("a line of text is taken for a record")
		}
		a.drain(f)
		if got := a.sink.of(eventlog.ToolCall); len(got) != 1 || got[0].RunID != "c1" {
			t.Errorf("files %v: %+v", files, got)
		}
		if got := a.sink.of(eventlog.AgentFinish); len(got) != 1 {
			t.Errorf("files %v: %d runs ended", files, len(got))
		}
	}
}

func TestWhatIsPrintedBesideATranscript(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	f := a.follow()
	p := f.Printed()
	for _, line := range printedByClaude("c1") {
		p.Line([]byte(line))
	}
	a.write("c1.jsonl", a.prompt("c1", time.Now(), "x"), a.answer("c1", "msg_1", time.Now()))
	a.drain(f)
	got := a.sink.of(eventlog.ToolCall)
	if len(got) != 1 || !strings.Contains(string(got[0].Payload), `"transcript"`) {
		t.Errorf("%+v", got)
	}
}

// Programs that print JSON of their own are no agents.
func TestOtherJSON(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	a.opts.Files = false
	f := a.follow()
	p := f.Printed()
	for _, line := range []string{
		`{"level":"info","msg":"listening","time":"2026-01-01T00:00:00Z"}`, `{"type":"progress","done":3}`, `{}`, `{"type":"session","id":1}`,
		`{"type":"message","text":"hello"}`, `{"type":"error","message":"x"}`, `[1,2]`, `{"type":"system"}`,
	} {
		if p.Line([]byte(line)) {
			t.Errorf("taken for a record of an agent: %s", line)
		}
	}
	a.drain(f)
	if len(a.sink.events) != 0 {
		t.Errorf("%+v", a.sink.events)
	}
}

// Every agent's own output is known by its first lines.
func TestSamplesOfOutput(t *testing.T) {
	t.Parallel()
	samples, _ := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "samples", "stdout", "*", "*.jsonl"))
	if len(samples) == 0 {
		t.Skip("no real logs beside the project")
	}
	for _, path := range samples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a := newAgent(t)
		a.opts.Files = false
		f := a.follow()
		p := f.Printed()
		known := 0
		for line := range strings.Lines(string(text)) {
			if p.Line([]byte(line)) {
				known++
			}
		}
		a.drain(f)
		served := !strings.Contains(path, ".err.") // the others' calls were refused
		if known == 0 || len(a.sink.events) == 0 || served && len(a.sink.of(eventlog.ModelResponse)) == 0 {
			t.Errorf("%s: %d lines known, %d events", path, known, len(a.sink.events))
		}
	}
}
