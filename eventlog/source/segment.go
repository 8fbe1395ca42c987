package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// segment is a file whose dialect is known.
type segment struct {
	path    string
	sidecar string // the small file that describes this one, or nothing
	head    *dialect.Head
	dialect dialect.Dialect
	blank   bool // nothing is in it yet
	packed  pack.Kind
	// document says that the segment is one, and lists what it is cut at.
	document bool
	lists    []string
	values   bool           // its records are JSON values that take many lines
	db       *sqlite.Reader // of a database, until a feed takes it over
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

// release lets go of the beginning of a text, once its decoder is made: of
// thousands of files it would be most of what is kept.
func (s *segment) release() {
	head := *s.head
	head.Lines, head.Text, head.Start = nil, nil, nil
	s.head = &head
}

// rank returns how good a copy of its sessions the segment is. A packed file
// beside which the same stands unpacked is the lesser one.
func (s *segment) rank() int {
	rank := 0
	if r, ok := s.dialect.(dialect.Ranker); ok {
		rank = r.Rank(s.head)
	}
	if rank == eventlog.Beside {
		return rank
	}
	rank *= 2
	if s.packed == pack.Gzip || s.packed == pack.Zstd {
		if _, err := os.Stat(strings.TrimSuffix(s.path, filepath.Ext(s.path))); err == nil {
			rank--
		}
	}
	return rank
}

// framing returns how messages of bytes stand in the segment, if any do.
func (s *segment) framing() dialect.Framing {
	if f, ok := s.dialect.(dialect.Framer); ok {
		return f.Frames(s.head)
	}
	return dialect.NoFrames
}

// isLines reports whether the segment is a file whose bytes are those of its
// records, one after the other.
func (s *segment) isLines() bool {
	_, tree := s.dialect.(dialect.Treed)
	return !tree && !s.isWhole() && s.framing() == dialect.NoFrames && !s.head.IsDatabase()
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
	// changes reports whether records may change after they were given, so that
	// next may return errStartOver or errLater.
	changes() bool
	close()
}

// errStartOver is what a feed returns when records that it gave have changed:
// it gives all records once more, from the first to the last. Whoever adds them
// up begins anew, with a fresh decoder.
var errStartOver = errors.New("what was read has changed")

// errLater is what a feed returns when records have changed, but it is too soon
// to read all of them once more. It is to be asked again a little later.
var errLater = errors.New("what was read has changed just now")

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
	if t, ok := s.dialect.(dialect.Treed); ok {
		return &treeFeed{path: s.path, tree: t}, nil
	}
	switch {
	case s.isWhole():
		return &wholeFeed{seg: s}, nil
	case s.framing() != dialect.NoFrames:
		return &frameFeed{path: s.path, framing: s.framing()}, nil
	case !s.head.IsDatabase():
		return &lineFeed{path: s.path, values: s.values}, nil
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
	values bool // the records are JSON values, however many lines they take
	follow *jsonl.Follower
	begin  int64 // of what it gives at all
	from   int64
	ended  bool // everything that was there has been given
	record eventlog.Record
}

func (f *lineFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.follow == nil {
		var err error
		if f.follow, err = jsonl.Follow(f.path, jsonl.FollowOptions{LinesOptions: jsonl.LinesOptions{From: f.from, Values: f.values}}); err != nil {
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

func (f *lineFeed) changes() bool { return false }

func (f *lineFeed) close() {
	if f.follow != nil {
		_ = f.follow.Close() // it was only read
		f.follow = nil
		f.record = eventlog.Record{} // its body is a part of what was read ahead
	}
}

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
	order  int               // the cell that has the time, or -1
	last   bool              // without times, it comes after the lanes that have them
	queue  []eventlog.Record // rows that were read ahead
	at     int
	ended  bool // nothing is behind the queue
	failed error
}

// maxBadRows is how many damaged places of a database are read around.
const maxBadRows = 1000

// rowsAhead is how many rows are read before they are decoded, so that no read
// of the database is open while a summary is being updated.
const rowsAhead = 512

// restPasses is for how many times the duration of a pass the next one waits,
// so that a large database that changes all the time is not read all the time.
const restPasses = 4

func newRowFeed(db *sqlite.Reader, tables []eventlog.Table) *rowFeed {
	f := &rowFeed{db: db}
	for i, table := range tables {
		f.mutable = f.mutable || table.Mutable
		order := slices.Index(table.Columns, table.Order)
		if n := len(f.lanes); order >= 0 || n == 0 || f.lanes[n-1].order >= 0 {
			f.lanes = append(f.lanes, &lane{first: i, order: order, last: n > 0})
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
		if l.at == len(l.queue) {
			if err := f.fill(ctx, l); err != nil {
				return nil, err
			}
		}
		if l.at == len(l.queue) {
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
		}
		f.pass, f.end = false, time.Now()
		return nil, io.EOF
	}
	best.at++
	f.read++
	return &best.queue[best.at-1], nil
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
		l.queue, l.at, l.ended, l.failed = l.queue[:0], 0, false, nil
		for i := range l.after {
			l.after[i] = sqlite.Start
		}
	}
	return errStartOver
}

// fill reads rows ahead.
func (f *rowFeed) fill(ctx context.Context, l *lane) error {
	if l.ended || l.failed != nil {
		return nil
	}
	l.queue, l.at = l.queue[:0], 0
	err := f.db.Scan(ctx, l.tables, l.after, func(r eventlog.Record) error {
		kept := r
		kept.Cells = make([]eventlog.Cell, len(r.Cells))
		for i, c := range r.Cells {
			c.Text = append([]byte(nil), c.Text...)
			kept.Cells[i] = c
		}
		kept.Table += l.first
		l.queue = append(l.queue, kept)
		l.after[r.Table] = r.Pos
		if len(l.queue) == rowsAhead {
			return errEnough
		}
		return nil
	})
	var row *sqlite.RowError
	switch {
	case err == nil:
		l.ended = true
		return nil
	case errors.Is(err, errEnough):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &row):
		l.after[row.Table] = row.Key
		l.failed = &fault{row.Key, row.Err}
		if f.bad++; f.bad > maxBadRows {
			l.failed = &broken{fmt.Errorf("more than %d places cannot be read; the rest is left: %w", maxBadRows, row.Err)}
		}
	default:
		l.failed = &broken{err}
	}
	return nil
}

// time returns the time of the next row, which the lane must have.
func (l *lane) time() float64 {
	if l.order < 0 && l.last {
		return math.Inf(1)
	}
	if l.order < 0 {
		return math.Inf(-1)
	}
	switch c := &l.queue[l.at].Cells[l.order]; c.Type {
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

func (f *rowFeed) close() { _ = f.db.Close() }

// size returns how many bytes a row takes, for the ones who count.
func size(n int64) int32 { return int32(min(n, math.MaxInt32)) }
