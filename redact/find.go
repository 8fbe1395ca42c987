package redact

// Match is a secret in a text: which bytes of it are masked, and as what.
type Match struct {
	From, To int
	Kind     string
}

// Marker returns what stands in place of the secret. It needs no escape in JSON,
// however deep.
func (m Match) Marker() string { return marker(m.Kind) }

// FindJSON returns the secrets in the strings of a JSON document, or of several one
// after the other, in order and without overlap. It reports false for what is no
// JSON. JSON masks the same ones.
func (r *Redactor) FindJSON(b []byte) ([]Match, bool) {
	spans, ok := r.document(view(b), maxDepth)
	return matches(spans), ok
}

// FindText returns the secrets in a text that is no document, likewise.
func (r *Redactor) FindText(b []byte) []Match {
	return matches(r.settle(view(b), func(s string) []span { return r.scan(s, maxDepth, 0) }))
}

func matches(spans []span) []Match {
	if len(spans) == 0 {
		return nil
	}
	out := make([]Match, len(spans))
	for i, p := range spans {
		out[i] = Match{p.from, p.to, p.kind}
	}
	return out
}
