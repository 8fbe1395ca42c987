package dialect

import (
	"bytes"
	"cmp"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Codex reads the rollouts that Codex CLI keeps on disk: one file a thread, of
// all versions so far. See docs/format/codex.md.
type Codex struct{}

// Name returns the name of the format.
func (Codex) Name() string { return "codex" }

// Sniff knows a rollout by the types of its records and their payload; the
// oldest ones by their first line and bare items.
func (Codex) Sniff(h *Head) int {
	best := 0
	for i, line := range h.Lines {
		var r codexRecord
		if r.parse(outlined{raw: line}) != nil {
			continue
		}
		kind := readable(r.typ)
		switch {
		case r.payload.raw != nil && codexRecords[kind]:
			return 95
		case i == 0 && kind == "" && r.id != nil && r.time != nil && (r.instructions != nil || r.git != nil):
			best = max(best, 85)
		case string(r.state) == `"state"`:
			best = max(best, 70)
		case codexName(h.Path) && codexItems[kind]:
			best = max(best, 60)
		}
	}
	return best
}

// codexRecords are the types of records with a payload.
var codexRecords = map[string]bool{
	"session_meta": true, "response_item": true, "event_msg": true, "turn_context": true, "compacted": true,
	"token_usage_record": true, "world_state": true, "inter_agent_communication_metadata": true,
}

// codexItems are the items that the oldest rollouts hold without an envelope.
var codexItems = map[string]bool{
	"message": true, "reasoning": true, "function_call": true, "function_call_output": true,
	"local_shell_call": true, "local_shell_call_output": true, "custom_tool_call": true, "custom_tool_call_output": true,
}

func codexName(path string) bool { return strings.HasPrefix(filepath.Base(path), "rollout-") }

// Tables asks for nothing: a rollout is never a database.
func (Codex) Tables() []eventlog.Table { return nil }

// Rank puts a rollout before what the same thread wrote on standard output, and
// both before the history that the program keeps for its screens.
func (Codex) Rank(*Head) int { return 2 }

// Open returns a decoder. Which thread the file is of stands in its first
// record; that record is looked at now, so that every other one can be decoded
// without those before it.
func (Codex) Open(seg Segment) Decoder {
	c := &codex{names: names{}, calls: map[string]codexCall{}, unnamed: map[eventlog.Identity]int{}, provider: "openai", billed: true}
	name := strings.TrimSuffix(filepath.Base(seg.Path), ".jsonl")
	const uuid = 36
	if codexName(seg.Path) && len(name) > uuid {
		name = name[len(name)-uuid:]
	}
	c.own = thread{id: name}
	c.agent = "codex"
	if seg.Head == nil {
		return c
	}
	for _, line := range seg.Head.Lines {
		var r codexRecord
		if r.parse(outlined{raw: line}) != nil {
			continue
		}
		switch {
		case readable(r.typ) == "session_meta":
			c.begin(r.payload.raw)
			return c
		case r.typ == nil && r.id != nil && r.time != nil:
			c.begin(line)
			return c
		}
	}
	return c
}

// codex decodes one rollout.
type codex struct {
	names    names
	own      thread         // whose file this is
	metas    []thread       // all threads that the file holds records of, its own first
	told     bool           // the facts of the own thread have been told
	opened   eventlog.Stamp // when that was
	copied   eventlog.Stamp // of the last record of the copy that the file began with
	known    bool           // the own thread was read from the file, not from its name
	agent    string
	provider string
	model    string
	mode     eventlog.Mode
	turn     string
	started  eventlog.Stamp // of the turn, where it is told to the second
	tasks    bool           // turns are told to begin and to end
	asked    bool           // the run waits for an answer of a person
	awaited  string         // the call that a person was asked about last
	failure  string         // of this turn, as it was last told

	last    eventlog.Stamp // when the model last heard from outside
	number  int            // of the model call that is being told of
	billed  bool           // that call has its bill
	heard   bool           // something from outside came since
	calls   map[string]codexCall
	unnamed map[eventlog.Identity]int // calls without an id, by what they say

	records bool              // calls are billed by token_usage_record
	counted bool              // a token_count came
	payer   string            // whose it was
	before  codexCount        // what the last token_count said in total
	payment eventlog.Identity // of the last call that a token_count billed
	paid    codexCount        // and what was counted in total then

	scratch []byte
	lines   outliner
	r       codexRecord
	p       codexPayload
	e       eventlog.Event
	b       eventlog.Bill
}

// thread is what a session_meta says of a thread.
type thread struct {
	id, parent, forkOf, session string
	nickname, role              string
	began                       eventlog.Stamp
	based                       bool // it goes on from another one without copying it
}

// branched reports whether the thread's counters may begin where those of
// another thread stood.
func (t *thread) branched() bool { return t.forkOf != "" || t.parent != "" || t.role != "" }

// codexCall is a tool call that was told of.
type codexCall struct {
	tool   string
	failed bool // an item says so, whatever its output looks like
}

// codexRecord is a line taken apart but not decoded.
type codexRecord struct {
	payload                                          outlined
	typ, time, id, instructions, git, state, ordinal []byte
	body                                             []byte // the payload as it is spelled

	taken
}

// codexLines finds the members of lines, and of their payloads.
var codexLines = jsonl.NewOutliner(jsonl.Shape{"payload": nil})

// Outliner goes into the payload.
func (Codex) Outliner() *jsonl.Outliner { return codexLines }

func (r *codexRecord) parse(line outlined) error {
	r.reset()
	if err := r.object(line, r.field); err != nil {
		return err
	}
	r.payload = r.value(line, &r.body)
	return nil
}

// field returns the field of a key, or nil.
func (r *codexRecord) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &r.typ
	case "timestamp":
		return &r.time
	case "payload":
		return &r.body
	case "id":
		return &r.id
	case "instructions":
		return &r.instructions
	case "git":
		return &r.git
	case "record_type":
		return &r.state
	case "ordinal":
		return &r.ordinal
	}
	return nil
}

// codexPayload is a payload taken apart, as far as many kinds share its fields.
type codexPayload struct {
	all                                                    []byte
	typ, id, role, content, name, namespace, arguments     []byte
	input, callID, output, action, status, summary, text   []byte
	message, info, limits, reason, failure, item, turnID   []byte
	model, threadID, response, usage, threadUsage, settled []byte
	exitCode, phase, source, duration                      []byte

	taken
}

// parse takes a payload apart, if it is an object.
func (p *codexPayload) parse(body outlined) error {
	p.reset()
	p.all = nil
	if len(body.raw) == 0 || body.raw[0] != '{' {
		return nil
	}
	p.all = body.raw
	return p.object(body, p.field)
}

// field returns the field of a key, or nil.
func (p *codexPayload) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &p.typ
	case "id":
		return &p.id
	case "role":
		return &p.role
	case "content":
		return &p.content
	case "name":
		return &p.name
	case "namespace":
		return &p.namespace
	case "arguments":
		return &p.arguments
	case "input":
		return &p.input
	case "call_id":
		return &p.callID
	case "output":
		return &p.output
	case "action":
		return &p.action
	case "status":
		return &p.status
	case "summary":
		return &p.summary
	case "text":
		return &p.text
	case "message":
		return &p.message
	case "info":
		return &p.info
	case "rate_limits":
		return &p.limits
	case "reason":
		return &p.reason
	case "error":
		return &p.failure
	case "item":
		return &p.item
	case "turn_id":
		return &p.turnID
	case "model":
		return &p.model
	case "thread_id":
		return &p.threadID
	case "response_id":
		return &p.response
	case "usage":
		return &p.usage
	case "thread_token_usage":
		return &p.threadUsage
	case "thread_settings":
		return &p.settled
	case "exit_code":
		return &p.exitCode
	case "phase":
		return &p.phase
	case "source":
		return &p.source
	case "duration":
		return &p.duration
	}
	return nil
}

// Decode decodes a line.
func (c *codex) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r, p := &c.r, &c.p
	line := c.lines.of(rec, codexLines)
	if err := r.parse(line); err != nil {
		return err
	}
	kind := c.names.text(r.typ)
	bare := r.payload.raw == nil
	inner := r.payload
	switch {
	case bare && kind == "" && r.id != nil && r.time != nil:
		kind, inner = "session_meta", line
	case bare && kind == "" && r.state != nil:
		kind, inner = "state", line
	case bare:
		inner = line
	}
	body := inner.raw
	if kind == "" {
		return ErrNoEvent
	}
	if err := p.parse(inner); err != nil {
		return err
	}
	c.e = eventlog.Event{
		ID: c.names.text(r.ordinal), Type: kind, Time: moment(r.time), SessionID: c.own.id, RunID: c.own.id,
		Agent: c.agent, Provider: c.provider,
	}
	switch {
	case kind == "session_meta":
		c.meta(body, full, emit)
	case kind == "turn_context":
		c.context(full, emit)
	case kind == "response_item":
		c.e.Type = c.typed("response_item/", p.typ)
		c.item(c.names.text(p.typ), false, full, emit)
	case kind == "event_msg":
		c.e.Type = c.typed("event_msg/", p.typ)
		c.message(c.names.text(p.typ), full, emit)
	case kind == "token_usage_record":
		c.usage(full, emit)
	case kind == "compacted":
		c.e.Kind = eventlog.Compaction
		if full {
			c.e.Text = readable(p.message)
		}
		emit(&c.e)
	case bare && codexItems[kind]:
		c.item(kind, true, full, emit)
	default:
		c.hidden(full, emit)
	}
	return nil
}

// typed returns a type within a type.
func (c *codex) typed(outer string, inner []byte) string {
	c.scratch = append(append(c.scratch[:0], outer...), c.names.text(inner)...)
	return c.names.of(c.scratch)
}

// hidden keeps a record that only the machinery needs.
func (c *codex) hidden(full bool, emit func(*eventlog.Event)) {
	c.e.Kind, c.e.Hidden = eventlog.Custom, true
	if full {
		c.e.Payload = clone(c.p.all)
	}
	emit(&c.e)
}

// begin learns of a thread that the file holds records of. The first one is the
// file's own.
func (c *codex) begin(payload []byte) thread {
	t := readThread(payload)
	if t.id == "" {
		return t
	}
	if !c.known {
		c.known = true
		c.own = t
		c.agent = t.name()
		if v, ok := jsonl.Lookup(payload, "model_provider"); ok && readable(v) != "" {
			c.provider = c.names.text(v)
		}
	}
	for _, old := range c.metas {
		if old.id == t.id {
			return t
		}
	}
	const most = 64 // threads that were forked from each other
	if len(c.metas) < most {
		c.metas = append(c.metas, t)
	}
	return t
}

func readThread(payload []byte) thread {
	var t thread
	var source []byte
	_ = jsonl.Fields(payload, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			t.id = readable(value)
		case "session_id":
			t.session = readable(value)
		case "parent_thread_id":
			t.parent = readable(value)
		case "forked_from_id":
			t.forkOf = readable(value)
		case "history_base":
			t.based = len(value) > 0 && value[0] == '{'
		case "timestamp":
			t.began = moment(value)
		case "agent_nickname":
			t.nickname = readable(value)
		case "agent_role":
			t.role = readable(value)
		case "source":
			source = value
		}
		return true
	})
	sub, _ := jsonl.Lookup(source, "subagent")
	if len(sub) > 0 && sub[0] == '"' {
		t.role = cmp.Or(t.role, readable(sub))
	}
	_ = jsonl.Fields(sub, func(key, value []byte) bool {
		switch string(key) {
		case "thread_spawn":
			parent, _ := jsonl.Lookup(value, "parent_thread_id")
			nickname, _ := jsonl.Lookup(value, "agent_nickname")
			role, _ := jsonl.Lookup(value, "agent_role")
			t.parent, t.nickname, t.role = cmp.Or(t.parent, readable(parent)), cmp.Or(t.nickname, readable(nickname)), cmp.Or(t.role, readable(role))
		case "other":
			t.role = cmp.Or(t.role, readable(value))
		}
		return true
	})
	if len(sub) > 0 && t.parent == "" && t.session != t.id {
		t.parent = t.session
	}
	if len(sub) > 0 && t.role == "" && t.nickname == "" {
		t.role = "sub-agent"
	}
	return t
}

func (t *thread) name() string {
	switch {
	case t.nickname != "":
		return t.nickname
	case t.role != "":
		return t.role
	}
	return "codex"
}

// meta decodes what is said of a thread: of the file's own, or of one whose
// records were copied into it.
func (c *codex) meta(payload []byte, full bool, emit func(*eventlog.Event)) {
	e := &c.e
	t := c.begin(payload)
	e.SessionID, e.RunID, e.Agent, e.Provider = c.own.id, c.own.id, c.agent, c.provider
	e.Kind, e.Hidden = eventlog.Custom, true
	if t.id == c.own.id && !c.told {
		c.told, c.opened, c.copied = true, e.Time, e.Time
		c.facts(payload, &t)
	}
	if full {
		for _, key := range []string{"cli_version", "originator", "source", "model_provider", "parent_thread_id", "forked_from_id", "history_base"} {
			if v, ok := jsonl.Lookup(payload, key); ok && readable(v) != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: strings.ReplaceAll(key, "_", " "), Value: readable(v)})
			}
		}
		e.Payload = clone(payload)
	}
	emit(e)
}

func (c *codex) facts(payload []byte, t *thread) {
	e := &c.e
	text := func(path ...string) string {
		v, _ := jsonl.Lookup(payload, path...)
		if len(v) > 0 && v[0] != '"' {
			return ""
		}
		return readable(v)
	}
	f := &eventlog.Facts{
		Agent: t.name(), Directory: text("cwd"), Branch: text("git", "branch"), Version: text("cli_version"),
		ParentID: t.parent, ForkOf: t.forkOf, Started: t.began, Metadata: map[string]string{},
	}
	if f.Directory != "" {
		f.Project = f.Directory[strings.LastIndexAny(strings.TrimRight(f.Directory, `/\`), `/\`)+1:] // of any system
	}
	for name, value := range map[string]string{
		"model_provider": text("model_provider"), "originator": text("originator"), "source": text("source"),
		"repository": text("git", "repository_url"), "commit": text("git", "commit_hash"), "agent_role": t.role,
	} {
		if value != "" {
			f.Metadata[name] = value
		}
	}
	e.Facts = f
	if t.parent != "" {
		e.ParentRunID, e.Link = t.parent, eventlog.LinkSure
	}
}

// context decodes the settings of a turn: the only place that names the model.
func (c *codex) context(full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	if m := c.names.text(p.model); m != "" {
		c.model = m
	}
	if t := c.names.text(p.turnID); t != "" {
		c.turn = t
	}
	c.serve(p.all)
	e.Model = c.model
	if full {
		for _, key := range []string{"model", "effort", "approval_policy", "sandbox_policy", "cwd"} {
			if v, ok := jsonl.Lookup(p.all, key); ok && readable(v) != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: strings.ReplaceAll(key, "_", " "), Value: readable(v)})
			}
		}
	}
	c.hidden(full, emit)
}

// serve notes how calls are served from now on. Settings that do not say it
// leave it as it is; null is the usual way.
func (c *codex) serve(settings []byte) {
	if tier, ok := jsonl.Lookup(settings, "service_tier"); ok {
		c.mode = served(tier)
	}
}

// outside notes that something came that the model did not say.
func (c *codex) outside() {
	c.heard = true
	if c.e.Time.Known() {
		c.last = c.e.Time
	}
}

// answer makes the event a piece of what the model said: of the call that is
// being told of, or of a new one.
func (c *codex) answer(bill bool) {
	if c.billed || c.heard && !bill {
		c.number++
		c.billed = false
	}
	c.heard = false
	e := &c.e
	e.Kind, e.Model, e.Began = eventlog.ModelResponse, c.model, c.last
	e.CallID = "#" + strconv.Itoa(c.number)
}

// harness reports whether a text was put among the user's by the program.
func harness(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	for _, start := range [...]string{
		"<environment_context>", "<user_instructions>", "<turn_aborted>", "<subagent_notification>", "<permissions instructions>",
		"<INSTRUCTIONS>", "<skill>", "<skills_instructions>", "<user_shell_command>", "<collaboration_mode>", "# AGENTS.md instructions",
		"<model_switch>", "<personality_spec>", "<apps_instructions>",
	} {
		if bytes.HasPrefix(text, []byte(start)) {
			return true
		}
	}
	return false
}

// textOf joins the texts of a content list.
func textOf(content []byte) string {
	if len(content) == 0 || content[0] != '[' {
		return readable(content)
	}
	var b strings.Builder
	_ = jsonl.Elements(content, func(part []byte) bool {
		text, ok := jsonl.Lookup(part, "text")
		switch {
		case ok:
		case len(part) > 0 && part[0] == '"':
			text = part
		default:
			kind, _ := jsonl.Lookup(part, "type")
			if k := readable(kind); strings.Contains(k, "image") {
				text = []byte("[image]")
			}
		}
		if b.Len() > 0 && len(text) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(readable(text))
		return true
	})
	return b.String()
}
