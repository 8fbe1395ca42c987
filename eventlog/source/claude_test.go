package source

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// What versions of Claude Code before and after wrote otherwise: side chains in
// the main file, agents beside it and in workflows, summaries of other sessions,
// copies of messages within progress, answers without an id, forks.
func TestClaudeOfManyVersions(t *testing.T) {
	const main, fork = "3f0e0d0c-3333-4aaa-8bbb-cccccccccccc", "4f0e0d0c-4444-4aaa-8bbb-cccccccccccc"
	_, c := read(t, filepath.Join("..", "..", "testdata", "claude-drift"))
	total := rollup.New(c, nil).Total
	want := eventlog.Usage{Input: 10 + 5 + 7 + 3 + 2 + 1, Output: 40 + 20 + 30 + 3 + 4 + 2, CacheRead: 110, CacheWrite5m: 110, CacheWrite1h: 20}
	if total.Usage != want || total.Calls != 6 || total.Sessions != 2 || total.ToolCalls != 1 || c.Audit.AtLeast != 1 {
		t.Errorf("%+v, %d at least; want %+v", total, c.Audit.AtLeast, want)
	}
	s, _ := c.Session(main)
	if s.Name != "Parser split" || s.Goal != "Split the parser" || s.Errors != 1 || s.Outcome != eventlog.Cancelled {
		t.Errorf("%q %q, %d errors, %v", s.Name, s.Goal, s.Errors, s.Outcome)
	}
	if f, _ := c.Session(fork); f.ForkOf != main || f.Calls != 1 {
		t.Errorf("the fork: of %q, %d calls", f.ForkOf, f.Calls)
	}
	links := map[string]string{}
	for _, r := range s.Runs {
		links[c.Symbols.Name(r.ID)] = fmt.Sprint(c.Symbols.Name(r.Parent) == main, " ", r.ParentCall, " ", r.Link)
	}
	if got, want := fmt.Sprint(links), "map["+main+":false   dd22cc3:false  recorded ee11bb2:true  task side-s1:true t1 task side-s3:true  task wf1:true  task]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// The agents of a workflow belong to its run, which hangs below the call that
// started it; its journal is no session. A line of the main chain that names an
// agent brings its result.
func TestClaudeWorkflow(t *testing.T) {
	_, c := read(t, filepath.Join("..", "..", "testdata", "claude-workflow"))
	total := rollup.New(c, nil).Total
	want := eventlog.Usage{Input: 5 + 7 + 1 + 3 + 10, Output: 6 + 8 + 2 + 4 + 20}
	if total.Usage != want || total.Calls != 5 || total.Sessions != 1 || total.ToolCalls != 2 {
		t.Errorf("%+v; want %+v", total, want)
	}
	s, _ := c.Session("5f0e0d0c-5555-4aaa-8bbb-cccccccccccc")
	links := map[string]string{}
	for _, r := range s.Runs {
		if r.Parent != 0 {
			links[c.Symbols.Name(r.ID)] = fmt.Sprint(c.Symbols.Name(r.Agent), " ", c.Symbols.Name(r.Parent)[:3], " ", r.ParentCall, " ", r.Link)
		}
	}
	if got, want := fmt.Sprint(links), "map[b1:workflow-subagent wf_  recorded e1:Explore 5f0 t2 recorded wf_7a1:sweep 5f0 t1 recorded]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if s.Metadata["team"] != "docs-team" || s.Metadata["name"] != "lead" {
		t.Error(s.Metadata)
	}
}
