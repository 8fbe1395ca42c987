package dialect

import (
	"bytes"
	"cmp"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Gemini reads the chats that Gemini CLI keeps on disk: one file a session, and
// one a sub-agent. A message is written again whenever more of it is known. See
// docs/format/gemini.md.
type Gemini struct{}

// Name returns the name of the format.
func (Gemini) Name() string { return "gemini" }

// Sniff knows a chat by its first line and by the patches between messages, and
// one of the versions before by what stands beside its messages.
func (g Gemini) Sniff(h *Head) int {
	best := 0
	if _, is := g.Lists(h); is {
		return 95
	}
	for _, line := range h.Lines {
		var session, project, patch, answer, timed bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "sessionId":
				session = true
			case "projectHash":
				project = true
			case "$set", "$rewindTo":
				patch = true
			case "type":
				answer = string(value) == `"gemini"`
			case "timestamp":
				timed = true
			}
			return true
		})
		switch {
		case err != nil:
		case session && project:
			return 95
		case patch:
			best = max(best, 90)
		case answer && timed:
			best = max(best, 70)
		}
	}
	return best
}

// Tables asks for nothing: a chat is never a database.
func (Gemini) Tables() []eventlog.Table { return nil }

// Lists cuts a chat that is one document at its messages.
func (Gemini) Lists(h *Head) ([]string, bool) {
	var session, about, messages bool
	h.members(func(key, value []byte) {
		switch string(key) {
		case "sessionId":
			session = true
		case "projectHash", "startTime", "lastUpdated":
			about = true
		case "messages":
			messages = isArray(value)
		}
	})
	return []string{"messages"}, session && about && messages
}

// Rank puts a chat before what the same session wrote to its standard output,
// and its lines before the document that they were made of.
func (g Gemini) Rank(h *Head) int {
	if _, is := g.Lists(h); is {
		return 1
	}
	return 2
}

// Sidecar names the file that tells the folder of the project: it lies beside the
// folder of the chats.
func (Gemini) Sidecar(path string) string {
	if dir := filepath.Dir(path); filepath.Base(dir) == "chats" {
		return filepath.Join(filepath.Dir(dir), ".project_root")
	}
	return ""
}

// Open returns a decoder.
func (Gemini) Open(seg Segment) Decoder {
	g := &gemini{names: names{}, told: map[string]bool{}, path: seg.Path}
	g.session = streamName(seg.Path)
	g.run = g.session
	g.root = strings.TrimSpace(string(seg.Sidecar))
	if seg.Head == nil {
		return g
	}
	for _, line := range seg.Head.Lines {
		if err := g.r.parse(line); err == nil && g.r.session != nil && g.r.id == nil {
			g.belongs(g.r.session, g.r.kind)
			break
		}
	}
	return g
}

// gemini decodes one chat.
type gemini struct {
	names   names
	path    string
	session string
	root    string // the folder of the project, where a file tells it
	run     string
	agent   string // the name of a sub-agent; empty for the session's own run
	named   bool   // the directory has been told
	linked  bool   // the sub-agent's parent has been told
	broken  bool   // the last answer was an error

	told map[string]bool // messages, calls and results that were seen before
	last eventlog.Stamp  // when the run last heard from outside
	now  eventlog.Stamp  // of the latest record, for those that tell no time

	r geminiRecord
	e eventlog.Event
	b eventlog.Bill
}

// geminiRecord is a line, or a message within one, taken apart but not decoded.
type geminiRecord struct {
	session, project, start, updated, kind, directories, summary []byte
	id, time, typ, content, display, thoughts, tokens, model     []byte
	calls, set, rewind, messages                                 []byte
	others                                                       bool // it has fields that are not listed here
}

func (r *geminiRecord) parse(body []byte) error {
	*r = geminiRecord{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "sessionId":
			to = &r.session
		case "projectHash":
			to = &r.project
		case "startTime":
			to = &r.start
		case "lastUpdated":
			to = &r.updated
		case "kind":
			to = &r.kind
		case "directories":
			to = &r.directories
		case "summary":
			to = &r.summary
		case "id":
			to = &r.id
		case "timestamp":
			to = &r.time
		case "type":
			to = &r.typ
		case "content":
			to = &r.content
		case "displayContent":
			to = &r.display
		case "thoughts":
			to = &r.thoughts
		case "tokens":
			to = &r.tokens
		case "model":
			to = &r.model
		case "toolCalls":
			to = &r.calls
		case "$set":
			to = &r.set
		case "$rewindTo":
			to = &r.rewind
		case "messages":
			to = &r.messages
		default:
			r.others = true
			return true
		}
		*to = value
		return true
	})
}

// belongs says whose file this is. A sub-agent's lies in a folder that is named
// after the session that started it.
func (g *gemini) belongs(session, kind []byte) {
	id := g.names.text(session)
	if id == "" {
		return
	}
	g.session, g.run, g.agent = id, id, ""
	if readable(kind) != "subagent" {
		return
	}
	g.agent = subAgentName(id)
	if dir := filepath.Dir(g.path); filepath.Base(filepath.Dir(dir)) == "chats" {
		g.session = filepath.Base(dir)
	}
}

// subAgentName returns what a sub-agent is called whose id is its name with
// something random behind it.
func subAgentName(id string) string {
	if i := strings.LastIndexByte(id, '-'); i > 0 && strings.Count(id, "-") != 4 {
		return id[:i]
	}
	return "subagent"
}

// Decode decodes a line.
func (g *gemini) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r := &g.r
	for _, above := range rec.Above {
		if err := r.parse(above); err == nil {
			g.belongs(r.session, r.kind)
		}
	}
	if err := r.parse(rec.Body); err != nil {
		return err
	}
	switch {
	case r.set != nil:
		return g.set(r.set, full, emit)
	case r.rewind != nil:
		g.envelope("rewind", 0)
		g.e.Kind = eventlog.Custom
		if full {
			g.e.Text = readable(r.rewind)
		}
		emit(&g.e)
	case r.id != nil && r.typ != nil:
		g.message(full, emit)
	case r.session != nil:
		if r.kind != nil || r.project != nil {
			g.belongs(r.session, r.kind)
		}
		g.envelope("session", moment(r.start))
		g.e.Kind, g.e.Hidden = eventlog.Custom, true
		g.about(r)
		g.e.Facts = orNew(g.e.Facts)
		g.e.Facts.Started = moment(r.start)
		emit(&g.e)
	default:
		return ErrNoEvent
	}
	return nil
}

// envelope starts the event with what all of a file share.
func (g *gemini) envelope(kind string, at eventlog.Stamp) {
	if g.now = max(g.now, at); !at.Known() {
		at = g.now
	}
	g.e = eventlog.Event{Type: kind, SessionID: g.session, RunID: g.run, Time: at, Provider: "google", Agent: g.agent}
	if g.run == g.session {
		g.e.Agent = "gemini"
	} else if !g.linked {
		g.linked = true
		g.e.ParentRunID, g.e.Link = g.session, eventlog.LinkTask
	}
}

// about tells the facts that a first line or a patch holds.
func (g *gemini) about(r *geminiRecord) {
	if g.run != g.session {
		return
	}
	f := eventlog.Facts{Agent: "gemini", Name: readable(r.summary)}
	if dir := cmp.Or(firstText(r.directories), g.root); dir != "" {
		g.named = true
		f.Directory, f.Project = dir, filepath.Base(dir)
	} else if dir := filepath.Dir(g.path); filepath.Base(dir) == "chats" {
		// The folder is named after the project, or by a hash of its path.
		if name := filepath.Base(filepath.Dir(dir)); len(name) != 64 && name != "." && !g.named {
			f.Project = name
		}
	}
	g.e.Facts = &f
}

// firstText returns the first text of an array.
func firstText(array []byte) string {
	text := ""
	if len(array) > 0 && array[0] == '[' {
		_ = jsonl.Elements(array, func(v []byte) bool {
			text, _ = jsonl.String(v)
			return false
		})
	}
	return text
}

// set decodes a patch of what the first line told. One that only says when the
// file was last changed is a sign of life; one with messages replaces all that
// were there, which were paid for all the same.
func (g *gemini) set(patch []byte, full bool, emit func(*eventlog.Event)) error {
	r := &g.r
	if err := r.parse(patch); err != nil {
		return err
	}
	g.envelope("$set", moment(r.updated))
	g.e.Kind, g.e.Hidden = eventlog.Custom, true
	if !r.others && r.messages == nil && r.summary == nil && r.directories == nil && r.session == nil {
		g.e.Kind = eventlog.Heartbeat
	}
	if r.summary != nil || r.directories != nil {
		g.about(r)
	}
	if full && r.messages == nil {
		g.e.Text, g.e.Payload = readable(r.summary), clone(patch)
	}
	messages := r.messages
	emit(&g.e)
	if len(messages) == 0 || messages[0] != '[' {
		return nil
	}
	return jsonl.Elements(messages, func(m []byte) bool {
		if err := r.parse(m); err == nil && r.id != nil && r.typ != nil {
			g.message(full, emit)
		}
		return true
	})
}

// again reports whether a thing was told of before, and remembers it.
func (g *gemini) again(kind, id string) bool {
	key := kind + id
	if g.told[key] {
		return true
	}
	if len(g.told) < maxNames {
		g.told[key] = true
	}
	return false
}

// message decodes a message. Its kind and that of all that comes of it depend
// on the record alone, so that the record can be decoded again by itself.
func (g *gemini) message(full bool, emit func(*eventlog.Event)) {
	r := &g.r
	kind, id := g.names.text(r.typ), readable(r.id)
	g.envelope(kind, moment(r.time))
	e := &g.e
	e.ID = id
	e.Hidden = g.again("m", id)
	repeated := e.Hidden
	switch kind {
	case "gemini":
		g.answer(repeated, full, emit)
		return
	case "user":
		g.user(repeated, full)
	case "error":
		e.Kind, e.Failed = eventlog.Error, !repeated
		if !repeated {
			g.broken, e.Idle = true, eventlog.IdleYes
			e.Facts = orNew(e.Facts)
			e.Facts.Outcome = eventlog.Failure
		}
		if full {
			e.Message = partsText(r.content)
		}
	case "info", "warning":
		e.Kind, e.Tool = eventlog.Message, "system"
	default:
		e.Kind = eventlog.Custom
	}
	if full {
		e.Text = partsText(first(r.display, r.content))
		e.Details = pictures(e.Details, r.content)
	}
	emit(e)
}

// user decodes what went to the model: a prompt, what the program says about
// where it is, or results of tools, which the calls tell of as well.
func (g *gemini) user(repeated, full bool) {
	r, e := &g.r, &g.e
	e.Kind, e.Tool = eventlog.Message, "user"
	prompt, returned := false, false
	eachPart(r.content, func(part []byte) {
		if _, ok := jsonl.Lookup(part, "functionResponse"); ok {
			returned = true
		} else {
			prompt = true
		}
	})
	text := partsText(first(r.display, r.content))
	switch {
	case returned && !prompt:
		e.Tool, e.Hidden = "tool", true
		return
	case strings.HasPrefix(text, "<session_context>"):
		e.Tool, e.Hidden = "system", true
		if dir := workspace(text); dir != "" && !g.named && g.run == g.session {
			g.named = true
			e.Facts = &eventlog.Facts{Agent: "gemini", Directory: dir, Project: filepath.Base(dir)}
		}
		return
	}
	if repeated {
		return
	}
	e.Idle = eventlog.IdleNo
	if e.Time.Known() {
		g.last = e.Time
	}
	if g.run == g.session && text != "" && text[0] != '<' && text[0] != '/' {
		e.Facts = orNew(e.Facts)
		e.Facts.Goal = text
	}
}

// workspace returns the first folder that the program told the model of.
func workspace(text string) string {
	_, rest, ok := strings.Cut(text, "Workspace Directories:**\n")
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	dir, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
	if !ok {
		return ""
	}
	return dir
}

// answer decodes a response of the model and the calls that it led to. It is
// written when the response is there, and again when its tokens and the
// results of its calls are.
func (g *gemini) answer(repeated, full bool, emit func(*eventlog.Event)) {
	r, e := &g.r, &g.e
	e.Kind, e.CallID, e.Model, e.Again = eventlog.ModelResponse, e.ID, g.names.text(r.model), true
	if len(r.tokens) > 0 && r.tokens[0] == '{' {
		g.b = eventlog.Bill{
			Call: eventlog.Identify("gemini", g.session, e.ID), Rule: eventlog.RuleResponse, Usage: geminiUsage(r.tokens),
		}
		e.Bill = &g.b
	}
	calls := len(r.calls) > 2 && r.calls[0] == '['
	if !repeated {
		e.Began = g.last
		e.Idle = eventlog.IdleNo
		if !calls {
			e.Idle = eventlog.IdleYes
		}
		if g.broken {
			g.broken = false
			e.Facts = orNew(e.Facts)
			e.Facts.Outcome = eventlog.Success // it went on after all
		}
	}
	if full {
		e.Text = partsText(r.content)
		g.thoughts()
	}
	at, model := e.Time, e.Model
	emit(e)
	if calls {
		_ = jsonl.Elements(r.calls, func(call []byte) bool {
			g.call(call, at, model, full, emit)
			return true
		})
	}
}

// thoughts adds what the model thought.
func (g *gemini) thoughts() {
	if len(g.r.thoughts) == 0 || g.r.thoughts[0] != '[' {
		return
	}
	_ = jsonl.Elements(g.r.thoughts, func(v []byte) bool {
		subject, _ := jsonl.Lookup(v, "subject")
		about, _ := jsonl.Lookup(v, "description")
		text := strings.Trim(readable(subject)+": "+readable(about), ": ")
		if text != "" {
			g.e.Details = append(g.e.Details, eventlog.Detail{Name: "thinking", Value: text})
		}
		return true
	})
}

// geminiUsage reads the tokens of a response. The input holds what came from the
// cache; what tools put into the prompt, and thoughts, are counted beside it.
func geminiUsage(tokens []byte) eventlog.Usage {
	var input, cached, output, thoughts, tool int64
	_ = jsonl.Fields(tokens, func(key, value []byte) bool {
		switch string(key) {
		case "input":
			input = count(value)
		case "cached":
			cached = count(value)
		case "output":
			output = count(value)
		case "thoughts":
			thoughts = count(value)
		case "tool":
			tool = count(value)
		}
		return true
	})
	return eventlog.Usage{Input: max(0, input-cached) + tool, CacheRead: cached, Output: output + thoughts, Reasoning: thoughts}
}

// call decodes a tool call and, when it is over, its result.
func (g *gemini) call(call []byte, at eventlog.Stamp, model string, full bool, emit func(*eventlog.Event)) {
	var id, name, args, result, status, when, agent, display []byte
	if jsonl.Fields(call, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			id = value
		case "name":
			name = value
		case "args":
			args = value
		case "result":
			result = value
		case "status":
			status = value
		case "timestamp":
			when = value
		case "agentId":
			agent = value
		case "resultDisplay":
			display = value
		}
		return true
	}) != nil {
		return
	}
	key := readable(id)
	g.envelope("tool_call", at)
	e := &g.e
	e.Kind, e.CallID, e.Tool, e.Again, e.Spawns = eventlog.ToolCall, key, g.names.text(name), true, true
	e.Use = eventlog.Identify("gemini", "tool", g.session, g.run, key)
	if e.Hidden = g.again("c", key); !e.Hidden {
		e.Idle = eventlog.IdleNo
		asks(e)
	}
	if child := readable(agent); child != "" && child != g.run {
		e.Adopts = []eventlog.Adopt{{RunID: child, ParentRunID: g.run, ParentCall: key, Agent: e.Tool, Link: eventlog.LinkSure}}
	}
	e.Print = eventlog.Print(args)
	if full {
		e.Input = clone(args)
	}
	tool := e.Tool
	emit(e)

	state := readable(status)
	if state != "success" && state != "error" && state != "cancelled" {
		return // it is still going on, or waits for somebody
	}
	output, failed := geminiOutput(result)
	code, exited := "", false
	if strings.Contains(tool, "shell") {
		code, exited = geminiExitCode(output)
	}
	failed = failed || state != "success" || exited
	g.envelope("tool_result", moment(when))
	e.Kind, e.CallID, e.Tool, e.Again, e.Spawns = eventlog.ToolResult, key, tool, true, true
	e.Use = eventlog.Identify("gemini", "tool", g.session, g.run, key)
	if failed {
		e.Kind = eventlog.ToolError
	}
	if e.Hidden = g.again("r", key); !e.Hidden {
		if state == "cancelled" && strings.Contains(output, "User did not allow tool call") {
			e.Wait = eventlog.WaitRefused
		}
		e.Idle, e.Failed = eventlog.IdleNo, failed
		if tool == "complete_task" {
			e.Idle = eventlog.IdleYes // how a sub-agent ends
		}
		g.last = max(g.last, e.Time)
	}
	if full {
		e.Output = clone(result)
		shown, ok := jsonl.String(display)
		if !ok || shown == "" {
			shown = output
		}
		if failed {
			e.Message = shown
		} else {
			e.Text = shown
		}
		e.Details = append(e.Details, eventlog.Detail{Name: "status", Value: state})
		if exited {
			e.Details = append(e.Details, eventlog.Detail{Name: "exit code", Value: code})
		}
	}
	emit(e)
}

// geminiOutput returns what a tool said, and whether it says that it failed.
func geminiOutput(result []byte) (string, bool) {
	var text strings.Builder
	failed := false
	eachPart(result, func(part []byte) {
		if t, ok := jsonl.Lookup(part, "text"); ok {
			text.WriteString(readable(t))
		}
		response, ok := jsonl.Lookup(part, "functionResponse", "response")
		if !ok {
			return
		}
		if out, ok := jsonl.Lookup(response, "output"); ok {
			text.WriteString(readable(out))
		}
		if out, ok := jsonl.Lookup(response, "error"); ok && !jsonl.IsNull(out) {
			failed = true
			text.WriteString(readable(out))
		}
	})
	return text.String(), failed
}

// geminiExitCode finds the code that a shell command ended with in what the model was
// told of it, and reports whether it is one of failure. The command's own output
// stands before it, so that the last one counts.
func geminiExitCode(output string) (string, bool) {
	const mark = "Exit Code: "
	for at := len(output); ; {
		if at = strings.LastIndex(output[:at], mark); at < 0 {
			return "", false
		}
		if at > 0 && output[at-1] != '\n' {
			continue
		}
		code, _, _ := strings.Cut(output[at+len(mark):], "\n")
		code = strings.TrimSpace(code)
		return code, code != "0" && code != "" && code != "(none)"
	}
}

// eachPart calls fn for each part of a content: an array of parts, one part, or
// a text, which is given as it is spelled.
func eachPart(content []byte, fn func(part []byte)) {
	content = bytes.TrimSpace(content)
	switch {
	case len(content) == 0 || jsonl.IsNull(content):
	case content[0] == '[':
		_ = jsonl.Elements(content, func(part []byte) bool {
			fn(part)
			return true
		})
	default:
		fn(content)
	}
}

// partsText returns the texts of a content.
func partsText(content []byte) string {
	var b strings.Builder
	eachPart(content, func(part []byte) {
		if s, ok := jsonl.String(part); ok {
			b.WriteString(s)
		} else if t, ok := jsonl.Lookup(part, "text"); ok {
			b.WriteString(readable(t))
		}
	})
	return b.String()
}
