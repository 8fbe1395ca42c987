package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"console":                          "console",
		"console:pretty":                   "console",
		"json:/x/y:z.jsonl":                "json lines to /x/y:z.jsonl",
		"log":                              "log",
		"exec:jq . > a:b":                  `exec "jq . > a:b"`,
		"otlp:http://localhost:4318":       "otlp to http://localhost:4318/v1/traces",
		"otlp+json:https://u:p@x.example/": "otlp to https://x.example/v1/traces",
		"filter:types=a,b:log":             "log",
		"filter:where=kind:tool:log":       "log",
		"filter:where=kind:tool err:any -tool:bash,grep:json:x":        "json lines to x",
		`filter:where="a:log" OR (model:gpt*):otlp:http://localhost`:   "otlp to http://localhost/v1/traces",
		"filter:where=type:log:log":                                    "log",
		"filter:where=cost>0.5:filter:types=model_response:exec:a:log": `exec "a:log"`,
	} {
		x, err := Parse(text, Settings{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := nameOf(x); got != want {
			t.Errorf("%s: %s", text, got)
		}
		must(t, x.Close()) // before an event nothing was opened
	}
	for _, text := range []string{
		"", "nope", "nope:x", "json", "json:", "exec:", "log:x", "console:loud", "otlp", "otlp:localhost", "otlp:http://127.0.0.1:", "otlp+json:ftp://x", "filter", "filter:x", "filter:log",
		"filter:types=:log", "filter:types=a", "filter:types=a:", "filter:types=a:nope", "filter:where=:log", "filter:where=kind:tool", "filter:where=kind:log",
		"filter:where=nofield:x:log", "filter:where=(a:log", "filter:where=dies<3d:log", "filter:where=kind:tool:json:",
	} {
		if _, err := Parse(text, Settings{}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Parse("nope", Settings{}); !strings.Contains(err.Error(), "exec:COMMAND") {
		t.Errorf("%v lists no kinds", err)
	}
	if path, ok := JSONFile("json:a:b"); path != "a:b" || !ok {
		t.Errorf("%q, %v", path, ok)
	}
	for _, text := range []string{"json:", "log", "filter:types=a:json:x"} {
		if _, ok := JSONFile(text); ok {
			t.Errorf("%s is a file of all events", text)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	events := eventsOf(t, filepath.Join("testdata", "recording.jsonl"))
	for text, want := range map[string]string{
		"types=agent_finish,hil_decision": "e18 e20 e21 e26 e30",
		"where=kind:tool":                 "e08 e10 e16 e17 e19 e22 e23 e24",
		"where=is:failed":                 "e15 e17 e20 e29",
		"where=model:claude* cache>1k":    "e07",
		"where=cost>=0.5":                 "e25",
		"where=model:gpt-5-mini":          "e12 e14", // the answer is by the model that was asked
		"where=\"stale cache\"":           "e18 e19",
		"where=run:lead kind:model":       "e06 e07 e25 e27", // a retry is one of a model call
		"where=env:staging type:retry":    "e27",             // what the session said holds for all of it
		"where=link:exact":                "e09",
		"where=dur>2s":                    "e18 e30",
	} {
		var got []string
		x, err := Parse("filter:"+text+":log", Settings{})
		must(t, err)
		f := x.(*Filter)
		f.inner = Callback(func(e eventlog.Event) error {
			got = append(got, e.ID)
			return nil
		})
		for _, e := range events {
			must(t, f.Export(e))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// A filter hands the end of a batch and its own on, and the errors back.
func TestFilterPassesOn(t *testing.T) {
	t.Parallel()
	h := newHeld()
	close(h.release)
	f := NewFilter(h, func(*eventlog.Event) bool { return true })
	must(t, f.Flush())
	must(t, f.Close())
	if h.flushes != 1 || !h.closed {
		t.Errorf("%d flushes, closed %v", h.flushes, h.closed)
	}
	no := errors.New("no")
	f = NewFilter(Callback(func(eventlog.Event) error { return no }), OfTypes("x"))
	if err := f.Export(event("x", "s", "", "1", 0, `{}`)); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	must(t, f.Export(event("y", "s", "", "2", 0, `{}`)))
	must(t, f.Flush())
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := NewLogTo(&out)
	for _, e := range eventsOf(t, filepath.Join("testdata", "recording.jsonl")) {
		must(t, l.Export(e))
	}
	must(t, l.Export(event("dropped", "s1", "", "d", 0, `{"count":3}`)))
	must(t, l.Export(event("note\u009b", "s1", "", "n", 0, "{\"text\":\"a\\u0000\u202e\U000e0041b\"}")))
	levels := map[string]string{}
	for line := range strings.Lines(out.String()) {
		var r struct {
			Time, Level, Msg, ID, Error, Tool string
			Session                           string `json:"session_id"`
			Run                               *string
			Payload                           map[string]any
		}
		must(t, json.Unmarshal([]byte(line), &r))
		levels[r.ID] = r.Level + " " + r.Msg
		switch {
		case r.Session != "s1" || r.Payload == nil:
			t.Errorf("%s", line)
		case r.ID == "e17" && (r.Error != "no such file" || r.Tool != "grep" || r.Time != "2026-02-02T02:40:03.5Z"):
			t.Errorf("%s", line)
		case r.ID == "n" && r.Payload["text"] != "a\x00\u202e\U000e0041b":
			t.Errorf("%q", r.Payload["text"])
		}
	}
	for id, want := range map[string]string{
		"e02": "INFO agent_start", "e15": "ERROR error", "e17": "ERROR tool_error", "e20": "ERROR agent_finish", "e26": "INFO agent_finish",
		"d": "WARN dropped", "n": "INFO note\u009b",
	} {
		if levels[id] != want {
			t.Errorf("%s: %s, want %s", id, levels[id], want)
		}
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e || r >= 0xe0000) {
			t.Errorf("%U gets through", r)
		}
	}
}

// A logger that wants warnings only gets no more.
func TestLogOfLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := NewLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	for _, e := range eventsOf(t, filepath.Join("testdata", "recording.jsonl")) {
		must(t, l.Export(e))
	}
	must(t, l.Close())
	if n := strings.Count(out.String(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

func TestPretty(t *testing.T) {
	t.Parallel()
	events := eventsOf(t, filepath.Join("testdata", "recording.jsonl"))
	for _, c := range []struct {
		name string
		o    PrettyOptions
	}{{"wide", PrettyOptions{}}, {"narrow", PrettyOptions{Width: 60}}, {"colours", PrettyOptions{Width: 90, Color: true}}} {
		var out bytes.Buffer
		p := NewPretty(&out, c.o)
		for _, e := range events {
			must(t, p.Export(e))
		}
		must(t, p.Close())
		golden := filepath.Join("testdata", "pretty-"+c.name+".txt")
		if *update {
			must(t, os.WriteFile(golden, out.Bytes(), 0o600))
		}
		want, err := os.ReadFile(golden)
		must(t, err)
		if got := out.String(); got != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("other than %s:\n%s", golden, got)
		}
	}
}

// Foreign texts cannot steer the terminal or break the line, however narrow.
func TestPrettyEscapes(t *testing.T) {
	t.Parallel()
	const bad = "\x1b[2J\u009b1m\u202e\n\t\U000e0041"
	quoted, err := json.Marshal(bad)
	must(t, err)
	for _, width := range []int{1, 20, 80, 300} {
		var out bytes.Buffer
		p := NewPretty(&out, PrettyOptions{Width: width})
		for i, typ := range []string{"tool_call", "model_response", "error", "agent_finish", "log", "x" + bad} {
			e := event(typ, "s", "r", fmt.Sprint(i), i, strings.ReplaceAll(
				`{"agent_name":Q,"tool":Q,"model":Q,"error":Q,"text":Q,"payload":Q,"arguments":{"command":Q},"content":Q,"input_tokens":1}`, "Q", string(quoted)))
			must(t, p.Export(e))
		}
		must(t, p.Close())
		if n := strings.Count(out.String(), "\n"); n != 6 {
			t.Errorf("width %d: %d lines", width, n)
		}
		if strings.ContainsAny(out.String(), "\x1b\u009b\u202e\t\U000e0041") {
			t.Errorf("width %d: %q", width, out.String())
		}
	}
}

// The plain look is LazyBridge's, line by line, where its output is at hand.
func TestConsoleLooksLikeLazyBridge(t *testing.T) {
	t.Parallel()
	samples := filepath.Join("..", "..", "..", "shared", "samples", "seeds")
	want, err := os.ReadFile(filepath.Join(samples, "console.txt"))
	if err != nil {
		t.Skipf("no output of LazyBridge here: %v", err)
	}
	var out bytes.Buffer
	c := NewConsole(&out)
	for _, e := range eventsOf(t, filepath.Join(samples, "events.jsonl")) {
		must(t, c.Export(e))
	}
	must(t, c.Close())
	// NaN is no JSON: it is null here, and null is left out.
	theirs := strings.Replace(string(want), "custom_metric  value=nan\n", "custom_metric\n", 1)
	if got := out.String(); got != theirs {
		t.Errorf("lines differ:\n%s", difference(got, theirs))
	}
}
