package eventlog

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// finder finds things by their identities, which are as good as random already: a
// table of their numbers is all it takes. It grows when there are more than it was made for.
type finder struct {
	slots []found
	mask  uint32
}

// found is a thing in the table. A part of its identity stands beside its number, so that
// of things that only lie near each other none has to be looked at.
type found struct {
	mark   uint32
	number int32 // and one; zero is nothing
}

func newFinder(most int) finder {
	size := 16
	for size < 2*most {
		size *= 2
	}
	return finder{make([]found, size), uint32(size - 1)}
}

// find asks is about each thing that may have the identity, in the order in which they
// came, until it is one. Where none is, the thing with the number next has the identity.
func (f *finder) find(id *Identity, next int, is func(number int32) bool) (int32, bool) {
	mark := markOf(id)
	at := mark & f.mask
	for ; f.slots[at].number != 0; at = (at + 1) & f.mask {
		if s := f.slots[at]; s.mark == mark && is(s.number-1) {
			return s.number - 1, true
		}
	}
	f.slots[at] = found{mark, int32(next) + 1}
	return 0, false
}

func markOf(id *Identity) uint32 { return binary.LittleEndian.Uint32(id[:]) }

// each calls fn for each thing that may have the identity, in the order in which they
// came.
func (f *finder) each(id *Identity, fn func(number int32)) {
	mark := markOf(id)
	for at := mark & f.mask; f.slots[at].number != 0; at = (at + 1) & f.mask {
		if s := f.slots[at]; s.mark == mark {
			fn(s.number - 1)
		}
	}
}

// put adds the thing with a number.
func (f *finder) put(id *Identity, number int) { f.add(found{markOf(id), int32(number) + 1}) }

func (f *finder) add(s found) {
	at := s.mark & f.mask
	for f.slots[at].number != 0 {
		at = (at + 1) & f.mask
	}
	f.slots[at] = s
}

// room sees to it that there is room for so many things.
func (f *finder) room(count int) {
	if 2*count <= len(f.slots) {
		return
	}
	old := slices.DeleteFunc(f.slots, func(s found) bool { return s.number == 0 })
	slices.SortFunc(old, func(a, b found) int { return cmp.Compare(a.number, b.number) }) // they came in this order
	*f = newFinder(2 * count)
	for _, s := range old {
		f.add(s)
	}
}
