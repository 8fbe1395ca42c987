package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// recipe opens a database that we do not trust.
const recipe = "mode=ro&_defensive=1&_pragma=trusted_schema(0)&_pragma=query_only(1)&_pragma=cell_size_check(1)&_pragma=busy_timeout(5000)"

// maxLength is how long a text, a blob or a row may be that is read.
const maxLength = 64 << 20

// Reader reads a database without changing it.
type Reader struct {
	path string
	mu   sync.Mutex
	db   *sql.DB
	conn *sql.Conn
}

// Open opens the database at path for reading.
func Open(ctx context.Context, path string) (*Reader, error) {
	keepLocks()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r := &Reader{path: abs}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return r, nil
	}
	if r.db, err = sql.Open("sqlite", uri(abs, recipe)); err != nil {
		return nil, explain("open", path, err)
	}
	r.db.SetMaxOpenConns(1)
	if r.conn, err = r.db.Conn(ctx); err != nil {
		return nil, errors.Join(explain("open", path, err), r.Close())
	}
	if _, err = driver.Limit(r.conn, lib.SQLITE_LIMIT_LENGTH, maxLength); err != nil {
		return nil, errors.Join(explain("open", path, err), r.Close())
	}
	return r, nil
}

// use calls do with the connection, unless the database is empty.
func (r *Reader) use(_ context.Context, do func(*sql.Conn) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return nil
	}
	return do(r.conn)
}

// Close closes the reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	if r.conn != nil {
		errs = append(errs, r.conn.Close())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	r.db, r.conn = nil, nil
	return errors.Join(errs...)
}

// columnsOf returns the names of a table's columns; none when it is missing.
func columnsOf(ctx context.Context, c *sql.Conn, table string) ([]string, error) {
	rows, err := c.QueryContext(ctx, "SELECT name FROM pragma_table_xinfo(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
