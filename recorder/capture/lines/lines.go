package lines

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
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
	room      = 8 << 20 // output that may wait to be looked at
	longest   = wire.MaxLine
	shownText = 64 << 10  // of a line that is no event, this much is kept
	piece     = 256 << 10 // output is kept in pieces of this size
	spares    = 16        // pieces of memory that are kept for output to come
	plenty    = 64 << 10  // so much output is looked at without waiting for more
	joined    = 64 << 10  // a private key that is spread over lines is kept as one text up to here
)

// gather is how long the first output after a rest waits for more.
const gather = 2 * time.Millisecond

// patience is how long output waits for room that does not come. What holds the
// recording up may hold it up for ever, and the program may not be.
const patience = 2 * time.Second

// Stream takes what one stream of a program prints. Write never fails; Close
// ends its goroutine.
type Stream struct {
	name   string
	sink   Sink
	decode Decoder
	done   chan struct{} // closed when everything was looked at
	ending chan struct{} // closed by Close
	once   sync.Once     // to close it

	mu     sync.Mutex
	change sync.Cond // on mu: something came, was taken, or the stream ended
	chunks []chunk
	spare  [][]byte // memory of chunks that were looked at
	bytes  int
	taken  int  // chunks that were looked at
	stuck  bool // nothing has been taken for so long that output does not wait any more
	closed bool
}

// chunk is a piece of output; after a gap, something before it was left out.
type chunk struct {
	data []byte
	gap  bool
}

// New starts a stream. The name says which: stdout, stderr, terminal. With a
// nil decoder every line is a log line.
func New(ctx context.Context, name string, sink Sink, decode Decoder) *Stream {
	s := &Stream{name: name, sink: sink, decode: decode, done: make(chan struct{}), ending: make(chan struct{})}
	s.change.L = &s.mu
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
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && s.bytes > 0 && s.bytes+len(p) > room {
		if s.sink.Patient() || bytes.Contains(p, []byte(`"event_type"`)) {
			s.change.Wait()
		} else if s.stuck || !s.moves() {
			s.skip(p)
			return len(p), nil
		}
	}
	if s.closed || len(p) == 0 {
		return len(p), nil
	}
	s.bytes += len(p)
	n := len(s.chunks)
	if n == 0 || s.chunks[n-1].data != nil && cap(s.chunks[n-1].data)-len(s.chunks[n-1].data) < len(p) {
		s.chunks = append(s.chunks, chunk{})
		n++
	}
	last := &s.chunks[n-1]
	if last.data == nil {
		last.data = s.memory(len(p))
	}
	last.data = append(last.data, p...)
	s.change.Broadcast()
	return len(p), nil
}

// memory returns a piece of memory that is empty.
func (s *Stream) memory(size int) []byte {
	if n := len(s.spare); n > 0 {
		data := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return data
	}
	return make([]byte, 0, max(size, piece))
}

// moves waits until something was taken, and reports false when nothing is for
// too long.
func (s *Stream) moves() bool {
	before, late := s.taken, false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.change.Broadcast()
	})
	defer timer.Stop()
	for !s.closed && s.taken == before && !late {
		s.change.Wait()
	}
	s.stuck = s.taken == before && !s.closed
	return !s.stuck
}

// skip leaves p out and marks the place.
func (s *Stream) skip(p []byte) {
	s.sink.Dropped(eventlog.LogLine, linesIn(p))
	if n := len(s.chunks); n == 0 || s.chunks[n-1].data != nil {
		s.chunks = append(s.chunks, chunk{gap: true})
	}
}

func linesIn(p []byte) int64 { return int64(max(1, bytes.Count(p, []byte{'\n'}))) }

// Close returns when everything that was written has been handed over, or when
// ctx ends: what was not looked at by then is counted.
func (s *Stream) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.change.Broadcast()
	s.mu.Unlock()
	s.once.Do(func() { close(s.ending) })
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.chunks {
		if len(c.data) > 0 {
			s.sink.Dropped(eventlog.LogLine, linesIn(c.data))
		}
	}
	s.chunks, s.bytes = nil, 0
	return ctx.Err()
}

// next returns the next chunk, and takes back the memory of the one before. It
// returns a chunk without data when nothing came for as long as the caller can
// wait, which is for ever when that is 0.
//
// After a rest it does not take the first that comes but waits a little for
// more: a terminal gives its output in thousands of small pieces, and to be
// woken for each would cost whoever passes it on more than passing it on.
func (s *Stream) next(used []byte, wait time.Duration) (chunk, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(used) > 0 && len(s.spare) < spares {
		s.spare = append(s.spare, used[:0])
	}
	var late bool
	if wait > 0 && !s.ready() {
		timer := time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			late = true
			s.change.Broadcast()
		})
		defer timer.Stop()
	}
	rested := false
	for !s.ready() {
		switch {
		case s.closed && len(s.chunks) == 0:
			return chunk{}, false
		case late:
			return chunk{}, true
		}
		s.change.Wait()
		rested = true
	}
	if rested && s.bytes < plenty && !s.closed {
		s.mu.Unlock()
		select {
		case <-time.After(gather):
		case <-s.ending:
		}
		s.mu.Lock()
		if len(s.chunks) == 0 {
			return chunk{}, false // Close did not wait for it
		}
	}
	c := s.chunks[0]
	s.chunks = s.chunks[1:]
	s.bytes -= len(c.data)
	s.taken++
	s.stuck = false
	s.change.Broadcast()
	return c, true
}

// ready reports whether there is something to look at.
func (s *Stream) ready() bool {
	return len(s.chunks) > 0 && (s.chunks[0].data != nil || s.closed)
}
