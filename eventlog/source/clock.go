package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// clock knows how long agents keep what they have written. The settings of the
// agents are read once, and again when they have changed; whether they have is
// looked at every few seconds.
type clock struct {
	env func(string) string

	mu    sync.Mutex
	files map[string]settingsFile
	told  map[keptKey]eventlog.Keeping
	last  time.Time // when the files were looked at
}

// keptKey names the segments that are kept alike.
type keptKey struct{ dialect, folder, directory string }

// settingsFile is a file of settings as it was last read, or that it is not
// there.
type settingsFile struct {
	body []byte
	err  error
	info os.FileInfo
}

const (
	lookAtSettings = time.Second
	maxSettings    = 1 << 20
)

func newClock(env func(string) string) *clock {
	if env == nil {
		return nil
	}
	return &clock{env: env, files: map[string]settingsFile{}, told: map[keptKey]eventlog.Keeping{}, last: time.Now()}
}

// keeping returns how long a segment is kept.
func (c *clock) keeping(d dialect.Dialect, path, directory string) eventlog.Keeping {
	k, ok := d.(dialect.Keeper)
	if c == nil || !ok {
		return eventlog.Keeping{}
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := keptKey{d.Name(), filepath.Dir(path), directory}
	keeping, known := c.told[key]
	if !known {
		keeping = k.Keeps(dialect.Kept{Path: path, Directory: directory, Env: c.env, Read: c.read})
		c.told[key] = keeping
	}
	return keeping
}

// read reads a file of settings. c.mu is held.
func (c *clock) read(path string) ([]byte, error) {
	f, ok := c.files[path]
	if !ok {
		f.info, f.err = os.Stat(path)
		if f.err == nil && !f.info.Mode().IsRegular() {
			f.err = errors.New("it is no file")
		}
		if f.err == nil {
			f.body, f.err = readSettings(path)
		}
		f.err = reason(f.err)
		c.files[path] = f
	}
	return f.body, f.err
}

func readSettings(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSettings))
}

// changed reports whether settings have changed since they were read, and
// forgets what they said then.
func (c *clock) changed() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.last) < lookAtSettings {
		return false
	}
	c.last = time.Now()
	changed := false
	for path, f := range c.files {
		info, err := os.Stat(path)
		same := err == nil && f.info != nil && os.SameFile(info, f.info) && info.Size() == f.info.Size() && info.ModTime().Equal(f.info.ModTime())
		if !same && (err == nil || f.info != nil) {
			delete(c.files, path)
			changed = true
		}
	}
	if changed {
		clear(c.told)
	}
	return changed
}

// reconsider tells every segment how long it is kept, after settings have
// changed. Those that are being read are told when that is done.
func (s *Set) reconsider() {
	s.mu.Lock()
	list := make([]*tracked, 0, len(s.known))
	for _, t := range s.known {
		if t != nil {
			list = append(list, t)
		}
	}
	s.mu.Unlock()
	for _, t := range list {
		if !t.mu.TryLock() {
			continue
		}
		if t.summary != nil {
			t.summary.Update(func() { s.keep(t) })
		}
		t.mu.Unlock()
	}
	s.sources.Notify()
}

// keep tells the summary of a segment how long it is kept, from within Update.
func (s *Set) keep(t *tracked) {
	t.summary.Keep(s.clock.keeping(t.seg.dialect, t.path, t.summary.Directory()))
}
