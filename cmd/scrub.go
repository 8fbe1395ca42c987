package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/redact/scrub"
	"github.com/lazytrace/lazytrace/redact/scrub/swap"
)

type scrubOptions struct {
	what     redactFlags
	allow    []string
	dryRun   bool
	yes      bool
	backup   string
	noBackup bool
	force    bool
	minAge   time.Duration
	asJSON   bool
}

func newScrub(env *Env) *cobra.Command {
	var opts scrubOptions
	c := &cobra.Command{
		Use: "scrub PATH...", Short: "Mask the secrets that stand in logs already", Args: cobra.MinimumNArgs(1),
		Long: `Mask the secrets in logs: each becomes [REDACTED:kind], and every other byte stays.
This is the only command that changes files of others. A file is written anew
beside the old one, looked at again, and put in its place only when no secret is
left in it; the old one is kept as a copy. It asks before it begins.

Only logs that lazytrace knows are changed, and none that somebody may be writing
to: that somebody has open to write, that changed a moment ago, or whose session is
running. See docs/scan.md.`,
		RunE: func(c *cobra.Command, args []string) error { return runScrub(c.Context(), env, args, opts) },
	}
	opts.what.addRules(c)
	f := c.Flags()
	f.StringArrayVar(&opts.allow, "allow", nil, "what matches as a whole is no secret: a `regex` (repeatable)")
	f.BoolVar(&opts.dryRun, "dry-run", false, "say what would be done and change nothing")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	f.StringVar(&opts.backup, "backup", "", "keep the old files in this folder, or beside the new ones with this `suffix` (default .bak-YYYYMMDDhhmmss)")
	f.BoolVar(&opts.noBackup, "no-backup", false, "keep no old files; needs --yes")
	f.BoolVar(&opts.force, "force", false, "also change what somebody may be writing to")
	f.DurationVar(&opts.minAge, "min-age", time.Minute, "leave alone what changed a shorter time ago")
	f.BoolVar(&opts.asJSON, "json", false, "print JSON")
	return c
}

// scrubResult is what became of the files. Its names are a contract.
type scrubResult struct {
	DryRun  bool           `json:"dry_run"`
	Scanned int            `json:"files"`
	Secrets int64          `json:"secrets"`
	Masked  int64          `json:"masked"`
	Files   []scrubbedFile `json:"changed"`
	Refused []unreadFile   `json:"refused"`
	Unread  []unreadFile   `json:"unread"`
}

// scrubbedFile is a file that has secrets and is changed, or would be.
type scrubbedFile struct {
	Path    string `json:"path"`
	Secrets int64  `json:"secrets"`
	Left    int64  `json:"left"`
	Backup  string `json:"backup,omitempty"`
	Done    bool   `json:"done"`

	file secretFile
}

func runScrub(ctx context.Context, env *Env, paths []string, opts scrubOptions) error {
	switch {
	case opts.noBackup && !opts.yes && !opts.dryRun:
		return refuse("--no-backup leaves nothing to go back to: say --yes as well")
	case opts.noBackup && opts.backup != "":
		return refuse("--backup and --no-backup contradict each other: give one of them")
	}
	finder, err := newFinder(opts.what, opts.allow)
	if err != nil {
		return err
	}
	if paths, err = pathsOrUsual(env, paths, false); err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	s := scrubber{env: env, opts: opts, finder: finder, stamp: env.Now().Format("20060102150405")}
	if err := s.plan(ctx, paths); err != nil {
		return err
	}
	if !opts.asJSON {
		s.printPlan()
	}
	if len(s.result.Files) > 0 && !opts.dryRun {
		if err := s.ask(); err != nil {
			return err
		}
		if err := s.change(ctx); err != nil {
			return err
		}
	}
	if opts.asJSON {
		if err := printJSON(env.Stdout, s.result); err != nil {
			return err
		}
	} else {
		s.printEnd()
	}
	switch {
	case s.failed != nil:
		return s.failed
	case len(s.result.Refused) > 0 && !opts.dryRun:
		return refuse("%s with secrets left alone; the first: %s: %s", figure.Plural(len(s.result.Refused), "file"), s.result.Refused[0].Path, s.result.Refused[0].Why)
	}
	return nil
}

// scrubber masks the secrets in files.
type scrubber struct {
	env    *Env
	opts   scrubOptions
	finder *scrub.Finder
	stamp  string
	logs   knownLogs
	result scrubResult
	failed error
}

// plan finds out which files have secrets, and which of these may be changed.
func (s *scrubber) plan(ctx context.Context, paths []string) error {
	s.result = scrubResult{DryRun: s.opts.dryRun, Files: []scrubbedFile{}, Refused: []unreadFile{}, Unread: []unreadFile{}}
	files, err := listSecretFiles(ctx, paths, func(path string, err error) {
		s.result.Unread = append(s.result.Unread, unreadFile{path, err.Error()})
	})
	if err != nil {
		return err
	}
	told := newProgress(s.env)
	defer told.end()
	r := secretReader{finder: s.finder, progress: told}
	for _, file := range files {
		n := int64(0)
		err := r.read(ctx, file, func(secretPlace) error { n++; return nil })
		if ctx.Err() != nil {
			return errors.New("it was stopped; nothing was changed")
		}
		if err != nil {
			s.result.Unread = append(s.result.Unread, unreadFile{file.path, err.Error()})
			continue
		}
		if n == 0 {
			continue
		}
		s.result.Secrets += n
		if s.logs.paths == nil {
			if s.logs, err = knownLogsAt(ctx, s.env, paths); err != nil {
				return err
			}
		}
		if err := s.allowed(file); err != nil {
			s.result.Refused = append(s.result.Refused, unreadFile{file.path, err.Error()})
			continue
		}
		s.result.Files = append(s.result.Files, scrubbedFile{Path: file.path, Secrets: n, Left: n, Backup: s.backupOf(file.path), file: file})
	}
	s.result.Scanned = r.files
	return nil
}

// allowed says why a file may not be changed.
func (s *scrubber) allowed(file secretFile) error {
	session, known := s.logs.paths[realPath(file.path)]
	if !known {
		return errors.New("it is no log that lazytrace knows")
	}
	if s.opts.force {
		return nil
	}
	if session != "" {
		return fmt.Errorf("its session %s is running; try again when it is over, or say --force", short(session))
	}
	for _, end := range append([]string{""}, besideDatabases...) {
		info, err := os.Stat(file.path + end)
		if err != nil {
			continue
		}
		if age := s.env.Now().Sub(info.ModTime()); age < s.opts.minAge && (end == "" || info.Size() > 0) {
			return fmt.Errorf("it changed %s ago and may change again; try again after %s, or say --force", age.Round(time.Second), s.opts.minAge)
		}
	}
	return s.unused(file.path)
}

// unused says who has a file open to write.
func (s *scrubber) unused(path string) error {
	if s.opts.force {
		return nil
	}
	if pids, _ := swap.Writers(path); len(pids) > 0 {
		return fmt.Errorf("process %d has it open to write; try again when it has ended, or say --force", pids[0])
	}
	return nil
}

// backupOf is where the old file is kept.
func (s *scrubber) backupOf(path string) string {
	switch backup := s.opts.backup; {
	case s.opts.noBackup:
		return ""
	case backup == "":
		return path + ".bak-" + s.stamp
	case strings.ContainsRune(backup, filepath.Separator) || isFolder(backup):
		whole := absolute(path)
		return filepath.Join(backup, strings.TrimPrefix(whole, filepath.VolumeName(whole)))
	default:
		return path + backup
	}
}

// ask asks the person at the terminal. Without one there has to be --yes.
func (s *scrubber) ask() error {
	if s.opts.yes {
		return nil
	}
	in, ok := s.env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(in.Fd()) {
		return refuse("nobody is here to ask: say --yes, or --dry-run to see what would be done")
	}
	fmt.Fprintf(s.env.Stderr, "mask %s in %s? [y/N] ", figure.Plural(s.planned(), "secret"), figure.Plural(len(s.result.Files), "file"))
	line, err := bufio.NewReader(in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); err != nil || answer != "y" && answer != "yes" {
		return refuse("nothing was changed")
	}
	return nil
}

func (s *scrubber) planned() int {
	n := int64(0)
	for _, f := range s.result.Files {
		n += f.Secrets
	}
	return int(n)
}

// change masks the secrets in the files of the plan.
func (s *scrubber) change(ctx context.Context) error {
	for i := range s.result.Files {
		f := &s.result.Files[i]
		if ctx.Err() != nil {
			s.failed = fmt.Errorf("it was stopped: %d of %s were changed, each of them whole", i, figure.Plural(len(s.result.Files), "file"))
			break
		}
		n, err := s.one(ctx, f)
		switch {
		case err == nil:
			f.Done, f.Left = true, 0
			s.result.Masked += n
		case errors.Is(err, swap.ErrRefused) || isUnmaskable(err):
			f.Backup = ""
			s.result.Refused = append(s.result.Refused, unreadFile{f.Path, err.Error()})
		default:
			f.Backup = ""
			s.failed = errors.Join(s.failed, fmt.Errorf("scrub %s: %w; the file is as it was", f.Path, err))
		}
	}
	return nil
}

func (s *scrubber) printPlan() {
	out := s.env.Stdout
	for _, f := range s.result.Files {
		line := fmt.Sprintf("%s: %s", f.Path, figure.Plural(f.Secrets, "secret"))
		if f.Backup != "" {
			line += ", kept as " + f.Backup
		}
		fmt.Fprintln(out, escape.Line(line))
	}
	for _, f := range s.result.Refused {
		fmt.Fprintln(out, escape.Line("left alone: "+f.Path+": "+f.Why))
	}
	for _, f := range s.result.Unread {
		fmt.Fprintln(s.env.Stderr, escape.Line("lazytrace: not looked at, or not all of it: "+f.Path+": "+oneLine(errors.New(f.Why))))
	}
}

func (s *scrubber) printEnd() {
	out := s.env.Stdout
	done, kept := 0, 0
	for _, f := range s.result.Files {
		if f.Done {
			done++
			if f.Backup != "" {
				kept++
			}
			fmt.Fprintln(out, escape.Line(f.Path+": looked at again, no secret is left"))
		}
	}
	switch {
	case s.result.Secrets == 0:
		fmt.Fprintf(out, "no secret in %s\n", figure.Plural(s.result.Scanned, "file"))
	case s.opts.dryRun:
		fmt.Fprintf(out, "nothing was changed: %s in %s would be masked\n", figure.Plural(s.planned(), "secret"), figure.Plural(len(s.result.Files), "file"))
	default:
		fmt.Fprintf(out, "%s masked in %s\n", figure.Plural(s.result.Masked, "secret"), figure.Plural(done, "file"))
	}
	if kept > 0 {
		fmt.Fprintf(out, "the old files that are kept still hold the secrets: delete them when all is well\n")
	}
	if done > 0 {
		fmt.Fprintf(out, "what stood in a log was readable: have those secrets made invalid\n")
	}
}
