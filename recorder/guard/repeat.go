package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// digest is what tells whether two calls are the same.
type digest [32]byte

// calls joins tool calls with their results, and says of each what makes it the
// same as another: its tool, its arguments and its result.
type calls struct {
	open memory[toolKey, digest]
}

// toolKey names a tool call: by the identity that all layers give it, or by its
// id in its run.
type toolKey struct {
	use          eventlog.Identity
	session, run string
	call         string
}

// mostOpen bounds the calls whose results are awaited.
const mostOpen = 1 << 12

func newCalls() *calls { return &calls{open: newMemory[toolKey, digest](mostOpen)} }

// take takes a tool event. It returns the digest of the call that the event ends;
// a result whose call is not open was told before, or tells nothing.
func (c *calls) take(e *eventlog.Event) (p digest, ended bool) {
	key := toolKey{session: e.SessionID, run: e.RunID, call: e.CallID}
	if !e.Use.IsZero() {
		key = toolKey{use: e.Use}
	}
	h := sha256.New()
	switch e.Kind {
	case eventlog.ToolCall:
		text(h, e.Tool)
		canonical(h, e.Input)
		h.Sum(p[:0])
		if was, told := c.open.get(key); !told || was != (digest{}) || key.use.IsZero() { // else another layer told of all of it
			c.open.put(key, p)
		}
		return p, false
	case eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		asked, ok := c.open.get(key)
		if !ok || asked == (digest{}) {
			return p, false
		}
		c.open.put(key, digest{}) // answered
		h.Write(asked[:])
		text(h, e.Kind.String())
		canonical(h, e.Output)
		text(h, e.Message)
		if len(e.Output) == 0 && e.Message == "" {
			text(h, e.Text)
		}
		h.Sum(p[:0])
		return p, true
	}
	return p, false
}

// rows counts how often calls were the same.
type rows struct {
	last memory[rowKey, row] // in a row: of each run its last call
	all  memory[digest, *meter]
}

type rowKey struct{ session, run string }

type row struct {
	is digest
	n  int64
}

// What rows remember.
const (
	mostRunning = 1 << 12
	mostDigests = 1 << 14
)

func newRows() *rows {
	return &rows{last: newMemory[rowKey, row](mostRunning), all: newMemory[digest, *meter](mostDigests)}
}

// inRow counts a call of a run and returns how many that are the same stand at
// the end of it.
func (r *rows) inRow(e *eventlog.Event, p digest) int64 {
	key := rowKey{e.SessionID, e.RunID}
	was, _ := r.last.get(key)
	if was.is != p {
		was = row{is: p}
	}
	was.n++
	r.last.put(key, was)
	return was.n
}

// within returns the meter of the calls of a run that are like this one.
func (r *rows) within(e *eventlog.Event, p digest, fresh meter) *meter {
	h := sha256.New()
	h.Write(p[:])
	text(h, e.SessionID)
	text(h, e.RunID)
	var key digest
	h.Sum(key[:0])
	if m, ok := r.all.get(key); ok {
		return m
	}
	r.all.put(key, &fresh)
	return &fresh
}

// anew begins the row of a run anew.
func (r *rows) anew(e *eventlog.Event) { r.last.put(rowKey{e.SessionID, e.RunID}, row{}) }

// text adds a text in such a way that no two lists of texts are alike.
func text(h hash.Hash, s string) {
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
	h.Write(size[:])
	h.Write([]byte(s))
}

// mostCanonical bounds the values that are spelled anew to be compared; larger
// ones are compared as they are.
const mostCanonical = 1 << 20

// canonical adds a JSON value without regard to white space, escapes and the
// order of names. What is no JSON is added as it is.
func canonical(h hash.Hash, raw json.RawMessage) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > mostCanonical {
		text(h, string(raw))
		return
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		text(h, string(raw))
		return
	}
	value(h, v)
}

func value(h hash.Hash, v any) {
	switch v := v.(type) {
	case map[string]any:
		h.Write([]byte{'{'})
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			h.Write([]byte{','})
			text(h, name)
			value(h, v[name])
		}
		h.Write([]byte{'}'})
	case []any:
		h.Write([]byte{'['})
		for _, e := range v {
			value(h, e)
		}
		h.Write([]byte{']'})
	case string:
		h.Write([]byte{'"'})
		text(h, v)
	case json.Number:
		h.Write([]byte{'#'})
		text(h, v.String())
	case bool:
		if v {
			h.Write([]byte{'t'})
		} else {
			h.Write([]byte{'f'})
		}
	default:
		h.Write([]byte{'n'})
	}
}
