package jsonl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// MarkSize is how many bytes at the head of a file, and how many before the
// offset that was reached, tell that it is still the same text.
const MarkSize = 256

var (
	errRewound   = errors.New("the line under way was taken back")
	errRewritten = errors.New("the file holds another text")
)

// source is one open file that a path leads to or once led to. While it is
// open nobody else can get its identity.
type source struct {
	file       *os.File
	info       fs.FileInfo
	lines      *Lines
	options    LinesOptions
	generation int
	head       []byte
	quiet      time.Duration // of an old file: how long nothing came
}

// newSource opens the file at the path. The caller closes it.
func newSource(path string, generation int, o LinesOptions) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &source{file: f, info: info, options: o}
	s.begin(o.From, generation)
	return s, nil
}

// begin reads from the offset on, as the generation.
func (s *source) begin(from int64, generation int) {
	s.options.From = from
	s.lines = NewLines(s.file, s.options)
	s.lines.check = s.verify
	s.generation = generation
	s.head = nil
}

// next returns the next line, and io.EOF when there is none at present.
func (s *source) next(ctx context.Context) (Line, error) {
	line, err := s.lines.Next(ctx)
	line.Generation = s.generation
	return line, err
}

// torn returns the line that was begun and will never be finished.
func (s *source) torn() (Line, bool) {
	r, ok := s.lines.Pending()
	if !ok {
		return Line{}, false
	}
	r.Body = bytes.Clone(r.Body)
	return Line{Record: r, Fault: ErrTorn, Generation: s.generation}, true
}

// verify reports whether the file still holds the text that was read. It
// returns errRewound when all that was given is there but what was read of the
// line under way is not, and errRewritten when the text is another. It looks
// at three places of a few bytes each, so that it can be asked after each read:
// asked before, it would not notice a file that is truncated and outgrows
// itself just then.
func (s *source) verify() error {
	l := s.lines
	for _, m := range []struct {
		text []byte
		end  int64
		err  error
	}{
		{s.head, int64(len(s.head)), errRewritten},
		{l.mark, l.markEnd, errRewritten},
		{lastBytes(l.buf[l.start:l.end]), l.next, errRewound},
	} {
		same, err := holds(s.file, m.text, m.end)
		if err != nil {
			return err
		}
		if !same {
			return m.err
		}
	}
	if want := min(MarkSize, l.Offset()); int64(len(s.head)) < want {
		s.head = make([]byte, want)
		if whole, err := readBlock(s.file, s.head, 0); err != nil {
			return err
		} else if !whole {
			return errRewritten
		}
	}
	return nil
}

// verifySize is verify for when the end of the file was reached.
func (s *source) verifySize(size int64) error {
	if err := s.verify(); err != nil {
		return err
	}
	switch {
	case size < s.lines.Offset():
		return errRewritten
	case size < s.lines.next:
		return errRewound
	}
	return nil
}

func lastBytes(b []byte) []byte { return b[max(0, len(b)-MarkSize):] }

// holds reports whether the text stands in the file before the offset end.
func holds(f *os.File, text []byte, end int64) (bool, error) {
	if len(text) == 0 {
		return true, nil
	}
	var room [MarkSize]byte
	b := room[:len(text)]
	whole, err := readBlock(f, b, end-int64(len(text)))
	return whole && bytes.Equal(b, text), err
}

// samePrefix reports whether both files begin with the same n bytes.
func samePrefix(ctx context.Context, a, b io.ReaderAt, n int64) (bool, error) {
	x, y := make([]byte, defaultBlock), make([]byte, defaultBlock)
	for pos := int64(0); pos < n; pos += int64(len(x)) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		x, y = x[:min(defaultBlock, n-pos)], y[:min(defaultBlock, n-pos)]
		if whole, err := readBlock(a, x, pos); err != nil || !whole {
			return false, err
		}
		if whole, err := readBlock(b, y, pos); err != nil || !whole {
			return false, err
		}
		if !bytes.Equal(x, y) {
			return false, nil
		}
	}
	return true, nil
}

// readBlock fills b from the offset, and reports whether there was enough.
func readBlock(src io.ReaderAt, b []byte, pos int64) (bool, error) {
	n, err := src.ReadAt(b, pos)
	if err == io.EOF {
		err = nil
	}
	return n == len(b), err
}
