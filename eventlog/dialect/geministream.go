package dialect

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// GeminiStream reads what Gemini CLI writes to its standard output with
// --output-format stream-json. See docs/format/gemini-stream.md.
type GeminiStream struct{}

// Name returns the name of the format.
func (GeminiStream) Name() string { return "gemini-stream" }

// Sniff knows the stream by its first line, and by how it spells tools.
func (GeminiStream) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		var kind string
		var session, model, tool, stats, timed, role bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "type":
				kind, _ = jsonl.String(value)
			case "session_id":
				session = true
			case "model":
				model = true
			case "tool_id":
				tool = true
			case "stats":
				stats = true
			case "timestamp":
				timed = true
			case "role":
				role = true
			}
			return true
		})
		switch {
		case err != nil || !timed:
		case kind == "init" && session && model:
			return 95
		case (kind == "tool_use" || kind == "tool_result") && tool, kind == "result" && stats:
			best = max(best, 85)
		case kind == "message" && role:
			best = max(best, 40)
		}
	}
	return best
}

// Tables asks for nothing: a stream is never a database.
func (GeminiStream) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (GeminiStream) Open(seg Segment) Decoder {
	g := &geminiStream{names: names{}, tools: map[string]string{}, session: streamName(seg.Path)}
	if seg.Head != nil {
		for _, line := range seg.Head.Lines {
			if g.parse(line) == nil && g.r.session != nil {
				g.begin()
				break
			}
		}
	}
	return g
}

// streamName names a session whose log does not after its file.
func streamName(path string) string {
	name := filepath.Base(path)
	if base, ok := strings.CutSuffix(name, filepath.Ext(name)); ok {
		return base
	}
	return name
}

// geminiStream decodes one stream.
type geminiStream struct {
	names   names
	session string
	model   string
	tools   map[string]string // of the calls, by their ids
	turn    int               // the number of the response that is being written
	heard   bool              // the model was told something since
	last    eventlog.Stamp    // when it was
	now     eventlog.Stamp

	r geminiLine
	e eventlog.Event
	b eventlog.Bill
}

// geminiLine is a line taken apart but not decoded.
type geminiLine struct {
	typ, session, model, time, role, content, tool, id, params []byte
	status, output, err, stats, severity, message              []byte
}

func (g *geminiStream) parse(body []byte) error {
	r := &g.r
	g.r = geminiLine{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "type":
			to = &r.typ
		case "session_id":
			to = &r.session
		case "model":
			to = &r.model
		case "timestamp":
			to = &r.time
		case "role":
			to = &r.role
		case "content":
			to = &r.content
		case "tool_name":
			to = &r.tool
		case "tool_id":
			to = &r.id
		case "parameters":
			to = &r.params
		case "status":
			to = &r.status
		case "output":
			to = &r.output
		case "error":
			to = &r.err
		case "stats":
			to = &r.stats
		case "severity":
			to = &r.severity
		case "message":
			to = &r.message
		default:
			return true
		}
		*to = value
		return true
	})
}

// begin takes over what the first line tells.
func (g *geminiStream) begin() {
	if s := g.names.text(g.r.session); s != "" {
		g.session = s
	}
	if m := g.names.text(g.r.model); m != "" {
		g.model = m
	}
}

// Decode decodes a line.
func (g *geminiStream) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if err := g.parse(rec.Body); err != nil {
		return err
	}
	r, e := &g.r, &g.e
	kind := g.names.text(r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	if kind == "init" {
		g.begin()
	}
	at := moment(r.time)
	if g.now = max(g.now, at); !at.Known() {
		at = g.now
	}
	*e = eventlog.Event{Type: kind, SessionID: g.session, RunID: g.session, Time: at, Agent: "gemini", Provider: "google"}
	switch kind {
	case "init":
		e.Kind, e.Model = eventlog.AgentStart, g.model
		e.Facts = &eventlog.Facts{Agent: "gemini"}
	case "message":
		g.message(full)
	case "tool_use":
		e.Kind, e.CallID, e.Tool, e.Idle = eventlog.ToolCall, readable(r.id), g.names.text(r.tool), eventlog.IdleNo
		e.Use = eventlog.Identify("gemini", "tool", g.session, g.session, e.CallID)
		if len(g.tools) < maxNames {
			g.tools[e.CallID] = e.Tool
		}
		e.Print = eventlog.Print(r.params)
		if full {
			e.Input = clone(r.params)
		}
	case "tool_result":
		g.result(full)
	case "error":
		e.Kind, e.Failed = eventlog.Error, true
		if readable(r.severity) == "warning" {
			e.Kind, e.Failed, e.Tool = eventlog.Message, false, "system"
		}
		if full {
			e.Text = errorText(r.err, r.message)
			if e.Failed {
				e.Message = e.Text
			}
		}
	case "result":
		g.finish(full, emit)
	default:
		e.Kind = eventlog.Custom
		if full {
			e.Payload = clone(rec.Body)
		}
	}
	emit(e)
	return nil
}

// message decodes a prompt, or a piece of a response: the pieces until the next
// prompt or result are one response.
func (g *geminiStream) message(full bool) {
	r, e := &g.r, &g.e
	text := ""
	prompt := readable(r.role) != "assistant"
	if full || prompt {
		text = readable(r.content)
	}
	if prompt {
		e.Kind, e.Tool, e.Idle = eventlog.Message, "user", eventlog.IdleNo
		e.Facts = &eventlog.Facts{Goal: text}
		g.hear()
	} else {
		e.Kind, e.Model, e.Again, e.Piece, e.Idle = eventlog.ModelResponse, g.model, true, true, eventlog.IdleNo
		if g.heard {
			g.heard = false
			g.turn++
			e.Began = g.last
		}
		e.CallID = "response " + strconv.Itoa(g.turn)
	}
	if full {
		e.Text = text
	}
}

func (g *geminiStream) hear() {
	g.heard = true
	g.last = max(g.last, g.e.Time)
}

func (g *geminiStream) result(full bool) {
	r, e := &g.r, &g.e
	e.Kind, e.CallID, e.Idle = eventlog.ToolResult, readable(r.id), eventlog.IdleNo
	e.Tool = g.tools[e.CallID]
	e.Use = eventlog.Identify("gemini", "tool", g.session, g.session, e.CallID)
	if readable(r.status) == "error" {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	g.hear()
	if full {
		e.Output = clone(r.output)
		if e.Failed {
			e.Message = errorText(r.err, r.output)
		} else {
			e.Text = readable(r.output)
		}
	}
}

// errorText returns the message of an error, or else what was put out.
func errorText(err, output []byte) string {
	if m, ok := jsonl.Lookup(err, "message"); ok {
		return readable(m)
	}
	return readable(first(err, output))
}

// finish decodes the last line. It holds the only counts of tokens: one sum for
// each model, of which it is not told how many calls it is.
func (g *geminiStream) finish(full bool, emit func(*eventlog.Event)) {
	end := g.e
	status := readable(g.r.status)
	models, _ := jsonl.Lookup(g.r.stats, "models")
	stats, failure := g.r.stats, g.r.err
	_ = jsonl.Fields(models, func(name, counts []byte) bool {
		u := geminiStats(counts)
		if u.Total() == 0 {
			return true
		}
		e := &g.e
		*e = end
		e.Kind, e.Type, e.Model, e.Again = eventlog.ModelResponse, "stats", string(name), true
		e.CallID = "usage of " + e.Model
		g.b = eventlog.Bill{
			Call: eventlog.Identify("gemini", "stats", g.session, end.Time.Time().String(), e.Model),
			Rule: eventlog.RuleRecord, Usage: u,
		}
		if e.Model == g.model {
			g.b.Calls = int64(g.turn)
		}
		e.Bill = &g.b
		if full {
			e.Text = "all calls of " + e.Model
		}
		emit(e)
		return true
	})
	g.e = end
	e := &g.e
	e.Kind, e.Outcome = eventlog.AgentFinish, eventlog.ParseOutcome(status)
	if e.Failed = e.Outcome == eventlog.Failure; e.Failed && full {
		e.Message = errorText(failure, nil)
	}
	if full {
		for _, name := range []string{"duration_ms", "tool_calls"} {
			if v, ok := jsonl.Lookup(stats, name); ok {
				e.Details = append(e.Details, eventlog.Detail{Name: strings.ReplaceAll(name, "_", " "), Value: readable(v)})
			}
		}
	}
}

// geminiStats reads the sums of a model. The input holds what came from the
// cache; what the total has beyond input and output are thoughts.
func geminiStats(counts []byte) eventlog.Usage {
	var total, input, output, cached int64
	_ = jsonl.Fields(counts, func(key, value []byte) bool {
		switch string(key) {
		case "total_tokens":
			total = count(value)
		case "input_tokens":
			input = count(value)
		case "output_tokens":
			output = count(value)
		case "cached":
			cached = count(value)
		}
		return true
	})
	thoughts := max(0, total-input-output)
	return eventlog.Usage{Input: max(0, input-cached), CacheRead: cached, Output: output + thoughts, Reasoning: thoughts}
}
