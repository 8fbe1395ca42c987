package sqlite

import (
	"context"
	"database/sql"
)

// own asks whether a session has an event that is no copy of anything: then it was
// recorded into the store and not imported. Payloads may hold the NaN of Python,
// which JSON functions fail on.
const own = `SELECT EXISTS (SELECT 1 FROM events WHERE session_id = ?
    AND CASE WHEN json_valid(payload) THEN json_extract(payload, '$.lt.of') END IS NULL)`

// Recorded reports whether a session was recorded into the store.
func (s *Store) Recorded(ctx context.Context, session string) (yes bool, err error) {
	err = s.write(ctx, "read", func(ctx context.Context) error {
		return s.conn.QueryRowContext(ctx, own, session).Scan(&yes)
	})
	return yes, err
}

// EventIDs returns the ids of the events of a session in a native store.
func (r *Reader) EventIDs(ctx context.Context, session string) (map[string]bool, error) {
	var ids map[string]bool
	err := r.use(ctx, "read", func(c *sql.Conn) error {
		ids = map[string]bool{}
		rows, err := c.QueryContext(ctx, "SELECT lt_id FROM events WHERE session_id = ? AND lt_id IS NOT NULL", session)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids[id] = true
		}
		return rows.Err()
	})
	return ids, err
}
