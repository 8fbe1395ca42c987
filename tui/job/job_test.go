package job

import "testing"

func TestStaleWorkIsDropped(t *testing.T) {
	var j Job
	first, old := j.Restart(t.Context())
	_, now := j.Restart(t.Context())
	if first.Err() == nil {
		t.Error("the first piece was not called off")
	}
	if fresh, _ := j.Land(old); fresh {
		t.Error("a stale result is fresh")
	}
	if fresh, again := j.Land(now); !fresh || again {
		t.Errorf("fresh %v again %v", fresh, again)
	}
	if j.Busy() {
		t.Error("still busy")
	}
}

func TestChangesMeanwhileAreDoneOnce(t *testing.T) {
	var j Job
	_, ticket, ok := j.Start(t.Context())
	if !ok {
		t.Fatal("not started")
	}
	for range 5 {
		if _, _, ok := j.Start(t.Context()); ok {
			t.Fatal("two at once")
		}
	}
	if fresh, again := j.Land(ticket); !fresh || !again {
		t.Errorf("fresh %v again %v", fresh, again)
	}
	_, ticket, _ = j.Start(t.Context())
	if _, again := j.Land(ticket); again {
		t.Error("done again though nothing changed")
	}
}
