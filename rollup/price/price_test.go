package price

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// The table that is built in is read without a look at its prices, so they are
// looked at here.
func TestBuiltInTableIsWhole(t *testing.T) {
	checked, err := Parse("models.tsv", models)
	if err != nil {
		t.Fatal(err)
	}
	quick := Default().Table()
	if checked.Len() < 4000 || quick.Len() != checked.Len() || checked.Text() != models || quick.Text() != models {
		t.Errorf("%d prices, %d of them found quickly, written again as they were: %t", checked.Len(), quick.Len(), checked.Text() == models)
	}
	if Default().Date != checked.Date || !isoDate().MatchString(checked.Date) {
		t.Errorf("date %q, %q", Default().Date, checked.Date)
	}
	for _, maker := range makers {
		if !checked.known[maker] {
			t.Errorf("no price of %s, a maker", maker)
		}
	}
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ provider, model, want string }{
		{"", "claude-opus-4-6", "anthropic/claude-opus-4-6"},
		{"anthropic", "claude-opus-4-6[1m]", "anthropic/claude-opus-4-6"},
		{"", "anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"},
		{"anthropic", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5-20251001"},
		{"anthropic", "claude-opus-4-6-20260301", "anthropic/claude-opus-4-6"},
		{"claude-code", "claude-sonnet-4-5-latest", "anthropic/claude-sonnet-4-5"},
		{"", "GPT-5.4", "openai/gpt-5.4"},
		{"openai", "gpt-5.4-2026-03-05", "openai/gpt-5.4"},
		{"openai-codex", "gpt-5.4", "openai/gpt-5.4"},
		{"minimax", "minimax-m3", "minimax/MiniMax-M3"},
		{"google", "models/gemini-2.5-pro", "google/gemini-2.5-pro"},
		// Clouds.
		{"anthropic", "us.anthropic.claude-opus-4-6-v1", "amazon-bedrock/us.anthropic.claude-opus-4-6-v1"},
		{"anthropic", "eu.anthropic.claude-sonnet-4-6", "amazon-bedrock/eu.anthropic.claude-sonnet-4-6"},
		{"aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic/claude-sonnet-4-20250514"},
		{"", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1", "amazon-bedrock/us.anthropic.claude-opus-4-6-v1"},
		{"anthropic", "claude-sonnet-4-5@20250929", "google-vertex-anthropic/claude-sonnet-4-5@20250929"},
		{"gcp.vertex_ai", "claude-opus-4-6", "google-vertex/claude-opus-4-6@default"},
		{"vertex_ai", "gemini-2.5-pro", "google-vertex/gemini-2.5-pro"},
		{"az.ai.openai", "gpt-5.4", "azure/gpt-5.4"},
		{"", "azure/gpt-5.4", "azure/gpt-5.4"},
		// Gateways.
		{"openrouter", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"},
		{"", "openrouter/anthropic/claude-sonnet-4.5:thinking", "openrouter/anthropic/claude-sonnet-4.5"},
		{"openrouter", "qwen/qwen3-coder:free", "openrouter/qwen/qwen3-coder:free"},
		{"litellm", "claude-opus-4-6", "anthropic/claude-opus-4-6"},
		{"github-copilot", "claude-opus-4.6", "github-copilot/claude-opus-4.6"},
		{"poe", "gpt-5.4-2026-03-05", "openai/gpt-5.4"},
		// Nobody can tell.
		{"mock", "gpt-5.4", NoProvider},
		{"", "mock/gpt-5.4", NoProvider},
		{"my-own-endpoint", "claude-opus-4-6", NoProvider},
		{"ollama", "gpt-oss:20b", NoProvider},
		{"openrouter", "anthropic/claude-sonnet-4.5:free", NoRow},
		{"openai", "codex-auto-review", NoRow},
		{"", "scripted-large", NoRow},
		{"anthropic", "<synthetic>", NoRow},
		{"anthropic", "", NoModel},
	} {
		m, got := Default().Find(tc.provider, tc.model, 0)
		if m != nil {
			got = m.Row.ID()
		}
		if got != tc.want {
			t.Errorf("%s of %q: %s, want %s", tc.model, tc.provider, got, tc.want)
		}
	}
}

func TestEstimate(t *testing.T) {
	for name, tc := range map[string]struct {
		provider, model string
		bill            eventlog.Bill
		want            string
		why             string
	}{
		"all kinds": {"", "claude-opus-4-6", eventlog.Bill{Usage: eventlog.Usage{Input: 1505, Output: 36262, CacheRead: 15540548, CacheWrite5m: 262626}}, "10.3257615", "anthropic/claude-opus-4-6, table of 2026-07-02"},
		"hour":      {"", "claude-opus-4-6", eventlog.Bill{Usage: eventlog.Usage{CacheWrite1h: 1_000_000}}, "10", ""},
		"hour on Bedrock": {"", "eu.anthropic.claude-sonnet-4-6", eventlog.Bill{Usage: eventlog.Usage{CacheWrite5m: 1_000_000, CacheWrite1h: 1_000_000}}, "10.725",
			"amazon-bedrock/eu.anthropic.claude-sonnet-4-6, table of 2026-07-02"},
		"short":                              {"", "gpt-5.4", eventlog.Bill{Usage: eventlog.Usage{Input: 272_000}}, "0.68", "openai/gpt-5.4, table of 2026-07-02"},
		"long":                               {"", "gpt-5.4", eventlog.Bill{Usage: eventlog.Usage{Input: 272_001}}, "1.360005", "openai/gpt-5.4, above 272000, table of 2026-07-02"},
		"several calls are not one long one": {"", "gpt-5.4", eventlog.Bill{Usage: eventlog.Usage{Input: 300_000}, Calls: 3}, "0.75", ""},
		"first tier":                         {"aihubmix", "doubao-seed-2-0-pro", eventlog.Bill{Usage: eventlog.Usage{Input: 100_000}}, "0.072", "aihubmix/doubao-seed-2-0-pro, above 32000, table of 2026-07-02"},
		"second tier":                        {"aihubmix", "doubao-seed-2-0-pro", eventlog.Bill{Usage: eventlog.Usage{Input: 200_000}}, "0.29", "aihubmix/doubao-seed-2-0-pro, above 128000, table of 2026-07-02"},
		"reasoning":                          {"", "gpt-5.4", eventlog.Bill{Usage: eventlog.Usage{Output: 100, Reasoning: 60}}, "0.0015", ""},
		"reasoning of its own price":         {"alibaba", "qwen-plus", eventlog.Bill{Usage: eventlog.Usage{Output: 1_000_000, Reasoning: 500_000}}, "2.6", ""},
		"free":                               {"zai-coding-plan", "glm-4.7", eventlog.Bill{Usage: eventlog.Usage{Input: 5}}, "0", "zai-coding-plan/glm-4.7, table of 2026-07-02"},
		"rounded":                            {"", "claude-haiku-4-5", eventlog.Bill{Usage: eventlog.Usage{CacheRead: 1}}, "0.0000001", ""},
		"fast":                               {"anthropic", "claude-opus-4-6", eventlog.Bill{Mode: eventlog.Fast, Usage: eventlog.Usage{Output: 1000}}, "0.15", "anthropic/claude-opus-4-6, fast, table of 2026-07-02"},
		"both":                               {"anthropic", "claude-opus-4-8", eventlog.Bill{Mode: eventlog.Fast | eventlog.Regional, Usage: eventlog.Usage{Output: 1000}}, "0.055", "anthropic/claude-opus-4-8, fast+regional, table of 2026-07-02"},
		"old":                                {"anthropic", "claude-sonnet-4-5-20250929", eventlog.Bill{Mode: eventlog.Regional, Usage: eventlog.Usage{Output: 1000}}, "0.015", ""},
		"batch":                              {"anthropic", "claude-opus-4-6", eventlog.Bill{Mode: eventlog.Batch, Usage: eventlog.Usage{Output: 1000}}, "0.0125", ""},
		"priority":                           {"openai", "gpt-5.4", eventlog.Bill{Mode: eventlog.Priority, Usage: eventlog.Usage{Input: 1000}}, "0.005", ""},
		"thirds":                             {"openai", "gpt-4o-mini", eventlog.Bill{Mode: eventlog.Priority, Usage: eventlog.Usage{Input: 1_000_000}}, "0.25", ""},
		"flex":                               {"openai", "gpt-5.4", eventlog.Bill{Mode: eventlog.Flex, Usage: eventlog.Usage{Input: 1000}}, "0.00125", ""},
		"no mode":                            {"anthropic", "claude-sonnet-4-6", eventlog.Bill{Mode: eventlog.Fast, Usage: eventlog.Usage{Input: 1}}, "", "no price is known for the mode fast"},
		"pro":                                {"openai", "gpt-5.5-pro", eventlog.Bill{Mode: eventlog.Priority, Usage: eventlog.Usage{Input: 1}}, "", "no price is known for the mode priority"},
		"nothing":                            {"", "gpt-5.4", eventlog.Bill{}, "", NoTokens},
		"final":                              {"", "gpt-5.4", eventlog.Bill{Final: true, Usage: eventlog.Usage{Input: 1}}, "", NotTold},
		"unknown":                            {"", "no-such-model", eventlog.Bill{Usage: eventlog.Usage{Input: 1}}, "", NoRow},
		"too many":                           {"", "gpt-5.4", eventlog.Bill{Usage: eventlog.Usage{Output: 1 << 62}}, "", TooMany},
	} {
		for range 2 { // the second time it is remembered
			got, why, ok := Default().Estimate(tc.provider, tc.model, &tc.bill)
			if ok != (tc.want != "") || ok && got.String() != tc.want || tc.why != "" && why != tc.why {
				t.Errorf("%s: %s, %q, %t; want %s, %q", name, got, why, ok, tc.want, tc.why)
			}
		}
	}
}

func TestOwnPrices(t *testing.T) {
	own, err := Parse("prices.tsv", strings.ReplaceAll(`# mine
mock  gpt-5.4  1  2  0.1
*     scripted-large  - - # no
`, "*     scripted-large  - - # no\n", "*\tscripted-large\t3\t4\t\t\t\t\t1000\t6\t8\n")+"anthropic claude-opus-4-6 1 1\nanthropic claude-opus-4-6+fast 9 9\n")
	if err != nil {
		t.Fatal(err)
	}
	b := NewBook(BuiltIn(), own)
	for _, tc := range []struct {
		provider, model string
		mode            eventlog.Mode
		input           int64
		want, why       string
	}{
		{"mock", "gpt-5.4", 0, 1_000_000, "1", "mock/gpt-5.4, your prices"},
		{"mock", "gpt-5.4-mini", 0, 1_000_000, "", NoProvider},
		{"openai", "gpt-5.4", 0, 1000, "0.0025", "openai/gpt-5.4, table of 2026-07-02"},
		{"wherever", "vendor/scripted-large", 0, 1000, "0.003", "*/scripted-large, your prices"},
		{"", "scripted-large", 0, 2000, "0.012", "*/scripted-large, above 1000, your prices"},
		{"anthropic", "claude-opus-4-6[1m]", 0, 1_000_000, "1", "anthropic/claude-opus-4-6, your prices"},
		{"anthropic", "claude-opus-4-6", eventlog.Fast, 1_000_000, "9", "anthropic/claude-opus-4-6+fast, fast, your prices"},
		{"anthropic", "claude-opus-4-6", eventlog.Batch, 1_000_000, "0.5", "anthropic/claude-opus-4-6, batch, your prices"},
	} {
		got, why, ok := b.Estimate(tc.provider, tc.model, &eventlog.Bill{Mode: tc.mode, Usage: eventlog.Usage{Input: tc.input}})
		if ok != (tc.want != "") || ok && got.String() != tc.want || why != tc.why {
			t.Errorf("%s of %s: %s, %q; want %s, %q", tc.model, tc.provider, got, why, tc.want, tc.why)
		}
	}
}

func TestParseNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\t1\t2\n\na\tb\tx\t2":          `p:3: input: "x" is not a price in dollars for a million tokens`,
		"a\tb\t1":                           "p:1: a price is a provider, a model, what a million tokens of input cost, and of output; this line has 3 of the four",
		"a\t\t1\t2":                         "p:1: a price is a provider, a model, what a million tokens of input cost, and of output; this line has 3 of the four",
		"a\tb\t1\t-2":                       `p:1: output: "-2" is not a price in dollars for a million tokens`,
		"a\tb\t1\t2000000":                  `p:1: output: "2000000" is not a price in dollars for a million tokens`,
		"a b 1 2 - - - - 5 1 2 - - - - 4 1": `p:1: "4" is not a number of tokens above the one before, from which on other prices hold`,
		"a b 1 2 - - - - 5 1":               `p:1: output: "" is not a price in dollars for a million tokens`,
		"a b 1 2 3 4 5 6 many 1 2":          `p:1: "many" is not a number of tokens above the one before, from which on other prices hold`,
	} {
		if _, err := Parse("p", text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
