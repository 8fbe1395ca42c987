package wire

import (
	"bytes"
	"encoding/json"
)

// field is one name and value of a JSON object; both point into the line.
type field struct {
	name string
	raw  json.RawMessage
}

type fields []field

// most is how many fields nearly every event has at most.
const most = 20

// members calls f for every member of an object, in order, with its name as it is
// spelled, until f returns false. It reports whether the text is an object, as far
// as it was looked at.
func members(object []byte, f func(name, value []byte) bool) (ok bool) {
	i := skip(object, 0)
	if i == len(object) || object[i] != '{' {
		return false
	}
	stopped := false
	end := objectEnd(object, i, 1, func(name, value []byte) bool {
		stopped = !f(name, value)
		return !stopped
	})
	return stopped || end >= 0 && skip(object, end) == len(object)
}

// split cuts an object into its fields in their order, without decoding the
// values: payloads are stored as they were written. It reports false for what is
// no JSON object. Names point into the object as values do. The fields are put into
// f, which the caller has on its stack.
func split(object []byte, f fields) (_ fields, ok bool) {
	ok = members(object, func(name, value []byte) bool {
		f = append(f, field{unquote(name), value})
		return true
	})
	return f, ok
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

// quoted returns where the string that begins at i has its closing quote.
func quoted(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}

// unquote returns a text, which is a view of its spelling unless that has escapes.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') >= 0 {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	}
	if len(raw) < 2 {
		return ""
	}
	return view(raw[1 : len(raw)-1])
}
