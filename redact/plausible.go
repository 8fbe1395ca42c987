package redact

import (
	"encoding/base64"
	"strings"
)

// plausible decides whether a value is the secret its key promises. hard says
// that the two are joined tightly, not by prose or an unquoted colon.
func plausible(k secrecy, v string, hard bool) bool {
	if len(v) < 4 || len(v) > maxValue || placeholder(v) || reference(v) {
		return false
	}
	if v[0] == '\\' && (v[1] == 'u' || v[1] == 'U') && len(v) < 24 {
		return false // one letter of some script
	}
	spaces := strings.IndexByte(v, ' ') >= 0
	switch k {
	case phrase:
		return hard && strings.Count(v, " ") < 30 && !strings.ContainsAny(v, ".:?") || !spaces && measure(v).random()
	case password:
		return plausiblePassword(v, hard, spaces)
	}
	if spaces || strings.Contains(v, "://") || reserved(v) || path(v) {
		return false
	}
	m := measure(v)
	switch {
	case k == weakSecret:
		return m.n >= 16 && (m.random() && (hard || m.hex == m.n) || m.opaque()) && !slugged(v)
	case !hard && m.n < 12 || m.n < 8 || m.letters == 0 && m.n < 20:
		return false
	case slugged(v):
		return false
	case m.random():
		return true
	case m.n >= 10 && m.digits >= 3 && m.letters >= 3 && hard:
		return true
	}
	return hard && m.n >= 16 && m.digits > 0 && !m.wordy() && (m.turns >= 2 || m.upper > 0 && m.lower > 0)
}

func plausiblePassword(v string, hard, spaces bool) bool {
	if reserved(v) || path(v) || strings.Contains(v, "://") {
		return false
	}
	m := measure(v)
	if spaces {
		// A sentence about the password, or a pass phrase with a number in it.
		return hard && m.digits > 0 && strings.Count(v, " ") < 6 && !strings.ContainsAny(v[len(v)-1:], ".?:") && m.n < 64 && !isUpper(v[0])
	}
	switch {
	case hard && m.letters == 0:
		return m.digits >= 4 && strings.Count(v, ".") < 2
	case hard:
		return m.n >= 6 || m.digits > 0
	case m.n < 6:
		return false
	}
	return m.digits > 0 || m.random() || m.n >= 10 && m.upper > 0 && m.lower > 0 && m.odds() > 1.5 || m.upper > 0 && m.lower > 0 && m.other > 0
}

// path reports whether a value is the name of a file.
func path(v string) bool {
	if v[0] == '/' || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "../") || strings.HasPrefix(v, "~/") {
		m := measure(v)
		return m.turns*8 < m.n && m.common*100 >= m.pairs*65
	}
	return false
}

// userAndPassword reports whether v is the base64 of user:password.
func userAndPassword(v string) bool {
	d, ok := unpack(v)
	return ok && strings.IndexByte(d, ':') > 0
}

// unpack decodes base64 that holds text.
func unpack(v string) (string, bool) {
	var enc *base64.Encoding
	v = strings.TrimRight(v, "=")
	if strings.ContainsAny(v, "-_") {
		enc = base64.RawURLEncoding
	} else {
		enc = base64.RawStdEncoding
	}
	if len(v) < 8 {
		return "", false
	}
	var head [6]byte // most of what is asked about is no text, which these tell
	if _, err := enc.Decode(head[:], []byte(v[:8])); err != nil || !printable(head[:]) {
		return "", false
	}
	if len(v)%4 == 1 {
		v = v[:len(v)-1]
	}
	d, err := enc.DecodeString(v)
	if err != nil || !printable(d) {
		return "", false
	}
	return string(d), true
}

// printable allows for text in any language, but no control bytes.
func printable(b []byte) bool {
	high := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
		if c >= 0x80 {
			high++
		}
	}
	return high*2 <= len(b)
}
