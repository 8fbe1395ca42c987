package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// piiRules are compiled on first use: most runs never ask for them.
var piiRules = sync.OnceValue(func() []lazyRule {
	rule := func(kind, pattern string) lazyRule { return lazyRule{re: regexp.MustCompile(pattern), label: kind} }
	return []lazyRule{
		rule("email", `[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,24}\b`),
		rule("iban", `\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`),
		rule("card", `\b[0-9](?:[ -]?[0-9]){12,18}\b`),
		rule("phone", `(?:\+|\b00)[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,4}\b|\([0-9]{3}\) ?[0-9]{3}-[0-9]{4}\b|\b[0-9]{3}-[0-9]{3}-[0-9]{4}\b`),
		rule("ip", `\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b|\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b|\b(?:[0-9A-Fa-f]{1,4}:){2,6}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,4})?`),
	}
})

// PersonalKinds are the kinds of personal data that can be masked.
func PersonalKinds() []string { return []string{"email", "phone", "card", "iban", "ip"} }

// personal finds personal data of some kinds: addresses, numbers, not names.
func personal(s string, kinds []string) []span {
	var spans []span
	for _, r := range piiRules() {
		if !slices.Contains(kinds, r.label) {
			continue
		}
		var found []span
		for _, m := range r.re.FindAllStringIndex(s, -1) {
			if v := s[m[0]:m[1]]; !insideMarker(s, m[0]) && valid(r.label, v) {
				found = append(found, span{m[0], m[1], r.label})
			}
		}
		spans = merge(spans, found)
	}
	return spans
}

func valid(kind, v string) bool {
	switch kind {
	case "card":
		return luhn(v)
	case "iban":
		return iban(v)
	case "ip":
		return v != "127.0.0.1" && v != "0.0.0.0" && !strings.HasPrefix(v, "255.")
	}
	return true
}

// luhn checks the last digit of a card number.
func luhn(v string) bool {
	sum, n, first := 0, 0, byte(0)
	for i := len(v) - 1; i >= 0; i-- {
		if !is(v[i], cDigit) {
			continue
		}
		d := int(v[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
		first = v[i]
	}
	return n >= 13 && n <= 19 && sum%10 == 0 && first >= '2' && first <= '6'
}

// iban checks the remainder by 97.
func iban(v string) bool {
	v = strings.ReplaceAll(v, " ", "")
	if len(v) < 15 || len(v) > 34 {
		return false
	}
	rest := 0
	for _, b := range []byte(v[4:] + v[:4]) {
		if is(b, cDigit) {
			rest = (rest*10 + int(b-'0')) % 97
		} else {
			rest = (rest*100 + int(lower(b)-'a') + 10) % 97
		}
	}
	return rest == 1
}
