package eventlog

import (
	"slices"
	"strings"
)

// Completion says how a query may go on at a place: the bytes From to To of it
// may become any of Words.
type Completion struct {
	From, To int
	Field    string // whose values Words are; empty when they are fields
	Words    []string
}

// fixedValues are the values of the fields that have few.
var fixedValues = map[string][]string{
	"is":      {"failed", "failing", "inferred", "looping", "needy", "open", "orphan", "running", "unpriced", "waiting"},
	"err":     {"any", "none"},
	"status":  {"done", "interrupted", "running", "stale", "unknown"},
	"outcome": {"cancelled", "failure", "success", "unknown"},
	"link":    {"exact", "name", "recorded", "task"},
	"since":   {"1h", "24h", "30d", "7d"},
	"until":   {"1h", "24h", "7d"},
	"cost":    {"0.1", "1", "10"},
	"dur":     {"10m", "1h", "1m", "5s"},
	"tokens":  {"100k", "1M"},
	"dies":    {"3d", "7d"},
}

// CompleteQuery returns how a query may go on where the cursor is, at a byte of
// it. values returns the values that a field is known to have, and of meta the
// keys; nil knows none.
func CompleteQuery(text string, at int, values func(field string) []string) Completion {
	at = max(0, min(at, len(text)))
	// The word that the cursor is in begins behind a blank or parenthesis that no
	// quotes hold.
	from, quoted := 0, false
	for i := range at {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ' ' || c == '\t' || c == '\n' || c == '(' || c == ')':
			from = i + 1
		}
	}
	to := at
	for to < len(text) && strings.IndexByte(" \t\n()", text[to]) < 0 {
		to++
	}
	for from < at && (text[from] == '-' || text[from] == '!') {
		from++
	}
	word := text[from:at]
	if strings.HasPrefix(word, `"`) {
		return Completion{From: from, To: to} // words to be found as they are
	}
	if i := strings.IndexAny(word, ":=<>"); i > 0 {
		field := strings.ToLower(word[:i])
		if strings.HasPrefix(field, "meta.") {
			field = "meta." + word[len("meta."):i] // metadata may have keys of any case
		}
		return completeValue(field, word, from, to, i, values)
	}
	c := Completion{From: from, To: to}
	low := strings.ToLower(word)
	for _, name := range QueryFields() {
		sign := ":"
		if _, ok := numberFields[name]; ok {
			sign = ">"
		}
		if name == "meta.KEY" {
			name, sign = "meta.", ""
		}
		if strings.HasPrefix(name, low) {
			c.Words = append(c.Words, name+sign)
		}
	}
	if key, ok := strings.CutPrefix(low, "meta."); ok && values != nil {
		c.Words = nil
		for _, k := range values("meta") {
			if strings.HasPrefix(strings.ToLower(k), key) {
				c.Words = append(c.Words, "meta."+k+":")
			}
		}
	}
	return c
}

func completeValue(field, word string, from, to, sign int, values func(string) []string) Completion {
	value := strings.TrimLeft(word[sign:], ":=<>")
	if comma := strings.LastIndexByte(value, ','); comma >= 0 {
		value = value[comma+1:]
	}
	c := Completion{From: from + len(word) - len(value), To: to, Field: field}
	known := fixedValues[field]
	if field == "kind" {
		known = kindValues()
	}
	if values != nil {
		known = slices.Concat(values(field), known)
	}
	low := strings.Trim(strings.ToLower(value), `"`)
	for _, v := range known {
		at := strings.Index(strings.ToLower(v), low)
		if at < 0 || v == "" || slices.Contains(c.Words, quoteValue(v)) {
			continue
		}
		if at == 0 {
			c.Words = append(c.Words, quoteValue(v))
		}
	}
	for _, v := range known { // what only holds the text comes behind
		if q := quoteValue(v); v != "" && !slices.Contains(c.Words, q) && strings.Contains(strings.ToLower(v), low) {
			c.Words = append(c.Words, q)
		}
	}
	return c
}

// quoteValue returns a value as it is written in a query.
func quoteValue(v string) string {
	if strings.ContainsAny(v, " \t\n()") {
		return `"` + strings.ReplaceAll(v, `"`, "*") + `"`
	}
	return v
}

func kindValues() []string {
	names := slices.Clone(classNames[:])
	for k := range kindNames {
		names = append(names, Kind(k).String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
