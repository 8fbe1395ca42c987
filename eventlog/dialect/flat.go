package dialect

import (
	"bytes"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// flat is a record of the LazyBridge family taken apart but not decoded: an
// envelope, and a payload whose keys stand beside it (a line), below it (an
// event on the wire) or in a column of their own (a row). Values are raw JSON
// that points into the record; a missing one is nil.
type flat struct {
	id, session, run, typ, parentRun, parentSession, ts []byte
	payload                                             []byte // as it stands, when it is a value of its own

	agent, task, tool, toolName, step, name, callID, branch []byte
	arguments, result, output, content, text, message       []byte
	err, errType, stack, timeout                            []byte
	provider, model, turn, stop, latency, duration          []byte
	cancelled, kind, command, reasoning, alternatives       []byte
	confidence, stateBefore, stateAfter                     []byte
	input, cached, cacheRead, cacheWrite, cacheWrite5m      []byte
	cacheWrite1h, outputTokens, thinking, cost, response    []byte
	goal, title, user, project, directory, gitBranch        []byte
	environment, experiment, variant, version, host         []byte
	metadata, tags, metrics, outcome, exitCode, signal      []byte
	dropped, redactDropped, reason, summary, hidden         []byte
	conversation, forkOf, argv, banner, more                []byte
	request, thread, api, layer, atLeast, mode              []byte
	recorderPid, recorderMark, interrupted                  []byte

	plainType []byte // "type", which is the event's only where nothing else is

	rest outlined // the object that the payload keys were read from

	taken // but for rest
}

// bridgeLines finds the members of the family's records.
var bridgeLines = jsonl.NewOutliner(jsonl.Shape{"payload": {"arguments": nil}, "arguments": nil})

// line takes a line apart.
func (f *flat) line(line outlined) error {
	f.reset()
	f.rest = line
	if err := f.object(line, f.field); err != nil {
		return err
	}
	payload := f.value(line, &f.payload)
	if f.plainType != nil {
		if f.typ == nil {
			f.take(&f.typ, f.plainType)
		} else {
			f.take(&f.errType, f.plainType)
		}
	}
	if f.typ == nil && f.session == nil && f.payload == nil {
		return ErrNoEvent
	}
	if len(f.payload) > 0 && f.payload[0] == '{' {
		return f.below(payload)
	}
	return nil
}

// below takes the payload object apart.
func (f *flat) below(payload outlined) error {
	f.rest = payload
	return f.object(payload, f.fieldBelow)
}

// fieldBelow is field for a key of the payload. The envelope's own values stand.
func (f *flat) fieldBelow(key []byte) *[]byte {
	switch field := f.field(key); field {
	case &f.session, &f.run, &f.typ, &f.ts, &f.id:
		return nil
	case &f.plainType:
		return &f.errType
	default:
		return field
	}
}

// field returns the field of a key, or nil: keys that are not listed are shown as
// they are.
func (f *flat) field(key []byte) *[]byte {
	switch string(key) {
	case "event_type":
		return &f.typ
	case "type":
		return &f.plainType
	case "session_id":
		return &f.session
	case "run_id":
		return &f.run
	case "parent_run_id":
		return &f.parentRun
	case "parent_session_id":
		return &f.parentSession
	case "ts", "timestamp":
		return &f.ts
	case "id":
		return &f.id
	case "payload":
		return &f.payload
	case "agent_name", "agent":
		return &f.agent
	case "task":
		return &f.task
	case "tool":
		return &f.tool
	case "tool_name":
		return &f.toolName
	case "step":
		return &f.step
	case "name":
		return &f.name
	case "tool_use_id", "tool_call_id", "call_id":
		return &f.callID
	case "branch_id":
		return &f.branch
	case "arguments", "input":
		return &f.arguments
	case "result":
		return &f.result
	case "output":
		return &f.output
	case "content":
		return &f.content
	case "text":
		return &f.text
	case "message":
		return &f.message
	case "error":
		return &f.err
	case "error_type":
		return &f.errType
	case "stack", "stack_trace":
		return &f.stack
	case "timeout_s":
		return &f.timeout
	case "provider":
		return &f.provider
	case "model":
		return &f.model
	case "turn":
		return &f.turn
	case "stop_reason":
		return &f.stop
	case "latency_ms":
		return &f.latency
	case "duration_ms":
		return &f.duration
	case "cancelled":
		return &f.cancelled
	case "kind":
		return &f.kind
	case "command":
		return &f.command
	case "reasoning":
		return &f.reasoning
	case "alternatives":
		return &f.alternatives
	case "confidence":
		return &f.confidence
	case "state_before":
		return &f.stateBefore
	case "state_after":
		return &f.stateAfter
	case "input_tokens", "prompt_tokens":
		return &f.input
	case "cached_input_tokens":
		return &f.cached
	case "cache_read_tokens":
		return &f.cacheRead
	case "cache_write_tokens":
		return &f.cacheWrite
	case "cache_write_5m_tokens":
		return &f.cacheWrite5m
	case "cache_write_1h_tokens":
		return &f.cacheWrite1h
	case "output_tokens", "completion_tokens":
		return &f.outputTokens
	case "thinking_tokens", "reasoning_tokens":
		return &f.thinking
	case "cost_usd":
		return &f.cost
	case "response_id":
		return &f.response
	case "request_id":
		return &f.request
	case "thread_id":
		return &f.thread
	case "api":
		return &f.api
	case "layer":
		return &f.layer
	case "at_least":
		return &f.atLeast
	case "mode":
		return &f.mode
	case "goal":
		return &f.goal
	case "title":
		return &f.title
	case "user":
		return &f.user
	case "project":
		return &f.project
	case "cwd":
		return &f.directory
	case "git_branch":
		return &f.gitBranch
	case "environment":
		return &f.environment
	case "experiment":
		return &f.experiment
	case "variant":
		return &f.variant
	case "version", "lazytrace_version":
		return &f.version
	case "host":
		return &f.host
	case "metadata":
		return &f.metadata
	case "tags":
		return &f.tags
	case "metrics":
		return &f.metrics
	case "outcome":
		return &f.outcome
	case "exit_code":
		return &f.exitCode
	case "signal":
		return &f.signal
	case "dropped", "queue_full":
		return &f.dropped
	case "redact_dropped", "redaction_failed":
		return &f.redactDropped
	case "failure_reason":
		return &f.reason
	case "summary":
		return &f.summary
	case "hidden":
		return &f.hidden
	case "banner":
		return &f.banner
	case "argv":
		return &f.argv
	case "conversation_id":
		return &f.conversation
	case "fork_of":
		return &f.forkOf
	case "lt":
		return &f.more
	case "recorder_pid":
		return &f.recorderPid
	case "recorder_mark":
		return &f.recorderMark
	case "interrupted":
		return &f.interrupted
	}
	return nil
}

// overheard reports whether the record was made by the capture proxy, whose ids
// are the provider's: the log of the program that made the call has them too.
func (f *flat) overheard() bool { return string(f.layer) == `"proxy"` }

// usage reads the token counts. LazyBridge's cached tokens are part of its
// input; the kinds that lazytrace writes are apart from each other.
func (f *flat) usage() (u eventlog.Usage, any bool) {
	u = eventlog.Usage{
		Input: count(f.input), CacheRead: count(f.cacheRead), CacheWrite5m: count(f.cacheWrite5m) + count(f.cacheWrite),
		CacheWrite1h: count(f.cacheWrite1h), Output: count(f.outputTokens), Reasoning: count(f.thinking),
	}
	if cached := min(count(f.cached), u.Input); f.cached != nil && f.cacheRead == nil {
		u.Input -= cached
		u.CacheRead = cached
	}
	u.Reasoning = min(u.Reasoning, u.Output)
	return u, f.input != nil || f.outputTokens != nil || f.cost != nil
}

// first returns the first value that is there and is not null.
func first(values ...[]byte) []byte {
	for _, v := range values {
		if len(v) > 0 && !jsonl.IsNull(v) && !bytes.Equal(v, []byte(`""`)) {
			return v
		}
	}
	return nil
}
