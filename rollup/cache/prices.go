package cache

import (
	"math"
	"math/big"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// priced is what the tokens of a call cost: the prices of its model, and, where its
// cost was recorded, by how much that was another amount than they come to.
type priced struct {
	rates    price.Rates
	num, den int64 // zero is one by one
}

// pricesOf returns the prices of a call. Without them, or without a cost, nobody can
// tell what the cache was worth to it.
func pricesOf(book *price.Book, names []string, e *eventlog.Entry) (priced, bool) {
	if book == nil || e.Source == eventlog.Unpriced {
		return priced{}, false
	}
	var p priced
	ok := false
	if e.Source == eventlog.Estimated {
		p.rates, ok = book.Labelled(names[e.Price], &e.Bill)
	}
	if !ok {
		p.rates, ok = book.Rates(names[e.Provider], names[e.Model], &e.Bill)
	}
	if !ok {
		return priced{}, false
	}
	if e.Source == eventlog.Recorded {
		list, fits := p.rates.Cost(e.Usage)
		if !fits || list <= 0 && e.Cost != 0 {
			return priced{}, false
		}
		if list > 0 {
			p.num, p.den = int64(e.Cost), int64(list)
		}
	}
	return p, true
}

// term is a number of tokens, and what a million of them cost.
type term struct {
	tokens int64
	rate   eventlog.Money
}

// million is what prices are for.
const million = 1_000_000

// cost adds up terms exactly and rounds once, down.
func (p *priced) cost(terms ...term) eventlog.Money {
	if p.den == 0 && len(terms) == 1 && terms[0].rate >= 0 && terms[0].rate < 1<<40 && terms[0].tokens >= 0 && terms[0].tokens < 1<<22 {
		return terms[0].rate * eventlog.Money(terms[0].tokens) / million // as nearly always
	}
	sum := new(big.Int)
	for _, t := range terms {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(t.tokens), big.NewInt(int64(t.rate))))
	}
	return p.round(sum, big.NewInt(million))
}

// again returns what it cost that some of the tokens which a call paid in full had
// not come from the cache. Which of those it paid for were the ones that had been
// there is not known: they cost as much as all of them do on average.
func (p *priced) again(tokens int64, u *eventlog.Usage) eventlog.Money {
	r := &p.rates
	paid := u.Input + u.CacheWrite5m + u.CacheWrite1h
	if paid <= 0 {
		return 0
	}
	sum := new(big.Int)
	for _, t := range []term{{u.Input, r.Input}, {u.CacheWrite5m, r.CacheWrite5m}, {u.CacheWrite1h, r.CacheWrite1h}, {-paid, r.CacheRead}} {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(t.tokens), big.NewInt(int64(t.rate))))
	}
	sum.Mul(sum, big.NewInt(tokens))
	return max(0, p.round(sum, new(big.Int).Mul(big.NewInt(paid), big.NewInt(million))))
}

// round divides, after everything else, and rounds towards zero.
func (p *priced) round(num, den *big.Int) eventlog.Money {
	if p.den != 0 {
		num = new(big.Int).Mul(num, big.NewInt(p.num))
		den = new(big.Int).Mul(den, big.NewInt(p.den))
	}
	q := new(big.Int).Quo(num, den)
	switch {
	case q.IsInt64():
		return eventlog.Money(q.Int64())
	case q.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}
