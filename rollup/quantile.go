package rollup

import (
	"math"
	"time"
)

// Quantile returns the least of some sorted times that a share of them, from 0 to
// 1, does not exceed: with 0.5 the median, of an even number the lower of two. Of
// none it is zero. It is one of the times, so that it can be found in the log.
func Quantile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	n := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(len(sorted), max(1, n))-1]
}
