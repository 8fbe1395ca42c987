package eventlog

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// narrowList is an append-only sequence like list, for plain values of which there
// are as many as events. Those of a full chunk have much in common: their times are
// of one hour, their places of one part of a file, and most of what could be there is
// nowhere. So of each number in them a chunk keeps the smallest, and of each value by
// how much it is more, in as many bits as the largest of the chunk needs.
type narrowList[T any] struct {
	frames []*frame[T] // full chunks
	wide   []int       // frames that were changed since the last view
	tail   []T
	shared bool // a view shows the tail
	n      int

	// tails, of a list of which there are thousands, are what it is filled in and gives
	// back when it is settled: its last frame is then of less than a chunk.
	tails    *sync.Pool
	borrowed bool // the tail is from there
}

// frame is a full chunk, or what there is of the last one. It never changes once a view shows it.
type frame[T any] struct {
	values []T // of a wide one; a narrow one has the others
	least  T   // of each number the smallest
	more   []column
	bits   int // of one value
	data   []byte
}

// column is a number in a value: where it is in the value and in its bits.
type column struct {
	number
	from  uint16
	short bool   // its bits lie within eight bytes, wherever they begin in the first
	mask  uint64 // as many bits as it takes
}

// more returns by how much a number is more than the smallest: its bits, which begin
// at a bit of the data.
func (c *column) more(data []byte, at int) uint64 {
	b, shift := data[at/8:][:slack], at%8
	v := binary.LittleEndian.Uint64(b) >> shift
	if !c.short {
		v |= uint64(b[8]) << 1 << (63 - shift)
	}
	return v & c.mask
}

// number is a plain number in a struct. It is reached by its address, since this is
// done for each of them whenever a value is asked for.
type number struct {
	offset uint16
	size   uint8
	signed bool
	which  Fields // of the numbers of its struct, the bit that stands for it
}

func (n number) of(value unsafe.Pointer) int64 {
	switch p := unsafe.Add(value, n.offset); {
	case n.size == 8:
		return *(*int64)(p)
	case n.size == 4 && n.signed:
		return int64(*(*int32)(p))
	case n.size == 4:
		return int64(*(*uint32)(p))
	case n.size == 2:
		return int64(*(*uint16)(p))
	default:
		return int64(*(*uint8)(p))
	}
}

func (n number) add(value unsafe.Pointer, more uint64) {
	switch p := unsafe.Add(value, n.offset); n.size {
	case 8:
		*(*uint64)(p) += more
	case 4:
		*(*uint32)(p) += uint32(more)
	case 2:
		*(*uint16)(p) += uint16(more)
	default:
		*(*uint8)(p) += uint8(more)
	}
}

var numbers sync.Map // by the type that consists of them

// numbersIn returns the numbers that a T consists of.
func numbersIn[T any]() []number {
	t := reflect.TypeFor[T]()
	if list, ok := numbers.Load(t); ok {
		return list.([]number)
	}
	list := numbersOf(t, 0)
	for i := range list {
		list[i].which = 1 << min(i, 63) // those of a struct that has more go together
	}
	numbers.Store(t, list)
	return list
}

// numbersOf returns the numbers that a value of a type consists of. All of it must be
// numbers: what has a pointer cannot be kept like this.
func numbersOf(t reflect.Type, offset uintptr) (list []number) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			list = append(list, numbersOf(f.Type, offset+f.Offset)...)
		}
	case reflect.Array:
		if t == reflect.TypeFor[Identity]() && offset%8 == 0 {
			return []number{{offset: uint16(offset), size: 8}, {offset: uint16(offset + 8), size: 8}}
		}
		for i := range uintptr(t.Len()) {
			list = append(list, numbersOf(t.Elem(), offset+i*t.Elem().Size())...)
		}
	case reflect.Int64, reflect.Int32:
		list = []number{{offset: uint16(offset), size: uint8(t.Size()), signed: true}}
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		list = []number{{offset: uint16(offset), size: uint8(t.Size())}}
	default:
		panic(fmt.Sprintf("eventlog: a %s cannot be kept narrow", t))
	}
	return list
}

// slack is how many bytes behind the last value may be read with it.
const slack = 9

// narrow makes a narrow frame of values.
func narrow[T any](values []T) *frame[T] {
	f := &frame[T]{least: values[0]}
	var few [32]column // mostly they fit
	more := few[:0]
	for _, n := range numbersIn[T]() {
		least := n.of(unsafe.Pointer(&values[0]))
		most := least
		for i := range values {
			v := n.of(unsafe.Pointer(&values[i]))
			least, most = min(least, v), max(most, v)
		}
		if w := bits.Len64(uint64(most - least)); w > 0 {
			n.add(unsafe.Pointer(&f.least), uint64(least-n.of(unsafe.Pointer(&f.least))))
			more = append(more, column{number: n, from: uint16(f.bits), short: w <= 64-7, mask: 1<<w - 1})
			f.bits += w
		}
	}
	f.more = slices.Clone(more)
	f.data = make([]byte, (len(values)*f.bits+7)/8+slack)
	for _, c := range f.more {
		least := c.of(unsafe.Pointer(&f.least))
		at := int(c.from)
		for i := range values {
			v, b, shift := uint64(c.of(unsafe.Pointer(&values[i]))-least), f.data[at/8:][:slack], at%8
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)|v<<shift)
			b[8] |= byte(v >> 1 >> (63 - shift))
			at += f.bits
		}
	}
	return f
}

// read makes a value, but for some of its numbers.
func (f *frame[T]) read(i int, v *T, skip Fields) {
	if f.values != nil {
		*v = f.values[i]
		return
	}
	*v = f.least
	first := i * f.bits
	for k := range f.more {
		if c := &f.more[k]; c.which&skip == 0 {
			c.add(unsafe.Pointer(v), c.more(f.data, first+int(c.from)))
		}
	}
}

// readSome makes the values from the i-th on, one number of all of them after the other:
// what has to be found out about a number is found out once.
func (f *frame[T]) readSome(i int, values []T, skip Fields) {
	if f.values != nil {
		copy(values, f.values[i:])
		return
	}
	for k := range values {
		values[k] = f.least
	}
	for k := range f.more {
		c := &f.more[k]
		if c.which&skip != 0 {
			continue
		}
		at, field := uint(i*f.bits)+uint(c.from), unsafe.Pointer(&values[0])
		field = unsafe.Add(field, c.offset)
		switch {
		case c.size == 8 && c.short:
			for k := range values {
				*(*uint64)(unsafe.Add(field, uintptr(k)*unsafe.Sizeof(f.least))) += binary.LittleEndian.Uint64(f.data[at/8:]) >> (at % 8) & c.mask
				at += uint(f.bits)
			}
		case c.size == 4:
			for k := range values {
				*(*uint32)(unsafe.Add(field, uintptr(k)*unsafe.Sizeof(f.least))) += uint32(binary.LittleEndian.Uint64(f.data[at/8:]) >> (at % 8) & c.mask)
				at += uint(f.bits)
			}
		default:
			for k := range values {
				c.add(unsafe.Pointer(&values[k]), c.more(f.data, int(at)))
				at += uint(f.bits)
			}
		}
	}
}

// narrowListOf makes a list of values, which it takes over.
func narrowListOf[T any](values []T) narrowList[T] {
	l := narrowList[T]{n: len(values)}
	for ; len(values) >= chunk; values = values[chunk:] {
		l.frames = append(l.frames, narrow(values[:chunk]))
	}
	l.tail = values // to make so little narrow would take longer than it is used for
	return l
}

func (l *narrowList[T]) append(v T) int {
	if l.tail == nil {
		l.begin()
	}
	l.tail = append(l.tail, v)
	l.n++
	if len(l.tail) == chunk {
		l.frames = append(l.frames, narrow(l.tail))
		if l.tail = l.tail[:0]; l.shared {
			l.tail, l.shared, l.borrowed = nil, false, false
		}
	}
	return l.n - 1
}

// begin makes a tail to append to, of the last frame where that is no full chunk.
func (l *narrowList[T]) begin() {
	if last := len(l.frames) - 1; l.n%chunk > 0 {
		l.tail = make([]T, l.n%chunk, min(chunk, 2*(l.n%chunk)))
		for i := range l.tail {
			l.frames[last].read(i, &l.tail[i], 0)
		}
		l.frames = l.frames[:last]
		l.wide = slices.DeleteFunc(l.wide, func(c int) bool { return c == last })
		return
	}
	if l.tails != nil {
		if room, ok := l.tails.Get().(*[chunk]T); ok {
			l.tail, l.borrowed = room[:0], true
			return
		}
	}
	l.tail, l.borrowed = make([]T, 0, chunk), l.tails != nil
}

// settle gives back a tail that was borrowed: for now nothing more comes.
func (l *narrowList[T]) settle() {
	if !l.borrowed {
		return
	}
	if len(l.tail) > 0 {
		l.frames = append(l.frames, narrow(l.tail))
	}
	if !l.shared {
		l.tails.Put((*[chunk]T)(l.tail[:chunk]))
	}
	l.tail, l.shared, l.borrowed = nil, false, false
}

func (l *narrowList[T]) at(i int) T { return l.now().At(i) }

// now is the list as it is, for reading it before it changes.
func (l *narrowList[T]) now() Narrow[T] { return Narrow[T]{frames: l.frames, tail: l.tail, n: l.n} }

// edit returns a pointer to value i for changing it, good until the next view or the
// next value.
func (l *narrowList[T]) edit(i int) *T {
	c := i / chunk
	if c == len(l.frames) {
		if l.shared {
			l.tail, l.shared, l.borrowed = append(make([]T, 0, chunk), l.tail...), false, false
		}
		return &l.tail[i%chunk]
	}
	if l.frames[c].values == nil {
		values := make([]T, min(chunk, l.n-c*chunk))
		for k := range values {
			l.frames[c].read(k, &values[k], 0)
		}
		l.frames[c] = &frame[T]{values: values}
		l.wide = append(l.wide, c)
	}
	return &l.frames[c].values[i%chunk]
}

func (l *narrowList[T]) view() Narrow[T] {
	for _, c := range l.wide {
		l.frames[c] = narrow(l.frames[c].values)
	}
	l.wide, l.shared = l.wide[:0], true
	return Narrow[T]{frames: append([]*frame[T](nil), l.frames...), tail: l.tail, n: l.n}
}

// drop takes out the values for which fn is true.
func (l *narrowList[T]) drop(fn func(*T) bool) {
	all := l.now()
	*l = narrowList[T]{tails: l.tails}
	for _, v := range all.All() {
		if !fn(v) {
			l.append(*v)
		}
	}
}

// NarrowOf is a sequence of values, which must not change any more.
func NarrowOf[T any](values []T) Narrow[T] {
	l := narrowListOf(values)
	return l.now()
}

// Narrow is an immutable sequence that takes little memory: each value is made when it
// is asked for. The zero Narrow is empty.
type Narrow[T any] struct {
	frames []*frame[T]
	tail   []T
	n      int
	skip   Fields // what Only left out
}

// Fields is a set of fields of a struct.
type Fields uint64

// FieldsOf returns the fields of a T that have these names. A name that it has not is a
// mistake in the program: it panics.
func FieldsOf[T any](names ...string) (set Fields) {
	t := reflect.TypeFor[T]()
	for _, name := range names {
		f, ok := t.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("eventlog: %s has no field %s", t, name))
		}
		from := f.Offset
		for i := 1; i < len(f.Index); i++ { // of the struct that it is embedded in
			from += t.FieldByIndex(f.Index[:i]).Offset
		}
		for _, n := range numbersIn[T]() {
			if at := uintptr(n.offset); at >= from && at < from+f.Type.Size() {
				set |= n.which
			}
		}
	}
	return set
}

// Only returns the same values for a reader who looks at some of their fields only: what
// the others hold is not said. Making a number takes its time, and most of what is asked
// of many values asks for few.
func (v Narrow[T]) Only(fields Fields) Narrow[T] {
	v.skip = ^fields
	return v
}

// Len returns the number of values.
func (v Narrow[T]) Len() int { return v.n }

// At returns value i, which must be below Len.
func (v Narrow[T]) At(i int) (value T) {
	v.read(i, &value)
	return value
}

func (v *Narrow[T]) read(i int, value *T) {
	if c := i / chunk; c < len(v.frames) {
		v.frames[c].read(i%chunk, value, v.skip)
	} else {
		*value = v.tail[i%chunk]
	}
}

// together is how many values are made at a time: they stay in the nearest cache.
const together = 64

// some makes values from the i-th on in the room, as many as come in one go.
func (v *Narrow[T]) some(i int, room *[together]T) []T {
	c, at := i/chunk, i%chunk
	values := room[:min(together, v.n-i, chunk-at)]
	if c < len(v.frames) {
		v.frames[c].readSome(at, values, v.skip)
	} else {
		copy(values, v.tail[at:])
	}
	return values
}

// All iterates over the values in order. Each is good until the next.
func (v Narrow[T]) All() func(yield func(int, *T) bool) {
	return func(yield func(int, *T) bool) {
		var room [together]T
		for i := 0; i < v.n; {
			values := v.some(i, &room)
			for k := range values {
				if !yield(i+k, &values[k]) {
					return
				}
			}
			i += len(values)
		}
	}
}

// Window reads values that are asked for mostly in order. It is of one goroutine.
type Window[T any] struct {
	of     Narrow[T]
	from   int
	values []T
	room   [together]T
}

// Window returns a window on the values.
func (v Narrow[T]) Window() *Window[T] { return &Window[T]{of: v} }

// At returns value i, which must be below the number of values. It is good until the next.
func (w *Window[T]) At(i int) *T {
	if i < w.from || i >= w.from+len(w.values) {
		w.from, w.values = i, w.of.some(i, &w.room)
	}
	return &w.values[i-w.from]
}
