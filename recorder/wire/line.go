package wire

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
)

// AppendEvent appends an event in the form of the intake, as one line. What is not
// known is left out.
func AppendEvent(b []byte, e *eventlog.Event) []byte {
	text := func(name, value string) {
		if value != "" {
			b = append(b, ',')
			b = appendString(b, name)
			b = append(b, ':')
			b = appendString(b, value)
		}
	}
	b = append(b, `{"id":`...)
	b = appendString(b, e.ID)
	text("session_id", e.SessionID)
	text("run_id", e.RunID)
	text("parent_run_id", e.ParentRunID)
	text("event_type", e.Type)
	if e.Time.Known() {
		b = append(b, `,"ts":`...)
		b = AppendSeconds(b, e.Time)
	}
	text("agent", e.Agent)
	b = append(b, `,"payload":`...)
	b = appendOneLine(b, e.Payload)
	return append(b, '}', '\n')
}

// AppendFlat appends an event as the JSON lines of LazyBridge have it, with the
// moment, a number and an id where they are given. The names of the envelope are
// ours: a payload that uses one of them has it moved aside, so that it cannot pass
// for another event.
func AppendFlat(b []byte, e *eventlog.Event, seq int64) []byte {
	b = append(b, `{"event_type":`...)
	b = appendString(b, e.Type)
	b = append(b, `,"session_id":`...)
	b = appendString(b, e.SessionID)
	b = append(b, `,"run_id":`...)
	if e.RunID == "" {
		b = append(b, "null"...)
	} else {
		b = appendString(b, e.RunID)
	}
	if seq > 0 {
		b = append(b, `,"ts":`...)
		b = AppendSeconds(b, e.Time)
		b = append(b, `,"seq":`...)
		b = strconv.AppendInt(b, seq, 10)
		b = append(b, `,"id":`...)
		b = appendString(b, e.ID)
	}
	Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		if Reserved(name) {
			name = "payload." + name
		}
		b = append(b, ',')
		b = appendString(b, name)
		b = append(b, ':')
		b = appendOneLine(b, raw)
		return true
	})
	return append(b, '}', '\n')
}

// appendOneLine appends JSON that may be spread over lines. Line ends can only
// stand between its tokens: inside strings they are escaped.
func appendOneLine(b []byte, raw []byte) []byte {
	from := len(b)
	b = append(b, raw...)
	for _, end := range [...]byte{'\n', '\r'} {
		for rest := b[from:]; ; {
			i := bytes.IndexByte(rest, end)
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
	return b
}
