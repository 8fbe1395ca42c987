package source

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/watch"
)

// waker says when it is worth looking again: something was written below the
// paths, or time has passed, for file systems that tell nothing.
type waker struct {
	s     *Set
	w     *watch.Watcher
	known map[string]*watch.Subscription
	any   chan struct{} // one slot: a wake stands for all that follow
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
	took  time.Duration // by the last look
}

// pollEvery is how often we look however quiet it is.
const pollEvery = time.Second

func newWaker(s *Set) *waker {
	w := &waker{s: s, known: map[string]*watch.Subscription{}, any: make(chan struct{}, 1)}
	w.ctx, w.stop = context.WithCancel(s.ctx)
	if s.opt.Follow {
		w.w = watch.New(watch.Options{})
		w.watch()
	}
	return w
}

// watch begins to watch what has appeared: every path that was given, and every
// folder in which files were found.
func (w *waker) watch() {
	paths := w.s.paths
	for _, p := range w.s.paths {
		if matches, _ := filepath.Glob(p); len(matches) > 0 && matches[0] != p {
			paths = append(slices.Clip(paths), matches...)
		}
	}
	for _, p := range paths {
		w.add(p)
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			_ = filepath.WalkDir(p, func(dir string, e fs.DirEntry, err error) error {
				if err == nil && e.IsDir() {
					w.add(dir)
				}
				return nil
			})
		}
	}
}

func (w *waker) add(path string) {
	if _, ok := w.known[path]; ok {
		return
	}
	sub, err := w.w.Add(path)
	if err != nil {
		return // it is looked at every second all the same
	}
	w.known[path] = sub
	w.wg.Go(func() {
		for {
			select {
			case <-w.ctx.Done():
				return
			case <-sub.Changed():
				select {
				case w.any <- struct{}{}:
				default:
				}
			}
		}
	})
}

// wait returns when it is worth looking again, or false when it is over. A look
// at very many files takes its time; then it is not repeated at once.
func (w *waker) wait(ctx context.Context) bool {
	if pause := 4 * w.took; pause > 20*time.Millisecond {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-w.any:
	case <-timer.C:
	}
	return true
}

func (w *waker) close() {
	w.stop()
	w.wg.Wait()
	if w.w != nil {
		_ = w.w.Close()
	}
}
