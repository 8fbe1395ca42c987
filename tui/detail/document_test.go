package detail

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func text(d *document) string {
	var b strings.Builder
	for _, l := range d.lines {
		b.WriteString(strings.Join(strings.Fields(strings.ReplaceAll(l.text, "\t", " ")), " ") + "|")
	}
	return b.String()
}

func TestBodies(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"command", `{"command":"npm test","timeout":5}`, "$ npm test|"},
		{"fields in their order", `{"b":"2","a":1}`, "b 2|a 1|"},
		{"text over lines", `{"old":"one\ntwo"}`, "old|one|two|"},
		{"nested", `{"a":{"b":[1,"a rather long text that does not fit beside its name"]}}`, `a|{|"b": [|1,|"a rather long text that does|not fit beside its name"|]|}|`},
		{"string", `"just words"`, "just words|"},
		{"blocks", `[{"type":"text","text":"hello"}]`, "hello|"},
		{"broken", `{"a":`, `{"a":|`},
		{"null", `null`, "This step says nothing more.|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := eventlog.Event{Kind: eventlog.ToolCall, Input: json.RawMessage(c.input)}
			if got := text(compose([]eventlog.Event{e}, Call, 36, false)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFailureComesFirst(t *testing.T) {
	d := compose([]eventlog.Event{
		{Kind: eventlog.ToolCall, Input: json.RawMessage(`{"command":"make"}`)},
		{Kind: eventlog.ToolError, Failed: true, Message: "exit 2", Output: json.RawMessage(`"no rule"`)},
	}, Call, 40, false)
	if got := text(d); got != "exit 2||$ make||no rule|" {
		t.Errorf("got %s", got)
	}
}

// TestLongBodies checks that a body of any size becomes a document of a bounded
// one.
func TestLongBodies(t *testing.T) {
	big, _ := json.Marshal(strings.Repeat("0123456789 ", 1<<20))
	d := compose([]eventlog.Event{{Kind: eventlog.ToolResult, Output: big}}, Output, 80, false)
	if len(d.lines) > maxLines+2 || !d.cut {
		t.Errorf("%d lines, cut %v", len(d.lines), d.cut)
	}
}
