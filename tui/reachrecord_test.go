package tui

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// A record is told by its place within its table, and an event by its number
// within the record.
func TestStepOfARecord(t *testing.T) {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	add := func(table uint16, pos int64, sub uint32, kind eventlog.Kind) {
		x.Append(eventlog.Place{Segment: uint16(pos % 2), Table: table, Pos: pos, Sub: sub}, &eventlog.Event{SessionID: "s", Kind: kind, Tool: "Bash", CallID: string(rune('a' + sub))})
	}
	add(0, 4, 0, eventlog.Message)
	add(1, 4, 0, eventlog.ToolCall)
	add(1, 4, 1, eventlog.ToolCall)
	add(1, 4, 2, eventlog.ToolCall)
	add(1, 5, 0, eventlog.Message)
	snap := x.Publish()
	snap.Paths = []string{"even", "odd"}
	row := func(i int) eventlog.SpanID { return snap.Rows.At(i).Span }
	for name, c := range map[string]struct {
		of   eventlog.Finding
		want eventlog.SpanID
	}{
		"first table":     {eventlog.Finding{Path: "even", Pos: 4}, row(0)},
		"second table":    {eventlog.Finding{Path: "even", Within: 1, Pos: 4, Sub: 1}, row(1)},
		"second event":    {eventlog.Finding{Path: "even", Within: 1, Pos: 4, Sub: 2, Tool: "Bash"}, row(2)},
		"another segment": {eventlog.Finding{Path: "odd", Within: 1, Pos: 5}, row(4)},
		"nowhere":         {eventlog.Finding{Path: "odd", Within: 1, Pos: 4}, 0},
	} {
		if got := stepOf(snap, &c.of); got != c.want {
			t.Errorf("%s: span %d, want %d", name, got, c.want)
		}
	}
}
