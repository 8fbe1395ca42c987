package pipeline

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Store is where events become durable. WriteEvents returns after the commit.
// An event whose id the session has already is no error: it was sent again.
type Store = eventlog.Writer

// sessionStore is a store that also keeps facts about sessions and how many
// events were dropped.
type sessionStore interface {
	PutSession(ctx context.Context, id string, f eventlog.Facts, heartbeat eventlog.Stamp) error
	PutExit(ctx context.Context, id string, code int) error
	Count(ctx context.Context, id string, dropped map[eventlog.Kind]int64, redactDropped int64) error
}

// Redactor masks secrets. Both methods return how many they masked; a negative
// number says that they failed and that nothing they return may be used.
type Redactor interface {
	JSON(raw []byte) ([]byte, int)
	Text(s string) (string, int)
}

// Exporter is a sink beside the store. Its methods are called by one goroutine
// at a time, in the order of the events and of the exporters, and the store
// waits for none of them but that it writes the next batch afterwards: what may
// be slow does its work elsewhere, as export.Detached does.
//
// An exporter that has a method Name() string is told about by that name. An
// error that has a method Lost() int64 stands for so many events, and any other
// for one.
type Exporter interface {
	Export(e eventlog.Event) error
	Close() error
}

// flusher is an exporter that collects the events of a batch and writes them
// at once.
type flusher interface{ Flush() error }

// AddExporter registers an exporter behind those that are there. It is given
// the events that are written from now on, which may have been emitted before.
// The pipeline closes it. The error is ErrExporterKnown or ErrClosed; the
// exporter is then the caller's. It may be called by any goroutine.
func (r *Pipeline) AddExporter(x Exporter) error { return r.writer.fan.add(x) }

// RemoveExporter takes an exporter out, writes what it holds and closes it,
// once, and returns what came of that. Events that were emitted and not
// written yet do not reach it; Flush before it where they should. While it is
// just being given an event it is closed as soon as that is done, which another
// Flush waits for, so that an exporter may remove itself. The error is also
// ErrExporterUnknown or ErrClosed. It may be called by any goroutine.
func (r *Pipeline) RemoveExporter(x Exporter) error { return r.writer.fan.remove(x) }
