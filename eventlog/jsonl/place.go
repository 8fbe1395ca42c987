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

// Unterminated reports whether the last line was given though its end has not come:
// who opens the file once more at the offset is given it once more.
func (f *Follower) Unterminated() bool {
	s := f.current()
	return s != nil && s.lines.given != nil
}

// Holds reports whether the file at the path still holds the text that was read.
func (p Place) Holds(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	now, err := placeIn(f, p.Offset)
	return err == nil && now == p
}

func placeIn(f *os.File, offset int64) (Place, error) {
	p := Place{Offset: offset}
	var room [markSize]byte
	b := room[:min(markSize, offset)]
	for _, part := range []struct {
		from int64
		sum  *[16]byte
	}{{0, &p.Head}, {offset - int64(len(b)), &p.Tail}} {
		whole, err := readBlock(f, b, part.from)
		if err != nil {
			return p, err
		}
		if !whole {
			return p, errRewritten
		}
		sum := sha256.Sum256(b)
		*part.sum = [16]byte(sum[:16])
	}
	return p, nil
}
