package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/sheet"
)

type exportOptions struct {
	filterOptions
	format string
	what   string
	out    string
	all    bool
}

// exportFormats and exportWhat are what --format and --what know.
var (
	exportFormats = []string{"csv"}
	exportWhat    = []string{"sessions", "events", "ledger"}
)

func newExport(env *Env) *cobra.Command {
	var opts exportOptions
	c := &cobra.Command{
		Use: "export [PATH...]", Short: "Write sessions, events or the ledger for other programs",
		Long: `Write what is at the paths, or all that is found on this machine, for other
programs: sessions, one a row; events, one a row; or the ledger, each call of a
model once with what it cost.

  lazytrace export --what ledger --since 30d -o calls.csv

CSV is as in RFC 4180. A cell that a spreadsheet would take for a formula has an
apostrophe before it. Secrets are masked.`,
		RunE: func(c *cobra.Command, args []string) error { return runExport(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	f := c.Flags()
	f.StringVar(&opts.format, "format", "csv", "write it as "+strings.Join(exportFormats, ", "))
	f.StringVar(&opts.what, "what", "sessions", "write "+strings.Join(exportWhat, ", "))
	f.StringVarP(&opts.out, "output", "o", "", "write it into this file instead of standard output")
	f.BoolVar(&opts.all, "all", false, "of events, also write machinery: heartbeats, hooks, loop steps")
	inputFormatFlag(c, env)
	return c
}

func runExport(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	if !slices.Contains(exportFormats, opts.format) {
		return refuse("--format %s is not known; it is %s", opts.format, strings.Join(exportFormats, ", "))
	}
	if !slices.Contains(exportWhat, opts.what) {
		return refuse("--what %s is not known; it is one of %s", opts.what, strings.Join(exportWhat, ", "))
	}
	if opts.out == "" {
		return writeTable(ctx, env, paths, opts, env.Stdout)
	}
	return intoFile(opts.out, func(w io.Writer) error { return writeTable(ctx, env, paths, opts, w) })
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

// intoFile writes a file, its owner's only, that is there in whole or not at all: an
// export that fails leaves what was there before.
func intoFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, fileReason(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	return nil
}
