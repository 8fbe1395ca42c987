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
