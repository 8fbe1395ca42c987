// Command showcase writes a log of a month of invented agent work, up to now:
// what the pictures in docs/ are taken of. It is a native log like any other,
// with sub-agents, a loop that is going on, somebody who is waited for, failures,
// retries, a compaction, forks and an experiment.
//
//	go run ./testdata/showcase [-now 2026-03-04T12:41:00Z] > events.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"time"
)

func main() {
	at := flag.String("now", "", "when now is, RFC 3339; the present when empty")
	flag.Parse()
	now := time.Now().UTC()
	if *at != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, *at); err != nil {
			fmt.Fprintln(os.Stderr, "showcase:", err)
			os.Exit(2)
		}
	}
	b := &book{now: now, rand: rand.New(rand.NewPCG(7, 11))}
	b.month()
	b.experiment()
	b.race(now.Add(-26*time.Hour), "race-yesterday", "claude-opus-4-6", true)
	b.report()
	b.migration()
	b.race(now.Add(-10*time.Minute-2*time.Second), "race-now", "claude-opus-4-6", false)
	out := bufio.NewWriter(os.Stdout)
	b.write(out)
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "showcase:", err)
		os.Exit(1)
	}
}

// book is all events that were written down.
type book struct {
	now   time.Time
	rand  *rand.Rand
	lines []line
	calls int
}

type line struct {
	at   time.Time
	body map[string]any
}

// write writes the events in the order of their time.
func (b *book) write(out *bufio.Writer) {
	sort.SliceStable(b.lines, func(i, j int) bool { return b.lines[i].at.Before(b.lines[j].at) })
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for i, l := range b.lines {
		if l.at.After(b.now) {
			continue
		}
		l.body["ts"] = float64(l.at.UnixMilli()) / 1000
		l.body["seq"], l.body["id"] = i+1, fmt.Sprintf("e%d", i+1)
		_ = e.Encode(l.body) // to a buffer, whose error Flush tells
	}
}

// session is one session that is being written, at a moment.
type session struct {
	*book
	id string
	at time.Time
}

func (b *book) session(id string, at time.Time, facts map[string]any) *session {
	s := &session{b, id, at}
	s.put("", "session_start", facts)
	return s
}

func (s *session) put(run, kind string, body map[string]any) {
	line := line{at: s.at, body: map[string]any{"event_type": kind, "session_id": s.id, "run_id": nil}}
	if run != "" {
		line.body["run_id"] = s.id + "/" + run
	}
	for k, v := range body {
		line.body[k] = v
	}
	s.lines = append(s.lines, line)
}

func (s *session) wait(d time.Duration) { s.at = s.at.Add(d) }

func (s *session) start(run, agent, task, parent, call string) {
	body := map[string]any{"agent_name": agent, "task": task}
	if parent != "" {
		body["parent_run_id"] = s.id + "/" + parent
	}
	if call != "" {
		body["tool_use_id"] = call
	}
	s.put(run, "agent_start", body)
}

func (s *session) finish(run, said string) {
	s.put(run, "agent_finish", map[string]any{"payload": said})
}

// answer is what a model said and used.
type answer struct {
	model    string
	says     string
	in, out  int
	cached   int // of in, read from the cache
	written  int // of in, written to it
	recorded float64
	took     time.Duration
}

func (s *session) model(run string, a answer) {
	s.calls++
	call := fmt.Sprintf("c%d", s.calls)
	s.put(run, "model_request", map[string]any{"model": a.model, "provider": providerOf(a.model), "call_id": call})
	s.wait(a.took)
	body := map[string]any{
		"model": a.model, "provider": providerOf(a.model), "call_id": call, "response_id": "msg_" + call, "content": a.says,
		"input_tokens": a.in - a.cached - a.written, "cache_read_tokens": a.cached, "cache_write_5m_tokens": a.written, "output_tokens": a.out,
		"latency_ms": a.took.Milliseconds(), "stop_reason": "end_turn",
	}
	if a.recorded > 0 {
		body["cost_usd"] = a.recorded
	}
	s.put(run, "model_response", body)
}

func providerOf(model string) string {
	if model[0] == 'g' && model[1] == 'p' {
		return "openai"
	}
	if model[0] == 'g' {
		return "google"
	}
	return "anthropic"
}

// tool makes a call of a tool and returns its id.
func (s *session) tool(run, tool string, arguments map[string]any, result, failure string, took time.Duration) string {
	id := s.call(run, tool, arguments)
	s.wait(took)
	if failure != "" {
		s.put(run, "tool_error", map[string]any{"tool": tool, "tool_use_id": id, "error": failure, "type": "ExitError", "result": result})
		return id
	}
	s.put(run, "tool_result", map[string]any{"tool": tool, "tool_use_id": id, "result": result})
	return id
}

func (s *session) call(run, tool string, arguments map[string]any) string {
	s.calls++
	id := fmt.Sprintf("t%d", s.calls)
	s.put(run, "tool_call", map[string]any{"tool": tool, "tool_use_id": id, "arguments": arguments})
	return id
}

func (s *session) says(run, role, text string) {
	s.put(run, "message", map[string]any{"role": role, "content": text})
}

func (s *session) end(outcome, reason string) {
	body := map[string]any{"outcome": outcome}
	if reason != "" {
		body["failure_reason"] = reason
	}
	s.put("", "session_end", body)
}
