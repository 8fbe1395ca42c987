package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/foreign"
)

type importOptions struct {
	db     string
	dry    bool
	asJSON bool
}

func newImport(env *Env) *cobra.Command {
	var opts importOptions
	c := &cobra.Command{
		Use: "import PATH...", Short: "Copy sessions of any log into lazytrace's own store", Args: cobra.MinimumNArgs(1),
		Long: `Copy what is at the paths, any log that lazytrace reads, into its own store: so
that it stays when an agent deletes its logs, or comes from another machine.
Sessions keep their ids. What is there already is not added again, so the same
import may be done as often as one likes, and one that was broken off goes on.
Secrets are masked.

As long as the original is found as well, one of the two counts.

  lazytrace import ~/.claude/projects
  lazytrace import --dry-run backup.jsonl`,
		RunE: func(c *cobra.Command, args []string) error { return runImport(c.Context(), env, args, opts) },
	}
	f := c.Flags()
	f.StringVar(&opts.db, "db", "", "copy into this store instead of yours")
	f.BoolVar(&opts.dry, "dry-run", false, "only say what would be added")
	f.BoolVar(&opts.asJSON, "json", false, "say in JSON what was added")
	inputFormatFlag(c, env)
	return c
}

// importResult is what an import prints.
type importResult struct {
	Sessions   int    `json:"sessions"`
	Added      int64  `json:"events_added"`
	Already    int64  `json:"events_already_there"`
	Masked     int    `json:"secrets_masked"`
	Unreadable int64  `json:"unreadable"`
	Store      string `json:"store"`
	DryRun     bool   `json:"dry_run"`
	Complete   bool   `json:"complete"`
}

func runImport(ctx context.Context, env *Env, paths []string, opts importOptions) (err error) {
	if opts.db == "" {
		if opts.db, err = defaultStore(env.Getenv); err != nil {
			return err
		}
	}
	if to, err := os.Stat(opts.db); err == nil {
		for _, path := range paths {
			if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
				return refuse("%s is the store itself; --db names another one", path)
			}
		}
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	to, err := openImporting(ctx, opts)
	if err != nil {
		return err
	}
	w := wholeSessions{env: env, keep: func(*eventlog.Session) bool { return true }, take: func(s *eventlog.Session, e *eventlog.Event) error { return to.event(ctx, s, e) }}
	err = w.run(ctx, paths)
	if err == nil {
		err = to.finish(ctx)
	}
	err = errors.Join(err, to.close())
	r := importResult{
		Sessions: len(to.sessions), Added: to.added, Already: to.already, Masked: w.spell.Masked, Unreadable: w.faults, Store: opts.db, DryRun: opts.dry,
		Complete: err == nil,
	}
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("stopped: %s of %s are in %s; the same import goes on from there", figure.Plural(r.Added, "event"), figure.Plural(r.Sessions, "session"), opts.db)
	}
	if err != nil {
		return err
	}
	if opts.asJSON {
		return printJSON(env.Stdout, r)
	}
	return r.print(env.Stdout)
}

func (r *importResult) print(w io.Writer) error {
	verb := "added"
	if r.DryRun {
		verb = "would be added"
	}
	text := fmt.Sprintf("%s: %s %s, %d there already", figure.Plural(r.Sessions, "session"), figure.Plural(r.Added, "event"), verb, r.Already)
	if r.Added == 0 && r.Already > 0 {
		text = fmt.Sprintf("nothing new: all %s of %s are there already", figure.Plural(r.Already, "event"), figure.Plural(r.Sessions, "session"))
	}
	if r.Masked > 0 {
		text += ", " + figure.Plural(r.Masked, "secret") + " masked"
	}
	if r.Unreadable > 0 {
		text += ", " + figure.Plural(r.Unreadable, "record") + " unreadable"
	}
	_, err := fmt.Fprintf(w, "%s; %s\n", text, escape.Line(r.Store))
	return err
}

// importing is a store that is imported into, or one that is only looked at.
type importing struct {
	path     string
	store    *sqlite.Store  // nil in a dry run
	reader   *sqlite.Reader // of a dry run; nil when there is no store
	sessions map[*eventlog.Session]bool
	recorded map[string]bool            // sessions, by whether the store is where they were recorded
	ids      map[string]map[string]bool // of a dry run: what is there, by session
	batch    []eventlog.Event
	size     int
	added    int64
	already  int64
}

func openImporting(ctx context.Context, opts importOptions) (*importing, error) {
	to := &importing{path: opts.db, sessions: map[*eventlog.Session]bool{}, recorded: map[string]bool{}, ids: map[string]map[string]bool{}}
	var err error
	switch {
	case !opts.dry:
		to.store, err = sqlite.Create(ctx, opts.db, sqlite.Options{})
	default:
		if _, err := os.Stat(opts.db); err != nil {
			return to, nil // everything would be added
		}
		to.reader, err = sqlite.Open(ctx, opts.db)
	}
	return to, refused(err)
}

// How much is written in one transaction.
const (
	importEvents = 1024
	importBytes  = 4 << 20
)

// event takes an event of a session.
func (to *importing) event(ctx context.Context, s *eventlog.Session, e *eventlog.Event) error {
	to.sessions[s] = true
	if to.store == nil {
		return to.compare(ctx, e)
	}
	recorded, known := to.recorded[e.SessionID]
	if !known {
		if err := to.flush(ctx); err != nil {
			return err
		}
		var err error
		if recorded, err = to.store.Recorded(ctx, e.SessionID); err != nil {
			return err
		}
		to.recorded[e.SessionID] = recorded
	}
	one := *e
	if recorded { // what was lost of a session that was recorded here is part of it again
		one.Payload = foreign.NotOfSelf(e.Payload, e.SessionID)
	}
	to.batch = append(to.batch, one)
	if to.size += len(one.Payload); len(to.batch) >= importEvents || to.size >= importBytes {
		return to.flush(ctx)
	}
	return nil
}

// compare looks whether an event is there.
func (to *importing) compare(ctx context.Context, e *eventlog.Event) error {
	ids, known := to.ids[e.SessionID]
	if !known && to.reader != nil {
		var err error
		if ids, err = to.reader.EventIDs(ctx, e.SessionID); err != nil {
			return err
		}
		to.ids[e.SessionID] = ids
	}
	if ids[e.ID] {
		to.already++
	} else {
		to.added++
	}
	return nil
}

func (to *importing) flush(ctx context.Context) error {
	n, err := to.store.AddEvents(ctx, to.batch)
	if err == nil {
		to.added, to.already = to.added+n, to.already+int64(len(to.batch))-n
	}
	clear(to.batch)
	to.batch, to.size = to.batch[:0], 0
	return err
}

// finish writes what is left, and what is known of the sessions.
func (to *importing) finish(ctx context.Context) error {
	if to.store == nil {
		return nil
	}
	if err := to.flush(ctx); err != nil {
		return err
	}
	for s := range to.sessions {
		if to.recorded[s.ID] {
			continue // who recorded it said so
		}
		facts := s.Facts
		facts.RecorderPid, facts.RecorderMark = 0, "" // it is no process of this machine
		if err := to.store.PutSession(ctx, s.ID, facts, s.Heartbeat); err != nil {
			return err
		}
	}
	return nil
}

func (to *importing) close() error {
	var errs []error
	if to.store != nil {
		errs = append(errs, to.store.Close())
	}
	if to.reader != nil {
		errs = append(errs, to.reader.Close())
	}
	return errors.Join(errs...)
}
