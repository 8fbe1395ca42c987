package talk

import (
	"encoding/json"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/content"
)

// Echo remembers what was said shortly before, so that what logs tell twice is
// read once: a task that is the first message as well, the prompt of an agent
// that stands in the call which started it, the last answer that a run came to.
// The zero Echo remembers nothing yet. Items must be shown to it in order.
type Echo struct {
	ring [memory]string
	next int
}

// memory is how many texts are remembered. What is repeated is near.
const memory = 48

// Repeats reports whether an item only says what was said before, and remembers
// what it says. Of an answer that is a repeat only the text that was put to the
// model is taken away.
func (e *Echo) Repeats(s *Said) bool {
	asked := s.Joined(Asked)
	if asked != "" {
		if e.heard(asked) {
			kept := s.Blocks[:0:0]
			for _, b := range s.Blocks {
				if b.Kind != Asked {
					kept = append(kept, b)
				}
			}
			s.Blocks = kept
		} else {
			e.hear(asked)
		}
	}
	text := s.Joined(Text)
	repeats := false
	switch s.Kind {
	case Task, User, Result, Error, Note:
		texts := 0
		for i := range s.Blocks {
			if k := s.Blocks[i].Kind; k != Text && k != Failure {
				return false
			}
			texts++
		}
		if s.Kind == Error || s.Kind == Note {
			text = s.Joined(Failure) + text
		}
		repeats = texts > 0 && (text == "" || e.heard(text)) && (s.Joined(Failure) == "" || e.heard(s.Joined(Failure)))
	}
	if s.Kind == Tool {
		// What an agent below it says comes first in time.
		e.arguments(s.Raw(Arguments))
		return false
	}
	e.hear(text)
	e.hear(s.Joined(Failure))
	return repeats
}

// arguments remembers the texts of a call that may be the prompt of an agent.
func (e *Echo) arguments(raw json.RawMessage) {
	fields, ok := content.Fields(raw)
	if !ok {
		return
	}
	for _, f := range fields {
		switch f.Name {
		case "prompt", "task", "message", "input", "objective", "instruction", "instructions":
			if text, ok := content.String(f.Value); ok {
				e.hear(text)
			}
		}
	}
}

func (e *Echo) hear(text string) {
	if text = strings.TrimSpace(text); text != "" && !e.heard(text) {
		e.ring[e.next%memory] = text
		e.next++
	}
}

func (e *Echo) heard(text string) bool {
	text = strings.TrimSpace(text)
	for _, t := range e.ring {
		if t != "" && t == text {
			return true
		}
	}
	return false
}
