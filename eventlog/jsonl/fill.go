package jsonl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

// fill reads the next block behind what is there. It returns io.EOF when there
// is no more at present.
func (l *Lines) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.keepMark()
	l.passZeros()
	l.makeRoom()
	room := l.buf[l.end:]
	n, err := l.src.ReadAt(room, l.next)
	if n == 0 {
		if err == nil || err == io.EOF {
			return io.EOF
		}
		return fmt.Errorf("read at %d: %w", l.next, err)
	}
	if l.check != nil {
		if err := l.check(); err != nil {
			return err
		}
	}
	l.full = n == len(room)
	if (l.start == l.end || l.long != nil) && allZero(room[:n]) {
		l.jump(int64(n))
		return nil
	}
	l.end += n
	l.next += int64(n)
	return nil
}

// keepMark notes the end of what has been given, while it is still there.
func (l *Lines) keepMark() {
	if l.check != nil && l.start > 0 {
		l.mark = append(l.mark[:0], l.buf[max(0, l.start-MarkSize):l.start]...)
		l.markEnd = l.Offset()
	}
}

// makeRoom moves the line under way to the front of the buffer and sees to it
// that there is room behind it. The buffer begins small, for most files are;
// it grows while reads fill it, and with a line that is larger.
func (l *Lines) makeRoom() {
	if l.long == nil && l.end-l.start > l.limit {
		l.long = &longLine{pos: l.Offset(), head: bytes.Clone(headOf(l.buf[l.start:l.end]))}
	}
	if l.long != nil {
		l.start = l.end
	}
	size := max(len(l.buf), min(firstBlock, l.block))
	switch used := l.end - l.start; {
	case used == size:
		size = min(2*size, l.limit+l.block)
	case l.full && size < l.block:
		size = l.block
	case used < l.block && size > 4*l.block: // a long line has gone by
		size = 2 * l.block
	}
	if l.start == 0 && size == len(l.buf) {
		return
	}
	old := l.buf
	if size != len(l.buf) {
		l.buf = room(size)
	}
	l.end = copy(l.buf, old[l.start:l.end])
	l.start, l.scan = 0, l.end
	if size != len(old) {
		giveBack(old)
	}
}

// spare are blocks that nobody reads into at present: thousands of files are read
// one after the other, and a fresh block for each would take longer to clear than
// to fill.
var spare, spareFirst sync.Pool

func room(size int) []byte {
	switch size {
	case firstBlock:
		if b, ok := spareFirst.Get().(*[firstBlock]byte); ok {
			return b[:]
		}
	case defaultBlock:
		if b, ok := spare.Get().(*[defaultBlock]byte); ok {
			return b[:]
		}
	}
	return make([]byte, size)
}

// giveBack takes a block of which nobody uses any part.
func giveBack(b []byte) {
	switch len(b) {
	case firstBlock:
		spareFirst.Put((*[firstBlock]byte)(b))
	case defaultBlock:
		spare.Put((*[defaultBlock]byte)(b))
	}
}

// headOf returns what is kept of a line over the limit.
func headOf(line []byte) []byte { return line[:min(len(line), headOfLong)] }
