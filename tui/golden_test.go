package tui

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

var update = flag.Bool("update", false, "write the golden screens anew")

func TestScreens(t *testing.T) {
	all := append(checkout(), others()...)
	for _, c := range []struct {
		name   string
		events []eventlog.Event
		option func(*Options)
		before func(*eventlog.Sources)
		keys   func(*driver)
		sizes  [][2]int
	}{
		{name: "empty", sizes: sizes},
		{name: "loading", before: func(s *eventlog.Sources) {
			s.Report(func(p *eventlog.Progress) { p.Loading, p.Found, p.Read, p.Total = true, 7, 25_000_000, 100_000_000 })
		}, sizes: small},
		{name: "failed", before: func(s *eventlog.Sources) {
			s.Report(func(p *eventlog.Progress) {
				p.Failed = []eventlog.Fault{{Path: "/logs/run\x1b[31m.db", Why: "file is not a database"}}
			})
		}, sizes: small},
		{name: "sessions", events: all, sizes: sizes},
		{name: "sessions-folded", events: all, keys: func(d *driver) { d.keys("-") }, sizes: small},
		{name: "sessions-all", events: all, keys: func(d *driver) { d.keys("p p p s s") }, sizes: small},
		{name: "brush", events: all, keys: func(d *driver) { d.keys("v h h h h h v h h") }, sizes: [][2]int{{80, 24}, {120, 36}, {200, 60}}},
		{name: "views", events: all, option: func(o *Options) {
			o.Views = []View{{"dear", "cost>0.1"}}
			o.SaveViews = func([]View) error { return nil }
		}, keys: func(d *driver) { d.keys("/").typed("err:any cost>0").keys("enter V") }, sizes: small},
		{name: "wall", events: all, option: func(o *Options) { o.Budget.Session = eventlog.Dollar / 5 }, keys: func(d *driver) { d.keys("g w") }, sizes: sizes},
		{name: "wall-empty", keys: func(d *driver) { d.keys("g w") }, sizes: small},
		{name: "range", events: all, keys: func(d *driver) { d.keys("P").typed("2026-03-04T12:00..2026-03-04").keys("enter") }, sizes: small},
		{name: "range-error", events: all, keys: func(d *driver) { d.keys("P").typed("teatime").keys("enter") }, sizes: small},
		{name: "palette", events: all, keys: func(d *driver) { d.send(tea.KeyPressMsg{Code: 'p', Mod: tea.ModCtrl}); d.typed("critpath") }, sizes: small},
		{name: "copy", events: all, keys: func(d *driver) { d.keys("enter e y") }, sizes: small},
		{name: "notes-empty", events: all, option: func(o *Options) { o.Notes = book(t) }, keys: func(d *driver) { d.keys("g n") }, sizes: sizes},
		{name: "note-prompt", events: all, option: func(o *Options) { o.Notes = book(t) }, keys: func(d *driver) { d.keys("enter e a").typed("is it the lock order?") }, sizes: small},
		{name: "export", events: all, keys: func(d *driver) { d.keys("X") }, sizes: small},
		{name: "question", events: all, option: func(o *Options) {
			o.Stop = func(context.Context, *eventlog.Session) error { return nil }
		}, before: recorded, keys: func(d *driver) { d.keys("x") }, sizes: small},
		{name: "fork", events: all, option: func(o *Options) {
			o.Fork = func(context.Context, *eventlog.Session, string, string) (string, error) { return "", nil }
		}, keys: func(d *driver) { d.keys("enter e").send(ctrl('f')) }, sizes: small},
		{name: "filter-open", events: all, keys: func(d *driver) { d.keys("/").typed("err:any cost>0.0") }, sizes: small},
		{name: "filter-error", events: all, keys: func(d *driver) { d.keys("/").typed("cost>x") }, sizes: small},
		{name: "filter-none", events: all, keys: func(d *driver) { d.keys("/").typed("agent:nobody").keys("enter") }, sizes: small},
		{name: "home-cost", events: all, option: audited, keys: func(d *driver) { d.keys("g c") }, sizes: small},
		{name: "help", events: all, keys: func(d *driver) { d.keys("?").typed("fold") }, sizes: small},
		{name: "command", events: all, keys: func(d *driver) { d.keys(":").typed("f") }, sizes: small},
		{name: "trace", events: all, keys: func(d *driver) { d.keys("enter") }, sizes: sizes},
		{name: "trace-error", events: all, keys: func(d *driver) { d.keys("enter e") }, sizes: sizes},
		{name: "trace-only-errors", events: all, keys: func(d *driver) { d.keys("enter ! e e") }, sizes: small},
		{name: "trace-folded", events: all, keys: func(d *driver) { d.keys("enter -") }, sizes: small},
		{name: "trace-running", events: all, keys: func(d *driver) { d.keys("enter F z") }, sizes: small},
		{name: "trace-filter", events: all, keys: func(d *driver) { d.keys("enter /").typed("tool:Bash npm") }, sizes: small},
		{name: "trace-filter-error", events: all, keys: func(d *driver) { d.keys("enter /").typed("is:odd") }, sizes: small},
		{name: "trace-flat-clock", events: all, keys: func(d *driver) { d.keys("enter t T T") }, sizes: small},
		{name: "trace-critical", events: all, keys: func(d *driver) { d.keys("enter p") }, sizes: small},
		{name: "trace-critical-without", events: all, keys: func(d *driver) { d.keys("enter p j j j j") }, sizes: small},
		{name: "trace-lanes", events: all, keys: func(d *driver) { d.keys("enter D j j j j") }, sizes: small},
		{name: "trace-color-model", events: all, keys: func(d *driver) { d.keys("enter c") }, sizes: small},
		{name: "trace-color-cost", events: all, keys: func(d *driver) { d.keys("enter c c c") }, sizes: small},
		{name: "trace-marks", events: all, keys: func(d *driver) { d.keys("enter j j m j j j m") }, sizes: small},
		{name: "trace-only-marks", events: all, keys: func(d *driver) { d.keys("enter j j m j j j m M") }, sizes: small},
		{name: "replay", events: all, keys: func(d *driver) { d.keys("enter r").keys("l l l l l l l l +") }, sizes: small},
		{name: "trace-idle-cut", events: resumed(), keys: func(d *driver) { d.keys("enter") }, sizes: small},
		{name: "trace-idle-shown", events: resumed(), keys: func(d *driver) { d.keys("enter C") }, sizes: small},
		{name: "trace-waits", events: waited(), keys: func(d *driver) { d.keys("enter j j j") }, sizes: [][2]int{{80, 24}, {120, 36}, {160, 45}}},
		{name: "trace-waits-ascii", events: waited(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter") }, sizes: small},
		{name: "family", events: kin(), keys: func(d *driver) { d.keys("=") }, sizes: small},
		{name: "family-trace", events: kin(), keys: func(d *driver) { d.keys("= j enter") }, sizes: small},
		{name: "trace-machinery", events: all, keys: func(d *driver) { d.keys("enter I") }, sizes: small},
		{name: "detail-input", events: all, keys: func(d *driver) { d.keys("enter e }") }, sizes: small},
		{name: "detail-output", events: all, keys: func(d *driver) { d.keys("enter e } }") }, sizes: small},
		{name: "detail-raw", events: all, keys: func(d *driver) { d.keys("enter e } } } J J") }, sizes: small},
		{name: "detail-full", events: all, keys: func(d *driver) { d.keys("enter e 2 + +") }, sizes: small},
		{name: "events", events: all, keys: func(d *driver) { d.keys("enter g e e") }, sizes: small},
		{name: "cost", events: all, option: audited, keys: func(d *driver) { d.keys("enter g c") }, sizes: sizes},
		{name: "cost-model", events: all, keys: func(d *driver) { d.keys("enter g c b") }, sizes: small},
		{name: "audit", events: all, option: audited, keys: func(d *driver) { d.keys("g c a j j") }, sizes: sizes},
		{name: "audit-records", events: all, option: audited, keys: func(d *driver) { d.keys("enter g c a 1 0 j enter j") }, sizes: small},
		{name: "audit-unreadable", events: all, option: audited, before: unreadable, keys: func(d *driver) { d.keys("g c a j enter j") }, sizes: small},
		{name: "audit-record", events: all, option: audited, before: unreadable, keys: func(d *driver) { d.keys("g c a j enter j enter") }, sizes: small},
		{name: "errors", events: importer(), keys: func(d *driver) { d.keys("enter g x") }, sizes: sizes},
		{name: "errors-unfolded", events: importer(), keys: func(d *driver) { d.keys("enter g x e e e e e") }, sizes: small},
		{name: "errors-dearest", events: importer(), keys: func(d *driver) { d.keys("enter g x s s") }, sizes: small},
		{name: "errors-loops", events: importer(), keys: func(d *driver) { d.keys("enter g x c") }, sizes: troubled},
		{name: "errors-retries", events: importer(), keys: func(d *driver) { d.keys("enter g x c c") }, sizes: troubled},
		{name: "errors-slow", events: importer(), keys: func(d *driver) { d.keys("enter g x c c c") }, sizes: troubled},
		{name: "errors-filter", events: importer(), keys: func(d *driver) { d.keys("enter /").typed("agent:scan").keys("enter g x") }, sizes: small},
		{name: "errors-filter-none", events: importer(), keys: func(d *driver) { d.keys("enter /").typed("agent:nobody").keys("enter g x") }, sizes: small},
		{name: "errors-none", events: kin(), keys: func(d *driver) { d.keys("enter g x") }, sizes: troubled},
		{name: "errors-loading", events: importer(), keys: func(d *driver) { d.keys("enter").held("g x") }, sizes: troubled},
		{name: "errors-stopped", events: importer(), keys: func(d *driver) { d.keys("enter").held("g x").keys("esc") }, sizes: small},
		{name: "errors-failed", events: importer(), option: unreadableBodies, keys: func(d *driver) { d.keys("enter g x") }, sizes: troubled},
		{name: "errors-ascii", events: importer(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g x e") }, sizes: small},
		{name: "home-errors", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x") }, sizes: sizes},
		{name: "home-errors-unfolded", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x space j j") }, sizes: small},
		{name: "home-errors-loops", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c") }, sizes: small},
		{name: "home-errors-retries", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c c") }, sizes: small},
		{name: "home-errors-slow", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c c c") }, sizes: small},
		{name: "home-errors-none", events: kin(), keys: func(d *driver) { d.keys("g x") }, sizes: troubled},
		{name: "home-errors-empty", keys: func(d *driver) { d.keys("g x") }, sizes: small},
		{name: "home-errors-loading", events: broken(), option: allAges, keys: func(d *driver) { d.held("g x") }, sizes: troubled},
		{name: "home-errors-stopped", events: broken(), option: allAges, keys: func(d *driver) { d.held("g x").keys("esc") }, sizes: small},
		{name: "home-errors-failed", events: broken(), option: func(o *Options) { allAges(o); oneUnreadable(o) }, keys: func(d *driver) { d.keys("g x") }, sizes: small},
		{name: "nothing-failed", events: all, option: func(o *Options) { o.Start = "s2" }, keys: func(d *driver) { d.keys("!") }, sizes: small},
		{name: "context", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k") }, sizes: wide},
		{name: "context-turn", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 1 3 h") }, sizes: small},
		{name: "context-run", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 2 j") }, sizes: wide},
		{name: "context-blocks", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 3 j") }, sizes: wide},
		{name: "context-compactions", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 4") }, sizes: wide},
		{name: "context-running", events: all, keys: func(d *driver) { d.keys("enter g k") }, sizes: small},
		{name: "context-none", events: unbilled(), keys: func(d *driver) { d.keys("enter g k") }, sizes: wide},
		{name: "context-ascii", events: grown(), option: func(o *Options) { booked(t, 0, 0)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("enter g k") }, sizes: small},
		{name: "context-no-colour", events: grown(), option: func(o *Options) { booked(t, 0, 0)(o); o.Look.Name = "none" }, keys: func(d *driver) { d.keys("enter g k") }, sizes: small},
		{name: "spend", events: append(grown(), spread()...), option: booked(t, 3*eventlog.Dollar, 4*eventlog.Dollar), keys: func(d *driver) { d.keys("g c") }, sizes: append(wide, [2]int{160, 45})},
		{name: "spend-cache", events: append(grown(), spread()...), option: booked(t, 30*eventlog.Dollar, 0), keys: func(d *driver) { d.keys("g c c") }, sizes: wide},
		{name: "spend-why", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c c c") }, sizes: wide},
		{name: "spend-misses", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c 2 enter") }, sizes: wide},
		{name: "spend-branch", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b b s s") }, sizes: small},
		{name: "spend-meta", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b 1") }, sizes: small},
		{name: "spend-menu", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b") }, sizes: small},
		{name: "spend-session", events: grown(), option: booked(t, 0, 3*eventlog.Dollar), keys: func(d *driver) { d.keys("enter g c") }, sizes: wide},
		{name: "spend-unpriced", events: grown(), option: func(o *Options) { o.All = true }, keys: func(d *driver) { d.keys("g c") }, sizes: small},
		{name: "spend-ascii", events: append(grown(), spread()...), option: func(o *Options) { booked(t, 3*eventlog.Dollar, 0)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g c") }, sizes: small},
		{name: "cannot-open", events: all, option: func(o *Options) {
			o.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) {
				return nil, errors.New("open /logs/run.jsonl: permission denied")
			}
		}, keys: func(d *driver) { d.keys("enter") }, sizes: small},
		{name: "search-empty", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f esc") }, sizes: wide},
		{name: "search-typing", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("npm") }, sizes: wide},
		{name: "search", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("npm t").keys("enter n n") }, sizes: wide},
		{name: "search-sessions", events: all, option: searchable(all), keys: func(d *driver) { d.keys(":").typed("search e").keys("enter - j") }, sizes: wide},
		{name: "search-nothing", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("no \"such word\"").keys("enter") }, sizes: wide},
		{name: "search-failed", events: all, option: failing, keys: func(d *driver) { d.keys("g f").typed("cart").keys("enter") }, sizes: wide},
		{name: "search-under-way", events: all, option: endless, keys: func(d *driver) { d.begun("search cart").keys("j j") }, sizes: wide},
		{name: "search-full", events: all, option: endless, keys: func(d *driver) { d.keys(":").typed("search cart").keys("enter") }, sizes: wide},
		{name: "search-ascii", events: all, option: func(o *Options) { searchable(all)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g f").typed("npm").keys("enter j") }, sizes: small},
		{name: "doctor", events: all, option: ill, before: unreadable, keys: func(d *driver) { d.keys("g d") }, sizes: wide},
		{name: "doctor-new", events: all, option: ill, keys: func(d *driver) { d.keys("g d c") }, sizes: wide},
		{name: "doctor-unreadable", events: all, option: ill, before: unreadable, keys: func(d *driver) { d.keys("g d c c j") }, sizes: wide},
		{name: "doctor-deleted", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c") }, sizes: small},
		{name: "doctor-habits", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c c") }, sizes: small},
		{name: "doctor-machine", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c c c j") }, sizes: wide},
		{name: "doctor-well", events: all, option: well, keys: func(d *driver) { d.keys("g d c") }, sizes: wide},
		{name: "doctor-catalog", events: all, keys: func(d *driver) { d.keys("g d c") }, sizes: small},
		{name: "doctor-empty", option: well, keys: func(d *driver) { d.keys("g d") }, sizes: wide},
		{name: "doctor-failed", events: all, option: unexamined, keys: func(d *driver) { d.keys("g d") }, sizes: wide},
		{name: "doctor-under-way", events: all, option: ill, keys: func(d *driver) { d.only("g d") }, sizes: wide},
		{name: "doctor-ascii", events: all, option: func(o *Options) { ill(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g d") }, sizes: small},
		{name: "agents", events: all, keys: func(d *driver) { d.keys("p p p g a") }, sizes: wide},
		{name: "agents-sessions", events: all, keys: func(d *driver) { d.keys("p p p g a j j tab") }, sizes: wide},
		{name: "agents-sorted", events: all, keys: func(d *driver) { d.keys("p p p g a s s s s S") }, sizes: small},
		{name: "agents-none", events: all, keys: func(d *driver) { d.keys("g a /").typed("agent:nobody").keys("enter") }, sizes: small},
		{name: "agents-empty", keys: func(d *driver) { d.keys("g a") }, sizes: wide},
		{name: "agents-ascii", events: all, option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("p p p g a") }, sizes: small},
		{name: "experiments", events: trials(), keys: func(d *driver) { d.keys("p p p g v") }, sizes: wide},
		{name: "experiments-doubt", events: trials(), keys: func(d *driver) { d.keys("p p p g v j j j j j") }, sizes: wide},
		{name: "experiments-by-cost", events: trials(), keys: func(d *driver) { d.keys("p p p g v s s s s S") }, sizes: small},
		{name: "experiments-empty", events: all, keys: func(d *driver) { d.keys("g v") }, sizes: wide},
		{name: "experiments-ascii", events: trials(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("p p p g v") }, sizes: small},
		{name: "home-graph", events: all, keys: func(d *driver) { d.keys("p p p g o") }, sizes: wide},
		{name: "home-graph-tree", events: all, keys: func(d *driver) { d.keys("p p p g o j t") }, sizes: small},
		{name: "home-graph-runs", events: all, keys: func(d *driver) { d.keys("p p p g o E j j") }, sizes: wide},
		{name: "home-graph-empty", keys: func(d *driver) { d.keys("g o") }, sizes: wide},
		{name: "graph", events: all, keys: func(d *driver) { d.keys("enter g o") }, sizes: wide},
		{name: "graph-tool", events: all, keys: func(d *driver) { d.keys("enter g o e") }, sizes: wide},
		{name: "graph-runs", events: all, keys: func(d *driver) { d.keys("enter g o E j j") }, sizes: small},
		{name: "graph-sessions", events: kin(), keys: func(d *driver) { d.keys("= j enter g o") }, sizes: wide},
		{name: "graph-circle", events: circle(), keys: func(d *driver) { d.keys("enter g o j j") }, sizes: wide},
		{name: "graph-many", events: crowd(40, 70), keys: func(d *driver) { d.keys("enter g o G") }, sizes: wide},
		{name: "graph-ascii", events: all, option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g o e") }, sizes: small},
		{name: "chat", events: said(), keys: func(d *driver) { d.keys("enter g m") }, sizes: [][2]int{{40, 10}, {80, 24}, {120, 36}, {160, 45}, {200, 60}}},
		{name: "chat-diff", events: said(), keys: func(d *driver) { d.keys("enter g m").keys("j j j j j j") }, sizes: small},
		{name: "chat-thinking", events: said(), keys: func(d *driver) { d.keys("enter g m i j j") }, sizes: small},
		{name: "chat-tools", events: said(), keys: func(d *driver) { d.keys("enter g m o e") }, sizes: small},
		{name: "chat-folded", events: said(), keys: func(d *driver) { d.keys("enter g m -") }, sizes: small},
		{name: "chat-unfolded", events: said(), keys: func(d *driver) { d.keys("enter g m = G") }, sizes: [][2]int{{40, 10}, {80, 24}, {120, 36}}},
		{name: "chat-agent", events: said(), keys: func(d *driver) { d.keys("enter g m e h enter") }, sizes: [][2]int{{40, 10}, {80, 24}, {120, 36}}},
		{name: "chat-agent-unfolded", events: said(), keys: func(d *driver) { d.keys("enter g m e") }, sizes: small},
		{name: "chat-filter", events: said(), keys: func(d *driver) { d.keys("enter g m /").typed("total").keys("enter n n n") }, sizes: small},
		{name: "chat-end", events: said(), keys: func(d *driver) { d.keys("enter g m F") }, sizes: small},
		{name: "chat-fork", events: forked(), keys: func(d *driver) { d.keys("enter g m") }, sizes: small},
		{name: "chat-nothing", events: silent(), keys: func(d *driver) { d.keys("enter g m") }, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "chat-reading", events: said(), keys: func(d *driver) {
			d.keys("enter g")
			d.m.Update(press("m"))
		}, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "chat-unread", events: long(), keys: func(d *driver) {
			d.keys("enter g m")
			d.m.Update(press("G"))
			d.m.Update(press("k"))
		}, sizes: small},
		{name: "chat-failed", events: said(), option: func(o *Options) {
			open := o.Open
			o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
				log, err := open(ctx, s)
				return unreadableLog{log}, err
			}
		}, keys: func(d *driver) { d.keys("enter g m") }, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "chat-ascii", events: said(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g m e") }, sizes: small},
		{name: "compare-menu", events: runs(), keys: func(d *driver) { d.keys("m j j W") }, sizes: small},
		{name: "compare", events: runs(), keys: func(d *driver) { d.keys("enter W enter") }, sizes: [][2]int{{40, 10}, {80, 24}, {120, 36}, {160, 45}, {200, 60}}},
		{name: "compare-words", events: runs(), keys: func(d *driver) { d.keys("enter W enter ]") }, sizes: small},
		{name: "compare-lines", events: runs(), keys: func(d *driver) { d.keys("enter W enter ] w") }, sizes: small},
		{name: "compare-only", events: runs(), keys: func(d *driver) { d.keys("enter W enter ] ]") }, sizes: small},
		{name: "compare-equal", events: runs(), keys: func(d *driver) { d.keys("enter W enter - g g j") }, sizes: small},
		{name: "compare-swapped", events: runs(), keys: func(d *driver) { d.keys("enter W enter o ] ]") }, sizes: small},
		{name: "compare-text", events: runs(), keys: func(d *driver) { d.keys("enter W enter + +") }, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "compare-open", events: runs(), keys: func(d *driver) { d.keys("enter W enter enter") }, sizes: small},
		{name: "compare-same", events: runs(), keys: func(d *driver) { d.keys("j W enter") }, sizes: [][2]int{{40, 10}, {80, 24}, {120, 36}}},
		{name: "compare-loading", events: runs(), keys: func(d *driver) { d.keys("enter W").m.Update(press("enter")) }, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "compare-failed", events: runs(), keys: func(d *driver) {
			d.keys("enter W")
			d.m.world.opts.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) {
				return nil, errors.New("open /logs/run\x1b[31m.jsonl: permission denied")
			}
			d.keys("enter")
		}, sizes: [][2]int{{40, 10}, {80, 24}}},
		{name: "compare-ascii", events: runs(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter W enter") }, sizes: small},
		{name: "ascii", events: all, option: func(o *Options) { o.ASCII = true }, sizes: small},
	} {
		for _, size := range c.sizes {
			name := filepath.Join("testdata", c.name+"-"+strconv.Itoa(size[0])+"x"+strconv.Itoa(size[1])+".golden")
			t.Run(filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				src, log := told(t, c.events)
				if c.before != nil {
					c.before(src)
				}
				d := drive(t, src, log, c.option).start(size[0], size[1])
				if c.keys != nil {
					c.keys(d)
				}
				text, styles := d.screen()
				compare(t, name, text+"\n"+styles)
			})
		}
	}
}

// recorded has the first session say which process records it.
func recorded(s *eventlog.Sources) {
	sum := eventlog.NewSummary(s.Symbols(), "recorder", "memory", 0)
	sum.Update(func() {
		sum.Add(0, &eventlog.Event{ID: "r", SessionID: "0190-checkout", Kind: eventlog.SessionStart, Time: eventlog.StampOf(noon.Add(-time.Minute)), Facts: &eventlog.Facts{RecorderPid: 42, RecorderMark: "m"}})
	})
	s.Add(sum)
}

var (
	small = [][2]int{{80, 24}, {120, 36}}

	sizes = [][2]int{{40, 10}, {60, 15}, {80, 24}, {120, 36}, {200, 60}}
	wide  = [][2]int{{40, 10}, {80, 24}, {120, 36}, {200, 60}}
	// troubled are those of a page whose narrow state is another one.
	troubled = [][2]int{{40, 10}, {80, 24}, {120, 36}}
)

func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; -update writes it anew\n%s", name, got)
	}
}
