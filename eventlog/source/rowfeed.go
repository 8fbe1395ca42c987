package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// rowFeed gives the rows of some tables. They come in lanes: tables whose rows
// have times have a lane each, and the oldest row of all lanes is next. Other
// tables share a lane before or behind these.
type rowFeed struct {
	db      *sqlite.Reader
	lanes   []*lane
	read    int64
	bad     int // rows that could not be read
	mutable bool

	begun   bool  // the first pass has begun
	pass    bool  // a pass is under way; what a mutable database holds is given in passes
	version int64 // of the database before the pass began
	start   time.Time
	end     time.Time
}

// lane is some tables that are read one after the other.
type lane struct {
	first  int // the number of the first table
	tables []eventlog.Table
	after  []int64
	order  int    // the cell that has the time, or -1
	last   bool   // without times, it comes after the lanes that have them
	queue  *batch // rows that were read ahead
	spare  *batch // the one before, whose room is used again
	at     int
	ended  bool // nothing is behind the queue
	failed error
	coming chan *batch // of rows that are being read, or nil
}

// maxBadRows is how many damaged places of a database are read around.
const maxBadRows = 1000

// Rows are read before they are decoded, so that no read of the database is open
// while a summary is being updated: few at first, so that something is to be seen
// soon, and many later, for each time costs as much as hundreds of rows.
const (
	firstRows = 512
	rowsAhead = 4096
	sizeAhead = 4 << 20
)

// restPasses is for how many times the duration of a pass the next one waits,
// so that a large database that changes all the time is not read all the time.
const restPasses = 4

func newRowFeed(db *sqlite.Reader, tables []eventlog.Table) *rowFeed {
	f := &rowFeed{db: db}
	for i, table := range tables {
		f.mutable = f.mutable || table.Mutable
		order := slices.Index(table.Columns, table.Order)
		if n := len(f.lanes); order >= 0 || n == 0 || f.lanes[n-1].order >= 0 {
			f.lanes = append(f.lanes, &lane{first: i, order: order, last: n > 0, queue: &batch{}, spare: &batch{}})
		}
		l := f.lanes[len(f.lanes)-1]
		l.tables = append(l.tables, table)
		l.after = append(l.after, sqlite.Start)
	}
	return f
}

// errEnough stops a scan that has read enough rows for now.
var errEnough = errors.New("enough rows")

func (f *rowFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.mutable && !f.pass {
		if err := f.begin(ctx); err != nil {
			return nil, err
		}
	}
	var best *lane
	for _, l := range f.lanes {
		if l.at == len(l.queue.rows) {
			if err := f.fill(ctx, l); err != nil {
				return nil, err
			}
		}
		if l.at == len(l.queue.rows) {
			if err := l.failed; err != nil {
				l.failed = nil
				if b := (*broken)(nil); errors.As(err, &b) {
					f.pass, f.version, f.end = false, -1, time.Now() // the next pass starts over
				}
				return nil, err
			}
			continue
		}
		if best == nil || l.time() < best.time() {
			best = l
		}
	}
	if best == nil {
		for _, l := range f.lanes {
			l.ended = false
			l.queue, l.spare, l.at = &batch{}, &batch{}, 0 // nobody knows when more will come
		}
		f.pass, f.end = false, time.Now()
		return nil, io.EOF
	}
	best.at++
	f.read++
	return &best.queue.rows[best.at-1], nil
}

// begin begins a pass over a database whose rows change.
func (f *rowFeed) begin(ctx context.Context) error {
	version, err := f.db.DataVersion(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &broken{err}
	case f.begun && version == f.version:
		return io.EOF
	case f.begun && time.Since(f.end) < restPasses*f.end.Sub(f.start):
		return errLater
	}
	again := f.begun
	f.begun, f.pass, f.version, f.start = true, true, version, time.Now()
	if !again {
		return nil
	}
	f.read, f.bad = 0, 0
	for _, l := range f.lanes {
		l.queue, l.at, l.ended, l.failed = &batch{}, 0, false, nil
		for i := range l.after {
			l.after[i] = sqlite.Start
		}
	}
	return errStartOver
}

// fill reads rows ahead. Those behind them are read while these are decoded, where
// rows do not change and no other lane wants the database meanwhile.
func (f *rowFeed) fill(ctx context.Context, l *lane) error {
	if l.ended || l.failed != nil {
		return nil
	}
	b := l.spare
	if l.coming != nil {
		b, l.coming = <-l.coming, nil
	} else {
		l.read(ctx, f.db, b, firstRows)
	}
	if ctx.Err() == nil && errors.Is(b.err, context.Canceled) {
		l.read(ctx, f.db, b, firstRows)
	}
	l.queue, l.spare, l.at, l.after = b, l.queue, 0, b.after
	var row *sqlite.RowError
	switch {
	case b.err == io.EOF:
		l.ended = true
	case errors.Is(b.err, errEnough):
		if len(f.lanes) == 1 && !f.mutable {
			l.coming = make(chan *batch, 1)
			go func(to chan<- *batch, next lane) {
				next.read(ctx, f.db, next.spare, rowsAhead)
				to <- next.spare
			}(l.coming, *l)
		}
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(b.err, &row):
		l.after[row.Table] = row.Key
		l.failed = &fault{row.Key, row.Err}
		if f.bad++; f.bad > maxBadRows {
			l.failed = &broken{fmt.Errorf("more than %d places cannot be read; the rest is left: %w", maxBadRows, row.Err)}
		}
	default:
		l.failed = &broken{b.err}
	}
	return nil
}

// read reads the next rows of the lane, which it does not change, into a batch.
func (l *lane) read(ctx context.Context, db *sqlite.Reader, b *batch, most int) {
	b.clear()
	b.after = slices.Clone(l.after)
	size := 0
	b.err = db.Scan(ctx, l.tables, l.after, func(r eventlog.Record) error {
		b.after[r.Table] = r.Pos
		r.Table += l.first
		b.add(r)
		if size += r.Size; len(b.rows) >= most || size >= sizeAhead {
			return errEnough
		}
		if len(b.rows)%batchRecords == 0 {
			runtime.Gosched() // as whoever decodes them does
		}
		return nil
	})
	if b.err == nil {
		b.err = io.EOF
	}
}

// time returns the time of the next row, which the lane must have.
func (l *lane) time() float64 {
	if l.order < 0 && l.last {
		return math.Inf(1)
	}
	if l.order < 0 {
		return math.Inf(-1)
	}
	switch c := &l.queue.rows[l.at].Cells[l.order]; c.Type {
	case eventlog.Integer:
		return float64(c.Int)
	case eventlog.Real:
		return c.Real
	}
	return math.Inf(-1)
}

// broken is the error for a segment of which no more can be read.
type broken struct{ err error }

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func (f *rowFeed) progress() (read, total int64) { return f.read, f.read }

func (f *rowFeed) pending() bool { return false }

func (f *rowFeed) changes() bool { return f.mutable }

func (f *rowFeed) close() {
	for _, l := range f.lanes {
		if l.coming != nil {
			<-l.coming
		}
	}
	_ = f.db.Close()
}
