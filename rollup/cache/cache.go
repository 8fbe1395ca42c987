// Package cache tells what the caches of model providers saved, what they cost, and
// which calls paid again for what had been in them, with the cause of each as far
// as records tell it. It knows the ledger and, where a log is open, its spans and
// what requests hold; it knows no format and no screen.
package cache

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Report is what the caches came to. It is immutable.
type Report struct {
	Total  Sum
	Models []Group    // of each model, most tokens first
	Runs   []Run      // of each run that missed, dearest misses first
	Causes []CauseSum // dearest first
	Misses []Miss     // dearest first; at most Most

	cat *eventlog.Catalog
}

// Most is how many misses, and runs, a report lists.
const Most = 10_000

// Sum is what a set of calls read from caches and wrote into them. The five kinds of
// tokens in Usage are those of the ledger.
type Sum struct {
	Calls    int64
	Usage    eventlog.Usage
	Judged   int64          // calls whose prices are known, so that it can be told what a cache was worth
	Unjudged int64          // the others
	Saved    eventlog.Money // what the tokens read from caches would have cost more as input
	Extra    eventlog.Money // what the tokens written into caches cost more than as input
	// ColdCalls are the first calls of their runs, and of a model in its run, whose
	// cache cannot have held anything of theirs; ColdTokens is what they paid for.
	ColdCalls  int64
	ColdTokens int64
	Asides     int64 // calls with a context of their own between others; see package window
	Sums       int64 // calls that are known by their sum only: nobody can tell misses among them
	Misses     int64
	Again      int64          // tokens that misses paid for again
	Lost       eventlog.Money // what that cost more than reading them from the cache
	Unpriced   int64          // misses whose prices are not known
}

// Net is what the caches saved after all.
func (s *Sum) Net() eventlog.Money { return s.Saved - s.Extra }

// add adds v to s.
func (s *Sum) add(v *Sum) {
	s.Calls += v.Calls
	s.Usage.Add(v.Usage)
	s.Judged += v.Judged
	s.Unjudged += v.Unjudged
	s.Saved += v.Saved
	s.Extra += v.Extra
	s.ColdCalls += v.ColdCalls
	s.ColdTokens += v.ColdTokens
	s.Asides += v.Asides
	s.Sums += v.Sums
	s.Misses += v.Misses
	s.Again += v.Again
	s.Lost += v.Lost
	s.Unpriced += v.Unpriced
}

// Group is what the caches of one model came to.
type Group struct {
	Provider, Model string
	Sum
}

// Run is what the cache of one run came to.
type Run struct {
	Session, Run, Agent string
	Sum
}

// Cause is why a call did not find in the cache what had been there.
type Cause uint8

// The causes, in the order in which they are asked for: the first that holds is told.
const (
	Model   Cause = iota // another model was asked: each has a cache of its own
	Idle                 // it was not used for longer than it lives
	Tools                // the request describes other tools
	System               // the request has another system prompt
	History              // the conversation before was changed or shortened
	Fork                 // the call is the first of a fork
	Unknown              // nothing that was recorded tells
	causes
)

var causeNames = [causes]string{"model", "idle", "tools", "system", "history", "fork", "unknown"}

// String returns the name of the cause.
func (c Cause) String() string { return causeNames[c] }

// MarshalText returns the name of the cause.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// CauseSum is what the misses of one cause come to.
type CauseSum struct {
	Cause    Cause
	Misses   int64
	Tokens   int64 // paid for again
	Cost     eventlog.Money
	Unpriced int64 // of Misses, those without a price
}

// Miss is a call that paid again for what had been in the cache.
type Miss struct {
	Cause    Cause
	Why      string // what shows it, where the cause alone does not say it
	Session  string
	Run      string
	Agent    string
	Provider string
	Model    string
	Before   string         // the model of the call before
	Time     eventlog.Stamp // of the call
	Idle     time.Duration  // since the call before; zero when nobody knows
	Life     time.Duration  // how long the cache lives when nobody uses it
	Context  int64          // tokens that the call read
	Prior    int64          // and the one before
	Had      int64          // tokens that the cache had after the call before
	Read     int64          // tokens that came from the cache
	Again    int64          // tokens that were paid for again
	Cost     eventlog.Money // what that cost more than reading them from the cache; an estimate
	Priced   bool
	Span     eventlog.SpanID // of the call, in the log that the report was last shown; see In
	Previous eventlog.SpanID // of the call before

	entry, before int32 // index into Catalog.Entries
	forked        bool
}
