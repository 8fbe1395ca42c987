package price

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Whatever Estimate priced, the prices of its label come to the same.
func TestLabelledPricesAreThoseOfTheEstimate(t *testing.T) {
	own, err := Parse("prices.tsv", "mock gpt-5.4 1 2 0.1\n* scripted-large 3 4 - - - - 1000 6 8\nanthropic claude-opus-4-6 1 1\nanthropic claude-opus-4-6+fast 9 9\n")
	if err != nil {
		t.Fatal(err)
	}
	usage := eventlog.Usage{Input: 1505, Output: 36262, Reasoning: 12, CacheRead: 540548, CacheWrite5m: 2626, CacheWrite1h: 77}
	for name, tc := range map[string]struct {
		book            *Book
		provider, model string
		mode            eventlog.Mode
	}{
		"maker":           {Default(), "", "claude-opus-4-6", 0},
		"above a context": {Default(), "", "gpt-5.4", 0},
		"mode":            {Default(), "openai", "gpt-5.4", eventlog.Priority},
		"cloud":           {Default(), "", "eu.anthropic.claude-sonnet-4-6", 0},
		"own":             {NewBook(BuiltIn(), own), "mock", "gpt-5.4", 0},
		"anybody's":       {NewBook(BuiltIn(), own), "wherever", "vendor/scripted-large", 0},
		"own, of a mode":  {NewBook(BuiltIn(), own), "anthropic", "claude-opus-4-6", eventlog.Fast},
		"own, multiplied": {NewBook(BuiltIn(), own), "anthropic", "claude-opus-4-6", eventlog.Batch},
	} {
		bill := &eventlog.Bill{Usage: usage, Mode: tc.mode}
		want, label, ok := tc.book.Estimate(tc.provider, tc.model, bill)
		if !ok {
			t.Fatalf("%s: no price: %s", name, label)
		}
		for range 2 { // the second time it is remembered
			byLabel, ok := tc.book.Labelled(label, bill)
			if got, _ := byLabel.Cost(usage); !ok || got != want {
				t.Errorf("%s: %s comes to %s, the estimate was %s", name, label, got, want)
			}
		}
		byName, ok := tc.book.Rates(tc.provider, tc.model, bill)
		if got, _ := byName.Cost(usage); !ok || got != want {
			t.Errorf("%s: the rates come to %s, the estimate was %s", name, got, want)
		}
	}
	for _, label := range []string{"", NoRow, "openai/no-such-model, table of 2026-07-02", "mock/gpt-5.4, " + OwnPrices} {
		if _, ok := Default().Labelled(label, &eventlog.Bill{Usage: usage}); ok {
			t.Errorf("%q has a price", label)
		}
	}
}
