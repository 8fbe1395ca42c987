package cmd

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/rollup/check"
)

// numberLines says of places in files of lines in which line they are. Where a record
// is a row, a part of a document or something that is packed, there is no line.
func numberLines(places []check.Place) {
	byPath := map[string][]int{}
	for i, p := range places {
		if p.Pos >= 0 && p.Line == 0 && !strings.HasSuffix(p.Path, ".json") {
			byPath[p.Path] = append(byPath[p.Path], i)
		}
	}
	for path, list := range byPath {
		slices.SortFunc(list, func(a, b int) int { return cmp.Compare(places[a].Pos, places[b].Pos) })
		f, err := os.Open(path)
		if err != nil {
			continue // it is gone meanwhile: the place is told by its byte
		}
		if ofLines(f) {
			in := bufio.NewReaderSize(f, 256<<10)
			at, line := int64(0), int64(1)
			for _, i := range list {
				n, begins := newlines(in, places[i].Pos-at)
				at, line = places[i].Pos, line+n
				if begins || places[i].Pos == 0 {
					places[i].Line = line
				}
			}
		}
		f.Close()
	}
}

// ofLines reports whether a file is neither packed nor a database.
func ofLines(f *os.File) bool {
	head := make([]byte, 16)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false
	}
	return pack.Of(head[:n]) == pack.None && !bytes.HasPrefix(head[:n], []byte("SQLite format 3"))
}

// newlines reads so many bytes, counts the lines that end in them, and reports whether
// the last byte is such an end. Where nothing is read the place is the one before.
func newlines(in *bufio.Reader, size int64) (lines int64, begins bool) {
	begins = size == 0
	buf := make([]byte, 64<<10)
	for size > 0 {
		n, err := in.Read(buf[:min(size, int64(len(buf)))])
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if size -= int64(n); n > 0 {
			begins = buf[n-1] == '\n'
		}
		if err != nil {
			return lines, false
		}
	}
	return lines, begins
}
