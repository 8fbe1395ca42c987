package sessions

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// While logs are read the newest session is selected, whatever was found first; what
// somebody chose stays selected, and so does what was there when all had been read.
func TestSelectionWhileReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		reading bool
		move    bool
		want    string
	}{
		{"reading", true, false, "new"},
		{"somebody moved", true, true, "older"},
		{"all was read", false, false, "old"},
	} {
		sources := eventlog.NewSources(eventlog.NewSymbols())
		log := eventlog.NewMemory(sources)
		begin := func(id string, at eventlog.Stamp) {
			if err := log.WriteEvents(t.Context(), []eventlog.Event{{SessionID: id, Kind: eventlog.SessionStart, Time: at}}); err != nil {
				t.Fatal(err)
			}
		}
		sources.Report(func(p *eventlog.Progress) { p.Loading = test.reading })
		begin("older", 1e18)
		begin("old", 2e18)
		p := new(Pane)
		p.Resize(80, 20)
		show := func() { p.Show(overview.Make(t.Context(), sources.Catalog(), overview.Ask{Period: overview.All})) }
		show()
		if test.move {
			p.Do(keymap.Down, 1)
		}
		begin("new", 3e18)
		show()
		if got := p.Selected().Session.ID; got != test.want {
			t.Errorf("%s: %s is selected, not %s", test.name, got, test.want)
		}
	}
}
