package eventlog

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// Logs are copied: into a backup, onto another machine, into the folder of a bug
// report. When both are read, each figure of the ledger counts once all the same, since
// calls have names; but prompts, steps and most errors have none. So where several
// segments begin a session with the very same record, the one that holds most of it
// counts, and the others are twins of it that do not, as long as they hold nothing that
// it lacks.

// partKey names what a segment holds of a session, or of a conversation that the
// session copied.
type partKey struct {
	path string
	copyKey
}

// Begins notes with which record begins what the last event was added to. It is asked
// for when Add says so.
func (s *Summary) Begins(rec *Record) {
	if s.added == nil {
		return
	}
	sum := sha256.New()
	sum.Write(rec.Body)
	for i := range rec.Cells {
		c := &rec.Cells[i]
		var fixed [25]byte
		fixed[0] = byte(c.Type)
		binary.LittleEndian.PutUint64(fixed[1:], uint64(c.Int))
		binary.LittleEndian.PutUint64(fixed[9:], math.Float64bits(c.Real))
		binary.LittleEndian.PutUint64(fixed[17:], uint64(len(c.Text)))
		sum.Write(fixed[:])
		sum.Write(c.Text)
	}
	s.added.begins = binary.LittleEndian.Uint64(sum.Sum(nil))
}

// held is what a segment holds of a session.
type held struct {
	*part
	in  *Summary
	key copyKey
}

// twins finds what is a twin, and tells whether single calls had to be looked at for it.
func twins(summaries []*Summary) (twin map[partKey]bool, calls bool) {
	type beginning struct {
		copyKey
		format string
		begins uint64
	}
	first, more := map[beginning]held{}, map[beginning][]held{}
	take := func(h held) {
		if h.begins == 0 {
			return
		}
		at := beginning{h.key, h.in.Format, h.begins}
		other, there := first[at]
		switch {
		case !there:
			first[at] = h
		case more[at] == nil:
			more[at] = []held{other, h}
		default:
			more[at] = append(more[at], h)
		}
	}
	for _, sum := range summaries {
		sum.mu.Lock()
		for id, p := range sum.sessions {
			take(held{p, sum, copyKey{session: id}})
		}
		for key, p := range sum.copies {
			take(held{p, sum, key})
		}
		sum.mu.Unlock()
	}
	for _, all := range more {
		most := all[0]
		for _, h := range all[1:] {
			if h.before(most) {
				most = h
			}
		}
		for _, h := range all {
			if h.in == most.in {
				continue
			}
			same := h.as(most)
			calls = calls || !same
			if same || h.within(most) {
				if twin == nil {
					twin = map[partKey]bool{}
				}
				twin[partKey{h.in.Path, h.key}] = true
			}
		}
	}
	return twin, calls
}

// before reports whether h rather than o is the one that counts: the one that holds
// more, a log before its copy in the archive, the first by its path.
func (h held) before(o held) bool {
	return cmp.Or(cmp.Compare(o.events, h.events), cmp.Compare(h.in.Origin, o.in.Origin), cmp.Compare(h.in.Path, o.in.Path)) < 0
}

// as reports whether h ends as o does.
func (h held) as(o held) bool {
	return h.events == o.events && h.errors == o.errors && h.part.last == o.part.last
}

// within reports whether all named calls of h, of which there are some, are calls of o,
// in which the session went on.
func (h held) within(o held) bool {
	of, named := o.calls(), false
	for id := range h.calls() {
		if _, ok := of[id]; !ok {
			return false
		}
		named = true
	}
	return named
}

// calls are the names of the model and tool calls.
func (h held) calls() map[Identity]struct{} {
	ids := map[Identity]struct{}{}
	h.in.mu.Lock()
	defer h.in.mu.Unlock()
	for _, e := range h.in.entries.now().All() {
		if !e.Call.IsZero() && (copyKey{e.Session, e.Of}) == h.key {
			ids[e.Call] = struct{}{}
		}
	}
	for i := range h.in.uses {
		if u := &h.in.uses[i]; (copyKey{u.Session, u.Of}) == h.key {
			ids[u.ID] = struct{}{}
		}
	}
	return ids
}
