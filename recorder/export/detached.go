package export

import (
	"context"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Detached gives events to another exporter in a goroutine of its own, so that
// one that is slow or stuck holds nobody up. Events for which its queue has no
// room, and those that are left when the time at the end is over, are counted
// as failures of the exporter.
type Detached struct {
	inner Exporter
	work  *work[eventlog.Event]
	limit time.Duration
}

// DetachOptions say how much may wait. Zero fields are the defaults.
type DetachOptions struct {
	MaxQueue int           // events; 10,000
	MaxBytes int64         // of payloads; 32 MiB
	Limit    time.Duration // how long Close waits for the rest; 1.5 s
}

// Detach starts the goroutine, which Close ends. The inner exporter is used by
// that goroutine alone.
func Detach(inner Exporter, o DetachOptions) *Detached {
	if o.MaxQueue <= 0 {
		o.MaxQueue = 10_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 32 << 20
	}
	if o.Limit <= 0 {
		o.Limit = limitAtEnd
	}
	d := &Detached{inner: inner, limit: o.Limit}
	opts := workOptions[eventlog.Event]{
		do: d.pass, last: inner.Close, most: o.MaxQueue, bytes: o.MaxBytes, batch: 256, large: 1 << 20,
	}
	if x, ok := inner.(interface{ abort() }); ok {
		opts.abort = x.abort
	}
	d.work = start(opts)
	return d
}

// pass gives a batch to the exporter.
func (d *Detached) pass(_ context.Context, events []eventlog.Event) (n int, err error) {
	for _, e := range events {
		if failed := d.inner.Export(e); failed != nil {
			n, err = n+1, failed
		}
	}
	if failed := flush(d.inner); failed != nil {
		n, err = len(events), failed
	}
	return n, err
}

// Name is that of the exporter.
func (d *Detached) Name() string { return nameOf(d.inner) }

// Export hands the event over. The error is about earlier ones.
func (d *Detached) Export(e eventlog.Event) error {
	d.work.put(e, int64(len(e.Payload))+512)
	return d.work.take()
}

// Flush waits until all events that were handed over are passed on, or for the
// end of ctx.
func (d *Detached) Flush(ctx context.Context) error { return d.work.flush(ctx) }

// Close passes on what is left, closes the exporter, and gives both up when
// they take too long.
func (d *Detached) Close() error { return d.work.close(d.limit) }
