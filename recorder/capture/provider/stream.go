package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// documents calls read for each JSON document of a body: the data of the events
// of a stream, the elements of a list, or the body itself. The end of a stream
// may be missing.
func documents(body []byte, read func([]byte) error) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return nil
	case body[0] == '{':
		return document(body, read)
	case body[0] == '[':
		return list(body, read)
	}
	return stream(body, read)
}

func document(body []byte, read func([]byte) error) error {
	if !json.Valid(body) {
		return fmt.Errorf("%w: it is no JSON, or torn", ErrUnreadable)
	}
	return read(body)
}

func list(body []byte, read func([]byte) error) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	for d.More() {
		var doc json.RawMessage
		if err := d.Decode(&doc); err != nil {
			return nil // cut off: what came before stands
		}
		if err := read(doc); err != nil {
			return err
		}
	}
	return nil
}

// stream goes through server-sent events. Several data lines of one event are
// one text; the names of events are not needed, since every document tells.
func stream(body []byte, read func([]byte) error) error {
	var data []byte
	known := false
	flush := func() error {
		defer func() { data = data[:0] }()
		if len(data) == 0 || string(data) == "[DONE]" {
			return nil
		}
		if !json.Valid(data) {
			return fmt.Errorf("%w: an event is no JSON", ErrUnreadable)
		}
		return read(bytes.Clone(data))
	}
	for len(body) > 0 {
		var line []byte
		line, body = cutLine(body)
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(line) == 0:
			if err := flush(); err != nil {
				return err
			}
		case string(name) == "data":
			known = true
			if len(data) > 0 {
				data = append(data, '\n')
			}
			data = append(data, value...)
		case string(name) == "event", string(name) == "id", string(name) == "retry", len(name) == 0:
			known = true
		}
	}
	if !known {
		return fmt.Errorf("%w: it is neither JSON nor a stream of events", ErrUnreadable)
	}
	if json.Valid(data) { // else the last event is torn
		return flush()
	}
	return nil
}

// cutLine cuts the first line off, however it ends.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// textOf returns the text of a content: a string, or a list of parts of which
// some are text.
func textOf(content json.RawMessage) string {
	content = bytes.TrimSpace(content)
	if len(content) == 0 {
		return ""
	}
	var s string
	if content[0] == '"' {
		_ = json.Unmarshal(content, &s) // it was valid as a part of its document
		return s
	}
	var parts []struct {
		Text    string
		Refusal string
		Content json.RawMessage
	}
	if json.Unmarshal(content, &parts) != nil {
		return string(content)
	}
	for _, p := range parts {
		t := p.Text + p.Refusal
		if t == "" {
			t = textOf(p.Content)
		}
		if s != "" && t != "" {
			s += "\n"
		}
		s += t
	}
	return s
}

// joined appends a piece of text that came later.
func joined(text, more string) string {
	if text != "" && more != "" {
		return text + "\n" + more
	}
	return text + more
}

// arguments returns what a model gave as the arguments of a call, which it
// spells as a text that should be JSON.
func arguments(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("{}")
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("{}") // a string is always JSON
	}
	return raw
}
