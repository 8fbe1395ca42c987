package cmd

import (
	"bufio"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// linesOptions say how lines are spelled.
type linesOptions struct{ flat bool }

func (o *linesOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.flat, "flat", false, "of jsonl, write lines as LazyBridge does, which have no times and no ids")
}

// exportLines writes all events of the sessions, one JSON object a line.
func exportLines(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	return opts.into(env, func(out io.Writer) error {
		b := bufio.NewWriterSize(out, 64<<10)
		var line []byte
		w := wholeSessions{env: env, keep: keep, take: func(_ *eventlog.Session, e *eventlog.Event) error {
			if opts.flat {
				line = wire.AppendFlat(line[:0], flatEvent(e), 0)
			} else {
				line = wire.AppendEvent(line[:0], e)
			}
			_, err := b.Write(plainJSON(line))
			return err
		}}
		if err := w.run(ctx, paths); err != nil {
			return err
		}
		return b.Flush()
	})
}

// flatEvent puts into the payload what a flat line has no other place for.
func flatEvent(e *eventlog.Event) *eventlog.Event {
	flat := *e
	flat.Payload = wire.WithText(foreign.NotOfSelf(e.Payload, e.SessionID), "parent_run_id", e.ParentRunID)
	return &flat
}
