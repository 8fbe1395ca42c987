package tui

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// payloads are what a log may hold to take over a terminal.
var payloads = []string{
	"\x1b[2J\x1b[H\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1bP$qm\x1b\\", "\x1b_G\x1b\\",
	"\u009b31mred", "\u009d0;owned\u009c", "a\rFAKE", "a\x08\x08b", "\x00\x07\x0e\x0f\x7f", "\u202eevil\u202c", "z\u200bw\ufeff", "x\U000e0041y",
	"\u2028\u2029", "bad\xff\xfeutf8", "\x1b\x1b]0;x\x07", "字字字\x1b]0;x\x07", "tab\there\nand\r\nlines\v\f", strings.Repeat("long ", 4000) + "\x1b[31m",
	"e\u0301e\u0301", "🧑‍🚀🇩🇪👍🏽", "",
}

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
						Name: p, Goal: p, Title: p, Agent: p, User: p, Project: p, Directory: p, Branch: p, Variant: p, Version: p, FailureReason: p, Host: p, ForkOf: p, ParentID: p,
						Metadata: map[string]string{p: p}, Tags: []string{p}, Metrics: map[string]float64{p: 1}, Outcome: eventlog.Failure,
					}
					e.Bill = &eventlog.Bill{Usage: eventlog.Usage{Input: 7}, Cost: cents, Source: eventlog.Recorded}
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
				d := drive(t, src, log, func(o *Options) { o.Banner = p }).start(size[0], size[1])
				for _, keys := range []string{"", "t", "g c", "b b b", "esc", "enter", "j", "j", "}", "}", "}", "e", "!", "esc", "t", "2", "+", "+", "_", "3", "1", "g e", "j", "g x", "j", "g c", "b b", "g t", "T", "I", "y", "?", "esc", "q"} {
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
