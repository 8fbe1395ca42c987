package tui

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/health"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// payloads are what a log may hold to take over a terminal.
var payloads = []string{
	"\x1b[2J\x1b[H\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1bP$qm\x1b\\", "\x1b_G\x1b\\",
	"\u009b31mred", "\u009d0;owned\u009c", "a\rFAKE", "a\x08\x08b", "\x00\x07\x0e\x0f\x7f", "\u202eevil\u202c", "z\u200bw\ufeff", "x\U000e0041y",
	"\u2028\u2029", "bad\xff\xfeutf8", "\x1b\x1b]0;x\x07", "字字字\x1b]0;x\x07", "tab\there\nand\r\nlines\v\f", strings.Repeat("long ", 4000) + "\x1b[31m",
	"e\u0301e\u0301", "🧑‍🚀🇩🇪👍🏽", "",
}

// hostileSearch finds a payload wherever it looks.
func hostileSearch(p string) func(context.Context, []string, []*eventlog.Session, func(*eventlog.Finding) error, func(done, total int64)) error {
	return func(_ context.Context, _ []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error {
		for _, s := range sessions {
			for _, why := range []string{"", p} {
				if err := found(&eventlog.Finding{Path: p, Table: p, Session: s.ID, Run: p, Agent: p, Model: p, Tool: p, Event: p, Why: why, Excerpt: p + "xyz" + p, Time: eventlog.StampOf(noon)}); err != nil {
					return err
				}
			}
			progress(1, 1)
		}
		return errors.New(p)
	}
}

// hostileDoctor finds one in every section.
func hostileDoctor(p string) func(context.Context, func(int64)) (*health.Report, error) {
	return func(context.Context, func(int64)) (*health.Report, error) {
		r := health.New()
		r.Version = p
		r.Read = []health.Format{{Format: p, Files: 1, Records: 1, Sessions: 1, Unread: 1, Versions: []string{p, p}}}
		r.Places = []health.Place{{Path: p, Format: p, There: true}, {Path: p}}
		r.Drift = []health.Drift{{Format: p, What: p, Name: p, Count: 1, Path: p}}
		r.Faults, r.Failed = []health.Fault{{Path: p, Why: p}}, []health.Fault{{Path: p, Pos: -1, Why: p}}
		r.Kept = []health.Kept{{Format: p, Setting: p, File: p, Trouble: p, Soon: 1}}
		r.Habits = []health.Habit{{Habit: p, Format: p, Count: 1, Of: 1, Session: p, Example: p, Advice: p}}
		r.Store, r.Formats = health.Store{Path: p, There: true, Damage: []string{p}}, health.Formats{Folder: p, Names: []string{p}, Problems: []string{p}}
		r.Prices, r.Terminal = health.Prices{Date: p, Source: p}, health.Terminal{Terminal: true, Term: p, Colors: p}
		r.Break(p)
		r.Advise(p)
		return r, nil
	}
}

// everywhere are keys that reach every page in every state.
var everywhere = slices.Concat(
	[]string{"", "t", "/", "esc", "V", "esc", "P", "esc", ";", ":", "esc", "?", "esc", "y", "esc", "X", "esc"},  // sessions
	[]string{"g w", "j", "g n", "g d", "j", "c", "j", "c", "j", "c", "c", "c", "s", "esc", "g s"},               // wall, notes, doctor
	[]string{"g a", "j", "tab", "j", "s", "g v", "j", "s", "g o", "j", "e", "t", "E", "j", "t", "g s"},          // agents, experiments, graph
	[]string{"g x", "e", "c", "c", "c", "c", "space", "esc", "g s"},                                             // errors of all
	[]string{"g c", "b b b", "B", "c", "c", "c", "2", "enter", "esc", "1", "a", "j", "enter", "esc", "esc"},     // cost of all
	[]string{"g f", "x", "y", "z", "enter", "j", "k", "-", "=", "n", "n", "enter", "q", "g s"},                  // search
	[]string{"enter", "j", "j", "}", "}", "}", "e", "!", "!", "t", "t", "2", "+", "+", "_", "3", "1", "T", "I"}, // trace
	[]string{"c", "c", "c", "c", "D", "m", "j", "m", "M", "M", "p", "p", "r", "l l l", "esc", "a", "esc", "y", "esc"},
	[]string{"g e", "j", "g x", "j", "e", "s s", "c", "c", "c", "c", "g c", "b b", "g o", "j", "t", "E", "j", "g n"}, // its tabs
	[]string{"g k", "l", "c", "j", "c", "j", "c", "j", "h", "n", "c", "g t", "X", "esc", "?", "esc", "q"},            // context
)

// TestHostileTextIsShownNotObeyed puts each payload into every field and looks
// at every screen. The driver fails on any control sequence but a style, and on
// any row that is not as wide as the terminal.
func TestHostileTextIsShownNotObeyed(t *testing.T) {
	for i, p := range payloads {
		t.Run(strings.Repeat("i", i+1), func(t *testing.T) {
			t.Parallel()
			raw, _ := json.Marshal(map[string]any{p: p, "command": p, "list": []string{p}})
			s := &story{id: "s" + p, at: noon.Add(-1e9)}
			for _, kind := range []eventlog.Kind{eventlog.SessionStart, eventlog.AgentStart, eventlog.ToolCall, eventlog.ToolError, eventlog.ModelRequest, eventlog.ModelResponse, eventlog.Message, eventlog.HILDecision, eventlog.Custom, eventlog.Error} {
				s.add("r"+p, p, kind, func(e *eventlog.Event) {
					e.ID, e.Type, e.Tool, e.Model, e.Text, e.Message, e.Branch = p, p, p, p, p, p, p
					e.Input, e.Output, e.Payload = raw, raw, raw
					e.Failed = kind == eventlog.ToolError || kind == eventlog.Error
					e.Details = []eventlog.Detail{{Name: p, Value: p}}
					e.Facts = &eventlog.Facts{
						Name: p, Goal: p, Title: p, Agent: p, User: p, Project: p, Directory: p, Branch: p, Experiment: p, Variant: p, Version: p, FailureReason: p, Host: p, ForkOf: p, ParentID: p,
						Metadata: map[string]string{p: p}, Tags: []string{p}, Metrics: map[string]float64{p: 1}, Outcome: eventlog.Failure,
					}
					e.Bill = &eventlog.Bill{Usage: eventlog.Usage{Input: 7, CacheRead: 9000 * int64(kind%2), CacheWrite5m: 9000}, Cost: cents, Source: eventlog.Recorded}
				})
			}
			events := s.out
			for _, e := range s.out { // a second run, for the first to be compared with
				e.ID, e.SessionID, e.Text, e.Time = "2"+e.ID, "2"+e.SessionID, e.Text+p, e.Time-2e9
				events = append(events, e)
			}
			src, log := told(t, events)
			src.Report(func(r *eventlog.Progress) { r.Failed = []eventlog.Fault{{Path: p, Why: p}} })
			for _, size := range [][2]int{{80, 24}, {160, 45}, {10, 4}, {1, 1}, {3, 2}} {
				d := drive(t, src, log, func(o *Options) {
					o.Banner = p
					o.Search, o.Doctor = hostileSearch(p), hostileDoctor(p)
				}).start(size[0], size[1])
				for _, keys := range everywhere {
					d.keys(keys)
					d.screen()
					if title := d.m.View().WindowTitle; strings.ContainsFunc(title, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
						t.Fatalf("a control byte in the window title: %q", title)
					}
				}
				d.keys("/").typed("x").screen()

				d = drive(t, src, log, nil).start(size[0], size[1])
				for _, keys := range []string{"enter", "g m", "j", "o", "i", "=", "j", "J", "G", "k", "-", "e", "h", "N", "enter"} {
					d.keys(keys)
					d.screen()
					if e := d.over(); e == nil || e.tab != tabOf(keymap.GoChat) && keys == "j" {
						t.Fatalf("after %s the conversation was not reached", keys)
					}
				}
				for _, keys := range []string{"W", "enter", "[", "]", "]", "o", "w", "-", "j", "space", "+", "J", "+", "y", "enter"} {
					d.keys(keys)
					d.screen()
					if _, ok := d.m.screen().(*comparison); keys == "]" && !ok && p != "" { // of a name that is none there is no other run
						t.Fatal("the comparison was not reached")
					}
				}
			}
		})
	}
}
