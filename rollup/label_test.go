package rollup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// labelled is a session that says something of itself, below another one when parent
// is not empty, with one call.
func labelled(id, parent, branch string, metadata map[string]string, out int64) []eventlog.Event {
	return []eventlog.Event{
		{SessionID: id, Kind: eventlog.SessionStart, Time: 1, Facts: &eventlog.Facts{ParentID: parent, Branch: branch, Metadata: metadata}},
		start(id, "r-"+id, "", "a"),
		call(id, "r-"+id, out),
	}
}

func outputs(groups []rollup.Group) map[string][2]int64 {
	m := map[string][2]int64{}
	for _, g := range groups {
		m[g.Key] = [2]int64{g.Own.Usage.Output, g.Inclusive.Usage.Output}
	}
	return m
}

func wantGroups(t *testing.T, what string, got []rollup.Group, want map[string][2]int64) {
	t.Helper()
	m := outputs(got)
	for key, sums := range want {
		if m[key] != sums {
			t.Errorf("%s %q: own and inclusive %v, want %v", what, key, m[key], sums)
		}
	}
	if len(m) != len(want) {
		t.Errorf("%s: groups %v, want %v", what, m, want)
	}
}

// What a session started counts for the topmost session of a branch only, so that
// nothing counts twice, however sessions of several branches lie in each other.
func TestByBranchAndMetadata(t *testing.T) {
	c := catalog(slices.Concat(
		labelled("top", "", "main", map[string]string{"ticket": "A", "Team": "x"}, 1),
		labelled("mid", "top", "fix", map[string]string{"ticket": "A"}, 10),
		labelled("low", "mid", "main", map[string]string{"ticket": "B"}, 100),
		labelled("other", "", "", nil, 1000),
	))
	r := rollup.New(c, nil)
	wantGroups(t, "branch", r.Branches, map[string][2]int64{"main": {101, 111}, "fix": {10, 110}, "": {1000, 1000}})
	wantGroups(t, "ticket", r.ByMeta("ticket"), map[string][2]int64{"A": {11, 111}, "B": {100, 100}, "": {1000, 1000}})
	wantGroups(t, "Team", r.ByMeta("Team"), map[string][2]int64{"x": {1, 111}, "": {1110, 1110}})
	if r.Metadata[0].Key != "ticket" || len(r.Metadata) != 2 {
		t.Errorf("the key that most sessions have stands first, got %v", r.Metadata)
	}
	if got := r.ByMeta("nobody"); got != nil {
		t.Errorf("groups of a key that nobody has: %v", got)
	}

	// Without the session in the middle, what is below it still belongs to the top.
	r = rollup.New(c, func(s *eventlog.Session) bool { return s.ID != "mid" })
	wantGroups(t, "branch without mid", r.Branches, map[string][2]int64{"main": {101, 101}, "": {1000, 1000}})
}

// A log of many keys costs no more than one of a few.
func TestMetadataOfManyKeys(t *testing.T) {
	var events []eventlog.Event
	for i := range 300 {
		events = append(events, labelled(fmt.Sprint("s", i), "", "", map[string]string{fmt.Sprintf("key-%03d", i): "v", "ticket": "T"}, 1)...)
	}
	r := rollup.New(catalog(events), nil)
	if len(r.Metadata) != rollup.MostKeys || r.Metadata[0].Key != "ticket" || r.Metadata[1].Key != "key-000" {
		t.Errorf("%d keys, the first two %q %q", len(r.Metadata), r.Metadata[0].Key, r.Metadata[1].Key)
	}
}

func TestDaysOf(t *testing.T) {
	day := time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)
	c := catalog([]eventlog.Event{
		on(call("s", "r", 1), "m", day), on(call("s", "r", 10), "m", day.Add(time.Hour)), on(call("x", "r", 100), "m", day),
		on(call("s", "r", 1000), "m", day.AddDate(0, 0, -3)),
	})
	keep := func(s *eventlog.Session) bool { return s.ID == "s" }
	days := rollup.DaysOf(c, keep)
	wantGroups(t, "day", days, map[string][2]int64{"2026-03-01": {1000, 1000}, "2026-03-04": {1, 1}, "2026-03-05": {10, 10}})
	if !slices.IsSortedFunc(days, func(a, b rollup.Group) int { return strings.Compare(a.Key, b.Key) }) {
		t.Errorf("days are not in order: %v", outputs(days))
	}
	wantGroups(t, "the report's day", rollup.New(c, keep).Days, outputs(days))
}
