package transcript

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/layers"
)

// sink keeps events.
type sink struct {
	mu     sync.Mutex
	events []eventlog.Event
}

func (s *sink) Emit(_ context.Context, e eventlog.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	return nil
}

func (s *sink) of(k eventlog.Kind) (list []eventlog.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

// await waits until there are so many events of a kind.
func (s *sink) await(t *testing.T, k eventlog.Kind, n int) []eventlog.Event {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if list := s.of(k); len(list) >= n {
			return list
		}
	}
	t.Fatalf("%d events of %s, want %d", len(s.of(k)), k, n)
	return nil
}

// agent is a folder in which an agent works, and what it writes about itself.
type agent struct {
	t    *testing.T
	home string
	dir  string
	sink sink
	reg  *layers.Registry
	opts Options
}

func newAgent(t *testing.T) *agent {
	a := &agent{t: t, home: t.TempDir(), dir: t.TempDir(), reg: layers.New()}
	a.opts = Options{
		Args: []string{"claude", "-p", "look around"}, Env: []string{"HOME=" + a.home, "CLAUDE_CONFIG_DIR=" + filepath.Join(a.home, "c")},
		Dir: a.dir, Session: "the recording", Run: "command", Started: time.Now(), Files: true,
	}
	return a
}

func (a *agent) follow() *Follower {
	f := Follow(context.Background(), &a.sink, a.reg, a.opts)
	a.t.Cleanup(func() { a.drain(f) })
	return f
}

func (a *agent) drain(f *Follower) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	f.Drain(ctx)
}

// write appends lines to a transcript.
func (a *agent) write(path string, lines ...string) {
	a.t.Helper()
	path = filepath.Join(a.home, "c", "projects", "-p", path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		a.t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		a.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Join(lines, "\n") + "\n"); err != nil {
		a.t.Fatal(err)
	}
}

func (a *agent) line(kind, session, id string, at time.Time, more string) string {
	dir, _ := json.Marshal(a.dir)
	return fmt.Sprintf(`{"type":%q,"sessionId":%q,"uuid":%q,"timestamp":%q,"cwd":%s,"version":"2.1.0",%s}`,
		kind, session, id, at.UTC().Format("2006-01-02T15:04:05.000Z"), dir, more)
}

func (a *agent) prompt(session string, at time.Time, text string) string {
	return a.line("user", session, "u-"+text, at, fmt.Sprintf(`"message":{"role":"user","content":%q}`, text))
}

func (a *agent) answer(session, id string, at time.Time) string {
	return a.line("assistant", session, "a-"+id, at, fmt.Sprintf(
		`"requestId":"req_%s","message":{"id":%q,"model":"claude-sonnet-4-5","stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4},`+
			`"content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_%s","name":"Bash","input":{"command":"ls"}}]}`, id, id, id))
}

func TestConversationOfTheProgram(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	f := a.follow()
	now := time.Now()
	a.write("c1.jsonl", a.prompt("c1", now, "anything"), a.answer("c1", "msg_1", now))
	a.sink.await(t, eventlog.ToolCall, 1)
	// A sub-agent has a file of its own.
	a.write("c1/subagents/agent-s1.jsonl", a.line("user", "c1", "s", now, `"agentId":"s1","isSidechain":true,"message":{"role":"user","content":"help"}`))
	a.sink.await(t, eventlog.AgentStart, 2)
	// What is written last is read, though nobody waits for it.
	a.write("c1.jsonl", a.answer("c1", "msg_2", now.Add(time.Millisecond)))
	a.drain(f)
	responses := a.sink.of(eventlog.ModelResponse)
	if len(responses) != 2 {
		t.Fatalf("%d responses, want 2", len(responses))
	}
	e := responses[0]
	if e.SessionID != "" || e.RunID != "c1" || e.Of != "c1" || e.Bill == nil || e.Bill.Usage.Output != 4 {
		t.Errorf("response: %+v", e)
	}
	starts, ends := a.sink.of(eventlog.AgentStart), a.sink.of(eventlog.AgentFinish)
	if starts[0].RunID != "c1" || starts[0].ParentRunID != "command" || starts[1].RunID != "s1" || starts[1].ParentRunID != "c1" {
		t.Errorf("runs: %+v", starts)
	}
	if len(ends) != 2 || ends[0].RunID != "s1" || ends[1].RunID != "c1" {
		t.Errorf("ends: %+v", ends)
	}
	for _, e := range a.sink.events {
		if !json.Valid(e.Payload) {
			t.Errorf("payload of %s is no JSON: %s", e.Type, e.Payload)
		}
	}
}

func TestOnlyWhatIsNewOfAResumedConversation(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	old := time.Now().Add(-time.Hour)
	a.write("c1.jsonl", a.prompt("c1", old, "before"), a.answer("c1", "msg_1", old))
	a.write("other.jsonl", a.prompt("other", old, "unrelated"))
	f := a.follow()
	now := time.Now()
	a.write("c1.jsonl", a.prompt("c1", now, "now"), a.answer("c1", "msg_2", now))
	a.drain(f)
	if got := a.sink.of(eventlog.ModelResponse); len(got) != 1 || !strings.Contains(string(got[0].Payload), "req_msg_2") && got[0].Time != eventlog.StampOf(now.Truncate(time.Millisecond)) {
		t.Errorf("responses: %+v", got)
	}
	for _, e := range a.sink.of(eventlog.Message) {
		if e.Of != "c1" || !strings.Contains(string(e.Payload), `"now"`) {
			t.Errorf("a message from before: %s", e.Payload)
		}
	}
}

func TestConversationsOfOthers(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	f := a.follow()
	now := time.Now()
	here := a.dir
	a.dir = t.TempDir()
	a.write("elsewhere.jsonl", a.prompt("elsewhere", now, "in another folder"))
	a.write("claimed.jsonl", a.prompt("claimed", now, "in another folder, and ours"))
	a.write("prompted.jsonl", a.prompt("prompted", now, "look around"))
	a.dir = here
	f.Claim("claimed")
	a.drain(f)
	of := map[string]bool{}
	for _, e := range a.sink.of(eventlog.Message) {
		of[e.Of] = true
	}
	if len(of) != 2 || !of["claimed"] || !of["prompted"] {
		t.Errorf("recorded: %v", of)
	}
}

// Another agent in the same folder may have written what we find there.
func TestRivals(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("which processes run here is known on Linux only")
	}
	t.Parallel()
	a := newAgent(t)
	rival := &exec.Cmd{Path: "/bin/sleep", Args: []string{"claude", "60"}, Dir: a.dir, Env: []string{"HOME=" + a.home}}
	if err := rival.Start(); err != nil {
		t.Skipf("nothing to run as a rival: %v", err)
	}
	defer func() {
		_ = rival.Process.Kill()
		_ = rival.Wait()
	}()
	// Start returns when the program is being executed; its arguments can be read a moment later.
	for cmdline := fmt.Sprintf("/proc/%d/cmdline", rival.Process.Pid); t.Context().Err() == nil; time.Sleep(time.Millisecond) {
		if args, err := os.ReadFile(cmdline); err != nil || len(args) > 0 {
			break
		}
	}
	f := a.follow()
	now := time.Now()
	a.write("whose.jsonl", a.prompt("whose", now, "who knows"))
	a.write("mine.jsonl", a.prompt("mine", now, "look around"))
	a.sink.await(t, eventlog.Message, 1)
	a.drain(f)
	if got := a.sink.of(eventlog.Message); len(got) != 1 || got[0].Of != "mine" {
		t.Errorf("recorded: %+v", got)
	}
	if f.Left() != 1 {
		t.Errorf("%d conversations are told as left, want 1", f.Left())
	}
}

// An agent that the program starts is found by its process, and where it works.
func TestAgentThatIsStarted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("which processes run here is known on Linux only")
	}
	t.Parallel()
	a := newAgent(t)
	a.opts.Args = []string{"sh", "-c", "something"}
	a.dir = t.TempDir()
	f := a.follow()
	child := &exec.Cmd{Path: "/bin/sleep", Args: []string{"claude", "60"}, Dir: a.dir, Env: []string{"LAZYTRACE_SESSION=the recording"}}
	if err := child.Start(); err != nil {
		t.Skipf("nothing to run as an agent: %v", err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	a.write("c1.jsonl", a.prompt("c1", time.Now(), "hello"))
	a.sink.await(t, eventlog.Message, 1)
	a.drain(f)
	if f.Left() != 0 {
		t.Error("a conversation that was recorded is told as left")
	}
}

// What the proxy told of is not told as another call.
func TestCallsThatAnotherLayerTold(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	heard := &eventlog.Bill{Call: eventlog.Identify("response", "msg_1"), Request: eventlog.Identify("request", "req_msg_1"), Rule: eventlog.RuleResponse, Usage: eventlog.Usage{Input: 3, Output: 4}}
	a.reg.Call(layers.Proxy, true, heard)
	f := a.follow()
	a.write("c1.jsonl", a.prompt("c1", time.Now(), "x"), a.answer("c1", "msg_1", time.Now()))
	a.drain(f)
	got := a.sink.of(eventlog.ModelResponse)
	if len(got) != 1 || got[0].Bill.Call != heard.Call || !strings.Contains(string(got[0].Payload), `"layers":["proxy","transcript"]`) {
		t.Errorf("response: %+v", got)
	}
}
