package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Rows are taken straight from SQLite rather than from its driver. For each cell
// the driver asks for the type, the bytes and their number, under a lock each, and
// makes a text and an interface of them: that takes longer than SQLite takes to find
// the row. Here a cell is asked for once, all of a page is read under one lock, and
// texts stay where they are.
//
// The connection is the driver's, opened by the recipe (see connect.go), so nothing
// that the recipe forbids is possible here. All that is taken of the driver's own is the
// handle of the connection. Should it be kept elsewhere one day, rows come from
// the driver as before, and a test says so.

// handleOf returns SQLite's handle of a connection of the driver, or zero.
func handleOf(conn any) uintptr {
	v := reflect.ValueOf(conn)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return 0
	}
	db := v.Elem().FieldByName("db")
	if !db.IsValid() || db.Kind() != reflect.Uintptr {
		return 0
	}
	return uintptr(db.Uint())
}

// native is an error of SQLite as it tells it, in the words of the driver.
type native struct {
	code int
	text string
}

func (e *native) Error() string { return e.text }

// direct is one page that is being read.
type direct struct {
	tls  *libc.TLS
	db   uintptr
	stmt uintptr
}

// errShared says that a store in memory is being written to. The driver knows how to wait for that.
var errShared = &native{lib.SQLITE_LOCKED_SHAREDCACHE, "database table is locked (262)"}

// straight is the way that does without the driver where it can.
func straight(ctx context.Context, conn any, query string, key int64, limit int, at []int, fn func(eventlog.Record) error) error {
	if db := handleOf(conn); db != 0 {
		if err := rowsOf(ctx, db, query, key, limit, at, fn); err != errShared {
			return err
		}
	}
	return driven(ctx, conn, query, key, limit, at, fn)
}

// rowsOf reads one page. The texts of the cells are SQLite's own and gone after fn.
func rowsOf(ctx context.Context, db uintptr, query string, key int64, limit int, at []int, fn func(eventlog.Record) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := direct{tls: libc.NewTLS(), db: db}
	defer d.tls.Close()
	// SQLite locks the connection with every call. Under a lock of ours these cost next to nothing, and
	// the cells of a row may be looked at where they are.
	lock := lib.Xsqlite3_db_mutex(d.tls, db)
	lib.Xsqlite3_mutex_enter(d.tls, lock)
	defer lib.Xsqlite3_mutex_leave(d.tls, lock)
	defer d.interruptWhenDone(ctx)()

	if err := d.prepare(query, key, int64(limit)); err != nil {
		return err
	}
	defer func() {
		rc := lib.Xsqlite3_finalize(d.tls, d.stmt)
		if err == nil && rc != lib.SQLITE_OK {
			err = d.failure(rc)
		}
	}()
	record := eventlog.Record{Cells: make([]eventlog.Cell, len(at))}
	for {
		switch rc := lib.Xsqlite3_step(d.tls, d.stmt); rc {
		case lib.SQLITE_ROW:
		case lib.SQLITE_DONE:
			return nil
		case lib.SQLITE_LOCKED_SHAREDCACHE:
			return errShared // of the first row, so that none was given
		default:
			if err := ctx.Err(); err != nil {
				return err
			}
			return d.failure(rc)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		d.row(&record, at)
		if err := fn(record); err != nil {
			return err
		}
	}
}

// prepare makes the statement and gives it its two numbers.
func (d *direct) prepare(query string, numbers ...int64) error {
	text, err := libc.CString(query)
	if err != nil {
		return err
	}
	defer libc.Xfree(d.tls, text)
	const size = 8 // room for a pointer of any system
	to := libc.Xcalloc(d.tls, 1, size)
	if to == 0 {
		return fmt.Errorf("no memory for a statement")
	}
	defer libc.Xfree(d.tls, to)
	switch rc := lib.Xsqlite3_prepare_v2(d.tls, d.db, text, -1, to, 0); rc {
	case lib.SQLITE_OK:
	case lib.SQLITE_LOCKED_SHAREDCACHE:
		return errShared
	default:
		return d.failure(rc)
	}
	if d.stmt = uintptr(binary.NativeEndian.Uint64(libc.GoBytes(to, size))); math.MaxUint == math.MaxUint32 {
		d.stmt = uintptr(binary.NativeEndian.Uint32(libc.GoBytes(to, size)))
	}
	for i, n := range numbers {
		if rc := lib.Xsqlite3_bind_int64(d.tls, d.stmt, int32(i+1), n); rc != lib.SQLITE_OK {
			err := d.failure(rc)
			lib.Xsqlite3_finalize(d.tls, d.stmt)
			return err
		}
	}
	return nil
}

// row fills in a record with the row that the statement stands at.
func (d *direct) row(record *eventlog.Record, at []int) {
	record.Pos = lib.Xsqlite3_column_int64(d.tls, d.stmt, 0)
	record.Size = 0
	for i, column := range at {
		cell := &record.Cells[i]
		if column == 0 {
			*cell = eventlog.Cell{}
			continue
		}
		value := lib.Xsqlite3_column_value(d.tls, d.stmt, int32(column))
		switch lib.Xsqlite3_value_type(d.tls, value) {
		case lib.SQLITE_INTEGER:
			*cell = eventlog.Cell{Type: eventlog.Integer, Int: lib.Xsqlite3_value_int64(d.tls, value)}
			record.Size += 8
		case lib.SQLITE_FLOAT:
			*cell = eventlog.Cell{Type: eventlog.Real, Real: lib.Xsqlite3_value_double(d.tls, value)}
			record.Size += 8
		case lib.SQLITE_TEXT:
			*cell = eventlog.Cell{Type: eventlog.Text, Text: d.bytes(lib.Xsqlite3_value_text(d.tls, value), value)}
			record.Size += len(cell.Text)
		case lib.SQLITE_BLOB:
			*cell = eventlog.Cell{Type: eventlog.Blob, Text: d.bytes(lib.Xsqlite3_value_blob(d.tls, value), value)}
			record.Size += len(cell.Text)
		default:
			*cell = eventlog.Cell{}
		}
	}
}

// bytes returns those of a text or a blob, where SQLite has them.
func (d *direct) bytes(at, value uintptr) []byte {
	n := lib.Xsqlite3_value_bytes(d.tls, value)
	if at == 0 || n <= 0 {
		return nil
	}
	return libc.GoBytes(at, int(n))
}

// interruptWhenDone has SQLite stop when the context ends, and returns what ends that.
func (d *direct) interruptWhenDone(ctx context.Context) (end func()) {
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		tls := libc.NewTLS() // the other one is in use
		defer tls.Close()
		lib.Xsqlite3_interrupt(tls, d.db)
	})
	return func() {
		if !stop() {
			<-stopped // or it would interrupt whoever is next
		}
	}
}

// failure says what SQLite says.
func (d *direct) failure(rc int32) error {
	text := libc.GoString(lib.Xsqlite3_errstr(d.tls, rc))
	if more := libc.GoString(lib.Xsqlite3_errmsg(d.tls, d.db)); more != text {
		text += ": " + more
	}
	text = fmt.Sprintf("%s (%d)", text, rc)
	if rc == lib.SQLITE_BUSY {
		text += " (SQLITE_BUSY)"
	}
	return &native{int(rc), text}
}
