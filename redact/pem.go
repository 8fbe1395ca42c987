package redact

import "strings"

// maxArmour bounds a private key block; real ones stay under 16 KiB.
const maxArmour = 64 << 10

// armour handles a PEM line whose dashes are s[i:k]. It masks what stands
// between the BEGIN and END lines of a private key: in one piece, with its line breaks escaped, indented, cut off before
// the END line or, seen from the END line, cut off before BEGIN.
func (c *scanner) armour(i, k int) int {
	s := c.s
	begin := strings.HasPrefix(s[k:], "BEGIN ")
	if !begin && !strings.HasPrefix(s[k:], "END ") {
		return 0
	}
	label := s[k:min(len(s), k+64)]
	dashes := strings.Index(label, "-----")
	if dashes < 0 || !capitalWords(label[:dashes]) {
		return 0
	}
	body := k + dashes + 5
	if !strings.Contains(label[:dashes], "PRIVATE KEY") {
		if begin { // a certificate or public key: nothing in it is secret
			return publicLines(s, body)
		}
		return 0
	}
	if !begin {
		return c.headless(i, body)
	}
	limit := min(len(s), body+maxArmour)
	to := armourLines(s, body, limit)
	if end := c.end(body, limit); end >= 0 && !strings.Contains(s[body:body+end], "-----BEGIN ") {
		if close := strings.Index(s[body+end+9:min(len(s), body+end+80)], "-----"); close >= 0 {
			e := body + end + 9 + close + 5
			if keyBytes(s[body:body+end]) >= 16 {
				c.mask(body, body+end, "private-key")
			}
			return e
		}
	}
	if keyBytes(s[body:to]) >= 8 {
		return c.mask(body, to, "private-key")
	}
	return body
}

// end returns how far the next END line is from a place, or -1 when there is
// none before limit.
func (c *scanner) end(from, limit int) int {
	search := from
	if c.ends.holds(from) {
		search = min(c.ends.to, limit)
	}
	found := strings.Index(c.s[search:limit], "-----END ")
	if found < 0 {
		c.ends = reach{from, max(from, limit-len("-----END "))}
		return -1
	}
	c.ends = reach{from, search + found}
	return search + found - from
}

// capitalWords reports whether a PEM label is one: RSA PRIVATE KEY.
func capitalWords(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isUpper(s[i]) && s[i] != ' ' && !is(s[i], cDigit) {
			return false
		}
	}
	return true
}

// keyBytes counts what can be key material in a block and rejects placeholders.
func keyBytes(s string) int {
	if marked(s) || len(s) < 64 && placeholder(s) {
		return 0
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if is(s[i], cB64) {
			n++
		}
	}
	return n
}

// publicLines returns the end of the full lines of a public block. It takes only
// what base64 of that length can be, so that nothing hides behind a BEGIN line.
func publicLines(s string, i int) int {
	for {
		from := lineBreaks(s, i, len(s))
		j := from
		for j < len(s) && is(s[j], cB64) && s[j] != '-' && s[j] != '_' {
			j++
		}
		if j-from < 60 || j-from > 80 {
			return i
		}
		i = j
	}
}

// armourLines returns where the lines of a block end that lost its END line.
func armourLines(s string, i, limit int) int {
	end := i
	for i < limit {
		i = lineBreaks(s, i, limit)
		j := i
		for j < limit && (is(s[j], cB64) || s[j] == '=') {
			j++
		}
		switch {
		case j == i, strings.HasPrefix(s[i:j], "-----"):
			return end
		case j < limit && s[j] == ':' && j-i < 24: // Proc-Type: 4,ENCRYPTED
			for j < limit && s[j] != '\n' && s[j] != '\\' {
				j++
			}
		case j-i < 16 && j < limit && (s[j] == ' ' || is(s[j], cStop)):
			return end
		}
		end, i = j, j
	}
	return end
}

// lineBreaks steps over line ends and indents, escaped at any depth.
func lineBreaks(s string, i, limit int) int {
	for i < limit {
		switch b := s[i]; {
		case b == '\n', b == '\r', b == ' ', b == '\t', b == '>':
			i++
		case b == '\\':
			j := i
			for j < limit && s[j] == '\\' {
				j++
			}
			if j < limit && (s[j] == 'n' || s[j] == 'r') {
				j++
			}
			i = j
		default:
			return i
		}
	}
	return i
}

// headless masks the base64 lines before an END line without BEGIN.
func (c *scanner) headless(i, after int) int {
	s := c.s
	low := max(0, i-maxArmour)
	if n := len(c.spans); n > 0 {
		low = max(low, c.spans[n-1].to)
	}
	from, long := i, 0
	for j := i; j > low; {
		e := j
		for e > low && (s[e-1] == '\n' || s[e-1] == '\r' || s[e-1] == ' ' || s[e-1] == '\t') {
			e--
		}
		b := e
		for b > low && (is(s[b-1], cB64) || s[b-1] == '=') {
			b--
		}
		if e-b < 16 && from != i || b == e {
			break
		}
		if e-b >= 40 {
			long++
		}
		from, j = b, b
	}
	if long == 0 || keyBytes(s[from:i]) < 40 {
		return 0
	}
	c.mask(from, i, "private-key")
	return after
}
