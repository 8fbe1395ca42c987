package eventlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// A summary comes to the same when what is no news to it is taken off events before,
// whatever sessions and copies they are of.
func TestNewsIsAllThatCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	syms := NewSymbols()
	plain, sifted := NewSummary(syms, "p", "test", 0), NewSummary(syms, "p", "test", 0)
	said := func(what string) string {
		if n := random.IntN(6); n > 0 {
			return fmt.Sprint(what, n)
		}
		return ""
	}
	takenOff := 0
	for n := range 500 {
		e := Event{SessionID: fmt.Sprint("s", random.IntN(4)), RunID: "r", Kind: SessionStart, Time: at(float64(n))}
		if random.IntN(3) == 0 {
			e.Of = "t"
		}
		if random.IntN(4) > 0 {
			e.Facts = &Facts{Goal: said("goal "), Name: said("name "), Command: said("command "), Title: said("title "), Directory: said("/")}
		}
		again := e
		if e.Facts != nil {
			facts := *e.Facts
			again.Facts = &facts
		}
		plain.Update(func() { plain.Add(int64(n), &e) })
		sifted.Update(func() {
			if again.Facts != nil {
				sifted.News(&again)
				if again.Facts.Goal != e.Facts.Goal {
					takenOff++
				}
			}
			sifted.Add(int64(n), &again)
		})
	}
	if takenOff == 0 {
		t.Error("nothing was taken off")
	}
	if !bytes.Equal(plain.Freeze(nil), sifted.Freeze(nil)) {
		t.Error("the summaries differ")
	}
}
