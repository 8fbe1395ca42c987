package scripted

import (
	"encoding/json"
)

func rawOf(v any) json.RawMessage {
	raw, _ := v.(json.RawMessage)
	return raw
}

// completion returns the answer as OpenAI's Chat Completions has it.
func (a *answer) completion() object {
	m := object{"role": "assistant", "content": a.Text}
	if a.Thinking != "" {
		m["reasoning_content"] = a.Thinking
	}
	var calls []object
	for i, c := range a.Calls {
		calls = append(calls, object{"id": a.calls[i].ID, "type": "function", "function": object{"name": c.Name, "arguments": string(c.input())}})
	}
	if calls != nil {
		m["tool_calls"] = calls
	}
	return object{
		"id": a.id, "object": "chat.completion", "created": 1_800_000_000, "model": a.model, "usage": a.openUsage("prompt", "completion"),
		"choices": []object{{"index": 0, "message": m, "finish_reason": a.stop("tool_calls", "stop")}},
	}
}

// openUsage returns the counts in OpenAI's way, whose two APIs have different
// names for them: the input with the cache, the output with the reasoning.
func (a *answer) openUsage(input, output string) object {
	u := a.usage
	all := u.Input + u.CacheRead + u.CacheWrite5m
	return object{
		input + "_tokens": all, output + "_tokens": u.Output, "total_tokens": all + u.Output,
		input + "_tokens_details":  object{"cached_tokens": u.CacheRead, "cache_write_tokens": u.CacheWrite5m},
		output + "_tokens_details": object{"reasoning_tokens": u.Reasoning},
	}
}

func (a *answer) completionEvents() []event {
	chunk := func(delta object, finish any) event {
		return event{"", object{
			"id": a.id, "object": "chat.completion.chunk", "created": 1_800_000_000, "model": a.model,
			"choices": []object{{"index": 0, "delta": delta, "finish_reason": finish}},
		}}
	}
	list := []event{chunk(object{"role": "assistant", "content": ""}, nil)}
	if a.Thinking != "" {
		for _, p := range pieces(a.Thinking) {
			list = append(list, chunk(object{"reasoning_content": p}, nil))
		}
	}
	if a.Text != "" {
		for _, p := range pieces(a.Text) {
			list = append(list, chunk(object{"content": p}, nil))
		}
	}
	for i, c := range a.Calls {
		call := func(f object) object { return object{"tool_calls": []object{{"index": i, "function": f}}} }
		list = append(list, chunk(object{"tool_calls": []object{{
			"index": i, "id": a.calls[i].ID, "type": "function", "function": object{"name": c.Name, "arguments": ""},
		}}}, nil))
		for _, p := range pieces(string(c.input())) {
			list = append(list, chunk(call(object{"arguments": p}), nil))
		}
	}
	list = append(list, chunk(object{}, a.stop("tool_calls", "stop")))
	if a.counted {
		last := chunk(nil, nil)
		d := last.data.(object)
		d["choices"], d["usage"] = []object{}, a.openUsage("prompt", "completion")
		list = append(list, last)
	}
	return append(list, event{"", json.RawMessage("[DONE]")})
}
