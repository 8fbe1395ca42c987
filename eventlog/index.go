package eventlog

import (
	"hash/maphash"
	"slices"
)

// Index holds the rows and spans of the sessions that have been opened. One
// goroutine at a time may call Append, Fault and Publish; the snapshots that
// Publish returns may be read by anybody for ever.
type Index struct {
	names  recall
	seed   maphash.Seed
	rows   narrowList[Row]
	spans  list[Span]
	bills  narrowList[Bill]
	pauses list[Pause]

	sessions map[Sym]SpanID
	runs     map[runKey]*runState
	open     map[uint64]SpanID // calls without a result, by session, run and call id
	spawns   map[uint64]SpanID // calls that records may yet name, even when they have ended
	asked    map[SpanID]int    // calls that wait for a person: their pauses
	orphans  map[runKey][]SpanID
	adopted  map[runKey]Adopt
	lost     map[Sym][]SpanID // sessions whose parent session has not been seen
	awaited  map[Sym]adoption // sessions that a call of another one started
	children map[Sym]bool     // sessions that name a parent
	paid     map[Identity]int32
	told     map[Identity]SpanID // calls that several layers of a recording tell of
	faults   Faults
}

type runKey struct{ session, run Sym }

// adoption is a call that started a session.
type adoption struct {
	run  runKey
	call string
	link Link
}

// runState is what must be known of a run while its events come in.
type runState struct {
	span  SpanID
	model SpanID // the last model call, which later records may extend
	call  uint64
	last  Stamp
	up    runKey   // the run below which it is to hang
	begun []SpanID // calls whose end was not seen when they were put here
	pause int32    // the last one between two turns
	idle  bool     // it is open
	spare bool     // it came to nothing, and its place may be used again
	held  bool     // it is a call or event that others name as their run
	loose bool     // only another run has told of its parent, and of no call
}

// NewIndex returns an empty index over a symbol table.
func NewIndex(syms *Symbols) *Index {
	return &Index{
		names: recall{syms: syms}, seed: maphash.MakeSeed(),
		sessions: map[Sym]SpanID{}, runs: map[runKey]*runState{},
		open: map[uint64]SpanID{}, spawns: map[uint64]SpanID{}, asked: map[SpanID]int{},
		orphans: map[runKey][]SpanID{}, adopted: map[runKey]Adopt{},
		lost: map[Sym][]SpanID{}, awaited: map[Sym]adoption{}, children: map[Sym]bool{}, paid: map[Identity]int32{}, told: map[Identity]SpanID{},
	}
}

// Place says where the record of an event lies.
type Place struct {
	Segment, Table uint16
	Sub            uint32
	Size           int32
	Pos            int64
}

// Append adds an event. The event may be reused by the caller.
func (x *Index) Append(at Place, e *Event) {
	session := x.session(e)
	key := runKey{x.names.intern(e.SessionID), x.names.intern(e.RunID)}
	var run *runState
	parent := session
	if e.RunID != "" {
		run = x.run(key, session, e)
		parent = run.span
		run.last = max(run.last, e.Time)
	}
	for _, a := range e.Adopts {
		if a.SessionID == "" {
			x.adopt(key.session, a)
		}
	}
	row := RowID(x.rows.n)
	span := x.place(row, parent, run, key, e)
	if e.Wait != WaitSame || e.Ran.Known() || e.Kind == HILDecision && e.Began.Known() {
		x.waits(key, span, run, e)
	}
	if len(x.asked) > 0 && e.Kind.ends() {
		x.returned(span, e.Time)
	}
	for _, a := range e.Adopts {
		if a.SessionID != "" { // the call may be this event
			x.adoptLater(key.session, a)
		}
	}
	flags := RowFlags(0)
	if e.Failed {
		flags |= RowFailed
	}
	if e.Hidden {
		flags |= RowHidden
	}
	if e.Kind == Unreadable {
		flags |= RowUnread
	}
	if e.Copied {
		flags |= RowCopied
	}
	if span == parent && e.Kind != AgentStart && e.Kind != AgentFinish {
		flags |= RowInRun
	}
	r := Row{Time: e.Time, Pos: at.Pos, Size: at.Size, Segment: at.Segment, Table: at.Table, Sub: at.Sub, Span: span, Kind: e.Kind, Flags: flags}
	if e.Kind == Custom {
		r.Type = x.names.intern(e.Type)
	}
	x.rows.append(r)
	if e.Bill != nil {
		x.bill(span, e)
	}
	for _, list := range [...][]Identity{e.Sums, e.Same} {
		for _, id := range list {
			if i, ok := x.paid[id]; ok {
				b := x.bills.edit(int(i))
				*b = b.void()
			}
		}
	}
	x.touch(session, e.Time, row)
	if run != nil && !run.held {
		x.touch(run.span, e.Time, row)
	}
}

// Fault counts a record that could not be read and keeps a row for it.
func (x *Index) Fault(at Place, session string, f Fault) {
	x.faults.Add(f)
	x.Append(at, &Event{SessionID: session, Kind: Unreadable, Failed: false})
}

// session returns the span of the event's session, made now if need be.
func (x *Index) session(e *Event) SpanID {
	id := x.names.intern(e.SessionID)
	span, ok := x.sessions[id]
	if !ok {
		span = x.add(Span{Kind: SpanSession, Event: e.Kind, Session: id, Start: e.Time, End: e.Time, First: RowID(x.rows.n), Last: RowID(x.rows.n), Flags: SpanOpen})
		x.sessions[id] = span
		for _, child := range x.lost[id] {
			if !x.within(span, child) && x.spans.at(int(child)-1).Flags.Has(SpanOrphan) {
				s := x.spans.edit(int(child) - 1)
				s.Parent, s.Flags = span, s.Flags&^SpanOrphan
			}
		}
		delete(x.lost, id)
		if a, ok := x.awaited[id]; ok {
			x.adoptSession(id, a)
			delete(x.awaited, id)
		}
	}
	if e.Facts == nil {
		return span
	}
	s := x.spans.edit(int(span) - 1)
	if e.Facts.Agent != "" {
		s.Agent = x.names.intern(e.Facts.Agent)
	}
	if e.Facts.Started.Known() && (!s.Start.Known() || e.Facts.Started < s.Start) {
		s.Start = e.Facts.Started
	}
	if e.Facts.Closed {
		s.Flags &^= SpanOpen
	}
	if same := e.Facts.SameAs; same != "" && same != e.SessionID {
		x.merge(id, x.names.intern(same))
	}
	if p := e.Facts.ParentID; p != "" && s.Parent == 0 {
		parent := x.names.intern(p)
		x.children[id] = true
		up, found := x.sessions[parent]
		if found && e.ParentRunID != "" {
			key := runKey{parent, x.names.intern(e.ParentRunID)}
			if r := x.runs[key]; r != nil {
				up = r.span
			}
			if call, ok := x.callSpan(key, e.ParentCall); ok {
				up = call
			}
		}
		switch {
		case found && !x.within(up, span):
			s.Parent = up
		case !found && !s.Flags.Has(SpanOrphan):
			s.Flags |= SpanOrphan
			x.lost[parent] = append(x.lost[parent], span)
		}
	}
	return span
}

// merge makes one of two sessions that turned out to be the same. What is
// known of the first stays where it is, under the other's name or below it.
func (x *Index) merge(id, into Sym) {
	span := x.sessions[id]
	up, found := x.sessions[into]
	switch {
	case !found:
		x.sessions[into] = span
		x.spans.edit(int(span) - 1).Session = into
	case up != span && !x.within(up, span):
		s := x.spans.edit(int(span) - 1)
		s.Parent, s.Flags = up, s.Flags&^SpanOrphan
	}
}

// run returns the state of the event's run, made now if need be.
func (x *Index) run(key runKey, session SpanID, e *Event) *runState {
	run := x.runs[key]
	if run == nil {
		run = &runState{span: x.add(Span{
			Kind: SpanRun, Event: e.Kind, Session: key.session, Run: key.run, Parent: session,
			Start: e.Time, End: e.Time, First: RowID(x.rows.n), Last: RowID(x.rows.n), Flags: SpanOpen,
		})}
		x.runs[key] = run
		x.foster(key, run.span)
		if a, ok := x.adopted[key]; ok {
			x.adopt(key.session, a)
			delete(x.adopted, key)
		}
	}
	if e.ParentRunID != "" && e.Kind != SessionStart {
		x.parent(key, run, e)
	}
	if run.held {
		return run
	}
	if e.Agent != "" {
		if s := x.spans.at(int(run.span) - 1); s.Agent == 0 || e.Kind == AgentStart {
			x.spans.edit(int(run.span) - 1).Agent = x.names.intern(e.Agent)
		}
	}
	if e.Idle != IdleSame {
		waiting := x.spans.at(int(run.span) - 1).Flags.Has(SpanWaiting)
		if waiting != (e.Idle == IdleYes) {
			x.spans.edit(int(run.span) - 1).Flags ^= SpanWaiting
		}
		x.turn(run, e)
	}
	return run
}

// foster hangs the runs that came before their parent under it.
func (x *Index) foster(key runKey, parent SpanID) {
	for _, child := range x.orphans[key] {
		c := x.spans.at(int(child) - 1)
		if r := x.runs[runKey{c.Session, c.Run}]; r != nil && r.span == child && r.up != key {
			continue // it has told of another one since
		}
		if !x.within(parent, child) {
			s := x.spans.edit(int(child) - 1)
			s.Parent, s.Flags = parent, s.Flags&^SpanOrphan
		}
	}
	delete(x.orphans, key)
}

// hold adds the span of a call or event that others may name as their run. When
// they came first there is a span already that stood for it: it becomes this one.
func (x *Index) hold(e *Event, s Span) SpanID {
	if !e.Holds || e.CallID == "" {
		return x.add(s)
	}
	key := runKey{s.Session, x.names.intern(e.CallID)}
	run := x.runs[key]
	if run == nil || run.held {
		span := x.add(s)
		x.runs[key] = &runState{span: span, held: true}
		x.foster(key, span)
		return span
	}
	old := x.spans.edit(int(run.span) - 1)
	s.Start, s.End = earlier(s.Start, old.Start), max(s.End, old.End)
	if x.within(s.Parent, run.span) {
		s.Parent = old.Parent
	}
	*old = s
	run.held = true
	return run.span
}

// parent hangs a run under the run and call that its event names.
func (x *Index) parent(key runKey, run *runState, e *Event) {
	s := x.spans.at(int(run.span) - 1)
	up := runKey{key.session, x.names.intern(e.ParentRunID)}
	exact := run.loose && e.Kind == AgentStart && up != run.up // a step or call in the run that told
	if s.Link >= e.Link && s.Link != LinkNone && !exact {
		return
	}
	parent := x.runs[up]
	if parent == nil && x.children[key.session] {
		return // it names a run of the parent session, below which its session hangs
	}
	edit := x.spans.edit(int(run.span) - 1)
	run.up, run.loose = up, e.Kind != AgentStart && e.ParentCall == ""
	if parent == nil {
		if !s.Flags.Has(SpanOrphan) || exact {
			edit.Flags |= SpanOrphan
			edit.Link = e.Link
			x.orphans[up] = append(x.orphans[up], run.span)
		}
		return
	}
	to := parent.span
	if call, ok := x.callSpan(up, e.ParentCall); ok {
		to = call
	}
	if !x.within(to, run.span) {
		edit.Parent, edit.Link = to, e.Link
	}
}

// adopt hangs a run under the call that a record of its parent names.
func (x *Index) adopt(session Sym, a Adopt) {
	key := runKey{session, x.names.intern(a.RunID)}
	run := x.runs[key]
	if run == nil {
		x.adopted[key] = a
		return
	}
	x.parent(key, run, &Event{ParentRunID: a.ParentRunID, ParentCall: a.ParentCall, Link: a.Link})
	if s := x.spans.at(int(run.span) - 1); s.Agent == 0 && a.Agent != "" {
		x.spans.edit(int(run.span) - 1).Agent = x.names.intern(a.Agent)
	}
}

// adoptLater hangs a session under the call that started it, as soon as the
// session is there.
func (x *Index) adoptLater(session Sym, a Adopt) {
	child := x.names.intern(a.SessionID)
	by := adoption{run: runKey{session, x.names.intern(a.ParentRunID)}, call: a.ParentCall, link: a.Link}
	if _, ok := x.sessions[child]; ok {
		x.adoptSession(child, by)
	} else {
		x.awaited[child] = by
	}
}

// adoptSession hangs a session under the call that started it, which is more
// exact than the session that it names as its parent.
func (x *Index) adoptSession(child Sym, a adoption) {
	up, ok := x.callSpan(a.run, a.call)
	if !ok {
		run := x.runs[a.run]
		if run == nil {
			return
		}
		up = run.span
	}
	span := x.sessions[child]
	if x.within(up, span) {
		return
	}
	s := x.spans.edit(int(span) - 1)
	s.Parent, s.Link, s.Flags = up, a.link, s.Flags&^SpanOrphan
	x.children[child] = true
}

func (x *Index) callSpan(run runKey, call string) (SpanID, bool) {
	if call == "" {
		return 0, false
	}
	h := x.callKey(run, SpanTool, call)
	if span, ok := x.open[h]; ok {
		return span, true
	}
	span, ok := x.spawns[h]
	return span, ok
}

// within reports whether span a is b or lies below it, so that hanging b under
// a would close a circle.
func (x *Index) within(a, b SpanID) bool {
	for a != 0 {
		if a == b {
			return true
		}
		a = x.spans.at(int(a) - 1).Parent
	}
	return false
}

func (x *Index) callKey(run runKey, kind SpanKind, call string) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	maphash.WriteComparable(&h, run)
	h.WriteByte(byte(kind))
	h.WriteString(call)
	return h.Sum64()
}

// place finds or makes the span that the event belongs to.
func (x *Index) place(row RowID, parent SpanID, run *runState, key runKey, e *Event) SpanID {
	switch e.Kind {
	case AgentStart:
		if run != nil {
			s := x.spans.edit(int(run.span) - 1)
			if s.Event != AgentStart {
				s.Event = AgentStart
			}
			s.Flags |= SpanOpen
			s.Start = earlier(s.Start, e.Time)
			return run.span
		}
	case AgentFinish:
		if run != nil {
			x.end(run.span, row, e)
			x.cut(run, e.Time)
			return run.span
		}
	case ModelRequest, ModelResponse:
		return x.call(row, SpanModel, parent, run, key, e)
	case ToolCall, ToolResult, ToolError, ToolTimeout:
		return x.call(row, SpanTool, parent, run, key, e)
	case SessionEnd:
		x.end(x.sessions[key.session], row, e)
		return x.sessions[key.session]
	case LoopStep, Heartbeat, SessionStart, Metrics:
		return parent
	case Error:
		// A model call that failed has no response: this is its end.
		h := x.callKey(key, SpanModel, e.CallID)
		if span, ok := x.open[h]; ok && e.CallID != "" {
			delete(x.open, h)
			x.end(span, row, e)
			return span
		}
	}
	flags := SpanFlags(0)
	if e.Failed {
		flags |= SpanFailed
	}
	if e.Hidden {
		flags |= SpanHidden
	}
	start := e.Time
	if e.Began.Known() {
		start = min(e.Began, e.Time)
	}
	return x.hold(e, Span{
		Kind: SpanEvent, Event: e.Kind, Parent: parent, Session: key.session, Run: key.run, Start: start, End: e.Time, First: row, Last: row, Flags: flags,
		Agent: x.names.intern(e.Agent), Model: x.names.intern(e.Model), Tool: x.names.intern(e.Tool),
	})
}

// call finds or makes the span of a model or tool call.
func (x *Index) call(row RowID, kind SpanKind, parent SpanID, run *runState, key runKey, e *Event) SpanID {
	h := x.callKey(key, kind, e.CallID)
	if e.Again {
		if span, ok := x.again(h, kind, parent, key.session, e); ok {
			if e.Kind.ends() {
				delete(x.open, h)
				x.end(span, row, e)
			}
			return span
		}
	}
	if e.Kind.ends() {
		span, ok := x.open[h]
		if !ok && kind == SpanModel && run != nil && run.call == h && e.CallID != "" {
			span, ok = run.model, true
		}
		if ok {
			delete(x.open, h)
			x.end(span, row, e)
			x.tell(span, e)
			return span
		}
	}
	start, flags := e.Time, SpanFlags(0)
	if e.Began.Known() {
		start = min(e.Began, e.Time)
		flags |= SpanApprox
	}
	if e.Kind.begins() {
		flags |= SpanOpen
	}
	if e.Failed {
		flags |= SpanFailed
	}
	if e.Hidden && kind == SpanModel && e.Bill == nil {
		flags |= SpanHidden // until something of it is to be seen
	}
	span := x.hold(e, Span{
		Kind: kind, Event: e.Kind, Parent: parent, Session: key.session, Run: key.run, Start: start, End: e.Time, First: row, Last: row, Flags: flags,
		Agent: x.names.intern(e.Agent), Model: x.names.intern(e.Model), Tool: x.names.intern(e.Tool),
	})
	if e.Kind.begins() {
		x.open[h] = span
		if run != nil {
			x.begin(run, span)
		}
	}
	if e.Again && e.CallID != "" || e.Spawns && e.Kind.begins() {
		x.spawns[h] = span
	}
	if kind == SpanModel && run != nil {
		run.model, run.call = span, h
	}
	x.tell(span, e)
	return span
}

// tell notes which span a call is that other layers of the recording may tell
// of as well.
func (x *Index) tell(span SpanID, e *Event) {
	if !e.Again {
		return
	}
	if e.Bill != nil && !e.Bill.Call.IsZero() {
		x.told[e.Bill.Call] = span
	}
	if !e.Use.IsZero() {
		x.told[e.Use] = span
	}
}

// again finds the span of a call of which another record tells as well: one with
// its name, or one that another layer of the recording knows it to be.
func (x *Index) again(h uint64, kind SpanKind, parent SpanID, session Sym, e *Event) (SpanID, bool) {
	span, ok := x.spawns[h]
	if ok && e.CallID != "" {
		x.tell(span, e)
		return span, true
	}
	if span, ok = x.told[e.Use]; !ok && e.Bill != nil {
		span, ok = x.told[e.Bill.Call]
		for i := 0; !ok && i < len(e.Same); i++ {
			span, ok = x.told[e.Same[i]]
		}
	}
	if !ok || x.spans.at(int(span)-1).Kind != kind || x.spans.at(int(span)-1).Session != session {
		return 0, false
	}
	x.unite(span, h, parent, e)
	x.tell(span, e)
	if e.CallID != "" {
		x.spawns[h] = span
	}
	return span, true
}

// unite makes one of what two layers tell of a call. It lies in the lower of
// their runs: a layer that knows no runs puts everything at the top. What was open
// under a name of the other layer's is this call too, and has nothing to show.
func (x *Index) unite(span SpanID, h uint64, parent SpanID, e *Event) {
	s := x.spans.edit(int(span) - 1)
	if s.Parent != parent && x.within(parent, s.Parent) && !x.within(parent, span) {
		s.Parent, s.Run = parent, x.spans.at(int(parent)-1).Run
	}
	if e.Began.Known() {
		s.Start, s.Flags = earlier(s.Start, min(e.Began, e.Time)), s.Flags&^SpanApprox
	}
	if twin, ok := x.open[h]; ok && twin != span {
		delete(x.open, h)
		other := x.spans.edit(int(twin) - 1)
		other.Flags = other.Flags&^SpanOpen | SpanHidden
		s.Start, s.Flags = earlier(s.Start, other.Start), s.Flags&^SpanApprox
	}
}

// begin remembers a call that is under way in a run.
func (x *Index) begin(run *runState, span SpanID) {
	const few = 64
	if n := len(run.begun); n == cap(run.begun) && n >= few {
		run.begun = slices.DeleteFunc(run.begun, func(id SpanID) bool { return !x.spans.at(int(id) - 1).Flags.Has(SpanOpen) })
	}
	run.begun = append(run.begun, span)
}

// cut ends the calls that are under way in a run that has ended. A result that
// comes yet finds its call as before.
func (x *Index) cut(run *runState, at Stamp) {
	for _, id := range run.begun {
		if s := x.spans.at(int(id) - 1); s.Flags.Has(SpanOpen) {
			e := x.spans.edit(int(id) - 1)
			e.Flags = e.Flags&^SpanOpen | SpanCut
			e.End = max(e.End, at)
		}
	}
	run.begun = nil
}

// end closes a span, or extends one that is closed.
func (x *Index) end(span SpanID, row RowID, e *Event) {
	s := x.spans.edit(int(span) - 1)
	s.Last = row
	if s.Flags.Has(SpanCut) { // its run ended first
		s.End = s.Start
	}
	s.Flags &^= SpanOpen | SpanCut
	if !e.Hidden || e.Bill != nil {
		s.Flags &^= SpanHidden
	}
	if e.Failed {
		s.Flags |= SpanFailed
	}
	// A count of several calls is told again while it grows; that is no time at
	// work, as what comes between two counts is told by the calls themselves.
	if count := e.Again && e.Bill != nil && e.Bill.Calls > 0; e.Time.Known() && !count {
		if e.Time < s.Start {
			s.Flags |= SpanSkewed
		}
		s.End = max(s.End, e.Time)
	}
	if s.Model == 0 && e.Model != "" {
		s.Model = x.names.intern(e.Model)
	}
	if s.Tool == 0 && e.Tool != "" {
		s.Tool = x.names.intern(e.Tool)
	}
	if s.Agent == 0 && e.Agent != "" {
		s.Agent = x.names.intern(e.Agent)
	}
}

// touch widens a span to an event that happened within it.
func (x *Index) touch(span SpanID, at Stamp, row RowID) {
	s := x.spans.at(int(span) - 1)
	if s.Last >= row && s.Start.Known() && s.End >= at {
		return
	}
	e := x.spans.edit(int(span) - 1)
	e.Last = max(e.Last, row)
	if at.Known() {
		e.Start, e.End = earlier(e.Start, at), max(e.End, at)
	}
}

func earlier(a, b Stamp) Stamp {
	if !a.Known() || b.Known() && b < a {
		return b
	}
	return a
}

// bill attaches what a call cost to its span; records of one call count once,
// with the largest of their counts.
func (x *Index) bill(span SpanID, e *Event) {
	if !e.Bill.Call.IsZero() {
		if i, ok := x.paid[e.Bill.Call]; ok && x.bills.at(int(i)).Request == e.Bill.Request {
			b := x.bills.edit(int(i))
			*b = larger(*b, *e.Bill)
			return
		}
	}
	i := int32(x.bills.append(*e.Bill))
	if !e.Bill.Call.IsZero() {
		x.paid[e.Bill.Call] = i
	}
	if s := x.spans.edit(int(span) - 1); s.Bill == 0 {
		s.Bill = i + 1
	}
}

func (x *Index) add(s Span) SpanID {
	return SpanID(x.spans.append(s) + 1)
}

// Snapshot is an index as it was at one moment.
type Snapshot struct {
	Symbols *Symbols
	Rows    Narrow[Row]
	Spans   View[Span]
	Bills   Narrow[Bill]
	Pauses  View[Pause] // in the order in which they began to be known
	Faults  Faults
	Paths   []string // of the segments, by Row.Segment; may be nil
	Loading bool     // more is being read that was there when the log was opened
	Read    int64
	Total   int64 // bytes or rows to read while Loading
	Version int64
	// Generation changes when rows of earlier snapshots are gone, so that the
	// numbers of rows and spans mean others than before.
	Generation int64
}

// Span returns a span by its number, which must not be zero. A number of an
// earlier generation may be nobody's: then the span is zero.
func (s *Snapshot) Span(id SpanID) Span {
	if int(id) > s.Spans.Len() {
		return Span{}
	}
	return s.Spans.At(int(id) - 1)
}

// Publish returns the index as it is now.
func (x *Index) Publish() *Snapshot {
	return &Snapshot{Symbols: x.names.syms, Rows: x.rows.view(), Spans: x.spans.view(), Bills: x.bills.view(), Pauses: x.pauses.view(), Faults: x.faults.clone()}
}
