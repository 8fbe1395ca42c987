package guard

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// mostEvaluated bounds the rules that a decision trace lists.
const mostEvaluated = 50

// trace records a decision, and the signal that comes of it, and has the signal
// told to hooks.
func (g *Guard) trace(f firing, reason, sentence, did string) {
	r := f.rule
	now := time.Now()
	decision, signal := wire.NewID(now), wire.NewID(now)

	var o wire.Object
	o.Text("policy", r.Name)
	o.Text("source", r.Source)
	o.Text("decision", r.Action.decision())
	o.Text("reason", reason)
	o.Text("message", sentence)
	g.figures(&o, f)
	o.Text("outcome", did)
	o.Raw("evaluated", g.evaluated(r, f.count, f.most, now))
	o.Text("event_id", f.last.id)
	o.Text("signal_id", signal)
	o.Set("latency_ms", float64(now.Sub(f.at).Microseconds())/1000)
	g.emit(g.event(decision, eventlog.Policy, now, &f.last, &o))

	o = wire.Object{}
	kind := subtypes[r.Limit]
	o.Text("name", r.Name)
	o.Text("type", kind[0])
	o.Text("subtype", kind[1])
	o.Text("severity", r.Severity.String())
	o.Text("message", sentence)
	g.figures(&o, f)
	o.Text("action", r.Action.String())
	o.Text("event_id", f.last.id)
	o.Text("policy_id", decision)
	e := g.event(signal, eventlog.Signal, now, &f.last, &o)
	g.emit(e)
	g.hooks.tell(r.Hooks, &e, f.last.payload)
}

// figures adds what was counted and how much of it may be.
func (g *Guard) figures(o *wire.Object, f firing) {
	r := f.rule
	o.Text("limit_kind", r.Limit.String())
	o.Raw("value", r.Limit.number(f.count))
	o.Raw("threshold", r.Limit.number(f.most))
	o.Text("unit", units[r.Limit])
	if r.Within > 0 {
		o.Int("within_ms", r.Within.Milliseconds())
	}
	o.Text("where", r.Where.String())
	if f.bare > 0 {
		o.Int("unpriced_calls", f.bare)
	}
}

// evaluated lists how every rule stood.
func (g *Guard) evaluated(held *watched, count, most int64, now time.Time) []byte {
	type line struct {
		Policy    string `json:"policy"`
		Type      string `json:"type"`
		Matched   bool   `json:"matched"`
		Threshold any    `json:"threshold"`
		Actual    any    `json:"actual,omitempty"`
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []line
	for _, r := range g.rules[:min(len(g.rules), mostEvaluated)] {
		l := line{Policy: r.Name, Type: r.Limit.String(), Matched: r == held, Threshold: rawNumber(r.Limit.number(r.most))}
		switch {
		case r == held:
			l.Threshold, l.Actual = rawNumber(r.Limit.number(most)), rawNumber(r.Limit.number(count))
		case r.Limit == Wall:
			l.Actual = rawNumber(r.Limit.number(int64(g.elapsed(now))))
		case r.Limit != Repeat: // each run and call has a count of its own
			l.Actual = rawNumber(r.Limit.number(r.count.add(now, 0)))
		}
		list = append(list, l)
	}
	var o wire.Object
	o.Set("list", list)
	raw := o.JSON()
	return raw[len(`{"list":`) : len(raw)-1]
}

type rawNumber []byte

// MarshalJSON returns the number as it is spelled.
func (n rawNumber) MarshalJSON() ([]byte, error) { return n, nil }

// traceUnpriced tells that a limit on cost cannot count the calls of a model.
func (g *Guard) traceUnpriced(f firing) {
	what := "a call of " + orNone(f.last.model, "a model that was not named")
	reason := what + " has no price: " + f.why
	sentence := f.rule.Name + " does not count " + what + ", which has no price: " + f.why
	now := time.Now()
	var o wire.Object
	o.Text("policy", f.rule.Name)
	o.Text("source", f.rule.Source)
	o.Text("decision", "warn")
	o.Text("reason", reason)
	o.Text("message", sentence)
	g.figures(&o, f)
	o.Text("model", f.last.model)
	o.Text("provider", f.last.provider)
	o.Text("event_id", f.last.id)
	o.Set("latency_ms", float64(now.Sub(f.at).Microseconds())/1000)
	g.emit(g.event(wire.NewID(now), eventlog.Policy, now, &f.last, &o))
	if f.first {
		g.host.Notice(sentence, false)
	}
}

// traceState tells that the program is paused, or goes on.
func (g *Guard) traceState(before, after, sentence string, processes int) {
	now := time.Now()
	var o wire.Object
	o.Text("state_before", before)
	o.Text("state_after", after)
	o.Text("message", sentence)
	o.Int("pid", int64(g.target.Pid()))
	o.Int("processes", int64(processes))
	g.emit(g.event(wire.NewID(now), eventlog.StateChange, now, &cause{}, &o))
}

// event makes an event of ours, in the run of the event that was the last straw.
func (g *Guard) event(id string, k eventlog.Kind, now time.Time, last *cause, o *wire.Object) eventlog.Event {
	e := eventlog.Event{ID: id, SessionID: g.host.Session, Kind: k, Type: k.String(), Time: eventlog.StampOf(now), Agent: g.host.Agent, Payload: o.JSON()}
	if last.run != "" && last.session == g.host.Session {
		e.RunID, e.Agent = last.run, last.agent
	}
	return e
}
