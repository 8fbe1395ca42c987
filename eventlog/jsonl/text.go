package jsonl

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// String returns the text of a string value, and whether it is one. An escape
// that is half of a surrogate pair becomes U+FFFD; bytes that are not UTF-8,
// and escapes that JSON does not know, stay as they are.
func String(value []byte) (string, bool) {
	if !isString(value) {
		return "", false
	}
	text := value[1 : len(value)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text), true
	}
	return string(appendUnescaped(make([]byte, 0, len(text)), text)), true
}

// AppendString appends the text of a string value to dst, as String returns
// it, and reports whether the value is one.
func AppendString(dst, value []byte) ([]byte, bool) {
	if !isString(value) {
		return dst, false
	}
	return appendUnescaped(dst, value[1:len(value)-1]), true
}

// isString reports whether the value is one whole string.
func isString(value []byte) bool {
	return len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"'
}

// unescaped holds what the letter after a backslash stands for.
var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// appendUnescaped appends text with its escapes undone.
func appendUnescaped(dst, text []byte) []byte {
	for {
		n := bytes.IndexByte(text, '\\')
		if n < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:n]...)
		text = text[n:]
		if r, size := escapedRune(text); size > 0 {
			dst = utf8.AppendRune(dst, r)
			text = text[size:]
			continue
		}
		if len(text) > 1 && unescaped[text[1]] != 0 {
			dst = append(dst, unescaped[text[1]])
			text = text[2:]
			continue
		}
		dst = append(dst, '\\')
		text = text[1:]
	}
}

// escapedRune reads the \uXXXX, or the pair of them, that text begins with. It
// returns the size 0 when text begins with none.
func escapedRune(text []byte) (rune, int) {
	r, ok := escapedUnit(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := escapedUnit(text[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// escapedUnit reads one \uXXXX.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range text[2:6] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
