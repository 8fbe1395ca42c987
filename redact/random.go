package redact

// bigrams holds, for each letter, a bit for every letter that commonly follows
// it in English words and identifiers: the pairs that make up 94 % of the text
// of the Go standard library. Words are made of such pairs, random strings only
// by chance (286 of 676).
var bigrams = [26]uint32{
	0x13ebd6f, 0x1164917, 0x11e5ddd, 0x016493f, 0x1eff97f, 0x01e493d, 0x01669d5,
	0x00a4111, 0x2aef87f, 0x0000000, 0x0040110, 0x11c4919, 0x014d913, 0x03ced7f,
	0x07efd7f, 0x01ec995, 0x0100000, 0x13efd7d, 0x15cdd95, 0x11ed9bd, 0x00eb977,
	0x0004111, 0x0466191, 0x0088114, 0x00ca000, 0x0000010,
}

// shape is what one pass over a value tells about its randomness.
type shape struct {
	n, letters, digits, upper, lower int
	hex                              int // bytes that are hex digits
	turns                            int // letter next to digit
	humps                            int // lower-case letter followed by an upper-case one
	pairs, common                    int // letter pairs, and those that are usual in words
	same                             int // longest run of one byte
	other                            int // neither letter, digit, _ nor -
}

func measure(s string) (m shape) {
	m.n = len(s)
	same := 0
	for i := 0; i < len(s); i++ {
		b := s[i]
		c := class[b]
		var p byte
		if i > 0 {
			p = s[i-1]
		}
		if i > 0 && b == p {
			same++
		} else {
			same = 1
		}
		m.same = max(m.same, same)
		if c&cHex != 0 {
			m.hex++
		}
		switch {
		case c&cDigit != 0:
			m.digits++
			if i > 0 && is(p, cLetter) {
				m.turns++
			}
		case c&cLetter != 0:
			m.letters++
			up := isUpper(b)
			if up {
				m.upper++
			} else {
				m.lower++
			}
			if i == 0 {
				break
			}
			switch {
			case is(p, cDigit):
				m.turns++
			case !is(p, cLetter):
			case up && isLower(p):
				m.humps++
			default:
				m.pairs++
				if bigrams[lower(p)-'a']&(1<<(lower(b)-'a')) != 0 {
					m.common++
				}
			}
		case c&cWord == 0:
			m.other++
		}
	}
	return m
}

// random reports whether a value looks drawn rather than written. It is meant
// for values that something else (a key name, a prefix) already points at.
func (m shape) random() bool {
	switch {
	case m.n < 8 || m.same > m.n/2:
		return false
	case m.letters == 0:
		return false
	case m.hex >= m.n-4 && m.n >= 16: // hex, perhaps with dashes
		return m.digits*6 >= m.n && m.digits > 0
	case m.turns >= 2 && m.turns*8 >= m.n:
		return true
	case m.pairs >= 5 && m.common*100 < m.pairs*70:
		return true
	}
	return m.n >= 12 && m.odds() > 4
}

// odds is the logarithm of how much likelier a random string has these letter
// pairs, digits and capitals than words have, times one for each sign.
func (m shape) odds() float64 {
	return 2.2*float64(m.pairs-m.common) - 0.8*float64(m.common) + 2*float64(m.turns) + 0.3*float64(m.humps)
}

// wordy reports whether a value reads as words: most letter pairs are usual and
// digits stand apart from letters.
func (m shape) wordy() bool {
	return m.letters > 0 && m.turns <= 1 && m.digits <= 6 && m.common*100 >= m.pairs*70 &&
		(m.pairs >= 3 || m.n < 8) && m.same < 5 && m.humps*3 <= m.letters && m.odds() < 3
}

// opaque is the strict form of random, for values nothing else points at:
// digits and letters of both cases mixed throughout.
func (m shape) opaque() bool {
	return m.n >= 20 && m.digits >= 1 && m.upper >= 2 && m.lower >= 2 && m.turns >= 2 && m.same <= 6 && m.odds() > 7
}

// single is opaque for random strings of one case.
func (m shape) single() bool {
	return m.n >= 32 && m.hex < m.n && m.digits >= 4 && m.turns >= 6 && (m.upper == 0 || m.lower == 0) && m.odds() > 8 && m.same <= 6
}
