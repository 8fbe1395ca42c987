package tui

import (
	"context"

	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// book prices the models of the invented sessions: input, output, cache read and
// writes of a million tokens, in dollars.
func priceBook(t testing.TB) *price.Book {
	t.Helper()
	own, err := price.Parse("prices.tsv", "anthropic claude-opus-5 5 25 0.5 6.25 10\nanthropic claude-haiku-5 1 5 0.1 1.25 2\n")
	if err != nil {
		t.Fatal(err)
	}
	return price.NewBook(price.BuiltIn(), own)
}

// turn is a call that reads so much from the cache and writes so much into it.
func (s *story) turn(run, agent, model, text string, read, fresh, out int64, source eventlog.CostSource) {
	call := fmt.Sprint("m", s.n)
	s.add(run, agent, eventlog.ModelRequest, func(e *eventlog.Event) { e.Model, e.CallID, e.Provider = model, call, "anthropic" })
	s.wait(5 * time.Second)
	s.add(run, agent, eventlog.ModelResponse, func(e *eventlog.Event) {
		e.Model, e.CallID, e.Text, e.Provider = model, call, text, "anthropic"
		u := eventlog.Usage{Input: 10, CacheRead: read, CacheWrite5m: fresh, Output: out}
		e.Bill = &eventlog.Bill{Call: eventlog.Identify(s.id, call), Usage: u, Source: source}
		if source != eventlog.Unpriced {
			e.Bill.Cost = eventlog.Money(10*5000 + read*500 + fresh*6250 + out*25000)
		}
	})
}

// grown is a session whose context grew to most of its window, missed the cache
// once, was compacted and went on; it started another run, without prices.
func grown() []eventlog.Event {
	s := &story{id: "0191-grown", at: noon.Add(-3 * time.Hour)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Move the cart to the new API", Agent: "claude", Directory: "/src/shop", Branch: "cart-api", Started: e.Time, Metadata: map[string]string{"ticket": "SHOP-431", "team": "cart"}}
	})
	s.add("main", "main", eventlog.AgentStart, nil)
	s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text = "Move the cart to the new API, step by step." })
	had := int64(0)
	const model = "claude-opus-5"
	for i := range 60 {
		fresh := int64(1200 + 700*(i%4))
		read := had
		switch i {
		case 0:
			fresh = 21_000
		case 9:
			fresh = 17_000
		case 30: // it was idle for longer than the cache lives
			s.wait(11 * time.Minute)
			read, fresh = 0, had+1200
		case 44:
			s.add("main", "main", eventlog.Compaction, nil)
			read, fresh = 18_000, 9_000
		}
		s.turn("main", "main", model, "step "+fmt.Sprint(i+1), read, fresh, int64(90+17*(i%9)), eventlog.Estimated)
		had = read + fresh
		tool, input, size := "Read", fmt.Sprintf(`{"file_path":"src/cart/part%d.ts"}`, i), 900+300*(i%4)
		if i == 8 {
			tool, input, size = "Bash", `{"command":"npm test -- --verbose"}`, 60_000
		}
		s.tool("main", "main", tool, input, strings.Repeat("x", size), "", time.Second)
		if i == 20 {
			s.add("look", "Explore", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkSure })
			below := int64(9000)
			for k := range 6 {
				s.turn("look", "Explore", "house-model", "looking", below, 2000, 300, eventlog.Unpriced)
				below += 2000
				s.tool("look", "Explore", "Grep", fmt.Sprintf(`{"pattern":"cart%d"}`, k), strings.Repeat("y", 4000), "", time.Second)
			}
			s.add("look", "Explore", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
		}
	}
	s.add("main", "main", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Closed: true, Ended: e.Time} })
	return s.out
}

// spread are sessions of the weeks before, on branches and for tickets.
func spread() []eventlog.Event {
	var out []eventlog.Event
	for i := range 14 {
		ago := []int{1, 1, 2, 3, 4, 6, 7, 8, 9, 11, 30, 31, 32, 33}[i]
		s := &story{id: fmt.Sprintf("spread-%02d", i), at: noon.AddDate(0, 0, -ago).Add(-time.Duration(i) * time.Hour)}
		facts := &eventlog.Facts{Name: "session " + fmt.Sprint(i), Agent: "claude", Branch: []string{"main", "cart-api", "fix/checkout", ""}[i%4]}
		if i%3 > 0 {
			facts.Metadata = map[string]string{"ticket": fmt.Sprintf("SHOP-%d", 430+i%3)}
		}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) { facts.Started = e.Time; e.Facts = facts })
		s.add("r", "main", eventlog.AgentStart, nil)
		source := eventlog.Recorded
		if i%5 > 1 {
			source = eventlog.Estimated
		}
		read := int64(0)
		for range 3 + i%4 {
			s.turn("r", "main", "claude-opus-5", "a step", read, 90_000, 900, source)
			read += 90_000
		}
		if i == 5 {
			s.turn("r", "main", "house-model", "a step", 0, 5000, 900, eventlog.Unpriced)
		}
		s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Closed: true, Ended: e.Time} })
		out = append(out, s.out...)
	}
	return out
}

// silent is a session whose calls tell nothing of what they read.
func unbilled() []eventlog.Event {
	s := &story{id: "silent", at: noon.Add(-time.Minute)}
	s.add("main", "main", eventlog.AgentStart, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Name: "Nothing is told"} })
	s.tool("main", "main", "Bash", `{"command":"make"}`, "ok", "", time.Second)
	return s.out
}

// booked explores with prices and budgets.
func booked(t testing.TB, day, session eventlog.Money) func(*Options) {
	b := priceBook(t)
	return func(o *Options) {
		o.Book, o.Prices, o.Budget, o.All = b, "table of 2026-07-02", Budget{Session: session, Day: day}, true
	}
}

// What is selected in the Context tab leads to its step, whichever list has the keys.
func TestContextLeadsToTheStep(t *testing.T) {
	t.Parallel()
	events := grown()
	for name, c := range map[string]struct {
		keys string
		want func(snap *eventlog.Snapshot, s eventlog.Span) bool
	}{
		"the largest turn": {"enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool { return s.Kind == eventlog.SpanModel }},
		"the next turn":    {"l l enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool { return s.Kind == eventlog.SpanModel }},
		"a compaction":     {"4 enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool { return s.Event == eventlog.Compaction }},
		"the next compaction": {"h h h h n enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool {
			return s.Kind == eventlog.SpanModel
		}},
		"a block": {"3 j enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool {
			return s.Kind == eventlog.SpanTool && snap.Symbols.Name(s.Tool) == "Bash"
		}},
		"a turn of another run": {"2 j enter", func(snap *eventlog.Snapshot, s eventlog.Span) bool {
			return s.Kind == eventlog.SpanModel && snap.Symbols.Name(s.Model) == "house-model"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, log := told(t, events)
			d := drive(t, src, log, booked(t, 0, 0)).start(160, 45)
			d.keys("enter g k " + c.keys)
			e := d.over()
			if e.tab != 0 {
				text, _ := d.screen()
				t.Fatalf("still on tab %d:\n%s", e.tab, text)
			}
			if s := e.snap.Span(e.selected()); !c.want(e.snap, s) {
				t.Errorf("went to span %d, kind %d, event %v", e.selected(), s.Kind, s.Event)
			}
		})
	}
}

// The cursor of the picture and the step that is selected are the same thing, once
// somebody moved it.
func TestContextKeepsTheStep(t *testing.T) {
	t.Parallel()
	src, log := told(t, grown())
	d := drive(t, src, log, booked(t, 0, 0)).start(120, 36)
	d.keys("enter j j j")
	before := d.over().selected()
	d.keys("g k g t")
	if got := d.over().selected(); got != before {
		t.Errorf("looking at the context moved the selection from %d to %d", before, got)
	}
	d.keys("g k l g e")
	moved := d.over().selected()
	if moved == before || d.over().snap.Span(moved).Kind != eventlog.SpanModel {
		t.Errorf("the events select %d, not the turn at the cursor", moved)
	}
	d.keys("g k h g t")
	if now := d.over().selected(); now == moved {
		t.Errorf("moving back does not move the selection from %d", now)
	}
}

// A log that cannot be read says so, and is read again when somebody asks.
func TestContextOfABrokenLog(t *testing.T) {
	t.Parallel()
	src, log := told(t, grown())
	broken := &tornLog{Log: log, err: errors.New("read /logs/\x1b[31mrun.jsonl: input/output error")}
	d := drive(t, src, broken, booked(t, 0, 0)).start(80, 24)
	d.keys("enter g k")
	if text, _ := d.screen(); !strings.Contains(text, "input/output error") {
		t.Fatalf("the failure is not told:\n%s", text)
	}
	broken.err = nil
	d.keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "Context of main") {
		t.Errorf("it is not read again:\n%s", text)
	}
}

// tornLog cannot be read as long as it has an error.
type tornLog struct {
	eventlog.Log
	err error
}

func (b *tornLog) Events(ctx context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.Log.Events(ctx, rows)
}

// Esc calls off the reading of a log, and enter begins anew.
func TestContextCanBeCalledOff(t *testing.T) {
	t.Parallel()
	src, log := told(t, grown())
	d := drive(t, src, log, booked(t, 0, 0)).start(80, 24)
	d.keys("enter")
	_, read := d.m.Update(press("g"))
	d.drain(read)
	_, read = d.m.Update(press("k")) // begun, not done
	if text, _ := d.screen(); !strings.Contains(text, "Reading the log") {
		t.Fatalf("reading is not told:\n%s", text)
	}
	d.keys("esc")
	d.drain(read) // it comes too late
	if text, _ := d.screen(); !strings.Contains(text, "called off") {
		t.Fatalf("it was not called off:\n%s", text)
	}
	d.keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "Context of main") {
		t.Errorf("it does not begin anew:\n%s", text)
	}
}

// What goes on grows in the picture as well; a cursor at its newest turn stays there.
func TestContextGrows(t *testing.T) {
	t.Parallel()
	events := checkout()
	src, log := told(t, events)
	d := drive(t, src, log, booked(t, 0, 0)).start(120, 36)
	d.keys("enter g k 2 j j 9 9 l")
	text, _ := d.screen()
	if !strings.Contains(text, "#3 of 3") {
		t.Fatalf("the cursor is not at the last turn:\n%s", text)
	}
	s := &story{id: "0190-checkout", at: noon, n: 900}
	s.model("ci", "run-ci", "haiku-5", "once more", 15_000, 90, cents, eventlog.Unpriced, 4*time.Second)
	if err := log.WriteEvents(context.Background(), s.out); err != nil {
		t.Fatal(err)
	}
	d.send(logMsg{log: log, snap: log.Snapshot()})
	if text, _ = d.screen(); !strings.Contains(text, "#4 of 4") {
		t.Errorf("the new turn is not seen:\n%s", text)
	}
}

// Enter on a cause lists its misses, enter on one goes to its step; both on the page
// of all sessions and on that of one.
func TestMissesLeadToTheStep(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{"all sessions": "g c 2 enter enter", "a session": "enter g c 2 enter enter"} {
		src, log := told(t, grown())
		d := drive(t, src, log, booked(t, 0, 0)).start(120, 36)
		d.keys(keys)
		e := d.over()
		if e == nil || e.tab != 0 {
			text, _ := d.screen()
			t.Fatalf("%s: not at the trace:\n%s", name, text)
		}
		s := e.snap.Span(e.selected())
		if s.Kind != eventlog.SpanModel || s.Bill == 0 || e.snap.Bills.At(int(s.Bill)-1).Usage.CacheRead != 0 {
			t.Errorf("%s: went to span %d, which read from the cache", name, e.selected())
		}
		d.keys("esc")
		if text, _ := d.screen(); name == "all sessions" && !strings.Contains(text, "idle for longer") {
			t.Errorf("%s: esc does not go back to the misses:\n%s", name, text)
		}
	}
}

// A line of the table leads to what it adds up, also by branch and metadata, and
// also to what has none.
func TestCostDrillsByBranchAndMetadata(t *testing.T) {
	t.Parallel()
	events := append(grown(), spread()...)
	for name, c := range map[string]struct{ keys, query, count string }{
		"branch":            {"g c B B B enter", `branch:"cart-api"`, "5/15"},
		"the last branch":   {"g c B B B G enter", `branch:"main"`, "4/15"},
		"no branch, menu":   {"g c b b j enter", `branch:""`, "3/15"},
		"metadata":          {"g c b 1 enter", `meta.ticket:"SHOP-431"`, "6/15"},
		"metadata, last":    {"g c b 2 G enter", `meta.team:"cart"`, "1/15"},
		"metadata, by menu": {"g c b 2 enter", `meta.team:""`, "14/15"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, log := told(t, events)
			d := drive(t, src, log, booked(t, 0, 0)).start(120, 36)
			d.keys(c.keys)
			if got := d.m.home.Query(); got != c.query || d.m.home.Count() != c.count {
				text, _ := d.screen()
				t.Errorf("filter %q leaves %s, want %q and %s\n%s", got, d.m.home.Count(), c.query, c.count, text)
			}
		})
	}
}

// Keys of metadata that a filter cannot name are told so, not asked for wrongly.
func TestDrillQueries(t *testing.T) {
	t.Parallel()
	s := &story{id: "odd", at: noon.Add(-time.Hour)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Metadata: map[string]string{"my key (old)": `a "b", c`, "k:v=<>": "x", "Case": "X"}}
	})
	s.turn("r", "a", "claude-opus-5", "x", 0, 10, 1, eventlog.Estimated)
	src, log := told(t, s.out)
	for keys, want := range map[string]string{"b 1 enter": `meta.Case:"X"`, "b 2 enter": "", "b 3 enter": `meta."my key (old)":"a *b** c"`} {
		d := drive(t, src, log, booked(t, 0, 0)).start(120, 36)
		d.keys("g c " + keys)
		if got := d.m.home.Query(); got != want || want != "" && d.m.home.Count() != "1/1" {
			t.Errorf("%s: filter %q leaves %s, want %q", keys, got, d.m.home.Count(), want)
		}
		if want == "" && !strings.Contains(d.m.notice, "no filter") {
			t.Errorf("%s: nothing is told, but %q", keys, d.m.notice)
		}
	}
}

// Without prices both pages work, and say what they cannot tell.
func TestContextAndCostWithoutPrices(t *testing.T) {
	t.Parallel()
	src, log := told(t, grown())
	d := drive(t, src, log, func(o *Options) { o.All = true }).start(160, 45)
	d.keys("g c")
	if text, _ := d.screen(); !strings.Contains(text, "without prices nobody can tell") || !strings.Contains(text, "no price") {
		t.Errorf("what caches were worth is told without prices:\n%s", text)
	}
	d.keys("g s enter g k")
	if text, _ := d.screen(); !strings.Contains(text, "Context of main") {
		t.Errorf("the context needs prices:\n%s", text)
	}
}

// A click in the picture moves the cursor, a second one opens the turn.
func TestContextByMouse(t *testing.T) {
	t.Parallel()
	src, log := told(t, grown())
	d := drive(t, src, log, booked(t, 0, 0)).start(160, 45)
	d.keys("enter g k")
	click := func(x, y int) { d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(60, 10)
	text, _ := d.screen()
	if strings.Contains(text, "largest ") {
		t.Errorf("the cursor did not move:\n%s", text)
	}
	if d.over().tab == 0 {
		t.Fatal("one click opened it")
	}
	click(60, 10)
	if d.over().tab != 0 {
		t.Error("a second click does not open the turn")
	}
}
