package trace

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/forest"
)

// scale maps moments to places from 0 to 1. Gaps are cut to a sliver each, so
// that a session that went on the next day can be read.
type scale struct {
	from, to eventlog.Stamp
	gaps     []forest.Gap
	sliver   float64 // what a gap counts for, in nanoseconds
	base     float64
	length   float64
}

// gapWidth is the share of the rest that a gap keeps.
const gapWidth = 0.02

func newScale(from, to eventlog.Stamp, gaps []forest.Gap) scale {
	s := scale{from: from, to: to}
	idle := time.Duration(0)
	for _, g := range gaps {
		if g.End > from && g.Start < to {
			g.Start, g.End = max(g.Start, from), min(g.End, to)
			s.gaps = append(s.gaps, g)
			idle += g.End.Sub(g.Start)
		}
	}
	s.sliver = gapWidth * float64(time.Duration(to-from)-idle)
	s.base = s.lay(from)
	s.length = max(1, s.lay(to)-s.base)
	return s
}

// lay returns the moment on a line from which gaps were cut.
func (s *scale) lay(at eventlog.Stamp) float64 {
	out := float64(at - s.from)
	for _, g := range s.gaps {
		whole := float64(g.End - g.Start)
		switch {
		case at >= g.End:
			out -= whole - s.sliver
		case at > g.Start:
			out -= float64(at-g.Start) * (1 - s.sliver/whole)
		}
	}
	return out
}

// place returns where a moment lies, from 0 at the left to 1 at the right.
func (s *scale) place(at eventlog.Stamp) float64 { return (s.lay(at) - s.base) / s.length }

// moment returns which moment lies at a place.
func (s *scale) moment(place float64) eventlog.Stamp {
	lo, hi := s.from, s.to
	for hi-lo > eventlog.Stamp(time.Millisecond) {
		if mid := lo + (hi-lo)/2; s.place(mid) < place {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// idle returns how much time was cut.
func (s *scale) idle() (d time.Duration) {
	for _, g := range s.gaps {
		d += g.End.Sub(g.Start)
	}
	return d
}
