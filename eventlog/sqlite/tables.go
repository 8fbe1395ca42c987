package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// Tables returns the tables of the database and the names of their columns in
// the order of their declaration. An empty database has none. What SQLite
// keeps for itself is left out.
func (r *Reader) Tables(ctx context.Context) (map[string][]string, error) {
	var tables map[string][]string
	err := r.use(ctx, "read tables of", func(c *sql.Conn) error {
		names, err := namesOf(ctx, c, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
		if err != nil {
			return err
		}
		tables = make(map[string][]string, len(names))
		for _, name := range names {
			if strings.HasPrefix(strings.ToLower(name), "sqlite_") {
				continue
			}
			if tables[name], err = columnsOf(ctx, c, name); err != nil {
				return err
			}
		}
		return nil
	})
	return tables, err
}

// Views returns the names of the views and the virtual tables. They are never
// read: what they do is up to whoever made the file.
func (r *Reader) Views(ctx context.Context) ([]string, error) {
	var names []string
	err := r.use(ctx, "read views of", func(c *sql.Conn) (err error) {
		names, err = namesOf(ctx, c, "SELECT name FROM sqlite_schema WHERE type = 'view' OR type = 'table' AND rootpage = 0 ORDER BY name")
		return err
	})
	return names, err
}

// UserVersion returns the number that the writer of the database keeps in its
// header to tell the layout.
func (r *Reader) UserVersion(ctx context.Context) (int64, error) {
	var version int64
	err := r.use(ctx, "open", func(c *sql.Conn) error {
		return c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	})
	return version, err
}

// Check looks for damage and returns what it finds, a few lines at most. It
// reads the whole file and changes nothing.
func (r *Reader) Check(ctx context.Context) ([]string, error) {
	var found []string
	err := r.use(ctx, "check", func(c *sql.Conn) (err error) {
		found, err = namesOf(ctx, c, "PRAGMA quick_check(5)")
		return err
	})
	if len(found) == 1 && found[0] == "ok" {
		found = nil
	}
	return found, err
}

// DataVersion returns a number that differs from the last one when the
// database may have been changed by somebody. It means nothing to another
// reader. It is cheap, but not free: ask when a file was written to. Of a
// database x those are x and x-wal: commits go to the log, and to x itself
// only at a checkpoint or when there is no log. The index x-shm is written
// through memory and gives no notice.
func (r *Reader) DataVersion(ctx context.Context) (int64, error) {
	var version int64
	err := r.use(ctx, "watch", func(c *sql.Conn) error {
		// SQLite counts for one connection; we count those.
		err := c.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
		version = r.generation<<32 | version&(1<<32-1)
		return err
	})
	return version, err
}

// columnsOf returns the names of a table's columns; none when it is missing.
func columnsOf(ctx context.Context, c *sql.Conn, table string) ([]string, error) {
	return namesOf(ctx, c, "SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", table)
}

func namesOf(ctx context.Context, c *sql.Conn, query string, args ...any) ([]string, error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
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
