package jsonl

import (
	"math"

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
		end := key
		for end < len(b) && b[end] != '"' {
			if b[end] == '\\' {
				return members, -1
			}
			end++
		}
		if i = skipSpace(b, min(end+1, len(b))); i == len(b) || b[i] != ':' {
			return members, -1
		}
		i = skipSpace(b, i+1)
		if members, i = s.value(b, i, eventlog.Member{Key: uint32(key), KeyEnd: uint32(end)}, members); i < 0 {
			return members, -1
		}
		more := false
		if i, more = behind(b, i, '}'); !more {
			return members, i
		}
	}
}

// array adds the elements of the array that begins at i.
func (s Shape) array(b []byte, i int, members []eventlog.Member) ([]eventlog.Member, int) {
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return members, i + 1
	}
	for {
		if members, i = s.value(b, i, eventlog.Member{}, members); i < 0 {
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

// value adds the value that begins at i, and what lies in it. What cannot be gone
// into is one value without members, as Fields takes it.
func (s Shape) value(b []byte, i int, p eventlog.Member, members []eventlog.Member) ([]eventlog.Member, int) {
	at := len(members)
	members = append(members, p)
	end := -1
	if i < len(b) && class[b[i]] == classOpen && s != nil {
		if inner, ok := s[string(b[p.Key:p.KeyEnd])]; ok {
			if b[i] == '{' {
				members, end = inner.object(b, i, members)
			} else {
				members, end = inner.array(b, i, members)
			}
		}
	}
	if end < 0 {
		members = members[:at+1]
		end = skipValue(b, i)
	}
	if end < 0 {
		return members, -1
	}
	members[at].From, members[at].To, members[at].Inner = uint32(i), uint32(end), uint32(len(members)-at-1)
	return members, end
}

// Members calls fn as Fields does for an object, or as Elements does for an array,
// without a key.
func Members(value []byte, fn func(key, value []byte) bool) error {
	if len(value) > 0 && value[0] == '[' {
		return Elements(value, func(v []byte) bool { return fn(nil, v) })
	}
	return Fields(value, fn)
}
