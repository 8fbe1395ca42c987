package eventlog

import (
	"encoding/binary"
	"time"
)

// A digest is a summary of which only sums are left: its calls are added up by the
// hour, its tool calls by the run, the runs that others started to one; and what other
// segments hold copies of is cut already. Everything that is added up comes to the same
// as with the summary, in a small part of the time; single calls are not in it. So
// digests show what there is while the summaries are still being made.

// recently is for how long calls are not added up: whoever looks at the last hour
// wants to know them to the second, and a histogram of quarters of an hour, which ends
// now, has fewer columns than these days have quarters.
const recently = 7 * 24 * time.Hour

// Tally is how many tool calls a run made.
type Tally struct {
	Session Sym
	Of      Sym // of a copy: the conversation that it was copied from
	Run     Sym
	Calls   int64
	Failed  int64
}

// Digests are those of all segments of a catalog, as it was made.
type Digests struct {
	of       []digested
	cat      *Catalog
	together bool // which segments count for a session depends on others
}

// digested is a segment of a catalog.
type digested struct {
	sum     *Summary
	version int64
	shared  bool // something of it is cut, or joined, for the sake of another segment
}

// Digested is called with the digests of the first catalog that is made of whole
// summaries after everything that was there has been read. It must not wait.
func (s *Sources) Digested(take func(*Digests)) {
	s.mu.Lock()
	s.digests = take
	s.mu.Unlock()
}

// Each calls fn with the number and summary of each segment, the version in which it
// was in the catalog, and whether the others come to the same without it.
func (d *Digests) Each(fn func(n int, sum *Summary, version int64, apart bool)) {
	for n := range d.of {
		fn(n, d.of[n].sum, d.of[n].version, !d.of[n].shared && !d.together)
	}
}

// Version tells a summary from what it was before it was updated.
func (s *Summary) Version() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// hourKey is what calls have in common that become one.
type hourKey struct {
	at                                       Stamp
	session, of, run, agent, provider, model Sym
	source                                   CostSource
	atLeast                                  bool
}

// useKey is what tool calls have in common that become one.
type useKey struct{ session, of, run Sym }

// sums are the calls and tool calls of a segment, added up in the order in which they came.
type sums struct {
	entries []Entry
	at      map[hourKey]int
	tallies []Tally
	used    map[useKey]int
}

func (s *sums) entry(e *Entry, since Stamp, f folds) {
	at := e.Time
	if hour := at - at%Stamp(time.Hour); hour > 0 && at < since {
		at = hour
	}
	run, agent := e.Run, e.Agent
	if to, ok := f[runKey{e.Session, run}]; ok {
		run, agent = to.into, 0
	}
	key := hourKey{at, e.Session, e.Of, run, agent, e.Provider, e.Model, e.Source, e.AtLeast}
	i, ok := s.at[key]
	if !ok {
		if s.at == nil {
			s.at = map[hourKey]int{}
		}
		i = len(s.entries)
		s.at[key] = i
		s.entries = append(s.entries, Entry{
			Bill: Bill{Source: e.Source, AtLeast: e.AtLeast}, Time: at, Session: e.Session, Of: e.Of, Run: run,
			Agent: agent, Provider: e.Provider, Model: e.Model,
		})
	}
	sum := &s.entries[i]
	sum.Calls += e.Count()
	sum.Cost += e.Cost
	sum.Usage.Add(e.Usage)
}

func (s *sums) use(u *Use, f folds) {
	key := useKey{u.Session, u.Of, u.Run}
	if to, ok := f[runKey{u.Session, u.Run}]; ok {
		key.run = to.into
	}
	i, ok := s.used[key]
	if !ok {
		if s.used == nil {
			s.used = map[useKey]int{}
		}
		i = len(s.tallies)
		s.used[key] = i
		s.tallies = append(s.tallies, Tally{Session: u.Session, Of: u.Of, Run: key.run})
	}
	s.tallies[i].Calls++
	if u.Failed {
		s.tallies[i].Failed++
	}
}

// Freeze puts the digests of some segments, by their numbers, into bytes: their names
// in common, and each of them. It reports whether none of the segments has changed
// since the catalog was made.
func (d *Digests) Freeze(numbers []int, now Stamp) (names []byte, bodies [][]byte, ok bool) {
	all := make([]sums, len(d.of))
	since, folds := now-Stamp(recently), d.folds(now)
	for _, e := range d.cat.Entries.All() {
		all[e.Segment].entry(e, since, folds)
	}
	for i := range d.cat.Uses {
		u := &d.cat.Uses[i]
		all[u.Segment].use(u, folds)
	}
	w := newFreezer(d.cat.Symbols, nil)
	defer w.free()
	for _, n := range numbers {
		from := len(w.b)
		if !d.of[n].freeze(w, &all[n], folds) {
			return nil, nil, false
		}
		bodies = append(bodies, w.b[from:len(w.b):len(w.b)])
	}
	return w.table(nil), bodies, true
}

func (d *digested) freeze(w *freezer, add *sums, f folds) bool {
	s := d.sum
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version != d.version {
		return false
	}
	w.summary(&Summary{ // when it was modified and how long it is kept is found out anew
		Format: s.Format, Rank: s.Rank, records: s.records, pending: s.pending, kinds: s.kinds,
		customs: s.customs, faults: s.faults, sessions: f.all(s.sessions), copies: s.copies, adopts: s.adopts, entries: narrowListOf(add.entries), tallies: add.tallies,
	})
	return true
}

// table appends the names that symbols stand for.
func (w *freezer) table(b []byte) []byte {
	size := 0
	for _, s := range w.symbols {
		size += len(w.names[s])
	}
	b = binary.AppendUvarint(b, uint64(len(w.symbols)))
	b = binary.AppendUvarint(b, uint64(size))
	for _, s := range w.symbols {
		b = binary.AppendUvarint(b, uint64(len(w.names[s])))
	}
	for _, s := range w.symbols {
		b = append(b, w.names[s]...)
	}
	return b
}

// table reads the names, and reports whether they are such.
func (r *thawer) table(syms *Symbols) bool {
	count, size := r.count(1), r.uint()
	lengths := thawer{b: r.b, at: r.at}
	for range count {
		r.uint()
	}
	if r.bad || size > uint64(r.left()) {
		return false
	}
	text := string(r.take(int(size))) // one copy for all names
	r.symbols = make([]Sym, count)
	names := make([]string, count)
	for i := range names {
		n := lengths.uint()
		if n > uint64(len(text)) {
			return false
		}
		names[i], text = text[:n], text[n:]
	}
	syms.internAll(names, r.symbols)
	return true
}

// DigestNames are the names in common of digests that were frozen.
type DigestNames struct {
	syms    *Symbols
	symbols []Sym
}

// ThawNames makes names of what Freeze made of them.
func ThawNames(syms *Symbols, b []byte) (*DigestNames, bool) {
	r := thawer{b: b}
	if !r.table(syms) || r.bad || r.left() > 0 {
		return nil, false
	}
	return &DigestNames{syms, r.symbols}, true
}

// Thaw makes the digest of the segment at path of what Freeze made, and reports
// whether the bytes are such. It may be called by several goroutines.
func (n *DigestNames) Thaw(path string, b []byte) (*Summary, bool) {
	r := thawer{b: b, path: path, symbols: n.symbols, digest: true}
	s := &Summary{Path: path, names: recall{syms: n.syms}}
	r.summary(s)
	return s, !r.bad && r.left() == 0
}

// Fit reports whether digests go together: each call is of a session that one of them
// tells of. A call that was cut may be told of by another segment than its session is.
func Fit(digests []*Summary) bool {
	known := make(map[Sym]bool, len(digests))
	for _, s := range digests {
		for id := range s.sessions {
			known[id] = true
		}
		for key := range s.copies {
			known[key.session] = true
		}
	}
	for _, s := range digests {
		for _, e := range s.entries.now().All() {
			if !known[e.Session] {
				return false
			}
		}
		for i := range s.tallies {
			if !known[s.tallies[i].Session] {
				return false
			}
		}
	}
	return true
}

// Preview shows digests in place of summaries until Settle; whole says that they are
// of everything that was found. What it returns is closed when somebody wants the
// summaries.
func (s *Sources) Preview(digests []*Summary, whole bool) <-chan struct{} {
	s.mu.Lock()
	s.summaries, s.preview, s.settled = digests, true, make(chan struct{})
	s.state.Loading = s.state.Loading && !whole
	s.mu.Unlock()
	s.Notify()
	return s.wanted
}

// Settle puts the summaries in the place of the digests, in one step.
func (s *Sources) Settle(sums []*Summary) {
	s.mu.Lock()
	s.summaries, s.preview = sums, false
	close(s.settled)
	s.mu.Unlock()
	s.Notify()
}

// Settled is closed when no digests stand for summaries any more; it is nil when none do.
func (s *Sources) Settled() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.preview {
		return nil
	}
	return s.settled
}

// Want asks for the summaries that digests stand for, also before there are any.
func (s *Sources) Want() { s.once.Do(func() { close(s.wanted) }) }
