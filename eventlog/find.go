package eventlog

import (
	"encoding/binary"
	"slices"
)

// finder finds things by their identities, which are as good as random already: a
// table of their numbers is all it takes. It grows when there are more than it was made for.
type finder struct {
	slots []int32 // the number of a thing and one, or zero
	mask  uint64
}

func newFinder(most int) finder {
	size := 16
	for size < 2*most {
		size *= 2
	}
	return finder{make([]int32, size), uint64(size - 1)}
}

// find asks is about each thing that may have the identity, in the order in which they
// came, until it is one. Where none is, the thing with the number next has the identity.
func (f *finder) find(id *Identity, next int, is func(number int32) bool) (int32, bool) {
	at := binary.LittleEndian.Uint64(id[:]) & f.mask
	for ; f.slots[at] != 0; at = (at + 1) & f.mask {
		if n := f.slots[at] - 1; is(n) {
			return n, true
		}
	}
	f.slots[at] = int32(next) + 1
	return 0, false
}

// each calls fn for each thing that may have the identity, in the order in which they
// came.
func (f *finder) each(id *Identity, fn func(number int32)) {
	for at := binary.LittleEndian.Uint64(id[:]) & f.mask; f.slots[at] != 0; at = (at + 1) & f.mask {
		fn(f.slots[at] - 1)
	}
}

// put adds the thing with a number.
func (f *finder) put(id *Identity, number int) {
	f.find(id, number, func(int32) bool { return false })
}

// room sees to it that there is room for so many things, of which of gives the
// identities of those that are in the table. Things without one are not.
func (f *finder) room(count int, of func(number int32) Identity) {
	if 2*count <= len(f.slots) {
		return
	}
	old := f.slots
	*f = newFinder(2 * count)
	numbers := make([]int32, 0, count)
	for _, n := range old {
		if n != 0 {
			numbers = append(numbers, n-1)
		}
	}
	slices.Sort(numbers) // they came in this order
	for _, n := range numbers {
		id := of(n)
		f.put(&id, int(n))
	}
}
