package trouble

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// portion is how many events are decoded at a time: bodies may be large.
const portion = 256

// finder is the state of one search.
type finder struct {
	ctx   context.Context
	log   eventlog.Log
	snap  *eventlog.Snapshot
	o     Options
	names []string
	seed  maphash.Seed
	kept  map[eventlog.Sym]bool
	done  int // bodies that were read
	total int

	tools   []toolCall
	steps   []modelStep
	bills   []spending
	failed  []failedRow
	runs    map[rollup.RunID]int32
	open    map[int32]bool // by run: something may still come
	rested  map[int32]bool // by run: nothing comes any more, or nothing until it is told more
	waited  map[eventlog.SpanID]eventlog.Stamp
	changes map[eventlog.Sym][]eventlog.Stamp // by session: when files were changed
	changer map[eventlog.Sym]bool             // by tool: it changes files
}

// toolCall is what is kept of a tool call.
type toolCall struct {
	span        eventlog.SpanID
	run         int32
	start, end  eventlog.Stamp
	first, last eventlog.RowID
	tool        eventlog.Sym
	session     eventlog.Sym
	print       uint64 // hash of the tool and its arguments; zero is not known
	use         uint64 // hash of what copies of the call share; zero is nothing
	flags       eventlog.SpanFlags
}

func (c *toolCall) failed() bool { return c.flags.Has(eventlog.SpanFailed) }

// modelStep is a model call, or an attempt at one.
type modelStep struct {
	span       eventlog.SpanID
	run        int32
	kind       stepKind
	start, end eventlog.Stamp
	row        eventlog.RowID
	bill       int32
}

type stepKind uint8

const (
	stepFine   stepKind = iota // a model call that went well
	stepFailed                 // one that failed
	stepRetry                  // an attempt that failed and is tried again
	stepError                  // an error that may be the end of a model call
)

// spending is a model call that was paid for.
type spending struct {
	session eventlog.Sym
	run     int32
	start   eventlog.Stamp
	at      eventlog.Stamp // when its record was written
	row     eventlog.RowID // its first
	bill    int32
}

// failedRow is a row that tells of a failure.
type failedRow struct {
	row  eventlog.RowID
	span eventlog.SpanID
}

func newFinder(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, o Options) *finder {
	return &finder{
		ctx: ctx, log: log, snap: snap, o: o, names: snap.Symbols.Names(), seed: maphash.MakeSeed(), kept: map[eventlog.Sym]bool{},
		runs: map[rollup.RunID]int32{}, open: map[int32]bool{}, rested: map[int32]bool{}, waited: map[eventlog.SpanID]eventlog.Stamp{}, changes: map[eventlog.Sym][]eventlog.Stamp{}, changer: map[eventlog.Sym]bool{},
	}
}

func (f *finder) wants(p Part) bool { return f.o.Parts&p != 0 }

func (f *finder) keeps(session eventlog.Sym) bool {
	if f.o.Only == nil {
		return true
	}
	keep, known := f.kept[session]
	if !known {
		keep = f.o.Only(session)
		f.kept[session] = keep
	}
	return keep
}

func (f *finder) changesFiles(tool eventlog.Sym) bool {
	is, known := f.changer[tool]
	if !known {
		is = changesFiles(f.name(tool))
		f.changer[tool] = is
	}
	return is
}

func (f *finder) now(session eventlog.Sym) eventlog.Stamp {
	if f.o.Now == nil {
		return 0
	}
	return f.o.Now(session)
}

func (f *finder) name(s eventlog.Sym) string {
	if int(s) < len(f.names) {
		return f.names[s]
	}
	return f.snap.Symbols.Name(s) // it was made since
}

// run numbers the runs; calls of no run are those of their session.
func (f *finder) run(s *eventlog.Span) int32 {
	id := rollup.RunID{Session: s.Session, Run: s.Run}
	n, ok := f.runs[id]
	if !ok {
		n = int32(len(f.runs))
		f.runs[id] = n
	}
	return n
}

// look goes through the index once and notes what is to be looked at.
func (f *finder) look(*Report) error {
	for i, s := range f.snap.Spans.All() {
		if i%4096 == 0 && f.ctx.Err() != nil {
			return f.ctx.Err()
		}
		if f.keeps(s.Session) {
			f.span(eventlog.SpanID(i+1), s)
		}
	}
	if f.wants(PartFamilies) {
		for i, r := range f.snap.Rows.All() {
			if i%4096 == 0 && f.ctx.Err() != nil {
				return f.ctx.Err()
			}
			if r.Flags&eventlog.RowFailed != 0 && r.Kind != eventlog.Unreadable && r.Kind != eventlog.Retry && f.keeps(f.snap.Span(r.Span).Session) {
				f.failed = append(f.failed, failedRow{eventlog.RowID(i), r.Span})
			}
		}
	}
	for _, p := range f.snap.Pauses.All() {
		if p.Kind != eventlog.PauseTurn {
			if s := f.snap.Span(p.Span); s.Kind == eventlog.SpanTool && f.keeps(s.Session) {
				f.waited[p.Span] += eventlog.Stamp(max(0, p.Until(f.now(s.Session)).Sub(p.Start)))
			}
		}
	}
	f.lastFailures()
	f.total = len(f.failed)
	if f.wants(PartLoops | PartRetries) {
		f.total += len(f.tools)
	}
	return nil
}

func (f *finder) span(id eventlog.SpanID, s *eventlog.Span) {
	switch s.Kind {
	case eventlog.SpanRun:
		run, open := f.run(s), s.Flags.Has(eventlog.SpanOpen) && !s.Flags.Has(eventlog.SpanWaiting)
		f.open[run], f.rested[run] = open && (f.o.Now == nil || f.now(s.Session).Known()), !open
	case eventlog.SpanTool:
		f.tools = append(f.tools, toolCall{
			span: id, run: f.run(s), start: s.Start, end: s.End, first: s.First, last: s.Last, tool: s.Tool, session: s.Session, flags: s.Flags,
		})
		if !s.Flags.Has(eventlog.SpanFailed) && s.Start.Known() && f.changesFiles(s.Tool) {
			f.changes[s.Session] = append(f.changes[s.Session], s.Start)
		}
	case eventlog.SpanModel:
		kind := stepFine
		if s.Flags.Has(eventlog.SpanFailed) {
			kind = stepFailed
		}
		f.step(id, s, kind)
	case eventlog.SpanEvent:
		switch {
		case s.Event == eventlog.Retry:
			f.step(id, s, stepRetry)
		case s.Event == eventlog.Error && s.Flags.Has(eventlog.SpanFailed):
			f.step(id, s, stepError)
		}
	}
	if s.Bill == 0 {
		return
	}
	if b := f.snap.Bills.At(int(s.Bill) - 1); !b.Void {
		f.bills = append(f.bills, spending{session: s.Session, run: f.run(s), start: s.Start, at: max(s.Start, s.End), row: s.First, bill: s.Bill - 1})
	}
}

func (f *finder) step(id eventlog.SpanID, s *eventlog.Span, kind stepKind) {
	f.steps = append(f.steps, modelStep{span: id, run: f.run(s), kind: kind, start: s.Start, end: s.End, row: s.First, bill: s.Bill - 1})
}

// lastFailures keeps of the rows of one call or run the last that tells of its
// failure. What a run tells along the way stands for itself.
func (f *finder) lastFailures() {
	slices.SortStableFunc(f.failed, func(a, b failedRow) int { return cmp.Compare(a.span, b.span) })
	out := f.failed[:0]
	for i, r := range f.failed {
		same := i+1 < len(f.failed) && f.failed[i+1].span == r.span
		if !same || f.snap.Rows.At(int(r.row)).Flags&eventlog.RowInRun != 0 {
			out = append(out, r)
		}
	}
	f.failed = out
	slices.SortFunc(f.failed, func(a, b failedRow) int { return cmp.Compare(a.row, b.row) }) // as they lie in the log
}

// read decodes some rows, in portions, and gives each event to fn.
func (f *finder) read(rows []eventlog.RowID, fn func(i int, e *eventlog.Event)) error {
	for from := 0; from < len(rows); from += portion {
		part := rows[from:min(len(rows), from+portion)]
		events, err := f.log.Events(f.ctx, part)
		if err != nil {
			return err
		}
		for i := range events {
			fn(from+i, &events[i])
		}
		if f.done += len(part); f.o.Progress != nil {
			f.total = max(f.total, f.done)
			f.o.Progress(f.done, f.total)
		}
	}
	return nil
}

// place says where a span is.
func (f *finder) place(id eventlog.SpanID) Place {
	s := f.snap.Span(id)
	return Place{Session: f.name(s.Session), Run: f.name(s.Run), Agent: f.agent(id), Span: id, Time: cmp.Or(s.Start, s.End)}
}

// agent is whose a span is: of what it is part of, where nothing says more.
func (f *finder) agent(id eventlog.SpanID) string {
	for range 1000 {
		if id == 0 {
			break
		}
		s := f.snap.Span(id)
		if s.Agent != 0 {
			return f.name(s.Agent)
		}
		id = s.Parent
	}
	return ""
}

// worked returns how long a call was at work, and whether that is known: what it
// waited to be allowed, or to begin, does not count.
func (f *finder) worked(id eventlog.SpanID, s *eventlog.Span) (eventlog.Stamp, bool) {
	now := f.now(s.Session)
	switch {
	case !s.Start.Known(), s.Flags.Has(eventlog.SpanCut):
		return 0, false
	case s.Flags.Has(eventlog.SpanOpen) && (!now.Known() || f.rested[f.run(s)]):
		return 0, false
	}
	return max(0, eventlog.Stamp(s.Duration(now))-f.waited[id]), true
}

func (f *finder) charge(sum *rollup.Sum, bill int32) {
	b := f.snap.Bills.At(int(bill))
	sum.Charge(&b)
}

func (f *finder) hash(parts ...[]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seed)
	for _, p := range parts {
		maphash.WriteComparable(&h, len(p))
		_, _ = h.Write(p) // it never fails
	}
	return max(1, h.Sum64())
}
