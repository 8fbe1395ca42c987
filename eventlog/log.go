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
	// Grep calls found for each row, from the given one on, whose record holds a
	// word, without regard to the case of ASCII letters. It returns how far it
	// came: the rows before next have been looked at, even when ctx has ended.
	Grep(ctx context.Context, words []string, from RowID, found func(word int, row RowID)) (next RowID, err error)
	// Close stops reading.
	Close() error
}
