package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// recordLive records a program and shows it while it runs. The terminal is the
// explorer's, so the program has none: its output is recorded as log lines. It
// is not ended when the explorer is left.
func recordLive(ctx context.Context, env *Env, o command.Options) (result command.Result, err error) {
	db := o.StorePath
	if o.Open == nil || db == "" || db == "none" {
		return result, refuse("--tui shows what is stored; give it a store with --db")
	}
	// The store has to be there before it can be looked at.
	store, err := o.Open(ctx)
	if err != nil {
		return result, err
	}
	o.Open = func(context.Context) (pipeline.Store, error) { return store, nil }
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return result, err
	}
	defer null.Close()
	o.Stdin, o.Stdout, o.Stderr = null, null, null
	o.Capture.Auto, o.Capture.Terminal, o.Capture.Stdout = false, false, true
	if o.SessionID == "" {
		o.SessionID = wire.NewID(env.Now())
	}
	done := make(chan command.Result, 1)
	go func() { done <- command.Record(ctx, o) }()
	set, err := openPaths(ctx, env, []string{db}, true)
	if err == nil {
		err = errors.Join(show(ctx, env, set, filepath.Base(o.Args[0]), homeOptions{session: o.SessionID, paths: []string{db}}), set.Close())
	}
	return <-done, err
}
