package tui

import (
	"context"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// countingLog counts the rows that are read.
type countingLog struct {
	eventlog.Log
	rows *int
}

func (c countingLog) Events(ctx context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	*c.rows += len(rows)
	return c.Log.Events(ctx, rows)
}

// Of a long conversation only what is near the screen is read.
func TestChatReadsWhatIsSeen(t *testing.T) {
	src, log := told(t, long())
	rows := 0
	d := drive(t, src, log, func(o *Options) {
		o.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) { return countingLog{log, &rows}, nil }
	}).start(80, 24)
	d.keys("enter")
	before := rows
	d.keys("g m")
	if n := rows - before; n == 0 || n > 300 {
		t.Errorf("%d of %d rows are read to show one screen", n, len(long()))
	}
	before = rows
	d.keys("G k k k")
	if n := rows - before; n > 400 {
		t.Errorf("%d rows are read at the end", n)
	}
}

// The step that is selected in the tree is selected in the conversation, and the
// other way round, whatever is folded.
func TestChatSharesTheSelection(t *testing.T) {
	src, log := told(t, said())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter e g m")
	e := d.over()
	failed := e.selected()
	if s := e.snap.Span(failed); !s.Flags.Has(eventlog.SpanFailed) {
		t.Fatalf("the failed call within the agent is not selected: %+v", s)
	}
	text, _ := d.screen()
	if !strings.Contains(text, "✗ Bash go test ./...") {
		t.Errorf("it is not on the screen:\n%s", text)
	}
	d.keys("k")
	before := e.selected()
	d.keys("enter")
	if e.tab != tabOf(keymap.GoTrace) || e.selected() != before {
		t.Errorf("enter goes to tab %d, span %d rather than %d", e.tab, e.selected(), before)
	}
}

// While everything is unfolded, the selected item stays on its row of the screen.
func TestChatDoesNotJump(t *testing.T) {
	src, log := told(t, said())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter g m j j j j j j j j j j")
	row := func() int {
		text, _ := d.screen()
		for y, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "▌") {
				return y
			}
		}
		return -1
	}
	span, y := d.over().selected(), row()
	for _, key := range []string{"i", "o", "="} {
		d.keys(key)
		if d.over().selected() != span || row() != y {
			t.Errorf("after %s span %d is on row %d, was %d on %d", key, d.over().selected(), row(), span, y)
		}
	}
}

// Every item that says something is reached by going down, and again by going up.
func TestChatIsWalkedThrough(t *testing.T) {
	src, log := told(t, said())
	for _, size := range [][2]int{{40, 10}, {80, 24}, {200, 60}} {
		d := drive(t, src, log, nil).start(size[0], size[1])
		d.keys("enter g m = g g")
		var down, up []eventlog.SpanID
		walk := func(key string, to *[]eventlog.SpanID) {
			for range 60 {
				if id := d.over().selected(); len(*to) == 0 || (*to)[len(*to)-1] != id {
					*to = append(*to, id)
				}
				if text, _ := d.screen(); !strings.Contains(text, "▌") {
					t.Fatalf("the cursor cannot be seen:\n%s", text)
				}
				d.keys(key)
			}
		}
		walk("j", &down)
		walk("k", &up)
		if len(down) < 18 || len(up) != len(down) {
			t.Errorf("%v: %d items downwards, %d upwards", size, len(down), len(up))
		}
	}
}

// What a growing session says next is shown, and followed when that is wanted.
func TestChatGrows(t *testing.T) {
	src, log := told(t, said())
	d := drive(t, src, log, nil).start(80, 24)
	d.keys("enter g m F")
	s := &story{id: "said", at: noon, n: 1000}
	s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text, e.Tool = "And the tests?", "user" })
	if err := log.WriteEvents(t.Context(), s.out); err != nil {
		t.Fatal(err)
	}
	d.send(logMsg{log, log.Snapshot()})
	text, _ := d.screen()
	if !strings.Contains(text, "▌   And the tests?") {
		t.Errorf("the newest is not followed:\n%s", text)
	}
}
