package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// AgentsSessions reads the database in which the OpenAI Agents SDK keeps the
// history of sessions, with the usage of their turns where it is kept as well.
// See docs/format/agents-sessions.md.
type AgentsSessions struct{}

// The tables, in the order of Tables.
const (
	asSession = iota
	asMessage
	asUsage
)

// Name returns the name of the format.
func (AgentsSessions) Name() string { return "agents-sessions" }

// Sniff knows the tables by their columns.
func (AgentsSessions) Sniff(h *Head) int {
	if has(h.Tables["agent_messages"], "session_id", "message_data") && has(h.Tables["agent_sessions"], "session_id") {
		return 90
	}
	return 0
}

// Tables asks for sessions, their items, and what turns used. Items can be taken
// back, and the usage of a turn is written anew.
func (AgentsSessions) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "agent_sessions", Columns: []string{"session_id", "created_at"}, Mutable: true},
		{Name: "agent_messages", Columns: []string{"id", "session_id", "message_data", "created_at"}, Mutable: true},
		{Name: "turn_usage", Columns: []string{"session_id", "branch_id", "user_turn_number", "requests", "input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details", "created_at"}, Mutable: true, Optional: true},
	}
}

// Open returns a decoder.
func (AgentsSessions) Open(Segment) Decoder {
	return &agentsSessions{names: names{}, sessions: map[string]*agentsSession{}}
}

// agentsSessions decodes one database.
type agentsSessions struct {
	names    names
	sessions map[string]*agentsSession
	e        eventlog.Event
	bill     eventlog.Bill
}

// agentsSession is what must be known of a session to decode its next row.
type agentsSession struct {
	asked bool
	model string            // the last one that an item names
	tools map[string]string // of calls without a result
}

// Decode decodes a row.
func (d *agentsSessions) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	switch rec.Table {
	case asSession:
		d.enter(c[0])
		e := &d.e
		e.Kind, e.Type, e.Hidden, e.ID, e.Time = eventlog.LoopStep, "session", true, e.SessionID, moment(cellNumber(c[1]))
		e.Facts = &eventlog.Facts{Started: e.Time}
		emit(e)
	case asMessage:
		s := d.enter(c[1])
		d.e.ID, d.e.Time = cellText(c[0]), moment(cellNumber(c[3]))
		return d.item(s, cellBody(c[2]), full, emit)
	case asUsage:
		d.usage(c)
		emit(&d.e)
	}
	return nil
}

func (d *agentsSessions) enter(session eventlog.Cell) *agentsSession {
	id := d.names.of([]byte(cellText(session)))
	d.e = eventlog.Event{SessionID: id, RunID: id}
	s := d.sessions[id]
	if s == nil {
		s = &agentsSession{tools: map[string]string{}}
		d.sessions[id] = s
	}
	return s
}

// usage bills a turn: what all of its calls used. The input includes what came
// from the cache.
func (d *agentsSessions) usage(c []eventlog.Cell) {
	s := d.enter(c[0])
	e := &d.e
	branch, turn := cellText(c[1]), cellText(c[2])
	e.Kind, e.Type, e.Hidden, e.Time = eventlog.ModelResponse, "usage", true, moment(cellNumber(c[8]))
	e.Provider, e.Model, e.CallID = "openai", s.model, "usage/"+branch+"/"+turn
	cached, _ := lookup(cellBody(c[6]), "cached_tokens")
	written, _ := lookup(cellBody(c[6]), "cache_write_tokens")
	thought, _ := lookup(cellBody(c[7]), "reasoning_tokens")
	u := inclusive(eventlog.Usage{
		Input: count(cellNumber(c[4])), CacheRead: count(cached), CacheWrite5m: count(written), Output: count(cellNumber(c[5])), Reasoning: count(thought),
	})
	d.bill = eventlog.Bill{Call: eventlog.Identify("agents-sessions", e.SessionID, branch, turn), Rule: eventlog.RuleRecord, Usage: u, Calls: count(cellNumber(c[3]))}
	if u.Total() > 0 {
		e.Bill = &d.bill
	}
}

// agentsItem is an item of a conversation taken apart.
type agentsItem struct {
	typ, role, id, name, call, arguments, output, content, summary, status []byte
	action, err, server, provider, all                                     []byte
}

func (i *agentsItem) parse(data []byte) error {
	*i = agentsItem{all: data}
	return jsonl.Fields(data, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			i.typ = value
		case "role":
			i.role = value
		case "id":
			i.id = value
		case "name":
			i.name = value
		case "call_id":
			i.call = value
		case "arguments", "input":
			i.arguments = value
		case "output":
			i.output = value
		case "content":
			i.content = value
		case "summary":
			i.summary = value
		case "status":
			i.status = value
		case "action":
			i.action = value
		case "error":
			i.err = value
		case "server_label":
			i.server = value
		case "provider_data":
			i.provider = value
		}
		return true
	})
}

// item decodes an item as the model sees it: something said, a call, a result.
func (d *agentsSessions) item(s *agentsSession, data []byte, full bool, emit func(*eventlog.Event)) error {
	var i agentsItem
	if err := i.parse(data); err != nil {
		return err
	}
	e := &d.e
	kind := readable(i.typ)
	if kind == "" && i.role != nil {
		kind = "message"
	}
	if kind == "" {
		return ErrNoEvent
	}
	e.Type = d.names.of([]byte(kind))
	if model, ok := lookup(i.provider, "model"); ok {
		s.model = d.names.text(model)
	}
	switch {
	case kind == "message":
		d.said(s, &i, full)
		emit(e)
	case strings.HasSuffix(kind, "_call_output"):
		d.result(s, &i, full)
		emit(e)
	case kind == "function_call", kind == "custom_tool_call", strings.HasSuffix(kind, "shell_call"), kind == "computer_call", kind == "apply_patch_call":
		d.call(s, &i, full)
		emit(e)
	case strings.HasSuffix(kind, "_call"):
		// The provider runs these: the call comes with its result.
		d.call(s, &i, full)
		e.Idle = eventlog.IdleNo
		emit(e)
		d.result(s, &i, full)
		emit(e)
	default:
		e.Kind, e.Hidden = eventlog.Custom, true
		switch kind {
		case "reasoning":
			e.Idle = eventlog.IdleNo
		case "compaction":
			e.Kind, e.Hidden = eventlog.Compaction, false
		}
		if full {
			e.Text = strings.TrimSpace(textOf(i.summary) + "\n" + textOf(i.content))
			e.Payload = clone(i.all)
		}
		emit(e)
	}
	return nil
}

func (d *agentsSessions) said(s *agentsSession, i *agentsItem, full bool) {
	e := &d.e
	switch readable(i.role) {
	case "assistant":
		e.Kind, e.Provider, e.Model, e.Idle = eventlog.ModelResponse, "openai", s.model, eventlog.IdleYes
	case "user":
		e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
		if !s.asked {
			s.asked = true
			e.Facts = &eventlog.Facts{Goal: textOf(i.content)}
		}
	default:
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	}
	if full {
		e.Text = textOf(i.content)
	}
}

func (d *agentsSessions) call(s *agentsSession, i *agentsItem, full bool) {
	e := &d.e
	e.Kind, e.CallID, e.Idle = eventlog.ToolCall, readable(first(i.call, i.id)), eventlog.IdleNo
	e.Tool = d.names.text(i.name)
	if e.Tool == "" {
		e.Tool = d.names.of([]byte(strings.TrimSuffix(e.Type, "_call")))
	}
	if len(s.tools) < maxNames {
		s.tools[e.CallID] = e.Tool
	}
	if full {
		e.Input = inputOf(first(i.arguments, i.action))
		if server := readable(i.server); server != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "server", Value: server})
		}
	}
}

// failedTool is how the SDK tells the model that a tool has failed, unless the
// program tells it otherwise.
const failedTool = "An error occurred while running the tool"

func (d *agentsSessions) result(s *agentsSession, i *agentsItem, full bool) {
	e := &d.e
	e.Kind, e.CallID, e.Idle, e.Input, e.Details = eventlog.ToolResult, readable(first(i.call, i.id)), eventlog.IdleNo, nil, nil
	e.Tool = s.tools[e.CallID]
	delete(s.tools, e.CallID)
	text := textOf(i.output)
	if first(i.err) != nil || readable(i.status) == "failed" || strings.HasPrefix(text, failedTool) {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if !full {
		return
	}
	e.Output = clone(i.output)
	e.Text = text
	if e.Failed {
		e.Text, e.Message = "", text
		if why := first(i.err); why != nil {
			e.Message = readable(why)
			if m, ok := lookup(why, "message"); ok {
				e.Message = readable(m)
			}
		}
	}
}
