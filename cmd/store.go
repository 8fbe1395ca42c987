package cmd

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// defaultStore is the one store that a user has when nothing else is said.
func defaultStore(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lazytrace", "events.sqlite"), nil
	}
	home := getenv("HOME")
	if runtime.GOOS == "windows" {
		home = getenv("USERPROFILE")
	}
	if home == "" {
		return "", refuse("find your store: there is no home folder; --db names another store")
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "lazytrace", "events.sqlite"), nil
	case "windows":
		return filepath.Join(home, "AppData", "Local", "lazytrace", "events.sqlite"), nil
	}
	return filepath.Join(home, ".local", "share", "lazytrace", "events.sqlite"), nil
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
	usual := len(paths) == 0
	if usual {
		store, err := defaultStore(env.Getenv)
		if err != nil {
			return source.Options{}, nil, err
		}
		paths = source.Usual(env.Getenv, store)
		if follow {
			paths = source.Expected(env.Getenv, store)
		}
	}
	known, err := knownFormats(env)
	if err != nil {
		return source.Options{}, nil, err
	}
	red, err := redact.New(redact.Options{})
	return source.Options{Follow: follow, Known: known, Redactor: red, Price: estimate, Env: env.Getenv, Hopeful: usual}, paths, err
}

// estimate prices a call with the table that is built in.
func estimate(provider, model string, u eventlog.Usage) (eventlog.Money, bool) {
	m, _, ok := price.Default().Estimate(provider, model, u)
	return m, ok
}
