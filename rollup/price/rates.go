package price

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Rates returns the prices by which Estimate prices a call: those of the context
// that it read, and of the mode that it was served in.
func (b *Book) Rates(provider, model string, bill *eventlog.Bill) (Rates, bool) {
	return b.quote(quoteKey{provider, model, bill.Mode}).rates(bill)
}

// Labelled returns the prices that a label of Estimate names, for those who know
// a bill and no longer the provider that served it. It fails where the prices in
// force have no such row.
func (b *Book) Labelled(label string, bill *eventlog.Bill) (Rates, bool) {
	key := quoteKey{labelled, label, bill.Mode}
	b.mu.RLock()
	q := b.quotes[key]
	b.mu.RUnlock()
	if q == nil {
		q = b.labelled(label, bill.Mode)
		b.mu.Lock()
		if len(b.quotes) < maxQuotes {
			b.quotes[key] = q
		}
		b.mu.Unlock()
	}
	return q.rates(bill)
}

// labelled stands for the provider of quotes that were found by their label. No
// log names such a provider.
const labelled = "\x00"

func (b *Book) labelled(label string, mode eventlog.Mode) *quote {
	id, _, _ := strings.Cut(label, ", ")
	provider, model, ok := strings.Cut(id, "/")
	table := b.Table()
	if strings.HasSuffix(label, ", "+OwnPrices) {
		table = b.own
	}
	if !ok || table == nil {
		return &quote{missing: NoRow}
	}
	row, ok := table.row(canonical(provider), strings.ToLower(model))
	if !ok {
		return &quote{missing: NoRow}
	}
	q := &quote{row: row, factor: fraction{1, 1}}
	if !strings.HasSuffix(model, "+"+mode.String()) { // a row of the mode is not multiplied
		if q.factor, ok = factorOf(row, mode); !ok {
			return &quote{missing: noMode + mode.String()}
		}
	}
	return q
}

func (q *quote) rates(bill *eventlog.Bill) (Rates, bool) {
	if q.row == nil {
		return Rates{}, false
	}
	rates, _ := q.row.rates(bill.Usage.Context() / max(1, bill.Count()))
	return rates.times(q.factor), true
}
