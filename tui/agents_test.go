package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// trials are sessions of three experiments: one of which something may be
// concluded, one that has too few, and one whose variants are of odd sizes.
func trials() []eventlog.Event {
	var out []eventlog.Event
	n := 0
	try := func(experiment, variant string, succeeded bool, score float64, cost eventlog.Money, source eventlog.CostSource, took time.Duration, failure string) {
		n++
		s := &story{id: fmt.Sprintf("try-%03d", n), at: noon.Add(-time.Duration(n) * time.Hour / 4)}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
			e.Facts = &eventlog.Facts{Name: fmt.Sprintf("ticket %d", n), Agent: "triage", Experiment: experiment, Variant: variant, Started: e.Time}
		})
		s.add("r", "triage", eventlog.AgentStart, nil)
		s.model("r", "triage", "haiku-5", "billing", 4000, 60, cost, source, took)
		s.tool("r", "triage", "lookup", `{"ticket":1}`, "found", failure, time.Second)
		s.add("r", "triage", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
		outcome := map[bool]eventlog.Outcome{true: eventlog.Success, false: eventlog.Failure}[succeeded]
		s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
			e.Facts = &eventlog.Facts{Closed: true, Outcome: outcome, Ended: e.Time, Metrics: map[string]float64{"score": score}}
		})
		out = append(out, s.out...)
	}
	for i := range 12 {
		try("triage-prompt", "short", i%3 > 0, 0.7, cents/2, eventlog.Recorded, 9*time.Second, map[bool]string{true: "no such ticket"}[i%4 == 0])
		try("triage-prompt", "with examples", i%6 > 0, 0.82, 2*cents, eventlog.Estimated, 20*time.Second, "")
	}
	for i := range 14 {
		try("model", []string{"large", "small"}[i%7/5], i%2 > 0, 0.5, cents, eventlog.Unpriced, 5*time.Second, "")
	}
	for i := range 52 {
		try("order", []string{"a", "b"}[i%4/3], true, 0.5, cents, eventlog.Recorded, 5*time.Second, "")
	}
	return out
}

// circle is a session in which two agents start each other, and one itself.
func circle() []eventlog.Event {
	s := &story{id: "circle", at: noon.Add(-10 * time.Minute)}
	run := func(id, agent, parent string) {
		s.add(id, agent, eventlog.AgentStart, func(e *eventlog.Event) {
			e.ParentRunID = parent
			if parent != "" {
				e.Link = eventlog.LinkName
			}
		})
		s.model(id, agent, "opus-5", "next", 4000, 60, cents, eventlog.Recorded, 4*time.Second)
		s.tool(id, agent, "Search", `{"q":"x"}`, "found", "", time.Second)
	}
	run("1", "writer", "")
	run("2", "critic", "1")
	run("3", "writer", "2")
	run("4", "critic", "3")
	run("5", "critic", "4")
	run("6", "editor", "3")
	run("7", "critic", "6")
	return s.out
}

// crowd is a session of many agents that call many tools.
func crowd(agents, tools int) []eventlog.Event {
	s := &story{id: "crowd", at: noon.Add(-time.Hour)}
	for i := range agents {
		id := fmt.Sprintf("agent-%02d", i)
		s.add(id, id, eventlog.AgentStart, func(e *eventlog.Event) {
			if i > 0 {
				e.ParentRunID, e.Link = "agent-00", eventlog.LinkSure
			}
		})
		for k := range 3 {
			s.tool(id, id, fmt.Sprintf("tool_%02d", (i*7+k)%tools), `{}`, "ok", "", time.Second)
		}
	}
	return s.out
}

// Enter on an agent shows its sessions, of those that were shown, and enter on one
// of its sessions goes there.
func TestAgentsLeadToTheirSessions(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("p p p /").typed("cost>0.1").keys("enter g a j enter")
	if got, want := d.m.home.Query(), `(cost>0.1) agent:"`; !strings.HasPrefix(got, want) {
		t.Fatalf("the filter is %q, want %s…", got, want)
	}
	if text, _ := d.screen(); !strings.Contains(text, "1 Sessions") {
		t.Errorf("not the sessions\n%s", text)
	}
	d.keys("ctrl+r")
	d.send(press("g"))
	d.keys("a tab enter")
	if d.over() == nil {
		t.Fatal("enter on a session of an agent does not open it")
	}
}

// Enter on a variant shows its sessions, also where they name none.
func TestVariantsLeadToTheirSessions(t *testing.T) {
	src, log := told(t, trials())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("p p p g v j j j j enter")
	if got, want := d.m.home.Query(), `experiment:"triage-prompt" variant:"short"`; got != want {
		t.Errorf("the filter is %q, want %q", got, want)
	}
	if d.m.home.view.Shown != 12 {
		t.Errorf("%d sessions are shown, want 12", d.m.home.view.Shown)
	}
}

// Enter on a node shows what it did: sessions at home, steps in a session.
func TestNodesLeadToWhatTheyDid(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("g o e enter")
	if got := d.m.home.Query(); got != `tool:"Write"` && got != `tool:"Bash"` && !strings.HasPrefix(got, "agent:") {
		t.Errorf("the filter is %q", got)
	}
	d = drive(t, src, log, nil).start(120, 36)
	d.keys("enter g o e enter")
	if e := d.over(); e.tab != 0 || e.Query() != `tool:"Bash"` || e.trace.Lines().Hits != 4 {
		t.Errorf("tab %d, filter %q, %d steps", e.tab, e.Query(), e.trace.Lines().Hits)
	}
	// A run by itself is gone to, not filtered.
	d = drive(t, src, log, nil).start(120, 36)
	d.keys("enter g o E j j enter")
	s := d.over().snap.Span(d.over().selected())
	if d.over().tab != 0 || d.over().Query() != "" || s.Kind != eventlog.SpanRun {
		t.Errorf("tab %d, filter %q, the selected step is %+v", d.over().tab, d.over().Query(), s)
	}
}

// The selected node stays selected whatever is shown of it: drawing, tree, runs
// added up, another size.
func TestGraphKeepsTheNode(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter g o e")
	for _, keys := range []string{"t", "t", "E", "E"} {
		d.keys(keys)
		if text, _ := d.screen(); !strings.Contains(text, "tool Bash") {
			t.Errorf("after %s another node is selected\n%s", keys, text)
		}
	}
	d.send(press("h"))
	if text, _ := d.screen(); !strings.Contains(text, "agent run-ci") {
		t.Errorf("h does not go to who calls it\n%s", text)
	}
}
