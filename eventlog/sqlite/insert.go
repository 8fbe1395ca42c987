package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/lazytrace/lazytrace/eventlog"
)

// insertEvent ignores the one conflict that a resend makes, and no other.
const insertEvent = `INSERT INTO events (session_id, run_id, event_type, payload, ts, lt_id, lt_parent_run_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (session_id, lt_id) WHERE lt_id IS NOT NULL DO NOTHING`

// inserter writes rows of events. It speaks to the driver without database/sql in
// between, which would look at every value and take every lock once more for each
// row. One statement for many rows would be slower: SQLite keeps the pages that it
// changes for the case that a later row fails. It is used within conn.Raw only.
type inserter struct {
	statement interface {
		driver.Stmt
		driver.StmtExecContext
	}
	values [7]driver.NamedValue
}

func newInserter(ctx context.Context, conn any) (*inserter, error) {
	c, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errors.New("the driver prepares no statements")
	}
	statement, err := c.PrepareContext(ctx, insertEvent)
	if err != nil {
		return nil, err
	}
	in := &inserter{}
	if in.statement, ok = statement.(interface {
		driver.Stmt
		driver.StmtExecContext
	}); !ok {
		return nil, errors.Join(errors.New("the driver takes no context"), statement.Close())
	}
	for i := range in.values {
		in.values[i].Ordinal = i + 1
	}
	return in, nil
}

// rows writes events and returns how many were not there yet. A row takes
// microseconds: watching the context within each would cost more than the row. It
// is looked at between rows.
func (in *inserter) rows(ctx context.Context, events []eventlog.Event) (added int64, err error) {
	quiet := context.WithoutCancel(ctx)
	for i := range events {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := in.row(quiet, &events[i])
		if err != nil {
			return 0, err
		}
		added += n
	}
	return added, nil
}

func (in *inserter) row(ctx context.Context, e *eventlog.Event) (added int64, err error) {
	for i, value := range [len(in.values)]driver.Value{
		text(e.SessionID), orNull(e.RunID), text(typeOf(e)), object(e.Payload), seconds(e.Time), orNull(e.ID), orNull(e.ParentRunID),
	} {
		in.values[i].Value = value
	}
	result, err := in.statement.ExecContext(ctx, in.values[:])
	in.values[3].Value = nil // lets go of the payload
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
