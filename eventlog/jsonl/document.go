package jsonl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrTooLarge is the reason for a part that is larger than the limit.
var ErrTooLarge = errors.New("a record is over the limit")

// maxParts bounds how many parts one document is cut into: what is known of
// them is kept in memory.
const maxParts = 1 << 20

var errTooMany = fmt.Errorf("it holds more than %d records: the rest is not read", maxParts)

// Part is one record of a document: a value without the lists in it whose
// elements are records of their own. Only where it lies is kept of it.
type Part struct {
	List     int // 0 for a value at the top; otherwise which list it is an element of, counted from 1
	Number   int // which of all parts with that List it is
	Above    int // the part that its list stands in, or -1
	Pos, End int64
	Holes    []Hole // what the lists in it hold
	Tail     string // what closes it, where the text ends before it does
}

// Hole is a piece of a part that is not its own: what is between the brackets
// of a list, or the braces of an object that is a part by itself.
type Hole struct {
	From, To int64
	Count    int // the elements of the list
}

// text returns what stands in the place of the hole: the number of elements, so
// that whoever reads the part knows whether there are any.
func (h Hole) text() string {
	if h.Count == 0 {
		return ""
	}
	return strconv.Itoa(h.Count)
}

// Size returns how many bytes the part has.
func (p *Part) Size() int64 {
	size := p.End - p.Pos + int64(len(p.Tail))
	for _, h := range p.Holes {
		size += int64(len(h.text())) - (h.To - h.From)
	}
	return size
}

// Read returns the text of the part. Of its lists it has only how many elements
// there are: [12]. One that is larger than the limit, 64 MiB when it is 0, is
// not read.
func (p *Part) Read(src io.ReaderAt, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	size := p.Size()
	if size > limit {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrTooLarge, size)
	}
	text := make([]byte, 0, size)
	pos := p.Pos
	for i := 0; i <= len(p.Holes); i++ {
		to, next := p.End, p.End
		if i < len(p.Holes) {
			to, next = p.Holes[i].From, p.Holes[i].To
		}
		n := len(text)
		text = text[:n+int(to-pos)]
		if whole, err := readBlock(src, text[n:], pos); err != nil {
			return nil, err
		} else if !whole {
			return nil, io.ErrUnexpectedEOF
		}
		if pos = next; i < len(p.Holes) {
			text = append(text, p.Holes[i].text()...)
		}
	}
	return append(text, p.Tail...), nil
}

// Cutter cuts documents into their parts. A document is one JSON value, or
// several that follow each other; an array at the top stands for its elements.
type Cutter struct {
	// Lists are the lists whose elements are parts: the keys that lead to each,
	// with slashes between them. The elements of samples, and those of events
	// in each of these, are [samples samples/events]. An object in the place of
	// a list is one part.
	Lists []string
	// Parts are what was found, each before those that stand in it.
	Parts []Part

	counts []int
}

// Cut reads a text to its end and adds its parts. Its first byte is at base; as
// is the list that its values are elements of, or nothing. The text is never in
// memory as a whole.
//
// Where the text ends too early the error is io.ErrUnexpectedEOF, and where it
// is no JSON it wraps ErrSyntax. All parts that were whole until then are
// there, and those that were not, as far as they went.
func (c *Cutter) Cut(ctx context.Context, src io.Reader, base int64, as string) error {
	if c.counts == nil {
		c.counts = make([]int, len(c.Lists)+1)
	}
	s := cutting{Cutter: c, ctx: ctx, src: src, base: base, buf: make([]byte, cutBlock)}
	above := -1
	if i := strings.LastIndexByte(as, '/'); i >= 0 {
		above = c.last(c.list(as[:i]))
	} else if as != "" {
		above = c.last(0)
	}
	if s.fill() && bytes.HasPrefix(s.buf[:s.n], byteOrderMark) {
		s.i = len(byteOrderMark)
	}
	for {
		b, err := s.token()
		for err == nil && b == 0 { // between values there may be NUL bytes
			s.i++
			b, err = s.token()
		}
		switch {
		case err == io.ErrUnexpectedEOF:
			return s.failed
		case err != nil:
			return err
		case b == '[':
			err = s.array(as, above)
		default:
			err = s.record(as, above)
		}
		if err != nil {
			return err
		}
	}
}

// last returns the last part of a list, or -1.
func (c *Cutter) last(list int) int {
	for i := len(c.Parts) - 1; i >= 0; i-- {
		if c.Parts[i].List == list {
			return i
		}
	}
	return -1
}

// list returns the number of the list at a path, 0 for none.
func (c *Cutter) list(path string) int {
	for i, l := range c.Lists {
		if l == path {
			return i + 1
		}
	}
	return 0
}

// divided reports whether the values at a path have lists that are cut out.
func (c *Cutter) divided(path string) bool {
	for _, l := range c.Lists {
		parent := ""
		if i := strings.LastIndexByte(l, '/'); i >= 0 {
			parent = l[:i]
		}
		if parent == path {
			return true
		}
	}
	return false
}

const cutBlock = 128 << 10

// cutting is one text being cut. It goes through a window and keeps nothing.
type cutting struct {
	*Cutter
	ctx    context.Context
	src    io.Reader
	buf    []byte
	i, n   int
	base   int64 // the offset of buf[0]
	failed error // why no more can be read, nil at the end
	key    []byte
}

func (s *cutting) pos() int64 { return s.base + int64(s.i) }

// fill reads the next window. It reports false when there is none.
func (s *cutting) fill() bool {
	if s.failed == nil {
		s.failed = s.ctx.Err()
	}
	if s.failed == nil {
		n, err := io.ReadFull(s.src, s.buf)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			s.failed = err
		}
		if n == 0 {
			return false
		}
		s.base += int64(s.n)
		s.i -= s.n // an escape may reach into this window
		s.n = n
		return true
	}
	return false
}

// end is the error of a text that ends too early.
func (s *cutting) end() error {
	if s.failed != nil {
		return s.failed
	}
	return io.ErrUnexpectedEOF
}

func (s *cutting) refuse(problem string) error {
	return refuse(int(s.pos()), problem)
}

// token skips white space and returns the byte behind it, which stays.
func (s *cutting) token() (byte, error) {
	for {
		for s.i < s.n {
			if b := s.buf[s.i]; class[b] != classSpace {
				return b, nil
			}
			s.i++
		}
		if !s.fill() {
			if s.failed != nil {
				return 0, s.failed
			}
			return 0, io.ErrUnexpectedEOF
		}
	}
}

func (s *cutting) array(path string, above int) error {
	s.i++
	b, err := s.token()
	if err == nil && b == ']' {
		s.i++
		return nil
	}
	for err == nil {
		if err = s.record(path, above); err != nil {
			break
		}
		if b, err = s.token(); err != nil {
			break
		}
		s.i++
		if b == ']' {
			return nil
		}
		if b != ',' {
			s.i--
			return s.refuse("no comma after a value")
		}
		_, err = s.token()
	}
	return err
}

// record takes the value that begins here as a part.
func (s *cutting) record(path string, above int) error {
	n, list := len(s.Parts), s.list(path)
	if n >= maxParts {
		return errTooMany
	}
	s.Parts = append(s.Parts, Part{List: list, Number: s.counts[list], Above: above, Pos: s.pos()})
	s.counts[list]++
	if s.buf[s.i] == '{' && s.divided(path) {
		return s.object(path, n)
	}
	if err := s.value(); err != nil {
		s.Parts = s.Parts[:n]
		s.counts[list]--
		return err
	}
	s.Parts[n].End = s.pos()
	return nil
}

// object goes through the members of a part. When the text ends before it, what
// was whole until then is kept.
func (s *cutting) object(path string, n int) error {
	s.i++
	whole := s.pos()
	err := s.members(path, n, &whole)
	if err == nil {
		s.Parts[n].End = s.pos()
	} else if p := &s.Parts[n]; p.End == 0 {
		p.End, p.Tail = whole, "}"
	}
	return err
}

func (s *cutting) members(path string, n int, whole *int64) error {
	b, err := s.token()
	if err == nil && b == '}' {
		s.i++
		return nil
	}
	for err == nil {
		if b != '"' {
			return s.refuse("no key")
		}
		if err = s.name(); err != nil {
			return err
		}
		if b, err = s.token(); err != nil {
			return err
		}
		if b != ':' {
			return s.refuse("no colon after a key")
		}
		s.i++
		if b, err = s.token(); err != nil {
			return err
		}
		sub := string(s.key)
		if path != "" {
			sub = path + "/" + sub
		}
		if list := s.list(sub); list > 0 && class[b] == classOpen {
			hole := Hole{From: s.pos() + 1}
			before := s.counts[list]
			if b == '[' {
				err = s.array(sub, n)
				hole.Count = s.counts[list] - before
			} else {
				err = s.record(sub, n)
			}
			if hole.To = s.pos() - 1; err != nil {
				hole.To = hole.From
				s.Parts[n].End, s.Parts[n].Tail = hole.From, string(closing(b))+"}"
			}
			s.Parts[n].Holes = append(s.Parts[n].Holes, hole)
			if err != nil {
				return err
			}
		} else if err = s.value(); err != nil {
			return err
		}
		*whole = s.pos()
		if b, err = s.token(); err != nil {
			return err
		}
		s.i++
		if b == '}' {
			return nil
		}
		if b != ',' {
			s.i--
			return s.refuse("no comma after a value")
		}
		b, err = s.token()
	}
	return err
}

// name reads a key, of which only the beginning is kept.
func (s *cutting) name() error {
	const most = 128
	s.key = s.key[:0]
	s.i++
	escaped := false
	for {
		for s.i < s.n {
			b := s.buf[s.i]
			s.i++
			switch {
			case escaped:
				escaped = false
			case b == '"':
				if bytes.IndexByte(s.key, '\\') >= 0 {
					s.key = appendUnescaped(nil, s.key)
				}
				return nil
			case b == '\\':
				escaped = true
			}
			if len(s.key) < most {
				s.key = append(s.key, b)
			}
		}
		if !s.fill() {
			return s.end()
		}
	}
}

// value skips the value that begins here.
func (s *cutting) value() error {
	switch class[s.buf[s.i]] {
	case classQuote:
		return s.text()
	case classOpen:
		return s.nested()
	case classPlain:
		return s.plain()
	}
	return s.refuse("no value")
}

// plain skips a number or a literal.
func (s *cutting) plain() error {
	const most = 4 << 10
	var word []byte
	for {
		end := skipPlain(s.buf[:s.n], s.i)
		word = append(word, s.buf[s.i:end]...)
		s.i = end
		if len(word) > most {
			return s.refuse("no value")
		}
		if s.i < s.n {
			break
		}
		if !s.fill() {
			if s.failed != nil {
				return s.failed
			}
			break
		}
	}
	if !isScalar(word) {
		if s.i == s.n && bytes.IndexByte([]byte("-0123456789tfnNI"), word[0]) >= 0 {
			return s.end()
		}
		return s.refuse("no value")
	}
	return nil
}

// text skips a string. Each byte is looked at twice at most, however many
// escapes there are.
func (s *cutting) text() error {
	s.i++
	for {
		for s.i < s.n {
			quote := bytes.IndexByte(s.buf[s.i:s.n], '"') + s.i
			stop := quote
			if quote < s.i {
				stop = s.n
			}
			for s.i < stop {
				slash := bytes.IndexByte(s.buf[s.i:stop], '\\')
				if slash < 0 {
					s.i = stop
					break
				}
				s.i += slash + 2
			}
			if quote == s.i && s.i < s.n {
				s.i++
				return nil
			}
		}
		if !s.fill() {
			return s.end()
		}
	}
}

// nested skips an object or array. It checks that brackets balance, as
// skipNested does.
func (s *cutting) nested() error {
	last := closing(s.buf[s.i])
	depth := 0
	for {
		for s.i < s.n {
			switch b := s.buf[s.i]; class[b] {
			case classQuote:
				if err := s.text(); err != nil {
					return err
				}
				continue
			case classOpen:
				depth++
			case classClose:
				if depth--; depth == 0 {
					if b != last {
						return s.refuse("a bracket that does not close its own")
					}
					s.i++
					return nil
				}
			}
			s.i++
		}
		if !s.fill() {
			return s.end()
		}
	}
}
