package dialect

import (
	"cmp"
	"path/filepath"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// GooseLines reads what Goose keeps or tells line by line: the session files of
// versions from before it had a database, and what `goose run` writes with
// --output-format stream-json. See docs/format/goose.md.
type GooseLines struct{}

// Name returns the name of the format.
func (GooseLines) Name() string { return "goose-lines" }

// Sniff knows a session file by its first line, and messages by their fields.
func (GooseLines) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var r gooseLine
		if r.parse(line) != nil {
			continue
		}
		switch kind := readable(r.typ); {
		case r.about():
			return 85
		case kind == "" && r.said(), kind == "message" && r.wrapped() && r.said():
			best = max(best, 75)
		case kind == "complete" && r.total != nil:
			best = max(best, 60)
		}
	}
	return best
}

// Tables asks for nothing: lines never stand in a database.
func (GooseLines) Tables() []eventlog.Table { return nil }

// Places are the session files, beside where the database is now.
func (GooseLines) Places(env func(string) string) []string {
	databases := Goose{}.Places(env)
	list := make([]string, len(databases))
	for i, path := range databases {
		list[i] = filepath.Join(filepath.Dir(path), "*.jsonl")
	}
	return list
}

// Open returns a decoder. The session is named by the first line, or after the
// file.
func (GooseLines) Open(seg Segment) Decoder {
	g := &gooseLines{goose: newGoose(), session: streamName(seg.Path)}
	if seg.Head == nil {
		return g
	}
	for _, line := range seg.Head.Lines {
		var r gooseLine
		if r.parse(line) == nil && r.about() {
			g.session = cmp.Or(readable(r.id), g.session)
			break
		}
	}
	return g
}

// gooseLines decodes one session or stream. Its messages are those of the database.
type gooseLines struct {
	*goose
	session string
	r       gooseLine
}

// gooseLine is a line taken apart but not decoded.
type gooseLine struct {
	typ, message, id, role, created, content, metadata, failure []byte
	directory, name, started, count                             []byte
	total, input, output, read, written, price                  []byte
	allTotal, allInput, allOutput, allPrice                     []byte
}

func (r *gooseLine) parse(body []byte) error {
	*r = gooseLine{}
	return r.fill(body)
}

func (r *gooseLine) fill(body []byte) error {
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "type":
			to = &r.typ
		case "message":
			to = &r.message
		case "id":
			to = &r.id
		case "role":
			to = &r.role
		case "created":
			to = &r.created
		case "content":
			to = &r.content
		case "metadata":
			to = &r.metadata
		case "error":
			to = &r.failure
		case "working_dir":
			to = &r.directory
		case "description":
			to = &r.name
		case "created_at":
			to = &r.started
		case "message_count":
			to = &r.count
		case "total_tokens":
			to = &r.total
		case "input_tokens":
			to = &r.input
		case "output_tokens":
			to = &r.output
		case "cache_read_input_tokens":
			to = &r.read
		case "cache_write_input_tokens":
			to = &r.written
		case "cost_usd":
			to = &r.price
		case "accumulated_total_tokens":
			to = &r.allTotal
		case "accumulated_input_tokens":
			to = &r.allInput
		case "accumulated_output_tokens":
			to = &r.allOutput
		case "accumulated_cost":
			to = &r.allPrice
		default:
			return true
		}
		*to = value
		return true
	})
}

// about reports whether the line says what the session is.
func (r *gooseLine) about() bool {
	return r.typ == nil && r.role == nil && r.count != nil && (r.directory != nil || r.name != nil)
}

// said reports whether the line holds a message.
func (r *gooseLine) said() bool {
	return r.role != nil && r.created != nil && len(r.content) > 0 && r.content[0] == '['
}

// wrapped takes the message out of its envelope, if there is one.
func (r *gooseLine) wrapped() bool {
	if len(r.message) == 0 || r.message[0] != '{' {
		return false
	}
	return r.fill(r.message) == nil
}

// Decode decodes a line.
func (g *gooseLines) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r := &g.r
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	kind := readable(r.typ)
	g.e = eventlog.Event{}
	s := g.enter(g.session)
	e := &g.e
	switch {
	case r.about():
		g.about(full, emit)
		return nil
	case kind == "" && r.said():
		return g.say(full, emit)
	case kind == "message" && r.wrapped() && r.said():
		provider, _ := lookup(r.metadata, "inference", "provider")
		model, _ := lookup(r.metadata, "inference", "requestedModel")
		s.provider, s.model = cmp.Or(g.names.text(provider), s.provider), cmp.Or(g.names.text(model), s.model)
		return g.say(full, emit)
	case kind == "complete":
		e.Kind, e.Type, e.Hidden = eventlog.Metrics, "total", true
		e.Provider, e.Model = s.provider, s.model
		g.sum(gooseCount{total: count(r.total), input: count(r.input), output: count(r.output), read: count(r.read), written: count(r.written)}, r.price, false)
		emit(e)
		*e = eventlog.Event{}
		g.enter(g.session)
		e.Kind, e.Type, e.Idle, e.Outcome = eventlog.AgentFinish, kind, eventlog.IdleYes, eventlog.Success
		if s.broken {
			e.Outcome = eventlog.Failure
		}
	case kind == "error":
		e.Kind, e.Type, e.Failed, s.broken = eventlog.Error, kind, true, true
		if full {
			e.Message = readable(first(r.failure, r.message))
		}
	case kind == "":
		return ErrNoEvent
	default:
		e.Kind, e.Type, e.Hidden = eventlog.Custom, g.names.of([]byte(kind)), true
		if full {
			e.Payload = clone(rec.Body)
		}
	}
	emit(e)
	return nil
}

// say decodes a message as if it stood in the database.
func (g *gooseLines) say(full bool, emit func(*eventlog.Event)) error {
	r := &g.r
	text := func(value []byte) eventlog.Cell {
		return eventlog.Cell{Type: eventlog.Text, Text: []byte(readable(value))}
	}
	id := text(r.id)
	if len(id.Text) == 0 && r.typ != nil {
		id = text(r.created) // of the pieces of a message that has none
	}
	g.e = eventlog.Event{ID: cellText(id), Time: moment(r.created)}
	cells := []eventlog.Cell{text(r.created), id, {Type: eventlog.Text, Text: []byte(g.session)}, text(r.role), {Type: eventlog.Text, Text: r.content}}
	return g.message(cells, full, emit)
}

// about decodes the first line: what the session is, and what it has used so far.
func (g *gooseLines) about(full bool, emit func(*eventlog.Event)) {
	r, e := &g.r, &g.e
	e.Kind, e.Type, e.Hidden, e.Time = eventlog.LoopStep, "session", true, moment(r.started)
	directory := readable(r.directory)
	e.Facts = &eventlog.Facts{Agent: "goose", Name: readable(r.name), Directory: directory, Started: e.Time}
	if directory != "" {
		e.Facts.Project = filepath.Base(directory)
	}
	if full {
		e.Text = readable(r.name)
	}
	emit(e)
	*e = eventlog.Event{Time: moment(r.started)}
	g.enter(g.session)
	e.Kind, e.Type, e.Hidden = eventlog.Metrics, "total", true
	all := gooseCount{total: count(r.allTotal), input: count(r.allInput), output: count(r.allOutput)}
	if all != (gooseCount{}) {
		g.sum(all, r.allPrice, false)
	} else {
		// Only those of the last call: nobody is to take them for all.
		g.sum(gooseCount{total: count(r.total), input: count(r.input), output: count(r.output)}, nil, true)
	}
	emit(e)
}

// sum bills what the session has used so far.
func (g *gooseLines) sum(n gooseCount, price []byte, atLeast bool) {
	g.bill = eventlog.Bill{
		Call: eventlog.Identify("goose", g.e.SessionID), Rule: eventlog.RuleRecord, Usage: n.usage(), AtLeast: atLeast, Final: atLeast,
	}
	if m, ok := cost(price); ok && m > 0 {
		g.bill.Cost, g.bill.Source = m, eventlog.Recorded
	}
	if g.bill.Usage.Total() > 0 {
		g.e.Bill = &g.bill
	}
}
