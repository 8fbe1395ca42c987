package dialect

import "github.com/lazytrace/lazytrace/eventlog/jsonl"

// maxNames bounds how many different names one decoder keeps.
const maxNames = 1 << 16

// names turns the bytes of names that repeat into strings that are shared.
type names map[string]string

// of returns the string of b.
func (n names) of(b []byte) string {
	if s, ok := n[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(n) < maxNames {
		n[s] = s
	}
	return s
}

// text returns a JSON value as a name: a string without its quotes, a number
// as it is spelled, and nothing for null.
func (n names) text(value []byte) string {
	if len(value) == 0 || jsonl.IsNull(value) {
		return ""
	}
	if value[0] != '"' {
		return n.of(value)
	}
	inner := value[1 : len(value)-1]
	for _, c := range inner {
		if c == '\\' {
			s, _ := jsonl.String(value)
			return n.of([]byte(s))
		}
	}
	return n.of(inner)
}
