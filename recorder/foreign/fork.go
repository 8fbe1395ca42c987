package foreign

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Fork spells the events of a session, up to the point at which it is forked, as
// the beginning of another one.
//
// What happened in the original happened once. A call is known by the name that it
// has there and says that it is a copy, so that the ledger has it once where both
// are read. A call that has no name cannot be told from its copy: its copy says
// nothing of what it cost.
type Fork struct {
	Session string // the new one
	Of      string // the original
	Point   string // the id of the last event that they share
	Title   string
	// Conversation is the agent's own name of the new session, where the agent is to
	// go on with it: once its log tells more than the copy, that counts.
	Conversation string
	Now          time.Time
}

// Start returns the event with which the new session begins, at a moment, with
// what is known of the original.
func (f *Fork) Start(at eventlog.Stamp, of *eventlog.Facts) eventlog.Event {
	var o wire.Object
	for _, fact := range []struct{ name, text string }{
		{"name", of.Name}, {"title", f.Title}, {"goal", of.Goal}, {"agent", of.Agent}, {"project", of.Project}, {"cwd", of.Directory},
		{"git_branch", of.Branch}, {"environment", of.Environment}, {"conversation_id", f.Conversation}, {"fork_of", f.Of},
	} {
		o.Text(fact.name, fact.text)
	}
	o.Set("metadata", map[string]string{"fork_point": f.Point})
	return f.own(eventlog.SessionStart, at, o.JSON())
}

// End returns the event with which the copy ends. The new session is closed then:
// nobody writes to it any more.
func (f *Fork) End(at eventlog.Stamp) eventlog.Event {
	return f.own(eventlog.SessionEnd, at, []byte("{}"))
}

func (f *Fork) own(kind eventlog.Kind, at eventlog.Stamp, payload []byte) eventlog.Event {
	return eventlog.Event{ID: wire.NewID(f.Now), SessionID: f.Session, Kind: kind, Type: kind.String(), Time: at, Payload: payload}
}

// Event returns the copy of an event, which is decoded in full. The original is
// not changed.
func (f *Fork) Event(e *eventlog.Event) eventlog.Event {
	one := *e
	one.Copied, one.Facts, one.Adopts = true, nil, ownAdopts(e.Adopts)
	if one.Bill != nil {
		bill := *one.Bill
		bill.Copied = true
		one.Bill = &bill
		if bill.Call.IsZero() {
			one.Bill = nil
		}
	}
	if one.Use.IsZero() || one.Kind.Class() != eventlog.ClassTool {
		one.Failed = false // it is counted where it happened
	}
	one.SessionID = f.Conversation
	s := Speller{Layer: "fork", Prefix: "fork", Copies: f.Conversation != "", marks: true}
	out := s.Event(&one, nil)
	out.ID, out.SessionID = wire.NewID(f.Now), f.Session
	out.Payload = wire.WithText(wire.WithText(out.Payload, "record_id", e.ID), "agent_name", e.Agent)
	return out
}

// ownAdopts leaves the runs that were started in the session itself: sessions of
// their own belong to the original.
func ownAdopts(list []eventlog.Adopt) []eventlog.Adopt {
	var own []eventlog.Adopt
	for _, a := range list {
		if a.SessionID == "" {
			own = append(own, a)
		}
	}
	return own
}
