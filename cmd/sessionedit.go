package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

func newSessionsClose(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "close ID [PATH...]", Short: "Close a session whose recorder is gone", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return closeSession(c.Context(), env, args[0], args[1:]) },
	}
}

func newSessionsRemove(env *Env) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "rm ID [PATH...]", Short: "Delete a session from lazytrace's own store", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return removeSession(c.Context(), env, args[0], args[1:], yes)
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// ownStore opens the store that a session is in, when it is one of ours: a log
// that somebody else wrote is never changed.
func ownStore(ctx context.Context, env *Env, id string, paths []string) (*eventlog.Session, *sqlite.Store, error) {
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return nil, nil, err
	}
	done()
	s, err := oneSession(cat, id)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range s.Paths {
		ours, err := isOurs(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		if ours {
			store, err := sqlite.Create(ctx, path, sqlite.Options{})
			return s, store, err
		}
	}
	return nil, nil, refuse("session %s is in %s, which lazytrace did not write and does not change", s.ID, strings.Join(s.Paths, ", "))
}

func closeSession(ctx context.Context, env *Env, id string, paths []string) (err error) {
	s, store, err := ownStore(ctx, env, id, paths)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if s.Closed {
		return refuse("session %s was closed already", s.ID)
	}
	now := eventlog.StampOf(env.Now())
	var payload wire.Object
	payload.Text("outcome", eventlog.Cancelled.String())
	payload.Text("failure_reason", "closed by hand")
	err = store.WriteEvents(ctx, []eventlog.Event{{
		ID: wire.NewID(env.Now()), SessionID: s.ID, Kind: eventlog.SessionEnd, Type: eventlog.SessionEnd.String(), Time: now, Payload: payload.JSON(),
	}})
	if err != nil {
		return err
	}
	return store.PutSession(ctx, s.ID, eventlog.Facts{Closed: true, Ended: now, Outcome: eventlog.Cancelled, FailureReason: "closed by hand"}, 0)
}

func removeSession(ctx context.Context, env *Env, id string, paths []string, yes bool) (err error) {
	s, store, err := ownStore(ctx, env, id, paths)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	question := fmt.Sprintf("delete session %s, %s, %d events?", escape.Line(s.ID), escape.Line(s.Label()), s.Events)
	if sure, err := agreed(env, question, yes); err != nil || !sure {
		return err
	}
	n, err := store.Remove(ctx, s.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "deleted session %s, %d events\n", escape.Line(s.ID), n)
	return err
}
