package price

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// patterns are what other spellings of a model's name are made of.
type patterns struct{ version, date, region *regexp.Regexp }

var compiled = sync.OnceValue(func() patterns {
	return patterns{
		version: regexp.MustCompile(`-v\d+(:\d+)?$`),
		date:    regexp.MustCompile(`[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest|default)$`),
		region:  regexp.MustCompile(`^(us-gov|us|eu|apac|au|jp|ca|global)\.`),
	}
})

// Match is the price of a model, and how it was found.
type Match struct {
	Row      *Row
	Own      bool   // it is one of the user's own
	Name     string // what was looked for, made of the log's spelling
	Spelling string // how that was made
	Provider string // whose price it is, and why
	factor   fraction
}

// Factor returns by how much the mode of the call multiplies the prices.
func (m *Match) Factor() (num, den int64) { return m.factor.num, m.factor.den }

// Find returns the price of a model as its log spells it: with the provider in
// front, with a date or a version behind, or with what a cloud adds. Where there
// is none it says why.
//
// The provider counts: a log that names one which the table does not know has
// calls without a price, whatever the model is called, since nobody can tell
// what they cost. A provider that is known and has no price of its own for the
// model is taken to pass on what the maker asks.
func (b *Book) Find(provider, model string, mode eventlog.Mode) (*Match, string) {
	if strings.TrimSpace(model) == "" {
		return nil, NoModel
	}
	told := told(provider, model)
	names := spellings(model)
	if m := b.ours(told, names, mode); m != nil {
		return m, ""
	}
	if told != anybody && !b.Table().known[told] {
		return nil, NoProvider
	}
	m := b.find(told, names)
	if m == nil {
		return nil, NoRow
	}
	var ok bool
	if m.factor, ok = factorOf(m.Row, mode); !ok {
		return nil, noMode + mode.String()
	}
	return m, ""
}

// ours looks for a price among the user's own: of the mode, then of the model,
// which is multiplied as a price of the table would be.
func (b *Book) ours(told string, names []spelling, mode eventlog.Mode) *Match {
	if b.own == nil {
		return nil
	}
	whose := func(provider, suffix string) *Match {
		for _, n := range names {
			if row, ok := b.own.row(provider, n.name+suffix); ok {
				return &Match{Row: row, Own: true, Name: n.name + suffix, Spelling: n.rule, Provider: "your own price", factor: fraction{1, 1}}
			}
		}
		return nil
	}
	for _, provider := range []string{told, "*"} {
		if mode != 0 {
			if m := whose(provider, "+"+mode.String()); m != nil {
				return m
			}
		}
		if m := whose(provider, ""); m != nil {
			if f, ok := factorOf(m.Row, mode); ok {
				m.factor = f
				return m
			}
			return nil
		}
	}
	return nil
}

func (b *Book) find(told string, names []spelling) *Match {
	one := fraction{1, 1}
	for _, n := range names {
		if row, ok := b.Table().row(told, n.name); ok {
			return &Match{Row: row, Name: n.name, Spelling: n.rule, Provider: "the price of the provider", factor: one}
		}
	}
	for _, n := range names {
		for _, maker := range makers {
			if row, ok := b.Table().row(maker, n.name); ok {
				why := "the maker's price, since the provider has none of its own"
				if told == anybody {
					why = "the maker's price, since the log names no provider"
				}
				return &Match{Row: row, Name: n.name, Spelling: n.rule, Provider: why, factor: one}
			}
		}
	}
	return nil
}

// told returns the provider that a log tells: by a cloud's way of spelling the
// model, by name, or by what stands in front of the model.
func told(provider, model string) string {
	p := canonical(provider)
	name := strings.ToLower(strings.TrimSpace(model))
	if p == anybody || p == "anthropic" {
		last := name[strings.LastIndexByte(name, '/')+1:]
		bare := compiled().region.ReplaceAllString(last, "")
		maker, _, dotted := strings.Cut(bare, ".")
		switch {
		case strings.HasPrefix(name, "arn:aws:bedrock:"), bare != last, dotted && slices.Contains(bedrockMakers, maker):
			return "amazonbedrock"
		case strings.HasPrefix(bare, "claude-") && strings.Contains(bare, "@"):
			return "googlevertexanthropic"
		}
	}
	if front, _, ok := strings.Cut(name, "/"); ok && p == anybody {
		return canonical(front)
	}
	return p
}

// bedrockMakers stand, with a dot, in front of Bedrock's models.
var bedrockMakers = []string{"anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "openai", "qwen", "google", "nvidia", "minimax", "moonshot", "moonshotai", "writer", "zai", "stability", "twelvelabs"}

// spelling is a name to look for, and how it was made.
type spelling struct{ name, rule string }

// spellings returns the names to look for, the most exact first.
func spellings(model string) []spelling {
	p := compiled()
	name := strings.ToLower(strings.TrimSpace(model))
	names := []spelling{{name, "as it is spelled"}}
	add := func(next, rule string) {
		name = next
		if name != "" && !slices.ContainsFunc(names, func(s spelling) bool { return s.name == name }) {
			names = append(names, spelling{name, rule})
		}
	}
	if i := strings.IndexByte(name, '['); i > 0 { // claude-opus-4-6[1m]
		add(name[:i], "without what stands in brackets")
	}
	for _, route := range []string{":thinking", ":nitro", ":floor", ":exacto", ":beta", ":extended"} {
		if rest, ok := strings.CutSuffix(name, route); ok {
			add(rest, "without "+route)
		}
	}
	for { // openrouter/anthropic/claude-...
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			break
		}
		add(rest, "without what stands in front of a slash")
	}
	add(p.region.ReplaceAllString(name, ""), "without the region")
	if maker, rest, ok := strings.Cut(name, "."); ok && slices.Contains(bedrockMakers, maker) { // anthropic.claude-...
		add(rest, "without the maker in front")
	}
	add(p.version.ReplaceAllString(name, ""), "without the version")
	if strings.HasPrefix(name, "claude-") {
		add(strings.ReplaceAll(name, ".", "-"), "with dashes for dots") // claude-opus-4.6
		if !strings.Contains(name, "@") && !p.date.MatchString(name) {
			names = append(names, spelling{name + "@default", "as Vertex spells it"})
		}
	}
	dated := name
	add(strings.ReplaceAll(name, "@", "-"), "with a dash for the @")
	add(p.date.ReplaceAllString(name, ""), "without the date")
	if name != dated && strings.HasPrefix(name, "claude-") {
		names = append(names, spelling{name + "@default", "as Vertex spells it, without the date"})
	}
	return names
}
