package watch

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollsPerRound is how often databases are looked at while everything is
// looked at once.
const pollsPerRound = 4

// logSuffixes are what SQLite writes to beside a database.
var logSuffixes = []string{"-wal", "-journal"}

// work wakes the subscribers of what the system tells and of what it finds by
// looking.
func (w *Watcher) work(ctx context.Context) {
	ticker := time.NewTicker(w.options.Poll / pollsPerRound)
	defer ticker.Stop()
	var looks <-chan time.Time // nil while no directory is busy
	var late <-chan time.Time  // nil while nobody is to be woken again
	for round := 1; ; {
		if looks == nil && w.anyBusy() {
			looks = time.After(mutesToLook * w.options.Mute)
		}
		if late == nil && w.anyLate() {
			late = time.After(w.options.Mute)
		}
		select {
		case <-ctx.Done():
			return
		case <-late:
			late = nil
			w.wakeLate()
		case <-looks:
			looks = nil
			w.lookAtBusy()
		case <-w.queue.ready:
			w.tell(w.queue.take())
		case <-ticker.C:
			w.poll(round%pollsPerRound == 0)
			round++
		}
	}
}

// tell wakes those whom the names concern.
func (w *Watcher) tell(names map[string]fsnotify.Op, all bool, round int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if all {
		for s := range w.subscriptions {
			w.settle(s)
			s.wake()
		}
		return
	}
	for path, op := range names {
		// A rename or removal may be of a directory that is watched itself:
		// the system then watches it no more, or under a name that is wrong.
		if d := w.directories[path]; d != nil && op.Has(fsnotify.Rename|fsnotify.Remove) {
			w.lose(path, d)
		}
		dir := filepath.Dir(path)
		d := w.directories[dir]
		if d == nil {
			continue
		}
		if d.note(round) {
			w.makeBusy(dir, d)
		}
		name := filepath.Base(path)
		w.tellName(d, name, op)
		for _, suffix := range logSuffixes {
			if database, ok := strings.CutSuffix(name, suffix); ok {
				w.tellName(d, database, op)
				w.again(d.names[database])
				w.again(d.names[""])
			}
		}
		w.tellName(d, "", op)
	}
}

// tellName wakes those who have a place at the name. What appears there or
// goes away may be a link or a directory, and change their places.
func (w *Watcher) tellName(d *directory, name string, op fsnotify.Op) {
	concerned := d.names[name]
	if name != "" && op.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) {
		concerned = append([]*Subscription(nil), concerned...)
		for _, s := range concerned {
			w.settle(s)
		}
	}
	for _, s := range concerned {
		s.wake()
	}
}

// lose gives up a directory that is not where it was, wakes everybody in it,
// and watches what stands at its path now. w.mu is held.
func (w *Watcher) lose(path string, d *directory) {
	w.unwatch(path, d)
	w.watch(path, d)
	var concerned []*Subscription
	for _, here := range d.names {
		concerned = append(concerned, here...)
	}
	for _, s := range concerned {
		w.settle(s)
		s.wake()
	}
}

// poll looks at every path, or only at the databases that the system does not
// watch. It also finds directories that were moved away by a parent, of which
// the system tells nothing.
func (w *Watcher) poll(everything bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if everything {
		for path, d := range w.directories {
			info, err := os.Stat(path)
			switch {
			case d.watched && (err != nil || !os.SameFile(info, d.info)):
				w.lose(path, d)
			case !d.watched && err == nil:
				w.watch(path, d) // there may be room now
			}
		}
	}
	for s := range w.subscriptions {
		if !everything && (s.seen.log == nil || w.covers(s)) {
			continue
		}
		if now := look(s.path); !now.equal(s.seen) {
			s.seen = now
			w.settle(s)
			s.wake()
			if now.log != nil {
				w.late[s] = 0
			}
		}
	}
}

// What was written to the log of a database can be read a moment later: the
// writer waits for the disk, and then says so through memory, of which no
// system tells. So those who were woken by a log are woken twice more.
const (
	soonAgain = 1 // in mutes after the last write that was told of
	lastAgain = 8
)

// again has the subscribers woken again. w.mu is held.
func (w *Watcher) again(concerned []*Subscription) {
	for _, s := range concerned {
		w.late[s] = 0
	}
}

func (w *Watcher) anyLate() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.late) > 0
}

func (w *Watcher) wakeLate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, mutes := range w.late {
		mutes++
		w.late[s] = mutes
		if mutes == soonAgain || mutes >= lastAgain {
			s.wake()
		}
		if mutes >= lastAgain {
			delete(w.late, s)
		}
	}
}

// covers reports whether the system watches every place of the subscription.
func (w *Watcher) covers(s *Subscription) bool {
	for _, p := range s.places {
		if !w.directories[p.dir].watched {
			return false
		}
	}
	return true
}

// state is what is seen of a path from outside; nil is not there.
type state struct {
	link fs.FileInfo // the path itself
	file fs.FileInfo // what it leads to
	log  fs.FileInfo // the write-ahead log beside it
}

func look(path string) state {
	var s state
	if s.link = stat(os.Lstat(path)); s.link == nil {
		return s
	}
	if s.file = s.link; s.link.Mode()&fs.ModeSymlink != 0 {
		s.file = stat(os.Stat(path))
	}
	if s.file != nil && s.file.Mode().IsRegular() {
		s.log = stat(os.Stat(path + "-wal"))
	}
	return s
}

// stat returns nil for what cannot be looked at.
func stat(info fs.FileInfo, err error) fs.FileInfo {
	if err != nil {
		return nil
	}
	return info
}

func (s state) equal(t state) bool {
	return same(s.link, t.link) && same(s.file, t.file) && same(s.log, t.log)
}

func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
