package dialect

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Opencode reads the database of opencode: sessions, their messages, and the
// parts of the messages. See docs/format/opencode.md.
type Opencode struct{}

// The tables, in the order of Tables.
const (
	ocSession2 = iota
	ocEntry
	ocSession
	ocMessage
	ocPart
)

// Name returns the name of the format.
func (Opencode) Name() string { return "opencode" }

// Sniff knows the three tables, or the two of newer versions, by their columns.
func (Opencode) Sniff(h *Head) int {
	if has(h.Tables["session_v2"], "id", "time_created") && has(h.Tables["session_message"], "id", "session_id", "type", "data") {
		return 90
	}
	if has(h.Tables["session"], "id", "title", "time_created") && has(h.Tables["message"], "id", "session_id", "data") &&
		has(h.Tables["part"], "id", "message_id", "data") {
		return 90
	}
	return 0
}

// Rank prefers the database over the files that came before it, and over the
// lines that the program wrote to stdout.
func (Opencode) Rank(*Head) int { return 2 }

// Tables asks for the tables of both layouts and for no other: some hold secrets. A
// database that was taken over has both. What the newer tables hold is read first,
// so that it is known when the older ones repeat it.
func (Opencode) Tables() []eventlog.Table {
	session := []string{"time_created", "id", "parent_id", "directory", "title", "version", "agent", "cost", "time_archived", "time_updated"}
	return []eventlog.Table{
		{Name: "session_v2", Columns: append(session[:len(session):len(session)], "fork_session_id"), Mutable: true, Optional: true},
		{Name: "session_message", Columns: []string{"time_created", "id", "session_id", "type", "data"}, Mutable: true, Optional: true},
		{Name: "session", Columns: session, Order: "time_created", Mutable: true, Optional: true},
		{Name: "message", Columns: []string{"time_created", "id", "session_id", "data"}, Order: "time_created", Mutable: true, Optional: true},
		{Name: "part", Columns: []string{"time_created", "id", "session_id", "message_id", "data"}, Order: "time_created", Mutable: true, Optional: true},
	}
}

// Open returns a decoder.
func (Opencode) Open(Segment) Decoder {
	return &opencode{names: names{}, sessions: map[string]*ocSessionState{}, messages: map[string]ocMessageState{}, origins: map[eventlog.Identity]string{}}
}

// opencode decodes one database.
type opencode struct {
	names    names
	sessions map[string]*ocSessionState
	messages map[string]ocMessageState
	origins  map[eventlog.Identity]string // the session that a call was first seen in
	e        eventlog.Event
	bill     eventlog.Bill
}

// ocSessionState is what must be known of a session to decode its messages.
type ocSessionState struct {
	created eventlog.Stamp
	agent   string
	asked   bool // its first prompt was told
	forked  bool // that it is a copy was told
	newer   bool // its messages stand in the newer tables
}

// ocMessageState is what must be known of a message to decode its parts.
type ocMessageState struct {
	agent  string
	user   bool
	copied bool
}

// Decode decodes a row.
func (o *opencode) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	o.e = eventlog.Event{ID: cellText(c[1])}
	switch rec.Table {
	case ocSession2, ocSession:
		if rec.Table == ocSession && o.state(o.e.ID).newer {
			return nil
		}
		o.session(c, full)
		if rec.Table == ocSession2 {
			if from := cellText(c[10]); from != "" {
				o.e.Facts.ForkOf = from
			}
		}
		emit(&o.e)
		return nil
	case ocEntry:
		o.enter(cellText(c[2]))
		return o.entry(cellText(c[3]), cellBody(c[4]), moment(cellNumber(c[0])), full, emit)
	}
	if o.state(cellText(c[2])).newer {
		return nil
	}
	if rec.Table == ocMessage {
		o.enter(cellText(c[2]))
		return o.message(cellBody(c[3]), moment(cellNumber(c[0])), full, emit)
	}
	o.enter(cellText(c[2]))
	return o.part(cellText(c[3]), cellBody(c[4]), moment(cellNumber(c[0])), full, emit)
}

// enter puts the event into its session, which is a run as well.
func (o *opencode) enter(session string) {
	id := o.names.of([]byte(session))
	o.e.SessionID, o.e.RunID = id, id
}

func (o *opencode) state(session string) *ocSessionState {
	s := o.sessions[session]
	if s == nil {
		s = &ocSessionState{}
		o.sessions[session] = s
	}
	return s
}

func (o *opencode) session(c []eventlog.Cell, full bool) {
	e := &o.e
	o.enter(e.ID)
	e.Kind, e.Type, e.Time, e.Hidden = eventlog.LoopStep, "session", moment(cellNumber(c[0])), true
	e.Agent = o.names.of([]byte(cellText(c[6])))
	s := o.state(e.SessionID)
	s.created, s.agent = e.Time, e.Agent
	directory := cellText(c[3])
	f := &eventlog.Facts{ParentID: cellText(c[2]), Directory: directory, Version: cellText(c[5]), Agent: e.Agent, Started: e.Time}
	if directory != "" {
		f.Project = filepath.Base(directory)
	}
	if title := cellText(c[4]); !strings.HasPrefix(title, "New session - ") && !strings.HasPrefix(title, "Child session - ") {
		f.Title = title
	}
	if m, ok := cost(cellNumber(c[7])); ok && m > 0 {
		f.Recorded, f.RecordedKnown = m, true
	}
	if archived := moment(cellNumber(c[8])); archived.Known() {
		f.Closed, f.Ended = true, archived
	}
	e.Facts = f
	if f.ParentID != "" {
		e.ParentRunID, e.Link = f.ParentID, eventlog.LinkSure
	}
	if full {
		e.Text = cellText(c[4])
		for _, d := range []eventlog.Detail{{Name: "directory", Value: directory}, {Name: "version", Value: f.Version}, {Name: "parent", Value: f.ParentID}} {
			if d.Value != "" {
				e.Details = append(e.Details, d)
			}
		}
	}
}

// ocData is the document of a message, taken apart.
type ocData struct {
	role, model, provider, modelObject, agent, mode, cost, tokens, time, finish, err, parent []byte
	summary                                                                                  []byte
}

func (o *opencode) message(data []byte, at eventlog.Stamp, full bool, emit func(*eventlog.Event)) error {
	var d ocData
	err := jsonl.Fields(data, func(key, value []byte) bool {
		switch string(key) {
		case "role":
			d.role = value
		case "modelID":
			d.model = value
		case "providerID":
			d.provider = value
		case "model":
			d.modelObject = value
		case "agent":
			d.agent = value
		case "mode":
			d.mode = value
		case "cost":
			d.cost = value
		case "tokens":
			d.tokens = value
		case "time":
			d.time = value
		case "finish":
			d.finish = value
		case "error":
			d.err = value
		case "parentID":
			d.parent = value
		case "summary":
			d.summary = value
		}
		return true
	})
	if err != nil {
		return err
	}
	e := &o.e
	created, completed := ocTimes(d.time, "created", "completed")
	if created.Known() {
		at = created
	}
	e.Time = at
	s := o.state(e.SessionID)
	e.Copied = s.created.Known() && at.Known() && at < s.created
	e.Agent = o.names.text(first(d.agent, d.mode))
	user := readable(d.role) != "assistant"
	o.messages[e.ID] = ocMessageState{agent: e.Agent, user: user, copied: e.Copied}
	if user {
		// Its text is in its parts. The row tells that the work began.
		e.Kind, e.Type, e.Hidden, e.Idle = eventlog.LoopStep, "user", true, eventlog.IdleNo
		emit(e)
		return nil
	}
	e.Provider, e.Model = o.names.text(d.provider), o.names.text(d.model)
	e.CallID = e.ID
	id := e.ID
	e.Kind, e.Type, e.Idle = eventlog.ModelRequest, "assistant", eventlog.IdleNo
	if truth(d.summary) {
		e.Details = append(e.Details, eventlog.Detail{Name: "summary", Value: "yes"})
	}
	emit(e)
	usage := ocUsage(d.tokens)
	failed := len(d.err) > 0 && !jsonl.IsNull(d.err)
	if !completed.Known() && !failed && usage.Total() == 0 {
		return nil // it is being written
	}
	e.ID, e.Kind, e.Began = id, eventlog.ModelResponse, e.Time
	if completed.Known() {
		e.Time = completed
	}
	e.Idle = eventlog.IdleNo
	finish := readable(d.finish)
	if failed || finish != "tool-calls" && finish != "unknown" && completed.Known() {
		e.Idle = eventlog.IdleYes
	}
	o.charge(&d, usage, created, completed)
	name, message := ocError(d.err)
	if failed {
		e.Failed = name != "MessageAbortedError"
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Failure
		if !e.Failed {
			e.Facts.Outcome = eventlog.Cancelled
		}
		e.Facts.FailureReason = message
	} else if e.Idle == eventlog.IdleYes {
		e.Facts = orNew(e.Facts)
		e.Facts.Outcome = eventlog.Success
	}
	if full {
		if failed {
			e.Message = message
			e.Payload = clone(d.err)
		}
		for _, x := range []eventlog.Detail{{Name: "stop reason", Value: finish}, {Name: "error", Value: name}} {
			if x.Value != "" {
				e.Details = append(e.Details, x)
			}
		}
	}
	emit(e)
	return nil
}

// charge bills a message. A fork copies messages with new ids: what a call used
// and when it was made tells that it is the same.
func (o *opencode) charge(d *ocData, u eventlog.Usage, created, completed eventlog.Stamp) {
	e := &o.e
	o.bill = eventlog.Bill{Usage: u, Copied: e.Copied, Rule: eventlog.RuleRecord}
	o.bill.Call = eventlog.Identify("opencode", e.ID)
	if completed.Known() && u.Total() > 0 {
		o.bill.Call = eventlog.Identify("opencode", strconv.FormatInt(int64(created), 10), strconv.FormatInt(int64(completed), 10), e.Provider, e.Model, string(d.tokens))
	}
	o.bill.AtLeast = !completed.Known()
	// Zero dollars for tokens is what is written where the price is not known
	// or a subscription pays.
	if m, ok := cost(d.cost); ok && (m > 0 || u.Total() == 0) {
		o.bill.Cost, o.bill.Source = m, eventlog.Recorded
	}
	e.Bill = &o.bill
	switch from, ok := o.origins[o.bill.Call]; {
	case !ok:
		o.origins[o.bill.Call] = e.SessionID
	case e.Copied && from != e.SessionID:
		if s := o.state(e.SessionID); !s.forked {
			s.forked = true
			e.Facts = orNew(e.Facts)
			e.Facts.ForkOf = from
		}
	}
}

// ocUsage reads the tokens of a message or a step. Input is without the cache and
// output without reasoning.
func ocUsage(tokens []byte) eventlog.Usage {
	var u eventlog.Usage
	if len(tokens) == 0 || tokens[0] != '{' {
		return u
	}
	_ = jsonl.Fields(tokens, func(key, value []byte) bool {
		switch string(key) {
		case "input":
			u.Input = count(value)
		case "output":
			u.Output += count(value)
		case "reasoning":
			u.Reasoning = count(value)
			u.Output += u.Reasoning
		case "cache":
			read, _ := jsonl.Lookup(value, "read")
			write, _ := jsonl.Lookup(value, "write")
			u.CacheRead, u.CacheWrite5m = count(read), count(write)
		}
		return true
	})
	return u
}

// ocTimes reads two times of an object.
func ocTimes(object []byte, from, to string) (a, b eventlog.Stamp) {
	if len(object) == 0 || object[0] != '{' {
		return 0, 0
	}
	start, _ := jsonl.Lookup(object, from)
	end, _ := jsonl.Lookup(object, to)
	return moment(start), moment(end)
}

// ocError returns the name and the text of an error.
func ocError(err []byte) (name, message string) {
	if len(err) == 0 || err[0] != '{' {
		return "", readable(err)
	}
	n, _ := jsonl.Lookup(err, "name")
	m, ok := jsonl.Lookup(err, "data", "message")
	if !ok {
		m, _ = jsonl.Lookup(err, "message")
	}
	name, message = readable(n), readable(m)
	if message == "" {
		message = name
	}
	return name, message
}

func (o *opencode) part(message string, data []byte, at eventlog.Stamp, full bool, emit func(*eventlog.Event)) error {
	var kind, text, tool, call, state, span, reason []byte
	err := jsonl.Fields(data, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			kind = value
		case "text":
			text = value
		case "tool":
			tool = value
		case "callID":
			call = value
		case "state":
			state = value
		case "time":
			span = value
		case "reason":
			reason = value
		}
		return true
	})
	if err != nil {
		return err
	}
	e := &o.e
	e.Type, e.Time = o.names.text(kind), at
	m, known := o.messages[message]
	e.Agent, e.Copied = m.agent, m.copied
	start, end := ocTimes(span, "start", "end")
	if start.Known() && e.Copied {
		e.Time = start
	}
	switch e.Type {
	case "text":
		if string(text) == `""` || text == nil {
			return nil // nothing is written yet
		}
		e.Kind = eventlog.Message
		if known && m.user {
			e.Tool = "user"
			if s := o.state(e.SessionID); !s.asked {
				s.asked = true
				e.Facts = orNew(e.Facts)
				e.Facts.Goal = ocPrompt(readable(text))
			}
		}
	case "reasoning":
		if string(text) == `""` || text == nil {
			return nil
		}
		e.Kind, e.Hidden = eventlog.Custom, true
	case "tool":
		o.tool(tool, call, state, full, emit)
		return nil
	case "compaction":
		e.Kind = eventlog.Compaction
	case "retry":
		e.Kind = eventlog.Retry
	case "":
		return ErrNoEvent
	default:
		// Also step-finish, which repeats the usage of its message.
		e.Kind, e.Hidden = eventlog.Custom, true
	}
	if start.Known() && end.Known() && end > start {
		e.Began, e.Time = start, end
	}
	if full {
		e.Text = readable(first(text, reason))
		if e.Kind != eventlog.Message && text == nil {
			e.Payload = clone(data)
		}
	}
	emit(e)
	return nil
}

// ocPrompt takes off the quotes that a prompt on the command line gets.
func ocPrompt(text string) string {
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' {
		return text[1 : n-1]
	}
	return text
}

// opencodeRefusal is how the error of a call begins that a person did not allow.
const opencodeRefusal = "The user rejected permission "

// tool decodes the part of a tool, which is a call and later also its result.
func (o *opencode) tool(tool, call, state []byte, full bool, emit func(*eventlog.Event)) {
	e := &o.e
	e.Kind, e.Tool, e.CallID = eventlog.ToolCall, o.names.text(tool), readable(call)
	id := e.ID
	e.Spawns = e.Tool == "task"
	asks(e)
	var status, input, output, errText, metadata, title, span []byte
	_ = fieldsOf(state, func(key, value []byte) bool {
		switch string(key) {
		case "status":
			status = value
		case "input":
			input = value
		case "output":
			output = value
		case "error":
			errText = value
		case "metadata":
			metadata = value
		case "title":
			title = value
		case "time":
			span = value
		}
		return true
	})
	start, end := ocTimes(span, "start", "end")
	if start.Known() {
		e.Time = start
		e.Use = eventlog.Identify("opencode", e.CallID, strconv.FormatInt(int64(start), 10), e.Tool)
	}
	e.Print = eventlog.Print(input)
	if full {
		e.Input = clone(input)
		e.Text = readable(title)
	}
	word := readable(status)
	ended := word == "completed" || word == "error"
	if !ended {
		e.Idle = eventlog.IdleNo
	}
	if e.Spawns {
		child, ok := lookup(metadata, "sessionId")
		if !ok {
			child, ok = lookup(metadata, "sessionID")
		}
		if ok {
			e.Adopts = []eventlog.Adopt{{SessionID: readable(child), ParentRunID: e.RunID, ParentCall: e.CallID, Link: eventlog.LinkSure}}
		}
	}
	emit(e)
	if !ended {
		return
	}
	e.ID, e.Kind, e.Input, e.Print, e.Text, e.Spawns, e.Adopts, e.Wait = id, eventlog.ToolResult, nil, 0, "", false, nil, eventlog.WaitSame
	if end.Known() {
		e.Began, e.Time = e.Time, end
	}
	if word == "error" {
		e.Kind, e.Failed = eventlog.ToolError, true
		if refusal(errText, opencodeRefusal) {
			e.Wait = eventlog.WaitRefused
		}
	}
	if full {
		e.Output = clone(first(output, errText))
		e.Text = readable(output)
		e.Message = readable(errText)
		for _, name := range []string{"exit", "sessionId", "sessionID"} {
			if v, ok := lookup(metadata, name); ok {
				if name != "exit" {
					name = "session"
				}
				e.Details = append(e.Details, eventlog.Detail{Name: name, Value: readable(v)})
			}
		}
		e.Payload = clone(metadata)
	}
	emit(e)
}
