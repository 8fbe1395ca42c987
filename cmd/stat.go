package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup"
)

// statResult is what stat prints.
type statResult struct {
	Format   string         `json:"format"`
	Segments int            `json:"segments"`
	Records  int64          `json:"records"`
	Rows     int64          `json:"rows"`
	Errors   int64          `json:"errors"`
	Pending  int            `json:"pending"`
	Sessions int            `json:"sessions"`
	Runs     int            `json:"runs"`
	Faults   []faultResult  `json:"faults"`
	Kinds    map[string]int `json:"kinds"`
	Usage    rollup.Sum     `json:"usage"` // what it comes to, as usage tells it
}

type faultResult struct {
	Path string `json:"path"`
	Pos  int64  `json:"position"`
	Why  string `json:"why"`
}

func newStat(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "stat PATH...", Short: "Say what a log holds and what of it could not be read", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runStat(c.Context(), env, args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	formatFlag(c, env)
	return c
}

func runStat(ctx context.Context, env *Env, paths []string, asJSON bool) error {
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	r := statResult{Sessions: len(cat.Sessions), Segments: len(cat.Segments), Faults: []faultResult{}, Kinds: map[string]int{}}
	for _, s := range cat.Segments {
		switch r.Format {
		case "", s.Format:
			r.Format = s.Format
		default:
			r.Format = "mixed"
		}
		r.Records += s.Records
		r.Rows += s.Rows
		r.Errors += s.Faults.Count
		if s.Pending {
			r.Pending++
		}
		for _, f := range s.Faults.Samples {
			r.Faults = append(r.Faults, faultResult{escape.Line(f.Path), f.Pos, escape.Line(f.Why)})
		}
		for k, n := range s.Kinds {
			r.Kinds[escape.Line(k)] += int(n)
		}
	}
	for _, s := range cat.Sessions {
		for _, run := range s.Runs {
			if run.ID != 0 {
				r.Runs++
			}
		}
	}
	if asJSON {
		r.Usage = rollup.New(cat, nil).Total
		return printJSON(env.Stdout, r)
	}
	fmt.Fprintf(env.Stdout, "format    %s\nsegments  %d\nrecords   %d\nevents    %d\nerrors    %d\npending   %d\nsessions  %d\nruns      %d\n",
		escape.Line(r.Format), r.Segments, r.Records, r.Rows, r.Errors, r.Pending, r.Sessions, r.Runs)
	for _, f := range r.Faults {
		fmt.Fprintf(env.Stdout, "fault     %s at %d: %s\n", f.Path, f.Pos, f.Why)
	}
	return nil
}

// load reads what is at the paths, or everything on this machine when there
// are none, and returns the catalog of it. What could not be opened is said on
// stderr; when nothing could be opened that is the error.
func load(ctx context.Context, env *Env, paths []string) (*eventlog.Catalog, func(), error) {
	_, cat, done, err := loadSet(ctx, env, paths)
	return cat, done, err
}

// loadSet does so and returns the set as well, which lasts until done is called.
func loadSet(ctx context.Context, env *Env, paths []string) (*source.Set, *eventlog.Catalog, func(), error) {
	paths, remove, err := withStdin(ctx, env, paths, false)
	if err != nil {
		return nil, nil, nil, err
	}
	if isMuch(paths) {
		inLargePages(256 << 20) // more is let go and used again
		headStart()             // most of what is read at first stays
	}
	set, err := openPaths(ctx, env, paths, false)
	if err != nil {
		remove()
		return nil, nil, nil, err
	}
	done := func() {
		_ = set.Close() // it was only read
		remove()
	}
	if err := set.Wait(ctx); err != nil {
		done()
		return nil, nil, nil, err
	}
	cat := set.Sources().Catalog()
	if err := complain(env, cat, len(paths) > 0); err != nil {
		done()
		return nil, nil, nil, err
	}
	return set, cat, done, nil
}

// complain says which segments could not be opened. When the paths were named
// and none could be, it returns that as a refusal.
func complain(env *Env, cat *eventlog.Catalog, named bool) error {
	failed := cat.Progress.Failed
	if named && len(cat.Segments) == 0 {
		if len(failed) > 0 {
			return refuse("%s", failed[0].Why)
		}
		return refuse("nothing to read there: no file of a known format; try lazytrace open with a log, a database or a folder of them")
	}
	const most = 5
	for i, f := range failed {
		if i == most {
			fmt.Fprintf(env.Stderr, "lazytrace: and %d more that could not be opened\n", len(failed)-most)
			break
		}
		fmt.Fprintf(env.Stderr, "lazytrace: %s\n", escape.Line(f.Why))
	}
	return nil
}
