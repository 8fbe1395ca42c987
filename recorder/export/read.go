package export

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// reader makes of events as they are written what those who read the log make
// of them: which call started a run, what a call used and cost, which result
// belongs to which call. It is their decoder, so that an exporter tells nothing
// else than the log does. It wants all events of a recording in their order,
// and is for one goroutine.
type reader struct {
	decoder dialect.Decoder
	cells   [7]eventlog.Cell
}

func newReader() *reader {
	return &reader{decoder: dialect.LazyBridge{}.Open(dialect.Segment{})}
}

// read returns the event as the log has it, in full. It is valid until the
// next one is read.
func (r *reader) read(e *eventlog.Event) *eventlog.Event {
	text := func(s string) eventlog.Cell {
		if s == "" {
			return eventlog.Cell{}
		}
		return eventlog.Cell{Type: eventlog.Text, Text: []byte(s)}
	}
	// The columns of a store, where the payload cannot pass for the envelope.
	r.cells = [7]eventlog.Cell{
		text(e.SessionID), text(e.RunID), text(e.Type), {Type: eventlog.Text, Text: e.Payload},
		{Type: eventlog.Integer, Int: int64(e.Time)}, text(e.ID), text(e.ParentRunID),
	}
	got := e
	err := r.decoder.Decode(&eventlog.Record{Cells: r.cells[:]}, true, func(read *eventlog.Event) { got = read })
	if err != nil || got == e {
		return e
	}
	// A store keeps microseconds; here the moment is known as it was told.
	if shift := e.Time - got.Time; got.Began.Known() {
		got.Began += shift
	}
	got.Time = e.Time
	return got
}
