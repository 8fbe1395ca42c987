package watch

import (
	"context"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// maxQueued bounds how many names are told apart between two looks. Beyond it
// everything counts as changed.
const maxQueued = 4096

// queue holds the names that the system has told of and that nobody has looked
// at. It stands between the goroutine that listens and the one that works: the
// listener must never wait for the worker, who may be waiting for the system
// to take a new directory, which on some systems waits for the listener.
type queue struct {
	ready chan struct{} // room for one: there is something in the queue

	mu    sync.Mutex
	names map[string]fsnotify.Op
	all   bool // some names were lost
	round int  // of the mute
}

func newQueue() queue {
	return queue{ready: make(chan struct{}, 1), names: map[string]fsnotify.Op{}}
}

func (q *queue) add(e fsnotify.Event) {
	q.mu.Lock()
	if len(q.names) < maxQueued {
		q.names[e.Name] |= e.Op
	} else {
		q.all = true
	}
	q.mu.Unlock()
	q.signal()
}

// addAll notes that the system could not tell everything.
func (q *queue) addAll() {
	q.mu.Lock()
	q.all = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take empties the queue, and tells in which round of the mute it was filled.
func (q *queue) take() (names map[string]fsnotify.Op, all bool, round int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	names, all = q.names, q.all
	q.names, q.all = map[string]fsnotify.Op{}, false
	return names, all, q.round
}

// nextRound begins a round of the mute. When it does not follow the last one
// at once its number says so.
func (q *queue) nextRound(follows bool) {
	q.mu.Lock()
	if q.round++; !follows {
		q.round++
	}
	q.mu.Unlock()
}

// listen moves what the system tells into the queue: the first event at once,
// what comes with it in the next moment, and then nothing until the mute is
// over. Events wait in the kernel meanwhile, where equal ones are merged, which
// costs the writer and us far less than taking each. When the kernel's queue
// overflows it says so.
func (w *Watcher) listen(ctx context.Context) {
	for {
		muted := time.Now()
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.system.Events:
			if !ok {
				return
			}
			w.queue.nextRound(time.Since(muted) < w.options.Mute)
			w.queue.add(e)
		case _, ok := <-w.system.Errors:
			if !ok {
				return
			}
			w.queue.addAll()
		}
		w.gather()
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.options.Mute):
		}
	}
}

// gather takes what else is there, for a twentieth of the mute.
func (w *Watcher) gather() {
	enough := time.After(w.options.Mute / 20)
	for {
		select {
		case e := <-w.system.Events:
			w.queue.add(e)
		case err := <-w.system.Errors:
			if err != nil { // events were lost, and nobody can say which
				w.queue.addAll()
			}
		case <-enough:
			return
		}
	}
}
