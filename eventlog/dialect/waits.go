package dialect

import (
	"bytes"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// asksPerson reports whether a tool does nothing but ask a person: then none of
// its time is the tool's. The names are those of the agents that we read.
func asksPerson(tool string) bool {
	switch tool {
	case "AskUserQuestion", "ExitPlanMode", "exit_plan_mode", "ask_user", "request_user_input", "question":
		return true
	}
	return false
}

// asks marks a call that is a question to a person.
func asks(e *eventlog.Event) {
	if e.Kind == eventlog.ToolCall && asksPerson(e.Tool) {
		e.Wait = eventlog.WaitPerson
	}
}

// refusal reports whether the text of a failed call begins with the words by
// which its agent says that a person did not allow it. value may be quoted.
func refusal(value []byte, words ...string) bool {
	text := bytes.TrimPrefix(value, []byte(`"`))
	for _, w := range words {
		if bytes.HasPrefix(text, []byte(w)) {
			return true
		}
	}
	return false
}

// later returns a moment so many milliseconds behind another.
func later(at eventlog.Stamp, ms []byte) eventlog.Stamp {
	if v, ok := jsonl.Float(ms); ok && v > 0 && v < 1e12 && at.Known() {
		return at + eventlog.Stamp(v*1e6)
	}
	return 0
}

// earlierBy returns a moment so many milliseconds before another.
func earlierBy(at eventlog.Stamp, ms []byte) eventlog.Stamp {
	if v, ok := jsonl.Float(ms); ok && v >= 0 && v < 1e12 && at > eventlog.Stamp(v*1e6) {
		return at - eventlog.Stamp(v*1e6)
	}
	return 0
}
