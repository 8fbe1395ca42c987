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
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// held presses keys and does nothing of what they call for, as when it takes long.
func (d *driver) held(names string) *driver {
	d.Helper()
	for _, name := range strings.Fields(names) {
		d.m.Update(press(name))
	}
	return d
}

func allAges(o *Options) { o.All = true }

// unreadableBodies has logs whose bodies cannot be read.
func unreadableBodies(o *Options) {
	open := o.Open
	o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
		log, err := open(ctx, s)
		return brokenLog{log}, err
	}
}

// oneUnreadable has one session that cannot be opened.
func oneUnreadable(o *Options) {
	open := o.Open
	o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
		if s.ID == "0193-schema" {
			return nil, errors.New("open /logs/schema.jsonl: permission denied")
		}
		return open(ctx, s)
	}
}

// importer is a session in which a lot goes wrong, and that goes round in a loop
// at noon.
func importer() []eventlog.Event {
	s := &story{id: "0195-importer", at: noon.Add(-18*time.Minute - 9*time.Second)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Move the importer to v2", Agent: "claude", Directory: "/src/import", Started: e.Time}
	})
	s.add("main", "main", eventlog.AgentStart, nil)
	think := func(run, agent string) {
		s.model(run, agent, "opus-5", "Let me look.", 61_000, 300, 6*cents, eventlog.Recorded, 9*time.Second)
	}
	for i, path := range []string{"schema/v1.sql", "schema/v2.sql", "docs/plan.md", "cmd/import/old.go", "testdata/big.csv"} {
		think("main", "main")
		s.tool("main", "main", "Bash", fmt.Sprintf(`{"command":"cat %s"}`, path), "", fmt.Sprintf("Exit code 1\ncat: /src/import/%s: No such file or directory", path), 400*time.Millisecond)
		s.wait(time.Duration(i) * time.Minute)
	}
	s.add("scan", "scan", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkSure })
	for _, path := range []string{"a.csv", "b.csv", "c.csv"} {
		s.tool("scan", "scan", "Read", fmt.Sprintf(`{"file_path":"/data/in/%s"}`, path), "", "File does not exist. Did you mean "+path+".gz?", 30*time.Millisecond)
		think("scan", "scan")
	}
	s.tool("scan", "scan", "Read", `{"file_path":"/data/in/a.csv.gz"}`, "binary", "", 3*time.Second)
	s.add("scan", "scan", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	for i := range 2 {
		s.add("main", "main", eventlog.Retry, func(e *eventlog.Event) {
			e.Failed, e.Message = true, fmt.Sprintf("API Error: 529 overloaded (request %d)", i)
		})
		s.wait(20 * time.Second)
	}
	think("main", "main")
	s.add("main", "main", eventlog.Error, func(e *eventlog.Event) { e.Failed, e.Message = true, "API Error: 529 overloaded" })
	s.tool("main", "main", "WebFetch", `{"url":"https://example.org/v2"}`, "", "Request failed with status code 404", 2*time.Second)
	s.tool("main", "main", "Edit", `{"file_path":"cmd/import/main.go"}`, "done", "", 20*time.Millisecond)
	s.add("ci", "run-ci", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkExact })
	for range 3 {
		s.tool("ci", "run-ci", "Poll", `{"job":"b42"}`, fmt.Sprintf("%d%% done", s.n), "", 15*time.Second)
	}
	for range 7 {
		s.model("ci", "run-ci", "haiku-5", "run the test again", 12_000, 201, 2*cents, eventlog.Estimated, 4*time.Second)
		s.tool("ci", "run-ci", "Bash", `{"command":"go test ./import/..."}`, "--- FAIL: TestBig (0.02s)", "exit status 1", 41*time.Second)
	}
	return s.out
}

// broken is that session among others in which things fail.
func broken() []eventlog.Event {
	old := &story{id: "0193-schema", at: noon.Add(-50 * time.Hour)}
	old.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Write the schema", Agent: "codex", Started: e.Time}
	})
	old.add("r1", "codex", eventlog.AgentStart, nil)
	for i := range 6 {
		old.model("r1", "codex", "gpt-5.3", "edit", 9000, 100, 3*cents, eventlog.Estimated, 5*time.Second)
		old.tool("r1", "codex", "Edit", fmt.Sprintf(`{"file_path":"schema/t%d.sql"}`, i), "", "String to replace not found in file.", 50*time.Millisecond)
	}
	for _, path := range []string{"notes.txt", "todo.txt"} {
		old.tool("r1", "codex", "Bash", fmt.Sprintf(`{"command":"cat %s"}`, path), "", fmt.Sprintf("cat: %s: No such file or directory", path), 20*time.Millisecond)
	}
	old.add("r1", "codex", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Failure })
	old.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Closed: true, Outcome: eventlog.Failure, Ended: e.Time}
	})
	day := &story{id: "0194-report", at: noon.Add(-3 * time.Hour)}
	day.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "weekly-report", Agent: "pi", Started: e.Time}
	})
	day.add("r2", "pi", eventlog.AgentStart, nil)
	day.model("r2", "pi", "sonnet-5", "connect", 30_000, 100, 11*cents, eventlog.Recorded, 5*time.Second)
	for range 2 {
		day.tool("r2", "pi", "psql", `{"query":"select count(*) from orders"}`, "", "connection refused: is the server running on port 5432?", 5*time.Second)
	}
	day.tool("r2", "pi", "psql", `{"query":"select count(*) from orders"}`, "71", "", 200*time.Millisecond)
	day.model("r2", "pi", "sonnet-5", "done", 31_000, 100, 11*cents, eventlog.Recorded, 5*time.Second)
	day.add("r2", "pi", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	day.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Closed: true, Outcome: eventlog.Success, Ended: e.Time}
	})
	return append(append(importer(), old.out...), day.out...)
}

// TestEveryFailureIsReached goes through all failures with one key, and back with
// another, whatever was unfolded before.
func TestEveryFailureIsReached(t *testing.T) {
	src, log := told(t, importer())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter g x")
	var there []eventlog.SpanID
	seen := map[eventlog.SpanID]bool{}
	for range 17 {
		d.keys("e")
		id := d.over().selected()
		if s := d.over().snap.Span(id); !s.Flags.Has(eventlog.SpanFailed) {
			t.Fatalf("step %d did not fail", id)
		}
		there, seen[id] = append(there, id), true
	}
	if len(seen) != 17 {
		t.Errorf("%d failures were reached, want 17", len(seen))
	}
	if d.keys("e"); d.over().selected() != there[16] {
		t.Error("it goes on behind the last failure")
	}
	for i := 15; i >= 0; i-- {
		if d.keys("E"); d.over().selected() != there[i] {
			t.Errorf("on the way back, step %d is %d, want %d", i, d.over().selected(), there[i])
		}
	}
	if d.keys("enter"); d.over().tab != 0 || d.over().trace.Selected() != there[0] {
		t.Errorf("enter is at %d on tab %d, want %d in the trace", d.over().trace.Selected(), d.over().tab, there[0])
	}
	// From a step that failed, the tab is at that failure.
	d.keys("e")
	from := d.over().trace.Selected()
	if d.keys("g x"); d.over().selected() != from {
		t.Errorf("the tab is at %d, want %d", d.over().selected(), from)
	}
}

// counted notes which logs are open.
type counted struct {
	opened       []string
	now, at, all int // open now, at most, and closed in all
}

type countedLog struct {
	eventlog.Log
	of *counted
}

func (l countedLog) Close() error {
	l.of.now--
	l.of.all++
	return l.Log.Close()
}

func (c *counted) option(o *Options) {
	allAges(o)
	open := o.Open
	o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
		log, err := open(ctx, s)
		c.opened = append(c.opened, s.ID)
		c.now++
		c.at = max(c.at, c.now)
		return countedLog{log, c}, err
	}
}

// TestLogsAreReadOnce opens the logs of the sessions in which something failed one
// after the other, the newest first, and again only those that went on.
func TestLogsAreReadOnce(t *testing.T) {
	src, log := told(t, append(broken(), kin()...))
	c := &counted{}
	d := drive(t, src, log, c.option).start(120, 36)
	d.keys("g x")
	if got := strings.Join(c.opened, " "); got != "0195-importer 0194-report 0193-schema" || c.at != 1 || c.all != 3 {
		t.Fatalf("opened %s, %d at a time, %d closed", got, c.at, c.all)
	}
	if d.keys("g s g x"); len(c.opened) != 3 {
		t.Errorf("opened again: %v", c.opened[3:])
	}
	d.keys("/").typed("agent:pi").keys("enter")
	if text, _ := d.screen(); len(c.opened) != 3 || !strings.Contains(text, "Errors of 1 session") || strings.Contains(text, "exit code 1") {
		t.Errorf("opened %v; the filter leaves\n%s", c.opened[3:], text)
	}
	d.keys("esc")
	s := &story{id: "0194-report", at: noon, n: 500}
	s.tool("r2", "pi", "Bash", `{"command":"make"}`, "", "make: nothing to be done", time.Second)
	if err := log.WriteEvents(t.Context(), s.out); err != nil {
		t.Fatal(err)
	}
	d.drain(makeCatalog(src))
	text, _ := d.screen()
	if got := strings.Join(c.opened[3:], " "); got != "0194-report" || !strings.Contains(text, "nothing to be done") {
		t.Errorf("opened %q of one that went on\n%s", got, text)
	}
	if c.now != 0 {
		t.Errorf("%d logs were left open", c.now)
	}
}

// TestOpenFailureOfAll goes from a failure among all sessions to its step.
func TestOpenFailureOfAll(t *testing.T) {
	src, log := told(t, broken())
	d := drive(t, src, log, allAges).start(120, 36)
	for _, c := range []struct{ name, keys, session, tool string }{
		{"a failure", "g x e e e", "0195-importer", "Bash"},
		{"the last failure of a family", "g x e e e e e e", "0193-schema", "Bash"},
		{"a loop", "g x c j", "0195-importer", "Poll"},
		{"a retry", "g x c c j j", "0194-report", "psql"},
		{"a slow tool", "g x c c c j", "0195-importer", "Poll"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.m.goHome("go.sessions")
			d.m.home.pages = map[keymap.Action]homePage{} // as when it is gone to for the first time
			d.keys(c.keys + " enter")
			if d.over() == nil || d.over().session.ID != c.session {
				t.Fatalf("the session is not open, but %v", d.over())
			}
			s := d.over().snap.Span(d.over().trace.Selected())
			if got := d.over().snap.Symbols.Name(s.Tool); got != c.tool {
				t.Errorf("it is at %q, want %q", got, c.tool)
			}
		})
	}
}

// TestLeavingStops leaves the page of all sessions while a log is opened.
func TestLeavingStops(t *testing.T) {
	for name, keys := range map[string]string{"to another page": "g w", "with esc": "esc"} {
		t.Run(name, func(t *testing.T) {
			src, log := told(t, broken())
			opening := make(chan struct{}, 1)
			d := drive(t, src, log, func(o *Options) {
				allAges(o)
				o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
					opening <- struct{}{}
					<-ctx.Done()
					return nil, ctx.Err()
				}
			}).start(120, 36)
			d.m.Update(press("g"))
			_, cmd := d.m.Update(press("x"))
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				do(cmd)
			}()
			<-opening
			d.held(keys)
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("logs are still read")
			}
			if text, _ := d.screen(); name == "with esc" && !strings.Contains(text, "Reading was stopped at 0 of 3 sessions.") {
				t.Errorf("it is not said\n%s", text)
			}
		})
	}
}

// TestFailuresOfAGrowingSession finds what went wrong anew when there is more, and
// stays at what was selected.
func TestFailuresOfAGrowingSession(t *testing.T) {
	src, log := told(t, importer())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter g x j")
	before := d.over().selected()
	s := &story{id: "0195-importer", at: noon, n: 900}
	for i := range 9 {
		s.tool("ci", "run-ci", "Grep", fmt.Sprintf(`{"pattern":"p%d"}`, i), "", "ripgrep: out of memory", time.Second)
	}
	if err := log.WriteEvents(t.Context(), s.out); err != nil {
		t.Fatal(err)
	}
	d.send(logMsg{log, log.Snapshot()})
	text, _ := d.screen()
	if !strings.Contains(text, "9 ██████  ▸ Grep  ripgrep: out of memory") || !strings.Contains(text, "Families 6  ✗ 26") {
		t.Errorf("the new failures are not there\n%s", text)
	}
	if id := d.over().selected(); id != before {
		t.Errorf("the selection went from %d to %d", before, id)
	}
}

// TestReadingGoesOn reads on after it was stopped.
func TestReadingGoesOn(t *testing.T) {
	src, log := told(t, broken())
	d := drive(t, src, log, allAges).start(120, 36)
	d.held("g x").keys("esc").keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "Families 7") {
		t.Errorf("of all sessions\n%s", text)
	}
	d.keys("g s enter").held("g x").keys("esc")
	if text, _ := d.screen(); !strings.Contains(text, "Reading was stopped.") || d.over() == nil {
		t.Fatalf("esc did not stop it\n%s", text)
	}
	d.keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "Families 5") {
		t.Errorf("of a session\n%s", text)
	}
}

// TestClicksOnErrors clicks on sections, families and failures.
func TestClicksOnErrors(t *testing.T) {
	src, log := told(t, importer())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter g x")
	at := func(has string) (x, y int) {
		text, _ := d.screen()
		for y, row := range strings.Split(text, "\n") {
			if i := strings.Index(row, has); i >= 0 {
				return len([]rune(row[:i])), y
			}
		}
		t.Fatalf("no row with %q\n%s", has, text)
		return 0, 0
	}
	click := func(has string) {
		x, y := at(has)
		d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	}
	click("WebFetch")
	if s := d.over().snap.Span(d.over().selected()); d.over().snap.Symbols.Name(s.Tool) != "WebFetch" {
		t.Error("a click selects a family")
	}
	click("WebFetch")
	at("example.org")
	click("Poll")
	if s := d.over().snap.Span(d.over().selected()); d.over().snap.Symbols.Name(s.Tool) != "Poll" {
		t.Error("a click selects a loop")
	}
	click("Retries")
	at("WHAT WAS TRIED AGAIN")
	click("Slow tools")
	at("P95")
	click("Families")
	at("WHAT FAILED")
}
