package rollup_test

import (
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/rollup"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	ten := make([]time.Duration, 10)
	for i := range ten {
		ten[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		name  string
		of    []time.Duration
		share float64
		want  time.Duration
	}{
		{"of none", nil, 0.5, 0},
		{"of one", ten[:1], 0.95, 1},
		{"the median of two is the lower", ten[:2], 0.5, 1},
		{"the median of three", ten[:3], 0.5, 2},
		{"nearly all of ten", ten, 0.95, 10},
		{"nine of ten", ten, 0.9, 9},
		{"none of ten is the first", ten, 0, 1},
		{"all of ten", ten, 1, 10},
	} {
		if got := rollup.Quantile(c.of, c.share); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
