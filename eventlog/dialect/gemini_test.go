package dialect

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

const geminiChat = "gemini/tmp/shop/chats/session-2026-11-20T09-00-5c1e7a90.jsonl"

func TestGemini(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	golden(t, "gemini", decode(t, Gemini{}, filepath.Join(root, geminiChat), true))
	golden(t, "gemini-agent", decode(t, Gemini{}, filepath.Join(root, "gemini/tmp/shop/chats/5c1e7a90-1111-4aaa-8bbb-cccccccccccc/codebase_investigator-x1y2z3.jsonl"), false))
}

// index decodes a file into an index, and checks that each record that is
// decoded by itself gives events of the same kinds.
func index(t *testing.T, d Dialect, path string) *eventlog.Snapshot {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	seg := Segment{Path: path, Head: &Head{Path: path, Lines: lines}}
	dec := d.Open(seg)
	x := eventlog.NewIndex(eventlog.NewSymbols())
	for i, line := range lines {
		rec := &eventlog.Record{Pos: int64(i), Body: line}
		var kinds, alone []eventlog.Kind
		if err := dec.Decode(rec, false, func(e *eventlog.Event) {
			kinds = append(kinds, e.Kind)
			x.Append(eventlog.Place{Pos: int64(i)}, e)
		}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		_ = d.Open(seg).Decode(rec, true, func(e *eventlog.Event) { alone = append(alone, e.Kind) })
		if len(kinds) != len(alone) {
			t.Fatalf("%s: %v, and by itself %v", line, kinds, alone)
		}
		for j := range kinds {
			if kinds[j] != alone[j] {
				t.Errorf("%s: %v, and by itself %v", line, kinds, alone)
			}
		}
	}
	return x.Publish()
}

// spans counts the spans of a kind, those that failed, and the tokens of their
// bills.
func spans(s *eventlog.Snapshot, kind eventlog.SpanKind) (n, failed int, u eventlog.Usage) {
	for _, span := range s.Spans.All() {
		if span.Kind != kind {
			continue
		}
		n++
		if span.Flags.Has(eventlog.SpanFailed) {
			failed++
		}
		if span.Bill != 0 {
			u.Add(s.Bills.At(int(span.Bill) - 1).Usage)
		}
	}
	return n, failed, u
}

// A message that is written five times is one call, and so are its tools.
func TestGeminiSpansOnce(t *testing.T) {
	s := index(t, Gemini{}, geminiChat)
	n, _, u := spans(s, eventlog.SpanModel)
	if want := (eventlog.Usage{Input: 600 + 5 + 200, CacheRead: 400 + 1000 + 1300, Output: 61 + 20 + 34, Reasoning: 15}); n != 3 || u != want {
		t.Errorf("%d model calls of %+v, want 3 of %+v", n, u, want)
	}
	if n, failed, _ := spans(s, eventlog.SpanTool); n != 4 || failed != 2 {
		t.Errorf("%d tool calls, %d failed, want 4 and 2", n, failed)
	}
}

func TestGeminiExitCode(t *testing.T) {
	for output, want := range map[string]bool{
		"Output: x\nExit Code: 3\nProcess Group PGID: 1": true,
		"Exit Code: 1":                                true,
		"Output: x\nExit Code: 0":                     false,
		"Output: Exit Code: 3\nProcess Group PGID: 1": false,
		"Output: a\nExit Code: 3\nExit Code: 0\n":     false,
		"Exit Code: (none)\nSignal: 15":               false,
		"":                                            false,
	} {
		if _, got := geminiExitCode(output); got != want {
			t.Errorf("%q failed: %v", output, got)
		}
	}
}

func TestGeminiStream(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "gemini")
	golden(t, "gemini-stream", decode(t, GeminiStream{}, filepath.Join(root, "stream.jsonl"), true))
	golden(t, "gemini-stream-error", decode(t, GeminiStream{}, filepath.Join(root, "stream-error.jsonl"), true))
	s := index(t, GeminiStream{}, "gemini/stream.jsonl")
	n, _, u := spans(s, eventlog.SpanModel)
	if want := (eventlog.Usage{Input: 900, CacheRead: 400, Output: 166, Reasoning: 16}); n != 4 || u != want {
		t.Errorf("%d model spans of %+v, want two responses and two sums of %+v", n, u, want)
	}
}
