package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
)

// Reader reads a database, ours or anybody's, and changes nothing about it: no
// byte of the database or of its write-ahead log, no checkpoint, no index. If
// the log has no index file (-shm) beside it, SQLite makes one.
//
// Its methods may be called from several goroutines; they take turns. While a
// reader is open, the last writer to leave keeps its write-ahead log instead
// of taking it into the database; the next one does that.
type Reader struct {
	path string // the absolute one; empty for a store in memory
	uri  string // of a store in memory
	name string // for errors

	mu         sync.Mutex
	closed     bool
	how        how
	db         *sql.DB
	conn       *sql.Conn
	plans      plans  // for the connection
	folder     string // of a private copy
	seen       files  // as they were when we connected
	generation int64  // how often we did
}

// Open opens the database at path for reading. It may be empty, be replaced or
// still be written to. What is no SQLite database gives ErrNotSQLite; one that
// needs repair by its writer gives ErrHotJournal.
func Open(ctx context.Context, path string) (*Reader, error) {
	keepLocks()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return start(ctx, &Reader{path: abs, name: path})
}

// Reader opens the store for reading, also when it is in memory.
func (s *Store) Reader(ctx context.Context) (*Reader, error) {
	if s.path != "" {
		return Open(ctx, s.path)
	}
	return start(ctx, &Reader{uri: s.uri, name: s.name})
}

func start(ctx context.Context, r *Reader) (*Reader, error) {
	// The first question makes SQLite look at the file.
	if _, err := r.UserVersion(ctx); err != nil {
		_ = r.Close() // nothing was written, and there is a better error
		return nil, err
	}
	return r, nil
}

// Close closes the reader and removes its private copy, if it needed one.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if err := r.disconnect(); err != nil {
		return fmt.Errorf("close %s: %w", r.name, err)
	}
	return nil
}

// use calls do with a connection that sees the database as it is now; not at
// all when the database is empty. It calls do again if the file was changed in
// a way that makes the first answer doubtful.
func (r *Reader) use(ctx context.Context, op string, do func(*sql.Conn) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("%s %s: %w", op, r.name, ErrClosed)
	}
	if r.stale() {
		if err := r.connect(ctx); err != nil {
			return explain("open", r.name, err)
		}
	}
	for {
		if r.conn == nil {
			return nil
		}
		err := do(r.conn)
		if r.how != frozen || !r.stale() {
			return explain(op, r.name, err)
		}
		if err := r.connect(ctx); err != nil {
			return explain("open", r.name, err)
		}
	}
}
