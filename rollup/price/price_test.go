package price

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestTableIsWhole(t *testing.T) {
	n := 0
	for line := range strings.Lines(models) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		row, ok := parseRow(strings.TrimRight(line, "\n"))
		if !ok || row.Input <= 0 && row.Output <= 0 {
			t.Errorf("not understood: %q", line)
		}
	}
	if n < 200 || !strings.Contains(models, Date) {
		t.Errorf("%d prices of %s", n, Date)
	}
}

func TestFind(t *testing.T) {
	for model, want := range map[string]string{
		"claude-opus-4-6":                            "claude-opus-4-6",
		"claude-opus-4-6[1m]":                        "claude-opus-4-6",
		"anthropic/claude-sonnet-4-5":                "claude-sonnet-4-5",
		"us.anthropic.claude-sonnet-4-20250514-v1:0": "claude-sonnet-4-20250514",
		"claude-sonnet-4-5@20250929":                 "claude-sonnet-4-5-20250929",
		"claude-haiku-4-5-20251001":                  "claude-haiku-4-5-20251001",
		"claude-opus-4-6-20260301":                   "claude-opus-4-6",
		"openrouter/openai/gpt-5.4":                  "gpt-5.4",
		"GPT-5.4":                                    "gpt-5.4",
		"gpt-5.4-2026-03-05":                         "gpt-5.4",
		"scripted-large":                             "",
		"<synthetic>":                                "",
		"":                                           "",
		"codex-auto-review":                          "",
	} {
		row, ok := Default().Find("somewhere", model)
		if got := ""; ok {
			got = row.Model
			if got != want {
				t.Errorf("%s is priced as %s, want %q", model, got, want)
			}
		} else if want != "" {
			t.Errorf("%s has no price, want that of %s", model, want)
		}
	}
}

func TestEstimate(t *testing.T) {
	for name, tc := range map[string]struct {
		model string
		usage eventlog.Usage
		want  string
	}{
		"all kinds":  {"claude-opus-4-6", eventlog.Usage{Input: 1505, Output: 36262, CacheRead: 15540548, CacheWrite5m: 262626}, "10.3257615"},
		"hour cache": {"claude-opus-4-6", eventlog.Usage{CacheWrite1h: 1_000_000}, "10"},
		"short":      {"gpt-5.4", eventlog.Usage{Input: 272_000}, "0.68"},
		"long":       {"gpt-5.4", eventlog.Usage{Input: 272_001}, "1.360005"},
		"reasoning":  {"gpt-5.4", eventlog.Usage{Output: 100, Reasoning: 60}, "0.0015"},
		"nothing":    {"gpt-5.4", eventlog.Usage{}, "0"},
		"rounded":    {"claude-haiku-4-5", eventlog.Usage{CacheRead: 1}, "0.0000001"},
	} {
		got, _, ok := Default().Estimate("", tc.model, tc.usage)
		if !ok || got.String() != tc.want {
			t.Errorf("%s: %s, %v; want %s", name, got, ok, tc.want)
		}
	}
	if _, _, ok := Default().Estimate("", "no-such-model", eventlog.Usage{Input: 1}); ok {
		t.Error("a model that nobody knows has a price")
	}
}
