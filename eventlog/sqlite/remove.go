package sqlite

import "context"

// Remove deletes a session: its events, and what is known about it. It returns
// how many events there were. Others who read the store meanwhile see the
// session whole or not at all.
func (s *Store) Remove(ctx context.Context, id string) (events int64, err error) {
	err = s.write(ctx, "remove session from", func(ctx context.Context) error {
		result, err := s.conn.ExecContext(ctx, "DELETE FROM events WHERE session_id = ?", id)
		if err != nil {
			return err
		}
		if events, err = result.RowsAffected(); err != nil {
			return err
		}
		for _, table := range []string{"lt_drops", "lt_signals", "lt_decisions"} {
			if _, err := s.conn.ExecContext(ctx, "DELETE FROM "+table+" WHERE session_id = ?", id); err != nil {
				return err
			}
		}
		if err := s.moveExchanges(ctx, "DELETE FROM lt_exchanges WHERE session_id = ?", id); err != nil {
			return err
		}
		_, err = s.conn.ExecContext(ctx, "DELETE FROM lt_sessions WHERE id = ?", id)
		return err
	})
	return events, err
}
