package source

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// Threads that were forked, resumed by another version, and started by each
// other, with each call counted once, where it was made.
func TestCodexTogether(t *testing.T) {
	const main, child, fork, old, copied = "019cadc6-9a80-7000-8000-000000000001", "019cadcf-ca10-7000-8000-000000000002",
		"019cadd8-ea00-7000-8000-000000000003", "019cadfd-8900-7000-8000-000000000004", "019cae34-7780-7000-8000-000000000005"
	_, c := read(t, filepath.Join("..", "..", "testdata", "codex"))
	got := rollup.New(c, nil).Total
	if want := (eventlog.Usage{Input: 13500, CacheRead: 27600, CacheWrite5m: 1500, Output: 719, Reasoning: 160}); got.Usage != want {
		t.Errorf("usage %+v, want %+v", got.Usage, want)
	}
	if got.Calls != 13 || got.ToolCalls != 14 || got.ToolErrors != 5 || got.Sessions != 8 {
		t.Errorf("%d calls, %d tool calls, %d of them failed, %d sessions", got.Calls, got.ToolCalls, got.ToolErrors, got.Sessions)
	}
	for id, want := range map[string]int64{main: 3, child: 1, fork: 1, old: 3, copied: 1} {
		s, ok := c.Session(id)
		if !ok {
			t.Fatalf("no session %s", id)
		}
		if s.Calls != want {
			t.Errorf("%s has %d calls, want %d", id, s.Calls, want)
		}
	}
	if s, _ := c.Session(child); s.Parent == nil || s.Parent.ID != main || s.Agent != "Ada" {
		t.Errorf("the sub-agent hangs below %v, called %q", s.Parent, s.Agent)
	}
	if s, _ := c.Session(main); s.Label() != "Failing test" || s.Goal != "Fix the failing test" || s.Outcome != eventlog.Failure || s.FailureReason != "high demand" {
		t.Errorf("%q %q %v %q", s.Label(), s.Goal, s.Outcome, s.FailureReason)
	}
	if s, _ := c.Session(fork); s.ForkOf != main {
		t.Errorf("forked from %q", s.ForkOf)
	}
	if s, _ := c.Session(copied); s.ForkOf != old || s.ToolCalls != 0 {
		t.Errorf("forked from %q, %d tool calls", s.ForkOf, s.ToolCalls)
	}
	if s, _ := c.Session(old); s.Outcome != eventlog.Failure || s.ToolCalls != 2 {
		t.Errorf("%v, %d tool calls", s.Outcome, s.ToolCalls)
	}
}

// In a trace the session of a sub-agent hangs below the run that started it.
func TestCodexTree(t *testing.T) {
	const main, child = "019cadc6-9a80-7000-8000-000000000001", "019cadcf-ca10-7000-8000-000000000002"
	set, c := read(t, filepath.Join("..", "..", "testdata", "codex"))
	s, _ := c.Session(main)
	log, err := set.OpenLog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	snap := load(t, log)
	names := snap.Symbols.Names()
	found, models := false, 0
	for _, span := range snap.Spans.All() {
		switch {
		case span.Kind == eventlog.SpanSession && names[span.Session] == child:
			up := snap.Span(span.Parent)
			found = up.Kind == eventlog.SpanTool && names[up.Tool] == "spawn_agent" && names[up.Session] == main
		case span.Kind == eventlog.SpanModel && names[span.Session] == main:
			models++
			if span.Bill == 0 || !span.Flags.Has(eventlog.SpanApprox) {
				t.Errorf("a model call without its bill or with a sure start: %+v", span)
			}
		}
	}
	if !found || models != 3 {
		t.Errorf("the sub-agent hangs below the call that started it: %v; %d model calls", found, models)
	}
}

// What was found while a file was read whole can be read again, one row at a
// time, and the trace holds each call of the session as one span.
func TestCodexTrace(t *testing.T) {
	for _, root := range []string{filepath.Join("..", "..", "testdata", "codex"), "samples/codex", "samples/stdout/codex_exec_0.169"} {
		t.Run(filepath.Base(root), func(t *testing.T) {
			if root[0] != '.' {
				root = shared(t, filepath.FromSlash(root))
			}
			set, c := read(t, root)
			for _, s := range c.Sessions {
				if s.Format != "codex" && s.Format != "codex-exec" {
					continue
				}
				log, err := set.OpenLog(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				snap := load(t, log)
				var rows []eventlog.RowID
				for i := range snap.Rows.All() {
					rows = append(rows, eventlog.RowID(i))
				}
				events, err := log.Events(t.Context(), rows)
				if err != nil {
					t.Fatal(err)
				}
				for i := range events {
					if events[i].Kind != snap.Rows.At(i).Kind {
						t.Errorf("%s: row %d is %s, read again %s: %s", s.ID, i, snap.Rows.At(i).Kind, events[i].Kind, events[i].Message)
					}
				}
				for _, span := range snap.Spans.All() {
					if span.Kind == eventlog.SpanTool && (span.First == span.Last) != (span.Flags.Has(eventlog.SpanOpen)) {
						t.Errorf("%s: a call and its result are not one span: %+v", s.ID, span)
					}
				}
				if err := log.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The figures of real logs equal those of an independent counter.
func TestCodexFacts(t *testing.T) {
	type facts struct {
		Records     int64 `json:"records"`
		Sessions    int64 `json:"sessions"`
		Subs        int64 `json:"subagent_sessions"`
		Calls       int64 `json:"api_calls"`
		Turns       int64 `json:"turns"`
		ToolCalls   int64 `json:"tool_calls"`
		ToolErrors  int64 `json:"tool_errors_exit_nonzero"`
		Errors      int64 `json:"errors"`
		Compactions int64 `json:"compactions"`
		Tokens      struct {
			Input     int64 `json:"input_tokens"`
			Cached    int64 `json:"cached_input_tokens"`
			Written   int64 `json:"cache_write_input_tokens"`
			Output    int64 `json:"output_tokens"`
			Reasoning int64 `json:"reasoning_output_tokens"`
		} `json:"tokens"`
	}
	eachFacts(t, "codex", func(name string, facts facts, c *eventlog.Catalog) {
		got, n := rollup.New(c, nil).Total, facts.Tokens
		want := rollup.Sum{
			Sessions: facts.Sessions, Runs: facts.Sessions, Calls: facts.Calls, ToolCalls: facts.ToolCalls, ToolErrors: facts.ToolErrors,
			Errors: facts.Errors + facts.ToolErrors, Unpriced: facts.Calls,
			Usage: eventlog.Usage{Input: n.Input - n.Cached - n.Written, CacheRead: n.Cached, CacheWrite5m: n.Written, Output: n.Output, Reasoning: n.Reasoning},
		}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
		var subs, turns, compactions int64
		for _, s := range c.Sessions {
			if s.Parent != nil {
				subs++
			}
		}
		for _, s := range c.Segments {
			turns += s.Kinds["agent_start"]
			compactions += s.Kinds["compaction"]
		}
		if c.Audit.Records != facts.Records || c.Audit.Unreadable != 0 || subs != facts.Subs || turns != facts.Turns || compactions != facts.Compactions {
			t.Errorf("%s: %d records, %d of them unreadable, %d sub-agents, %d turns, %d compactions; want %+v",
				name, c.Audit.Records, c.Audit.Unreadable, subs, turns, compactions, facts)
		}
	})
}
