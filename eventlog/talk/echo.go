package talk

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/content"
)

// Echo remembers what was said shortly before, so that what logs tell twice is
// read once: a task that is the first message as well, the prompt of an agent that
// stands in the call which started it, the last answer that a run came to. What a
// person says twice stays. The zero Echo remembers nothing yet. Items must be shown
// to it in order.
type Echo struct {
	tasks    memory // prompts that nobody has said yet, though they were told
	asked    memory // what was put to the model, or said by a person
	answers  memory
	failures memory
	last     string // the answer before, if nothing stood between
}

// memory is the last texts of one sort.
type memory []string

// kept is how many texts are remembered: what is repeated is near.
const kept = 16

func (m *memory) add(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	*m = append(*m, text)
	if len(*m) > kept {
		*m = slices.Delete(*m, 0, 1)
	}
}

func (m memory) has(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && slices.Contains(m, text)
}

// take reports whether a text is remembered, and forgets it.
func (m *memory) take(text string) bool {
	i := slices.Index(*m, strings.TrimSpace(text))
	if i < 0 || text == "" {
		return false
	}
	*m = slices.Delete(*m, i, i+1)
	return true
}

// Repeats reports whether an item only says what was said before, and remembers
// what it says. Of an answer that is a repeat only the text that was put to the
// model is taken away.
func (e *Echo) Repeats(s *Said) bool {
	if s.Empty() {
		return false
	}
	before := e.last
	e.last = ""
	text, failure := s.Joined(Text), s.Joined(Failure)
	switch s.Kind {
	case Tool:
		e.prompts(s.Raw(Arguments))
	case Task:
		if e.tasks.take(text) {
			e.tasks.add(text) // the first message may say it yet
			return true
		}
		e.tasks.add(text)
		e.asked.add(text)
	case User:
		e.asked.add(text)
		return e.tasks.take(text) && len(s.Blocks) == 1
	case Assistant:
		e.put(s)
		if e.last = text; text != "" && len(s.Blocks) == 1 && text == before {
			return true
		}
		e.answers.add(text)
		e.failures.add(failure)
	case Result:
		said := (text == "" || e.answers.has(text)) && (failure == "" || e.failures.has(failure)) && s.Raw(Structure) == nil
		e.answers.add(text)
		e.failures.add(failure)
		return said
	case Error, Note:
		said := failure != "" && text == "" && e.failures.has(failure)
		e.failures.add(failure)
		return said
	}
	return false
}

// put takes away what was put to the model if that was said before.
func (e *Echo) put(s *Said) {
	asked := s.Joined(Asked)
	if asked == "" {
		return
	}
	if e.asked.has(asked) {
		s.Blocks = slices.DeleteFunc(slices.Clone(s.Blocks), func(b Block) bool { return b.Kind == Asked })
		return
	}
	e.asked.add(asked)
}

// prompts remembers the texts of a call that may be the prompt of an agent.
func (e *Echo) prompts(raw json.RawMessage) {
	fields, ok := content.Fields(raw)
	if !ok {
		return
	}
	for _, f := range fields {
		switch f.Name {
		case "prompt", "task", "message", "input", "objective", "instruction", "instructions":
			if text, ok := content.String(f.Value); ok {
				e.tasks.add(text)
				e.asked.add(text)
			}
		}
	}
}
