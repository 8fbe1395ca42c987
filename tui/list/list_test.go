package list

import "testing"

func TestCursorStaysInSight(t *testing.T) {
	var l List
	l.SetLen(1_000_000)
	l.Resize(20) // size may come after data, and before
	for _, step := range []int{1, 7, 500, -3, 1_000_000, -1_000_000, 40} {
		l.Move(step)
		from, to := l.Visible()
		if c := l.Cursor(); c < from || c >= to || to-from != 20 {
			t.Fatalf("after %d: cursor %d, visible %d to %d", step, c, from, to)
		}
	}
	l.To(500)
	l.Scroll(3)
	if from, to := l.Visible(); l.Cursor() < from || l.Cursor() >= to {
		t.Errorf("scrolled away from the cursor: %d not in %d to %d", l.Cursor(), from, to)
	}
	l.Scroll(-1 << 20)
	if l.Top() != 0 {
		t.Errorf("top is %d", l.Top())
	}
}

func TestFewAndNone(t *testing.T) {
	var l List
	if l.Cursor() != -1 {
		t.Error("an empty list has a cursor")
	}
	l.Resize(10)
	l.SetLen(3)
	l.Move(5)
	if l.Cursor() != 2 || l.Top() != 0 {
		t.Errorf("cursor %d top %d, want 2 and 0", l.Cursor(), l.Top())
	}
	l.SetLen(1)
	if l.Cursor() != 0 {
		t.Errorf("cursor %d of one", l.Cursor())
	}
	l.Resize(0)
	l.SetLen(0)
	if from, to := l.Visible(); from != 0 || to != 0 {
		t.Error("nothing is visible")
	}
}

func TestKeepHoldsTheRow(t *testing.T) {
	var l List
	l.Resize(20)
	l.SetLen(1000)
	l.To(500)
	row := l.Cursor() - l.Top()
	l.SetLen(1300)
	l.Keep(800)
	if got := l.Cursor() - l.Top(); l.Cursor() != 800 || got != row {
		t.Errorf("cursor %d on row %d, want 800 on %d", l.Cursor(), got, row)
	}
}
