package recorder

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrNoExporter is returned for an exporter that the session does not have.
var ErrNoExporter = errors.New("the session has no such exporter")

// AddExporter gives all later events to x as well, behind the exporters that are
// there. Events that wait in the queue at this moment are given to it too. The
// session closes it, unless RemoveExporter takes it away before.
func (s *Session) AddExporter(x Exporter) error {
	switch {
	case s == nil:
		return nil
	case x == nil:
		return errors.New("add an exporter: it is nil")
	case s.ended():
		return ErrClosed
	}
	s.engine.sinks.add(x)
	return nil
}

// RemoveExporter gives what was emitted before to x and then nothing more. It is
// not closed: it is the caller's again.
func (s *Session) RemoveExporter(x Exporter) error {
	if s == nil {
		return nil
	}
	err := s.Flush(context.Background())
	if !s.engine.sinks.remove(x) {
		return fmt.Errorf("remove an exporter (%T): %w", x, ErrNoExporter)
	}
	return err
}

// sinks is the one exporter that the pipeline knows: a list that can change
// while events come. One that fails is told about once for each kind of error;
// the others go on.
type sinks struct {
	warn   func(string)
	failed atomic.Int64

	mu   sync.Mutex // held while exporters work, so that a removed one is left alone
	list []*sink
}

type sink struct {
	Exporter
	warned map[string]bool
}

func (s *sinks) add(x Exporter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, &sink{x, map[string]bool{}})
}

func (s *sinks) remove(x Exporter) bool {
	if x == nil || !reflect.TypeOf(x).Comparable() {
		return false // nobody can tell it from others
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(k *sink) bool {
		return reflect.TypeOf(k.Exporter).Comparable() && k.Exporter == x
	})
	if i < 0 {
		return false
	}
	s.list = slices.Delete(s.list, i, i+1)
	return true
}

// Export gives an event to everyone.
func (s *sinks) Export(e Event) error {
	s.each(func(x Exporter) error { return x.Export(e) })
	return nil
}

// Flush ends a batch.
func (s *sinks) Flush() error {
	s.each(func(x Exporter) error {
		if f, ok := x.(interface{ Flush() error }); ok {
			return f.Flush()
		}
		return nil
	})
	return nil
}

// Close closes everyone.
func (s *sinks) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, k := range s.list {
		errs = append(errs, guarded(k.Close))
	}
	s.list = nil
	return errors.Join(errs...)
}

func (s *sinks) each(do func(Exporter) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, k := range s.list {
		if err := guarded(func() error { return do(k.Exporter) }); err != nil {
			s.note(i, k, err)
		}
	}
}

// note counts a failure and warns about the first of its kind, which is the
// type of the innermost error: the text differs from event to event.
func (s *sinks) note(i int, k *sink, err error) {
	s.failed.Add(1)
	key := fmt.Sprintf("%T", innermost(err))
	if !k.warned[key] {
		k.warned[key] = true
		s.warn(fmt.Sprintf("exporter %d (%T) failed, further failures are only counted: %v", i+1, k.Exporter, err))
	}
}

func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// guarded keeps a panic of an exporter from ending the recording.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}
