package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// recipe opens a database that nobody vouches for: no function or virtual
// table that its schema names may have an effect, and no statement of ours may
// write. A quoted name that is no column is an error, not a text.
const (
	recipe = "_defensive=1&" + cautious

	// tornRecipe is for a file that is shorter than its header says. SQLite
	// reads what is left of it only when it is told to trust nothing that the
	// schema claims, and the defensive mode forbids to tell it.
	tornRecipe = "_pragma=writable_schema(1)&" + cautious

	cautious = "_dqs=0&_pragma=trusted_schema(0)&_pragma=query_only(1)&_pragma=cell_size_check(1)&_pragma=busy_timeout(5000)"
)

// maxLength is how long a text, a blob or a row may be that is read. Without
// it a database of a few bytes can ask for gigabytes.
const maxLength = 64 << 20

// how a reader is connected.
type how uint8

const (
	nowhere how = iota // not yet, or the file is empty
	live               // to the file itself, along with whoever writes to it
	frozen             // to a file that nobody has open
	copied             // to a private copy
)

// files are a database and what lies beside it.
type files struct{ db, wal, shm, journal os.FileInfo }

func look(path string) (f files, err error) {
	if f.db, err = os.Stat(path); err != nil {
		return f, err
	}
	f.wal, _ = os.Stat(path + "-wal")
	f.shm, _ = os.Stat(path + "-shm")
	f.journal, _ = os.Stat(path + "-journal")
	return f, nil
}

// stale reports whether the connection no longer shows what is on disk.
func (r *Reader) stale() bool {
	if r.path == "" {
		return r.conn == nil
	}
	if r.seen.db == nil {
		return true
	}
	now, err := look(r.path)
	if err != nil {
		return false // it is gone: what we hold of it is all there is
	}
	switch r.how {
	case nowhere:
		return now.db.Size() > 0
	case live:
		return !os.SameFile(now.db, r.seen.db)
	}
	return !same(now, r.seen)
}

// same reports whether nothing was written between two looks.
func same(a, b files) bool {
	unchanged := func(a, b os.FileInfo) bool {
		if a == nil || b == nil {
			return a == b
		}
		return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	}
	return unchanged(a.db, b.db) && unchanged(a.wal, b.wal) && unchanged(a.journal, b.journal)
}

// connect opens the database in the way that leaves the least behind.
//
// A database with a write-ahead log or a journal is opened where it is, so
// that we see what its writer sees. If it keeps a log but none is there,
// nobody has it open, and SQLite is told that it cannot change: otherwise it
// would put an empty log and its index into the folder. A folder that we may
// not write to, with a log that has no index, leaves only to read a copy.
func (r *Reader) connect(ctx context.Context) error {
	if err := r.disconnect(); err != nil {
		return err
	}
	r.generation++
	if r.path == "" {
		return r.dial(ctx, r.uri+"&", live)
	}
	// The files are looked at first and opened later. If a writer comes or
	// goes in between, the next try finds a settled state.
	for try := 1; ; try++ {
		seen, err := look(r.path)
		if err != nil {
			return err
		}
		err = r.connectInPlace(ctx, seen)
		switch {
		case !cannotOpen(err):
			r.seen = seen
			return err
		case try < 3:
		case seen.wal != nil:
			return r.connectCopy(ctx)
		default:
			return err
		}
	}
}

func (r *Reader) connectInPlace(ctx context.Context, f files) error {
	switch {
	case !f.db.Mode().IsRegular():
		return fmt.Errorf("%w: not a regular file", ErrNotSQLite)
	case f.db.Size() == 0:
		return nil // SQLite would delete a log that lies beside an empty file
	case f.wal != nil && f.shm != nil:
		// The index of the log need not be written to either.
		err := r.dial(ctx, uri(r.path, "mode=ro&readonly_shm=1&"), live)
		if cannotOpen(err) {
			err = r.dial(ctx, uri(r.path, "mode=ro&"), live)
		}
		return err
	case f.wal != nil || f.journal != nil:
		return r.dial(ctx, uri(r.path, "mode=ro&"), live)
	}
	h, err := readHeader(r.path)
	switch {
	case err != nil:
		return err
	case h.logged:
		return r.dial(ctx, uri(r.path, "mode=ro&immutable=1&"), frozen)
	}
	return r.dial(ctx, uri(r.path, "mode=ro&"), live)
}

// dial connects by the recipe, or by that for torn files if need be. The
// address is an URI that lacks only the recipe.
func (r *Reader) dial(ctx context.Context, address string, as how) error {
	err := r.dialWith(ctx, address+recipe)
	if reasonOf(err) == ErrDamaged && r.dialWith(ctx, address+tornRecipe) == nil {
		err = nil
	}
	if err == nil {
		r.how = as
	}
	return err
}

// dialWith connects and has SQLite read the schema, which is when it really
// opens the files.
func (r *Reader) dialWith(ctx context.Context, dsn string) (err error) {
	if r.db, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = r.disconnect() // nothing was written, and there is a better error
		}
	}()
	r.db.SetMaxOpenConns(1)
	if r.conn, err = r.db.Conn(ctx); err != nil {
		return err
	}
	if _, err = driver.Limit(r.conn, lib.SQLITE_LIMIT_LENGTH, maxLength); err != nil {
		return err
	}
	var n int
	return r.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
}

func (r *Reader) disconnect() error {
	var errs []error
	if r.conn != nil {
		errs = append(errs, r.conn.Close())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.folder != "" {
		errs = append(errs, os.RemoveAll(r.folder))
	}
	r.db, r.conn, r.plans, r.folder, r.how, r.seen = nil, nil, plans{}, "", nowhere, files{}
	return errors.Join(errs...)
}

// cannotOpen reports an error that a folder without the right to write gives.
func cannotOpen(err error) bool {
	code := codeOf(err)
	return code&0xff == lib.SQLITE_CANTOPEN || code == lib.SQLITE_READONLY_CANTINIT || code == lib.SQLITE_READONLY_DIRECTORY
}

// connectCopy reads a private copy of the database and its log. The index of
// the log is not copied: SQLite makes it anew.
func (r *Reader) connectCopy(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "lazytrace-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	private := filepath.Join(folder, "copy.sqlite")
	for range 5 {
		before, err := look(r.path)
		if err != nil {
			return err
		}
		if err := copyFile(ctx, private, r.path); err != nil {
			return err
		}
		if err := copyFile(ctx, private+"-wal", r.path+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		after, err := look(r.path)
		if err != nil {
			return err
		}
		if !same(before, after) {
			continue // a log and a database of two moments do not belong together
		}
		if err := r.dial(ctx, uri(private, "mode=ro&"), copied); err != nil {
			return err
		}
		r.seen, r.folder = after, folder
		return nil
	}
	return fmt.Errorf("%w: it changes faster than it can be copied", ErrBusy)
}

func copyFile(ctx context.Context, to, from string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	_, err = io.Copy(w, r)
	return err
}
