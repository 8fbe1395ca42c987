package eventlog_test

import (
	"slices"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Tags that people put on a session are found like those of its log, in the next
// catalog, and leave what the log says as it is.
func TestExtraTags(t *testing.T) {
	t.Parallel()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	err := eventlog.NewMemory(sources).WriteEvents(t.Context(), []eventlog.Event{
		{SessionID: "a", Kind: eventlog.SessionStart, Time: 1, Facts: &eventlog.Facts{Tags: []string{"told"}}},
		{SessionID: "b", Kind: eventlog.SessionStart, Time: 2, Facts: &eventlog.Facts{SameAs: "a"}},
		{SessionID: "c", Kind: eventlog.SessionStart, Time: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string][]string{"a": {"told", "mine"}, "b": {"yours"}}
	before := sources.Catalog()
	sources.Extra(func(session string) []string { return tags[session] })
	cat := sources.Catalog()
	a, _ := cat.Session("a")
	if !slices.Equal(a.Tags, []string{"told", "mine", "yours"}) {
		t.Errorf("tags %v", a.Tags)
	}
	if c, _ := cat.Session("c"); len(c.Tags) != 0 {
		t.Errorf("tags of c: %v", c.Tags)
	}
	q, err := eventlog.ParseQuery("tag:mine")
	if err != nil {
		t.Fatal(err)
	}
	if old, _ := before.Session("a"); !a.Matches(q, 9) || old.Matches(q, 9) {
		t.Error("only the later catalog has the tag")
	}
	delete(tags, "a")
	delete(tags, "b")
	if a, _ := sources.Catalog().Session("a"); !slices.Equal(a.Tags, []string{"told"}) {
		t.Errorf("afterwards %v", a.Tags)
	}
}
