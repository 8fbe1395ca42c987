package jsonl

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Shape says which members of an object an outline goes into: those that it has a
// shape for. The shape of the elements of an array stands under the empty name.
type Shape map[string]Shape

// Outliner finds the members of objects of one shape. The lines of a log are alike: it
// notes which keys follow one another, and knows those by comparing that come again. What
// it finds does not depend on what it has noted. It may be used by several goroutines.
type Outliner struct {
	top   place
	notes notes
}

// NewOutliner returns an outliner that has noted nothing yet.
func NewOutliner(s Shape) *Outliner {
	o := &Outliner{}
	o.top.shape(s)
	return o
}

// place is an object that an outline goes into, or an array.
type place struct {
	inner map[string]*place // by the names of the members
	keys  map[string]*known // by how they are spelled; guarded by the mutex of the notes
	first following         // the keys that it begins with
	stray following         // the keys behind one that is not noted
}

func (p *place) shape(s Shape) {
	p.inner, p.keys = make(map[string]*place, len(s)), map[string]*known{}
	for name, inner := range s {
		p.inner[name] = &place{}
		p.inner[name].shape(inner)
	}
}

// Outline finds the fields of an object without decoding them, and those of the
// members that the shape names. It adds them to the list and reports true, or adds
// nothing and reports false when there are none to rely upon: Fields says why, or,
// for a key that has escapes, has no difficulty with it.
//
// It needs nothing but the text, so that somebody else may do it ahead.
func (o *Outliner) Outline(obj []byte, list []eventlog.Member) ([]eventlog.Member, bool) {
	i := skipSpace(obj, 0)
	if i == len(obj) || obj[i] != '{' || len(obj) > math.MaxInt32 {
		return list, false
	}
	w := walk{notes: &o.notes, members: list}
	i = w.object(obj, i, &o.top)
	if i < 0 || skipSpace(obj, i) < len(obj) {
		return w.members[:len(list)], false
	}
	return w.members, true
}

// walk is one way through an object. Its methods return where what they add ends, or -1.
type walk struct {
	notes   *notes
	members []eventlog.Member
}

// object adds the fields of the object that begins at i.
func (w *walk) object(b []byte, i int, in *place) int {
	if i = skipSpace(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for keys := &in.first; ; {
		key := keys.find(b, i)
		if key == nil {
			key = w.notes.note(b, i, in, keys)
		}
		if key != nil {
			at, from := len(w.members), i+1
			if i = w.value(b, skipSpace(b, i+key.value), key.inner); i < 0 {
				return -1
			}
			m := &w.members[at]
			m.Key, m.KeyLen, m.Number = uint32(from), key.length, key.number
			keys = &key.next
		} else {
			if i = w.stray(b, i, in); i < 0 {
				return -1
			}
			keys = &in.stray
		}
		more := false
		if i, more = behind(b, i, '}'); !more {
			return i
		}
	}
}

// stray adds the member that begins at i, whose key is not known and not noted.
func (w *walk) stray(b []byte, i int, in *place) int {
	end, value := keyAt(b, i)
	if end < 0 {
		return -1
	}
	at, from := len(w.members), i+1
	if i = w.value(b, value, in.inner[string(b[from:end])]); i >= 0 {
		m := &w.members[at]
		m.Key, m.KeyLen = uint32(from), uint16(end-from)
	}
	return i
}

// keyAt returns where the name ends whose quote stands at i, and where its value begins,
// or -1 when there is no plain name.
func keyAt(b []byte, i int) (end, value int) {
	if i >= len(b) || b[i] != '"' {
		return -1, -1
	}
	if end = plainEnd(b, i+1); end < 0 || end-i > math.MaxUint16 {
		return -1, -1
	}
	value = skipSpace(b, end+1)
	if value == len(b) || b[value] != ':' {
		return -1, -1
	}
	return end, skipSpace(b, value+1)
}

// plainEnd returns where the string that begins at i ends, or -1 when it has
// escapes or no end. It looks at eight bytes at a time: keys are short.
func plainEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		if found := zeros(word^quotes) | zeros(word^backslashes); found != 0 {
			if i += bits.TrailingZeros64(found) / 8; b[i] == '"' {
				return i
			}
			return -1
		}
	}
	for ; i < len(b) && b[i] != '\\'; i++ {
		if b[i] == '"' {
			return i
		}
	}
	return -1
}

// A word of eight bytes, each of them the same.
const (
	ones        = 0x0101010101010101
	highs       = 0x80 * ones
	quotes      = '"' * ones
	backslashes = '\\' * ones
)

// zeros marks the bytes of a word that are zero: the lowest mark is right.
func zeros(word uint64) uint64 { return (word - ones) &^ word & highs }

// array adds the elements of the array that begins at i.
func (w *walk) array(b []byte, i int, in *place) int {
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	elements := in.inner[""]
	for {
		if i = w.value(b, i, elements); i < 0 {
			return -1
		}
		more := false
		if i, more = behind(b, i, ']'); !more {
			return i
		}
	}
}

// behind returns where the value after the one that ends at i begins, or where the
// list of them ends, or -1.
func behind(b []byte, i int, end byte) (next int, more bool) {
	if i = skipSpace(b, i); i == len(b) {
		return -1, false
	}
	switch b[i] {
	case ',':
		return skipSpace(b, i+1), true
	case end:
		return i + 1, false
	}
	return -1, false
}

// value adds the value that begins at i, and what lies in it if the outline goes into
// it. What cannot be gone into is one value without members, as Fields takes it.
func (w *walk) value(b []byte, i int, in *place) int {
	at := len(w.members)
	if in != nil && i < len(b) && class[b[i]] == classOpen {
		w.members = append(w.members, eventlog.Member{})
		if end := w.inside(b, i, in); end >= 0 {
			put(&w.members[at], i, end, len(w.members)-at-1)
			return end
		}
		w.members = w.members[:at]
	}
	end := skipValue(b, i)
	if end >= 0 {
		w.members = append(w.members, eventlog.Member{})
		put(&w.members[at], i, end, 0)
	}
	return end
}

// put fills a member in where it lies: one that is put together elsewhere and copied
// keeps the processor waiting for it.
func put(m *eventlog.Member, from, to, inner int) {
	m.From, m.To, m.Inner = uint32(from), uint32(to), uint32(inner)
}

// inside adds the members of the object or array that begins at i.
func (w *walk) inside(b []byte, i int, in *place) int {
	if b[i] == '{' {
		return w.object(b, i, in)
	}
	return w.array(b, i, in)
}

// Members calls fn as Fields does for an object, or as Elements does for an array,
// without a key.
func Members(value []byte, fn func(key, value []byte) bool) error {
	if len(value) > 0 && value[0] == '[' {
		return Elements(value, func(v []byte) bool { return fn(nil, v) })
	}
	return Fields(value, fn)
}
