package command

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder"
)

// gate holds what the capture layers bring until the session has begun: the
// program may speak before we have said who it is. Nothing of it waits but our
// own goroutines.
type gate struct {
	*recorder.Recorder
	open chan struct{} // closed once the session has begun
}

func (g gate) Emit(ctx context.Context, e eventlog.Event) error {
	return g.Record(ctx, e, nil)
}

func (g gate) Record(ctx context.Context, e eventlog.Event, done func(error)) error {
	select {
	case <-g.open:
		return g.Recorder.Record(ctx, e, done)
	case <-ctx.Done():
		return ctx.Err()
	}
}
