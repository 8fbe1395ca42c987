package redact

import "strings"

// maxEncoded bounds what is unpacked from base64 to be looked at.
const maxEncoded = 256 << 10

// encoded masks a base64 run that starts at i when the text it holds contains a
// secret. j is the end of the first word of the run.
func (c *scanner) encoded(i, j int) int {
	s := c.s
	if c.depth <= 0 || c.flags&public != 0 || i > 0 && (s[i-1] == '+' || s[i-1] == '/') {
		return 0
	}
	if j-i < 24 && (j >= len(s) || s[j] != '+' && s[j] != '/') {
		return 0
	}
	to := run(s, j, cB64)
	if to-i < 24 || to-i > maxEncoded {
		return 0
	}
	for n := 0; to < len(s) && s[to] == '=' && n < 2; n++ {
		to++
	}
	d, ok := unpack(s[i:to])
	if !ok {
		return 0
	}
	r := Redactor{builtin: true}
	spans, isDoc := r.document(d, c.depth-1)
	if !isDoc {
		spans = r.scan(d, c.depth-1, decoded)
	}
	if len(spans) == 0 || len(strings.TrimSpace(d)) < 8 {
		return 0
	}
	return c.mask(i, to, "encoded-"+strings.TrimPrefix(spans[0].kind, "encoded-"))
}
