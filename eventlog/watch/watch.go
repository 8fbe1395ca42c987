// Package watch tells that a path has changed: a file, a database with its
// log, or a directory in which files appear. It asks the operating system,
// which wakes it within a fraction of a millisecond, and looks for itself now
// and then, for network file systems tell nothing and every system has a limit.
//
// A wake says no more than "look". Many changes are one wake: after each the
// watcher does not listen for some milliseconds, so that a busy writer costs
// next to nothing. It knows no format.
package watch

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// ErrClosed is returned by a watcher that was closed.
var ErrClosed = errors.New("the watcher is closed")

// Options tells how a watcher works. Zero fields are the defaults.
type Options struct {
	Poll        time.Duration // how often every path is looked at, 1 s; a database with a log, four times as often
	Mute        time.Duration // for how long a wake is the last one, 10 ms
	Directories int           // how many directories the system is asked to watch, 1024
	PollOnly    bool          // do not ask the system
}

// Watcher watches any number of paths. Its methods may be called from any
// goroutine.
type Watcher struct {
	options Options
	system  *fsnotify.Watcher // nil when there is none: then paths are polled
	queue   queue
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu            sync.Mutex // guards what follows, and every call into system but Close
	closed        bool
	subscriptions map[*Subscription]struct{}
	directories   map[string]*directory // by their real path
	watched       int                   // how many of them the system watches
	busy          int                   // how many are looked at instead
	refused       error                 // why the system did not take a directory, at last
	late          map[*Subscription]int // to be woken again: how many mutes ago a log was written to
}

// New returns a watcher. It never fails: without help of the system it polls.
// The caller closes it.
func New(o Options) *Watcher {
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Mute <= 0 {
		o.Mute = 10 * time.Millisecond
	}
	if o.Directories <= 0 {
		o.Directories = 1024
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &Watcher{
		options:       o,
		queue:         newQueue(),
		stop:          stop,
		subscriptions: map[*Subscription]struct{}{},
		directories:   map[string]*directory{},
		late:          map[*Subscription]int{},
	}
	if !o.PollOnly {
		if system, err := fsnotify.NewWatcher(); err == nil {
			w.system = system
			w.done.Go(func() { w.listen(ctx) })
		} else {
			w.refused = err
		}
	}
	w.done.Go(func() { w.work(ctx) })
	return w
}

// Close ends all subscriptions. Their channels stay open and quiet.
func (w *Watcher) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.stop()
	var err error
	if w.system != nil {
		err = w.system.Close()
	}
	w.done.Wait()
	return err
}

// Subscription is the interest of one party in one path.
type Subscription struct {
	w       *Watcher
	path    string
	changed chan struct{} // room for one: a wake that waits stands for all that follow
	places  []place       // guarded by w.mu, as is seen
	seen    state
}

// Add begins to watch a path, which need not exist. Of a directory it tells
// that something in it has changed, or in a file directly in it; of a file,
// that it or the write-ahead log beside it has changed, or that another has
// taken its place. The caller looks at the path once after Add has returned.
func (w *Watcher) Add(path string) (*Subscription, error) {
	return w.AddTo(path, make(chan struct{}, 1))
}

// AddTo begins to watch a path as Add does, and tells of it on a channel that
// may be that of many paths. It needs room for one.
func (w *Watcher) AddTo(path string, changed chan struct{}) (*Subscription, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Subscription{w: w, path: path, changed: changed}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, ErrClosed
	}
	w.subscriptions[s] = struct{}{}
	s.seen = look(path)
	w.settle(s)
	return s, nil
}

// State tells how many directories the system watches, and how many paths are
// looked at instead since it does not, with the last reason that it gave for that;
// without one the limit is our own.
func (w *Watcher) State() (watched, polled int, reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.subscriptions {
		if !w.covers(s) {
			polled++
		}
	}
	return w.watched, polled, w.refused
}

// Changed returns the channel that receives when the path may have changed.
func (s *Subscription) Changed() <-chan struct{} { return s.changed }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if _, ok := s.w.subscriptions[s]; ok && !s.w.closed {
		delete(s.w.subscriptions, s)
		delete(s.w.late, s)
		s.w.move(s, nil)
	}
}

// wake tells the subscriber, unless it has been told and has not looked.
func (s *Subscription) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
