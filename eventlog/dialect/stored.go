package dialect

import "github.com/lazytrace/lazytrace/eventlog"

// Stored decodes the events of a recording while it is made, as whoever reads
// its store will find them. It is used by one goroutine at a time.
type Stored struct {
	b     *bridge
	cells [7]eventlog.Cell // bridgeColumns
	rec   eventlog.Record
}

// NewStored returns a decoder of one recording.
func NewStored() *Stored {
	s := &Stored{b: newBridge()}
	s.rec.Cells = s.cells[:]
	return s
}

// What a decoder of a recording remembers is bounded: a program that is recorded
// for weeks may begin runs, and calls that it never ends, without number.
const (
	mostSessions = 1 << 10
	mostRuns     = 1 << 14
	mostCalls    = 1 << 12
)

// Decode calls emit with what the event tells, which is valid until it returns.
// With full the bodies are decoded too.
func (s *Stored) Decode(e *eventlog.Event, full bool, emit func(*eventlog.Event)) error {
	texts := [...]string{0: e.SessionID, 1: e.RunID, 2: e.Type, 5: e.ID, 6: e.ParentRunID}
	for i, text := range texts {
		s.cells[i] = eventlog.Cell{}
		if text != "" {
			s.cells[i] = eventlog.Cell{Type: eventlog.Text, Text: []byte(text)}
		}
	}
	s.cells[3] = eventlog.Cell{Type: eventlog.Text, Text: e.Payload}
	s.cells[4] = eventlog.Cell{Type: eventlog.Real, Real: e.Time.Seconds()}
	s.rec.Size = len(e.Payload)
	err := s.b.Decode(&s.rec, full, emit)
	s.forget(e.SessionID)
	return err
}

func (s *Stored) forget(session string) {
	if len(s.b.sessions) > mostSessions {
		s.b = newBridge()
		return
	}
	if known := s.b.sessions[session]; known != nil {
		if known.nest.count() > mostCalls {
			known.nest = nesting{}
		}
		if len(known.runs) > mostRuns {
			delete(s.b.sessions, session)
		}
	}
}
