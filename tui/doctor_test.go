package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/health"
)

// ill finds something in every section.
func ill(o *Options) {
	src := o.Sources
	o.Doctor = func(_ context.Context, progress func(int64)) (*health.Report, error) {
		progress(10)
		r := health.New()
		r.Version = "1.4.0"
		r.Take(src.Catalog(), eventlog.StampOf(noon), func(string) bool { return true })
		home := "/home/dev"
		r.Places = []health.Place{
			{Path: home + "/.local/share/lazytrace/events.sqlite", There: true, Files: 1}, {Path: home + "/.claude/projects", Format: "claude", There: true, Files: 12},
			{Path: home + "/.config/claude/projects", Format: "claude"}, {Path: home + "/.codex/sessions", Format: "codex"}, {Path: home + "/.gemini/tmp/*/chats", Format: "gemini"},
		}
		r.Read = append(r.Read, health.Format{Format: "claude", Files: 12, Records: 48_213, Sessions: 9, Unread: 3, Versions: []string{"2.1.38", "2.1.328"}})
		r.Drift = []health.Drift{
			{Format: "claude", What: "kind", Name: "system/hologram", Count: 1204, Path: home + "/.claude/projects/-src-shop/0f0e0d0c.jsonl", Pos: 8192},
			{Format: "claude", What: "field", Name: "mood\x1b[31m", Count: 1, Path: "memory", Pos: 4},
		}
		r.Faults = append(r.Faults, health.Fault{Path: home + "/.claude/projects/-src-shop/0f0e0d0c.jsonl", Pos: 120_034, Why: "the text ends within a string at byte 1203"}, health.Fault{Path: "memory", Pos: 5, Why: "no object at byte 0"})
		r.Failed = []health.Fault{{Path: home + "/.claude/projects/notes.db", Pos: -1, Why: "open /home/dev/.claude/projects/notes.db: file is not a database"}}
		r.Kept = []health.Kept{{Format: "claude", Setting: "cleanupPeriodDays", File: home + "/.claude/settings.json", Default: true, Files: 12, Soon: 2, Keeping: eventlog.Keeping{For: 30 * 24 * time.Hour, Setting: "cleanupPeriodDays", File: home + "/.claude/settings.json", Default: true, Longer: "cleanupPeriodDays to 3650"}}}
		r.Habits = append(r.Habits, health.Habit{Habit: "generic_names", Format: "memory", Count: 3, Of: 6, Session: "s2", Example: "“agent”", Advice: "name a session after what it is to do: --name, or the name where the session is made"})
		r.Store = health.Store{Path: home + "/.local/share/lazytrace/events.sqlite", There: true, Size: 3_210_000, Damage: []string{"page 12 is used twice"}}
		r.Prices = health.Prices{Date: "2026-02-01", Days: 31, Source: "built in", Own: 2}
		r.Follow(14, 0, nil)
		r.Terminal = health.Terminal{Terminal: true, Term: "xterm-256color", Colors: "TrueColor", Width: 120, Height: 36}
		r.Break("the store is damaged: page 12 is used twice")
		r.Advise("a newer lazytrace may know what is new here; until then it is kept and shown as it is")
		r.Advise("claude deletes 2 sessions within 7 days; to keep more, set cleanupPeriodDays to 3650 in /home/dev/.claude/settings.json")
		return r, nil
	}
}

func well(o *Options) {
	src := o.Sources
	o.Doctor = func(context.Context, func(int64)) (*health.Report, error) {
		r := health.New()
		r.Take(src.Catalog(), eventlog.StampOf(noon), nil)
		return r, nil
	}
}

func unexamined(o *Options) {
	o.Doctor = func(context.Context, func(int64)) (*health.Report, error) {
		return nil, errors.New("read /logs: too many open files")
	}
}

// only presses keys and does none of what comes of the last one, as it is before
// any of it has happened.
func (d *driver) only(names string) *driver {
	keys := strings.Fields(names)
	d.keys(strings.Join(keys[:len(keys)-1], " "))
	d.m.Update(press(keys[len(keys)-1]))
	return d
}

func TestDoctorLeadsOn(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, ill).start(120, 36)
	// A source filters the sessions to it, whatever their age.
	d.keys("g d").keys("j enter")
	if q := d.m.home.Query(); q != `format:"memory"` || d.m.home.view.Shown != 6 {
		t.Errorf("enter on a source filters by %q: %d sessions", q, d.m.home.view.Shown)
	}
	// What is new and what could not be read lead to a session of their file.
	d.keys("g d c j enter")
	if d.over() == nil {
		t.Error("enter on what is new opens nothing")
	}
	d.keys("q").keys("c G enter")
	e := d.over()
	if e == nil {
		t.Fatal("enter on an unreadable record opens nothing")
	}
	if row := e.snap.Span(e.selected()).First; e.snap.Rows.At(int(row)).Pos > 5 {
		t.Errorf("it leads to row %d", row)
	}
	// One of a file without sessions says so.
	d.keys("q").keys("g g enter")
	if d.over() != nil || !strings.Contains(d.m.notice, "audit") {
		t.Errorf("a file without sessions: %q", d.m.notice)
	}
	// A habit leads to a session that shows it.
	if d.keys("c c enter"); d.over() == nil || d.over().session.ID != "s2" {
		t.Error("enter on a habit does not open the session")
	}
}

// The page shows what the catalog tells while everything is examined, esc calls
// that off, and R begins it again.
func TestDoctorExamines(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, ill).start(120, 36)
	d.only("g d")
	if text, _ := d.screen(); !strings.Contains(text, "looking at every record") || !strings.Contains(text, "esc stops") {
		t.Fatalf("an examination under way does not say so:\n%s", text)
	}
	d.keys("esc")
	if text, _ := d.screen(); strings.Contains(text, "esc stops") {
		t.Errorf("esc does not stop:\n%s", text)
	}
	d.keys("R")
	if text, _ := d.screen(); !strings.Contains(text, "1 broken") || !strings.Contains(text, "page 12 is used twice") {
		t.Errorf("R does not examine:\n%s", text)
	}
}
