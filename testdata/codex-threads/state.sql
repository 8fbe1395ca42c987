-- A small index of our own in the layout of Codex 0.169.
CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, cwd TEXT NOT NULL, title TEXT NOT NULL,
  tokens_used INTEGER NOT NULL DEFAULT 0, git_branch TEXT, cli_version TEXT NOT NULL DEFAULT '', first_user_message TEXT NOT NULL DEFAULT '', agent_nickname TEXT, created_at_ms INTEGER, name TEXT);
CREATE TABLE thread_spawn_edges (parent_thread_id TEXT NOT NULL, child_thread_id TEXT NOT NULL PRIMARY KEY, status TEXT NOT NULL);
INSERT INTO threads VALUES
 ('t-main', '/home/dev/.codex/sessions/rollout-t-main.jsonl', 1763629200, 1763629260, '/home/dev/shop', 'look around', 21450, 'main', '0.169.0', 'look around', NULL, 1763629200077, 'Shop tour'),
 ('t-child', '/home/dev/.codex/sessions/rollout-t-child.jsonl', 1763629210, 1763629220, '/home/dev/shop', 'print the date', 5029, NULL, '0.169.0', 'print the date', 'Maxwell', NULL, NULL);
INSERT INTO thread_spawn_edges VALUES ('t-main', 't-child', 'open');
