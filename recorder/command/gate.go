package command

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// gate holds back what the program tells until the log has been told that
// there is a program: a quick one has its first words out before its number,
// which the log begins with, is known.
type gate struct {
	*pipeline.Pipeline
	open chan struct{} // closed when the beginning has been told
}

// Emit waits for the beginning and records an event.
func (g gate) Emit(ctx context.Context, e eventlog.Event) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.Pipeline.Emit(ctx, e)
}

// Record waits for the beginning and records an event whose sender waits.
func (g gate) Record(ctx context.Context, e eventlog.Event, done func(error)) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.Pipeline.Record(ctx, e, done)
}

// Output waits for the beginning and records what the program printed.
func (g gate) Output(ctx context.Context, o wire.Output) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.Pipeline.Output(ctx, o)
}

func (g gate) wait(ctx context.Context) error {
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
