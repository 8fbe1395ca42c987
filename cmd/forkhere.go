package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/fork"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

// forkHere forks a session for the explorer: the new session goes into the store,
// what somebody can go on with into a new file in the current folder.
func forkHere(env *Env, set *source.Set) func(context.Context, *eventlog.Session, string, string) (string, error) {
	return func(ctx context.Context, s *eventlog.Session, event, format string) (string, error) {
		opts := forkOptions{at: event, format: format}
		var err error
		if opts.db, err = defaultStore(env.Getenv); err != nil {
			return "", err
		}
		text, r, err := forkSession(ctx, env, set, set.Sources().Catalog(), s, opts)
		if err != nil {
			return "", err
		}
		said := fmt.Sprintf("session %s begins with %s", r.Session, figure.Plural(r.Events, "event"))
		if format == "" {
			return said, nil
		}
		name := "lazytrace-fork-" + r.Session[:min(8, len(r.Session))] + ".json"
		if fork.Format(format).Transcript() {
			name += "l"
		}
		dir, err := os.Getwd()
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, name)
		if err := writeNew(path, text); err != nil {
			return "", err
		}
		said += ", written to " + path
		if r.Resume != "" {
			said += "; " + r.Resume
		}
		return said, nil
	}
}
