package jsonl

import (
	"crypto/sha256"
	"io/fs"
	"os"
)

// Place is how far a file was read, and what tells later whether it still holds
// the same text up to there: sums of its first bytes and of those before the
// offset. Nothing of the text can be read from it.
type Place struct {
	Offset     int64
	Head, Tail [16]byte
}

// Place returns where the reading of a path can go on another time, once Next has
// returned io.EOF, and the file that it is a place in. It reports false where it
// cannot: more than one file was read, or the last line was given though its end has
// not come.
func (f *Follower) Place() (Place, fs.FileInfo, bool) {
	s := f.current()
	if s == nil || len(f.sources) != 1 || s.generation != 1 || f.generation != 1 || len(f.torn) > 0 || s.lines.given != nil {
		return Place{}, nil, false
	}
	p, err := placeIn(s.file, s.lines.Offset())
	if err != nil || s.verify() != nil {
		return Place{}, nil, false
	}
	info, err := s.file.Stat()
	return p, info, err == nil
}

// Reached returns how far the file at the path was read, and reports whether it still
// holds the text up to there.
func (p Place) Reached(path string) (Reached, bool) {
	f, err := os.Open(path)
	if err != nil {
		return Reached{}, false
	}
	defer f.Close()
	head, tail, err := around(f, p.Offset)
	if err != nil || sumOf(head) != p.Head || sumOf(tail) != p.Tail {
		return Reached{}, false
	}
	return Reached{Offset: p.Offset, Head: head, Mark: tail, MarkEnd: p.Offset}, true
}

func placeIn(f *os.File, offset int64) (Place, error) {
	head, tail, err := around(f, offset)
	return Place{Offset: offset, Head: sumOf(head), Tail: sumOf(tail)}, err
}

func sumOf(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// around returns the first bytes of a file and the last ones before an offset.
func around(f *os.File, offset int64) (head, tail []byte, err error) {
	n := min(MarkSize, offset)
	head, tail = make([]byte, n), make([]byte, n)
	for _, part := range []struct {
		b    []byte
		from int64
	}{{head, 0}, {tail, offset - n}} {
		whole, err := readBlock(f, part.b, part.from)
		if err == nil && !whole {
			err = errRewritten
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return head, tail, nil
}
