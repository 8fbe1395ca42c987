-- A small database of our own in the layout of opencode 2.0, with what was there before
-- it was taken over.
CREATE TABLE session_v2 (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, fork_session_id text, directory text NOT NULL, title text, version text NOT NULL,
  cost real DEFAULT 0 NOT NULL, agent text, model text, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer);
CREATE TABLE session_message (id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL, seq integer NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text NOT NULL, title text NOT NULL, version text NOT NULL, cost real DEFAULT 0 NOT NULL, agent text, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);

INSERT INTO session_v2 VALUES
 ('ses_a', 'p', NULL, NULL, '/home/dev/shop', 'Fix the basket', '2.0.12', 0.006, 'build', '{"id":"m-1","providerID":"acme"}', 1790000000000, 1790000009000, NULL),
 ('ses_b', 'p', 'ses_a', NULL, '/home/dev/shop', NULL, '2.0.12', 0, 'explore', NULL, 1790000003000, 1790000005000, NULL),
 ('ses_f', 'p', NULL, 'ses_a', '/home/dev/shop', NULL, '2.0.12', 0, 'build', NULL, 1790000020000, 1790000020000, 1790000030000);
INSERT INTO session_message VALUES
 ('msg_1', 'ses_a', 'system', 0, 1790000000050, 1790000000050, '{"text":"You are a builder.","time":{"created":1790000000050}}'),
 ('msg_2', 'ses_a', 'user', 1, 1790000000100, 1790000000100, '{"text":"fix the basket","files":[],"time":{"created":1790000000100}}'),
 ('msg_3', 'ses_a', 'assistant', 2, 1790000001000, 1790000006000, '{"agent":"build","model":{"id":"m-1","providerID":"acme"},"content":[{"type":"reasoning","text":"look first"},{"type":"text","text":"I will look."},{"type":"tool","id":"call_1","name":"bash","state":{"status":"completed","input":{"command":"ls"},"content":[{"type":"text","text":"a.go"}],"metadata":{"exit":0}},"time":{"created":1790000001500,"ran":1790000002000,"completed":1790000002500}},{"type":"tool","id":"call_2","name":"subagent","state":{"status":"completed","input":{"prompt":"look deeper"},"structured":{"sessionID":"ses_b"},"content":[{"type":"text","text":"done"}]},"time":{"created":1790000001600,"ran":1790000002900,"completed":1790000005500}},{"type":"tool","id":"call_3","name":"edit","state":{"status":"error","input":{"path":"b.go"},"error":{"type":"unknown","message":"no such file"}},"time":{"created":1790000001700,"ran":1790000005600,"completed":1790000005700}}],"finish":"tool-calls","cost":0.002,"tokens":{"input":100,"output":20,"reasoning":10,"cache":{"read":30,"write":7}},"time":{"created":1790000001000,"streamed":1790000001800,"completed":1790000006000}}'),
 ('msg_b1', 'ses_b', 'user', 0, 1790000003100, 1790000003100, '{"text":"look deeper","time":{"created":1790000003100}}'),
 ('msg_b2', 'ses_b', 'assistant', 1, 1790000003200, 1790000005000, '{"agent":"explore","model":{"id":"m-2","providerID":"acme"},"content":[{"type":"text","text":"Seen."}],"finish":"stop","cost":0,"tokens":{"input":50,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1790000003200,"completed":1790000005000}}'),
 ('msg_4', 'ses_a', 'compaction', 3, 1790000006500, 1790000006500, '{"status":"completed","reason":"auto","model":{"id":"m-1","providerID":"acme"},"summary":"A basket.","recent":"","cost":0.001,"tokens":{"input":60,"output":6,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1790000006500}}'),
 ('msg_5', 'ses_a', 'shell', 4, 1790000006600, 1790000006700, '{"shellID":"sh_1","command":"ls","status":"exited","exit":0,"output":{"output":"a.go","truncated":false},"time":{"created":1790000006600,"completed":1790000006700}}'),
 ('msg_6', 'ses_a', 'model-switched', 5, 1790000006800, 1790000006800, '{"model":{"id":"m-2","providerID":"acme"},"time":{"created":1790000006800}}'),
 ('msg_7', 'ses_a', 'assistant', 6, 1790000007000, 1790000008000, '{"agent":"build","model":{"id":"m-2","providerID":"acme"},"content":[],"finish":"error","error":{"type":"provider","message":"overloaded"},"time":{"created":1790000007000,"completed":1790000008000}}'),
 ('msg_8', 'ses_a', 'idle', 7, 1790000008100, 1790000008100, '{"outcome":"failed","time":{"created":1790000008100}}'),
 ('msg_9', 'ses_a', 'assistant', 8, 1790000009000, 1790000009000, '{"agent":"build","model":{"id":"m-2","providerID":"acme"},"content":[{"type":"tool","id":"call_4","name":"bash","state":{"status":"streaming","input":"{\"comm"},"time":{"created":1790000009100}}],"time":{"created":1790000009000}}'),
 ('msg_f1', 'ses_f', 'assistant', 0, 1790000020000, 1790000020000, '{"agent":"explore","model":{"id":"m-2","providerID":"acme"},"content":[{"type":"text","text":"Seen."}],"finish":"stop","cost":0,"tokens":{"input":50,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1790000003200,"completed":1790000005000}}'),
 ('msg_f2', 'ses_f', 'of-a-version-to-come', 1, 1790000020100, 1790000020100, '{"time":{"created":1790000020100}}');
INSERT INTO session VALUES
 ('ses_a', NULL, '/home/dev/shop', 'Fix the basket', '1.18.33', 0, 'build', 1790000000000, 1790000009000, NULL),
 ('ses_old', NULL, '/home/dev/shop', 'Left behind', '1.18.33', 0, 'build', 1780000000000, 1780000009000, NULL);
INSERT INTO message VALUES
 ('msg_3', 'ses_a', 1790000001000, 1790000006000, '{"role":"assistant","agent":"build","cost":0.002,"tokens":{"total":160,"input":100,"output":20,"reasoning":10,"cache":{"read":30,"write":7}},"modelID":"m-1","providerID":"acme","time":{"created":1790000001000,"completed":1790000006000},"finish":"tool-calls"}'),
 ('msg_o', 'ses_old', 1780000001000, 1780000002000, '{"role":"assistant","agent":"build","cost":0.002,"tokens":{"input":1,"output":2,"reasoning":0,"cache":{"read":3,"write":0}},"modelID":"m-1","providerID":"acme","time":{"created":1780000001000,"completed":1780000002000},"finish":"stop"}');
INSERT INTO part VALUES ('prt_1', 'msg_3', 'ses_a', 1790000001100, 1790000001100, '{"type":"text","text":"I will look."}');
