package redact

import (
	"sort"
	"strings"
)

// maxDepth bounds documents in strings in documents, and base64 in base64.
const maxDepth = 5

// flags tell the scanner what is known about a text from outside.
type flags uint8

const (
	public  flags = 1 << iota // the value of an id, signature or digest: no guessing by shape
	decoded                   // the text was unpacked from base64
)

// scanner walks one text once, from left to right.
type scanner struct {
	s     string
	spans []span
	depth int
	flags flags

	prev     int // end of the word before, for key names of two words
	prevFrom int

	named     int     // end of the last telling name that had no value
	namedKind keyKind // and what it promised
	jar       int     // end of the last cookie line

	bodies  [sAlnum + 1]reach // by set of bytes
	bares   reach
	seen    int   // up to where values were judged
	address reach // of the last URL
	ends    reach // of private keys: between these there is no END line
}

// scan finds what to mask in plain text.
func (r *Redactor) scan(s string, depth int, f flags) []span {
	var spans []span
	if r.builtin {
		c := scanner{s: s, depth: depth, flags: f, prev: -1}
		c.walk()
		spans = c.spans
	}
	if len(r.pii) > 0 && f&public == 0 {
		spans = merge(spans, personal(s, r.pii))
	}
	for i := range r.rules {
		spans = merge(spans, r.rules[i].find(s))
	}
	return spans
}

func (u *userRule) find(s string) (spans []span) {
	for _, m := range u.re.FindAllStringSubmatchIndex(s, -1) {
		from, to := m[2*u.group], m[2*u.group+1]
		if from < to && !marked(s[from:to]) && !insideMarker(s, from) {
			spans = append(spans, span{from, to, u.name})
		}
	}
	return spans
}

// insideMarker keeps a rule from eating the words of a marker.
func insideMarker(s string, at int) bool {
	head := s[max(0, at-60):at]
	if k := strings.LastIndex(head, "[REDACTED:"); k >= 0 {
		return strings.IndexByte(head[k:], ']') < 0
	}
	return false
}

// merge joins two sets of spans; where they overlap the earlier set wins.
func merge(a, b []span) []span {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	sort.Slice(b, func(i, j int) bool { return b[i].from < b[j].from })
	out := make([]span, 0, len(a)+len(b))
	k := 0
	for _, p := range b {
		for k < len(a) && a[k].to <= p.from {
			out = append(out, a[k])
			k++
		}
		if k < len(a) && a[k].from < p.to {
			continue
		}
		if n := len(out); n > 0 && out[n-1].to > p.from {
			continue
		}
		out = append(out, p)
	}
	return append(out, a[k:]...)
}

func (c *scanner) mask(from, to int, kind string) int {
	if n := len(c.spans); from >= to || n > 0 && c.spans[n-1].to > from {
		return to
	}
	c.spans = append(c.spans, span{from, to, kind})
	return to
}

func (c *scanner) walk() {
	s := c.s
	for i := 0; i < len(s); {
		switch k := class[s[i]]; {
		case k&cWord != 0:
			if isLower(s[i]) && (i == 0 || s[i-1] == ' ') {
				if i = c.sentence(i); i >= len(s) || class[s[i]]&cWord == 0 {
					continue
				}
				k = class[s[i]]
			}
			j := i + 1
			if isLower(s[i]) && i+8 <= len(s) {
				j, k = i+lowerRun(load(s, i)), cWord|cLetter|cB64
			}
			for j < len(s) {
				next := class[s[j]]
				if next&cWord == 0 {
					break
				}
				k &= next
				j++
			}
			if c.quiet(i, j, k) {
				i = j
				continue
			}
			i = c.word(i, j)
		case k&cStop != 0:
			i = c.stop(i)
		default:
			i++
		}
	}
}

// stop handles a byte that is no word but may begin something.
func (c *scanner) stop(i int) int {
	s := c.s
	switch s[i] {
	case ':':
		if i+2 < len(s) && s[i+1] == '/' && s[i+2] == '/' {
			return c.url(i)
		}
	case '[':
		if strings.HasPrefix(s[i:], "[REDACTED") {
			return markerEnd(s, i, ']')
		}
		if i > 0 && (s[i-1] == 0x1b || strings.HasSuffix(s[:i], "u001b") || strings.HasSuffix(s[:i], "x1b") || strings.HasSuffix(s[:i], "033")) {
			return csiEnd(s, i+1)
		}
	case '<':
		if strings.HasPrefix(s[i:], "<redacted") {
			return markerEnd(s, i, '>')
		}
	}
	return i + 1
}

func markerEnd(s string, i int, closer byte) int {
	if k := strings.IndexByte(s[i:min(len(s), i+80)], closer); k > 0 {
		return i + k + 1
	}
	return i + 1
}

// csiEnd returns the end of a terminal colour sequence whose parameters start
// at i, or i if there is none.
func csiEnd(s string, i int) int {
	j := i
	for j < len(s) && j < i+24 && (is(s[j], cDigit) || s[j] == ';' || s[j] == '?') {
		j++
	}
	if j < len(s) && is(s[j], cLetter) {
		return j + 1
	}
	return i
}

// escaped returns where a word really starts that follows an escape: the n of
// \n, the 22 of %22 and the u0022 of \u0022 are not part of it.
func escaped(s string, i, j int) int {
	if i == 0 {
		return i
	}
	switch s[i-1] {
	case '\\':
		switch s[i] {
		case 'n', 'r', 't', 'b', 'f':
			return i + 1
		case 'u':
			if j-i >= 5 && run(s[:i+5], i+1, cHex) == i+5 {
				return i + 5
			}
		}
	case '%':
		if j-i >= 2 && is(s[i], cHex) && is(s[i+1], cHex) {
			return i + 2
		}
	}
	return i
}

// word looks at the word s[i:j] and returns where to go on.
func (c *scanner) word(i, j int) int {
	s := c.s
	if j-i < 2 {
		if s[i] == '1' && strings.HasPrefix(s[j:], "//0") {
			if to, kind := c.issued(i); to > 0 {
				return c.mask(i, to, kind)
			}
		}
		return j
	}
	if k := escaped(s, i, j); k != i {
		if i = k; j-i < 2 {
			return j
		}
	}
	prevFrom, prev := c.prevFrom, c.prev
	c.prevFrom, c.prev = i, j

	k := i // the word without the dashes of a flag
	for k < j && (s[k] == '-' || s[k] == '_') {
		k++
	}
	if s[i] == '-' && j-i < 40 && k-i <= 2 {
		if to := c.short(i, j); to > 0 {
			return to
		}
	}
	if k-i >= 5 && s[i] == '-' {
		if to := c.armour(i, k); to > 0 {
			return to
		}
	}
	if j-k < 2 {
		return j
	}
	if j-k >= 10 || j < len(s) && s[j] == '.' || j < len(s) && is(s[j], cB64) {
		if to, kind := c.issued(k); to > 0 {
			return c.mask(k, to, kind)
		}
	}
	if j < len(s) {
		if to := c.keyed(i, j, prevFrom, prev); to > 0 {
			return to
		}
		if to := c.scheme(k, j); to > 0 {
			return to
		}
		if to := c.driver(i, j); to > 0 {
			return to
		}
	}
	if c.flags&public == 0 {
		if to, kind := c.shaped(k, j); to > 0 {
			return c.mask(k, to, kind)
		}
		if j-k >= 24 && unknownPrefix(s[k:j]) && !extension(s, j) {
			return c.mask(k, j, "token")
		}
	}
	if j-k == 13 && j < len(s) && s[j] == ':' && s[k:j] == "Private-Lines" {
		at := run(s, j+1, cSpace|cDigit)
		if to := armourLines(s, at, min(len(s), at+maxArmour)); keyBytes(s[at:to]) >= 16 {
			return c.mask(space(s, at), to, "private-key")
		}
	}
	if j-k == 6 && j < len(s) && s[j] == ',' && s[k:j] == "base64" {
		return run(s, j+1, cB64) // the body of a data: URI
	}
	if to := c.encoded(k, j); to > 0 {
		return to
	}
	return j
}

// extension reports whether a file name goes on at j.
func extension(s string, j int) bool {
	return j+1 < len(s) && s[j] == '.' && is(s[j+1], cLetter|cDigit)
}
