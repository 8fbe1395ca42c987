package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Object builds a JSON object whose fields keep the order in which they were
// set. The zero Object is an empty one.
type Object struct{ buf []byte }

// Raw adds a field whose value is JSON already.
func (o *Object) Raw(name string, value []byte) {
	if len(o.buf) == 0 {
		o.buf = append(o.buf, '{')
	} else {
		o.buf = append(o.buf, ',')
	}
	o.buf = appendString(o.buf, name)
	o.buf = append(o.buf, ':')
	o.buf = append(o.buf, value...)
}

// Set adds a field. A value that JSON cannot hold becomes null.
func (o *Object) Set(name string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		raw = []byte("null")
	}
	o.Raw(name, raw)
}

// Text adds a field unless the text is empty: what nobody said is left out.
func (o *Object) Text(name, text string) {
	if text != "" {
		o.Raw(name, appendString(nil, text))
	}
}

// Int adds a number.
func (o *Object) Int(name string, n int64) { o.Raw(name, strconv.AppendInt(nil, n, 10)) }

// JSON returns the object. Fields may not be added afterwards.
func (o *Object) JSON() json.RawMessage {
	if len(o.buf) == 0 {
		return json.RawMessage("{}")
	}
	return json.RawMessage(append(o.buf, '}'))
}

// WithText returns the object with a text field at its front, unless the field
// is there or the text is empty. It never writes into the bytes it was given.
func WithText(object json.RawMessage, name, text string) json.RawMessage {
	object = bytes.TrimSpace(object)
	if text == "" || len(object) < 2 || object[0] != '{' {
		return object
	}
	if bytes.Contains(object, []byte(name)) && has(object, name) {
		return object
	}
	b := make([]byte, 0, len(object)+len(name)+len(text)+8)
	b = append(b, '{')
	b = appendString(b, name)
	b = append(b, ':')
	b = appendString(b, text)
	if rest := skip(object, 1); object[rest] != '}' {
		b = append(b, ',')
	}
	return append(b, object[1:]...)
}

func has(object json.RawMessage, name string) (found bool) {
	members(object, func(raw, _ []byte) bool {
		found = unquote(raw) == name
		return !found
	})
	return found
}

// Fields calls f for every field of an object, in order, until f returns
// false. Anything but a valid object has no fields.
func Fields(object json.RawMessage, f func(name string, raw json.RawMessage) bool) {
	var room [most]field
	fields, ok := split(object, room[:0])
	if !ok {
		return
	}
	for _, field := range fields {
		if !f(strings.Clone(field.name), field.raw) {
			return
		}
	}
}
