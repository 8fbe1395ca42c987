package scripted

// candidate returns parts of the answer as Gemini has it; the last one says why
// it ended and what it counts.
func (a *answer) candidate(parts []object, last bool) object {
	one := object{"index": 0, "content": object{"role": "model", "parts": parts}}
	r := object{"candidates": []object{one}, "modelVersion": a.model, "responseId": a.id}
	if last {
		u := a.usage
		one["finishReason"] = "STOP"
		r["usageMetadata"] = object{
			"promptTokenCount": u.Input + u.CacheRead, "candidatesTokenCount": u.Output - u.Reasoning, "thoughtsTokenCount": u.Reasoning,
			"cachedContentTokenCount": u.CacheRead, "totalTokenCount": u.Input + u.CacheRead + u.Output,
		}
	}
	return r
}

func (a *answer) geminiParts() []object {
	list := []object{}
	if a.Thinking != "" {
		list = append(list, object{"text": a.Thinking, "thought": true})
	}
	if a.Text != "" {
		list = append(list, object{"text": a.Text})
	}
	for i, c := range a.Calls {
		list = append(list, object{"functionCall": object{"id": a.calls[i].ID, "name": c.Name, "args": c.input()}})
	}
	return list
}

func (a *answer) geminiEvents() []event {
	var list []event
	for _, p := range a.geminiParts() {
		text, ok := p["text"].(string)
		if !ok {
			list = append(list, event{"", a.candidate([]object{p}, false)})
			continue
		}
		for _, piece := range pieces(text) {
			part := object{"text": piece}
			if p["thought"] != nil {
				part["thought"] = true
			}
			list = append(list, event{"", a.candidate([]object{part}, false)})
		}
	}
	return append(list, event{"", a.candidate([]object{{"text": ""}}, true)})
}
