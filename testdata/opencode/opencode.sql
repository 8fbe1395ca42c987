-- A small database of our own in the layout of opencode 1.18.
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL, title text NOT NULL, version text NOT NULL,
  cost real DEFAULT 0 NOT NULL, agent text, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE credential (id text PRIMARY KEY, value text NOT NULL);

INSERT INTO session VALUES
 ('ses_main', 'global', NULL, '/home/dev/shop', 'Fix the basket', '1.18.33', 0.003, 'build', 1763629200000, 1763629209000, NULL),
 ('ses_child', 'global', 'ses_main', '/home/dev/shop', 'Child session - 2025-11-20T09:00:03.000Z', '1.18.33', 0.001, 'general', 1763629203000, 1763629205000, NULL),
 ('ses_fork', 'global', NULL, '/home/dev/shop', 'Fix the basket (fork #1)', '1.18.33', 0, 'build', 1763629220000, 1763629221000, NULL);

INSERT INTO message VALUES
 ('msg_1', 'ses_main', 1763629200100, 1763629200100, '{"role":"user","time":{"created":1763629200100},"agent":"build","model":{"providerID":"acme","modelID":"m-1"}}'),
 ('msg_2', 'ses_main', 1763629201000, 1763629206000, '{"role":"assistant","parentID":"msg_1","mode":"build","agent":"build","cost":0.002,"tokens":{"total":160,"input":100,"output":20,"reasoning":10,"cache":{"read":30,"write":0}},"modelID":"m-1","providerID":"acme","time":{"created":1763629201000,"completed":1763629206000},"finish":"tool-calls"}'),
 ('msg_c1', 'ses_child', 1763629203100, 1763629203100, '{"role":"user","time":{"created":1763629203100},"agent":"general"}'),
 ('msg_c2', 'ses_child', 1763629203500, 1763629205000, '{"role":"assistant","agent":"general","cost":0.001,"tokens":{"input":50,"output":5,"reasoning":0,"cache":{"read":0,"write":7}},"modelID":"m-1","providerID":"acme","time":{"created":1763629203500,"completed":1763629205000},"finish":"stop"}'),
 ('msg_3', 'ses_main', 1763629206100, 1763629207000, '{"role":"assistant","agent":"build","cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"m-1","providerID":"acme","time":{"created":1763629206100,"completed":1763629207000},"error":{"name":"APIError","data":{"message":"overloaded","statusCode":529}}}'),
 ('msg_4', 'ses_main', 1763629208000, 1763629209000, '{"role":"assistant","agent":"build","cost":0,"tokens":{"input":40,"output":4,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"local","providerID":"home","time":{"created":1763629208000,"completed":1763629209000},"finish":"stop"}'),
 ('msg_f1', 'ses_fork', 1763629220010, 1763629220010, '{"role":"user","time":{"created":1763629200100},"agent":"build"}'),
 ('msg_f2', 'ses_fork', 1763629220020, 1763629220020, '{"role":"assistant","parentID":"msg_f1","mode":"build","agent":"build","cost":0.002,"tokens":{"total":160,"input":100,"output":20,"reasoning":10,"cache":{"read":30,"write":0}},"modelID":"m-1","providerID":"acme","time":{"created":1763629201000,"completed":1763629206000},"finish":"tool-calls"}'),
 ('msg_f3', 'ses_fork', 1763629221000, 1763629221000, '{"role":"assistant","agent":"build","cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"modelID":"m-1","providerID":"acme","time":{"created":1763629221000}}');

INSERT INTO part VALUES
 ('prt_01', 'msg_1', 'ses_main', 1763629200110, 1763629200110, '{"type":"text","text":"fix the basket"}'),
 ('prt_02', 'msg_2', 'ses_main', 1763629201100, 1763629201100, '{"type":"step-start","snapshot":"5dadd13"}'),
 ('prt_03', 'msg_2', 'ses_main', 1763629201200, 1763629201400, '{"type":"reasoning","text":"look first","time":{"start":1763629201200,"end":1763629201400}}'),
 ('prt_04', 'msg_2', 'ses_main', 1763629201500, 1763629201700, '{"type":"text","text":"I will look.","time":{"start":1763629201500,"end":1763629201700}}'),
 ('prt_05', 'msg_2', 'ses_main', 1763629202000, 1763629202500, '{"type":"tool","tool":"bash","callID":"call_1","state":{"status":"completed","input":{"command":"ls"},"output":"a.go\n","metadata":{"exit":0},"title":"ls","time":{"start":1763629202000,"end":1763629202500}}}'),
 ('prt_06', 'msg_2', 'ses_main', 1763629202900, 1763629205500, '{"type":"tool","tool":"task","callID":"call_2","state":{"status":"completed","input":{"prompt":"look deeper","subagent_type":"general"},"output":"done","metadata":{"sessionId":"ses_child"},"time":{"start":1763629202900,"end":1763629205500}}}'),
 ('prt_07', 'msg_c1', 'ses_child', 1763629203110, 1763629203110, '{"type":"text","text":"look deeper"}'),
 ('prt_08', 'msg_c2', 'ses_child', 1763629204000, 1763629204100, '{"type":"tool","tool":"read","callID":"call_3","state":{"status":"error","input":{"filePath":"x"},"error":"no such file","time":{"start":1763629204000,"end":1763629204100}}}'),
 ('prt_09', 'msg_2', 'ses_main', 1763629205900, 1763629205900, '{"type":"step-finish","reason":"tool-calls","tokens":{"input":100,"output":20,"reasoning":10,"cache":{"read":30,"write":0}},"cost":0.002}'),
 ('prt_10', 'msg_4', 'ses_main', 1763629208500, 1763629208500, '{"type":"text","text":"It is fixed."}'),
 ('prt_11', 'msg_f1', 'ses_fork', 1763629220011, 1763629220011, '{"type":"text","text":"fix the basket"}'),
 ('prt_12', 'msg_f2', 'ses_fork', 1763629220021, 1763629220021, '{"type":"tool","tool":"bash","callID":"call_1","state":{"status":"completed","input":{"command":"ls"},"output":"a.go\n","metadata":{"exit":0},"title":"ls","time":{"start":1763629202000,"end":1763629202500}}}'),
 ('prt_13', 'msg_f3', 'ses_fork', 1763629221100, 1763629221100, '{"type":"text","text":""}'),
 ('prt_14', 'msg_f3', 'ses_fork', 1763629221200, 1763629221200, '{"type":"tool","tool":"bash","callID":"call_4","state":{"status":"running","input":{"command":"make"},"time":{"start":1763629221200}}}');
