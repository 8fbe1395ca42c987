package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say how an archive is written.
type Options struct {
	// Exact keeps every byte as it is. Otherwise Whole masks a line, or a document,
	// and Stream what is too large to be looked at as one.
	Exact  bool
	Whole  func([]byte) []byte
	Stream func() Masker
	Now    func() time.Time // time.Now when nil
	// Wait is how long to wait for another process that writes; ten seconds when zero.
	Wait time.Duration
}

// Masker masks a text that comes in pieces.
type Masker interface {
	Write(piece string) string
	Close() string
}

// ErrMode is what is wrong when an archive of exact copies is to hold masked ones, or
// the other way round.
var ErrMode = errors.New("the archive is of the other kind")

// Writer adds to an archive, and takes away. There is one at a time.
type Writer struct {
	f      *Folder
	opt    Options
	unlock func()
	state  state
	dirty  bool
	paths  map[string][]int // of the copies, by path
	files  func(io.Writer) io.Writer
}

// unwritten begins the names of files that are being written.
const unwritten = ".tmp-"

// Begin begins to write, once no other process does.
func (f *Folder) Begin(ctx context.Context, o Options) (*Writer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	if err := os.MkdirAll(f.objects(), 0o700); err != nil {
		return nil, err
	}
	for _, dir := range []string{f.dir, f.objects()} { // somebody else may have made it
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, err
		}
	}
	unlock, err := lockWithin(ctx, filepath.Join(f.dir, "lock"), o.Wait)
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f, opt: o, unlock: unlock, files: func(to io.Writer) io.Writer { return to }}
	if w.state, err = f.load(); err == nil && w.state.head.Archive != 0 && w.state.head.Exact != o.Exact && len(w.state.copies) > 0 {
		err = ErrMode
	}
	if err != nil {
		unlock()
		return nil, err
	}
	w.clean()
	return w, nil
}

// lockWithin waits for a lock.
func lockWithin(ctx context.Context, path string, wait time.Duration) (unlock func(), err error) {
	for until := time.Now().Add(wait); ; {
		unlock, ok, err := lock(path)
		if err != nil {
			return nil, fmt.Errorf("lock the archive: %w", err)
		}
		if ok {
			return unlock, nil
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("another lazytrace has been writing to the archive for %s; try again when it is done", wait)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// clean removes what a crash left, and forgets copies whose objects are gone or torn,
// so that they are made again.
func (w *Writer) clean() {
	files, _ := os.ReadDir(w.f.objects())
	sizes := map[string]int64{}
	for _, e := range files {
		if strings.HasPrefix(e.Name(), unwritten) {
			_ = os.Remove(filepath.Join(w.f.objects(), e.Name()))
		} else if info, err := e.Info(); err == nil {
			sizes[e.Name()] = info.Size()
		}
	}
	n := len(w.state.copies)
	w.state.copies = slices.DeleteFunc(w.state.copies, func(c Copy) bool {
		size, there := sizes[c.ID+ending]
		return !there || size < c.Packed
	})
	w.dirty = n != len(w.state.copies)
	w.byPath()
}

func (w *Writer) byPath() {
	w.paths = make(map[string][]int, len(w.state.copies))
	for i, c := range w.state.copies {
		w.paths[c.Path] = append(w.paths[c.Path], i)
	}
}

// latest returns the copy that counts at a path.
func (w *Writer) latest(path string) *Copy {
	for _, i := range w.paths[path] {
		if c := &w.state.copies[i]; !c.Replaced {
			return c
		}
	}
	return nil
}

// of returns a copy with some content.
func (w *Writer) of(id string) []Copy {
	var list []Copy
	for _, c := range w.state.copies {
		if c.ID == id {
			list = append(list, c)
		}
	}
	return list
}

// put notes a copy in the place of the one before, which is kept as well if it is
// replaced and not continued.
func (w *Writer) put(c Copy, replaced bool) {
	w.dirty = true
	old := w.latest(c.Path)
	switch {
	case old != nil && replaced:
		old.Replaced = true
	case old != nil:
		*old = c
		return
	}
	w.state.copies = append(w.state.copies, c)
	w.paths[c.Path] = append(w.paths[c.Path], len(w.state.copies)-1)
}

// Commit makes what was done last: first the index, then what nobody needs any more
// is removed.
func (w *Writer) Commit() error {
	w.state.head = head{Archive: version, Exact: w.opt.Exact, Ran: w.opt.Now().UTC(), Copies: len(w.state.copies)}
	err := w.f.replace(w.f.index(), w.files, func(to io.Writer) error {
		enc := json.NewEncoder(to)
		if err := enc.Encode(w.state.head); err != nil {
			return err
		}
		for _, c := range w.state.copies {
			if err := enc.Encode(c.spelled()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the index of the archive: %w", err)
	}
	w.dirty = false
	needed := map[string]bool{}
	for _, c := range w.state.copies {
		needed[c.ID+ending] = true
	}
	files, _ := os.ReadDir(w.f.objects())
	for _, e := range files {
		if id, ok := strings.CutSuffix(e.Name(), ending); ok && isID(id) && !needed[e.Name()] {
			_ = os.Remove(filepath.Join(w.f.objects(), e.Name()))
		}
	}
	return nil
}

// Close commits what was not, and lets others write.
func (w *Writer) Close() error {
	defer w.unlock()
	if w.dirty {
		return w.Commit()
	}
	return nil
}

// replace writes a file that takes its place when it is whole and on the disk.
func (f *Folder) replace(path string, wrap func(io.Writer) io.Writer, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(f.objects(), unwritten)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(wrap(tmp), 256<<10)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name last. Some systems cannot.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}
