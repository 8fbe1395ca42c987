package redact

import (
	"math/bits"
	"strings"
)

// Most words of a text say nothing: they are prose, names and keys that no secret has
// to do with. What is here tells them from the others by a few of their letters, so that
// word, which knows all about secrets, is asked about the others only. It may be wrong
// in one direction: whatever it calls quiet, word has nothing to say to.

// sentence steps over lower-case words, each followed by a blank and another word,
// and returns where it stopped: at the beginning of a word or of what stands between.
// Before i there is a blank or nothing.
func (c *scanner) sentence(i int) int {
	s := c.s
	for i+20 <= len(s) {
		n := lowerRun(load(s, i))
		if n == 8 {
			n += lowerRun(load(s, i+8))
		}
		if n > 15 || s[i+n] != ' ' {
			return i
		}
		if n < 2 {
			if n == 0 {
				return i
			}
			i += 2
			continue
		}
		if !prosaic[s[i+n+1]] && valueFollows(s, i, i+n) || schemeLike(s, i, i+n) || n >= 10 && bears(s, i) {
			return i
		}
		c.prevFrom, c.prev = i, i+n
		i += n + 1
	}
	return i
}

// load returns the eight bytes at i, the first of them lowest. Bytes of a string with
// constant numbers are what the compiler reads in one go.
func load(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// lowerRun returns how many bytes of x are lower-case letters without anything else
// before them.
func lowerRun(x uint64) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	from := (x | high) - 'a'*ones       // the high bit of a byte: it is not below a
	beyond := (x | high) - ('z'+1)*ones // it is beyond z
	return bits.TrailingZeros64(^(from&^beyond&^x)&high) / 8
}

// prosaic are the bytes that begin a word before which another one names no value,
// whatever it is: letters and digits, but for i, w and v. See valueFollows.
var prosaic = func() (t [256]bool) {
	for c := range 256 {
		b := byte(c)
		t[c] = is(b, cLetter|cDigit) && b != 'i' && b != 'w' && b != 'v'
	}
	return t
}()

// schemeLike reports whether a word may be one with which something of its
// own begins: apikey, basic, bearer, or password.
func schemeLike(s string, i, j int) bool {
	if schemes[s[i]]>>(j-i)&1 == 0 {
		return false
	}
	second := s[i+1] | 0x20
	return second == 'p' || second == 'a' || second == 'e'
}

// schemes are how long these words are, a bit each, by their first byte.
var schemes = [256]uint16{'a': 1 << 6, 'b': 1<<5 | 1<<6, 'p': 1 << 8}

// speaking reports whether a word may be the name of a secret, or what stands before the
// value of one that was named: value, default, by. It looks at few letters.
func speaking(w string) bool { return tellingEnd(w) || w[0] == 'v' || w[0] == 'd' || w == "by" }

// valueFollows reports whether behind the word s[i:j] and a blank something stands that
// may be its value, or lead to it: is, was, value. See prose.
func valueFollows(s string, i, j int) bool {
	next := s[j+1:]
	switch next[0] {
	case 'i':
		return speaking(s[i:j]) || strings.HasPrefix(next, "is ")
	case 'w':
		return speaking(s[i:j]) || strings.HasPrefix(next, "was ")
	case 'v':
		return true
	}
	return class[next[0]]&(cLetter|cDigit) == 0
}

// quiet reports whether word has nothing to say to the word s[i:j], all of whose bytes
// are of the classes in k. If so it notes it as the word before, as word would.
func (c *scanner) quiet(i, j int, k uint8) bool {
	s := c.s
	var before byte
	if i > 0 {
		if before = s[i-1]; before == '\\' || before == '%' {
			i = escaped(s, i, j)
		}
	}
	if n := j - i; n < 2 {
		return n == 0 || s[i] != '1'
	}
	if j-i >= 24 || j+1 >= len(s) || c.mayHold(i, j, k, before) || is(s[j], cJoin) && c.mayName(i, j, k, before) {
		return false
	}
	c.prevFrom, c.prev = i, j
	return true
}

// mayHold reports whether the word s[i:j] behind the byte before may be a secret, or one
// may begin with it, whatever stands around it.
func (c *scanner) mayHold(i, j int, k uint8, before byte) bool {
	s, n := c.s, j-i
	switch s[j] {
	case '~', '+', 0xc2: // the last one may be a blank
		return true
	case '/':
		if before != '/' && before != '+' && c.flags&public == 0 {
			return true
		}
	case '.':
		if n >= 12 || n == 2 && strings.IndexByte(s[j+1:min(j+4, len(s))], '~') >= 0 {
			return true
		}
	case '(':
		if before == '@' {
			return true
		}
	case ':':
		if k&cDigit != 0 && n >= 6 || s[i:j] == "thin" || s[i:j] == "Private-Lines" {
			return true
		}
	}
	if n == 3 && s[j+1] == '~' {
		return true
	}
	if k&cDigit != 0 {
		return false
	}
	return class[s[i]]&class[s[j-1]]&cLetter == 0 || (n >= 10 || s[j] == '.' || s[j] == '/') && bears(s, i)
}

// mayName reports whether the word s[i:j] behind the byte before, alone or with the word
// before it, may be the name of a secret, or lead to the value of one that was named.
func (c *scanner) mayName(i, j int, k uint8, before byte) bool {
	s, n := c.s, j-i
	touched := c.prev == i-1 && before == ' '
	if k&cDigit != 0 {
		return touched
	}
	w := s[i:j]
	switch s[j] {
	case ' ':
		if k&cLetter != 0 && !isUpper(w[0]) && !valueFollows(s, i, j) && !schemeLike(s, i, j) {
			return false
		}
	case '=':
		if before == '?' || before == '&' || before == ';' {
			return true
		}
	}
	if loudEnd(w, k&cLetter == 0) || touched && n <= 12 && (n == 2 || speaks(s[c.prevFrom:j])) || n >= 10 && (k&cLetter == 0 || !simple(w)) && speaks(w) {
		return true
	}
	switch w[0] | 0x20 {
	case 'b': // by, basic
		return n == 2 && w[1]|0x20 == 'y' || n == 5 && w[1]|0x20 == 'a'
	case 'v', 'd': // value, default
		return n <= 7 && c.named > 0
	}
	return false
}

// loudEnd reports whether a word ends like the name of a secret or, if it is made of
// several, like what says where one is for. See environments.
func loudEnd(w string, compound bool) bool {
	return tellingEnd(w) || compound && (placeEnds.has(w) || jointEnd(w))
}

// bears reports whether the prefix of an issuer stands at i. There are two bytes at
// least.
func bears(s string, i int) bool {
	if !startsLike(s, i) {
		return false
	}
	table := issuers()[s[i]]
	for k := range table {
		if p := &table[k]; p.text[1] == s[i+1] && strings.HasPrefix(s[i:], p.text) {
			return true
		}
	}
	return false
}

// startsLike reports whether the first bytes at i, two at least, may be those of such a
// prefix.
func startsLike(s string, i int) bool {
	third := issuerStarts[s[i]][s[i+1]&31]
	return third != 0 && (i+2 == len(s) || third&(1<<(s[i+2]&31)) != 0)
}

// issuerStarts are the third bytes of the prefixes of issuers by the first and the second,
// of these the last five bits.
var issuerStarts = func() (t [256][32]uint32) {
	for b := range t {
		for _, p := range prefixes(byte(b)) {
			third := &t[p.text[0]][p.text[1]&31]
			if len(p.text) == 2 {
				*third = 1<<32 - 1
			} else {
				*third |= 1 << (p.text[2] & 31)
			}
		}
	}
	return t
}()
