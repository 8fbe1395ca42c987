package rollup

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// A roll-up reads of the ledger what it adds up, and nothing else.
func TestChargedIsAllThatIsAddedUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var whole, part eventlog.Bill
		from, to := reflect.ValueOf(&whole).Elem(), reflect.ValueOf(&part).Elem()
		for i := range from.NumField() {
			fill(rnd, from.Field(i))
		}
		for _, name := range charged {
			to.FieldByName(name).Set(from.FieldByName(name))
		}
		var all, some Sum
		all.Charge(&whole)
		some.Charge(&part)
		if all != some {
			t.Fatalf("%+v comes to %+v, and by what is read of it to %+v", whole, all, some)
		}
	}
}

// fill sets a value and what it consists of to something.
func fill(rnd *rand.Rand, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(rnd, v.Field(i))
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			fill(rnd, v.Index(i))
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(rnd.IntN(2) > 0)
	case v.CanInt():
		v.SetInt(rnd.Int64N(100))
	case v.CanUint():
		v.SetUint(rnd.Uint64N(4))
	}
}
