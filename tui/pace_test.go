package tui

import (
	"testing"
	"time"
)

// flood takes changes in for as long as they keep coming, and returns how much of
// the time that took.
func flood(p pace, step, lasts time.Duration) float64 {
	began := time.Unix(1_000_000, 0)
	var worked time.Duration
	now := began
	for now.Sub(began) < lasts {
		now = now.Add(p.due(now) + step)
		worked += step
		p = p.after(step, false, now)
	}
	return float64(worked) / float64(now.Sub(began))
}

// However much comes, taking it in takes a small part of a processor.
func TestPaceOfAFlood(t *testing.T) {
	for _, step := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 200 * time.Millisecond} {
		if got := flood(pace{}, step, 10*time.Minute); got > 1.01/share {
			t.Errorf("steps of %v take %.3f of the time", step, got)
		}
	}
}

// What comes by itself is taken in at once: after a pause, after all was loaded, and
// after a step that took longer than usual.
func TestPaceOfSingleChanges(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	soon := func(p pace, after time.Duration, when string) {
		t.Helper()
		if d := p.due(now.Add(after)); d > 5*time.Millisecond {
			t.Errorf("%s: %v", when, d)
		}
	}
	loading := pace{}.after(300*time.Millisecond, true, now)
	if d := loading.due(now); d < time.Second {
		t.Errorf("while it is loaded: %v", d)
	}
	soon(loading.after(time.Second, false, now), 100*time.Millisecond, "after it was loaded")
	p := loading.after(time.Second, false, now).after(10*time.Millisecond, false, now)
	soon(p, 100*time.Millisecond, "after a long step")
	soon(p.after(time.Second, false, now), time.Minute, "after a pause")
	if d := p.after(time.Second, false, now).due(now); d < 19*time.Second {
		t.Errorf("after a step of a second: %v", d)
	}
}
