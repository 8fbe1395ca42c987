package wire

import "encoding/json"

// field is one name and value of a JSON object; raw points into the line.
type field struct {
	name string
	raw  json.RawMessage
}

type fields []field

// split cuts a valid JSON object into its fields in their order, without
// decoding the values: payloads are stored as they were written.
func split(object []byte) fields {
	f := make(fields, 0, 12)
	i := skip(object, 0) + 1 // the brace
	for {
		i = skip(object, i)
		if i >= len(object) || object[i] == '}' {
			return f
		}
		if object[i] == ',' {
			i++
			continue
		}
		end := value(object, i)
		name := unquote(object[i:end])
		i = skip(object, end) + 1 // the colon
		i = skip(object, i)
		end = value(object, i)
		f = append(f, field{name, json.RawMessage(object[i:end])})
		i = end
	}
}

// find returns the value of a name, the last one when it is there twice, as
// JSON readers do.
func (f fields) find(name string) json.RawMessage {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].name == name {
			return f[i].raw
		}
	}
	return nil
}

// enveloped tells the two forms apart: an envelope holds its payload as an
// object and no other names than its own.
func (f fields) enveloped() bool {
	if raw := f.find("payload"); len(raw) > 0 && raw[0] != '{' && string(raw) != "null" {
		return false
	}
	for _, field := range f {
		switch field.name {
		case "id", "session_id", "run_id", "parent_run_id", "event_type", "ts", "agent", "payload", "seq":
		default:
			return false
		}
	}
	return true
}

func skip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value returns the end of the JSON value that begins at i.
func value(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = quoted(b, i)
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// quoted returns where the string that begins at i has its closing quote.
func quoted(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}

func unquote(raw []byte) string {
	for _, c := range raw {
		if c == '\\' {
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return ""
			}
			return s
		}
	}
	if len(raw) < 2 {
		return ""
	}
	return string(raw[1 : len(raw)-1])
}
