package jsonl

import (
	"bytes"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Repair returns the value as strict JSON, for whoever shows or exports it.
// NaN and the infinities become the strings that spell them, so that they are
// not mistaken for an unknown value; raw control bytes become escapes; bytes
// that are not UTF-8, and halves of surrogate pairs, become \ufffd; the
// backslash of an escape that JSON does not know becomes a backslash of the
// text. What is no value at all becomes a string that holds it.
func Repair(b []byte) []byte {
	b = trim(b)
	if !Valid(b) {
		return appendQuoted(make([]byte, 0, len(b)+2), b, false)
	}
	dst := make([]byte, 0, len(b)+16)
	for i := 0; i < len(b); {
		start := i
		switch class[b[i]] {
		case classQuote:
			i = skipString(b, i+1)
			dst = appendQuoted(dst, b[start+1:i-1], true)
		case classPlain:
			i = skipPlain(b, i)
			if KindOf(b[start:i]) == NotANumberKind {
				dst = appendQuoted(dst, b[start:i], false)
			} else {
				dst = append(dst, b[start:i]...)
			}
		default:
			dst = append(dst, b[i])
			i++
		}
	}
	return dst
}

// appendQuoted appends text as a strict JSON string. When the text is escaped
// already its good escapes stay as they are.
func appendQuoted(dst, text []byte, escaped bool) []byte {
	dst = append(dst, '"')
	for len(text) > 0 {
		n := plainPrefix(text)
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			break
		}
		size := 1
		switch c := text[0]; {
		case c == '\\' && escaped:
			dst, size = appendEscape(dst, text)
		case c == '\\' || c == '"':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			var r rune
			if r, size = utf8.DecodeRune(text); r == utf8.RuneError && size == 1 {
				dst = append(dst, `\ufffd`...)
			} else {
				dst = append(dst, text[:size]...)
			}
		}
		text = text[size:]
	}
	return append(dst, '"')
}

// appendEscape appends the escape that text begins with, repaired, and returns
// how much of text it was.
func appendEscape(dst, text []byte) ([]byte, int) {
	if r, size := escapedRune(text); size > 0 {
		if r == utf8.RuneError {
			return append(dst, `\ufffd`...), size
		}
		return append(dst, text[:size]...), size
	}
	if len(text) > 1 && unescaped[text[1]] != 0 {
		return append(dst, text[:2]...), 2
	}
	return append(dst, `\\`...), 1
}

// plainPrefix returns how many bytes of text can be copied as they are.
func plainPrefix(text []byte) int {
	n := bytes.IndexFunc(text, func(r rune) bool {
		return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError
	})
	if n < 0 {
		return len(text)
	}
	return n
}
