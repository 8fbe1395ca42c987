package proxy

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// billOf is what a response used, named as the log of the program that made the
// call names it where that has the provider's ids; see docs/recording.md.
func billOf(x *exchange, res *provider.Response) *eventlog.Bill {
	b := &eventlog.Bill{Usage: res.Usage, AtLeast: !res.Counted, Mode: res.Mode, Rule: eventlog.RuleResponse}
	switch {
	case res.ID == "":
		b.Call, b.Rule = eventlog.Identify("overheard", x.id), eventlog.RuleRecord
	case x.client.thread != "":
		b.Call = eventlog.Identify("codex response", x.client.thread, res.ID)
	default:
		b.Call = eventlog.Identify("response", res.ID)
		if x.api == provider.Messages {
			b.Request = eventlog.Identify("request", x.requestID)
		}
	}
	return b
}

// toolName names a tool call likewise; it is zero where no log has the
// provider's ids.
func toolName(x *exchange, id string) eventlog.Identity {
	switch {
	case x.client.thread != "":
		return eventlog.Identify("codex tool", id)
	case x.api == provider.Messages:
		return eventlog.Identify("tool", id)
	}
	return eventlog.Identity{}
}

// more is the member lt of an event that other layers may tell of as well.
func more(e *eventlog.Event) *wire.Object {
	lt := &wire.Object{}
	e.Again = true
	foreign.Names(lt, e)
	return lt
}

// known adds which layers saw an event, and what readers have to know of it.
func known(o *wire.Object, saw []string, lt *wire.Object) {
	o.Set("layers", saw)
	o.Raw("lt", lt.JSON())
}
