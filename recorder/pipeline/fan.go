package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What AddExporter and RemoveExporter answer.
var (
	ErrExporterKnown   = errors.New("the exporter is registered already")
	ErrExporterUnknown = errors.New("the exporter is not registered")
)

// errNotClosed is what an exporter is counted with that did not end in time.
var errNotClosed = errors.New("it was not closed in time")

// fan gives events to the exporters in the order in which they were
// registered. One that fails is told about once for each kind of error; the
// others and the store go on.
//
// The writer reads a list that never changes: whoever adds or removes puts a
// new one in its place.
type fan struct {
	warn   func(string)
	failed *atomic.Int64

	list atomic.Pointer[[]*outlet]

	mu     sync.Mutex // of those who change the list
	closed bool
	gone   []ExportFailure // of those that were removed
}

func newFan(exporters []Exporter, warn func(string), failed *atomic.Int64) *fan {
	f := &fan{warn: warn, failed: failed}
	list := make([]*outlet, len(exporters))
	for i, x := range exporters {
		list[i] = &outlet{exporter: x}
	}
	f.list.Store(&list)
	return f
}

// add registers an exporter behind the others.
func (f *fan) add(x Exporter) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	list := *f.list.Load()
	if indexOf(list, x) >= 0 {
		return ErrExporterKnown
	}
	list = append(slices.Clone(list), &outlet{exporter: x})
	f.list.Store(&list)
	return nil
}

// remove takes an exporter out and closes it. When the writer is just at work
// with it, which may be why somebody wants to remove it, the writer closes it
// as soon as that call has returned.
func (f *fan) remove(x Exporter) error {
	o, err := f.take(x)
	if err != nil || !o.retire() {
		return err
	}
	return f.end(o)
}

// end ends an exporter that was removed.
func (f *fan) end(o *outlet) error {
	err := o.end()
	f.count(o, err)
	if n := o.failed.Load(); n > 0 {
		f.mu.Lock()
		f.gone = append(f.gone, ExportFailure{Exporter: o.name(), Events: n})
		f.mu.Unlock()
	}
	return err
}

func (f *fan) take(x Exporter) (*outlet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	list := *f.list.Load()
	i := indexOf(list, x)
	if i < 0 {
		return nil, ErrExporterUnknown
	}
	o := list[i]
	list = slices.Delete(slices.Clone(list), i, i+1)
	f.list.Store(&list)
	return o, nil
}

// indexOf finds an exporter. Values that cannot be compared are never found.
func indexOf(list []*outlet, x Exporter) int {
	if x == nil || !reflect.TypeOf(x).Comparable() {
		return -1
	}
	return slices.IndexFunc(list, func(o *outlet) bool { return o.exporter == x })
}

func (f *fan) export(e *eventlog.Event) {
	for _, o := range *f.list.Load() {
		f.use(o, func(x Exporter) error { return x.Export(*e) })
	}
}

func (f *fan) flush() {
	for _, o := range *f.list.Load() {
		if x, ok := o.exporter.(flusher); ok {
			f.use(o, func(Exporter) error { return x.Flush() })
		}
	}
}

func (f *fan) use(o *outlet, do func(Exporter) error) {
	last, err := o.use(do)
	f.note(o, err)
	if last {
		f.warnOf(o, f.end(o))
	}
}

// close closes all exporters at once, because each may take its time, and
// leaves behind those that have not ended when ctx does.
func (f *fan) close(ctx context.Context) {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	list := *f.list.Load()
	ends := make([]chan error, len(list))
	for i, o := range list {
		ends[i] = make(chan error, 1)
		go func() { ends[i] <- guarded(o.exporter.Close) }()
	}
	for i, o := range list {
		select {
		case err := <-ends[i]:
			f.note(o, err)
		case <-ctx.Done():
			select {
			case err := <-ends[i]:
				f.note(o, err)
			default:
				f.note(o, errNotClosed)
			}
		}
	}
}

// note counts failures and warns about the first of each kind. Only the writer
// calls it.
func (f *fan) note(o *outlet, err error) {
	f.count(o, err)
	f.warnOf(o, err)
}

func (f *fan) warnOf(o *outlet, err error) {
	for _, err := range parts(err) {
		kind := kindOf(err)
		if o.warned[kind] {
			continue
		}
		if o.warned == nil {
			o.warned = map[string]bool{}
		}
		o.warned[kind] = true
		f.warn(fmt.Sprintf("the exporter %s failed, more of this kind is only counted: %v", o.name(), err))
	}
}

func (f *fan) count(o *outlet, err error) {
	for _, err := range parts(err) {
		n := int64(1)
		var lost interface{ Lost() int64 }
		if errors.As(err, &lost) {
			n = lost.Lost()
		}
		o.failed.Add(n)
		f.failed.Add(n)
	}
}

// parts takes errors apart that were joined.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, err := range many.Unwrap() {
			list = append(list, parts(err)...)
		}
		return list
	}
	return []error{err}
}

// failures tells which exporters failed, in their order.
func (f *fan) failures() (list []ExportFailure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list = slices.Clone(f.gone)
	for _, o := range *f.list.Load() {
		if n := o.failed.Load(); n > 0 {
			list = append(list, ExportFailure{Exporter: o.name(), Events: n})
		}
	}
	return list
}

// kindOf is the type of the innermost error: the text differs from event to
// event.
func kindOf(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}

// outlet is a registered exporter.
type outlet struct {
	exporter Exporter
	failed   atomic.Int64
	warned   map[string]bool // of the writer

	mu      sync.Mutex
	busy    bool // the writer is at work with it
	retired bool // it was removed
}

// name is what people call the exporter: what it says itself, or its type.
func (o *outlet) name() string {
	if x, ok := o.exporter.(interface{ Name() string }); ok {
		return x.Name()
	}
	return fmt.Sprintf("%T", o.exporter)
}

// use calls do unless the exporter was removed, and reports whether that
// happened meanwhile: then the caller has to end it.
func (o *outlet) use(do func(Exporter) error) (last bool, err error) {
	o.mu.Lock()
	if o.retired {
		o.mu.Unlock()
		return false, nil
	}
	o.busy = true
	o.mu.Unlock()
	err = guarded(func() error { return do(o.exporter) })
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
	return o.retired, err
}

// retire keeps the exporter from being used again, and reports whether the
// caller has to end it.
func (o *outlet) retire() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.retired = true
	return !o.busy
}

// end writes what the exporter holds and closes it.
func (o *outlet) end() error {
	var err error
	if x, ok := o.exporter.(flusher); ok {
		err = guarded(x.Flush)
	}
	return errors.Join(err, guarded(o.exporter.Close))
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
