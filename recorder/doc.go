// Package recorder is how a Go program records what its agents do.
//
// A [Session] takes events, masks the secrets in them, commits them to a store
// and gives them to exporters, in this order. A [Run] is one agent at work on one
// task; it travels in the context, so that agents which are started by agents
// stand below them without anybody passing anything on:
//
//	session, err := recorder.NewSession(recorder.Options{DB: "events.sqlite"})
//	...
//	defer session.Close()
//	ctx, run := session.Run(ctx, "research", "summarise AI trends")
//	ctx, call := run.ToolCall(ctx, "search", map[string]any{"query": "AI trends"})
//	result, err := search(ctx) // an agent in there: recorder.StartRun(ctx, ...)
//	call.Finish(result, err)
//
// A nil *Session, *Run, *ModelCall or *ToolCall takes everything and records
// nothing. So a program need not ask whether it is being recorded: [StartRun]
// without a session in its context returns a nil run, and so does everything
// that is made of that.
//
// Inside of a recorded command (lazytrace run) a session becomes a child of the
// command's, in its store, unless its options say otherwise.
//
// Whatever goes wrong with a store, an exporter or a redactor, the program goes
// on; what was lost is counted, see [Session.Stats].
package recorder
