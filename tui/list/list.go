// Package list is a cursor over n things of which some are seen. It holds no
// things and measures none, so that a million cost as much as ten.
package list

// List is a cursor and a scroll position. The zero List is empty.
type List struct {
	n, height, cursor, top int
}

// margin is how many rows stay in sight beyond the cursor.
const margin = 2

// Len returns the number of things.
func (l *List) Len() int { return l.n }

// Cursor returns the index of the selected thing, or -1 when there is none.
func (l *List) Cursor() int {
	if l.n == 0 {
		return -1
	}
	return l.cursor
}

// Top returns the index of the first visible thing.
func (l *List) Top() int { return l.top }

// Height returns how many things can be seen.
func (l *List) Height() int { return l.height }

// Resize says how many things can be seen.
func (l *List) Resize(height int) {
	l.height = max(0, height)
	l.settle()
}

// SetLen says how many things there are.
func (l *List) SetLen(n int) {
	l.n = max(0, n)
	l.settle()
}

// To selects thing i, or the nearest that there is.
func (l *List) To(i int) {
	l.cursor = i
	l.settle()
}

// Move moves the cursor by d things.
func (l *List) Move(d int) { l.To(l.cursor + d) }

// Scroll moves what is seen by d things, and the cursor only as far as it must
// to stay in sight.
func (l *List) Scroll(d int) {
	last := max(0, l.n-l.height)
	l.top = max(0, min(l.top+d, last))
	if l.top > 0 {
		l.cursor = max(l.cursor, l.top+l.edge())
	}
	if l.top < last {
		l.cursor = min(l.cursor, l.top+l.height-1-l.edge())
	}
	l.settle()
}

// Keep puts thing i on the screen row that the cursor was on, so that the
// screen does not jump when things above come or go.
func (l *List) Keep(i int) {
	row := l.cursor - l.top
	l.cursor = i
	l.top = i - row
	l.settle()
}

// Visible returns the half-open range of things that can be seen.
func (l *List) Visible() (from, to int) {
	return l.top, min(l.n, l.top+l.height)
}

func (l *List) edge() int { return min(margin, max(0, (l.height-1)/2)) }

func (l *List) settle() {
	l.cursor = max(0, min(l.cursor, l.n-1))
	edge := l.edge()
	l.top = min(l.top, l.cursor-edge)
	l.top = max(l.top, l.cursor-l.height+1+edge)
	l.top = max(0, min(l.top, l.n-l.height))
}
