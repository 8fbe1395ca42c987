package external

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/redact"
)

// ErrProgram is wrapped by the errors of a program that failed.
var ErrProgram = errors.New("the redacting program failed")

// Failed is how many masks a method reports when nothing may be used of what
// it returns.
const Failed = -1

const (
	// perEvent bounds how long one event may take: whoever sends it waits.
	perEvent = time.Second
	// starting is added for the first event of a program that has to start.
	starting = 3 * time.Second
	// mostFailures in a row end the use of a program for good, so that one that
	// always hangs costs seconds once and not at each event.
	mostFailures = 3
	// mostKnown short texts are remembered with their answers: names of agents
	// and types come with every event.
	mostKnown   = 256
	longestName = 64
)

// Program masks texts with a Redactor and then by a program, which is started
// when it is first needed and once more after it failed. It is safe for
// concurrent use; one event is asked about at a time.
type Program struct {
	command string
	first   *redact.Redactor
	limit   time.Duration // for an event
	start   time.Duration // and, in addition, for the first one

	mu       sync.Mutex
	talk     *talk             // nil while it does not run
	known    map[string]string // answers to short texts
	failures int               // in a row
	fault    error             // the first failure
	worked   bool              // it has answered before
	closed   bool
}

// New returns a Program that runs a command of the shell. What first masks is
// masked before the program sees it; nil masks nothing.
func New(command string, first *redact.Redactor) *Program {
	return &Program{command: command, first: first, limit: perEvent, start: starting, known: map[string]string{}}
}

// item is a text to mask and the name under which it stands.
type item struct{ key, text string }

// Text returns s masked and the number of masks, or Failed. A text that the
// program changed counts as one.
func (p *Program) Text(s string) (string, int) {
	n := 0
	if p.first != nil {
		s, n = p.first.Text(s)
	}
	out, err := p.Mask(s)
	if err != nil {
		return "", Failed
	}
	if out != s {
		n++
	}
	return out, n
}

// JSON is Text for the strings of a JSON document.
func (p *Program) JSON(raw []byte) ([]byte, int) {
	n := 0
	if p.first != nil {
		raw, n = p.first.JSON(raw)
	}
	var items []item
	if _, ok := redact.Rewrite(raw, func(key, text string) string {
		items = append(items, item{key, text})
		return text
	}); !ok {
		items = []item{{"", string(raw)}}
		answers, err := p.ask(items)
		if err != nil {
			return nil, Failed
		}
		return []byte(answers[0]), n + 1
	}
	answers, err := p.ask(items)
	if err != nil {
		return nil, Failed
	}
	at := 0
	out, _ := redact.Rewrite(raw, func(_, text string) string {
		answer := answers[at]
		if at++; answer != text {
			n++
		}
		return answer
	})
	return out, n
}

// Mask has the program alone mask a text.
func (p *Program) Mask(s string) (string, error) {
	answers, err := p.ask([]item{{"", s}})
	if err != nil {
		return "", err
	}
	return answers[0], nil
}

// ask returns the answers to the texts, in order.
func (p *Program) ask(items []item) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answers := make([]string, len(items))
	var open []int // whose answers are not known
	for i, it := range items {
		answer, ok := p.known[it.key+"\x00"+it.text]
		if answers[i] = answer; !ok && it.text != "" {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return answers, nil
	}
	if p.closed || p.failures >= mostFailures {
		return nil, fmt.Errorf("%w: it is not asked any more", ErrProgram)
	}
	if err := p.exchange(items, open, answers); err != nil {
		if p.failures++; errors.Is(err, errSlow) && !p.worked {
			p.failures = mostFailures // it would only take as long again
		}
		err = fmt.Errorf("%w: %w", ErrProgram, err)
		if p.fault == nil {
			p.fault = err
		}
		return nil, err
	}
	p.failures, p.worked = 0, true
	for _, i := range open {
		if len(p.known) < mostKnown && len(items[i].text) <= longestName {
			p.known[items[i].key+"\x00"+items[i].text] = answers[i]
		}
	}
	return answers, nil
}

func (p *Program) exchange(items []item, open []int, answers []string) (err error) {
	limit := p.limit
	if p.talk == nil {
		limit += p.start
		if p.talk, err = start(p.command); err != nil {
			return err
		}
	}
	if err := p.talk.exchange(items, open, answers, limit); err != nil {
		ended := p.talk.end(false)
		p.talk = nil
		if ended != "" && errors.Is(err, errEnded) {
			return fmt.Errorf("%w (%s)", err, ended)
		}
		return err
	}
	return nil
}

// Fault returns why the program failed first, or nil.
func (p *Program) Fault() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// Close ends the program. It is given a moment to end by itself when its input
// does; texts are not masked afterwards.
func (p *Program) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.talk != nil {
		p.talk.end(true)
		p.talk = nil
	}
	return nil
}

// valid repairs what JSON has no spelling for, as the program will be told.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
