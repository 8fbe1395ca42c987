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

// Exporter is a sink beside the store. Its methods are called by one goroutine,
// in the order of the events and of the exporters.
type Exporter interface {
	Export(e eventlog.Event) error
	Close() error
}

// flusher is an exporter that collects the events of a batch and writes them
// at once.
type flusher interface{ Flush() error }
