package handout

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// A night between two sittings is drawn narrow, and moments keep their order.
func TestScale(t *testing.T) {
	t.Parallel()
	s := newScale([]stretch{{at(50_000), at(50_100)}, {at(0), at(100)}, {at(20), at(30)}})
	if len(s.cuts) != 1 || s.place(at(0)) != 0 || s.place(at(50_100)) != 1 {
		t.Fatalf("%+v", s)
	}
	if night := s.place(at(50_000)) - s.place(at(100)); night > 0.02 || night <= 0 {
		t.Errorf("the night is %v wide", night)
	}
	last := -1.0
	for sec := 0.0; sec <= 50_100; sec += 10 {
		x := s.place(at(sec))
		if x < last || x < 0 || x > 1 {
			t.Fatalf("%v is at %v, what is before it at %v", sec, x, last)
		}
		last = x
	}
	for _, sec := range []float64{0, 10, 99, 50_001, 50_099} {
		if back := s.moment(s.place(at(sec))); back.Sub(at(sec)).Abs() > 1e7 {
			t.Errorf("%v comes back as %v", sec, back.Sub(at(0)))
		}
	}
	if s := newScale([]stretch{{at(0), at(60)}, {at(100), at(160)}}); len(s.cuts) != 0 {
		t.Error("a short gap is cut")
	}
	if s := newScale(nil); s.known() || s.place(at(3)) != 0 {
		t.Error("nothing has a place")
	}
	if s := newScale([]stretch{{0, 0}, {eventlog.Stamp(0), at(3)}}); s.known() {
		t.Error("what has no time has a place")
	}
}
