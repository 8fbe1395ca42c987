package tui

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog/notes"
)

func book(t *testing.T) *notes.Book {
	t.Helper()
	b, err := notes.Open(filepath.Join(t.TempDir(), "notes.jsonl"), func(text string) string { return strings.ReplaceAll(text, "hunter2", "***") })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Notes, tags and marks are kept beside the log, shown at once, and found again
// when the session is opened the next time.
func TestNotes(t *testing.T) {
	src, log := told(t, checkout())
	b := book(t)
	src.Extra(b.Said)
	with := func(o *Options) { o.Notes, o.Author = b, "kim" }
	d := drive(t, src, log, with).start(120, 36)
	d.keys("enter e a").typed("lock order? hunter2").keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "lock order? ***") {
		t.Errorf("the note is not at its step:\n%s", text)
	}
	d.keys("m j j m")
	if len(d.over().trace.Marks()) != 2 {
		t.Errorf("%d marks, want 2", len(d.over().trace.Marks()))
	}
	d.keys("m") // the second one is taken away again
	d.keys("#").typed("flaky").keys("enter")
	var kinds []string
	for _, n := range b.Of("0190-checkout") {
		kinds = append(kinds, string(n.Kind)+" "+n.Text+" "+n.Author)
	}
	slices.Sort(kinds) // all were written at one moment
	if got := strings.Join(kinds, "|"); got != "mark  kim|note lock order? *** kim|tag flaky kim" {
		t.Errorf("kept %s", got)
	}
	again := drive(t, src, log, with).start(120, 36)
	if again.keys("/").typed("tag:flaky").keys("enter"); again.m.home.view.Shown != 1 {
		t.Errorf("tag:flaky finds %d sessions", again.m.home.view.Shown)
	}
	again.keys("enter e")
	if text, _ := again.screen(); !strings.Contains(text, "lock order? ***") || len(again.over().trace.Marks()) != 1 {
		t.Errorf("what was written is not found again:\n%s", text)
	}
	again.keys("g n")
	if text, _ := again.screen(); !strings.Contains(text, "3 notes") || !strings.Contains(text, "lock order? ***") {
		t.Errorf("the page of notes:\n%s", text)
	}
	// Deleting asks first.
	if again.keys("D n"); len(b.Of("0190-checkout")) != 3 {
		t.Error("a note was deleted though nobody said yes")
	}
	if again.keys("D y"); len(b.Of("0190-checkout")) != 2 {
		t.Error("y does not delete")
	}
	// A tag can be taken away by its name.
	if again.keys("g t #").typed("-nothing").keys("enter"); again.m.fault == nil {
		t.Error("a tag that nobody gave is taken away")
	}
}

func TestNotesWithoutAPlaceSaySo(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, nil).start(120, 36)
	for _, key := range []string{"a", "#"} {
		if d.keys(key); !strings.Contains(d.m.notice, "set HOME") {
			t.Errorf("%s: %q", key, d.m.notice)
		}
	}
}
