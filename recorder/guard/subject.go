package guard

import (
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// subject is what the queries of rules are matched against: an event as the
// commands that list events see it, and what it cost by the prices in force.
func (g *Guard) subject(e *eventlog.Event, now time.Time) *eventlog.Subject {
	s := &eventlog.Subject{
		Kind: e.Kind, Type: e.Type, ID: e.ID, Session: e.SessionID, Run: e.RunID, Agent: e.Agent, Provider: e.Provider, Model: e.Model,
		Tool: e.Tool, Facts: e.Facts, Link: e.Link, Failed: e.Failed, Time: e.Time, Now: eventlog.StampOf(now), Outcome: e.Outcome,
		Found: func(word string) bool {
			return strings.Contains(strings.ToLower(e.Text+"\n"+e.Message+"\n"+string(e.Payload)+string(e.Input)+string(e.Output)), word)
		},
	}
	if e.Began.Known() {
		s.Duration = e.Time.Sub(e.Began)
	}
	if b := e.Bill; b != nil {
		s.Usage, s.Cost, s.Priced = b.Usage, b.Cost, b.Source != eventlog.Unpriced
		if !s.Priced && g.opts.Prices != nil {
			s.Cost, _, s.Priced = g.opts.Prices.Estimate(e.Provider, e.Model, b)
		}
	}
	return s
}
