package export

import (
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Filter gives some of the events to another exporter.
type Filter struct {
	inner Exporter
	keep  func(e *eventlog.Event) bool
}

// NewFilter gives inner the events for which keep is true. keep sees every
// event in its order and is called by one goroutine at a time; it must not
// change the event.
func NewFilter(inner Exporter, keep func(e *eventlog.Event) bool) *Filter {
	return &Filter{inner, keep}
}

// OfTypes keeps events of some types, as they are spelled.
func OfTypes(types ...string) func(e *eventlog.Event) bool {
	known := map[string]bool{}
	for _, t := range types {
		known[t] = true
	}
	return func(e *eventlog.Event) bool { return known[e.Type] }
}

// Where keeps events that a query holds for, by what those who read the log
// make of them. What it remembers is for one exporter.
func Where(q eventlog.Query) func(e *eventlog.Event) bool {
	r := newReader()
	facts := map[string]*eventlog.Facts{}
	return func(e *eventlog.Event) bool {
		got := r.read(e)
		if got.Kind == eventlog.SessionStart && got.Facts != nil && len(facts) < mostSessions {
			facts[got.SessionID] = got.Facts
		}
		s := subject(got)
		if s.Facts == nil {
			s.Facts = facts[got.SessionID]
		}
		return q.Match(&s)
	}
}

// mostSessions bounds of how many sessions within one recording is kept what
// they said about themselves.
const mostSessions = 1024

// subject is what a query is asked about an event. What only a finished
// session has stays empty.
func subject(e *eventlog.Event) eventlog.Subject {
	s := eventlog.Subject{
		Kind: e.Kind, Type: e.Type, ID: e.ID, Session: e.SessionID, Run: e.RunID, Agent: e.Agent, Provider: e.Provider, Model: e.Model,
		Tool: e.Tool, Facts: e.Facts, Link: e.Link, Failed: e.Failed, Outcome: e.Outcome, Time: e.Time, Now: eventlog.StampOf(time.Now()),
		Found: func(word string) bool {
			for _, text := range []string{e.Text, e.Message, string(e.Payload)} {
				if strings.Contains(strings.ToLower(text), word) {
					return true
				}
			}
			return false
		},
	}
	if e.Began.Known() {
		s.Duration = e.Time.Sub(e.Began)
	}
	if e.Bill != nil {
		s.Usage, s.Cost, s.Priced = e.Bill.Usage, e.Bill.Cost, e.Bill.Source != eventlog.Unpriced
	}
	return s
}

// Name is that of the exporter behind it.
func (f *Filter) Name() string { return nameOf(f.inner) }

// Export passes the event on if it is to be kept.
func (f *Filter) Export(e eventlog.Event) error {
	if !f.keep(&e) {
		return nil
	}
	return f.inner.Export(e)
}

// Flush has the exporter write what it collected.
func (f *Filter) Flush() error { return flush(f.inner) }

// Close closes the exporter.
func (f *Filter) Close() error { return f.inner.Close() }
