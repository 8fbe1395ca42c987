package recorder

import (
	"context"
	"fmt"
	"maps"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// SetMetrics tells how the session went, in numbers: goal_completed and score,
// from 0 to 1, and at most ten others. Metrics of one name replace each other.
func (s *Session) SetMetrics(metrics map[string]float64) error {
	if s == nil {
		return nil
	}
	if err := s.merge(metrics); err != nil {
		return err
	}
	var o wire.Object
	o.Set("metrics", metrics)
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	return s.record(ctx, Event{
		Kind: eventlog.Metrics, Type: eventlog.Metrics.String(), SessionID: s.id, Payload: o.JSON(),
		Facts: &eventlog.Facts{Metrics: metrics},
	})
}

// merge adds metrics to those that were set, unless something is wrong with all
// of them together.
func (s *Session) merge(metrics map[string]float64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	all := maps.Clone(s.metrics)
	if all == nil {
		all = make(map[string]float64, len(metrics))
	}
	maps.Copy(all, metrics)
	if err := origin.CheckMetrics(all); err != nil {
		return fmt.Errorf("set metrics: %w", err)
	}
	s.metrics = all
	return nil
}

// SetOutcome says how the session ends, which is told when it is closed. The last
// call counts. Without one the outcome is that of the last run on top.
func (s *Session) SetOutcome(outcome Outcome, reason string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcome, s.reason = outcome, reason
}

// Fail says that the session ends as a failure, and why.
func (s *Session) Fail(err error) {
	if err != nil {
		s.SetOutcome(Failure, err.Error())
	}
}
