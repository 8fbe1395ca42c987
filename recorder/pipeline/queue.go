package pipeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What a producer is told about an event that was not taken.
var (
	ErrFull   = errors.New("the queue is full")
	ErrClosed = errors.New("the recording has ended")
)

// groupSize is how many prompt events share a commit at most.
const groupSize = 256

// item is one thing in the queue: an event, or the mark of a Flush.
type item struct {
	event  eventlog.Event
	size   int64
	heard  bool          // nobody waits to be told of it
	output bool          // of the program, which leaves most of the queue to the others
	prompt bool          // commit soon: somebody waits, or the event says that something began
	done   func(error)   // called once after the commit or the failure; may be nil
	mark   chan struct{} // of a Flush: closed when everything before it is written
}

// forOutput is how many bytes of output may wait, in parts of the queue. Output that
// floods comes in large pieces, and memory that is used again soon is what makes
// it quick.
const forOutput = 8

// chunkBytes is how much is committed at once at most, but for a single item that
// is larger: what SQLite can hold of a transaction before it has to write it twice.
const chunkBytes = 1 << 20

// queue holds events between the producers and the one writer, bounded in
// number and in bytes. It is a list of chunks, each at most as large as a batch:
// taking one moves nothing.
type queue struct {
	opts  Options
	chunk int           // items in a chunk
	wake  chan struct{} // capacity 1: the writer looks again; one token stands for any number

	mu      sync.Mutex
	chunks  [][]item // all but the last are full, by number or by bytes
	filled  int64    // bytes in the last one
	empty   []item   // an empty chunk to use again, or nil
	count   int
	bytes   int64
	first   time.Time     // when the oldest item came, or later
	prompts int           // items that are prompt
	urgent  time.Time     // when the oldest of them came, or later
	heard   int           // items that were overheard
	since   time.Time     // when the oldest of them came, or later
	marks   int           // items that are the mark of a Flush
	room    chan struct{} // closed when something is taken; nil when nobody waits
	closed  bool
}

func newQueue(o Options) *queue {
	return &queue{opts: o, chunk: max(o.BatchSize, groupSize), wake: make(chan struct{}, 1)}
}

// admission is how hard an item insists on its place.
type admission uint8

const (
	ifRoom  admission = iota // no room: ErrFull
	waiting                  // wait for room
	always                   // bounds do not count: the recorder's own few events
)

// put appends an item. The writer is woken only when it has to think anew, so
// that a stream of events does not cost a wake-up each.
func (q *queue) put(ctx context.Context, it item, a admission) error {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return ErrClosed
		}
		if a == always || q.fits(it.size) && (!it.output || q.spare()) {
			q.append(it)
			q.mu.Unlock()
			return nil
		}
		if a == ifRoom {
			q.mu.Unlock()
			return ErrFull
		}
		if q.room == nil {
			q.room = make(chan struct{})
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (q *queue) append(it item) {
	last := len(q.chunks) - 1
	full := last >= 0 && (len(q.chunks[last]) == q.chunk || q.filled+it.size > chunkBytes)
	if last < 0 || full {
		q.filled = 0
		fresh := q.empty
		if q.empty = nil; fresh == nil {
			fresh = make([]item, 0, q.chunk)
		}
		q.chunks = append(q.chunks, fresh)
		last++
	}
	q.chunks[last] = append(q.chunks[last], it)
	q.count++
	q.bytes += it.size
	q.filled += it.size
	wake := full || q.count == 1 || q.count == q.opts.BatchSize || q.count == groupSize || q.bytes > q.opts.MaxBytes/2
	if q.count == 1 {
		q.first = time.Now()
	}
	if it.prompt {
		if q.prompts++; q.prompts == 1 {
			q.urgent, wake = time.Now(), true
		}
	}
	if it.heard {
		if q.heard++; q.heard == 1 {
			q.since = time.Now()
			wake = wake || q.opts.PassiveDelay < q.opts.BatchInterval
		}
	}
	if it.mark != nil {
		q.marks++
		wake = true
	}
	if wake {
		q.signal()
	}
}

// fits reports whether an item may come in. One that is larger than the whole
// queue comes in alone.
func (q *queue) fits(size int64) bool {
	return q.count == 0 || q.count < q.opts.MaxQueue && q.bytes+size <= q.opts.MaxBytes
}

// spare reports whether there is room for output, which leaves half of the places
// and most of the bytes to the others.
func (q *queue) spare() bool {
	return q.count == 0 || q.count < q.opts.MaxQueue/2 && q.bytes < q.opts.MaxBytes/forOutput
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close lets the writer take what is left and turns everybody else away.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	q.signal()
}

// next waits until something is to be written and returns it, or false when
// the queue is closed and empty. Only the writer calls it.
func (q *queue) next() ([]item, bool) {
	for {
		batch, wait, end := q.take()
		switch {
		case end:
			return nil, false
		case batch != nil:
			return batch, true
		case wait < 0:
			<-q.wake
		default:
			timer := time.NewTimer(wait)
			select {
			case <-q.wake:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// take returns the items that are due, or how long until some are; -1 means
// that there are none.
func (q *queue) take() (batch []item, wait time.Duration, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == 0 {
		return nil, -1, q.closed
	}
	if wait = q.due(); wait > 0 {
		return nil, wait, false
	}
	batch = q.chunks[0]
	q.chunks[0] = nil
	if q.chunks = q.chunks[1:]; len(q.chunks) == 0 {
		q.chunks = nil
	}
	q.count -= len(batch)
	for i := range batch {
		q.bytes -= batch[i].size
		if batch[i].prompt {
			q.prompts--
		}
		if batch[i].heard {
			q.heard--
		}
		if batch[i].mark != nil {
			q.marks--
		}
	}
	q.first = time.Now()
	q.urgent, q.since = q.first, q.first
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	return batch, 0, false
}

// reuse gives a batch back when it is done with, so that its memory serves
// another one and its payloads are let go.
func (q *queue) reuse(batch []item) {
	clear(batch)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.empty == nil && cap(batch) == q.chunk {
		q.empty = batch[:0]
	}
}

// due tells how long the items may still wait for company.
func (q *queue) due() time.Duration {
	if q.closed || q.marks > 0 || len(q.chunks) > 1 || q.count >= q.opts.BatchSize || q.bytes > q.opts.MaxBytes/2 {
		return 0
	}
	wait := q.opts.BatchInterval - time.Since(q.first)
	if q.heard > 0 {
		wait = min(wait, q.opts.PassiveDelay-time.Since(q.since))
	}
	if q.prompts > 0 {
		if q.count >= groupSize {
			return 0
		}
		wait = min(wait, q.opts.GroupDelay-time.Since(q.urgent))
	}
	return max(wait, 0)
}
