package dialect

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// codexCount is a count of tokens as Codex spells it: the input with what came
// from the cache, the output with the reasoning.
type codexCount struct{ input, cached, written, output, reasoning, total int64 }

func readCount(value []byte) (n codexCount, ok bool) {
	if len(value) == 0 || value[0] != '{' {
		return n, false
	}
	_ = jsonl.Fields(value, func(key, value []byte) bool {
		switch string(key) {
		case "input_tokens":
			n.input = count(value)
		case "cached_input_tokens", "cache_read_input_tokens":
			n.cached = count(value)
		case "cache_write_input_tokens":
			n.written = count(value)
		case "output_tokens":
			n.output = count(value)
		case "reasoning_output_tokens":
			n.reasoning = count(value)
		case "total_tokens":
			n.total = count(value)
		}
		return true
	})
	return n, true
}

// minus returns what came on top of m, unless a counter went back.
func (n codexCount) minus(m codexCount) (codexCount, bool) {
	d := codexCount{
		n.input - m.input, n.cached - m.cached, n.written - m.written, n.output - m.output, n.reasoning - m.reasoning, n.total - m.total,
	}
	return d, min(d.input, d.cached, d.written, d.output, d.reasoning) >= 0
}

// usage returns the count with its parts apart from each other.
func (n codexCount) usage() eventlog.Usage {
	cached := min(n.cached, n.input)
	written := min(n.written, n.input-cached)
	return eventlog.Usage{
		Input: n.input - cached - written, CacheRead: cached, CacheWrite5m: written, Output: n.output, Reasoning: min(n.reasoning, n.output),
	}
}

func (n codexCount) String() string {
	return fmt.Sprint(n.input, n.cached, n.written, n.output, n.reasoning, n.total)
}

// usage decodes a token_usage_record: one model call, with its name.
func (c *codex) usage(full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	if t := c.names.text(p.turnID); t != "" {
		c.turn = t
	}
	n, _ := readCount(p.usage)
	total, _ := readCount(p.threadUsage)
	again := !c.records && !c.payment.IsZero() && total == c.paid // a token_count told of this very call
	if again {
		c.billed = false
	}
	c.answer(true)
	c.billed = true
	owner := cmp.Or(c.names.text(p.threadID), c.own.id)
	c.b = eventlog.Bill{Usage: n.usage(), Mode: c.mode, Rule: eventlog.RuleResponse, Copied: owner != c.own.id}
	switch id := readable(p.response); {
	case again:
		c.b.Call = c.payment
	case id != "":
		c.b.Call = eventlog.Identify("codex response", owner, id)
	default:
		c.b.Call, c.b.Rule = eventlog.Identify("codex record", owner, c.turn, total.String(), n.String()), eventlog.RuleRecord
	}
	c.records = true
	e.Bill, e.Copied = &c.b, c.b.Copied
	if full {
		c.countDetails(p.usage, "")
		if id := readable(p.response); id != "" {
			e.Details = append(e.Details, eventlog.Detail{Name: "response id", Value: id})
		}
	}
	emit(e)
}

// tokens decodes a token_count. It says how full the limits are and, where the
// counters went on, what the call before it used. The counters stand in the
// first event, the call, if there is one, in the second, so that the events of
// a record have the same places whatever came before it.
func (c *codex) tokens(full bool, emit func(*eventlog.Event)) {
	p, e := &c.p, &c.e
	base := *e
	e.Kind, e.Hidden = eventlog.Metrics, true
	if full {
		c.limits()
	}
	emit(e)
	totals, _ := jsonl.Lookup(p.info, "total_token_usage")
	lasts, _ := jsonl.Lookup(p.info, "last_token_usage")
	total, hasTotal := readCount(totals)
	last, hasLast := readCount(lasts)
	if !hasTotal && !hasLast {
		return
	}
	if hasTotal && c.counted && total == c.before {
		return
	}
	owner := c.owner()
	n, grew := total.minus(c.before)
	begins := (c.own.branched() || len(c.metas) > 1) && owner != c.payer // the counters may go on from another thread's
	if hasLast && (!hasTotal || !grew || begins) {
		n = last
	} else if !grew {
		n = codexCount{}
	}
	if hasTotal {
		c.before, c.counted, c.payer = total, true, owner
	}
	u := n.usage()
	if c.records || u.Total() == 0 {
		return
	}
	*e = base
	c.answer(true)
	c.billed = true
	c.b = eventlog.Bill{
		Usage: u, Mode: c.mode, Rule: eventlog.RuleRecord, Copied: owner != c.own.id,
		Call: eventlog.Identify("codex", owner, c.turn, c.model, total.String(), n.String()),
	}
	switch when := strconv.FormatInt(int64(e.Time), 10); {
	case !hasTotal:
		c.b.Call = eventlog.Identify("codex", owner, c.turn, c.model, when, n.String())
	case !c.known && e.Time.Known():
		// No record says whose the file is. What another file tells of the same
		// moment with the same counts is a copy.
		c.b.Call = eventlog.Identify("codex", "", c.turn, c.model, when, total.String(), n.String())
	}
	c.payment, c.paid = c.b.Call, total
	e.Bill, e.Copied = &c.b, c.b.Copied
	if full {
		c.countDetails(lasts, "")
	}
	emit(e)
}

func (c *codex) countDetails(value []byte, prefix string) {
	_ = jsonl.Fields(value, func(key, value []byte) bool {
		if n := count(value); n > 0 {
			c.e.Details = append(c.e.Details, eventlog.Detail{Name: prefix + spaced(key), Value: strconv.FormatInt(n, 10)})
		}
		return true
	})
}

// limits says how full the context and the account's limits are.
func (c *codex) limits() {
	p, e := &c.p, &c.e
	if total, ok := jsonl.Lookup(p.info, "total_token_usage"); ok {
		c.countDetails(total, "thread ")
	}
	if window, ok := jsonl.Lookup(p.info, "model_context_window"); ok && readable(window) != "" {
		e.Details = append(e.Details, eventlog.Detail{Name: "context window", Value: readable(window)})
	}
	for _, name := range []string{"primary", "secondary"} {
		limit, _ := jsonl.Lookup(p.limits, name)
		used, ok := jsonl.Lookup(limit, "used_percent")
		if !ok {
			continue
		}
		text := readable(used) + " % used"
		if minutes, ok := jsonl.Lookup(limit, "window_minutes"); ok {
			text += " of " + window(count(minutes))
		}
		if resets, ok := jsonl.Lookup(limit, "resets_at"); ok {
			if at := moment(resets); at.Known() {
				text += ", resets " + at.Time().UTC().Format("2006-01-02 15:04 UTC")
			}
		}
		e.Details = append(e.Details, eventlog.Detail{Name: name + " limit", Value: text})
	}
	if plan, ok := jsonl.Lookup(p.limits, "plan_type"); ok && readable(plan) != "" {
		e.Details = append(e.Details, eventlog.Detail{Name: "plan", Value: readable(plan)})
	}
}

func window(minutes int64) string {
	switch {
	case minutes > 0 && minutes%(24*60) == 0:
		return strconv.FormatInt(minutes/(24*60), 10) + " d"
	case minutes > 0 && minutes%60 == 0:
		return strconv.FormatInt(minutes/60, 10) + " h"
	}
	return strconv.FormatInt(minutes, 10) + " min"
}

const second = eventlog.Stamp(time.Second)

// owner returns the thread in which the record was first written. A fork of an
// older version begins with a copy of all records of the thread that it was
// forked from, stamped anew; the turn that a record belongs to tells, by the
// time in its id, which of the threads wrote it, or when it is told to have
// started. Where turns tell neither, what was written at once, from the first record
// on without a second between two, is a copy: no model answers so fast.
func (c *codex) owner() string {
	from := cmp.Or(c.own.forkOf, c.own.parent)
	if len(c.metas) > 1 {
		from = c.metas[len(c.metas)-1].id
	}
	if c.own.based || from == "" {
		return c.own.id
	}
	turn, ok := uuidTime(c.turn)
	if own, known := uuidTime(c.own.id); ok && known {
		if turn >= own {
			return c.own.id
		}
		best, at := from, int64(-1)
		for _, t := range c.metas[1:] {
			if began, ok := uuidTime(t.id); ok && began <= turn && began > at {
				best, at = t.id, began
			}
		}
		return best
	}
	if began := cmp.Or(c.own.began, c.opened); c.started.Known() && began.Known() {
		if c.started+second > began { // it is told in whole seconds
			return c.own.id
		}
		return from
	}
	switch at := c.e.Time; {
	case !at.Known():
	case at < c.own.began:
		return from
	case c.copied.Known() && at-c.copied < second:
		c.copied = max(c.copied, at)
		return from
	}
	return c.own.id
}

// uuidTime returns the milliseconds since 1970 in a UUID of version 7.
func uuidTime(id string) (int64, bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[14] != '7' {
		return 0, false
	}
	n, err := strconv.ParseInt(id[:8]+id[9:13], 16, 64)
	return n, err == nil
}
