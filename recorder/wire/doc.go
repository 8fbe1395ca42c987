// Package wire is how events are spelled between a program and its recorder:
// one JSON object a line, either the enveloped form of the intake
//
//	{"id","session_id","run_id","parent_run_id","event_type","ts","agent","payload":{...}}
//
// or the flat form that LazyBridge's JSON-lines exporter writes
//
//	{"event_type","session_id","run_id", **payload}
//
// It knows neither sockets nor files.
package wire
