package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Options say how a Pipeline works. Zero fields are the defaults.
type Options struct {
	Session string // fills in events that name no session; a new id when empty
	Run     string // fills in events that name no run
	Agent   string // names the agent of such events, when they do not

	// Open opens the store. It is called once, by the goroutine that writes, so
	// that nothing waits for it; events wait in the queue meanwhile.
	Open func(ctx context.Context) (Store, error)

	Exporters []Exporter // in the order in which each event is given to them

	Redactor Redactor      // nil stores payloads as they come
	OnError  RedactFailure // what becomes of an event that cannot be redacted

	BatchSize     int           // events that are written at once; 100
	BatchInterval time.Duration // how long an event may wait for its batch; 1 s
	PassiveDelay  time.Duration // how long an event may wait that nobody waits to be told of; BatchInterval
	GroupDelay    time.Duration // how long a prompt event waits for others to share its commit; 1 ms
	MaxQueue      int           // events that may wait; 10,000
	MaxBytes      int64         // bytes that may wait; 64 MiB
	OnFull        OnFull

	// Critical tells which events wait for room rather than being dropped;
	// eventlog.Kind.Critical when nil.
	Critical func(e *eventlog.Event) bool

	// Tap sees each event that was taken, as it will be stored: stamped and
	// redacted. It is called by whoever hands the event over, so it must be quick
	// and must not hand over events itself; it may keep the payload and must not
	// change it. An event that is sent twice is seen twice.
	Tap func(e *eventlog.Event)

	// Warn takes one line about something that went wrong while the recording
	// goes on. It may be called by any goroutine.
	Warn func(line string)

	Now func() time.Time // time.Now
}

// OnFull is what happens to an event for which the queue has no room.
type OnFull uint8

// The policies of a full queue.
const (
	Hybrid OnFull = iota // critical events wait, others are dropped
	Block                // every event waits
	Drop                 // every event is dropped
)

// ParseOnFull reads the name of a policy.
func ParseOnFull(name string) (OnFull, error) {
	for i, known := range []string{"hybrid", "block", "drop"} {
		if name == known {
			return OnFull(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not hybrid, block or drop", name)
}

// RedactFailure is what becomes of an event that cannot be redacted. Neither
// choice lets the raw event through.
type RedactFailure uint8

// The answers to a failing redactor.
const (
	Strict   RedactFailure = iota // the event is dropped and counted
	Fallback                      // the event is kept without its body
)

// ParseRedactFailure reads the name of an answer.
func ParseRedactFailure(name string) (RedactFailure, error) {
	switch name {
	case "strict":
		return Strict, nil
	case "fallback":
		return Fallback, nil
	}
	return 0, fmt.Errorf("%q is not strict or fallback", name)
}

// filled returns the options with the defaults in place.
func (o Options) filled() Options {
	if o.BatchSize <= 0 {
		o.BatchSize = 100
	}
	if o.BatchInterval <= 0 {
		o.BatchInterval = time.Second
	}
	if o.PassiveDelay <= 0 || o.PassiveDelay > o.BatchInterval {
		o.PassiveDelay = o.BatchInterval
	}
	if o.GroupDelay <= 0 {
		o.GroupDelay = time.Millisecond
	}
	if o.MaxQueue <= 0 {
		o.MaxQueue = 10_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Critical == nil {
		o.Critical = func(e *eventlog.Event) bool { return e.Kind.Critical() }
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
