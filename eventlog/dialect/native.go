package dialect

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// more reads what a capture layer of our own knows of an event and LazyBridge
// has no word for: the member lt of the payload.
func (b *bridge) more(rec *eventlog.Record) {
	e, f := &b.e, &b.f
	if e.Bill == nil && f.response != nil {
		b.charge(rec)
	}
	b.began(first(f.latency, f.duration))
	if e.CallID == "" {
		e.CallID = b.names.text(f.callID)
	}
	_ = fieldsOf(f.more, func(key, value []byte) bool {
		b.member(rec, string(key), value)
		return true
	})
}

// member reads one member of lt.
func (b *bridge) member(rec *eventlog.Record, key string, value []byte) {
	e := &b.e
	switch yes, _ := jsonl.Bool(value); key {
	case "bill":
		if yes && e.Bill == nil {
			b.charge(rec)
		}
	case "facts":
		e.Facts = eventlog.ParseFacts(value)
	case "outcome":
		e.Outcome = eventlog.ParseOutcome(b.names.text(value))
	case "tool":
		e.Tool = b.names.text(value)
	case "piece":
		e.Piece = yes
	case "root":
		if yes {
			e.ParentRunID, e.ParentCall, e.Link = "", "", eventlog.LinkNone
		}
	case "again":
		e.Again = yes
	case "holds":
		e.Holds = yes
	case "failed":
		e.Failed = yes
	case "spawns":
		e.Spawns = yes
	case "echo":
		e.Echo = yes
	case "copied":
		e.Copied = yes
		if e.Bill != nil {
			e.Bill.Copied = yes
		}
	case "idle":
		e.Idle = eventlog.IdleNo
		if yes {
			e.Idle = eventlog.IdleYes
		}
	case "of":
		e.Of = b.names.text(value)
	case "link":
		e.Link = eventlog.ParseLink(b.names.text(value))
	case "parent_call":
		e.ParentCall = b.names.text(value)
	case "wait":
		e.Wait = eventlog.ParseWait(b.names.text(value))
	case "ran":
		e.Ran = moment(value)
	case "use":
		e.Use, _ = eventlog.ParseIdentity(readable(value))
	case "same":
		e.Same = identities(value)
	case "sums":
		e.Sums = identities(value)
	case "adopts":
		elements(value, func(v []byte) { e.Adopts = append(e.Adopts, b.adopted(v)) })
	}
	if e.Bill == nil {
		return
	}
	switch key {
	case "call":
		e.Bill.Call, _ = eventlog.ParseIdentity(readable(value))
	case "request":
		e.Bill.Request, _ = eventlog.ParseIdentity(readable(value))
	case "rule":
		e.Bill.Rule = eventlog.ParseRule(b.names.text(value))
	case "calls":
		e.Bill.Calls = count(value)
	case "side":
		e.Bill.Side = string(value) == "true"
	}
}

// identities reads names of calls, as lt spells them or as the response_id of
// their events.
func identities(value []byte) (list []eventlog.Identity) {
	elements(value, func(v []byte) {
		list = append(list, eventlog.Identify("response", readable(v)))
		if id, ok := eventlog.ParseIdentity(readable(v)); ok {
			list = append(list, id)
		}
	})
	return list
}

// adopted reads one run that another one turned out to have started.
func (b *bridge) adopted(value []byte) eventlog.Adopt {
	a := eventlog.Adopt{Link: eventlog.LinkSure}
	_ = fieldsOf(value, func(key, value []byte) bool {
		switch string(key) {
		case "run_id":
			a.RunID = b.names.text(value)
		case "session_id":
			a.SessionID = b.names.text(value)
		case "parent_run_id":
			a.ParentRunID = b.names.text(value)
		case "parent_call":
			a.ParentCall = b.names.text(value)
		case "link":
			a.Link = eventlog.ParseLink(b.names.text(value))
		case "agent_name":
			a.Agent = b.names.text(value)
		}
		return true
	})
	return a
}
