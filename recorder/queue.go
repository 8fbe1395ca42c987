package recorder

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
	prompt bool          // commit soon: somebody waits, or the event says that something began
	done   func(error)   // called once after the commit or the failure; may be nil
	mark   chan struct{} // of a Flush: closed when everything before it is written
}

// queue holds events between the producers and the one writer, bounded in
// number and in bytes.
type queue struct {
	opts Options
	wake chan struct{} // capacity 1: the writer looks again; one token stands for any number

	mu     sync.Mutex
	items  []item
	bytes  int64
	first  time.Time     // when the oldest item came
	urgent time.Time     // when the oldest prompt item came; zero when there is none
	room   chan struct{} // closed when something is taken; nil when nobody waits
	marked bool          // a Flush is waiting
	closed bool
}

func newQueue(o Options) *queue { return &queue{opts: o, wake: make(chan struct{}, 1)} }

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
		if a == always || q.fits(it.size, 1) {
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
	now := time.Now()
	wake := len(q.items) == 0
	if wake {
		q.first = now
	}
	if it.prompt && q.urgent.IsZero() {
		q.urgent, wake = now, true
	}
	if it.mark != nil {
		q.marked, wake = true, true
	}
	q.items = append(q.items, it)
	q.bytes += it.size
	if n := len(q.items); wake || n == q.opts.BatchSize || n == groupSize || q.bytes > q.opts.MaxBytes/2 {
		q.signal()
	}
}

// fits reports whether an item may come in when only one part in share of the
// bounds is open to it. An item larger than the whole queue comes in alone.
func (q *queue) fits(size int64, share int64) bool {
	if len(q.items) == 0 {
		return true
	}
	return len(q.items) < q.opts.MaxQueue/int(share) && q.bytes+size <= q.opts.MaxBytes/share
}

// spare reports whether there is room for events of the lowest priority, which
// leave half of the queue to the others.
func (q *queue) spare() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.fits(0, 2)
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
	if len(q.items) == 0 {
		return nil, -1, q.closed
	}
	if wait = q.due(); wait > 0 {
		return nil, wait, false
	}
	n := min(len(q.items), max(q.opts.BatchSize, groupSize))
	batch = q.items[:n:n]
	rest := q.items[n:]
	q.items, q.bytes, q.urgent, q.marked = nil, 0, time.Time{}, false
	if len(rest) > 0 {
		// The array is left to the batch: it holds payloads that would stay
		// alive as long as the queue does.
		q.items = append(make([]item, 0, len(rest)+groupSize), rest...)
		q.first = time.Now()
		for i := range rest {
			q.bytes += rest[i].size
			q.marked = q.marked || rest[i].mark != nil
			if rest[i].prompt && q.urgent.IsZero() {
				q.urgent = q.first
			}
		}
	}
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	return batch, 0, false
}

// due tells how long the items may still wait for company.
func (q *queue) due() time.Duration {
	n := len(q.items)
	if q.closed || q.marked || n >= q.opts.BatchSize || q.bytes > q.opts.MaxBytes/2 {
		return 0
	}
	wait := q.opts.BatchInterval - time.Since(q.first)
	if !q.urgent.IsZero() {
		if n >= groupSize {
			return 0
		}
		wait = min(wait, q.opts.GroupDelay-time.Since(q.urgent))
	}
	return max(wait, 0)
}
