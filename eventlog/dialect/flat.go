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

	rest []byte // the object that the payload keys were read from
}

// bridgeShape is how far records of the family are outlined ahead.
var bridgeShape = jsonl.Shape{"payload": nil}

// line takes a line apart.
func (f *flat) line(line outlined) error {
	*f = flat{rest: line.raw}
	var plainType []byte
	var payload outlined
	err := line.each(func(key []byte, value outlined) bool {
		switch string(key) {
		case "event_type":
			f.typ = value.raw
		case "type":
			plainType = value.raw
		case "session_id":
			f.session = value.raw
		case "run_id":
			f.run = value.raw
		case "parent_run_id":
			f.parentRun = value.raw
		case "parent_session_id":
			f.parentSession = value.raw
		case "ts", "timestamp":
			f.ts = value.raw
		case "id":
			f.id = value.raw
		case "payload":
			f.payload, payload = value.raw, value
		default:
			f.field(key, value.raw)
		}
		return true
	})
	if err != nil {
		return err
	}
	if f.typ == nil {
		f.typ = plainType
	} else if plainType != nil {
		f.errType = plainType
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
	f.rest = payload.raw
	return payload.each(func(key []byte, value outlined) bool {
		switch string(key) {
		case "type":
			f.errType = value.raw
		case "payload":
			f.payload = value.raw
		case "parent_run_id":
			f.parentRun = value.raw
		case "parent_session_id":
			f.parentSession = value.raw
		case "session_id", "run_id", "event_type", "ts":
			// The envelope's own values stand.
		default:
			f.field(key, value.raw)
		}
		return true
	})
}

// field takes one payload key. Keys that are not listed are shown as they are.
func (f *flat) field(key, value []byte) {
	var to *[]byte
	switch string(key) {
	case "agent_name", "agent":
		to = &f.agent
	case "task":
		to = &f.task
	case "tool":
		to = &f.tool
	case "tool_name":
		to = &f.toolName
	case "step":
		to = &f.step
	case "name":
		to = &f.name
	case "tool_use_id", "tool_call_id", "call_id":
		to = &f.callID
	case "branch_id":
		to = &f.branch
	case "arguments", "input":
		to = &f.arguments
	case "result":
		to = &f.result
	case "output":
		to = &f.output
	case "content":
		to = &f.content
	case "text":
		to = &f.text
	case "message":
		to = &f.message
	case "error":
		to = &f.err
	case "error_type":
		to = &f.errType
	case "stack", "stack_trace":
		to = &f.stack
	case "timeout_s":
		to = &f.timeout
	case "provider":
		to = &f.provider
	case "model":
		to = &f.model
	case "turn":
		to = &f.turn
	case "stop_reason":
		to = &f.stop
	case "latency_ms":
		to = &f.latency
	case "duration_ms":
		to = &f.duration
	case "cancelled":
		to = &f.cancelled
	case "kind":
		to = &f.kind
	case "command":
		to = &f.command
	case "reasoning":
		to = &f.reasoning
	case "alternatives":
		to = &f.alternatives
	case "confidence":
		to = &f.confidence
	case "state_before":
		to = &f.stateBefore
	case "state_after":
		to = &f.stateAfter
	case "input_tokens", "prompt_tokens":
		to = &f.input
	case "cached_input_tokens":
		to = &f.cached
	case "cache_read_tokens":
		to = &f.cacheRead
	case "cache_write_tokens":
		to = &f.cacheWrite
	case "cache_write_5m_tokens":
		to = &f.cacheWrite5m
	case "cache_write_1h_tokens":
		to = &f.cacheWrite1h
	case "output_tokens", "completion_tokens":
		to = &f.outputTokens
	case "thinking_tokens", "reasoning_tokens":
		to = &f.thinking
	case "cost_usd":
		to = &f.cost
	case "response_id":
		to = &f.response
	case "request_id":
		to = &f.request
	case "thread_id":
		to = &f.thread
	case "api":
		to = &f.api
	case "layer":
		to = &f.layer
	case "at_least":
		to = &f.atLeast
	case "mode":
		to = &f.mode
	case "goal":
		to = &f.goal
	case "title":
		to = &f.title
	case "user":
		to = &f.user
	case "project":
		to = &f.project
	case "cwd":
		to = &f.directory
	case "git_branch":
		to = &f.gitBranch
	case "environment":
		to = &f.environment
	case "experiment":
		to = &f.experiment
	case "variant":
		to = &f.variant
	case "version", "lazytrace_version":
		to = &f.version
	case "host":
		to = &f.host
	case "metadata":
		to = &f.metadata
	case "tags":
		to = &f.tags
	case "metrics":
		to = &f.metrics
	case "outcome":
		to = &f.outcome
	case "exit_code":
		to = &f.exitCode
	case "signal":
		to = &f.signal
	case "dropped", "queue_full":
		to = &f.dropped
	case "redact_dropped", "redaction_failed":
		to = &f.redactDropped
	case "failure_reason":
		to = &f.reason
	case "summary":
		to = &f.summary
	case "hidden":
		to = &f.hidden
	case "banner":
		to = &f.banner
	case "argv":
		to = &f.argv
	case "conversation_id":
		to = &f.conversation
	case "fork_of":
		to = &f.forkOf
	case "lt":
		to = &f.more
	case "recorder_pid":
		to = &f.recorderPid
	case "recorder_mark":
		to = &f.recorderMark
	case "interrupted":
		to = &f.interrupted
	default:
		return
	}
	*to = value
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
