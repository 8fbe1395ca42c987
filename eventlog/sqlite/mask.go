package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
)

// ErrUnmaskable is what every error about a database wraps that is not made anew,
// since nobody could promise that it still means the same.
var ErrUnmaskable = errors.New("it is not rewritten")

// Lock is a database that nobody else can use.
type Lock struct {
	Cells int64 // that Mask changed

	path   string // the absolute one
	name   string // for errors
	old    *sql.DB
	conn   *sql.Conn
	logged bool // it is kept with a write-ahead log, but for now
	locked bool
}

// maskRecipe opens a database to be written to, by the rules for one that nobody
// vouches for.
const maskRecipe = "mode=rw&_defensive=1&_dqs=0&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&_pragma=busy_timeout(2000)"

// LockFile keeps everybody else out of the database at path. A write-ahead log, if
// there is one, is taken into it, which works only if nobody has it open.
func LockFile(ctx context.Context, path string) (_ *Lock, err error) {
	keepLocks()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	l := &Lock{path: abs, name: path}
	if err := l.lock(ctx); err != nil {
		return nil, errors.Join(explain("lock", path, err), l.Restore(context.WithoutCancel(ctx)))
	}
	return l, nil
}

// Mask makes a new database of the one that is locked, in which mask has been given
// every text, and every blob that is one. Nothing of what was masked is left in pages that are free.
// The old one is not changed. Databases with triggers, virtual tables, or tables
// without row numbers are refused.
func (l *Lock) Mask(ctx context.Context, to string, mask func(text []byte) []byte) (err error) {
	defer func() { err = explain("mask", l.name, err) }()
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	tables, err := maskable(ctx, l.conn)
	if err != nil {
		return err
	}
	work := to + "-work"
	defer func() {
		for _, end := range []string{"", "-wal", "-shm", "-journal"} {
			if e := os.Remove(work + end); e != nil && !errors.Is(e, os.ErrNotExist) && err == nil {
				err = e
			}
		}
	}()
	if err := copyFile(ctx, work, l.path); err != nil {
		return err
	}
	if err := l.make(ctx, work, to, tables, mask); err != nil {
		return err
	}
	if err := l.compare(ctx, to, tables, mask); err != nil || !l.logged {
		return err
	}
	// Last of all: whoever reads a database with a log makes files beside it.
	made, conn, err := dialFor(ctx, uri(to, maskRecipe))
	if err != nil {
		return err
	}
	return errors.Join(setMode(ctx, conn, "wal"), conn.Close(), made.Close())
}

// lock keeps everybody else out. A database with a write-ahead log is kept without one
// until Restore: that takes the log into it, and works only if nobody has it open.
func (l *Lock) lock(ctx context.Context) (err error) {
	seen, err := look(l.path)
	if err != nil {
		return err
	}
	if seen.journal != nil && seen.journal.Size() > 0 {
		return ErrHotJournal
	}
	h, err := readHeader(l.path)
	if err != nil {
		return err
	}
	if l.old, l.conn, err = dialFor(ctx, uri(l.path, maskRecipe)); err != nil {
		return err
	}
	if h.logged {
		if err := setMode(ctx, l.conn, "delete"); err != nil {
			return err
		}
		l.logged = true
	}
	if _, err = l.conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	l.locked = true
	return nil
}

func dialFor(ctx context.Context, address string) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err == nil {
		var n int
		err = conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, conn, nil
}

// setMode says how a database keeps what is not committed.
func setMode(ctx context.Context, c *sql.Conn, mode string) error {
	var is string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode="+mode).Scan(&is); err != nil {
		return err
	}
	if is != mode {
		return fmt.Errorf("%w: its journal cannot be made %s", ErrBusy, mode)
	}
	return nil
}

// Close lets go of a database in whose place another one stands by now.
func (l *Lock) Close() error {
	var errs []error
	ctx := context.Background()
	if l.conn != nil {
		if l.locked {
			_, err := l.conn.ExecContext(ctx, "ROLLBACK")
			errs = append(errs, err)
		}
		errs = append(errs, l.conn.Close())
	}
	if l.old != nil {
		errs = append(errs, l.old.Close())
	}
	l.conn, l.old, l.locked = nil, nil, false
	return errors.Join(errs...)
}

// Restore is Close for a database that stays: it is kept with a write-ahead log again
// if it was.
func (l *Lock) Restore(ctx context.Context) error {
	var err error
	if l.conn != nil && l.locked {
		_, err = l.conn.ExecContext(ctx, "ROLLBACK")
		if l.locked = false; err == nil && l.logged {
			err = setMode(ctx, l.conn, "wal")
		}
	}
	return errors.Join(err, l.Close())
}

// maskable returns the tables of a database, or why it is not made anew.
func maskable(ctx context.Context, c *sql.Conn) ([]eventlog.Table, error) {
	damage, err := namesOf(ctx, c, "PRAGMA integrity_check(3)")
	if err != nil {
		return nil, err
	}
	if len(damage) != 1 || damage[0] != "ok" {
		return nil, fmt.Errorf("%w: %w: %s", ErrUnmaskable, ErrDamaged, strings.Join(damage, "; "))
	}
	for _, bad := range []struct{ query, why string }{
		{"SELECT name FROM sqlite_schema WHERE type = 'trigger'", "has the trigger"},
		{"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0", "has the virtual table"},
		{"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND wr", "has no row numbers in the table"},
	} {
		names, err := namesOf(ctx, c, bad.query)
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			return nil, fmt.Errorf("%w: it %s %q", ErrUnmaskable, bad.why, names[0])
		}
	}
	names, err := namesOf(ctx, c, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
	if err != nil {
		return nil, err
	}
	var tables []eventlog.Table
	for _, name := range names {
		columns, err := columnsOf(ctx, c, name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, eventlog.Table{Name: name, Columns: columns})
	}
	return tables, nil
}

// change is a cell that becomes another one.
type change struct {
	key    int64
	column string
	value  any
}

// make masks a copy and has SQLite write it anew, without what is free.
func (l *Lock) make(ctx context.Context, work, to string, tables []eventlog.Table, mask func([]byte) []byte) (err error) {
	db, conn, err := dialFor(ctx, uri(work, maskRecipe+"&_pragma=secure_delete(1)&_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(), db.Close()) }()
	if _, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, table := range tables {
		if err = l.table(ctx, conn, table, mask); err != nil {
			return fmt.Errorf("table %q: %w", table.Name, err)
		}
	}
	// Samples of what is in indexes; ANALYZE makes them again.
	if names, e := namesOf(ctx, conn, "SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat3', 'sqlite_stat4')"); e == nil {
		for _, name := range names {
			if _, err = conn.ExecContext(ctx, "DELETE FROM "+name); err != nil {
				return err
			}
		}
	}
	if _, err = conn.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	// Written anew, row numbers stay what they are: only VACUUM without INTO changes them.
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// table masks the cells of a table.
func (l *Lock) table(ctx context.Context, conn *sql.Conn, table eventlog.Table, mask func([]byte) []byte) error {
	made, err := namesOf(ctx, conn, "SELECT name FROM pragma_table_xinfo(?) WHERE hidden > 1", table.Name)
	if err != nil {
		return err
	}
	p, err := planOf(ctx, conn, table)
	if err != nil {
		return err
	}
	var changes []change
	flush := func() error {
		for _, c := range changes {
			if _, err := conn.ExecContext(ctx, "UPDATE "+p.from+" SET "+quote(c.column)+" = ? WHERE "+p.key+" = ?", c.value, c.key); err != nil {
				return fmt.Errorf("row %d, column %q: %w", c.key, c.column, err)
			}
			l.Cells++
		}
		changes = changes[:0]
		return nil
	}
	// What is read and what is written may not be mixed: a page of rows, then its changes.
	const page = 200
	for from := Start; ; {
		n := 0
		err := p.rows(ctx, conn, "> ?", from, page, func(rec eventlog.Record) error {
			n++
			from = rec.Pos
			for i, cell := range rec.Cells {
				if !holdsText(cell) || slices.Contains(made, table.Columns[i]) {
					continue // what is computed follows what it is computed from
				}
				masked := mask(cell.Text)
				if string(masked) == string(cell.Text) {
					continue
				}
				c := change{rec.Pos, table.Columns[i], masked}
				if cell.Type == eventlog.Text {
					c.value = string(masked)
				}
				changes = append(changes, c)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		if n < page {
			return nil
		}
	}
}

// compare sees that the new database is the old one but for what is masked, and sound.
func (l *Lock) compare(ctx context.Context, to string, tables []eventlog.Table, mask func([]byte) []byte) (err error) {
	db, conn, err := dialFor(ctx, uri(to, "mode=ro&"+recipe))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(), db.Close()) }()
	damage, err := namesOf(ctx, conn, "PRAGMA integrity_check(3)")
	if err != nil {
		return err
	}
	if len(damage) != 1 || damage[0] != "ok" {
		return fmt.Errorf("%w: what was made is not sound: %s", ErrUnmaskable, strings.Join(damage, "; "))
	}
	for _, query := range []string{
		"SELECT type || char(10) || name || char(10) || tbl_name || char(10) || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name",
		"PRAGMA user_version", "PRAGMA application_id", "PRAGMA encoding", "PRAGMA page_size", "PRAGMA auto_vacuum",
	} {
		was, err := namesOf(ctx, l.conn, query)
		if err != nil {
			return err
		}
		is, err := namesOf(ctx, conn, query)
		if err != nil {
			return err
		}
		if !slices.Equal(was, is) {
			return fmt.Errorf("%w: its %s would become another one", ErrUnmaskable, strings.TrimPrefix(query, "PRAGMA "))
		}
	}
	for _, table := range tables {
		if err := l.same(ctx, conn, table, mask); err != nil {
			return fmt.Errorf("table %q: %w", table.Name, err)
		}
	}
	return nil
}

// same compares a table cell by cell.
func (l *Lock) same(ctx context.Context, conn *sql.Conn, table eventlog.Table, mask func([]byte) []byte) error {
	made, err := namesOf(ctx, conn, "SELECT name FROM pragma_table_xinfo(?) WHERE hidden > 1", table.Name)
	if err != nil {
		return err
	}
	var counts [2]int64
	for i, c := range []*sql.Conn{l.conn, conn} {
		if err := c.QueryRowContext(ctx, "SELECT count(*) FROM main."+quote(table.Name)).Scan(&counts[i]); err != nil {
			return err
		}
	}
	if counts[0] != counts[1] {
		return fmt.Errorf("%w: of %d rows there would be %d", ErrUnmaskable, counts[0], counts[1])
	}
	p, err := planOf(ctx, conn, table)
	if err != nil {
		return err
	}
	const page = 200
	for from := Start; ; {
		var old []eventlog.Record
		err := p.rows(ctx, l.conn, "> ?", from, page, func(rec eventlog.Record) error {
			rec.Cells = slices.Clone(rec.Cells)
			for i := range rec.Cells {
				rec.Cells[i].Text = slices.Clone(rec.Cells[i].Text) // it is gone with the row
			}
			old = append(old, rec)
			return nil
		})
		if err != nil {
			return err
		}
		n := 0
		err = p.rows(ctx, conn, "> ?", from, page, func(is eventlog.Record) error {
			if n++; n > len(old) || is.Pos != old[n-1].Pos {
				return fmt.Errorf("%w: row %d would get another number", ErrUnmaskable, is.Pos)
			}
			for i, was := range old[n-1].Cells {
				if !slices.Contains(made, table.Columns[i]) && !isMasked(is.Cells[i], was, mask) {
					return fmt.Errorf("%w: row %d, column %q would become something else", ErrUnmaskable, is.Pos, table.Columns[i])
				}
			}
			return nil
		})
		if err != nil || n < page {
			return err
		}
		from = old[n-1].Pos
	}
}

// holdsText reports whether a cell may hold a text: of the blobs those that are one.
func holdsText(cell eventlog.Cell) bool {
	return cell.Type == eventlog.Text || cell.Type == eventlog.Blob && utf8.Valid(cell.Text)
}

// isMasked reports whether a cell is what another one becomes.
func isMasked(is, was eventlog.Cell, mask func([]byte) []byte) bool {
	text := was.Text
	if holdsText(was) {
		text = mask(text)
	}
	return is.Type == was.Type && is.Int == was.Int && math.Float64bits(is.Real) == math.Float64bits(was.Real) && string(is.Text) == string(text)
}
