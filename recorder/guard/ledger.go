package guard

import (
	"cmp"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Prices estimate what a call cost whose record does not say it, or tell why
// they cannot.
type Prices interface {
	Estimate(provider, model string, bill *eventlog.Bill) (cost eventlog.Money, why string, ok bool)
}

// ledger holds each model call once, however many records tell of it.
type ledger struct {
	prices Prices // may be nil
	calls  memory[callKey, entry]
}

// callKey names a call: two calls of one response id are told apart by their
// requests.
type callKey struct{ call, request eventlog.Identity }

// entry is what is known of one call.
type entry struct {
	bill            eventlog.Bill
	provider, model string
	cost            eventlog.Money
	priced          bool
	why             string // it has no price
}

// mostCalls bounds the calls that are remembered. One that is told of again
// after so many others would count again.
const mostCalls = 1 << 16

func newLedger(p Prices) *ledger {
	return &ledger{prices: p, calls: newMemory[callKey, entry](mostCalls)}
}

// change is what one event changes of what there is.
type change struct {
	cost     int64 // billionths of a dollar
	tokens   int64
	unpriced int64  // calls without a price
	why      string // the call of this event has none
}

// add takes the bill of an event, and what it says about calls before it.
func (l *ledger) add(e *eventlog.Event) (c change) {
	for _, id := range slices.Concat(e.Sums, e.Same) {
		// A sum is paid for by those that it was made of, a call by the name that it
		// has now.
		if old, ok := l.calls.get(callKey{call: id}); ok {
			c.subtract(&old)
			old.bill.Void, old.cost, old.priced = true, 0, true
			l.calls.put(callKey{call: id}, old)
		}
	}
	if e.Bill == nil {
		return c
	}
	key := callKey{e.Bill.Call, e.Bill.Request}
	fresh := entry{bill: *e.Bill, provider: e.Provider, model: e.Model}
	named := !key.call.IsZero()
	if old, ok := l.calls.get(key); ok && named {
		c.subtract(&old)
		fresh.bill = old.bill.With(*e.Bill)
		fresh.provider, fresh.model = cmp.Or(e.Provider, old.provider), cmp.Or(e.Model, old.model)
	}
	l.price(&fresh)
	c.cost = plus(c.cost, int64(fresh.cost))
	c.tokens = plus(c.tokens, fresh.bill.Usage.Total())
	if !fresh.priced {
		c.unpriced += fresh.bill.Count()
		c.why = fresh.why
	}
	if named {
		l.calls.put(key, fresh)
	}
	return c
}

func (l *ledger) price(e *entry) {
	switch {
	case e.bill.Void:
		e.priced = true
	case e.bill.Source != eventlog.Unpriced:
		e.cost, e.priced = e.bill.Cost, true
	case l.prices == nil:
		e.why = "there are no prices"
	default:
		e.cost, e.why, e.priced = l.prices.Estimate(e.provider, e.model, &e.bill)
	}
}

func (c *change) subtract(e *entry) {
	c.cost = plus(c.cost, -int64(e.cost))
	if !e.bill.Void {
		c.tokens = plus(c.tokens, -e.bill.Usage.Total())
	}
	if !e.priced {
		c.unpriced -= e.bill.Count()
	}
}

// memory is a map that forgets the oldest of its keys when it is full.
type memory[K comparable, V any] struct {
	of    map[K]V
	order []K // a ring
	next  int
	most  int
}

func newMemory[K comparable, V any](most int) memory[K, V] {
	return memory[K, V]{of: map[K]V{}, most: most}
}

func (m *memory[K, V]) get(k K) (V, bool) {
	v, ok := m.of[k]
	return v, ok
}

func (m *memory[K, V]) put(k K, v V) {
	if _, ok := m.of[k]; !ok {
		if len(m.order) < m.most {
			m.order = append(m.order, k)
		} else {
			delete(m.of, m.order[m.next])
			m.order[m.next] = k
			m.next = (m.next + 1) % m.most
		}
	}
	m.of[k] = v
}
