package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// exchangesDDL is made when the first exchange is kept: bodies are large, and most
// stores never hold any. Nobody who reads events looks at it, so the layout has no
// new number for it.
var exchangesDDL = []string{
	`CREATE TABLE IF NOT EXISTS lt_exchanges (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    door TEXT NOT NULL,
    api TEXT NOT NULL,
    model TEXT NOT NULL,
    stream INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    exact TEXT NOT NULL,
    loose TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    header TEXT NOT NULL,
    answer BLOB NOT NULL,
    pieces TEXT NOT NULL,
    masked INTEGER NOT NULL,
    torn INTEGER NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    UNIQUE (session_id, call_id)
)`,
	`CREATE INDEX IF NOT EXISTS lt_ex_session ON lt_exchanges(session_id, began)`,
}

// exchangeColumns are those that a list has: all but the bodies.
var exchangeColumns = []string{
	"session_id", "call_id", "door", "api", "model", "stream", "method", "path", "exact", "loose", "status", "header", "masked", "torn", "began", "ended",
}

// bodyColumns are the rest.
var bodyColumns = []string{"request", "answer", "pieces"}

// PutExchange keeps an exchange, in a transaction of its own. One that is there
// already stays as it is.
func (s *Store) PutExchange(ctx context.Context, e eventlog.Exchange) error {
	header, err := json.Marshal(e.Header)
	if err != nil {
		return fmt.Errorf("keep an exchange in %s: %w", s.name, err)
	}
	pieces := make([][2]int64, len(e.Pieces))
	for i, p := range e.Pieces {
		pieces[i] = [2]int64{p.End, p.After.Microseconds()}
	}
	came, err := json.Marshal(pieces)
	if err != nil {
		return fmt.Errorf("keep an exchange in %s: %w", s.name, err)
	}
	return s.write(ctx, "keep an exchange in", func(ctx context.Context) error {
		if err := s.exec(ctx, exchangesDDL...); err != nil {
			return err
		}
		_, err := s.conn.ExecContext(ctx, `INSERT INTO lt_exchanges (session_id, call_id, door, api, model, stream, method, path, exact, loose,
    status, header, masked, torn, began, ended, request, answer, pieces)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, call_id) DO NOTHING`,
			text(e.SessionID), text(e.ID), text(e.Door), text(e.API), text(e.Model), e.Stream, text(e.Method), text(e.Path), e.Exact, e.Loose,
			e.Status, string(header), e.Masked, e.Torn, int64(e.Began), int64(e.Ended), blob(e.Request), blob(e.Answer), string(came))
		return err
	})
}

// blob is never null.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Exchanges returns the exchanges of a session without their bodies, in the order
// in which they were asked. A store that never kept any has none.
func (r *Reader) Exchanges(ctx context.Context, session string) (list []eventlog.Exchange, err error) {
	err = r.use(ctx, "read exchanges of", func(c *sql.Conn) error {
		list = nil
		if ok, err := hasExchanges(ctx, c); err != nil || !ok {
			return err
		}
		rows, err := c.QueryContext(ctx, "SELECT "+strings.Join(exchangeColumns, ", ")+
			" FROM main.lt_exchanges WHERE session_id = ? ORDER BY began, id", session)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var e eventlog.Exchange
			var header string
			if err := rows.Scan(&e.SessionID, &e.ID, &e.Door, &e.API, &e.Model, &e.Stream, &e.Method, &e.Path, &e.Exact, &e.Loose,
				&e.Status, &header, &e.Masked, &e.Torn, &e.Began, &e.Ended); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(header), &e.Header); err != nil {
				return fmt.Errorf("%w: the header of exchange %q is no JSON", ErrDamaged, e.ID)
			}
			list = append(list, e)
		}
		return rows.Err()
	})
	return list, err
}

// ExchangeBodies fills in the bodies of an exchange that Exchanges gave.
func (r *Reader) ExchangeBodies(ctx context.Context, e *eventlog.Exchange) error {
	return r.use(ctx, "read exchanges of", func(c *sql.Conn) error {
		var came string
		err := c.QueryRowContext(ctx, "SELECT "+strings.Join(bodyColumns, ", ")+" FROM main.lt_exchanges WHERE session_id = ? AND call_id = ?",
			e.SessionID, e.ID).Scan(&e.Request, &e.Answer, &came)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("exchange %q is gone", e.ID)
		}
		if err != nil {
			return err
		}
		var pieces [][2]int64
		if err := json.Unmarshal([]byte(came), &pieces); err != nil {
			return fmt.Errorf("%w: the pieces of exchange %q are no JSON", ErrDamaged, e.ID)
		}
		e.Pieces = make([]eventlog.Piece, len(pieces))
		for i, p := range pieces {
			e.Pieces[i] = eventlog.Piece{End: p[0], After: time.Duration(p[1]) * time.Microsecond}
		}
		return nil
	})
}

// hasExchanges reports whether there is a table of exchanges, of ours: a view of that
// name does whatever its maker likes.
func hasExchanges(ctx context.Context, c *sql.Conn) (bool, error) {
	var n int
	err := c.QueryRowContext(ctx, "SELECT count(*) FROM main.sqlite_schema WHERE name = 'lt_exchanges' AND type = 'table' AND rootpage > 0").Scan(&n)
	if err != nil || n == 0 {
		return false, err
	}
	columns, err := columnsOf(ctx, c, "lt_exchanges")
	if err != nil {
		return false, err
	}
	for _, name := range slices.Concat(exchangeColumns, bodyColumns) {
		if !slices.Contains(columns, name) {
			return false, fmt.Errorf("%w: its table lt_exchanges has no column %q", ErrForeign, name)
		}
	}
	return true, nil
}

// moveExchanges does to the exchanges of a session what is done to its events. A
// writer asks whether the table is there: most stores have none.
func (s *Store) moveExchanges(ctx context.Context, statement string, arguments ...any) error {
	ok, err := hasExchanges(ctx, s.conn)
	if err != nil || !ok {
		return err
	}
	_, err = s.conn.ExecContext(ctx, statement, arguments...)
	return err
}
