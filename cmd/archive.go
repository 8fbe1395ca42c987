package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/redact"
)

type archiveOptions struct {
	to        string
	watch     bool
	dryRun    bool
	asJSON    bool
	onlyDying bool
	exact     bool
	limits    archiveLimits
}

func newArchive(env *Env) *cobra.Command {
	var opts archiveOptions
	c := &cobra.Command{
		Use: "archive [PATH...]", Short: "Keep copies of logs before their agents delete them",
		Long: `Copy the logs at the paths, or at all usual places, into an archive: packed,
each content once, and of a log that has grown only what is new. Logs are read
and never changed. Once a log is gone its copy stands for it: lists show it as
archived, and it opens like any other.

Secrets are masked in what is kept, line by line. --exact keeps every byte as it
is; an archive is of one kind or the other. Databases, and sessions that are
many small files, are not archived. See docs/archive.md.`,
		RunE: func(c *cobra.Command, args []string) error { return runArchive(c.Context(), env, args, opts) },
	}
	f := c.Flags()
	f.StringVar(&opts.to, "to", "", "the folder of the archive (default: archive in your data folder, or what "+envArchive+" names)")
	f.BoolVar(&opts.watch, "watch", false, "stay, and archive what changes; one line a change on standard error")
	f.BoolVar(&opts.dryRun, "dry-run", false, "say what would be archived, and write nothing")
	f.BoolVar(&opts.asJSON, "json", false, "print JSON")
	f.BoolVar(&opts.onlyDying, "only-dying", false, "archive only what its agent deletes by itself")
	f.BoolVar(&opts.exact, "exact", false, "keep every byte as it is, secrets and all")
	opts.limits.flags(c)
	c.AddCommand(newArchiveList(env), newArchiveVerify(env), newArchivePrune(env), newArchiveRestore(env))
	return c
}

// envArchive names the folder of the archive, for every command.
const envArchive = "LAZYTRACE_ARCHIVE"

// openArchive returns the archive, which need not be there.
func openArchive(env *Env, dir string) (*archive.Folder, error) {
	if dir == "" {
		dir = env.Getenv(envArchive)
	}
	if dir == "" {
		data, err := dataFolder(env.Getenv)
		if err != nil {
			return nil, refuse("find your archive: %v; --to names another folder", err)
		}
		dir = filepath.Join(data, "archive")
	}
	dir, err := filepath.Abs(dir)
	return archive.Open(dir), err
}

// isArchived reports whether what is not at a path any more was archived.
func isArchived(env *Env, path string) bool {
	abs, err := filepath.Abs(path)
	folder, ferr := openArchive(env, "")
	return err == nil && ferr == nil && folder.Holds(abs)
}

// archiver archives, once or again and again.
type archiver struct {
	env    *Env
	opts   archiveOptions
	paths  []string
	folder *archive.Folder
	read   source.Options
	limits archive.Limits
	write  archive.Options

	w       *archive.Writer // while a pass writes
	sum     archiveSum
	written time.Time // when the index was
}

func runArchive(ctx context.Context, env *Env, paths []string, opts archiveOptions) error {
	if opts.watch && opts.dryRun {
		return refuse("--watch stays and archives, --dry-run archives nothing: give one of them")
	}
	a := archiver{env: env, opts: opts}
	var err error
	if a.limits, err = opts.limits.read(); err != nil {
		return err
	}
	if a.folder, err = openArchive(env, opts.to); err != nil {
		return err
	}
	if a.paths, err = pathsOrUsual(env, paths, opts.watch); err != nil {
		return err
	}
	if a.read, err = readOptions(env, false); err != nil {
		return err
	}
	a.read.Archive, a.read.Hopeful = a.folder, len(paths) == 0 || opts.watch
	red, err := redact.New(redact.Options{})
	if err != nil {
		return err
	}
	a.write = archive.Options{
		Exact: opts.exact, Now: env.Now,
		Whole:  func(b []byte) []byte { masked, _ := red.JSON(b); return masked },
		Stream: func() archive.Masker { return red.Stream() },
	}
	if opts.watch {
		return a.stay(ctx)
	}
	if _, err := a.pass(ctx); err != nil {
		return err
	}
	if err := a.printSum(); err != nil {
		return err
	}
	if a.sum.Failed > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}

// restBetween is how long to rest at least between two looks, so that a log that is
// written to all the time becomes few frames.
const restBetween = 2 * time.Second

// stay archives what changes until somebody ends it.
func (a *archiver) stay(ctx context.Context) error {
	ctx, cancel := untilSignal(ctx)
	defer cancel()
	changes := source.NewChanges(ctx, a.paths, a.read)
	defer changes.Close()
	for {
		folders, err := a.pass(ctx)
		if ctx.Err() != nil {
			return nil // it was asked to end
		}
		if err != nil {
			if errors.As(err, new(exitError)) {
				return err
			}
			a.complain(err) // a disk may have room again
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restBetween):
		}
		if !changes.Wait(ctx, folders) {
			return nil
		}
	}
}

// pass looks at everything once, and archives what is new.
func (a *archiver) pass(ctx context.Context) (folders []string, err error) {
	folders, err = a.look(ctx)
	if a.w != nil {
		a.written = time.Now()
		err = errors.Join(err, a.w.Close())
		a.w = nil
	}
	return folders, a.failed(err)
}

func (a *archiver) look(ctx context.Context) (folders []string, err error) {
	a.sum = archiveSum{Summary: true, DryRun: a.opts.dryRun, Left: map[string]int{}}
	since := time.Now()
	const often = 5 * time.Second
	folders, err = source.Files(ctx, a.paths, a.read, a.known, func(l source.LogFile) error {
		if a.opts.onlyDying && !l.Dies {
			a.sum.Left["its agent does not delete it"]++
			return nil
		}
		if err := a.take(ctx, l); err != nil {
			return err
		}
		if l.Beside != "" {
			if d, err := l.Description(); err == nil && !a.known(d) {
				if err := a.take(ctx, d); err != nil {
					return err
				}
			}
		}
		if a.w != nil && time.Since(since) > often {
			since = time.Now()
			return a.w.Commit()
		}
		return nil
	}, func(_, why string) {
		a.sum.Left[why]++
	})
	if err != nil || a.opts.dryRun {
		return folders, err
	}
	// Whoever asks when it ran last is to know that it still does.
	if !a.opts.watch || time.Since(a.written) > time.Hour || a.limits != (archive.Limits{}) && a.w != nil {
		if err := a.begin(ctx); err != nil {
			return folders, err
		}
		forgotten, beyond := a.w.Prune(a.limits)
		a.sum.Pruned, a.sum.Beyond = len(forgotten), beyond
		return folders, a.w.Commit()
	}
	return folders, nil
}

// known reports whether a log is kept as it is.
func (a *archiver) known(l source.LogFile) bool {
	c, ok := a.folder.Of(l.Path)
	if a.w != nil {
		ok = a.w.Known(l.Path, l.Info, l.Device, l.Inode)
	} else {
		ok = ok && c.Same(l.Info, l.Device, l.Inode)
	}
	if ok {
		a.sum.Unchanged++
	}
	return ok
}

// begin begins to write, unless it was.
func (a *archiver) begin(ctx context.Context) error {
	if a.w != nil {
		return nil
	}
	w, err := a.folder.Begin(ctx, a.write)
	if errors.Is(err, archive.ErrMode) {
		if a.opts.exact {
			return refuse("archive to %s: its copies are masked, and --exact asks for others; leave it away, or name another folder with --to", a.folder.Dir())
		}
		return refuse("archive to %s: its copies are exact, and masked ones were asked for; give --exact, or name another folder with --to", a.folder.Dir())
	}
	a.w = w
	return err
}

// take archives one log and tells of it. An error ends the pass: nothing more can be
// written. What is wrong with the log alone is told.
func (a *archiver) take(ctx context.Context, l source.LogFile) error {
	s := archive.Source{
		Path: l.Path, Root: l.Root, Rel: l.Rel, Format: l.Format, Lines: l.Lines, Beside: l.Format == "", Dying: l.Dies,
		Info: l.Info, Device: l.Device, Inode: l.Inode,
	}
	if a.opts.dryRun {
		did := archive.Added
		if _, ok := a.folder.Of(l.Path); ok {
			did = archive.Changed
		}
		return a.tell(archive.Outcome{Did: did, Copy: archive.Copy{Path: l.Path, Format: l.Format, Size: l.Info.Size(), Dying: l.Dies, Beside: s.Beside}})
	}
	if err := a.begin(ctx); err != nil {
		return err
	}
	out, err := a.w.Take(ctx, s)
	if err != nil {
		if ctx.Err() != nil || archive.IsFull(err) {
			return err
		}
		a.sum.Failed++
		a.complain(err)
		return nil
	}
	if out.Copy.Path == "" {
		out.Copy.Path, out.Copy.Format, out.Copy.Size = l.Path, l.Format, l.Info.Size()
	}
	return a.tell(out)
}

// failed says what it means that nothing could be written.
func (a *archiver) failed(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, new(exitError)) {
		return err
	}
	why := err
	if archive.IsFull(err) {
		why = archive.Full(err)
	}
	return fmt.Errorf("archive to %s: %v; what was archived before is as it was", a.folder.Dir(), fileReason(why))
}

func (a *archiver) complain(err error) { fmt.Fprintf(a.env.Stderr, "lazytrace: %s\n", oneLine(err)) }

// archiveLine is one change, as JSON tells it.
type archiveLine struct {
	Did    string `json:"did"`
	Path   string `json:"path"`
	Format string `json:"format"`
	ID     string `json:"id"`
	Size   int64  `json:"size"`
	Packed int64  `json:"packed"`
	Dying  bool   `json:"dying"`
}

// archiveSum is what one run came to, as JSON tells it.
type archiveSum struct {
	Summary   bool           `json:"summary"`
	DryRun    bool           `json:"dry_run"`
	Added     int            `json:"added"`
	Grown     int            `json:"grown"`
	Changed   int            `json:"changed"`
	Shared    int            `json:"shared"`
	Unchanged int            `json:"unchanged"`
	Shorter   int            `json:"shorter"`
	Later     int            `json:"later"`
	Failed    int            `json:"failed"`
	Pruned    int            `json:"pruned"`
	Beyond    int64          `json:"bytes_beyond_limit"`
	Left      map[string]int `json:"left"` // so many files, by the reason
	Archive   archive.Info   `json:"archive"`
}

// tell tells of one log.
func (a *archiver) tell(out archive.Outcome) error {
	s := &a.sum
	count := map[string]*int{
		archive.Added: &s.Added, archive.Grown: &s.Grown, archive.Changed: &s.Changed, archive.Shared: &s.Shared, archive.Unchanged: &s.Unchanged,
		archive.Shorter: &s.Shorter, archive.Later: &s.Later,
	}[out.Did]
	*count++
	if out.Did == archive.Unchanged || a.opts.watch && (out.Did == archive.Later || out.Did == archive.Shorter) {
		return nil // with every look it would be told again
	}
	if a.opts.asJSON {
		return printJSON(a.env.Stdout, archiveLine{out.Did, out.Copy.Path, out.Copy.Format, out.Copy.ID, out.Copy.Size, out.Packed, out.Copy.Dying})
	}
	switch {
	case a.opts.watch:
		fmt.Fprintf(a.env.Stderr, "%s %-7s %s, %s: %s\n", a.env.Now().Format(time.TimeOnly), out.Did, figure.Bytes(out.Copy.Size), figure.Bytes(out.Packed), escape.Line(out.Copy.Path))
	case a.opts.dryRun:
		if !out.Copy.Beside {
			fmt.Fprintf(a.env.Stdout, "%-8s %9s  %s\n", out.Did, figure.Bytes(out.Copy.Size), escape.Line(out.Copy.Path))
		}
	case out.Did == archive.Shorter:
		fmt.Fprintf(a.env.Stderr, "lazytrace: %s is only a beginning of its copy, which stays\n", escape.Line(out.Copy.Path))
	}
	return nil
}
