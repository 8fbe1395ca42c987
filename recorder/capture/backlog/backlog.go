// Package backlog holds what a program prints between the one who passes it on
// and the one who keeps it, so that the first does not wait for the second. It is
// bounded: a program that prints faster than can be kept waits for room, but not
// for long for a recording that stands still.
package backlog

import (
	"context"
	"sync"
	"time"
)

// Bounds of a backlog, sizes in bytes.
const (
	Room   = 8 << 20   // output that may wait
	piece  = 256 << 10 // it waits in pieces of this size
	spares = 16        // pieces of memory that are kept for output to come
	plenty = 64 << 10  // so much output is taken without waiting for more
)

// Patience is how long output waits for room that does not come. What holds the
// recording up may hold it up for ever, and the program may not be.
const Patience = 2 * time.Second

// gather is how long the first output after a rest waits for more: a terminal gives its
// output in thousands of small pieces, and to wake somebody for each would cost whoever
// passes it on more than passing it on.
const gather = 2 * time.Millisecond

// Rules say what becomes of output that finds no room.
type Rules struct {
	Patient func(p []byte) bool // p waits for room however long that takes
	Left    func(p []byte)      // told of output that is left out; called by Write and Close
}

// Backlog is output that waits. One goroutine writes and one takes.
type Backlog struct {
	rules Rules

	mu        sync.Mutex
	change    sync.Cond // on mu: something came, was taken, or no more comes
	chunks    []Chunk
	spare     [][]byte // memory of chunks that were taken
	bytes     int
	taken     int  // chunks that were taken
	stuck     bool // nothing has been taken for so long that output does not wait any more
	gathering bool // who takes does not want to hear of more before there is plenty
	closed    bool // no more comes
}

// Chunk is a piece of output; after a gap, something before it was left out.
type Chunk struct {
	Data []byte
	Gap  bool
}

// New returns a backlog without output.
func New(r Rules) *Backlog {
	b := &Backlog{rules: r}
	b.change.L = &b.mu
	return b
}

// Write takes a copy of p, and never fails. When too much waits it waits for room,
// and when that does not come p is left out.
func (b *Backlog) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && b.bytes > 0 && b.bytes+len(p) > Room {
		if b.rules.Patient(p) {
			b.change.Wait()
		} else if b.stuck || !b.moves() {
			b.skip(p)
			return len(p), nil
		}
	}
	if b.closed || len(p) == 0 {
		return len(p), nil
	}
	b.bytes += len(p)
	n := len(b.chunks)
	if n == 0 || b.chunks[n-1].Data != nil && cap(b.chunks[n-1].Data)-len(b.chunks[n-1].Data) < len(p) {
		b.chunks = append(b.chunks, Chunk{})
		n++
	}
	last := &b.chunks[n-1]
	if last.Data == nil {
		last.Data = b.memory(len(p))
	}
	last.Data = append(last.Data, p...)
	if !b.gathering || b.bytes >= plenty {
		b.change.Broadcast()
	}
	return len(p), nil
}

// memory returns a piece of memory that is empty.
func (b *Backlog) memory(size int) []byte {
	if n := len(b.spare); n > 0 {
		data := b.spare[n-1]
		b.spare = b.spare[:n-1]
		return data
	}
	return make([]byte, 0, max(size, piece))
}

// await waits until something is so, or for as long as it may, which is for ever when
// that is 0. It reports whether it is so.
func (b *Backlog) await(limit time.Duration, so func() bool) bool {
	late := false
	if limit > 0 && !so() {
		timer := time.AfterFunc(limit, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			late = true
			b.change.Broadcast()
		})
		defer timer.Stop()
	}
	for !so() {
		if late {
			return false
		}
		b.change.Wait()
	}
	return true
}

// moves waits until something was taken, and reports false when nothing is for
// too long.
func (b *Backlog) moves() bool {
	before := b.taken
	b.await(Patience, func() bool { return b.closed || b.taken != before })
	b.stuck = b.taken == before && !b.closed
	return !b.stuck
}

// skip leaves p out and marks the place.
func (b *Backlog) skip(p []byte) {
	b.rules.Left(p)
	if n := len(b.chunks); n == 0 || b.chunks[n-1].Data != nil {
		b.chunks = append(b.chunks, Chunk{Gap: true})
	}
}

// Close says that no more comes, and returns when done is closed by who takes, or when
// ctx ends: what still waits by then is left out.
func (b *Backlog) Close(ctx context.Context, done <-chan struct{}) error {
	b.mu.Lock()
	b.closed = true
	b.change.Broadcast()
	b.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		b.abandon()
		return ctx.Err()
	}
}

// abandon leaves out what still waits.
func (b *Backlog) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chunks {
		if len(c.Data) > 0 {
			b.rules.Left(c.Data)
		}
	}
	b.chunks, b.bytes = nil, 0
	b.change.Broadcast()
}

// Next takes the next chunk, and takes back the memory of the one before. It
// returns a chunk without data when nothing came for as long as the caller can
// wait, which is for ever when that is 0, and false when there is no more.
func (b *Backlog) Next(used []byte, wait time.Duration) (Chunk, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cap(used) > 0 && len(b.spare) < spares {
		b.spare = append(b.spare, used[:0])
	}
	if !b.ready() {
		if !b.await(wait, func() bool { return b.ready() || b.closed }) {
			return Chunk{}, true
		}
		b.gathering = true
		b.await(gather, func() bool { return b.bytes >= plenty || b.closed })
		b.gathering = false
	}
	if len(b.chunks) == 0 {
		return Chunk{}, false // no more comes, or it was abandoned meanwhile
	}
	c := b.chunks[0]
	b.chunks = b.chunks[1:]
	b.bytes -= len(c.Data)
	b.taken++
	b.stuck = false
	b.change.Broadcast()
	return c, true
}

// ready reports whether there is something to take.
func (b *Backlog) ready() bool {
	return len(b.chunks) > 0 && (b.chunks[0].Data != nil || b.closed)
}
