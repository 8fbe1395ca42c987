package dialect

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestPi(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "pi")
	for name, file := range map[string]string{
		"pi":        "2026-11-20T09-00-00-000Z_9a1e7a90-4444-4aaa-8bbb-cccccccccccc.jsonl",
		"pi-branch": "2026-11-20T09-00-30-000Z_9b1e7a90-5555-4aaa-8bbb-cccccccccccc.jsonl",
		"pi-stdout": "stdout.jsonl",
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, decode(t, Pi{}, filepath.Join(root, file), name != "pi-branch"))
			s := index(t, Pi{}, "pi/"+file)
			if n, failed, _ := spans(s, eventlog.SpanTool); n != 2 || failed != 1 {
				t.Errorf("%d tool calls, %d failed, want 2 and 1", n, failed)
			}
		})
	}
}

// Two responses with the same id are two calls when they came at different times,
// and one when a branch holds a copy of it.
func TestPiResponseIDs(t *testing.T) {
	answer := func(at string) string {
		return `{"type":"message","id":"a","timestamp":"2026-11-20T09:00:00Z","message":{"role":"assistant","content":[],"provider":"p","model":"m",` +
			`"usage":{"input":1,"output":1},"stopReason":"stop","timestamp":` + at + `,"responseId":"r"}}`
	}
	dec := Pi{}.Open(Segment{})
	calls := map[eventlog.Identity]bool{}
	for _, line := range []string{answer("1"), answer("2"), answer("2")} {
		if err := dec.Decode(&eventlog.Record{Body: []byte(line)}, false, func(e *eventlog.Event) { calls[e.Bill.Call] = true }); err != nil {
			t.Fatal(err)
		}
	}
	if len(calls) != 2 {
		t.Errorf("%d calls, want 2", len(calls))
	}
}

// Programs that were made from pi name the session in its first line and the model in
// one word.
func TestPiOfOthers(t *testing.T) {
	_, all := readLines(t, Pi{}, "s.jsonl", `{"type":"session","version":3,"id":"s","timestamp":"2026-08-17T10:56:36Z","cwd":"/w","title":"Shop"}`,
		`{"type":"model_change","id":"m","parentId":null,"timestamp":"2026-08-17T10:56:36Z","model":"acme/m-1"}`)
	if f := all[0].Facts; f.Name != "Shop" || all[1].Model != "acme/m-1" {
		t.Errorf("%q %q", f.Name, all[1].Model)
	}
}
