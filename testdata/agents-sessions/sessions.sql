CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, message_data TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE message_structure (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, message_id INTEGER NOT NULL, branch_id TEXT NOT NULL DEFAULT 'main', message_type TEXT NOT NULL, sequence_number INTEGER NOT NULL, user_turn_number INTEGER, branch_turn_number INTEGER, tool_name TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE turn_usage (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, branch_id TEXT NOT NULL DEFAULT 'main', user_turn_number INTEGER NOT NULL, requests INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0, total_tokens INTEGER DEFAULT 0, input_tokens_details JSON, output_tokens_details JSON, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, UNIQUE(session_id, branch_id, user_turn_number));
INSERT INTO agent_sessions VALUES ('weather', '2026-11-20 09:00:00', '2026-11-20 09:02:00'), ('empty', '2026-11-20 10:00:00', '2026-11-20 10:00:00');
INSERT INTO agent_messages (session_id, message_data, created_at) VALUES
  ('weather', '{"content": "What is the weather in Rome?", "role": "user"}', '2026-11-20 09:00:01'),
  ('weather', '{"id": "rs_1", "summary": [{"text": "Ask the tool", "type": "summary_text"}], "type": "reasoning", "provider_data": {"model": "gpt-5.1", "response_id": "resp_1"}}', '2026-11-20 09:00:03'),
  ('weather', '{"arguments": "{\"city\": \"Rome\"}", "call_id": "call_1", "name": "get_weather", "type": "function_call", "id": "fc_1", "status": "completed"}', '2026-11-20 09:00:03'),
  ('weather', '{"call_id": "call_1", "output": "sunny", "type": "function_call_output"}', '2026-11-20 09:00:04'),
  ('weather', '{"id": "msg_1", "content": [{"annotations": [], "text": "Sunny.", "type": "output_text"}], "role": "assistant", "status": "completed", "type": "message"}', '2026-11-20 09:00:05'),
  ('weather', '{"content": [{"type": "input_text", "text": "And in Oslo?"}], "role": "user"}', '2026-11-20 09:01:00'),
  ('weather', '{"arguments": "{\"city\": \"Oslo\"}", "call_id": "call_2", "name": "get_weather", "type": "function_call"}', '2026-11-20 09:01:02'),
  ('weather', '{"call_id": "call_2", "output": "An error occurred while running the tool. Please try again. Error: no such city", "type": "function_call_output"}', '2026-11-20 09:01:03'),
  ('weather', '{"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "weather Oslo"}}', '2026-11-20 09:01:04'),
  ('weather', '{"id": "mcp_1", "type": "mcp_call", "server_label": "maps", "name": "find", "arguments": "{}", "output": null, "error": {"type": "http_error", "message": "gone"}}', '2026-11-20 09:01:05'),
  ('weather', '{"role": "system", "content": "Be brief."}', '2026-11-20 09:01:06'),
  ('weather', '{"type": "new_kind_of_item", "content": "kept"}', '2026-11-20 09:01:07'),
  ('weather', '{"broken', '2026-11-20 09:01:08');
INSERT INTO message_structure (session_id, message_id, branch_id, message_type, sequence_number, user_turn_number, branch_turn_number) VALUES
  ('weather', 1, 'main', 'user', 1, 1, 1), ('weather', 6, 'main', 'user', 6, 2, 2), ('weather', 1, 'other', 'user', 1, 1, 1);
INSERT INTO turn_usage (session_id, branch_id, user_turn_number, requests, input_tokens, output_tokens, total_tokens, input_tokens_details, output_tokens_details, created_at) VALUES
  ('weather', 'main', 1, 2, 900, 60, 960, '{"cached_tokens": 400}', '{"reasoning_tokens": 12}', '2026-11-20 09:00:06'),
  ('weather', 'main', 2, 1, 500, 20, 520, NULL, NULL, '2026-11-20 09:01:09');
