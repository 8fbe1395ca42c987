package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unsafe"

	lib "modernc.org/sqlite/lib"

	"github.com/lazytrace/lazytrace/eventlog"
)

// plan is how one table is read.
type plan struct {
	key     string // what SQLite calls the integer key in this table
	columns string // the list of a SELECT: the key, then what was asked for and is there
	at      []int  // where in the list the cells are; zero for what is not there
	from    string
	by      way
}

// plans are those of a connection. They are good for as long as the schema is what
// it was when they were made, which is asked at every page: a writer may have added a
// column.
type plans struct {
	schema int64
	made   map[string]plan
	by     way // straight when nil: tests hold the ways to each other
}

// of returns the plan for a table.
func (p *plans) of(ctx context.Context, c *sql.Conn, table eventlog.Table) (plan, error) {
	var schema int64
	if err := c.QueryRowContext(ctx, "PRAGMA main.schema_version").Scan(&schema); err != nil {
		return plan{}, err
	}
	if p.made == nil || schema != p.schema {
		p.schema, p.made = schema, map[string]plan{}
	}
	name := strings.Join(append([]string{table.Name}, table.Columns...), "\x00")
	made, ok := p.made[name]
	if !ok {
		var err error
		if made, err = planOf(ctx, c, table); err != nil {
			return plan{}, err
		}
		if p.by != nil {
			made.by = p.by
		}
		p.made[name] = made
	}
	return made, nil
}

// planOf looks the table up in the schema.
//
// The key is always SQLite's own row number. A column that is declared INTEGER
// PRIMARY KEY is the same thing under another name; any other column that a
// dialect calls the key may hold texts and nulls, and has no index.
func planOf(ctx context.Context, c *sql.Conn, table eventlog.Table) (p plan, err error) {
	p.by = straight
	var kind string
	var root int64
	err = c.QueryRowContext(ctx, "SELECT type, coalesce(rootpage, 0) FROM main.sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
		table.Name).Scan(&kind, &root)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, fmt.Errorf("%w: %q", ErrNoTable, table.Name)
	case err != nil:
		return p, err
	case kind == "view" || root == 0:
		return p, fmt.Errorf("%w: %q", ErrView, table.Name)
	}
	names, err := columnsOf(ctx, c, table.Name)
	if err != nil {
		return p, err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	for _, key := range []string{"rowid", "_rowid_", "oid"} {
		if !has(key) {
			p.key = key
			break
		}
	}
	if p.key == "" {
		return p, fmt.Errorf("%w: the columns of %q hide its key", ErrNoTable, table.Name)
	}
	p.from = "main." + quote(table.Name)
	if _, err := c.ExecContext(ctx, "SELECT "+p.key+" FROM "+p.from+" LIMIT 0"); codeOf(err) == lib.SQLITE_ERROR {
		return p, fmt.Errorf("%w: %q has no integer key", ErrNoTable, table.Name)
	}
	list := []string{p.key}
	p.at = make([]int, len(table.Columns))
	for i, column := range table.Columns {
		if has(column) {
			// The plus keeps the value and takes away the declared type, by
			// which the driver would turn some texts into times.
			p.at[i] = len(list)
			list = append(list, "+"+quote(column))
		}
	}
	p.columns = strings.Join(list, ", ")
	return p, nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// way is how the rows of a query come whose parameters are a key and a limit: the
// first column is the key, and at says which of the others the cells are.
type way func(ctx context.Context, conn any, query string, key int64, limit int, at []int, fn func(eventlog.Record) error) error

// rows gives the rows whose key compares to key as the condition says. The texts of
// their cells are gone after fn.
func (p plan) rows(ctx context.Context, c *sql.Conn, condition string, key int64, limit int, fn func(eventlog.Record) error) error {
	query := "SELECT " + p.columns + " FROM " + p.from + " WHERE " + p.key + " " + condition + " ORDER BY " + p.key + " LIMIT ?"
	next := key // the least key that the next row can have
	err := c.Raw(func(conn any) error {
		return p.by(ctx, conn, query, key, limit, p.at, func(record eventlog.Record) error {
			if record.Pos < next {
				return fmt.Errorf("%w: its rows are out of order", ErrDamaged)
			}
			if err := fn(record); err != nil {
				return err
			}
			next = record.Pos + 1
			return nil
		})
	})
	if reason := reasonOf(err); (reason == ErrTooBig || reason == ErrDamaged) && ctx.Err() == nil {
		return p.around(ctx, c, next, fmt.Errorf("%w: %w", reason, err))
	}
	return err
}

// driven gives the rows that the driver finds. What database/sql does on top takes as
// long again.
func driven(ctx context.Context, conn any, query string, key int64, limit int, at []int, fn func(eventlog.Record) error) (err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query,
		[]driver.NamedValue{{Ordinal: 1, Value: key}, {Ordinal: 2, Value: int64(limit)}})
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	values := make([]driver.Value, len(rows.Columns()))
	record := eventlog.Record{Cells: make([]eventlog.Cell, len(at))}
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pos, ok := values[0].(int64)
		if !ok {
			return fmt.Errorf("%w: a row has no key", ErrDamaged)
		}
		record.Pos, record.Size = pos, fill(record.Cells, at, values)
		if err := fn(record); err != nil {
			return err
		}
	}
}

// around finds out from where reading can go on after a row could not be read,
// and says so with a RowError. A row that is too big, or whose rest lies on a
// page that is damaged, still has its key. A page of many rows that is damaged
// can be gone around: the tree leads to the pages behind it. On one of which a part
// is damaged, rows around the bad one may not be found either: all that are not, from
// the last good one to the next, count as unread. If there is nothing behind, the reason
// is returned as it is.
func (p plan) around(ctx context.Context, c *sql.Conn, from int64, reason error) error {
	query := "SELECT " + p.key + " FROM " + p.from + " WHERE " + p.key + " >= ? ORDER BY " + p.key + " LIMIT 1"
	// first returns the first key from k on that can be read, and whether
	// there is one.
	first := func(k int64) (key int64, ok bool) {
		err := c.QueryRowContext(ctx, query, k).Scan(&key)
		return key, err == nil && key >= k
	}
	if key, ok := first(from); ok {
		if !errors.Is(reason, ErrDamaged) || key == math.MaxInt64 {
			return &RowError{From: key, Key: key, Err: reason}
		}
		hole := &RowError{From: from, Key: key, Err: reason}
		if next, ok := first(key + 1); ok {
			hole.Key = next - 1
		} else if more := (*RowError)(nil); errors.As(p.around(ctx, c, key+1, reason), &more) {
			hole.Key = more.Key
		}
		return hole
	}
	// The first good place is looked for in steps that double and, when one
	// is found, by halves. Keys below zero are rare: they take one step.
	bad, good, found := from, int64(0), false
	if bad < 0 {
		if _, found = first(0); !found {
			bad = 0
		}
	}
	for step := int64(1); !found && step > 0 && bad <= math.MaxInt64-step; step *= 2 {
		if _, found = first(bad + step); found {
			good = bad + step
		} else {
			bad += step
		}
	}
	if !found { // perhaps the steps went past the end
		err := c.QueryRowContext(ctx, "SELECT "+p.key+" FROM "+p.from+" ORDER BY "+p.key+" DESC LIMIT 1").Scan(&good)
		if err != nil || good <= from {
			return reason
		}
		if _, found = first(good); !found {
			return reason
		}
		bad = from
	}
	for uint64(good)-uint64(bad) > 1 {
		middle := bad + int64((uint64(good)-uint64(bad))/2)
		if _, ok := first(middle); ok {
			good = middle
		} else {
			bad = middle
		}
	}
	if key, ok := first(good); ok {
		good = key
	}
	return &RowError{From: from, Key: good - 1, Err: reason}
}

// fill turns the values of the driver into cells and returns their size. Texts
// are not copied: the driver made them for this row and nobody else has them.
func fill(cells []eventlog.Cell, at []int, values []driver.Value) (size int) {
	for i, column := range at {
		if column == 0 {
			cells[i] = eventlog.Cell{}
			continue
		}
		switch v := values[column].(type) {
		case int64:
			cells[i] = eventlog.Cell{Type: eventlog.Integer, Int: v}
			size += 8
		case float64:
			cells[i] = eventlog.Cell{Type: eventlog.Real, Real: v}
			size += 8
		case string:
			cells[i] = eventlog.Cell{Type: eventlog.Text, Text: unsafe.Slice(unsafe.StringData(v), len(v))}
			size += len(v)
		case []byte:
			cells[i] = eventlog.Cell{Type: eventlog.Blob, Text: v}
			size += len(v)
		default:
			cells[i] = eventlog.Cell{}
		}
	}
	return size
}
