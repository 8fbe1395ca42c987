package label

import (
	"encoding/json"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestInput(t *testing.T) {
	for input, want := range map[string]string{
		`{"command":"npm test\n-- cart","timeout":5}`:      "npm test",
		`{"file_path":"/home/dev/shop/src/cart/lock.ts"}`:  "…/src/cart/lock.ts",
		`{"file_path":"/tmp/a"}`:                           "/tmp/a",
		`{"file_path":"src/lock.ts"}`:                      "src/lock.ts",
		`{"command":"/usr/bin/env python3 /opt/x/y/z.py"}`: "/usr/bin/env python3 /opt/x/y/z.py",
		`{"argv":["git","status"]}`:                        "git status",
		`"find tide tables"`:                               "find tide tables",
		`null`:                                             "",
		`{}`:                                               "",
		`{"a":1,"b":2}`:                                    "a 1, b 2",
	} {
		if got := Input(json.RawMessage(input)); got != want {
			t.Errorf("%s: %q, want %q", input, got, want)
		}
	}
}

func TestOfOutput(t *testing.T) {
	for text, want := range map[string]string{
		"a line":              "a line",
		"first\n\nthird":      "first … 3 lines",
		"\n\x1b[31mred\nnext": "\x1b[31mred … 3 lines",
	} {
		if got := Of(&eventlog.Event{Kind: eventlog.LogLine, Text: text}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Of(&eventlog.Event{Kind: eventlog.Message, Text: "first\nnext"}); got != "first" {
		t.Errorf("%q", got)
	}
}

func TestOfPrefersTheArguments(t *testing.T) {
	e := &eventlog.Event{Kind: eventlog.ToolCall, Input: json.RawMessage(`{"query":"tides"}`), Text: "other"}
	if got := Of(e); got != "tides" {
		t.Errorf("%q", got)
	}
	if got := Failure(&eventlog.Event{Kind: eventlog.ToolTimeout}); got != "timed out" {
		t.Errorf("%q", got)
	}
}
