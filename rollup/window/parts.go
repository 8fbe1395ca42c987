package window

import (
	"math/bits"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// parting parts the costs of calls by what their tokens cost.
type parting struct {
	book  *price.Book // may be nil
	names []string
}

// weights say what a token of each kind costs beside the others. With the counts of
// tokens, which are bounded, sums of products stay within 64 bits.
type weights struct{ input, cacheRead, write5m, write1h, output, reasoning uint64 }

// maxTokens is more than any context has.
const maxTokens = 1 << 36

// bounded returns usage that is safe to multiply.
func bounded(u eventlog.Usage) eventlog.Usage {
	for _, n := range []*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.Output, &u.Reasoning} {
		*n = min(max(0, *n), maxTokens)
	}
	u.Reasoning = min(u.Reasoning, u.Output)
	return u
}

// of returns the weights of a call: by the prices that it was billed with, by those
// of its model, or else all the same. known is false for the last.
func (p *parting) of(b *eventlog.Bill, model eventlog.Sym) (w weights, known bool) {
	even := weights{1, 1, 1, 1, 1, 1}
	if p.book == nil {
		return even, false
	}
	r, ok := price.Rates{}, false
	if b.Source == eventlog.Estimated {
		r, ok = p.book.Labelled(p.names[b.Price], b)
	}
	if !ok {
		r, ok = p.book.Rates("", p.names[model], b)
	}
	if !ok || r == (price.Rates{}) {
		return even, false
	}
	return reduced(r), true
}

// reduced returns the rates in the smallest whole numbers that keep them apart.
func reduced(r price.Rates) weights {
	all := [...]uint64{uint64(r.Input), uint64(r.CacheRead), uint64(r.CacheWrite5m), uint64(r.CacheWrite1h), uint64(r.Output), uint64(r.Reasoning)}
	divisor, largest := uint64(0), uint64(0)
	for _, v := range all {
		largest = max(largest, v)
		for a := divisor; ; {
			if v == 0 {
				divisor = a
				break
			}
			a, v = v, a%v
		}
	}
	shift := max(0, bits.Len64(largest/divisor)-24) // loses nothing for prices that people ask
	for i := range all {
		all[i] = all[i] / divisor >> shift
	}
	return weights{all[0], all[1], all[2], all[3], all[4], all[5]}
}

// portions are the parts of what a call cost.
type portions struct {
	read eventlog.Money // all of the context
	old  eventlog.Money // of it, the tokens that were in the context before
}

// portions parts a cost, rounded down. old is how many of the tokens of the context
// were there before the call: of what came from the cache, all is theirs as long
// as there are enough of them, and what they have beyond that was paid like the
// rest of the context.
func (w weights) portions(cost eventlog.Money, u eventlog.Usage, old int64) portions {
	if cost <= 0 {
		return portions{}
	}
	cached := uint64(u.CacheRead) * w.cacheRead
	rest := uint64(u.Input)*w.input + uint64(u.CacheWrite5m)*w.write5m + uint64(u.CacheWrite1h)*w.write1h
	all := cached + rest + uint64(u.Output-u.Reasoning)*w.output + uint64(u.Reasoning)*w.reasoning
	if all == 0 {
		w = weights{1, 1, 1, 1, 1, 1}
		return w.portions(cost, u, old)
	}
	fromCache := min(old, u.CacheRead)
	paid := u.Context() - u.CacheRead
	again := uint64(fromCache) * w.cacheRead
	if paid > 0 {
		again += times(rest, uint64(min(old-fromCache, paid)), uint64(paid))
	}
	p := portions{read: eventlog.Money(times(uint64(cost), cached+rest, all))}
	p.old = min(p.read, eventlog.Money(times(uint64(cost), again, all)))
	return p
}

// times returns a times b by c, rounded down; b is at most c, which is not zero.
func times(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}
