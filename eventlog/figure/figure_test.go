package figure

import (
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestFigures(t *testing.T) {
	const dollar = eventlog.Dollar
	for _, c := range [][2]string{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1.0k"}, {Count(12_100), "12.1k"}, {Count(99_949), "99.9k"}, {Count(310_000), "310k"},
		{Count(999_499), "999k"}, {Count(999_500), "1.0M"}, {Count(2_100_000), "2.1M"}, {Count(-5), "-5"},
		{Whole(1_204_310), "1,204,310"}, {Whole(-47_119), "-47,119"}, {Whole(7), "7"}, {Whole(-100), "-100"},
		{Money(0), "0.00"}, {Money(4*dollar + dollar/8), "4.12"}, {Money(dollar / 100), "0.010"}, {Money(1), "<.001"}, {Money(212 * dollar), "212.00"}, {Money(-dollar), "-1.00"},
		{Cost(0, 0, 0, 0, 0), ""}, {Cost(0, 0, 3, 3, 0), "no price"}, {Cost(dollar, 0, 3, 1, 0), "1.00+"}, {Cost(0, dollar, 3, 0, 0), "~1.00"}, {Dollars(0, dollar, 1, 0, 0), "~$1.00"},
		{Duration(0), "0s"}, {Duration(300 * time.Microsecond), "<1ms"}, {Duration(73 * time.Millisecond), "73ms"}, {Duration(4100 * time.Millisecond), "4.1s"}, {Duration(14 * time.Second), "0:14"},
		{Clock(18*time.Minute + 3*time.Second), "18:03"}, {Clock(time.Hour + 2*time.Minute + 3*time.Second), "1:02:03"}, {Clock(17*time.Hour + 5*time.Minute), "17h 05m"}, {Clock(102 * time.Hour), "4d 6h"},
		{Percent(0, 10), "0%"}, {Percent(1, 1000), "<1%"}, {Percent(999, 1000), "99%"}, {Percent(10, 10), "100%"}, {Percent(1, 0), "0%"},
		{Ago(time.Second), "now"}, {Ago(61 * time.Minute), "1h"}, {Ago(49 * time.Hour), "2d"}, {Bytes(212), "212 B"}, {Bytes(18_400), "18 kB"}, {Bytes(3_210_000), "3.2 MB"}, {Bytes(1_530_000_000), "1.5 GB"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestNoun(t *testing.T) {
	for n, want := range map[int64]string{0: "0 steps", 1: "1 step", 1200: "1,200 steps"} {
		if got := Plural(n, "step"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
