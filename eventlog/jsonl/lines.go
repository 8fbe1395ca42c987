package jsonl

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/lazytrace/lazytrace/eventlog"
)

// The reasons for which a line has no readable body.
var (
	// ErrTooLong is the fault of a line that is longer than the limit. Its
	// body is its beginning only.
	ErrTooLong = errors.New("line is over the limit")
	// ErrTorn is the fault of a line that was never finished: what it stood in
	// was truncated or replaced.
	ErrTorn = errors.New("line was never finished")
)

// ErrUTF16 is returned for a file that says by its first bytes that it is
// UTF-16.
var ErrUTF16 = errors.New("the text is UTF-16; JSON lines are UTF-8")

const (
	firstBlock   = 16 << 10  // what is read first of a file
	defaultBlock = 256 << 10 // what is read at a time once it turns out to be long
	defaultLimit = 64 << 20  // the longest line
	headOfLong   = 256       // how much of a line over the limit is kept
)

// Line is one line of a file. Its body is without its end, and without white
// space and NUL bytes around it; Pos is where the body begins, and Size reaches
// past the line end.
type Line struct {
	eventlog.Record
	Fault        error // ErrTooLong or ErrTorn, or nil
	Generation   int   // of a followed path: which of its files, counted from 1
	Unterminated bool  // the last line: whole, but its end has not come yet
	Again        bool  // the line at Pos was given before, unterminated, and has changed
}

// Lines reads a file line by line, or value by value where that was asked for. Blank lines are passed over, and so are runs
// of NUL bytes between lines, which a writer leaves that goes on at its old
// offset after a truncation. It is for one goroutine; several may each read
// their own part of one file.
type Lines struct {
	src   io.ReaderAt
	to    int64
	block int
	limit int
	cut   *cutter // of values that may take many lines; nil for lines

	buf   []byte
	start int    // where the line under way begins in buf
	scan  int    // up to here it has no end
	end   int    // the end of what was read
	next  int64  // the offset that follows buf[:end]
	full  bool   // the last read filled its room: the next may be larger
	given []byte // the body that was given unterminated

	long  *longLine // the line under way is over the limit
	hole  int64     // where NUL bytes before the line under way begin, or -1
	zeros int64     // up to here NUL bytes were seen where data may yet come

	// check is asked after each read, before its bytes are used. Its error
	// is returned as it is, and the bytes are forgotten. When there is one,
	// mark holds the last bytes of what has been given, up to markEnd.
	check   func() error
	mark    []byte
	markEnd int64
}

// longLine is what is kept of a line over the limit.
type longLine struct {
	pos  int64
	head []byte
}

// LinesOptions tells which lines are read. Zero fields are the defaults.
type LinesOptions struct {
	From  int64 // the offset of the first line; it must be where a line begins
	To    int64 // lines that begin here or later are not given; 0 is all
	Block int   // the most bytes that are read at a time, 256 KiB
	Limit int   // the longest line, 64 MiB
	// Values says that the records are JSON values one after the other, each on
	// as many lines as it likes; see [Lines].
	Values bool
}

// NewLines returns the lines of src.
func NewLines(src io.ReaderAt, o LinesOptions) *Lines {
	l := &Lines{src: src, to: o.To, block: o.Block, limit: o.Limit, next: o.From, hole: -1}
	if l.block <= 0 {
		l.block = defaultBlock
	}
	if l.limit <= 0 {
		l.limit = defaultLimit
	}
	if o.Values {
		l.cut = &cutter{}
	}
	return l
}

// Next returns the next line. Its body is valid until the next call. At the
// end it returns io.EOF; it can be called again when the file has grown.
//
// A last line without an end is given when it is a whole object, marked as
// unterminated; otherwise it is pending. When its end comes and it is still the
// same it is not given again.
func (l *Lines) Next(ctx context.Context) (Line, error) {
	for {
		if l.isOver() {
			return Line{}, io.EOF
		}
		if end, after := l.endOfLine(); end >= 0 {
			line, ok, err := l.take(end, after)
			if ok || err != nil {
				return line, err
			}
			continue
		}
		l.scan = l.end
		switch err := l.fill(ctx); {
		case err == io.EOF:
			return l.last()
		case err != nil:
			return Line{}, err
		}
	}
}

// endOfLine returns where the line under way ends and where the next one may
// begin, or -1 while its end has not been read.
func (l *Lines) endOfLine() (end, after int) {
	if l.cut != nil {
		end = l.cut.end(l.buf[:l.end], l.scan)
		return end, end
	}
	if n := bytes.IndexByte(l.buf[l.scan:l.end], '\n'); n >= 0 {
		return l.scan + n, l.scan + n + 1
	}
	return -1, -1
}

// Offset returns where the line begins that Next looks at next.
func (l *Lines) Offset() int64 {
	if l.long != nil {
		return l.long.pos
	}
	return l.next - int64(l.end-l.start)
}

// isOver reports whether what follows is not ours.
func (l *Lines) isOver() bool { return l.to > 0 && l.Offset() >= l.to }

// Pending returns what is there of a last line that is not whole, and whether
// there is one. The body is valid until Next is called.
func (l *Lines) Pending() (eventlog.Record, bool) {
	if l.isOver() {
		return eventlog.Record{}, false
	}
	if l.long != nil {
		return eventlog.Record{Pos: l.long.pos, Size: int(l.next - l.long.pos), Body: l.long.head}, true
	}
	r := l.record(l.end, l.end)
	return r, len(r.Body) > 0 && !bytes.Equal(r.Body, l.given)
}

// Release gives the buffer back when nothing is pending in it. It is for those
// who keep many files open of which few are written.
func (l *Lines) Release() {
	if l.start == l.end {
		giveBack(l.buf)
		l.buf, l.start, l.scan, l.end, l.full = nil, 0, 0, 0, false
	}
}

// rewind forgets what was read of the line under way.
func (l *Lines) rewind() {
	l.next = l.Offset()
	l.start, l.scan, l.end = 0, 0, 0
	l.long, l.hole, l.zeros = nil, -1, 0
	l.cut.reset()
}

// take ends the line under way at the index end; the next one begins at after.
// It reports false when there is nothing to give.
func (l *Lines) take(end, after int) (Line, bool, error) {
	if l.isUTF16() {
		return Line{}, false, ErrUTF16
	}
	line := Line{Record: l.record(end, after), Again: l.given != nil}
	switch {
	case l.long != nil:
		line.Fault = ErrTooLong
		line.Pos, line.Body = l.long.pos, l.long.head
		line.Size = int(l.next - int64(l.end-after) - l.long.pos)
	case len(line.Body) > l.limit:
		line.Fault = ErrTooLong
		line.Body = headOf(line.Body)
	case l.cut.isTorn():
		line.Fault = ErrTorn
	}
	l.cut.reset()
	same := l.given != nil && bytes.Equal(line.Body, l.given)
	l.start, l.scan = after, after
	l.given, l.long, l.hole, l.zeros = nil, nil, -1, 0
	return line, len(line.Body) > 0 && !same, nil
}

// last looks at what is there of a line whose end has not come.
func (l *Lines) last() (Line, error) {
	l.cutZeros()
	if l.isUTF16() {
		return Line{}, ErrUTF16
	}
	r, unread := l.Pending()
	if !unread || l.long != nil || !isObject(r.Body) {
		return Line{}, io.EOF
	}
	again := l.given != nil
	l.given = bytes.Clone(r.Body)
	return Line{Record: r, Unterminated: true, Again: again}, nil
}

// isObject reports whether the body is one whole object. It looks at the last
// byte first: a long line that comes in many pieces is not walked for each.
func isObject(body []byte) bool {
	return body[len(body)-1] == '}' && Fields(body, func(_, _ []byte) bool { return true }) == nil
}

// record returns the line under way, whose text ends at index end in buf and
// whose line end ends at index after.
func (l *Lines) record(end, after int) eventlog.Record {
	from := l.start
	if l.next == int64(l.end-from) && bytes.HasPrefix(l.buf[from:end], byteOrderMark) {
		from += len(byteOrderMark)
	}
	for from < end && (isBlank(l.buf[from]) || l.cut != nil && isBetween(l.buf[from])) {
		from++
	}
	for end > from && isBlank(l.buf[end-1]) {
		end--
	}
	return eventlog.Record{
		Pos:  l.next - int64(l.end-from),
		Size: max(after, from) - from,
		Body: l.buf[from:end:end],
	}
}

// byteOrderMark is what some Windows programs begin a UTF-8 file with.
var byteOrderMark = []byte("\xef\xbb\xbf")

func isBlank(c byte) bool { return c == 0 || class[c] == classSpace }

// isUTF16 reports whether the line under way is the first of a file that
// begins like UTF-16: with the mark, and one half of the first character zero.
func (l *Lines) isUTF16() bool {
	if l.end-l.start < 4 || l.next != int64(l.end-l.start) {
		return false
	}
	b := l.buf[l.start:l.end]
	return b[0] == 0xff && b[1] == 0xfe && b[3] == 0 || b[0] == 0xfe && b[1] == 0xff && b[2] == 0
}
