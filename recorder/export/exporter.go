package export

import (
	"errors"
	"fmt"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Exporter is a sink beside the store, as package pipeline takes them: its
// methods are called by one goroutine at a time, Close last and once.
type Exporter interface {
	Export(e eventlog.Event) error
	Close() error
}

// flusher is an exporter that collects the events of a batch.
type flusher interface{ Flush() error }

// flush has an exporter write what it collected, if it collects anything.
func flush(x Exporter) error {
	if x, ok := x.(flusher); ok {
		return x.Flush()
	}
	return nil
}

// nameOf is what an exporter is called in warnings.
func nameOf(x Exporter) string {
	if x, ok := x.(interface{ Name() string }); ok {
		return x.Name()
	}
	return fmt.Sprintf("%T", x)
}

// What becomes of events that a slow exporter has no time for. Each is a type of
// its own, by which kinds of failures are told apart.
var (
	errNoRoom  error = noRoom{}
	errNoTime  error = noTime{}
	errStopped error = stopped{}
)

type (
	noRoom  struct{}
	noTime  struct{}
	stopped struct{}
)

func (noRoom) Error() string  { return "too much is waiting for it" }
func (noTime) Error() string  { return "it did not take everything before the end" }
func (stopped) Error() string { return "the exporter is closed" }

// lostError says that so many events could not be passed on, and why.
type lostError struct {
	n   int64
	err error
}

func (l *lostError) Error() string { return l.err.Error() }
func (l *lostError) Unwrap() error { return l.err }

// Lost is how many events the error stands for.
func (l *lostError) Lost() int64 { return l.n }

func lost(n int, err error) error { return &lostError{int64(n), err} }

// failures keeps what went wrong in a goroutine of an exporter until somebody
// asks: one error of each kind, the first, with the number of all.
type failures struct {
	mu   sync.Mutex
	list []*lostError
}

func (f *failures) add(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := kindOf(err)
	for _, known := range f.list {
		if kindOf(known.err) == kind {
			known.n += int64(n)
			return
		}
	}
	f.list = append(f.list, &lostError{int64(n), err})
}

// take returns what has come together since the last call, or nil.
func (f *failures) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return nil
	}
	errs := make([]error, len(f.list))
	for i, l := range f.list {
		errs[i] = l
	}
	f.list = nil
	return errors.Join(errs...)
}

// kindOf tells errors apart that are worth a word each, as the pipeline does: by
// the type of the innermost one, because texts differ from event to event.
func kindOf(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}
