package fork

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// ErrBased is returned for a Codex rollout whose history begins in another one:
// its lines alone are not the conversation.
var ErrBased = errors.New("its history begins in the rollout of another thread")

// Copy says how the lines of a transcript are copied.
type Copy struct {
	From string              // the id of the conversation that is forked
	To   string              // the id of the new one
	Upto int64               // where the last line begins that is copied
	Now  eventlog.Stamp      // when the new one begins
	Mask func([]byte) []byte // masks secrets in a line; nil leaves it as it is
}

// Claude copies the transcript of a session of Claude Code as the program does it
// itself when it forks one: every line keeps its uuid and its place in the chain,
// and belongs to the new session. Answers say which session asked for them, by
// which readers know that they were paid for there. Lines that are no part of the
// conversation, as what the session cost, are left. It returns how many lines
// were written.
func (c Copy) Claude(src io.ReaderAt, w io.Writer) (int, error) {
	return c.lines(src, w, func(_ int, body []byte) ([]byte, error) {
		var fields []field
		kind, linked, asked := "", false, false
		err := jsonl.Fields(body, func(key, value []byte) bool {
			f := field{string(key), value}
			switch f.key {
			case "type":
				kind, _ = jsonl.String(value)
			case "uuid":
				linked = true
			case "sessionId":
				f.value = quoted(c.To)
			case "requestSessionId":
				asked = true
			}
			fields = append(fields, f)
			return true
		})
		if err != nil || !linked {
			return nil, nil // what cannot be read is no part of the conversation
		}
		if kind == "assistant" && !asked {
			fields = append(fields, field{"requestSessionId", quoted(c.From)})
		}
		return spell(fields), nil
	})
}

// Codex copies a rollout of Codex as the program does it itself when it forks a
// thread: the new thread says first what it is and what it was forked from, and
// all lines of the old one follow, as they are. It returns how many lines were
// written.
func (c Copy) Codex(src io.ReaderAt, w io.Writer) (int, error) {
	meta := false
	n := 0
	return c.lines(src, w, func(_ int, body []byte) ([]byte, error) {
		var fields []field
		var payload []byte
		kind := ""
		err := jsonl.Fields(body, func(key, value []byte) bool {
			fields = append(fields, field{string(key), value})
			switch string(key) {
			case "type":
				kind, _ = jsonl.String(value)
			case "payload":
				payload = value
			}
			return true
		})
		if err != nil {
			return nil, nil
		}
		var out []byte
		if !meta {
			if kind != "session_meta" {
				return nil, fmt.Errorf("fork: the rollout does not begin with what thread it is of")
			}
			if meta = true; c.isBased(payload) {
				return nil, ErrBased
			}
			out = append(spell(c.own(fields, c.meta(payload), &n)), '\n')
		}
		return append(out, spell(c.own(fields, nil, &n))...), nil
	})
}

// own numbers a line anew, where lines have numbers, and gives it another payload
// and the present time where one is given.
func (c Copy) own(fields []field, payload []byte, n *int) []field {
	fields = slices.Clone(fields)
	for i := range fields {
		switch fields[i].key {
		case "ordinal":
			fields[i].value = fmt.Append(nil, *n)
		case "payload":
			if payload != nil {
				fields[i].value = payload
			}
		case "timestamp":
			if payload != nil {
				fields[i].value = c.time()
			}
		}
	}
	*n++
	return fields
}

func (c Copy) time() []byte {
	return quoted(c.Now.Time().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z"))
}

func (c Copy) isBased(payload []byte) bool {
	base, ok := jsonl.Lookup(payload, "history_base")
	return ok && len(base) > 0 && base[0] == '{'
}

// meta says what the new thread is. It is nobody's sub-agent, whatever the old one
// was.
func (c Copy) meta(payload []byte) []byte {
	var fields []field
	_ = jsonl.Fields(payload, func(key, value []byte) bool {
		f := field{string(key), value}
		switch f.key {
		case "id", "session_id":
			f.value = quoted(c.To)
		case "timestamp":
			f.value = c.time()
		case "forked_from_id", "parent_thread_id", "agent_nickname", "agent_role", "history_base":
			return true
		case "source":
			if len(value) == 0 || value[0] != '"' {
				f.value = quoted("cli")
			}
		}
		fields = append(fields, f)
		return true
	})
	return spell(append(fields, field{"forked_from_id", quoted(c.From)}))
}

// lines copies lines, each as change spells it; nothing leaves it out.
func (c Copy) lines(src io.ReaderAt, w io.Writer, change func(n int, body []byte) ([]byte, error)) (int, error) {
	out := bufio.NewWriter(w)
	lines := jsonl.NewLines(src, jsonl.LinesOptions{To: c.Upto + 1})
	n := 0
	for {
		l, err := lines.Next(context.Background())
		if err == io.EOF {
			return n, out.Flush()
		}
		if err != nil {
			return n, err
		}
		if l.Fault != nil {
			return n, fmt.Errorf("fork: the line at %d: %w", l.Pos, l.Fault)
		}
		body, err := change(n, l.Body)
		if err != nil {
			return n, err
		}
		if body == nil {
			continue
		}
		for line := range bytes.Lines(body) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if c.Mask != nil {
				line = c.Mask(line)
			}
			if _, err := out.Write(append(line[:len(line):len(line)], '\n')); err != nil {
				return n, err
			}
			n++
		}
	}
}
