package eventlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// textFields are the fields that field:value compares as text.
var textFields = map[string]textField{
	"agent":      {PartAgent, func(s *Subject) string { return s.Agent }},
	"model":      {PartModel, func(s *Subject) string { return s.Model }},
	"provider":   {PartModel, func(s *Subject) string { return s.Provider }},
	"tool":       {PartTool, func(s *Subject) string { return s.Tool }},
	"type":       {PartKind, func(s *Subject) string { return s.Type }},
	"id":         {PartFile, func(s *Subject) string { return s.ID }},
	"session":    {PartSession, func(s *Subject) string { return s.Session }},
	"run":        {PartRun, func(s *Subject) string { return s.Run }},
	"name":       {PartFile, func(s *Subject) string { return s.Name }},
	"goal":       {PartFile, func(s *Subject) string { return s.Goal }},
	"status":     {PartState, func(s *Subject) string { return s.Status.String() }},
	"outcome":    {PartState, func(s *Subject) string { return s.Outcome.String() }},
	"format":     {PartFile, func(s *Subject) string { return s.Format }},
	"path":       {PartFile, func(s *Subject) string { return s.Path }},
	"link":       {PartState, func(s *Subject) string { return s.Link.String() }},
	"dir":        fact(func(f *Facts) string { return f.Directory }),
	"branch":     fact(func(f *Facts) string { return f.Branch }),
	"env":        fact(func(f *Facts) string { return f.Environment }),
	"project":    fact(func(f *Facts) string { return f.Project }),
	"user":       fact(func(f *Facts) string { return f.User }),
	"experiment": fact(func(f *Facts) string { return f.Experiment }),
	"variant":    fact(func(f *Facts) string { return f.Variant }),
	"host":       fact(func(f *Facts) string { return f.Host }),
	"parent":     fact(func(f *Facts) string { return f.ParentID }),
}

// manyFields are the fields of which a session has several values.
var manyFields = map[string]func(*Subject) []string{
	"agent": func(s *Subject) []string { return s.Agents },
	"model": func(s *Subject) []string { return s.Models },
}

// containsFields match a plain value anywhere in the text, as people expect of
// long texts; ids match from their beginning.
var containsFields = []string{"name", "goal", "dir", "path"}
var prefixFields = []string{"session", "run", "id", "parent"}

// numberFields are the fields that compare as numbers. Money is in dollars,
// durations are in seconds.
var numberFields = map[string]numberField{
	"cost":   {PartCost, func(s *Subject) (float64, bool) { return float64(s.Cost) / float64(Dollar), s.Priced }},
	"tokens": {PartUsage, func(s *Subject) (float64, bool) { return float64(s.Usage.Total()), true }},
	"in":     {PartUsage, func(s *Subject) (float64, bool) { return float64(s.Usage.Context()), true }},
	"out":    {PartUsage, func(s *Subject) (float64, bool) { return float64(s.Usage.Output), true }},
	"cache":  {PartUsage, func(s *Subject) (float64, bool) { return float64(s.Usage.CacheRead), true }},
	"errors": {PartState, func(s *Subject) (float64, bool) { return float64(s.Errors), true }},
	"dies":   {PartFate, func(s *Subject) (float64, bool) { return s.Dies.Sub(s.Now).Seconds(), s.Dies.Known() }},
	"dur":    {PartTime, func(s *Subject) (float64, bool) { return s.Duration.Seconds(), true }},
}

func fact(get func(*Facts) string) textField {
	return textField{PartFacts, func(s *Subject) string {
		if s.Facts == nil {
			return ""
		}
		return get(s.Facts)
	}}
}

// QueryFields returns the names of all fields, for help and completion.
func QueryFields() []string {
	names := []string{"err", "is", "kind", "meta.KEY", "since", "tag", "until"}
	for name := range textFields {
		names = append(names, name)
	}
	for name := range numberFields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// QueryField says what a field of QueryFields is: text, number, or test, which holds or
// does not; and all of its values, where these are few.
func QueryField(name string) (kind string, values []string) {
	if slices.Contains([]string{"err", "is", "link", "outcome", "status"}, name) {
		values = slices.Clone(fixedValues[name])
	}
	switch _, number := numberFields[name]; {
	case number:
		return "number", values
	case name == "err", name == "is", name == "kind", name == "since", name == "until":
		return "test", values
	}
	return "text", values
}

// QueryError says what is wrong with a query, and where.
type QueryError struct {
	Text     string
	From, To int // the bytes that are wrong; equal where something is missing
	Why      string
}

// Error says it in one line.
func (e *QueryError) Error() string { return fmt.Sprintf("query %q: %s", e.Text, e.Why) }

// ParseQuery reads a query. Its error is a [*QueryError].
func ParseQuery(text string) (Query, error) {
	p := queryParser{text: text, tokens: queryTokens(text)}
	root, err := p.or()
	if err == nil && p.at < len(p.tokens) {
		t := p.tokens[p.at]
		err = p.wrong(t.from, t.to, "unexpected %q", t.text)
	}
	if err != nil {
		return Query{}, err
	}
	return Query{text: strings.TrimSpace(text), root: root, words: p.words}, nil
}

// queryToken is a word of a query with the bytes that it was written with.
type queryToken struct {
	text     string
	quoted   bool
	from, to int
}

// queryTokens cuts a query at white space and parentheses, but not within
// double quotes.
func queryTokens(text string) []queryToken {
	var tokens []queryToken
	var b strings.Builder
	quoted, open, from := false, false, 0
	flush := func(to int) {
		if b.Len() > 0 || quoted {
			tokens = append(tokens, queryToken{b.String(), quoted, from, to})
		}
		b.Reset()
		quoted, from = false, to
	}
	for i, r := range text {
		if b.Len() == 0 && !quoted {
			from = i
		}
		next := i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			next = i + 1
		}
		switch {
		case r == '"':
			open = !open
			quoted = quoted || b.Len() == 0
		case open:
			b.WriteRune(r)
		case r == ' ' || r == '\t' || r == '\n':
			flush(i)
		case r == '(' && b.Len() == 0, r == ')':
			flush(i)
			tokens = append(tokens, queryToken{text: string(r), from: i, to: next})
		default:
			b.WriteRune(r)
			if b.String() == "-" || b.String() == "!" {
				flush(next)
			}
		}
	}
	flush(len(text))
	return tokens
}

type queryParser struct {
	text   string
	tokens []queryToken
	at     int
	words  []string
}

func (p *queryParser) wrong(from, to int, why string, args ...any) error {
	return &QueryError{Text: p.text, From: from, To: min(to, len(p.text)), Why: fmt.Sprintf(why, args...)}
}

func (p *queryParser) peek(text string) bool {
	return p.at < len(p.tokens) && !p.tokens[p.at].quoted && p.tokens[p.at].text == text
}

func (p *queryParser) or() (node, error) {
	var parts anyOf
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		if n != nil {
			parts = append(parts, n)
		}
		if !p.peek("OR") && !p.peek("or") {
			break
		}
		p.at++
	}
	switch len(parts) {
	case 0:
		return nil, nil
	case 1:
		return parts[0], nil
	}
	return parts, nil
}

func (p *queryParser) and() (node, error) {
	var parts allOf
	for p.at < len(p.tokens) && !p.peek("OR") && !p.peek("or") && !p.peek(")") {
		if p.peek("AND") || p.peek("and") {
			p.at++
			continue
		}
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		if n != nil {
			parts = append(parts, n)
		}
	}
	switch len(parts) {
	case 0:
		return nil, nil
	case 1:
		return parts[0], nil
	}
	return parts, nil
}

func (p *queryParser) term() (node, error) {
	if p.at >= len(p.tokens) {
		return nil, p.wrong(len(p.text), len(p.text), "something is missing at the end")
	}
	t := p.tokens[p.at]
	p.at++
	if !t.quoted {
		switch t.text {
		case "-", "!", "NOT", "not":
			n, err := p.term()
			if err != nil || n == nil {
				return nil, err
			}
			return not{n}, nil
		case "(":
			n, err := p.or()
			if err != nil {
				return nil, err
			}
			if !p.peek(")") {
				return nil, p.wrong(t.from, t.to, "a closing parenthesis is missing")
			}
			p.at++
			return n, nil
		}
		if i := strings.IndexAny(t.text, ":=<>"); i > 0 {
			// Quotes with nothing between them ask for what has no such text.
			none := strings.HasSuffix(p.text[t.from:min(t.to, len(p.text))], `""`)
			n, err := p.field(t.text[:i], t.text[i:], none)
			if err != nil {
				return nil, p.wrong(t.from, t.to, "%s", err.Error())
			}
			return n, nil
		}
	}
	low := strings.ToLower(t.text)
	if !slices.Contains(p.words, low) {
		p.words = append(p.words, low)
	}
	return word(low), nil
}

func (p *queryParser) field(name, rest string, none bool) (node, error) {
	op := rest[:1]
	if len(rest) > 1 && rest[1] == '=' {
		op = rest[:2]
	}
	value := rest[len(op):]
	written := name
	name = strings.ToLower(name)
	if _, number := numberFields[name]; value == "" && (!none || number) {
		return nil, fmt.Errorf("%s%s needs a value", name, op)
	}
	if get, ok := numberFields[name]; ok {
		if op == ":" && strings.IndexAny(value, "<>") == 0 {
			return p.field(name, value, false)
		}
		if name == "dies" && op == ":" {
			op = "<=" // within that time
		}
		n, err := queryNumber(value)
		if err != nil {
			return nil, fmt.Errorf("%s%s%s: %w", name, op, value, err)
		}
		return numberOf{get, op, n}, nil
	}
	if op != ":" && op != "=" {
		return nil, fmt.Errorf("%s cannot be compared with %s", name, op)
	}
	low := strings.Split(strings.ToLower(value), ",")
	switch name {
	case "kind":
		return kindTerm(low)
	case "is":
		return isTerm(low)
	case "err":
		return errTerm(value)
	case "since", "until":
		return timeTerm(name, value)
	case "tag":
		return test{PartFacts, func(s *Subject) bool {
			return s.Facts != nil && slices.ContainsFunc(s.Facts.Tags, func(tag string) bool { return anyGlob(low, tag) })
		}}, nil
	case "repo":
		name, low = "dir", contained(low)
	}
	if strings.HasPrefix(name, "meta.") {
		key := written[len("meta."):] // metadata may have keys of any case
		return textOf{field: fact(func(f *Facts) string { return f.Metadata[key] }), glob: low}, nil
	}
	get, ok := textFields[name]
	if !ok {
		return nil, fmt.Errorf("there is no field %q; the fields are %s", name, strings.Join(QueryFields(), " "))
	}
	switch {
	case slices.Contains(containsFields, name):
		low = contained(low)
	case slices.Contains(prefixFields, name):
		for i, v := range low {
			if v != "" {
				low[i] = v + "*"
			}
		}
	}
	return textOf{get, manyFields[name], low}, nil
}

func contained(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		if v != "" { // nothing is in no text; it stands for itself
			out[i] = "*" + v + "*"
		}
	}
	return out
}

func kindTerm(names []string) (node, error) {
	var any anyOf
	for _, name := range names {
		if i := slices.Index(classNames[:], name); i >= 0 {
			any = append(any, test{PartKind, func(s *Subject) bool { return s.Kind.Class() == Class(i) }})
			continue
		}
		any = append(any, test{PartKind, func(s *Subject) bool {
			return globFold(name, s.Kind.String()) || globFold(name, s.Type)
		}})
	}
	return any, nil
}

func isTerm(names []string) (node, error) {
	var any anyOf
	for _, name := range names {
		switch name {
		case "running", "live":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Status == Running || s.Open }})
		case "failed":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Failed || s.Errors > 0 }})
		case "needy":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Want != WantNothing }})
		case "waiting", "looping", "failing":
			want := map[string]Want{"waiting": WantAnswer, "looping": WantBrake, "failing": WantHelp}[name]
			any = append(any, test{PartState, func(s *Subject) bool { return s.Want == want }})
		case "orphan":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Orphan }})
		case "open":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Open }})
		case "unpriced":
			any = append(any, test{PartCost, func(s *Subject) bool { return !s.Priced }})
		case "inferred":
			any = append(any, test{PartState, func(s *Subject) bool { return s.Link > LinkNone && s.Link < LinkSure }})
		default:
			return nil, fmt.Errorf("is:%s is not known; it is one of running failed needy waiting looping failing orphan open unpriced inferred", name)
		}
	}
	return any, nil
}

func errTerm(value string) (node, error) {
	switch value {
	case "any", "yes":
		return test{PartState, func(s *Subject) bool { return s.Failed || s.Errors > 0 }}, nil
	case "none", "no":
		return test{PartState, func(s *Subject) bool { return !s.Failed && s.Errors == 0 }}, nil
	}
	return nil, fmt.Errorf("err:%s is not known; it is any or none", value)
}

func timeTerm(name, value string) (node, error) {
	after := name == "since"
	if d, err := queryDuration(value); err == nil {
		return test{PartTime, func(s *Subject) bool {
			return s.Time.Known() && s.Now.Sub(s.Time) <= d == after
		}}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, value, time.Local); err == nil {
			at := StampOf(t)
			return test{PartTime, func(s *Subject) bool { return s.Time.Known() && (s.Time >= at) == after }}, nil
		}
	}
	return nil, fmt.Errorf("%s:%s: want a time back like 90m or 7d, or a date like 2026-01-31", name, value)
}

// queryNumber reads 12, 0.5, $3, 10k, 1.5M, and durations, as seconds.
func queryNumber(value string) (float64, error) {
	v := strings.TrimPrefix(value, "$")
	scale := 1.0
	switch {
	case strings.HasSuffix(v, "k"):
		scale, v = 1e3, v[:len(v)-1]
	case strings.HasSuffix(v, "M"):
		scale, v = 1e6, v[:len(v)-1]
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		return n * scale, nil
	}
	d, err := queryDuration(value)
	if err != nil {
		return 0, fmt.Errorf("not a number")
	}
	return d.Seconds(), nil
}

func queryDuration(value string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * float64(24*time.Hour)), err
	}
	return time.ParseDuration(value)
}
