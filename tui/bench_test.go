package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

// fixed is a log whose index was made beforehand and whose bodies are empty.
type fixed struct{ snap *eventlog.Snapshot }

func (f *fixed) Snapshot() *eventlog.Snapshot { return f.snap }
func (f *fixed) Changed() <-chan struct{}     { return nil }
func (f *fixed) Close() error                 { return nil }

func (f *fixed) Events(_ context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	out := make([]eventlog.Event, len(rows))
	for i, r := range rows {
		out[i] = eventlog.Event{Kind: f.snap.Rows.At(int(r)).Kind, Text: "a step"}
	}
	return out, nil
}

func (f *fixed) Grep(context.Context, []string, eventlog.RowID, func(int, eventlog.RowID)) (eventlog.RowID, error) {
	return eventlog.RowID(f.snap.Rows.Len()), nil
}

// million makes a log of n events in a session of many runs.
func million(n int) (*eventlog.Sources, *fixed) {
	src := eventlog.NewSources(eventlog.NewSymbols())
	sum := eventlog.NewSummary(src.Symbols(), "big", "memory", 0)
	x := eventlog.NewIndex(src.Symbols())
	at := eventlog.StampOf(noon.Add(-time.Hour))
	millionIndex = x
	sum.Update(func() {
		for i := range n {
			e := event(i, at)
			x.Append(eventlog.Place{Pos: int64(i)}, &e)
			if i%1000 == 0 {
				sum.Add(int64(i), &e) // the catalog is not what is measured
			}
		}
	})
	src.Add(sum)
	return src, &fixed{x.Publish()}
}

// millionIndex is the index that million made last, to be grown.
var millionIndex *eventlog.Index

// event is the i-th event of a session of many runs.
func event(i int, at eventlog.Stamp) eventlog.Event {
	e := eventlog.Event{SessionID: "big", RunID: fmt.Sprint("run", i/1000), Kind: eventlog.ToolError, Failed: i%997 == 0, Tool: "Bash", Time: at + eventlog.Stamp(i)*1e6}
	if i%1000 == 0 {
		e.Kind, e.Failed, e.Agent, e.ParentRunID = eventlog.AgentStart, false, "worker", fmt.Sprint("run", i/10_000)
	}
	return e
}

// BenchmarkKeyMillion presses keys with a million steps open. It reports the
// longest that the update loop was busy with one key, drawing included, and the
// longest until all that the key asked for was on the screen.
func BenchmarkKeyMillion(b *testing.B) {
	src, log := million(1_000_000)
	o := Options{Sources: src, Now: func() time.Time { return noon }, Start: "only", Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }}
	keys := []struct{ name, key, typed string }{
		{name: "chat", key: "g m"}, // a sequence is one action
		{name: "j", key: "j"}, {name: "G", key: "G"}, {name: "top", key: "<"}, {name: "page", key: "."}, {name: "error", key: "e"},
		{name: "fold", key: "space"}, {name: "foldall", key: "-"}, {name: "errors", key: "!"}, {name: "flat", key: "t"}, {name: "zoom", key: "z"},
		{"filter-word", "/", "Bash"}, {"filter-tool", "/", "tool:Bash"}, {"filter-failed", "/", "err:any"}, {"filter-duration", "/", "tool:Bash dur>5s"},
	}
	for _, c := range keys {
		b.Run(c.name, func(b *testing.B) {
			m := newModel(b.Context(), o)
			m.world.wait = false
			m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
			settle(m, m.Init())
			if over(m) == nil || over(m).trace.Lines() == nil {
				b.Fatal("nothing opened")
			}
			var loop, whole time.Duration
			for b.Loop() {
				keys := []tea.KeyPressMsg{press(c.key)}
				for _, letter := range c.typed {
					keys = append(keys, press(string(letter)))
				}
				if c.typed != "" {
					keys = append(keys, press("esc"))
				}
				for _, k := range keys {
					began := time.Now()
					_, cmd := m.Update(k)
					m.View()
					busy := time.Since(began)
					busy = max(busy, settle(m, cmd))
					loop, whole = max(loop, busy), max(whole, time.Since(began))
				}
			}
			b.ReportMetric(float64(loop.Microseconds())/1e3, "max-loop-ms")
			b.ReportMetric(float64(whole.Microseconds())/1e3, "max-shown-ms")
		})
	}
}

// settle does commands to their end and returns the longest that the loop was
// busy with one of their messages, drawing included.
func settle(m *model, cmd tea.Cmd) (longest time.Duration) {
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
			continue
		}
		if msg == nil {
			continue
		}
		began := time.Now()
		_, more := m.Update(msg)
		m.View()
		longest = max(longest, time.Since(began))
		todo = append(todo, more)
	}
	return longest
}

func BenchmarkView(b *testing.B) {
	src, log := told(b, append(checkout(), others()...))
	for _, c := range []struct {
		name  string
		start string
	}{{"sessions", ""}, {"trace", "0190"}} {
		b.Run(c.name, func(b *testing.B) {
			o := Options{Sources: src, Now: func() time.Time { return noon }, Start: c.start, Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }}
			m := newModel(b.Context(), o)
			m.world.wait = false
			m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
			settle(m, m.Init())
			b.ReportAllocs()
			for b.Loop() {
				m.dirty = true
				m.View()
			}
		})
	}
}

func BenchmarkViewUnchanged(b *testing.B) {
	src, log := told(b, checkout())
	m := newModel(b.Context(), Options{Sources: src, Now: func() time.Time { return noon }, Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }})
	m.world.wait = false
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	settle(m, m.Init())
	for b.Loop() {
		m.View()
	}
}
