package dialect

import (
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// meaning is what an attribute tells, whatever a convention calls it.
type meaning uint8

const (
	attrNone meaning = iota
	attrSession
	attrAgent
	attrService
	attrServiceVersion
	attrEnvironment
	attrHost
	attrUser
	attrEntity // what the span is about, where its name does not tell
	attrModel
	attrProvider
	attrResponse
	attrTool
	attrCall
	attrArguments
	attrResult
	attrInput
	attrOutput
	attrSystem
	attrStop

	attrInputTokens  // with what came from or went into the cache
	attrInputApart   // without
	attrOutputTokens // with what the model thought
	attrCacheRead    //
	attrCacheWrite   //
	attrCacheWrite5m //
	attrCacheWrite1h //
	attrReasoning    // part of the output
	attrThoughts     // beside the output
	attrToolTokens   // beside the input
	attrTotalTokens  //
	attrUsageDetails // an object of counts that are apart
	attrCost         // in dollars
	attrCostMicros   //
	attrCostDetails  // an object of costs
	attrErrorType    //
	attrError        // its text
	attrStack        //
	attrLevel        //
	attrSuccess      //
	attrStatusCode   //
	attrEvent        // the name of a log event
	attrEventTime    //
	attrEventKind    //
	attrDuration     // in milliseconds
	attrPrompt       //
	attrDecision     //
	meanings         //
)

// conventions lists the names of each meaning, the preferred first: what
// somebody set on purpose for a backend before the general conventions, those
// before what instrumentations of one library write, and new names before old.
// Precedence only matters where a span has several.
var conventions = [meanings][]string{
	attrSession: {
		"gen_ai.conversation.id", "session.id", "langfuse.session.id", "conversation.id", "conversation_id", "thread.id", "sentrial.convo_id",
		"ai.telemetry.metadata.sessionId", "traceloop.association.properties.session_id", "gen_ai.session.id", "session_id",
	},
	attrAgent:          {"gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId", "agent"},
	attrService:        {"service.name"},
	attrServiceVersion: {"service.version", "app.version"},
	attrEnvironment:    {"deployment.environment.name", "deployment.environment", "langfuse.environment", "env"},
	attrHost:           {"host.name"},
	attrUser:           {"user.id", "langfuse.user.id", "enduser.id", "traceloop.association.properties.user_id", "ai.telemetry.metadata.userId", "sentrial.user_id"},
	attrEntity:         {"gen_ai.workflow.name", "traceloop.entity.name", "traceloop.workflow.name", "langfuse.trace.name", "graph.node.id"},
	attrModel: {
		"langfuse.observation.model.name", "gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.model_name", "llm.request.model_name",
		"embedding.model_name", "ai.response.model", "ai.model.id", "llm.response.model", "llm.request.model", "model",
	},
	attrProvider: {"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider", "llm.vendor"},
	attrResponse: {"gen_ai.response.id", "ai.response.id", "llm.response.id", "response.id", "request_id"},
	attrTool:     {"gen_ai.tool.name", "tool.name", "tool_name", "ai.toolCall.name", "function_name"},
	attrCall:     {"gen_ai.tool.call.id", "gen_ai.tool.call_id", "tool.id", "tool_call.id", "tool_use_id", "ai.toolCall.id", "call_id"},
	attrArguments: {
		"langfuse.observation.input", "gen_ai.tool.call.arguments", "gen_ai.tool.arguments", "gen_ai.tool.input", "tool.parameters", "input.value",
		"ai.toolCall.args", "traceloop.entity.input", "tool_input", "tool_parameters", "function_args", "arguments",
	},
	attrResult: {
		"langfuse.observation.output", "gen_ai.tool.call.result", "gen_ai.tool.result", "gen_ai.tool.output", "output.value", "ai.toolCall.result",
		"traceloop.entity.output", "tool_output", "tool_result", "output",
	},
	attrInput: {
		"langfuse.observation.input", "gen_ai.input.messages", "gen_ai.prompt", "input.value", "ai.prompt.messages", "ai.prompt", "traceloop.entity.input",
		"langfuse.trace.input", "request_text", "task", "gen_ai.content.prompt",
	},
	attrOutput: {
		"langfuse.observation.output", "gen_ai.output.messages", "gen_ai.completion", "output.value", "ai.response.text", "ai.response.object", "traceloop.entity.output",
		"langfuse.trace.output", "response_text", "response", "gen_ai.content.completion",
	},
	attrSystem: {"gen_ai.system_instructions"},
	attrStop:   {"gen_ai.response.finish_reasons", "ai.response.finishReason", "llm.response.finish_reason", "finish_reasons", "stop_reason", "gen_ai.response.stop_reason"},

	attrInputTokens: {
		"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens",
		"input_token_count", "codex.turn.token_usage.input_tokens", "ai.usage.tokens",
	},
	attrInputApart: {"input_tokens"},
	attrOutputTokens: {
		"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens", "ai.usage.outputTokens",
		"ai.usage.completionTokens", "output_token_count", "codex.turn.token_usage.output_tokens", "output_tokens",
	},
	attrCacheRead: {
		"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.input_tokens.cached", "gen_ai.usage.cached_tokens",
		"gen_ai.usage.cached_input_tokens", "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input", "llm.usage.cache_read_input_tokens",
		"ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens", "cached_content_token_count", "cached_token_count",
		"codex.turn.token_usage.cached_input_tokens", "cache_read_tokens",
	},
	attrCacheWrite: {
		"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write.input_tokens",
		"gen_ai.usage.input_tokens.cache_write", "llm.token_count.prompt_details.cache_write", "llm.usage.cache_creation_input_tokens",
		"ai.usage.cacheCreationInputTokens", "ai.usage.inputTokenDetails.cacheWriteTokens", "cache_write_token_count",
		"codex.turn.token_usage.cache_write_input_tokens", "cache_creation_tokens",
	},
	attrCacheWrite5m: {"gen_ai.usage.cache_creation.ephemeral_5m_input_tokens", "cache_creation_5m_tokens"},
	attrCacheWrite1h: {"gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", "cache_creation_1h_tokens"},
	attrReasoning: {
		"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.reasoning_output_tokens", "gen_ai.usage.output_tokens.reasoning", "llm.token_count.completion_details.reasoning",
		"llm.usage.reasoning_tokens", "ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens", "codex.usage.reasoning_output_tokens",
		"codex.turn.token_usage.reasoning_output_tokens", "reasoning_token_count",
	},
	attrThoughts:     {"thoughts_token_count"},
	attrToolTokens:   {"tool_token_count"},
	attrTotalTokens:  {"gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens", "total_token_count"},
	attrUsageDetails: {"langfuse.observation.usage_details"},
	attrCost:         {"gen_ai.usage.cost", "llm.cost.total", "gen_ai.usage.total_cost", "gen_ai.cost.total_cost", "operation.cost", "lazytrace.cost_usd", "lazybridge.cost_usd", "cost_usd"},
	attrCostMicros:   {"cost_usd_micros"},
	attrCostDetails:  {"langfuse.observation.cost_details"},
	attrErrorType:    {"error.type", "exception.type", "error_type"},
	attrError:        {"langfuse.observation.status_message", "exception.message", "error.message", "error"},
	attrStack:        {"exception.stacktrace"},
	attrLevel:        {"langfuse.observation.level"},
	attrSuccess:      {"success"},
	attrStatusCode:   {"http.response.status_code", "status_code", "http.status_code"},
	attrEvent:        {"event.name", "event_name"},
	attrEventTime:    {"event.timestamp"},
	attrEventKind:    {"event.kind"},
	attrDuration:     {"duration_ms"},
	attrPrompt:       {"prompt", "user_prompt", "prompt_text"},
	attrDecision:     {"decision"},
}

// roleNames are the attributes that tell what a span does.
var roleNames = []string{
	"langfuse.observation.type", "gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "ai.operationId", "gen_ai.span.kind", "llm.request.type",
}

// role is what a span stands for.
type role uint8

const (
	roleOther role = iota
	roleAgent
	roleModel
	roleTool
)

// roles are the words of all conventions, in lower case.
var roles = map[string]role{
	"chat": roleModel, "generate_content": roleModel, "text_completion": roleModel, "embeddings": roleModel, "llm_call": roleModel, "responses": roleModel,
	"llm": roleModel, "embedding": roleModel, "generation": roleModel, "completion": roleModel, "rerank": roleModel, "generate": roleModel, "message": roleModel,
	"execute_tool": roleTool, "tool_call": roleTool, "tool": roleTool, "execute_function": roleTool, "ai.toolcall": roleTool, "running tool": roleTool,
	"invoke_agent": roleAgent, "invoke_workflow": roleAgent, "agent": roleAgent, "workflow": roleAgent, "agent_call": roleAgent,
}

// spanRoles are spans of agents whose attributes tell it otherwise or not.
var spanRoles = map[string]role{
	"claude_code.interaction": roleAgent, "claude_code.llm_request": roleModel, "claude_code.tool": roleTool,
	"claude_code.tool.execution": roleOther, "claude_code.tool.blocked_on_user": roleOther,
	"session_task.turn": roleAgent, "codex.exec": roleAgent,
}

func roleOfWord(value []byte) role {
	word, _ := jsonl.String(value)
	word = strings.ToLower(word)
	if r := roles[word]; r != roleOther {
		return r
	}
	// Vercel's AI SDK names its functions: the inner ones call the model.
	if strings.HasPrefix(word, "ai.") {
		switch {
		case strings.HasSuffix(word, ".dogenerate"), strings.HasSuffix(word, ".dostream"), strings.HasSuffix(word, ".doembed"):
			return roleModel
		case strings.Count(word, ".") == 1:
			return roleAgent
		}
	}
	return roleOther
}

// named is a place in conventions.
type named struct {
	to   meaning
	rank uint8
}

// byName finds what the attribute of a name tells. One name may tell two
// things. Nobody who reads no telemetry needs it.
var byName = sync.OnceValue(func() map[string][]named {
	m := map[string][]named{}
	for to, names := range conventions {
		for rank, name := range names {
			m[name] = append(m[name], named{meaning(to), uint8(rank)})
		}
	}
	return m
})

// attributes are the values of an item's attributes by what they tell.
type attributes struct {
	of   [meanings][]byte
	rank [meanings]uint8
	role role
}

// read reads attributes, as the list of pairs that OTLP spells, or as the plain
// object of an SDK.
func (a *attributes) read(list []byte) {
	known := byName()
	eachAttribute(list, func(name, value []byte) {
		for _, n := range known[string(name)] {
			if len(value) > 0 && !jsonl.IsNull(value) && string(value) != `""` && (a.of[n.to] == nil || n.rank < a.rank[n.to]) {
				a.of[n.to], a.rank[n.to] = value, n.rank
			}
		}
		if a.role == roleOther || string(name) == roleNames[0] {
			for _, n := range roleNames {
				if string(name) != n {
					continue
				}
				if r := roleOfWord(value); r != roleOther {
					a.role = r
				}
			}
		}
	})
}

// eachAttribute gives the names and plain values of attributes.
func eachAttribute(list []byte, fn func(name, value []byte)) {
	if len(list) > 0 && list[0] == '{' {
		_ = jsonl.Fields(list, func(key, value []byte) bool {
			fn(key, value)
			return true
		})
		return
	}
	elements(list, func(pair []byte) {
		var name, value []byte
		_ = fieldsOf(pair, func(key, v []byte) bool {
			switch string(key) {
			case "key":
				if len(v) > 1 && v[0] == '"' {
					name = v[1 : len(v)-1]
				}
			case "value":
				value = anyValue(v)
			}
			return true
		})
		fn(name, value)
	})
}

// anyValue takes a value out of the object that tells its type. Lists and maps
// stay as they are spelled; see plain.
func anyValue(v []byte) []byte {
	if len(v) == 0 || v[0] != '{' {
		return v
	}
	out := v
	_ = jsonl.Fields(v, func(key, value []byte) bool {
		switch string(key) {
		case "intValue", "int_value":
			if out = value; len(value) > 2 && value[0] == '"' {
				out = value[1 : len(value)-1]
			}
		case "stringValue", "string_value", "doubleValue", "double_value", "boolValue", "bool_value", "bytesValue", "bytes_value":
			out = value
		}
		return false
	})
	if string(out) == "{}" {
		return nil
	}
	return out
}

// roleOf tells what a span stands for: by its name, by what its attributes call
// it, and else by what it has: only who calls a model counts its tokens.
func (it *otlpItem) roleOf() role {
	if len(it.name) > 2 {
		if r, ok := spanRoles[string(it.name[1:len(it.name)-1])]; ok {
			return r
		}
	}
	a := &it.attrs
	switch {
	case a.role != roleOther:
		return a.role
	case a.of[attrInputTokens] != nil || a.of[attrOutputTokens] != nil || a.of[attrUsageDetails] != nil:
		return roleModel
	}
	return roleOther
}
