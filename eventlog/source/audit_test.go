package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// claudeLine is a line of a response, of a session and with counts.
func claudeLine(uuid, session, request, message string, out int, more string) string {
	return fmt.Sprintf(`{"type":"assistant","uuid":%q,"timestamp":"2026-02-01T10:00:01Z","sessionId":%q,"requestId":%q%s,"message":{"id":%q,"role":"assistant","model":"claude-opus-4-6","content":[{"type":"tool_use","id":"t-%s","name":"Bash","input":{}}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":%d,"service_tier":"standard","speed":"fast","inference_geo":"us"}}}`,
		uuid, session, request, more, message, message, out)
}

// audited is a folder with something for most figures: a response told of three
// times, a fork, progress that embeds a message, and lines that are no records.
func audited(t *testing.T) string {
	dir := t.TempDir()
	user := `{"type":"user","uuid":"u","timestamp":"2026-02-01T10:00:00Z","sessionId":"s1","message":{"role":"user","content":"go"}}`
	progress := `{"type":"progress","uuid":"p","timestamp":"2026-02-01T10:00:02Z","sessionId":"s1","parentToolUseID":"t-m1","data":{"type":"agent_progress","agentId":"a","message":{"type":"assistant","message":{"id":"m9","usage":{"output_tokens":3}}}}}`
	for name, lines := range map[string][]string{
		"s1.jsonl": {
			user, claudeLine("a1", "s1", "r1", "m1", 30, ""), "no record", claudeLine("a2", "s1", "r1", "m1", 5, ""), progress,
			claudeLine("a3", "s1", "r1", "m1", 20, ""), claudeLine("a4", "s1", "r2", "m2", 7, ""), `{"type":`,
		},
		"s2.jsonl": {
			strings.Replace(user, "s1", "s2", 1), claudeLine("a1", "s2", "r1", "m1", 20, `,"requestSessionId":"s1"`),
			claudeLine("b4", "s2", "r3", "m3", 9, ""),
		},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func findings(t *testing.T, s *Set, f eventlog.Figure) []eventlog.Finding {
	t.Helper()
	var all []eventlog.Finding
	if err := s.Find(t.Context(), f, func(one *eventlog.Finding) error {
		all = append(all, *one)
		return nil
	}); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return all
}

func TestFindTellsWhatTheAuditCounts(t *testing.T) {
	s, c := read(t, audited(t))
	for f, want := range map[eventlog.Figure]string{
		eventlog.FigureUnreadable:     "s1.jsonl:3 no object at byte 0 no record, s1.jsonl:8 no value at byte 8 {\"type\":",
		eventlog.FigureSameResponse:   "s1.jsonl:2 out 30, s1.jsonl:4 out 5",
		eventlog.FigureCopies:         "s2.jsonl:2 out 20",
		eventlog.FigureCopiedResponse: "s2.jsonl:2 out 20",
		eventlog.FigureForks:          "s2.jsonl:2 out 20",
		eventlog.FigureEchoes:         "s1.jsonl:5",
		eventlog.FigureBilled:         "s1.jsonl:6 out 30, s1.jsonl:7 out 7, s2.jsonl:3 out 9",
		eventlog.FigureToolCopies:     "s2.jsonl:2",
		eventlog.FigureCallRecords:    "s1.jsonl:2 out 30, s1.jsonl:4 out 5, s1.jsonl:6 out 20, s1.jsonl:7 out 7, s2.jsonl:2 out 20, s2.jsonl:3 out 9",
	} {
		var got []string
		for _, one := range findings(t, s, f) {
			text := fmt.Sprintf("%s:%d", filepath.Base(one.Path), one.Line)
			if one.Bill != nil {
				text += fmt.Sprintf(" out %d", one.Bill.Usage.Output)
				if one.Bill.Mode != eventlog.Fast|eventlog.Regional {
					t.Errorf("mode %s", one.Bill.Mode)
				}
			}
			got = append(got, strings.TrimSpace(text+" "+one.Why+" "+one.Excerpt))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s:\n%s, want\n%s", f, strings.Join(got, ", "), want)
		}
	}
	holds(t, s, c)
}

// holds says that every figure has as many records behind it as it counts, and
// that the figures add up.
func holds(t *testing.T, s *Set, c *eventlog.Catalog) {
	t.Helper()
	a := c.Audit
	if a.CallRecords != a.SameResponse+a.SameRequest+a.SameRecord+a.Copies+a.Billed || a.Calls != a.RecordedCalls+a.Estimates+a.UnpricedCalls ||
		a.Copies != a.CopiedBy[eventlog.RuleResponse]+a.CopiedBy[eventlog.RuleRequest]+a.CopiedBy[eventlog.RuleRecord] {
		t.Errorf("the figures do not add up: %+v", a)
	}
	for _, f := range eventlog.Figures() {
		var n int64
		for _, one := range findings(t, s, f) {
			calls := int64(1)
			switch f {
			case eventlog.FigureCalls, eventlog.FigureRecorded, eventlog.FigureEstimated, eventlog.FigureUnpriced, eventlog.FigureAtLeast:
				calls = one.Bill.Count()
			}
			n += calls
		}
		if n != a.Count(f) {
			t.Errorf("%s: %d records for a count of %d", f, n, a.Count(f))
		}
	}
}

func TestAuditOfOwnLogs(t *testing.T) {
	for _, name := range []string{"claude", "codex", "gemini", "lazybridge", "native", "pi", "opencode-run", "claude-stream", "claude-drift", "copilot", "otlp", "gemini-telemetry", "copilot-telemetry", "sentrial", "niitaka", "swe-agent", "mini-swe-agent", "inspect", "agentsdk", "opencode-files"} {
		s, c := read(t, filepath.Join("..", "..", "testdata", name))
		if c.Audit.Records == 0 {
			t.Errorf("%s: nothing was read", name)
		}
		holds(t, s, c)
	}
}

func TestAuditOfRealLogs(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "samples")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	for _, name := range []string{"claude", "codex", "gemini", "opencode", "otlp", "pi", "seeds", "stdout", "sweagent"} {
		s, c := read(t, filepath.Join(root, name))
		holds(t, s, c)
	}
}

func TestFindStops(t *testing.T) {
	s, _ := read(t, audited(t))
	stop, n := errors.New("enough"), 0
	err := s.Find(t.Context(), eventlog.FigureRecords, func(*eventlog.Finding) error {
		n++
		return stop
	})
	if err != stop || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Find(ctx, eventlog.FigureRecords, func(*eventlog.Finding) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// Codex says in its settings how calls are served from then on.
func TestModeOfCodex(t *testing.T) {
	tokens := func(n int) string {
		return fmt.Sprintf(`{"timestamp":"2026-02-01T10:00:0%dZ","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":%d,"output_tokens":%d,"total_tokens":%d},"last_token_usage":{"input_tokens":10,"output_tokens":1,"total_tokens":11}}}}`, n, 10*n, n, 11*n)
	}
	lines := []string{
		`{"timestamp":"2026-02-01T10:00:00Z","type":"session_meta","payload":{"id":"019cadc6-9a80-7000-8000-000000000009","timestamp":"2026-02-01T10:00:00Z","cwd":"/p","cli_version":"0.170.0","model_provider":"openai"}}`,
		`{"timestamp":"2026-02-01T10:00:00Z","type":"turn_context","payload":{"model":"gpt-5.4"}}`, tokens(1),
		`{"timestamp":"2026-02-01T10:00:01Z","type":"event_msg","payload":{"type":"thread_settings_applied","thread_settings":{"model":"gpt-5.4","service_tier":"fast"}}}`, tokens(2),
		`{"timestamp":"2026-02-01T10:00:02Z","type":"turn_context","payload":{"model":"gpt-5.4"}}`, tokens(3),
		`{"timestamp":"2026-02-01T10:00:03Z","type":"turn_context","payload":{"model":"gpt-5.4","service_tier":"flex"}}`, tokens(4),
		`{"timestamp":"2026-02-01T10:00:04Z","type":"turn_context","payload":{"model":"gpt-5.4","service_tier":null}}`, tokens(5),
	}
	path := filepath.Join(t.TempDir(), "rollout-2026-02-01T10-00-00-019cadc6-9a80-7000-8000-000000000009.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, c := read(t, path)
	var got []string
	for _, e := range c.Entries.All() {
		got = append(got, e.Mode.String())
	}
	if want := []string{"", "fast", "fast", "flex", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
