-- A small database of our own in the layout of Goose, schema version 16: single calls
-- are told of, and sums of what was used before they were.
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', user_set_name BOOLEAN DEFAULT FALSE, session_type TEXT NOT NULL DEFAULT 'user',
  working_dir TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, total_tokens INTEGER, input_tokens INTEGER, output_tokens INTEGER,
  cache_read_tokens INTEGER, cache_write_tokens INTEGER, accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER,
  accumulated_cache_read_tokens INTEGER, accumulated_cache_write_tokens INTEGER, accumulated_cost REAL, provider_name TEXT, model_config_json TEXT, archived_at TIMESTAMP, parent_session_id TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL, content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL,
  timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, tokens INTEGER, metadata_json TEXT);
CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, created_timestamp INTEGER NOT NULL, model TEXT, input_tokens INTEGER, output_tokens INTEGER,
  total_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost REAL, cost_source TEXT, is_compaction INTEGER DEFAULT 0);
INSERT INTO sessions VALUES
 ('20260901_1', 'Tidy up', '', FALSE, 'user', '/home/dev/shop', '2026-09-01 09:00:00', '2026-09-01 09:00:09', 130, 110, 20, 90, 0, 280, 250, 30, 150, 40, 0.003, 'acme', '{"model_name":"m-1"}', NULL, NULL),
 ('20260901_2', 'Look', '', FALSE, 'sub_agent', '/home/dev/shop', '2026-09-01 09:00:04', '2026-09-01 09:00:06', 25, 20, 5, 50, 0, 425, 420, 5, 50, 0, 0.005, 'acme', '{"model_name":"m-2"}', NULL, '20260901_1'),
 ('20260901_3', 'Old', '', FALSE, 'user', '/home/dev/shop', '2026-09-01 09:01:00', '2026-09-01 09:01:00', NULL, 8, 2, 3, 1, NULL, NULL, NULL, NULL, NULL, NULL, 'acme', '{"model_name":"m-1"}', NULL, NULL);
INSERT INTO messages (message_id, session_id, role, content_json, created_timestamp) VALUES
 ('m1', '20260901_1', 'user', '[{"type":"text","text":"tidy up"}]', 1788253200),
 ('m2', '20260901_1', 'assistant', '[{"type":"toolRequest","id":"t1","toolCall":{"status":"success","value":{"name":"shell","arguments":{"command":"ls"}}}}]', 1788253202),
 ('m3', '20260901_1', 'user', '[{"type":"toolResponse","id":"t1","toolResult":{"status":"success","value":[{"type":"text","text":"a.go"}]}}]', 1788253203),
 ('m4', '20260901_2', 'assistant', '[{"type":"error","kind":"authentication","message":"No key."}]', 1788253205),
 ('m5', '20260901_1', 'assistant', '[{"type":"text","text":"Tidy."}]', 1788253208);
INSERT INTO usage_ledger (session_id, created_timestamp, model, input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens, cost, cost_source, is_compaction) VALUES
 ('20260901_1', 1788253202, 'm-1', 100, 8, 108, 60, 40, 0.001, 'provider_reported', 0),
 ('20260901_1', 1788253206, 'm-1', 40, 2, 42, NULL, NULL, 0.0005, 'estimated', 1),
 ('20260901_2', 1788253206, 'm-2', 20, 5, 25, 50, 0, NULL, NULL, 0),
 ('20260901_1', 1788253209, 'm-1', 110, 20, 130, 90, 0, 0.0015, 'provider_reported', 0);
