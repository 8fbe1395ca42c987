package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// writer is the one goroutine that writes. It commits what the queue gives it,
// tells those who wait, and then gives the events to the exporters.
type writer struct {
	opts  Options
	drops *drops
	store Store // nil when it could not be opened

	stored       atomic.Int64
	exportFailed atomic.Int64
	fault        atomic.Pointer[error] // set once, by the writer, when the store fails
	fan          *fan
	closeErr     error // of the store; read after the writer has ended

	events []eventlog.Event // the batch that is being written
}

func newWriter(o Options, d *drops) *writer {
	w := &writer{opts: o, drops: d}
	w.fan = newFan(o.Exporters, o.Warn, &w.exportFailed)
	return w
}

func (w *writer) run(ctx context.Context, q *queue) {
	if w.opts.Open != nil {
		store, err := w.opts.Open(ctx)
		if err != nil {
			w.fail(err)
		} else {
			w.store = store
		}
	}
	for {
		batch, ok := q.next()
		if !ok {
			break
		}
		w.commit(ctx, batch)
		q.reuse(batch)
	}
	if w.store != nil {
		w.closeErr = w.store.Close()
	}
	w.fan.close(ctx)
}

// commit writes one batch. Those who wait are told between the store and the
// exporters: an exporter may be slow, and a promise is about the store.
func (w *writer) commit(ctx context.Context, batch []item) {
	w.events = w.events[:0]
	for i := range batch {
		if batch[i].mark == nil {
			w.events = append(w.events, batch[i].event)
		}
	}
	err := w.write(ctx, w.events)
	for i := range batch {
		if batch[i].done != nil {
			batch[i].done(err)
		}
	}
	for i := range w.events {
		w.fan.export(&w.events[i])
	}
	w.fan.flush()
	for i := range batch {
		if batch[i].mark != nil {
			close(batch[i].mark)
		}
	}
	clear(w.events) // lets go of the payloads
}

func (w *writer) write(ctx context.Context, events []eventlog.Event) error {
	if len(events) == 0 {
		return nil
	}
	if fault := w.fault.Load(); fault != nil {
		w.drops.lose(int64(len(events)))
		w.markIncomplete(ctx, events)
		return *fault
	}
	if w.store == nil {
		w.stored.Add(int64(len(events)))
		return nil // nothing is stored, by choice
	}
	if err := w.store.WriteEvents(ctx, events); err != nil {
		w.drops.lose(int64(len(events)))
		w.fail(err)
		return err
	}
	w.stored.Add(int64(len(events)))
	w.putFacts(ctx, events)
	return nil
}

// fail ends the writing for good. A store that failed once may have lost what
// came before a later success, so nothing is promised any more; the command
// that is recorded goes on.
func (w *writer) fail(err error) {
	w.fault.Store(&err)
	w.opts.Warn(fmt.Sprintf("the recording stopped, the command goes on: %v", err))
}

// markIncomplete tries, at the end of a recording that failed, to leave a word
// about it in the store. The reason of the failure may have gone by then.
func (w *writer) markIncomplete(ctx context.Context, events []eventlog.Event) {
	for _, e := range events {
		if w.store == nil || e.Kind != eventlog.SessionEnd || e.Facts == nil {
			continue
		}
		e.Payload = wire.WithText(e.Payload, "incomplete", (*w.fault.Load()).Error())
		one := []eventlog.Event{e}
		if w.store.WriteEvents(ctx, one) == nil {
			w.putFacts(ctx, one)
		}
	}
}

// putFacts stores what a recorder's own events say about their session: no
// other events have facts. A failure here is one of the store: what was
// acknowledged is committed already.
func (w *writer) putFacts(ctx context.Context, events []eventlog.Event) {
	for i := range events {
		e := &events[i]
		if e.Facts == nil {
			continue
		}
		var err error
		switch store, ok := w.store.(sessionStore); {
		case !ok:
		case e.Kind == eventlog.Dropped:
			err = store.Count(ctx, e.SessionID, droppedBy(e.Payload), e.Facts.RedactDropped)
		case e.Kind == eventlog.SessionEnd:
			err = store.PutSession(ctx, e.SessionID, *e.Facts, e.Time)
			if code, ok := exitCode(e.Payload); ok {
				err = errors.Join(err, store.PutExit(ctx, e.SessionID, code))
			}
		default:
			err = store.PutSession(ctx, e.SessionID, *e.Facts, e.Time)
		}
		if err != nil && w.fault.Load() == nil {
			w.fail(err)
		}
	}
}

// droppedBy reads the counts of our own dropped event.
func droppedBy(payload json.RawMessage) map[eventlog.Kind]int64 {
	var p struct {
		ByType map[string]int64 `json:"by_type"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return nil // our own payload always reads
	}
	kinds := make(map[eventlog.Kind]int64, len(p.ByType))
	for name, n := range p.ByType {
		kinds[eventlog.ParseKind(name)] += n
	}
	return kinds
}

// exitCode reads how the program ended, where the session was one's.
func exitCode(payload json.RawMessage) (code int, ok bool) {
	var p struct {
		Code *int `json:"exit_code"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return -1, true
	}
	if p.Code == nil {
		return 0, false
	}
	return *p.Code, true
}
