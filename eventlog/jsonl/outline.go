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

// Outline finds the fields of an object without decoding them, and those of the
// members that the shape names. It adds them to the list and reports true, or adds
// nothing and reports false when there are none to rely upon: Fields says why, or,
// for a key that has escapes, has no difficulty with it.
//
// It needs nothing but the text, so that somebody else may do it ahead.
func (s Shape) Outline(obj []byte, list []eventlog.Member) ([]eventlog.Member, bool) {
	i := skipSpace(obj, 0)
	if i == len(obj) || obj[i] != '{' || len(obj) > math.MaxInt32 {
		return list, false
	}
	added, i := s.object(obj, i, list)
	if i < 0 || skipSpace(obj, i) < len(obj) {
		return added[:len(list)], false
	}
	return added, true
}

// object adds the fields of the object that begins at i, and returns where it
// ends, or -1.
func (s Shape) object(b []byte, i int, members []eventlog.Member) ([]eventlog.Member, int) {
	if i = skipSpace(b, i+1); i < len(b) && b[i] == '}' {
		return members, i + 1
	}
	for {
		if i == len(b) || b[i] != '"' {
			return members, -1
		}
		key := i + 1
		end := plainEnd(b, key)
		if end < 0 {
			return members, -1
		}
		if i = skipSpace(b, end+1); i == len(b) || b[i] != ':' {
			return members, -1
		}
		i = skipSpace(b, i+1)
		if members, i = s.value(b, i, key, end, members); i < 0 {
			return members, -1
		}
		more := false
		if i, more = behind(b, i, '}'); !more {
			return members, i
		}
	}
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
func (s Shape) array(b []byte, i int, members []eventlog.Member) ([]eventlog.Member, int) {
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return members, i + 1
	}
	for {
		if members, i = s.value(b, i, 0, 0, members); i < 0 {
			return members, -1
		}
		more := false
		if i, more = behind(b, i, ']'); !more {
			return members, i
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

// value adds the value that begins at i, whose key stands between two places, and
// what lies in it. What cannot be gone into is one value without members, as Fields
// takes it.
func (s Shape) value(b []byte, i, key, keyEnd int, members []eventlog.Member) ([]eventlog.Member, int) {
	at := len(members)
	if s != nil && i < len(b) && class[b[i]] == classOpen {
		if inner, ok := s[string(b[key:keyEnd])]; ok {
			if more, end := inner.inside(b, i, append(members, eventlog.Member{})); end >= 0 {
				place(&more[at], key, keyEnd, i, end, len(more)-at-1)
				return more, end
			}
		}
	}
	end := skipValue(b, i)
	if end < 0 {
		return members, -1
	}
	members = append(members, eventlog.Member{})
	place(&members[at], key, keyEnd, i, end, 0)
	return members, end
}

// place fills a member in where it lies: one that is put together elsewhere and copied
// keeps the processor waiting for it.
func place(m *eventlog.Member, key, keyEnd, from, to, inner int) {
	m.Key, m.KeyEnd, m.From, m.To, m.Inner = uint32(key), uint32(keyEnd), uint32(from), uint32(to), uint32(inner)
}

// inside adds the members of the object or array that begins at i.
func (s Shape) inside(b []byte, i int, members []eventlog.Member) ([]eventlog.Member, int) {
	if b[i] == '{' {
		return s.object(b, i, members)
	}
	return s.array(b, i, members)
}

// Members calls fn as Fields does for an object, or as Elements does for an array,
// without a key.
func Members(value []byte, fn func(key, value []byte) bool) error {
	if len(value) > 0 && value[0] == '[' {
		return Elements(value, func(v []byte) bool { return fn(nil, v) })
	}
	return Fields(value, fn)
}
