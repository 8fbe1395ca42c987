package forest

import (
	"context"
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
			f.some(from, from+share, func(id int32, s *eventlog.Span) bool {
				if (!v.Failed || f.Bad[id] > 0) && m.match(id, s) {
					set(matched, id)
					n++
				}
				return id%4096 != 0 || ctx.Err() == nil
			})
			all.Add(n)
		})
	}
	wg.Wait()
	return matched, int(all.Load())
}

// matcher asks a query about spans. A million of them have few names between
// them: the answer depends on a handful of facts, the likeness, and is kept for
// the next span that has the same ones.
type matcher struct {
	f      *Forest
	v      *View
	reads  eventlog.Part
	words  []string
	bits   [][]uint64 // by word: the rows whose record holds it
	names  []string
	agents []eventlog.Sym // of each span, when the query asks for it
	subj   eventlog.Subject
	found  uint8 // bit i: a record of the span in question holds words[i]
	kept   []answer
	bare   *bool // the answer of a span that is not billed, when the query asks for bills alone
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

func newMatcher(f *Forest, v *View) *matcher {
	m := &matcher{f: f, v: v, reads: v.Query.Reads(), words: v.Query.Words(), names: f.Snap.Symbols.Names()}
	if !m.asks(eventlog.PartTime) {
		m.kept = make([]answer, answers)
	}
	if m.asks(eventlog.PartAgent) {
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
	if m.reads == eventlog.PartBill {
		bare := m.ask(likeness{}, &eventlog.Span{})
		m.bare = &bare
	}
	return m
}

func (m *matcher) asks(p eventlog.Part) bool { return m.reads&p != 0 }

func (m *matcher) match(id int32, s *eventlog.Span) bool {
	if m.bare != nil && s.Bill == 0 {
		return *m.bare
	}
	l := m.likeness(id, s)
	if !m.alike(s) {
		return m.ask(l, s)
	}
	a := &m.kept[l.place()]
	if !a.known || a.of != l {
		*a = answer{of: l, known: true, holds: m.ask(l, s)}
	}
	return a.holds
}

// alike reports whether spans with the likeness of this one have the same answer: no
// number of it is asked for. All that are not billed cost the same.
func (m *matcher) alike(s *eventlog.Span) bool {
	return m.kept != nil && (s.Bill == 0 || !m.asks(eventlog.PartBill))
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
		l.flags, l.link = s.Flags&(eventlog.SpanFailed|eventlog.SpanOpen|eventlog.SpanOrphan), s.Link
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

// ask puts the question.
func (m *matcher) ask(l likeness, s *eventlog.Span) bool {
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
	if m.asks(eventlog.PartBill) {
		x.Usage, x.Cost, x.Priced = eventlog.Usage{}, 0, false
		if s.Bill > 0 {
			b := m.f.Snap.Bills.At(int(s.Bill) - 1)
			x.Usage, x.Cost, x.Priced = b.Usage, b.Cost, b.Source != eventlog.Unpriced
		}
	}
	m.found = l.found
	if m.v.Query.Match(x) {
		return true
	}
	if l.last != l.kind {
		x.Kind, x.Type = l.last, l.last.String()
		return m.v.Query.Match(x)
	}
	return false
}

// place returns where the answer for a likeness is kept.
func (l *likeness) place() uint32 {
	h := uint32(l.tool)*0x9E3779B1 ^ uint32(l.agent)*0x85EBCA77 ^ uint32(l.run)*0xC2B2AE3D ^ uint32(l.model)*0x27D4EB2F ^ uint32(l.session)*0x165667B1 ^ uint32(l.typ)*0xD3A2646C
	h ^= (uint32(l.kind) | uint32(l.last)<<8 | uint32(l.flags)<<16 | uint32(l.found)<<24) * 0xFD7046C5
	h ^= h >> 15
	return h * 0x9E3779B1 >> 20 // 12 bits
}
