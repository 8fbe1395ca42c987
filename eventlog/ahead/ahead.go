// Package ahead reads the lines of a large file on several goroutines, for one
// that decodes them.
//
// What a record means depends on those before it, so records are decoded one
// after the other, and a single file would keep a single core busy. But half of
// the work needs nothing but the bytes: having them copied from the page cache,
// finding the ends of lines, and finding the members of each object. That half is
// done here, block by block, out of order, and what comes out is in order again.
// Records come with their members (eventlog.Record.Members); decoders that look
// for them save the other half of their time.
//
// Only what is plain is read so: a block that holds anything that takes thought
// (NUL bytes, a byte order mark, a line over the limit, a text that changes while
// it is read) ends the reading, and jsonl.Follower goes on from there, which knows
// all of that. So nothing depends on this package but the time.
//
// Blocks are read with pread rather than mapped: it is as fast from the page
// cache, faster from a disk, and a log that is truncated meanwhile is an error to
// handle and no signal.
package ahead

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

const (
	// blockSize keeps a block in the cache of a core while it is gone through, and is
	// enough for waking one another to cost nothing.
	blockSize = 512 << 10
	// workers is how many blocks are worked on at a time: the one who decodes is
	// busy as well.
	workers = 2
	// blocks is how many there are: one for each worker, one that is being decoded,
	// and one that is ready.
	blocks = workers + 2
	// far is how many blocks before they are read a disk is told to bring them.
	far = 16
	// longest is the longest line that is read here, and how large a block may stay.
	longest, large = 16 << 20, 2 << 20
)

// spare are blocks that nobody reads into at present: of many files one after the other
// each would otherwise have fresh ones, which take longer to clear than to fill.
var spare = sync.Pool{New: func() any { return &block{} }}

// Worthwhile is from how many bytes on reading ahead gains more than it costs.
const Worthwhile = 4 << 20

// Reader gives the records of a file from its beginning to where it ended when it
// was opened, or to the first thing that is not plain. It is for one goroutine.
type Reader struct {
	file  *os.File
	size  int64
	lines *jsonl.Outliner
	head  []byte

	cancel context.CancelFunc
	wg     sync.WaitGroup
	free   chan *block
	mu     sync.Mutex
	number int64               // of the block that is taken next; guarded by mu
	ready  [blocks]chan *block // by number

	current *block
	taken   int64 // how many blocks were
	line    int   // of the current block
	offset  int64 // where the next record is looked for
	tail    []byte
	over    bool
	record  eventlog.Record
}

// block is a part of the file and the lines that begin in it.
type block struct {
	number  int64
	from    int64 // where buf begins in the file
	buf     []byte
	lines   []line
	members []eventlog.Member // of all lines, one after the other
	end     int64             // where the line behind the last one begins
	last    bool              // nobody may go on behind it here
}

// line is where a line stands in the buffer of its block, and its members in that
// of the block.
type line struct {
	from, to, end      int // its text, and what is behind its line end
	members, membersTo int
}

// Open begins to read a file. The reader owns the file from then on.
func Open(file *os.File, size int64, lines *jsonl.Outliner) (*Reader, error) {
	head := make([]byte, min(size, jsonl.MarkSize))
	if n, err := file.ReadAt(head, 0); n < len(head) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Reader{file: file, size: size, lines: lines, head: head, cancel: cancel, free: make(chan *block, blocks)}
	for i := range r.ready {
		r.ready[i] = make(chan *block, 1)
		r.free <- spare.Get().(*block)
	}
	soon(file, 0, far*blockSize)
	ofAll.open(1)
	for range workers {
		r.wg.Go(func() { r.work(ctx) })
	}
	return r, nil
}

// Next returns the next record, which is valid until the next call. At the end it
// returns io.EOF: Reached says what is left.
func (r *Reader) Next(ctx context.Context) (*eventlog.Record, error) {
	for !r.over {
		if b := r.current; b != nil && r.line < len(b.lines) {
			l := &b.lines[r.line]
			r.line++
			r.offset = b.from + int64(l.end)
			r.record = eventlog.Record{Pos: b.from + int64(l.from), Size: l.end - l.from, Body: b.buf[l.from:l.to:l.to]}
			if l.membersTo > l.members {
				r.record.Members = b.members[l.members:l.membersTo:l.membersTo]
			}
			return &r.record, nil
		}
		if err := r.turn(ctx); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// turn goes on to the next block.
func (r *Reader) turn(ctx context.Context) error {
	if b := r.current; b != nil {
		if b.end > r.offset {
			r.offset = b.end
		}
		r.keepTail()
		r.current, r.over = nil, b.last
		r.free <- b
		if r.over {
			return nil
		}
	}
	if r.taken*blockSize >= r.size {
		r.over = true
		return nil
	}
	select {
	case b := <-r.ready[r.taken%blocks]:
		r.taken++
		r.current, r.line = b, 0
		if !r.follows() {
			b.lines, b.end, b.last = b.lines[:0], r.offset, true
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follows reports whether what was given so far still stands in the file before
// the block.
func (r *Reader) follows() bool {
	room := make([]byte, len(r.tail))
	_, err := r.file.ReadAt(room, r.offset-int64(len(r.tail)))
	return err == nil && bytes.Equal(room, r.tail)
}

// keepTail notes what stands before where the next record is looked for, as long as
// its block is there.
func (r *Reader) keepTail() {
	b := r.current
	if b == nil {
		return
	}
	if n := int(r.offset - b.from); n > 0 && n <= len(b.buf) {
		r.tail = append(r.tail[:0], b.buf[max(0, n-jsonl.MarkSize):n]...)
	}
}

// Reached returns how far the file was read.
func (r *Reader) Reached() jsonl.Reached {
	r.keepTail()
	reached := jsonl.Reached{Offset: r.offset, Mark: bytes.Clone(r.tail), MarkEnd: r.offset}
	reached.Head = r.head[:min(int64(len(r.head)), r.offset)]
	return reached
}

// Progress returns how many bytes were given, and how many there are.
func (r *Reader) Progress() (done, total int64) { return r.offset, r.size }

// Close stops reading and closes the file. Records that were given are no longer valid.
func (r *Reader) Close() error {
	r.cancel()
	r.wg.Wait()
	if r.current != nil {
		r.keepTail()
		spare.Put(r.current)
		r.current, r.over = nil, true
	}
	for _, blocks := range append(r.ready[:], r.free) {
		for len(blocks) > 0 {
			spare.Put(<-blocks)
		}
	}
	ofAll.open(-1)
	return r.file.Close()
}

// work fills one block after the other until there are no more.
func (r *Reader) work(ctx context.Context) {
	for {
		var b *block
		select {
		case b = <-r.free:
		case <-ctx.Done():
			return
		}
		// Only who has room for a block takes a number, so the lowest number is
		// always being worked on.
		r.mu.Lock()
		b.number = r.number
		r.number++
		r.mu.Unlock()
		if b.number*blockSize >= r.size {
			r.free <- b
			return
		}
		soon(r.file, (b.number+far)*blockSize, blockSize)
		ofAll.take()
		b.read(r)
		ofAll.give()
		r.ready[b.number%blocks] <- b // there is room: it is one of so many blocks
	}
}

// read reads a block and finds the lines that begin in it.
func (b *block) read(r *Reader) {
	start := b.number * blockSize
	stop := min(start+blockSize, r.size)
	b.lines, b.members, b.last = b.lines[:0], b.members[:0], false
	// The byte before tells whether the first one begins a line.
	b.from = max(0, start-1)
	b.end = b.from
	if !b.fill(r, int(stop-b.from)) || !b.same(r) {
		b.last = true
		return
	}
	at := 0
	if start > 0 {
		n := bytes.IndexByte(b.buf, '\n')
		if n < 0 {
			b.end = stop // all of it is one line, of a block before
			return
		}
		at = n + 1
	}
	b.end = b.from + int64(at)
	for b.end < stop {
		n := bytes.IndexByte(b.buf[at:], '\n')
		if n < 0 {
			if n = b.rest(r, at); n < 0 {
				b.last = true
				return
			}
		}
		if !b.line(r, at, at+n) {
			b.last = true
			return
		}
		at += n + 1
		b.end = b.from + int64(at)
	}
}

// fill reads n bytes from where the buffer ends.
func (b *block) fill(r *Reader, n int) bool {
	if cap(b.buf) < n || cap(b.buf) > large {
		b.buf = make([]byte, n, blockSize+blockSize/2)
	}
	b.buf = b.buf[:n]
	read, _ := r.file.ReadAt(b.buf, b.from)
	return read == n
}

// rest reads the rest of the line that begins at an index and ends in another
// block, and returns how long it is, or -1 when it does not end, or too late.
func (b *block) rest(r *Reader, at int) int {
	// The next block is read by another worker: little of it is needed here.
	for step := int64(8 << 10); len(b.buf)-at <= longest; step *= 2 {
		have := len(b.buf)
		more := min(step, r.size-b.from-int64(have))
		if more <= 0 {
			return -1
		}
		b.buf = append(b.buf, make([]byte, more)...)
		if read, _ := r.file.ReadAt(b.buf[have:], b.from+int64(have)); int64(read) < more {
			return -1
		}
		if n := bytes.IndexByte(b.buf[have:], '\n'); n >= 0 {
			return have + n - at
		}
	}
	return -1
}

// same reports whether the file begins as it did.
func (b *block) same(r *Reader) bool {
	var room [jsonl.MarkSize]byte
	n, _ := r.file.ReadAt(room[:len(r.head)], 0)
	return bytes.Equal(room[:n], r.head)
}

// line adds the line between two indices, without its end, and reports false when
// it is not plain. Blank lines are passed over.
func (b *block) line(r *Reader, from, end int) bool {
	to := end
	for from < to && isSpace(b.buf[from]) {
		from++
	}
	for from < to && isSpace(b.buf[to-1]) {
		to--
	}
	if from == to {
		return true
	}
	if first := b.buf[from]; first == 0 || first >= 0xef || b.buf[to-1] == 0 {
		return false // a hole, or a byte order mark
	}
	l := line{from: from, to: to, end: end + 1, members: len(b.members)}
	b.members, _ = r.lines.Outline(b.buf[from:to:to], b.members)
	l.membersTo = len(b.members)
	b.lines = append(b.lines, l)
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
