package eventlog

import "iter"

// payers finds the entries of a ledger by the call that they are for. Nearly
// always that is one; a response id that several requests share has more. The zero
// payers is empty.
type payers struct {
	first map[Identity]int32
	more  map[Identity][]int32
}

// all gives the entries of a call, by their numbers, in the order they were added.
func (p *payers) all(call Identity) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		if i, ok := p.first[call]; !ok || !yield(i) {
			return
		}
		for _, i := range p.more[call] {
			if !yield(i) {
				return
			}
		}
	}
}

// add adds an entry of a call, of which others may be known.
func (p *payers) add(call Identity, i int32, known bool) {
	switch {
	case known && p.more == nil:
		p.more = map[Identity][]int32{call: {i}}
	case known:
		p.more[call] = append(p.more[call], i)
	case p.first == nil:
		p.first = map[Identity]int32{call: i}
	default:
		p.first[call] = i
	}
}
