package recorder

import (
	"math"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// What a session is made of and speaks of.
type (
	// Event is one thing that happened, as exporters get it and as it is read back.
	Event = eventlog.Event
	// Exporter is a sink beside the store. Its methods are called by one
	// goroutine at a time, in the order of the events; they must not call the
	// session. One that has a method Flush() error may collect events: it is
	// called behind each batch.
	Exporter = pipeline.Exporter
	// Redactor masks secrets, in the JSON of payloads and in single texts. Both
	// methods return how many they masked. It is called by every goroutine that
	// emits. A panic is a failure, and so is JSON that is not valid any more.
	Redactor = pipeline.Redactor
	// OnFull is what happens to an event for which there is no room.
	OnFull = pipeline.OnFull
	// RedactFailure is what becomes of an event that cannot be redacted.
	RedactFailure = pipeline.RedactFailure
	// Stats tells how the recording went.
	Stats = pipeline.Stats
	// Outcome is how a session ended.
	Outcome = eventlog.Outcome
	// Money is an amount in billionths of a US dollar. Its sums are exact.
	Money = eventlog.Money
	// Tokens counts the tokens of a model call. All of its counts but Reasoning,
	// which is part of Output, are apart from each other.
	Tokens = eventlog.Usage
)

// What to do when the queue is full.
const (
	Hybrid = pipeline.Hybrid // critical events wait, others are dropped and counted
	Block  = pipeline.Block  // every event waits
	Drop   = pipeline.Drop   // every event is dropped and counted
)

// What to do when redaction fails. Nothing is ever kept raw.
const (
	Strict   = pipeline.Strict   // the event is dropped and counted
	Fallback = pipeline.Fallback // the event is kept without its body
)

// How a session ended.
const (
	Success   = eventlog.Success
	Failure   = eventlog.Failure
	Cancelled = eventlog.Cancelled
)

// The types of events that agents are made of. Emit takes any other as well.
const (
	TypeAgentStart    = "agent_start"
	TypeAgentFinish   = "agent_finish"
	TypeLoopStep      = "loop_step"
	TypeModelRequest  = "model_request"
	TypeModelResponse = "model_response"
	TypeToolCall      = "tool_call"
	TypeToolResult    = "tool_result"
	TypeToolError     = "tool_error"
	TypeToolTimeout   = "tool_timeout"
	TypeHILDecision   = "hil_decision" // a person decided
)

// What is returned for an event that was not taken.
var (
	// ErrFull: there was no room for the event. It has been counted.
	ErrFull = pipeline.ErrFull
	// ErrRedact: the event could not be redacted. It has been counted.
	ErrRedact = pipeline.ErrRedact
	// ErrClosed: the session has been closed.
	ErrClosed = pipeline.ErrClosed
)

// USD returns an amount of dollars, rounded to a billionth, for Response.Cost.
func USD(dollars float64) *Money {
	m := Money(math.Round(dollars * float64(eventlog.Dollar)))
	return &m
}
