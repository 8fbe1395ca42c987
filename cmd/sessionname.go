package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/notes"
)

func newSessionsRename(env *Env) *cobra.Command {
	var in []string
	c := &cobra.Command{
		Use: "rename ID [NAME]", Short: "Give a session another name", Args: cobra.MinimumNArgs(1),
		Long: `Give a session another name, by which it is listed and found. The name stands in a
file of lazytrace's own, as notes do, and no log is changed. Without a NAME the
session goes by its own again.`,
		RunE: func(c *cobra.Command, args []string) error {
			return renameSession(c.Context(), env, args[0], strings.Join(args[1:], " "), in)
		},
	}
	inFlag(c, &in)
	return c
}

func newSessionsTag(env *Env) *cobra.Command {
	var in, remove []string
	c := &cobra.Command{
		Use: "tag ID [TAG...]", Short: "Tag a session, or take tags away", Args: cobra.MinimumNArgs(1),
		Long: `Tag a session, so that tag:TAG finds it. Tags stand in a file of lazytrace's own,
as notes do, and no log is changed. Those that a log has itself stay.

  lazytrace sessions tag 4f2a slow billing
  lazytrace sessions tag 4f2a --remove slow`,
		RunE: func(c *cobra.Command, args []string) error {
			return tagSession(c.Context(), env, args[0], args[1:], remove, in)
		},
	}
	c.Flags().StringSliceVar(&remove, "remove", nil, "take this tag away; may be repeated")
	inFlag(c, &in)
	return c
}

// inFlag says where a session is looked for, where arguments mean something else.
func inFlag(c *cobra.Command, in *[]string) {
	c.Flags().StringSliceVar(in, "in", nil, "look for the session in this path instead of on this machine; may be repeated")
}

// said is a session and the book in which what people say of it stands.
func said(ctx context.Context, env *Env, id string, in []string) (*eventlog.Session, *notes.Book, error) {
	book, err := openNotes(env)
	if err != nil {
		return nil, nil, err
	}
	cat, done, err := load(ctx, env, in)
	if err != nil {
		return nil, nil, err
	}
	done()
	s, err := oneSession(cat, id)
	return s, book, err
}

func (env *Env) author() string { return cmp.Or(env.Getenv("USER"), env.Getenv("USERNAME")) }

func renameSession(ctx context.Context, env *Env, id, name string, in []string) error {
	s, book, err := said(ctx, env, id, in)
	if err != nil {
		return err
	}
	now := eventlog.StampOf(env.Now())
	if strings.TrimSpace(name) != "" {
		n, err := book.Add(notes.Note{Session: s.ID, Time: now, Author: env.author(), Kind: notes.Name, Text: name})
		if err != nil {
			return refused(err)
		}
		fmt.Fprintf(env.Stdout, "session %s is called %s\n", escape.Line(s.ID), escape.Line(n.Text))
		return nil
	}
	n, err := forget(book, s.ID, now, func(n notes.Note) bool { return n.Kind == notes.Name })
	if err != nil {
		return err
	}
	if n == 0 {
		return refuse("session %s was given no other name", s.ID)
	}
	fmt.Fprintf(env.Stdout, "session %s goes by its own name again\n", escape.Line(s.ID))
	return nil
}

// forget deletes notes on a session and returns how many there were.
func forget(book *notes.Book, session string, at eventlog.Stamp, which func(notes.Note) bool) (deleted int, err error) {
	for _, n := range book.Of(session) {
		if !which(n) {
			continue
		}
		if err := book.Delete(n.ID, at); err != nil {
			return deleted, err
		}
		deleted++
	}
	return deleted, nil
}

func tagSession(ctx context.Context, env *Env, id string, add, remove, in []string) error {
	if len(add)+len(remove) == 0 {
		return refuse("say which tags, or which to --remove")
	}
	s, book, err := said(ctx, env, id, in)
	if err != nil {
		return err
	}
	now := eventlog.StampOf(env.Now())
	have := book.Said(s.ID).Tags
	for _, tag := range remove {
		if !slices.Contains(have, tag) {
			return refuse("nobody tagged session %s %q; a tag of its log stays", s.ID, tag)
		}
	}
	for _, tag := range add {
		if slices.Contains(have, tag) {
			continue
		}
		if _, err := book.Add(notes.Note{Session: s.ID, Time: now, Author: env.author(), Kind: notes.Tag, Text: tag}); err != nil {
			return refused(err)
		}
	}
	if _, err := forget(book, s.ID, now, func(n notes.Note) bool { return n.Kind == notes.Tag && slices.Contains(remove, n.Text) }); err != nil {
		return err
	}
	tags := book.Said(s.ID).Tags
	fmt.Fprintf(env.Stdout, "session %s is tagged %s\n", escape.Line(s.ID), escape.Line(cmp.Or(strings.Join(tags, " "), "nothing")))
	return nil
}
