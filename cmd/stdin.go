package cmd

import (
	"context"
	"io"
	"os"
	"slices"
	"sync"
)

// withStdin replaces the path - by a private file that standard input is
// copied to while it is read, so that it can be followed and searched like any
// other log. Without follow it is read to its end first. The file is gone when
// done has been called.
func withStdin(ctx context.Context, env *Env, paths []string, follow bool) (with []string, done func(), err error) {
	at := slices.Index(paths, "-")
	if at < 0 {
		return paths, func() {}, nil
	}
	f, err := os.CreateTemp("", "lazytrace-stdin-*.jsonl")
	if err != nil {
		return nil, nil, err
	}
	with = slices.Clone(paths)
	with[at] = f.Name()
	var once sync.Once
	remove := func() { once.Do(func() { _ = os.Remove(f.Name()) }) }
	if !follow {
		_, err := io.Copy(f, env.Stdin)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			remove()
			return nil, nil, err
		}
		return with, remove, nil
	}
	go func() {
		_, _ = io.Copy(f, env.Stdin)
		_ = f.Close()
	}()
	context.AfterFunc(ctx, remove)
	return with, remove, nil
}
