package redact

import (
	"bytes"
	"slices"
)

const (
	hold       = 512       // bytes at the end that a stream never releases early
	lookBehind = 256       // released bytes kept as context for what follows
	maxPending = 128 << 10 // when this much waits for its end, it is released masked
)

// Stream redacts text that arrives in pieces, so that a secret cut by the edge
// of a piece is still found. It is not safe for concurrent use.
type Stream struct {
	r      *Redactor
	buf    []byte // context already released, then text that waits
	done   int    // length of the context
	fresh  int    // bytes written since the last look
	any    bool   // something was released
	eating bool   // inside a secret longer than maxPending
}

// Stream returns a Stream that uses the rules of r.
func (r *Redactor) Stream() *Stream { return &Stream{r: r} }

// Write takes the next piece and returns what may be shown by now, which may be
// nothing. It holds back at least the last 512 bytes and never ends within a
// word, a quoted value or a private key.
func (t *Stream) Write(chunk string) string {
	if t.eating {
		if chunk = t.eat(chunk); chunk == "" {
			return ""
		}
	}
	t.buf = append(t.buf, chunk...)
	t.fresh += len(chunk)
	if t.fresh < hold || len(t.buf)-t.done <= hold {
		return ""
	}
	// Looking again costs the whole buffer: wait for more in proportion.
	if t.fresh < (len(t.buf)-t.done)/4 && len(t.buf)-t.done < maxPending {
		return ""
	}
	t.fresh = 0
	spans := t.look()
	cut := t.cut(spans)
	if cut < 0 {
		return ""
	}
	return t.release(cut, spans)
}

// WriteBytes is Write for bytes, which it does not keep.
func (t *Stream) WriteBytes(chunk []byte) string { return t.Write(view(chunk)) }

// Close returns the rest and leaves the Stream empty.
func (t *Stream) Close() string {
	var out string
	if t.any {
		out = t.release(len(t.buf), t.look())
	} else {
		out, _ = t.r.Text(string(t.buf))
	}
	*t = Stream{r: t.r}
	return out
}

func (t *Stream) look() []span {
	if t.r.lazy != nil {
		return t.r.lazy.find(view(t.buf))
	}
	return t.r.scan(view(t.buf), maxDepth, 0)
}

// cut returns where to split the buffer: after a blank, outside all spans and
// before one that may go on. It returns -1 if nothing can be released.
func (t *Stream) cut(spans []span) int {
	limit := len(t.buf) - hold
	for k := len(spans) - 1; k >= 0; k-- {
		if p := spans[k]; p.to >= len(t.buf) || p.from < limit && p.to > limit {
			limit = min(limit, p.from)
		}
	}
	for c := limit; c > t.done; c-- {
		if b := t.buf[c-1]; b == ' ' || b == '\n' || b == '\t' {
			return c
		}
	}
	if len(t.buf)-t.done < maxPending {
		return -1
	}
	// One secret fills the buffer: show its marker and drop the rest of it.
	if n := len(spans); n > 0 && spans[n-1].to > t.done && !bytes.ContainsAny(t.buf[min(spans[n-1].to, len(t.buf)):], " \t\"'`") {
		spans[n-1].to = len(t.buf)
		t.eating = true
		return len(t.buf)
	}
	return max(t.done, limit)
}

// release returns the redacted text up to cut and keeps the raw end of it as
// context.
func (t *Stream) release(cut int, spans []span) string {
	var own []span
	for _, p := range spans {
		if p.from < cut && p.to > t.done {
			own = append(own, span{max(p.from, t.done) - t.done, min(p.to, cut) - t.done, p.kind})
		}
	}
	out := t.r.apply(view(t.buf[t.done:cut]), own)
	from := max(0, cut-lookBehind)
	if from > 0 {
		if k := bytes.IndexAny(t.buf[from:cut], " \n\t"); k >= 0 {
			from += k
		}
	}
	t.buf = t.buf[:copy(t.buf, t.buf[from:])]
	if cap(t.buf) > longestKept {
		t.buf = slices.Clone(t.buf)
	}
	t.done = cut - from
	t.any = true
	return out
}

// eat drops the rest of a secret that was too long to wait for.
func (t *Stream) eat(chunk string) string {
	for i := 0; i < len(chunk); i++ {
		if b := chunk[i]; b <= ' ' && b != '\n' && b != '\r' || b == '"' || b == '\'' || b == '`' || b == '-' {
			t.eating = false
			return chunk[i:]
		}
	}
	return ""
}
