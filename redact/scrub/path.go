package scrub

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// level is an open object or array on the way to a place.
type level struct {
	array bool
	index int
	key   string
	value bool // of an object: what comes next is a value
}

// longestPath is how much of a path is told.
const longestPath = 256

// pathAt says by names and numbers where a byte stands in a document, as in
// $.messages[2].text. The first value of a text that holds several is meant, unless
// the byte stands behind it.
func pathAt(text []byte, at int) string {
	var open []level
	for i := 0; i < at && i < len(text); {
		switch b := text[i]; b {
		case '{', '[':
			open = append(open, level{array: b == '['})
			i++
		case '}', ']':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
			i++
		case ',':
			if n := len(open); n > 0 {
				open[n-1].index++
				open[n-1].value = false
			}
			i++
		case ':':
			if n := len(open); n > 0 {
				open[n-1].value = true
			}
			i++
		case '"':
			end := endOfString(text, i)
			if end > at {
				return spell(open)
			}
			if n := len(open); n > 0 && !open[n-1].array && !open[n-1].value {
				open[n-1].key = Plain(text[i+1 : max(i+1, end-1)])
			}
			i = end
		default:
			i++
		}
	}
	return spell(open)
}

func endOfString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		k := bytes.IndexAny(text[i:], `"\`)
		if k < 0 {
			return len(text)
		}
		if i += k; text[i] == '"' {
			return i + 1
		}
		i++ // what is escaped
	}
	return len(text)
}

func spell(open []level) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, l := range open {
		switch {
		case l.array:
			b.WriteString("[" + strconv.Itoa(l.index) + "]")
		case plainName(l.key):
			b.WriteString("." + l.key)
		default:
			quoted, _ := json.Marshal(l.key) // a string always has a spelling
			b.WriteString("[" + string(quoted) + "]")
		}
		if b.Len() > longestPath {
			return b.String()[:longestPath] + "…"
		}
	}
	return b.String()
}

func plainName(key string) bool {
	for i := 0; i < len(key); i++ {
		if c := key[i]; !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return key != ""
}
