package handout

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// scale places moments from 0 to 1. Long stretches in which nothing was under way,
// a night between two sittings, are drawn narrow: to scale they would leave the work
// a few points.
type scale struct {
	from, to eventlog.Stamp
	cuts     []stretch // in order, not touching
	width    float64   // of everything, in units of time
}

type stretch struct{ from, to eventlog.Stamp }

// A gap is cut when it is long by itself and beside the whole; it is then drawn as
// wide as this part of what is left.
const (
	shortestCut = 2 * time.Minute
	cutShare    = 0.05
	cutWidth    = 0.015
)

// newScale makes a scale of the stretches in which something was under way.
func newScale(work []stretch) scale {
	slices.SortFunc(work, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	var s scale
	var gaps []stretch
	for _, w := range work {
		if !w.from.Known() {
			continue
		}
		w.to = max(w.to, w.from)
		if s.from == 0 {
			s.from, s.to = w.from, w.to
			continue
		}
		if w.from > s.to {
			gaps = append(gaps, stretch{s.to, w.from})
		}
		s.to = max(s.to, w.to)
	}
	whole := s.to.Sub(s.from)
	s.width = float64(whole)
	for _, g := range gaps {
		if took := g.to.Sub(g.from); took >= shortestCut && float64(took) >= cutShare*float64(whole) {
			s.cuts = append(s.cuts, g)
			s.width -= float64(took)
		}
	}
	s.width += float64(len(s.cuts)) * s.cut()
	return s
}

// cut is how wide a gap that was cut is drawn.
func (s *scale) cut() float64 {
	kept := float64(s.to.Sub(s.from))
	for _, c := range s.cuts {
		kept -= float64(c.to.Sub(c.from))
	}
	return max(1, kept) * cutWidth
}

func (s *scale) known() bool { return s.to > s.from }

// place says where a moment lies.
func (s *scale) place(at eventlog.Stamp) float64 {
	if !s.known() {
		return 0
	}
	at = max(s.from, min(s.to, at))
	x := float64(at.Sub(s.from))
	for _, c := range s.cuts {
		long := float64(c.to.Sub(c.from))
		switch {
		case at >= c.to:
			x += s.cut() - long
		case at > c.from:
			part := float64(at.Sub(c.from))
			x += part/long*s.cut() - part
		}
	}
	return max(0, min(1, x/s.width))
}

// moment is the other way round.
func (s *scale) moment(place float64) eventlog.Stamp {
	left, at := place*s.width, s.from
	for _, c := range s.cuts {
		before := float64(c.from.Sub(at))
		if left < before {
			break
		}
		left -= before
		if left < s.cut() {
			return c.from
		}
		left, at = left-s.cut(), c.to
	}
	return at + eventlog.Stamp(left)
}
