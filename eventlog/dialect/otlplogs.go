package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// logSort is what a log record tells.
type logSort uint8

const (
	logOther logSort = iota
	logPrompt
	logCall // of a model, where it has counts
	logFailure
	logTool
	logDecision
	logMessage
	logReply
	logNoise // what stands elsewhere, or is machinery
)

// logSorts are the log events of agents without the agent's name, and those of
// the conventions.
var logSorts = map[string]logSort{
	"user_prompt": logPrompt, "api_request": logCall, "api_response": logCall, "sse_event": logCall, "websocket_event": logCall,
	"api_error": logFailure, "tool_result": logTool, "tool_call": logTool, "tool_decision": logDecision, "assistant_response": logReply,

	"gen_ai.client.inference.operation.details": logCall, "gen_ai.client.operation.exception": logFailure, "exception": logFailure,
	"gen_ai.user.message": logMessage, "gen_ai.assistant.message": logMessage, "gen_ai.tool.message": logMessage, "gen_ai.system.message": logMessage,
	"gen_ai.choice": logReply,
}

// agentLogs are the names that agents put before those of their log events.
var agentLogs = map[string]bool{"claude_code": true, "gemini_cli": true, "qwen-code": true, "codex": true}

// eventName returns what a log record calls itself: claude_code.api_request.
// Claude Code's name of the event lacks the agent, which stands in the body.
func (it *otlpItem) eventName() string {
	name := readable(first(it.attrs.of[attrEvent], it.name))
	text, _ := jsonl.String(it.body)
	if name == "" && !strings.ContainsAny(text, " \n{") && strings.Contains(text, ".") {
		return text
	}
	if !strings.Contains(name, ".") && strings.HasSuffix(text, "."+name) && name != "" {
		return text
	}
	if !strings.Contains(name, ".") && name != "" && strings.Contains(string(it.scope), "claude_code") {
		return "claude_code." + name
	}
	return name
}

// eventIs reports whether an item is a log event of an agent.
func (it *otlpItem) eventIs(prefix string) bool {
	return it.kind == itemLog && strings.HasPrefix(it.eventName(), prefix)
}

// sortOf tells what a log event is.
func sortOf(name string) logSort {
	if s, ok := logSorts[name]; ok && strings.Contains(name, ".") || name == "exception" {
		return s
	}
	if agent, event, ok := strings.Cut(name, "."); ok && agentLogs[agent] {
		if s, ok := logSorts[event]; ok {
			return s
		}
		return logNoise
	}
	return logOther
}

// log decodes a log record.
func (o *otlp) log(it *otlpItem, full bool, emit func(*eventlog.Event)) {
	session := o.trace.session(it, o.sessionTold(it), o.file)
	o.begin(it, session)
	e, a := &o.e, &it.attrs.of
	name := it.eventName()
	e.Type, e.RunID = o.names.of([]byte(name)), it.id.run()
	if e.Agent = agentOr(o.names.text(a[attrAgent]), o.trace.agentOf(it.id), o.service(it)); agents[e.Agent] != "" {
		e.Agent = agents[e.Agent]
	}
	e.Facts = &eventlog.Facts{User: readable(a[attrUser]), Agent: e.Agent, SameAs: o.sameAs(it, session)}
	if res := it.resource; res != nil {
		e.Facts.Environment, e.Facts.Host = readable(res.attrs.of[attrEnvironment]), readable(res.attrs.of[attrHost])
		e.Facts.Version = readable(first(a[attrServiceVersion], res.attrs.of[attrServiceVersion]))
	}
	sort := sortOf(name)
	if sort == logCall && !it.isCall() {
		sort = logNoise
	}
	switch sort {
	case logPrompt:
		o.prompt(it, session, full)
	case logCall:
		o.modelLog(it, name, full)
	case logTool:
		o.toolLog(it, name, full, emit)
		return
	case logFailure:
		e.Kind = eventlog.Error
		from, to := it.lasted()
		e.Failed = o.trace.mishap(teller{voice: name, session: session, from: from, to: to})
	case logDecision:
		e.Kind, e.Tool = eventlog.Decision, o.names.text(a[attrTool])
		verdict := readable(a[attrDecision])
		e.Hidden = verdict != "reject" && verdict != "denied" && verdict != "abort"
		if full {
			e.Text = strings.TrimSpace(verdict + " " + e.Tool)
		}
	case logMessage, logReply:
		e.Kind, e.Tool, e.Hidden = eventlog.Message, speaker(name), name == "gen_ai.system.message"
		if full {
			e.Text = said(first(a[attrOutput], it.body))
		}
	case logNoise:
		e.Kind, e.Hidden, e.RunID = eventlog.Custom, true, ""
		if it.refused() {
			e.Kind, e.Hidden = eventlog.Retry, false
		}
	default:
		o.otherLog(it, name)
	}
	if full {
		if e.Text == "" && e.Kind != eventlog.ModelResponse {
			e.Text = said(it.body)
		}
		if e.Failed || e.Kind == eventlog.Retry || e.Kind == eventlog.Error {
			e.Message = it.failure()
		}
		if e.Message == "" && e.Failed {
			e.Message = e.Text
		}
		if e.Payload == nil {
			o.details(it)
		}
	}
	o.tell(emit)
}

func agentOr(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// isCall reports whether a log event that may tell of a call tells its end.
func (it *otlpItem) isCall() bool {
	a := &it.attrs.of
	kind := readable(a[attrEventKind])
	if kind != "" && kind != "response.completed" {
		return false
	}
	return a[attrInputTokens] != nil || a[attrInputApart] != nil || a[attrOutputTokens] != nil || a[attrOutput] != nil && a[attrStop] != nil
}

// refused reports whether a record tells of a request that was answered with an
// error: another one follows, or the failure is told by itself.
func (it *otlpItem) refused() bool {
	return count(it.attrs.of[attrStatusCode]) >= 400
}

// lasted returns when what a log record tells of began and ended.
func (it *otlpItem) lasted() (from, to eventlog.Stamp) {
	ms, ok := jsonl.Float(it.attrs.of[attrDuration])
	if !ok || ms <= 0 || ms > 1e10 || !it.end.Known() {
		return it.end, it.end
	}
	return it.end - eventlog.Stamp(ms*1e6), it.end
}

// prompt decodes what a person asked. Where it is not to be recorded it is told
// as redacted.
func (o *otlp) prompt(it *otlpItem, session string, full bool) {
	e := &o.e
	e.Kind, e.Tool = eventlog.Message, "user"
	text := said(it.attrs.of[attrPrompt])
	if strings.EqualFold(text, "<redacted>") || strings.EqualFold(text, "[redacted]") {
		text = ""
	}
	if !o.goals[session] && text != "" {
		o.goals[session] = true
		e.Facts.Goal = text
	}
	if full {
		e.Text = text
	}
}

// modelLog decodes a log event that tells of a model call.
func (o *otlp) modelLog(it *otlpItem, name string, full bool) {
	e, a := &o.e, &it.attrs.of
	e.Kind = eventlog.ModelResponse
	c := it.count()
	from, to := it.lasted()
	told := o.trace.call(it, teller{
		voice: name, session: e.SessionID, name: e.Model, answer: o.names.text(a[attrResponse]), from: from, to: to, count: c,
	})
	e.RunID, e.CallID, e.Again, e.Began = told.run, told.call, true, from
	if c.told {
		o.b = it.bill(c, told)
		e.Bill = &o.b
		if n, ok := o.trace.byID[it.id]; ok && it.id.ok() && o.trace.nodes[n].told != told && c.usage.Total() > 0 {
			o.trace.use(n+1, true, told.answer)
		}
	}
	if full {
		it.role = roleModel
		o.bodies(it)
	}
}

// toolLog decodes a log event that tells of a tool call: it is written when the
// call is over.
func (o *otlp) toolLog(it *otlpItem, name string, full bool, emit func(*eventlog.Event)) {
	e, a := &o.e, &it.attrs.of
	e.Tool, e.Model = o.names.text(a[attrTool]), ""
	from, to := it.lasted()
	told := o.trace.call(it, teller{
		voice: name, session: e.SessionID, name: e.Tool, answer: o.names.text(a[attrCall]), from: from, to: to, tool: true,
	})
	e.RunID, e.CallID, e.Again, e.Use = told.run, told.call, true, told.id
	result := *e
	e.Kind, e.Time = eventlog.ToolCall, from
	if full {
		e.Input = body(a[attrArguments])
	}
	o.tell(emit)

	*e = result
	e.Kind, e.Facts = eventlog.ToolResult, nil
	if readable(a[attrSuccess]) == "false" {
		e.Kind, e.Failed = eventlog.ToolError, true
	}
	if full {
		it.role, it.failed = roleTool, e.Failed
		o.bodies(it)
	}
	o.tell(emit)
}

// otherLog decodes a log record that no agent wrote: a line of a program, or an
// event that is not known.
func (o *otlp) otherLog(it *otlpItem, name string) {
	e := &o.e
	switch {
	case it.severity >= severityError:
		e.Kind, e.Failed = eventlog.Error, true
	case name == "":
		e.Kind = eventlog.LogLine
	default:
		e.Kind = eventlog.Custom
	}
}
