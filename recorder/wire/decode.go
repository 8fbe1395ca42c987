package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
)

// MaxLine is the longest line that is taken as an event, in bytes.
const MaxLine = 16 << 20

// maxName bounds ids and types. They become keys of a table and words on a
// screen; nothing that names a thing is longer.
const maxName = 1024

// ErrNotEvent is returned for a line that is no event: no JSON object, or one
// without an event type.
var ErrNotEvent = errors.New("not an event")

// Line decodes one line of a program's output, and reports whether it is an
// event: most lines of most programs are not.
func Line(line []byte) (events []eventlog.Event, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' || !bytes.Contains(line, []byte(`"event_type"`)) {
		return nil, false
	}
	e, err := Decode(line)
	if err != nil {
		return nil, false
	}
	return []eventlog.Event{e}, true
}

// Decode reads one event in either form. What the line does not tell stays at
// zero. The event holds a copy: the line may be overwritten afterwards.
func Decode(line []byte) (eventlog.Event, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return eventlog.Event{}, fmt.Errorf("%w: a JSON object is expected", ErrNotEvent)
	}
	if !utf8.Valid(line) {
		line = bytes.ToValidUTF8(line, []byte("\ufffd"))
	}
	var room [most]field
	fields, ok := split(line, room[:0])
	if !ok {
		if fields, ok = split(repair(line), room[:0]); !ok {
			return eventlog.Event{}, fmt.Errorf("%w: the line is not valid JSON", ErrNotEvent)
		}
	}
	if fields.enveloped() {
		return fields.envelope()
	}
	return fields.flat(len(line))
}

// envelope reads the form of the intake. Its payload is kept byte for byte.
func (f fields) envelope() (eventlog.Event, error) {
	e, err := f.common()
	if err != nil {
		return e, err
	}
	e.ParentRunID = text(f.find("parent_run_id"))
	e.Agent = text(f.find("agent"))
	if payload := f.find("payload"); payload == nil || string(payload) == "null" {
		e.Payload = json.RawMessage("{}")
	} else {
		e.Payload = bytes.Clone(payload)
	}
	return e, nil
}

// flat reads a LazyBridge line of so many bytes: everything that is not the
// envelope is payload.
func (f fields) flat(size int) (eventlog.Event, error) {
	e, err := f.common()
	if err != nil {
		return e, err
	}
	e.ParentRunID = text(f.find("parent_run_id"))
	e.Agent = text(f.find("agent_name"))
	o := Object{make([]byte, 0, size)}
	for _, field := range f {
		if Reserved(field.name) {
			continue
		}
		name := field.name
		if given, ok := strings.CutPrefix(name, "payload."); ok && Reserved(given) {
			name = given // moved aside by our own JSON-lines sink
		}
		o.Raw(name, field.raw)
	}
	e.Payload = o.JSON()
	return e, nil
}

func (f fields) common() (e eventlog.Event, err error) {
	e.Type = text(f.find("event_type"))
	if e.Type == "" {
		return e, fmt.Errorf("%w: event_type is missing", ErrNotEvent)
	}
	e.ID, e.SessionID, e.RunID = text(f.find("id")), text(f.find("session_id")), text(f.find("run_id"))
	for _, name := range []string{e.Type, e.ID, e.SessionID, e.RunID} {
		if len(name) > maxName {
			return e, fmt.Errorf("%w: a name is longer than %d bytes", ErrNotEvent, maxName)
		}
	}
	e.Kind = eventlog.ParseKind(e.Type)
	e.Time = stamp(f.find("ts"))
	return e, nil
}

// Reserved reports whether a top-level name of a flat line belongs to the
// envelope and not to the payload.
func Reserved(name string) bool {
	switch name {
	case "event_type", "session_id", "run_id", "ts", "seq", "id":
		return true
	}
	return false
}

// text returns a string field, or a number as it is spelled: some writers
// count their ids.
func text(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	if raw[0] == '"' {
		return strings.Clone(unquote(raw))
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw)
	}
	return ""
}
