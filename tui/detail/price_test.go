package detail

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestCallTellsItsPrice(t *testing.T) {
	for source, want := range map[eventlog.CostSource]string{
		eventlog.Estimated: "estimated\tacme/m, table of 2026-07-02", eventlog.Unpriced: "no price\tacme/m, table of 2026-07-02",
	} {
		syms := eventlog.NewSymbols()
		x := eventlog.NewIndex(syms)
		e := eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.ModelResponse, Bill: &eventlog.Bill{Source: source, Price: syms.Intern("acme/m, table of 2026-07-02")}}
		x.Append(eventlog.Place{}, &e)
		snap := x.Publish()
		for id := 1; id <= snap.Spans.Len(); id++ {
			s := snap.Span(eventlog.SpanID(id))
			d := compose(priced(snap, &s, []eventlog.Event{e}), Call, 80, false)
			var text []string
			for _, l := range d.lines {
				text = append(text, l.text)
			}
			if got := strings.Contains(strings.Join(text, "\n"), want); got != (s.Kind == eventlog.SpanModel) {
				t.Errorf("span of kind %d: %q", s.Kind, text)
			}
		}
	}
}
