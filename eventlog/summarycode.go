package eventlog

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// A summary can be put into bytes and made of them again, in another process:
// Freeze and Thaw. Symbols are numbers of one process, so the bytes have a table
// of their own. The bytes follow from what the summary knows alone: two summaries
// that know the same are the same bytes.

// summaryVersion changes with what stands in the bytes. Bytes of another version
// are no summary.
const summaryVersion = 6

// Freeze appends the summary to b. What is appended holds what the summary does
// and no more: no bodies, and texts that were masked when they were added.
func (s *Summary) Freeze(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	// All of it is spelled where it stays: memory that is new takes longer to be given
	// than to be filled. Which names there are is known at the end, so they stand there.
	w := newFreezer(s.names.syms, slices.Grow(b, s.size()))
	defer w.free()
	at := len(w.b) + 1
	w.b = append(w.b, summaryVersion)
	w.b = binary.LittleEndian.AppendUint64(w.b, 0)
	from := len(w.b)
	w.summary(s)
	binary.LittleEndian.PutUint64(w.b[at:], uint64(len(w.b)-from))
	return w.table(w.b)
}

// size is about how many bytes the summary takes.
func (s *Summary) size() int {
	runs := 0
	for _, p := range s.sessions {
		runs += len(p.runs)
	}
	return 1<<10 + 64*s.entries.n + 32*len(s.uses) + 160*runs
}

// Thaw makes the summary of the segment at path of what Freeze made, and reports
// whether the bytes are such. It reads no more of them than there are, whatever
// they hold, but only a checksum tells whether they are the ones that were written.
func Thaw(syms *Symbols, path string, b []byte) (*Summary, bool) {
	const before = 1 + 8
	if len(b) < before || b[0] != summaryVersion {
		return nil, false
	}
	size := binary.LittleEndian.Uint64(b[1:])
	if size > uint64(len(b)-before) {
		return nil, false
	}
	table := thawer{b: b, at: before + int(size)}
	if !table.table(syms) || table.left() > 0 {
		return nil, false
	}
	r := thawer{b: b[:before+size], at: before, path: path, symbols: table.symbols}
	s := &Summary{Path: path, names: recall{syms: syms}}
	r.summary(s)
	if r.bad || r.left() > 0 {
		return nil, false
	}
	return s, true
}

// internAll is Intern for many names at a time.
func (s *Symbols) internAll(names []string, to []Sym) {
	missing := false
	s.mu.RLock()
	for i, name := range names {
		id, ok := s.ids[name]
		to[i], missing = id, missing || !ok
	}
	s.mu.RUnlock()
	if !missing {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, name := range names {
		id, ok := s.ids[name]
		if !ok {
			id = Sym(len(s.names))
			s.ids[name] = id
			s.names = append(s.names, name)
		}
		to[i] = id
	}
}

// reindex makes the tables by which the next event finds what is known already.
// A summary that was thawed has none: most of them are never added to.
func (s *Summary) reindex() {
	s.paid, s.used = newFinder(s.entries.n), newFinder(len(s.uses))
	for i, e := range s.entries.now().All() {
		if id := &e.Call; !id.IsZero() {
			s.paid.put(id, i)
		}
	}
	for i := range s.uses {
		s.used.put(&s.uses[i].ID, i)
	}
	if s.copies == nil {
		s.copies = map[copyKey]*part{}
	}
	if s.adopts == nil {
		s.adopts = map[runKey]Adopt{}
	}
	if s.customs == nil {
		s.customs = map[string]int64{}
	}
	index := func(p *part) {
		if len(p.runs) <= manyRuns {
			return
		}
		p.byID = make(map[Sym]*Run, len(p.runs))
		for _, r := range p.runs {
			p.byID[r.ID] = r
		}
	}
	for _, p := range s.sessions {
		index(p)
	}
	for _, p := range s.copies {
		index(p)
	}
}

// freezer spells a summary.
type freezer struct {
	b       []byte
	names   []string
	numbers *[]uint32 // by symbol: the place in symbols of one that was met
	symbols []Sym     // in the order in which they were met; the first one is the empty name
	tools   []ToolCount
}

// numberings are tables for freezers, all zero: one of them has room for every name that
// the process knows, of which a summary has a few.
var numberings = sync.Pool{New: func() any { return new([]uint32) }}

func newFreezer(syms *Symbols, b []byte) *freezer {
	w := &freezer{b: b, names: syms.Names(), numbers: numberings.Get().(*[]uint32), symbols: []Sym{0}}
	if n := len(w.names); len(*w.numbers) < n {
		*w.numbers = make([]uint32, n+n/4)
	}
	return w
}

// free gives back what was lent.
func (w *freezer) free() {
	for _, s := range w.symbols {
		(*w.numbers)[s] = 0
	}
	numberings.Put(w.numbers)
}

func (w *freezer) uint(n uint64)    { w.b = binary.AppendUvarint(w.b, n) }
func (w *freezer) int(n int64)      { w.b = binary.AppendVarint(w.b, n) }
func (w *freezer) stamp(t Stamp)    { w.int(int64(t)) }
func (w *freezer) id(id Identity)   { w.b = append(w.b, id[:]...) }
func (w *freezer) byte(b byte)      { w.b = append(w.b, b) }
func (w *freezer) float(f float64)  { w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f)) }
func (w *freezer) print(n uint64)   { w.b = binary.LittleEndian.AppendUint64(w.b, n) }
func (w *freezer) flags(f ...bool)  { w.byte(flagsOf(f...)) }
func (w *freezer) text(text string) { w.uint(uint64(len(text))); w.b = append(w.b, text...) }

func (w *freezer) sym(s Sym) {
	n := &(*w.numbers)[s]
	if *n == 0 && s != 0 {
		*n = uint32(len(w.symbols))
		w.symbols = append(w.symbols, s)
	}
	w.uint(uint64(*n))
}

func flagsOf(flags ...bool) (b byte) {
	for i, yes := range flags {
		if yes {
			b |= 1 << i
		}
	}
	return b
}

func (w *freezer) summary(s *Summary) {
	w.text(s.Format)
	w.int(int64(s.Rank))
	w.int(s.records)
	w.flags(s.pending)
	w.text(s.Origin)
	w.stamp(s.modified)
	w.keeping(&s.keeping)
	w.uint(uint64(len(s.kinds)))
	for _, n := range s.kinds {
		w.int(n)
	}
	w.counts(s.customs)
	w.faults(&s.faults)
	w.uint(uint64(len(s.sessions)))
	for _, id := range w.sorted(s.sessions) {
		w.sym(id)
		w.part(s.sessions[id])
	}
	byNames := func(a1, a2, b1, b2 Sym) int {
		if n := strings.Compare(w.names[a1], w.names[b1]); n != 0 {
			return n
		}
		return strings.Compare(w.names[a2], w.names[b2])
	}
	w.uint(uint64(len(s.copies)))
	for _, key := range slices.SortedFunc(maps.Keys(s.copies), func(a, b copyKey) int { return byNames(a.session, a.of, b.session, b.of) }) {
		w.sym(key.session)
		w.sym(key.of)
		w.part(s.copies[key])
	}
	w.uint(uint64(len(s.adopts)))
	for _, key := range slices.SortedFunc(maps.Keys(s.adopts), func(a, b runKey) int { return byNames(a.session, a.run, b.session, b.run) }) {
		w.sym(key.session)
		w.sym(key.run)
		w.adopt(s.adopts[key])
	}
	w.entries(s.entries.now())
	w.uses(s.uses)
	w.tallies(s.tallies)
}

func (w *freezer) sorted(sessions map[Sym]*part) []Sym {
	return slices.SortedFunc(maps.Keys(sessions), func(a, b Sym) int { return strings.Compare(w.names[a], w.names[b]) })
}

func (w *freezer) counts(m map[string]int64) {
	w.uint(uint64(len(m)))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		w.text(key)
		w.int(m[key])
	}
}

func (w *freezer) keeping(k *Keeping) {
	w.flags(k.ByLast, k.Default)
	w.int(int64(k.For))
	w.int(int64(k.Newest))
	for _, text := range [...]string{k.Setting, k.File, k.Longer, k.Trouble} {
		w.text(text)
	}
}

// faults are told of the segment itself, whose path is known.
func (w *freezer) faults(f *Faults) {
	w.int(f.Count)
	w.uint(uint64(len(f.Samples)))
	for i := range f.Samples {
		w.int(f.Samples[i].Pos)
		w.text(f.Samples[i].Why)
	}
}

func (w *freezer) part(p *part) {
	w.flags(p.lifecycle, p.facts != nil)
	if p.facts != nil {
		w.facts(p.facts)
	}
	w.stamp(p.first)
	w.stamp(p.last)
	w.stamp(p.heartbeat)
	w.int(p.events)
	w.int(p.errors)
	w.int(p.context)
	for _, n := range p.cuts {
		w.int(int64(n))
	}
	w.int(int64(p.forks))
	w.int(int64(p.echoes))
	w.uint(p.begins)
	w.uint(uint64(len(p.runs)))
	for _, r := range p.runs {
		w.run(r)
	}
	w.uint(uint64(len(p.pulse)))
	at := int32(0)
	for _, m := range p.pulse {
		w.int(int64(m.At) - int64(at))
		at = m.At
		w.uint(uint64(m.Model))
		w.uint(uint64(m.Tool))
		w.uint(uint64(m.Errors))
	}
	w.uint(uint64(len(p.recent)))
	for i := range p.recent {
		h := &p.recent[i]
		w.stamp(h.Time)
		w.sym(h.Session)
		w.sym(h.Agent)
		w.sym(h.Name)
		w.byte(byte(h.Kind))
		w.flags(h.Failed)
	}
}

// texts are the texts of facts in the order in which they stand in the bytes.
func (f *Facts) texts() [21]*string {
	return [...]*string{
		&f.Name, &f.Goal, &f.Agent, &f.User, &f.Project, &f.Directory, &f.Branch, &f.Environment, &f.Conversation, &f.ParentID, &f.ForkOf,
		&f.Experiment, &f.Variant, &f.Version, &f.FailureReason, &f.Summary, &f.Host, &f.Command, &f.Title, &f.SameAs, &f.RecorderMark,
	}
}

func (w *freezer) facts(f *Facts) {
	w.flags(f.Closed, f.Interrupted, f.RecordedKnown, f.Metadata != nil, f.Metrics != nil, f.Tags != nil)
	for _, text := range f.texts() {
		w.text(*text)
	}
	w.stamp(f.Started)
	w.stamp(f.Ended)
	w.int(int64(f.RecorderPid))
	w.byte(byte(f.Outcome))
	w.int(f.Dropped)
	w.int(f.RedactDropped)
	w.int(int64(f.Recorded))
	w.uint(uint64(len(f.Metadata)))
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		w.text(key)
		w.text(f.Metadata[key])
	}
	w.uint(uint64(len(f.Metrics)))
	for _, key := range slices.Sorted(maps.Keys(f.Metrics)) {
		w.text(key)
		w.float(f.Metrics[key])
	}
	w.uint(uint64(len(f.Tags)))
	for _, tag := range f.Tags {
		w.text(tag)
	}
}

func (w *freezer) run(r *Run) {
	w.flags(r.Started, r.Open, r.copied, r.rest != nil)
	if r.rest != nil {
		w.int(r.rest.runs)
		w.uint(uint64(len(r.rest.agents)))
		for _, agent := range r.rest.agents {
			w.sym(agent)
		}
	}
	w.sym(r.ID)
	w.sym(r.Session)
	w.sym(r.Parent)
	w.text(r.ParentCall)
	w.byte(byte(r.Link))
	w.sym(r.Agent)
	w.sym(r.Model)
	w.stamp(r.Start)
	w.stamp(r.End)
	w.byte(byte(r.Outcome))
	for _, n := range [...]int64{r.Events, r.ToolCalls, r.ToolErrors, r.Errors, r.underWay} {
		w.int(n)
	}
	w.uint(uint64(len(r.Tools)))
	w.tools = append(w.tools[:0], r.Tools...)
	slices.SortFunc(w.tools, w.byToolName)
	for _, t := range w.tools {
		w.sym(t.Tool)
		w.int(t.Calls)
		w.int(t.Errors)
	}
	s := &r.stuck
	w.uint(uint64(len(s.calls)))
	for _, c := range s.calls {
		w.print(c.id)
		w.sym(c.tool)
		w.stamp(c.asked)
		w.byte(byte(c.kind))
	}
	w.stamp(s.asked)
	w.sym(s.tool)
	w.print(s.print)
	w.print(s.id)
	w.int(int64(s.times))
	w.stamp(s.since)
	w.print(s.ended)
	w.int(int64(s.failing))
	w.stamp(s.at)
}

func (w *freezer) byToolName(a, b ToolCount) int {
	return strings.Compare(w.names[a.Tool], w.names[b.Tool])
}

func (w *freezer) adopt(a Adopt) {
	w.byte(byte(a.Link))
	for _, text := range [...]string{a.RunID, a.SessionID, a.ParentRunID, a.ParentCall, a.Agent} {
		w.text(text)
	}
}

// alike is what entries that follow each other mostly have in common.
type alike struct {
	session, of, run, agent, provider, model, price Sym
	mode                                            Mode
	table                                           uint16
}

func (e *Entry) alike() alike {
	return alike{e.Session, e.Of, e.Run, e.Agent, e.Provider, e.Model, e.Price, e.Mode, e.Table}
}

func (w *freezer) entries(entries Narrow[Entry]) {
	w.uint(uint64(entries.n))
	var last alike
	var at Stamp
	var pos int64
	for _, e := range entries.All() {
		same := e.alike() == last
		w.flags(e.AtLeast, e.Side, e.Copied, e.Final, e.Void, !e.Call.IsZero(), !e.Request.IsZero(), same)
		w.byte(byte(e.Rule)<<4 | byte(e.Source))
		if !e.Call.IsZero() {
			w.id(e.Call)
		}
		if !e.Request.IsZero() {
			w.id(e.Request)
		}
		u := &e.Usage
		for _, n := range [...]int64{u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, u.Reasoning, e.Calls, int64(e.Cost)} {
			w.int(n)
		}
		w.int(int64(e.Time - at))
		w.int(e.Pos - pos)
		at, pos = e.Time, e.Pos
		if same {
			continue
		}
		last = e.alike()
		for _, s := range [...]Sym{e.Session, e.Of, e.Run, e.Agent, e.Provider, e.Model, e.Price} {
			w.sym(s)
		}
		w.byte(byte(e.Mode))
		w.uint(uint64(e.Table))
	}
}

func (w *freezer) uses(uses []Use) {
	w.uint(uint64(len(uses)))
	last := &Use{}
	for i := range uses {
		u := &uses[i]
		same := u.Session == last.Session && u.Of == last.Of && u.Run == last.Run && u.Table == last.Table
		w.flags(u.Failed, u.Copied, same)
		w.id(u.ID)
		w.sym(u.Tool)
		w.int(u.Pos - last.Pos)
		if !same {
			w.sym(u.Session)
			w.sym(u.Of)
			w.sym(u.Run)
			w.uint(uint64(u.Table))
		}
		last = u
	}
}

func (w *freezer) tallies(tallies []Tally) {
	w.uint(uint64(len(tallies)))
	for i := range tallies {
		t := &tallies[i]
		for _, s := range [...]Sym{t.Session, t.Of, t.Run} {
			w.sym(s)
		}
		w.int(t.Calls)
		w.int(t.Failed)
	}
}

// thawer reads what a freezer spelled. Once something is wrong it gives zeros.
type thawer struct {
	b       []byte
	at      int // a number: moving a slice along would cost a write barrier each time
	bad     bool
	path    string
	symbols []Sym
	digest  bool // its calls may be of sessions of other segments; see Fit
}

func (r *thawer) fail() { r.bad, r.at = true, len(r.b) }

func (r *thawer) left() int { return len(r.b) - r.at }

func (r *thawer) uint() uint64 {
	if r.at < len(r.b) && r.b[r.at] < 0x80 { // most are small
		r.at++
		return uint64(r.b[r.at-1])
	}
	return r.large()
}

func (r *thawer) large() uint64 {
	n, used := binary.Uvarint(r.b[r.at:])
	if used <= 0 {
		r.fail()
		return 0
	}
	r.at += used
	return n
}

func (r *thawer) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *thawer) stamp() Stamp { return Stamp(r.int()) }

// take returns the next n bytes, which are a part of what was given.
func (r *thawer) take(n int) []byte {
	if n > r.left() {
		r.fail()
		return make([]byte, n)
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *thawer) id() Identity   { return Identity(r.take(len(Identity{}))) }
func (r *thawer) print() uint64  { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *thawer) float() float64 { return math.Float64frombits(r.print()) }

func (r *thawer) byte() byte {
	if r.at == len(r.b) {
		r.fail()
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

// below reads a byte that names one of n things.
func (r *thawer) below(n int) byte {
	b := r.byte()
	if int(b) >= n {
		r.fail()
		return 0
	}
	return b
}

func (r *thawer) flags(to ...*bool) {
	b := r.byte()
	for i, flag := range to {
		*flag = b&(1<<i) != 0
	}
}

// count reads how many things follow that take so many bytes at least: nobody
// makes room for more than there can be.
func (r *thawer) count(least int) int {
	n := r.uint()
	if n > uint64(r.left()/least) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *thawer) text() string {
	n := r.uint()
	if n > uint64(r.left()) {
		r.fail()
		return ""
	}
	return string(r.take(int(n)))
}

func (r *thawer) sym() Sym {
	n := r.uint()
	if n >= uint64(len(r.symbols)) {
		r.fail()
		return 0
	}
	return r.symbols[n]
}

func (r *thawer) summary(s *Summary) {
	s.Format = r.text()
	s.Rank = int(r.int())
	s.records = r.int()
	r.flags(&s.pending)
	s.Origin = r.text()
	s.modified = r.stamp()
	r.keeping(&s.keeping)
	if r.count(1) != len(s.kinds) {
		r.fail()
	}
	for i := range s.kinds {
		s.kinds[i] = r.int()
	}
	if n := r.count(2); n > 0 {
		s.customs = make(map[string]int64, n)
		for range n {
			key := r.text()
			s.customs[key] = r.int()
		}
	}
	r.faults(&s.faults)
	n := r.count(2)
	s.sessions = make(map[Sym]*part, n)
	for range n {
		id := r.sym()
		s.sessions[id] = r.part()
	}
	if n := r.count(3); n > 0 {
		s.copies = make(map[copyKey]*part, n)
		for range n {
			key := copyKey{r.sym(), r.sym()}
			s.copies[key] = r.part()
		}
	}
	if n := r.count(8); n > 0 {
		s.adopts = make(map[runKey]Adopt, n)
		for range n {
			key := runKey{r.sym(), r.sym()}
			s.adopts[key] = r.adopt()
		}
	}
	r.entries(s)
	s.uses = r.uses(s)
	s.tallies = r.tallies(s)
}

// holds checks that a session, or its copy of a conversation, is one of the summary.
func (r *thawer) holds(s *Summary, session, of Sym) {
	p := s.sessions[session]
	if of != 0 {
		p = s.copies[copyKey{session, of}]
	}
	if p == nil && !r.digest {
		r.fail()
	}
}

func (r *thawer) keeping(k *Keeping) {
	r.flags(&k.ByLast, &k.Default)
	k.For, k.Newest = time.Duration(r.int()), int(r.int())
	for _, text := range [...]*string{&k.Setting, &k.File, &k.Longer, &k.Trouble} {
		*text = r.text()
	}
}

func (r *thawer) faults(f *Faults) {
	f.Count = r.int()
	for range r.count(2) {
		f.Samples = append(f.Samples, Fault{Path: r.path, Pos: r.int(), Why: r.text()})
	}
}

func (r *thawer) part() *part {
	p := &part{}
	facts := false
	r.flags(&p.lifecycle, &facts)
	if facts {
		p.facts = r.facts()
	}
	p.first, p.last, p.heartbeat = r.stamp(), r.stamp(), r.stamp()
	p.events, p.errors, p.context = r.int(), r.int(), r.int()
	for i := range p.cuts {
		p.cuts[i] = int32(r.int())
	}
	p.forks, p.echoes, p.begins = int32(r.int()), int32(r.int()), r.uint()
	if n := r.count(48); n > 0 {
		runs := make([]Run, n)
		p.runs = make([]*Run, n)
		for i := range runs {
			r.run(&runs[i])
			p.runs[i], runs[i].at = &runs[i], int32(i)
		}
	}
	if n := r.count(4); n > 0 {
		p.pulse = make([]Minute, n)
		at := int64(0)
		for i := range p.pulse {
			at += r.int()
			p.pulse[i] = Minute{int32(at), Beat{uint32(r.uint()), uint32(r.uint()), uint32(r.uint())}}
		}
	}
	if n := r.count(6); n > 0 {
		p.recent = make([]Headline, n, max(n, headlines))
		for i := range p.recent {
			h := &p.recent[i]
			h.Time, h.Session, h.Agent, h.Name = r.stamp(), r.sym(), r.sym(), r.sym()
			h.Kind = Kind(r.below(int(kinds)))
			r.flags(&h.Failed)
		}
	}
	return p
}

func (r *thawer) facts() *Facts {
	f := &Facts{}
	var metadata, metrics, tags bool
	r.flags(&f.Closed, &f.Interrupted, &f.RecordedKnown, &metadata, &metrics, &tags)
	for _, text := range f.texts() {
		*text = r.text()
	}
	f.Started, f.Ended, f.RecorderPid = r.stamp(), r.stamp(), int(r.int())
	f.Outcome = Outcome(r.below(len(outcomeNames)))
	f.Dropped, f.RedactDropped, f.Recorded = r.int(), r.int(), Money(r.int())
	n := r.count(2)
	if metadata {
		f.Metadata = make(map[string]string, n)
	}
	for range n {
		key, value := r.text(), r.text()
		if metadata {
			f.Metadata[key] = value
		}
	}
	n = r.count(9)
	if metrics {
		f.Metrics = make(map[string]float64, n)
	}
	for range n {
		key, value := r.text(), r.float()
		if metrics {
			f.Metrics[key] = value
		}
	}
	n = r.count(1)
	if tags {
		f.Tags = make([]string, 0, n)
	}
	for range n {
		f.Tags = append(f.Tags, r.text())
	}
	return f
}

func (r *thawer) run(to *Run) {
	many := false
	r.flags(&to.Started, &to.Open, &to.copied, &many)
	if many {
		to.rest = &rest{runs: r.int(), agents: make([]Sym, r.count(1))}
		for i := range to.rest.agents {
			to.rest.agents[i] = r.sym()
		}
	}
	to.ID, to.Session, to.Parent, to.ParentCall = r.sym(), r.sym(), r.sym(), r.text()
	to.Link = Link(r.below(len(linkNames)))
	to.Agent, to.Model, to.Start, to.End = r.sym(), r.sym(), r.stamp(), r.stamp()
	to.Outcome = Outcome(r.below(len(outcomeNames)))
	for _, n := range [...]*int64{&to.Events, &to.ToolCalls, &to.ToolErrors, &to.Errors, &to.underWay} {
		*n = r.int()
	}
	if n := r.count(3); n > 0 {
		to.Tools = make([]ToolCount, n)
		for i := range to.Tools {
			to.Tools[i] = ToolCount{r.sym(), r.int(), r.int()}
		}
		slices.SortFunc(to.Tools, func(a, b ToolCount) int { return cmp.Compare(a.Tool, b.Tool) })
	}
	s := &to.stuck
	if n := r.count(11); n > 0 {
		s.calls = make([]openCall, n)
		for i := range s.calls {
			s.calls[i] = openCall{r.print(), r.sym(), r.stamp(), PauseKind(r.below(int(PauseQueue) + 1))}
		}
	}
	s.asked, s.tool, s.print, s.id = r.stamp(), r.sym(), r.print(), r.print()
	s.times, s.since, s.ended, s.failing, s.at = int32(r.int()), r.stamp(), r.print(), int32(r.int()), r.stamp()
}

func (r *thawer) adopt() (a Adopt) {
	a.Link = Link(r.below(len(linkNames)))
	for _, text := range [...]*string{&a.RunID, &a.SessionID, &a.ParentRunID, &a.ParentCall, &a.Agent} {
		*text = r.text()
	}
	return a
}

func (r *thawer) entries(s *Summary) {
	s.entries.tails = &spareEntries
	defer s.entries.settle()
	var last Entry
	var at Stamp
	var pos int64
	for i := range r.count(12) {
		var e Entry
		b, how := r.byte(), r.byte()
		e.AtLeast, e.Side, e.Copied, e.Final, e.Void = b&1 != 0, b&2 != 0, b&4 != 0, b&8 != 0, b&16 != 0
		call, request, same := b&32 != 0, b&64 != 0, b&128 != 0
		e.Rule, e.Source = Rule(how>>4), CostSource(how&15)
		if int(e.Rule) >= len(ruleNames) || int(e.Source) >= len(costNames) {
			r.fail()
			e.Rule, e.Source = 0, 0
		}
		if call {
			e.Call = r.id()
		}
		if request {
			e.Request = r.id()
		}
		u := &e.Usage
		u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, u.Reasoning = r.int(), r.int(), r.int(), r.int(), r.int(), r.int()
		e.Calls, e.Cost = r.int(), Money(r.int())
		at += r.stamp()
		pos += r.int()
		e.Time, e.Pos = at, pos
		switch p := &last; {
		case same && i > 0:
			e.Session, e.Of, e.Run, e.Agent, e.Provider, e.Model, e.Price, e.Mode, e.Table = p.Session, p.Of, p.Run, p.Agent, p.Provider, p.Model, p.Price, p.Mode, p.Table
		case same:
			r.holds(s, 0, 0)
		default:
			e.Session, e.Of, e.Run, e.Agent, e.Provider, e.Model, e.Price = r.sym(), r.sym(), r.sym(), r.sym(), r.sym(), r.sym(), r.sym()
			e.Mode, e.Table = Mode(r.byte()), uint16(r.uint())
			r.holds(s, e.Session, e.Of)
		}
		last = e
		s.entries.append(e)
	}
}

func (r *thawer) uses(s *Summary) []Use {
	n := r.count(19)
	if n == 0 {
		return nil
	}
	uses := make([]Use, n)
	last := &Use{}
	for i := range uses {
		u := &uses[i]
		b := r.byte()
		u.Failed, u.Copied = b&1 != 0, b&2 != 0
		same := b&4 != 0
		u.ID, u.Tool = r.id(), r.sym()
		u.Pos = last.Pos + r.int()
		if same {
			u.Session, u.Of, u.Run, u.Table = last.Session, last.Of, last.Run, last.Table
		} else {
			u.Session, u.Of, u.Run, u.Table = r.sym(), r.sym(), r.sym(), uint16(r.uint())
		}
		if !same || i == 0 {
			r.holds(s, u.Session, u.Of)
		}
		last = u
	}
	return uses
}

func (r *thawer) tallies(s *Summary) []Tally {
	n := r.count(5)
	if n == 0 {
		return nil
	}
	tallies := make([]Tally, n)
	for i := range tallies {
		t := &tallies[i]
		t.Session, t.Of, t.Run = r.sym(), r.sym(), r.sym()
		t.Calls, t.Failed = r.int(), r.int()
		r.holds(s, t.Session, t.Of)
	}
	return tallies
}
