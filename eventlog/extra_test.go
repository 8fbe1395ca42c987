package eventlog_test

import (
	"slices"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What people say of a session is found like what its log says, in the next
// catalog, and leaves that as it is.
func TestExtra(t *testing.T) {
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
	titles := map[string]string{"a": "the nightly one", "b": "another name of it"}
	sources.Extra(func(session string) eventlog.Said {
		return eventlog.Said{Title: titles[session], Tags: tags[session]}
	})
	cat := sources.Catalog()
	a, _ := cat.Session("a")
	if !slices.Equal(a.Tags, []string{"told", "mine", "yours"}) {
		t.Errorf("tags %v", a.Tags)
	}
	if a.Label() != "the nightly one" {
		t.Errorf("it is called %q", a.Label())
	}
	if c, _ := cat.Session("c"); len(c.Tags) != 0 || c.Label() != "c" {
		t.Errorf("of c: %v, %q", c.Tags, c.Label())
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
