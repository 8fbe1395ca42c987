// Package escape makes foreign text fit for a terminal. Nothing that came out
// of a log, a file name, an environment or an error text may be written to a
// terminal but through it: every control byte, in either coding, and every
// character that hides or reorders others is replaced by a visible spelling.
package escape

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// Text returns s for showing over several lines: newlines stay, tabs become
// spaces.
func Text(s string) string { return escape(s, true) }

// Line returns s for showing on one line: line ends become a visible return
// sign.
func Line(s string) string { return escape(s, false) }

func escape(s string, lines bool) string {
	i := clean(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\n':
			b.WriteString("↵")
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
			// One line end, written the Windows way.
		case r == '\t' && lines:
			b.WriteString("    ")
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte(hex[s[i]>>4])
			b.WriteByte(hex[s[i]&15])
		case r < ' ' || r == 0x7f:
			b.WriteString(`\x`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		case hidden(r):
			writeRune(&b, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// clean returns the length of the prefix that is plain printable ASCII, which
// is nearly always all of it.
func clean(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return i
		}
	}
	return len(s)
}

// hidden reports whether r would steer the terminal, or change how its
// neighbours look without showing itself.
func hidden(r rune) bool {
	switch {
	case r < 0xa0:
		return r >= 0x7f
	case r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff, r == 0x3164, r == 0xffa0, r == 0x2800:
		return true // soft hyphen, marks and blanks that show nothing
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true // zero width, line and paragraph separators, bidi
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return true // variation selectors: terminals disagree about the width
	case r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f:
		return true // annotations and tags
	case r >= 0xd800 && r <= 0xf8ff, r >= 0xf0000:
		return true // private use: no two fonts agree
	}
	return unicode.In(r, unicode.Cc, unicode.Cf)
}

func writeRune(b *strings.Builder, r rune) {
	b.WriteString(`\u`)
	if r > 0xffff {
		b.WriteByte('{')
		for shift := 20; shift >= 0; shift -= 4 {
			b.WriteByte(hex[r>>shift&15])
		}
		b.WriteByte('}')
		return
	}
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(hex[r>>shift&15])
	}
}
