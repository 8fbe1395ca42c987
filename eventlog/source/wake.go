package source

import (
	"context"
	"path/filepath"
	"strings"
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
	took  time.Duration // by the last look
}

// pollEvery is how often we look however quiet it is, and pollShare how much
// longer than a look takes we wait for the next, so that very many files cost no
// more than a hundredth of a processor; but not for ever.
const (
	pollEvery  = time.Second
	pollShare  = 100
	pollAtMost = 5 * time.Second
)

func newWaker(s *Set) *waker {
	w := &waker{s: s, known: map[string]*watch.Subscription{}, any: make(chan struct{}, 1)}
	if s.opt.Follow {
		o := s.opt.watching
		if o.Directories == 0 {
			o.Directories = maxWatched
		}
		w.w = watch.New(o)
		w.watch(nil)
	}
	return w
}

// maxWatched is how many folders the system is asked to watch at most; all
// programs of a user share what it grants. The others are looked at.
const maxWatched = 4096

// watch watches every path that was given, there or not, and the folders below,
// and no others any more. What came into a folder before it was watched was not
// told of, so there is another look at what is new.
func (w *waker) watch(folders []string) {
	if w.w == nil {
		return
	}
	wanted := make(map[string]bool, len(folders)+len(w.s.paths))
	for _, dir := range folders {
		wanted[dir] = true
	}
	for _, p := range w.s.paths {
		expand(p, wanted)
	}
	for path := range wanted {
		if _, ok := w.known[path]; ok {
			continue
		}
		if sub, err := w.w.AddTo(path, w.any); err == nil { // else it is looked at every second all the same
			w.known[path] = sub
			select {
			case w.any <- struct{}{}:
			default:
			}
		}
	}
	for path, sub := range w.known {
		if !wanted[path] {
			sub.Close()
			delete(w.known, path)
		}
	}
}

// Watching says how changes below paths come to be known.
type Watching struct {
	Told   int   // folders of which the system tells
	Polled int   // paths that are looked at every second, since it does not
	Reason error // why it does not; nil where the limit is our own
}

// Watch finds out how the paths would be followed.
func Watch(ctx context.Context, paths []string, opt Options) Watching {
	opt.Follow = true
	w := newWaker(&Set{opt: opt, paths: paths, ctx: ctx})
	defer w.close()
	_, folders := find(ctx, paths, func(string, error) {})
	w.watch(folders)
	var r Watching
	r.Told, r.Polled, r.Reason = w.w.State()
	if r.Polled == 0 {
		r.Reason = nil
	}
	return r
}

// Changes tells when it is worth looking at paths again.
type Changes struct {
	w     *waker
	began time.Time
}

// NewChanges begins to watch the paths. The caller closes it.
func NewChanges(ctx context.Context, paths []string, opt Options) *Changes {
	opt.Follow = true
	return &Changes{newWaker(&Set{opt: opt, paths: paths, ctx: ctx}), time.Now()}
}

// Wait returns when something may be new, or false when it is over. folders are those
// that the last look came to; it began when Wait last returned.
func (c *Changes) Wait(ctx context.Context, folders []string) bool {
	c.w.took = time.Since(c.began)
	c.w.watch(folders)
	more := c.w.wait(ctx)
	c.began = time.Now()
	return more
}

// Close ends the watching.
func (c *Changes) Close() { c.w.close() }

// expand adds what has to be watched for everything that a pattern matches, and
// will match: the folder before each wildcard, and all matches of it.
func expand(pattern string, to map[string]bool) {
	if !strings.ContainsAny(pattern, "*?[") {
		to[pattern] = true
		return
	}
	dir, rest := pattern, ""
	for strings.ContainsAny(dir, "*?[") && dir != filepath.Dir(dir) {
		rest = filepath.Join(filepath.Base(dir), rest)
		dir = filepath.Dir(dir)
	}
	to[dir] = true
	first, rest, more := strings.Cut(rest, string(filepath.Separator))
	matches, _ := filepath.Glob(filepath.Join(dir, first))
	for _, m := range matches {
		if more {
			m = filepath.Join(m, rest)
		}
		if m != pattern {
			expand(m, to)
		}
	}
}

// wait returns when it is worth looking again, or false when it is over. A look
// at very many files takes its time; then it is not repeated at once.
func (w *waker) wait(ctx context.Context) bool {
	if pause := 4 * w.took; pause > 20*time.Millisecond {
		select {
		case <-ctx.Done():
			return false
		case <-w.s.opt.Nudge:
			return true
		case <-time.After(pause):
		}
	}
	timer := time.NewTimer(min(max(pollEvery, pollShare*w.took), pollAtMost))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-w.any:
	case <-w.s.opt.Nudge:
	case <-timer.C:
	}
	return true
}

func (w *waker) close() {
	if w.w != nil {
		_ = w.w.Close()
	}
}
