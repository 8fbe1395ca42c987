package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// What a process has used is told by its shutdown. Older versions counted from
// zero after a resume, newer ones go on; a log is never added up twice, and no
// process is lost, whichever it was. Messages may not name their model.
func TestCopilotProcesses(t *testing.T) {
	start := `session.start {"sessionId":"s","copilotVersion":"1.0.2","context":{"cwd":"/w"}}`
	say := func(output int, more string) string {
		return fmt.Sprintf(`assistant.message {"messageId":"m","content":"x","toolRequests":[],"outputTokens":%d%s}`, output, more)
	}
	stop := func(requests string, models ...string) string {
		return `session.shutdown {"shutdownType":"routine","totalPremiumRequests":` + requests + `,"modelMetrics":{` + strings.Join(models, ",") + `},"currentModel":"big"}`
	}
	used := func(model string, calls, input, output, cached int) string {
		return fmt.Sprintf(`%q:{"requests":{"count":%d},"usage":{"inputTokens":%d,"outputTokens":%d,"cacheReadTokens":%d,"cacheWriteTokens":0}}`, model, calls, input, output, cached)
	}
	const resume, sub = `session.resume {}`, `,"parentToolCallId":"t1"`
	for name, c := range map[string]struct {
		events   []string
		want     eventlog.Usage
		calls    int64
		least    int64
		requests float64
		models   string
	}{
		"from zero, and less than before": {
			[]string{start, say(90, ""), stop("3", used("big", 3, 800, 100, 200)), resume, say(40, ""), stop("1", used("big", 1, 300, 50, 100))},
			eventlog.Usage{Input: 600 + 200, Output: 150, CacheRead: 300}, 4, 0, 4, "big",
		},
		"from zero, with another model": {
			[]string{start, say(90, ""), stop("3", used("small", 3, 800, 100, 200)), resume, say(40, ""), stop("7", used("big", 5, 1500, 350, 400))},
			eventlog.Usage{Input: 600 + 1100, Output: 450, CacheRead: 600}, 8, 0, 10, "big small",
		},
		"from zero, and more than before": {
			[]string{start, say(90, ""), stop("1", used("big", 1, 300, 100, 100)), resume, say(390, ""), stop("3", used("big", 4, 900, 400, 200))},
			eventlog.Usage{Input: 200 + 700, Output: 500, CacheRead: 300}, 5, 0, 4, "big",
		},
		"going on": {
			[]string{start, say(90, ""), stop("1", used("big", 1, 300, 100, 100)), resume, say(290, ""), stop("3", used("big", 4, 900, 400, 200))},
			eventlog.Usage{Input: 700, Output: 400, CacheRead: 200}, 4, 0, 3, "big",
		},
		"going on, with an agent that is not counted": {
			[]string{start, say(100, ""), stop("1", used("big", 1, 300, 100, 100)), resume, say(20, ""), say(500, sub+`,"model":"small"`), stop("2", used("big", 2, 400, 120, 150))},
			eventlog.Usage{Input: 250, Output: 120 + 500, CacheRead: 150}, 3, 1, 2, "big small",
		},
		"told twice": {
			[]string{start, say(90, ""), stop("1", used("big", 1, 300, 100, 100)), stop("1", used("big", 1, 300, 100, 100))},
			eventlog.Usage{Input: 200, Output: 100, CacheRead: 100}, 1, 0, 1, "big",
		},
		"nothing told at first": {
			[]string{start, say(90, ""), stop("0"), resume, say(20, ""), stop("1", used("big", 2, 300, 110, 100))},
			eventlog.Usage{Input: 200, Output: 110, CacheRead: 100}, 2, 0, 1, "big",
		},
		"under way": {
			[]string{start, say(90, ""), stop("1", used("big", 1, 300, 100, 100)), resume, say(20, ""), say(30, "")},
			eventlog.Usage{Input: 200, Output: 150, CacheRead: 100}, 3, 2, 1, "big",
		},
		"under way with a model that nobody told": {
			[]string{start, say(90, ""), stop("1", used("small", 1, 300, 100, 100)), resume, say(20, ""), stop("2", used("small", 1, 300, 100, 100), used("big", 2, 50, 20, 30)), say(5, "")},
			eventlog.Usage{Input: 200 + 20, Output: 100 + 20 + 5, CacheRead: 130}, 4, 1, 2, "small big",
		},
		"model told by a tool": {
			[]string{start, say(90, ""), `tool.execution_start {"toolCallId":"t","toolName":"view"}`, `tool.execution_complete {"toolCallId":"t","success":true,"model":"big"}`, say(20, "")},
			eventlog.Usage{Output: 110}, 2, 2, 0, "big",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			for i, event := range c.events {
				kind, data, _ := strings.Cut(event, " ")
				fmt.Fprintf(&log, `{"type":%q,"data":%s,"id":"e%d","timestamp":"2026-03-06T08:00:%02d.000Z","parentId":null}`+"\n",
					kind, strings.Replace(data, `"m"`, fmt.Sprintf(`"m%d"`, i), 1), i, i)
			}
			path := filepath.Join(t.TempDir(), "events.jsonl")
			if err := os.WriteFile(path, []byte(log.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			_, catalog := read(t, path)
			r := rollup.New(catalog, nil)
			if r.Total.Usage != c.want || r.Total.Calls != c.calls || r.Total.AtLeast != c.least {
				t.Errorf("%+v, %d calls, %d at least; want %+v, %d, %d", r.Total.Usage, r.Total.Calls, r.Total.AtLeast, c.want, c.calls, c.least)
			}
			var models []string
			for _, m := range r.Models {
				models = append(models, m.Key)
			}
			if got := strings.Join(models, " "); got != c.models {
				t.Errorf("models %s, want %s", got, c.models)
			}
			if s, _ := catalog.Session("s"); s.Metrics["premium_requests"] != c.requests {
				t.Errorf("%v premium requests, want %v", s.Metrics["premium_requests"], c.requests)
			}
		})
	}
}

// A session that went on after an error has not failed.
func TestCopilotWentOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	log := `{"type":"session.start","data":{"sessionId":"s"},"id":"1","timestamp":"2026-03-06T08:00:00Z","parentId":null}
{"type":"session.error","data":{"errorType":"authorization","message":"Log in first"},"id":"2","timestamp":"2026-03-06T08:00:01Z","parentId":"1"}
`
	for _, c := range []struct {
		more string
		want eventlog.Outcome
	}{{"", eventlog.Failure}, {`{"type":"assistant.message","data":{"messageId":"m","content":"Hello."},"id":"3","timestamp":"2026-03-06T08:00:02Z","parentId":"2"}` + "\n", eventlog.Success}} {
		log += c.more
		if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
		_, catalog := read(t, path)
		if s, _ := catalog.Session("s"); s.Outcome != c.want || s.Errors != 1 {
			t.Errorf("%v, %d errors; want %v", s.Outcome, s.Errors, c.want)
		}
	}
}

// Sums that runs tell pay for nothing, and the events of a session count before
// what was reported of it.
func TestCopilotTelemetry(t *testing.T) {
	telemetry := filepath.Join("..", "..", "testdata", "copilot-telemetry", "copilot-otel.jsonl")
	_, c := read(t, telemetry)
	if len(c.Sessions) != 1 || c.Segments[0].Format != "copilot-telemetry" || c.Segments[0].Faults.Count != 0 || c.Segments[0].Records != 9 {
		t.Fatalf("%d sessions, %+v", len(c.Sessions), c.Segments)
	}
	s := c.Sessions[0]
	if want := (eventlog.Usage{Input: 1100, CacheRead: 1000, CacheWrite5m: 1000, Output: 115, Reasoning: 20}); s.Calls != 3 || s.ToolCalls != 2 || s.ToolFails != 1 || s.Usage != want {
		t.Errorf("%d calls, %d tools, %d failed, %+v, want 3, 2, 1, %+v", s.Calls, s.ToolCalls, s.ToolFails, s.Usage, want)
	}

	reported, err := os.ReadFile(telemetry)
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Join([]string{
		`{"type":"session.start","data":{"sessionId":"c0b11070-0000-4000-8000-000000000001","copilotVersion":"1.0.86"},"id":"1","parentId":null,"timestamp":"2026-03-02T09:00:00Z"}`,
		`{"type":"session.shutdown","data":{"modelMetrics":{"claude-sonnet-4.6":{"requests":{"count":3},"usage":{"inputTokens":3100,"outputTokens":115,"cacheReadTokens":1000,"cacheWriteTokens":1000}}}},"id":"2","parentId":"1","timestamp":"2026-03-02T09:00:06Z"}`,
	}, "\n")
	dir := t.TempDir()
	for name, text := range map[string]string{"otel.jsonl": string(reported), "events.jsonl": kept + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, c = read(t, dir)
	if want := (eventlog.Usage{Input: 1100, CacheRead: 1000, CacheWrite5m: 1000, Output: 115}); len(c.Sessions) != 1 || c.Sessions[0].Usage != want || c.Sessions[0].Calls != 3 {
		t.Errorf("%d sessions, %+v, want %+v once", len(c.Sessions), c.Sessions[0].Usage, want)
	}
}
