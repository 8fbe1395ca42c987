// Package content makes of the bodies of events, arguments, results and texts, what
// a person reads: strings as text, lists of blocks as their texts, objects in
// their own order, images by name, and edits of files as diffs. It knows the
// shapes that are common to most agents, and no format.
package content

import (
	"bytes"
	"encoding/json"
	"strings"
)

// longest is how long a text may be to be looked at as JSON: nobody reads more.
const longest = 2 << 20

// String returns the text of a JSON string. A text that is JSON itself comes
// indented.
func String(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	if in := strings.TrimSpace(s); len(in) > 1 && (in[0] == '{' || in[0] == '[') && len(in) < longest && json.Valid([]byte(in)) {
		var b bytes.Buffer
		if json.Indent(&b, []byte(in), "", "  ") == nil {
			return b.String(), true
		}
	}
	return s, true
}

// Blocks joins the texts of a list of blocks, a common shape of results. A list
// that holds anything else is none.
func Blocks(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '[' {
		return "", false
	}
	var blocks []struct{ Text *string }
	if json.Unmarshal(raw, &blocks) != nil || len(blocks) == 0 {
		return "", false
	}
	var texts []string
	for _, b := range blocks {
		if b.Text == nil {
			return "", false
		}
		texts = append(texts, *b.Text)
	}
	return strings.Join(texts, "\n"), true
}

// Field is a member of an object.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Fields reads an object in its own order. It returns false for what is no
// object, and for an empty one.
func Fields(raw json.RawMessage) ([]Field, bool) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	var out []Field
	for d.More() {
		name, err := d.Token()
		text, ok := name.(string)
		if err != nil || !ok {
			return nil, false
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil, false
		}
		out = append(out, Field{text, v})
	}
	return out, len(out) > 0
}

// Nothing reports whether a value says nothing: it is empty, or null.
func Nothing(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
