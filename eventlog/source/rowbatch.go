package source

import "github.com/lazytrace/lazytrace/eventlog"

// batch is some rows of a lane that were read together, and the room that they take.
// The room is used again: a database of a gigabyte needs that of two batches.
type batch struct {
	rows  []eventlog.Record
	cells []eventlog.Cell
	texts []byte
	after []int64 // where the next rows begin
	err   error   // why there are no more; errEnough when there may be
}

// smallRoom is what a batch begins with; most databases need no more.
const smallRoom = 16 << 10

// clear forgets the rows.
func (b *batch) clear() { b.rows, b.cells, b.texts = b.rows[:0], b.cells[:0], b.texts[:0] }

// add copies a row. Where the room does not suffice there is new room, twice as much,
// and the rows before stay where they are.
func (b *batch) add(r eventlog.Record) {
	n := len(b.cells)
	if cap(b.cells)-n < len(r.Cells) {
		b.cells, n = make([]eventlog.Cell, 0, max(firstRows*len(r.Cells), 2*cap(b.cells))), 0
	}
	b.cells = append(b.cells, r.Cells...)
	r.Cells = b.cells[n:len(b.cells):len(b.cells)]
	for i := range r.Cells {
		r.Cells[i].Text = b.text(r.Cells[i].Text)
	}
	b.rows = append(b.rows, r)
}

// text copies a text. A large one has room of its own, or it would be kept for those that
// are not.
func (b *batch) text(from []byte) []byte {
	if len(from) == 0 {
		return nil
	}
	if len(from) > sizeAhead/8 {
		return append([]byte(nil), from...)
	}
	n := len(b.texts)
	if cap(b.texts)-n < len(from) {
		b.texts, n = make([]byte, 0, max(smallRoom, len(from), min(2*cap(b.texts), sizeAhead))), 0
	}
	b.texts = append(b.texts, from...)
	return b.texts[n:len(b.texts):len(b.texts)]
}
