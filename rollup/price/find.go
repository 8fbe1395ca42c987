package price

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// makers are asked in this order when a model is not priced by the provider
// that served it: those who make a model set its price.
var makers = []string{"anthropic", "openai", "google", "xai", "mistral", "deepseek", "moonshotai", "zai", "alibaba", "minimax", "cohere", "xiaomi", "inception"}

// patterns are what other spellings of a model's name are made of.
type patterns struct{ version, date, region *regexp.Regexp }

var compiled = sync.OnceValue(func() patterns {
	return patterns{
		version: regexp.MustCompile(`-v\d+(:\d+)?$`),
		date:    regexp.MustCompile(`[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest)$`),
		region:  regexp.MustCompile(`^(us|eu|apac|global)\.`),
	}
})

// Find returns the price of a model as its log spells it: with the provider in
// front, with a date or a version behind, or with what a cloud adds.
func (t *Table) Find(provider, model string) (*Row, bool) {
	for _, name := range spellings(model) {
		if row, ok := t.row(provider, name); ok {
			return row, true
		}
	}
	return nil, false
}

func (t *Table) row(provider, name string) (*Row, bool) {
	rows := t.rows[name]
	if len(rows) == 0 {
		return nil, false
	}
	if row, ok := rows[provider]; ok {
		return row, true
	}
	for _, maker := range makers {
		if row, ok := rows[maker]; ok {
			return row, true
		}
	}
	return nil, false
}

// spellings returns the names to look for, the most exact first.
func spellings(model string) []string {
	p := compiled()
	name := strings.ToLower(strings.TrimSpace(model))
	names := []string{name}
	add := func(next string) {
		name = next
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if i := strings.IndexByte(name, '['); i > 0 { // claude-opus-4-6[1m]
		add(name[:i])
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 { // openrouter/anthropic/claude-...
		add(name[i+1:])
	}
	add(p.region.ReplaceAllString(name, ""))
	for _, maker := range makers { // anthropic.claude-...
		if rest, ok := strings.CutPrefix(name, maker+"."); ok {
			add(rest)
		}
	}
	add(p.version.ReplaceAllString(name, ""))
	add(strings.ReplaceAll(name, "@", "-"))
	add(p.date.ReplaceAllString(name, ""))
	return names
}
