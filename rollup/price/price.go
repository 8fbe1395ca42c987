// Package price estimates what a model call cost, for logs that do not say it.
// The prices stand in models.tsv, with their date and the notice of those who
// gathered them; a newer table and prices of one's own may be put beside it. A
// model that is in none of them has no price, which is not a price of zero.
package price

import (
	_ "embed"
	"math"
	"math/bits"
	"strconv"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

//go:embed models.tsv
var models string

// Row is the price of one model at one provider.
type Row struct {
	Provider string
	Model    string
	Rates
	Tiers []Tier // by Above, the lowest first
}

// ID names the row: anthropic/claude-opus-4-6.
func (r *Row) ID() string { return r.Provider + "/" + r.Model }

// Tier is what a call costs that read more than so many tokens, all of it.
type Tier struct {
	Above int64
	Rates
}

// Rates are the prices of a million tokens of each kind. Reasoning is the part
// of the output that a few models charge differently.
type Rates struct{ Input, Output, CacheRead, CacheWrite5m, CacheWrite1h, Reasoning eventlog.Money }

// rates returns what holds for a context, and from where on.
func (r *Row) rates(context int64) (Rates, int64) {
	rates, above := r.Rates, int64(0)
	for _, t := range r.Tiers {
		if context > t.Above {
			rates, above = t.Rates, t.Above
		}
	}
	return rates, above
}

// Book is the prices in force: a table, and a user's own prices, which beat it.
// It is safe for concurrent use.
type Book struct {
	Date  string // of the table
	own   *Table // may be nil
	table func() *Table

	mu     sync.RWMutex
	quotes map[quoteKey]*quote // logs name the same few models again and again
}

// NewBook returns the prices of the text of a table, which was checked when it
// was written, and, before it, a user's own. The table is read when it is first
// asked for.
func NewBook(text string, own *Table) *Book {
	return &Book{
		Date: dateOf(text), own: own, quotes: map[quoteKey]*quote{},
		table: sync.OnceValue(func() *Table { return trusted(text) }),
	}
}

// BuiltIn returns the text of the table that is built in.
func BuiltIn() string { return models }

// Default returns the prices that are built in.
func Default() *Book { return defaultBook() }

var defaultBook = sync.OnceValue(func() *Book { return NewBook(models, nil) })

// Table returns the table of the book.
func (b *Book) Table() *Table { return b.table() }

// Own returns the user's own prices, or nil.
func (b *Book) Own() *Table { return b.own }

// About names the table for people: table of 2026-07-02.
func (b *Book) About() string { return "table of " + b.Date }

// Why a call has no price.
const (
	NoModel    = "its log names no model"
	NoTokens   = "its log tells no tokens"
	NotTold    = "its log says that the cost is not known"
	NoRow      = "the model is not in the table"
	NoProvider = "the provider is not in the table"
	TooMany    = "more tokens than there can be"
	noMode     = "no price is known for the mode "
)

type quoteKey struct {
	provider, model string
	mode            eventlog.Mode
}

// quote is what was found for a model: a row, or why there is none.
type quote struct {
	row     *Row
	factor  fraction
	missing string
	labels  []string // of the rates, then of each tier
}

// Estimate returns what a call cost and which price says so. Where there is
// none it returns false, and why. One bill for several calls is held to the
// tier of the average one.
func (b *Book) Estimate(provider, model string, bill *eventlog.Bill) (cost eventlog.Money, why string, ok bool) {
	switch {
	case bill.Final:
		return 0, NotTold, false
	case bill.Usage.Total() == 0:
		return 0, NoTokens, false
	}
	q := b.quote(quoteKey{provider, model, bill.Mode})
	if q.row == nil {
		return 0, q.missing, false
	}
	rates, above := q.row.rates(bill.Usage.Context() / bill.Count())
	label := q.labels[0]
	for i, t := range q.row.Tiers {
		if t.Above == above {
			label = q.labels[i+1]
		}
	}
	cost, ok = rates.times(q.factor).Cost(bill.Usage)
	if !ok {
		return 0, TooMany, false
	}
	return cost, label, true
}

// maxQuotes bounds what is remembered of models that logs name.
const maxQuotes = 10_000

func (b *Book) quote(key quoteKey) *quote {
	b.mu.RLock()
	q := b.quotes[key]
	b.mu.RUnlock()
	if q != nil {
		return q
	}
	q = b.ask(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.quotes) < maxQuotes {
		b.quotes[key] = q
	}
	return q
}

func (b *Book) ask(key quoteKey) *quote {
	m, missing := b.Find(key.provider, key.model, key.mode)
	if m == nil {
		return &quote{missing: missing}
	}
	q := &quote{row: m.Row, factor: m.factor}
	label := func(above int64) string {
		text := m.Row.ID()
		if above > 0 {
			text += ", above " + strconv.FormatInt(above, 10)
		}
		if key.mode != 0 {
			text += ", " + key.mode.String()
		}
		if m.Own {
			return text + ", " + OwnPrices
		}
		return text + ", " + b.About()
	}
	q.labels = append(q.labels, label(0))
	for _, t := range m.Row.Tiers {
		q.labels = append(q.labels, label(t.Above))
	}
	return q
}

// OwnPrices is what a user's own prices are called.
const OwnPrices = "your prices"

// times returns the rates multiplied, each rounded down.
func (r Rates) times(f fraction) Rates {
	if f.num == f.den {
		return r
	}
	for _, m := range []*eventlog.Money{&r.Input, &r.Output, &r.CacheRead, &r.CacheWrite5m, &r.CacheWrite1h, &r.Reasoning} {
		*m = *m * eventlog.Money(f.num) / eventlog.Money(f.den)
	}
	return r
}

// Cost returns what tokens cost at these prices. It multiplies exactly and rounds
// once, half up, to a billionth of a dollar. It fails where that is more than
// there is money.
func (r Rates) Cost(u eventlog.Usage) (eventlog.Money, bool) {
	var hi, lo, carry uint64
	for _, part := range [...]struct {
		tokens int64
		rate   eventlog.Money
	}{
		{u.Input, r.Input}, {u.Output - u.Reasoning, r.Output}, {u.Reasoning, r.Reasoning}, {u.CacheRead, r.CacheRead},
		{u.CacheWrite5m, r.CacheWrite5m}, {u.CacheWrite1h, r.CacheWrite1h},
	} {
		h, l := bits.Mul64(uint64(max(0, part.tokens)), uint64(part.rate))
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	const million = 1_000_000
	lo, carry = bits.Add64(lo, million/2, 0)
	hi += carry
	if hi >= million {
		return 0, false
	}
	quotient, _ := bits.Div64(hi, lo, million)
	return eventlog.Money(quotient), quotient <= math.MaxInt64
}
