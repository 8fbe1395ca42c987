package export

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// work is a goroutine that does what may take long, and the queue before it,
// which is bounded in number and in bytes: whoever puts something in never
// waits. What finds no room, and what is still there when the time at the end
// is over, is counted.
type work[T any] struct {
	opts workOptions[T]
	failures

	mu     sync.Mutex
	items  []T
	sizes  []int64
	bytes  int64
	held   int      // items that the goroutine has taken and not done with
	left   bool     // it was given up: what it still tells does not count
	closed bool     // nothing more comes
	came   int64    // items that were ever put in
	gone   int64    // and those that are done with
	await  []waiter // those who wait for that

	wake   chan struct{} // capacity 1: one token stands for any number
	ended  chan struct{} // closed when the goroutine has ended
	cancel context.CancelFunc
}

// workOptions say what is done and how much may wait for it.
type workOptions[T any] struct {
	do    func(ctx context.Context, items []T) (lost int, err error)
	last  func() error  // called by the goroutine at its end; may be nil
	abort func()        // called when the time is over: do or last, if they wait, must return; may be nil
	most  int           // items that may wait
	bytes int64         // and how large they may be together
	batch int           // items that are done at once
	large int64         // and how large these may be, but for a single one
	delay time.Duration // how long an item may wait for others to be done with it
}

// waiter waits until so many items are done with.
type waiter struct {
	gone int64
	done chan struct{}
}

func start[T any](o workOptions[T]) *work[T] {
	ctx, cancel := context.WithCancel(context.Background())
	w := &work[T]{opts: o, wake: make(chan struct{}, 1), ended: make(chan struct{}), cancel: cancel}
	go w.run(ctx)
	return w
}

// put hands an item over, or counts it as lost.
func (w *work[T]) put(item T, size int64) {
	w.mu.Lock()
	switch full := len(w.items) >= w.opts.most || len(w.items) > 0 && w.bytes+size > w.opts.bytes; {
	case w.closed:
		w.mu.Unlock()
		w.add(1, errStopped)
		return
	case full:
		w.mu.Unlock()
		w.add(1, errNoRoom)
		return
	}
	w.items, w.sizes, w.bytes = append(w.items, item), append(w.sizes, size), w.bytes+size
	w.came++
	signal := len(w.items) == 1 || len(w.items) == w.opts.batch || w.bytes >= w.opts.large
	w.mu.Unlock()
	if signal {
		w.signal()
	}
}

func (w *work[T]) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *work[T]) run(ctx context.Context) {
	defer close(w.ended)
	defer w.cancel()
	for {
		items, more := w.next(ctx)
		if !more {
			break
		}
		n, err := 0, error(nil)
		if p := guarded(func() { n, err = w.opts.do(ctx, items) }); p != nil {
			n, err = len(items), p
		}
		clear(items) // lets go of the payloads
		w.done(n, err)
	}
	if w.opts.last == nil {
		return
	}
	var err error
	if p := guarded(func() { err = w.opts.last() }); p != nil {
		err = p
	}
	if err != nil {
		w.fault(1, err)
	}
}

// guarded keeps a panic of a sink from ending the recording.
func guarded(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	f()
	return nil
}

// next waits for something to do and returns it, or false at the end.
func (w *work[T]) next(ctx context.Context) ([]T, bool) {
	for {
		w.mu.Lock()
		n, hurry := len(w.items), w.closed || len(w.await) > 0
		switch {
		case n == 0 && w.closed || ctx.Err() != nil:
			w.mu.Unlock()
			return nil, false
		case n == 0:
			w.mu.Unlock()
			w.pause(ctx, 0)
			continue
		case n < w.opts.batch && w.bytes < w.opts.large && !hurry && w.opts.delay > 0:
			w.mu.Unlock()
			if w.pause(ctx, w.opts.delay) {
				continue // something has changed; an item may wait a little longer for that
			}
			w.mu.Lock()
		}
		items := w.takeBatch()
		w.mu.Unlock()
		if len(items) > 0 {
			return items, true
		}
	}
}

// pause waits for a signal, or for a time when there is one, and reports
// whether there was a signal.
func (w *work[T]) pause(ctx context.Context, limit time.Duration) bool {
	var over <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-w.wake:
		return true
	case <-ctx.Done():
		return true
	case <-over:
		return false
	}
}

func (w *work[T]) takeBatch() []T {
	n, size := 0, int64(0)
	for n < min(len(w.items), w.opts.batch) && (n == 0 || size+w.sizes[n] <= w.opts.large) {
		size += w.sizes[n]
		n++
	}
	batch := w.items[:n:n]
	w.items, w.sizes, w.bytes, w.held = w.items[n:], w.sizes[n:], w.bytes-size, n
	if len(w.items) == 0 {
		w.items, w.sizes = nil, nil
	}
	return batch
}

// done tells those who wait how far it is, and counts what was lost.
func (w *work[T]) done(n int, err error) {
	w.mu.Lock()
	w.gone, w.held = w.gone+int64(w.held), 0
	w.await = slices.DeleteFunc(w.await, func(a waiter) bool {
		if a.gone <= w.gone {
			close(a.done)
			return true
		}
		return false
	})
	w.mu.Unlock()
	if err != nil {
		w.fault(n, err)
	}
}

// fault counts a failure, unless everything was given up and counted.
func (w *work[T]) fault(n int, err error) {
	w.mu.Lock()
	left := w.left
	w.mu.Unlock()
	if !left {
		w.add(n, err)
	}
}

// flush returns when everything that was put in before is done with, whatever
// came of it, or with the error of ctx.
func (w *work[T]) flush(ctx context.Context) error {
	w.mu.Lock()
	if w.gone == w.came {
		w.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	w.await = append(w.await, waiter{w.came, done})
	w.mu.Unlock()
	w.signal()
	select {
	case <-done:
		return nil
	case <-w.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close has what is left done within a time, and then gives up and counts it.
// It returns everything that went wrong and was not told yet.
func (w *work[T]) close(limit time.Duration) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-w.ended:
		return w.take()
	case <-timer.C:
	}
	w.cancel()
	if w.opts.abort != nil {
		w.opts.abort()
	}
	// Whoever does not even answer to that is left behind.
	timer.Reset(grace)
	select {
	case <-w.ended:
	case <-timer.C:
	}
	w.mu.Lock()
	n := len(w.items) + w.held
	w.left, w.items, w.sizes = true, nil, nil
	w.mu.Unlock()
	if n > 0 {
		w.add(n, errNoTime)
	}
	return w.take()
}

const (
	limitAtEnd = 1500 * time.Millisecond // how long Close waits: those who end a recording may not wait longer than two seconds
	grace      = 200 * time.Millisecond  // how long something that was broken off may take to return
)
