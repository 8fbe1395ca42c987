package dialect

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// CodexExec reads what `codex exec --json` writes on standard output. It tells
// no times, no model, and the tokens of the whole thread only. See
// docs/format/codex.md.
type CodexExec struct{}

// Name returns the name of the format.
func (CodexExec) Name() string { return "codex-exec" }

// Sniff knows the lines by their dotted types with what belongs to them.
func (CodexExec) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var x execRecord
		if x.parse(line) != nil {
			continue
		}
		switch kind := readable(x.typ); {
		case kind == "thread.started" && x.thread != nil, strings.HasPrefix(kind, "item.") && x.item != nil:
			return 90
		case kind == "turn.started", kind == "turn.completed" && x.usage != nil, kind == "turn.failed" && x.failure != nil:
			best = max(best, 70)
		}
	}
	return best
}

// Tables asks for nothing: the lines never stand in a database.
func (CodexExec) Tables() []eventlog.Table { return nil }

// Rank puts what tells of tokens before what does not; see Codex.
func (CodexExec) Rank(*Head) int { return 1 }

// Open returns a decoder. The thread stands in the first line; it is looked at
// now, so that every line can be decoded without those before it.
func (CodexExec) Open(seg Segment) Decoder {
	name := filepath.Base(seg.Path)
	x := &codexExec{names: names{}, session: strings.TrimSuffix(name, filepath.Ext(name))}
	if seg.Head == nil {
		return x
	}
	for _, line := range seg.Head.Lines {
		var r execRecord
		if r.parse(line) == nil && readable(r.thread) != "" {
			x.session = readable(r.thread)
			break
		}
	}
	return x
}

// codexExec decodes the output of one or more runs.
type codexExec struct {
	names   names
	session string
	failure string // of this turn, as it was last told

	r execRecord
	e eventlog.Event
	b eventlog.Bill
}

type execRecord struct{ typ, thread, item, usage, failure, message []byte }

func (r *execRecord) parse(body []byte) error {
	*r = execRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			r.typ = value
		case "thread_id":
			r.thread = value
		case "item":
			r.item = value
		case "usage":
			r.usage = value
		case "error":
			r.failure = value
		case "message":
			r.message = value
		}
		return true
	})
}

// Decode decodes a line.
func (x *codexExec) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r, e := &x.r, &x.e
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	kind := x.names.text(r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	if id := x.names.text(r.thread); kind == "thread.started" && id != "" {
		x.session = id
	}
	*e = eventlog.Event{Type: kind, SessionID: x.session, RunID: x.session, Agent: "codex", Provider: "openai"}
	switch kind {
	case "thread.started":
		e.Kind, e.Hidden, e.Facts = eventlog.Custom, true, &eventlog.Facts{Agent: "codex"}
	case "turn.started":
		x.failure = ""
		e.Kind, e.Idle = eventlog.AgentStart, eventlog.IdleNo
	case "turn.completed":
		x.completed(full, emit)
		return nil
	case "turn.failed":
		text, _ := jsonl.Lookup(r.failure, "message")
		message := readable(text)
		e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Failure
		e.Failed = x.failure == "" || x.failure != message // told once
		e.Facts = &eventlog.Facts{FailureReason: message}
		if full {
			e.Message = message
		}
	case "error":
		text := readable(r.message)
		e.Kind = eventlog.Error
		if strings.HasPrefix(text, "Reconnecting") {
			e.Kind = eventlog.Retry
		} else {
			e.Failed, x.failure = true, text
		}
		if full {
			e.Message = text
		}
	case "item.started", "item.updated", "item.completed":
		x.item(strings.TrimPrefix(kind, "item."), full, emit)
		return nil
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Payload = clone(rec.Body)
		}
	}
	emit(e)
	return nil
}

// completed decodes the end of a turn. Its usage is what the whole thread used
// so far, also before it was resumed: all such counts of a thread are one
// entry, and the largest stands.
func (x *codexExec) completed(full bool, emit func(*eventlog.Event)) {
	e := &x.e
	base := *e
	e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Success
	if n, ok := readCount(x.r.usage); ok && n.usage().Total() > 0 {
		e.Kind, e.Idle, e.Outcome = eventlog.ModelResponse, eventlog.IdleSame, eventlog.OutcomeUnknown
		e.CallID = "thread"
		x.b = eventlog.Bill{Usage: n.usage(), Call: eventlog.Identify("codex exec", x.session), Rule: eventlog.RuleRecord, Final: true}
		e.Bill = &x.b
		if full {
			e.Details = append(e.Details, eventlog.Detail{Name: "usage", Value: "of the whole thread so far, all its calls together"})
		}
		emit(e)
		*e = base
		e.Kind, e.Idle, e.Outcome = eventlog.AgentFinish, eventlog.IdleYes, eventlog.Success
	}
	emit(e)
}

// item decodes what happened within a turn. The program tells of commands and
// of calls of other servers and agents when they begin and when they end, of
// changes to files and of searches in some versions only when they end.
func (x *codexExec) item(phase string, full bool, emit func(*eventlog.Event)) {
	e, item := &x.e, x.r.item
	typ, _ := jsonl.Lookup(item, "type")
	id, _ := jsonl.Lookup(item, "id")
	kind := readable(typ)
	e.Type = x.names.of([]byte("item." + phase + "/" + kind))
	field := func(name string) []byte {
		v, _ := jsonl.Lookup(item, name)
		return v
	}
	text := readable(first(field("text"), field("message")))
	switch kind {
	case "command_execution", "mcp_tool_call", "collab_tool_call":
		x.tool(kind, readable(id), item)
		if phase == "updated" {
			e.Kind, e.Hidden = eventlog.Custom, true
			break
		}
		e.Kind = eventlog.ToolCall
		if phase == "completed" {
			x.result(item, full)
			break
		}
		args := first(field("command"), field("arguments"), field("prompt"))
		e.Print = eventlog.Print(args)
		if full {
			e.Input = unwrapped(args)
		}
	case "file_change", "web_search":
		if phase != "completed" {
			e.Kind, e.Hidden = eventlog.Custom, true
			break
		}
		x.tool(kind, readable(id), item)
		e.Kind = eventlog.ToolCall
		args := first(field("changes"), field("query"))
		e.Print = eventlog.Print(args)
		if full {
			e.Input = unwrapped(args)
		}
		emit(e)
		e.Input, e.Print = nil, 0
		x.result(item, full)
	case "agent_message", "reasoning":
		e.Kind, e.CallID = eventlog.ModelResponse, readable(id)
		if phase != "completed" {
			e.Kind, e.Hidden = eventlog.Custom, true
		}
		if full && kind == "reasoning" {
			e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: text})
		} else if full {
			e.Text = text
		}
	case "error": // a warning: the turn goes on
		e.Kind = eventlog.LogLine
		if full {
			e.Text = text
		}
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Text, e.Payload = text, clone(item)
		}
	}
	emit(e)
}

// tool names the call that an item tells of.
func (x *codexExec) tool(kind, id string, item []byte) {
	e := &x.e
	name, _ := jsonl.Lookup(item, "tool")
	server, _ := jsonl.Lookup(item, "server")
	e.CallID = id
	switch kind {
	case "command_execution":
		e.Tool = "exec_command"
	case "file_change":
		e.Tool = "apply_patch"
	case "mcp_tool_call":
		e.Tool = x.names.of([]byte("mcp__" + readable(server) + "__" + readable(name)))
	case "collab_tool_call":
		e.Tool = cmp.Or(x.names.text(name), kind)
		e.Spawns = e.Tool == "spawn_agent"
	default:
		e.Tool = kind
	}
}

func (x *codexExec) result(item []byte, full bool) {
	e := &x.e
	e.Kind = eventlog.ToolResult
	var end codexEnd
	end.parse(item)
	e.Failed = end.failed()
	if !full {
		return
	}
	e.Output = clone(first(end.output, end.result, end.changes))
	if out := end.said(); e.Failed {
		e.Message = cmp.Or(end.message(), out)
	} else {
		e.Text = out
	}
	detailsOf(e, item, "status", "exit_code", "receiver_thread_ids", "agents_states")
}
