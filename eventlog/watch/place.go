package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// place is a name in a directory at which changes concern a subscription. The
// empty name is any.
type place struct{ dir, name string }

// directory is one that some subscription has a place in.
type directory struct {
	info    fs.FileInfo // what stood at the path when it was given to the system
	watched bool        // the system watches it
	names   map[string][]*Subscription
	activity
}

// places returns where changes to the path show: in its directory, in that of
// the file that it is a link to, and within it when it is a directory. While
// its directory is missing, that is where the missing part will appear.
// Directories are named by their real path, for the system knows each by one
// name only.
func places(path string) []place {
	var found []place
	for child := path; ; {
		parent := filepath.Dir(child)
		if parent == child {
			break
		}
		if real, err := filepath.EvalSymlinks(parent); err == nil {
			found = append(found, place{real, filepath.Base(child)})
			break
		}
		child = parent
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return found
	}
	if info, err := os.Stat(real); err == nil && info.IsDir() {
		return append(found, place{real, ""})
	}
	if target := (place{filepath.Dir(real), filepath.Base(real)}); !slices.Contains(found, target) {
		found = append(found, target)
	}
	return found
}

// settle sees to it that the places of the subscription are watched. What
// appears between looking and watching is not told of, so it looks again after
// watching, until nothing has moved. Somebody who makes and removes directories
// all the time is left to the poll. w.mu is held.
func (w *Watcher) settle(s *Subscription) {
	for range 8 {
		now := places(s.path)
		if slices.Equal(now, s.places) {
			return
		}
		w.move(s, now)
	}
}

// move puts the subscription at other places. The new ones are taken first, so
// that a directory in both stays watched. w.mu is held.
func (w *Watcher) move(s *Subscription, to []place) {
	from := s.places
	s.places = to
	for _, p := range to {
		d := w.directories[p.dir]
		if d == nil {
			d = &directory{names: map[string][]*Subscription{}}
			w.directories[p.dir] = d
			w.watch(p.dir, d)
		}
		d.names[p.name] = append(d.names[p.name], s)
	}
	for _, p := range from {
		d := w.directories[p.dir]
		left := d.names[p.name]
		left = slices.Delete(left, slices.Index(left, s), slices.Index(left, s)+1)
		if d.names[p.name] = left; len(left) == 0 {
			delete(d.names, p.name)
		}
		if len(d.names) == 0 {
			w.forget(p.dir, d)
		}
	}
}

// forget drops a directory that nobody has a place in. w.mu is held.
func (w *Watcher) forget(path string, d *directory) {
	w.unwatch(path, d)
	if d.busy {
		w.busy--
	}
	delete(w.directories, path)
}

// watch asks the system to watch the directory. When it will not, the paths in
// it are polled as all are. w.mu is held.
func (w *Watcher) watch(path string, d *directory) {
	if w.system == nil || d.watched || d.busy || w.watched >= w.options.Directories {
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if err := w.system.Add(path); err != nil {
		w.refused = err
		return
	}
	d.info, d.watched = info, true
	w.watched++
}

// unwatch takes the directory back. The error tells nothing: the directory may
// be gone, and the system knows. w.mu is held.
func (w *Watcher) unwatch(path string, d *directory) {
	if d.watched {
		_ = w.system.Remove(path)
		d.watched = false
		w.watched--
	}
}
