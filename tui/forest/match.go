package forest

import "github.com/lazytrace/lazytrace/eventlog"

// matcher asks a query about spans, which must be given parents first.
type matcher struct {
	f     *Forest
	v     *View
	names []string
	agent []eventlog.Sym // what a span calls its agent, or its parent does
	subj  eventlog.Subject
	rows  [2]eventlog.RowID
}

func newMatcher(f *Forest, v *View) *matcher {
	m := &matcher{f: f, v: v, names: f.Snap.Symbols.Names(), agent: make([]eventlog.Sym, len(f.parent))}
	// One closure for all spans: the rows in question are changed under it.
	m.subj.Found = func(word string) bool {
		bits := m.v.Found[word]
		for row := m.rows[0]; row <= m.rows[1]; row++ {
			if int(row>>6) < len(bits) && has(bits, int32(row)) {
				return true
			}
		}
		return false
	}
	return m
}

// skip notes what children inherit from a span that is not asked about.
func (m *matcher) skip(id int32) eventlog.Span {
	s := m.f.Snap.Span(eventlog.SpanID(id))
	m.agent[id] = s.Agent
	if s.Agent == 0 {
		m.agent[id] = m.agent[m.f.parent[id]]
	}
	return s
}

func (m *matcher) match(id int32) bool {
	s := m.skip(id)
	x := &m.subj
	found := x.Found
	*x = eventlog.Subject{
		Kind: s.Event, Type: s.Event.String(), Found: found,
		Session: m.names[s.Session], Run: m.names[s.Run], Agent: m.names[m.agent[id]], Model: m.names[s.Model], Tool: m.names[s.Tool],
		Link: s.Link, Failed: s.Flags.Has(eventlog.SpanFailed), Open: s.Flags.Has(eventlog.SpanOpen), Orphan: s.Flags.Has(eventlog.SpanOrphan),
		Time: s.Start, Duration: s.Duration(m.v.Now), Now: m.v.Now,
	}
	if s.Event == eventlog.Custom {
		x.Type = m.names[m.f.Snap.Rows.At(int(s.First)).Type]
	}
	if s.Bill > 0 {
		b := m.f.Snap.Bills.At(int(s.Bill) - 1)
		x.Usage, x.Cost, x.Priced = b.Usage, b.Cost, b.Source != eventlog.Unpriced
	}
	if x.Failed {
		x.Errors = 1
	}
	if m.v.Facts != nil {
		x.Facts = m.v.Facts(s.Session)
	}
	m.rows = [2]eventlog.RowID{s.First, s.Last}
	switch s.Kind {
	case eventlog.SpanSession, eventlog.SpanRun:
		// Its last row is that of something below it.
		m.rows[1] = s.First
	}
	if last := m.rows[0] + 64; m.rows[1] > last {
		m.rows[1] = last
	}
	if m.v.Query.Match(x) {
		return true
	}
	// kind:tool_error means the result of a call, whose span began as tool_call.
	if s.Kind == eventlog.SpanTool || s.Kind == eventlog.SpanModel {
		if last := m.f.Snap.Rows.At(int(s.Last)).Kind; last != s.Event {
			x.Kind, x.Type = last, last.String()
			return m.v.Query.Match(x)
		}
	}
	return false
}
