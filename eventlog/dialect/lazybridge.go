package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// LazyBridge reads what LazyBridge's Session writes, to SQLite and as JSON
// lines, and what lazytrace itself writes, which is a superset of both. See
// docs/format/lazybridge.md and docs/format/native-*.md.
type LazyBridge struct{}

// Name returns the name of the format.
func (LazyBridge) Name() string { return "lazybridge" }

// bridgeColumns are the columns of the events table that are read; the last
// two are lazytrace's own.
var bridgeColumns = [...]string{"session_id", "run_id", "event_type", "payload", "ts", "lt_id", "lt_parent_run_id"}

// Sniff knows the events table by its columns, and a line by its event type.
func (LazyBridge) Sniff(h *Head) int {
	if h.IsDatabase() {
		if has(h.Tables["events"], "session_id", "event_type", "payload") {
			return 90
		}
		return 0
	}
	score := 0
	var f flat
	for _, line := range h.Lines {
		if f.line(outlined{raw: line}) != nil {
			continue
		}
		switch {
		case f.typ != nil && f.session != nil:
			return 80
		case f.session != nil || f.payload != nil:
			score = max(score, 30)
		case f.typ != nil && (f.ts != nil || f.run != nil || eventlog.ParseKind(readable(f.typ)) != eventlog.Custom):
			score = max(score, 10) // many things have a type
		}
	}
	return score
}

func (LazyBridge) most() int { return 90 }

// Rank prefers the database over the lines that were exported with it.
func (LazyBridge) Rank(h *Head) int {
	if h.IsDatabase() {
		return 1
	}
	return 0
}

// Tables asks for the events table.
func (LazyBridge) Tables() []eventlog.Table {
	return []eventlog.Table{{Name: "events", Columns: bridgeColumns[:]}}
}

// Outliner goes into the payload, whose keys are those of the event, and into what tools
// are called with.
func (LazyBridge) Outliner() *jsonl.Outliner { return bridgeLines }

// Open returns a decoder.
func (LazyBridge) Open(Segment) Decoder { return newBridge() }

func newBridge() *bridge {
	return &bridge{names: names{}, sessions: map[string]*bridgeSession{}}
}

// bridge decodes one segment.
type bridge struct {
	names    names
	sessions map[string]*bridgeSession
	lines    outliner
	current  struct { // the session of the last record: those of one come together
		id string
		*bridgeSession
	}
	kinds [16]struct { // of late, by the length of their names
		name string
		eventlog.Kind
	}
	columns [len(bridgeColumns)]string // names of the row before: rows of one run come together
	f       flat
	e       eventlog.Event
	bill    eventlog.Bill
}

// bridgeSession is what must be known of a session to decode its next record.
type bridgeSession struct {
	runs  []*bridgeRun
	byID  map[string]*bridgeRun // once there are many runs
	nest  nesting
	named bool
}

// bridgeRun is what must be known of a run to decode its next record.
type bridgeRun struct {
	id, agent, provider, model string
	done                       bool
	last                       eventlog.Stamp      // when its last record was written
	calls                      map[string][]string // open calls without an id, by name and branch
	number                     int
}

func (b *bridge) session(id string) *bridgeSession {
	if b.current.bridgeSession != nil && b.current.id == id {
		return b.current.bridgeSession
	}
	s := b.sessions[id]
	if s == nil {
		s = &bridgeSession{}
		b.sessions[id] = s
	}
	b.current.id, b.current.bridgeSession = id, s
	return s
}

func (b *bridge) kind(name string) eventlog.Kind {
	of := &b.kinds[len(name)%len(b.kinds)]
	if of.name != name {
		of.name, of.Kind = name, eventlog.ParseKind(name)
	}
	return of.Kind
}

func (s *bridgeSession) run(id string) *bridgeRun {
	if s.byID != nil {
		if r := s.byID[id]; r != nil {
			return r
		}
	} else {
		for _, r := range s.runs {
			if r.id == id {
				return r
			}
		}
	}
	r := &bridgeRun{id: id}
	s.runs = append(s.runs, r)
	if len(s.runs) > manyBridgeRuns && s.byID == nil {
		s.index()
	}
	if s.byID != nil {
		s.byID[id] = r
	}
	return r
}

// manyBridgeRuns is from how many runs on they are found by a map.
const manyBridgeRuns = 8

func (s *bridgeSession) index() {
	s.byID = map[string]*bridgeRun{}
	for _, r := range s.runs {
		s.byID[r.id] = r
	}
}

// Decode decodes a line or a row.
func (b *bridge) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	e := &b.e
	*e = eventlog.Event{}
	if rec.Cells != nil {
		b.row(rec)
	} else {
		if err := b.f.line(b.lines.of(rec, bridgeLines)); err != nil {
			return err
		}
		e.SessionID, e.RunID, e.Type = b.names.text(b.f.session), b.names.text(b.f.run), b.names.text(b.f.typ)
		e.ParentRunID, e.Time = b.names.text(b.f.parentRun), moment(b.f.ts)
		e.ID = readable(b.f.id)
		e.Line = len(b.f.payload) == 0 || b.f.payload[0] != '{'
	}
	b.event(rec, full)
	emit(e)
	return nil
}

// row reads the columns of a row. Their types are not to be relied upon.
func (b *bridge) row(rec *eventlog.Record) {
	e, c := &b.e, rec.Cells
	b.f.reset()
	if c[3].Type == eventlog.Text || c[3].Type == eventlog.Blob {
		if b.f.below(outlined{raw: c[3].Text}) != nil {
			b.f.reset()
			b.f.rest = outlined{raw: c[3].Text}
			b.f.take(&b.f.payload, c[3].Text)
		}
	}
	e.SessionID, e.RunID, e.Type = b.column(c, 0), b.column(c, 1), b.column(c, 2)
	e.ID, e.ParentRunID = b.column(c, 5), b.column(c, 6)
	if e.ParentRunID == "" {
		e.ParentRunID = b.names.text(b.f.parentRun)
	}
	if e.ID == "" {
		e.ID, e.Row = strconv.FormatInt(rec.Pos, 10), true
	}
	switch c[4].Type {
	case eventlog.Real:
		e.Time = momentFloat(c[4].Real)
	case eventlog.Integer:
		e.Time = momentFloat(float64(c[4].Int))
	case eventlog.Text:
		e.Time = momentText(c[4].Text)
	}
}

// column returns the name that a cell has.
func (b *bridge) column(cells []eventlog.Cell, i int) string {
	c := &cells[i]
	if c.Type != eventlog.Text {
		return b.cell(*c)
	}
	if string(c.Text) != b.columns[i] {
		b.columns[i] = b.names.of(c.Text)
	}
	return b.columns[i]
}

func (b *bridge) cell(c eventlog.Cell) string {
	switch c.Type {
	case eventlog.Integer:
		return strconv.FormatInt(c.Int, 10)
	case eventlog.Real:
		return strconv.FormatFloat(c.Real, 'g', -1, 64)
	}
	return b.names.of(c.Text)
}

// event makes sense of the record.
func (b *bridge) event(rec *eventlog.Record, full bool) {
	e, f := &b.e, &b.f
	e.Kind = b.kind(e.Type)
	e.Agent = b.names.text(f.agent)
	e.Provider, e.Model = providerName(b.names.text(f.provider)), b.names.text(f.model)
	s := b.session(e.SessionID)
	if e.RunID == "" && e.Kind == eventlog.AgentFinish {
		e.RunID = s.openRunOf(e.Agent)
	}
	var r *bridgeRun
	if e.RunID != "" {
		r = s.run(e.RunID)
		if e.Agent == "" {
			e.Agent = r.agent
		} else if r.agent == "" {
			r.agent = e.Agent
		}
	}
	b.facts(s)
	switch e.Kind {
	case eventlog.AgentStart:
		b.start(rec, s, r)
	case eventlog.AgentFinish:
		b.finish(s, r)
	case eventlog.ModelRequest:
		if r != nil {
			r.provider, r.model = e.Provider, e.Model
		}
		e.CallID = b.names.id(f.callID)
	case eventlog.ModelResponse:
		b.response(rec, r)
	case eventlog.ToolCall, eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		b.tool(rec, s, r)
	case eventlog.Error:
		e.Failed = true
		if f.overheard() { // of a model call that was not served
			e.CallID = b.names.id(f.callID)
		}
	case eventlog.Decision, eventlog.Message:
		e.Tool = b.names.text(first(f.tool, f.toolName))
	case eventlog.HILDecision:
		e.Tool = b.names.text(first(f.tool, f.toolName))
		b.decided(r)
	case eventlog.Heartbeat, eventlog.LoopStep:
		e.Hidden = true
	}
	if r != nil {
		r.last = max(r.last, e.Time)
	}
	if hidden, ok := jsonl.Bool(f.hidden); ok {
		e.Hidden = hidden
	}
	if f.more != nil {
		b.more(rec)
	}
	if full {
		b.bodies()
	}
}

// decided says since when a person was asked: for as long as the record tells,
// since the call was made that it is about, or, where the engine does nothing but
// ask, since its last record.
func (b *bridge) decided(r *bridgeRun) {
	e, f := &b.e, &b.f
	if e.CallID = b.names.id(f.callID); e.CallID != "" {
		e.Wait = eventlog.WaitAnswered
	}
	if b.began(first(f.latency, f.duration)); e.Began.Known() || e.CallID != "" || r == nil {
		return
	}
	switch readable(f.kind) {
	case "input", "continue", "retry", "store", "tool", "unknown", "empty":
		e.Began = r.last
	}
}

// manyRuns bounds how far back an open run is looked for.
const manyRuns = 4096

// openRunOf returns the newest run of an agent that has not finished. An agent
// that was timed out from outside is finished by a record without a run.
func (s *bridgeSession) openRunOf(agent string) string {
	for _, r := range slices.Backward(s.runs[max(0, len(s.runs)-manyRuns):]) {
		if !r.done && r.agent == agent {
			return r.id
		}
	}
	return ""
}

func (b *bridge) start(rec *eventlog.Record, s *bridgeSession, r *bridgeRun) {
	e, f := &b.e, &b.f
	if r == nil {
		return
	}
	if e.ParentRunID != "" {
		e.ParentCall, e.Link = b.names.id(f.callID), eventlog.LinkSure
	} else {
		e.ParentRunID, e.ParentCall, e.Link = s.nest.parentOf(e.RunID, e.Agent, eventlog.Print(f.task))
	}
	if e.ParentRunID == "" && !s.named {
		s.named = true
		e.Facts = orNew(e.Facts)
		e.Facts.Name, e.Facts.Agent, e.Facts.Goal = e.Agent, e.Agent, readable(f.task)
	}
}

func (b *bridge) finish(s *bridgeSession, r *bridgeRun) {
	e, f := &b.e, &b.f
	e.Outcome = eventlog.Success
	if first(f.err) != nil {
		e.Outcome, e.Failed = eventlog.Failure, true
	}
	if yes, _ := jsonl.Bool(f.cancelled); yes {
		e.Outcome = eventlog.Cancelled
	}
	if o := eventlog.ParseOutcome(b.names.text(f.outcome)); o != eventlog.OutcomeUnknown {
		e.Outcome = o
	}
	if r != nil {
		r.done = true
		s.nest.finished(e.RunID)
	}
	b.began(f.latency)
}

func (b *bridge) response(rec *eventlog.Record, r *bridgeRun) {
	e, f := &b.e, &b.f
	if r != nil {
		if e.Model == "" {
			e.Model = r.model
		}
		if e.Provider == "" {
			e.Provider = r.provider
		}
	}
	e.CallID = b.names.id(f.callID)
	e.Failed = first(f.err) != nil
	b.began(first(f.latency, f.duration))
	b.charge(rec)
}

// charge bills a record that counts something.
func (b *bridge) charge(rec *eventlog.Record) {
	e, f := &b.e, &b.f
	u, any := f.usage()
	if !any {
		return
	}
	b.bill = eventlog.Bill{Usage: u, Final: jsonl.IsNull(f.cost)}
	if m, ok := cost(f.cost); ok && !(m == 0 && e.Provider == "codex" && u.Total() > 0) {
		b.bill.Cost, b.bill.Source = m, eventlog.Recorded
	}
	b.bill.AtLeast, _ = jsonl.Bool(f.atLeast)
	for name := range strings.SplitSeq(readable(f.mode), "+") {
		b.bill.Mode |= eventlog.ParseMode(name)
	}
	if id := readable(f.response); id != "" {
		b.bill.Call, b.bill.Rule = eventlog.Identify("response", id), eventlog.RuleResponse
		switch thread := readable(f.thread); {
		case !f.overheard():
		case thread != "":
			b.bill.Call = eventlog.Identify("codex response", thread, id) // as the thread's own log names it
		case string(f.api) == `"anthropic.messages"`:
			b.bill.Request = eventlog.Identify("request", readable(f.request)) // as Claude Code's does
		}
	} else if rec.Cells == nil && e.ID != "" {
		b.bill.Call, b.bill.Rule = eventlog.Identify("record", e.SessionID, e.ID, string(rec.Body)), eventlog.RuleRecord
	} else if rec.Cells != nil && rec.Cells[5].Type == eventlog.Text {
		b.bill.Call, b.bill.Rule = eventlog.Identify("record", e.SessionID, e.ID, string(rec.Cells[3].Text)), eventlog.RuleRecord
	}
	e.Bill = &b.bill
}

// tool pairs calls with their results: by id, or, where there is none, first
// come first served among the calls of one name and branch.
func (b *bridge) tool(rec *eventlog.Record, s *bridgeSession, r *bridgeRun) {
	e, f := &b.e, &b.f
	e.Tool = b.names.text(first(f.tool, f.step, f.toolName, f.name, f.kind))
	e.Branch = b.names.text(f.branch)
	e.CallID = b.names.id(f.callID)
	e.Failed = e.Kind == eventlog.ToolError || e.Kind == eventlog.ToolTimeout
	switch {
	case e.CallID == "" || !f.overheard():
	case f.thread != nil:
		e.Use = eventlog.Identify("codex tool", e.CallID)
	case string(f.api) == `"anthropic.messages"`:
		e.Use = eventlog.Identify("tool", e.CallID)
	}
	if e.CallID == "" && r != nil {
		key := e.Tool + "\x00" + e.Branch
		if e.Kind == eventlog.ToolCall {
			if r.calls == nil {
				r.calls = map[string][]string{}
			}
			r.number++
			e.CallID = "#" + strconv.Itoa(r.number)
			r.calls[key] = append(r.calls[key], e.CallID)
		} else if open := r.calls[key]; len(open) > 0 {
			e.CallID, r.calls[key] = open[0], open[1:]
		}
	}
	if e.Kind == eventlog.ToolCall {
		e.Print = eventlog.Print(first(f.arguments, f.task))
		s.nest.called(e.RunID, e.CallID, e.Tool, taskOf(f))
	} else {
		s.nest.answered(e.RunID, e.CallID)
		b.began(first(f.latency, f.duration))
	}
}

// taskOf returns Print of the text that a called agent would get as its task.
func taskOf(f *flat) uint64 {
	if len(f.arguments) == 0 || f.arguments[0] != '{' {
		return eventlog.Print(f.task)
	}
	var task, only []byte
	n := 0
	_ = f.value(f.rest, &f.arguments).each(func(key []byte, value outlined) bool {
		n++
		only = value.raw
		if string(key) == "task" {
			task = value.raw
		}
		return true
	})
	if task == nil && n == 1 {
		task = only
	}
	return eventlog.Print(task)
}

// began sets the start from a duration in milliseconds.
func (b *bridge) began(ms []byte) {
	if v, ok := jsonl.Float(ms); ok && v > 0 && v < 1e12 && b.e.Time.Known() {
		b.e.Began = b.e.Time - eventlog.Stamp(v*1e6)
	}
}

func orNew(f *eventlog.Facts) *eventlog.Facts {
	if f == nil {
		return &eventlog.Facts{}
	}
	return f
}

// facts reads what a record says about its session.
func (b *bridge) facts(s *bridgeSession) {
	e, f := &b.e, &b.f
	if p := readable(f.parentSession); p != "" {
		e.Facts = orNew(e.Facts)
		e.Facts.ParentID = p
	}
	switch e.Kind {
	case eventlog.SessionStart:
		s.named = true
		e.Facts = orNew(e.Facts)
		b.sessionFacts(e.Facts)
		e.Facts.Started = e.Time
	case eventlog.SessionEnd:
		e.Facts = orNew(e.Facts)
		b.sessionFacts(e.Facts)
		e.Facts.Closed, e.Facts.Ended = true, e.Time
	case eventlog.Metrics:
		e.Facts = orNew(e.Facts)
		e.Facts.Metrics = numbers(first(f.metrics, f.rest.raw))
	case eventlog.Dropped:
		e.Facts = orNew(e.Facts)
		b.counters(e.Facts)
	default:
		if f.goal != nil {
			e.Facts = orNew(e.Facts)
			e.Facts.Goal = readable(f.goal)
		}
	}
}

func (b *bridge) sessionFacts(to *eventlog.Facts) {
	f := &b.f
	to.Name, to.Goal, to.Title = readable(f.name), readable(f.goal), readable(f.title)
	to.Agent, to.User, to.Project = readable(f.agent), readable(f.user), readable(f.project)
	to.Directory, to.Branch, to.Environment = readable(f.directory), readable(f.gitBranch), readable(f.environment)
	to.Experiment, to.Variant, to.Version = readable(f.experiment), readable(f.variant), readable(f.version)
	to.Host, to.Conversation, to.ForkOf = readable(f.host), readable(f.conversation), readable(f.forkOf)
	to.FailureReason, to.Summary = readable(f.reason), readable(f.summary)
	to.Command = readable(f.command)
	if len(f.argv) > 0 && f.argv[0] == '[' {
		var words []string
		_ = jsonl.Elements(f.argv, func(value []byte) bool {
			words = append(words, readable(value))
			return true
		})
		to.Command = strings.Join(words, " ")
	}
	to.RecorderPid, to.RecorderMark = int(count(f.recorderPid)), readable(f.recorderMark)
	to.Interrupted, _ = jsonl.Bool(f.interrupted)
	to.Outcome = eventlog.ParseOutcome(readable(f.outcome))
	to.Metrics = numbers(f.metrics)
	if len(f.metadata) > 0 && f.metadata[0] == '{' {
		to.Metadata = map[string]string{}
		_ = jsonl.Fields(f.metadata, func(key, value []byte) bool {
			to.Metadata[string(key)] = readable(value)
			return true
		})
	}
	if banner := readable(f.banner); banner != "" {
		if to.Metadata == nil {
			to.Metadata = map[string]string{}
		}
		to.Metadata["warning"] = banner
	}
	if len(f.tags) > 0 && f.tags[0] == '[' {
		_ = jsonl.Elements(f.tags, func(value []byte) bool {
			to.Tags = append(to.Tags, readable(value))
			return true
		})
	}
	b.counters(to)
}

func (b *bridge) counters(to *eventlog.Facts) {
	to.RedactDropped = count(b.f.redactDropped)
	if len(b.f.dropped) == 0 || b.f.dropped[0] != '{' {
		to.Dropped = count(b.f.dropped)
		return
	}
	_ = jsonl.Fields(b.f.dropped, func(_, value []byte) bool {
		to.Dropped += count(value)
		return true
	})
}

func numbers(object []byte) map[string]float64 {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	m := map[string]float64{}
	_ = jsonl.Fields(object, func(key, value []byte) bool {
		if v, ok := jsonl.Float(value); ok && len(value) > 0 && value[0] != '"' {
			m[string(key)] = v
		} else if yes, ok := jsonl.Bool(value); ok {
			m[string(key)] = 0
			if yes {
				m[string(key)] = 1
			}
		}
		return true
	})
	return m
}

// bodies fills in what a person looks at.
func (b *bridge) bodies() {
	e, f := &b.e, &b.f
	e.Payload = clone(f.rest.raw)
	e.Input = clone(first(f.arguments, f.task))
	e.Output = clone(first(f.result, f.output))
	e.Text = readable(first(f.content, f.text, f.message, f.reasoning, f.summary, f.goal))
	e.Message = readable(f.err)
	switch e.Kind {
	case eventlog.AgentFinish:
		e.Text = readable(first(f.payload, f.result))
	case eventlog.AgentStart:
		e.Text = readable(f.task)
	case eventlog.HILDecision:
		e.Text = readable(f.command)
	case eventlog.Error:
		e.Message = readable(first(f.message, f.err, f.text))
	}
	add := func(name string, value []byte) {
		if v := readable(value); v != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: name, Value: v})
		}
	}
	switch e.Kind {
	case eventlog.Signal, eventlog.Policy:
		add("type", f.errType)
	default:
		add("error type", f.errType)
	}
	add("stack", f.stack)
	add("timeout s", f.timeout)
	add("turn", f.turn)
	add("stop reason", f.stop)
	add("latency ms", first(f.latency, f.duration))
	add("branch", f.branch)
	add("kind", f.kind)
	add("alternatives", f.alternatives)
	add("confidence", f.confidence)
	add("state before", f.stateBefore)
	add("state after", f.stateAfter)
	add("exit code", f.exitCode)
	add("signal", f.signal)
}

// providerName turns the class names that LazyBridge records into the names
// that people use.
func providerName(name string) string {
	short, ok := strings.CutSuffix(name, "Provider")
	if !ok || short == "" {
		return name
	}
	return strings.ToLower(short)
}
