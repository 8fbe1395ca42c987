package notes

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// ErrUnknown is returned for the id of a note that is not there.
var ErrUnknown = errors.New("there is no such note")

// Book is the notes of a file, as they were when it was last looked at. Several
// processes may hold books of one file, and several goroutines one book.
type Book struct {
	path   string
	redact func(string) string

	mu       sync.Mutex
	notes    map[string]Note
	sessions map[string][]string // ids of notes, in the order of their first lines
	file     os.FileInfo         // what was read
	read     int64               // up to here: where a line begins
	strange  int
}

// Open reads the notes of a file, which need not be there: it is made with the
// first note. redact masks the secrets in a text before it is stored; nil stores
// what it is given.
func Open(path string, redact func(string) string) (*Book, error) {
	b := &Book{path: path, redact: redact}
	b.clear()
	if _, err := b.Reload(); err != nil {
		return nil, err
	}
	return b, nil
}

// Path is the file of the book.
func (b *Book) Path() string { return b.path }

func (b *Book) clear() {
	b.notes, b.sessions, b.read, b.strange, b.file = map[string]Note{}, map[string][]string{}, 0, 0, nil
}

// Reload reads what has been written since, and reports whether notes have
// changed. It is cheap where nothing was written.
func (b *Book) Reload() (changed bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reload()
}

func (b *Book) reload() (changed bool, err error) {
	info, err := os.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		changed = len(b.notes) > 0
		b.clear()
		return changed, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return false, fmt.Errorf("read notes %s: %w", b.path, reason(err))
	}
	if b.file != nil && os.SameFile(b.file, info) && info.Size() == b.file.Size() && info.ModTime().Equal(b.file.ModTime()) {
		return false, nil
	}
	f, err := os.Open(b.path)
	if err != nil {
		return false, fmt.Errorf("read notes %s: %w", b.path, reason(err))
	}
	defer f.Close()
	return b.take(f, info)
}

// longestLine bounds what is read of a line: a note with every letter escaped.
const longestLine = 1 << 20

// take reads the lines of an opened file that were not read yet.
func (b *Book) take(f *os.File, info os.FileInfo) (changed bool, err error) {
	if b.file != nil && (!os.SameFile(b.file, info) || info.Size() < b.read) {
		b.clear() // somebody put another file in its place
		changed = true
	}
	r := bufio.NewReaderSize(io.NewSectionReader(f, b.read, math.MaxInt64-b.read), 64<<10)
	var text []byte
	for at, long := b.read, false; ; {
		piece, err := r.ReadSlice('\n')
		at += int64(len(piece))
		if long = long || len(text)+len(piece) > longestLine; !long {
			text = append(text, piece...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF: // what is left is being written, or was torn
			b.file = info
			return changed, nil
		case err != nil:
			return changed, fmt.Errorf("read notes %s: %w", b.path, reason(err))
		}
		switch body := bytes.TrimSpace(text); {
		case !long && len(body) == 0:
		case long || !b.put(body):
			b.strange++
		default:
			changed = true
		}
		b.read, text, long = at, text[:0], false
	}
}

// put takes a line, and reports whether it is one of ours.
func (b *Book) put(body []byte) bool {
	n, deleted, ok := parse(body)
	if !ok {
		return false
	}
	old, known := b.notes[n.ID]
	if known && (deleted || old.Session != n.Session) {
		b.sessions[old.Session] = slices.DeleteFunc(b.sessions[old.Session], func(id string) bool { return id == n.ID })
		delete(b.notes, n.ID)
		known = false
	}
	if deleted {
		return true
	}
	b.notes[n.ID] = n
	if !known {
		b.sessions[n.Session] = append(b.sessions[n.Session], n.ID)
	}
	return true
}

// Strange returns how many lines of the file are no notes that are known here.
func (b *Book) Strange() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.strange
}

// All returns all notes, oldest first.
func (b *Book) All() []Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Note, 0, len(b.notes))
	for _, n := range b.notes {
		all = append(all, n)
	}
	slices.SortFunc(all, inTime)
	return all
}

func inTime(a, b Note) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), strings.Compare(a.ID, b.ID))
}

// Of returns the notes on a session and its events, oldest first.
func (b *Book) Of(session string) []Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Note
	for _, id := range b.sessions[session] {
		list = append(list, b.notes[id])
	}
	slices.SortFunc(list, inTime)
	return list
}

// Said returns what people call a session, and the tags that they put on it or on an
// event of it, each once.
func (b *Book) Said(session string) eventlog.Said {
	b.mu.Lock()
	defer b.mu.Unlock()
	var said eventlog.Said
	var named Note
	for _, id := range b.sessions[session] {
		switch n := b.notes[id]; n.Kind {
		case Tag:
			if !slices.Contains(said.Tags, n.Text) {
				said.Tags = append(said.Tags, n.Text)
			}
		case Name:
			if said.Title == "" || inTime(named, n) < 0 {
				said.Title, named = n.Text, n
			}
		}
	}
	return said
}

// Find returns the note whose id begins like this.
func (b *Book) Find(id string) (Note, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, ok := b.notes[id]; ok {
		return n, nil
	}
	var found []Note
	for _, n := range b.notes {
		if id != "" && strings.HasPrefix(n.ID, id) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return Note{}, fmt.Errorf("note %s: %w", id, ErrUnknown)
	case 1:
		return found[0], nil
	}
	return Note{}, fmt.Errorf("note %s: %d notes begin like this: %w", id, len(found), ErrUnknown)
}

// Add stores a note and returns it as it was stored: with its id, and with the
// secrets in it masked. It has to have a time.
func (b *Book) Add(n Note) (Note, error) {
	n.Text = strings.TrimSpace(strings.ToValidUTF8(n.Text, "\uFFFD"))
	if b.redact != nil {
		n.Text = b.redact(n.Text)
	}
	if err := n.check(); err != nil {
		return Note{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.write(func() (line, error) {
		for n.ID == "" || b.has(n.ID) {
			n.ID = newID()
		}
		return lineOf(&n), nil
	})
	return n, err
}

func (b *Book) has(id string) bool {
	_, ok := b.notes[id]
	return ok
}

// Delete takes a note away. Its text stays in the file, which is only appended
// to.
func (b *Book) Delete(id string, at eventlog.Stamp) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(func() (line, error) {
		n, ok := b.notes[id]
		if !ok {
			return line{}, fmt.Errorf("delete note %s: %w", id, ErrUnknown)
		}
		l := lineOf(&Note{ID: id, Time: at, Session: n.Session, Event: n.Event, Kind: n.Kind})
		l.Deleted = true
		return l, nil
	})
}

// newID returns an id that is short enough to be typed.
func newID() string {
	var id [4]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

// write appends a line, which is made once everything that others wrote is known.
// The line is one write at the end of the file, under a lock where the system has
// one, so that neither loses what the other wrote. A line that was torn before is
// ended first, or both would be lost.
func (b *Book) write(entry func() (line, error)) (err error) {
	if err := makeFolder(filepath.Dir(b.path)); err != nil {
		return fmt.Errorf("write notes %s: %w", b.path, reason(err))
	}
	f, err := openFile(b.path)
	if err != nil {
		return fmt.Errorf("write notes %s: %w", b.path, reason(err))
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("write notes %s: %w", b.path, reason(cerr))
		}
	}()
	unlock, err := lock(f)
	if err != nil {
		return fmt.Errorf("lock notes %s: %w", b.path, reason(err))
	}
	defer unlock()
	if _, err := b.reload(); err != nil {
		return err
	}
	l, err := entry()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if torn, err := isTorn(f); err != nil {
		return fmt.Errorf("read notes %s: %w", b.path, reason(err))
	} else if torn {
		text.WriteByte('\n')
	}
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return err
	}
	if _, err := f.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write notes %s: %w", b.path, reason(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write notes %s: %w", b.path, reason(err))
	}
	_, err = b.reload()
	return err
}

// openFile opens the file for appending. It is its owner's only.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isTorn reports whether the file does not end with the end of a line.
func isTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// makeFolder makes a folder, and those that it stands in, its owner's only.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	return os.MkdirAll(path, 0o700)
}

// reason is the part of a file error that its path is not in.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
