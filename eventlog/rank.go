package eventlog

import (
	"math"
	"slices"
)

// Beside is the rank of a segment that tells about sessions and holds none: an
// index of them. It counts beside all others and outranks nobody.
const Beside = math.MinInt

// beside is 1 for what tells about sessions that others hold: it comes last.
func beside(s *Summary) int {
	if s.Rank == Beside {
		return 1
	}
	return 0
}

// aliases are sessions that turned out to be others.
type aliases map[Sym]Sym

// sameAs collects what is known of sessions that are others.
func sameAs(syms *Symbols, summaries []*Summary) aliases {
	same := aliases{}
	for _, sum := range summaries {
		sum.mu.Lock()
		for id, p := range sum.sessions {
			if p.facts != nil && p.facts.SameAs != "" {
				same[id] = syms.Intern(p.facts.SameAs)
			}
		}
		sum.mu.Unlock()
	}
	return same
}

// is returns the session that one turned out to be, or itself.
func (a aliases) is(id Sym) Sym {
	const most = 8 // who names each other in a circle is nobody else
	at := id
	for range most {
		to, ok := a[at]
		if !ok {
			return at
		}
		at = to
	}
	return id
}

// Ranks returns for every session the highest rank of the segments that hold
// it: what is in others is not counted.
func (s *Sources) Ranks() map[Sym]int {
	s.mu.Lock()
	summaries := slices.Clone(s.summaries)
	s.mu.Unlock()
	same := sameAs(s.syms, summaries)
	rank := ranks(summaries, same)
	for id := range same {
		rank[id] = rank[same.is(id)]
	}
	return rank
}

// ranks is Ranks for sessions by what they turned out to be.
func ranks(summaries []*Summary, same aliases) map[Sym]int {
	rank := map[Sym]int{}
	for _, sum := range summaries {
		if sum.Rank == Beside {
			continue
		}
		sum.mu.Lock()
		for id := range sum.sessions {
			id = same.is(id)
			if best, known := rank[id]; !known || sum.Rank > best {
				rank[id] = sum.Rank
			}
		}
		sum.mu.Unlock()
	}
	return rank
}
