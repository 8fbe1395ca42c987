package pack

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Text is the text of a file, unpacked, to be read in any order. It may be read
// by several goroutines.
type Text struct {
	io.ReaderAt
	Size     int64
	Sections []Section // the members of an archive; of any other file the one that it is
	// Fault is why what was packed is not there to its end, or nil.
	Fault error

	file *os.File
	temp bool
}

// Section is a member of an archive.
type Section struct {
	Name      string
	Pos, Size int64
}

// inMemory is how large a text may be to be kept in memory. Larger ones go into
// a temporary file that nobody else can open: memory is for many logs, and
// going through a packed file for each record is too slow.
const inMemory = 8 << 20

// Unpack returns the text of an open file of a size. Of an archive, choose tells
// which members it is made of. A file that is not packed, and is large, is read
// from as it lies; any other is not needed any more.
func Unpack(ctx context.Context, f *os.File, size int64, choose func(names []string) []string) (*Text, error) {
	var start [8]byte
	n, err := f.ReadAt(start[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	kind := Of(start[:n])
	if kind == None && size > inMemory {
		return &Text{ReaderAt: f, Size: size, Sections: []Section{{Size: size}}}, nil
	}
	out := spool{ctx: ctx, text: &Text{}}
	switch kind {
	case None:
		out.fault(out.add("", io.NewSectionReader(f, 0, size)))
	case Zip:
		err = out.archive(f, size, choose)
	default:
		var r io.ReadCloser
		if r, err = Reader(io.NewSectionReader(f, 0, size), kind, size); err == nil {
			out.fault(out.add("", r))
			_ = r.Close()
		}
	}
	if err = errors.Join(err, out.failed); err != nil {
		_ = out.text.Close()
		return nil, err
	}
	return out.done(), nil
}

// Close gives back what the text took. A file that it is read from stays open.
func (t *Text) Close() error {
	if t.file == nil {
		return nil
	}
	_ = t.file.Close()
	if t.temp {
		_ = os.Remove(t.file.Name()) // where an open file could not be removed
	}
	t.file = nil
	return nil
}

// Members lists what is in an archive.
func Members(f *os.File, size int64) ([]string, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("%w: the zip cannot be read: %w", ErrDamaged, err)
	}
	list := make([]string, len(z.File))
	for i, m := range z.File {
		list[i] = m.Name
	}
	return list, nil
}

// spool collects a text, in memory while it is small.
type spool struct {
	ctx    context.Context
	text   *Text
	small  bytes.Buffer
	failed error // to write
}

// add appends a section.
func (s *spool) add(name string, src io.Reader) error {
	from := s.text.Size
	_, err := io.Copy(s, src)
	if s.text.Size > from || name == "" {
		s.text.Sections = append(s.text.Sections, Section{name, from, s.text.Size - from})
	}
	return err
}

// fault notes why something is missing, unless it is our own trouble.
func (s *spool) fault(err error) {
	if err != nil && s.failed == nil && s.text.Fault == nil {
		s.text.Fault = err
	}
}

func (s *spool) Write(p []byte) (int, error) {
	if s.failed = s.ctx.Err(); s.failed != nil {
		return 0, s.failed
	}
	if s.text.file == nil && s.text.Size+int64(len(p)) > inMemory {
		s.spill()
	}
	n := len(p)
	switch {
	case s.failed != nil:
	case s.text.file == nil:
		s.small.Write(p)
	default:
		if n, s.failed = s.text.file.Write(p); s.failed != nil {
			s.failed = fmt.Errorf("unpack into a temporary file: %w", s.failed)
		}
	}
	s.text.Size += int64(n)
	return n, s.failed
}

// spill goes on in a temporary file. It has no name any more where the system
// allows that, so that nothing is left whatever happens.
func (s *spool) spill() {
	f, err := os.CreateTemp("", "lazytrace-unpacked-*")
	if err != nil {
		s.failed = fmt.Errorf("unpack into a temporary file: %w", err)
		return
	}
	_ = os.Remove(f.Name())
	s.text.file, s.text.temp = f, true
	if _, err := f.Write(s.small.Bytes()); err != nil {
		s.failed = fmt.Errorf("unpack into a temporary file: %w", err)
	}
	s.small = bytes.Buffer{}
}

func (s *spool) done() *Text {
	s.text.ReaderAt = s.text.file
	if s.text.file == nil {
		s.text.ReaderAt = bytes.NewReader(s.small.Bytes())
	}
	return s.text
}

// archive appends the chosen members of an archive. A damaged one is missing;
// those behind it are there.
func (s *spool) archive(f *os.File, size int64, choose func(names []string) []string) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return fmt.Errorf("%w: the zip cannot be read: %w", ErrDamaged, err)
	}
	members := make(map[string]*zip.File, len(z.File))
	names := make([]string, len(z.File))
	for i, m := range z.File {
		names[i] = m.Name
		members[m.Name] = m // of two with one name the later one counts
	}
	left := limit(size)
	for _, name := range choose(names) {
		m := members[name]
		if m == nil {
			continue
		}
		if left <= 0 {
			s.fault(tooMuch(limit(size)))
			return nil
		}
		r, err := m.Open()
		if err == nil {
			before := s.text.Size
			err = s.add(name, io.LimitReader(r, left))
			left -= s.text.Size - before
			_ = r.Close()
		}
		if s.failed != nil {
			return nil
		}
		if err != nil {
			s.fault(fmt.Errorf("%w: %s in the zip cannot be unpacked: %w", ErrDamaged, name, err))
		}
	}
	if left <= 0 {
		s.fault(tooMuch(limit(size)))
	}
	return nil
}
