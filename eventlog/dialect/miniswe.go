package dialect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// MiniSWE reads the trajectories of mini-swe-agent: the conversation of one run
// as a document. See docs/format/mini-swe-agent.md.
type MiniSWE struct{}

// Name returns the name of the format.
func (MiniSWE) Name() string { return "mini-swe-agent" }

const (
	miniRun = iota
	miniInfo
	miniMessage
)

// Sniff knows a trajectory by what stands beside its messages. Early ones are
// an array of messages and nothing else.
func (MiniSWE) Sniff(h *Head) int {
	var messages, info, format, role, content bool
	h.members(func(key, value []byte) {
		switch string(key) {
		case "messages":
			messages = holdsRoles(value)
		case "info":
			eachBegun(value, func(key, _ []byte) {
				switch string(key) {
				case "model_stats", "mini_version", "exit_status":
					info = true
				}
			})
		case "trajectory_format":
			format = strings.Contains(string(value), "mini-swe-agent")
		case "role":
			role = string(value) == `"system"` || string(value) == `"user"` || string(value) == `"assistant"`
		case "content":
			content = true
		}
	})
	switch {
	case format:
		return 95
	case info && messages:
		return 90
	case role && content && isArray(h.Text):
		return 45
	case info && strings.Contains(h.Path, ".traj"):
		return 40 // its configuration is longer than what was looked at
	}
	return 0
}

// Lists cuts a trajectory at its messages. Those of an array are records
// already.
func (m MiniSWE) Lists(h *Head) ([]string, bool) {
	return []string{"info", "messages"}, m.Sniff(h) > 0
}

// Tables asks for nothing: a trajectory is never a database.
func (MiniSWE) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (MiniSWE) Open(seg Segment) Decoder {
	d := &miniSWE{session: runName(seg.Path, ".traj"), names: names{}}
	if seg.Head != nil {
		d.bare = isArray(seg.Head.Text)
		d.each = !d.bare && pricesEach(seg.Head)
	}
	return d
}

// pricesEach reports whether the messages say what their calls cost. Otherwise
// only the counters of the whole run do.
func pricesEach(h *Head) bool {
	prices := false
	h.members(func(key, value []byte) {
		if string(key) != "messages" || !isArray(value) {
			return
		}
		_ = jsonl.Elements(value, func(message []byte) bool {
			if role, _ := lookup(message, "role"); string(role) != `"assistant"` {
				return true
			}
			m, _ := lookup(message, "extra", "cost")
			_, used := lookup(message, "extra", "response", "usage")
			_, known := cost(m)
			prices = known && used
			return false
		})
	})
	return prices
}

// miniSWE decodes one trajectory.
type miniSWE struct {
	session string
	names   names
	bare    bool // messages are all there is
	each    bool // each message says what its call cost
	// provider is what the run says of its model, for answers that do not.
	provider string
	stats    eventlog.Bill
	sum      eventlog.Usage // of the calls so far, where only the run says what it cost
	calls    int64
	told     bool // the task has been told
	last     eventlog.Stamp
	e        eventlog.Event
	b        eventlog.Bill
}

// Decode decodes a part of a trajectory.
func (m *miniSWE) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	m.e = eventlog.Event{SessionID: m.session, RunID: m.session, Agent: "mini-swe-agent"}
	e := &m.e
	switch {
	case rec.Table == miniRun && m.bare:
		if rec.Pos == 0 {
			base := *e
			e.Kind, e.Type, e.Facts = eventlog.AgentStart, "trajectory", &eventlog.Facts{Agent: "mini-swe-agent", Name: path.Base(m.session)}
			emit(e)
			*e = base
		}
		return m.message(rec, full, emit)
	case rec.Table == miniMessage:
		return m.message(rec, full, emit)
	case rec.Table == miniInfo:
		return m.info(rec, full, emit)
	}
	if err := jsonl.Fields(rec.Body, func(_, _ []byte) bool { return true }); err != nil {
		return err
	}
	e.Kind, e.Type, e.Facts = eventlog.AgentStart, "trajectory", &eventlog.Facts{Agent: "mini-swe-agent", Name: path.Base(m.session)}
	if full {
		e.Payload = clone(rec.Body)
	}
	emit(e)
	return nil
}

// info decodes what is told of the whole run.
func (m *miniSWE) info(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var stats, exit, submission, version, config []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "model_stats":
			stats = value
		case "exit_status":
			exit = value
		case "submission":
			submission = value
		case "mini_version":
			version = value
		case "config":
			config = value
		}
		return true
	}); err != nil {
		return err
	}
	base := m.e
	e := &m.e
	m.stats = sweBill(stats, m.session)
	model, _ := lookup(config, "model", "model_name")
	directory, _ := lookup(config, "environment", "cwd")
	base.Model = m.names.text(model)
	base.Provider, base.Model = providerOf(base.Model)
	m.provider = base.Provider
	*e = base
	e.Kind, e.Type, e.Again, e.CallID, e.Text = eventlog.ModelResponse, "model_stats", true, "model_stats", "all calls of the run"
	e.Facts = &eventlog.Facts{Agent: "mini-swe-agent", Version: readable(version), Directory: readable(directory)}
	if m.stats.Cost > 0 {
		e.Facts.Recorded, e.Facts.RecordedKnown = m.stats.Cost, true
	}
	if !m.each && (m.stats.Calls > 0 || m.stats.Cost > 0) {
		m.b = m.stats
		e.Bill = &m.b
	}
	e.Hidden = e.Bill == nil
	if full {
		e.Payload = clone(stats)
	}
	emit(e)
	*e = base
	status := readable(exit)
	e.Kind, e.Type, e.Outcome = eventlog.AgentFinish, "info", sweOutcome(status)
	e.Failed = e.Outcome == eventlog.Failure
	e.Facts = &eventlog.Facts{Outcome: e.Outcome}
	if status == "" {
		e.Kind, e.Hidden = eventlog.LoopStep, true // it has not ended
	}
	if full {
		e.Text, e.Payload = readable(submission), clone(rec.Body)
		if status != "" {
			e.Details = []eventlog.Detail{{Name: "exit status", Value: status}}
		}
		if e.Failed {
			e.Message = status
		}
	}
	emit(e)
	return nil
}

// providerOf takes the provider from the front of a model's name.
func providerOf(model string) (provider, name string) {
	if p, rest, ok := strings.Cut(model, "/"); ok {
		return p, rest
	}
	return "", model
}

// opening is how many messages there are before the first answer: the system
// and the task. What comes from the user behind them is what a command put out.
const opening = 2

func (m *miniSWE) message(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var role, content, calls, call, extra, kind, output []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "role":
			role = value
		case "content":
			content = value
		case "tool_calls":
			calls = value
		case "tool_call_id", "call_id":
			call = value
		case "extra":
			extra = value
		case "type":
			kind = value
		case "output":
			output = value
		}
		return true
	}); err != nil {
		return err
	}
	at, _ := lookup(extra, "timestamp")
	e := &m.e
	if e.Time = moment(at); e.Time.Known() {
		defer func(t eventlog.Stamp) { m.last = t }(e.Time)
	}
	e.Type = m.names.text(first(role, kind))
	switch {
	case e.Type == "assistant":
		m.answer(content, calls, extra, rec.Pos, full, emit)
		return nil
	case e.Type == "tool", e.Type == "function_call_output", e.Type == "user" && rec.Pos >= opening:
		m.result(first(content, output), call, extra, rec.Pos, full)
	case e.Type == "user":
		e.Kind, e.Tool = eventlog.Message, "user"
		if !m.told {
			m.told = true
			e.Facts = &eventlog.Facts{Goal: contentText(content), Started: e.Time}
		}
	case e.Type == "system":
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	case e.Type == "exit":
		e.Kind, e.Tool = eventlog.Message, "system"
	default:
		e.Kind = eventlog.Custom
		if full {
			e.Payload = clone(rec.Body)
		}
	}
	if full && e.Text == "" && e.Message == "" {
		e.Text = contentText(first(content, output))
	}
	emit(e)
	return nil
}

// answer decodes a response and the commands in it.
func (m *miniSWE) answer(content, calls, extra []byte, pos int64, full bool, emit func(*eventlog.Event)) {
	e := &m.e
	response, _ := lookup(extra, "response")
	model, _ := lookup(response, "model")
	e.Kind, e.Began = eventlog.ModelResponse, m.last
	e.Provider, e.Model = providerOf(m.names.text(model))
	e.Provider = cmp.Or(e.Provider, m.provider)
	base := *e
	base.Began = 0
	if usage, ok := lookup(response, "usage"); ok {
		m.pay(response, extra, chatUsage(usage), pos)
		e.Bill = &m.b
	}
	if full {
		e.Text = contentText(content)
	}
	emit(e)
	if len(calls) > 2 && isArray(calls) {
		_ = jsonl.Elements(calls, func(call []byte) bool {
			*e = base
			chatCall(call, e, m.names, full)
			emit(e)
			return true
		})
		return
	}
	// Before there were tool calls, a command stood in the answer. It is the
	// message behind this one that tells what came of it.
	if command, ok := fenced(contentText(content)); ok && pos+1 > opening {
		*e = base
		e.Kind, e.Type, e.Tool, e.CallID = eventlog.ToolCall, "action", "bash", fmt.Sprintf("message %d", pos+1)
		if full {
			e.Input, _ = json.Marshal(map[string]string{"command": command})
		}
		emit(e)
	}
}

// pay makes the bill of a response: its own, where responses say what they
// cost, and otherwise that of all responses until then, of which the largest
// stands.
func (m *miniSWE) pay(response, extra []byte, u eventlog.Usage, pos int64) {
	if m.each {
		id, _ := lookup(response, "id")
		m.b = eventlog.Bill{Call: eventlog.Identify("mini-swe-agent", m.session, readable(id), fmt.Sprint(pos)), Rule: eventlog.RuleResponse, Usage: u}
		price, _ := lookup(extra, "cost")
		if c, ok := cost(price); ok && c > 0 {
			m.b.Cost, m.b.Source = c, eventlog.Recorded
		}
		return
	}
	m.sum.Add(u)
	m.calls++
	m.b = m.stats
	m.b.Call, m.b.Rule = eventlog.Identify("swe-agent", m.session), eventlog.RuleRecord
	m.b.Usage, m.b.Calls = m.sum, max(m.calls, m.stats.Calls)
}

// result decodes what a command put out.
func (m *miniSWE) result(content, call, extra []byte, pos int64, full bool) {
	e := &m.e
	text := contentText(content)
	code, _ := lookup(extra, "returncode")
	status := readable(code)
	if status == "" {
		if _, rest, ok := strings.Cut(text, "<returncode>"); ok {
			status, _, _ = strings.Cut(rest, "<")
		}
	}
	e.Kind, e.CallID = eventlog.ToolResult, readable(call)
	if e.CallID == "" {
		e.CallID, e.Tool = fmt.Sprintf("message %d", pos), "bash"
	}
	if status = strings.TrimSpace(status); status != "" && status != "0" {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if !full {
		return
	}
	e.Output = clone(content)
	text = tagged(text, status)
	if e.Failed {
		e.Message = text
	} else {
		e.Text = text
	}
	if status != "" {
		e.Details = []eventlog.Detail{{Name: "exit code", Value: status}}
	}
}

// tagged returns what a command put out of a text that has it in tags, as the
// templates of version 1 and later do; other texts are whole.
func tagged(text, status string) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "<returncode>") {
		return text
	}
	_, rest, ok := strings.Cut(text, "<output>")
	if !ok {
		return text
	}
	rest, _, _ = strings.Cut(rest, "</output>")
	if rest = strings.TrimSpace(rest); rest == "" && status != "" {
		return "exit code " + status
	}
	return rest
}

// fenced returns the first block of code of a text.
func fenced(text string) (string, bool) {
	_, rest, ok := strings.Cut(text, "```")
	if !ok {
		return "", false
	}
	if _, rest, ok = strings.Cut(rest, "\n"); !ok {
		return "", false
	}
	code, _, ok := strings.Cut(rest, "```")
	return strings.TrimSpace(code), ok
}

// chatUsage reads the tokens of a response of the chat API, as those who speak
// for other providers spell them too. The prompt holds what came from the cache
// and what went into it.
func chatUsage(usage []byte) eventlog.Usage {
	var prompt, output, read, write, reasoning int64
	_ = fieldsOf(usage, func(key, value []byte) bool {
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			prompt = count(value)
		case "completion_tokens", "output_tokens":
			output = count(value)
		case "cache_read_input_tokens":
			read = max(read, count(value))
		case "cache_creation_input_tokens":
			write = max(write, count(value))
		case "prompt_tokens_details", "input_tokens_details":
			v, _ := lookup(value, "cached_tokens")
			read = max(read, count(v))
			v, _ = lookup(value, "cache_creation_tokens")
			write = max(write, count(v))
		case "completion_tokens_details", "output_tokens_details":
			v, _ := lookup(value, "reasoning_tokens")
			reasoning = count(v)
		}
		return true
	})
	read = min(read, prompt)
	write = min(write, prompt-read)
	return eventlog.Usage{Input: prompt - read - write, CacheRead: read, CacheWrite5m: write, Output: output, Reasoning: min(reasoning, output)}
}
