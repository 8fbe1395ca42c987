package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Level says what a finding means for the gate.
type Level uint8

// The levels.
const (
	Warning Level = iota // it is told
	Error                // the gate trips
)

var levelNames = [...]string{"warning", "error"}

// String returns the name of the level.
func (l Level) String() string { return levelNames[l] }

// MarshalText returns the name of the level.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Rule says how much of something there may be, in which sessions.
type Rule struct {
	ID      string // of its own, or of its kind
	What    What
	Limit   Amount         // of a score at least, of everything else at most
	Of      string         // which score
	Accept  []string       // which outcomes
	Query   eventlog.Query // what may not match
	Text    string         // of the query
	Where   eventlog.Query // which sessions are meant; all of those that are judged when it is zero
	Level   Level
	Message string // instead of ours
	Source  string // where it stands: a flag, or a file and its line
}

// DefaultScore is the score that is meant where none is named.
const DefaultScore = "score"

// NewRule returns a rule of a kind that trips the gate, with its limit as it is spelled.
func NewRule(what What, limit, source string) (Rule, error) {
	r := Rule{ID: what.Kind().ID, What: what, Level: Error, Source: source}
	return r, r.limit(limit)
}

// limit reads the limit of a rule.
func (r *Rule) limit(text string) (err error) {
	switch r.What {
	case Outcome:
		r.Limit = Amount{Unit: Text, Word: text}
		for _, word := range strings.Split(text, ",") {
			word = strings.TrimSpace(word)
			if !slices.Contains(outcomes, word) {
				return fmt.Errorf("%q is no outcome: %s", word, strings.Join(outcomes, ", "))
			}
			r.Accept = append(r.Accept, word)
		}
		return nil
	case Score:
		if r.Of == "" {
			r.Of = DefaultScore
		}
	}
	if r.Limit, err = ParseAmount(r.What.Kind().Unit, text); err == nil && r.What == Repeat && r.Limit.N < leastRepeat {
		err = fmt.Errorf("%s is too few: a call is known to repeat from the third time on", text)
	}
	return err
}

// leastRepeat is how often a call has to be allowed: two alike are no loop yet.
const leastRepeat = 2

var outcomes = []string{eventlog.Success.String(), eventlog.Failure.String(), eventlog.Cancelled.String(), "unknown"}

// limited says what may be, for people.
func (r *Rule) limited() string {
	switch r.What {
	case Outcome:
		return "it has to be " + strings.Join(r.Accept, " or ")
	case Score:
		return "at least " + r.Limit.String()
	}
	return "at most " + r.Limit.String()
}

// name tells a rule for people: its id, and its kind where that is another one.
func (r *Rule) name() string {
	if kind := r.What.Kind().ID; r.ID != kind {
		return r.ID + " (" + kind + ")"
	}
	return r.ID
}

// Needs is what has to be found out before sessions can be judged by some rules.
type Needs struct{ Loops, Matches, Secrets, Steps, Baseline bool }

// NeedsOf says what rules need to know besides what lists of sessions tell.
func NeedsOf(rules []Rule) (n Needs) {
	for _, r := range rules {
		switch {
		case r.What == Loops || r.What == Repeat:
			n.Loops = true
		case r.What == Matches:
			n.Matches = true
		case r.What == Secrets:
			n.Secrets = true
		}
		n.Steps = n.Steps || r.What == StepsRegression
		n.Baseline = n.Baseline || r.What.regression()
	}
	return n
}
