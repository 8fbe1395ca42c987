package cmd

import (
	"context"
	"os"
	"path/filepath"

	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/redact"
)

// defaultStore is where the user's own store is: one database for everything
// that was recorded without saying where.
func defaultStore(env *Env) string {
	if dir := env.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lazytrace", "events.sqlite")
	}
	return filepath.Join(env.Getenv("HOME"), ".local", "share", "lazytrace", "events.sqlite")
}

// openPaths begins to read what is at the paths, or everything on this machine
// when there are none.
func openPaths(ctx context.Context, env *Env, paths []string, follow bool) (*source.Set, error) {
	opt, paths, err := sourceOptions(env, paths, follow)
	if err != nil {
		return nil, err
	}
	return source.Open(ctx, paths, opt), nil
}

// sourceOptions says how paths are read, and which: the usual places when none
// are given. A path that is not there is refused at once.
func sourceOptions(env *Env, paths []string, follow bool) (source.Options, []string, error) {
	for _, p := range paths {
		if _, err := os.Lstat(p); err != nil && !isPattern(p) && !follow {
			return source.Options{}, nil, refuse("open %s: %v", p, fileReason(err))
		}
	}
	if len(paths) == 0 {
		paths = source.Usual(env.Getenv, defaultStore(env))
	}
	red, err := redact.New(redact.Options{})
	return source.Options{Follow: follow, Redactor: red}, paths, err
}
