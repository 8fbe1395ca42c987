package scripted

import "strconv"

// response returns the answer as OpenAI's Responses has it, as far as its
// status says that it has come.
func (a *answer) response(status string) object {
	r := object{
		"id": a.id, "object": "response", "created_at": 1_800_000_000, "status": status, "model": a.model,
		"output": []object{}, "usage": nil, "error": nil, "incomplete_details": nil, "parallel_tool_calls": true,
	}
	if status == "completed" {
		r["output"], r["usage"] = a.items(), a.openUsage("input", "output")
	}
	return r
}

// items are what the answer consists of.
func (a *answer) items() []object {
	list := []object{}
	name := func(kind string) string { return kind + "_" + a.itemNames + strconv.Itoa(len(list)) }
	if a.Thinking != "" {
		list = append(list, object{
			"id": name("rs"), "type": "reasoning", "summary": []object{{"type": "summary_text", "text": a.Thinking}}, "encrypted_content": "c2NyaXB0ZWQ=",
		})
	}
	if a.Text != "" {
		list = append(list, object{
			"id": name("msg"), "type": "message", "role": "assistant", "status": "completed",
			"content": []object{{"type": "output_text", "text": a.Text, "annotations": []object{}}},
		})
	}
	for i, c := range a.Calls {
		item := object{"id": name("fc"), "type": "function_call", "call_id": a.calls[i].ID, "name": c.Name, "arguments": string(c.input()), "status": "completed"}
		if c.Text != "" {
			item = object{"id": name("ctc"), "type": "custom_tool_call", "call_id": a.calls[i].ID, "name": c.Name, "input": c.Text, "status": "completed"}
		}
		if c.Namespace != "" {
			item["namespace"] = c.Namespace
		}
		list = append(list, item)
	}
	return list
}

func (a *answer) responseEvents() []event {
	var list []event
	add := func(kind string, more object) {
		more["type"], more["sequence_number"] = kind, len(list)
		list = append(list, event{kind, more})
	}
	add("response.created", object{"response": a.response("in_progress")})
	add("response.in_progress", object{"response": a.response("in_progress")})
	for i, item := range a.items() {
		begun := object{}
		for k, v := range item {
			begun[k] = v
		}
		at := object{"output_index": i, "item_id": item["id"]}
		with := func(more object) object {
			for k, v := range at {
				more[k] = v
			}
			return more
		}
		switch item["type"] {
		case "message":
			begun["status"], begun["content"] = "in_progress", []object{}
			add("response.output_item.added", object{"output_index": i, "item": begun})
			add("response.content_part.added", with(object{"content_index": 0, "part": object{"type": "output_text", "text": "", "annotations": []object{}}}))
			for _, p := range pieces(a.Text) {
				add("response.output_text.delta", with(object{"content_index": 0, "delta": p}))
			}
			add("response.output_text.done", with(object{"content_index": 0, "text": a.Text}))
		case "function_call":
			begun["status"], begun["arguments"] = "in_progress", ""
			add("response.output_item.added", object{"output_index": i, "item": begun})
			for _, p := range pieces(item["arguments"].(string)) {
				add("response.function_call_arguments.delta", with(object{"delta": p}))
			}
			add("response.function_call_arguments.done", with(object{"arguments": item["arguments"]}))
		default:
			add("response.output_item.added", object{"output_index": i, "item": begun})
		}
		add("response.output_item.done", object{"output_index": i, "item": item})
	}
	add("response.completed", object{"response": a.response("completed")})
	return list
}
