package growth

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/window"
)

// Of many turns several share a bar, which shows the most of each of them; what was
// only asked aside does not hide the others.
func TestColumns(t *testing.T) {
	bars := []bar{
		{context: 10, fresh: 1, output: 5}, {context: 40, fresh: 30, cost: 7},
		{context: 90, aside: true, fresh: 2}, {context: 50, shortened: true, guessed: true, output: 9},
		{context: 3, aside: true}, {context: 4, aside: true},
	}
	got := columns(bars, 3)
	want := []bar{
		{context: 40, fresh: 30, output: 5, cost: 7},
		{context: 50, fresh: 2, output: 9, shortened: true, guessed: true},
		{context: 4, aside: true},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("bar %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if same := columns(bars, 10); len(same) != len(bars) {
		t.Errorf("%d bars of %d, with room for 10", len(same), len(bars))
	}
}

// Each turn stands in the column that is drawn for it, however many there are, and
// a click there finds a turn of that column.
func TestPlot(t *testing.T) {
	for _, turns := range []int{1, 2, 7, 99, 100, 101, 157, 5000, 20_000, 123_457} {
		for _, width := range []int{1, 30, 107, 300} {
			p := &Pane{found: &found{}}
			p.at[picture].w = width + gutter + 1
			r := run{Run: &window.Run{Turns: make([]window.Turn, turns)}, bars: columns(make([]bar, turns), mostBars)}
			p.found.runs = []run{r}
			l := p.plot(&r)
			last := 0
			for turn := range turns {
				b := l.of(turn)
				if b < last || b > last+1 || b >= len(l.bars) {
					t.Fatalf("%d turns in %d columns: turn %d is in bar %d of %d, the one before in %d", turns, width, turn, b, len(l.bars), last)
				}
				last = b
			}
			if last != len(l.bars)-1 {
				t.Errorf("%d turns in %d columns: the last is in bar %d of %d", turns, width, last, len(l.bars))
			}
			for x := range l.width {
				turn, ok := p.turnAt(x + gutter)
				from, to := l.bar(l.of(turn))
				if near := len(l.bars) < turns; !ok || !near && (x < from || x >= to) || x < from-1 || x > to {
					t.Fatalf("%d turns in %d columns: column %d is turn %d, drawn at %d to %d", turns, width, x, turn, from, to)
				}
			}
		}
	}
}

// What no cache had is seen in the picture where it is much, and the parts of a pile
// never come to more than the whole.
func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		b    bar
		want [3]int
	}{
		"all of it new":         {bar{context: 50, fresh: 50}, [3]int{0, 40, 40}},
		"none of it":            {bar{context: 50}, [3]int{40, 40, 40}},
		"half":                  {bar{context: 50, fresh: 25}, [3]int{20, 40, 40}},
		"too little to be seen": {bar{context: 50, fresh: 2}, [3]int{40, 40, 40}},
		"more new than read":    {bar{context: 50, fresh: 80}, [3]int{0, 40, 40}},
		"output":                {bar{context: 50, output: 10}, [3]int{40, 40, 48}},
		"nothing":               {bar{}, [3]int{0, 0, 0}},
	} {
		if got := levels(&c.b, 100, 10); [3]int(got) != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The limit is the top of the picture unless the context is far below it.
func TestScale(t *testing.T) {
	of := func(largest, limit int64) *run {
		return &run{Run: &window.Run{Turns: []window.Turn{{Usage: eventlog.Usage{Input: largest}}}, Limit: window.Limit{Tokens: limit}}}
	}
	for _, c := range []struct {
		largest, limit, top int64
		is                  bool
	}{{150, 200, 200, true}, {67, 200, 200, true}, {16, 200, 18, false}, {300, 200, 337, false}, {0, 0, 1, true}} {
		if top, is := of(c.largest, c.limit).scale(); top != c.top || is != c.is {
			t.Errorf("%d of %d: scale to %d, %v", c.largest, c.limit, top, is)
		}
	}
}

// A block is carried until the next compaction.
func TestUntil(t *testing.T) {
	r := run{Run: &window.Run{Turns: make([]window.Turn, 10), Compactions: []window.Compaction{{At: 4}, {At: 8}, {At: 10}}}}
	for turn, want := range map[int]int{0: 4, 3: 4, 4: 8, 7: 8, 8: 10, 9: 10} {
		if got := r.until(turn); got != want {
			t.Errorf("turn %d: until %d, want %d", turn, got, want)
		}
	}
}
