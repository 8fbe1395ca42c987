package dialect

import (
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// AgentSDK reads the sessions of the Agent SDK: one document a session, written
// anew with every save, in its store or in a file. See docs/format/agentsdk.md.
type AgentSDK struct{}

// Name returns the name of the format.
func (AgentSDK) Name() string { return "agentsdk" }

// Sniff knows the only table by its columns, and a document by its members.
// Other versions may have more of them.
func (AgentSDK) Sniff(h *Head) int {
	if has(h.Tables["sessions"], "session_id", "data", "created_at", "updated_at") {
		return 80
	}
	var session, system, messages, other bool
	h.members(func(key, value []byte) {
		switch string(key) {
		case "session_id":
			session = true
		case "system":
			system = true
		case "messages":
			messages = holdsRoles(value)
		default:
			other = true
		}
	})
	switch {
	case !session || !messages:
		return 0
	case system:
		return 80
	case other:
		return 40
	}
	return 70
}

// Lists says that a session is one record: what it was forked from is told by
// all of its messages.
func (a AgentSDK) Lists(h *Head) ([]string, bool) { return nil, h.Tables == nil && a.Sniff(h) > 0 }

// holdsRoles reports whether an array, of which only the beginning may be there,
// is one of messages.
func holdsRoles(array []byte) bool {
	first := firstElement(array)
	role := len(first) == 0 && isArray(array) || len(first) > 0 && first[0] == ']'
	eachBegun(first, func(key, _ []byte) { role = role || string(key) == "role" })
	return role
}

// Tables asks for the only table.
func (AgentSDK) Tables() []eventlog.Table {
	return []eventlog.Table{{Name: "sessions", Columns: []string{"session_id", "data", "created_at", "updated_at"}, Mutable: true}}
}

// Open returns a decoder.
func (AgentSDK) Open(seg Segment) Decoder {
	return &agentSDK{names: names{}, path: seg.Path, seen: map[eventlog.Identity]string{}}
}

// agentSDK decodes one store, or a document of one session or more.
type agentSDK struct {
	names names
	path  string
	// seen has the sessions by what they begin with, for every beginning of
	// some messages.
	seen map[eventlog.Identity]string
	e    eventlog.Event
}

// minShared is how many messages two sessions share at least, with the same
// system prompt, for one to be taken for a fork of the other. One may be the
// same greeting.
const minShared = 2

// Decode decodes a session.
func (a *agentSDK) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if rec.Cells == nil {
		return a.decode("", rec.Body, 0, 0, full, emit)
	}
	c := rec.Cells
	if len(c) < 4 {
		return ErrNoEvent
	}
	return a.decode(cellText(c[0]), cellBody(c[1]), moment(cellNumber(c[2])), moment(cellNumber(c[3])), full, emit)
}

func (a *agentSDK) decode(id string, document []byte, first, last eventlog.Stamp, full bool, emit func(*eventlog.Event)) error {
	var system, list []byte
	if err := jsonl.Fields(document, func(key, value []byte) bool {
		switch string(key) {
		case "system":
			system = value
		case "messages":
			list = value
		case "session_id":
			if id == "" {
				id = readable(value)
			}
		}
		return true
	}); err != nil {
		return err
	}
	if id == "" && list == nil {
		return ErrNoEvent
	}
	if id == "" {
		id = streamName(a.path)
	}
	var messages [][]byte
	if len(list) > 0 && list[0] == '[' {
		if err := jsonl.Elements(list, func(value []byte) bool {
			messages = append(messages, value)
			return true
		}); err != nil {
			return err
		}
	}
	chain := chainOf(system, messages)
	shared, from := a.origin(chain, id)
	base := eventlog.Event{SessionID: id, RunID: id}

	a.e = base
	e := &a.e
	e.ID, e.Kind, e.Type, e.Hidden, e.Time = id, eventlog.LoopStep, "session", true, first
	e.Facts = &eventlog.Facts{Started: first, Goal: goalOf(messages)}
	if from != "" {
		e.Facts.ForkOf = from
		e.Facts.Metadata = map[string]string{"fork": fmt.Sprintf("inferred: the first %d messages and the system prompt are the same", shared)}
	}
	if len(messages) > 0 {
		e.Idle = eventlog.IdleNo
	}
	if full {
		e.Text, e.Payload = readable(system), clone(document)
	}
	emit(e)

	uses := map[string]eventlog.Identity{}
	for i, message := range messages {
		at := eventlog.Stamp(0)
		if i == len(messages)-1 {
			at = last // no message says when it was written
		}
		base.ID, base.Time, base.Copied = fmt.Sprintf("%s#%d", id, i+1), at, i < shared
		a.e = base
		if i == len(messages)-1 {
			a.e.Idle = eventlog.IdleYes // a session is saved when it is at rest
		}
		a.message(message, chain[i], uses, full, emit)
	}
	return nil
}

// chainOf names every beginning of a conversation by its content.
func chainOf(system []byte, messages [][]byte) []eventlog.Identity {
	chain := make([]eventlog.Identity, len(messages))
	before := eventlog.Identify("agentsdk", string(system))
	for i, m := range messages {
		before = eventlog.Identify(string(before[:]), string(m))
		chain[i] = before
	}
	return chain
}

// origin returns the session before this one that begins with most of the same
// messages, and with how many. Nothing in the store says which of two copies
// was the first: the row that comes first is taken for it.
func (a *agentSDK) origin(chain []eventlog.Identity, id string) (shared int, from string) {
	for i, link := range chain {
		if i+1 < minShared {
			continue
		}
		if other, ok := a.seen[link]; ok {
			shared, from = i+1, other
		} else {
			a.seen[link] = id
		}
	}
	return shared, from
}

// goalOf returns the first words of the user.
func goalOf(messages [][]byte) string {
	for _, m := range messages {
		if role, _ := jsonl.Lookup(m, "role"); readable(role) == "user" {
			content, _ := jsonl.Lookup(m, "content")
			return contentText(content)
		}
	}
	return ""
}

// contentText returns the text of a content: a string, or a list of parts.
func contentText(content []byte) string {
	if len(content) == 0 || content[0] != '[' {
		return readable(content)
	}
	var lines []string
	_ = jsonl.Elements(content, func(part []byte) bool {
		text, _ := lookup(part, "text")
		kind, _ := lookup(part, "type")
		switch url, _ := lookup(part, "image_url"); {
		case text != nil:
			lines = append(lines, readable(text))
		case url != nil:
			lines = append(lines, readable(url))
		case kind != nil:
			lines = append(lines, "("+readable(kind)+")")
		}
		return true
	})
	return strings.Join(lines, "\n")
}

// message decodes one message; its event holds what all have in common.
func (a *agentSDK) message(message []byte, link eventlog.Identity, uses map[string]eventlog.Identity, full bool, emit func(*eventlog.Event)) {
	var role, content, name, call, calls []byte
	_ = fieldsOf(message, func(key, value []byte) bool {
		switch string(key) {
		case "role":
			role = value
		case "content":
			content = value
		case "name":
			name = value
		case "tool_call_id":
			call = value
		case "tool_calls":
			calls = value
		}
		return true
	})
	e := &a.e
	base, idle := a.e, a.e.Idle
	e.Type = a.names.text(role)
	switch e.Type {
	case "assistant":
		e.Kind = eventlog.ModelResponse
	case "tool":
		e.Kind, e.Tool, e.CallID = eventlog.ToolResult, a.names.text(name), readable(call)
		e.Use = uses[e.CallID]
	case "user":
		e.Kind, e.Tool = eventlog.Message, "user"
	default:
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	}
	hasCalls := len(calls) > 2 && calls[0] == '['
	if hasCalls {
		e.Idle = eventlog.IdleSame
	}
	if full {
		e.Text = contentText(content)
		if e.Kind == eventlog.ToolResult {
			e.Output = clone(content)
		}
	}
	emit(e)
	if !hasCalls {
		return
	}
	_ = jsonl.Elements(calls, func(value []byte) bool {
		*e = base
		e.Idle = idle
		e.Kind, e.Type = eventlog.ToolCall, "tool_call"
		_ = fieldsOf(value, func(key, value []byte) bool {
			switch string(key) {
			case "id":
				e.CallID = readable(value)
			case "name":
				e.Tool = a.names.text(value)
			case "arguments":
				e.Print = eventlog.Print(value)
				if full {
					e.Input = clone(value)
				}
			}
			return true
		})
		if e.CallID != "" {
			e.Use = eventlog.Identify("agentsdk", string(link[:]), e.CallID)
			uses[e.CallID] = e.Use
		}
		emit(e)
		return true
	})
}
