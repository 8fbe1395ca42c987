package export

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// held is an exporter that is stuck until it is let go.
type held struct {
	mu      sync.Mutex
	got     []string
	flushes int
	entered chan bool // of capacity 1: it is stuck
	release chan bool
	closed  bool
}

func newHeld() *held { return &held{entered: make(chan bool, 1), release: make(chan bool)} }

func (h *held) Export(e eventlog.Event) error {
	select {
	case h.entered <- true:
	default:
	}
	<-h.release
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, e.ID)
	if e.Type == "bad" {
		panic("boom")
	}
	return nil
}

func (h *held) Flush() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushes++
	return nil
}

func (h *held) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return nil
}

// One that is stuck holds nobody up; what it did not take is counted, each once.
func TestDetachedFromOneThatIsStuck(t *testing.T) {
	t.Parallel()
	h := newHeld()
	d := Detach(h, DetachOptions{MaxQueue: 3, Limit: time.Millisecond})
	err := d.Export(event("x", "s", "", "0", 0, `{}`))
	<-h.entered
	for range 10 {
		err = errors.Join(err, d.Export(event("x", "s", "", "1", 0, `{}`)))
	}
	if err = errors.Join(err, d.Close()); lostBy(err) != 11 || !errors.Is(err, errNoRoom) || !errors.Is(err, errNoTime) {
		t.Errorf("%d lost: %v", lostBy(err), err)
	}
	close(h.release)
	<-d.work.ended
	if err := d.Export(event("x", "s", "", "2", 0, `{}`)); lostBy(err) != 1 || !errors.Is(err, errStopped) {
		t.Errorf("after the end: %v", err)
	}
}

func TestDetachedByBytes(t *testing.T) {
	t.Parallel()
	h := newHeld()
	d := Detach(h, DetachOptions{MaxBytes: 5000, Limit: time.Hour})
	big := event("x", "s", "", "0", 0, `{"a":"`+strings.Repeat("x", 4000)+`"}`)
	must(t, d.Export(big)) // alone it may come in however large it is
	<-h.entered
	must(t, d.Export(big))
	if err := d.Export(big); lostBy(err) != 1 || !errors.Is(err, errNoRoom) {
		t.Errorf("%v", err)
	}
	close(h.release)
	must(t, d.Close())
	if len(h.got) != 2 {
		t.Errorf("%q", h.got)
	}
}

// Everything arrives in its order, is flushed, and closed behind the last.
func TestDetached(t *testing.T) {
	t.Parallel()
	h := newHeld()
	close(h.release)
	d := Detach(h, DetachOptions{Limit: time.Hour})
	var want []string
	for i := range 1000 {
		id := strings.Repeat("i", i%7) + string(rune('a'+i%26))
		want = append(want, id)
		must(t, d.Export(event("x", "s", "", id, i, `{}`)))
	}
	must(t, d.Flush(t.Context()))
	h.mu.Lock()
	if len(h.got) != len(want) || h.flushes == 0 || h.closed {
		t.Errorf("%d events, %d flushes, closed %v", len(h.got), h.flushes, h.closed)
	}
	h.mu.Unlock()
	must(t, d.Flush(t.Context())) // nothing is left to wait for
	must(t, d.Close())
	if strings.Join(h.got, " ") != strings.Join(want, " ") || !h.closed {
		t.Errorf("closed %v", h.closed)
	}
}

func TestDetachedPanics(t *testing.T) {
	t.Parallel()
	h := newHeld()
	close(h.release)
	d := Detach(h, DetachOptions{Limit: time.Hour})
	err := d.Export(event("bad", "s", "", "1", 0, `{}`))
	must(t, d.Flush(t.Context()))
	err = errors.Join(err, d.Export(event("x", "s", "", "2", 0, `{}`)), d.Close())
	if lostBy(err) != 1 || !strings.Contains(err.Error(), "panic: boom") || !h.closed || len(h.got) != 2 {
		t.Errorf("%v", err)
	}
}

func TestDetachedFlushEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := newHeld()
	d := Detach(h, DetachOptions{Limit: time.Hour})
	must(t, d.Export(event("x", "s", "", "1", 0, `{}`)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(h.release)
	must(t, d.Close())
}

// Failures are told once a kind, with the number of all.
func TestFailuresComeTogether(t *testing.T) {
	t.Parallel()
	var f failures
	must(t, f.take())
	one, other := errors.New("one"), &answerError{status: 500}
	for _, err := range []error{one, other, one, errNoRoom, one, errNoTime, errNoRoom} {
		f.add(2, err)
	}
	err := f.take()
	if lostBy(err) != 14 || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("%d: %v", lostBy(err), err)
	}
	must(t, f.take())
}
