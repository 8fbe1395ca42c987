package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// segment is a file whose dialect is known.
type segment struct {
	path    string
	sidecar string // the small file that describes this one, or nothing
	head    *dialect.Head
	dialect dialect.Dialect
	blank   bool           // nothing is in it yet
	db      *sqlite.Reader // of a database, until a feed takes it over
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

func (s *segment) close() {
	if s.db != nil {
		_ = s.db.Close()
		s.db = nil
	}
}

// rank returns how good a copy of its sessions the segment is.
func (s *segment) rank() int {
	if r, ok := s.dialect.(dialect.Ranker); ok {
		return r.Rank(s.head)
	}
	return 0
}

// decoder returns a fresh decoder of the segment.
func (s *segment) decoder() dialect.Decoder {
	seg := dialect.Segment{Path: s.path, Head: s.head}
	if s.sidecar != "" {
		const most = 1 << 20
		if f, err := os.Open(s.sidecar); err == nil {
			seg.Sidecar, _ = io.ReadAll(io.LimitReader(f, most))
			_ = f.Close()
		}
	}
	return s.dialect.Open(seg)
}

// feed gives the records of a segment, and again those that came since.
type feed interface {
	// next returns the next record, or io.EOF when everything that is there
	// now was given. A *fault stands for a record that could not be read.
	next(ctx context.Context) (*eventlog.Record, error)
	// progress returns how many bytes or rows were read, and of how many.
	progress() (read, total int64)
	// pending reports whether the last record is still being written.
	pending() bool
	close()
}

// fault is the error for a record that could not be read; the records behind
// it can.
type fault struct {
	pos int64
	err error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// feed returns the records of the segment from their beginning. Several feeds
// of one segment do not disturb each other.
func (s *segment) feed(ctx context.Context) (feed, error) {
	if !s.head.IsDatabase() {
		return &lineFeed{path: s.path}, nil
	}
	db := s.db
	s.db = nil
	if db == nil {
		var err error
		if db, err = sqlite.Open(ctx, s.path); err != nil {
			return nil, err
		}
	}
	return newRowFeed(db, s.dialect.Tables()), nil
}

// lineFeed gives the lines of a file.
type lineFeed struct {
	path   string
	follow *jsonl.Follower
	from   int64
	ended  bool // everything that was there has been given
	record eventlog.Record
}

func (f *lineFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.follow == nil {
		var err error
		if f.follow, err = jsonl.Follow(f.path, jsonl.FollowOptions{LinesOptions: jsonl.LinesOptions{From: f.from}}); err != nil {
			return nil, err
		}
	}
	if f.ended {
		f.ended = false
		f.follow.Resume()
	}
	line, err := f.follow.Next(ctx)
	if err != nil {
		f.ended = err == io.EOF
		return nil, err
	}
	switch {
	case line.Fault != nil:
		return nil, &fault{line.Pos, line.Fault}
	case line.Again:
		return nil, &fault{line.Pos, errors.New("more was written to a line that was whole")}
	}
	f.record = line.Record
	return &f.record, nil
}

func (f *lineFeed) progress() (read, total int64) {
	if f.follow == nil {
		return f.from, f.from
	}
	return f.follow.Progress()
}

func (f *lineFeed) pending() bool {
	if f.follow == nil {
		return false
	}
	_, yes := f.follow.Pending()
	return yes
}

func (f *lineFeed) close() {
	if f.follow != nil {
		_ = f.follow.Close() // it was only read
		f.follow = nil
	}
}

// rowFeed gives the rows of some tables.
type rowFeed struct {
	db     *sqlite.Reader
	tables []eventlog.Table
	after  []int64
	read   int64
	total  int64
	queue  []eventlog.Record // rows that were read ahead
	at     int
	failed error
	bad    int // rows that could not be read
}

// maxBadRows is how many damaged places of a database are read around.
const maxBadRows = 1000

// rowsAhead is how many rows are read before they are decoded, so that no read
// of the database is open while a summary is being updated.
const rowsAhead = 512

func newRowFeed(db *sqlite.Reader, tables []eventlog.Table) *rowFeed {
	f := &rowFeed{db: db, tables: tables}
	for range tables {
		f.after = append(f.after, sqlite.Start)
	}
	return f
}

// errEnough stops a scan that has read enough rows for now.
var errEnough = errors.New("enough rows")

func (f *rowFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.at == len(f.queue) {
		if f.failed != nil {
			err := f.failed
			f.failed = nil
			return nil, err
		}
		if err := f.fill(ctx); err != nil {
			return nil, err
		}
	}
	if f.at == len(f.queue) {
		if err := f.failed; err != nil {
			f.failed = nil
			return nil, err
		}
		return nil, io.EOF
	}
	f.at++
	f.read++
	return &f.queue[f.at-1], nil
}

func (f *rowFeed) fill(ctx context.Context) error {
	f.queue, f.at = f.queue[:0], 0
	err := f.db.Scan(ctx, f.tables, f.after, func(r eventlog.Record) error {
		kept := r
		kept.Cells = make([]eventlog.Cell, len(r.Cells))
		for i, c := range r.Cells {
			c.Text = append([]byte(nil), c.Text...)
			kept.Cells[i] = c
		}
		f.queue = append(f.queue, kept)
		f.after[r.Table] = r.Pos
		if len(f.queue) == rowsAhead {
			return errEnough
		}
		return nil
	})
	var row *sqlite.RowError
	switch {
	case err == nil, errors.Is(err, errEnough):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &row):
		f.after[row.Table] = row.Key
		f.failed = &fault{row.Key, row.Err}
		if f.bad++; f.bad > maxBadRows {
			f.failed = &broken{fmt.Errorf("more than %d places cannot be read; the rest is left: %w", maxBadRows, row.Err)}
		}
	default:
		f.failed = &broken{err}
	}
	return nil
}

// broken is the error for a segment of which no more can be read.
type broken struct{ err error }

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func (f *rowFeed) progress() (read, total int64) { return f.read, max(f.read, f.total) }

func (f *rowFeed) pending() bool { return false }

func (f *rowFeed) close() { _ = f.db.Close() }

// size returns how many bytes a row takes, for the ones who count.
func size(n int64) int32 { return int32(min(n, math.MaxInt32)) }
