package dialect

import (
	"encoding/json"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// deepest is how far into a value of an attribute a text is looked for.
const deepest = 8

// said returns what a person would read of a value: of a message, or a list of
// them, its texts. A value in which no text is known gives nothing, so that
// nobody has to read JSON where a sentence should be.
func said(value []byte) string { return saidBelow(value, "", 0) }

// saidBy is said of the last message of one role.
func saidBy(role string, value []byte) string {
	value = structure(value)
	if len(value) == 0 || value[0] != '[' {
		if who, ok := lookup(value, "role"); ok && readable(who) != role {
			return ""
		}
		return said(value)
	}
	last, roles := "", false
	elements(value, func(m []byte) {
		who, ok := lookup(m, "role")
		if ok {
			roles = true
		}
		if ok && readable(who) == role {
			if text := said(m); text != "" {
				last = text
			}
		}
	})
	if !roles {
		return said(value)
	}
	return last
}

// structure returns what a text holds where that is JSON, and else the value.
func structure(value []byte) []byte {
	if in := inner(value); in != nil {
		return in
	}
	return plain(value)
}

// spoken are the keys under which a message keeps its text, in the order in
// which they are looked for.
var spoken = []string{"content", "text", "parts", "message", "value", "answer", "response", "output", "result", "task", "input", "prompt", "query", "question"}

func saidBelow(value []byte, only string, depth int) string {
	if depth > deepest {
		return ""
	}
	value = structure(value)
	if len(value) == 0 || jsonl.IsNull(value) {
		return ""
	}
	switch value[0] {
	case '[':
		var texts []string
		elements(value, func(v []byte) {
			if text := saidBelow(v, only, depth+1); text != "" {
				texts = append(texts, text)
			}
		})
		return strings.Join(texts, "\n")
	case '{':
		kind, _ := lookup(value, "type")
		switch thought := readable(kind); thought {
		case "tool_call", "tool_use", "function_call", "tool_call_response", "tool_result", "blob", "image_url":
			return ""
		case "reasoning", "thinking":
			if only != "thought" {
				return ""
			}
			only = ""
		}
		for _, key := range spoken {
			if v, ok := lookup(value, key); ok {
				if text := saidBelow(v, only, depth+1); text != "" {
					return text
				}
			}
		}
		return ""
	case '"':
		if only == "thought" {
			return ""
		}
		text, _ := jsonl.String(value)
		return text
	}
	if only != "" || depth > 0 {
		return ""
	}
	return string(value)
}

// thought returns what the model thought, of a list of messages.
func thought(value []byte) string { return saidBelow(value, "thought", 0) }

// numbered collects the messages that older instrumentations spread over
// attributes with numbers, such as gen_ai.prompt.0.content and
// llm.input_messages.0.message.content.
func (it *otlpItem) numbered(prefixes ...string) (texts []string, lastUser string) {
	role := ""
	eachAttribute(it.list, func(name, value []byte) {
		key := string(name)
		for _, prefix := range prefixes {
			rest, ok := strings.CutPrefix(key, prefix)
			if !ok {
				continue
			}
			_, leaf, _ := strings.Cut(rest, ".")
			switch strings.TrimPrefix(leaf, "message.") {
			case "role":
				role = readable(value)
			case "content":
				if text := said(value); text != "" {
					texts = append(texts, text)
					if role == "user" || role == "" {
						lastUser = text
					}
				}
			}
		}
	})
	return texts, lastUser
}

// asked returns what a person asked, as far as an item tells.
func (it *otlpItem) asked() string {
	a := &it.attrs.of
	for _, v := range [][]byte{a[attrInput], a[attrPrompt]} {
		if text := saidBy("user", v); text != "" {
			return text
		}
	}
	_, user := it.numbered("gen_ai.prompt.", "llm.input_messages.")
	return user
}

// bodies fills in what a person looks at.
func (o *otlp) bodies(it *otlpItem) {
	e, a := &o.e, &it.attrs.of
	switch it.role {
	case roleTool:
		e.Output = body(a[attrResult])
		e.Text = said(a[attrResult])
	default:
		e.Output = structured(a[attrOutput])
		if it.kind == itemLog || it.role == roleOther {
			e.Input = body(a[attrInput])
		}
		e.Text = said(a[attrOutput])
		if e.Text == "" {
			texts, _ := it.numbered("gen_ai.completion.", "llm.output_messages.")
			e.Text = strings.Join(texts, "\n")
		}
		if t := thought(a[attrOutput]); t != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "thinking", Value: t})
		}
	}
	if e.Failed || it.failed {
		e.Message = it.failure()
	}
	o.details(it)
}

// failure returns why an item failed, as it tells.
func (it *otlpItem) failure() string {
	a := &it.attrs.of
	for _, v := range [][]byte{a[attrError], it.message, exceptionOf(it.events, "exception.message"), a[attrErrorType], exceptionOf(it.events, "exception.type")} {
		if text := said(v); text != "" {
			return text
		}
	}
	return ""
}

// exceptionOf returns an attribute of the last exception that a span tells of.
func exceptionOf(events []byte, attribute string) []byte {
	var out []byte
	spanEvents(events, func(name string, _ eventlog.Stamp, list []byte) {
		if name == "exception" {
			eachAttribute(list, func(key, value []byte) {
				if string(key) == attribute {
					out = value
				}
			})
		}
	})
	return out
}

// spanEvents gives what happened within a span.
func spanEvents(events []byte, fn func(name string, at eventlog.Stamp, attributes []byte)) {
	elements(events, func(v []byte) {
		var name, list []byte
		var at eventlog.Stamp
		_ = fieldsOf(v, func(key, value []byte) bool {
			switch string(key) {
			case "name":
				name = value
			case "timeUnixNano", "time_unix_nano":
				at = nanos(value)
			case "time":
				at = hrTime(value)
			case "attributes":
				list = value
			}
			return true
		})
		fn(readable(name), at, list)
	})
}

// details lists everything else: what the span is, what wrote it, and the
// attributes that are not shown above.
func (o *otlp) details(it *otlpItem) {
	e, a := &o.e, &it.attrs.of
	service := []byte(nil)
	if it.resource != nil {
		service = it.resource.attrs.of[attrService]
	}
	for _, d := range []struct {
		name  string
		value []byte
	}{
		{"stop reason", appendJSONText(nil, []byte(said(a[attrStop])))}, {"error type", a[attrErrorType]}, {"status", it.message},
		{"stack", exceptionOf(it.events, "exception.stacktrace")}, {"span", it.name}, {"scope", it.scope}, {"service", service},
	} {
		if v := readable(d.value); v != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: d.name, Value: v})
		}
	}
	if it.id.traced() {
		e.Details = append(e.Details, eventlog.Detail{Name: "trace", Value: it.id.traceText()})
	}
	e.Payload = attributesObject(it.list, [][]byte{a[attrInput], a[attrArguments], a[attrOutput], a[attrResult]})
}

// attributesObject spells attributes as one JSON object, without those whose
// values are shown elsewhere.
func attributesObject(list []byte, without [][]byte) json.RawMessage {
	out := []byte{'{'}
	eachAttribute(list, func(name, value []byte) {
		for _, w := range without {
			if len(w) > 0 && len(value) > 0 && &w[0] == &value[0] {
				return
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendJSONText(out, name), ':')
		out = appendPlain(out, value)
	})
	if len(out) == 1 {
		return nil
	}
	return append(out, '}')
}

// structured returns a value for showing that is or holds JSON; a text is shown
// as such.
func structured(value []byte) json.RawMessage { return clone(inner(value)) }

// body returns a value for showing: the JSON that it is or holds, or its text.
func body(value []byte) json.RawMessage {
	if in := inner(value); in != nil {
		return clone(in)
	}
	return clone(plain(value))
}
