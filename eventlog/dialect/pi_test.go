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
