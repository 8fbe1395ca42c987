package jsonl

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// NUL bytes between lines are no text, but they may become text: a network
// file system can tell a file's new size before its new bytes, and a writer may
// set room aside. So those that lines have followed are passed over for good,
// and those at the end of the file are looked at again each time.

// passZeros drops the NUL bytes that the line under way begins with.
func (l *Lines) passZeros() {
	if l.long != nil || l.start == l.end || l.buf[l.start] != 0 {
		return
	}
	if l.hole < 0 {
		l.hole = l.Offset()
	}
	for l.start < l.end && l.buf[l.start] == 0 {
		l.start++
	}
}

// jump passes over n NUL bytes that were read and not kept, and over what is
// known to hold nothing else: a file may be a hole of a terabyte.
func (l *Lines) jump(n int64) {
	if l.hole < 0 {
		l.hole = l.next
	}
	l.next += n
	if l.next < l.zeros {
		l.next = l.zeros
		return
	}
	l.next = max(l.next, nextData(l.src, l.next))
}

// cutZeros forgets the NUL bytes at the end of the file, for the next read to
// begin with them.
func (l *Lines) cutZeros() {
	switch {
	case l.long != nil:
	case l.start < l.end:
		text := bytes.TrimRight(l.buf[l.start:l.end], "\x00")
		if cut := l.end - l.start - len(text); cut > 0 {
			l.zeros = l.next
			l.end -= cut
			l.next -= int64(cut)
			l.scan = min(l.scan, l.end)
		}
		l.hole = -1 // text has followed it
	case l.hole >= 0:
		l.zeros = max(l.zeros, l.next)
		l.next, l.hole = l.hole, -1
	}
}

// allZero reports whether b holds NUL bytes only.
func allZero(b []byte) bool { return b[0] == 0 && bytes.Count(b, []byte{0}) == len(b) }

// nextData returns the first offset from pos on at which src may hold anything
// but a hole, as far as the file system can tell.
func nextData(src io.ReaderAt, pos int64) int64 {
	var seekData int
	switch runtime.GOOS {
	case "linux", "freebsd":
		seekData = 3
	case "darwin":
		seekData = 4
	default:
		return pos
	}
	f, ok := src.(*os.File)
	if !ok {
		return pos
	}
	// The size is taken first: bytes that come after it was are not passed over.
	stat, err := f.Stat()
	if err != nil {
		return pos
	}
	// The file's own offset is nobody's: everything is read by ReadAt.
	data, err := f.Seek(pos, seekData)
	if errors.Is(err, syscall.ENXIO) {
		return max(pos, stat.Size())
	}
	if err != nil {
		return pos
	}
	return max(pos, data)
}
