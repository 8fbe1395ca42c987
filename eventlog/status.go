package eventlog

import "time"

// Status is how far a session has come. There is no error status: failure is
// ErrorCount > 0 or the outcome.
type Status uint8

// The states of a session.
const (
	StatusUnknown Status = iota
	Running
	Done
	Stale
	Interrupted // its recorder ended without saying so
)

var statusNames = [...]string{"unknown", "running", "done", "stale", "interrupted"}

// String returns the name of the state.
func (s Status) String() string { return statusNames[s] }

// MarshalText returns the name of the state.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Outcome is how a session or run ended, as far as its log tells.
type Outcome uint8

// The outcomes of a session or run.
const (
	OutcomeUnknown Outcome = iota
	Success
	Failure
	Cancelled
)

var outcomeNames = [...]string{"unknown", "success", "failure", "cancelled"}

// String returns the name of the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// MarshalText returns the name of the outcome.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// ParseOutcome reads the words that the known systems use.
func ParseOutcome(word string) Outcome {
	switch word {
	case "success", "completed", "ok":
		return Success
	case "failure", "failed", "error":
		return Failure
	case "cancelled", "canceled", "interrupted":
		return Cancelled
	}
	return OutcomeUnknown
}

// A session that still has something open is stale when nothing was heard of
// it for StaleAfter, and counts as closed by itself after CloseAfter.
const (
	StaleAfter = 5 * time.Minute
	CloseAfter = 24 * time.Hour
)

// signs are what a status is derived from.
type signs struct {
	closed      bool
	interrupted bool        // it was closed by somebody else than its recorder
	open        bool        // something of it is under way, or its end is still to come
	lost        func() bool // whether its recorder is gone; asked only when it matters
	last        Stamp       // the last sign of life
}

// deriveStatus is the one place where a status is made. Statuses are derived
// whenever they are asked for and never written back into a log.
func deriveStatus(s signs, now Stamp) (Status, string) {
	last := s.last
	switch {
	case s.closed && s.interrupted:
		return Interrupted, "interrupted"
	case s.closed:
		return Done, "exit"
	case !s.open:
		return Done, ""
	case s.lost():
		return Interrupted, "interrupted"
	case !last.Known():
		return StatusUnknown, ""
	case now.Sub(last) < StaleAfter:
		return Running, ""
	case now.Sub(last) < CloseAfter:
		return Stale, ""
	}
	return Done, "auto"
}
