package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// A session that its agent deletes soon says so in its row, however long its name
// is, and what keeps it in the summary; one that has time says it below only.
func TestFate(t *testing.T) {
	const day = 24 * time.Hour
	src := eventlog.NewSources(eventlog.NewSymbols())
	add := func(id, goal string, written time.Duration) {
		sum := eventlog.NewSummary(src.Symbols(), "/logs/"+id, "claude", 0)
		sum.Update(func() {
			sum.Add(0, &eventlog.Event{SessionID: id, Kind: eventlog.Message, Time: eventlog.StampOf(noon.Add(-written)), Facts: &eventlog.Facts{Goal: goal}})
			sum.Modified(eventlog.StampOf(noon.Add(-written)))
			sum.Keep(eventlog.Keeping{For: 30 * day, Setting: "cleanupPeriodDays", File: "/cfg/settings.json", Longer: "cleanupPeriodDays: 3650"})
		})
		src.Add(sum)
	}
	add("a", strings.Repeat("a goal of many words ", 20), 26*day+time.Hour)
	add("b", "short", 2*day)
	d := drive(t, src, nil, func(o *Options) { o.All = true }).start(120, 36)
	row := func(of string) string {
		text, _ := d.screen()
		for _, l := range strings.Split(text, "\n") {
			if strings.Contains(l, of) {
				return l
			}
		}
		return ""
	}
	if got := row("a goal of"); !strings.Contains(got, "dies in 3d") {
		t.Errorf("the row does not say it: %q", got)
	}
	if got := row("short"); strings.Contains(got, "dies") {
		t.Errorf("the row of what has time says it: %q", got)
	}
	for _, id := range []string{"a", "b"} {
		if d.m.home.front.tree.Selected().Key != id {
			d.keys("down")
		}
		if d.m.home.front.tree.Selected().Key != id {
			d.keys("up")
		}
		text, _ := d.screen()
		want := map[string][]string{
			"a": {"dies in 3d 2", "to keep it, set", "cleanupPeriodDays: 3650 in", "/cfg/settings.json"},
			"b": {"dies in 28d 2"},
		}[id]
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", id, w, text)
			}
		}
	}
	add("c", "new", time.Hour)
	// What dies soon is older than what is shown at first.
	shown := func(query string) string {
		d := drive(t, src, nil, func(o *Options) { o.Query = query }).start(120, 36)
		var keys []string
		for _, r := range d.m.home.view.Rows {
			keys = append(keys, r.Key)
		}
		return strings.Join(keys, " ")
	}
	if all, dying := shown(""), shown("dies:7d"); all != "c" || dying != "a" {
		t.Errorf("shown at first %q, of those that die soon %q", all, dying)
	}
}
