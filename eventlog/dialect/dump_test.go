package dialect

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file in testdata, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// decode runs a dialect over a file of lines and spells the events, one a line.
func decode(t *testing.T, d Dialect, path string, full bool) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines [][]byte
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			lines = append(lines, line)
		}
		if err != nil {
			break
		}
	}
	head := &Head{Path: path, Lines: lines}
	if got := Sniff(head, All()); got == nil || got.Name() != d.Name() {
		t.Errorf("%s is told as %v, want %s", path, got, d.Name())
	}
	seg := Segment{Path: path, Head: head}
	if s, ok := d.(Sidecarer); ok {
		if name := s.Sidecar(path); name != "" {
			seg.Sidecar, _ = os.ReadFile(name)
		}
	}
	dec := d.Open(seg)
	var b strings.Builder
	for i, line := range lines {
		rec := &eventlog.Record{Pos: int64(i), Body: []byte(strings.TrimSpace(string(line)))}
		if err := dec.Decode(rec, full, func(e *eventlog.Event) { spell(&b, e) }); err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	return b.String()
}

// spell writes everything that an event tells, shortly.
func spell(b *strings.Builder, e *eventlog.Event) {
	fmt.Fprintf(b, "%s", e.Kind)
	put := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, " %s=%q", name, value)
		}
	}
	if e.Kind == eventlog.Custom {
		put("type", e.Type)
	}
	put("session", e.SessionID)
	put("run", e.RunID)
	put("parent", e.ParentRunID)
	put("parentcall", e.ParentCall)
	put("link", e.Link.String())
	put("agent", e.Agent)
	put("provider", e.Provider)
	put("model", e.Model)
	put("tool", e.Tool)
	put("call", e.CallID)
	if e.Time.Known() {
		put("time", e.Time.Time().Format("15:04:05.000"))
	}
	if e.Began.Known() {
		put("began", e.Began.Time().Format("15:04:05.000"))
	}
	if e.Failed {
		b.WriteString(" failed")
	}
	if e.Copied {
		b.WriteString(" copy")
	}
	if e.Hidden {
		b.WriteString(" hidden")
	}
	if e.Outcome != eventlog.OutcomeUnknown {
		put("outcome", e.Outcome.String())
	}
	if e.Idle != eventlog.IdleSame {
		fmt.Fprintf(b, " idle=%v", e.Idle == eventlog.IdleYes)
	}
	if e.Wait != eventlog.WaitSame {
		put("wait", [...]string{"", "asked", "answered", "refused", "person"}[e.Wait])
	}
	if e.Ran.Known() {
		put("ran", e.Ran.Time().Format("15:04:05.000"))
	}
	if bill := e.Bill; bill != nil {
		fmt.Fprintf(b, " bill=%+v cost=%s %s rule=%s", bill.Usage, bill.Cost, bill.Source, bill.Rule)
		if bill.AtLeast {
			b.WriteString(" atleast")
		}
		if bill.Copied {
			b.WriteString(" copied")
		}
		if bill.Side {
			b.WriteString(" side")
		}
	}
	for _, a := range e.Adopts {
		fmt.Fprintf(b, " adopts=%+v", a)
	}
	if f := e.Facts; f != nil {
		put("goal", f.Goal)
		put("name", f.Name)
		put("title", f.Title)
		put("dir", f.Directory)
		put("sessionparent", f.ParentID)
		put("fork", f.ForkOf)
		put("sameas", f.SameAs)
		if f.Closed {
			b.WriteString(" closed")
		}
		if len(f.Metrics) > 0 {
			fmt.Fprintf(b, " metrics=%v", f.Metrics)
		}
		if len(f.Metadata) > 0 {
			fmt.Fprintf(b, " metadata=%v", f.Metadata)
		}
		if len(f.Tags) > 0 {
			fmt.Fprintf(b, " tags=%v", f.Tags)
		}
	}
	put("text", e.Text)
	put("message", e.Message)
	put("input", string(e.Input))
	put("output", string(e.Output))
	for _, d := range e.Details {
		put(d.Name, d.Value)
	}
	b.WriteByte('\n')
}

func TestGolden(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	for _, tc := range []struct {
		name string
		d    Dialect
		path string
		full bool
	}{
		{"lazybridge", LazyBridge{}, "lazybridge/events.jsonl", false},
		{"lazybridge-full", LazyBridge{}, "lazybridge/events.jsonl", true},
		{"legacy", Legacy{}, "lazybridge/legacy.jsonl", true},
		{"native", LazyBridge{}, "native/events.jsonl", true},
		{"native-telemetry", LazyBridge{}, "native-telemetry/events.jsonl", true},
		{"claude", Claude{}, "claude/projects/-home-dev-shop/0f0e0d0c-1111-4aaa-8bbb-cccccccccccc.jsonl", true},
		{"claude-agent", Claude{}, "claude/projects/-home-dev-shop/0f0e0d0c-1111-4aaa-8bbb-cccccccccccc/subagents/agent-ab12cd3.jsonl", false},
		{"claude-fork", Claude{}, "claude/projects/-home-dev-shop/1f0e0d0c-2222-4aaa-8bbb-cccccccccccc.jsonl", false},
		{"codex", Codex{}, "codex/sessions/2026/03/02/rollout-2026-03-02T09-00-00-019cadc6-9a80-7000-8000-000000000001.jsonl", true},
		{"codex-agent", Codex{}, "codex/sessions/2026/03/02/rollout-2026-03-02T09-10-02-019cadcf-ca10-7000-8000-000000000002.jsonl", false},
		{"codex-fork", Codex{}, "codex/sessions/2026/03/02/rollout-2026-03-02T09-20-00-019cadd8-ea00-7000-8000-000000000003.jsonl", false},
		{"codex-old", Codex{}, "codex/sessions/2026/03/02/rollout-2026-03-02T10-00-00-019cadfd-8900-7000-8000-000000000004.jsonl", true},
		{"codex-copy", Codex{}, "codex/archived_sessions/rollout-2026-03-02T11-00-00-019cae34-7780-7000-8000-000000000005.jsonl", false},
		{"codex-resumed", Codex{}, "codex/sessions/2026/03/02/rollout-2026-03-02T12-00-00-019cae6b-6600-7000-8000-000000000006.jsonl", false},
		{"codex-bare", Codex{}, "codex/sessions/2025/06/01/rollout-2025-06-01T08-00-00-0c0de000-0000-4000-8000-000000000007.jsonl", true},
		{"codex-exec", CodexExec{}, "codex/exec.jsonl", true},
	} {
		t.Run(tc.name, func(t *testing.T) { golden(t, tc.name, decode(t, tc.d, filepath.Join(root, tc.path), tc.full)) })
	}
}

func TestMoment(t *testing.T) {
	for value, want := range map[string]string{
		`1763629200.5`:                       "2025-11-20T09:00:00.5Z",
		`1763629200123`:                      "2025-11-20T09:00:00.123Z",
		`1763629200123456`:                   "2025-11-20T09:00:00.123456Z",
		`"2026-11-20T09:00:00.25Z"`:          "2026-11-20T09:00:00.25Z",
		`"2026-11-20T09:26:54.146432+00:00"`: "2026-11-20T09:26:54.146432Z",
		`"2026-11-20 09:00:00"`:              "2026-11-20T09:00:00Z",
		`-5`:                                 "",
		`0`:                                  "",
		`null`:                               "",
		`"yesterday"`:                        "",
		`NaN`:                                "",
		`1e400`:                              "",
		`""`:                                 "",
		`{}`:                                 "",
	} {
		got := ""
		if at := moment([]byte(value)); at.Known() {
			got = at.Time().Format("2006-01-02T15:04:05.999999999Z07:00")
		}
		if got != want {
			t.Errorf("%s = %q, want %q", value, got, want)
		}
	}
}

// A log must not be able to take tokens or money away, nor to make a total
// that is not finite.
func TestOddNumbers(t *testing.T) {
	for line, want := range map[string]string{
		`{"event_type":"model_response","session_id":"s","cost_usd":1e400,"input_tokens":1}`:                  "1 0 unpriced",
		`{"event_type":"model_response","session_id":"s","cost_usd":-1,"input_tokens":-5}`:                    "0 0 unpriced",
		`{"event_type":"model_response","session_id":"s","cost_usd":NaN,"input_tokens":1e308}`:                "0 0 unpriced",
		`{"event_type":"model_response","session_id":"s","cost_usd":"0.01","input_tokens":"12"}`:              "12 0.01 recorded",
		`{"event_type":"model_response","session_id":"s","cost_usd":null,"input_tokens":3}`:                   "3 0 unpriced",
		`{"event_type":"model_response","session_id":"s","cost_usd":0,"input_tokens":3}`:                      "3 0 recorded",
		`{"event_type":"model_response","session_id":"s","provider":"codex","cost_usd":0.0,"input_tokens":3}`: "3 0 unpriced",
		`{"event_type":"model_response","session_id":"s","input_tokens":10,"cached_input_tokens":4}`:          "6 0 unpriced",
	} {
		got := ""
		err := newBridge().Decode(&eventlog.Record{Body: []byte(line)}, false, func(e *eventlog.Event) {
			got = fmt.Sprint(e.Bill.Usage.Input, " ", e.Bill.Cost, " ", e.Bill.Source)
		})
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, path := range []string{"lazybridge/events.jsonl", "lazybridge/legacy.jsonl", "claude/projects/-home-dev-shop/0f0e0d0c-1111-4aaa-8bbb-cccccccccccc.jsonl", "codex/exec.jsonl",
		"codex/sessions/2026/03/02/rollout-2026-03-02T09-00-00-019cadc6-9a80-7000-8000-000000000001.jsonl",
		"codex/archived_sessions/rollout-2026-03-02T11-00-00-019cae34-7780-7000-8000-000000000005.jsonl",
		"codex/sessions/2025/06/01/rollout-2025-06-01T08-00-00-0c0de000-0000-4000-8000-000000000007.jsonl",
		geminiChat, "gemini/stream.jsonl", "pi/stdout.jsonl", "claude-stream/two-turns.jsonl", "claude-stream/cut-off.jsonl", "opencode-run/run.jsonl", copilotLog,
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", path))
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, d := range All() {
			d.Sniff(&Head{Lines: [][]byte{line}})
			for _, full := range []bool{false, true} {
				dec := d.Open(Segment{Path: "x/agent-1.jsonl", Head: &Head{}})
				for range 2 {
					_ = dec.Decode(&eventlog.Record{Body: line}, full, func(e *eventlog.Event) {
						if e.Bill != nil && (e.Bill.Usage.Total() < 0 || e.Bill.Cost < 0) {
							t.Errorf("%s: negative %+v", line, e.Bill)
						}
					})
				}
			}
		}
	})
}
