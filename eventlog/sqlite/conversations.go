package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// conversationsDDL is the table of the Agent SDK, to the letter.
const conversationsDDL = `CREATE TABLE IF NOT EXISTS sessions (session_id TEXT PRIMARY KEY, data TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`

// Conversations is a database of the Agent SDK's that is open for writing: JSON
// documents by session. Its journal is the SDK's, so that both may write in turns.
type Conversations struct {
	name string
	db   *sql.DB
}

// OpenConversations opens the database at path, and makes it with mode 0600 if need
// be. One that has tables, and not this one, is refused with ErrForeign.
func OpenConversations(ctx context.Context, path string) (*Conversations, error) {
	keepLocks()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := prepareFile(abs); err != nil {
		return nil, fmt.Errorf("open conversations: %w", err)
	}
	db, err := sql.Open("sqlite", uri(abs, "mode=rw&_pragma=busy_timeout(5000)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"))
	if err != nil {
		return nil, explain("open", path, err)
	}
	db.SetMaxOpenConns(1)
	c := &Conversations{path, db}
	if err := c.layOut(ctx); err != nil {
		return nil, errors.Join(explain("open", path, err), db.Close())
	}
	return c, nil
}

func (c *Conversations) layOut(ctx context.Context) error {
	var all, ours int
	err := c.db.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN name = 'sessions' AND type = 'table' THEN 1 END)
FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'`).Scan(&all, &ours)
	if err != nil {
		return err
	}
	if ours == 0 && all > 0 {
		return ErrForeign
	}
	if _, err := c.db.ExecContext(ctx, conversationsDDL); err != nil {
		return err
	}
	// A table of this name with other columns is somebody else's.
	rows, err := c.db.QueryContext(ctx, "SELECT session_id, data, created_at, updated_at FROM sessions LIMIT 0")
	if err != nil {
		return errors.Join(ErrForeign, err)
	}
	return rows.Close()
}

// Close closes the database.
func (c *Conversations) Close() error { return c.db.Close() }

// Save puts a document in the place of the one of that session.
func (c *Conversations) Save(ctx context.Context, session string, document []byte) error {
	_, err := c.db.ExecContext(ctx, `INSERT INTO sessions (session_id, data) VALUES (?, ?)
ON CONFLICT (session_id) DO UPDATE SET data = excluded.data, updated_at = CURRENT_TIMESTAMP`, session, string(document))
	return explain("write conversation to", c.name, err)
}

// Load returns the document of a session, and whether there is one.
func (c *Conversations) Load(ctx context.Context, session string) (document []byte, ok bool, err error) {
	err = c.db.QueryRowContext(ctx, "SELECT data FROM sessions WHERE session_id = ?", session).Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return document, err == nil, explain("read conversation of", c.name, err)
}

// Delete deletes the document of a session, and reports whether there was one.
func (c *Conversations) Delete(ctx context.Context, session string) (bool, error) {
	result, err := c.db.ExecContext(ctx, "DELETE FROM sessions WHERE session_id = ?", session)
	if err != nil {
		return false, explain("delete conversation from", c.name, err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// List returns the sessions, the one that was saved last first.
func (c *Conversations) List(ctx context.Context) (sessions []string, err error) {
	rows, err := c.db.QueryContext(ctx, "SELECT session_id FROM sessions ORDER BY updated_at DESC, rowid DESC")
	if err != nil {
		return nil, explain("list conversations of", c.name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		sessions = append(sessions, id)
	}
	return sessions, rows.Err()
}
