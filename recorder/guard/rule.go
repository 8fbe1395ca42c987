package guard

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Limit is what a rule counts.
type Limit uint8

// What rules count.
const (
	Events Limit = iota // events
	Cost                // what model calls cost, in billionths of a dollar
	Tokens              // tokens of model calls
	Errors              // failures, as the session's error count has them
	Repeat              // calls of one tool with the same arguments and the same result
	Wall                // time that has passed, without that in which it was paused, in nanoseconds
)

var limitNames = [...]string{"events", "cost", "tokens", "errors", "repeat", "wall"}

// String returns the name of the limit, as policies spell it.
func (l Limit) String() string { return limitNames[l] }

var units = [...]string{"events", "usd", "tokens", "errors", "calls", "ms"}

// reached reports whether a count is one at which a rule holds. Money, tokens
// and errors may be as many as was said; the rest counts up to what was said.
func (l Limit) reached(count, most int64) bool {
	switch l {
	case Cost, Tokens, Errors:
		return count > most
	}
	return count >= most
}

// Action is what is done when a rule holds.
type Action uint8

// What can be done, the mildest first.
const (
	Record Action = iota // nothing but the record of it
	Notify               // one line on stderr
	Pause                // the program is stopped until somebody resumes it
	Stop                 // the program is asked to end, and killed when it does not
)

var actionNames = [...]string{"record", "notify", "pause", "stop"}

// String returns the name of the action.
func (a Action) String() string { return actionNames[a] }

// ParseAction reads the name of an action.
func ParseAction(name string) (Action, error) {
	for i, known := range actionNames {
		if name == known && Action(i) != Record {
			return Action(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not notify, pause or stop", name)
}

// decision is how a decision trace calls what an action comes to.
func (a Action) decision() string {
	if a < Pause {
		return "warn"
	}
	return a.String()
}

// Severity says how bad it is that a rule holds.
type Severity uint8

// The severities, the mildest first.
const (
	Info Severity = iota
	Warning
	Critical
)

var severityNames = [...]string{"info", "warning", "critical"}

// String returns the name of the severity.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads the name of a severity.
func ParseSeverity(name string) (Severity, error) {
	for i, known := range severityNames {
		if name == known {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not info, warning or critical", name)
}

// Rule says what is counted, when that is too much, and what is done then.
type Rule struct {
	Name   string
	Source string // where it was written, for people: --max-cost, policies.yaml:3
	Where  eventlog.Query
	Limit  Limit
	Most   int64         // in the unit of the limit
	Within time.Duration // what is older does not count; zero counts all

	Action   Action
	Severity Severity
	Hooks    []Hook // told of the signal, besides those that are told of each
	Payload  bool   // these are given the payload of the event that was the last straw
}

// subtypes are the words for signals that others know: those of Niitaka, where
// it has one.
var subtypes = [...][2]string{
	{"policy", "policy_triggered"}, {"guardrail", "cost_limit"}, {"guardrail", "token_limit"},
	{"alert", "error_spike"}, {"control", "repeat"}, {"guardrail", "time_limit"},
}

// number spells a count as a JSON number in the unit of the limit.
func (l Limit) number(n int64) []byte {
	switch l {
	case Cost:
		return []byte(eventlog.Money(n).String())
	case Wall:
		return strconv.AppendInt(nil, time.Duration(n).Milliseconds(), 10)
	}
	return strconv.AppendInt(nil, n, 10)
}

// words spells a count for people.
func (l Limit) words(n int64) string {
	switch l {
	case Cost:
		return dollars(eventlog.Money(n))
	case Wall:
		return span(time.Duration(n))
	}
	return figure.Whole(n)
}

// reason says how a count stands to its limit: $1.02 of $1.00.
func (r *Rule) reason(count, most int64, last *cause) string {
	text := r.Limit.words(count) + " of " + r.Limit.words(most)
	switch r.Limit {
	case Tokens, Errors:
		text += " " + r.Limit.String()
	case Wall:
		text = "it ran for " + r.Limit.words(count) // the limit is the same but for moments
	case Repeat:
		text = fmt.Sprintf("%s gave the same result for the same arguments %s times", orNone(last.tool, "a tool"), figure.Whole(count))
		if r.Within == 0 {
			text += " in a row"
		}
	case Events:
		text = last.words()
		if most > 1 {
			text = fmt.Sprintf("%s events, the last %s", figure.Whole(count), last.words())
		}
	}
	if r.Within > 0 {
		text += " within " + span(r.Within)
	}
	return text
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}

// dollars spells money with at least two decimals and all that it has: what is
// above a limit by a billionth must not look like the limit.
func dollars(m eventlog.Money) string {
	text := m.String()
	whole, part, _ := strings.Cut(text, ".")
	for len(part) < 2 {
		part += "0"
	}
	return "$" + whole + "." + part
}

// span spells a duration without what is zero at its end, and without fractions
// that nobody reads.
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(10 * time.Millisecond)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}
