package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// writes keeps each write apart.
type writes struct {
	got  []string
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	if w.fail != nil {
		return 0, w.fail
	}
	w.got = append(w.got, string(p))
	return len(p), nil
}

func (w *writes) Close() error { return nil }

func TestJSONL(t *testing.T) {
	t.Parallel()
	w := &writes{}
	j := NewJSONL(w, "x")
	for _, e := range []eventlog.Event{
		{ID: "1", SessionID: "s", RunID: "r", Type: "tool_call", Time: 1_700_000_000_123_456_789, Payload: json.RawMessage("{\"agent_name\":\"a\",\n \"n\":1.0}")},
		{ID: "2", SessionID: "s", Type: "agent_finish", Time: -1_500_000_000,
			Payload: json.RawMessage(`{"payload":"text","event_type":"HIJACK","run_id":"other","id":7,"seq":null,"ts":"x","session_id":[1]}`)},
		{ID: "3", SessionID: "s", Type: "x", Payload: json.RawMessage(`{}`)},
	} {
		must(t, j.Export(e))
	}
	must(t, j.Flush())
	must(t, j.Flush())
	want := `{"event_type":"tool_call","session_id":"s","run_id":"r","ts":1700000000.123456,"seq":1,"id":"1","agent_name":"a","n":1.0}
{"event_type":"agent_finish","session_id":"s","run_id":null,"ts":-1.500000,"seq":2,"id":"2","payload":"text","payload.event_type":"HIJACK","payload.run_id":"other","payload.id":7,"payload.seq":null,"payload.ts":"x","payload.session_id":[1]}
{"event_type":"x","session_id":"s","run_id":null,"ts":0.000000,"seq":3,"id":"3"}
`
	if len(w.got) != 1 || w.got[0] != want {
		t.Errorf("%d writes:\n%s", len(w.got), strings.Join(w.got, "--\n"))
	}
	// What was written is read back as it was.
	e, err := wire.Decode([]byte(strings.Split(want, "\n")[1]))
	if err != nil || e.Type != "agent_finish" || e.ID != "2" ||
		string(e.Payload) != `{"payload":"text","event_type":"HIJACK","run_id":"other","id":7,"seq":null,"ts":"x","session_id":[1]}` {
		t.Errorf("read back: %+v %s %v", e, e.Payload, err)
	}
}

func TestJSONLFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for range 2 {
		j, err := OpenJSONL(path)
		must(t, err)
		must(t, j.WriteEvents(t.Context(), []eventlog.Event{{ID: "1", Type: "x", Payload: json.RawMessage(`{}`)}}))
		must(t, j.Close())
	}
	text, err := os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if bytes.Count(text, []byte("\n")) != 2 || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v:\n%s", info.Mode(), text)
	}
}

func TestJSONLGivesABatchUp(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	w := &writes{fail: full}
	j := NewJSONL(w, "x")
	must(t, j.Export(eventlog.Event{ID: "1", Type: "x", Payload: json.RawMessage(`{}`)}))
	if err := j.Flush(); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	w.fail = nil
	must(t, j.Export(eventlog.Event{ID: "2", Type: "x", Payload: json.RawMessage(`{}`)}))
	must(t, j.Close())
	if len(w.got) != 1 || strings.Contains(w.got[0], `"id":"1"`) {
		t.Errorf("wrote %q", w.got)
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := NewConsole(&out)
	for _, e := range []eventlog.Event{
		{Type: "agent_start", Payload: json.RawMessage(`{"agent_name":"editor","task":"summarise AI trends"}`)},
		{Type: "tool_call", Payload: json.RawMessage(`{"agent_name":"editor","tool":"research","arguments":{"task":"it's","n":[1,true,null,2.50]}}`)},
		{Type: "model_response", Payload: json.RawMessage(`{"agent_name":"editor","content":"","input_tokens":100,"cost_usd":null,"ok":false,"run_id":"r"}`)},
		{Type: "log", Agent: "sh", Payload: json.RawMessage("{\"text\":\"a\\nb\\u001b]0;x\\u0007\"}")},
		{Type: "x\x1b[2J", Payload: json.RawMessage(`{"k":"` + strings.Repeat("é", 130) + `"}`)},
	} {
		must(t, c.Export(e))
	}
	must(t, c.Close())
	want := `[editor] agent_start  task=summarise AI trends
[editor] tool_call  tool=research  arguments={'task': "it's", 'n': [1, True, None, 2.50]}
[editor] model_response  input_tokens=100  ok=False
[sh] log  text=a↵b\x1b]0;x\x07
[?] x\x1b[2J  k=` + strings.Repeat("é", 117) + "...\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
