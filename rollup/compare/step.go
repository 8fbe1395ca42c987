package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"strings"
	"unicode"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/talk"
)

// step is what alignment knows of an item. Sums are of what was said, never of
// ids, times or the name of the model.
type step struct {
	key     uint64 // what was said or done
	result  uint64 // what came of it
	shape   uint64 // what kind of step it is: the tool, the agent
	sketch  uint64 // of its words, by which likeness is told
	use     bool   // it is a step
	machine bool   // what a program put in: no step, but input of what follows
}

const portion = 256 // rows that are read at a time

// read makes the steps of all items.
func (h *half) read(ctx context.Context, done func(n int)) error {
	items := h.list.Items
	h.steps = make([]step, len(items))
	var rows []eventlog.RowID
	from := 0
	flush := func(to int) error {
		events, err := h.side.Log.Events(ctx, rows)
		if err != nil {
			return err
		}
		at := 0
		for i := from; i < to; i++ {
			n := h.rows(i)
			h.steps[i] = h.step(&items[i], events[at:at+n])
			at += n
		}
		done(to - from)
		from, rows = to, rows[:0]
		return ctx.Err()
	}
	for i := range items {
		n := h.rows(i)
		if len(rows) > 0 && len(rows)+n > portion || i-from >= 4*portion {
			if err := flush(i); err != nil {
				return err
			}
		}
		rows = append(rows, h.list.Rows(i)[:n]...)
	}
	return flush(len(items))
}

// mostRows is how many records of one step are looked at.
const mostRows = 4096

func (h *half) rows(i int) int {
	switch it := &h.list.Items[i]; it.Kind {
	case talk.Thinking, talk.Note:
		return 0 // no step
	}
	return min(len(h.list.Rows(i)), mostRows)
}

func (h *half) step(it *talk.Item, events []eventlog.Event) step {
	names := h.list.Snap.Symbols
	switch it.Kind {
	case talk.Agent:
		name := sum("agent", names.Name(it.Agent))
		return step{key: name, shape: name, use: true}
	case talk.Tool:
		return h.tool(it, events)
	case talk.Thinking, talk.Note:
		return step{}
	}
	var text strings.Builder
	for i := range events {
		e := &events[i]
		if e.Kind == eventlog.ModelRequest {
			continue
		}
		part := e.Text
		if part == "" && e.Failed {
			part = e.Message
		}
		if part == "" && it.Kind == talk.Task {
			part, _ = content.String(e.Input)
		}
		if !e.Piece {
			part = strings.TrimSpace(part)
		}
		if part != "" && (e.Piece || !strings.Contains(text.String(), part)) {
			text.WriteString(part)
			if !e.Piece {
				text.WriteByte('\n')
			}
		}
	}
	said := strings.TrimSpace(text.String())
	kind := it.Kind
	if kind == talk.Task {
		kind = talk.User // what starts it is what was asked
	}
	s := step{shape: sum(kind.String()), key: sum(kind.String(), said), sketch: sketch(said), use: said != ""}
	switch {
	case it.Kind == talk.System && it.Flags.Has(talk.Hidden):
		s.machine, s.use = s.use, false
	case it.Flags.Has(talk.Hidden), it.Kind == talk.Result:
		s.use = false // it is the last answer again
	case it.Kind == talk.Assistant, it.Kind == talk.Error, it.Kind == talk.Compaction:
		s.use = true
	}
	return s
}

func (h *half) tool(it *talk.Item, events []eventlog.Event) step {
	span := h.list.Snap.Span(it.Span)
	name := h.list.Snap.Symbols.Name(span.Tool)
	s := step{use: true, shape: sum("tool", name)}
	arguments, result := "", ""
	for i := range events {
		e := &events[i]
		if arguments == "" && !content.Nothing(e.Input) {
			arguments = canonical(e.Input)
		}
		if e.Kind == eventlog.ToolCall {
			continue
		}
		out := e.Text
		if out == "" {
			if out, _ = content.String(e.Output); out == "" && len(e.Output) > 0 {
				out = canonical(e.Output)
			}
		}
		if e.Failed {
			out += "\n" + e.Message
		}
		if out = strings.TrimSpace(out); out != "" && !strings.Contains(result, out) {
			result += out + "\n"
		}
	}
	failed := "ok"
	if it.Flags.Has(talk.Failed) {
		failed = "failed"
	}
	s.key, s.result, s.sketch = sum("tool", name, arguments), sum(failed, result), sketch(arguments)
	return s
}

// canonical spells a JSON value so that equal values are spelled alike: members in
// order, no space. What is no JSON stays.
func canonical(raw json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return string(raw)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(out)
}

// sum is a hash of texts, each told from the next.
func sum(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

func mix(a, b uint64) uint64 {
	a = (a ^ b) * 0x9e3779b97f4a7c15
	return a ^ a>>29
}

// sketch holds, in eight bytes, the smallest of eight hashes of the words of a text.
// Two texts have as many bytes in common as, about, eighths of their words.
func sketch(text string) uint64 {
	least := [8]uint64{}
	for i := range least {
		least[i] = ^uint64(0)
	}
	seen := false
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		h := sum(word)
		seen = true
		for i := range least {
			least[i] = min(least[i], mix(h, uint64(i)*0x2545f4914f6cdd1d+1))
		}
	}
	if !seen {
		return 0
	}
	out := uint64(0)
	for i, v := range least {
		out |= v >> 56 << (8 * i)
	}
	return out
}

// alike is how many of the eight bytes of two sketches are the same.
func alike(a, b uint64) int {
	n := 0
	for x, i := a^b, 0; i < 8; i++ {
		if byte(x>>(8*i)) == 0 {
			n++
		}
	}
	return n
}
