package rollup_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

const sec = eventlog.Stamp(time.Second)

// began is when the sessions of these tests begin.
const began = 1_000_000 * sec

// timesOf indexes events, whose times are seconds, and folds them.
func timesOf(t *testing.T, now eventlog.Stamp, events []eventlog.Event) (*rollup.Times, *eventlog.Symbols) {
	t.Helper()
	x := eventlog.NewIndex(eventlog.NewSymbols())
	for i := range events {
		e := events[i]
		for _, at := range []*eventlog.Stamp{&e.Time, &e.Began, &e.Ran} {
			if *at != 0 {
				*at = began + *at*sec
			}
		}
		if e.SessionID == "" {
			e.SessionID = "s"
		}
		x.Append(eventlog.Place{Pos: int64(i)}, &e)
	}
	if now != 0 {
		now = began + now*sec
	}
	snap := x.Publish()
	return rollup.NewTimes(t.Context(), snap, func(eventlog.Sym) eventlog.Stamp { return now }), snap.Symbols
}

// spent spells a time in seconds, without the parts that are nothing.
func spent(v rollup.Time) string {
	text := fmt.Sprint("wall ", v.Wall.Seconds())
	for _, p := range []struct {
		name string
		d    time.Duration
	}{{"model", v.Model}, {"tool", v.Tool}, {"approval", v.Approval}, {"human", v.Human}, {"queue", v.Queue}, {"idle", v.Idle}} {
		if p.d != 0 {
			text += fmt.Sprint(" ", p.name, " ", p.d.Seconds())
		}
	}
	return text
}

const (
	starts   = eventlog.AgentStart
	finishes = eventlog.AgentFinish
	answer   = eventlog.ModelResponse
	calls    = eventlog.ToolCall
	result   = eventlog.ToolResult
	said     = eventlog.Message
	asked    = eventlog.HILDecision
)

func TestTimesOfSession(t *testing.T) {
	for _, c := range []struct {
		name   string
		now    eventlog.Stamp
		events []eventlog.Event
		want   string
	}{
		{"one after the other", 0, []eventlog.Event{
			{Kind: said, Tool: "user", RunID: "r", Time: 1, Idle: eventlog.IdleNo},
			{Kind: answer, RunID: "r", Began: 1, Time: 5},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c", Time: 5},
			{Kind: result, RunID: "r", CallID: "c", Time: 8},
			{Kind: answer, RunID: "r", Began: 8, Time: 10},
		}, "wall 9 model 6 tool 3"},
		{"side by side counts once, and is the tool's", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "a", Time: 1},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "b", Time: 2},
			{Kind: result, RunID: "r", CallID: "a", Time: 5},
			{Kind: result, RunID: "r", CallID: "b", Time: 6},
			{Kind: answer, RunID: "r", Began: 4, Time: 9},
		}, "wall 8 model 3 tool 5"},
		{"a call that waits is not at work", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 10},
			{Kind: asked, RunID: "r", CallID: "c", Time: 12, Wait: eventlog.WaitAsked},
			{Kind: asked, RunID: "r", CallID: "c", Time: 40, Wait: eventlog.WaitAnswered},
			{Kind: result, RunID: "r", CallID: "c", Time: 45},
		}, "wall 35 tool 7 approval 28"},
		{"asked, and since when it ran is told at the end", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 10},
			{Kind: asked, RunID: "r", CallID: "c", Time: 12, Wait: eventlog.WaitAsked},
			{Kind: result, RunID: "r", CallID: "c", Time: 45, Ran: 41},
		}, "wall 35 tool 6 approval 29"},
		{"asked, and nobody tells when it was answered", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 10},
			{Kind: asked, RunID: "r", CallID: "c", Time: 12, Wait: eventlog.WaitAsked},
			{Kind: result, RunID: "r", CallID: "c", Time: 45},
		}, "wall 35 tool 35"},
		{"refused: it never ran", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 10},
			{Kind: eventlog.ToolError, RunID: "r", CallID: "c", Time: 45, Failed: true, Wait: eventlog.WaitRefused},
		}, "wall 35 approval 35"},
		{"a call that is a question", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "ask", CallID: "c", Time: 10, Wait: eventlog.WaitPerson},
			{Kind: result, RunID: "r", CallID: "c", Time: 30},
		}, "wall 20 human 20"},
		{"a call that began late", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 10},
			{Kind: result, RunID: "r", CallID: "c", Time: 30, Ran: 24},
		}, "wall 20 tool 6 queue 14"},
		{"a model that is written around the call it made", 0, []eventlog.Event{
			{Kind: eventlog.ModelRequest, RunID: "r", CallID: "m", Time: 1},
			{Kind: calls, RunID: "r", Tool: "shell", CallID: "c", Time: 4},
			{Kind: eventlog.ToolError, RunID: "r", CallID: "c", Time: 20, Wait: eventlog.WaitRefused},
			{Kind: answer, RunID: "r", CallID: "m", Time: 21},
		}, "wall 20 model 4 approval 16"},
		{"another run works while one waits", 0, []eventlog.Event{
			{Kind: calls, RunID: "a", Tool: "shell", CallID: "c", Time: 1},
			{Kind: eventlog.ToolError, RunID: "a", CallID: "c", Time: 11, Wait: eventlog.WaitRefused},
			{Kind: answer, RunID: "b", Began: 3, Time: 7},
		}, "wall 10 model 4 approval 6"},
		{"between two turns a person is waited for", 0, []eventlog.Event{
			{Kind: said, Tool: "user", RunID: "r", Time: 1, Idle: eventlog.IdleNo},
			{Kind: answer, RunID: "r", Began: 1, Time: 5, Idle: eventlog.IdleYes},
			{Kind: said, Tool: "user", RunID: "r", Time: 60, Idle: eventlog.IdleNo},
			{Kind: answer, RunID: "r", Began: 60, Time: 61, Idle: eventlog.IdleYes},
		}, "wall 60 model 5 human 55"},
		{"or nobody, when something else goes on", 0, []eventlog.Event{
			{Kind: said, Tool: "user", RunID: "r", Time: 1},
			{Kind: answer, RunID: "r", Began: 1, Time: 5, Idle: eventlog.IdleYes},
			{Kind: said, Tool: "system", RunID: "r", Time: 60, Idle: eventlog.IdleNo},
		}, "wall 59 model 4 idle 55"},
		{"a turn is a run", 0, []eventlog.Event{
			{Kind: starts, RunID: "a", Time: 1, Idle: eventlog.IdleNo},
			{Kind: finishes, RunID: "a", Time: 5, Idle: eventlog.IdleYes},
			{Kind: starts, RunID: "b", Time: 25, Idle: eventlog.IdleNo},
			{Kind: finishes, RunID: "b", Time: 26, Idle: eventlog.IdleYes},
		}, "wall 25 human 20 idle 5"},
		{"an agent that another one called waits for that one", 0, []eventlog.Event{
			{Kind: starts, RunID: "a", Time: 1},
			{Kind: calls, RunID: "a", Tool: "Task", CallID: "c", Time: 1, Spawns: true},
			{Kind: starts, RunID: "b", ParentRunID: "a", ParentCall: "c", Link: eventlog.LinkSure, Time: 2},
			{Kind: answer, RunID: "b", Began: 2, Time: 10, Idle: eventlog.IdleYes},
			{Kind: starts, RunID: "b", Time: 20, Idle: eventlog.IdleNo},
			{Kind: answer, RunID: "b", Began: 20, Time: 24, Idle: eventlog.IdleYes},
			{Kind: result, RunID: "a", CallID: "c", Time: 25},
		}, "wall 24 model 12 tool 12"},
		{"a person in the middle of a run", 0, []eventlog.Event{
			{Kind: starts, RunID: "a", Time: 1},
			{Kind: calls, RunID: "a", Tool: "ask", CallID: "c", Time: 1, Spawns: true},
			{Kind: starts, RunID: "b", ParentRunID: "a", ParentCall: "c", Link: eventlog.LinkSure, Time: 2},
			{Kind: asked, RunID: "b", Began: 3, Time: 30},
			{Kind: finishes, RunID: "b", Time: 30},
			{Kind: result, RunID: "a", CallID: "c", Time: 31},
			{Kind: finishes, RunID: "a", Time: 31},
		}, "wall 30 tool 3 human 27"},
		{"an attempt that is to be made again", 0, []eventlog.Event{
			{Kind: said, Tool: "user", RunID: "r", Time: 1, Idle: eventlog.IdleNo},
			{Kind: eventlog.Retry, RunID: "r", Time: 5, Ran: 15},
			{Kind: answer, RunID: "r", Began: 1, Time: 20},
		}, "wall 19 model 9 queue 10"},
		{"no end was seen, and nobody knows", 0, []eventlog.Event{
			{Kind: starts, RunID: "r", Time: 1},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c", Time: 3},
		}, "wall 2 idle 2"},
		{"it goes on", 10, []eventlog.Event{
			{Kind: starts, RunID: "r", Time: 1},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c", Time: 3},
		}, "wall 9 tool 7 idle 2"},
		{"it waits to be allowed", 10, []eventlog.Event{
			{Kind: starts, RunID: "r", Time: 1},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c", Time: 3},
			{Kind: asked, RunID: "r", CallID: "c", Time: 4, Wait: eventlog.WaitAsked},
		}, "wall 9 tool 1 approval 6 idle 2"},
		{"a call of a turn that is over goes on no more", 100, []eventlog.Event{
			{Kind: starts, RunID: "r", Time: 1},
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c", Time: 3},
			{Kind: finishes, RunID: "r", Time: 5, Idle: eventlog.IdleYes},
			{Kind: starts, RunID: "r", Time: 90, Idle: eventlog.IdleNo},
		}, "wall 99 tool 2 human 85 idle 12"},
		{"no times at all", 0, []eventlog.Event{
			{Kind: calls, RunID: "r", Tool: "Bash", CallID: "c"},
			{Kind: result, RunID: "r", CallID: "c"},
		}, "wall 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			times, syms := timesOf(t, c.now, c.events)
			id, _ := syms.Find("s")
			if got := spent(times.Sessions[id].Inclusive); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := spent(times.Total); got != c.want {
				t.Errorf("in total %s, want %s", got, c.want)
			}
		})
	}
}

func TestTimesOfParts(t *testing.T) {
	times, syms := timesOf(t, 0, []eventlog.Event{
		{Kind: starts, RunID: "a", Agent: "main", Time: 1},
		{Kind: calls, RunID: "a", Tool: "Task", CallID: "c", Time: 2, Spawns: true},
		{Kind: calls, RunID: "a", Tool: "Task", CallID: "d", Time: 2, Spawns: true},
		{Kind: starts, RunID: "b", Agent: "sub", ParentRunID: "a", ParentCall: "c", Link: eventlog.LinkSure, Time: 3},
		{Kind: starts, RunID: "e", Agent: "sub", ParentRunID: "a", ParentCall: "d", Link: eventlog.LinkSure, Time: 4},
		{Kind: answer, RunID: "b", Began: 3, Time: 7},
		{Kind: answer, RunID: "e", Began: 5, Time: 11},
		{Kind: result, RunID: "a", CallID: "c", Time: 8},
		{Kind: result, RunID: "a", CallID: "d", Time: 12},
		{Kind: finishes, RunID: "a", Time: 13},
		{SessionID: "child", Kind: said, RunID: "k", Agent: "late", Time: 20, Facts: &eventlog.Facts{ParentID: "s"}},
		{SessionID: "child", Kind: answer, RunID: "k", Agent: "late", Began: 20, Time: 22},
	})
	find := func(name string) eventlog.Sym { id, _ := syms.Find(name); return id }
	run := func(name string) rollup.Clock { return times.Runs[rollup.RunID{Session: find("s"), Run: find(name)}] }
	for _, c := range []struct {
		what string
		got  rollup.Time
		want string
	}{
		{"run, own: to hand on is all it did", run("a").Own, "wall 12 tool 10 idle 2"},
		{"run, with all below", run("a").Inclusive, "wall 12 model 8 tool 2 idle 2"},
		{"run below", run("b").Own, "wall 4 model 4"},
		{"session, own", times.Sessions[find("s")].Own, "wall 12 model 8 tool 2 idle 2"},
		{"session, with the one below it and the time between", times.Sessions[find("s")].Inclusive, "wall 21 model 10 tool 2 idle 9"},
		{"total", times.Total, "wall 21 model 10 tool 2 idle 9"},
		{"agent, two runs side by side", times.Agents[find("sub")], "wall 8 model 8"},
		{"tool, two calls side by side", times.Tools[find("Task")], "wall 10 model 8 tool 2"},
	} {
		if got := spent(c.got); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

// What runs below is a tool to the run that started it, but a person who is
// waited for below is nobody's tool.
func TestTimesOfRunAbovePerson(t *testing.T) {
	times, syms := timesOf(t, 0, []eventlog.Event{
		{Kind: starts, RunID: "a", Time: 1},
		{Kind: calls, RunID: "a", Tool: "ask", CallID: "c", Time: 1, Spawns: true},
		{Kind: starts, RunID: "b", ParentRunID: "a", ParentCall: "c", Link: eventlog.LinkSure, Time: 2},
		{Kind: answer, RunID: "b", Began: 2, Time: 5},
		{Kind: asked, RunID: "b", Began: 5, Time: 30},
		{Kind: result, RunID: "a", CallID: "c", Time: 31},
	})
	s, _ := syms.Find("s")
	a, _ := syms.Find("a")
	if got, want := spent(times.Runs[rollup.RunID{Session: s, Run: a}].Own), "wall 30 tool 5 human 25"; got != want {
		t.Errorf("own: got %s, want %s", got, want)
	}
	if got, want := spent(times.Runs[rollup.RunID{Session: s, Run: a}].Inclusive), "wall 30 model 3 tool 2 human 25"; got != want {
		t.Errorf("with all below: got %s, want %s", got, want)
	}
}

func TestTimeIsRoundedSoThatItAddsUp(t *testing.T) {
	third := time.Millisecond / 3
	text, err := json.Marshal(rollup.Time{Wall: 6 * third, Tool: third, Model: third, Approval: third, Human: third, Queue: third, Idle: third})
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]int64
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if sum := m["tool_ms"] + m["model_ms"] + m["approval_ms"] + m["human_ms"] + m["queue_ms"] + m["idle_ms"]; sum != m["wall_ms"] || sum != 2 || m["busy_ms"] != m["tool_ms"]+m["model_ms"] {
		t.Errorf("%s does not add up", text)
	}
}

// Whatever happens, every moment of a session is in one class, and it is the
// class that a plain count second by second finds.
func TestTimesAddUp(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		const length = 60
		var tool, model, wait [length]bool
		events := []eventlog.Event{{Kind: said, Tool: "user", RunID: "r0", Time: 1}}
		fill := func(in *[length]bool, from, to eventlog.Stamp) {
			for i := from; i < to; i++ {
				in[i] = true
			}
		}
		for i := range r.IntN(20) {
			from := eventlog.Stamp(1 + r.IntN(length-2))
			to := from + eventlog.Stamp(r.IntN(int(length-1-from)))
			id, run := fmt.Sprint("c", i), fmt.Sprint("r", r.IntN(3))
			switch r.IntN(3) {
			case 0:
				events = append(events, eventlog.Event{Kind: answer, RunID: "m" + run, CallID: id, Began: from, Time: to})
				fill(&model, from, to)
			case 1:
				events = append(events, eventlog.Event{Kind: calls, RunID: run, Tool: "t", CallID: id, Time: from},
					eventlog.Event{Kind: result, RunID: run, CallID: id, Time: to})
				fill(&tool, from, to)
			case 2:
				ran := from + eventlog.Stamp(r.IntN(int(to-from)+1))
				events = append(events, eventlog.Event{Kind: calls, RunID: run, Tool: "t", CallID: id, Time: from},
					eventlog.Event{Kind: result, RunID: run, CallID: id, Time: to, Ran: ran, Wait: eventlog.WaitAnswered})
				fill(&wait, from, ran)
				fill(&tool, ran, to)
			}
		}
		events = append(events, eventlog.Event{Kind: said, Tool: "user", RunID: "r0", Time: length - 1})
		var want rollup.Time
		for i := 1; i < length-1; i++ {
			want.Wall += time.Second
			switch {
			case tool[i]:
				want.Tool += time.Second
			case model[i]:
				want.Model += time.Second
			case wait[i]:
				want.Approval += time.Second
			default:
				want.Idle += time.Second
			}
		}
		times, _ := timesOf(t, 0, events)
		if times.Total != want {
			t.Fatalf("seed %d: got %s, want %s", seed, spent(times.Total), spent(want))
		}
		for id, c := range times.Runs {
			for _, v := range []rollup.Time{c.Own, c.Inclusive} {
				if v.Model+v.Tool+v.Approval+v.Human+v.Queue+v.Idle != v.Wall {
					t.Fatalf("seed %d: run %v does not add up: %s", seed, id, spent(v))
				}
			}
		}
	}
}

// A chain of thousands of runs is no log of a real agent. It must not cost what
// the square of it would; the whole is told in any case.
func TestTimesOfDeepChain(t *testing.T) {
	var events []eventlog.Event
	const deep = 6000
	for i := range deep {
		at := eventlog.Stamp(i + 1)
		e := eventlog.Event{Kind: starts, RunID: fmt.Sprint("r", i), Time: at}
		if i > 0 {
			e.ParentRunID, e.ParentCall, e.Link = fmt.Sprint("r", i-1), "c", eventlog.LinkSure
		}
		events = append(events, e, eventlog.Event{Kind: calls, RunID: e.RunID, Tool: "t", CallID: "c", Time: at, Spawns: true})
	}
	events = append(events, eventlog.Event{Kind: result, RunID: "r0", CallID: "c", Time: deep})
	times, syms := timesOf(t, 0, events)
	if got, want := spent(times.Total), fmt.Sprintf("wall %d tool %[1]d", deep-1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s, _ := syms.Find("s")
	last, _ := syms.Find(fmt.Sprint("r", deep-1))
	if _, ok := times.Runs[rollup.RunID{Session: s, Run: last}]; !ok {
		t.Error("the last run has no time, though nothing is below it")
	}
}
