package export

import (
	"cmp"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Sink is a sink that writes whole batches.
type Sink interface {
	Export(e eventlog.Event) error
	Flush() error
	Close() error
}

// Lazy opens a sink with the first event that it is given, so that opening it
// costs the start of a recording nothing and fails like any other write. It
// tries once.
type Lazy struct {
	Open func() (Sink, error)
	Call string // what it is called in warnings
	sink Sink
	err  error
}

// Name is what the sink is called.
func (l *Lazy) Name() string {
	if l.Call == "" && l.sink != nil {
		return nameOf(l.sink)
	}
	return cmp.Or(l.Call, "a file")
}

// Export gives the event to the sink, which it opens if need be.
func (l *Lazy) Export(e eventlog.Event) error {
	if l.sink == nil && l.err == nil {
		l.sink, l.err = l.Open()
	}
	if l.err != nil {
		return l.err
	}
	return l.sink.Export(e)
}

// Flush writes the batch.
func (l *Lazy) Flush() error {
	if l.sink == nil {
		return nil
	}
	return l.sink.Flush()
}

// Close closes the sink if it was opened.
func (l *Lazy) Close() error {
	if l.sink == nil {
		return nil
	}
	return l.sink.Close()
}
