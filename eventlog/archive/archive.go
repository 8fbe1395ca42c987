// Package archive keeps copies of logs whose writers delete them. Sources are only
// read. A copy is packed, named by the sum of what it was made of, and put in place
// when it is whole, so that a crash leaves what was there before; the same content
// is there once, however many paths lead to it. It knows nothing of what logs say.
//
// An archive is a folder:
//
//	index.jsonl       what is kept, of which path, one line a copy
//	objects/SUM.zst   a copy: frames of Zstandard, and a note about it that unpackers skip
//	lock              held by whoever writes
//
// The index can be made again from the notes.
package archive

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Copy is what is kept of a log.
type Copy struct {
	ID     string `json:"id"` // the SHA-256 of the bytes of the source that it was made of
	Path   string `json:"path"`
	Raw    string `json:"raw_path,omitempty"` // the path as Go quotes it, where it is no UTF-8
	Format string `json:"format"`
	Size   int64  `json:"size"`   // so many bytes of the source
	Length int64  `json:"length"` // and of what is packed: masking changes it
	Packed int64  `json:"packed"` // and of the frames
	Frames int    `json:"frames"`

	Lines    bool `json:"lines,omitempty"`    // the log grows at its end
	Beside   bool `json:"beside,omitempty"`   // a small file that describes logs beside it
	Dying    bool `json:"dying,omitempty"`    // its writer deletes it
	Exact    bool `json:"exact,omitempty"`    // nothing of it is masked
	Partial  bool `json:"partial,omitempty"`  // there is more, which was just being written
	Torn     bool `json:"torn,omitempty"`     // its last line has no end
	Replaced bool `json:"replaced,omitempty"` // something else took its place at its path

	Heads    [len(headSizes)]string `json:"heads"` // sums of how the source begins
	Seen     int64                  `json:"seen"`  // the size of the source when it was looked at
	Modified int64                  `json:"modified"`
	Device   uint64                 `json:"device"`
	Inode    uint64                 `json:"inode"`
	Kept     time.Time              `json:"kept_at"`
}

// Folder is an archive. It need not be there. It is safe for concurrent use.
type Folder struct {
	dir string

	mu    sync.Mutex
	state state
	seen  os.FileInfo // the index as it was read
}

// state is what an index says.
type state struct {
	head   head
	copies []Copy
	latest map[string]int // by path: the copy that counts
	origin map[string]int // by the name of the object
}

// Open returns the archive in a folder.
func Open(dir string) *Folder { return &Folder{dir: dir} }

// Dir returns the folder.
func (f *Folder) Dir() string { return f.dir }

func (f *Folder) index() string   { return filepath.Join(f.dir, "index.jsonl") }
func (f *Folder) objects() string { return filepath.Join(f.dir, "objects") }

// ending is how the names of objects end.
const ending = ".zst"

// Object returns the packed file of a copy.
func (f *Folder) Object(id string) string { return filepath.Join(f.objects(), id+ending) }

// Info is what is known of an archive as a whole.
type Info struct {
	Dir    string    `json:"path"`
	There  bool      `json:"there"`
	Exact  bool      `json:"exact"`
	Copies int       `json:"copies"`
	Size   int64     `json:"size"`   // of what was copied
	Packed int64     `json:"packed"` // of the files that it is kept in
	Ran    time.Time `json:"last_run"`
}

// Info sums up the archive.
func (f *Folder) Info() (Info, error) {
	s, err := f.look()
	i := Info{Dir: f.dir, There: s.head.Archive != 0, Exact: s.head.Exact, Ran: s.head.Ran}
	counted := map[string]bool{}
	for _, c := range s.copies {
		i.Copies++
		i.Size += c.Size
		if !counted[c.ID] {
			counted[c.ID] = true
			i.Packed += c.Packed
		}
	}
	return i, err
}

// Copies returns everything that is kept, the newest first.
func (f *Folder) Copies() ([]Copy, error) {
	s, err := f.look()
	list := slices.Clone(s.copies)
	slices.SortStableFunc(list, func(a, b Copy) int {
		return cmp.Or(-cmp.Compare(a.Modified, b.Modified), strings.Compare(a.Path, b.Path), -a.Kept.Compare(b.Kept))
	})
	return list, err
}

// Of returns the copy of what is, or was, at an absolute path.
func (f *Folder) Of(path string) (Copy, bool) {
	s, _ := f.look()
	i, ok := s.latest[path]
	if !ok {
		return Copy{}, false
	}
	return s.copies[i], true
}

// Origin returns the copy whose packed file is at a path.
func (f *Folder) Origin(object string) (Copy, bool) {
	id, ok := strings.CutSuffix(filepath.Base(object), ending)
	if !ok || filepath.Dir(object) != f.objects() {
		return Copy{}, false
	}
	s, _ := f.look()
	i, ok := s.origin[id]
	if !ok {
		return Copy{}, false
	}
	return s.copies[i], true
}

// Gone returns the copies that stand for their sources: nothing is at their path any
// more, or no more than a beginning of what was copied. Of several with the same
// content there is one. there are the sizes of files that are known to be there.
func (f *Folder) Gone(there map[string]int64) []Copy {
	s, _ := f.look()
	var list []Copy
	taken := map[string]bool{}
	for path, i := range s.latest {
		c := s.copies[i]
		if size, ok := there[path]; ok && size >= c.Size {
			continue
		}
		if !c.Beside && f.stands(path, &c) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Copy) int {
		return cmp.Or(-cmp.Compare(a.Modified, b.Modified), strings.Compare(a.Path, b.Path))
	})
	return slices.DeleteFunc(list, func(c Copy) bool {
		again := taken[c.ID]
		taken[c.ID] = true
		return again
	})
}

func (f *Folder) stands(path string, c *Copy) bool {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true
	case err != nil || !info.Mode().IsRegular() || info.Size() >= c.Size:
		return false
	}
	return c.begins(path, info.Size())
}

// Current reports whether there is a copy of a file as it is now.
func (f *Folder) Current(path string) bool {
	path, err := filepath.Abs(path)
	c, ok := f.Of(path)
	if !ok || err != nil || c.Partial {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Size() == c.Seen && info.ModTime().UnixNano() == c.Modified
}

// Holds reports whether something is kept that was at a path, or below it.
func (f *Folder) Holds(path string) bool {
	s, _ := f.look()
	if _, ok := s.latest[path]; ok {
		return true
	}
	folder := strings.TrimSuffix(path, string(filepath.Separator)) + string(filepath.Separator)
	for at := range s.latest {
		if strings.HasPrefix(at, folder) {
			return true
		}
	}
	return false
}

// Source reports whether the source of a copy is still at its path.
func (c *Copy) Source() bool {
	info, err := os.Stat(c.Path)
	return (err == nil || !errors.Is(err, fs.ErrNotExist)) && (err != nil || info.Size() >= c.Size || !c.begins(c.Path, info.Size())) && !c.Replaced
}

// look returns what the index says now.
func (f *Folder) look() (state, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.index())
	if err == nil && f.seen != nil && os.SameFile(info, f.seen) && info.Size() == f.seen.Size() && info.ModTime().Equal(f.seen.ModTime()) {
		return f.state, nil
	}
	if err != nil && f.seen == nil && f.state.latest != nil && !exists(f.objects()) {
		return f.state, nil // there is still none
	}
	s, err := f.load()
	if err == nil {
		f.state, f.seen = s, info
	}
	return s, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
