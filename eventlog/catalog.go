package eventlog

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sources is the live set of segments that a catalog is made of. It is safe
// for concurrent use.
type Sources struct {
	syms    *Symbols
	changed chan struct{}
	wanted  chan struct{} // closed when summaries are wanted rather than digests
	once    sync.Once     // it is closed

	mu        sync.Mutex
	summaries []*Summary
	state     Progress
	version   int64
	gone      IsGone // set before the first catalog; may be nil
	extra     func(session string) Said
	preview   bool           // the summaries are digests
	settled   chan struct{}  // closed when they are not any more
	digests   func(*Digests) // told of the first catalog of whole summaries; nil when it was
}

// Progress says how far the finding and reading of segments has come.
type Progress struct {
	Loading bool
	Found   int   // segments found so far
	Read    int64 // bytes read of those found
	Total   int64
	Failed  []Fault // segments that could not be opened at all
}

// NewSources returns an empty set over a symbol table.
func NewSources(syms *Symbols) *Sources {
	// One slot: a notice that nobody took yet stands for all later ones.
	return &Sources{syms: syms, changed: make(chan struct{}, 1), wanted: make(chan struct{})}
}

// Symbols returns the symbol table of the set.
func (s *Sources) Symbols() *Symbols { return s.syms }

// Changed is signalled after changes; one signal may stand for many.
func (s *Sources) Changed() <-chan struct{} { return s.changed }

// Notify signals that a summary changed.
func (s *Sources) Notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Said is what people say of a session beside what its log does.
type Said struct {
	Title string // what they call it; empty leaves the name that it has
	Tags  []string
}

// Extra sets what tells what people say of sessions; nil says nothing. It stands in
// no log, so no summary has it: the catalog asks when it is made, puts the tags
// behind those of the log, and the title before. So they are found by
// queries, shown and exported like any other, and nobody else has to know where
// they come from. Whoever changes them calls Notify, for a new catalog to be made.
func (s *Sources) Extra(said func(session string) Said) {
	s.mu.Lock()
	s.extra = said
	s.mu.Unlock()
}

// Loading reports whether what was there at first is still being read.
func (s *Sources) Loading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Loading
}

// Add adds the summaries of segments, in one step.
func (s *Sources) Add(sums ...*Summary) {
	s.mu.Lock()
	s.summaries = append(s.summaries, sums...)
	s.mu.Unlock()
	s.Notify()
}

// Replace puts a segment's new summary in the place of its old one, in one
// step: no catalog has both or neither. A segment whose records have changed is
// summed up afresh.
func (s *Sources) Replace(old, sum *Summary) {
	s.mu.Lock()
	if i := slices.Index(s.summaries, old); i >= 0 {
		s.summaries[i] = sum
	}
	s.mu.Unlock()
	s.Notify()
}

// Remove takes a segment's summary away: the segment is gone.
func (s *Sources) Remove(sum *Summary) {
	s.mu.Lock()
	s.summaries = slices.DeleteFunc(s.summaries, func(old *Summary) bool { return old == sum })
	s.mu.Unlock()
	s.Notify()
}

// Report changes the progress.
func (s *Sources) Report(fn func(*Progress)) {
	s.mu.Lock()
	fn(&s.state)
	s.mu.Unlock()
	s.Notify()
}

// Catalog is all sessions as they were at one moment, with the ledger that
// every figure is a fold of. It is immutable.
type Catalog struct {
	Symbols  *Symbols
	Sessions []*Session    // newest first
	Entries  Narrow[Entry] // the ledger: every billed call once
	Uses     []Use         // identified tool calls, each once
	Tallies  []Tally       // of a preview, what its tool calls come to
	// Preview says that the catalog is made of digests: what is added up is right, but
	// there are no single calls, the audit counts nothing of them, and of sessions that
	// are over one run stands for all that another one started.
	Preview  bool
	Segments []Segment
	Audit    Audit
	Progress Progress
	Version  int64

	byID map[Sym]*Session
}

// Segment says what a segment held.
type Segment struct {
	Path     string
	Format   string
	Rank     int // see Summary
	Records  int64
	Rows     int64
	Faults   Faults
	Pending  bool
	Sessions int
	Modified Stamp
	Keeping  Keeping
	Kinds    map[string]int64
	Customs  map[string]int64
}

// Audit counts what was cut before anything was added up, and why.
type Audit struct {
	Records       int64
	Unreadable    int64
	CallRecords   int64 // records that told of a model call
	SameResponse  int64 // cut: another record of the same response, in the same file
	SameRequest   int64
	SameRecord    int64
	Copies        int64                 // cut: the same call in another file, of a fork or resume
	CopiedBy      [RuleRecord + 1]int64 // what told them, by Rule
	Forks         int64                 // of all that were cut: those of another session than the call
	Echoes        int64                 // copies of such records within others, as progress of a sub-agent: never looked at
	Billed        int64                 // records that were left
	Calls         int64                 // calls after the cut; records of sums stand for several
	RecordedCalls int64
	Estimates     int64
	UnpricedCalls int64
	AtLeast       int64 // calls whose log does not hold the final count
	ToolCopies    int64 // tool calls that stand in another session as well
	ShadowEvents  int64 // events of a session that a better segment also holds
}

// Session is one session of the catalog.
type Session struct {
	Facts
	ID        string
	Others    []string // ids of what turned out to be this session
	Elsewhere []string // conversations of which it holds a copy that does not count: their own logs say more
	Sym       Sym
	Format    string
	Paths     []string
	Archived  bool // its own logs are gone: what is left is in the archive
	First     Stamp
	Last      Stamp
	Heartbeat Stamp
	Events    int64
	Errors    int64
	ToolCalls int64
	ToolFails int64
	Calls     int64
	Usage     Usage
	Recorded  Money
	Estimated Money
	Unpriced  int64
	AtLeast   int64
	Context   int64 // tokens that the last model call read
	Model     Sym   // the model that used most tokens
	Models    int   // how many models were used
	Runs      []*Run
	Pulse     []Minute // in which anything happened, in their order
	Recent    []Headline
	Parent    *Session // nil at the top
	Orphan    bool     // names a parent that is nowhere to be found
	Children  []*Session
	Dies      Stamp   // from when on its agent deletes it; zero: never, or nobody knows
	Keeping   Keeping // what says so
	Waiting   Waiting // for a person: of several calls and runs the longest
	Loop      Loop    // the longest that an open run is in
	Failing   int     // the last tool calls of an open run that failed in a row; of several runs the most

	names    *Symbols
	gone     IsGone
	underWay int64 // calls without a result

	open   bool
	stays  bool   // a segment of it is never deleted
	folder string // of the segment that dies last
	last   Stamp
	models []string
	agents []string
}

// Status derives the state of the session at a moment, and what closed it:
// exit, auto, or nothing known.
func (s *Session) Status(now Stamp) (Status, string) {
	return deriveStatus(signs{s.Closed, s.Interrupted, s.open, s.lost, s.last}, now)
}

// Label is what to call the session: the title it was given, its name, its
// goal, its command, or its id.
func (s *Session) Label() string {
	return Sentence(cmp.Or(s.Title, s.Name, s.Goal, s.Command, s.ID, "(no id)"))
}

// Duration returns how long the session has been going, from its first to its
// last sign of life.
func (s *Session) Duration(now Stamp) time.Duration {
	start, end := earlier(s.Started, s.First), max(s.Ended, s.Last)
	if st, _ := s.Status(now); st == Running {
		end = max(end, now)
	}
	return max(0, end.Sub(start))
}

// Now is up to when what is open in the session goes on: now while it is
// running, and zero when nobody knows.
func (s *Session) Now(now Stamp) Stamp {
	if st, _ := s.Status(now); st == Running {
		return now
	}
	return 0
}

// Cost is everything that is known of what the session cost.
func (s *Session) Cost() Money { return s.Recorded + s.Estimated }

// Agents returns the names of the agents that took part, each once.
func (s *Session) Agents() []string { return s.agents }

// Session returns the session with an id.
func (c *Catalog) Session(id string) (*Session, bool) {
	sym, ok := c.Symbols.Find(id)
	if !ok {
		return nil, false
	}
	s, ok := c.byID[sym]
	return s, ok
}

// BySym returns the session with a symbol, or nil.
func (c *Catalog) BySym(sym Sym) *Session { return c.byID[sym] }

// Catalog makes the catalog as it is now. Its work is proportional to the
// number of sessions and calls: call it from a command, not from Update.
func (s *Sources) Catalog() *Catalog { return s.catalog(nil, nil) }

// catalog makes the catalog and tells of every record of a call, and of every
// tool call, that is cut since another segment tells of it.
func (s *Sources) catalog(cut func(*Cut), copied func(*Use)) *Catalog {
	s.mu.Lock()
	summaries := slices.Clone(s.summaries)
	progress, extra := s.state, s.extra
	progress.Failed = slices.Clone(progress.Failed)
	s.version++
	version, preview := s.version, s.preview
	var digests func(*Digests)
	if cut == nil && copied == nil && !preview && !progress.Loading {
		digests, s.digests = s.digests, nil
	}
	s.mu.Unlock()
	slices.SortStableFunc(summaries, func(a, b *Summary) int {
		return cmp.Or(cmp.Compare(beside(a), beside(b)), strings.Compare(cmp.Or(a.Origin, a.Path), cmp.Or(b.Origin, b.Path)))
	})

	c := &Catalog{Symbols: s.syms, Progress: progress, Version: version, Preview: preview, byID: map[Sym]*Session{}}
	st := standing(s.syms, summaries)
	b := builder{c: c, gone: s.gone, extra: extra, standing: st, same: st.same, adopts: map[runKey]Adopt{}, alone: len(summaries) == 1, cut: cut, copied: copied}
	if digests != nil {
		b.of, b.first = make([]digested, 0, len(summaries)), map[Sym]int32{}
	}
	b.makeRoom(summaries)
	for _, sum := range summaries {
		sum.mu.Lock()
		b.take(sum)
		sum.mu.Unlock()
	}
	b.reconcile()
	b.finish()
	if digests != nil && !st.calls { // what single calls decide, sums of them cannot
		digests(&Digests{of: b.of, cat: c, together: len(st.same) > 0 || st.copied || b.shadowed})
	}
	return c
}

// builder joins summaries into a catalog.
type builder struct {
	c          *Catalog
	standing   *Standing
	same       aliases
	adopts     map[runKey]Adopt
	alone      bool // there is one segment, which has cut within itself
	ledgers    []segmentLedger
	ledger     narrowList[Entry]
	voids      bool       // something of it pays for nothing
	paid       finder     // of the entries
	used       finder     // of the uses
	sharedUses []int32    // segments that tell of one call of a tool
	cut        func(*Cut) // both may be nil
	copied     func(*Use)
	gone       IsGone
	extra      func(session string) Said
	of         []digested    // nil where nobody wants digests
	first      map[Sym]int32 // the first segment of each session, likewise
	shadowed   bool          // of a session that several segments hold not all count
}

// segmentLedger is the ledger of a segment as it was when the segment was taken.
type segmentLedger struct {
	Narrow[Entry]
	path   string
	rank   int
	number int32
}

// makeRoom makes room for what the summaries hold, and for what is added to them just
// now: what grows by the half is copied many times.
func (b *builder) makeRoom(summaries []*Summary) {
	entries, uses, tallies := 0, 0, 0
	for _, sum := range summaries {
		sum.mu.Lock()
		entries, uses, tallies = entries+sum.entries.n, uses+len(sum.uses), tallies+len(sum.tallies)
		sum.mu.Unlock()
	}
	b.c.Segments, b.c.Tallies = make([]Segment, 0, len(summaries)), make([]Tally, 0, tallies)
	if b.c.Progress.Loading {
		entries, uses = entries+entries/16, uses+uses/16
	}
	b.c.Uses = make([]Use, 0, uses)
	switch {
	case b.alone:
	case b.c.Preview: // its calls have no ids
		b.paid, b.used = newFinder(0), newFinder(0)
	default:
		b.paid, b.used = newFinder(entries), newFinder(uses)
	}
}

func (b *builder) take(sum *Summary) {
	c, number := b.c, int32(len(b.c.Segments))
	seg := Segment{
		Path: sum.Path, Format: sum.Format, Rank: sum.Rank, Records: sum.records, Faults: sum.faults.clone(), Pending: sum.pending,
		Sessions: len(sum.sessions), Modified: sum.modified, Keeping: sum.keeping, Kinds: map[string]int64{}, Customs: map[string]int64{},
	}
	for k, n := range sum.kinds {
		if n > 0 {
			seg.Kinds[Kind(k).String()] = n
			seg.Rows += n
		}
	}
	seg.Rows -= sum.kinds[Unreadable]
	for k, n := range sum.customs {
		seg.Customs[k] = n
	}
	c.Segments = append(c.Segments, seg)
	if b.of != nil {
		b.of = append(b.of, digested{sum: sum, version: sum.version})
	}
	c.Audit.Records += sum.records
	c.Audit.Unreadable += sum.faults.Count
	held := map[Sym]bool{}
	for id, p := range sum.sessions {
		at := b.same.is(id)
		held[at] = true
		if !b.standing.Counts(sum.Path, sum.Rank, id, 0) {
			c.Audit.ShadowEvents += p.events
			b.shadowed = true
			continue
		}
		s := b.session(at, sum, p)
		if at != id {
			s.Others = append(s.Others, c.Symbols.Name(id))
		}
		c.Audit.take(p)
	}
	for key, p := range sum.copies {
		if !b.standing.Counts(sum.Path, sum.Rank, key.session, key.of) {
			c.Audit.ShadowEvents += p.events
			b.shadowed = true
			continue
		}
		s := b.session(b.same.is(key.session), sum, p)
		if key.session == key.of && s.Sym != key.of && !slices.Contains(s.Others, c.Symbols.Name(key.of)) {
			s.Others = append(s.Others, c.Symbols.Name(key.of))
		}
		c.Audit.take(p)
	}
	c.Segments[number].Sessions = len(held)
	for key, a := range sum.adopts {
		key.session = b.same.is(key.session)
		b.adopts[key] = a
	}
	if b.asIs(sum) {
		c.Entries = sum.entries.view()
		c.Audit.CallRecords += int64(c.Entries.Len())
	} else {
		b.ledgers = append(b.ledgers, segmentLedger{sum.entries.view(), sum.Path, sum.Rank, number})
	}
	for i := range sum.uses {
		if u := sum.uses[i]; b.standing.Counts(sum.Path, sum.Rank, u.Session, u.Of) {
			u.Session, u.Segment = b.same.is(u.Session), number
			c.Uses = append(c.Uses, u)
		}
	}
	for _, t := range sum.tallies {
		t.Session = b.same.is(t.Session)
		if b.standing.Counts(sum.Path, sum.Rank, t.Session, t.Of) {
			c.Tallies = append(c.Tallies, t)
		}
	}
}

// reconcile cuts what several segments tell of: of the calls of models and of those of
// tools at a time, since neither asks for the other.
func (b *builder) reconcile() {
	if b.cut != nil || b.copied != nil { // who is told of it is told of one after the other
		b.entries()
		b.uses()
	} else {
		var wg sync.WaitGroup
		wg.Go(b.uses)
		b.entries()
		wg.Wait()
	}
	b.share(b.sharedUses...)
}

// share notes that segments do not come to the same without each other.
func (b *builder) share(numbers ...int32) {
	if b.of == nil {
		return
	}
	for _, n := range numbers {
		b.of[n].shared = true
	}
}

// asIs reports whether the ledger of a segment is that of the catalog: there is no other
// and nothing in it goes by another name. The two then share what may be a fifth of all
// memory, and the segment copies what it changes.
func (b *builder) asIs(sum *Summary) bool {
	if !b.alone || len(b.same) > 0 || len(sum.copies) > 0 {
		return false
	}
	for _, e := range sum.entries.now().All() {
		if e.Void {
			return false
		}
	}
	return true
}

// take counts what was cut of a session within a segment.
func (a *Audit) take(p *part) {
	for rule, n := range p.cuts {
		a.CallRecords += int64(n)
		switch Rule(rule) {
		case RuleResponse:
			a.SameResponse += int64(n)
		case RuleRequest:
			a.SameRequest += int64(n)
		case RuleRecord:
			a.SameRecord += int64(n)
		}
	}
	a.Forks += int64(p.forks)
	a.Echoes += int64(p.echoes)
}

// joined notes which segments a session has, the last one being taken.
func (b *builder) joined(s *Session) {
	last := int32(len(b.c.Segments) - 1)
	if first, ok := b.first[s.Sym]; ok {
		b.share(first, last)
		return
	}
	b.first[s.Sym] = last
}

func (b *builder) session(id Sym, sum *Summary, p *part) *Session {
	s := b.c.byID[id]
	if s == nil {
		s = &Session{ID: b.c.Symbols.Name(id), Sym: id, Format: sum.Format, Archived: true, names: b.c.Symbols, gone: b.gone}
		b.c.byID[id] = s
		b.c.Sessions = append(b.c.Sessions, s)
	}
	if !slices.Contains(s.Paths, sum.Path) {
		s.Paths = append(s.Paths, sum.Path)
		if b.of != nil {
			b.joined(s)
		}
	}
	if p.facts != nil {
		if p.first.Known() && s.First.Known() && p.first < s.First && sum.Rank != Beside {
			// This segment tells of an earlier time: its goal and name are the first.
			later := s.Facts
			s.Facts = Facts{}
			s.Facts.merge(p.facts)
			s.Facts.merge(&later)
		} else {
			s.Facts.merge(p.facts)
		}
	}
	s.First, s.Last = earlier(s.First, p.first), max(s.Last, p.last)
	s.Heartbeat = max(s.Heartbeat, p.heartbeat)
	s.last = max(s.last, p.last, p.heartbeat)
	if !s.last.Known() {
		s.last = sum.modified
	}
	s.Archived = s.Archived && sum.Origin != ""
	if sum.Rank != Beside && sum.Origin == "" {
		s.kept(sum, p)
	}
	s.Events += p.events
	s.Errors += p.errors
	s.open = s.open || p.lifecycle
	if p.context > 0 {
		s.Context = p.context
	}
	s.Runs = slices.Grow(s.Runs, len(p.runs))
	for _, r := range p.runs {
		if !r.shared { // who makes another catalog may be reading it, without the lock
			r.shared = true
		}
		if r.Session != id {
			r = r.own()
			r.Session = id
		}
		s.Runs = append(s.Runs, r)
		s.ToolCalls += r.ToolCalls
		s.ToolFails += r.ToolErrors
		s.underWay += r.underWay
		s.open = s.open || r.Open
	}
	s.Pulse = both(s.Pulse, p.pulse)
	s.Recent = append(s.Recent, p.recent...)
	return s
}

// both returns the minutes of two lists, each once.
func both(a, b []Minute) []Minute {
	sum := make([]Minute, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		m := a[0]
		switch {
		case m.At < b[0].At:
			a = a[1:]
		case m.At > b[0].At:
			m, b = b[0], b[1:]
		default:
			m.Model, m.Tool, m.Errors = m.Model+b[0].Model, m.Tool+b[0].Tool, m.Errors+b[0].Errors
			a, b = a[1:], b[1:]
		}
		sum = append(sum, m)
	}
	return append(append(sum, a...), b...)
}

// entry adds a call to the ledger, or cuts it when it is there already.
// entries puts the ledgers of the segments together.
func (b *builder) entries() {
	for i := range b.ledgers {
		l := &b.ledgers[i]
		for _, e := range l.All() {
			if b.standing.Counts(l.path, l.rank, e.Session, e.Of) {
				e.Session, e.Segment = b.same.is(e.Session), l.number
				b.entry(e)
			}
		}
	}
}

func (b *builder) entry(e *Entry) {
	b.c.Audit.CallRecords++
	b.voids = b.voids || e.Void
	if !e.Call.IsZero() && !b.alone {
		b.paid.room(b.ledger.n + 1)
		i, there := b.paid.find(&e.Call, b.ledger.n, func(i int32) bool {
			old := b.ledger.at(int(i))
			return old.Call == e.Call && same(&old, e)
		})
		if there {
			old := b.ledger.edit(int(i))
			b.share(e.Segment, old.Segment)
			b.copy(old, *e)
			return
		}
	}
	b.ledger.append(*e)
}

// copy cuts one of two entries of different segments that are one call.
func (b *builder) copy(old *Entry, e Entry) {
	lost, kept := e, *old
	if e.owns(old) {
		lost, kept = kept, lost
	}
	*old = better(*old, e)
	a := &b.c.Audit
	a.Copies++
	a.CopiedBy[lost.Rule]++
	fork := lost.Copied || lost.Session != kept.Session
	if fork {
		a.Forks++
	}
	if b.cut != nil {
		b.cut(&Cut{lost, fork})
	}
}

// uses cuts what several segments tell of one call of a tool.
func (b *builder) uses() {
	if b.alone {
		return
	}
	all := b.c.Uses
	b.c.Uses = all[:0]
	for i := range all {
		b.use(all[i])
	}
}

func (b *builder) use(u Use) {
	c := b.c
	b.used.room(len(c.Uses) + 1)
	i, there := b.used.find(&u.ID, len(c.Uses), func(i int32) bool { return c.Uses[i].ID == u.ID })
	if !there {
		c.Uses = append(c.Uses, u)
		return
	}
	old := &c.Uses[i]
	b.sharedUses = append(b.sharedUses, u.Segment, old.Segment)
	c.Audit.ToolCopies++
	failed := old.Failed || u.Failed
	if old.Copied && !u.Copied {
		*old, u = u, *old // segments come in the order of their paths: of equals the first stays
	}
	old.Failed = failed
	if b.copied != nil {
		b.copied(&u)
	}
}

func (b *builder) finish() {
	c := b.c
	tokens := map[[2]Sym]int64{}
	if b.ledger.n > 0 {
		if b.voids {
			b.ledger.drop(func(e *Entry) bool { return e.Void })
		}
		c.Entries = b.ledger.view()
	}
	for _, e := range c.Entries.All() {
		s := c.byID[e.Session]
		s.Calls += e.Count()
		c.Audit.Billed++
		c.Audit.Calls += e.Count()
		s.Usage.Add(e.Usage)
		switch e.Source {
		case Recorded:
			s.Recorded += e.Cost
			c.Audit.RecordedCalls += e.Count()
		case Estimated:
			s.Estimated += e.Cost
			c.Audit.Estimates += e.Count()
		case Unpriced:
			s.Unpriced += e.Count()
			c.Audit.UnpricedCalls += e.Count()
		}
		if e.AtLeast {
			s.AtLeast += e.Count()
			c.Audit.AtLeast += e.Count()
		}
		if e.Model != 0 {
			tokens[[2]Sym{e.Session, e.Model}] += e.Usage.Total() + e.Count()
		}
	}
	for i := range c.Uses {
		s := c.byID[c.Uses[i].Session]
		s.ToolCalls++
		if c.Uses[i].Failed {
			s.ToolFails++
			s.Errors++
		}
	}
	for i := range c.Tallies {
		t := &c.Tallies[i]
		s := c.byID[t.Session]
		s.ToolCalls += t.Calls
		s.ToolFails += t.Failed
		s.Errors += t.Failed
	}
	most := map[Sym]int64{}
	for key, n := range tokens {
		s := c.byID[key[0]]
		s.Models++
		s.models = append(s.models, c.Symbols.Name(key[1]))
		if n > most[key[0]] || n == most[key[0]] && c.Symbols.Name(key[1]) < c.Symbols.Name(s.Model) {
			most[key[0]], s.Model = n, key[1]
		}
	}
	for _, s := range c.Sessions {
		b.runs(s)
		s.getsStuck()
		b.said(s)
		slices.SortStableFunc(s.Recent, func(a, z Headline) int { return cmp.Compare(z.Time, a.Time) })
		s.Recent = s.Recent[:min(len(s.Recent), headlines)]
	}
	slices.SortFunc(c.Sessions, newestFirst)
	c.fates()
	b.recorded()
	c.tree()
}

// said adds what people say of a session to what its log does.
func (b *builder) said(s *Session) {
	if b.extra == nil {
		return
	}
	named := false
	for _, id := range append([]string{s.ID}, s.Others...) {
		said := b.extra(id)
		if said.Title != "" && !named { // its own name comes first
			s.Title, named = said.Title, true
		}
		for _, tag := range said.Tags {
			if !slices.Contains(s.Tags, tag) {
				s.Tags = append(s.Tags, tag)
			}
		}
	}
}

// recorded joins recordings with the conversations whose own logs are there: one
// that a recording holds whole goes by its name, any other hangs below it.
func (b *builder) recorded() {
	c := b.c
	for of, key := range b.standing.hidden {
		if s := c.byID[key.session]; s != nil && c.byID[of] == nil {
			c.byID[of] = s
		}
	}
	for of, session := range b.standing.below {
		if s, up := c.byID[of], c.byID[session]; s != nil && up != nil && s.ParentID == "" {
			s.ParentID = up.ID
		}
	}
	for key := range b.standing.left {
		if s := c.byID[key.session]; s != nil {
			s.Elsewhere = append(s.Elsewhere, c.Symbols.Name(key.of))
		}
	}
}

// runs joins the parts of runs that several segments tell of, and names the
// session after its first run where nothing else does.
func (b *builder) runs(s *Session) {
	seen := make(map[Sym]int, len(s.Runs)) // where they are kept
	kept := s.Runs[:0]
	for _, r := range s.Runs {
		if a, ok := b.adopts[runKey{s.Sym, r.ID}]; ok && a.Link >= r.Link {
			r = r.own()
			r.Parent, r.ParentCall, r.Link = b.c.Symbols.Intern(a.ParentRunID), a.ParentCall, a.Link
			if r.Agent == 0 {
				r.Agent = b.c.Symbols.Intern(a.Agent)
			}
		}
		at, there := seen[r.ID]
		if !there {
			seen[r.ID] = len(kept)
			kept = append(kept, r)
			continue
		}
		kept[at] = kept[at].own()
		kept[at].join(r)
	}
	s.Runs = kept
	for i, r := range kept {
		if _, there := seen[r.Parent]; r.Parent != 0 && !there {
			kept[i] = r.own()
			kept[i].Parent = 0
		}
	}
	told := s.Facts.Outcome != OutcomeUnknown
	for _, r := range kept {
		s.takesPart(r.Agent)
		if r.rest != nil {
			for _, agent := range r.rest.agents {
				s.takesPart(agent)
			}
		}
		if s.Facts.Agent == "" && r.Agent != 0 && r.Parent == 0 {
			s.Facts.Agent = b.c.Symbols.Name(r.Agent)
		}
		if !told && r.Parent == 0 && r.Outcome != OutcomeUnknown {
			s.Facts.Outcome = r.Outcome // the last one counts
		}
	}
}

// takesPart notes an agent of the session.
func (s *Session) takesPart(agent Sym) {
	if name := s.names.Name(agent); agent != 0 && !slices.Contains(s.agents, name) {
		s.agents = append(s.agents, name)
	}
}

func (r *Run) join(v *Run) {
	r.Start, r.End = earlier(r.Start, v.Start), max(r.End, v.End)
	r.Open, r.Started = r.Open || v.Open, r.Started || v.Started
	r.stuck = r.stuck.newer(v.stuck)
	if v.Link > r.Link {
		r.Parent, r.ParentCall, r.Link = v.Parent, v.ParentCall, v.Link
	}
	if r.Agent == 0 || v.copied && !r.copied && v.Agent != 0 {
		r.Agent = v.Agent // the agent's own log knows what it is called
	}
	if r.Outcome == OutcomeUnknown {
		r.Outcome = v.Outcome
	}
	r.Events += v.Events
	r.ToolCalls += v.ToolCalls
	r.ToolErrors += v.ToolErrors
	r.Errors += v.Errors
	for _, t := range v.Tools {
		r.count(t)
	}
}

func newestFirst(a, b *Session) int {
	return cmp.Or(cmp.Compare(earlier(b.Started, b.First), earlier(a.Started, a.First)), strings.Compare(a.ID, b.ID))
}

// tree hangs sessions under their parents. A circle of parents is cut where it
// closes, so that every session stands in the tree exactly once.
func (c *Catalog) tree() {
	const unseen, walking, done = 0, 1, 2
	state := make(map[*Session]int, len(c.Sessions))
	for _, s := range c.Sessions {
		if s.ParentID == "" {
			continue
		}
		id, ok := c.Symbols.Find(s.ParentID)
		if p := c.byID[id]; ok && p != nil {
			s.Parent = p
		} else {
			s.Orphan = true
		}
	}
	for _, s := range c.Sessions {
		var path []*Session
		for at := s; at != nil && state[at] == unseen; at = at.Parent {
			state[at] = walking
			path = append(path, at)
			if at.Parent != nil && state[at.Parent] == walking {
				at.Parent, at.Orphan = nil, true
			}
		}
		for _, at := range path {
			state[at] = done
		}
	}
	for _, s := range c.Sessions {
		if s.Parent != nil {
			s.Parent.Children = append(s.Parent.Children, s)
		}
	}
}

// Matches reports whether a query holds for the session, or for it with one of
// its runs, or one of the tools of that run: agent:plan tool:Bash finds the
// session in which plan used Bash.
func (s *Session) Matches(q Query, now Stamp) bool {
	if q.IsZero() {
		return true
	}
	status, _ := s.Status(now)
	x := Subject{
		ID: s.ID, Session: s.ID, Agent: s.Agent, Model: s.names.Name(s.Model), Name: s.Label(), Goal: s.Goal, Status: status, Outcome: s.Outcome, Format: s.Format,
		Path: strings.Join(s.Paths, " "), Facts: &s.Facts, Failed: s.Outcome == Failure, Errors: s.Errors, Cost: s.Cost(), Priced: s.Calls > s.Unpriced, Usage: s.Usage,
		Time: earlier(s.Started, s.First), Duration: s.Duration(now), Orphan: s.Orphan, Open: status == Running, Want: s.Need(now).Want, Now: now,
		Models: s.models, Agents: s.agents, Dies: s.Dies,
	}
	if q.Match(&x) {
		return true
	}
	if !q.ReadsRuns() {
		return false // its runs know no more
	}
	for _, r := range s.Runs {
		y := x
		y.Run, y.Agents, y.Models = s.names.Name(r.ID), nil, nil
		if r.Agent != 0 {
			y.Agent = s.names.Name(r.Agent)
		}
		if r.Model != 0 {
			y.Model = s.names.Name(r.Model)
		}
		if q.Match(&y) {
			return true
		}
		for _, t := range r.Tools {
			y.Tool = s.names.Name(t.Tool)
			if q.Match(&y) {
				return true
			}
		}
	}
	return false
}

// Began returns when the session started, as far as its log tells.
func (s *Session) Began() Stamp { return earlier(s.Started, s.First) }
