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
	recent [64]string
}

// of returns the string of b.
func (n *names) of(b []byte) string { return n.share(b, true) }

// share returns the string of b, and has it known for good if it is to stay.
func (n *names) share(b []byte, stay bool) string {
	if len(b) == 0 {
		return ""
	}
	at := &n.recent[(len(b)+int(b[len(b)/2])*3+int(b[len(b)-1])*5)%len(n.recent)]
	if *at == string(b) {
		return *at
	}
	s, ok := "", false
	if stay {
		s, ok = n.known[string(b)]
	}
	if !ok {
		s = string(b)
		if n.known == nil {
			n.known = map[string]string{}
		}
		if stay && len(n.known) < maxNames {
			n.known[s] = s
		}
	}
	*at = s
	return s
}

// text returns a JSON value as a name: a string without its quotes, a number
// as it is spelled, and nothing for null.
func (n *names) text(value []byte) string { return n.value(value, true) }

// id is text for what names a few records only, as the id of a call does.
func (n *names) id(value []byte) string { return n.value(value, false) }

func (n *names) value(value []byte, stay bool) string {
	if len(value) == 0 || jsonl.IsNull(value) {
		return ""
	}
	if value[0] != '"' {
		return n.share(value, stay)
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		s, _ := jsonl.String(value)
		inner = []byte(s)
	}
	return n.share(inner, stay)
}
