package eventlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// summarise makes a summary of events, as a segment would.
func summarise(s *Sources, path string, rank int, events ...Event) {
	sum := NewSummary(s.Symbols(), path, "test", rank)
	sum.Update(func() {
		for i := range events {
			sum.Record()
			sum.Add(int64(i), &events[i])
		}
	})
	s.Add(sum)
}

func billed(session string, call string, out int64, copied bool) Event {
	return Event{SessionID: session, RunID: session, Kind: ModelResponse, Model: "m", Time: at(1), Bill: &Bill{
		Call: Identify("response", call), Request: Identify("request", call), Rule: RuleResponse, Usage: Usage{Output: out}, Copied: copied,
	}}
}

// A forked session holds copies of the calls of its original. They count once,
// for the original, in whatever order the two are found.
func TestCatalogCountsForkedCallsOnce(t *testing.T) {
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		s := NewSources(NewSymbols())
		summarise(s, names[0], 0, billed("original", "m1", 5, false), billed("original", "m2", 7, false))
		summarise(s, names[1], 0, billed("fork", "m1", 5, true), billed("fork", "m2", 3, true), billed("fork", "m3", 11, false))
		c := s.Catalog()
		original, _ := c.Session("original")
		fork, _ := c.Session("fork")
		if original.Usage.Output != 12 || fork.Usage.Output != 11 || c.Audit.Copies != 2 || c.Audit.Calls != 3 {
			t.Errorf("%v: original %d, fork %d, audit %+v", names, original.Usage.Output, fork.Usage.Output, c.Audit)
		}
	}
}

// Several goroutines number names as they meet them. Whose a call is that two
// sessions hold does not hang on who came first.
func TestCatalogDoesNotDependOnTheOrderOfNames(t *testing.T) {
	use := func(session string, copied bool) []Event {
		call := Event{SessionID: session, RunID: session, Kind: ToolCall, Tool: "t", Use: Identify("tool", "u"), Copied: copied}
		failed := call
		failed.Kind, failed.Failed, failed.Copied = ToolError, true, false // a result does not say so
		return []Event{call, failed, billed(session, "m", 5, copied)}
	}
	for _, copied := range []bool{false, true} {
		var before string
		for _, names := range [][]string{{"fork", "original", "small", "large"}, {"large", "small", "original", "fork"}} {
			syms := NewSymbols()
			for _, name := range names {
				syms.Intern(name)
			}
			s := NewSources(syms)
			summarise(s, "/a/fork.jsonl", 0, use("fork", copied)...)
			summarise(s, "/b/original.jsonl", 0, use("original", false)...)
			small, large := billed("models", "x", 5, false), billed("models", "y", 5, false)
			small.Model, large.Model = "small", "large"
			summarise(s, "/c", 0, small, large)
			c := s.Catalog()
			fork, _ := c.Session("fork")
			original, _ := c.Session("original")
			models, _ := c.Session("models")
			got := fmt.Sprint(fork.Errors, fork.ToolCalls, fork.Usage.Output, original.Errors, original.ToolCalls, original.Usage.Output) + " " + syms.Name(models.Model)
			if before == "" {
				before = got
			}
			want := "1 1 5 0 0 0 large"
			if copied {
				want = "0 0 0 1 1 5 large"
			}
			if got != before || got != want {
				t.Errorf("copied %t, names %v: %s, want %s", copied, names, got, want)
			}
		}
	}
}

// The same session in a database and in the lines exported from it is one.
func TestCatalogPrefersTheBetterSegment(t *testing.T) {
	s := NewSources(NewSymbols())
	events := []Event{{SessionID: "s", RunID: "r", Kind: ModelResponse, Bill: &Bill{Usage: Usage{Input: 10}}}}
	summarise(s, "events.jsonl", 0, events...)
	summarise(s, "events.sqlite", 1, events...)
	c := s.Catalog()
	if got := c.Sessions[0].Usage.Input; got != 10 || c.Audit.ShadowEvents != 1 {
		t.Errorf("input %d, shadowed %d", got, c.Audit.ShadowEvents)
	}
}

func TestCatalogTree(t *testing.T) {
	s := NewSources(NewSymbols())
	var events []Event
	for child, parent := range map[string]string{"b": "a", "c": "b", "x": "y", "y": "x", "self": "self", "lost": "nowhere", "a": ""} {
		events = append(events, Event{SessionID: child, Kind: Message, Time: at(1), Facts: &Facts{ParentID: parent}})
	}
	summarise(s, "f", 0, events...)
	c := s.Catalog()
	seen := map[string]int{}
	var walk func([]*Session)
	walk = func(list []*Session) {
		for _, at := range list {
			seen[at.ID]++
			walk(at.Children)
		}
	}
	for _, at := range c.Sessions {
		if at.Parent == nil {
			walk([]*Session{at})
		}
	}
	for _, id := range []string{"a", "b", "c", "x", "y", "self", "lost"} {
		if seen[id] != 1 {
			t.Errorf("%s stands in the tree %d times", id, seen[id])
		}
	}
	if lost, _ := c.Session("lost"); !lost.Orphan {
		t.Error("a session without its parent is not marked")
	}
}

func TestStatus(t *testing.T) {
	start := Event{SessionID: "s", RunID: "r", Kind: AgentStart, Time: at(1000)}
	finish := Event{SessionID: "s", RunID: "r", Kind: AgentFinish, Time: at(1001)}
	begin := Event{SessionID: "s", Kind: SessionStart, Time: at(1000), Facts: &Facts{}}
	end := Event{SessionID: "s", Kind: SessionEnd, Time: at(1002), Facts: &Facts{Closed: true}}
	beat := Event{SessionID: "s", Kind: Heartbeat, Time: at(1300)}
	for name, tc := range map[string]struct {
		events []Event
		age    time.Duration // since 1000
		want   Status
		by     string
	}{
		"open run":               {[]Event{start}, time.Minute, Running, ""},
		"open run, quiet":        {[]Event{start}, 6 * time.Minute, Stale, ""},
		"open run, a day":        {[]Event{start}, 25 * time.Hour, Done, "auto"},
		"finished":               {[]Event{start, finish}, time.Second * 2, Done, ""},
		"recorded, between runs": {[]Event{begin, start, finish}, time.Minute, Running, ""},
		"recorded, closed":       {[]Event{begin, start, finish, end}, time.Minute, Done, "exit"},
		"heartbeat keeps alive":  {[]Event{begin, start, beat}, 8 * time.Minute, Running, ""},
	} {
		s := NewSources(NewSymbols())
		summarise(s, "f", 0, tc.events...)
		got, by := s.Catalog().Sessions[0].Status(at(1000) + Stamp(tc.age))
		if got != tc.want || by != tc.by {
			t.Errorf("%s: %v %q, want %v %q", name, got, by, tc.want, tc.by)
		}
	}
}

// Failure never is a status.
func TestErrorsAreCounted(t *testing.T) {
	s := NewSources(NewSymbols())
	summarise(s, "f", 0,
		Event{SessionID: "s", RunID: "r", Kind: AgentStart, Time: at(1)},
		Event{SessionID: "s", RunID: "r", Kind: ToolError, Failed: true, Time: at(2)},
		Event{SessionID: "s", RunID: "r", Kind: AgentFinish, Failed: true, Outcome: Failure, Time: at(3)})
	got := s.Catalog().Sessions[0]
	if status, _ := got.Status(at(4)); status != Done || got.Errors != 2 || got.Outcome != Failure {
		t.Errorf("%v, %d errors, %v", status, got.Errors, got.Outcome)
	}
}

func BenchmarkCatalog(b *testing.B) {
	s := NewSources(NewSymbols())
	for file := range 200 {
		var events []Event
		for i := range 300 {
			events = append(events, billed(fmt.Sprint("s", file), fmt.Sprint(file, "-", i), 5, false))
		}
		summarise(s, fmt.Sprint("f", file), 0, events...)
	}
	b.ReportAllocs()
	for b.Loop() {
		if c := s.Catalog(); c.Entries.Len() != 60_000 {
			b.Fatal(c.Entries.Len())
		}
	}
}

func TestCatalogNewestFirst(t *testing.T) {
	s := NewSources(NewSymbols())
	for i, id := range []string{"b", "c", "a"} {
		summarise(s, id, 0, Event{SessionID: id, Kind: Message, Time: at(float64(i + 1))})
	}
	var ids []string
	for _, x := range s.Catalog().Sessions {
		ids = append(ids, x.ID)
	}
	if !slices.Equal(ids, []string{"a", "c", "b"}) {
		t.Error(ids)
	}
}

// A sum that was billed as if it were a call pays for nothing once the calls are
// known, whichever of its records comes later.
func TestSumsPayForNothing(t *testing.T) {
	sum, call := Identify("sum"), Identify("call")
	bill := func(id Identity, tokens int64) *Bill {
		return &Bill{Call: id, Rule: RuleRecord, Usage: Usage{Input: tokens}}
	}
	syms := NewSymbols()
	set, x := NewSources(syms), NewIndex(syms)
	s := NewSummary(syms, "x", "otlp", -1)
	set.Add(s)
	s.Update(func() {
		for _, e := range []Event{
			{SessionID: "s", RunID: "a", Kind: AgentFinish, Time: at(9), Bill: bill(sum, 30)},
			{SessionID: "s", RunID: "a", Kind: ModelResponse, CallID: "1", Time: at(3), Bill: bill(call, 10), Sums: []Identity{sum}},
			{SessionID: "s", RunID: "a", Kind: AgentFinish, Time: at(9), Bill: bill(sum, 30)},
		} {
			s.Add(0, &e)
			x.Append(Place{}, &e)
		}
	})
	c := set.Catalog()
	if len(c.Sessions) != 1 || c.Sessions[0].Calls != 1 || c.Sessions[0].Usage.Input != 10 || c.Sessions[0].Unpriced != 1 || c.Entries.Len() != 1 {
		t.Errorf("%+v, %d entries", c.Sessions, c.Entries.Len())
	}
	total := int64(0)
	for _, b := range x.Publish().Bills.All() {
		total += b.Usage.Total()
	}
	if total != 10 {
		t.Errorf("the index counts %d tokens, want 10", total)
	}
}

// What a session turned out to be is said late, perhaps in another segment than
// what is known of it: it is one session with the other, in any order.
func TestSessionTurnsOutToBeAnother(t *testing.T) {
	events := []Event{
		{SessionID: "trace", RunID: "a", Kind: ModelResponse, CallID: "1", Time: at(1), Bill: &Bill{Usage: Usage{Input: 5}}},
		{SessionID: "trace", RunID: "a", Kind: AgentFinish, Time: at(2), Facts: &Facts{SameAs: "talk", Goal: "go"}},
		{SessionID: "talk", RunID: "b", Kind: ToolCall, Tool: "x", CallID: "2", Time: at(3)},
		{SessionID: "ring", Kind: Message, Time: at(4), Facts: &Facts{SameAs: "gnir"}},
		{SessionID: "gnir", Kind: Message, Time: at(4), Facts: &Facts{SameAs: "ring"}},
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}} {
		syms := NewSymbols()
		set, x := NewSources(syms), NewIndex(syms)
		for _, i := range order {
			s := NewSummary(syms, "x"+string(rune('0'+i)), "otlp", 0)
			set.Add(s)
			e := events[i]
			s.Update(func() { s.Add(0, &e) })
			x.Append(Place{}, &e)
		}
		c := set.Catalog()
		talk, ok := c.Session("talk")
		if !ok || len(c.Sessions) != 3 || talk.Calls != 1 || talk.ToolCalls != 1 || talk.Goal != "go" || talk.Events != 3 || len(talk.Runs) != 2 || len(talk.Paths) != 3 {
			t.Errorf("%v: %d sessions, %+v", order, len(c.Sessions), talk)
		}
		roots := 0
		for _, s := range x.Publish().Spans.All() {
			if s.Parent == 0 {
				roots++
			}
		}
		if roots != 2 && roots != 3 {
			t.Errorf("%v: %d spans on top", order, roots)
		}
	}
}

// The table of a ledger grows when more comes than it was made for, and goes on finding
// things in the order in which they came.
func TestFinderGrows(t *testing.T) {
	var ids []Identity
	f := newFinder(0)
	add := func(id Identity) (int32, bool) {
		f.room(len(ids) + 1)
		i, there := f.find(&id, len(ids), func(i int32) bool { return ids[i] == id })
		if !there {
			ids = append(ids, id)
		}
		return i, there
	}
	for n := range 3000 {
		id := Identify(fmt.Sprint(n))
		id[0], id[1] = 0xff, byte(n) // many share a place
		if _, there := add(id); there {
			t.Fatalf("%d is there before it was added", n)
		}
	}
	for n, id := range slices.Clone(ids) {
		if i, there := add(id); !there || int(i) != n {
			t.Fatalf("%d is %d, %t", n, i, there)
		}
	}
}

// A catalog shares the ledger of the only segment that there is. What the segment
// learns later, of calls in either chunk, stays out of it.
func TestCatalogStaysAsItWas(t *testing.T) {
	s := NewSources(NewSymbols())
	sum := NewSummary(s.Symbols(), "x", "test", 0)
	s.Add(sum)
	add := func(e Event) { sum.Update(func() { sum.Add(0, &e) }) }
	const calls = chunk + chunk/2
	for i := range calls {
		add(billed("s", fmt.Sprint(i), 1, false))
	}
	first := s.Catalog()
	add(billed("s", "7", 100, false))                  // more of a call
	add(billed("s", "new", 10, false))                 // behind the last one
	add(billed("s", fmt.Sprint(chunk+1), 1000, false)) // more of one in the last chunk
	second := s.Catalog()
	void := billed("s", "newer", 5, false)
	void.Sums = []Identity{Identify("response", "8")}
	add(void)
	third := s.Catalog()
	for i, tc := range []struct {
		c      *Catalog
		calls  int
		tokens int64
	}{{first, calls, calls}, {second, calls + 1, calls + 99 + 10 + 999}, {third, calls + 1, calls + 99 + 10 + 999 + 5 - 1}} {
		tokens := int64(0)
		for _, e := range tc.c.Entries.All() {
			tokens += e.Usage.Output
		}
		if tc.c.Entries.Len() != tc.calls || tokens != tc.tokens || tc.c.Sessions[0].Usage.Output != tc.tokens || tc.c.Audit.Calls != int64(tc.calls) {
			t.Errorf("catalog %d: %d calls of %d tokens, %+v", i, tc.c.Entries.Len(), tokens, tc.c.Audit)
		}
	}
	if e := first.Entries.At(7); e.Usage.Output != 1 {
		t.Errorf("the first catalog has %d tokens now", e.Usage.Output)
	}
}

// A catalog shares the runs of its segments. What they learn later, and what the catalog
// makes of them itself, stays with each.
func TestRunsStayAsTheyWere(t *testing.T) {
	spell := func(c *Catalog) string {
		var b strings.Builder
		for _, s := range c.Sessions {
			fmt.Fprintf(&b, "%s:\n", s.ID)
			for _, r := range s.Runs {
				fmt.Fprintf(&b, "%s of %d below %q: %d events, %d calls, %d errors, %v to %v, open %v, %+v, waits %+v\n", c.Symbols.Name(r.ID), r.Session,
					c.Symbols.Name(r.Parent), r.Events, r.ToolCalls, r.Errors, r.Start, r.End, r.Open, r.Tools, r.waiting())
			}
		}
		return b.String()
	}
	for _, runs := range []int{2, 3 * manyRuns} {
		s := NewSources(NewSymbols())
		first, second := NewSummary(s.Symbols(), "a", "test", 0), NewSummary(s.Symbols(), "b", "test", 0)
		s.Add(first, second)
		round := 0
		add := func(sum *Summary, e Event) {
			e.Time = at(float64(1 + round))
			sum.Update(func() { sum.Add(int64(round), &e) })
		}
		var catalogs []*Catalog
		var told []string
		for round = range 5 {
			for i := range runs {
				run := fmt.Sprint("r", i)
				parent := fmt.Sprint("r", i-1) // of the first one there is none
				add(first, Event{SessionID: "s", RunID: run, ParentRunID: parent, Kind: AgentStart, Agent: "a", Link: LinkName})
				add(first, Event{SessionID: "s", RunID: run, Kind: ToolCall, Tool: fmt.Sprint("t", round%3), CallID: fmt.Sprint(round, i)})
				add(second, Event{SessionID: "s", RunID: run, Kind: ToolError, Tool: "t", Failed: true, Wait: WaitAsked})
			}
			if round == 3 { // it turns out to be another one
				add(second, Event{SessionID: "s", RunID: "r0", Kind: AgentFinish, Facts: &Facts{SameAs: "other"}})
			}
			add(second, Event{SessionID: "s", RunID: "r1", Kind: Custom, Adopts: []Adopt{{RunID: "r0", ParentRunID: "r1", Link: LinkSure}}})
			c := s.Catalog()
			catalogs, told = append(catalogs, c), append(told, spell(c))
		}
		for i, c := range catalogs {
			if now := spell(c); now != told[i] {
				t.Errorf("%d runs: catalog %d has become\n%s\nit was\n%s", runs, i, now, told[i])
			}
			if i > 0 && told[i] == told[i-1] {
				t.Errorf("%d runs: catalog %d is like the one before", runs, i)
			}
		}
		if !strings.Contains(told[0], `below "r1"`) {
			t.Errorf("the run that was adopted lies elsewhere:\n%s", told[0])
		}
	}
}
