package dialect

import (
	"cmp"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// decode makes events of the items of a record. First all of them are entered
// into their traces, so that their order within the record does not matter.
func (o *otlp) decode(full bool, emit func(*eventlog.Event)) {
	t := &o.trace
	again := make([]bool, len(o.items))
	for i := range o.items {
		if it := &o.items[i]; it.id.traced() && o.sessionTold(it) != "" {
			t.session(it, o.sessionTold(it), o.file)
		}
	}
	for i := range o.items {
		it := &o.items[i]
		if it.kind != itemSpan || !it.id.ok() {
			continue
		}
		again[i] = t.enter(it, o.agentName(it), t.session(it, o.sessionTold(it), o.file))
	}
	for i := range o.items {
		it := &o.items[i]
		if it.kind != itemSpan || !it.id.ok() || again[i] {
			continue
		}
		up := t.nodes[t.node(it.id)].parent
		if it.role == roleModel && it.count().usage.Total() > 0 {
			t.use(up, true, o.names.text(it.attrs.of[attrResponse]))
		}
		if it.broken() {
			t.fail(up)
		}
	}
	t.settle()
	for i := range o.items {
		it := &o.items[i]
		emit := it.named(emit)
		switch it.kind {
		case itemSpan:
			o.span(it, again[i], full, emit)
		case itemLog:
			o.log(it, full, emit)
		}
	}
}

// sessionTold returns the session that an item, or what wrote it, names.
func (o *otlp) sessionTold(it *otlpItem) string {
	if v := it.attrs.of[attrSession]; v != nil {
		return o.names.text(v)
	}
	if it.resource != nil {
		return o.names.text(it.resource.attrs.of[attrSession])
	}
	return ""
}

// broken reports whether a span says that it failed: by its status, by an
// exception, or in the words of its convention.
func (it *otlpItem) broken() bool {
	if it.failed || exceptionOf(it.events, "exception.type") != nil || exceptionOf(it.events, "exception.message") != nil {
		return true
	}
	level := readable(it.attrs.of[attrLevel])
	success := readable(it.attrs.of[attrSuccess])
	return level == "ERROR" || success == "false"
}

// agents are what agents are called by the programs that report for them.
var agents = map[string]string{
	"claude-code": "claude", "gemini-cli": "gemini", "codex_cli_rs": "codex", "codex_exec": "codex", "codex-cli": "codex", "codex_vscode": "codex",
	"github-copilot": "copilot",
}

// agentName returns what an agent is called, or what reports for it.
func (o *otlp) agentName(it *otlpItem) string {
	a := &it.attrs.of
	name := o.names.text(a[attrAgent])
	if name == "" && it.role == roleAgent {
		name = o.names.text(a[attrEntity])
		for _, operation := range []string{"invoke_agent ", "invoke_workflow "} {
			if n, ok := strings.CutPrefix(readable(it.name), operation); ok && name == "" {
				name = o.names.of([]byte(n))
			}
		}
	}
	if name == "" && (it.role == roleAgent || !it.parent.ok()) {
		name = o.service(it)
	}
	if name == "" && it.role == roleAgent {
		name = o.names.text(it.name)
	}
	return cmp.Or(agents[name], name)
}

// service returns the name of the program that wrote an item, where it has one.
func (o *otlp) service(it *otlpItem) string {
	if it.resource == nil {
		return ""
	}
	name := o.names.text(it.resource.attrs.of[attrService])
	if strings.HasPrefix(name, "unknown_service") {
		return ""
	}
	return name
}

// begin begins an event with what all events of an item share.
func (o *otlp) begin(it *otlpItem, session string) {
	a := &it.attrs.of
	o.e = eventlog.Event{SessionID: session, Type: o.names.text(it.name), Time: it.end}
	e := &o.e
	e.Agent = o.agentName(it)
	if e.Agent == "" {
		e.Agent = o.trace.agentOf(it.parent)
	}
	e.Model, e.Provider, e.Tool = o.names.text(a[attrModel]), vendorOf(o.names.text(a[attrProvider])), ""
	if e.Provider == "" && e.Model != "" {
		e.Provider = makers[agents[o.service(it)]]
	}
}

// makers are who answers agents that do not tell it.
var makers = map[string]string{"claude": "anthropic", "gemini": "google", "codex": "openai", "copilot": "github-copilot"}

// vendorOf turns the names that conventions give to providers into those that
// people use.
func vendorOf(name string) string {
	switch {
	case strings.HasPrefix(name, "gcp."):
		return "google"
	case strings.HasPrefix(name, "az.ai."), strings.HasPrefix(name, "azure.ai."):
		return "azure"
	case name == "aws.bedrock":
		return "bedrock"
	case name == "github": // under this name Copilot answers
		return "github-copilot"
	}
	provider, _, _ := strings.Cut(name, ".") // openai.chat is OpenAI
	return provider
}

// tell emits the event, and with it what has become known of others.
func (o *otlp) tell(emit func(*eventlog.Event)) {
	t := &o.trace
	o.e.Sums, t.sums = t.sums, nil
	o.e.Adopts = t.adopts[o.e.SessionID]
	delete(t.adopts, o.e.SessionID)
	emit(&o.e)
}

// above returns the span above as a run, unless it is of another session.
func (o *otlp) above(it *otlpItem, session string) string {
	if n, ok := o.trace.byID[it.parent]; ok && o.trace.nodes[n].known && o.trace.nodes[n].session != session {
		return ""
	}
	return it.parent.run()
}

// span decodes a span.
func (o *otlp) span(it *otlpItem, again, full bool, emit func(*eventlog.Event)) {
	session := o.trace.session(it, o.sessionTold(it), o.file)
	o.begin(it, session)
	var node spanNode
	if it.id.ok() {
		node = o.trace.nodes[o.trace.node(it.id)]
	}
	o.e.RunID = o.above(it, session)
	facts := o.facts(it, session, again)
	switch it.role {
	case roleAgent:
		o.agentSpan(it, node, facts, again, full, emit)
	case roleModel:
		o.modelSpan(it, node, facts, again, full, emit)
	case roleTool:
		o.toolSpan(it, node, facts, full, emit)
	default:
		o.otherSpan(it, node, facts, again, full, emit)
	}
}

// facts returns what a span says about its session: its first one says what it
// is about.
func (o *otlp) facts(it *otlpItem, session string, again bool) *eventlog.Facts {
	if again {
		return nil
	}
	f := &eventlog.Facts{User: readable(it.attrs.of[attrUser])}
	if !it.parent.ok() {
		f.Name, f.Started, f.Agent = o.names.text(it.attrs.of[attrEntity]), it.start, o.e.Agent
		if it.role == roleOther && session == it.id.traceText() {
			f.Name = cmp.Or(f.Name, o.names.text(it.name))
		}
	}
	if res := it.resource; res != nil {
		r := &res.attrs.of
		f.Environment, f.Host, f.Version = readable(r[attrEnvironment]), readable(r[attrHost]), readable(r[attrServiceVersion])
		if f.Project = o.service(it); agents[f.Project] != "" {
			f.Project = "" // an agent that reports for itself
		}
	}
	f.SameAs = o.sameAs(it, session)
	if !o.goals[session] && (it.role == roleAgent || it.role == roleModel) {
		if f.Goal = it.asked(); f.Goal != "" {
			o.goals[session] = true
		}
	}
	return f
}

// sameAs returns what the session of an item turned out to be, where that is
// said only now.
func (o *otlp) sameAs(it *otlpItem, session string) string {
	if own := o.sessionTold(it); own != session {
		return own
	}
	return ""
}

func (o *otlp) agentSpan(it *otlpItem, node spanNode, facts *eventlog.Facts, again, full bool, emit func(*eventlog.Event)) {
	base := o.e
	e := &o.e
	run := it.id.run()
	e.Kind, e.Time, e.Facts, e.Idle = eventlog.AgentStart, it.start, facts, eventlog.IdleNo
	e.ParentRunID, e.RunID = base.RunID, run
	if e.ParentRunID != "" {
		e.Link = eventlog.LinkSure
	}
	if full {
		e.Text, e.Input = it.asked(), structured(it.attrs.of[attrInput])
	}
	o.tell(emit)
	o.within(it, base, full, emit)

	o.e = base
	e.Kind, e.RunID, e.Outcome, e.Idle = eventlog.AgentFinish, run, eventlog.Success, eventlog.IdleYes
	if it.broken() {
		e.Outcome = eventlog.Failure
		e.Failed = !node.failed && !again
	}
	o.charge(it)
	if full {
		o.bodies(it)
	}
	o.tell(emit)
}

// charge bills a span, unless it is the sum of others.
func (o *otlp) charge(it *otlpItem) {
	c := it.count()
	if !it.id.ok() && !c.told {
		return
	}
	if it.role != roleModel && c.usage.Total() == 0 {
		return
	}
	var node *spanNode
	if it.id.ok() {
		node = &o.trace.nodes[o.trace.node(it.id)]
	}
	if node != nil && node.sum() && c.usage.Total() > 0 {
		return // the sum of calls that pay for themselves
	}
	told := o.trace.call(it, teller{
		voice: "span", session: o.e.SessionID, name: o.e.Model, answer: o.names.text(it.attrs.of[attrResponse]), from: it.start, to: it.end, count: c,
	})
	if !c.told {
		return
	}
	if node != nil {
		node.billed = true
	}
	o.b = it.bill(c, told)
	o.e.Bill = &o.b
}

func (o *otlp) modelSpan(it *otlpItem, node spanNode, facts *eventlog.Facts, again, full bool, emit func(*eventlog.Event)) {
	o.e.CallID, o.e.Again, o.e.Holds, o.e.Idle = it.id.run(), true, true, eventlog.IdleYes
	base := o.e
	e := &o.e
	e.Kind, e.Time, e.Facts = eventlog.ModelRequest, it.start, facts
	if full {
		e.Text, e.Input = it.asked(), structured(it.attrs.of[attrInput])
	}
	o.tell(emit)
	o.within(it, base, full, emit)

	o.e = base
	e.Kind = eventlog.ModelResponse
	o.charge(it)
	if it.broken() && !again {
		e.Failed = o.trace.mishap(teller{voice: "span", session: e.SessionID, from: it.start, to: it.end})
	}
	if full {
		o.bodies(it)
	}
	o.tell(emit)
}

func (o *otlp) toolSpan(it *otlpItem, node spanNode, facts *eventlog.Facts, full bool, emit func(*eventlog.Event)) {
	a := &it.attrs.of
	e := &o.e
	e.Tool = o.names.text(first(a[attrTool], a[attrEntity], it.name))
	if name, ok := strings.CutPrefix(e.Tool, "execute_tool "); ok {
		e.Tool = o.names.of([]byte(name))
	}
	e.Model = ""
	told := o.trace.call(it, teller{
		voice: "span", session: e.SessionID, name: e.Tool, answer: o.names.text(a[attrCall]), from: it.start, to: it.end, tool: true,
	})
	e.CallID, e.Again, e.Holds, e.Idle, e.Use = it.id.run(), true, true, eventlog.IdleYes, told.id
	base := o.e
	e.Kind, e.Time, e.Facts = eventlog.ToolCall, it.start, facts
	if full {
		e.Input = body(a[attrArguments])
	}
	o.tell(emit)
	o.within(it, base, full, emit)

	o.e = base
	e.Kind = eventlog.ToolResult
	if it.broken() {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	e.Failed = e.Failed || node.failed && it.isClaude() // its execution is a span of its own
	if full {
		o.bodies(it)
	}
	o.tell(emit)
}

// otherSpan decodes a span that is neither an agent nor a call: a step of a
// program. Others may lie below it.
func (o *otlp) otherSpan(it *otlpItem, node spanNode, facts *eventlog.Facts, again, full bool, emit func(*eventlog.Event)) {
	e := &o.e
	e.Kind, e.Began, e.Facts, e.Idle = eventlog.Custom, it.start, facts, eventlog.IdleYes
	e.CallID, e.Holds = it.id.run(), true
	if it.asksPerson() {
		e.Kind, e.Wait, e.Idle = eventlog.HILDecision, eventlog.WaitAnswered, eventlog.IdleSame
		if again { // it was waited once
			e.Wait, e.Began = eventlog.WaitSame, 0
		}
		if full {
			e.Text = readable(it.attrs.of[attrDecision])
		}
	}
	if it.broken() && !again && !node.failed {
		e.Failed = !o.blamed(node)
	}
	base := *e
	if text := e.Text; full {
		o.bodies(it)
		e.Text = cmp.Or(e.Text, text)
	}
	o.tell(emit)
	o.within(it, base, full, emit)
}

// asksPerson reports whether a span is the wait of the call above it until a
// person has decided. Claude Code writes one for each call, also where its
// settings or a hook decide.
func (it *otlpItem) asksPerson() bool {
	if readable(it.name) != "claude_code.tool.blocked_on_user" {
		return false
	}
	person := true
	eachAttribute(it.list, func(name, value []byte) {
		if string(name) == "source" {
			source := readable(value)
			person = source != "config" && source != "hook"
		}
	})
	return person
}

// blamed reports whether the failure of a step is that of the call it is part
// of.
func (o *otlp) blamed(node spanNode) bool {
	for at := node.parent; at != 0; at = o.trace.nodes[at-1].parent {
		switch s := &o.trace.nodes[at-1]; s.role {
		case roleTool, roleModel:
			return s.known
		case roleAgent:
			return false
		}
	}
	return false
}

// within decodes what happened within a span. Its exceptions are told with it.
func (o *otlp) within(it *otlpItem, base eventlog.Event, full bool, emit func(*eventlog.Event)) {
	spanEvents(it.events, func(name string, at eventlog.Stamp, list []byte) {
		if name == "exception" {
			return
		}
		o.e = eventlog.Event{
			SessionID: base.SessionID, RunID: it.id.run(), Agent: base.Agent, Type: o.names.of([]byte(name)), Time: at, Kind: eventlog.Custom,
		}
		e := &o.e
		switch kind := eventlog.ParseKind(name); kind {
		case eventlog.HILDecision, eventlog.LoopStep, eventlog.Decision, eventlog.Signal, eventlog.Policy, eventlog.StateChange:
			e.Kind, e.Hidden = kind, kind == eventlog.LoopStep
		}
		if strings.HasPrefix(name, "gen_ai.") {
			e.Kind, e.Tool = eventlog.Message, speaker(name)
			e.Hidden = name != "gen_ai.choice" && name != "gen_ai.content.completion"
		}
		if full {
			var a attributes
			a.read(list)
			e.Text = said(first(a.of[attrOutput], a.of[attrInput], attributesObject(list, nil)))
			e.Payload = attributesObject(list, nil)
		}
		o.tell(emit)
	})
}

// speaker returns whose message an event of telemetry tells of, or "" for the
// model's own.
func speaker(name string) string {
	switch name {
	case "gen_ai.user.message", "gen_ai.content.prompt":
		return "user"
	case "gen_ai.system.message":
		return "system"
	case "gen_ai.tool.message":
		return "tool"
	}
	return ""
}
