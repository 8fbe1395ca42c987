package forest

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Gap is a stretch of time in which nothing was under way: a night between two
// sittings, say.
type Gap struct{ Start, End eventlog.Stamp }

// A gap is worth cutting when it is long by itself and beside the whole, and
// gaps are cut only when that makes much of a difference.
const (
	shortestGap = 2 * time.Minute
	gapShare    = 0.03
	cutShare    = 0.3
	gapBuckets  = 4096 // the precision with which gaps are found
)

// gaps finds the long stretches without a call, in one pass over the spans.
func (f *Forest) gaps(starts, ends []eventlog.Stamp, work []bool) []Gap {
	whole := f.End.Sub(f.Start)
	if whole < 2*shortestGap {
		return nil
	}
	// delta[i] is how many calls begin in bucket i less those that ended before.
	var delta [gapBuckets + 2]int32
	bucket := func(at eventlog.Stamp) int {
		return max(0, min(gapBuckets-1, int(float64(at-f.Start)/float64(whole)*gapBuckets)))
	}
	for _, id := range f.order {
		if !work[id] || !starts[id].Known() {
			continue
		}
		delta[bucket(starts[id])]++
		delta[bucket(max(starts[id], ends[id]))+1]--
	}
	least := max(shortestGap, time.Duration(gapShare*float64(whole)))
	var out []Gap
	var cut time.Duration
	width := float64(whole) / gapBuckets
	open, begin := int32(0), -1
	for i := range gapBuckets {
		open += delta[i]
		switch {
		case open == 0 && begin < 0:
			begin = i
		case open > 0 && begin >= 0:
			g := Gap{f.Start + eventlog.Stamp(float64(begin)*width), f.Start + eventlog.Stamp(float64(i)*width)}
			if d := g.End.Sub(g.Start); d >= least {
				out = append(out, g)
				cut += d
			}
			begin = -1
		}
	}
	if float64(cut) < cutShare*float64(whole) {
		return nil
	}
	return out
}
