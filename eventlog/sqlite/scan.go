package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Start is the key to scan a table after that has not been scanned yet. Zero
// is not: keys may be negative.
const Start int64 = math.MinInt64

// pageRows is how many rows are read in one transaction. As long as one is
// open, the writer cannot take its log into the database.
const pageRows = 4096

// RowError tells of rows that could not be read although others behind them
// can: one that is longer than 64 MiB, or those on a damaged page, whose number
// nobody knows. In a badly damaged file there may be very many of these.
type RowError struct {
	Table int   // as in eventlog.Record
	From  int64 // the keys from here
	Key   int64 // up to here; the scan can go on after it
	Err   error
}

// Error returns which rows they are and why.
func (e *RowError) Error() string {
	if e.From == Start {
		return fmt.Sprintf("rows up to %d: %v", e.Key, e.Err)
	}
	if e.From == e.Key {
		return fmt.Sprintf("row %d: %v", e.Key, e.Err)
	}
	return fmt.Sprintf("rows %d to %d: %v", e.From, e.Key, e.Err)
}

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Scan calls fn with every row whose key is greater than the one in after,
// table by table and in the order of the keys. Where after has no entry, all
// rows are given; an empty database gives none. The record, its cells and their
// texts are valid until fn returns, and fn may neither change them nor use the
// reader.
//
// Scan ends with the first error: that of fn, as it is; a RowError, after
// whose key the scan can be resumed; or that of a damaged database, when all
// rows that can be reached have been given.
func (r *Reader) Scan(ctx context.Context, tables []eventlog.Table, after []int64, fn func(eventlog.Record) error) error {
	for i, table := range tables {
		s := scan{plans: &r.plans, table: table, index: i, from: Start, fn: fn}
		if i < len(after) && after[i] != Start {
			if after[i] == math.MaxInt64 {
				continue
			}
			s.from = after[i] + 1
		}
		for s.more = true; s.more; {
			s.more = false // an empty database is not even asked
			if err := r.use(ctx, "read", func(c *sql.Conn) error { return s.page(ctx, c) }); err != nil {
				return err
			}
			if s.stop != nil {
				return s.stop
			}
			s.advance()
		}
	}
	return nil
}

// At returns the row of a table that has the key, or ErrNoRow. Its cells are
// the caller's.
func (r *Reader) At(ctx context.Context, table eventlog.Table, key int64) (eventlog.Record, error) {
	var found *eventlog.Record
	err := r.use(ctx, "read", func(c *sql.Conn) error {
		p, err := r.plans.of(ctx, c, table)
		if err != nil {
			return err
		}
		found = nil
		return p.rows(ctx, c, "= ?", key, 1, func(record eventlog.Record) error {
			for i := range record.Cells {
				record.Cells[i].Text = bytes.Clone(record.Cells[i].Text)
			}
			found = &record
			return nil
		})
	})
	if err != nil {
		return eventlog.Record{}, err
	}
	if found == nil {
		return eventlog.Record{}, fmt.Errorf("read %s: row %d of %q: %w", r.name, key, table.Name, ErrNoRow)
	}
	return *found, nil
}

// MaxKey returns the greatest key of a table, or Start when it has no rows. It
// does not look at the rows before, so that it is fast in any table.
func (r *Reader) MaxKey(ctx context.Context, table eventlog.Table) (int64, error) {
	key := Start
	err := r.use(ctx, "read", func(c *sql.Conn) error {
		p, err := r.plans.of(ctx, c, table)
		if err != nil {
			return err
		}
		key = Start
		err = c.QueryRowContext(ctx, "SELECT "+p.key+" FROM "+p.from+" ORDER BY "+p.key+" DESC LIMIT 1").Scan(&key)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return key, err
}

// scan is one table on its way through Scan.
type scan struct {
	plans *plans
	table eventlog.Table
	index int
	fn    func(eventlog.Record) error

	from  int64   // the least key of the page
	last  int64   // the greatest key of the page, if it has rows
	given []int64 // the keys from there on that fn has had, in order
	more  bool    // the page was full
	stop  error   // of fn
}

// page gives one page. It is called again for the same page when the file was
// changed under it, and then gives only what is new.
func (s *scan) page(ctx context.Context, c *sql.Conn) error {
	if s.stop != nil {
		return nil
	}
	p, err := s.plans.of(ctx, c, s.table)
	if s.table.Optional && errors.Is(err, ErrNoTable) {
		return nil
	}
	if err != nil {
		return err
	}
	before := slices.Clone(s.given)
	n := 0
	err = p.rows(ctx, c, ">= ?", s.from, pageRows, func(record eventlog.Record) error {
		n++
		s.last = record.Pos
		if len(before) > 0 {
			if _, had := slices.BinarySearch(before, record.Pos); had {
				return nil
			}
		}
		record.Table = s.index
		s.given = append(s.given, record.Pos)
		s.stop = s.fn(record)
		return s.stop
	})
	if s.stop != nil {
		return nil // not an error of the database
	}
	if len(before) > 0 {
		slices.Sort(s.given)
	}
	if e := (*RowError)(nil); errors.As(err, &e) {
		e.Table = s.index
	}
	s.more = n == pageRows
	return err
}

// advance goes on behind the page.
func (s *scan) advance() {
	if !s.more || s.last == math.MaxInt64 {
		s.more = false
		return
	}
	behind, found := slices.BinarySearch(s.given, s.last)
	if found {
		behind++
	}
	s.given = slices.Delete(s.given, 0, behind)
	s.from = s.last + 1
}
