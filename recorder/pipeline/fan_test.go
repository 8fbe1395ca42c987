package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/lazytrace/lazytrace/eventlog"
)

// outgoing is an exporter that counts what is done with it, and fails the test
// when two do it at once or when it is used after its end.
type outgoing struct {
	t        *testing.T
	name     string
	mu       sync.Mutex
	events   atomic.Int64
	flushes  atomic.Int64
	closes   atomic.Int64
	onExport func(e eventlog.Event) error
	onClose  func() error
}

func (o *outgoing) enter() func() {
	if !o.mu.TryLock() {
		o.t.Error("two are at work with one exporter")
		return func() {}
	}
	if o.closes.Load() > 0 {
		o.t.Error("the exporter was used after its end")
	}
	return o.mu.Unlock
}

func (o *outgoing) Name() string { return o.name }

func (o *outgoing) Export(e eventlog.Event) error {
	defer o.enter()()
	o.events.Add(1)
	if o.onExport != nil {
		return o.onExport(e)
	}
	return nil
}

func (o *outgoing) Flush() error {
	defer o.enter()()
	o.flushes.Add(1)
	return nil
}

func (o *outgoing) Close() error {
	defer o.enter()()
	o.closes.Add(1)
	if o.onClose != nil {
		return o.onClose()
	}
	return nil
}

// fallible is a value that cannot be compared.
type fallible []int

func (fallible) Export(eventlog.Event) error { return nil }
func (fallible) Close() error                { return nil }

func TestAddAndRemoveExporters(t *testing.T) {
	t.Parallel()
	a, b := &outgoing{t: t, name: "a"}, &outgoing{t: t, name: "b"}
	r := New(Options{Exporters: []Exporter{a, fallible{}}})
	send := func(n int) {
		for range n {
			must(t, r.Emit(t.Context(), of(eventlog.Message)))
		}
		must(t, r.Flush(t.Context()))
	}
	send(2)
	must(t, r.AddExporter(b))
	for what, err := range map[string]error{"twice": r.AddExporter(b), "first": r.AddExporter(a)} {
		if !errors.Is(err, ErrExporterKnown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"another": r.RemoveExporter(&outgoing{}), "incomparable": r.RemoveExporter(fallible{}), "nothing": r.RemoveExporter(nil),
	} {
		if !errors.Is(err, ErrExporterUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	send(3)
	must(t, r.RemoveExporter(a))
	if err := r.RemoveExporter(a); !errors.Is(err, ErrExporterUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	send(4)
	must(t, r.Close(t.Context()))
	if a.events.Load() != 5 || b.events.Load() != 7 || a.closes.Load() != 1 || b.closes.Load() != 1 {
		t.Errorf("a: %d events, %d times closed; b: %d, %d", a.events.Load(), a.closes.Load(), b.events.Load(), b.closes.Load())
	}
	if err := r.AddExporter(&outgoing{}); !errors.Is(err, ErrClosed) {
		t.Errorf("added after the end: %v", err)
	}
	if err := r.RemoveExporter(b); !errors.Is(err, ErrClosed) {
		t.Errorf("removed after the end: %v", err)
	}
}

func TestOrderOfAddedExporters(t *testing.T) {
	t.Parallel()
	var log []string
	r := New(Options{Exporters: []Exporter{&sink{name: "a", log: &log}}})
	gone := &sink{name: "gone", log: &log}
	must(t, r.AddExporter(gone))
	must(t, r.AddExporter(&sink{name: "b", log: &log}))
	must(t, r.RemoveExporter(gone))
	e := of(eventlog.Message)
	e.ID = "1"
	must(t, r.Emit(t.Context(), e))
	must(t, r.Close(t.Context()))
	if got := strings.Join(log, ","); got != "a 1,b 1" {
		t.Error(got)
	}
}

// An exporter that has seen enough takes itself out.
func TestExporterThatRemovesItself(t *testing.T) {
	t.Parallel()
	x := &outgoing{t: t, onClose: func() error { return errors.New("spoilt") }}
	var warned []string
	r := New(Options{Exporters: []Exporter{x}, Warn: func(l string) { warned = append(warned, l) }})
	x.onExport = func(eventlog.Event) error { return r.RemoveExporter(x) }
	for range 3 {
		must(t, r.Emit(t.Context(), of(eventlog.Message)))
		must(t, r.Flush(t.Context()))
	}
	must(t, r.Close(t.Context()))
	if x.events.Load() != 1 || x.flushes.Load() != 1 || x.closes.Load() != 1 {
		t.Errorf("%d events, %d flushes, %d times closed", x.events.Load(), x.flushes.Load(), x.closes.Load())
	}
	if s := r.Stats(); s.ExportFailed != 1 || len(s.Exporters) != 1 || len(warned) != 1 {
		t.Errorf("%+v, %q", s, warned)
	}
}

// Many come and go while events are written: each is used by one at a time,
// never after its end, and closed once.
func TestExportersComeAndGo(t *testing.T) {
	t.Parallel()
	stays := &outgoing{t: t, name: "stays"}
	r := New(Options{Exporters: []Exporter{stays}, OnFull: Block, BatchSize: 4})
	const emitted = 2000
	var all sync.WaitGroup
	all.Go(func() {
		for range emitted {
			if err := r.Emit(context.WithoutCancel(t.Context()), of(eventlog.Message)); err != nil {
				t.Error(err)
			}
		}
	})
	var mu sync.Mutex
	var guests []*outgoing
	for i := range 4 {
		all.Go(func() {
			for j := range 100 {
				x := &outgoing{t: t, name: fmt.Sprint(i, j)}
				mu.Lock()
				guests = append(guests, x)
				mu.Unlock()
				if err := errors.Join(r.AddExporter(x), r.RemoveExporter(x)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	must(t, r.Close(t.Context()))
	if n := stays.events.Load(); n != emitted || stays.closes.Load() != 1 {
		t.Errorf("%d events, %d times closed", n, stays.closes.Load())
	}
	for _, x := range guests {
		if x.closes.Load() != 1 {
			t.Errorf("%s was closed %d times", x.name, x.closes.Load())
		}
	}
}

// lossy is an error that stands for several events.
type lossy int64

func (l lossy) Error() string { return fmt.Sprintf("%d lost", int64(l)) }
func (l lossy) Lost() int64   { return int64(l) }

// Failures are told by the name of the exporter, once a kind, and counted by
// how many events each stands for, also those of the end.
func TestFailuresAreNamedAndCounted(t *testing.T) {
	t.Parallel()
	first := true
	x := &outgoing{t: t, name: "to nowhere", onExport: func(eventlog.Event) error {
		if first {
			first = false
			return errors.Join(lossy(5), fmt.Errorf("sent: %w", otherError{}))
		}
		return lossy(7)
	}, onClose: func() error { return lossy(30) }}
	fine := &outgoing{t: t, name: "fine"}
	var warned []string
	r := New(Options{Exporters: []Exporter{fine, x}, Warn: func(l string) { warned = append(warned, l) }})
	for range 2 {
		must(t, r.Emit(t.Context(), of(eventlog.Message)))
	}
	must(t, r.Close(t.Context()))
	s := r.Stats()
	if s.ExportFailed != 5+1+7+30 || len(s.Exporters) != 1 || s.Exporters[0] != (ExportFailure{"to nowhere", 43}) {
		t.Errorf("%d failed, %v", s.ExportFailed, s.Exporters)
	}
	want := []string{
		"the exporter to nowhere failed, more of this kind is only counted: 5 lost",
		"the exporter to nowhere failed, more of this kind is only counted: sent: other",
	}
	if strings.Join(warned, "\n") != strings.Join(want, "\n") {
		t.Errorf("warned %q", warned)
	}
}

// An exporter that does not end is left behind; the store is complete and says
// so.
func TestExporterThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		x := &outgoing{t: t, name: "stuck", onClose: func() error { <-never; return nil }}
		r := New(Options{Exporters: []Exporter{x, &outgoing{t: t, name: "fine"}}})
		must(t, r.Emit(t.Context(), of(eventlog.Message)))
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		must(t, r.Close(ctx))
		if s := r.Stats(); len(s.Exporters) != 1 || s.Exporters[0] != (ExportFailure{"stuck", 1}) || s.Stored != 1 {
			t.Errorf("%+v", s)
		}
		close(never)
	})
}
