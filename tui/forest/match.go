package forest

import (
	"context"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog"
)

// matches asks a query about all spans, some on each processor, and returns the bits of
// those that match and how many they are.
func (f *Forest) matches(ctx context.Context, v *View) (matched []uint64, hits int) {
	const (
		most  = 4       // more make it hardly faster
		least = 1 << 14 // spans that are worth a goroutine
	)
	spans := len(f.parent)
	matched = make([]uint64, spans/64+1)
	workers := max(1, min(most, runtime.NumCPU(), spans/least))
	share := (spans/workers + 63) &^ 63 // no word of the bits has two writers
	var all atomic.Int64
	var wg sync.WaitGroup
	for from := 0; from < spans; from += share {
		wg.Go(func() {
			m, n := newMatcher(f, v), int64(0)
			for word := from / 64; word < (min(from+share, spans)+63)/64 && (word%64 != 0 || ctx.Err() == nil); word++ {
				for asked := m.asked(word); asked != 0; asked &= asked - 1 {
					id := word*64 + bits.TrailingZeros64(asked)
					if v.Failed && f.Bad[id] == 0 {
						continue
					}
					if m.match(int32(id), f.Snap.Spans.Ref(id-1)) {
						set(matched, int32(id))
						n++
					}
				}
			}
			all.Add(n)
		})
	}
	wg.Wait()
	return matched, int(all.Load())
}

// asked returns which of 64 spans there is anything to ask about: they are there, and if
// nothing without a bill matches, they have one.
func (m *matcher) asked(word int) uint64 {
	asked := ^uint64(0)
	switch {
	case m.bare != nil && !*m.bare:
		asked = m.f.billed[word]
	case word == 0:
		asked &^= 1 // nobody
	}
	if m.f.under != nil {
		asked &= m.f.under[word]
	}
	if rest := len(m.f.parent) - word*64; rest < 64 {
		asked &= 1<<rest - 1
	}
	return asked
}

// matcher asks a query about spans. A million of them have few names between
// them: the answer depends on a handful of facts, the likeness, and is kept for
// the next span that has the same ones. What of the query asks for a single fact is
// asked first, and its answers are kept by that fact.
type matcher struct {
	f      *Forest
	v      *View
	single []single
	query  eventlog.Query // the rest
	reads  eventlog.Part
	words  []string
	bits   [][]uint64 // by word: the rows whose record holds it
	names  []string
	agents []eventlog.Sym // of each span, when the query asks for it
	subj   eventlog.Subject
	found  uint8 // bit i: a record of the span in question holds words[i]
	kept   []answer
	last   answer                          // of the span before, which often is like the next one
	bills  *eventlog.Window[eventlog.Bill] // with what the query asks for
	bare   *bool                           // the answer of a span that is not billed, when the query asks for bills alone
}

// likeness is what of a span a query may ask for, except for numbers.
type likeness struct {
	session, run, agent, model, tool, typ eventlog.Sym
	kind, last                            eventlog.Kind
	flags                                 eventlog.SpanFlags
	link                                  eventlog.Link
	found                                 uint8
}

type answer struct {
	of           likeness
	known, holds bool
}

// answers is how many answers are kept. Where two likenesses want one place, the
// later one gets it.
const answers = 1 << 12

// single is a part of a query that asks for one fact of a span, and its answers.
type single struct {
	query eventlog.Query
	part  eventlog.Part
	known []uint8 // by the fact, one of those below
}

const (
	notAsked = iota
	holdsNot
	holds
)

func newMatcher(f *Forest, v *View) *matcher {
	m := &matcher{f: f, v: v, words: v.Query.Words(), names: f.Snap.Symbols.Names()}
	var rest []eventlog.Query
	for _, q := range v.Query.Conjuncts() {
		switch part := q.Reads(); part {
		case eventlog.PartTool, eventlog.PartModel, eventlog.PartAgent, eventlog.PartState:
			m.single = append(m.single, single{q, part, make([]uint8, max(len(m.names), 1<<12))})
		default:
			rest = append(rest, q)
		}
	}
	m.query = eventlog.Conjunction(rest)
	m.reads = m.query.Reads()
	if !m.query.IsZero() && !m.asks(eventlog.PartTime) {
		m.kept = make([]answer, answers)
	}
	if v.Query.Reads()&eventlog.PartAgent != 0 {
		m.agents = f.agents()
	}
	m.subj.Now = v.Now
	m.subj.Found = func(word string) bool {
		for i, w := range m.words {
			if w == word {
				return m.found>>i&1 != 0
			}
		}
		return false
	}
	if most := 8; len(m.words) > most {
		m.words = m.words[:most] // nobody looks for so many
	}
	for _, word := range m.words {
		m.bits = append(m.bits, v.Found[word])
	}
	m.bills = billsFor(f.Snap.Bills, m.reads).Window()
	if m.reads != 0 && m.reads&^billed == 0 {
		bare := m.ask(m.query, likeness{}, &eventlog.Span{})
		m.bare = &bare
	}
	return m
}

// billed is what of a span its bill tells.
const billed = eventlog.PartCost | eventlog.PartUsage

// billsFor returns the bills with what a query reads of them.
func billsFor(bills eventlog.Narrow[eventlog.Bill], reads eventlog.Part) eventlog.Narrow[eventlog.Bill] {
	fields := eventlog.FieldsOf[eventlog.Bill]("Source")
	if reads&eventlog.PartCost != 0 {
		fields |= eventlog.FieldsOf[eventlog.Bill]("Cost")
	}
	if reads&eventlog.PartUsage != 0 {
		fields |= eventlog.FieldsOf[eventlog.Bill]("Usage")
	}
	return bills.Only(fields)
}

func (m *matcher) asks(p eventlog.Part) bool { return m.reads&p != 0 }

func (m *matcher) match(id int32, s *eventlog.Span) bool {
	for i := range m.single {
		if !m.holdsSingle(&m.single[i], id, s) {
			return false
		}
	}
	if m.query.IsZero() {
		return true
	}
	if m.bare != nil {
		if s.Bill == 0 {
			return *m.bare
		}
		m.bill(s) // nothing else is read
		return m.query.Match(&m.subj)
	}
	l := m.likeness(id, s)
	if !m.alike(s) {
		return m.ask(m.query, l, s)
	}
	if m.last.known && m.last.of == l {
		return m.last.holds
	}
	a := &m.kept[l.place()]
	if !a.known || a.of != l {
		*a = answer{of: l, known: true, holds: m.ask(m.query, l, s)}
	}
	m.last = *a
	return a.holds
}

// holdsSingle answers a part of the query that asks for one fact.
func (m *matcher) holdsSingle(q *single, id int32, s *eventlog.Span) bool {
	var l likeness
	fact := eventlog.Sym(0)
	switch q.part {
	case eventlog.PartTool:
		l.tool, fact = s.Tool, s.Tool
	case eventlog.PartModel:
		l.model, fact = s.Model, s.Model
	case eventlog.PartAgent:
		l.agent, fact = m.agents[id], m.agents[id]
	default:
		l.flags, l.link = s.Flags&stateFlags, s.Link
		fact = eventlog.Sym(l.flags) | eventlog.Sym(l.link)<<4
	}
	a := &q.known[fact]
	if *a == notAsked {
		if *a = holdsNot; m.ask(q.query, l, s) {
			*a = holds
		}
	}
	return *a == holds
}

// stateFlags are those that a query may ask for.
const stateFlags = eventlog.SpanFailed | eventlog.SpanOpen | eventlog.SpanOrphan

// alike reports whether spans with the likeness of this one have the same answer: no
// number of it is asked for. All that are not billed cost the same.
func (m *matcher) alike(s *eventlog.Span) bool {
	return m.kept != nil && (s.Bill == 0 || !m.asks(billed))
}

// likeness returns what the query asks for; the rest stays at zero.
func (m *matcher) likeness(id int32, s *eventlog.Span) (l likeness) {
	if m.asks(eventlog.PartSession | eventlog.PartFacts) {
		l.session = s.Session
	}
	if m.asks(eventlog.PartRun) {
		l.run = s.Run
	}
	if m.asks(eventlog.PartAgent) {
		l.agent = m.agents[id]
	}
	if m.asks(eventlog.PartModel) {
		l.model = s.Model
	}
	if m.asks(eventlog.PartTool) {
		l.tool = s.Tool
	}
	if m.asks(eventlog.PartState) {
		l.flags, l.link = s.Flags&stateFlags, s.Link
	}
	if m.asks(eventlog.PartKind) {
		l.kind, l.last = s.Event, s.Event
		if s.Event == eventlog.Custom {
			l.typ = m.f.Snap.Rows.At(int(s.First)).Type
		}
		// kind:tool_error means the result of a call, whose span began as tool_call.
		if s.Kind == eventlog.SpanTool || s.Kind == eventlog.SpanModel {
			l.last = m.f.Snap.Rows.At(int(s.Last)).Kind
		}
	}
	for i, bits := range m.bits {
		if bits != nil && m.holds(bits, s) {
			l.found |= 1 << i
		}
	}
	return l
}

// holds reports whether one of the span's rows is among the bits.
func (m *matcher) holds(bits []uint64, s *eventlog.Span) bool {
	const most = 64 // rows of one span that are looked at
	first, last := s.First, min(s.Last, s.First+most, eventlog.RowID(len(bits)*64-1))
	if s.Kind == eventlog.SpanSession || s.Kind == eventlog.SpanRun {
		last = min(last, first) // its last row is that of something below it
	}
	for row := first; row <= last; row++ {
		if has(bits, int32(row)) {
			return true
		}
	}
	return false
}

// ask puts a question.
func (m *matcher) ask(q eventlog.Query, l likeness, s *eventlog.Span) bool {
	x := &m.subj
	x.Kind, x.Type = l.kind, l.kind.String()
	if l.typ != 0 {
		x.Type = m.names[l.typ]
	}
	x.Session, x.Run, x.Agent, x.Model, x.Tool = m.names[l.session], m.names[l.run], m.names[l.agent], m.names[l.model], m.names[l.tool]
	x.Link, x.Failed, x.Open, x.Orphan, x.Errors = l.link, l.flags.Has(eventlog.SpanFailed), l.flags.Has(eventlog.SpanOpen), l.flags.Has(eventlog.SpanOrphan), 0
	if x.Failed {
		x.Errors = 1
	}
	if m.asks(eventlog.PartFacts) && m.v.Facts != nil {
		x.Facts = m.v.Facts(l.session)
	}
	if m.asks(eventlog.PartTime) {
		x.Time, x.Duration = s.Start, s.Duration(m.v.Now)
	}
	if m.asks(billed) {
		m.bill(s)
	}
	m.found = l.found
	if q.Match(x) {
		return true
	}
	if l.last != l.kind {
		x.Kind, x.Type = l.last, l.last.String()
		return q.Match(x)
	}
	return false
}

// bill sets what a span cost.
func (m *matcher) bill(s *eventlog.Span) {
	x := &m.subj
	x.Usage, x.Cost, x.Priced = eventlog.Usage{}, 0, false
	if s.Bill > 0 {
		b := m.bills.At(int(s.Bill) - 1)
		x.Usage, x.Cost, x.Priced = b.Usage, b.Cost, b.Source != eventlog.Unpriced
	}
}

// place returns where the answer for a likeness is kept.
func (l *likeness) place() uint32 {
	h := uint32(l.tool)*0x9E3779B1 ^ uint32(l.agent)*0x85EBCA77 ^ uint32(l.run)*0xC2B2AE3D ^ uint32(l.model)*0x27D4EB2F ^ uint32(l.session)*0x165667B1 ^ uint32(l.typ)*0xD3A2646C
	h ^= (uint32(l.kind) | uint32(l.last)<<8 | uint32(l.flags)<<16 | uint32(l.found)<<24) * 0xFD7046C5
	h ^= h >> 15
	return h * 0x9E3779B1 >> 20 // 12 bits
}
