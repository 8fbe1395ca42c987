package dialect

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestClaudeStream(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "claude-stream")
	for _, tc := range []struct {
		name, file string
		spans      int
		usage      eventlog.Usage
		cost       eventlog.Money
	}{
		// Five of the main run and its agent, and one for each of two models.
		{"claude-stream", "two-turns.jsonl", 8, eventlog.Usage{Input: 121, Output: 170, CacheRead: 390, CacheWrite5m: 165, Reasoning: 6}, 14_000_000},
		{"claude-stream-cut", "cut-off.jsonl", 3, eventlog.Usage{Input: 30, Output: 78, CacheRead: 100, CacheWrite5m: 100}, 0},
		{"claude-stream-failed", "failed.jsonl", 0, eventlog.Usage{}, 0},
		{"claude-result", "result.json", 1, eventlog.Usage{Input: 26, Output: 53, CacheRead: 4000, CacheWrite5m: 116, CacheWrite1h: 200, Reasoning: 3}, 3_700_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			golden(t, tc.name, decode(t, ClaudeStream{}, filepath.Join(root, tc.file), true))
			s := index(t, ClaudeStream{}, "claude-stream/"+tc.file)
			n, _, u := spans(s, eventlog.SpanModel)
			if n != tc.spans || u != tc.usage {
				t.Errorf("%d model spans of %+v, want %d of %+v", n, u, tc.spans, tc.usage)
			}
			var sum eventlog.Money
			for _, b := range s.Bills.All() {
				sum += b.Cost
				if b.AtLeast != (tc.name == "claude-stream-cut") {
					t.Errorf("at least: %v in %+v", b.AtLeast, b)
				}
			}
			if sum != tc.cost {
				t.Errorf("cost %s, want %s", sum, tc.cost)
			}
		})
	}
}

func TestModelKey(t *testing.T) {
	for model, want := range map[string]string{
		"claude-sonnet-4-5-20250929":                      "claude-sonnet-4-5",
		"claude-opus-4-6[1m]":                             "claude-opus-4-6",
		"us.anthropic.claude-haiku-4-5-20251001-v1:0":     "claude-haiku-4-5",
		"claude-opus-4-5@20251101":                        "claude-opus-4-5",
		"openrouter/anthropic/claude-3-5-sonnet-20241022": "claude-3-5-sonnet",
		"": "",
	} {
		if got := modelKey(model); got != want {
			t.Errorf("%s = %s, want %s", model, got, want)
		}
	}
}
