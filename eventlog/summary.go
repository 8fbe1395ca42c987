package eventlog

import (
	"cmp"
	"slices"
	"sync"
)

// Summary is what one segment comes to: its sessions, their runs, the bills of
// their model calls, and what could not be read. Summaries of many segments
// merge in the catalog in any order to the same result. It is safe for
// concurrent use.
type Summary struct {
	Path   string
	Format string
	// Rank tells copies of one session apart: of two segments that hold the
	// same session, only those of the higher rank count. A database outranks
	// the lines that were exported from it. See also Beside.
	Rank int
	// Origin is where the log was that the segment is the archived copy of, or nothing:
	// the copy takes its place among the others.
	Origin string

	mu       sync.Mutex
	names    recall
	sessions map[Sym]*part
	copies   map[copyKey]*part // what sessions hold of conversations that have logs of their own
	entries  narrowList[Entry]
	paid     finder // of the entries
	uses     []Use
	used     finder  // of the uses
	tallies  []Tally // of a digest, in place of uses
	adopts   map[runKey]Adopt
	records  int64
	faults   Faults
	pending  bool
	kinds    [kinds]int64
	customs  map[string]int64
	modified Stamp
	keeping  Keeping
	version  int64

	last struct {
		copyKey
		part *part
	} // what was asked for last
	added *part      // what the last event was added to
	table uint16     // of the record that is being added
	watch func(*Cut) // told of each record that is cut; see Watch
	own   []Bill     // while somebody watches: of each entry, what its own record says
}

// Entry is one line of the ledger: one billed model call.
type Entry struct {
	Bill
	Time     Stamp
	Session  Sym
	Run      Sym
	Of       Sym // of a copy: the conversation that it was copied from
	Agent    Sym
	Provider Sym
	Model    Sym
	Segment  int32 // index into Catalog.Segments
	Table    uint16
	Pos      int64
}

// Use is one tool call that other segments may hold copies of.
type Use struct {
	ID      Identity
	Session Sym
	Run     Sym
	Of      Sym // of a copy: the conversation that it was copied from
	Tool    Sym
	Failed  bool
	Copied  bool
	Table   uint16
	Segment int32 // index into Catalog.Segments
	Pos     int64
}

// Run is one agent invocation.
type Run struct {
	ID         Sym
	Session    Sym
	Parent     Sym // the run that started it, in the same session
	ParentCall string
	Link       Link
	Agent      Sym
	Model      Sym
	Start, End Stamp
	Started    bool // its start was told; other runs are only named
	Open       bool
	Outcome    Outcome
	Events     int64
	ToolCalls  int64
	ToolErrors int64
	Errors     int64
	Tools      []ToolCount // in the order of their symbols

	rest     *rest // of a preview: it stands for many
	underWay int64 // calls without a result
	copied   bool  // it is known from the agent's own log, copied by a recorder
	shared   bool  // it is part of a catalog and does not change any more
	at       int32 // its place in its part
	stuck    stuck
}

// own returns a run for changing it: itself, or a copy of one that is shared.
func (r *Run) own() *Run {
	if !r.shared {
		return r
	}
	c := *r
	c.shared, c.Tools, c.stuck.calls = false, slices.Clone(r.Tools), slices.Clone(r.stuck.calls)
	return &c
}

// Minute is a beat with its minute since 1970.
type Minute struct {
	At int32
	Beat
}

// ToolCount counts the calls of one tool.
type ToolCount struct {
	Tool          Sym
	Calls, Errors int64
}

// Beat is what happened in one minute.
type Beat struct{ Model, Tool, Errors uint32 }

// Headline is one recent event, without its bodies.
type Headline struct {
	Time    Stamp
	Session Sym
	Agent   Sym
	Name    Sym // tool or model
	Kind    Kind
	Failed  bool
}

// headlines is how many recent events of a session are kept.
const headlines = 8

// part is what one segment knows of one session.
type part struct {
	facts     *Facts // nil while nothing was said
	first     Stamp
	last      Stamp
	heartbeat Stamp
	events    int64
	errors    int64
	lifecycle bool
	runs      []*Run
	byID      map[Sym]*Run // once there are many runs
	latest    *Run         // that was asked for last
	pulse     []Minute
	recent    []Headline
	context   int64
	cuts      [RuleRecord + 1]int32 // records of calls that other records of the segment tell of
	forks     int32                 // of them, those of another session
	echoes    int32                 // copies of records of calls within others
	begins    uint64                // of the first record, by which twins are known; zero: nobody said
}

// NewSummary returns an empty summary of the segment at path.
func NewSummary(syms *Symbols, path, format string, rank int) *Summary {
	return &Summary{
		Path: path, Format: format, Rank: rank, names: recall{syms: syms},
		entries: narrowList[Entry]{tails: &spareEntries}, sessions: map[Sym]*part{}, copies: map[copyKey]*part{}, paid: newFinder(0), used: newFinder(0),
		adopts: map[runKey]Adopt{}, customs: map[string]int64{},
	}
}

// spareEntries are the ends of ledgers that nobody fills at present: thousands of
// segments are read one after the other.
var spareEntries sync.Pool

// Settle says that for now nothing more comes.
func (s *Summary) Settle() { s.entries.settle() }

// Update runs fn while nobody else reads the summary. Add, Fault and Record
// may only be called from within.
func (s *Summary) Update(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	s.version++
}

// Record counts a record, whatever it holds.
func (s *Summary) Record() { s.records++ }

// Table says in which table of a database the next records lie.
func (s *Summary) Table(n int) { s.table = uint16(n) }

// Fault counts a record that could not be read.
func (s *Summary) Fault(f Fault) { s.faults.Add(f) }

// Pending says whether the last record is still being written.
func (s *Summary) Pending(yes bool) { s.pending = yes }

// Modified says when the segment last changed, for logs that hold no times.
func (s *Summary) Modified(at Stamp) { s.modified = at }

// Keep says how long its agent keeps the segment. Like Modified it may only be
// called from within Update.
func (s *Summary) Keep(k Keeping) { s.keeping = k }

// Kept returns how long the segment is kept, as Keep was told.
func (s *Summary) Kept() Keeping { return s.keeping }

// Directory returns the folder in which a session of the segment was held, the
// first by name of several, or nothing.
func (s *Summary) Directory() string {
	dir := ""
	for _, p := range s.sessions {
		if p.facts != nil && p.facts.Directory != "" && (dir == "" || p.facts.Directory < dir) {
			dir = p.facts.Directory
		}
	}
	return dir
}

// Add counts an event whose record lies at pos, and reports whether it is the first of
// its session, or of the conversation that it copies; see Begins. The event may be reused.
func (s *Summary) Add(pos int64, e *Event) (begins bool) {
	if s.paid.slots == nil {
		s.reindex() // it was thawed
	}
	id, of := s.names.intern(e.SessionID), s.names.intern(e.Of)
	p := s.part(id, of)
	s.kinds[e.Kind]++
	if e.Kind == Custom {
		s.customs[e.Type]++
	}
	p.events++
	if counted(e) {
		p.errors++
	}
	if e.Time.Known() {
		p.first, p.last = earlier(p.first, e.Time), max(p.last, e.Time)
	}
	switch e.Kind {
	case SessionStart:
		p.lifecycle = true
	case Heartbeat:
		p.heartbeat = max(p.heartbeat, e.Time)
	}
	if e.Facts != nil {
		if p.facts == nil {
			p.facts = &Facts{}
		}
		p.facts.merge(e.Facts)
	}
	for _, a := range e.Adopts {
		if a.SessionID == "" {
			s.adopts[runKey{id, s.names.intern(a.RunID)}] = a
		}
	}
	run := s.run(id, p, e)
	again := s.tool(id, of, pos, run, e)
	run.follow(e, &s.names, again)
	if e.Bill != nil {
		p.context = e.Bill.Usage.Context()
		s.bill(id, of, pos, e)
	}
	if e.Echo {
		p.echoes++
	}
	for _, list := range [...][]Identity{e.Sums, e.Same} {
		for _, id := range list {
			s.paid.each(&id, func(i int32) {
				if s.entries.at(int(i)).Call == id {
					e := s.entries.edit(int(i))
					e.Bill = e.void()
				}
			})
		}
	}
	p.beat(e)
	if !e.Hidden {
		p.headline(Headline{Time: e.Time, Session: id, Agent: run.Agent, Name: s.names.intern(cmp.Or(e.Tool, e.Model)), Kind: e.Kind, Failed: e.Failed})
	}
	s.added = p // last may be that of a call that was cut meanwhile
	return p.events == 1
}

// News takes off the facts of an event what the summary would not take: of a goal, a
// name and a command the first counts, and who hides secrets in them need not do so
// with each prompt. It may only be called from within Update.
func (s *Summary) News(e *Event) {
	known := s.part(s.names.intern(e.SessionID), s.names.intern(e.Of)).facts
	if known == nil {
		return
	}
	for _, f := range [...]struct{ known, said *string }{
		{&known.Goal, &e.Facts.Goal}, {&known.Name, &e.Facts.Name}, {&known.Command, &e.Facts.Command},
	} {
		if *f.known != "" {
			*f.said = ""
		}
	}
}

// part returns what is known of a session, or of the conversation that it holds a
// copy of.
func (s *Summary) part(id, of Sym) *part {
	key := copyKey{id, of}
	if s.last.part != nil && s.last.copyKey == key {
		return s.last.part // records of one session come together
	}
	p := s.sessions[id]
	if of != 0 {
		p = s.copies[key]
	}
	switch {
	case p != nil:
	case of != 0:
		p = &part{}
		s.copies[key] = p
	default:
		p = &part{}
		s.sessions[id] = p
	}
	s.last.copyKey, s.last.part = key, p
	return p
}

// counted reports whether an event is an error of its session. The failure of
// an identified tool call is counted with the call, so that copies of it in
// other sessions count once.
func counted(e *Event) bool {
	return e.Failed && (e.Use.IsZero() || e.Kind.Class() != ClassTool)
}

func (s *Summary) run(session Sym, p *part, e *Event) *Run {
	id := s.names.intern(e.RunID)
	r := p.run(id)
	if r == nil {
		r = &Run{ID: id, Session: session, Start: e.Time, copied: e.Of != ""}
		p.add(r)
	}
	r = p.own(r)
	r.Events++
	if counted(e) {
		r.Errors++
	}
	if e.Time.Known() {
		r.Start, r.End = earlier(r.Start, e.Time), max(r.End, e.Time)
	}
	if e.Agent != "" && (r.Agent == 0 || e.Kind == AgentStart) {
		r.Agent = s.names.intern(e.Agent)
	}
	if e.Model != "" {
		r.Model = s.names.intern(e.Model)
	}
	if e.ParentRunID != "" && e.Kind != SessionStart && e.Link >= r.Link {
		r.Parent, r.ParentCall, r.Link = s.names.intern(e.ParentRunID), e.ParentCall, e.Link
	}
	switch {
	case e.Kind == AgentStart, e.Kind == AgentFinish: // of the run itself
	case e.Kind.begins():
		r.underWay++
	case e.Kind.ends() && r.underWay > 0:
		r.underWay--
	}
	switch {
	case e.RunID == "":
	case e.Kind == AgentStart, e.Idle == IdleNo:
		r.Open, r.Started = true, true
	case e.Kind == AgentFinish:
		r.Open, r.Outcome = false, e.Outcome
	case e.Idle == IdleYes:
		r.Open = false
	}
	return r
}

// manyRuns is from how many runs on they are found by a map.
const manyRuns = 8

func (p *part) run(id Sym) *Run {
	if p.latest != nil && p.latest.ID == id {
		return p.latest
	}
	if p.byID != nil {
		p.latest = p.byID[id]
		return p.latest
	}
	for _, r := range p.runs {
		if r.ID == id {
			p.latest = r
			return r
		}
	}
	return nil
}

// own returns a run of the part for changing it, which takes the place of a shared one.
func (p *part) own(r *Run) *Run {
	if r.shared {
		r = r.own()
		p.runs[r.at], p.latest = r, r
		if p.byID != nil {
			p.byID[r.ID] = r
		}
	}
	return r
}

func (p *part) add(r *Run) {
	r.at = int32(len(p.runs))
	p.runs = append(p.runs, r)
	switch {
	case p.byID != nil:
		p.byID[r.ID] = r
	case len(p.runs) > manyRuns:
		p.byID = make(map[Sym]*Run, 2*manyRuns)
		for _, r := range p.runs {
			p.byID[r.ID] = r
		}
	}
}

// tool counts a tool call and its failure, and reports whether the event is a
// call that was counted before.
func (s *Summary) tool(session, of Sym, pos int64, r *Run, e *Event) (again bool) {
	call, failed := e.Kind == ToolCall, e.Failed && e.Kind.Class() == ClassTool
	if !call && !failed {
		return false
	}
	if !e.Use.IsZero() {
		s.used.room(len(s.uses) + 1)
		i, ok := s.used.find(&e.Use, len(s.uses), func(i int32) bool { return s.uses[i].ID == e.Use })
		if !ok {
			i = int32(len(s.uses))
			s.uses = append(s.uses, Use{ID: e.Use, Session: session, Of: of, Run: r.ID, Tool: s.names.intern(e.Tool), Copied: e.Copied, Table: s.table, Pos: pos})
		}
		u := &s.uses[i]
		u.Failed = u.Failed || failed
		if call && u.Copied && !e.Copied { // the session that it was copied from counts it, wherever that stands
			*u = Use{ID: e.Use, Session: session, Of: of, Run: r.ID, Tool: cmp.Or(s.names.intern(e.Tool), u.Tool), Failed: u.Failed, Table: s.table, Pos: pos}
		}
		if call && u.Of == 0 && of != 0 && u.Session == session {
			u.Run, u.Of, u.Pos = r.ID, of, pos // the agent's own log knows whose call it is
		}
		return ok
	}
	if e.Copied {
		return // of another session, which counts it; nothing tells the two apart
	}
	one := ToolCount{Tool: s.names.intern(e.Tool)}
	if call {
		one.Calls = 1
	}
	if failed {
		one.Errors = 1
	}
	r.ToolCalls += one.Calls
	r.ToolErrors += one.Errors
	r.count(one)
	return false
}

// count adds to the calls of a tool. A run has few, and a symbol that is new is the
// last of all.
func (r *Run) count(more ToolCount) {
	i, there := slices.BinarySearchFunc(r.Tools, more.Tool, byTool)
	if r.Tools == nil {
		r.Tools = make([]ToolCount, 0, 4)
	}
	if !there {
		r.Tools = slices.Insert(r.Tools, i, more)
		return
	}
	sum := &r.Tools[i]
	sum.Calls, sum.Errors = sum.Calls+more.Calls, sum.Errors+more.Errors
}

func byTool(t ToolCount, tool Sym) int { return cmp.Compare(t.Tool, tool) }

func (s *Summary) bill(session, of Sym, pos int64, e *Event) {
	entry := Entry{
		Bill: *e.Bill, Time: e.Time, Session: session, Of: of, Run: s.names.intern(e.RunID), Agent: s.names.intern(e.Agent),
		Provider: s.names.intern(e.Provider), Model: s.names.intern(e.Model), Table: s.table, Pos: pos,
	}
	if !entry.Call.IsZero() {
		s.paid.room(s.entries.n + 1)
		i, there := s.paid.find(&entry.Call, s.entries.n, func(i int32) bool {
			old := s.entries.at(int(i))
			return old.Call == entry.Call && same(&old, &entry)
		})
		if there {
			s.cut(i, entry)
			return
		}
	}
	s.entries.append(entry)
	if s.watch != nil {
		s.own = append(s.own, entry.Bill)
	}
}

// cut makes one entry of two that are one call, and counts the record that is
// cut for its session.
func (s *Summary) cut(i int32, entry Entry) {
	old := s.entries.at(int(i))
	*s.entries.edit(int(i)) = better(old, entry)
	lost, kept := entry, old
	if entry.owns(&old) {
		lost, kept = old, entry
	}
	p, fork := s.part(lost.Session, lost.Of), lost.Copied || lost.Session != kept.Session
	p.cuts[lost.Rule]++
	if fork {
		p.forks++
	}
	if s.watch == nil {
		return
	}
	if lost == old {
		lost.Bill, s.own[i] = s.own[i], entry.Bill
	}
	s.watch(&Cut{lost, fork})
}

// same reports whether two entries with one response id are one call: they
// name the same request, or one of them is the side chain's copy.
func same(a, b *Entry) bool { return a.Request == b.Request || a.Side != b.Side }

// better returns the entry to keep of two that are one call. It does not
// matter which of them comes first.
func better(a, b Entry) Entry {
	merged := larger(a.Bill, b.Bill)
	if b.owns(&a) {
		a = b
	}
	a.Bill = merged
	return a
}

// owns reports whether b rather than a is the record that the call belongs to:
// the original before its copy, the main chain before a side chain, what an agent
// says about itself before what a recorder overheard, then the first segment by its path, and in it the last record, which is the final one. Symbols have no order:
// they are numbered as they are met, by several goroutines.
func (b *Entry) owns(a *Entry) bool {
	if a.Copied != b.Copied {
		return a.Copied
	}
	if a.Side != b.Side {
		return a.Side
	}
	if told := b.Of != 0; told != (a.Of != 0) && a.Session == b.Session {
		return told
	}
	return cmp.Or(cmp.Compare(b.Segment, a.Segment), cmp.Compare(a.Pos, b.Pos)) < 0
}

func (p *part) beat(e *Event) {
	if !e.Time.Known() || e.Hidden {
		return
	}
	var b Beat
	switch {
	case e.Kind == ModelResponse && e.Bill != nil:
		b.Model = 1
	case e.Kind == ToolCall:
		b.Tool = 1
	}
	if e.Failed {
		b.Errors = 1
	}
	if b == (Beat{}) {
		return
	}
	p.count(int32(e.Time.Time().Unix()/60), b)
}

// count adds to a minute. Minutes come nearly in order, so the search is short.
func (p *part) count(at int32, b Beat) {
	i := len(p.pulse)
	for i > 0 && p.pulse[i-1].At > at {
		i--
	}
	if i == 0 || p.pulse[i-1].At != at {
		p.pulse = slices.Insert(p.pulse, i, Minute{At: at})
		i++
	}
	sum := &p.pulse[i-1].Beat
	sum.Model, sum.Tool, sum.Errors = sum.Model+b.Model, sum.Tool+b.Tool, sum.Errors+b.Errors
}

func (p *part) headline(h Headline) {
	switch h.Kind {
	case ToolCall, ToolError, ToolTimeout, ModelResponse, HILDecision, Error, AgentStart, AgentFinish, Message, Decision, Retry:
	default:
		return
	}
	if len(p.recent) == headlines {
		copy(p.recent, p.recent[1:])
		p.recent = p.recent[:headlines-1]
	}
	p.recent = append(p.recent, h)
}

// merge adds what g says to f.
func (f *Facts) merge(g *Facts) {
	first := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	last := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	first(&f.Name, g.Name)
	first(&f.Goal, g.Goal)
	last(&f.Title, g.Title)
	first(&f.Agent, g.Agent)
	last(&f.User, g.User)
	last(&f.Project, g.Project)
	first(&f.Directory, g.Directory)
	last(&f.Branch, g.Branch)
	last(&f.Environment, g.Environment)
	last(&f.Conversation, g.Conversation)
	first(&f.ParentID, g.ParentID)
	first(&f.ForkOf, g.ForkOf)
	first(&f.SameAs, g.SameAs)
	last(&f.Experiment, g.Experiment)
	last(&f.Variant, g.Variant)
	last(&f.Version, g.Version)
	last(&f.FailureReason, g.FailureReason)
	last(&f.Summary, g.Summary)
	last(&f.Host, g.Host)
	first(&f.Command, g.Command)
	f.Started = earlier(f.Started, g.Started)
	f.Ended = max(f.Ended, g.Ended)
	f.Closed = f.Closed || g.Closed
	f.Interrupted = f.Interrupted || g.Interrupted
	if g.RecorderMark != "" {
		f.RecorderPid, f.RecorderMark = g.RecorderPid, g.RecorderMark
	}
	if g.Outcome != OutcomeUnknown {
		f.Outcome = g.Outcome
	}
	if len(g.Metadata) > 0 && f.Metadata == nil {
		f.Metadata = map[string]string{}
	}
	for k, v := range g.Metadata {
		f.Metadata[k] = v
	}
	if len(g.Metrics) > 0 && f.Metrics == nil {
		f.Metrics = map[string]float64{}
	}
	for k, v := range g.Metrics {
		f.Metrics[k] = v
	}
	for _, t := range g.Tags {
		if !slices.Contains(f.Tags, t) {
			f.Tags = append(f.Tags, t)
		}
	}
	f.Dropped = max(f.Dropped, g.Dropped)
	f.RedactDropped = max(f.RedactDropped, g.RedactDropped)
	if g.RecordedKnown {
		f.Recorded, f.RecordedKnown = g.Recorded, true
	}
}
