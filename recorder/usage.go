package recorder

import (
	"context"
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// Usage is what a session and everything below it used and cost, as JSON in the
// keys of lazytrace usage --json. Tokens and calls are counts, cost_usd and its
// like dollars; in Go they are Money, whose sums are exact. Every call counts
// once.
type Usage struct {
	Total   rollup.Sum              `json:"total"`
	ByAgent map[string]rollup.Group `json:"by_agent"` // by its name; Inclusive holds what it started
	ByRun   map[string]rollup.Run   `json:"by_run"`   // by its id
}

// UsageSummary adds up what has been committed of the session and of the
// sessions below it, also those that other programs recorded into the same
// store. In batches Flush has to come before it.
func (s *Session) UsageSummary(ctx context.Context) (Usage, error) {
	if s == nil {
		return Usage{}, nil
	}
	cat, err := s.engine.history.catalog(ctx)
	if err != nil {
		return Usage{}, fmt.Errorf("usage: %w", err)
	}
	r := rollup.New(cat, s.holds)
	return Usage{Total: r.Total, ByAgent: rollup.ByKey(r.Agents), ByRun: r.ByRun()}, nil
}

// holds reports whether a session is this one or below it.
func (s *Session) holds(at *eventlog.Session) bool {
	for ; at != nil; at = at.Parent {
		if at.ID == s.id {
			return true
		}
	}
	return false
}
