package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/archive"
)

// A log that its agent has deleted may have a copy in the archive, which stands for
// it: under its own path for whoever decodes it, under that of the copy for whoever
// opens it. As long as the log itself is there, its copy is not looked at.

// copies returns the copies that stand for logs that the paths would lead to. files
// are those that are there.
func (o *Options) copies(paths []string, files []found) []archive.Copy {
	if o.Archive == nil {
		return nil
	}
	there := make(map[string]int64, len(files))
	for _, f := range files {
		there[absolute(f.path)] = f.info.Size()
	}
	var list []archive.Copy
	for _, c := range o.Archive.Gone(there) {
		if (o.Usual || below(paths, c.Path)) && !moved(&c, files) {
			list = append(list, c)
		}
	}
	return list
}

// archived reports whether a path is not there any more, and was archived.
func (o *Options) archived(path string, err error) bool {
	return o.Archive != nil && errors.Is(err, os.ErrNotExist) && o.Archive.Holds(absolute(path))
}

// withCopies adds the copies to the files that were found, and takes away of the files
// those that are no more than a beginning of their copy, and the archive itself. A
// copy waits until what was known of its log is forgotten. s.mu is held.
func (s *Set) withCopies(files []found) []found {
	clear(s.shadowed)
	if s.opt.Archive == nil {
		return files
	}
	dir := s.opt.Archive.Dir() + string(filepath.Separator)
	kept := files[:0]
	for _, f := range files {
		if f.named || !strings.HasPrefix(absolute(f.path), dir) {
			kept = append(kept, f)
		}
	}
	files = kept
	list := s.opt.copies(s.paths, files)
	if len(list) == 0 {
		return files
	}
	at := make(map[string]int, len(files))
	for i, f := range files {
		at[absolute(f.path)] = i
	}
	known := make(map[string]bool, len(s.known))
	for path := range s.known {
		known[absolute(path)] = true
	}
	hidden := map[int]bool{}
	var add []found
	for _, c := range list {
		i, shorter := at[c.Path]
		if !shorter && known[c.Path] {
			continue
		}
		f, ok := s.opt.foundCopy(&c)
		if !ok {
			continue
		}
		if shorter {
			hidden[i], s.shadowed[files[i].path] = true, true
		}
		add = append(add, f)
	}
	kept = files[:0]
	for i, f := range files {
		if !hidden[i] {
			kept = append(kept, f)
		}
	}
	return append(kept, add...)
}

// foundCopy is the packed file of a copy, as it was found.
func (o *Options) foundCopy(c *archive.Copy) (found, bool) {
	path := o.Archive.Object(c.ID)
	info, err := os.Stat(path)
	return found{path: path, info: info, copied: true}, err == nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// below reports whether one of the paths, which may be patterns, leads to a path.
func below(paths []string, path string) bool {
	for _, p := range paths {
		p = absolute(p)
		for dir := path; ; dir = filepath.Dir(dir) {
			if ok, _ := filepath.Match(p, dir); ok || dir == p {
				return true
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return false
}

// moved reports whether the log of a copy lies elsewhere now, or is packed where it
// lay: it is the same file by another path, or one that the copy's name leads to.
func moved(c *archive.Copy, files []found) bool {
	for _, f := range files {
		if f.path == c.Path+".zst" || f.path == c.Path+".gz" {
			return true
		}
		if filepath.Base(f.path) != filepath.Base(c.Path) || f.info.Size() < c.Size {
			continue
		}
		if id := identityOf(f.info); id.inode != 0 && id.inode == c.Inode && id.device == c.Device {
			return true
		}
	}
	return false
}

// origin returns the path of the log that a file is the archived copy of, or nothing.
func (o *Options) origin(path string) string {
	if o.Archive == nil {
		return ""
	}
	c, _ := o.Archive.Origin(absolute(path))
	return c.Path
}

// told is the path that the dialect of a segment is told.
func (s *segment) told() string {
	if s.origin != "" {
		return s.origin
	}
	return s.path
}

// describe reads the small file that describes a segment, or its copy where it is gone.
func (s *segment) describe(o *Options, name string) {
	s.sidecar = name
	if _, err := os.Stat(name); err == nil || s.origin == "" {
		return
	}
	if c, ok := o.Archive.Of(name); ok {
		s.aside, _ = o.Archive.Bytes(&c, maxSidecar)
	}
}

// maxSidecar is how much of a file is read that describes another.
const maxSidecar = 1 << 20

// description is what describes the segment.
func (s *segment) description() []byte {
	if s.aside != nil || s.sidecar == "" {
		return s.aside
	}
	f, err := os.Open(s.sidecar)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxSidecar))
	return text
}

// newSummary returns an empty summary of the segment.
func (s *segment) newSummary(syms *eventlog.Symbols) *eventlog.Summary {
	sum := eventlog.NewSummary(syms, s.path, s.dialect.Name(), s.rank())
	sum.Origin = s.origin
	return sum
}
