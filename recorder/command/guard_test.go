//go:build linux

package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/guard"
)

// spender is an agent with a child. It spends more than a dollar, and waits for
// the child, which waits for a file. Both write down who they are.
const spender = `sh -c 'echo $$ > "$DIR/child"; while [ -d "$DIR" ] && [ ! -e "$DIR/go" ]; do sleep 0.02; done' &
echo $$ > "$DIR/agent"
while [ -d "$DIR" ] && [ ! -s "$DIR/child" ]; do sleep 0.01; done
echo '{"event_type":"model_response","response_id":"r1","model":"m","input_tokens":5,"cost_usd":0.6}'
echo '{"event_type":"model_response","response_id":"r1","model":"m","input_tokens":5,"cost_usd":0.6}'
echo '{"event_type":"model_response","response_id":"r2","model":"m","input_tokens":5,"cost_usd":0.41}'
wait
echo done`

const spent = `{"event_type":"model_response","response_id":"r1","model":"m","input_tokens":5,"cost_usd":0.6}
{"event_type":"model_response","response_id":"r1","model":"m","input_tokens":5,"cost_usd":0.6}
{"event_type":"model_response","response_id":"r2","model":"m","input_tokens":5,"cost_usd":0.41}
`

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Errorf("%s: it never was", what)
}

// stateOf is the letter that the system has for the state of a process that
// wrote its number to a file, and a dash for nobody.
func stateOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "-"
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "-"
	}
	return string(stat[bytes.LastIndexByte(stat, ')')+2])
}

func costGuard(action guard.Action) *guard.Options {
	return &guard.Options{
		Reader: dialect.NewStored(),
		Rules:  []guard.Rule{{Name: "max_cost", Source: "--max-cost", Limit: guard.Cost, Most: int64(eventlog.Dollar), Action: action, Severity: guard.Critical}},
	}
}

// kinds returns the events of some kinds with their sentences.
func (s *store) sentences(kinds ...eventlog.Kind) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, e := range s.events {
		for _, k := range kinds {
			if e.Kind == k {
				var p struct{ Message string }
				_ = json.Unmarshal(e.Payload, &p)
				fmt.Fprintf(&b, "%s: %s\n", e.Type, p.Message)
			}
		}
	}
	return b.String()
}

// A command is paused with what it started, somebody lets it go on in one of
// the ways there are, and it ends as if nothing had been.
func TestGuardPauses(t *testing.T) {
	for name, resume := range map[string]func(t *testing.T, session string){
		"lazytrace resume": func(t *testing.T, session string) {
			for _, r := range guard.Find(t.Context()) {
				if r.Session == session {
					if r.Paused != "max_cost tripped: $1.01 of $1.00" || r.Recorder != os.Getpid() {
						t.Errorf("%+v", r)
					}
					if err := guard.Resume(t.Context(), r); err != nil {
						t.Error(err)
					}
					if err := guard.Resume(t.Context(), r); err != guard.ErrNotPaused {
						t.Error(err)
					}
					return
				}
			}
			t.Errorf("%s is not to be found", session)
		},
		"SIGCONT": func(*testing.T, string) { unix.Kill(os.Getpid(), unix.SIGCONT) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, s := t.TempDir(), &store{}
			t.Setenv("DIR", dir)
			t.Setenv("XDG_RUNTIME_DIR", dir)
			session := "s-" + strings.ReplaceAll(name, " ", "-")
			var looking sync.WaitGroup
			looking.Go(func() {
				await(t, "both are stopped", func() bool {
					both := stateOf(filepath.Join(dir, "agent")) + stateOf(filepath.Join(dir, "child"))
					return strings.ReplaceAll(both, "D", "T") == "TT" // D: the one that it is just starting is stopped
				})
				await(t, "it is told", func() bool { return strings.Contains(s.sentences(eventlog.StateChange), "paused") })
				resume(t, session)
				await(t, "the agent goes on", func() bool { return stateOf(filepath.Join(dir, "agent")) == "S" })
				if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
					t.Error(err)
				}
			})
			result, out, notices := record(t, s, func(o *Options) {
				o.Args, o.SessionID, o.Guard = []string{"sh", "-c", spender}, session, costGuard(guard.Pause)
			})
			looking.Wait()
			if result.Code != 0 || out != spent+"done\n" {
				t.Errorf("exit %d, output %q", result.Code, out)
			}
			if want := fmt.Sprintf("lazytrace: max_cost tripped: $1.01 of $1.00, paused; `lazytrace resume %d` lets it go on\n", os.Getpid()); notices != want {
				t.Errorf("notices %q", notices)
			}
			got := s.sentences(eventlog.Policy, eventlog.Signal, eventlog.StateChange)
			want := "policy: max_cost tripped: $1.01 of $1.00, paused\nsignal: max_cost tripped: $1.01 of $1.00, paused\n" +
				"state_change: max_cost tripped: $1.01 of $1.00, paused\nstate_change: resumed by " + name
			if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "; max_cost is $2.01 now\n") {
				t.Errorf("%s", got)
			}
			_, p := s.find(t, eventlog.SessionStart)
			if rules := p["guards"].(map[string]any)["rules"].([]any); rules[0].(map[string]any)["name"] != "max_cost" {
				t.Errorf("%v", p["guards"])
			}
			if _, p := s.find(t, eventlog.SessionEnd); p["outcome"] != "success" {
				t.Errorf("%v", p)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "lazytrace-*")); len(left) > 0 {
				t.Errorf("%v was left", left)
			}
		})
	}
}

// A signal that asks to end wakes a command that is paused, so that it can.
func TestGuardPausedAndAskedToEnd(t *testing.T) {
	dir, s := t.TempDir(), &store{}
	t.Setenv("DIR", dir)
	var looking sync.WaitGroup
	looking.Go(func() {
		await(t, "it is stopped", func() bool { return stateOf(filepath.Join(dir, "agent")) == "T" })
		await(t, "it is told", func() bool { return strings.Contains(s.sentences(eventlog.StateChange), "paused") })
		unix.Kill(os.Getpid(), unix.SIGTERM)
	})
	result, _, _ := record(t, s, func(o *Options) { o.Args, o.Guard = []string{"sh", "-c", spender}, costGuard(guard.Pause) })
	looking.Wait()
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil { // for the child, which nobody asked
		t.Error(err)
	}
	if _, p := s.find(t, eventlog.SessionEnd); result.Code != 143 || p["failure_reason"] != "ended by SIGTERM" {
		t.Errorf("exit %d, %v", result.Code, p)
	}
}

func TestGuardStops(t *testing.T) {
	dir, s := t.TempDir(), &store{}
	t.Setenv("DIR", dir)
	result, out, notices := record(t, s, func(o *Options) { o.Args, o.Guard = []string{"sh", "-c", spender}, costGuard(guard.Stop) })
	if result.Code != 143 || out != spent || notices != "lazytrace: max_cost tripped: $1.01 of $1.00, stopped\n" {
		t.Errorf("exit %d, output %q, notices %q", result.Code, out, notices)
	}
	const reason = "stopped by guard max_cost: $1.01 of $1.00"
	if e, p := s.find(t, eventlog.SessionEnd); p["failure_reason"] != reason || p["outcome"] != "cancelled" || e.Facts.FailureReason != reason {
		t.Errorf("%v", p)
	}
	if _, p := s.find(t, eventlog.Error); p["error"] != reason || p["exit_code"] != 143.0 {
		t.Errorf("%v", p)
	}
	if got := stateOf(filepath.Join(dir, "child")); got != "-" && got != "Z" {
		t.Errorf("the child is %s", got)
	}
}

// A command that ends well when it is asked to was stopped all the same.
func TestGuardStopsWhoEndsWell(t *testing.T) {
	s := &store{}
	result, _, _ := record(t, s, func(o *Options) {
		o.Args = []string{"sh", "-c", `trap 'exit 0' TERM; echo '{"event_type":"error","message":"x"}'; while :; do sleep 0.02; done`}
		o.Guard = costGuard(guard.Stop)
		o.Guard.Rules[0].Limit, o.Guard.Rules[0].Most = guard.Errors, 0
	})
	if _, p := s.find(t, eventlog.SessionEnd); result.Code != 0 || p["outcome"] != "cancelled" || p["failure_reason"] != "stopped by guard max_cost: 1 of 0 errors" {
		t.Errorf("exit %d, %v", result.Code, p)
	}
}

// What is told after the end is told of, and nobody is stopped for it.
func TestGuardAfterTheEnd(t *testing.T) {
	s := &store{}
	result, out, _ := record(t, s, func(o *Options) {
		o.Args, o.Guard = []string{"sh", "-c", `echo '{"event_type":"model_response","cost_usd":2,"input_tokens":1}'; exit 4`}, costGuard(guard.Stop)
	})
	got := s.sentences(eventlog.Policy, eventlog.Signal)
	if result.Code != 4 && result.Code != 143 || !strings.Contains(out, "cost_usd") || strings.Count(got, "max_cost tripped: $2.00 of $1.00, ") != 2 {
		t.Errorf("exit %d, %q, %s", result.Code, out, got)
	}
}
