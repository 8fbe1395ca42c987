package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// searchable searches some events as they are kept in memory.
func searchable(events []eventlog.Event) func(*Options) {
	return func(o *Options) {
		o.Search = func(ctx context.Context, words []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error {
			for n, s := range sessions {
				for i := range events {
					e := &events[i]
					body := strings.Join([]string{e.Text, e.Message, string(e.Input), string(e.Output), label.Of(e)}, " ")
					holds := e.SessionID == s.ID
					for _, w := range words {
						holds = holds && strings.Contains(strings.ToLower(body), strings.ToLower(w))
					}
					if !holds {
						continue
					}
					f := eventlog.Finding{Path: "memory", Format: "memory", Pos: int64(i), Line: int64(i) + 1, Sub: 1, Time: e.Time, Session: s.ID, Run: e.RunID, Agent: e.Agent, Model: e.Model, Tool: e.Tool, Event: e.Kind.String(), Excerpt: strings.TrimSpace(body)}
					if err := found(&f); err != nil {
						return err
					}
				}
				progress(int64(n+1)<<20, int64(len(sessions))<<20)
			}
			return ctx.Err()
		}
	}
}

// endless finds more than anybody keeps.
func endless(o *Options) {
	o.Search = func(_ context.Context, _ []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error {
		progress(340<<20, 1000<<20)
		for i := 0; ; i++ {
			s := sessions[i/300%len(sessions)]
			if err := found(&eventlog.Finding{Path: "memory", Pos: int64(i), Session: s.ID, Time: eventlog.StampOf(noon), Event: "message", Excerpt: fmt.Sprintf("the cart of step %d", i)}); err != nil {
				return err
			}
		}
	}
}

// begun types a command and takes only the first of what comes of it, as it is
// while work goes on.
func (d *driver) begun(command string) *driver {
	d.Helper()
	d.keys(":").typed(command)
	_, cmd := d.m.Update(press("enter"))
	todo := []tea.Cmd{cmd}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if next == nil {
			continue
		}
		msg := next()
		if batch, ok := msg.(tea.BatchMsg); ok {
			todo = append(todo, batch...)
		} else if msg != nil {
			d.m.Update(msg)
		}
	}
	return d
}

// What is typed is searched for; enter on a hit opens its step.
func TestSearchLeadsToTheStep(t *testing.T) {
	events := append(checkout(), others()...)
	src, log := told(t, events)
	d := drive(t, src, log, searchable(events)).start(120, 36)
	d.keys("g f").typed("npm cart").keys("enter")
	text, _ := d.screen()
	if !strings.Contains(text, "3 hits in 1 session") {
		t.Fatalf("nothing was found:\n%s", text)
	}
	d.keys("n n enter")
	e := d.over()
	if e == nil {
		t.Fatal("enter opens nothing")
	}
	span := e.snap.Span(e.selected())
	if first := events[span.First]; first.Tool != "Bash" || span.Kind != eventlog.SpanTool {
		t.Errorf("enter leads to %+v", first)
	}
	// Back again, what was found is still there.
	if text, _ := d.keys("q").screen(); !strings.Contains(text, "3 hits in 1 session") {
		t.Errorf("going back loses the hits:\n%s", text)
	}
}

// The filter of the home screen limits where is searched, and a new one begins
// the search again.
func TestSearchGoesByTheFilter(t *testing.T) {
	events := append(checkout(), others()...)
	src, log := told(t, events)
	d := drive(t, src, log, searchable(events)).start(120, 36)
	d.keys(":").typed("search done").keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "4 hits in 4 sessions") || !strings.Contains(text, "in 5 of 6 sessions · the last 24h") {
		t.Fatalf("the search is of other sessions:\n%s", text)
	}
	d.keys("p p p")
	if text, _ := d.screen(); !strings.Contains(text, "5 hits in 5 sessions") || !strings.Contains(text, "in all 6 sessions") {
		t.Errorf("a longer period finds nothing more:\n%s", text)
	}
	d.keys("/").typed("agent:codex").keys("enter")
	if text, _ := d.screen(); !strings.Contains(text, "1 hit in 1 session") || !strings.Contains(text, "in 1 of 6 sessions · agent:codex") {
		t.Errorf("the filter is not followed:\n%s", text)
	}
}

// Esc stops a search; a new one calls off what is under way; what is more than is
// kept is said.
func TestSearchEnds(t *testing.T) {
	events := append(checkout(), others()...)
	src, log := told(t, events)
	d := drive(t, src, log, endless).start(120, 36)
	d.begun("search cart")
	if text, _ := d.screen(); !strings.Contains(text, "34% of 1.0 GB  esc stops") && !strings.Contains(text, "esc stops") {
		t.Fatalf("a search under way does not say so:\n%s", text)
	}
	d.keys("esc")
	if text, _ := d.screen(); !strings.Contains(text, "stopped at 34%") {
		t.Errorf("esc does not stop:\n%s", text)
	}
	d.keys("R")
	if text, _ := d.screen(); !strings.Contains(text, "there are more") || !strings.Contains(text, "more than") {
		t.Errorf("that there are more is not said:\n%s", text)
	}
	d.keys("- G = G")
	d.screen()
}

func failing(o *Options) {
	o.Search = func(context.Context, []string, []*eventlog.Session, func(*eventlog.Finding) error, func(done, total int64)) error {
		return errors.New("read /logs/run.jsonl: input/output error")
	}
}
