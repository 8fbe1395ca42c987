package lines

import (
	"bytes"
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/backlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Decoder returns the events that a line holds. A line that is known is no log
// line, even if it holds none that are for the taker of the lines.
type Decoder func(line []byte) (events []eventlog.Event, known bool)

// Sink takes events, and is told how many could not even be given to it.
type Sink interface {
	Emit(ctx context.Context, e eventlog.Event) error
	// Output takes lines of output and keeps nothing of their text.
	Output(ctx context.Context, o wire.Output) error
	Dropped(k eventlog.Kind, n int64)
	// Full reports whether an event of a kind would have to wait just now, or
	// would be turned away.
	Full(k eventlog.Kind) bool
	// Patient reports whether output waits for room however long that takes.
	Patient() bool
}

// Bounds of a stream, in bytes.
const (
	longest   = wire.MaxLine
	shownText = 64 << 10 // of a line that is no event, this much is kept
	joined    = 64 << 10 // a private key that is spread over lines is kept as one text up to here
)

// Stream takes what one stream of a program prints. Write never fails; Close
// ends its goroutine.
type Stream struct {
	name    string
	sink    Sink
	decode  Decoder
	waiting *backlog.Backlog
	done    chan struct{} // closed when everything was looked at
}

// New starts a stream. The name says which: stdout, stderr, terminal. With a
// nil decoder every line is a log line.
func New(ctx context.Context, name string, sink Sink, decode Decoder) *Stream {
	s := &Stream{name: name, sink: sink, decode: decode, done: make(chan struct{})}
	s.waiting = backlog.New(backlog.Rules{
		Patient: func(p []byte) bool { return sink.Patient() || bytes.Contains(p, []byte(`"event_type"`)) },
		Left:    func(p []byte) { sink.Dropped(eventlog.LogLine, linesIn(p)) },
	})
	go func() {
		defer close(s.done)
		s.run(ctx)
	}()
	return s
}

// Write takes a copy of p. When too much is waiting it waits for room, but not
// for long for a recording that stands still: then p is left out and its lines
// are counted, unless there are events in it, which are worth waiting for, or the
// sink is patient.
func (s *Stream) Write(p []byte) (int, error) { return s.waiting.Write(p) }

func linesIn(p []byte) int64 { return int64(max(1, bytes.Count(p, []byte{'\n'}))) }

// Close returns when everything that was written has been handed over, or when
// ctx ends: what was not looked at by then is counted.
func (s *Stream) Close(ctx context.Context) error { return s.waiting.Close(ctx, s.done) }
