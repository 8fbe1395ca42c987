package eventlog

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// mixture has a number of each kind, at places that leave gaps.
type mixture struct {
	A int64
	B bool
	C int32
	D uint8
	E uint32
	F Identity
	G uint16
	H uint64
	I struct {
		J Money
		K Kind
	}
	L [3]bool
}

// Whatever numbers a value has, also the smallest and the largest there are, what was
// put in comes out, and what a view showed stays as it was.
func TestNarrowGivesBackWhatWasPut(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	number := func(spread int) int64 {
		switch spread {
		case 0:
			return 5
		case 1:
			return rnd.Int64N(3) - 1
		case 2:
			return 1_788_249_604_000_000_000 + rnd.Int64N(1e12)
		}
		return []int64{math.MinInt64, math.MaxInt64, 0, -1, rnd.Int64()}[rnd.IntN(5)]
	}
	for spread := range 4 {
		random := func() (v mixture) {
			n := func() int64 { return number(spread) }
			v.A, v.B, v.C, v.D, v.E, v.G, v.H = n(), n() > 0, int32(n()), uint8(n()), uint32(n()), uint16(n()), uint64(n())
			v.I.J, v.I.K, v.L[1] = Money(n()), Kind(n()), n() > 0
			for i := range v.F {
				v.F[i] = byte(n())
			}
			return v
		}
		var spare sync.Pool
		l := narrowList[mixture]{tails: &spare}
		var want []mixture
		type shown struct {
			view Narrow[mixture]
			want []mixture
		}
		var all []shown
		for i := range 5*chunk + 77 {
			v := random()
			if at := l.append(v); at != i {
				t.Fatalf("value %d is number %d", i, at)
			}
			want = append(want, v)
			if rnd.IntN(50) == 0 {
				at, v := rnd.IntN(i+1), random()
				*l.edit(at), want[at] = v, v
				if l.at(at) != v {
					t.Fatalf("value %d is %+v after it became %+v", at, l.at(at), v)
				}
			}
			if rnd.IntN(90) == 0 {
				l.settle()
			}
			if rnd.IntN(400) == 0 {
				all = append(all, shown{l.view(), append([]mixture(nil), want...)})
			}
		}
		all = append(all, shown{l.view(), want})
		for _, s := range all {
			if s.view.Len() != len(s.want) {
				t.Fatalf("%d values of %d", s.view.Len(), len(s.want))
			}
			window := s.view.Window()
			for i, v := range s.view.All() {
				if *v != s.want[i] || s.view.At(i) != s.want[i] || *window.At(i) != s.want[i] {
					t.Fatalf("spread %d: value %d is %+v, it was %+v", spread, i, *v, s.want[i])
				}
			}
		}
	}
}

// What the index keeps of an event is narrow: a model call, a tool call and their
// results as agents log them.
func TestIndexIsNarrow(t *testing.T) {
	x := NewIndex(NewSymbols())
	for i := range 20 * chunk {
		at := Stamp(1_788_249_604_000_000_000 + int64(i)*700_000_000)
		x.Append(Place{Size: int32(1500 + i%900), Pos: int64(i) * 1500}, &Event{SessionID: "s", RunID: "r", Kind: Custom, Type: "x", Time: at})
	}
	snap := x.Publish()
	bytes := 0
	for _, f := range snap.Rows.frames {
		bytes += len(f.data)
	}
	if perRow := float64(bytes) / float64(20*chunk); perRow > 16 {
		t.Errorf("a row takes %.1f bytes", perRow)
	}
}

func valuesOf[T any](v Narrow[T]) (values []T) {
	for _, one := range v.All() {
		values = append(values, *one)
	}
	return values
}

// What is taken out is gone, and what is left keeps its order, also in a list that was
// settled and is added to again.
func TestNarrowDrops(t *testing.T) {
	for _, n := range []int{0, 1, chunk, 2*chunk + 5} {
		l := narrowList[Identity]{tails: &sync.Pool{}}
		for i := range n {
			l.append(Identity{byte(i), byte(i >> 8)})
		}
		l.settle()
		l.drop(func(id *Identity) bool { return id[0]%2 == 1 })
		l.append(Identity{7})
		values := valuesOf(l.now())
		if len(values) != (n+1)/2+1 || values[len(values)-1] != (Identity{7}) {
			t.Fatalf("of %d are left %d", n, len(values))
		}
		for i, id := range values[:len(values)-1] {
			if id != (Identity{byte(2 * i), byte(2 * i >> 8)}) {
				t.Fatalf("of %d, number %d is %v", n, i, id)
			}
		}
	}
}

// Who asks for some fields gets them as they are, wherever they are from, and of the
// others nothing is made.
func TestNarrowOfSomeFields(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	values := make([]Entry, 2*chunk+99)
	for i := range values {
		e := &values[i]
		e.Usage.Input, e.Usage.Output, e.Cost, e.Void, e.Source = rnd.Int64N(1e6), rnd.Int64N(1e3), Money(rnd.Int64()), rnd.IntN(2) > 0, CostSource(rnd.IntN(3))
		e.Time, e.Model, e.Pos = Stamp(rnd.Int64()), Sym(rnd.Uint32()), rnd.Int64()
		for k := range e.Call {
			e.Call[k] = byte(rnd.Uint32())
		}
	}
	some := NarrowOf(values).Only(FieldsOf[Entry]("Usage", "Cost", "Time", "Void"))
	window, untold := some.Window(), 0
	for i, v := range some.All() {
		for _, got := range []Entry{*v, some.At(i), *window.At(i)} {
			if want := values[i]; got.Usage != want.Usage || got.Cost != want.Cost || got.Time != want.Time || got.Void != want.Void {
				t.Fatalf("value %d is %+v, want %+v", i, got, want)
			}
			if got.Call != values[i].Call && got.Pos != values[i].Pos {
				untold++
			}
		}
	}
	if untold < chunk {
		t.Errorf("what nobody asked for was made: %d values lack it", untold)
	}
	for range 1000 {
		if i := rnd.IntN(len(values)); window.At(i).Usage != values[i].Usage {
			t.Fatalf("value %d out of order is another one", i)
		}
	}
}
