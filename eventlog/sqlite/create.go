package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	driver "modernc.org/sqlite"
)

// Options say how a store is written. The zero value is the default.
type Options struct {
	// Durable waits for the disk at every commit. Without it a loss of power
	// may cost the last commits, but never the consistency of the store; the
	// death of a process costs nothing either way.
	Durable bool

	// Wait is how long to wait for another writer before giving up with
	// ErrBusy. Zero means five seconds.
	Wait time.Duration
}

// Store is a native store that is open for writing. Its methods may be called
// from several goroutines; one of them writes at a time. Other processes may
// write to the same store.
type Store struct {
	path string // the absolute one; empty in memory
	uri  string // for readers of a store in memory
	name string // for errors

	mu     sync.Mutex
	db     *sql.DB
	conn   *sql.Conn // the only one: pragmas and statements belong to it
	insert *inserter
}

// Create opens the store at path for writing, and makes it if need be. The
// path ":memory:" or "none" keeps the store in memory until it is closed.
//
// A LazyBridge database becomes a native store by what is added to it. Any
// other database is left as it is and refused with ErrForeign, ErrNewer or
// ErrNotSQLite.
func Create(ctx context.Context, path string, opt Options) (*Store, error) {
	keepLocks()
	s := &Store{name: path}
	if path == ":memory:" || path == "none" {
		s.uri = "file:/lazytrace-" + rand.Text() + "?vfs=memdb" // readers find it by name
	} else {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		if err := prepareFile(abs); err != nil {
			return nil, fmt.Errorf("create store: %w", err)
		}
		s.path, s.uri = abs, uri(abs, "mode=rw")
		// What says that it is ours need not be looked at by a reader first: whether
		// it really is, the writer sees before it writes.
		if !isNative(abs) {
			// What a killed writer left half done, a writer may undo.
			if err := examine(ctx, abs); err != nil && !errors.Is(err, ErrHotJournal) {
				return nil, fmt.Errorf("create %s: %w", path, err)
			}
		}
	}
	if err := s.open(ctx, opt); err != nil {
		return nil, errors.Join(explain("create", path, err), s.Close())
	}
	return s, nil
}

// open connects, lays out the tables and switches to the write-ahead log, in
// this order: until it has been found that the database may be written to,
// nothing about it changes.
func (s *Store) open(ctx context.Context, opt Options) (err error) {
	if opt.Wait == 0 {
		opt.Wait = 5 * time.Second
	}
	if s.db, err = sql.Open("sqlite", s.uri); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	synchronous := "NORMAL"
	if opt.Durable {
		synchronous = "FULL"
	}
	if err := s.exec(ctx, strings.Join([]string{
		fmt.Sprintf("PRAGMA busy_timeout = %d", opt.Wait.Milliseconds()),
		"PRAGMA trusted_schema = 0",
		"PRAGMA cell_size_check = 1",
		"PRAGMA synchronous = " + synchronous,
		// The log is cut to this after a checkpoint, so that one long
		// transaction does not leave a large file for ever.
		"PRAGMA journal_size_limit = 67108864",
		// Of a store that is new. Each page is written with two calls into the log
		// and moved with two out of it, and long payloads fill large pages better;
		// larger ones still would cost commits of a single event too much.
		"PRAGMA page_size = 8192",
		// Each checkpoint waits for the disk twice, and writes the pages of indexes
		// that every commit changes once. In pages: 16 MiB.
		"PRAGMA wal_autocheckpoint = 2048",
		// So much of a transaction is kept until its end, rather than written
		// before and again. In KiB.
		"PRAGMA cache_size = -4096",
	}, ";")); err != nil {
		return err
	}
	if err := s.canWrite(); err != nil {
		return err
	}
	if err := s.layOut(ctx); err != nil {
		return err
	}
	if s.path != "" {
		if err := s.useLog(ctx, opt.Wait); err != nil {
			return err
		}
	}
	return s.conn.Raw(func(conn any) error {
		s.insert, err = newInserter(ctx, conn)
		return err
	})
}

// isNative reports whether a file says that it is a store of ours. Where a look
// would cost somebody their locks there is none.
func isNative(path string) bool {
	if !driver.OFDLockingEnabled() {
		return false
	}
	h, err := readHeader(path)
	return err == nil && h.native
}

// canWrite finds out what SQLite keeps to itself until the first row: that it
// opened the file for reading because it may not be written to.
func (s *Store) canWrite() error {
	return s.conn.Raw(func(conn any) error {
		c, ok := conn.(interface {
			IsReadOnly(schema string) (bool, error)
		})
		if !ok {
			return nil // the first write tells
		}
		readOnly, err := c.IsReadOnly("main")
		if readOnly {
			return ErrReadOnly
		}
		return err
	})
}

// layOut makes the tables in one transaction, so that two processes which
// create the same store do it one after the other.
func (s *Store) layOut(ctx context.Context) error {
	return s.transact(ctx, func(ctx context.Context) error {
		// Looked at again now that nobody else can write.
		shape, err := shapeOf(ctx, s.conn)
		if err != nil {
			return err
		}
		if err := shape.writable(); err != nil {
			return err
		}
		if shape.version == Version {
			return nil
		}
		if err := s.exec(ctx, eventsDDL); err != nil {
			return err
		}
		for _, column := range ourColumns {
			if slices.Contains(shape.columns, column) {
				continue
			}
			if err := s.exec(ctx, "ALTER TABLE events ADD COLUMN "+column+" TEXT"); err != nil {
				return err
			}
		}
		if err := s.exec(ctx, tablesDDL...); err != nil {
			return err
		}
		return s.exec(ctx,
			fmt.Sprintf("PRAGMA user_version = %d", Version),
			fmt.Sprintf("PRAGMA application_id = %d", ApplicationID))
	})
}

// useLog switches to the write-ahead log, which the file remembers. The switch
// needs the database for itself and SQLite does not wait for that in every
// case, so we do. A file system that cannot do it keeps its rollback journal.
func (s *Store) useLog(ctx context.Context, wait time.Duration) error {
	enough := time.After(wait)
	for {
		err := s.exec(ctx, "PRAGMA journal_mode = WAL")
		if reasonOf(err) != ErrBusy {
			return err
		}
		select {
		case <-enough:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Store) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Path returns the absolute path of the store, or "" when it is in memory.
func (s *Store) Path() string { return s.path }

// Close takes the write-ahead log into the database, unless somebody is busy
// with it, and closes the store. A store in memory is gone when its readers
// are.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	var errs []error
	if s.insert != nil {
		errs = append(errs, s.conn.Raw(func(any) error { return s.insert.statement.Close() }))
	}
	if s.conn != nil {
		if s.path != "" {
			// Closing does this only for the last one to have the store open,
			// and a reader counts. If it fails the log stays, which is no loss.
			_ = s.exec(context.Background(), "PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)")
		}
		errs = append(errs, s.conn.Close())
	}
	errs = append(errs, s.db.Close())
	s.db, s.conn, s.insert = nil, nil, nil
	return explain("close", s.name, errors.Join(errs...))
}
