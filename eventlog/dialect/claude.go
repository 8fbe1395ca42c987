package dialect

import (
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Claude reads the transcripts that Claude Code keeps on disk: one file a
// session, and one a sub-agent. See docs/format/claude.md.
type Claude struct{}

// Name returns the name of the format.
func (Claude) Name() string { return "claude" }

// Sniff knows a transcript by the session id and the linked uuids of its lines.
func (Claude) Sniff(h *Head) int {
	best := 0
	if _, workflow := claudePlace(h.Path); workflow != "" && filepath.Base(h.Path) == claudeJournal {
		best = 90
	}
	for _, line := range h.Lines {
		var kind, session, uuid, message, snapshot, task, agent bool
		err := jsonl.Fields(line, func(key, value []byte) bool {
			switch string(key) {
			case "type":
				kind = true
			case "sessionId":
				session = true
			case "uuid", "leafUuid":
				uuid = true
			case "message", "isSidechain", "operation":
				message = true
			case "snapshot", "messageId":
				snapshot = true
			case "key":
				task = true
			case "agentId":
				agent = true
			}
			return true
		})
		switch {
		case err != nil || !kind:
		case session && (uuid || message):
			return 95
		case session, uuid, snapshot, task && agent:
			best = max(best, 60)
		}
	}
	return best
}

// claudeJournal is the file in which a workflow notes which agents it started.
const claudeJournal = "journal.jsonl"

// claudePlace tells of a path below a session's folder which session that is, and
// which workflow the file is of.
func claudePlace(path string) (session, workflow string) {
	dir := filepath.Dir(path)
	if up := filepath.Dir(dir); filepath.Base(up) == "workflows" {
		dir, workflow = filepath.Dir(up), filepath.Base(dir)
	}
	if filepath.Base(dir) != "subagents" {
		return "", ""
	}
	return filepath.Base(filepath.Dir(dir)), workflow
}

// Tables asks for nothing: a transcript is never a database.
func (Claude) Tables() []eventlog.Table { return nil }

// Rank puts a transcript before what the same session wrote to its standard
// output.
func (Claude) Rank(*Head) int { return 1 }

// Sidecar names the file that describes a sub-agent's transcript.
func (Claude) Sidecar(path string) string {
	base, ok := strings.CutSuffix(path, ".jsonl")
	if !ok || !strings.HasPrefix(filepath.Base(path), "agent-") {
		return ""
	}
	return base + ".meta.json"
}

// Open returns a decoder.
func (Claude) Open(seg Segment) Decoder {
	c := &claude{names: names{}, last: map[string]eventlog.Stamp{}, requests: map[string]eventlog.Stamp{}, sides: map[string]string{}, tasks: map[string]string{}}
	name := strings.TrimSuffix(filepath.Base(seg.Path), ".jsonl")
	c.session, c.workflow = claudePlace(seg.Path)
	agent, ok := strings.CutPrefix(name, "agent-")
	switch {
	case ok:
		c.agent = agent
	case c.session == "":
		c.session = name
	}
	if len(seg.Sidecar) > 0 {
		call, _ := jsonl.Lookup(seg.Sidecar, "toolUseId")
		kind, _ := jsonl.Lookup(seg.Sidecar, "agentType")
		c.parentCall, c.agentType = readable(call), readable(kind)
	}
	return c
}

// claude decodes one transcript.
type claude struct {
	names      names
	session    string // of records that do not name theirs
	agent      string // the sub-agent whose file this is
	agentType  string
	workflow   string // the workflow that it is an agent of, or whose journal this is
	parentCall string
	named      bool
	linked     bool   // the sub-agent's parent has been told
	inferred   bool   // the call that started it is the one with the same prompt
	forked     bool   // that the session is a fork has been told
	broken     bool   // the last answer was a failure of the API
	aimed      string // the session whose goal has been told

	last     map[string]eventlog.Stamp // when each run last heard from outside
	requests map[string]eventlog.Stamp // when an API request was sent, by its id
	sides    map[string]string         // the side chain that a record belongs to, by uuid
	tasks    map[string]string         // open calls that start an agent, by promptKey, and what kind of agent they start, by a NUL and their id
	content  int                       // bytes of content of the message that is being written
	message  string                    // and its id
	call     eventlog.Identity         // made of that

	lines outliner
	r     claudeRecord
	e     eventlog.Event
	part  eventlog.Event // one of the calls or results of a line
	b     eventlog.Bill
}

// claudeLines finds the members of lines: of messages down to their blocks, and of what
// a tool returned besides.
var claudeLines = jsonl.NewOutliner(jsonl.Shape{
	"message":       {"content": {"": nil}, "usage": {"cache_creation": nil, "output_tokens_details": nil}},
	"toolUseResult": nil,
})

// Outliner goes into the blocks of a message.
func (Claude) Outliner() *jsonl.Outliner { return claudeLines }

// claudeRecord is a line taken apart but not decoded.
type claudeRecord struct {
	said, returned outlined // the message, and what a tool returned besides

	typ, subtype, uuid, parent, session, time, request, agent     []byte
	cwd, branch, version, data, toolUse, parentID                 []byte
	side, meta, compact, apiError, requestSession, requestRef, id []byte
	title, aiTitle, summary, content, errText, origin, attachment []byte
	totalCost, compactMeta, retryIn, attempt, duration, operation []byte
	team, name, key, label, phase, outcome                        []byte
	decision, message, result                                     []byte

	taken
}

func (r *claudeRecord) parse(line outlined) error {
	r.reset()
	if err := r.object(line, r.field); err != nil {
		return err
	}
	r.said, r.returned = r.value(line, &r.message), r.value(line, &r.result)
	return nil
}

// field returns the field of a key, or nil.
func (r *claudeRecord) field(key []byte) *[]byte {
	switch string(key) {
	case "message":
		return &r.message
	case "toolUseResult":
		return &r.result
	case "type":
		return &r.typ
	case "subtype":
		return &r.subtype
	case "uuid":
		return &r.uuid
	case "parentUuid":
		return &r.parent
	case "sessionId":
		return &r.session
	case "timestamp":
		return &r.time
	case "requestId":
		return &r.request
	case "agentId":
		return &r.agent
	case "cwd":
		return &r.cwd
	case "gitBranch":
		return &r.branch
	case "version":
		return &r.version
	case "data":
		return &r.data
	case "toolUseID":
		return &r.toolUse
	case "parentToolUseID":
		return &r.parentID
	case "isSidechain":
		return &r.side
	case "isMeta":
		return &r.meta
	case "isCompactSummary":
		return &r.compact
	case "isApiErrorMessage":
		return &r.apiError
	case "requestSessionId":
		return &r.requestSession
	case "requestRef":
		return &r.requestRef
	case "id":
		return &r.id
	case "customTitle":
		return &r.title
	case "aiTitle", "title":
		return &r.aiTitle
	case "summary":
		return &r.summary
	case "content":
		return &r.content
	case "error":
		return &r.errText
	case "origin":
		return &r.origin
	case "attachment":
		return &r.attachment
	case "totalCostUSD":
		return &r.totalCost
	case "compactMetadata":
		return &r.compactMeta
	case "permissionDecision":
		return &r.decision
	case "retryInMs":
		return &r.retryIn
	case "retryAttempt":
		return &r.attempt
	case "durationMs":
		return &r.duration
	case "operation":
		return &r.operation
	case "teamName":
		return &r.team
	case "agentName":
		return &r.name
	case "key":
		return &r.key
	case "label":
		return &r.label
	case "phase":
		return &r.phase
	case "result":
		return &r.outcome
	}
	return nil
}

func truth(value []byte) bool { return string(value) == "true" }

// Decode decodes a line.
func (c *claude) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	r := &c.r
	if err := r.parse(c.lines.of(rec, claudeLines)); err != nil {
		return err
	}
	kind := c.names.text(r.typ)
	if kind == "" {
		return ErrNoEvent
	}
	if r.session == nil && r.uuid == nil && (r.key != nil || kind == "launched") {
		c.journal(kind, full, emit)
		return nil
	}
	c.envelope(kind, full)
	switch kind {
	case "assistant":
		c.assistant(full, emit)
	case "user":
		c.user(full, emit)
	case "system":
		c.system(full, emit)
	case "progress":
		c.progress(emit)
	default:
		c.other(kind, full, emit)
	}
	return nil
}

// envelope starts the event with what all kinds of lines share.
func (c *claude) envelope(kind string, full bool) {
	r, e := &c.r, &c.e
	*e = eventlog.Event{Type: kind, Time: moment(r.time), Provider: "anthropic"}
	if full {
		e.ID = readable(r.uuid)
	}
	if s := c.names.text(r.session); s != "" {
		c.session = s
	}
	e.SessionID = c.session
	from := c.names.text(r.requestSession)
	e.Copied = from != "" && from != c.session
	e.RunID = c.run()
	if !c.named && r.cwd != nil {
		c.named = true
		e.Facts = &eventlog.Facts{
			Agent: "claude", Directory: readable(r.cwd), Project: filepath.Base(readable(r.cwd)),
			Branch: readable(r.branch), Version: readable(r.version),
		}
		if team := readable(r.team); team != "" {
			e.Facts.Metadata = map[string]string{"team": team, "name": readable(r.name)}
		}
	}
	if e.Copied && !c.forked && e.RunID == c.session {
		c.forked = true
		e.Facts = orNew(e.Facts)
		e.Facts.ForkOf = from
	}
	switch {
	case e.RunID == c.session:
		e.Agent = "claude"
	case c.agentType != "":
		e.Agent = c.agentType
	case c.tasks["\x00"+c.parentCall] != "":
		e.Agent = c.tasks["\x00"+c.parentCall]
	case c.workflow != "":
		e.Agent = workflowAgent
	case helper(e.RunID):
		e.Agent = helperName(e.RunID)
	}
	if e.RunID != c.session && !c.linked {
		c.linked = true
		e.ParentRunID, e.Link = c.session, eventlog.LinkTask
		if c.workflow != "" {
			e.ParentRunID, e.Link = c.workflow, eventlog.LinkSure
		}
		if c.parentCall != "" {
			e.ParentCall = c.parentCall
			if !c.inferred {
				e.Link = eventlog.LinkSure
			}
		}
	}
}

// run returns the run that the line belongs to: the session's own, a
// sub-agent's, or, in old files, a side chain's.
func (c *claude) run() string {
	r := &c.r
	// A line of the main chain names the agent whose result it brings.
	if agent := c.names.text(r.agent); agent != "" && (c.agent != "" || string(r.side) != "false") {
		return agent
	}
	if c.agent != "" {
		return c.agent
	}
	if !truth(r.side) {
		return c.session
	}
	uuid, parent := readable(r.uuid), readable(r.parent)
	run := c.sides[parent]
	if run == "" {
		run = "side-" + uuid
		c.linked = false
		if c.parentCall, c.inferred = "", true; len(c.tasks) > 0 {
			c.parentCall = c.tasks[promptKey(promptOf(r.said))]
		}
	}
	c.sides[uuid] = run
	return c.names.of([]byte(run))
}

// helper reports whether a sub-agent is one that the program started for its
// own purposes.
func helper(agent string) bool { return helperName(agent) != "" }

func helperName(agent string) string {
	switch {
	case strings.HasPrefix(agent, "acompact"):
		return "compact"
	case strings.HasPrefix(agent, "aside_question"):
		return "side question"
	case strings.HasPrefix(agent, "aprompt_suggestion"):
		return "prompt suggestion"
	}
	return ""
}

// workflowAgent is what Claude Code calls an agent that a workflow started.
const workflowAgent = "workflow-subagent"

// journal decodes a line in which a workflow notes what became of its agents. It
// tells no time and no session: the folder does.
func (c *claude) journal(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	*e = eventlog.Event{
		Type: c.names.of([]byte("journal/" + kind)), Kind: eventlog.Custom, Hidden: true, Provider: "anthropic",
		SessionID: c.session, RunID: c.workflow, Agent: "workflow",
	}
	if c.workflow == "" {
		e.RunID, e.Agent = c.session, "claude"
	} else {
		e.ParentRunID, e.Link = c.session, eventlog.LinkTask
	}
	agent := readable(r.agent)
	if agent != "" {
		e.Adopts = []eventlog.Adopt{{RunID: agent, ParentRunID: e.RunID, Link: eventlog.LinkSure, Agent: workflowAgent}}
	}
	if full {
		for _, d := range []struct {
			name  string
			value []byte
		}{{"agent", r.agent}, {"label", r.label}, {"phase", r.phase}} {
			if v := readable(d.value); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
			}
		}
		if text, ok := jsonl.String(r.outcome); ok {
			e.Text = text
		} else {
			e.Output = clone(r.outcome)
		}
	}
	emit(e)
}

// other keeps the lines that tell about the session rather than its work.
func (c *claude) other(kind string, full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	e.Kind, e.Hidden = eventlog.Custom, true
	switch kind {
	case "custom-title":
		e.Facts = orNew(e.Facts)
		e.Facts.Title = readable(first(r.title, r.aiTitle))
	case "ai-title", "summary":
		// At the top of a file stand summaries of other sessions.
		if kind == "ai-title" || c.named {
			e.Facts = orNew(e.Facts)
			e.Facts.Name = readable(first(r.aiTitle, r.summary))
		}
	case "cost-state":
		if m, ok := cost(r.totalCost); ok {
			e.Facts = orNew(e.Facts)
			e.Facts.Recorded, e.Facts.RecordedKnown = m, true
		}
	case "api-request":
		if id := readable(r.id); id != "" && e.Time.Known() {
			c.requests[id] = e.Time
		}
	case "attachment":
		if t, ok := jsonl.Lookup(r.attachment, "type"); ok {
			e.Type = c.names.of([]byte("attachment/" + readable(t)))
		}
	}
	if full {
		e.Text = readable(first(r.content, r.summary, r.title, r.aiTitle))
		e.Payload = clone(first(r.attachment, r.data))
	}
	emit(e)
}

// progress keeps the lines that hooks and running tools write. They embed
// copies of a sub-agent's messages, which are never counted; all that they add
// is which call started which agent.
func (c *claude) progress(emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	e.Kind, e.Hidden = eventlog.Custom, true
	kind, _ := jsonl.Lookup(r.data, "type")
	e.Type = c.names.of([]byte("progress/" + readable(kind)))
	_, e.Echo = jsonl.Lookup(r.data, "message", "message", "usage")
	if agent, ok := jsonl.Lookup(r.data, "agentId"); ok && r.parentID != nil {
		e.Adopts = []eventlog.Adopt{{
			RunID: readable(agent), ParentRunID: e.RunID, ParentCall: readable(r.parentID), Link: eventlog.LinkSure,
		}}
	}
	emit(e)
}

func (c *claude) system(full bool, emit func(*eventlog.Event)) {
	r, e := &c.r, &c.e
	subtype := c.names.text(r.subtype)
	e.Type = c.names.of([]byte("system/" + subtype))
	e.Kind, e.Hidden = eventlog.Custom, true
	switch subtype {
	case "compact_boundary":
		e.Kind, e.Hidden = eventlog.Compaction, false
	case "turn_duration":
		e.Idle = eventlog.IdleYes // also when the model ended it without a word
	case "api_error":
		// One failed attempt. Only when none succeeds does an error message follow.
		e.Kind, e.Hidden, e.Ran = eventlog.Retry, false, later(e.Time, r.retryIn)
	}
	if full {
		e.Text = readable(r.content)
		if formatted, ok := jsonl.Lookup(r.errText, "formatted"); ok {
			e.Message = readable(formatted)
		}
		e.Payload = clone(first(r.errText, r.compactMeta))
		for _, d := range []struct {
			name  string
			value []byte
		}{{"attempt", r.attempt}, {"retry in ms", r.retryIn}, {"duration ms", r.duration}} {
			if v := readable(d.value); v != "" {
				e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
			}
		}
	}
	emit(e)
}
