package sqlite

import (
	"context"
	"encoding/json"
	"slices"
)

// Merge makes the events of other sessions events of one, and forgets the others:
// what happened in two sittings is one session from then on. An event that both
// have, by its id, is kept once. The session keeps its own name, goal and outcome,
// begins with the first of them, ends with the last, and has the tags of all. It
// returns how many events were moved. Others who read the store meanwhile see all of
// it done, or nothing.
func (s *Store) Merge(ctx context.Context, into string, others ...string) (moved int64, err error) {
	err = s.write(ctx, "merge sessions of", func(ctx context.Context) error {
		moved = 0
		for _, other := range others {
			n, err := s.merge(ctx, into, other)
			if err != nil {
				return err
			}
			moved += n
		}
		return nil
	})
	return moved, err
}

func (s *Store) merge(ctx context.Context, into, other string) (int64, error) {
	result, err := s.conn.ExecContext(ctx, "UPDATE OR IGNORE events SET session_id = ? WHERE session_id = ?", into, other)
	if err != nil {
		return 0, err
	}
	moved, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	if err := s.mergeTags(ctx, into, other); err != nil {
		return 0, err
	}
	// Ids of calls never meet: each is made for its call.
	if err := s.moveExchanges(ctx, "UPDATE OR IGNORE lt_exchanges SET session_id = ? WHERE session_id = ?", into, other); err != nil {
		return 0, err
	}
	for _, step := range []struct {
		statement string
		arguments []any
	}{
		{"DELETE FROM events WHERE session_id = ?", []any{other}}, // those that were there already
		{`INSERT INTO lt_drops (session_id, kind, dropped) SELECT ?, kind, dropped FROM lt_drops WHERE session_id = ?
ON CONFLICT (session_id, kind) DO UPDATE SET dropped = dropped + excluded.dropped`, []any{into, other}},
		{"DELETE FROM lt_drops WHERE session_id = ?", []any{other}},
		{"UPDATE lt_signals SET session_id = ? WHERE session_id = ?", []any{into, other}},
		{"UPDATE lt_decisions SET session_id = ? WHERE session_id = ?", []any{into, other}},
		{"UPDATE lt_sessions SET parent_session_id = ? WHERE parent_session_id = ? AND id <> ?", []any{into, other, into}},
		{"UPDATE lt_sessions SET fork_of = ? WHERE fork_of = ? AND id <> ?", []any{into, other, into}},
		{`UPDATE lt_sessions SET
    parent_session_id = nullif(parent_session_id, ?2),
    started = min(coalesce(started, b.s), coalesce(b.s, started)),
    ended = max(coalesce(ended, b.e), coalesce(b.e, ended)),
    heartbeat = max(coalesce(heartbeat, b.h), coalesce(b.h, heartbeat)),
    dropped = dropped + b.d, redact_dropped = redact_dropped + b.r
FROM (SELECT started AS s, ended AS e, heartbeat AS h, dropped AS d, redact_dropped AS r FROM lt_sessions WHERE id = ?2) AS b
WHERE id = ?1`, []any{into, other}},
		{"DELETE FROM lt_sessions WHERE id = ?", []any{other}},
	} {
		if _, err := s.conn.ExecContext(ctx, step.statement, step.arguments...); err != nil {
			return 0, err
		}
	}
	return moved, nil
}

func (s *Store) mergeTags(ctx context.Context, into, other string) error {
	var tags []string
	for _, id := range []string{into, other} {
		var text string
		if err := s.conn.QueryRowContext(ctx, "SELECT coalesce(max(tags), '[]') FROM lt_sessions WHERE id = ?", id).Scan(&text); err != nil {
			return err
		}
		var list []string
		if json.Unmarshal([]byte(text), &list) != nil { // somebody else's spelling
			continue
		}
		for _, tag := range list {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	if len(tags) == 0 {
		return nil
	}
	_, err := s.conn.ExecContext(ctx, `INSERT INTO lt_sessions (id, tags) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET tags = excluded.tags`, into, encode(tags))
	return err
}
