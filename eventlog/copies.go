package eventlog

import (
	"slices"
	"time"
)

// A recorder copies what an agent writes about itself into its own log, so that
// the recording is whole when the agent's log is gone. As long as both are there
// one of them counts. It is the copy, with everything else that was recorded,
// when it holds all of the conversation; it is the agent's own log when that says
// more, since the conversation began before the recording or went on after it.
// The conversation then hangs below the session that recorded a part of it.

// copyKey names what a session recorded of a conversation.
type copyKey struct{ session, of Sym }

// Standing says which of several segments counts for a session.
type Standing struct {
	same   aliases
	rank   map[Sym]int
	left   map[copyKey]bool // copies that do not count
	hidden map[Sym]copyKey  // conversations whose own logs do not count
	below  map[Sym]Sym      // conversations that hang below a session that recorded a part of them
	copied bool             // there are any
	behind map[imported]bool
	twin   map[partKey]bool // copies of logs beside their originals; see twins.go
	calls  bool             // some of them are known by their calls only
}

// imported names a session that a segment holds as an import.
type imported struct {
	path    string
	session Sym
}

// Counts reports whether what a segment of a rank holds of a session counts; of
// is the conversation that it was copied from, or zero. What an import holds of
// conversations that the original recorded stands and falls with the import.
func (s *Standing) Counts(path string, rank int, session, of Sym) bool {
	if s.twin[partKey{path, copyKey{session, of}}] {
		return false
	}
	key := s.same.copyKey(copyKey{session, of})
	session, of = key.session, key.of
	switch {
	case rank == Beside:
		return true
	case of != 0 && s.behind[imported{path, session}]:
		return false
	}
	_, hidden := s.hidden[session]
	if of != 0 {
		hidden = s.left[copyKey{session, of}]
	}
	return !hidden && rank >= s.rank[session]
}

// Standing finds out what counts.
func (s *Sources) Standing() *Standing {
	s.mu.Lock()
	summaries := slices.Clone(s.summaries)
	s.mu.Unlock()
	return standing(s.syms, summaries)
}

// extent is from when to when something is known of a conversation.
type extent struct {
	first, last Stamp
	open        bool // more is still to come
}

func (x *extent) add(p *part) {
	x.first, x.last = earlier(x.first, p.first), max(x.last, p.last)
}

// covers reports whether x holds all of y. Stores keep microseconds, not all of
// them exactly.
func (x extent) covers(y extent) bool {
	const precision = Stamp(time.Microsecond)
	return x.first <= y.first+precision && (x.open || x.last+precision >= y.last)
}

func standing(syms *Symbols, summaries []*Summary) *Standing {
	st := &Standing{same: sameAs(syms, summaries), left: map[copyKey]bool{}, hidden: map[Sym]copyKey{}, below: map[Sym]Sym{}, behind: map[imported]bool{}}
	st.rank = ranks(summaries, st.same)
	st.twin, st.calls = twins(summaries)
	copied := map[copyKey]extent{}
	for _, sum := range summaries {
		sum.mu.Lock()
		for key, p := range sum.copies {
			key = st.same.copyKey(key)
			x := copied[key]
			x.add(p)
			copied[key] = x
		}
		sum.mu.Unlock()
	}
	if len(copied) == 0 {
		return st
	}
	st.copied = true
	own := owners(summaries, st.same, copied)
	for key, x := range copied {
		log, there := own[key.of]
		if !there {
			continue
		}
		if key.of == key.session {
			if x.covers(log) && !log.covers(x) {
				st.hidden[key.of] = key
			}
			continue
		}
		x.open = own[key.session].open
		best, taken := st.hidden[key.of]
		if x.covers(log) && (!taken || syms.Name(key.session) < syms.Name(best.session)) {
			st.hidden[key.of] = key
		}
	}
	for key := range copied {
		_, there := own[key.of]
		if best, hidden := st.hidden[key.of]; !there || hidden && best == key {
			continue
		} else if !hidden && key.of != key.session {
			up, taken := st.below[key.of]
			if !taken || syms.Name(key.session) < syms.Name(up) {
				st.below[key.of] = key.session
			}
		}
		st.left[key] = true
	}
	for _, sum := range summaries {
		sum.mu.Lock()
		for key := range sum.copies {
			if key = st.same.copyKey(key); key.session == key.of && st.left[key] {
				st.behind[imported{sum.Path, key.session}] = true
			}
		}
		sum.mu.Unlock()
	}
	return st
}

// owners finds the extents of the sessions that have copies, and of those that
// were copied, in logs of their own.
func owners(summaries []*Summary, same aliases, copied map[copyKey]extent) map[Sym]extent {
	wanted := map[Sym]bool{}
	for key := range copied {
		wanted[key.session], wanted[key.of] = true, true
	}
	own, begun, closed := map[Sym]extent{}, map[Sym]bool{}, map[Sym]bool{}
	for _, sum := range summaries {
		if sum.Rank == Beside {
			continue
		}
		sum.mu.Lock()
		for id, p := range sum.sessions {
			if id = same.is(id); !wanted[id] {
				continue
			}
			x := own[id]
			x.add(p)
			begun[id] = begun[id] || p.lifecycle
			closed[id] = closed[id] || p.facts != nil && p.facts.Closed
			x.open = begun[id] && !closed[id]
			own[id] = x
		}
		sum.mu.Unlock()
	}
	return own
}
