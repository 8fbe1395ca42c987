package redact

import "strings"

// isScheme reports whether w is the first word of an Authorization header.
func isScheme(w string) bool {
	for _, s := range [...]string{"bearer", "basic", "token", "apikey", "api-key", "bot", "key", "digest", "negotiate", "ntlm", "oauth", "hmac", "sso-key", "genie-key", "splunk", "dpop", "privatetoken", "jwt", "sharedkey", "aws4-hmac-sha256"} {
		if equalFold(w, s) {
			return true
		}
	}
	return false
}

// scheme masks the credential after a scheme that stands on its own, as in a
// sentence or a header whose name is elsewhere. Here the credential has to look
// like one: bearer and basic are also English.
func (c *scanner) scheme(i, j int) int {
	s := c.s
	n := j - i
	if n < 5 || n > 7 || j >= len(s) || s[j] != ' ' && s[j] != 0xc2 && s[j] != '\t' && s[j] != '%' && s[j] != '+' {
		return 0
	}
	w := s[i:j]
	basic := equalFold(w, "basic")
	if !basic && !equalFold(w, "bearer") && !equalFold(w, "apikey") && !equalFold(w, "api-key") && w != "Token" {
		return 0
	}
	from := gap(s, j)
	to := tokenEnd(s, from)
	if to-from < 8 || from == j {
		return 0
	}
	v := s[from:to]
	if placeholder(v) || reference(v) {
		return 0
	}
	if basic {
		if userAndPassword(v) || (strings.HasSuffix(v, "=") || len(v) >= 24) && measure(v).random() {
			return c.mask(from, to, "basic-auth")
		}
		return 0
	}
	m := measure(v)
	if m.random() || m.n >= 12 && m.digits >= 2 && m.letters > 0 && !slugged(v) || m.digits >= 4 && m.letters >= 4 || m.n >= 8 && m.upper == m.n && !reserved(v) {
		return c.mask(from, to, "bearer")
	}
	return 0
}

// gap steps over the blanks between scheme and credential, also as %20 or +,
// and the no-break space.
func gap(s string, i int) int {
	for n := 0; i < len(s) && n < 8; n++ {
		switch {
		case is(s[i], cSpace), s[i] == '+' && n == 0:
			i++
		case strings.HasPrefix(s[i:], "%20"):
			i += 3
		case strings.HasPrefix(s[i:], "\u00a0"):
			i += 2
		default:
			return i
		}
	}
	return i
}

func tokenEnd(s string, i int) int {
	from := i
	for i < len(s) && (is(s[i], cB64) || s[i] == '.' || s[i] == '~' || s[i] == '=' || s[i] == ':' || s[i] == '%' && i+1 < len(s) && is(s[i+1], cHex)) {
		i++
	}
	return trimTail(s, from, i, ".:")
}

// credentials masks the value of an Authorization header. What follows the
// scheme is secret whatever it looks like, unless it is prose.
func (c *scanner) credentials(v value) int {
	s := c.s
	from, to := v.from, v.to
	if !v.hard || v.to < len(s) && s[v.to] == ' ' { // an unquoted value ends at the first blank
		to = lineEnd(s, from, "\r\n\"'`<\\|,;")
	}
	if !v.hard && (hasPrefixFold(s[from:], "digest ") || hasPrefixFold(s[from:], "aws4-hmac") || hasPrefixFold(s[from:], "oauth ")) {
		to = lineEnd(s, from, "\r\n'`")
	}
	text := s[from:to]
	sp := strings.IndexAny(text, " \t")
	if sp < 0 {
		if w := text; len(w) >= 8 && !placeholder(w) && !reference(w) && !reserved(w) && !path(w) && !strings.Contains(w, "://") {
			if m := measure(w); m.random() || userAndPassword(w) || m.digits >= 3 && m.letters > 0 && !slugged(w) {
				return c.mask(from, to, "authorization")
			}
		}
		return 0
	}
	if sp == 0 || sp > 24 || run(text[:sp], 0, cWord) != sp {
		return 0
	}
	name, rest := text[:sp], from+sp
	for rest < to && is(s[rest], cSpace) {
		rest++
	}
	tail := strings.TrimRight(s[rest:to], " \t")
	if strings.Contains(tail, "=") && (equalFold(name, "digest") || hasPrefixFold(name, "aws4-") || equalFold(name, "oauth") || equalFold(name, "hmac")) {
		if marked(tail) || placeholder(tail) {
			return 0
		}
		return c.mask(rest, rest+len(tail), "authorization")
	}
	end := tokenEnd(s, rest)
	word := s[rest:end]
	if len(word) < 8 || placeholder(word) || reference(word) || reserved(word) {
		return 0
	}
	m := measure(word)
	if equalFold(name, "basic") && userAndPassword(word) || m.random() || m.digits >= 2 && !slugged(word) || m.upper == m.n ||
		isScheme(name) && end >= rest+len(tail) && m.n >= 16 && !slugged(word) {
		kind := "bearer"
		if equalFold(name, "basic") {
			kind = "basic-auth"
		}
		if e, exact := c.issued(rest); e == end {
			kind = exact
		}
		return c.mask(rest, end, kind)
	}
	return 0
}

func lineEnd(s string, from int, stops string) int {
	limit := min(len(s), from+maxBare)
	if k := strings.IndexAny(s[from:limit], stops); k >= 0 {
		return from + k
	}
	return limit
}

// cookies masks the values of a Cookie or Set-Cookie header that are long and
// random or bear a telling name, and keeps theme=dark.
func (c *scanner) cookies(from, to int) int {
	s := c.s
	end := to
	if e := strings.IndexAny(s[from:], "\r\n\"'`\\"); e >= 0 {
		end = max(end, from+e)
	} else {
		end = len(s)
	}
	c.jar = end
	done := 0
	for i := from; i < end; {
		for i < end && (is(s[i], cSpace) || s[i] == ';' || s[i] == ',') {
			i++
		}
		eq := strings.IndexByte(s[i:end], '=')
		stop := strings.IndexByte(s[i:end], ';')
		if stop < 0 {
			stop = end - i
		}
		if eq < 0 || eq > stop {
			i += stop + 1
			continue
		}
		name, v := s[i:i+eq], strings.TrimRight(s[i+eq+1:i+stop], " \t")
		at := i + eq + 1
		i += stop
		if len(v) < 6 || placeholder(v) || reference(v) || equalFold(name, "expires") || equalFold(name, "domain") || equalFold(name, "path") {
			continue
		}
		m := measure(v)
		k := keyOf(name)
		telling := k.is != plain || containsFold(name, "sess") || containsFold(name, "auth") || containsFold(name, "sid") || containsFold(name, "csrf") || containsFold(name, "xsrf")
		if m.random() && m.n >= 16 || telling && (m.random() || m.digits > 0 && m.letters > 0) {
			done = c.mask(at, at+len(v), "cookie")
		}
	}
	return done
}
