package eventlog

import (
	"strings"
	"time"
)

// Query is a filter as a person wrote it. The same query matches rows, spans,
// sessions and events; the zero Query matches everything.
//
// A query is a list of terms that must all hold: field:value with * in it and
// commas between alternatives, field>number and the like, free words, "quoted
// words". A minus or NOT in front denies a term, OR joins two, parentheses
// group.
type Query struct {
	text  string
	root  node
	words []string
}

// Subject is what a query is matched against. What it does not have stays at
// zero.
type Subject struct {
	Kind     Kind
	Type     string // the log's own spelling
	ID       string
	Session  string
	Run      string
	Agent    string
	Provider string
	Model    string
	Tool     string
	Agents   []string // of a session: all that took part
	Models   []string
	Name     string
	Goal     string
	Status   Status
	Outcome  Outcome
	Format   string
	Path     string
	Facts    *Facts
	Link     Link
	Failed   bool
	Open     bool
	Orphan   bool
	Errors   int64
	Cost     Money
	Priced   bool
	Usage    Usage
	Time     Stamp
	Duration time.Duration
	Now      Stamp
	// Found reports whether a body holds a free word. It is asked only when
	// none of the names does.
	Found func(word string) bool
}

// String returns the query as it was written.
func (q Query) String() string { return q.text }

// IsZero reports whether the query matches everything.
func (q Query) IsZero() bool { return q.root == nil }

// Words returns the free words of the query, in lower case, each once.
func (q Query) Words() []string { return q.words }

// Match reports whether the query holds for s.
func (q Query) Match(s *Subject) bool { return q.root == nil || q.root.match(s) }

type node interface{ match(*Subject) bool }

type (
	allOf  []node
	anyOf  []node
	not    struct{ node }
	word   string
	textOf struct {
		field func(*Subject) string
		many  func(*Subject) []string // or nil
		glob  []string
	}
	numberOf struct {
		field func(*Subject) (float64, bool)
		op    string
		value float64
	}
	test func(*Subject) bool
)

func (a allOf) match(s *Subject) bool {
	for _, n := range a {
		if !n.match(s) {
			return false
		}
	}
	return true
}

func (a anyOf) match(s *Subject) bool {
	for _, n := range a {
		if n.match(s) {
			return true
		}
	}
	return false
}

func (n not) match(s *Subject) bool { return !n.node.match(s) }

func (w word) match(s *Subject) bool {
	for _, text := range [...]string{s.Name, s.Goal, s.Agent, s.Tool, s.Model, s.Type, s.ID, s.Session, s.Path} {
		if containsFold(text, string(w)) {
			return true
		}
	}
	if s.Facts != nil && (containsFold(s.Facts.Title, string(w)) || containsFold(s.Facts.Directory, string(w))) {
		return true
	}
	return s.Found != nil && s.Found(string(w))
}

func (t textOf) match(s *Subject) bool {
	value := t.field(s)
	for _, g := range t.glob {
		if globFold(g, value) {
			return true
		}
		if t.many == nil {
			continue
		}
		for _, v := range t.many(s) {
			if globFold(g, v) {
				return true
			}
		}
	}
	return false
}

func (n numberOf) match(s *Subject) bool {
	value, ok := n.field(s)
	if !ok {
		return false
	}
	switch n.op {
	case ">":
		return value > n.value
	case ">=":
		return value >= n.value
	case "<":
		return value < n.value
	case "<=":
		return value <= n.value
	}
	return value == n.value
}

func (t test) match(s *Subject) bool { return t(s) }

// containsFold reports whether text holds low, which is in lower case, without
// regard to case.
func containsFold(text, low string) bool {
	if len(low) == 0 {
		return true
	}
	for i := 0; i+len(low) <= len(text); i++ {
		if lower(text[i]) == low[0] && equalLower(text[i:i+len(low)], low) {
			return true
		}
	}
	return false
}

func equalLower(text, low string) bool {
	for i := range len(low) {
		if lower(text[i]) != low[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// globFold matches a pattern in lower case, in which * stands for any text,
// against the whole of text without regard to case.
func globFold(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return len(text) == len(head) && equalLower(text, head)
	}
	if len(text) < len(head) || !equalLower(text[:len(head)], head) {
		return false
	}
	text = text[len(head):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return len(text) >= len(part) && equalLower(text[len(text)-len(part):], part)
		}
		at := -1
		for i := 0; i+len(part) <= len(text); i++ {
			if equalLower(text[i:i+len(part)], part) {
				at = i
				break
			}
		}
		if at < 0 {
			return false
		}
		text, rest = text[at+len(part):], next
	}
}
