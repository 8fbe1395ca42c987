package redact

import (
	"regexp"
	"sync"
)

// lazyBridge holds the seven patterns of the LazyBridge framework, so that its
// sessions can be compared with what it wrote itself.
type lazyBridge struct{ rules []lazyRule }

type lazyRule struct {
	re    *regexp.Regexp
	label string
	group int
}

var lazyRules = sync.OnceValue(func() *lazyBridge {
	rule := func(label, pattern string, group int) lazyRule {
		return lazyRule{regexp.MustCompile(pattern), "<redacted:" + label + ">", group}
	}
	return &lazyBridge{[]lazyRule{
		rule("jwt", `eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}`, 0),
		rule("openai-style-key", `\bsk-(?:ant-)?[A-Za-z0-9_-]{20,}`, 0),
		rule("stripe-key", `\b(?:pk|sk|rk)_(?:live|test)_[A-Za-z0-9]{20,}`, 0),
		rule("github-token", `\bgh[pousr]_[A-Za-z0-9]{36,}`, 0),
		rule("google-api-key", `\bAIza[0-9A-Za-z_-]{35}\b`, 0),
		rule("slack-token", `\bxox[abprs]-[A-Za-z0-9-]{10,}`, 0),
		rule("bearer", `(?i)\b(?:Bearer|Basic)[\s\p{Z}]+([A-Za-z0-9._~+/=-]{8,})`, 1),
	}}
})

// LazyBridge returns a Redactor with exactly the patterns and the markers,
// <redacted:label>, of the LazyBridge framework, and nothing else.
func LazyBridge() *Redactor { return &Redactor{lazy: lazyRules()} }

// find applies the patterns in order, each to what the ones before left.
func (l *lazyBridge) find(s string) []span {
	var spans []span
	for _, r := range l.rules {
		var found []span
		at := 0
		for k := 0; k <= len(spans); k++ {
			end := len(s)
			if k < len(spans) {
				end = spans[k].from
			}
			for _, m := range r.re.FindAllStringSubmatchIndex(s[at:end], -1) {
				found = append(found, span{at + m[2*r.group], at + m[2*r.group+1], r.label})
			}
			if k < len(spans) {
				at = spans[k].to
			}
		}
		spans = merge(spans, found)
	}
	return spans
}
