package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/sheet"
)

// tableOptions say which table is written.
type tableOptions struct {
	what string
	all  bool
}

// exportWhat are the tables.
var exportWhat = []string{"sessions", "events", "ledger"}

func (o *tableOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.what, "what", "sessions", "of csv, write "+strings.Join(exportWhat, ", "))
	f.BoolVar(&o.all, "all", false, "of events in csv, also write machinery: heartbeats, hooks, loop steps")
}

// exportTable writes CSV as in RFC 4180. A cell that a spreadsheet would take for
// a formula has an apostrophe before it.
func exportTable(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	if !slices.Contains(exportWhat, opts.what) {
		return refuse("--what %s is not known; it is one of %s", opts.what, strings.Join(exportWhat, ", "))
	}
	return opts.into(env, func(w io.Writer) error { return writeTable(ctx, env, paths, opts, w) })
}

func writeTable(ctx context.Context, env *Env, paths []string, opts exportOptions, w io.Writer) error {
	if opts.what == "events" {
		return exportEvents(ctx, env, paths, opts, w)
	}
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	if opts.what == "ledger" {
		return sheet.Ledger(ctx, w, cat, keep)
	}
	return sheet.Sessions(w, cat, keep, 0, eventlog.StampOf(env.Now()))
}

// exportEvents writes events as they are read, filtered as lazytrace events does.
func exportEvents(ctx context.Context, env *Env, paths []string, opts exportOptions, w io.Writer) error {
	q, err := opts.query()
	if err != nil {
		return err
	}
	paths, done, err := withStdin(ctx, env, paths, false)
	if err != nil {
		return err
	}
	defer done()
	p := &eventPrinter{env: env, opts: eventsOptions{all: opts.all}, query: q, out: bufio.NewWriter(io.Discard), sheet: sheet.NewEvents(w), formats: map[string]string{}, named: map[string]bool{}}
	err = streamPaths(ctx, env, paths, false, p)
	return errors.Join(err, p.sheet.Flush(), ctx.Err())
}
