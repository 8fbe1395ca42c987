package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

type mergeOptions struct {
	in  []string
	yes bool
}

func newSessionsMerge(env *Env) *cobra.Command {
	var opts mergeOptions
	c := &cobra.Command{
		Use: "merge ID OTHER...", Short: "Make one session of several in lazytrace's own store", Args: cobra.MinimumNArgs(2),
		Long: `Make the events of the OTHER sessions events of the first, as after a recording that
was broken off and begun anew. Events that both have are kept once, and the others
are gone as sessions. All must be in one store of lazytrace's; logs that somebody
else wrote are never changed, but can be imported first (lazytrace import).`,
		RunE: func(c *cobra.Command, args []string) error { return mergeSessions(c.Context(), env, args, opts) },
	}
	c.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	inFlag(c, &opts.in)
	return c
}

func mergeSessions(ctx context.Context, env *Env, ids []string, opts mergeOptions) (err error) {
	cat, done, err := load(ctx, env, opts.in)
	if err != nil {
		return err
	}
	done()
	var all []*eventlog.Session
	for _, id := range ids {
		s, err := oneSession(cat, id)
		if err != nil {
			return err
		}
		if slices.Contains(all, s) {
			return refuse("session %s is named twice", s.ID)
		}
		if status, _ := s.Status(eventlog.StampOf(env.Now())); status == eventlog.Running {
			return refuse("session %s is still recorded; wait until it has ended", s.ID)
		}
		all = append(all, s)
	}
	path, err := oneStore(ctx, all)
	if err != nil {
		return err
	}
	into, others := all[0], all[1:]
	var names []string
	events := int64(0)
	for _, s := range others {
		names, events = append(names, s.ID), events+s.Events
	}
	question := fmt.Sprintf("make %s of %s part of session %s, %s?", figure.Plural(events, "event"), figure.Plural(len(others), "other session"), escape.Line(into.ID), escape.Line(into.Label()))
	if sure, err := agreed(env, question, opts.yes); err != nil || !sure {
		return err
	}
	store, err := sqlite.Create(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	moved, err := store.Merge(ctx, into.ID, names...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "session %s has %s more, of %s\n", escape.Line(into.ID), figure.Plural(moved, "event"), escape.Line(strings.Join(names, " ")))
	return err
}

// oneStore is the store of ours that holds all of the sessions.
func oneStore(ctx context.Context, all []*eventlog.Session) (string, error) {
	for _, path := range all[0].Paths {
		if ours, err := isOurs(ctx, path); err != nil {
			return "", err
		} else if !ours {
			continue
		}
		for _, s := range all[1:] {
			if !slices.Contains(s.Paths, path) {
				return "", refuse("session %s is in %s and session %s is not: both must be in one store; lazytrace import puts them there", all[0].ID, path, s.ID)
			}
		}
		return path, nil
	}
	return "", refuse("session %s is in %s, which lazytrace did not write and does not change; lazytrace import copies it into a store", all[0].ID, strings.Join(all[0].Paths, ", "))
}

// isOurs reports whether a file is a store that lazytrace wrote.
func isOurs(ctx context.Context, path string) (bool, error) {
	r, err := sqlite.Open(ctx, path)
	if err != nil {
		return false, nil // a log of another kind
	}
	tables, err := r.Tables(ctx)
	if err = errors.Join(err, r.Close()); err != nil {
		return false, err
	}
	_, ours := tables["lt_meta"]
	return ours, nil
}

// agreed asks whether to go on, unless that was said by a flag. Without a terminal
// nobody can answer, and the flag must be given.
func agreed(env *Env, question string, yes bool) (bool, error) {
	if yes {
		return true, nil
	}
	if !env.Terminal() {
		return false, refuse("give --yes to %s without being asked", strings.TrimSuffix(question, "?"))
	}
	fmt.Fprintf(env.Stderr, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(env.Stdin).ReadString('\n')
	a := strings.ToLower(strings.TrimSpace(answer))
	return a == "y" || a == "yes", nil
}
