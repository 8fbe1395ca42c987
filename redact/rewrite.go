package redact

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Rewrite gives every string value of a JSON document to fn, decoded, with the
// name under which it stands, and puts what fn returns in its place. Documents
// within strings are walked in turn, up to five deep. Keys, numbers and every
// byte outside a string that changed stay as they were, so that valid JSON
// stays valid whatever fn returns. It reports false for what is no JSON, which
// comes back as it is.
func Rewrite(raw []byte, fn func(key, value string) string) ([]byte, bool) {
	out, ok := rewrite(string(raw), maxDepth, fn)
	if !ok {
		return raw, false
	}
	return []byte(out), true
}

func rewrite(s string, depth int, fn func(key, value string) string) (string, bool) {
	var b strings.Builder
	at := 0
	one := func(t text, key string) {
		old := unescape(t.of(s))
		value, isDoc := old, false
		if nested(old) {
			value, isDoc = rewrite(old, depth-1, fn)
		}
		if !isDoc {
			value = fn(key, old)
		}
		if value != old {
			b.WriteString(s[at:t.from])
			b.WriteString(escape(value))
			at = t.to
		}
	}
	w := walker{each: one}
	if !w.walk(s, depth) {
		return s, false
	}
	b.WriteString(s[at:])
	return b.String(), true
}

// escape spells a text as the inside of a JSON string.
func escape(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always has a spelling
	return string(b.Bytes()[1 : b.Len()-2])
}
