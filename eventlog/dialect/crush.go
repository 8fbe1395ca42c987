package dialect

import (
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Crush reads the database that Crush keeps in a project. See
// docs/format/crush.md.
type Crush struct{}

// The tables, in the order of Tables. Sessions are read twice: first what they
// are, and after their messages what they came to.
const (
	crushSession = iota
	crushMessage
	crushTotal
)

// Name returns the name of the format.
func (Crush) Name() string { return "crush" }

// Sniff knows the tables by their columns.
func (Crush) Sniff(h *Head) int {
	if has(h.Tables["sessions"], "id", "parent_session_id", "prompt_tokens", "cost") && has(h.Tables["messages"], "id", "session_id", "role", "parts") {
		return 90
	}
	return 0
}

// Tables asks for sessions and messages.
func (Crush) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "sessions", Columns: []string{"created_at", "id", "parent_session_id", "title", "cost"}, Order: "created_at", Mutable: true},
		{Name: "messages", Columns: []string{"created_at", "id", "session_id", "role", "parts", "model", "provider", "finished_at", "is_summary_message", "updated_at"}, Order: "created_at", Mutable: true},
		{Name: "sessions", Columns: []string{"updated_at", "id", "parent_session_id", "prompt_tokens", "completion_tokens", "cost"}, Mutable: true},
	}
}

// Open returns a decoder.
func (Crush) Open(seg Segment) Decoder {
	c := &crush{names: names{}, sessions: map[string]*crushState{}}
	// The database lies in a folder of the project.
	if dir := filepath.Dir(seg.Path); filepath.Base(dir) == ".crush" {
		if dir, err := filepath.Abs(filepath.Dir(dir)); err == nil {
			c.directory = dir
		}
	}
	return c
}

// crush decodes one database.
type crush struct {
	names     names
	directory string
	sessions  map[string]*crushState
	e         eventlog.Event
	bill      eventlog.Bill
}

// crushState is what must be known of a session to decode its next row.
type crushState struct {
	asked           bool
	provider, model string // of its last answer
}

// Decode decodes a row.
func (d *crush) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	d.e = eventlog.Event{ID: cellText(c[1]), Time: moment(cellNumber(c[0]))}
	switch rec.Table {
	case crushSession:
		d.session(c, full)
		emit(&d.e)
		return nil
	case crushTotal:
		d.total(c)
		emit(&d.e)
		return nil
	}
	return d.message(c, full, emit)
}

func (d *crush) enter(session string) *crushState {
	id := d.names.of([]byte(session))
	d.e.SessionID, d.e.RunID, d.e.Agent = id, id, "crush"
	s := d.sessions[id]
	if s == nil {
		s = &crushState{}
		d.sessions[id] = s
	}
	return s
}

func (d *crush) session(c []eventlog.Cell, full bool) {
	e := &d.e
	d.enter(e.ID)
	e.Kind, e.Type, e.Hidden = eventlog.LoopStep, "session", true
	title := cellText(c[3])
	e.Facts = &eventlog.Facts{Agent: "crush", ParentID: cellText(c[2]), Started: e.Time, Directory: d.directory}
	if d.directory != "" {
		e.Facts.Project = filepath.Base(d.directory)
	}
	if title != "New Session" && title != "Untitled Session" {
		e.Facts.Title = title
	}
	if m, ok := cost(cellNumber(c[4])); ok && m > 0 {
		e.Facts.Recorded, e.Facts.RecordedKnown = m, true
	}
	if e.Facts.ParentID != "" {
		e.ParentRunID, e.Link = e.Facts.ParentID, eventlog.LinkSure
		_, e.ParentCall, _ = strings.Cut(e.SessionID, "$$") // what a tool starts is named message$$call
	}
	if full {
		e.Text = title
	}
}

// total bills the session: nothing tells what one call used. What a session
// below another cost is in the cost of that one already.
func (d *crush) total(c []eventlog.Cell) {
	e := &d.e
	s := d.enter(e.ID)
	e.Kind, e.Type, e.Hidden = eventlog.Metrics, "total", true
	e.Provider, e.Model = s.provider, s.model
	u := eventlog.Usage{Input: count(cellNumber(c[3])), Output: count(cellNumber(c[4]))}
	m, ok := cost(cellNumber(c[5]))
	if cellText(c[2]) != "" || u.Total() == 0 && (!ok || m == 0) {
		return
	}
	d.bill = eventlog.Bill{Call: eventlog.Identify("crush", e.SessionID), Rule: eventlog.RuleRecord, Usage: u, AtLeast: true, Final: true}
	if ok && m > 0 {
		d.bill.Cost, d.bill.Source = m, eventlog.Recorded
	}
	e.Bill = &d.bill
}

// message decodes a message: its calls, its results, and what was said.
func (d *crush) message(c []eventlog.Cell, full bool, emit func(*eventlog.Event)) error {
	s := d.enter(cellText(c[2]))
	role := cellText(c[3])
	parts := cellBody(c[4])
	base := d.e
	base.Type = d.names.of([]byte(role))
	if role == "assistant" {
		base.Provider, base.Model = d.names.of([]byte(cellText(c[6]))), d.names.of([]byte(cellText(c[5])))
		if base.Model != "" {
			s.provider, s.model = base.Provider, base.Model
		}
	}
	var text strings.Builder
	var thought string
	var finish []byte
	var calls, results [][]byte
	if len(parts) > 0 {
		if err := jsonl.Elements(parts, func(part []byte) bool {
			kind, _ := lookup(part, "type")
			data, _ := lookup(part, "data")
			switch readable(kind) {
			case "text":
				t, _ := lookup(data, "text")
				text.WriteString(readable(t))
			case "reasoning":
				if t, ok := lookup(data, "thinking"); ok && full {
					thought += readable(t)
				}
			case "tool_call":
				calls = append(calls, data)
			case "tool_result":
				results = append(results, data)
			case "finish":
				finish = data
			case "shell_command":
				if t, ok := lookup(data, "command"); ok {
					text.WriteString(readable(t))
				}
			}
			return true
		}); err != nil {
			return err
		}
	}
	e := &d.e
	switch role {
	case "assistant":
		return d.answer(base, c, text.String(), thought, calls, finish, full, emit)
	case "tool":
		for _, r := range results {
			*e = base
			d.result(r, full, emit)
		}
		return nil
	}
	*e = base
	e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
	if role != "user" {
		e.Tool, e.Hidden, e.Idle = "system", true, eventlog.IdleSame
	} else if !s.asked {
		s.asked = true
		e.Facts = &eventlog.Facts{Goal: text.String()}
	}
	if full {
		e.Text = text.String()
	}
	emit(e)
	return nil
}

// answer decodes an answer of the model. Events that may yet come stand last,
// so that those before them keep their numbers while it is written.
func (d *crush) answer(base eventlog.Event, c []eventlog.Cell, text, thought string, calls [][]byte, finish []byte, full bool, emit func(*eventlog.Event)) error {
	e := &d.e
	*e = base
	e.Kind, e.CallID, e.Idle = eventlog.ModelRequest, base.ID, eventlog.IdleNo
	emit(e)
	for _, call := range calls {
		*e = base
		e.Kind, e.Type, e.Provider, e.Model = eventlog.ToolCall, "tool_call", "", ""
		_ = fieldsOf(call, func(key, value []byte) bool {
			switch string(key) {
			case "id":
				e.CallID = readable(value)
			case "name":
				e.Tool = d.names.text(value)
			case "input":
				e.Print = eventlog.Print(value)
				if full {
					e.Input = inputOf(value)
				}
			}
			return true
		})
		e.Spawns = e.Tool == "agent" || e.Tool == "agentic_fetch"
		emit(e)
	}
	ended := moment(cellNumber(c[7]))
	if at, ok := lookup(finish, "time"); ok && !ended.Known() {
		ended = moment(at)
	}
	if finish == nil && !ended.Known() {
		return nil // it is being written
	}
	*e = base
	e.Kind, e.CallID, e.Began = eventlog.ModelResponse, base.ID, base.Time
	if ended.Known() {
		e.Time = ended
	}
	reason, _ := lookup(finish, "reason")
	e.Idle = eventlog.IdleYes
	switch readable(reason) {
	case "tool_use":
		e.Idle = eventlog.IdleNo
	case "error":
		e.Failed = true
		e.Facts = &eventlog.Facts{Outcome: eventlog.Failure}
	case "canceled":
		e.Facts = &eventlog.Facts{Outcome: eventlog.Cancelled}
	default:
		e.Facts = &eventlog.Facts{Outcome: eventlog.Success}
	}
	if full {
		e.Text = text
		message, _ := lookup(finish, "message")
		details, _ := lookup(finish, "details")
		if e.Failed {
			e.Message = strings.TrimSpace(readable(message) + "\n" + readable(details))
		}
		add := func(name, value string) {
			if value != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: name, Value: value})
			}
		}
		add("thinking", thought)
		add("stop reason", readable(reason))
		if c[8].Int != 0 {
			add("summary", "yes")
		}
	}
	emit(e)
	return nil
}

// result decodes the result of a tool.
func (d *crush) result(data []byte, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	e.Kind, e.Type = eventlog.ToolResult, "tool_result"
	var content, metadata []byte
	_ = fieldsOf(data, func(key, value []byte) bool {
		switch string(key) {
		case "tool_call_id":
			e.CallID = readable(value)
		case "name":
			e.Tool = d.names.text(value)
		case "content":
			content = value
		case "metadata":
			metadata = value
		case "is_error":
			if e.Failed = truth(value); e.Failed {
				e.Kind = eventlog.ToolError
			}
		}
		return true
	})
	if full {
		e.Output, e.Payload = clone(content), inputOf(metadata)
		if e.Failed {
			e.Message = readable(content)
		} else {
			e.Text = readable(content)
		}
	}
	emit(e)
}
