//go:build unix

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// TestMain lets this binary be the agent that is recorded.
func TestMain(m *testing.M) {
	switch os.Getenv("RECORD_TEST_ROLE") {
	case "":
	case "caller":
		os.Exit(caller())
	case "sender":
		os.Exit(sender())
	default:
		os.Exit(agent())
	}
	os.Exit(m.Run())
}

// agent sends events to its recorder and prints the answers.
func agent() int {
	for i := range 3 {
		id, err := intake.Send(context.Background(), os.Getenv(origin.EnvSocket), fmt.Appendf(nil, `{"id":"e%d","event_type":"tool_call","payload":{"n":%d}}`, i, i))
		fmt.Println(id, err)
	}
	fmt.Println(`{"event_type":"decision","agent_name":"inner","why":"printed"}`)
	fmt.Fprintln(os.Stderr, "a complaint")
	return 3
}

type store struct {
	mu     sync.Mutex
	events []eventlog.Event
	fail   func(n int) error // asked with the number of the write
	writes int
}

func (s *store) WriteEvents(_ context.Context, events []eventlog.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes++; s.fail != nil {
		if err := s.fail(s.writes); err != nil {
			return err
		}
	}
	s.events = append(s.events, events...)
	return nil
}

func (s *store) Close() error { return nil }

func (s *store) types() string {
	var list []string
	for _, e := range s.events {
		list = append(list, e.Type)
	}
	return strings.Join(list, " ")
}

func (s *store) find(t *testing.T, kind eventlog.Kind) (eventlog.Event, map[string]any) {
	t.Helper()
	for _, e := range s.events {
		if e.Kind == kind {
			var p map[string]any
			if err := json.Unmarshal(e.Payload, &p); err != nil {
				t.Fatal(err)
			}
			return e, p
		}
	}
	t.Fatalf("no %s among %s", kind, s.types())
	return eventlog.Event{}, nil
}

func record(t *testing.T, s *store, change func(*Options)) (Result, string, string) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	var notices bytes.Buffer
	o := Options{
		Args: []string{os.Args[0], "--password", "hunter2"}, Env: append(os.Environ(), "RECORD_TEST_ROLE=agent"), Dir: t.TempDir(),
		Stdin: null, Stdout: out, Stderr: out, Capture: process.Capture{Auto: true}, Decode: wire.Line,
		Open: func(context.Context) (pipeline.Store, error) { return s, nil }, StorePath: "/x/store", Notices: &notices,
	}
	change(&o)
	result := Record(t.Context(), o)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return result, string(text), notices.String()
}

func TestRecord(t *testing.T) {
	s := &store{}
	result, out, notices := record(t, s, func(o *Options) {
		o.Name, o.Goal, o.Agent, o.ParentSession, o.ParentRun = "n", "g", "tester", "outer", "outer-run"
		o.Metadata, o.Tags, o.Metrics = map[string]string{"k": "v"}, []string{"t"}, map[string]float64{"score": 0.5}
	})
	if result.Code != 3 || notices != "" || result.Stats.Errors != 1 {
		t.Errorf("%+v, notices %q", result, notices)
	}
	for _, line := range []string{"e0 <nil>", "e1 <nil>", "e2 <nil>", `"why":"printed"`, "a complaint"} {
		if !strings.Contains(out, line) {
			t.Errorf("output lacks %q:\n%s", line, out)
		}
	}
	types := s.types()
	if !strings.HasPrefix(types, "session_start agent_start metrics tool_call") || !strings.HasSuffix(types, "error agent_finish session_end") {
		t.Error(types)
	}
	start, p := s.find(t, eventlog.SessionStart)
	if start.RunID != "" || p["goal"] != "g" || p["parent_session_id"] != "outer" || p["capture"].([]any)[2] != "stdout" || p["pid"].(float64) == 0 {
		t.Errorf("session_start %v", p)
	}
	run, p := s.find(t, eventlog.AgentStart)
	if run.RunID == "" || p["agent_name"] != "tester" || p["task"] != "g" || p["parent_run_id"] != "outer-run" {
		t.Errorf("agent_start %v", p)
	}
	call, p := s.find(t, eventlog.ToolCall)
	if call.ID != "e0" || call.RunID != run.RunID || call.SessionID != result.Session || p["agent_name"] != "tester" {
		t.Errorf("tool_call %+v %v", call, p)
	}
	if _, p := s.find(t, eventlog.Decision); p["agent_name"] != "inner" || p["why"] != "printed" {
		t.Errorf("decision %v", p)
	}
	if _, p := s.find(t, eventlog.LogLine); p["text"] == nil {
		t.Errorf("log %v", p)
	}
	if _, p := s.find(t, eventlog.SessionEnd); p["exit_code"] != 3.0 || p["outcome"] != "failure" || p["dropped"] != 0.0 {
		t.Errorf("session_end %v", p)
	}
}

// The command runs and keeps its exit code, whatever becomes of the store.
func TestRecordWithABrokenStore(t *testing.T) {
	full := errors.New("no space left on device")
	for name, open := range map[string]func(context.Context) (pipeline.Store, error){
		"cannot be opened": func(context.Context) (pipeline.Store, error) { return nil, full },
		"fails at once": func(context.Context) (pipeline.Store, error) {
			return &store{fail: func(int) error { return full }}, nil
		},
	} {
		result, out, notices := record(t, nil, func(o *Options) { o.Open = open })
		if result.Code != 3 || strings.Contains(out, "<nil>") || !strings.Contains(out, "no space left") {
			t.Errorf("%s: code %d, output\n%s", name, result.Code, out)
		}
		if n := strings.Count(notices, "\n"); n < 1 || n > 3 {
			t.Errorf("%s: notices\n%s", name, notices)
		}
	}
}

// A fault in the middle leaves a session that says so.
func TestRecordWithAPassingFault(t *testing.T) {
	s := &store{}
	s.fail = func(n int) error {
		if n == 2 {
			return errors.New("disk gone")
		}
		return nil
	}
	result, _, notices := record(t, s, func(*Options) {})
	if _, p := s.find(t, eventlog.SessionEnd); p["incomplete"] != "disk gone" || p["lost"].(float64) == 0 {
		t.Errorf("session_end %v", p)
	}
	if result.Code != 3 || result.Stats.Fault == nil || strings.Count(notices, "\n") != 2 {
		t.Errorf("%+v, notices\n%s", result, notices)
	}
}

func TestRecordWhatCannotBeStarted(t *testing.T) {
	s := &store{}
	result, _, notices := record(t, s, func(o *Options) { o.Args = []string{"/no/such/\x1bprogram"} })
	if result.Code != 127 || notices != "lazytrace: /no/such/\\x1bprogram: command not found\n" {
		t.Errorf("code %d, notices %q", result.Code, notices)
	}
	if got := s.types(); got != "session_start agent_start error agent_finish session_end" {
		t.Error(got)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]eventlog.Outcome{
		0: eventlog.Success, 1: eventlog.Failure, 130: eventlog.Cancelled, 143: eventlog.Cancelled, 137: eventlog.Failure, 129: eventlog.Cancelled,
	} {
		if got := (&recording{}).outcome(process.Status{Code: code}); got != want {
			t.Errorf("%d: %s", code, got)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	got := environment([]string{"A=1", "LAZYTRACE_SESSION=old", "LAZYTRACE_SOCKET=/old", "B="}, map[string]string{
		origin.EnvSession: "new", origin.EnvRun: "r", origin.EnvStore: "", origin.EnvSocket: "",
	})
	if want := "A=1 B= LAZYTRACE_PARENT_RUN=r LAZYTRACE_SESSION=new"; strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n := &notices{out: &out}
	n.hold()
	n.add("one\x1b[2J")
	if out.Len() != 0 {
		t.Errorf("%q", out.String())
	}
	n.release()
	for range 5 {
		n.add("more")
	}
	if got := out.String(); got != "lazytrace: one\\x1b[2J\nlazytrace: more\nlazytrace: more\n" {
		t.Errorf("%q", got)
	}
}

// One line is kept for what has to be said at once, which is said even while the
// program has the terminal.
func TestNoticesOfAGuard(t *testing.T) {
	var out bytes.Buffer
	n := &notices{out: &out, keep: 1}
	n.hold()
	for _, line := range []string{"a", "b", "c"} {
		n.guard(line, false)
	}
	n.guard("paused", true)
	n.guard("paused again", true)
	if got := out.String(); got != "\r\nlazytrace: paused\r\n" {
		t.Errorf("%q", got)
	}
	n.release()
	if got := out.String(); got != "\r\nlazytrace: paused\r\nlazytrace: a\nlazytrace: b\n" {
		t.Errorf("%q", got)
	}
}

func TestHeartbeat(t *testing.T) {
	s := &store{}
	record(t, s, func(o *Options) {
		o.Args, o.Heartbeat = []string{"sleep", "0.2"}, 20*time.Millisecond
	})
	if e, p := s.find(t, eventlog.Heartbeat); e.RunID != "" || p["pid"].(float64) == 0 {
		t.Errorf("heartbeat %v", p)
	}
}

// What the program tells stands behind the beginning, however quick it is.
func TestGate(t *testing.T) {
	t.Parallel()
	s := &store{}
	rec := pipeline.New(pipeline.Options{Open: func(context.Context) (pipeline.Store, error) { return s, nil }})
	g := gate{rec, make(chan struct{})}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	call := eventlog.Event{Kind: eventlog.ToolCall, Type: "tool_call"}
	if g.Emit(given, call) == nil || g.Record(given, call, nil) == nil {
		t.Error("taken before the beginning was told")
	}
	done := make(chan error, 2) // one of each call
	go func() { done <- g.Emit(t.Context(), call) }()
	go func() { done <- g.Record(t.Context(), call, func(error) {}) }()
	if err := rec.Emit(t.Context(), eventlog.Event{Kind: eventlog.SessionStart, Type: "session_start"}); err != nil {
		t.Fatal(err)
	}
	close(g.open)
	if err := errors.Join(<-done, <-done, rec.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if s.types() != "session_start tool_call tool_call" {
		t.Error(s.types())
	}
}
