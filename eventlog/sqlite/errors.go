package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// The reasons why a database is refused or an operation fails, for errors.Is.
var (
	ErrNotSQLite  = errors.New("not an SQLite database")
	ErrNewer      = errors.New("written by a newer version")
	ErrForeign    = errors.New("not an event log that can be appended to")
	ErrHotJournal = errors.New("its last writer was killed in the middle of a transaction; open it once with the program that wrote it, or with sqlite3, to roll that back")
	ErrBusy       = errors.New("locked by another process")
	ErrFull       = errors.New("no space left for the database")
	ErrIO         = errors.New("input or output error")
	ErrReadOnly   = errors.New("read-only")
	ErrDamaged    = errors.New("damaged")
	ErrTooBig     = errors.New("larger than what is read of one row")
	ErrView       = errors.New("a view, which is not read")
	ErrNoTable    = errors.New("no such table")
	ErrNoRow      = errors.New("no such row")
	ErrClosed     = errors.New("closed")
)

// explain adds to an error of the driver the operation, what it was done to,
// and the sentinel that callers can tell it by.
func explain(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if reason := reasonOf(err); reason != nil && !errors.Is(err, reason) {
		return fmt.Errorf("%s %s: %w: %w", op, name, reason, err)
	}
	return fmt.Errorf("%s %s: %w", op, name, err)
}

// codeOf returns the code of an error of SQLite, or 0.
func codeOf(err error) int {
	if n := (*native)(nil); errors.As(err, &n) {
		return n.code
	}
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return lib.SQLITE_OK
}

func reasonOf(err error) error {
	code := codeOf(err)
	if code == lib.SQLITE_READONLY_ROLLBACK {
		return ErrHotJournal
	}
	switch code & 0xff { // the rest of the code tells details
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return ErrBusy
	case lib.SQLITE_FULL:
		return ErrFull
	case lib.SQLITE_IOERR:
		return ErrIO
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return ErrReadOnly
	case lib.SQLITE_CORRUPT:
		return ErrDamaged
	case lib.SQLITE_NOTADB:
		return ErrNotSQLite
	case lib.SQLITE_TOOBIG:
		return ErrTooBig
	}
	return nil
}
