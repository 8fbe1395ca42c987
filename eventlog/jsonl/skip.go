package jsonl

import "bytes"

// The classes of bytes that skipping tells apart.
const (
	classPlain = iota // of no meaning here
	classSpace        // white space between tokens
	classQuote        // begins a string
	classOpen         // begins an object or array
	classClose        // ends one
	classComma        // stands between tokens: comma or colon
)

var class = [256]uint8{
	' ': classSpace, '\t': classSpace, '\r': classSpace, '\n': classSpace,
	'"': classQuote,
	'{': classOpen, '[': classOpen,
	'}': classClose, ']': classClose,
	',': classComma, ':': classComma,
}

// skipSpace returns the index of the first byte from i on that is not white
// space, or len(b).
func skipSpace(b []byte, i int) int {
	for i < len(b) && class[b[i]] == classSpace {
		i++
	}
	return i
}

// trim returns b without white space around it.
func trim(b []byte) []byte {
	b = b[skipSpace(b, 0):]
	for len(b) > 0 && class[b[len(b)-1]] == classSpace {
		b = b[:len(b)-1]
	}
	return b
}

// skipValue returns the index after the value that begins at i, or -1 when
// none does.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch class[b[i]] {
	case classQuote:
		return skipString(b, i+1)
	case classOpen:
		return skipNested(b, i)
	case classPlain:
		return skipScalar(b, i)
	}
	return -1
}

// skipScalar returns the index after the number or literal that begins at i, or -1
// when none does, or more stands behind it than may.
func skipScalar(b []byte, i int) int {
	if end := NumberEnd(b, i); end == len(b) || end > 0 && class[b[end]] != classPlain {
		return end
	}
	end := skipPlain(b, i)
	switch string(b[i:end]) {
	case "true", "false", "null", "NaN", "Infinity", "-Infinity":
		return end
	}
	return -1
}

// NumberEnd returns the index after the number that begins at i, by the grammar of
// JSON: no plus sign, no leading zero, no bare point. Without one it returns -1.
func NumberEnd(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = skipDigits(b, i); i < 0 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = skipDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return skipDigits(b, i)
	}
	return i
}

// skipDigits returns the index after the digits that begin at i, or -1 without one.
func skipDigits(b []byte, i int) int {
	from := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

// skipPlain returns the index of the first byte from i on that cannot be part
// of a number or literal.
func skipPlain(b []byte, i int) int {
	for i < len(b) && class[b[i]] == classPlain {
		i++
	}
	return i
}

// skipString returns the index after the quote that closes the string, whose
// first byte after the opening quote is at i, or -1 when nothing closes it.
// The opening quote must stand before i: it ends the count of backslashes.
func skipString(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		if b[i-2] != '\\' {
			return i
		}
		k := i - 3
		for b[k] == '\\' {
			k--
		}
		if (i-k)&1 == 0 { // an even number of backslashes
			return i
		}
	}
}

// skipNested returns the index after the object or array that begins at i, or
// -1 when its brackets do not balance. It counts depth and keeps no stack, so
// no nesting is too deep for it; that each bracket closes one of its own sort
// is checked of the outermost pair only.
func skipNested(b []byte, i int) int {
	last := closing(b[i])
	depth := 0
	for i < len(b) {
		switch class[b[i]] {
		case classQuote:
			if i = skipString(b, i+1); i < 0 {
				return -1
			}
			continue
		case classOpen:
			depth++
		case classClose:
			if depth--; depth == 0 {
				if b[i] != last {
					return -1
				}
				return i + 1
			}
		}
		i++
	}
	return -1
}
