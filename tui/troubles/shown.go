package troubles

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// shown is a report made ready for the screen. It is immutable.
type shown struct {
	families []*family // most failures first
	loops    []trouble.Loop
	retries  []trouble.Retry
	tools    []trouble.ToolTime
	failures int
	going    int           // loops that go on
	wasted   rollup.Sum    // what all loops spent
	lost     time.Duration // with all that was tried again
	longest  time.Duration // the most that a tool took in all
	took     time.Duration // what all tools took
	filtered bool
	from, to eventlog.Stamp // what the pictures span
}

// family is a family with what is drawn of it.
type family struct {
	*trouble.Family
	key    string
	text   string          // its signature without what failed
	places []trouble.Place // those the filter leaves, newest first
	first  eventlog.Stamp  // of these
	last   eventlog.Stamp
	since  rollup.Sum
	beats  []float64
	fresh  bool // never seen before the last day, though what was read goes back further
}

// cells is how many parts the pictures of when something happened have, where
// there is room for all.
const cells = 48

// scope says what of a report is shown, and the time that its pictures span.
type scope struct {
	from, to eventlog.Stamp
	day      eventlog.Stamp             // what was first seen since then is new; zero: nobody can tell
	keep     func(eventlog.SpanID) bool // the filter; nil leaves everything
}

// ready makes a report ready.
func ready(r *trouble.Report, o scope) *shown {
	s := &shown{from: o.from, to: o.to, filtered: o.keep != nil, tools: r.Slow.Tools}
	left := func(places []trouble.Place) bool {
		return o.keep == nil || slices.ContainsFunc(places, func(p trouble.Place) bool { return o.keep(p.Span) })
	}
	for i := range r.Families {
		if f := o.family(&r.Families[i]); f != nil {
			s.families = append(s.families, f)
			s.failures += len(f.places)
		}
	}
	slices.SortStableFunc(s.families, func(a, b *family) int { return cmp.Compare(len(b.places), len(a.places)) })
	for _, l := range r.Loops {
		if !left(l.Places) {
			continue
		}
		s.loops = append(s.loops, l)
		s.wasted.Add(l.Spent)
		if l.Open {
			s.going++
		}
	}
	for _, t := range r.Retries {
		if left(t.Places) {
			s.retries = append(s.retries, t)
			s.lost += t.Lost
		}
	}
	for i := range s.tools {
		s.longest, s.took = max(s.longest, s.tools[i].Total), s.took+s.tools[i].Total
	}
	return s
}

// family makes a family ready, or returns nil where the filter leaves nothing of
// it.
func (o *scope) family(of *trouble.Family) *family {
	f := &family{Family: of, key: of.Class.String() + "\x00" + of.Signature, text: of.Signature, since: of.Since}
	if head := of.Tool + ": "; len(of.Signature) > len(head) && of.Signature[:len(head)] == head {
		f.text = of.Signature[len(head):]
	}
	for _, p := range slices.Backward(of.Places) {
		if o.keep == nil || o.keep(p.Span) {
			f.places = append(f.places, p)
		}
	}
	if len(f.places) == 0 {
		return nil
	}
	f.first, f.last = f.places[len(f.places)-1].Time, f.places[0].Time
	if len(f.places) == len(of.Places) {
		f.first, f.last = of.First, of.Last // some may have no time
	} else {
		f.since = rollup.Sum{} // it is known from the first failure on only
	}
	f.fresh = o.day.Known() && f.first >= o.day
	f.beats = make([]float64, cells)
	for _, p := range f.places {
		if i := cellOf(p.Time, o.from, o.to); i >= 0 {
			f.beats[i]++
		}
	}
	return f
}

// cellOf returns the cell of a picture that a time falls into, or -1.
func cellOf(at, from, to eventlog.Stamp) int {
	switch {
	case !at.Known() || !from.Known() || at < from || at > to:
		return -1
	case to == from:
		return 0
	}
	return min(cells-1, int(float64(at-from)/float64(to-from)*cells))
}

// keyOf tells a place from all others of a report.
func keyOf(p *trouble.Place) string {
	return p.Session + "\x00" + strconv.Itoa(int(p.Span))
}

// sortHits puts the sessions with most failures first.
func sortHits(hits []trouble.Hit) {
	slices.SortStableFunc(hits, func(a, b trouble.Hit) int { return cmp.Compare(b.Count, a.Count) })
}
