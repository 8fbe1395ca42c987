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
		switch yes, _ := jsonl.Bool(value); string(key) {
		case "again":
			e.Again = yes
		case "holds":
			e.Holds = yes
		case "failed":
			e.Failed = yes
		case "use":
			if id := readable(value); id != "" {
				e.Use = eventlog.Identify("use", id)
			}
		case "sums":
			elements(value, func(v []byte) {
				e.Sums = append(e.Sums, eventlog.Identify("response", readable(v)))
			})
		case "adopts":
			elements(value, func(v []byte) { e.Adopts = append(e.Adopts, b.adopted(v)) })
		}
		return true
	})
}

// adopted reads one run that another one turned out to have started.
func (b *bridge) adopted(value []byte) eventlog.Adopt {
	a := eventlog.Adopt{Link: eventlog.LinkSure}
	_ = fieldsOf(value, func(key, value []byte) bool {
		switch string(key) {
		case "run_id":
			a.RunID = b.names.text(value)
		case "parent_run_id":
			a.ParentRunID = b.names.text(value)
		case "agent_name":
			a.Agent = b.names.text(value)
		}
		return true
	})
	return a
}
