package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/recorder/export"
)

// spansOptions say where spans go.
type spansOptions struct {
	endpoint string
	headers  []string
}

func (o *spansOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.endpoint, "endpoint", "", "of otlp, send the spans to this `URL`, such as http://localhost:4318")
	c.Flags().StringArrayVar(&o.headers, "otlp-header", nil, "`name=value` to send with spans (repeatable)")
}

// exportSpans writes the sessions as spans of OpenTelemetry, or sends them to the
// endpoint that was named.
func exportSpans(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	if opts.endpoint != "" {
		if opts.out != "" {
			return refuse("-o and --endpoint: spans are written into a file or sent, not both")
		}
		return sendSpans(ctx, env, paths, opts, keep)
	}
	if len(opts.headers) > 0 {
		return refuse("--otlp-header: nothing is sent; --endpoint URL says where to")
	}
	return opts.into(env, func(out io.Writer) error {
		b := bufio.NewWriterSize(out, 64<<10)
		x := export.NewOTLPFile(plainWriter{b}, Version())
		w := wholeSessions{env: env, keep: keep, take: func(_ *eventlog.Session, e *eventlog.Event) error { return x.Export(*e) }}
		if err := w.run(ctx, paths); err != nil {
			return err
		}
		return errors.Join(x.Close(), b.Flush())
	})
}

// plainWriter spells what a terminal would act upon as escapes; it is given whole
// JSON values.
type plainWriter struct{ to io.Writer }

func (w plainWriter) Write(p []byte) (int, error) {
	if _, err := w.to.Write(plainJSON(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// portionSent is after how many events it is waited until their spans have arrived.
const portionSent = 2000

func sendSpans(ctx context.Context, env *Env, paths []string, opts exportOptions, keep func(*eventlog.Session) bool) (err error) {
	ctx, stop := untilSignal(ctx)
	defer stop()
	headers, err := pairs("--otlp-header", opts.headers)
	if err != nil {
		return refuse("--otlp-header: name=value is expected") // a value that stands there alone may be a secret
	}
	o := export.OTLPOptions{
		Endpoint: opts.endpoint, Headers: headers, Version: Version(), Retrying: 15 * time.Second, Limit: time.Minute,
		MaxQueue: 1 << 16, MaxBytes: 256 << 20, // what is open at the end comes at once
	}
	if err := o.FromEnvironment(env.Getenv); err != nil {
		return refused(err)
	}
	x, err := export.NewOTLP(o)
	if err != nil {
		return refused(err)
	}
	w := wholeSessions{env: env, keep: keep}
	w.take = func(_ *eventlog.Session, e *eventlog.Event) error {
		if err := x.Export(*e); err != nil {
			return err
		}
		if w.events%portionSent == 0 {
			return x.Flush(ctx)
		}
		return nil
	}
	err = errors.Join(w.run(ctx, paths), x.Close())
	said := figure.Plural(int(x.Accepted()), "span") + " accepted"
	if err != nil {
		return fmt.Errorf("%s: %w (%s)", x.Name(), err, said)
	}
	_, err = fmt.Fprintf(env.Stdout, "%s: %s of %s\n", x.Name(), said, figure.Plural(w.events, "event"))
	return err
}
