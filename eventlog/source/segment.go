package source

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// segment is a file whose dialect is known.
type segment struct {
	path    string
	origin  string // of the archived copy of a log: where the log was
	aside   []byte // of one: what described it
	sidecar string // the small file that describes this one, or nothing
	head    *dialect.Head
	room    *[sniffFirst]byte // where the beginning lies that head tells of
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
	if s.room != nil {
		spareBeginnings.Put(s.room)
		s.room = nil
	}
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
	return s.dialect.Open(dialect.Segment{Path: s.told(), Head: s.head, Sidecar: s.description()})
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
		f := &lineFeed{path: s.path, values: s.values}
		if o, ok := s.dialect.(dialect.Outliner); ok && !s.values {
			f.lines = o.Outliner()
		}
		return f, nil
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

// size returns how many bytes a row takes, for the ones who count.
func size(n int64) int32 { return int32(min(n, math.MaxInt32)) }
