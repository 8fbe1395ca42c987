package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// recorderKey begins the keys of lt_meta under which a store keeps who records
// a session, for as long as nobody has ended it. So what a new recorder has to
// look at are the sessions of those that live and of those that were killed.
const recorderKey = "recorder "

// recorder is the value.
type recorder struct {
	Host string `json:"host"`
	Pid  int    `json:"pid"`
	Mark string `json:"mark"`
}

// putRecorder keeps or forgets who records a session, in the transaction that
// tells of its beginning or end.
func (s *Store) putRecorder(ctx context.Context, id string, f eventlog.Facts) (err error) {
	switch {
	case f.Closed:
		_, err = s.conn.ExecContext(ctx, `DELETE FROM lt_meta WHERE key = ?`, recorderKey+text(id))
	case f.RecorderMark != "":
		value, _ := json.Marshal(recorder{text(f.Host), f.RecorderPid, text(f.RecorderMark)}) // has a spelling
		_, err = s.conn.ExecContext(ctx, `INSERT INTO lt_meta (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value`, recorderKey+text(id), string(value))
	}
	return err
}

// Interrupted is a session that was ended in place of its recorder.
type Interrupted struct {
	Session string
	At      eventlog.Stamp // when it was last heard of
	Events  int64          // that are kept
	Calls   int64          // that were under way
}

// CloseInterrupted ends the sessions whose recorders are gone: each in one
// transaction, with the finish of every run that is open, the end of the session
// and its facts, at the time when it was last heard of. Sessions of recorders
// that live, or of which nobody can tell, are left alone. It may be called by
// any number of processes at once: what one has written the others find, and
// the ids of these events are the same whoever writes them. The session named except,
// which the caller is about to go on with, is left alone too.
func (s *Store) CloseInterrupted(ctx context.Context, gone eventlog.IsGone, except string) ([]Interrupted, error) {
	open, err := s.recorders(ctx)
	if err != nil {
		return nil, err
	}
	var closed []Interrupted
	for id, r := range open {
		if id == except || !gone(r.Host, r.Pid, r.Mark) {
			continue
		}
		one, err := s.closeInterrupted(ctx, id, r)
		if err != nil {
			return closed, err
		}
		if one != nil {
			closed = append(closed, *one)
		}
	}
	return closed, nil
}

// recorders returns who records the sessions that nobody has ended.
func (s *Store) recorders(ctx context.Context) (map[string]recorder, error) {
	open := map[string]recorder{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil, ErrClosed
	}
	rows, err := s.conn.QueryContext(ctx, `SELECT substr(key, ?), value FROM lt_meta WHERE key >= ? AND key < ?`,
		len(recorderKey)+1, recorderKey, recorderKey[:len(recorderKey)-1]+"!")
	if err != nil {
		return nil, explain("read", s.name, err)
	}
	defer func() { _ = rows.Close() }() // Err tells what went wrong
	for rows.Next() {
		var id, value string
		if err := rows.Scan(&id, &value); err != nil {
			return nil, explain("read", s.name, err)
		}
		var r recorder
		if json.Unmarshal([]byte(value), &r) == nil {
			open[id] = r
		}
	}
	return open, explain("read", s.name, rows.Err())
}

// closeInterrupted ends one session, or returns nil when somebody else has or
// records it again by now.
func (s *Store) closeInterrupted(ctx context.Context, id string, was recorder) (one *Interrupted, err error) {
	err = s.write(ctx, "write", func(ctx context.Context) error {
		one = nil
		var value string
		switch err := s.conn.QueryRowContext(ctx, `SELECT value FROM lt_meta WHERE key = ?`, recorderKey+id).Scan(&value); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		var now recorder
		if json.Unmarshal([]byte(value), &now) != nil || now != was {
			return nil
		}
		l, err := s.leftOf(ctx, id)
		if err != nil {
			return err
		}
		one = &Interrupted{Session: id, At: l.at, Events: l.events, Calls: int64(len(l.calls))}
		return s.writeEnd(ctx, *one, l)
	})
	return one, err
}

// left is what a session that was interrupted left behind.
type left struct {
	at     eventlog.Stamp
	events int64
	runs   []run              // that are open, the innermost first
	calls  map[[2]string]bool // under way, by run and call
}

type run struct{ id, agent string }

// call is what is read of the payload of a call or of what ends it.
type call struct{ agent, id, tool string }

func callOf(payload []byte) (c call) {
	_ = jsonl.Fields(payload, func(key, value []byte) bool { // what cannot be read has no name
		switch text, ok := jsonl.String(value); {
		case !ok || text == "":
		case string(key) == "agent_name":
			c.agent = text
		case string(key) == "tool":
			c.tool = text
		case string(key) == "tool_use_id", string(key) == "call_id" && c.id == "":
			c.id = text
		}
		return true
	})
	return c
}

// leftOf goes through the events of a session once.
func (s *Store) leftOf(ctx context.Context, id string) (l left, err error) {
	l.calls = map[[2]string]bool{}
	var last, heartbeat sql.NullFloat64
	if err := s.conn.QueryRowContext(ctx, `SELECT count(*), max(ts), (SELECT heartbeat FROM lt_sessions WHERE id = ?1) FROM events WHERE session_id = ?1`, id).Scan(&l.events, &last, &heartbeat); err != nil {
		return l, err
	}
	l.at = eventlog.StampOf(time.UnixMicro(int64(max(last.Float64, heartbeat.Float64) * 1e6)))
	rows, err := s.conn.QueryContext(ctx, `SELECT event_type, coalesce(run_id, ''), payload FROM events WHERE session_id = ?
AND event_type IN ('agent_start', 'agent_finish', 'tool_call', 'tool_result', 'tool_error', 'tool_timeout', 'model_request', 'model_response') ORDER BY id`, id)
	if err != nil {
		return l, err
	}
	defer func() { _ = rows.Close() }() // Err tells what went wrong
	for rows.Next() {
		var kind, runID string
		var payload []byte
		if err := rows.Scan(&kind, &runID, &payload); err != nil {
			return l, err
		}
		l.take(kind, runID, callOf(payload))
	}
	return l, rows.Err()
}

func (l *left) take(kind, runID string, c call) {
	key := [2]string{runID, "tool " + c.id}
	if c.id == "" {
		key[1] = "call of " + c.tool
	}
	switch kind {
	case "agent_start":
		if runID != "" {
			l.runs = append([]run{{runID, c.agent}}, l.runs...)
		}
	case "agent_finish":
		for i, r := range l.runs {
			if r.id == runID {
				l.runs = append(l.runs[:i], l.runs[i+1:]...)
				break
			}
		}
		for k := range l.calls {
			if k[0] == runID {
				delete(l.calls, k)
			}
		}
	case "tool_call":
		l.calls[key] = true
	case "model_request":
		l.calls[[2]string{runID, "model " + c.id}] = true
	case "model_response":
		delete(l.calls, [2]string{runID, "model " + c.id})
	default:
		delete(l.calls, key)
	}
}

// writeEnd writes the events and facts that end a session, within a
// transaction.
func (s *Store) writeEnd(ctx context.Context, one Interrupted, l left) error {
	reason := eventlog.Interruption(one.At, one.Events, one.Calls)
	for _, r := range l.runs {
		payload := encode(map[string]any{"agent_name": r.agent, "outcome": "interrupted", "cancelled": true})
		if err := s.insertEnd(ctx, one, r.id, "agent_finish", payload); err != nil {
			return err
		}
	}
	payload := encode(map[string]any{
		"outcome": "interrupted", "interrupted": true, "failure_reason": reason, "events": one.Events, "open_runs": len(l.runs), "open_calls": one.Calls,
	})
	if err := s.insertEnd(ctx, one, "", "session_end", payload); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, `INSERT INTO lt_sessions (id, ended, closed, outcome, failure_reason) VALUES (?, ?, 1, ?, ?)
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, closed = 1, outcome = excluded.outcome, failure_reason = excluded.failure_reason`,
		one.Session, seconds(one.At), eventlog.Cancelled.String(), reason); err != nil {
		return err
	}
	_, err := s.conn.ExecContext(ctx, `DELETE FROM lt_meta WHERE key = ?`, recorderKey+one.Session)
	return err
}

func (s *Store) insertEnd(ctx context.Context, one Interrupted, runID, kind, payload string) error {
	end := eventlog.Event{ID: "interrupted " + kind + " " + runID, SessionID: one.Session, RunID: runID, Type: kind, Time: one.At, Payload: []byte(payload)}
	return s.conn.Raw(func(any) error {
		_, err := s.insert.rows(ctx, []eventlog.Event{end})
		return err
	})
}
