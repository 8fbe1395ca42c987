package foreign

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Whole spells whole sessions, of any log, as sessions of ours: what is exported
// and imported. An event that is ours already stays as it is, but for an id and
// the name of its agent where it has none. Of any other is kept what its own
// reader knows, so that the tree, the calls, the tokens and the amounts stay the
// same; what is known of its session is in lt.
//
// Each event says of which session it is a copy, which is its own. Ids follow
// from the events alone, and an event that was spelled is spelled the same again.
// It wants the events of a session in their order, and is for one goroutine.
type Whole struct {
	// Mask hides secrets in a payload, and says how many. Nil hides nothing.
	Mask func(payload []byte) ([]byte, int)
	// Masked counts the secrets.
	Masked int

	given map[[2]string]int // how often an id was given in a session
	facts map[string]string // what was last told of a session
}

// Event spells an event of a log in a format, decoded in full. The event is not
// changed.
func (w *Whole) Event(format string, e *eventlog.Event) eventlog.Event {
	if w.given == nil {
		w.given, w.facts = map[[2]string]int{}, map[string]string{}
	}
	var out eventlog.Event
	ours := format == "lazybridge"
	if ours {
		out = w.own(e)
	} else {
		out = w.foreign(e)
	}
	out.Payload = wire.WithText(out.Payload, "agent_name", e.Agent)
	out.Agent = e.Agent
	if w.Mask != nil {
		payload, n := w.Mask(out.Payload)
		if !json.Valid(payload) {
			payload, n = json.RawMessage(`{"redaction_failed":true}`), max(n, 1)
		}
		out.Payload = payload
		w.Masked += n
	}
	out.Payload, out.Time = objectOf(out.Payload), microseconds(out.Time)
	out.ID = w.id(&out, e, ours)
	if of := ofSelf(out.Payload, out.SessionID); of != nil {
		out.Payload = of
	}
	out.Of = out.SessionID
	return out
}

// own takes an event of ours as it stands.
func (w *Whole) own(e *eventlog.Event) eventlog.Event {
	out := eventlog.Event{SessionID: e.SessionID, RunID: e.RunID, ParentRunID: e.ParentRunID, Kind: e.Kind, Type: e.Type, Time: e.Time}
	if e.Type == "" {
		out.Type = e.Kind.String()
	}
	payload := e.Payload
	if e.Line {
		if line, err := wire.Decode(e.Payload); err == nil {
			payload = line.Payload
		}
	}
	out.Payload = objectOf(payload)
	if e.Kind == eventlog.AgentStart && e.Link != eventlog.LinkSure && memberOf(memberOf(out.Payload, "lt"), "link") == nil {
		out.ParentRunID = "" // it was inferred, and is again
	}
	return out
}

// microseconds rounds a moment to what a store keeps.
func microseconds(at eventlog.Stamp) eventlog.Stamp {
	const micro = eventlog.Stamp(time.Microsecond)
	return (at + micro/2) / micro * micro
}

// objectOf returns a payload as an object that every reader takes.
func objectOf(payload json.RawMessage) json.RawMessage {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 {
		return json.RawMessage("{}")
	}
	if !json.Valid(payload) {
		payload = jsonl.Repair(payload)
	}
	if payload[0] == '{' {
		var b bytes.Buffer
		if json.Compact(&b, payload) == nil {
			return b.Bytes()
		}
	}
	var o wire.Object
	o.Raw("payload", payload)
	return o.JSON()
}

// foreign spells an event of another format.
func (w *Whole) foreign(e *eventlog.Event) eventlog.Event {
	one := *e
	one.Facts = nil
	s := Speller{Layer: "import", Prefix: "import", Copies: true, marks: true, whole: true}
	facts := "{}"
	if e.Facts != nil {
		facts = string(e.Facts.JSON())
	}
	switch e.Kind {
	case eventlog.AgentStart, eventlog.SessionStart, eventlog.SessionEnd, eventlog.Metrics, eventlog.Dropped:
		s.facts = facts // readers would take some from such an event
	default:
		if e.Facts != nil && w.facts[e.SessionID] != facts {
			s.facts = facts
		}
	}
	if e.Facts != nil {
		w.facts[e.SessionID] = facts
	}
	out := s.Event(&one, nil)
	out.SessionID = e.SessionID
	out.ParentRunID = e.ParentRunID
	return out
}

// id returns the id of an event: its own, with a number from the second event on
// that has it, or one that is made of what it tells. Rows and lines of one session
// tell the same, so the number of a row is no id.
func (w *Whole) id(out, e *eventlog.Event, ours bool) string {
	id := e.ID
	if id == "" || e.Row {
		moment := ""
		if !ours {
			moment = strconv.FormatInt(int64(e.Time), 10)
		}
		id = eventlog.Identify("import", out.SessionID, out.RunID, out.Type, moment, string(out.Payload)).String()
	}
	key := [2]string{out.SessionID, id}
	w.given[key]++
	if n := w.given[key]; n > 1 {
		return id + "-" + strconv.Itoa(n)
	}
	return id
}

// ofSelf returns a payload that says that its event is a copy of one of its own
// session, or nil where it says of which it is.
func ofSelf(payload json.RawMessage, session string) json.RawMessage {
	lt := memberOf(payload, "lt")
	if memberOf(lt, "of") != nil || session == "" {
		return nil
	}
	var o, more wire.Object
	wire.Fields(payload, func(name string, raw json.RawMessage) bool {
		if name != "lt" {
			o.Raw(name, raw)
		}
		return true
	})
	wire.Fields(lt, func(name string, raw json.RawMessage) bool {
		more.Raw(name, raw)
		return true
	})
	more.Text("of", session)
	o.Raw("lt", more.JSON())
	return o.JSON()
}

// NotOfSelf takes out of a payload that its event is a copy of one of its own
// session. What is said of other sessions stays.
func NotOfSelf(payload json.RawMessage, session string) json.RawMessage {
	lt := memberOf(payload, "lt")
	var of string
	if json.Unmarshal(memberOf(lt, "of"), &of) != nil || of != session {
		return payload
	}
	var o, more wire.Object
	some := false
	wire.Fields(lt, func(name string, raw json.RawMessage) bool {
		if name != "of" {
			more.Raw(name, raw)
			some = true
		}
		return true
	})
	wire.Fields(payload, func(name string, raw json.RawMessage) bool {
		switch {
		case name != "lt":
			o.Raw(name, raw)
		case some:
			o.Raw(name, more.JSON())
		}
		return true
	})
	return o.JSON()
}

func memberOf(object json.RawMessage, name string) (value json.RawMessage) {
	if !bytes.Contains(object, []byte(name)) {
		return nil
	}
	wire.Fields(object, func(at string, raw json.RawMessage) bool {
		if at == name {
			value = raw
		}
		return true
	})
	return value
}
