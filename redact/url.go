package redact

import "strings"

// longestURL is how much of a URL is looked at.
const longestURL = 4096

// url looks at the address whose "://" stands at i: a password before the host,
// or a webhook, whose path is the secret. It returns where to go on.
func (c *scanner) url(i int) int {
	s := c.s
	from := i + 3
	end, limit := from, longestURL
	if c.address.holds(from) {
		limit = longestURL / 16 // of one within another that was looked at
	}
	for end < len(s) && end < from+limit && !urlStop(s, end) {
		end++
	}
	c.address.to = max(c.address.to, end)
	host := strings.IndexAny(s[from:end], "/?#")
	if host < 0 {
		host = end
	} else {
		host += from
	}
	if at := strings.LastIndexByte(s[from:host], '@'); at >= 0 {
		return c.userinfo(from, from+at)
	}
	if at := strings.LastIndexByte(s[from:end], '@'); at >= 0 && host < end && strings.IndexByte(s[from:host], ':') > 0 && strings.IndexByte(s[from:host], '.') < 0 {
		// A slash that nobody escaped in the password.
		return c.userinfo(from, from+at)
	}
	if path := s[host:end]; len(path) > 24 && (containsFold(s[from:end], "hook")) {
		if to := c.webhook(host, end); to > 0 {
			return to
		}
	}
	return from
}

func urlStop(s string, i int) bool {
	if class[s[i]]&(cWord|cB64) != 0 {
		return false
	}
	switch b := s[i]; b {
	case '"', '\'', '`', '<', '>', '\\', '|':
		return true
	case '[':
		return strings.HasPrefix(s[i:], "[REDACTED")
	default:
		return b <= ' ' || b == 0x7f || b >= 0x80
	}
}

func (c *scanner) userinfo(from, at int) int {
	s := c.s
	colon := strings.IndexByte(s[from:at], ':')
	if colon < 0 {
		if w := s[from:at]; len(w) >= 16 && !placeholder(w) && !reference(w) && measure(w).random() {
			return c.mask(from, at, "url-token")
		}
		return from
	}
	user, pw := s[from:from+colon], s[from+colon+1:at]
	if pw == "" || pw == "x-oauth-basic" {
		if len(user) >= 16 && !placeholder(user) && !reference(user) && measure(user).random() {
			return c.mask(from, from+colon, "url-token")
		}
		return from
	}
	if len(pw) < 3 || placeholder(pw) || variable(pw) || reserved(pw) || pw == strings.ToUpper(pw) && measure(pw).letters == len(pw) || strings.HasPrefix(pw, "$") {
		return from
	}
	kind := "password"
	if to, exact := c.issued(from + colon + 1); to == at {
		kind = exact
	}
	if len(user) >= 16 && !placeholder(user) && measure(user).opaque() {
		c.mask(from, from+colon, "url-token")
	}
	return c.mask(from+colon+1, at, kind)
}

// webhook masks the path of an incoming-webhook address: whoever has the
// address may post. What comes before the first opaque part is kept.
func (c *scanner) webhook(host, end int) int {
	s := c.s
	end = trimTail(s, host, end, ".,;:)]}")
	from, opaque := 0, false
	for i := host; i < end; {
		j := i + 1
		for j < end && s[j] != '/' && s[j] != '?' && s[j] != '#' && s[j] != '@' {
			j++
		}
		seg := s[i+1 : j]
		if placeholder(seg) {
			return 0
		}
		switch m := measure(seg); {
		case hookSegment(seg):
			from = j + 1
		case m.n >= 16 && m.random() && !slugged(seg):
			opaque = true
			fallthrough
		case m.n >= 8 && m.digits >= 2:
			if from == 0 {
				from = i + 1
			}
		}
		i = j
	}
	if !opaque || from >= end {
		return 0
	}
	return c.mask(from, end, "webhook")
}

// driver masks the password of addresses that are no URLs: user:password@tcp(…)
// as Go's drivers take it, and jdbc:oracle:thin:user/password@…. The word is
// s[i:j].
func (c *scanner) driver(i, j int) int {
	s := c.s
	switch w := s[i:j]; {
	case s[j] == '(' && i > 1 && s[i-1] == '@' && (w == "tcp" || w == "unix"):
		from := i - 1
		for from > 0 && i-from < 128 && !urlStop(s, from-1) && s[from-1] != '=' {
			from--
		}
		if strings.IndexByte(s[from:i-1], ':') > 0 && !marked(s[from:i-1]) {
			c.userinfo(from, i-1)
		}
	case s[j] == ':' && w == "thin":
		end := j + 1
		for end < len(s) && end < j+256 && s[end] != '@' && !urlStop(s, end) {
			end++
		}
		slash := strings.IndexByte(s[j:end], '/')
		if end >= len(s) || s[end] != '@' || slash < 0 {
			return 0
		}
		if pw := s[j+slash+1 : end]; len(pw) >= 3 && !placeholder(pw) && !variable(pw) {
			return c.mask(j+slash+1, end, "password")
		}
	}
	return 0
}

func hookSegment(seg string) bool {
	switch seg {
	case "services", "webhooks", "webhook", "hooks", "hook", "catch", "webhookb2", "workflows", "triggers":
		return true
	}
	return false
}
