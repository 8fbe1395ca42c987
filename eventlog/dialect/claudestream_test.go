package dialect

import (
	"path/filepath"
	"strconv"
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

// A resumed session's stream repeats what was used before: both together are
// what the later one says, for as many calls as were seen.
func TestClaudeStreamResumed(t *testing.T) {
	const session = "6d1e7a90-7777-4aaa-8bbb-cccccccccccc"
	stream := func(messages int, output string) []string {
		var lines []string
		for i := range messages {
			lines = append(lines, `{"type":"assistant","session_id":"`+session+`","message":{"id":"m`+output+strconv.Itoa(i)+`","role":"assistant","model":"claude-opus-4-6","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}`)
		}
		return append(lines, `{"type":"result","is_error":false,"session_id":"`+session+`","modelUsage":{"claude-opus-4-6[1m]":{"inputTokens":50,"outputTokens":`+output+`,"costUSD":0.`+output+`}}}`)
	}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		syms := eventlog.NewSymbols()
		sources := eventlog.NewSources(syms)
		files := [][]string{stream(3, "100"), stream(1, "120")}
		for _, f := range order {
			sum := eventlog.NewSummary(syms, strconv.Itoa(f), "claude-stream", 0)
			dec := ClaudeStream{}.Open(Segment{})
			for i, line := range files[f] {
				if err := dec.Decode(&eventlog.Record{Pos: int64(i), Body: []byte(line)}, false, func(e *eventlog.Event) {
					sum.Update(func() { sum.Add(int64(i), e) })
				}); err != nil {
					t.Fatal(err)
				}
			}
			sources.Add(sum)
		}
		s := sources.Catalog().Sessions[0]
		if want := (eventlog.Usage{Input: 50, Output: 120}); s.Usage != want || s.Recorded != 120_000_000 || s.Calls != 3 || s.AtLeast != 0 || s.Outcome != eventlog.Success {
			t.Errorf("%+v, %s, %d calls, %d of them at least, %s", s.Usage, s.Recorded, s.Calls, s.AtLeast, s.Outcome)
		}
	}
}
