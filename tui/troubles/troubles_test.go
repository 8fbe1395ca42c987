package troubles

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// boom is a family of failures at some times, each of a step of that number.
func boom(at ...eventlog.Stamp) trouble.Family {
	f := trouble.Family{Signature: "Bash: boom", Class: trouble.ClassTool, Tool: "Bash", Count: len(at), First: at[0], Last: at[len(at)-1]}
	f.Since = rollup.Sum{Calls: 1, Recorded: eventlog.Dollar}
	for i, t := range at {
		f.Places = append(f.Places, trouble.Place{Session: "s", Span: eventlog.SpanID(i + 1), Time: t})
	}
	return f
}

func TestReady(t *testing.T) {
	report := func() *trouble.Report {
		return &trouble.Report{
			Families: []trouble.Family{boom(100, 150, 199)},
			Loops:    []trouble.Loop{{Open: true, Places: []trouble.Place{{Span: 2}}}, {Places: []trouble.Place{{Span: 9}}}},
			Retries:  []trouble.Retry{{Lost: 3, Places: []trouble.Place{{Span: 1}}}, {Lost: 4, Places: []trouble.Place{{Span: 3}}}},
		}
	}
	all := ready(report(), scope{from: 100, to: 200})
	f := all.families[0]
	if f.text != "boom" || f.first != 100 || f.last != 199 || f.places[0].Time != 199 || f.since.Recorded != eventlog.Dollar || f.fresh {
		t.Errorf("%+v", f)
	}
	for i, v := range f.beats {
		if want := i == 0 || i == cells/2 || i == cells-1; want != (v == 1) {
			t.Errorf("cell %d holds %g", i, v)
		}
	}
	if all.going != 1 || len(all.loops) != 2 || all.lost != 7 || all.filtered {
		t.Errorf("%+v", all)
	}
	some := ready(report(), scope{from: 100, to: 200, keep: func(id eventlog.SpanID) bool { return id == 2 || id == 3 }})
	f = some.families[0]
	if len(f.places) != 2 || f.first != 150 || f.last != 199 || f.since.Calls != 0 {
		t.Errorf("the filter leaves %+v; what it cost since another failure is not known", f)
	}
	if some.failures != 2 || len(some.loops) != 1 || len(some.retries) != 1 || some.lost != 4 || !some.filtered {
		t.Errorf("the filter leaves %+v", some)
	}
	none := ready(report(), scope{keep: func(eventlog.SpanID) bool { return false }})
	if len(none.families)+len(none.loops)+len(none.retries) != 0 {
		t.Errorf("the filter leaves %+v", none)
	}
}

// What is new can be told only where there is something from before.
func TestNewSinceYesterday(t *testing.T) {
	day := eventlog.Stamp(24 * time.Hour)
	now := 100 * day
	of := func(began eventlog.Stamp) group {
		return group{Session: &eventlog.Session{First: began}, stamp: stamp{last: now}}
	}
	for _, c := range []struct {
		name  string
		began eventlog.Stamp
		first eventlog.Stamp
		fresh bool
	}{
		{"of today", now - 3*day, now - day/2, true},
		{"of the day before", now - 3*day, now - 2*day, false},
		{"of today, as all sessions are", now - day/2, now - day/4, false},
		{"at a time that nobody knows", now - 3*day, 0, false},
	} {
		w := work{now: now, groups: []group{of(now - day/8), of(c.began)}}
		s := ready(&trouble.Report{Families: []trouble.Family{boom(c.first)}}, w.scope())
		if got := s.families[0].fresh; got != c.fresh {
			t.Errorf("%s: new is %t", c.name, got)
		}
	}
}

func TestCells(t *testing.T) {
	for _, c := range []struct {
		at, from, to eventlog.Stamp
		want         int
	}{{5, 5, 5, 0}, {0, 5, 9, -1}, {4, 5, 9, -1}, {10, 5, 9, -1}, {5, 0, 9, -1}, {5, 5, 9, 0}, {9, 5, 9, cells - 1}} {
		if got := cellOf(c.at, c.from, c.to); got != c.want {
			t.Errorf("%d of %d to %d: %d, want %d", c.at, c.from, c.to, got, c.want)
		}
	}
	if got := fmt.Sprint(gather([]float64{1, 2, 3, 4, 5, 6}, 3), gather([]float64{1, 2}, 2)); got != "[3 7 11] [1 2]" {
		t.Error(got)
	}
}

// What stands for words that differ recedes; text that only looks so does not.
func TestGaps(t *testing.T) {
	th := theme.Look{}.Theme(true)
	for text, want := range map[string]string{
		"open <path>: no":  "open |<path>|: no",
		"<path>":           "|<path>|",
		"a < b and c > d":  "a < b and c > d",
		"<name> at <time>": "|<name>| at |<time>|",
		"x <":              "x <",
	} {
		l := frame.NewLine(40, "")
		gaps(l, th, text)
		got := strings.ReplaceAll(l.String(), "\x1b[0;"+string(th.Text)+"m", "")
		got = strings.NewReplacer("\x1b[0;"+string(th.Dim)+"m", "|", "\x1b[m", "").Replace(got)
		dim := strings.Count(want, "|<")
		if n := strings.Count(got, "|<"); n != dim || strings.ReplaceAll(strings.TrimSpace(got), "|", "") != strings.ReplaceAll(want, "|", "") {
			t.Errorf("%q is drawn as %q", text, got)
		}
	}
}

// TestNews follows what a goroutine tells: how far it is now and then, what it
// found always.
func TestNews(t *testing.T) { synctest.Test(t, testNews) }

func testNews(t *testing.T) {
	var j job.Job
	ctx, ticket := j.Restart(t.Context())
	told := make(chan struct{})
	cmd := begin(ctx, "page", ticket, func(tell, give func(news)) {
		time.Sleep(2 * beat)
		tell(news{read: 1, total: 10})
		tell(news{read: 2, total: 10}) // too soon after the first
		<-told
		give(news{done: 1})
		give(news{ended: true, err: errors.New("boom")})
	})
	var got []string
	for msg := cmd(); msg != nil; {
		n := msg.(newsMsg)
		if n.of != "page" || n.ticket != ticket {
			t.Errorf("news of %v", n.of)
		}
		got = append(got, fmt.Sprint(n.read, n.done, n.ended, n.err))
		if n.read > 0 {
			close(told)
		}
		msg = next(ctx, "page", ticket, n.more)()
	}
	if want := "1 0 false <nil>, 0 1 false <nil>, 0 0 true boom"; strings.Join(got, ", ") != want {
		t.Errorf("told %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestNewsEnds calls work off while nobody takes what it tells.
func TestNewsEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	cmd := begin(ctx, "page", 1, func(_, give func(news)) {
		defer close(ended)
		for range 5 {
			give(news{})
		}
	})
	if _, ok := cmd().(newsMsg); !ok {
		t.Error("no news")
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the goroutine did not end")
	}
}

// TestProgress says how far reading is.
func TestProgress(t *testing.T) {
	p := NewAll(t.Context(), nil, time.UTC)
	p.Resize(80, 20)
	p.groups = []group{{Session: &eventlog.Session{}, within: map[eventlog.Sym]bool{1: true, 2: true}}, {Session: &eventlog.Session{}, within: map[eventlog.Sym]bool{3: true}}}
	_, ticket := p.reading.Restart(t.Context())
	var msg tea.Msg = newsMsg{of: p, ticket: ticket, news: news{done: 2, read: 1200, total: 8310}}
	if _, changed := p.Update(msg); !changed {
		t.Error("nothing changed")
	}
	th := theme.Look{}.Theme(true)
	if text := strings.Join(p.Draw(th, 1, true), "\n"); !strings.Contains(text, "Reading what went wrong… 1,200 of 8,310 calls, 2 of 3 sessions") {
		t.Errorf("it says\n%s", text)
	}
	p.Update(newsMsg{of: p, ticket: ticket, news: news{done: 2, shown: ready(&trouble.Report{Families: []trouble.Family{boom(1)}}, scope{})}})
	if text := strings.Join(p.Draw(th, 1, true), "\n"); !strings.Contains(text, "2 of 3 sessions…") || !strings.Contains(text, "boom") {
		t.Errorf("what was found is not shown as it comes:\n%s", text)
	}
}
