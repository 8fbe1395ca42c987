package tui

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What asks for more than a preview knows of runs waits for the summaries, and asks for
// them.
func TestPreviewKnowsTooLittleOfRuns(t *testing.T) {
	for query, enough := range map[string]bool{"": true, "is:running": true, "cost>1": true, "agent:plan": false, "tool:Bash": false, "word": false} {
		for _, saved := range []bool{false, true} {
			sources := eventlog.NewSources(eventlog.NewSymbols())
			wanted := sources.Preview(nil, true)
			o := Options{Sources: sources, Query: query}
			if saved {
				o.Query, o.Views = "", []View{{Name: "mine", Query: query}}
			}
			m := newModel(t.Context(), o)
			m.know(catalogMsg{catalog: sources.Catalog()})
			asked := false
			select {
			case <-wanted:
				asked = true
			default:
			}
			if taken := m.catalog != nil; taken != enough || asked == enough {
				t.Errorf("%q, as a view: %v: the preview is taken: %v, the summaries are asked for: %v", query, saved, taken, asked)
			}
			m.close()
		}
	}
}
