package wire

import "github.com/lazytrace/lazytrace/eventlog/jsonl"

// deepest is how deep containers may be nested, as deep as encoding/json goes.
const deepest = 10_000

// Each function returns where what begins at i ends, or -1 when it is not what
// JSON allows there. Together they take what encoding/json takes, in one pass
// that also tells where the members of an object are.

func valueEnd(b []byte, i, depth int) int {
	if i == len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		if depth > deepest {
			return -1
		}
		if b[i] == '[' {
			return arrayEnd(b, i, depth, nil)
		}
		return objectEnd(b, i, depth, nil)
	case 't':
		return wordEnd(b, i, "true")
	case 'f':
		return wordEnd(b, i, "false")
	case 'n':
		return wordEnd(b, i, "null")
	}
	return jsonl.NumberEnd(b, i)
}

// objectEnd gives every member to f, with its name as it is spelled, if there is
// an f. When it returns false the end of that member is taken for the object's.
func objectEnd(b []byte, i, depth int, f func(name, value []byte) bool) int {
	if i = skip(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i == len(b) || b[i] != '"' {
			return -1
		}
		end := stringEnd(b, i)
		if end < 0 {
			return -1
		}
		name := b[i:end]
		if i = skip(b, end); i == len(b) || b[i] != ':' {
			return -1
		}
		i = skip(b, i+1)
		if end = valueEnd(b, i, depth+1); end < 0 {
			return -1
		}
		if f != nil && !f(name, b[i:end]) {
			return end
		}
		if i = skip(b, end); i == len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i = skip(b, i+1)
		default:
			return -1
		}
	}
}

// arrayEnd gives every element to f, if there is one.
func arrayEnd(b []byte, i, depth int, f func(value []byte)) int {
	if i = skip(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		end := valueEnd(b, i, depth+1)
		if end < 0 {
			return -1
		}
		if f != nil {
			f(b[i:end])
		}
		if i = skip(b, end); i == len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			return i + 1
		case ',':
			i = skip(b, i+1)
		default:
			return -1
		}
	}
}

func stringEnd(b []byte, i int) int {
	for i++; ; {
		if i = plain(b, i, false); i == len(b) {
			return -1
		}
		switch {
		case b[i] == '"':
			return i + 1
		case b[i] != '\\' || i+1 == len(b):
			return -1
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if len(b)-i < 6 || !hexadecimal(b[i+2]) || !hexadecimal(b[i+3]) || !hexadecimal(b[i+4]) || !hexadecimal(b[i+5]) {
				return -1
			}
			i += 6
		default:
			return -1
		}
	}
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func wordEnd(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}
