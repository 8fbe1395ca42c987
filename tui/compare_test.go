package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

func TestRivalsTheLikeliestFirst(t *testing.T) {
	var events []eventlog.Event
	for i, f := range []eventlog.Facts{
		{Name: "origin", Directory: "/a"},
		{Name: "task", Directory: "/a"},
		{Name: "task", Directory: "/b"},
		{Name: "me", Title: "task", Directory: "/a", ForkOf: "s0", Experiment: "x"},
		{Name: "task", Directory: "/c"},
		{Name: "variant", Experiment: "x"},
		{Name: "elsewhere", Directory: "/d"},
		{Name: "child", ParentID: "s3"},
		{Name: "marked"},
	} {
		s := &story{id: "s" + string(rune('0'+i)), at: noon.Add(time.Duration(i-20) * time.Minute)}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) { f.Started = e.Time; e.Facts = &f })
		events = append(events, s.out...)
	}
	src, _ := told(t, events)
	c := src.Catalog()
	me, _ := c.Session("s3")
	var got []string
	for _, r := range rivals(c, me, "s8") {
		got = append(got, r.why+" "+r.session.ID)
	}
	want := "marked s8, forked from s0, same name s2, same name s1, same name s4, experiment s5, child s7"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// A log that is still being compared when its screen is left is closed all the
// same.
func TestLeavingAComparisonClosesItsLogs(t *testing.T) {
	src, log := told(t, runs())
	closed := make(chan struct{}, 4)
	d := drive(t, src, log, func(o *Options) {
		o.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) { return closing{log, closed}, nil }
	}).start(80, 24)
	d.keys("W")
	_, cmd := d.m.Update(press("enter"))
	if _, ok := d.m.screen().(*comparison); !ok {
		t.Fatal("there is no comparison")
	}
	d.keys("esc")
	if batch, ok := cmd().(tea.BatchMsg); ok { // what was under way ends now
		for _, c := range batch {
			if c != nil {
				c()
			}
		}
	}
	<-closed
}

type closing struct {
	eventlog.Log
	closed chan struct{}
}

func (c closing) Close() error {
	c.closed <- struct{}{}
	return nil
}

func TestComparisonIsCopiedAsMarkdown(t *testing.T) {
	src, log := told(t, runs())
	d := drive(t, src, log, nil).start(120, 36)
	copied := ""
	d.clipboard = func(text string) { copied = text }
	d.keys("enter W enter y")
	for _, want := range []string{"| cost | $0.080 | ~$0.055 | -31% |", "After 4 equal steps: the same call came to something else.", "=  4 equal steps\n~  Bash go vet ./...\n", "+  Bash make test\n"} {
		if !strings.Contains(copied, want) {
			t.Errorf("no %q in\n%s", want, copied)
		}
	}
	d.keys("o y")
	if !strings.Contains(copied, "-  Bash make test\n") || !strings.Contains(copied, "| cost | ~$0.055 | $0.080 |") {
		t.Errorf("the sides did not change places:\n%s", copied)
	}
}

// enter on a step goes to that step of that session.
func TestStepOfAComparisonIsOpened(t *testing.T) {
	src, log := told(t, runs())
	d := drive(t, src, log, nil).start(120, 36)
	d.keys("enter W enter ] enter b")
	e := d.over()
	if e == nil || e.session.ID != "haiku" {
		t.Fatalf("not the session of B: %v", d.m.screen().Title())
	}
	if s := e.snap.Span(e.selected()); s.Kind != eventlog.SpanModel || e.snap.Symbols.Name(s.Model) != "haiku-5" {
		t.Errorf("selected %+v", s)
	}
	d.keys("esc")
	if _, ok := d.m.screen().(*comparison); !ok {
		t.Error("esc does not go back to the comparison")
	}
}
