package tui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// audited finds the records behind the figures of the ledger, and those that
// unreadable tells of.
func audited(o *Options) {
	src := o.Sources
	o.Prices = "table of 2026-07-02"
	o.Find = func(_ context.Context, f eventlog.Figure, found func(*eventlog.Finding) error) error {
		c := src.Catalog()
		if f == eventlog.FigureUnreadable {
			for i, excerpt := range []string{"no \x1b[31mrecord", `{"type":"assis`} {
				if err := found(&eventlog.Finding{
					Path: "/logs/a/very/long/path/that/does/not/fit/into/its/column/session.jsonl", Format: "claude", Pos: 9, Line: int64(9*i + 3), Why: "no object at byte 0", Excerpt: excerpt,
				}); err != nil {
					return err
				}
			}
			return nil
		}
		entries, ok := c.Behind(f)
		if !ok {
			return errors.New("read /logs/run.jsonl: permission denied")
		}
		for _, e := range entries {
			one := c.Finding(e)
			if err := found(&one); err != nil {
				return err
			}
		}
		return nil
	}
}

func unreadable(s *eventlog.Sources) {
	sum := eventlog.NewSummary(s.Symbols(), "broken", "claude", 0)
	for range 2 {
		sum.Update(func() {
			sum.Record()
			sum.Fault(eventlog.Fault{Path: "broken", Pos: 9, Why: "no object at byte 0"})
		})
	}
	s.Add(sum)
}

// Enter on a figure lists its records, Enter on a record goes to its step, and
// esc goes back the same way.
func TestAuditLeadsToTheStep(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, audited).start(120, 36)
	d.keys("g c a 1 0 j")
	if text, _ := d.screen(); !strings.Contains(text, "▌            5  calls, each counted once") {
		t.Fatalf("the cursor is not on the calls\n%s", text)
	}
	d.keys("enter")
	text, _ := d.screen()
	if !strings.Contains(text, "Audit › calls, each counted once") || !strings.Contains(text, "sonnet-5") {
		t.Fatalf("no records\n%s", text)
	}
	d.keys("esc")
	if text, _ := d.screen(); !strings.Contains(text, "1 Audit ─") {
		t.Errorf("esc does not lead back to the figures\n%s", text)
	}
	d.keys("enter j enter")
	if d.over() == nil || d.over().tab != 0 {
		t.Fatal("enter on a record does not open its session")
	}
	s := d.over().snap.Span(d.over().selected())
	if s.Kind != eventlog.SpanModel || s.Bill == 0 {
		t.Errorf("the selected step is %+v, not a model call", s)
	}
	// From within the session the same.
	d.keys("g c a 1 0 j enter j j enter")
	if again := d.over().snap.Span(d.over().selected()); d.over().tab != 0 || again.Kind != eventlog.SpanModel || again.First == s.First {
		t.Errorf("the selected step is %+v", again)
	}
	d.keys("g c a esc esc")
	if d.over() != nil {
		t.Error("esc leaves the audit, then the session")
	}
}

// A search is called off when its records are left, and a failure is said.
func TestAuditSearch(t *testing.T) {
	src, log := told(t, checkout())
	endless, stopped := 0, false
	d := drive(t, src, log, func(o *Options) {
		o.Find = func(ctx context.Context, f eventlog.Figure, found func(*eventlog.Finding) error) error {
			if f == eventlog.FigureCallRecords {
				return errors.New("read /logs/run.jsonl: permission denied")
			}
			for {
				endless++
				if err := found(&eventlog.Finding{Path: "p", Line: int64(endless)}); err != nil {
					stopped = true
					return err
				}
			}
		}
	}).start(120, 36)
	d.keys("g c a enter")
	if text, _ := d.screen(); !strings.Contains(text, "the first 5,000 of them") || !stopped {
		t.Errorf("stopped %t after %d\n%s", stopped, endless, text)
	}
	d.keys("esc j j enter")
	if text, _ := d.screen(); !strings.Contains(text, "read /logs/run.jsonl: permission denied") {
		t.Errorf("the failure is not said\n%s", text)
	}
}
