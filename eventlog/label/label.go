// Package label finds the few words that tell one step from another: the
// command that a shell ran, the file that was read, the beginning of a text. It
// knows common names of arguments and no format.
package label

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// telling are the names of arguments that tell most, best first.
var telling = []string{
	"command", "cmd", "file_path", "filePath", "path", "notebook_path", "pattern", "query", "q", "url", "skill", "subject",
	"description", "task", "prompt", "question", "objective", "expression", "code", "text", "content", "name", "city", "id",
}

// Of returns the words for an event.
func Of(e *eventlog.Event) string {
	switch e.Kind.Class() {
	case eventlog.ClassTool:
		if e.Kind == eventlog.ToolCall {
			if s := Input(e.Input); s != "" {
				return s
			}
		}
		if e.Message != "" {
			return eventlog.Sentence(e.Message)
		}
	}
	switch {
	case e.Text != "" && e.Kind == eventlog.LogLine:
		return output(e.Text)
	case e.Text != "":
		return eventlog.Sentence(e.Text)
	case e.Message != "":
		return eventlog.Sentence(e.Message)
	}
	if s := Input(e.Input); s != "" {
		return s
	}
	if e.Kind.Class() == eventlog.ClassModel {
		return "" // its figures say more than its details
	}
	for _, d := range e.Details {
		if d.Value != "" {
			return d.Name + " " + eventlog.Sentence(d.Value)
		}
	}
	return ""
}

// output returns the words for what a program printed: its first line and, where
// many came together, how many.
func output(text string) string {
	if n := strings.Count(text, "\n") + 1; n > 1 {
		return eventlog.Sentence(text) + " … " + strconv.Itoa(n) + " lines"
	}
	return eventlog.Sentence(text)
}

// Input returns the words for the arguments of a call.
func Input(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return eventlog.Sentence(s)
		}
	case '{':
		return object(raw)
	case '[':
		var words []string
		if json.Unmarshal(raw, &words) == nil {
			return eventlog.Sentence(strings.Join(words, " "))
		}
	}
	if bytes.Equal(raw, []byte("null")) {
		return ""
	}
	return eventlog.Sentence(string(raw))
}

func object(raw json.RawMessage) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return eventlog.Sentence(string(raw))
	}
	for _, name := range telling {
		if v, ok := fields[name]; ok {
			if s := value(v); s != "" {
				return tail(name, s)
			}
		}
	}
	if len(fields) == 1 {
		for _, v := range fields {
			if s := value(v); s != "" {
				return s
			}
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return eventlog.Sentence(string(raw))
}

// tail shortens a long absolute path to its end, which is what tells it from
// others: the folder that it lies in is the same for all.
func tail(name, path string) string {
	const kept = 3
	if !strings.Contains(strings.ToLower(name), "path") || !strings.HasPrefix(path, "/") {
		return path
	}
	parts := strings.Split(path, "/")
	if len(parts) <= kept+1 {
		return path
	}
	return "…/" + strings.Join(parts[len(parts)-kept:], "/")
}

func value(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return eventlog.Sentence(s)
	}
	var words []string
	if json.Unmarshal(v, &words) == nil {
		return eventlog.Sentence(strings.Join(words, " "))
	}
	return ""
}

// Failure returns the words for how an event failed.
func Failure(e *eventlog.Event) string {
	if e.Message != "" {
		return eventlog.Sentence(e.Message)
	}
	if e.Kind == eventlog.ToolTimeout {
		return "timed out"
	}
	return ""
}
