package redact

import "strings"

// Byte classes: one table look-up tells the scanner what a byte may start.
const (
	cWord   = 1 << iota // letters, digits, _ and -
	cDigit              // 0-9
	cHex                // 0-9 a-f A-F
	cLetter             // a-z A-Z
	cB64                // the base64 alphabets without padding
	cSpace              // space and tab
	cStop               // the scanner has to look: : [ < ESC
	cJoin               // may stand behind the name of a secret and before its value
)

var class = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= '0' && b <= '9':
			t[c] = cWord | cDigit | cHex | cB64
		case b >= 'a' && b <= 'f', b >= 'A' && b <= 'F':
			t[c] = cWord | cLetter | cHex | cB64
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			t[c] = cWord | cLetter | cB64
		case b == '_' || b == '-':
			t[c] = cWord | cB64
		case b == '+' || b == '/':
			t[c] = cB64
		case b == ' ' || b == '\t':
			t[c] = cSpace
		case b == ':' || b == '[' || b == '<' || b == 0x1b:
			t[c] = cStop
		}
	}
	for _, b := range []byte("=:\"'\\ \t`]>\x1b*,%\r\n") {
		t[b] |= cJoin
	}
	return t
}()

func is(b byte, c uint8) bool { return class[b]&c != 0 }

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
func isLower(b byte) bool { return b >= 'a' && b <= 'z' }

func lower(b byte) byte {
	if isUpper(b) {
		return b + 32
	}
	return b
}

// run returns the end of the run of bytes of class c that starts at i.
func run(s string, i int, c uint8) int {
	for i < len(s) && class[s[i]]&c != 0 {
		i++
	}
	return i
}

func hasPrefixFold(s, lowerPrefix string) bool {
	return len(s) >= len(lowerPrefix) && equalFold(s[:len(lowerPrefix)], lowerPrefix)
}

// equalFold compares ASCII text with a lower-case word.
func equalFold(s, lowerWord string) bool {
	if len(s) != len(lowerWord) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != lowerWord[i] {
			return false
		}
	}
	return true
}

// containsFold reports whether s holds a lower-case ASCII word in any case.
func containsFold(s, lowerWord string) bool {
	n := len(lowerWord)
	first := lowerWord[0]
	for i := 0; i+n <= len(s); i++ {
		if lower(s[i]) == first && equalFold(s[i:i+n], lowerWord) {
			return true
		}
	}
	return false
}

func trimTail(s string, from, to int, cut string) int {
	for to > from && strings.IndexByte(cut, s[to-1]) >= 0 {
		to--
	}
	return to
}
