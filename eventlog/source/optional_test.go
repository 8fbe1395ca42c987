package source

import "testing"

// A table that a database may lack holds no rows until it is there.
func TestOptionalTable(t *testing.T) {
	path, exec := database(t, "conversations.db",
		"CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY, created_at TIMESTAMP)",
		"CREATE TABLE agent_messages (id INTEGER PRIMARY KEY, session_id TEXT, message_data TEXT, created_at TIMESTAMP)",
		"INSERT INTO agent_sessions VALUES ('s', '2026-11-20 09:00:00')",
		`INSERT INTO agent_messages VALUES (1, 's', '{"role":"user","content":"Hello"}', '2026-11-20 09:00:01')`)
	_, c := read(t, path)
	if s, ok := c.Session("s"); !ok || s.Goal != "Hello" || s.Calls != 0 || c.Audit.Unreadable != 0 {
		t.Errorf("without the table: %+v, %d unreadable", s, c.Audit.Unreadable)
	}
	exec("CREATE TABLE turn_usage (session_id TEXT, branch_id TEXT, user_turn_number INTEGER, requests INTEGER, input_tokens INTEGER, output_tokens INTEGER)",
		"INSERT INTO turn_usage VALUES ('s', 'main', 1, 2, 30, 4)")
	_, c = read(t, path)
	if s, _ := c.Session("s"); s.Calls != 2 || s.Usage.Input != 30 || s.Usage.Output != 4 {
		t.Errorf("with the table: %+v", s)
	}
}
