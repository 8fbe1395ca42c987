package dialect

import (
	"encoding/binary"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Resumer is a decoder that can go on where another one of the same segment was
// left. What it saves may be stored: it holds names, times and counts, and of bodies
// their prints only.
type Resumer interface {
	// Save appends what must be known to decode the next record. It reports false
	// where that cannot be stored just now.
	Save(b []byte) ([]byte, bool)
	// Resume takes over what Save appended, and reports whether it could. After
	// false the decoder is of no use. It is called before the first record.
	Resume(b []byte) bool
}

// state goes through what a decoder knows and either spells it or takes it over, so
// that there is one list of it for both.
type state struct {
	b    []byte
	load bool
	bad  bool // what is taken over is no state
}

// save appends the state that walk goes through.
func save(b []byte, walk func(x *state)) []byte {
	x := state{b: b}
	walk(&x)
	return x.b
}

// resume takes over the state that walk goes through.
func resume(b []byte, walk func(x *state)) bool {
	x := state{b: b, load: true}
	walk(&x)
	return !x.bad && len(x.b) == 0
}

func (x *state) fail() { x.bad, x.b = true, nil }

// count goes through the number of things that follow. There are no more of them
// than bytes.
func (x *state) count(n int) int {
	if !x.load {
		x.b = binary.AppendUvarint(x.b, uint64(n))
		return n
	}
	v, used := binary.Uvarint(x.b)
	if used <= 0 || v > uint64(len(x.b)-used) {
		x.fail()
		return 0
	}
	x.b = x.b[used:]
	return int(v)
}

func (x *state) text(s *string) {
	n := x.count(len(*s))
	if !x.load {
		x.b = append(x.b, *s...)
		return
	}
	*s = string(x.b[:n])
	x.b = x.b[n:]
}

func (x *state) texts(list ...*string) {
	for _, s := range list {
		x.text(s)
	}
}

func (x *state) identity(id *eventlog.Identity) {
	if !x.load {
		x.b = append(x.b, id[:]...)
		return
	}
	if len(x.b) < len(id) {
		x.fail()
		return
	}
	x.b = x.b[copy(id[:], x.b):]
}

func (x *state) flags(list ...*bool) {
	n := int64(0)
	for i, flag := range list {
		if *flag {
			n |= 1 << i
		}
	}
	walkNumber(x, &n)
	for i, flag := range list {
		*flag = n&(1<<i) != 0
	}
}

func (x *state) stamps(list ...*eventlog.Stamp) {
	for _, t := range list {
		walkNumber(x, t)
	}
}

// walkNumber goes through a number of any type.
func walkNumber[N ~int | ~int64 | ~uint8 | ~uint64](x *state, n *N) {
	if !x.load {
		x.b = binary.AppendVarint(x.b, int64(*n))
		return
	}
	v, used := binary.Varint(x.b)
	if used <= 0 {
		x.fail()
		return
	}
	*n, x.b = N(v), x.b[used:]
}

// walkList goes through a list.
func walkList[T any](x *state, list *[]T, each func(*T)) {
	n := x.count(len(*list))
	if x.load {
		*list = nil
		for range n {
			if x.bad {
				return
			}
			var v T
			each(&v)
			*list = append(*list, v)
		}
		return
	}
	for i := range *list {
		each(&(*list)[i])
	}
}

// walkMap goes through a map. One that is empty may be nil afterwards, or not be nil.
func walkMap[K comparable, V any](x *state, m *map[K]V, key func(*K), value func(*V)) {
	n := x.count(len(*m))
	if !x.load {
		for k, v := range *m {
			key(&k)
			value(&v)
		}
		return
	}
	if *m == nil && n > 0 {
		*m = map[K]V{}
	}
	for range n {
		if x.bad {
			return
		}
		var k K
		var v V
		key(&k)
		value(&v)
		(*m)[k] = v
	}
}

func (x *state) flag(b *bool) { x.flags(b) }

func (x *state) stamp(t *eventlog.Stamp) { walkNumber(x, t) }

// The decoders that are built on one that can be resumed know more than that one.
// Their logs are read anew when they have grown.

// Save has nothing to append.
func (s *claudeStream) Save(b []byte) ([]byte, bool) { return b, false }

// Resume takes over nothing.
func (s *claudeStream) Resume([]byte) bool { return false }

// Save has nothing to append.
func (l *legacy) Save(b []byte) ([]byte, bool) { return b, false }

// Resume takes over nothing.
func (l *legacy) Resume([]byte) bool { return false }
