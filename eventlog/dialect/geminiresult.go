package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// GeminiResult reads the one object that Gemini CLI writes to its standard
// output with --output-format json. See docs/format/gemini-json.md.
type GeminiResult struct{}

// Name returns the name of the format.
func (GeminiResult) Name() string { return "gemini-json" }

// Sniff knows the object by what stands beside its response.
func (GeminiResult) Sniff(h *Head) int {
	var session, response, stats, models, failed bool
	look := func(key, value []byte) {
		switch string(key) {
		case "session_id":
			session = true
		case "response":
			response = true
		case "error":
			_, failed = lookup(value, "message")
		case "stats":
			stats = true
			eachBegun(value, func(key, _ []byte) { models = models || string(key) == "models" })
		}
	}
	h.members(look)
	switch {
	case models && (session || response || failed):
		return 92
	case response && session:
		return 80
	case response && stats, failed && session && len(h.Lines) < 2:
		return 60
	}
	return 0
}

// Lists says that the object is one record.
func (g GeminiResult) Lists(h *Head) ([]string, bool) { return nil, g.Sniff(h) > 0 }

// Tables asks for nothing: the output is never a database.
func (GeminiResult) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (GeminiResult) Open(seg Segment) Decoder {
	return &geminiResult{path: seg.Path}
}

// geminiResult decodes one object, or several that were appended to one file.
type geminiResult struct {
	path string
	e    eventlog.Event
	b    eventlog.Bill
}

// Decode decodes an object: what a whole process did.
func (g *geminiResult) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var session, response, stats, failure []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "session_id":
			session = value
		case "response":
			response = value
		case "stats":
			stats = value
		case "error":
			failure = value
		}
		return true
	}); err != nil {
		return err
	}
	if response == nil && stats == nil && failure == nil {
		return ErrNoEvent
	}
	id := readable(session)
	if id == "" {
		id = streamName(g.path)
	}
	base := eventlog.Event{SessionID: id, RunID: id, Agent: "gemini", Provider: "google"}
	e := &g.e
	*e = base
	e.Kind, e.Type, e.Facts = eventlog.AgentStart, "json", &eventlog.Facts{Agent: "gemini"}
	emit(e)

	models, _ := lookup(stats, "models")
	_ = fieldsOf(models, func(name, counts []byte) bool {
		g.model(base, id, string(name), counts, rec.Body, emit)
		return true
	})
	if len(response) > 0 && !jsonl.IsNull(response) {
		*e = base
		e.Kind, e.Type, e.Again, e.CallID = eventlog.ModelResponse, "response", true, "response"
		if full {
			e.Text = readable(response)
		}
		emit(e)
	}
	*e = base
	e.Kind, e.Type, e.Outcome = eventlog.AgentFinish, "json", eventlog.Success
	if len(failure) > 0 && !jsonl.IsNull(failure) {
		e.Outcome, e.Failed = eventlog.Failure, true
		if full {
			e.Message = errorText(failure, nil)
		}
	}
	e.Facts = &eventlog.Facts{Outcome: e.Outcome}
	if full {
		g.details(stats)
	}
	emit(e)
	return nil
}

// model tells what the calls of a model came to. The same object found twice is
// the same calls; what another process of the session wrote is not.
func (g *geminiResult) model(base eventlog.Event, id, name string, counts, body []byte, emit func(*eventlog.Event)) {
	var prompt, cached, output, thoughts, tool int64
	tokens, _ := lookup(counts, "tokens")
	_ = fieldsOf(tokens, func(key, value []byte) bool {
		switch string(key) {
		case "prompt":
			prompt = count(value)
		case "cached":
			cached = count(value)
		case "candidates":
			output = count(value)
		case "thoughts":
			thoughts = count(value)
		case "tool":
			tool = count(value)
		}
		return true
	})
	requests, _ := lookup(counts, "api", "totalRequests")
	failed, _ := lookup(counts, "api", "totalErrors")
	g.b = eventlog.Bill{
		Call: eventlog.Identify("gemini", "json", id, name, string(body)), Rule: eventlog.RuleRecord, Calls: max(0, count(requests)-count(failed)),
		Usage: eventlog.Usage{Input: max(0, prompt-cached) + tool, CacheRead: min(cached, prompt), Output: output + thoughts, Reasoning: thoughts},
	}
	e := &g.e
	*e = base
	e.Kind, e.Type, e.Model, e.Again, e.CallID, e.Text = eventlog.ModelResponse, "stats", name, true, "usage of "+name, "all calls of "+name
	if g.b.Usage.Total() > 0 {
		e.Bill = &g.b
	}
	emit(e)
}

// details tells how often tools were called, of which nothing else is known.
func (g *geminiResult) details(stats []byte) {
	byName, _ := lookup(stats, "tools", "byName")
	_ = fieldsOf(byName, func(name, counts []byte) bool {
		var words []string
		for _, key := range []string{"count", "success", "fail"} {
			if v, ok := lookup(counts, key); ok {
				words = append(words, readable(v)+" "+map[string]string{"count": "calls", "success": "well", "fail": "failed"}[key])
			}
		}
		g.e.Details = append(g.e.Details, eventlog.Detail{Name: string(name), Value: strings.Join(words, ", ")})
		return true
	})
}
