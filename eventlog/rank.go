package eventlog

import "math"

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
		for key, p := range sum.copies {
			if key.session == key.of && p.facts != nil && p.facts.SameAs != "" {
				same[key.session] = syms.Intern(p.facts.SameAs)
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

// copyKey returns a key by what its session turned out to be: that of an import is
// the copy of what its original turned out to be.
func (a aliases) copyKey(key copyKey) copyKey {
	at := a.is(key.session)
	if key.of == key.session {
		return copyKey{at, at}
	}
	return copyKey{at, key.of}
}

// ranks returns for every session, by what it turned out to be, the highest rank
// of the segments that hold it: what is in others is not counted.
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
