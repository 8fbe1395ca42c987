package eventlog

import "slices"

// Kind is what an event tells. The names are those of the LazyBridge event
// types; a type that is not in the list is kept as Custom, with its own
// spelling in Event.Type.
type Kind uint8

// The kinds of events.
const (
	Custom Kind = iota // a type we do not know: kept, counted, shown
	AgentStart
	AgentFinish
	LoopStep
	ModelRequest
	ModelResponse
	ToolCall
	ToolResult
	ToolError
	ToolTimeout
	HILDecision
	Decision
	Error
	Message
	Signal
	StateChange
	Policy
	Metrics
	SessionStart
	SessionEnd
	Heartbeat
	LogLine    // a line that the child wrote to stdout or stderr
	Retry      // a failed attempt that was tried again
	Compaction // the agent shortened its own context
	Dropped    // the recorder had to drop events, with their number
	Unreadable // a record that could not be read: its bytes are kept
	kinds
)

var kindNames = [kinds]string{
	"custom", "agent_start", "agent_finish", "loop_step", "model_request", "model_response",
	"tool_call", "tool_result", "tool_error", "tool_timeout", "hil_decision", "decision", "error",
	"message", "signal", "state_change", "policy", "metrics", "session_start", "session_end",
	"heartbeat", "log", "retry", "compaction", "dropped", "unreadable",
}

var kindOf = func() map[string]Kind {
	m := make(map[string]Kind, kinds)
	for k, name := range kindNames {
		if Kind(k) != Custom && Kind(k) != Unreadable {
			m[name] = Kind(k)
		}
	}
	return m
}()

// ParseKind returns the kind that a type name stands for, or Custom.
func ParseKind(name string) Kind { return kindOf[name] }

// Kinds returns the names of all kinds.
func Kinds() []string { return slices.Clone(kindNames[:]) }

// String returns the type name.
func (k Kind) String() string { return kindNames[k] }

// Class groups kinds the way people look at them.
type Class uint8

// The classes of kinds.
const (
	ClassOther Class = iota
	ClassAgent
	ClassModel
	ClassTool
	ClassHuman
	ClassError
	ClassMessage
	ClassSystem
)

var classNames = [...]string{"other", "agent", "model", "tool", "human", "error", "message", "system"}

// String returns the name that a query uses: kind:tool.
func (c Class) String() string { return classNames[c] }

// Class returns the class of the kind.
func (k Kind) Class() Class {
	switch k {
	case AgentStart, AgentFinish, LoopStep:
		return ClassAgent
	case ModelRequest, ModelResponse, Retry:
		return ClassModel
	case ToolCall, ToolResult, ToolError, ToolTimeout:
		return ClassTool
	case HILDecision:
		return ClassHuman
	case Error, Unreadable:
		return ClassError
	case Message, Decision:
		return ClassMessage
	case SessionStart, SessionEnd, Heartbeat, Dropped, Compaction, Metrics, Policy, Signal, StateChange:
		return ClassSystem
	}
	return ClassOther
}

// Critical reports whether the recorder holds the event rather than dropping
// it when its queue is full.
func (k Kind) Critical() bool {
	switch k {
	case AgentStart, AgentFinish, ToolCall, ToolResult, ToolError, ToolTimeout, HILDecision,
		Error, SessionStart, SessionEnd, Metrics, Dropped, Signal, Policy:
		return true
	}
	return false
}

// begins and ends tell which events open and close a span.
func (k Kind) begins() bool {
	return k == AgentStart || k == ModelRequest || k == ToolCall
}

func (k Kind) ends() bool {
	switch k {
	case AgentFinish, ModelResponse, ToolResult, ToolError, ToolTimeout:
		return true
	}
	return false
}
