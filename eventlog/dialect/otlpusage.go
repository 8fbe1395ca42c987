package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// otlpCount is what an item says that a model call used.
type otlpCount struct {
	usage   eventlog.Usage
	in, out int64 // as they are spelled, by which two tellings of one call are known
	told    bool
}

// count reads the tokens of an item. Conventions differ in whether the input
// holds what came from the cache, and the output what the model thought:
//
//   - GenAI, OpenInference, OpenLLMetry and Codex: both do,
//   - Claude Code: the input does not,
//   - Gemini CLI: the input does, the output does not,
//   - Langfuse: neither; see usageDetails.
//
// Instrumentations of Anthropic's API often fill in the names of the first group
// with counts of its own, which are apart. It shows where the cache holds more
// than the input, or where the total is the sum of all.
func (it *otlpItem) count() otlpCount {
	a := &it.attrs.of
	if c := usageDetails(a[attrUsageDetails]); c.told {
		return c
	}
	read, write5m, write1h := count(a[attrCacheRead]), count(a[attrCacheWrite5m]), count(a[attrCacheWrite1h])
	write5m = max(write5m, count(a[attrCacheWrite])-write1h)
	in, out, total := count(a[attrInputTokens]), count(a[attrOutputTokens]), count(a[attrTotalTokens])
	reasoning, thoughts := count(a[attrReasoning]), count(a[attrThoughts])
	c := otlpCount{told: a[attrInputTokens] != nil || a[attrInputApart] != nil || a[attrOutputTokens] != nil || a[attrTotalTokens] != nil}
	cached := read + write5m + write1h
	apart := cached > in || cached > 0 && total == in+cached+out && total != in+out
	if a[attrInputApart] != nil && (a[attrInputTokens] == nil || it.isClaude()) {
		in, apart = count(a[attrInputApart]), true
	}
	if total > in+out {
		switch { // where one is not told it is the rest
		case a[attrOutputTokens] == nil && a[attrInputTokens] != nil:
			out = total - in
		case a[attrInputTokens] == nil && a[attrInputApart] == nil:
			in = total - out
		}
	}
	c.in, c.out = in, out
	if !apart {
		in -= cached
	}
	if reasoning > out || reasoning > 0 && total == c.in+c.out+reasoning {
		thoughts = max(thoughts, reasoning)
	}
	if thoughts > 0 {
		out, reasoning = out+thoughts, thoughts
	}
	if !it.eventIs("codex.") { // there it is the sum of all
		in += count(a[attrToolTokens])
	}
	c.usage = eventlog.Usage{
		Input: in, CacheRead: read, CacheWrite5m: write5m, CacheWrite1h: write1h, Output: out, Reasoning: reasoning,
	}
	return c
}

// usageDetails reads Langfuse's counts. Its keys are apart by definition, but
// whoever fills them in may think otherwise, which the total tells: where it is
// the sum of input and output alone, these hold the others.
func usageDetails(details []byte) otlpCount {
	var c otlpCount
	var read, write, reasoning, total int64
	_ = fieldsOf(inner(details), func(key, value []byte) bool {
		n := count(value)
		name := strings.ToLower(string(key))
		switch cache := strings.Contains(name, "cache"); {
		case name == "input", name == "prompt_tokens", name == "input_tokens", name == "prompttokens":
			c.in, c.told = n, true
		case name == "output", name == "completion_tokens", name == "output_tokens", name == "completiontokens":
			c.out, c.told = n, true
		case name == "total", name == "total_tokens", name == "totaltokens":
			total = n
		case cache && (strings.Contains(name, "creation") || strings.Contains(name, "write")):
			write += n
		case cache:
			read += n
		case strings.Contains(name, "reasoning"):
			reasoning += n
		case strings.HasPrefix(name, "input"):
			c.in += n
		case strings.HasPrefix(name, "output"):
			c.out += n
		}
		return true
	})
	in, out := c.in, c.out
	cached := read + write
	switch whole := total == in+out && total > 0; {
	case whole && cached <= in && reasoning <= out:
		in -= cached
	case total == in+out+cached && reasoning <= out && total > 0:
	default:
		out += reasoning
	}
	c.usage = eventlog.Usage{Input: in, CacheRead: read, CacheWrite5m: write, Output: out, Reasoning: reasoning}
	return c
}

// cost reads what an item says that a call cost.
func (it *otlpItem) cost() (eventlog.Money, bool) {
	a := &it.attrs.of
	if m, ok := cost(a[attrCost]); ok {
		return m, true
	}
	if a[attrCostMicros] != nil {
		const micro = eventlog.Dollar / 1_000_000
		return eventlog.Money(count(a[attrCostMicros])) * micro, true
	}
	var sum, total eventlog.Money
	any, whole := false, false
	_ = fieldsOf(inner(a[attrCostDetails]), func(key, value []byte) bool {
		m, ok := cost(value)
		switch {
		case !ok:
		case string(key) == "total":
			total, whole = m, true
		default:
			sum, any = sum+m, true
		}
		return true
	})
	if whole {
		return total, true
	}
	return sum, any
}

// bill makes a bill of what an item counts.
func (it *otlpItem) bill(c otlpCount, of *told) eventlog.Bill {
	b := eventlog.Bill{Call: of.id, Rule: of.rule, Usage: c.usage}
	// A price of nothing for a call that used something is no price.
	if m, ok := it.cost(); ok && (m > 0 || c.usage.Total() == 0) {
		b.Cost, b.Source = m, eventlog.Recorded
	}
	return b
}

// inner returns the JSON object that a value is, or that its text holds.
func inner(value []byte) []byte {
	if len(value) > 0 && value[0] == '"' {
		text, _ := jsonl.String(value)
		value = []byte(strings.TrimSpace(text))
	} else {
		value = plain(value)
	}
	if len(value) == 0 || value[0] != '{' && value[0] != '[' || !jsonl.Valid(value) {
		return nil
	}
	return value
}

// isClaude reports whether Claude Code wrote the item, whose own names of
// counts stand beside those of the convention.
func (it *otlpItem) isClaude() bool {
	return strings.HasPrefix(string(it.name), `"claude_code.`) || it.eventIs("claude_code.")
}

// plain returns a value as JSON without the objects that tell types.
func plain(v []byte) []byte {
	if len(v) == 0 || v[0] != '{' {
		return v
	}
	var key string
	var list []byte
	_ = jsonl.Fields(v, func(k, value []byte) bool {
		key, list = string(k), value
		return false
	})
	switch key {
	case "arrayValue", "array_value":
		values, _ := lookup(list, "values")
		out := []byte{'['}
		elements(values, func(e []byte) {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = appendPlain(out, e)
		})
		return append(out, ']')
	case "kvlistValue", "kvlist_value":
		values, _ := lookup(list, "values")
		out := []byte{'{'}
		elements(values, func(pair []byte) {
			name, ok := lookup(pair, "key")
			if !ok {
				return
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			value, _ := lookup(pair, "value")
			out = appendPlain(append(append(out, name...), ':'), value)
		})
		return append(out, '}')
	}
	return v
}

func appendPlain(out, v []byte) []byte {
	if v = plain(anyValue(v)); len(v) == 0 {
		return append(out, "null"...)
	}
	return append(out, v...)
}
