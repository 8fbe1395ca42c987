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
	Dropped(k eventlog.Kind, n int64)
	// Full reports whether it would turn away an event of a kind just now.
	Full(k eventlog.Kind) bool
}

// Bounds of a stream, in bytes.
const (
	room      = 8 << 20 // output that may wait to be looked at
	longest   = wire.MaxLine
	shownText = 64 << 10 // of a line that is no event, this much is kept
	spares    = 64       // pieces of memory that are kept for output to come
	plenty    = 64 << 10 // so much output is looked at without waiting for more
	joined    = 64 << 10 // a private key that is spread over lines is kept as one text up to here
)

// gather is how long the first output after a rest waits for more.
const gather = 2 * time.Millisecond

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

// Write takes a copy of p. When too much is waiting, p is left out and its
// lines are counted, but for output in which there are events: those are worth
// waiting for.
func (s *Stream) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && s.bytes+len(p) > room {
		if !bytes.Contains(p, []byte(`"event_type"`)) {
			s.skip(p)
			return len(p), nil
		}
		s.change.Wait()
	}
	if s.closed {
		return len(p), nil
	}
	var data []byte
	if n := len(s.spare); n > 0 {
		data, s.spare = s.spare[n-1], s.spare[:n-1]
	}
	data = append(data, p...)
	if n := len(s.chunks); n > 0 && s.chunks[n-1].data == nil {
		s.chunks[n-1].data = data
	} else {
		s.chunks = append(s.chunks, chunk{data: data})
	}
	s.bytes += len(p)
	s.change.Broadcast()
	return len(p), nil
}

// skip leaves p out and marks the place.
func (s *Stream) skip(p []byte) {
	s.sink.Dropped(eventlog.LogLine, int64(max(1, bytes.Count(p, []byte{'\n'}))))
	if n := len(s.chunks); n == 0 || s.chunks[n-1].data != nil {
		s.chunks = append(s.chunks, chunk{gap: true})
	}
}

// Close returns when everything that was written has been handed over, or when
// ctx ends.
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
		return ctx.Err()
	}
}

// next returns the next chunk, and takes back the memory of the one before.
// After a rest it does not take the first that comes but waits a little for
// more: a terminal gives its output in thousands of small pieces, and to be
// woken for each would cost whoever passes it on more than passing it on.
func (s *Stream) next(used []byte) (chunk, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(used) > 0 && len(s.spare) < spares {
		s.spare = append(s.spare, used[:0])
	}
	rested := false
	for len(s.chunks) == 0 || s.chunks[0].data == nil && !s.closed {
		if s.closed {
			return chunk{}, false
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
	}
	c := s.chunks[0]
	s.chunks = s.chunks[1:]
	s.bytes -= len(c.data)
	s.change.Broadcast()
	return c, true
}

// run cuts the output into lines. The rest of a line that was begun before a
// gap is dropped with it: two halves of different lines make neither.
func (s *Stream) run(ctx context.Context) {
	var line []byte // begun and not ended
	var torn bool   // its beginning is missing
	j := joiner{stream: s}
	for c, ok := s.next(nil); ok; c, ok = s.next(c.data) {
		if c.gap {
			line, torn = line[:0], true
		}
		data := c.data
		for {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				break
			}
			switch {
			case torn:
			case len(line) == 0:
				j.line(ctx, data[:i])
			default:
				j.line(ctx, append(line, data[:i]...))
			}
			line, torn = line[:0], false
			data = data[i+1:]
		}
		if !torn && len(line) <= longest {
			line = append(line, data...)
		}
	}
	if len(line) > 0 && !torn {
		j.line(ctx, line)
	}
	j.flush(ctx)
}

// emit hands one line over. What became of it is counted by the sink.
func (s *Stream) emit(ctx context.Context, line []byte) {
	if s.decode != nil && len(line) <= longest {
		if events, known := s.decode(line); known {
			for _, e := range events {
				_ = s.sink.Emit(ctx, e)
			}
			return
		}
	}
	if s.sink.Full(eventlog.LogLine) { // spelling a line that has no place is work for nothing
		s.sink.Dropped(eventlog.LogLine, 1)
		return
	}
	var o wire.Object
	o.Text("stream", s.name)
	if len(line) > shownText {
		o.Int("bytes", int64(len(line)))
		line = line[:shownText]
	}
	o.Text("text", string(bytes.ToValidUTF8(line, []byte("\ufffd"))))
	_ = s.sink.Emit(ctx, eventlog.Event{Kind: eventlog.LogLine, Type: eventlog.LogLine.String(), Payload: o.JSON()})
}
