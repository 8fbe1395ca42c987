package dialect

import (
	"cmp"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// CodexHistory reads the turns and items of threads as Codex keeps them for its
// screens. They repeat the rollouts without tokens, so a rollout of the same
// thread outranks them. See docs/format/codex-history.md.
type CodexHistory struct{}

// Name returns the name of the format.
func (CodexHistory) Name() string { return "codex-history" }

// Sniff knows the tables by their columns.
func (CodexHistory) Sniff(h *Head) int {
	if has(h.Tables["thread_turns"], "thread_id", "turn_id", "status") && has(h.Tables["thread_items"], "thread_id", "item_id", "item_json") {
		return 90
	}
	return 0
}

// Tables asks for the items, and for how turns ended after them.
func (CodexHistory) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "thread_items", Columns: []string{"created_at_ms", "item_id", "thread_id", "item_json", "started_at_ms", "completed_at_ms"}, Order: "created_at_ms", Mutable: true},
		{Name: "thread_turns", Columns: []string{"started_at", "turn_id", "thread_id", "status", "error_json", "completed_at", "duration_ms"}, Mutable: true},
	}
}

// Open returns a decoder.
func (CodexHistory) Open(Segment) Decoder {
	return &codexHistory{names: names{}, asked: map[string]bool{}}
}

// codexHistory decodes one database.
type codexHistory struct {
	names names
	asked map[string]bool // threads whose first prompt was told
	e     eventlog.Event
}

// Decode decodes a row.
func (d *codexHistory) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	thread := d.names.of([]byte(cellText(c[2])))
	d.e = eventlog.Event{ID: cellText(c[1]), Time: moment(cellNumber(c[0])), SessionID: thread, RunID: thread, Agent: "codex", Provider: "openai"}
	if rec.Table == 1 {
		d.turn(c, full)
		emit(&d.e)
		return nil
	}
	return d.item(c, full, emit)
}

// turn decodes how a turn ended, or that it goes on.
func (d *codexHistory) turn(c []eventlog.Cell, full bool) {
	e := &d.e
	status := cellText(c[3])
	e.Kind, e.Type, e.Began = eventlog.AgentFinish, "turn/"+status, e.Time
	e.Facts = &eventlog.Facts{Agent: "codex"}
	if end := moment(cellNumber(c[5])); end.Known() {
		e.Time = end
	}
	e.Outcome, e.Idle = eventlog.Success, eventlog.IdleYes
	why, _ := lookup(cellBody(c[4]), "message")
	switch status {
	case "completed":
	case "failed":
		e.Outcome, e.Failed = eventlog.Failure, true
		e.Facts.FailureReason = readable(why)
	case "interrupted":
		e.Outcome = eventlog.Cancelled
	default:
		e.Kind, e.Outcome, e.Idle, e.Began = eventlog.AgentStart, eventlog.OutcomeUnknown, eventlog.IdleNo, 0
	}
	e.Facts.Outcome = e.Outcome
	if full {
		e.Message = readable(why)
		e.Payload = inputOf(cellBody(c[4]))
		if ms := cellText(c[6]); ms != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "duration ms", Value: ms})
		}
	}
}

// item decodes an item: something that was said, or a call with what came of it.
func (d *codexHistory) item(c []eventlog.Cell, full bool, emit func(*eventlog.Event)) error {
	body := cellBody(c[3])
	if len(body) == 0 || body[0] != '{' || !jsonl.Valid(body) {
		return ErrNoEvent
	}
	e := &d.e
	typ, _ := lookup(body, "type")
	kind := readable(typ)
	e.Type = d.names.of([]byte(kind))
	field := func(name string) []byte {
		v, _ := lookup(body, name)
		return v
	}
	switch kind {
	case "userMessage":
		e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
		if !d.asked[e.SessionID] {
			d.asked[e.SessionID] = true
			e.Facts = &eventlog.Facts{Goal: textOf(field("content"))}
		}
		if full {
			e.Text = textOf(field("content"))
		}
	case "agentMessage":
		e.Kind, e.CallID = eventlog.ModelResponse, e.ID
		if full {
			e.Text = readable(field("text"))
		}
	case "reasoning":
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Text = strings.TrimSpace(textOf(field("summary")) + "\n" + textOf(field("content")))
		}
	case "contextCompaction":
		e.Kind = eventlog.Compaction
	case "enteredReviewMode", "exitedReviewMode":
		e.Kind = eventlog.StateChange
		if full {
			e.Text = readable(field("review"))
		}
	case "commandExecution", "mcpToolCall", "dynamicToolCall", "fileChange", "collabAgentToolCall", "webSearch":
		d.call(kind, body, c, full, emit)
		return nil
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		if full {
			e.Text, e.Payload = readable(field("text")), clone(body)
		}
	}
	emit(e)
	return nil
}

// call decodes a call of a tool, and its end once it has one.
func (d *codexHistory) call(kind string, body []byte, c []eventlog.Cell, full bool, emit func(*eventlog.Event)) {
	var x codexEnd
	x.parse(body)
	e := &d.e
	e.Kind, e.CallID, e.Idle = eventlog.ToolCall, e.ID, eventlog.IdleNo
	switch kind {
	case "commandExecution":
		e.Tool = "exec_command"
	case "fileChange":
		e.Tool = "apply_patch"
	case "webSearch":
		e.Tool = "web_search"
	default:
		e.Tool = d.names.of([]byte(x.named(kind)))
	}
	e.Spawns = e.Tool == "spawnAgent"
	if start := moment(cellNumber(c[4])); start.Known() {
		e.Time = start
	}
	if full {
		query, _ := lookup(body, "query")
		e.Input = unwrapped(first(x.command, x.changes, query))
	}
	base := *e
	emit(e)
	end := moment(cellNumber(c[5]))
	if status := readable(x.status); end.Known() || status != "" && status != "inProgress" {
		*e = base
		e.Kind, e.Input, e.Spawns, e.Failed = eventlog.ToolResult, nil, false, x.failed() || status == "declined"
		if end.Known() {
			e.Time = end
		}
		if e.Failed {
			e.Kind = eventlog.ToolError
		}
		if full {
			text := strings.TrimSpace(readable(x.output))
			e.Output = clone(first(x.output, x.result))
			if e.Failed {
				if code := readable(x.exit); code != "" && code != "0" {
					status = "exit code " + code
				}
				e.Message = cmp.Or(x.message(), text, status)
			} else {
				e.Text = text
			}
			detailsOf(e, body, "status", "exitCode", "durationMs", "cwd")
		}
		emit(e)
	}
	if !base.Spawns {
		return
	}
	// The thread that it started says nothing of its parent.
	threads, _ := lookup(body, "receiverThreadIds")
	if len(threads) > 0 && threads[0] == '[' {
		_ = jsonl.Elements(threads, func(id []byte) bool {
			child := d.names.text(id)
			*e = eventlog.Event{
				ID: base.ID, Type: "spawn", Kind: eventlog.LoopStep, Hidden: true, Time: base.Time, SessionID: child, RunID: child,
				ParentRunID: base.SessionID, ParentCall: base.CallID, Link: eventlog.LinkSure, Facts: &eventlog.Facts{ParentID: base.SessionID},
			}
			emit(e)
			return true
		})
	}
}
