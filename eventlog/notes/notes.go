// Package notes keeps what people write about sessions and events: notes, tags,
// marks and names. They stand in a file of our own, one JSON object a line that is only
// ever appended to, and never in the log of somebody else. It knows no log, and
// of secrets only what it is told.
package notes

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Kind is what somebody put on a session or an event.
type Kind string

// The kinds of notes.
const (
	Text Kind = "note" // a sentence
	Tag  Kind = "tag"  // a word by which sessions are found
	Mark Kind = "mark" // a place to come back to; it may have a text
	Name Kind = "name" // what the session is called; the last one counts
)

// Note is one thing that somebody put on a session or on an event of it.
type Note struct {
	ID      string
	Time    eventlog.Stamp
	Session string
	Event   string // the id of the event; empty where the note is on the session, or the event has none
	Place   Place  // where the record of the event lies
	Kind    Kind
	Text    string
	Author  string
}

// Place is where the record of an event lies, so that one without an id is found
// again. The zero Place is nowhere.
type Place struct {
	Path string `json:"path"`
	Pos  int64  `json:"pos"`
	Sub  int    `json:"sub"` // which event of the record
}

// IsZero reports whether the place is nowhere.
func (p Place) IsZero() bool { return p == Place{} }

// OnEvent reports whether the note is on an event rather than on its session.
func (n *Note) OnEvent() bool { return n.Event != "" || !n.Place.IsZero() }

// longest bounds what one note says.
const longest = 64 << 10

// check reports what is wrong with a note that somebody wants to add.
func (n *Note) check() error {
	switch {
	case n.Session == "":
		return fmt.Errorf("add note: it is on no session")
	case n.Kind != Text && n.Kind != Tag && n.Kind != Mark && n.Kind != Name:
		return fmt.Errorf("add note: %q is no kind of note", n.Kind)
	case strings.TrimSpace(n.Text) == "" && n.Kind != Mark:
		return fmt.Errorf("add %s: it has no text", n.Kind)
	case n.Kind == Tag && strings.ContainsFunc(n.Text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' }):
		return fmt.Errorf("add tag: %q is more than one word", n.Text)
	case n.Kind == Name && (n.OnEvent() || strings.ContainsFunc(n.Text, unicode.IsControl)):
		return fmt.Errorf("add name: only a session has one, on one line")
	case len(n.Text) > longest:
		return fmt.Errorf("add %s: it is longer than %d bytes", n.Kind, longest)
	}
	return nil
}

// line is a note as it is stored. A later line with the same id takes its place.
type line struct {
	ID      string `json:"id"`
	Time    string `json:"time"`
	Session string `json:"session"`
	Event   string `json:"event"`
	Place   *Place `json:"place,omitempty"`
	Kind    Kind   `json:"kind"`
	Text    string `json:"text"`
	Author  string `json:"author"`
	Deleted bool   `json:"deleted,omitempty"`
}

// MarshalJSON writes the note as it is stored.
func (n Note) MarshalJSON() ([]byte, error) { return json.Marshal(lineOf(&n)) }

func lineOf(n *Note) line {
	l := line{ID: n.ID, Session: n.Session, Event: n.Event, Kind: n.Kind, Text: n.Text, Author: n.Author}
	if n.Time.Known() {
		l.Time = n.Time.Time().Format(time.RFC3339Nano)
	}
	if !n.Place.IsZero() {
		l.Place = &n.Place
	}
	return l
}

// parse reads a stored line, and reports whether it is one. What is no line of
// ours, or of a kind that a later version knows, is passed over.
func parse(body []byte) (n Note, deleted, ok bool) {
	var l line
	if json.Unmarshal(body, &l) != nil || l.ID == "" {
		return n, false, false
	}
	n = Note{ID: l.ID, Session: l.Session, Event: l.Event, Kind: l.Kind, Text: l.Text, Author: l.Author}
	if at, err := time.Parse(time.RFC3339Nano, l.Time); err == nil {
		n.Time = eventlog.StampOf(at)
	}
	if l.Place != nil {
		n.Place = *l.Place
	}
	return n, l.Deleted, l.Deleted || n.check() == nil
}
