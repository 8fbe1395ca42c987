package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// head is the first line of an index.
type head struct {
	Archive int       `json:"lazytrace_archive"`
	Exact   bool      `json:"exact"`
	Ran     time.Time `json:"last_run"`
	Copies  int       `json:"copies"` // so many lines follow: a torn index is known by it
}

const version = 1

// maxIndexLine bounds a line of an index: paths are no longer than a few kilobytes.
const maxIndexLine = 1 << 20

// load reads the index or, where it is lost or damaged, makes it of the notes. Where
// nothing is there it is empty.
func (f *Folder) load() (state, error) {
	s, err := f.read()
	if err == nil {
		return s, nil
	}
	if errors.As(err, new(*newer)) || errors.Is(err, fs.ErrPermission) {
		return state{}, err
	}
	return f.rebuild()
}

// newer says that a later program wrote the index: it is left to it.
type newer struct{ version int }

func (n *newer) Error() string {
	return fmt.Sprintf("the archive is of version %d, and this program knows %d: use a newer lazytrace", n.version, version)
}

func (f *Folder) read() (s state, err error) {
	file, err := os.Open(f.index())
	if err != nil {
		return s, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxIndexLine)
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &s.head) != nil || s.head.Archive == 0 {
		return state{}, errors.New("the index has no beginning")
	}
	if s.head.Archive > version {
		return state{}, &newer{s.head.Archive}
	}
	for lines.Scan() {
		var c Copy
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return state{}, err
		}
		c.plain()
		s.copies = append(s.copies, c)
	}
	if err := lines.Err(); err != nil || len(s.copies) != s.head.Copies {
		return state{}, errors.Join(err, errors.New("the index is torn"))
	}
	s.arrange()
	return s, nil
}

// spelled is a copy as JSON can hold it: a path may be any bytes.
func (c Copy) spelled() Copy {
	if !utf8.ValidString(c.Path) {
		c.Raw, c.Path = strconv.QuoteToASCII(c.Path), strings.ToValidUTF8(c.Path, "\ufffd")
	}
	return c
}

func (c *Copy) plain() {
	if path, err := strconv.Unquote(c.Raw); c.Raw != "" && err == nil {
		c.Path, c.Raw = path, ""
	}
}

// arrange finds the copies by path and by object. Of one path the last line counts
// that nothing has replaced.
func (s *state) arrange() {
	s.latest, s.origin = make(map[string]int, len(s.copies)), make(map[string]int, len(s.copies))
	for i := range s.copies {
		c := &s.copies[i]
		if !c.Replaced {
			s.latest[c.Path] = i
		}
		if at, ok := s.origin[c.ID]; !ok || s.copies[at].Modified < c.Modified {
			s.origin[c.ID] = i
		}
	}
}

// rebuild makes an index of the notes in the objects.
func (f *Folder) rebuild() (s state, err error) {
	files, err := os.ReadDir(f.objects())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	for _, e := range files {
		id, ok := strings.CutSuffix(e.Name(), ending)
		if !ok || !isID(id) {
			continue
		}
		copies, err := readNote(filepath.Join(f.objects(), e.Name()))
		if err != nil {
			continue // verify tells of it
		}
		for _, c := range copies {
			if c.ID != id {
				continue
			}
			c.plain()
			s.copies = append(s.copies, c)
			s.head.Exact = c.Exact
			if c.Kept.After(s.head.Ran) {
				s.head.Ran = c.Kept
			}
		}
	}
	if len(s.copies) > 0 {
		s.head.Archive, s.head.Copies = version, len(s.copies)
	}
	s.newest()
	s.arrange()
	return s, nil
}

// newest marks the copies that others took the place of: a note does not tell what
// came later.
func (s *state) newest() {
	last := map[string]int{}
	for i := range s.copies {
		c := &s.copies[i]
		at, ok := last[c.Path]
		switch {
		case !ok || s.copies[at].Kept.Before(c.Kept):
			if ok {
				s.copies[at].Replaced = true
			}
			last[c.Path], c.Replaced = i, false
		default:
			c.Replaced = true
		}
	}
}

// A note stands behind the frames of an object, in a frame that unpackers skip. It
// ends with its length and a word by which it is known.
const noteEnd = "ltarch1\n"

const maxNote = 16 << 20

func noteOf(copies []Copy) ([]byte, error) {
	var b bytes.Buffer
	for _, c := range copies {
		line, err := json.Marshal(c.spelled())
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	n := b.Len()
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	b.WriteString(noteEnd)
	return pack.Aside(b.Bytes()), nil
}

func readNote(path string) ([]Copy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var end [16]byte
	if _, err := f.ReadAt(end[:], info.Size()-int64(len(end))); err != nil || string(end[8:]) != noteEnd {
		return nil, errors.New("it has no note")
	}
	n := binary.LittleEndian.Uint64(end[:])
	if n > maxNote || int64(n) > info.Size()-int64(len(end)) {
		return nil, errors.New("its note is damaged")
	}
	lines := bufio.NewScanner(io.NewSectionReader(f, info.Size()-int64(len(end))-int64(n), int64(n)))
	lines.Buffer(nil, maxIndexLine)
	var copies []Copy
	for lines.Scan() {
		var c Copy
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, err
		}
		copies = append(copies, c)
	}
	return copies, lines.Err()
}

// isID reports whether a name is that of an object.
func isID(id string) bool {
	return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == ""
}
