package tui

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
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
		also   [][2]int // at these sizes too
	}{
		{name: "empty", also: odd},
		{name: "loading", before: func(s *eventlog.Sources) {
			s.Report(func(p *eventlog.Progress) { p.Loading, p.Found, p.Read, p.Total = true, 7, 25_000_000, 100_000_000 })
		}},
		{name: "failed", before: func(s *eventlog.Sources) {
			s.Report(func(p *eventlog.Progress) {
				p.Failed = []eventlog.Fault{{Path: "/logs/run\x1b[31m.db", Why: "file is not a database"}}
			})
		}},
		{name: "sessions", events: all, also: odd},
		{name: "sessions-folded", events: all, keys: func(d *driver) { d.keys("-") }},
		{name: "sessions-all", events: all, keys: func(d *driver) { d.keys("p p p s s") }},
		{name: "brush", events: all, keys: func(d *driver) { d.keys("v h h h h h v h h") }},
		{name: "views", events: all, option: func(o *Options) {
			o.Views = []View{{"dear", "cost>0.1"}}
			o.SaveViews = func([]View) error { return nil }
		}, keys: func(d *driver) { d.keys("/").typed("err:any cost>0").keys("enter V") }},
		{name: "wall", events: all, option: func(o *Options) { o.Budget.Session = eventlog.Dollar / 5 }, keys: func(d *driver) { d.keys("g w") }, also: odd},
		{name: "wall-empty", keys: func(d *driver) { d.keys("g w") }},
		{name: "range", events: all, keys: func(d *driver) { d.keys("P").typed("2026-03-04T12:00..2026-03-04").keys("enter") }},
		{name: "range-error", events: all, keys: func(d *driver) { d.keys("P").typed("teatime").keys("enter") }},
		{name: "palette", events: all, keys: func(d *driver) { d.send(tea.KeyPressMsg{Code: 'p', Mod: tea.ModCtrl}); d.typed("critpath") }},
		{name: "copy", events: all, keys: func(d *driver) { d.keys("enter e y") }},
		{name: "notes-empty", events: all, option: func(o *Options) { o.Notes = book(t) }, keys: func(d *driver) { d.keys("g n") }, also: odd},
		{name: "note-prompt", events: all, option: func(o *Options) { o.Notes = book(t) }, keys: func(d *driver) { d.keys("enter e a").typed("is it the lock order?") }},
		{name: "export", events: all, keys: func(d *driver) { d.keys("X") }},
		{name: "question", events: all, option: func(o *Options) {
			o.Stop = func(context.Context, *eventlog.Session) error { return nil }
		}, before: recorded, keys: func(d *driver) { d.keys("x") }},
		{name: "fork", events: all, option: func(o *Options) {
			o.Fork = func(context.Context, *eventlog.Session, string, string) (string, error) { return "", nil }
		}, keys: func(d *driver) { d.keys("enter e").send(ctrl('f')) }},
		{name: "filter-open", events: all, keys: func(d *driver) { d.keys("/").typed("err:any cost>0.0") }},
		{name: "filter-error", events: all, keys: func(d *driver) { d.keys("/").typed("cost>x") }},
		{name: "filter-none", events: all, keys: func(d *driver) { d.keys("/").typed("agent:nobody").keys("enter") }},
		{name: "home-cost", events: all, option: audited, keys: func(d *driver) { d.keys("g c") }},
		{name: "help", events: all, keys: func(d *driver) { d.keys("?").typed("fold") }},
		{name: "command", events: all, keys: func(d *driver) { d.keys(":").typed("f") }},
		{name: "trace", events: all, keys: func(d *driver) { d.keys("enter") }, also: odd},
		{name: "trace-error", events: all, keys: func(d *driver) { d.keys("enter e") }, also: odd},
		{name: "trace-only-errors", events: all, keys: func(d *driver) { d.keys("enter ! e e") }},
		{name: "trace-folded", events: all, keys: func(d *driver) { d.keys("enter -") }},
		{name: "trace-running", events: all, keys: func(d *driver) { d.keys("enter F z") }},
		{name: "trace-filter", events: all, keys: func(d *driver) { d.keys("enter /").typed("tool:Bash npm") }},
		{name: "trace-filter-error", events: all, keys: func(d *driver) { d.keys("enter /").typed("is:odd") }},
		{name: "trace-flat-clock", events: all, keys: func(d *driver) { d.keys("enter t T T") }},
		{name: "trace-critical", events: all, keys: func(d *driver) { d.keys("enter p") }},
		{name: "trace-critical-without", events: all, keys: func(d *driver) { d.keys("enter p j j j j") }},
		{name: "trace-lanes", events: all, keys: func(d *driver) { d.keys("enter D j j j j") }},
		{name: "trace-color-model", events: all, keys: func(d *driver) { d.keys("enter c") }},
		{name: "trace-color-cost", events: all, keys: func(d *driver) { d.keys("enter c c c") }},
		{name: "trace-marks", events: all, keys: func(d *driver) { d.keys("enter j j m j j j m") }},
		{name: "trace-only-marks", events: all, keys: func(d *driver) { d.keys("enter j j m j j j m M") }},
		{name: "replay", events: all, keys: func(d *driver) { d.keys("enter r").keys("l l l l l l l l +") }},
		{name: "trace-idle-cut", events: resumed(), keys: func(d *driver) { d.keys("enter") }},
		{name: "trace-idle-shown", events: resumed(), keys: func(d *driver) { d.keys("enter C") }},
		{name: "trace-waits", events: waited(), keys: func(d *driver) { d.keys("enter j j j") }, also: usual},
		{name: "trace-waits-ascii", events: waited(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter") }},
		{name: "family", events: kin(), keys: func(d *driver) { d.keys("=") }},
		{name: "family-trace", events: kin(), keys: func(d *driver) { d.keys("= j enter") }},
		{name: "trace-machinery", events: all, keys: func(d *driver) { d.keys("enter I") }},
		{name: "detail-input", events: all, keys: func(d *driver) { d.keys("enter e }") }},
		{name: "detail-output", events: all, keys: func(d *driver) { d.keys("enter e } }") }},
		{name: "detail-raw", events: all, keys: func(d *driver) { d.keys("enter e } } } J J") }},
		{name: "detail-full", events: all, keys: func(d *driver) { d.keys("enter e 2 + +") }},
		{name: "events", events: all, keys: func(d *driver) { d.keys("enter g e e") }},
		{name: "cost", events: all, option: audited, keys: func(d *driver) { d.keys("enter g c") }, also: odd},
		{name: "cost-model", events: all, keys: func(d *driver) { d.keys("enter g c b") }},
		{name: "audit", events: all, option: audited, keys: func(d *driver) { d.keys("g c a j j") }, also: odd},
		{name: "audit-records", events: all, option: audited, keys: func(d *driver) { d.keys("enter g c a 1 0 j enter j") }},
		{name: "audit-unreadable", events: all, option: audited, before: unreadable, keys: func(d *driver) { d.keys("g c a j enter j") }},
		{name: "audit-record", events: all, option: audited, before: unreadable, keys: func(d *driver) { d.keys("g c a j enter j enter") }},
		{name: "errors", events: importer(), keys: func(d *driver) { d.keys("enter g x") }, also: odd},
		{name: "errors-unfolded", events: importer(), keys: func(d *driver) { d.keys("enter g x e e e e e") }},
		{name: "errors-dearest", events: importer(), keys: func(d *driver) { d.keys("enter g x s s") }},
		{name: "errors-loops", events: importer(), keys: func(d *driver) { d.keys("enter g x c") }},
		{name: "errors-retries", events: importer(), keys: func(d *driver) { d.keys("enter g x c c") }},
		{name: "errors-slow", events: importer(), keys: func(d *driver) { d.keys("enter g x c c c") }},
		{name: "errors-filter", events: importer(), keys: func(d *driver) { d.keys("enter /").typed("agent:scan").keys("enter g x") }},
		{name: "errors-filter-none", events: importer(), keys: func(d *driver) { d.keys("enter /").typed("agent:nobody").keys("enter g x") }},
		{name: "errors-none", events: kin(), keys: func(d *driver) { d.keys("enter g x") }},
		{name: "errors-loading", events: importer(), keys: func(d *driver) { d.keys("enter").held("g x") }},
		{name: "errors-stopped", events: importer(), keys: func(d *driver) { d.keys("enter").held("g x").keys("esc") }},
		{name: "errors-failed", events: importer(), option: unreadableBodies, keys: func(d *driver) { d.keys("enter g x") }},
		{name: "errors-ascii", events: importer(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g x e") }},
		{name: "home-errors", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x") }, also: odd},
		{name: "home-errors-unfolded", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x space j j") }},
		{name: "home-errors-loops", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c") }},
		{name: "home-errors-retries", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c c") }},
		{name: "home-errors-slow", events: broken(), option: allAges, keys: func(d *driver) { d.keys("g x c c c") }},
		{name: "home-errors-none", events: kin(), keys: func(d *driver) { d.keys("g x") }},
		{name: "home-errors-empty", keys: func(d *driver) { d.keys("g x") }},
		{name: "home-errors-loading", events: broken(), option: allAges, keys: func(d *driver) { d.held("g x") }},
		{name: "home-errors-stopped", events: broken(), option: allAges, keys: func(d *driver) { d.held("g x").keys("esc") }},
		{name: "home-errors-failed", events: broken(), option: func(o *Options) { allAges(o); oneUnreadable(o) }, keys: func(d *driver) { d.keys("g x") }},
		{name: "nothing-failed", events: all, option: func(o *Options) { o.Start = "s2" }, keys: func(d *driver) { d.keys("!") }},
		{name: "context", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k") }},
		{name: "context-turn", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 1 3 h") }},
		{name: "context-run", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 2 j") }},
		{name: "context-blocks", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 3 j") }},
		{name: "context-compactions", events: grown(), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("enter g k 4") }},
		{name: "context-running", events: all, keys: func(d *driver) { d.keys("enter g k") }},
		{name: "context-none", events: unbilled(), keys: func(d *driver) { d.keys("enter g k") }},
		{name: "context-ascii", events: grown(), option: func(o *Options) { booked(t, 0, 0)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("enter g k") }},
		{name: "context-no-colour", events: grown(), option: func(o *Options) { booked(t, 0, 0)(o); o.Look.Name = "none" }, keys: func(d *driver) { d.keys("enter g k") }},
		{name: "spend", events: append(grown(), spread()...), option: booked(t, 3*eventlog.Dollar, 4*eventlog.Dollar), keys: func(d *driver) { d.keys("g c") }, also: usual},
		{name: "spend-cache", events: append(grown(), spread()...), option: booked(t, 30*eventlog.Dollar, 0), keys: func(d *driver) { d.keys("g c c") }},
		{name: "spend-why", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c c c") }},
		{name: "spend-misses", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c 2 enter") }},
		{name: "spend-branch", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b b s s") }},
		{name: "spend-meta", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b 1") }},
		{name: "spend-menu", events: append(grown(), spread()...), option: booked(t, 0, 0), keys: func(d *driver) { d.keys("g c b") }},
		{name: "spend-session", events: grown(), option: booked(t, 0, 3*eventlog.Dollar), keys: func(d *driver) { d.keys("enter g c") }},
		{name: "spend-unpriced", events: grown(), option: func(o *Options) { o.All = true }, keys: func(d *driver) { d.keys("g c") }},
		{name: "spend-ascii", events: append(grown(), spread()...), option: func(o *Options) { booked(t, 3*eventlog.Dollar, 0)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g c") }},
		{name: "cannot-open", events: all, option: func(o *Options) {
			o.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) {
				return nil, errors.New("open /logs/run.jsonl: permission denied")
			}
		}, keys: func(d *driver) { d.keys("enter") }},
		{name: "search-empty", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f esc") }},
		{name: "search-typing", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("npm") }},
		{name: "search", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("npm t").keys("enter n n") }},
		{name: "search-sessions", events: all, option: searchable(all), keys: func(d *driver) { d.keys(":").typed("search e").keys("enter - j") }},
		{name: "search-nothing", events: all, option: searchable(all), keys: func(d *driver) { d.keys("g f").typed("no \"such word\"").keys("enter") }},
		{name: "search-failed", events: all, option: failing, keys: func(d *driver) { d.keys("g f").typed("cart").keys("enter") }},
		{name: "search-under-way", events: all, option: endless, keys: func(d *driver) { d.begun("search cart").keys("j j") }},
		{name: "search-full", events: all, option: endless, keys: func(d *driver) { d.keys(":").typed("search cart").keys("enter") }},
		{name: "search-ascii", events: all, option: func(o *Options) { searchable(all)(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g f").typed("npm").keys("enter j") }},
		{name: "doctor", events: all, option: ill, before: unreadable, keys: func(d *driver) { d.keys("g d") }},
		{name: "doctor-new", events: all, option: ill, keys: func(d *driver) { d.keys("g d c") }},
		{name: "doctor-unreadable", events: all, option: ill, before: unreadable, keys: func(d *driver) { d.keys("g d c c j") }},
		{name: "doctor-deleted", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c") }},
		{name: "doctor-habits", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c c") }},
		{name: "doctor-machine", events: all, option: ill, keys: func(d *driver) { d.keys("g d c c c c c j") }},
		{name: "doctor-well", events: all, option: well, keys: func(d *driver) { d.keys("g d c") }},
		{name: "doctor-catalog", events: all, keys: func(d *driver) { d.keys("g d c") }},
		{name: "doctor-empty", option: well, keys: func(d *driver) { d.keys("g d") }},
		{name: "doctor-failed", events: all, option: unexamined, keys: func(d *driver) { d.keys("g d") }},
		{name: "doctor-under-way", events: all, option: ill, keys: func(d *driver) { d.only("g d") }},
		{name: "doctor-ascii", events: all, option: func(o *Options) { ill(o); o.ASCII = true }, keys: func(d *driver) { d.keys("g d") }},
		{name: "agents", events: all, keys: func(d *driver) { d.keys("p p p g a") }},
		{name: "agents-sessions", events: all, keys: func(d *driver) { d.keys("p p p g a j j tab") }},
		{name: "agents-sorted", events: all, keys: func(d *driver) { d.keys("p p p g a s s s s S") }},
		{name: "agents-none", events: all, keys: func(d *driver) { d.keys("g a /").typed("agent:nobody").keys("enter") }},
		{name: "agents-empty", keys: func(d *driver) { d.keys("g a") }},
		{name: "agents-ascii", events: all, option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("p p p g a") }},
		{name: "experiments", events: trials(), keys: func(d *driver) { d.keys("p p p g v") }},
		{name: "experiments-doubt", events: trials(), keys: func(d *driver) { d.keys("p p p g v j j j j j") }},
		{name: "experiments-by-cost", events: trials(), keys: func(d *driver) { d.keys("p p p g v s s s s S") }},
		{name: "experiments-empty", events: all, keys: func(d *driver) { d.keys("g v") }},
		{name: "experiments-ascii", events: trials(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("p p p g v") }},
		{name: "home-graph", events: all, keys: func(d *driver) { d.keys("p p p g o") }},
		{name: "home-graph-tree", events: all, keys: func(d *driver) { d.keys("p p p g o j t") }},
		{name: "home-graph-runs", events: all, keys: func(d *driver) { d.keys("p p p g o E j j") }},
		{name: "home-graph-empty", keys: func(d *driver) { d.keys("g o") }},
		{name: "graph", events: all, keys: func(d *driver) { d.keys("enter g o") }},
		{name: "graph-tool", events: all, keys: func(d *driver) { d.keys("enter g o e") }},
		{name: "graph-runs", events: all, keys: func(d *driver) { d.keys("enter g o E j j") }},
		{name: "graph-sessions", events: kin(), keys: func(d *driver) { d.keys("= j enter g o") }},
		{name: "graph-circle", events: circle(), keys: func(d *driver) { d.keys("enter g o j j") }},
		{name: "graph-many", events: crowd(40, 70), keys: func(d *driver) { d.keys("enter g o G") }},
		{name: "graph-ascii", events: all, option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g o e") }},
		{name: "chat", events: said(), keys: func(d *driver) { d.keys("enter g m") }, also: usual},
		{name: "chat-diff", events: said(), keys: func(d *driver) { d.keys("enter g m").keys("j j j j j j") }},
		{name: "chat-thinking", events: said(), keys: func(d *driver) { d.keys("enter g m i j j") }},
		{name: "chat-tools", events: said(), keys: func(d *driver) { d.keys("enter g m o e") }},
		{name: "chat-folded", events: said(), keys: func(d *driver) { d.keys("enter g m -") }},
		{name: "chat-unfolded", events: said(), keys: func(d *driver) { d.keys("enter g m = G") }},
		{name: "chat-agent", events: said(), keys: func(d *driver) { d.keys("enter g m e h enter") }},
		{name: "chat-agent-unfolded", events: said(), keys: func(d *driver) { d.keys("enter g m e") }},
		{name: "chat-filter", events: said(), keys: func(d *driver) { d.keys("enter g m /").typed("total").keys("enter n n n") }},
		{name: "chat-end", events: said(), keys: func(d *driver) { d.keys("enter g m F") }},
		{name: "chat-fork", events: forked(), keys: func(d *driver) { d.keys("enter g m") }},
		{name: "chat-nothing", events: silent(), keys: func(d *driver) { d.keys("enter g m") }},
		{name: "chat-reading", events: said(), keys: func(d *driver) {
			d.keys("enter g")
			d.m.Update(press("m"))
		}},
		{name: "chat-unread", events: long(), keys: func(d *driver) {
			d.keys("enter g m")
			d.m.Update(press("G"))
			d.m.Update(press("k"))
		}},
		{name: "chat-failed", events: said(), option: func(o *Options) {
			open := o.Open
			o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
				log, err := open(ctx, s)
				return unreadableLog{log}, err
			}
		}, keys: func(d *driver) { d.keys("enter g m") }},
		{name: "chat-ascii", events: said(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter g m e") }},
		{name: "compare-menu", events: runs(), keys: func(d *driver) { d.keys("m j j W") }},
		{name: "compare", events: runs(), keys: func(d *driver) { d.keys("enter W enter") }, also: usual},
		{name: "compare-words", events: runs(), keys: func(d *driver) { d.keys("enter W enter ]") }},
		{name: "compare-lines", events: runs(), keys: func(d *driver) { d.keys("enter W enter ] w") }},
		{name: "compare-only", events: runs(), keys: func(d *driver) { d.keys("enter W enter ] ]") }},
		{name: "compare-equal", events: runs(), keys: func(d *driver) { d.keys("enter W enter - g g j") }},
		{name: "compare-swapped", events: runs(), keys: func(d *driver) { d.keys("enter W enter o ] ]") }},
		{name: "compare-text", events: runs(), keys: func(d *driver) { d.keys("enter W enter + +") }},
		{name: "compare-open", events: runs(), keys: func(d *driver) { d.keys("enter W enter enter") }},
		{name: "compare-same", events: runs(), keys: func(d *driver) { d.keys("j W enter") }},
		{name: "compare-loading", events: runs(), keys: func(d *driver) { d.keys("enter W").m.Update(press("enter")) }},
		{name: "compare-failed", events: runs(), keys: func(d *driver) {
			d.keys("enter W")
			d.m.world.opts.Open = func(context.Context, *eventlog.Session) (eventlog.Log, error) {
				return nil, errors.New("open /logs/run\x1b[31m.jsonl: permission denied")
			}
			d.keys("enter")
		}},
		{name: "compare-ascii", events: runs(), option: func(o *Options) { o.ASCII = true }, keys: func(d *driver) { d.keys("enter W enter") }},
		{name: "ascii", events: all, option: func(o *Options) { o.ASCII = true }},
	} {
		for _, size := range slices.Concat(sizes, c.also) {
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
	// sizes are those at which every screen is drawn in every state.
	sizes = [][2]int{{40, 10}, {80, 24}, {120, 36}, {200, 60}}
	odd   = [][2]int{{60, 15}}
	usual = [][2]int{{160, 45}}
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
