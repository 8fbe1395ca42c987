package dialect

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Goose reads the database in which Goose keeps its sessions. See
// docs/format/goose.md.
type Goose struct{}

// The tables, in the order of Tables. Sessions are read twice: first what they
// are, and after their messages what they came to.
const (
	gooseSession = iota
	gooseMessage
	gooseCall
	gooseTotal
)

// Name returns the name of the format.
func (Goose) Name() string { return "goose" }

// Sniff knows the tables by their columns.
func (Goose) Sniff(h *Head) int {
	if has(h.Tables["sessions"], "id", "working_dir") && has(h.Tables["messages"], "session_id", "role", "content_json") {
		return 90
	}
	return 0
}

// Tables asks for sessions and messages.
func (Goose) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "sessions", Columns: []string{"created_at", "id", "name", "description", "user_set_name", "session_type", "working_dir", "provider_name", "model_config_json", "parent_session_id", "archived_at"}, Mutable: true},
		{Name: "messages", Columns: []string{"created_timestamp", "message_id", "session_id", "role", "content_json"}, Order: "created_timestamp", Mutable: true},
		{Name: "usage_ledger", Columns: []string{"created_timestamp", "id", "session_id", "model", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
			"cost", "is_compaction"}, Order: "created_timestamp", Mutable: true, Optional: true},
		{Name: "sessions", Columns: []string{"updated_at", "id", "total_tokens", "input_tokens", "output_tokens",
			"accumulated_total_tokens", "accumulated_input_tokens", "accumulated_output_tokens", "accumulated_cost", "provider_name", "model_config_json",
			"cache_read_tokens", "cache_write_tokens", "accumulated_cache_read_tokens", "accumulated_cache_write_tokens"}, Mutable: true},
	}
}

// Open returns a decoder.
func (Goose) Open(Segment) Decoder { return newGoose() }

// Rank puts the database before the files that its sessions were taken from.
func (Goose) Rank(*Head) int { return 1 }

func newGoose() *goose {
	return &goose{names: names{}, sessions: map[string]*gooseState{}, tools: map[string]string{}}
}

// goose decodes one database.
type goose struct {
	names    names
	sessions map[string]*gooseState
	tools    map[string]string // of calls without a result
	e        eventlog.Event
	bill     eventlog.Bill
}

// gooseState is what must be known of a session to decode its messages.
type gooseState struct {
	asked           bool
	provider, model string
	answer          string     // the last response, which nothing has paid for yet
	told            gooseCount // by single calls
	cost            eventlog.Money
	calls           int64
	broken          bool // the last response was an error
}

// gooseCount is a count of tokens as Goose spells it: the input with what came from
// the cache and went into it.
type gooseCount struct{ input, output, read, written, total int64 }

func (n *gooseCount) add(m gooseCount) {
	n.input += m.input
	n.output += m.output
	n.read += m.read
	n.written += m.written
	n.total += m.input + m.output
}

// beyond returns what a sum holds besides single calls.
func (n gooseCount) beyond(m gooseCount) gooseCount {
	return gooseCount{max(0, n.input-m.input), max(0, n.output-m.output), max(0, n.read-m.read), max(0, n.written-m.written), max(0, n.total-m.total)}
}

// usage returns the count with its parts apart from each other. What a sum has
// beyond input and output is taken for reasoning.
func (n gooseCount) usage() eventlog.Usage {
	if n.input+n.output == 0 {
		return eventlog.Usage{Input: n.total} // nothing tells of which kind they are
	}
	rest := max(0, n.total-n.input-n.output)
	u := eventlog.Usage{Input: n.input, CacheRead: n.read, CacheWrite5m: n.written, Output: n.output + rest, Reasoning: rest}
	if n.read+n.written <= n.input { // some providers leave the cache out of it
		u.Input -= n.read + n.written
	}
	return u
}

// Decode decodes a row.
func (g *goose) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	g.e = eventlog.Event{ID: cellText(c[1]), Time: moment(cellNumber(c[0]))}
	switch rec.Table {
	case gooseSession:
		g.session(c, full)
		emit(&g.e)
		return nil
	case gooseCall:
		g.paid(c, full)
		emit(&g.e)
		return nil
	case gooseTotal:
		g.total(c)
		emit(&g.e)
		return nil
	}
	return g.message(c, full, emit)
}

func (g *goose) enter(session string) *gooseState {
	id := g.names.of([]byte(session))
	g.e.SessionID, g.e.RunID, g.e.Agent = id, id, "goose"
	s := g.sessions[id]
	if s == nil {
		s = &gooseState{}
		g.sessions[id] = s
	}
	return s
}

// modelOf returns the name of the model in a configuration.
func (g *goose) modelOf(config []byte) string {
	name, _ := lookup(config, "model_name")
	return g.names.text(name)
}

func (g *goose) session(c []eventlog.Cell, full bool) {
	e := &g.e
	s := g.enter(e.ID)
	s.provider, s.model = g.names.of([]byte(cellText(c[7]))), g.modelOf(cellBody(c[8]))
	e.Kind, e.Type, e.Hidden = eventlog.LoopStep, "session", true
	directory := cellText(c[6])
	e.Facts = &eventlog.Facts{Agent: "goose", Directory: directory, Started: e.Time, ParentID: cellText(c[9])}
	if directory != "" {
		e.Facts.Project = filepath.Base(directory)
	}
	name := cellText(c[2])
	if name == "" || name == "CLI Session" || name == "New Chat" || name == "New session" {
		name = cellText(c[3])
	}
	if c[4].Int != 0 {
		e.Facts.Title = name
	} else {
		e.Facts.Name = name
	}
	kind := cellText(c[5])
	if kind != "" && kind != "user" {
		e.Facts.Tags = []string{kind}
	}
	if archived := moment(cellNumber(c[10])); archived.Known() {
		e.Facts.Closed, e.Facts.Ended = true, archived
	}
	if e.Facts.ParentID != "" {
		e.ParentRunID, e.Link = e.Facts.ParentID, eventlog.LinkSure
	}
	if full {
		e.Text = name
		for _, x := range []eventlog.Detail{{Name: "directory", Value: directory}, {Name: "kind", Value: kind}} {
			if x.Value != "" {
				e.Details = append(e.Details, x)
			}
		}
	}
}

// paid bills a single call, as newer layouts tell of it: that of the last response,
// or one that no message holds.
func (g *goose) paid(c []eventlog.Cell, full bool) {
	e := &g.e
	s := g.enter(cellText(c[2]))
	e.Kind, e.Type, e.Hidden, e.Again = eventlog.ModelResponse, "usage", true, true
	e.Provider, e.Model = s.provider, g.names.of([]byte(cellText(c[3])))
	compaction := c[9].Int != 0
	if e.CallID, s.answer = s.answer, ""; e.CallID == "" || compaction {
		s.answer, e.CallID = e.CallID, "usage "+e.ID
	}
	n := gooseCount{input: count(cellNumber(c[4])), output: count(cellNumber(c[5])), read: count(cellNumber(c[6])), written: count(cellNumber(c[7]))}
	price, ok := cost(cellNumber(c[8]))
	s.told.add(n)
	if ok {
		s.cost += price
	}
	if full && compaction {
		e.Text = "to shorten the conversation"
	}
	g.bill = eventlog.Bill{Call: eventlog.Identify("goose", e.SessionID, e.ID), Rule: eventlog.RuleRecord, Usage: n.usage()}
	if ok && price > 0 {
		g.bill.Cost, g.bill.Source = price, eventlog.Recorded
	}
	if g.bill.Usage.Total() > 0 {
		e.Bill = &g.bill
		s.calls++
	}
}

// total bills what the session came to beyond its single calls: all of it in older
// layouts, and what was used before a newer version took over.
func (g *goose) total(c []eventlog.Cell) {
	e := &g.e
	s := g.enter(e.ID)
	e.Kind, e.Type, e.Hidden = eventlog.Metrics, "total", true
	e.Provider, e.Model = g.names.of([]byte(cellText(c[9]))), g.modelOf(cellBody(c[10]))
	number := func(i int) int64 { return count(cellNumber(c[i])) }
	n := gooseCount{total: number(5), input: number(6), output: number(7), read: number(13), written: number(14)}
	g.bill = eventlog.Bill{Call: eventlog.Identify("goose", e.SessionID), Rule: eventlog.RuleRecord}
	switch {
	case n.total+n.input+n.output > 0:
		n = n.beyond(s.told)
	case s.calls > 0:
		return
	default:
		// Only those of the last call: nobody is to take them for all.
		n = gooseCount{total: number(2), input: number(3), output: number(4), read: number(11), written: number(12)}
		g.bill.AtLeast, g.bill.Final = true, true
	}
	g.bill.Usage = n.usage()
	m, ok := cost(cellNumber(c[8]))
	if m -= s.cost; ok && m > 0 && (s.calls == 0 || g.bill.Usage.Total() > 0) {
		g.bill.Cost, g.bill.Source = m, eventlog.Recorded
	}
	if g.bill.Usage.Total() > 0 || g.bill.Source == eventlog.Recorded {
		e.Bill = &g.bill
	}
}

// message decodes a message: its calls, its results, and what was said.
func (g *goose) message(c []eventlog.Cell, full bool, emit func(*eventlog.Event)) error {
	s := g.enter(cellText(c[2]))
	role := cellText(c[3])
	base := g.e
	base.Type = g.names.of([]byte(role))
	var text, thought []string
	var calls, results [][]byte
	var failure string
	if body := cellBody(c[4]); len(body) > 0 {
		if err := jsonl.Elements(body, func(part []byte) bool {
			kind, _ := lookup(part, "type")
			switch readable(kind) {
			case "text":
				t, _ := lookup(part, "text")
				text = append(text, readable(t))
			case "thinking":
				t, _ := lookup(part, "thinking")
				thought = append(thought, readable(t))
			case "toolRequest", "frontendToolRequest":
				calls = append(calls, part)
			case "toolResponse":
				results = append(results, part)
			case "contextLengthExceeded", "error":
				t, _ := lookup(part, "msg")
				m, _ := lookup(part, "message")
				failure = cmp.Or(readable(t), readable(m))
			case "image", "redactedThinking":
			default:
				msg, _ := lookup(part, "msg")
				said, _ := lookup(part, "text")
				if t := first(msg, said); t != nil {
					text = append(text, readable(t))
				}
			}
			return true
		}); err != nil {
			return err
		}
	}
	e := &g.e
	for _, r := range results {
		*e = base
		g.result(r, full, emit)
	}
	said := strings.Join(text, "\n")
	if role == "assistant" {
		*e = base
		e.Kind, e.Provider, e.Model, e.Idle = eventlog.ModelResponse, s.provider, s.model, eventlog.IdleYes
		if len(calls) > 0 {
			e.Idle = eventlog.IdleNo
		}
		e.Failed = failure != ""
		s.broken = e.Failed
		if e.ID != "" {
			e.CallID, e.Again, e.Piece, s.answer = e.ID, true, true, e.ID
		}
		if full {
			e.Text, e.Message = said, failure
			if len(thought) > 0 {
				e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: strings.Join(thought, "\n")})
			}
		}
		emit(e)
		for _, call := range calls {
			*e = base
			g.call(call, full, emit)
		}
		return nil
	}
	if len(results) > 0 && said == "" {
		return nil
	}
	*e = base
	e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
	if role != "user" {
		e.Tool, e.Hidden, e.Idle = "system", true, eventlog.IdleSame
	} else if !s.asked && said != "" {
		s.asked = true
		e.Facts = &eventlog.Facts{Goal: said}
	}
	if full {
		e.Text = said
	}
	emit(e)
	return nil
}

// call decodes the request of a tool.
func (g *goose) call(part []byte, full bool, emit func(*eventlog.Event)) {
	e := &g.e
	e.Kind, e.Type = eventlog.ToolCall, "tool_request"
	id, _ := lookup(part, "id")
	e.CallID = readable(id)
	name, _ := lookup(part, "toolCall", "value", "name")
	e.Tool = g.names.text(name)
	if len(g.tools) < maxNames {
		g.tools[e.SessionID+"\x00"+e.CallID] = e.Tool
	}
	e.Spawns = strings.HasSuffix(e.Tool, "subagent") || strings.HasSuffix(e.Tool, "delegate")
	if full {
		input, _ := lookup(part, "toolCall", "value", "arguments")
		e.Input = clone(input)
		if why, ok := lookup(part, "toolCall", "error"); ok {
			e.Details = append(e.Details, eventlog.Detail{Name: "error", Value: readable(why)})
		}
	}
	emit(e)
}

// result decodes what a tool answered.
func (g *goose) result(part []byte, full bool, emit func(*eventlog.Event)) {
	e := &g.e
	e.Kind, e.Type = eventlog.ToolResult, "tool_response"
	id, _ := lookup(part, "id")
	e.CallID = readable(id)
	e.Tool = g.tools[e.SessionID+"\x00"+e.CallID]
	delete(g.tools, e.SessionID+"\x00"+e.CallID)
	status, _ := lookup(part, "toolResult", "status")
	value, _ := lookup(part, "toolResult", "value")
	why, failed := lookup(part, "toolResult", "error")
	bad, _ := lookup(value, "isError")
	if failed || readable(status) == "error" || truth(bad) {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		content := value
		if inner, ok := lookup(value, "content"); ok {
			content = inner
		}
		e.Output = clone(first(content, why))
		e.Text = contentText(content)
		if e.Failed {
			e.Message, e.Text = readable(why), ""
			if e.Message == "" {
				e.Message = contentText(content)
			}
		}
	}
	emit(e)
}
