package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lazytrace/lazytrace/eventlog/alive"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/redact"
)

// defaultStore is the one store that a user has when nothing else is said.
func defaultStore(getenv func(string) string) (string, error) {
	dir, err := dataFolder(getenv)
	if err != nil {
		return "", refuse("find your store: %v; --db names another store", err)
	}
	return filepath.Join(dir, "events.sqlite"), nil
}

// dataFolder is where what the program keeps for a user lies.
func dataFolder(getenv func(string) string) (string, error) {
	return userFolder(getenv, "XDG_DATA_HOME", map[string][]string{
		"darwin": {"Library", "Application Support"}, "windows": {"AppData", "Local"}, "": {".local", "share"},
	})
}

// configFolder is where a user's own settings lie.
func configFolder(getenv func(string) string) (string, error) {
	return userFolder(getenv, "XDG_CONFIG_HOME", map[string][]string{"windows": {"AppData", "Roaming"}, "": {".config"}})
}

// errNoFolder says that a user has no place for what is kept.
var errNoFolder = errors.New("there is no home folder")

// openNotes opens what people noted. It masks secrets in what is added.
func openNotes(env *Env) (_ *notes.Book, err error) {
	if env.book != nil {
		return env.book, nil // whoever adds to it, everybody sees it
	}
	dir, err := dataFolder(env.Getenv)
	if err != nil {
		return nil, err
	}
	red, err := redact.New(redact.Options{})
	if err != nil {
		return nil, err
	}
	env.book, err = notes.Open(filepath.Join(dir, "notes.jsonl"), func(text string) string {
		masked, _ := red.Text(text)
		return masked
	})
	return env.book, err
}

// userFolder returns our folder below the one that a variable names or, where
// it does not, below the usual one of the system in the user's home.
func userFolder(getenv func(string) string, variable string, usual map[string][]string) (string, error) {
	if dir := getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lazytrace"), nil
	}
	home := getenv("HOME")
	if runtime.GOOS == "windows" {
		home = getenv("USERPROFILE")
	}
	if home == "" {
		return "", errNoFolder
	}
	parts, ok := usual[runtime.GOOS]
	if !ok {
		parts = usual[""]
	}
	return filepath.Join(append(append([]string{home}, parts...), "lazytrace")...), nil
}

// openPaths begins to read what is at the paths, or everything on this machine
// when there are none.
func openPaths(ctx context.Context, env *Env, paths []string, follow bool) (*source.Set, error) {
	return openSet(ctx, env, paths, follow, false)
}

// openSet is openPaths. With front, the first catalog may be a preview.
func openSet(ctx context.Context, env *Env, paths []string, follow, front bool) (*source.Set, error) {
	opt, paths, err := sourceOptions(env, paths, follow)
	if err != nil {
		return nil, err
	}
	opt.Front = front
	set := source.Open(ctx, paths, opt)
	if book, err := openNotes(env); err == nil {
		set.Sources().Extra(book.Said)
	} else if !errors.Is(err, errNoFolder) {
		fmt.Fprintf(env.Stderr, "lazytrace: %s\n", oneLine(err)) // the logs can be read without
	}
	return set, nil
}

// sourceOptions says how paths are read, and which: the usual places when none
// are given.
func sourceOptions(env *Env, paths []string, follow bool) (source.Options, []string, error) {
	usual := len(paths) == 0
	paths, err := pathsOrUsual(env, paths, follow)
	if err != nil {
		return source.Options{}, nil, err
	}
	opt, err := readOptions(env, follow)
	if err != nil {
		return source.Options{}, nil, err
	}
	book, err := openPrices(env)
	if err != nil {
		return source.Options{}, nil, err
	}
	opt.Price, opt.Hopeful, opt.Usual = book.Estimate, usual, usual
	keepSummaries(env, &opt, book)
	return opt, paths, nil
}

// pathsOrUsual returns the paths, or the usual places when there are none. A
// path that is not there is refused at once.
func pathsOrUsual(env *Env, paths []string, follow bool) ([]string, error) {
	for _, p := range paths {
		if _, err := os.Lstat(p); err != nil && !isPattern(p) && !follow && !isArchived(env, p) {
			return nil, refuse("open %s: %v", p, fileReason(err))
		}
	}
	if len(paths) > 0 {
		return paths, nil
	}
	store, err := defaultStore(env.Getenv)
	if err != nil {
		return nil, err
	}
	if follow {
		return source.Expected(env.Getenv, store), nil
	}
	return source.Usual(env.Getenv, store), nil
}

// readOptions says how logs are read, without prices.
func readOptions(env *Env, follow bool) (source.Options, error) {
	known, err := knownFormats(env)
	if err != nil {
		return source.Options{}, err
	}
	red, err := redact.New(redact.Options{})
	folder, _ := openArchive(env, "") // who has no home has no archive
	return source.Options{Follow: follow, Known: known, Redactor: red, Env: env.Getenv, Gone: new(alive.Memory).Gone, Archive: folder}, err
}
