-- A small database of our own in the layout of Crush.
CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL, message_count INTEGER NOT NULL DEFAULT 0, prompt_tokens INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0, cost REAL NOT NULL DEFAULT 0.0, updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL DEFAULT '[]', model TEXT, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, finished_at INTEGER, provider TEXT, is_summary_message INTEGER DEFAULT 0 NOT NULL);
CREATE TABLE files (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, path TEXT NOT NULL, content TEXT NOT NULL);
INSERT INTO sessions VALUES
 ('s1', NULL, 'Fix the tests', 4, 1200, 80, 0.0125, 1763629230, 1763629200),
 ('m2$$call_2', 's1', 'Agent Session', 2, 300, 20, 0.0025, 1763629225, 1763629220),
 ('s2', NULL, 'New Session', 2, 0, 0, 0, 1763629301, 1763629300);
INSERT INTO messages VALUES
 ('m1', 's1', 'user', '[{"type":"text","data":{"text":"fix the tests"}},{"type":"finish","data":{"reason":"stop","time":1763629200}}]', NULL, 1763629200, 1763629200, NULL, NULL, 0),
 ('m2', 's1', 'assistant', '[{"type":"reasoning","data":{"thinking":"run them"}},{"type":"text","data":{"text":"I will run them."}},{"type":"tool_call","data":{"id":"call_1","name":"bash","input":"{\"command\":\"go test\"}","type":"tool_use","finished":true}},{"type":"tool_call","data":{"id":"call_2","name":"agent","input":"{\"prompt\":\"look\"}","finished":true}},{"type":"finish","data":{"reason":"tool_use","time":1763629210}}]', 'm-1', 1763629202, 1763629210, 1763629210, 'acme', 0),
 ('c1', 'm2$$call_2', 'user', '[{"type":"text","data":{"text":"look"}}]', NULL, 1763629220, 1763629220, NULL, NULL, 0),
 ('c2', 'm2$$call_2', 'assistant', '[{"type":"text","data":{"text":"seen"}},{"type":"finish","data":{"reason":"end_turn","time":1763629225}}]', 'm-0', 1763629221, 1763629225, 1763629225, 'acme', 0),
 ('m3', 's1', 'tool', '[{"type":"tool_result","data":{"tool_call_id":"call_1","name":"bash","content":"exit 1","metadata":"","is_error":true}},{"type":"tool_result","data":{"tool_call_id":"call_2","name":"agent","content":"seen","metadata":"{\"n\":1}","is_error":false}}]', NULL, 1763629226, 1763629226, NULL, NULL, 0),
 ('m4', 's1', 'assistant', '[{"type":"text","data":{"text":"Done."}},{"type":"finish","data":{"reason":"end_turn","time":1763629230}}]', 'm-1', 1763629227, 1763629230, 1763629230, 'acme', 0),
 ('m5', 's2', 'user', '[{"type":"text","data":{"text":"hello"}}]', NULL, 1763629300, 1763629300, NULL, NULL, 0),
 ('m6', 's2', 'assistant', '[{"type":"finish","data":{"reason":"error","time":1763629301,"message":"Unauthorized","details":"no key"}}]', 'm-1', 1763629300, 1763629301, NULL, 'acme', 0),
 ('m7', 's2', 'assistant', '[{"type":"text","data":{"text":"wri"}}]', 'm-1', 1763629302, 1763629302, NULL, 'acme', 0);
