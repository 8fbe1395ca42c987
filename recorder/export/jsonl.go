package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// JSONL appends events to a file, one flat LazyBridge line each, with the time,
// a number and the id of the event added. Whole lines of a batch are written at
// once, so that several recorders may append to one file. It is an exporter,
// and also a store for a recording that has no other.
type JSONL struct {
	file io.WriteCloser
	name string
	buf  []byte
	held int // events in it
	seq  int64
}

// Name tells the file from others.
func (j *JSONL) Name() string { return "json lines to " + j.name }

// OpenJSONL opens the file for appending and makes it, readable by its owner
// alone, if need be.
func OpenJSONL(path string) (*JSONL, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open json lines: %w", err)
	}
	return &JSONL{file: f, name: path}, nil
}

// NewJSONL writes to w.
func NewJSONL(w io.WriteCloser, name string) *JSONL { return &JSONL{file: w, name: name} }

// Export adds the event to the batch.
func (j *JSONL) Export(e eventlog.Event) error {
	j.seq++
	j.held++
	j.buf = wire.AppendFlat(j.buf, &e, j.seq)
	return nil
}

// Flush writes the batch. What could not be written is given up: a line that
// is there in part must not be followed by its own beginning.
func (j *JSONL) Flush() error {
	if len(j.buf) == 0 {
		return nil
	}
	_, err := j.file.Write(j.buf)
	if cap(j.buf) > 1<<20 {
		j.buf = nil // one large event does not cost its memory for ever
	}
	n := j.held
	j.buf, j.held = j.buf[:0], 0
	if err != nil {
		return lost(n, fmt.Errorf("append to %s: %w", j.name, err))
	}
	return nil
}

// WriteEvents makes the file a store: an event is durable, short of a loss of
// power, when its line was written.
func (j *JSONL) WriteEvents(_ context.Context, events []eventlog.Event) error {
	for i := range events {
		if err := j.Export(events[i]); err != nil {
			return err
		}
	}
	return j.Flush()
}

// Close writes what is left and closes the file.
func (j *JSONL) Close() error { return errors.Join(j.Flush(), j.file.Close()) }
