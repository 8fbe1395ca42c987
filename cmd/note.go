package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

type noteOptions struct {
	event  string
	tags   []string
	mark   bool
	remove string
	in     []string
}

func newNote(env *Env) *cobra.Command {
	var opts noteOptions
	c := &cobra.Command{
		Use: "note SESSION [TEXT]", Short: "Put a note, a tag or a mark on a session or an event",
		Long: `Put a note, a tag or a mark on a session, or on an event of it. SESSION is the
beginning of its id. Notes stand in a file of lazytrace's own, and no log is
changed; secrets in them are masked. lazytrace notes lists them, and tag:slow
finds the sessions with a tag.

  lazytrace note 4f2a "gave up too early"
  lazytrace note 4f2a --tag slow --tag billing
  lazytrace note 4f2a --event toolu_7 --mark "here it goes wrong"
  lazytrace note --delete 1c9e02ab`,
		RunE: func(c *cobra.Command, args []string) error { return runNote(c.Context(), env, args, opts) },
	}
	f := c.Flags()
	f.StringVar(&opts.event, "event", "", "put it on the event with this id")
	f.StringSliceVar(&opts.tags, "tag", nil, "put a tag on it, which is one word; may be repeated")
	f.BoolVar(&opts.mark, "mark", false, "mark the place")
	f.StringVar(&opts.remove, "delete", "", "delete the note with this id")
	f.StringSliceVar(&opts.in, "in", nil, "look for the session in this path instead of on this machine; may be repeated")
	formatFlag(c, env)
	return c
}

func runNote(ctx context.Context, env *Env, args []string, opts noteOptions) error {
	book, err := openNotes(env)
	if err != nil {
		return err
	}
	if opts.remove != "" {
		if len(args) > 0 || opts.mark || len(opts.tags) > 0 || opts.event != "" {
			return refuse("--delete takes the id of a note and nothing else")
		}
		return deleteNote(env, book, opts.remove)
	}
	text := strings.Join(args[min(1, len(args)):], " ")
	switch {
	case len(args) == 0:
		return refuse("say which session; lazytrace sessions lists them")
	case strings.TrimSpace(text) == "" && len(opts.tags) == 0 && !opts.mark:
		return refuse("say what to note: a text, --tag or --mark")
	}
	set, cat, done, err := loadSet(ctx, env, opts.in)
	if err != nil {
		return err
	}
	defer done()
	s, err := oneSession(cat, args[0])
	if err != nil {
		return err
	}
	on := notes.Note{Session: s.ID, Time: eventlog.StampOf(env.Now()), Author: cmp.Or(env.Getenv("USER"), env.Getenv("USERNAME"))}
	if opts.event != "" {
		if on.Event, on.Place, err = findEvent(ctx, set, s, opts.event); err != nil {
			return err
		}
	}
	var list []notes.Note
	add := func(kind notes.Kind, text string) {
		n := on
		n.Kind, n.Text = kind, text
		list = append(list, n)
	}
	switch {
	case opts.mark:
		add(notes.Mark, text)
	case strings.TrimSpace(text) != "":
		add(notes.Text, text)
	}
	for _, tag := range opts.tags {
		add(notes.Tag, tag)
	}
	for _, n := range list {
		n, err := book.Add(n)
		if err != nil {
			return refused(err)
		}
		fmt.Fprintf(env.Stdout, "%s %s on session %s\n", n.Kind, n.ID, escape.Line(s.ID))
	}
	return nil
}

func deleteNote(env *Env, book *notes.Book, id string) error {
	n, err := book.Find(id)
	if err == nil {
		err = book.Delete(n.ID, eventlog.StampOf(env.Now()))
	}
	if errors.Is(err, notes.ErrUnknown) {
		return refuse("%v; lazytrace notes lists them", err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "deleted %s %s\n", n.Kind, n.ID)
	return err
}

// findEvent finds an event of a session by its id, and where its record lies.
func findEvent(ctx context.Context, set *source.Set, s *eventlog.Session, id string) (string, notes.Place, error) {
	log, err := set.ReadLog(ctx, []*eventlog.Session{s})
	if err != nil {
		return "", notes.Place{}, err
	}
	defer func() { _ = log.Close() }() // it was only read
	snap := log.Snapshot()
	found := eventlog.RowID(-1)
	err = eachEvent(ctx, log, snap, 0, func(row eventlog.RowID, e *eventlog.Event) bool {
		if e.ID == id {
			found = row
		}
		return found < 0
	})
	if err != nil {
		return "", notes.Place{}, err
	}
	if found < 0 {
		return "", notes.Place{}, refuse("session %s has no event %q; lazytrace events --session %s --json lists them", s.ID, id, s.ID)
	}
	row := snap.Rows.At(int(found))
	place := notes.Place{Pos: row.Pos, Sub: int(row.Sub)}
	if int(row.Segment) < len(snap.Paths) {
		place.Path = snap.Paths[row.Segment]
	}
	return id, place, nil
}

// eachEvent decodes the events of a log, from a row on, in portions, until take
// returns false.
func eachEvent(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, from eventlog.RowID, take func(eventlog.RowID, *eventlog.Event) bool) error {
	const portion = 256
	rows := make([]eventlog.RowID, 0, portion)
	for n := eventlog.RowID(snap.Rows.Len()); from < n; {
		for rows = rows[:0]; len(rows) < portion && from < n; from++ {
			rows = append(rows, from)
		}
		events, err := log.Events(ctx, rows)
		if err != nil {
			return err
		}
		for i := range events {
			if !take(rows[i], &events[i]) {
				return nil
			}
		}
	}
	return ctx.Err()
}

type notesOptions struct {
	filterOptions
	asJSON bool
}

func newNotes(env *Env) *cobra.Command {
	var opts notesOptions
	c := &cobra.Command{
		Use: "notes [PATH...]", Short: "List notes, tags and marks",
		Long: `List the notes, tags and marks that were put on sessions, oldest first. With
paths or filters only those of the sessions that are there and are kept.`,
		RunE: func(c *cobra.Command, args []string) error { return runNotes(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print one JSON object a note")
	formatFlag(c, env)
	return c
}

func runNotes(ctx context.Context, env *Env, paths []string, opts notesOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	book, err := openNotes(env)
	if err != nil {
		return err
	}
	list := book.All()
	if len(paths) > 0 || opts.filterOptions != (filterOptions{}) {
		cat, done, err := load(ctx, env, paths)
		if err != nil {
			return err
		}
		done()
		list = nil
		for _, n := range book.All() {
			if s, ok := cat.Session(n.Session); ok && keep(s) {
				list = append(list, n)
			}
		}
	}
	t := &table{head: []string{"NOTE", "TIME", "KIND", "SESSION", "EVENT", "BY", "TEXT"}}
	for i := range list {
		n := &list[i]
		if opts.asJSON {
			if err := printJSON(env.Stdout, n); err != nil {
				return err
			}
			continue
		}
		at := ""
		if n.Time.Known() {
			at = n.Time.Time().Local().Format("2006-01-02 15:04")
		}
		t.add(n.ID, at, string(n.Kind), n.Session, noteEvent(n), n.Author, n.Text)
	}
	if n := book.Strange(); n > 0 {
		fmt.Fprintf(env.Stderr, "lazytrace: %s of %s could not be read\n", figure.Plural(n, "line"), escape.Line(book.Path()))
	}
	if opts.asJSON {
		return nil
	}
	return t.print(env.Stdout, 60)
}

// noteEvent says which event a note is on.
func noteEvent(n *notes.Note) string {
	if n.Event == "" && n.OnEvent() {
		return fmt.Sprintf("at %d", n.Place.Pos)
	}
	return n.Event
}
