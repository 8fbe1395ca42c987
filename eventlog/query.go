package eventlog

import (
	"slices"
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
	Want     Want // of a session: what it needs somebody for
	Errors   int64
	Cost     Money
	Priced   bool
	Usage    Usage
	Time     Stamp
	Duration time.Duration
	Now      Stamp
	Dies     Stamp // of a session: when its agent deletes it
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

// Reads returns which parts of a Subject the answer depends on. Whoever asks the
// same query of many subjects need not fill in the others, and may keep the
// answer for all subjects that are alike in these.
func (q Query) Reads() Part {
	if q.root == nil {
		return 0
	}
	return q.root.reads()
}

// ReadsRuns reports whether the answer for a session may depend on its runs.
func (q Query) ReadsRuns() bool {
	return q.Reads()&(PartAgent|PartModel|PartTool|PartRun|PartWords) != 0
}

// Conjuncts returns the queries that all hold where q does: what stands side by side in
// it. Of one that is made otherwise that is q itself.
func (q Query) Conjuncts() (all []Query) {
	parts, ok := q.root.(allOf)
	if !ok {
		return []Query{q}
	}
	for _, n := range parts {
		all = append(all, Query{text: q.text, root: n, words: q.words})
	}
	return all
}

// Conjunction is the query that holds where all do. Of none it matches everything.
func Conjunction(all []Query) Query {
	var parts allOf
	var q Query
	for _, c := range all {
		if c.root != nil {
			q, parts = Query{text: c.text, words: c.words}, append(parts, c.root)
		}
	}
	switch len(parts) {
	case 0:
		return Query{}
	case 1:
		q.root = parts[0]
	default:
		q.root = parts
	}
	return q
}

// Part is a set of parts of a Subject.
type Part uint16

// The parts of a Subject.
const (
	PartKind    Part = 1 << iota // Kind, Type
	PartAgent                    // Agent, Agents
	PartModel                    // Model, Models, Provider
	PartTool                     // Tool
	PartSession                  // Session
	PartRun                      // Run
	PartFacts                    // Facts
	PartState                    // Status, Outcome, Link, Failed, Open, Orphan, Want, Errors
	PartCost                     // Cost, Priced
	PartUsage                    // Usage
	PartTime                     // Time, Duration
	PartWords                    // Found
	PartFile                     // ID, Name, Goal, Format, Path: of sessions and events, not of spans
	PartFate                     // Dies
)

type node interface {
	match(*Subject) bool
	reads() Part
}

type (
	allOf  []node
	anyOf  []node
	not    struct{ node }
	word   string
	textOf struct {
		field textField
		many  func(*Subject) []string // or nil
		glob  []string
	}
	numberOf struct {
		field numberField
		op    string
		value float64
	}
	test struct {
		part  Part
		holds func(*Subject) bool
	}
)

// textField is a field that is compared as text, and where it is found.
type textField struct {
	part Part
	of   func(*Subject) string
}

// numberField is a field that is compared as a number, and where it is found.
type numberField struct {
	part Part
	of   func(*Subject) (value float64, known bool)
}

func (a allOf) reads() Part    { return readsOf(a) }
func (a anyOf) reads() Part    { return readsOf(a) }
func (t textOf) reads() Part   { return t.field.part }
func (n numberOf) reads() Part { return n.field.part }
func (t test) reads() Part     { return t.part }

// reads of a word are those of everything that it is looked for in.
func (w word) reads() Part {
	return PartFile | PartAgent | PartTool | PartModel | PartKind | PartSession | PartFacts | PartWords
}

func readsOf(nodes []node) (p Part) {
	for _, n := range nodes {
		p |= n.reads()
	}
	return p
}

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
	if anyGlob(t.glob, t.field.of(s)) {
		return true
	}
	return t.many != nil && slices.ContainsFunc(t.many(s), func(v string) bool { return anyGlob(t.glob, v) })
}

func anyGlob(globs []string, text string) bool {
	for _, g := range globs {
		if globFold(g, text) {
			return true
		}
	}
	return false
}

func (n numberOf) match(s *Subject) bool {
	value, ok := n.field.of(s)
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

func (t test) match(s *Subject) bool { return t.holds(s) }

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
