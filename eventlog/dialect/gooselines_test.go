package dialect

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestGooseLines(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "goose-lines")
	for name, file := range map[string]string{"goose-lines": "20250901_090000.jsonl", "goose-stream": "stream.jsonl"} {
		golden(t, name, decode(t, GooseLines{}, filepath.Join(root, file), true))
	}
	s := index(t, GooseLines{}, "goose-lines/stream.jsonl")
	n, _, _ := spans(s, eventlog.SpanModel)
	tools, failed, _ := spans(s, eventlog.SpanTool)
	if n != 2 || tools != 1 || failed != 0 {
		t.Errorf("%d model calls and %d tool calls, %d failed; want 2, 1 and 0: pieces of a message are one", n, tools, failed)
	}
	var u eventlog.Usage
	for _, b := range s.Bills.All() {
		u.Add(b.Usage)
	}
	if want := (eventlog.Usage{Input: 60, CacheRead: 150, CacheWrite5m: 40, Output: 20}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
}
