package redact

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func space(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// stringEnd returns the index after the closing quote of the string at i, or -1.
func stringEnd(s string, i int) int {
	for i++; i < len(s); {
		k := strings.IndexByte(s[i:], '"')
		if k < 0 {
			return -1
		}
		i += k
		back := 0
		for s[i-1-back] == '\\' {
			back++
		}
		if i++; back%2 == 0 {
			return i
		}
	}
	return -1
}

// literal returns the length of the number or word at the start of s, or 0.
func literal(s string) int {
	for _, w := range [...]string{"true", "false", "null", "NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(s, w) {
			return len(w)
		}
	}
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	j := run(s, i, cDigit)
	if j == i {
		return 0
	}
	if j+1 < len(s) && s[j] == '.' && is(s[j+1], cDigit) {
		j = run(s, j+1, cDigit)
	}
	if j < len(s) && (s[j] == 'e' || s[j] == 'E') {
		e := j + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if end := run(s, e, cDigit); end > e {
			j = end
		}
	}
	return j
}

// unescape decodes the inside of a JSON string.
func unescape(raw string) string { return view(appendUnescaped(make([]byte, 0, len(raw)), raw)) }

func appendUnescaped(b []byte, raw string) []byte {
	var buf [4]byte
	for i := 0; i < len(raw); {
		k := strings.IndexByte(raw[i:], '\\')
		if k < 0 {
			return append(b, raw[i:]...)
		}
		b = append(b, raw[i:i+k]...)
		i += k
		size, n := unit(raw, i, &buf)
		b = append(b, buf[:n]...)
		i += size
	}
	return b
}

// unit decodes what stands at i: one byte or one escape. It returns its length
// in raw and the number of bytes put into buf.
func unit(raw string, i int, buf *[4]byte) (size, n int) {
	if raw[i] != '\\' || i+1 >= len(raw) {
		buf[0] = raw[i]
		return 1, 1
	}
	switch b := raw[i+1]; b {
	case 'n':
		buf[0] = '\n'
	case 'r':
		buf[0] = '\r'
	case 't':
		buf[0] = '\t'
	case 'b':
		buf[0] = '\b'
	case 'f':
		buf[0] = '\f'
	case 'u':
		r, ok := hex4(raw, i+2)
		if !ok {
			buf[0] = 'u'
			return 2, 1
		}
		size = 6
		if utf16.IsSurrogate(r) {
			if r2, ok := hex4(raw, i+8); ok && raw[i+6:i+8] == "\\u" && utf16.DecodeRune(r, r2) != utf8.RuneError {
				return 12, utf8.EncodeRune(buf[:], utf16.DecodeRune(r, r2))
			}
			r = utf8.RuneError
		}
		return size, utf8.EncodeRune(buf[:], r)
	default:
		buf[0] = b
	}
	return 2, 1
}

func hex4(s string, i int) (r rune, ok bool) {
	if i+4 > len(s) {
		return 0, false
	}
	for _, b := range []byte(s[i : i+4]) {
		switch {
		case b >= '0' && b <= '9':
			r = r<<4 | rune(b-'0')
		case lower(b) >= 'a' && lower(b) <= 'f':
			r = r<<4 | rune(lower(b)-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// locate turns spans of the decoded string into spans of raw, widening them to
// whole escapes.
func locate(raw string, spans []span) []span {
	out := make([]span, 0, len(spans))
	var buf [4]byte
	i, d, k := 0, 0, 0 // positions in raw and decoded text, current span
	from := -1
	for i < len(raw) && k < len(spans) {
		size, n := unit(raw, i, &buf)
		if from < 0 && d+n > spans[k].from {
			from = i
		}
		i += size
		d += n
		if from >= 0 && d >= spans[k].to {
			out = append(out, span{from, i, spans[k].kind})
			from = -1
			for k++; k < len(spans) && spans[k].to <= d; k++ {
			}
		}
	}
	return out
}
