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
type reader struct{ stored *dialect.Stored }

func newReader() *reader { return &reader{dialect.NewStored()} }

// read returns the event as the log has it, in full. It is valid until the
// next one is read.
func (r *reader) read(e *eventlog.Event) *eventlog.Event {
	got := e
	if r.stored.Decode(e, true, func(read *eventlog.Event) { got = read }) != nil || got == e {
		return e
	}
	// A store keeps microseconds; here the moment is known as it was told.
	if shift := e.Time - got.Time; got.Began.Known() {
		got.Began += shift
	}
	got.Time = e.Time
	return got
}
