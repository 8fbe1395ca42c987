package price

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// fraction is by how much a mode multiplies all prices of a model.
type fraction struct{ num, den int64 }

// modes says what a mode costs. The table of models does not hold this; these
// are the figures that the providers publish. A model ending in * is any
// text. The first line that fits counts; where none fits, a call
// in that mode has no price. A user's own row "model+mode" beats all of them.
var modes = []struct {
	provider string
	model    string
	mode     eventlog.Mode
	factor   fraction
}{
	// Capacity for the priority tier is paid for ahead; its tokens cost as usual.
	{"anthropic", "claude-*", eventlog.Priority, fraction{1, 1}},
	{"anthropic", "claude-*", eventlog.Batch, fraction{1, 2}},
	{"anthropic", "claude-opus-4-6*", eventlog.Fast, fraction{6, 1}},
	{"anthropic", "claude-opus-4-7*", eventlog.Fast, fraction{6, 1}},
	{"anthropic", "claude-opus-4-8*", eventlog.Fast, fraction{2, 1}},
	// One region costs a tenth more from this generation on, and nothing before.
	{"anthropic", "claude-3*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-haiku-4-5*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-sonnet-4-5*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-opus-4-5*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-opus-4-1*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-*-4-0*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-*-4-2025*", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-*-4", eventlog.Regional, fraction{1, 1}},
	{"anthropic", "claude-*", eventlog.Regional, fraction{11, 10}},

	{"openai", "*", eventlog.Flex, fraction{1, 2}},
	{"openai", "*", eventlog.Batch, fraction{1, 2}},
	{"openai", "*-pro*", eventlog.Priority, fraction{}},
	{"openai", "gpt-4.1-nano*", eventlog.Priority, fraction{2, 1}},
	{"openai", "*-nano*", eventlog.Priority, fraction{}},
	{"openai", "gpt-5.5*", eventlog.Priority, fraction{5, 2}},
	{"openai", "gpt-5-mini*", eventlog.Priority, fraction{9, 5}},
	{"openai", "gpt-5.4-mini*", eventlog.Priority, fraction{2, 1}},
	{"openai", "gpt-5*", eventlog.Priority, fraction{2, 1}},
	{"openai", "gpt-4.1*", eventlog.Priority, fraction{7, 4}},
	{"openai", "gpt-4o-mini*", eventlog.Priority, fraction{5, 3}},
	{"openai", "gpt-4o-2024-05-13", eventlog.Priority, fraction{7, 4}},
	{"openai", "gpt-4o*", eventlog.Priority, fraction{17, 10}},
	{"openai", "o3", eventlog.Priority, fraction{7, 4}},
	{"openai", "o4-mini*", eventlog.Priority, fraction{20, 11}},

	{"google", "gemini-*", eventlog.Flex, fraction{1, 2}},
	{"google", "gemini-*", eventlog.Batch, fraction{1, 2}},
}

// factorOf returns what a mode multiplies the prices of a row by, flag by flag.
func factorOf(row *Row, mode eventlog.Mode) (fraction, bool) {
	all := fraction{1, 1}
	for flag := eventlog.Mode(1); flag != 0 && flag <= mode; flag <<= 1 {
		if mode&flag == 0 {
			continue
		}
		f, ok := flagFactor(row, flag)
		if !ok {
			return fraction{}, false
		}
		all.num, all.den = all.num*f.num, all.den*f.den
	}
	return all, true
}

func flagFactor(row *Row, flag eventlog.Mode) (fraction, bool) {
	if row.Provider == "openai" && flag == eventlog.Fast {
		flag = eventlog.Priority // what Codex calls fast
	}
	for _, m := range modes {
		if m.provider == row.Provider && m.mode == flag && fits(m.model, strings.ToLower(row.Model)) {
			return m.factor, m.factor.den != 0
		}
	}
	return fraction{}, false
}

// fits reports whether a name is one that a pattern stands for, in which * is
// any text.
func fits(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
