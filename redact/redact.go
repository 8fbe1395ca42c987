// Package redact finds credentials in the text and JSON that agent runs leave
// behind and replaces each with a marker such as [REDACTED:api-key].
//
// It works by shape, randomness and key names rather than by a list of exact
// formats: issuer prefixes of any length, values beside a telling key name,
// URLs, headers, cookies, PEM blocks, and all of these inside JSON, JSON within
// JSON strings, and base64. It knows nothing of events, stores or files.
package redact

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unsafe"
)

// Rule is a pattern added by the user. The whole match is masked, or only the
// first capture group if the pattern has one.
type Rule struct {
	Name    string // lower-case word that appears in the marker
	Pattern string // RE2 syntax, see regexp/syntax
}

// Options selects what a Redactor masks. The zero value masks secrets with the
// built-in rules.
type Options struct {
	Rules []Rule // run after the built-in rules, in order
	Only  bool   // use Rules alone, without the built-in rules
	PII   bool   // also mask personal data of every kind

	// Personal are kinds of personal data to mask as well: see PersonalKinds.
	Personal []string
}

// Redactor masks secrets. It never changes after New and may be used by any
// number of goroutines at once.
type Redactor struct {
	builtin bool
	pii     []string // kinds of personal data
	rules   []userRule
	lazy    *lazyBridge // set only by LazyBridge
}

type userRule struct {
	name  string
	re    *regexp.Regexp
	group int
}

// ErrRule is wrapped by the error of New for a rule that cannot be used.
var ErrRule = errors.New("invalid redaction rule")

// New returns a Redactor, or an error that wraps ErrRule if a rule has no
// usable name, does not compile, or matches the empty string, and if a kind of
// personal data is unknown.
func New(o Options) (*Redactor, error) {
	r := &Redactor{builtin: !o.Only, pii: o.Personal}
	if o.PII {
		r.pii = PersonalKinds()
	}
	for _, kind := range r.pii {
		if !slices.Contains(PersonalKinds(), kind) {
			return nil, fmt.Errorf("%w: %q is no kind of personal data", ErrRule, kind)
		}
	}
	for _, u := range o.Rules {
		if !ruleName(u.Name) {
			return nil, fmt.Errorf("%w: name %q: want lower-case letters, digits, - and _", ErrRule, u.Name)
		}
		re, err := regexp.Compile(u.Pattern)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrRule, u.Name, err)
		}
		if re.MatchString("") {
			return nil, fmt.Errorf("%w: %s: the pattern matches the empty string", ErrRule, u.Name)
		}
		r.rules = append(r.rules, userRule{u.Name, re, min(re.NumSubexp(), 1)})
	}
	return r, nil
}

// ruleName keeps markers free of anything that JSON would have to escape.
func ruleName(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// Text returns s with its secrets masked and the number of masks. If s is a
// JSON document, the strings inside it are redacted as JSON does.
func (r *Redactor) Text(s string) (string, int) {
	spans := r.spans(s)
	if len(spans) == 0 {
		return s, 0
	}
	return r.apply(s, spans), len(spans)
}

func (r *Redactor) spans(s string) []span {
	if r.lazy != nil {
		return r.lazy.find(s)
	}
	return r.find(s)
}

// Bytes is Text for a byte slice. It returns b itself if nothing was masked.
func (r *Redactor) Bytes(b []byte) ([]byte, int) {
	spans := r.spans(view(b))
	if len(spans) == 0 {
		return b, 0
	}
	return r.applied(view(b), spans), len(spans)
}

// view is b as a text, without a copy: it is looked at and not kept, and nobody
// writes to b meanwhile.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// JSON masks the secrets in the strings of a JSON document, also where a string
// holds a document itself, and returns the number of masks. Valid JSON stays
// valid and every byte outside a masked value stays as it was; object keys are
// never changed. Input that is not JSON is treated as text.
func (r *Redactor) JSON(raw []byte) ([]byte, int) {
	if r.lazy != nil {
		if spans, ok := r.document(view(raw), 1); ok {
			return r.applied(view(raw), spans), len(spans)
		}
	}
	return r.Bytes(raw)
}

// find returns what to mask in s, in order and without overlap.
func (r *Redactor) find(s string) []span {
	if spans, ok := r.document(s, maxDepth); ok {
		return spans
	}
	return r.settle(s, func(s string) []span { return r.scan(s, maxDepth, 0) })
}

// span is a part of the text to mask. A kind that starts with '<' or '[' is
// written as it stands.
type span struct {
	from, to int
	kind     string
}

func (r *Redactor) apply(s string, spans []span) string { return view(r.applied(s, spans)) }

func (r *Redactor) applied(s string, spans []span) []byte {
	b := make([]byte, 0, len(s)+16)
	at := 0
	for _, p := range spans {
		b = append(b, s[at:p.from]...)
		b = append(b, marker(p.kind)...)
		at = p.to
	}
	return append(b, s[at:]...)
}

func marker(kind string) string {
	if kind != "" && kind[0] == '<' {
		return kind
	}
	return "[REDACTED:" + kind + "]"
}
