package dialect

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestOpencodeRun(t *testing.T) {
	golden(t, "opencode-run", decode(t, OpencodeRun{}, filepath.Join("..", "..", "testdata", "opencode-run", "run.jsonl"), true))
	s := index(t, OpencodeRun{}, "opencode-run/run.jsonl")
	n, _, u := spans(s, eventlog.SpanModel)
	if want := (eventlog.Usage{Input: 610, CacheRead: 400, CacheWrite5m: 50, Output: 78, Reasoning: 8}); n != 2 || u != want {
		t.Errorf("%d model calls of %+v, want 2 of %+v", n, u, want)
	}
	if n, failed, _ := spans(s, eventlog.SpanTool); n != 3 || failed != 2 {
		t.Errorf("%d tool calls, %d failed, want 3 and 2", n, failed)
	}
}
