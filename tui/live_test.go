package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// TestLive runs the real program, with its goroutines, over a log that grows
// while keys are pressed. It is for the race detector, and to see that the
// program ends.
func TestLive(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m := newModel(ctx, Options{Sources: src, Mouse: true, Follow: true, Now: func() time.Time { return noon },
		Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }})
	defer m.close()
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithWindowSize(120, 36), tea.WithFilter(calm(time.Now)), tea.WithoutSignals())
	grown := make(chan struct{})
	go func() {
		defer close(grown)
		s := &story{id: "0190-checkout", at: noon, n: 1000}
		for range 300 {
			s.out = s.out[:0]
			s.model("ci", "run-ci", "haiku-5", "again", 1000, 10, cents, eventlog.Recorded, time.Millisecond)
			if log.WriteEvents(ctx, s.out) != nil {
				return
			}
		}
	}()
	go func() {
		for _, k := range strings.Fields("j enter j j e - = F / a esc ! ! ] j ] ] [ T z Z 0 g x e c e g s g x e c j g s j enter 2 J K } tab ? esc") {
			p.Send(press(k))
			if k == "enter" {
				p.Send(tea.MouseClickMsg{X: 30, Y: 8, Button: tea.MouseLeft})
				p.Send(tea.MouseWheelMsg{X: 30, Y: 8, Button: tea.MouseWheelDown})
			}
		}
		<-grown
		p.Send(press("ctrl+c"))
	}()
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if n := log.Snapshot().Rows.Len(); n < 600 {
		t.Errorf("%d rows", n)
	}
}

// TestKeys checks the table: no key means two things in one scope, and every
// action has keys and help.
func TestKeys(t *testing.T) {
	for _, c := range keymap.Conflicts(KeyTable()) {
		t.Error(c)
	}
	for _, r := range KeyTable() {
		if r.Action == "" || len(r.Keys) == 0 || r.Help == "" || r.Scope == "" {
			t.Errorf("incomplete: %+v", r)
		}
		for _, k := range r.Keys {
			switch k {
			case "ctrl+h", "ctrl+j", "ctrl+k", "ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q":
				t.Errorf("%s takes %s, which terminals and multiplexers use", r.Action, k)
			}
		}
	}
}

// TestKeysPage keeps docs/keys.md equal to the table.
func TestKeysPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Keys\n\nWritten by `go test ./tui -run TestKeysPage -update` from the table in `tui/keymap`.\nInner scopes win over outer ones: the Trace tab over the opened session, that over lists, those over everywhere.\nA digit that names a pane focuses it; any other digit, or one for the pane that is focused already, begins a count.\n")
	last := keymap.Scope("")
	for _, r := range KeyTable() {
		if r.Scope != last {
			fmt.Fprintf(&b, "\n## %s\n\n| keys | does | action |\n|---|---|---|\n", strings.ToUpper(string(r.Scope[:1]))+string(r.Scope[1:]))
			last = r.Scope
		}
		keys := make([]string, len(r.Keys))
		for i, k := range r.Keys {
			keys[i] = "`" + k + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", strings.Join(keys, " "), r.Help, r.Action)
	}
	compare(t, "../docs/keys.md", b.String())
}

func TestCountsAndPanes(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("5 j") // there is no pane 5
	if i := cursor(d); i != 5 {
		t.Errorf("5j: row %d, want 5", i)
	}
	d.keys("1 0 k") // pane 1 has the keys already
	if i := cursor(d); i != 0 {
		t.Errorf("10k: row %d, want 0", i)
	}
	if d.keys("2"); d.m.home.Focus() != 2 {
		t.Errorf("2 focuses pane %d", d.m.home.Focus())
	}
	if d.keys("tab tab tab"); d.m.home.Focus() != 1 {
		t.Errorf("three tabs focus pane %d, want 1", d.m.home.Focus())
	}
}

func cursor(d *driver) int { return d.m.home.view.Index(d.m.home.front.tree.Selected().Key) }

// TestEscape follows esc: popup, then filter, then screen; and q.
func TestEscape(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter /").typed("tool:Bash").keys("enter ?")
	if d.m.menu == nil || d.m.screen().Query() == "" {
		t.Fatal("no popup over a filter")
	}
	if d.keys("esc"); d.m.menu != nil || d.m.screen().Query() == "" {
		t.Error("the first esc closes the popup only")
	}
	if d.keys("esc"); d.m.screen().Query() != "" || d.over() == nil {
		t.Error("the second esc clears the filter only")
	}
	if d.keys("esc"); d.over() != nil {
		t.Error("the third esc goes back")
	}
	if _, cmd := d.m.Update(press("q")); cmd == nil {
		t.Error("q does not quit from the sessions")
	} else if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("q does not quit from the sessions")
	}
}

func TestMouse(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	text, _ := d.screen()
	rows := strings.Split(text, "\n")
	line := func(has string) int {
		for y, row := range rows {
			if strings.Contains(row, has) {
				return y
			}
		}
		t.Fatalf("no row with %q", has)
		return 0
	}
	click := func(x, y int) { d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(8, line("weekly-report"))
	if d.m.home.front.tree.Selected().Name != "weekly-report" {
		t.Error("a click selects")
	}
	click(8, line("weekly-report"))
	if d.over() == nil || d.over().session.ID != "s1" {
		t.Error("a second click opens")
	}
	d.keys("esc")
	click(4, line("▾ Fix checkout"))
	if text, _ = d.screen(); !strings.Contains(text, "▸ Fix checkout") {
		t.Error("a click on the marker folds")
	}
	click(8, line("▾ Fix checkout"))
	if d.over() == nil {
		t.Fatal("a click on the selected row opens")
	}
	text, _ = d.screen()
	rows = strings.Split(text, "\n")
	// The crumbs hold characters of more than one byte.
	click(len([]rune(rows[1][:strings.Index(rows[1], "Errors")])), 1)
	if sessionTabs[d.over().tab].goes != keymap.GoErrors {
		t.Error("a click on a tab turns to it")
	}
}

func TestStart(t *testing.T) {
	src, log := told(t, checkout())
	if d := drive(t, src, log, func(o *Options) { o.Start = "only"; o.Query = "tool:Bash" }).start(120, 36); d.over() == nil || d.over().Query() != "tool:Bash" {
		t.Error("the only session is not opened with the filter")
	}
	if d := drive(t, src, log, func(o *Options) { o.Start = "0190" }).start(120, 36); d.over() == nil {
		t.Error("a prefix of an id opens the session")
	}
	if d := drive(t, src, log, func(o *Options) { o.Start, o.Replay = "0190", true }).start(120, 36); d.over() == nil {
		t.Error("the session to replay is not opened")
	} else if text, _ := d.screen(); !strings.Contains(text, "replay") || !strings.Contains(text, "#1 / ") {
		t.Errorf("the session does not begin again:\n%s", text)
	}
	if d := drive(t, src, log, func(o *Options) { o.Start = "nope" }).start(120, 36); d.over() != nil || d.m.notice == "" {
		t.Error("an id that is not there is not said")
	}
}

// TestGrowing checks that the selection stays where it is while steps come in,
// and that following goes to the newest.
func TestGrowing(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter e")
	before := d.over().trace.Selected()
	grow := func() {
		s := &story{id: "0190-checkout", at: noon, n: log.Snapshot().Rows.Len()}
		s.tool("plan", "plan", "Grep", `{"pattern":"charge"}`, "", "", time.Second)
		if err := log.WriteEvents(t.Context(), s.out); err != nil {
			t.Fatal(err)
		}
		d.send(logMsg{log, log.Snapshot()})
	}
	grow()
	if d.over().trace.Selected() != before {
		t.Error("the selection moved when a step came in above it")
	}
	d.keys("F")
	grow()
	if id := d.over().trace.Selected(); int(id) != log.Snapshot().Spans.Len() {
		t.Errorf("following stands at span %d of %d", id, log.Snapshot().Spans.Len())
	}
	if text, _ := d.screen(); !strings.Contains(text, "follow on") || !strings.Contains(text, "charge") {
		t.Error("the newest step is not on the screen with its label")
	}
}

// brokenLog fails to read bodies.
type brokenLog struct{ eventlog.Log }

func (brokenLog) Events(context.Context, []eventlog.RowID) ([]eventlog.Event, error) {
	return nil, errors.New("read run.jsonl at 8192: input/output error")
}

func TestUnreadableBodies(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, brokenLog{log}, nil).start(120, 36)
	d.keys("enter e")
	if text, _ := d.screen(); !strings.Contains(text, "input/output error") {
		t.Errorf("the failure is not said:\n%s", text)
	}
}

func TestASCIIDrawsNothingElse(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, func(o *Options) { o.ASCII = true }).start(120, 36)
	for _, keys := range []string{"", "g c", "esc", "g x", "e", "c", "g s", "enter", "e", "p", "g e", "g x", "e", "c", "c", "c", "g c", "?"} {
		d.keys(keys)
		text, _ := d.screen()
		if i := strings.IndexFunc(text, func(r rune) bool { return r > 126 }); i >= 0 {
			t.Errorf("after %q: %q", keys, text[i:min(len(text), i+40)])
		}
	}
}
