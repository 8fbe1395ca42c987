package trace

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

// shelf is a log whose records are searched in portions of some rows.
type shelf struct {
	eventlog.Log
	rows, portion int
	asked         []eventlog.RowID
	fail          error
}

func (s *shelf) Grep(_ context.Context, words []string, from eventlog.RowID, found func(int, eventlog.RowID)) (eventlog.RowID, error) {
	s.asked = append(s.asked, from)
	to := min(int(from)+s.portion, s.rows)
	for row := int(from); row < to; row++ {
		for i := range words {
			if row%10 == i {
				found(i, eventlog.RowID(row))
			}
		}
	}
	switch {
	case s.fail != nil:
		return eventlog.RowID(to), s.fail
	case to < s.rows:
		return eventlog.RowID(to), context.DeadlineExceeded
	}
	return eventlog.RowID(to), nil
}

func TestSearchGoesOnWhereItWas(t *testing.T) {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	grow := func(n int) *eventlog.Snapshot {
		for i := range n {
			x.Append(eventlog.Place{Pos: int64(i)}, &eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.Message, Time: eventlog.Stamp(1 + i)})
		}
		return x.Publish()
	}
	log := &shelf{rows: 250, portion: 100}
	p := New(t.Context(), log, 0, time.Now)
	p.Typing = 0
	drain(p, p.Show(grow(250)))
	q, err := eventlog.ParseQuery("zero one")
	if err != nil {
		t.Fatal(err)
	}
	drain(p, p.Filter(q))
	if got := fmt.Sprint(log.asked); got != "[0 100 200]" {
		t.Errorf("searched from %s", got)
	}
	if p.progress() != "" || p.Lines().Hits != 0 {
		t.Errorf("%d hits for words that are never in one record; %q", p.Lines().Hits, p.progress())
	}
	q, _ = eventlog.ParseQuery("zero")
	drain(p, p.Filter(q))
	if want := 25 + 2; p.Lines().Hits != want { // the session and the run begin with the first row
		t.Errorf("%d hits, want %d", p.Lines().Hits, want)
	}
	log.rows, log.asked = 300, nil
	drain(p, p.Show(grow(50)))
	if got := fmt.Sprint(log.asked); got != "[250]" || p.Lines().Hits != 32 {
		t.Errorf("after the log had grown it was searched from %s, with %d hits; want from 250, 32 hits", got, p.Lines().Hits)
	}
	log.fail, log.asked = errors.New("the disk is gone"), nil
	q, _ = eventlog.ParseQuery("other")
	drain(p, p.Filter(q))
	if len(log.asked) != 1 || p.progress() != "records could not be searched" {
		t.Errorf("asked %d times, and said %q", len(log.asked), p.progress())
	}
}

// drain does a command and what comes of it.
func drain(p *Pane, cmd tea.Cmd) {
	todo := []tea.Cmd{cmd}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if next == nil {
			continue
		}
		switch msg := next().(type) {
		case nil:
		case tea.BatchMsg:
			todo = append(todo, msg...)
		default:
			more, _ := p.Update(msg)
			todo = append(todo, more)
		}
	}
}
