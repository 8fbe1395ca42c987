package eventlog

import "context"

// Log is the events of the sessions that somebody opened.
type Log interface {
	// Snapshot returns the index as it is now. It is cheap.
	Snapshot() *Snapshot
	// Changed is signalled after changes; one signal may stand for many.
	Changed() <-chan struct{}
	// Events decodes the events of some rows in full, reading their records.
	// A row whose record is gone gives an event of kind Unreadable.
	Events(ctx context.Context, rows []RowID) ([]Event, error)
	// Grep calls found for each row whose record holds a word, without regard
	// to the case of ASCII letters, in whatever order is fastest.
	Grep(ctx context.Context, words []string, found func(word int, row RowID)) error
	// Close stops reading.
	Close() error
}
