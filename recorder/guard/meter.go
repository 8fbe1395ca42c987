package guard

import (
	"math"
	"time"
)

// meter counts what a rule counts, in all or within the time that has just
// passed. Counts never wrap: a sum that is too large stays at the largest.
type meter struct {
	within  time.Duration
	sum     int64
	amounts []amount // of a meter with a time, the oldest first
}

type amount struct {
	at time.Time
	n  int64
}

// mostAmounts bounds what a meter remembers; beyond it the oldest are no longer
// counted, which is less than there was and never more.
const mostAmounts = 1 << 16

// add counts n, which may be less than nothing when a count is corrected, and
// returns what there is now.
func (m *meter) add(now time.Time, n int64) int64 {
	if m.within == 0 {
		m.sum = plus(m.sum, n)
		return m.sum
	}
	m.expire(now)
	if n != 0 {
		if len(m.amounts) == mostAmounts {
			m.drop(1)
		}
		m.amounts = append(m.amounts, amount{now, n})
		m.sum = plus(m.sum, n)
	}
	return m.sum
}

func (m *meter) expire(now time.Time) {
	old := 0
	for old < len(m.amounts) && now.Sub(m.amounts[old].at) > m.within {
		old++
	}
	m.drop(old)
}

func (m *meter) drop(n int) {
	for _, a := range m.amounts[:n] {
		m.sum = plus(m.sum, -a.n)
	}
	m.amounts = m.amounts[n:]
}

// clear begins anew.
func (m *meter) clear() { m.sum, m.amounts = 0, nil }

func plus(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
