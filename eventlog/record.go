package eventlog

import "context"

// Record is one record of a log as it was found: a line of a file, a row of a
// table, or a part of a document. Its bytes are valid until the next record is asked for.
type Record struct {
	Table int    // which of the tables that the dialect asked for, or of the lists of a document
	Pos   int64  // the byte offset of a line, the key of a row, the number of a part of a document
	Size  int    // how many bytes the record takes
	Body  []byte // a line without its end, or a part of a document
	Cells []Cell // a row's columns, in the order that was asked for
	// Members are the fields of the body, in their order and each before what lies in
	// it, when somebody has found them ahead. They only save time.
	Members []Member
	// Above are, of a part of a document that is read again by itself, the
	// parts that it stands in, the outermost first.
	Above [][]byte
}

// Member is where one field of an object, or one element of an array, stands in the
// body of a record: where its key begins and how long it is, from where to where its
// value reaches, and how many of the members behind it lie in the value. Members with
// one number, unless that is 0, have the same name and stand in the same place.
type Member struct {
	Key             uint32
	KeyLen, Number  uint16
	From, To, Inner uint32
}

// Cell is one value of a row.
type Cell struct {
	Type CellType
	Int  int64
	Real float64
	Text []byte // also the bytes of a blob
}

// CellType is SQLite's storage class of a cell.
type CellType uint8

// The storage classes.
const (
	Null CellType = iota
	Integer
	Real
	Text
	Blob
)

// Table is what a dialect asks of a database: the columns of one table in the
// order of its integer key. A column that the table lacks gives Null cells.
type Table struct {
	Name    string
	Key     string // "rowid" when empty
	Columns []string
	// Mutable says that rows are changed or deleted after they were written.
	// When the database has changed, all of its rows are read from the start.
	Mutable bool
	// Order is the column, one of Columns, that holds the time of a row as a
	// number. Tables that have one are read together in that order; within a
	// table the order of the keys stays. A table without one comes before all
	// of these or, if it stands behind one of them in the list, after them. A
	// table may be asked for twice.
	Order string
	// Optional says that the database may lack the table, as if it had no rows.
	Optional bool
}

// Writer takes events into a log. WriteEvents returns when the events are as
// durable as the log makes them; an error means that none of them may be
// acknowledged.
type Writer interface {
	WriteEvents(ctx context.Context, events []Event) error
	Close() error
}
