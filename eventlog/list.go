package eventlog

// chunk is how many values share one allocation, and the unit of copying when
// a published value changes.
const chunk = 1024

// list is an append-only sequence in chunks. One goroutine appends and edits;
// what view returned stays as it was for ever, because an edit of a published
// chunk copies that chunk first, and readers never look past their own length.
type list[T any] struct {
	chunks [][]T
	shared []bool
	n      int
}

func (l *list[T]) append(v T) int {
	if l.n%chunk == 0 {
		l.chunks = append(l.chunks, make([]T, 0, chunk))
		l.shared = append(l.shared, false)
	}
	last := len(l.chunks) - 1
	l.chunks[last] = append(l.chunks[last], v)
	l.n++
	return l.n - 1
}

func (l *list[T]) at(i int) T { return l.chunks[i/chunk][i%chunk] }

// edit returns a pointer to value i for changing it, good until the next view.
func (l *list[T]) edit(i int) *T {
	c := i / chunk
	if l.shared[c] {
		l.chunks[c] = append(make([]T, 0, chunk), l.chunks[c]...)
		l.shared[c] = false
	}
	return &l.chunks[c][i%chunk]
}

func (l *list[T]) view() View[T] {
	for i := range l.shared {
		l.shared[i] = true
	}
	return View[T]{chunks: append([][]T(nil), l.chunks...), n: l.n}
}

// View is an immutable sequence. The zero View is empty.
type View[T any] struct {
	chunks [][]T
	n      int
}

// Len returns the number of values.
func (v View[T]) Len() int { return v.n }

// At returns value i, which must be below Len.
func (v View[T]) At(i int) T { return v.chunks[i/chunk][i%chunk] }

// Ref returns a pointer to value i, which must be below Len. It is for reading only.
func (v View[T]) Ref(i int) *T { return &v.chunks[i/chunk][i%chunk] }

// All iterates over the values in order.
func (v View[T]) All() func(yield func(int, *T) bool) {
	return func(yield func(int, *T) bool) {
		for c := range v.chunks {
			values := v.chunks[c]
			if rest := v.n - c*chunk; rest < len(values) {
				values = values[:rest]
			}
			for i := range values {
				if !yield(c*chunk+i, &values[i]) {
					return
				}
			}
		}
	}
}
