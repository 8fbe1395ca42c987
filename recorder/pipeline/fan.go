package pipeline

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog"
)

// fan gives events to the exporters in the order in which they were
// registered. One that fails is told about once for each kind of error; the
// others and the store go on.
type fan struct {
	exporters []Exporter
	warn      func(string)
	failed    *atomic.Int64
	warned    map[string]bool
}

func (f *fan) export(e *eventlog.Event) {
	for i, x := range f.exporters {
		f.note(i, guarded(func() error { return x.Export(*e) }))
	}
}

func (f *fan) flush() {
	for i, x := range f.exporters {
		if x, ok := x.(flusher); ok {
			f.note(i, guarded(x.Flush))
		}
	}
}

func (f *fan) close() error {
	var errs []error
	for _, x := range f.exporters {
		errs = append(errs, guarded(x.Close))
	}
	return errors.Join(errs...)
}

// note counts a failure and warns about the first of its kind. The kind is the
// type of the innermost error: the text differs from event to event.
func (f *fan) note(i int, err error) {
	if err == nil {
		return
	}
	f.failed.Add(1)
	cause := err
	for inner := errors.Unwrap(cause); inner != nil; inner = errors.Unwrap(cause) {
		cause = inner
	}
	key := fmt.Sprintf("%d %T", i, cause)
	if f.warned[key] {
		return
	}
	f.warned[key] = true
	f.warn(fmt.Sprintf("exporter %d (%T) failed, further failures are only counted: %v", i+1, f.exporters[i], err))
}

// guarded keeps a panic of a sink from ending the recording.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
