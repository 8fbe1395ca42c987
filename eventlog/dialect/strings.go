package dialect

import (
	"bytes"

	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// maxNames bounds how many different names one decoder keeps.
const maxNames = 1 << 16

// names turns the bytes of names that repeat into strings that are shared. The
// zero names is empty.
type names struct {
	known map[string]string
	// recent are those of late, by what they look like: records of one run come
	// together, and comparing is cheaper than a hash.
	recent [64]struct{ raw, name string }
}

// of returns the string of b.
func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := n.known[string(b)]; ok {
		return s
	}
	s := string(b)
	if n.known == nil {
		n.known = map[string]string{}
	}
	if len(n.known) < maxNames {
		n.known[s] = s
	}
	return s
}

// text returns a JSON value as a name: a string without its quotes, a number
// as it is spelled, and nothing for null.
func (n *names) text(value []byte) string { return n.value(value, true) }

// id is text for what names a few records only, as the id of a call does.
func (n *names) id(value []byte) string { return n.value(value, false) }

func (n *names) value(value []byte, stay bool) string {
	size := len(value)
	if size == 0 {
		return ""
	}
	at := &n.recent[(size+int(value[size/2])*3+int(value[max(0, size-2)])*5)%len(n.recent)]
	if at.raw == string(value) {
		return at.name
	}
	switch {
	case jsonl.IsNull(value):
		return ""
	case value[0] != '"' || bytes.IndexByte(value, '\\') >= 0:
		return n.of([]byte(readable(value)))
	case size == 2:
		return ""
	}
	raw := ""
	if stay {
		raw = n.of(value) // with its quotes, so that it is found by what stands in the log
	} else {
		raw = string(value)
	}
	at.raw, at.name = raw, raw[1:size-1]
	return at.name
}
