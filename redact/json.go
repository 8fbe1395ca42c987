package redact

import (
	"strings"
	"sync"
)

// text is a piece of the document by offset, so that frames stay small and
// nothing is copied until a string has to be looked at.
type text struct{ from, to int }

// deepest is how deep the containers of a document may be nested. What is
// deeper is read as text, as other readers of JSON do not read it at all.
const deepest = 10_000

func (t text) of(s string) string { return s[t.from:t.to] }

// frame is an open object or array.
type frame struct {
	array  bool
	state  uint8 // what may come next
	index  int   // elements seen, arrays only
	key    text  // the key of the value to come; in arrays that of the array
	outer  text  // the key the container stands under
	before text  // arrays: the string before; objects: the value of "name"
}

const (
	wantFirst = iota // a key, an element or the end
	wantKey
	wantColon
	wantValue
	wantComma
)

// walker goes through a document without recursion, so depth costs only memory.
type walker struct {
	r     *Redactor
	s     string
	depth int
	spans []span
	stack []frame
	plain []byte                   // of the string that is looked at, without its escapes
	each  func(t text, key string) // takes the strings in place of looking for secrets in them; may be nil
}

// document finds what to mask in a JSON document, or in several one after the
// other. It reports false if s is not JSON; NaN and Infinity count as numbers
// and unknown escapes as what they stand for, because real writers emit them.
func (r *Redactor) document(s string, depth int) ([]span, bool) {
	w := walkers.Get().(*walker)
	w.r = r
	ok := w.walk(s, depth)
	spans := w.spans
	if cap(w.plain) <= longestKept && cap(w.stack) <= deepest/10 {
		*w = walker{stack: w.stack[:0], plain: w.plain[:0]}
		walkers.Put(w)
	}
	if !ok {
		return nil, false
	}
	return spans, true
}

// walkers keeps the memory of walkers that are done for those to come: events
// are many and small.
var walkers = sync.Pool{New: func() any { return new(walker) }}

const longestKept = 256 << 10

// walk goes through the document, or documents, that s is, and reports whether
// it is any.
func (w *walker) walk(s string, depth int) bool {
	i := space(s, 0)
	if depth <= 0 || i >= len(s) {
		return false
	}
	switch s[i] {
	case '{', '[':
	case '"':
		end := stringEnd(s, i)
		if end < 0 || space(s, end) != len(s) {
			return false
		}
	default:
		return literal(s[i:]) == len(s)-i
	}
	w.s, w.depth = s, depth
	for i < len(s) {
		if i = w.value(i); i < 0 {
			return false
		}
		if i = space(s, i); i < len(s) && s[i] != '{' && s[i] != '[' {
			return false
		}
	}
	return true
}

// nested reports whether a string may be a document itself.
func nested(s string) bool {
	c := s[space(s, 0):]
	return len(c) > 1 && (c[0] == '{' || c[0] == '[' || c[0] == '"')
}

// value walks one top-level value and returns its end, or -1.
func (w *walker) value(i int) int {
	s := w.s
	if s[i] == '"' {
		end := stringEnd(s, i)
		w.str(text{i + 1, end - 1}, nil)
		return end
	}
	w.stack = append(w.stack[:0], frame{array: s[i] == '['})
	i++
	for len(w.stack) > 0 {
		if i = space(s, i); i >= len(s) {
			return -1
		}
		f := &w.stack[len(w.stack)-1]
		b := s[i]
		switch {
		case b == '}' && !f.array && (f.state == wantFirst || f.state == wantComma),
			b == ']' && f.array && (f.state == wantFirst || f.state == wantComma):
			w.stack = w.stack[:len(w.stack)-1]
			i++
		case f.state == wantComma:
			if b != ',' {
				return -1
			}
			f.state = wantKey
			if f.array {
				f.state = wantValue
			}
			i++
		case f.state == wantColon:
			if b != ':' {
				return -1
			}
			f.state = wantValue
			i++
		case !f.array && f.state != wantValue: // a key
			end := -1
			if b == '"' {
				end = stringEnd(s, i)
			}
			if end < 0 {
				return -1
			}
			f.key, f.state = text{i + 1, end - 1}, wantColon
			i = end
		default:
			if i = w.member(i, f); i < 0 {
				return -1
			}
		}
	}
	return i
}

// member handles the value at i inside frame f.
func (w *walker) member(i int, f *frame) int {
	s := w.s
	f.state = wantComma
	f.index++
	switch b := s[i]; b {
	case '{', '[':
		in := frame{array: b == '[', outer: f.key}
		if in.array {
			in.key = f.key
		}
		if f.array {
			f.before = text{}
		}
		if w.stack = append(w.stack, in); len(w.stack) > deepest {
			return -1
		}
		return i + 1
	case '"':
		end := stringEnd(s, i)
		if end < 0 {
			return -1
		}
		t := text{i + 1, end - 1}
		masks := len(w.spans)
		w.str(t, f)
		if f.array || naming(f.key.of(s)) {
			if f.before = t; len(w.spans) > masks || marked(t.of(s)) {
				f.before = text{} // a mask names nothing, now and when this is read again
			}
		}
		return end
	}
	n := literal(s[i:])
	if n == 0 {
		return -1
	}
	return i + n
}

// naming reports whether the value of key k names the value of a sibling, as in
// {"name": "API_KEY", "value": "..."}.
func naming(k string) bool {
	switch k {
	case "name", "key", "Name", "Key", "header", "variable", "field", "env", "parameter", "param":
		return true
	}
	return false
}

func valueKey(k string) bool {
	switch k {
	case "value", "Value", "val", "stringValue", "string_value", "secretValue", "secret_value", "plaintext", "text":
		return true
	}
	return false
}

// context returns the name that says most about a string in frame f, and the
// flags that follow from it.
func (w *walker) context(f *frame) (string, keyKind, flags) {
	if f == nil {
		return "", keyKind{}, 0
	}
	s := w.s
	key := f.key.of(s)
	if f.array {
		before := f.before.of(s)
		if len(before) > 2 && before[0] == '-' && strings.IndexByte(before, '=') < 0 {
			return before, keyOf(before), 0
		}
		if f.index == 2 && before != "" {
			if k := keyOf(before); k.is == authHeader || k.is == cookieJar || k.is == secret && strings.ContainsAny(before, "-_") {
				if k.is == secret {
					k.is = weakSecret
				}
				return before, k, 0
			}
		}
	} else if valueKey(key) {
		if k := keyOf(f.before.of(s)); k.is != plain {
			return f.before.of(s), k, 0
		}
		if k := keyOf(f.outer.of(s)); k.is != plain {
			return f.outer.of(s), k, 0
		}
	}
	return key, keyOf(key), publicKey(key)
}

// publicKey reports by name that a value is an identifier, digest, signature or
// the like: opaque, but no secret.
func publicKey(k string) flags {
	if k == "" {
		return 0
	}
	for _, e := range publicEnds()[k[len(k)-1]] {
		if strings.HasSuffix(k, e) {
			return public
		}
	}
	return 0
}

// publicEnds are how such names end, by their last byte.
var publicEnds = sync.OnceValue(func() *[256][]string {
	var t [256][]string
	for _, e := range [...]string{"id", "Id", "ID", "ids", "signature", "encrypted_content", "fingerprint", "digest", "hash", "sha", "sha1", "sha256", "sha512", "checksum", "etag", "ETag",
		"integrity", "commit", "uuid", "embedding", "cursor", "traceparent", "tracestate", "thoughtSignature", "revision", "PageToken", "page_token", "nextToken", "next_token", "ontinuationToken", "ontinuation_token", "run", "session", "trace", "span", "parent", "thread", "conversation"} {
		last := e[len(e)-1]
		t[last] = append(t[last], e)
	}
	return &t
})

// str finds what to mask in the string t, whose quotes are not part of it.
func (w *walker) str(t text, f *frame) {
	raw := t.of(w.s)
	if w.each != nil {
		name, _, _ := w.context(f)
		w.each(t, name)
		return
	}
	if len(raw) < 4 {
		return
	}
	s := raw
	plainText := strings.IndexByte(raw, '\\') < 0
	if !plainText {
		w.plain = appendUnescaped(w.plain[:0], raw)
		s = view(w.plain)
	}
	var spans []span
	if w.r.lazy != nil {
		spans = w.r.lazy.find(s)
	} else {
		spans = w.settled(s, f)
	}
	if len(spans) == 0 {
		return
	}
	if !plainText {
		spans = locate(raw, spans)
	}
	for _, p := range spans {
		w.spans = append(w.spans, span{p.from + t.from, p.to + t.from, p.kind})
	}
}

// settled finds what to mask in a decoded string.
func (w *walker) settled(s string, f *frame) []span {
	name, k, fl := w.context(f)
	if fl&public != 0 && len(s) >= 64 && strings.IndexByte(s, ' ') < 0 && blob(name) {
		return nil // thinking signatures, encrypted reasoning
	}
	if nested(s) {
		if spans, ok := w.r.document(s, w.depth-1); ok {
			return spans
		}
	}
	return w.r.settle(s, func(s string) []span { return w.find(s, name, k, fl) })
}

func (w *walker) find(s, name string, k keyKind, fl flags) []span {
	var own []span
	if w.r.builtin && len(s) > 0 {
		c := scanner{s: s, depth: w.depth}
		switch {
		case k.is != plain:
			c.maskValue(k, value{to: len(s), hard: true})
		case name == "-u" || name == "--user" || name == "--proxy-user":
			c.userPassword(0, len(s))
		}
		own = c.spans
		if len(own) == 1 && own[0].from == 0 && own[0].to == len(s) {
			return own
		}
	}
	return merge(own, w.r.scan(s, w.depth, fl))
}

func blob(name string) bool {
	return strings.HasSuffix(name, "ignature") || strings.HasSuffix(name, "encrypted_content") || strings.HasSuffix(name, "embedding")
}
