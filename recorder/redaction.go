package recorder

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact"
)

// DefaultRedactor masks credentials by shape, randomness and key names: what a
// session uses when it is given nothing else. Stack puts it in front of another
// one; rules of your own can be added to it with redact.New.
func DefaultRedactor() Redactor { return defaultRedactor() }

var defaultRedactor = sync.OnceValue(func() *redact.Redactor {
	r, err := redact.New(redact.Options{})
	if err != nil {
		panic(err) // there is no rule that could be wrong
	}
	return r
})

// RedactFunc makes a redactor of a function that rewrites payloads, which are
// JSON objects: numbers in them are json.Number. An error, a panic or a nil
// object is a failure. Single texts, such as the name of an agent or of an event
// type of one's own, come as an object whose only member has an empty name. What
// the function leaves alone is kept byte for byte. It may be called by several
// goroutines at once.
func RedactFunc(rewrite func(payload map[string]any) (map[string]any, error)) Redactor {
	return redactFunc(rewrite)
}

type redactFunc func(map[string]any) (map[string]any, error)

// JSON rewrites a payload. No bytes at all stand for a failure.
func (f redactFunc) JSON(raw []byte) ([]byte, int) {
	payload, err := decode(raw)
	if err != nil {
		return nil, 1
	}
	payload, err = f(payload)
	if err != nil || payload == nil {
		return nil, 1
	}
	return merge(raw, payload)
}

// Text rewrites a text. There is no other way to tell that it could not be than
// to panic.
func (f redactFunc) Text(s string) (string, int) {
	got, err := f(map[string]any{"": s})
	if err != nil || got == nil {
		panic("the text could not be redacted")
	}
	text, _ := got[""].(string) // taken out: nothing is left
	if text == s {
		return s, 0
	}
	return text, 1
}

func decode(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var payload map[string]any
	err := dec.Decode(&payload)
	return payload, err
}

// merge spells the rewritten payload in the order of the one before it, and
// what is new behind that. Values that say the same are kept as they stood.
func merge(raw []byte, payload map[string]any) ([]byte, int) {
	var o wire.Object
	changed := 0
	had := map[string]bool{}
	wire.Fields(raw, func(name string, old json.RawMessage) bool {
		value, kept := payload[name]
		if had[name] || !kept {
			changed++
			return true
		}
		had[name] = true
		text, err := encode(value)
		if err != nil {
			text = []byte("null")
		}
		if same(text, old) {
			text = old
		} else {
			changed++
		}
		o.Raw(name, text)
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		if !had[name] {
			changed++
			o.Set(name, payload[name])
		}
	}
	if changed == 0 {
		return raw, 0
	}
	return o.JSON(), changed
}

// same reports whether two JSON texts say the same.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, err := plain(a)
	other, err2 := plain(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// plain spells a JSON text in the one way of this program.
func plain(text []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// Stack makes one redactor of several: each is given what the one before it
// left. A failure of one is a failure of all.
func Stack(redactors ...Redactor) Redactor { return stack(redactors) }

type stack []Redactor

func (s stack) JSON(raw []byte) ([]byte, int) {
	total := 0
	for _, r := range s {
		out, n := r.JSON(raw)
		if n > 0 && !json.Valid(out) {
			return nil, 1
		}
		raw, total = out, total+n
	}
	return raw, total
}

func (s stack) Text(text string) (string, int) {
	total := 0
	for _, r := range s {
		out, n := r.Text(text)
		text, total = out, total+n
	}
	return text, total
}
