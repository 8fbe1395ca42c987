package redact

import "strings"

// maxValue bounds a quoted value; a longer one is a document, not a secret.
const maxValue = 16 << 10

// maxBare bounds a value without quotes, and how far a header line is followed.
const maxBare = 4 << 10

// value is what follows a key name in text.
type value struct {
	from, to int
	hard     bool // quoted or joined by =, not prose
	cmdline  bool // the value of a flag
	loose    bool // joined by a = with blanks around it, as in a program
}

// keyed masks the value of the key name s[i:j], if it is one. Key names of two
// words ("API key: ...") take the word before, s[pf:pt].
func (c *scanner) keyed(i, j, pf, pt int) int {
	s := c.s
	if !is(s[j], cJoin) {
		return 0
	}
	if s[j] == ' ' && s[i] != '-' && prose(s, i, j) {
		return 0
	}
	if s[j] == ':' && i > 0 && s[i-1] == ':' && j+1 < len(s) && s[j+1] != ' ' {
		return 0 // a part of a name such as arn:…:secret:…
	}
	k := keyOf(s[i:j])
	if k.is == plain && j-i <= 7 {
		switch w := s[i:j]; {
		case c.named > 0 && i-c.named < 64 && (equalFold(w, "value") || equalFold(w, "default") || equalFold(w, "val")):
			k = c.namedKind // name: API_KEY, and on the next line value: ...
		case equalFold(w, "by") && pt > 0 && equalFold(s[pf:pt], "identified"):
			k = keyKind{password, "password"}
		}
	}
	if k.is == plain || k.kind == "key" && j-i <= 4 {
		if pt > 0 && pt+1 == i && s[pt] == ' ' && j-i <= 12 {
			k = keyOf(s[pf:j])
		}
	}
	if k.is == plain {
		return c.queryOnly(i, j)
	}
	if k.is == authHeader {
		if to := c.pair(j); to > 0 {
			return to
		}
	}
	v, ok := c.valueAfter(i, j)
	if !ok {
		c.named, c.namedKind = j, k
		return 0
	}
	if named(s[i:j], s[v.from:min(v.to, v.from+64)]) || v.from > 0 && !isQuote(s[v.from-1]) && program(s[v.from:min(v.to, v.from+128)], v.loose) {
		return 0
	}
	return c.maskValue(k, v)
}

func isQuote(b byte) bool { return b == '"' || b == '\'' || b == '`' }

// prose reports that after the word s[i:j] and blanks nothing follows that could
// join a value to it. Most words of a text leave here.
func prose(s string, i, j int) bool {
	q := blanks(s, j)
	if q >= len(s) {
		return true
	}
	switch s[q] {
	case '=', ':', '|', '\'', '"', '`', 'i', 'w', 'v', '\\', ',', '>':
		return false
	}
	return !isUpper(s[i]) && (j-i != 8 || lower(s[i]) != 'p') && strings.IndexByte(s[i:j], '_') < 0
}

// pair masks the second of two quoted values in brackets behind the name that
// ends at j: auth=("user", "password").
func (c *scanner) pair(j int) int {
	s := c.s
	p, _ := closers(s, j)
	if p = blanks(s, p); p >= len(s) || s[p] != '=' && s[p] != ':' {
		return 0
	}
	if p = blanks(s, p+1); p >= len(s) || s[p] != '(' && s[p] != '[' {
		return 0
	}
	var v value
	for range 2 {
		level := 0
		for p = blanks(s, p+1); p < len(s) && s[p] == '\\'; p++ {
			level++
		}
		if p >= len(s) || s[p] != '"' && s[p] != '\'' {
			return 0
		}
		v.from = p + 1
		v.to = closing(s, v.from, s[p], level)
		p = v.to + level + 1
		if p >= len(s) || s[p] != ',' && s[p] != ')' && s[p] != ']' {
			return 0
		}
	}
	if v.to-v.from > 256 || !plausible(password, s[v.from:v.to], true) {
		return 0
	}
	return c.mask(v.from, v.to, "password")
}

// maskValue masks a value according to its key, or returns 0.
func (c *scanner) maskValue(k keyKind, v value) int {
	s := c.s
	switch k.is {
	case cookieJar:
		if v.from < c.jar { // the line was looked at from an earlier name
			return 0
		}
		if strings.IndexByte(s[v.from:min(v.to, v.from+512)], '=') >= 0 || !v.hard {
			return c.cookies(v.from, v.to)
		}
		k = keyKind{secret, "cookie"} // one cookie's value
	case authHeader:
		return c.credentials(v)
	}
	// The first bytes tell enough; looking at all of a long value again for each
	// key within it would take time in the square of its length.
	text := c.judged(v)
	if strings.HasPrefix(text, "-----BEGIN") {
		return 0
	}
	if sp := strings.IndexByte(text, ' '); sp > 0 && sp < 12 && isScheme(text[:sp]) {
		return c.credentials(v)
	}
	if !plausible(k.is, text, v.hard) {
		return 0
	}
	kind := k.kind
	if to, exact := c.issued(v.from); to == v.to {
		kind = exact
	}
	if v.to-v.from >= maxBare-8 { // the end was not looked for further: do so now
		for v.to < len(s) && s[v.to] > ' ' && s[v.to] != '"' && s[v.to] != '\'' {
			v.to++
		}
	}
	return c.mask(v.from, v.to, kind)
}

// queryOnly masks the values of names that are secret in a query string but
// ordinary elsewhere.
func (c *scanner) queryOnly(i, j int) int {
	s := c.s
	if s[j] != '=' || i == 0 {
		return 0
	}
	name := s[i:j]
	if s[i-1] == '?' || s[i-1] == '&' || s[i-1] == ';' {
		switch {
		case equalFold(name, "sig"), equalFold(name, "signature"), equalFold(name, "x-amz-signature"), equalFold(name, "x-goog-signature"), equalFold(name, "key"), equalFold(name, "code"),
			equalFold(name, "sas"), equalFold(name, "access"), equalFold(name, "ticket"), equalFold(name, "sid"), equalFold(name, "st"):
		default:
			return 0
		}
	} else if !equalFold(name, "key") || len(name) != 3 {
		return 0
	}
	v, ok := c.valueAfter(i, j)
	if ok && v.to-v.from >= 16 && plausible(weakSecret, s[v.from:v.to], true) {
		if m := measure(s[v.from:v.to]); s[i-1] == '?' || s[i-1] == '&' || m.opaque() {
			return c.mask(v.from, v.to, "key")
		}
	}
	return 0
}

// valueAfter finds the value of the key that ends at j: k=v, k: v, "k": "v",
// \"k\": \"v\", ('k', 'v'), key="k" value="v", <k>v</k>, --k v, k is v.
func (c *scanner) valueAfter(i, j int) (v value, ok bool) {
	s := c.s
	p, quoted := closers(s, j)
	q := blanks(s, p)
	if q >= len(s) {
		return v, false
	}
	element := false
	switch {
	case quoted && q > p && hasPrefixFold(s[q:], "value="):
		p, v.hard = q+6, true
	case s[q] == '=':
		p = q + 1
		if p < len(s) && (s[p] == '=' || s[p] == '~') {
			return v, false
		}
		if q == j && i > 0 && p < len(s) && isQuote(s[p]) && s[i-1] == s[p] {
			return v, false // "NAME=" is a string and more is added to it
		}
		v.loose = q > j && p < len(s) && s[p] == ' '
		v.hard = q == j || quoted
		if p < len(s) && s[p] == '>' {
			p, v.hard = p+1, true
		}
	case s[q] == '%' && strings.HasPrefix(s[q:], "%3D"):
		p, v.hard = q+3, true
	case s[q] == ':':
		p = q + 1
		if q == j && j-i == 4 && s[i:j] == "PASS" {
			return v, false // --- PASS: TestLogin
		}
		if p < len(s) && s[p] == '=' {
			v.loose = true
			p++
		} else if strings.HasPrefix(s[p:], "//") || strings.HasPrefix(s[p:], ":") {
			return v, false
		}
		v.hard = quoted
	case s[q] == ',' && quoted:
		p = q + 1
		if i < 2 || strings.IndexByte("([{", s[i-2]) < 0 && !strings.ContainsAny(s[i:j], "_-") {
			return v, false
		}
		if o := blanks(s, p); o >= len(s) || s[o] != '"' && s[o] != '\'' && s[o] != '\\' {
			return v, false
		}
		v.hard = true
	case s[q] == '>' && i > 0 && (s[i-1] == '<' || quoted && (strings.HasSuffix(s[:i-1], "name=") || strings.HasSuffix(s[:i-1], "key="))):
		p, element, v.hard = q+1, true, true
	case q > p && s[i] == '-':
		p, v.hard, v.cmdline = q, true, true
	case q > p && !quoted && (strings.HasPrefix(s[q:], "is ") || strings.HasPrefix(s[q:], "was ")):
		p = q + 3
		if s[q] == 'w' {
			p++
		}
		if p < len(s) && s[p] == ':' {
			p++
		}
	case q > p && !quoted && strings.HasPrefix(s[q:], "to ") && strings.ContainsAny(s[i:j], "_-"):
		p = q + 3 // set X_TOKEN to x
	case q > p && !quoted && s[q] == '|' && q+1 < len(s) && s[q+1] == ' ': // a table
		p = q + 1
	case q > p && !quoted && (s[q] == '\'' || s[q] == '"'): // PASSWORD 'x'
		if v, ok = c.open(i, q, false, v); ok {
			v.hard = false
		}
		return v, ok
	case q > p && !quoted && strings.IndexByte(s[i:j], '_') > 0: // ENV API_TOKEN x, set secret_key x
		v.from, v.to = q, c.bare(q, false)
		return v, v.to-v.from >= 12 && measure(s[v.from:v.to]).random()
	case (s[q] == '\r' || s[q] == '\n') && quoted && strings.HasSuffix(s[max(0, i-6):i], "name=\""): // a form part
		return c.open(i, space(s, q), false, v)
	case q > p && i > 6 && equalFold(s[i:j], "password") && netrc(s, i):
		p, v.hard = q, true
	default:
		return v, false
	}
	return c.open(i, p, element, v)
}

// open steps over what may stand before the value of the key at i and finds
// its end.
func (c *scanner) open(i, p int, element bool, v value) (value, bool) {
	s := c.s
	p = blanks(s, p)
	for p < len(s) && (s[p] == '*' || s[p] == '[') && !strings.HasPrefix(s[p:], "[REDACTED") && p+1 < len(s) && (s[p+1] == '"' || s[p+1] == '\'' || s[p+1] == '*' || s[p+1] == ' ') {
		p = blanks(s, p+1)
	}
	if p+1 < len(s) && (s[p] == 'b' || s[p] == 'r' || s[p] == 'f' || s[p] == 'u' || s[p] == '@') && (s[p+1] == '"' || s[p+1] == '\'') {
		if s[p] == 'f' {
			return v, false // a format string names variables
		}
		p++
	}
	level := 0
	for p < len(s) && s[p] == '\\' {
		level, p = level+1, p+1
	}
	if p >= len(s) {
		return v, false
	}
	if q := s[p]; q == '"' || q == '\'' || q == '`' {
		v.from = p + 1
		v.to = closing(s, v.from, q, level)
		v.hard = true
		return v, v.to > v.from
	}
	if level > 0 {
		return v, false
	}
	v.from = p
	v.to = c.bare(p, element)
	if o := blanks(s, v.to); !v.hard && o > v.to && o+2 < len(s) && s[o] == '=' && s[o+1] == ' ' && v.to-v.from < 32 {
		return c.open(i, o+1, element, v) // password: str = "x"
	}
	v.hard = v.hard || ownLine(s, i, v.to)
	if v.cmdline && v.to > v.from && s[v.from] == '-' {
		return v, false
	}
	return v, v.to > v.from
}

// ownLine reports whether key and value are all of their line, as in YAML.
func ownLine(s string, key, end int) bool {
	if end < len(s) && s[end] != '\n' && s[end] != '\r' {
		return false
	}
	for key > 0 && (is(s[key-1], cSpace) || s[key-1] == '-') {
		key--
	}
	return key > 0 && s[key-1] == '\n'
}

// closers steps over what may stand between a key name and its separator:
// quotes, brackets, terminal colours, markdown stars.
func closers(s string, j int) (int, bool) {
	quoted := false
	for n := 0; j < len(s) && n < 24; n++ {
		switch s[j] {
		case '"', '\'', '`':
			quoted = true
		case '\\':
			if j+1 >= len(s) || s[j+1] != '"' && s[j+1] != '\'' && s[j+1] != '\\' {
				return j, quoted
			}
		case ']':
			if !quoted {
				return j, quoted
			}
		case '*':
		case 0x1b:
			if j+1 < len(s) && s[j+1] == '[' {
				if e := csiEnd(s, j+2); e > j+2 {
					j = e
					continue
				}
			}
			return j, quoted
		default:
			return j, quoted
		}
		j++
	}
	return j, quoted
}

// blanks steps over spaces and terminal colours.
func blanks(s string, p int) int {
	for n := 0; p < len(s) && n < 32; n++ {
		if is(s[p], cSpace) {
			p++
			continue
		}
		if s[p] == 0x1b && p+1 < len(s) && s[p+1] == '[' {
			if e := csiEnd(s, p+2); e > p+2 {
				p = e
				continue
			}
		}
		break
	}
	return p
}

// closing returns the end of a quoted value: the quote at the same depth of
// escaping, or the end of the line if it never comes.
func closing(s string, from int, q byte, level int) int {
	limit := min(len(s), from+maxValue)
	back := 0
	for i := from; i < limit; i++ {
		switch b := s[i]; {
		case b == '\\':
			back++
			continue
		case b == q && back <= level:
			return i - back
		case b == '\n' && q != '`':
			return trimTail(s, from, i, "\r,;)}]")
		}
		back = 0
	}
	return trimTail(s, from, limit, "\\")
}

// bareTail is what ends a sentence or an expression and no value.
const bareTail = ".:)}],"

// bareEnd returns the end of a value without quotes, at most so many bytes away.
func bareEnd(s string, from, most int, element bool) int {
	limit := min(len(s), from+most)
	for i := from; i < limit; i++ {
		switch b := s[i]; {
		case b >= 0x80:
			if strings.HasPrefix(s[i:], "\xe3\x80") || strings.HasPrefix(s[i:], "\xef\xbc") || strings.HasPrefix(s[i:], "…") {
				return i
			}
		case class[b]&cWord != 0:
		case b <= ' ', b == 0x7f, b == '"', b == '\'', b == '`', b == '\\', b == '<', b == '>', b == '|', b == ';', b == ',':
			return i
		case b == '&' && (element || strings.HasPrefix(s[i:], "&amp;") || assignment(s, i+1)):
			return i
		case b == '[' && strings.HasPrefix(s[i:], "[REDACTED") && i > from:
			return i
		}
	}
	return limit
}

// assignment reports whether name= stands at i.
func assignment(s string, i int) bool {
	j := i
	for j < len(s) && j < i+40 && (is(s[j], cWord) || s[j] == '.' || s[j] == '[' || s[j] == ']') {
		j++
	}
	return j > i && j < len(s) && s[j] == '='
}

// netrc reports whether login or machine stands before i on its line.
func netrc(s string, i int) bool {
	head := s[max(0, i-200):i]
	return strings.Contains(head, "login ") || strings.Contains(head, "machine ")
}
