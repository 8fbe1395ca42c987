package scripted

// message returns the answer as Anthropic's Messages has it.
func (a *answer) message() object {
	return object{
		"id": a.id, "type": "message", "role": "assistant", "model": a.model, "content": a.blocks(),
		"stop_reason": a.stop("tool_use", "end_turn"), "stop_sequence": nil, "usage": a.messageUsage(a.usage),
	}
}

func (a *answer) stop(tools, end string) string {
	if len(a.Calls) > 0 {
		return tools
	}
	return end
}

func (a *answer) messageUsage(u Usage) object {
	return object{
		"input_tokens": u.Input, "output_tokens": u.Output, "cache_read_input_tokens": u.CacheRead,
		"cache_creation_input_tokens": u.CacheWrite5m + u.CacheWrite1h,
		"cache_creation":              object{"ephemeral_5m_input_tokens": u.CacheWrite5m, "ephemeral_1h_input_tokens": u.CacheWrite1h},
		"output_tokens_details":       object{"thinking_tokens": u.Reasoning}, "service_tier": "standard",
	}
}

func (a *answer) blocks() []object {
	list := []object{}
	if a.Thinking != "" {
		list = append(list, object{"type": "thinking", "thinking": a.Thinking, "signature": "c2NyaXB0ZWQ="})
	}
	if a.Text != "" {
		list = append(list, object{"type": "text", "text": a.Text})
	}
	for i, c := range a.Calls {
		list = append(list, object{"type": "tool_use", "id": a.calls[i].ID, "name": c.Name, "input": c.input()})
	}
	return list
}

func (a *answer) messageEvents() []event {
	start := a.message()
	start["content"], start["stop_reason"], start["usage"] = []object{}, nil, a.messageUsage(a.told())
	list := []event{{"message_start", object{"type": "message_start", "message": start}}}
	for i, b := range a.blocks() {
		list = append(list, a.blockEvents(i, b)...)
		if i == 0 {
			list = append(list, event{"ping", object{"type": "ping"}})
		}
	}
	return append(list,
		event{"message_delta", object{"type": "message_delta", "delta": object{"stop_reason": a.stop("tool_use", "end_turn"), "stop_sequence": nil}, "usage": a.messageUsage(a.usage)}},
		event{"message_stop", object{"type": "message_stop"}})
}

// blockEvents returns the events of a block: its frame, and its text in pieces.
func (a *answer) blockEvents(i int, b object) []event {
	delta := func(d object) event {
		return event{"content_block_delta", object{"type": "content_block_delta", "index": i, "delta": d}}
	}
	frame, list := object{"type": b["type"]}, []event{}
	switch b["type"] {
	case "thinking":
		frame["thinking"], frame["signature"] = "", ""
		for _, p := range pieces(a.Thinking) {
			list = append(list, delta(object{"type": "thinking_delta", "thinking": p}))
		}
		list = append(list, delta(object{"type": "signature_delta", "signature": b["signature"]}))
	case "text":
		frame["text"] = ""
		for _, p := range pieces(a.Text) {
			list = append(list, delta(object{"type": "text_delta", "text": p}))
		}
	case "tool_use":
		frame["id"], frame["name"], frame["input"] = b["id"], b["name"], object{}
		for _, p := range pieces(string(rawOf(b["input"]))) {
			list = append(list, delta(object{"type": "input_json_delta", "partial_json": p}))
		}
	}
	list = append([]event{{"content_block_start", object{"type": "content_block_start", "index": i, "content_block": frame}}}, list...)
	return append(list, event{"content_block_stop", object{"type": "content_block_stop", "index": i}})
}
