CREATE TABLE thread_turns (thread_id TEXT NOT NULL, turn_id TEXT NOT NULL, rollout_ordinal INTEGER NOT NULL, status TEXT NOT NULL, error_json TEXT, started_at INTEGER, completed_at INTEGER, duration_ms INTEGER, first_user_item_id TEXT, PRIMARY KEY (thread_id, turn_id));
CREATE TABLE thread_items (thread_id TEXT NOT NULL, turn_id TEXT NOT NULL, item_id TEXT NOT NULL, rollout_ordinal INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, item_json TEXT NOT NULL, item_type TEXT NOT NULL DEFAULT '', started_at_ms INTEGER, completed_at_ms INTEGER, PRIMARY KEY (thread_id, turn_id, item_id));
INSERT INTO thread_turns VALUES
  ('h-main', 'turn-1', 1, 'completed', NULL, 1795165200, 1795165209, 9000, 'u1'),
  ('h-main', 'turn-2', 9, 'failed', '{"message":"high demand","codexErrorInfo":"internalServerError"}', 1795165220, 1795165221, 1000, 'u2'),
  ('h-child', 'turn-3', 1, 'interrupted', NULL, 1795165205, 1795165207, 2000, 'u3'),
  ('h-child', 'turn-4', 5, 'inProgress', NULL, 1795165230, NULL, NULL, NULL);
INSERT INTO thread_items VALUES
  ('h-main', 'turn-1', 'u1', 1, 1795165200100, '{"type":"userMessage","id":"u1","content":[{"type":"text","text":"Look around"}]}', 'userMessage', 1795165200100, 1795165200100),
  ('h-main', 'turn-1', 'rs1', 2, 1795165201000, '{"type":"reasoning","id":"rs1","summary":["**Thinking**"],"content":[]}', 'reasoning', 1795165201000, 1795165201000),
  ('h-main', 'turn-1', 'msg1', 3, 1795165202000, '{"type":"agentMessage","id":"msg1","text":"I look.","phase":null}', 'agentMessage', 1795165202000, 1795165202000),
  ('h-main', 'turn-1', 'call1', 4, 1795165203000, '{"type":"commandExecution","id":"call1","command":"/bin/bash -lc ls","cwd":"/home/dev/shop","status":"completed","aggregatedOutput":"README.md\n","exitCode":0,"durationMs":12}', 'commandExecution', 1795165203000, 1795165203012),
  ('h-main', 'turn-1', 'call2', 5, 1795165204000, '{"type":"commandExecution","id":"call2","command":"exit 3","cwd":"/home/dev/shop","status":"failed","aggregatedOutput":"","exitCode":3,"durationMs":1}', 'commandExecution', 1795165204000, 1795165204001),
  ('h-main', 'turn-1', 'call3', 6, 1795165205000, '{"type":"collabAgentToolCall","id":"call3","tool":"spawnAgent","status":"completed","senderThreadId":"h-main","receiverThreadIds":["h-child"],"prompt":"Print the date"}', 'collabAgentToolCall', 1795165205000, 1795165205100),
  ('h-child', 'turn-3', 'u3', 1, 1795165205200, '{"type":"userMessage","id":"u3","content":[{"type":"text","text":"Print the date"}]}', 'userMessage', 1795165205200, 1795165205200),
  ('h-child', 'turn-3', 'call4', 2, 1795165206000, '{"type":"mcpToolCall","id":"call4","server":"clock","tool":"now","status":"failed","arguments":{"zone":"UTC"},"error":{"message":"no clock"}}', 'mcpToolCall', 1795165206000, 1795165206500),
  ('h-child', 'turn-3', 'call5', 3, 1795165206600, '{"type":"fileChange","id":"call5","changes":[{"path":"a.txt","kind":"add"}],"status":"inProgress"}', 'fileChange', 1795165206600, NULL),
  ('h-main', 'turn-1', 'x1', 7, 1795165207000, '{"type":"contextCompaction","id":"x1"}', 'contextCompaction', NULL, NULL),
  ('h-main', 'turn-1', 'x2', 8, 1795165208000, '{"type":"somethingNew","id":"x2","text":"kept"}', 'somethingNew', NULL, NULL),
  ('h-main', 'turn-2', 'u2', 9, 1795165220100, 'not json', 'userMessage', NULL, NULL);
