package trouble_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// families spells families, one a line.
func families(r *trouble.Report) string {
	var b strings.Builder
	for _, f := range r.Families {
		fmt.Fprintf(&b, "%s %d %s", f.Class, f.Count, f.Signature)
		for _, h := range f.Sessions {
			fmt.Fprintf(&b, " | %s %d", h.Session, h.Count)
		}
		fmt.Fprintf(&b, " | since %s+~%s", f.Since.Recorded, f.Since.Estimated)
		if f.Since.Unpriced > 0 {
			fmt.Fprintf(&b, " and %d unpriced", f.Since.Unpriced)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got = strings.TrimSpace(got); got != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
}

func TestFamilies(t *testing.T) {
	unpriced := answer(40, 0)
	unpriced.Bill.Source = eventlog.Unpriced
	r := find(t, trouble.Options{}, join(
		one(eventlog.Event{Kind: eventlog.AgentStart, Agent: "main", Time: 1}),
		one(answer(2, 100)),
		call(3, "1", "Bash", `{"command":"cat /a"}`, "!Exit code 1\ncat: /a: No such file or directory"),
		one(answer(5, 10)),
		call(6, "2", "Bash", `{"command":"cat /b"}`, "!Exit code 1\ncat: /b: No such file or directory"),
		call(8, "3", "Bash", `{"command":"make"}`, "!Exit code 1"),
		call(10, "4", "Python", `{"code":"1/0"}`, "!Exit code 1"),
		one(answer(12, -3)),
		one(unpriced),
		one(eventlog.Event{Kind: eventlog.Error, Failed: true, Message: "API Error: 529 Overloaded", Time: 50}),
		one(eventlog.Event{Kind: eventlog.Error, Failed: true, Message: "the disk is full", Time: 51}),
		one(eventlog.Event{Kind: eventlog.AgentFinish, Failed: true, Message: "the disk is full", Time: 52}),
	)...)
	same(t, families(r), `
tool 2 Bash: cat: <path>: No such file or directory | s 2 | since 0.1+~0.03 and 1 unpriced
tool 1 Python: exit code 1 | s 1 | since 0+~0.03 and 1 unpriced
tool 1 Bash: exit code 1 | s 1 | since 0+~0.03 and 1 unpriced
other 1 error: the disk is full | s 1 | since 0+~0
model 1 model: API Error: 529 Overloaded | s 1 | since 0+~0`)
	f := r.Families[0]
	if f.Example != "cat: /a: No such file or directory" || f.First != began+4*sec || f.Last != began+7*sec || f.Tool != "Bash" || fmt.Sprint(f.Agents) != "[main]" {
		t.Errorf("%+v", f)
	}
	if len(f.Places) != 2 || f.Places[0].Span == f.Places[1].Span || f.Places[0].Session != "s" || f.Places[0].Time != f.First {
		t.Errorf("places %+v", f.Places)
	}
}

// A run is a failure of its own only when nothing below it says why.
func TestRunsThatFailedByThemselves(t *testing.T) {
	finish := func(run, message string, at eventlog.Stamp) []eventlog.Event {
		return in("s", run, eventlog.Event{Kind: eventlog.AgentFinish, Failed: true, Message: message, Time: at})
	}
	below := func(run, parent string) []eventlog.Event {
		return in("s", run, eventlog.Event{Kind: eventlog.AgentStart, ParentRunID: parent, Link: eventlog.LinkSure, Time: 1})
	}
	r := find(t, trouble.Options{}, join(
		below("top", ""), below("mid", "top"), below("low", "mid"), below("other", "top"), below("silent", "top"), below("alone", "top"),
		in("s", "low", call(2, "1", "fetch", `{"a":1}`, "!no route")...),
		finish("low", "no route", 4), // for the reason of its call
		finish("mid", "provider 500", 5),
		in("s", "silent", call(6, "2", "fetch", `{"a":2}`, "!gone")...),
		finish("silent", "", 8),            // something in it failed
		finish("alone", "", 9),             // nothing did
		finish("other", "provider 500", 9), // not below mid
		finish("top", "provider 500", 10),  // for the reason of mid and other
	)...)
	same(t, families(r), `
run 2 run: provider 500 | s 2 | since 0+~0
run 1 run: failed, for no reason that is told | s 1 | since 0+~0
tool 1 fetch: gone | s 1 | since 0+~0
tool 1 fetch: no route | s 1 | since 0+~0`)
}

// Branches and resumed files hold copies of what was there before.
func TestCopiesCountOnce(t *testing.T) {
	failed := func(session, id string, copied bool, at eventlog.Stamp) []eventlog.Event {
		list := in(session, session, call(at, id, "Bash", `{"command":"x"}`, "!boom")...)
		for i := range list {
			list[i].Use, list[i].Copied = eventlog.Identify("tool", id), copied
		}
		return list
	}
	branch := join(failed("a", "1", false, 10), failed("a", "1", false, 10), failed("a", "2", false, 20), in("a", "a", answer(30, 7)))
	fork := join(failed("b", "1", true, 10), failed("b", "2", true, 20), failed("b", "3", false, 40), in("b", "b", answer(50, 5)))
	paid := answer(15, 100) // of the first session, copied into the second
	paid.Bill.Copied, paid.Bill.Call = true, eventlog.Identify("response", "x")
	fork = append(fork, in("b", "b", paid)...)

	a := find(t, trouble.Options{}, branch...)
	same(t, families(a), "tool 2 Bash: boom | a 2 | since 0.07+~0")
	b := find(t, trouble.Options{}, fork...)
	same(t, families(b), "tool 3 Bash: boom | b 3 | since 1.05+~0")
	b.Merge(a)
	same(t, families(b), "tool 3 Bash: boom | a 2 | b 1 | since 1.12+~0")

	// The ledger knows who paid.
	sources := eventlog.NewSources(eventlog.NewSymbols())
	first := in("a", "a", answer(0, 100))[0]
	first.Time, first.Bill.Call = began+15*sec, paid.Bill.Call
	for name, list := range map[string][]eventlog.Event{"a": append(branch, first), "b": fork} {
		sum := eventlog.NewSummary(sources.Symbols(), name, "test", 0)
		sum.Update(func() {
			for i := range list {
				sum.Add(int64(i), &list[i])
			}
		})
		sources.Add(sum)
	}
	b.Reckon(sources.Catalog())
	same(t, families(b), "tool 3 Bash: boom | a 2 | b 1 | since 1.12+~0")
	if got := b.Families[0].Sessions[1].Since.Recorded; got != eventlog.Dollar/20 {
		t.Errorf("the copy paid %s", got)
	}
	if n := len(b.Retries); n != 1 {
		t.Errorf("%d retries: %+v", n, b.Retries)
	}

	// Both in one log come to the same.
	both := find(t, trouble.Options{}, resume(join(fork, branch))...)
	same(t, families(both), "tool 3 Bash: boom | a 2 | b 1 | since 1.12+~0")
}

// What happened before or after is told by the order of the log where it has no
// times.
func TestSinceWithoutTimes(t *testing.T) {
	list := join(one(answer(0, 1)), call(0, "1", "Bash", `{"a":1}`, "!boom"), one(answer(0, 2)), one(answer(0, 4)))
	for i := range list {
		list[i].Time = 0
	}
	same(t, families(find(t, trouble.Options{}, list...)), "tool 1 Bash: boom | s 1 | since 0.06+~0")
}

// loops spells loops, one a line.
func loops(r *trouble.Report) string {
	var b strings.Builder
	for _, l := range r.Loops {
		fmt.Fprintf(&b, "%s x%d %q", l.Tool(), l.Times, l.Label())
		for _, say := range []struct {
			yes  bool
			word string
		}{{l.Same, "same"}, {l.Changed, "changed"}, {l.Open, "open"}, {!l.Results, "no results"}} {
			if say.yes {
				b.WriteString(" " + say.word)
			}
		}
		fmt.Fprintf(&b, " failed %d, %d calls, %s, spent %s\n", l.Failed, len(l.Places), l.Wall, l.Spent.Cost())
	}
	return b.String()
}

// turns makes calls of one run, each behind an answer that cost a cent. What is
// told of a call is tool, arguments and result.
func turns(steps ...[3]string) (list []eventlog.Event) {
	list = append(list, eventlog.Event{Kind: eventlog.AgentStart, Agent: "main", Time: 1})
	for i, s := range steps {
		at := eventlog.Stamp(10 * (i + 1))
		list = append(list, answer(at, 1))
		list = append(list, call(at, fmt.Sprint(i), s[0], s[1], s[2])...)
	}
	return list
}

func TestLoops(t *testing.T) {
	type steps = [][3]string
	test := [3]string{"Bash", `{"command":"go test"}`, "!FAIL"}
	for _, c := range []struct {
		name  string
		steps steps
		want  string
	}{
		{"twice is none", steps{test, test}, ""},
		{"three times", steps{test, test, test, {"Bash", `{"command":"ls"}`, "x"}}, `Bash x3 "go test" same failed 3, 3 calls, 21s, spent 0.02`},
		{"the same arguments in another order, at the end", steps{{"grep", `{"a":1, "pattern":"x"}`, "1"}, {"grep", `{"pattern":"x","a":1}`, "1"}, {"grep", "{\n\"a\": 1,\"pattern\":\"x\"}", "1"}}, `grep x3 "x" same open failed 0, 3 calls, 21s, spent 0.02`},
		{"other results", steps{{"poll", `{"id":"7"}`, "wait"}, {"poll", `{"id":"7"}`, "wait"}, {"poll", `{"id":"7"}`, "done"}, test}, `poll x3 "7" failed 0, 3 calls, 21s, spent 0.02`},
		{"another call between", steps{test, test, {"Bash", `{"command":"ls"}`, "x"}, test, test}, ""},
		{"a circle of two", steps{
			{"Edit", `{"file_path":"a"}`, "ok"}, test, {"Edit", `{"file_path":"a"}`, "ok"}, test, {"Edit", `{"file_path":"a"}`, "ok"}, test,
		}, `Edit → Bash x3 "a → go test" same changed open failed 3, 6 calls, 51s, spent 0.05`},
		{"edits that differ are work", steps{
			{"Edit", `{"file_path":"a","n":1}`, "ok"}, test, {"Edit", `{"file_path":"a","n":2}`, "ok"}, test, {"Edit", `{"file_path":"a","n":3}`, "ok"}, test,
		}, ""},
		{"a circle is one, not many", steps{
			test, test, test, {"ls", `{"path":"b"}`, "x"}, test, test, test, {"ls", `{"path":"b"}`, "x"}, test, test, test, {"ls", `{"path":"b"}`, "x"},
		}, `Bash → Bash → Bash → ls x3 "go test → go test → go test → b" same open failed 9, 12 calls, 1m51s, spent 0.11`},
		{"a circle of five is none", steps{
			{"a", "1", ""}, {"a", "2", ""}, {"a", "3", ""}, {"a", "4", ""}, {"a", "5", ""}, {"a", "1", ""}, {"a", "2", ""}, {"a", "3", ""}, {"a", "4", ""}, {"a", "5", ""},
			{"a", "1", ""}, {"a", "2", ""}, {"a", "3", ""}, {"a", "4", ""}, {"a", "5", ""},
		}, ""},
		{"arguments that nobody knows", steps{{"a", "", "x"}, {"a", "", "x"}, {"a", "null", "x"}}, ""},
		{"no arguments are the same", steps{{"status", "{}", "x"}, {"status", "{}", "x"}, {"status", "{ }", "x"}, test}, `status x3 "" same failed 0, 3 calls, 21s, spent 0.02`},
		{"one tool is not the other", steps{{"a", `{"x":1}`, "x"}, {"b", `{"x":1}`, "x"}, {"a", `{"x":1}`, "x"}, {"c", `{"x":1}`, "x"}}, ""},
		{"numbers are compared as they are written", steps{{"a", `{"x":10000000000000000001}`, "x"}, {"a", `{"x":10000000000000000002}`, "x"}, {"a", `{"x":10000000000000000003}`, "x"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, loops(find(t, trouble.Options{Parts: trouble.PartLoops}, turns(c.steps...)...)), c.want)
		})
	}
}

// Calls of two runs side by side are no circle; what one of them changes may be
// what the other waits for.
func TestLoopsOfRuns(t *testing.T) {
	poll := func(n int, out string) []eventlog.Event {
		return in("s", "a", call(eventlog.Stamp(10*n), fmt.Sprint("a", n), "poll", `{"id":"7"}`, out)...)
	}
	edit := in("s", "b", call(15, "b", "mcp__files__write_file", `{"path":"x"}`, "ok")...)
	r := find(t, trouble.Options{}, join(poll(1, "x"), edit, poll(2, "x"), poll(3, "x"))...)
	same(t, loops(r), `poll x3 "7" same changed open failed 0, 3 calls, 21s, spent 0`)

	late := join(poll(1, "x"), poll(2, "x"), poll(3, "x"))
	last := late[len(late)-2] // a call without its result
	last.CallID, last.Time = "a4", 40
	late = append(late, last)
	r = find(t, trouble.Options{}, late...)
	same(t, loops(r), `poll x4 "7" same open failed 0, 4 calls, 30s, spent 0`)
	if r.Loops[0].Places[0].Run != "a" || r.Loops[0].First != began+10*sec || r.Loops[0].Last != began+40*sec {
		t.Errorf("%+v", r.Loops[0])
	}
	nobody := trouble.Options{Now: func(eventlog.Sym) eventlog.Stamp { return 0 }}
	same(t, loops(find(t, nobody, resume(late)...)), `poll x4 "7" same failed 0, 4 calls, 30s, spent 0`)

	// A copy of the whole in another session is the same loop.
	fork := func(session string, copied bool) *trouble.Report {
		list := resume(late)
		for i := range list {
			list[i].SessionID, list[i].Copied, list[i].Use = session, copied, eventlog.Identify("tool", list[i].CallID)
		}
		return find(t, trouble.Options{}, list...)
	}
	all := fork("copy", true)
	all.Merge(fork("origin", false))
	if len(all.Loops) != 1 || all.Loops[0].Places[0].Session != "origin" {
		t.Errorf("%+v", all.Loops)
	}
}

// resume makes the times of events what they were before logOf made moments of
// them.
func resume(list []eventlog.Event) []eventlog.Event {
	out := append([]eventlog.Event(nil), list...)
	for i := range out {
		if out[i].Time >= began {
			out[i].Time = (out[i].Time - began) / sec
		}
	}
	return out
}

// retries spells retries, one a line.
func retries(r *trouble.Report) string {
	var b strings.Builder
	for _, x := range r.Retries {
		fmt.Fprintf(&b, "%s %s %q failed %d of %d fine %v lost %s spent %s, %d tokens\n", x.Class, x.Name, x.Label, x.Failed, len(x.Places), x.Fine, x.Lost, x.Spent.Cost(), x.Spent.Usage.Total())
	}
	return b.String()
}

func TestRetriesOfTools(t *testing.T) {
	bad, good := [3]string{"fetch", `{"url":"u"}`, "!timed out"}, [3]string{"fetch", `{"url":"u"}`, "page"}
	other := [3]string{"Bash", `{"command":"ls"}`, "x"}
	edit := [3]string{"Edit", `{"file_path":"a"}`, "ok"}
	for _, c := range []struct {
		name  string
		steps [][3]string
		want  string
	}{
		{"it goes well", [][3]string{bad, bad, good, bad}, `tool fetch "u" failed 2 of 3 fine true lost 2s spent 0.02, 20 tokens`},
		{"it does not", [][3]string{bad, bad}, `tool fetch "u" failed 2 of 2 fine false lost 2s spent 0.01, 10 tokens`},
		{"something else comes between", [][3]string{bad, other, good}, `tool fetch "u" failed 1 of 2 fine true lost 1s spent 0, 0 tokens`},
		{"what was changed in between is another try", [][3]string{bad, edit, good}, ``},
		{"once", [][3]string{bad, good, good}, `tool fetch "u" failed 1 of 2 fine true lost 1s spent 0.01, 10 tokens`},
		{"no failure", [][3]string{good, good}, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, retries(find(t, trouble.Options{Parts: trouble.PartRetries}, turns(c.steps...)...)), c.want)
		})
	}
}

func TestRetriesOfModels(t *testing.T) {
	failed := func(at eventlog.Stamp) eventlog.Event {
		e := answer(at, 2)
		e.Began, e.Failed, e.Message = at-3, true, "API Error: 500"
		return e
	}
	again := func(at, ran eventlog.Stamp) eventlog.Event {
		return eventlog.Event{Kind: eventlog.Retry, Time: at, Ran: ran, Message: "API Error: 529 Overloaded"}
	}
	errored := func(at eventlog.Stamp) eventlog.Event {
		return eventlog.Event{Kind: eventlog.Error, Time: at, Failed: true, Message: "API Error: 529 Overloaded"}
	}
	for _, c := range []struct {
		name string
		list []eventlog.Event
		want string
	}{
		{"attempts that the log tells of", []eventlog.Event{answer(1, 1), again(10, 12), again(13, 0), answer(18, 1)}, `model m "API Error: 529 Overloaded" failed 2 of 3 fine true lost 7s spent 0, 0 tokens`},
		{"none goes well", []eventlog.Event{again(10, 12), again(13, 17), errored(18)}, `model unknown "API Error: 529 Overloaded" failed 3 of 3 fine false lost 6s spent 0, 0 tokens`},
		{"a call and another", []eventlog.Event{failed(10), answer(12, 1)}, `model m "API Error: 500" failed 1 of 2 fine true lost 3s spent 0.02, 10 tokens`},
		{"a call and an error that tells of it", []eventlog.Event{failed(10), errored(10)}, ``},
		{"an error alone", []eventlog.Event{errored(10), answer(12, 1)}, ``},
		{"all is fine", []eventlog.Event{answer(10, 1), answer(12, 1)}, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, retries(find(t, trouble.Options{Parts: trouble.PartRetries}, c.list...)), c.want)
		})
	}
}

func TestSlow(t *testing.T) {
	var list []eventlog.Event
	for i := range 100 {
		at := eventlog.Stamp(1000 * (i + 1))
		c := call(at, fmt.Sprint(i), "Bash", fmt.Sprintf(`{"command":"step %d"}`, i), "x")
		c[1].Time = at + eventlog.Stamp(i+1)
		list = append(list, c...)
	}
	asked := call(500_000, "asked", "Write", `{"file_path":"a"}`, "!no")
	asked[0].Wait, asked[1].Time = eventlog.WaitAsked, 500_300
	list = append(list, asked[0], eventlog.Event{Kind: eventlog.HILDecision, CallID: "asked", Wait: eventlog.WaitAnswered, Time: 500_290}, asked[1])
	slow := answer(600_000, 1)
	slow.Began, slow.Text = 600_000-50, "a long answer"
	open := call(700_000, "open", "Task", `{"description":"look"}`, "")[0]
	list = append(list, slow, open)
	r := find(t, trouble.Options{Slowest: 3, Now: func(eventlog.Sym) eventlog.Stamp { return began + 700_200*sec }}, list...)
	var b strings.Builder
	for _, x := range r.Slow.Tools {
		fmt.Fprintln(&b, x.Tool, x.Calls, x.Failed, x.Timed, x.P50, x.P95, x.Max, x.Total)
	}
	for _, x := range r.Slow.Calls {
		fmt.Fprintln(&b, x.Class, x.Name, x.Label, x.Took, x.Open)
	}
	same(t, b.String(), `
Bash 100 0 100 50s 1m35s 1m40s 1h24m10s
Task 1 0 1 3m20s 3m20s 3m20s 3m20s
Write 1 1 1 10s 10s 10s 10s
tool Task look 3m20s true
tool Bash step 99 1m40s false
tool Bash step 98 1m39s false`)

	closed := find(t, trouble.Options{}, resume(list)...)
	if len(closed.Slow.Calls) != 20 || closed.Slow.Calls[0].Label != "step 99" {
		t.Errorf("%+v", closed.Slow.Calls[0])
	}
	closed.Merge(r)
	if bash := closed.Slow.Tools[0]; bash.Calls != 200 || bash.P50 != 50*time.Second || bash.P95 != 95*time.Second || len(closed.Slow.Calls) != 20 {
		t.Errorf("%+v", bash)
	}
}

// Bodies are read in portions, of what was asked for, and of nothing else.
func TestReadsWhatIsAsked(t *testing.T) {
	var list []eventlog.Event
	for i := range 1000 {
		out := "fine"
		if i%100 == 0 {
			out = "!boom"
		}
		list = append(list, call(eventlog.Stamp(2*i+1), fmt.Sprint(i), "Bash", fmt.Sprintf(`{"command":"%d"}`, i), out)...)
	}
	for _, c := range []struct {
		name  string
		parts trouble.Part
		want  int
	}{{"families", trouble.PartFamilies, 20}, {"loops", trouble.PartLoops, 1000}, {"slow", trouble.PartSlow, 20}, {"all", 0, 1040}} {
		l, told := logOf(resume(list)...), 0
		_, err := trouble.Find(t.Context(), l, l.Snapshot(), trouble.Options{Parts: c.parts, Progress: func(done, total int) {
			if done > total {
				t.Errorf("%s: %d of %d", c.name, done, total)
			}
			told = done
		}})
		if err != nil || l.read != c.want || told != c.want || l.most > 256 {
			t.Errorf("%s: read %d, told %d, want %d; %d at a time; %v", c.name, l.read, told, c.want, l.most, err)
		}
	}
	one := trouble.Options{Only: func(eventlog.Sym) bool { return false }}
	if r := find(t, one, resume(list)...); len(r.Families)+len(r.Slow.Tools) > 0 {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := logOf(resume(list)...)
	if _, err := trouble.Find(ctx, l, l.Snapshot(), trouble.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a search that was ended returned %v", err)
	}
}

func TestObjects(t *testing.T) {
	r := find(t, trouble.Options{}, turns([3]string{"Bash", `{"command":"x"}`, "!boom"}, [3]string{"Bash", `{"command":"x"}`, "!boom"}, [3]string{"Bash", `{"command":"x"}`, "!boom"})...)
	for name, v := range map[string]any{"family": r.Families, "loop": r.Loops, "retry": r.Retries, "tool": r.Slow.Tools, "call": r.Slow.Calls} {
		text, err := json.Marshal(v)
		if err != nil || !strings.HasPrefix(string(text), "[{") || strings.Contains(string(text), "null") {
			t.Errorf("%s: %v %s", name, err, text)
		}
	}
}

// What a failure is about tells it from others of its family.
func TestFailuresAreLabelled(t *testing.T) {
	r := find(t, trouble.Options{Parts: trouble.PartFamilies}, join(
		call(1, "1", "Bash", `{"command":"cat /a"}`, "!cat: /a: No such file or directory"),
		call(3, "2", "Bash", `{"command":"cat /b"}`, "!cat: /b: No such file or directory"),
		call(5, "3", "Bash", "", "!boom"),
		one(eventlog.Event{Kind: eventlog.Error, Failed: true, Message: "the disk is full", Time: 9}),
	)...)
	var got []string
	for _, f := range r.Families {
		for _, p := range f.Places {
			got = append(got, f.Tool+": "+p.Label)
		}
	}
	same(t, strings.Join(got, "\n"), "Bash: cat /a\nBash: cat /b\nerror: the disk is full\nBash: boom")
}

// Whoever goes on to merge a clone changes nothing of what it was made of.
func TestCloneIsItsOwn(t *testing.T) {
	list := func(session string, n int) []eventlog.Event {
		var out []eventlog.Event
		for i := range n {
			out = append(out, call(eventlog.Stamp(20*i+1), fmt.Sprint(session, i), "Bash", `{"command":"x"}`, "!boom")...)
		}
		return in(session, session, out...)
	}
	a, b := find(t, trouble.Options{}, list("a", 3)...), find(t, trouble.Options{}, list("b", 5)...)
	spell := func(r *trouble.Report) string {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	before := spell(a)
	c := a.Clone()
	if spell(c) != before {
		t.Errorf("a clone is another report:\n%s\n%s", spell(c), before)
	}
	c.Merge(b.Clone())
	c.Merge(b.Clone(), a.Clone())
	if got := spell(a); got != before {
		t.Errorf("merging a clone changed its original:\n%s\nwas\n%s", got, before)
	}
	if n := c.Families[0].Count; n != 16 {
		t.Errorf("%d failures, want 16 of 3 and 5 twice", n)
	}
}

// A tool leads to its slowest call, in whatever log that is.
func TestSlowestCallOfTool(t *testing.T) {
	took := func(session, id string, at, seconds eventlog.Stamp) []eventlog.Event {
		list := call(at, id, "make", `{"target":"`+id+`"}`, "ok")
		list[1].Time = at + seconds
		return in(session, session, list...)
	}
	a := find(t, trouble.Options{Parts: trouble.PartSlow}, join(took("a", "1", 1, 5), took("a", "2", 10, 9), took("a", "3", 30, 2))...)
	worst := func(r *trouble.Report) string {
		return fmt.Sprintf("%s at %d for %s", r.Slow.Tools[0].Worst.Session, (r.Slow.Tools[0].Worst.Time-began)/sec, r.Slow.Tools[0].Max)
	}
	same(t, worst(a), "a at 10 for 9s")
	a.Merge(find(t, trouble.Options{Parts: trouble.PartSlow}, took("b", "4", 50, 7)...))
	same(t, worst(a), "a at 10 for 9s")
	a.Merge(find(t, trouble.Options{Parts: trouble.PartSlow}, took("c", "5", 70, 20)...))
	same(t, worst(a), "c at 70 for 20s")
}
