package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// shape is what decides whether a database may be written to.
type shape struct {
	version  int64
	columns  []string // of events
	view     bool     // events is a view
	triggers []string
	others   []string // tables that are neither ours nor LazyBridge's
}

// examine looks at an existing file the way a reader does, so that a database
// which is refused is as it was.
func examine(ctx context.Context, path string) (err error) {
	r, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.use(ctx, "examine", func(c *sql.Conn) error {
		shape, err := shapeOf(ctx, c)
		if err != nil {
			return err
		}
		return shape.writable()
	})
}

func shapeOf(ctx context.Context, c *sql.Conn) (s shape, err error) {
	if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&s.version); err != nil {
		return s, err
	}
	rows, err := c.QueryContext(ctx, "SELECT type, name FROM sqlite_schema")
	if err != nil {
		return s, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			return s, err
		}
		switch lower := strings.ToLower(name); {
		case kind == "trigger":
			s.triggers = append(s.triggers, name)
		case kind == "view":
			s.view = s.view || lower == "events"
		case kind != "table", lower == "events", strings.HasPrefix(lower, "lt_"), strings.HasPrefix(lower, "sqlite_"):
		default:
			s.others = append(s.others, name)
		}
	}
	if err := rows.Err(); err != nil {
		return s, err
	}
	s.columns, err = columnsOf(ctx, c, "events")
	return s, err
}

// writable tells why nothing may be written, or nil.
func (s shape) writable() error {
	switch {
	case s.version > Version:
		return fmt.Errorf("%w: its layout is %d, known is %d", ErrNewer, s.version, Version)
	case s.view:
		return fmt.Errorf("%w: its events are a view", ErrForeign)
	case len(s.triggers) > 0:
		return fmt.Errorf("%w: it has a trigger, %q", ErrForeign, s.triggers[0])
	case len(s.columns) == 0 && len(s.others) > 0:
		return fmt.Errorf("%w: it has no table events, but %q", ErrForeign, some(s.others))
	case len(s.columns) == 0, slices.Equal(s.columns, theirColumns),
		slices.Equal(s.columns, slices.Concat(theirColumns, ourColumns)):
		return nil
	}
	return fmt.Errorf("%w: its events have the columns %q", ErrForeign, some(s.columns))
}

// some keeps a list short enough for one line.
func some(names []string) string {
	if len(names) > 8 {
		names = append(names[:8:8], "…")
	}
	return strings.Join(names, ", ")
}
