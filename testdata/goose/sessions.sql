-- A small database of our own in the layout of Goose, schema version 13.
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', user_set_name BOOLEAN DEFAULT FALSE, session_type TEXT NOT NULL DEFAULT 'user',
  working_dir TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, total_tokens INTEGER, input_tokens INTEGER, output_tokens INTEGER,
  accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER, accumulated_cost REAL, provider_name TEXT, model_config_json TEXT, archived_at TIMESTAMP);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL, content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL,
  timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, tokens INTEGER, metadata_json TEXT);
INSERT INTO sessions VALUES
 ('20251120_1', 'Tidy up', '', FALSE, 'user', '/home/dev/shop', '2025-11-20 09:00:00', '2025-11-20 09:00:09', 150, 120, 30, 460, 400, 50, 0.002, 'acme', '{"model_name":"m-1","context_limit":null}', NULL),
 ('20251120_2', 'Named by hand', '', TRUE, 'sub_agent', '/home/dev/shop', '2025-11-20 09:01:00', '2025-11-20 09:01:05', 30, 20, 10, NULL, NULL, NULL, NULL, 'acme', '{"model_name":"m-2"}', NULL),
 ('20251120_3', 'CLI Session', '', FALSE, 'user', '/home/dev/shop', '2025-11-20 09:02:00', '2025-11-20 09:02:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (message_id, session_id, role, content_json, created_timestamp) VALUES
 ('m1', '20251120_1', 'user', '[{"type":"text","text":"tidy up"}]', 1763629200),
 ('m2', '20251120_1', 'assistant', '[{"type":"thinking","thinking":"look","signature":""},{"type":"text","text":"I will look."},{"type":"toolRequest","id":"t1","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"ls"}}}},{"type":"toolRequest","id":"t2","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"rm x"}}}}]', 1763629203),
 ('m3', '20251120_1', 'user', '[{"type":"toolResponse","id":"t1","toolResult":{"status":"success","value":{"content":[{"type":"text","text":"a.go"}],"isError":false}}},{"type":"toolResponse","id":"t2","toolResult":{"status":"error","error":"declined"}}]', 1763629205),
 ('m4', '20251120_1', 'assistant', '[{"type":"text","text":"Tidy."}]', 1763629209),
 ('m5', '20251120_2', 'user', '[{"type":"text","text":"look"}]', 1763629260),
 ('m6', '20251120_2', 'assistant', '[{"type":"text","text":"seen"}]', 1763629265),
 ('m7', '20251120_2', 'assistant', 'not a list', 1763629266);
