package eventlog

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// filler puts something into every field of a value, of private ones as well, so
// that a field that is not spelled is missed.
type filler struct {
	syms *Symbols
	n    int64
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	if !v.CanSet() && v.CanAddr() {
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	small := f.n%3 + 1 // within every list of names
	switch v.Interface().(type) {
	case Sym:
		v.SetUint(uint64(f.syms.Intern("name " + strconv.FormatInt(f.n, 10))))
		return
	case Kind, Rule, Outcome, Link, PauseKind, CostSource:
		v.SetUint(uint64(min(small, 2)))
		return
	case map[Sym]*Run, []Bill:
		return // made when it is needed
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.n * 7919 % (1 << 20))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n*31%200 + 1))
	case reflect.Float64:
		v.SetFloat(float64(f.n) / 3)
	case reflect.String:
		v.SetString(strings.Repeat("ä", int(f.n%5)) + strconv.FormatInt(f.n, 10))
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "latest" || name == "shared" || name == "at" {
				continue // of this process
			}
			f.fill(v.Field(i))
		}
	default:
		panic(v.Type())
	}
}

// full is a summary of which no field is zero that is kept.
func full(syms *Symbols) *Summary {
	s := NewSummary(syms, "p", "test", -3)
	f := filler{syms: syms}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "Path", "mu", "names", "paid", "used", "version", "last", "added", "table", "watch", "own":
			continue // of this process
		case "entries":
			entries := make([]Entry, 3)
			f.fill(reflect.ValueOf(&entries).Elem())
			s.entries = narrowListOf(entries)
			continue
		}
		f.fill(v.Field(i))
	}
	for i := range s.faults.Samples {
		s.faults.Samples[i].Path = s.Path
	}
	var own Sym
	var copied copyKey
	for own = range s.sessions {
	}
	for copied = range s.copies {
	}
	for i := range s.entries.n {
		e := s.entries.edit(i)
		e.Segment = 0 // the catalog's
		e.Session, e.Of = copied.session, copied.of
		if i == 1 {
			e.Session, e.Of = own, 0
		}
	}
	for i := range s.uses {
		u := &s.uses[i]
		u.Segment = 0
		u.Session, u.Of = copied.session, copied.of
		if i == 1 {
			u.Session, u.Of = own, 0
		}
	}
	for i := range s.tallies {
		s.tallies[i].Session, s.tallies[i].Of = copied.session, copied.of
	}
	for _, p := range slices.Concat(slices.Collect(maps.Values(s.sessions)), slices.Collect(maps.Values(s.copies))) {
		for i, r := range p.runs {
			r.at = int32(i)
		}
	}
	return s
}

func TestThawKeepsEveryField(t *testing.T) {
	syms := NewSymbols()
	want := full(syms)
	got, ok := Thaw(syms, want.Path, want.Freeze(nil))
	if !ok {
		t.Fatal("it cannot be read")
	}
	got.paid, got.used, got.names = want.paid, want.used, want.names
	want.version = got.version
	if a, b := valuesOf(got.entries.now()), valuesOf(want.entries.now()); !slices.Equal(a, b) {
		t.Errorf("entries:\n%+v\nwant\n%+v", a, b)
	}
	got.entries = want.entries
	if !reflect.DeepEqual(got, want) {
		for i := range reflect.ValueOf(got).Elem().NumField() {
			a, b := reflect.ValueOf(got).Elem().Field(i), reflect.ValueOf(want).Elem().Field(i)
			a, b = reflect.NewAt(a.Type(), a.Addr().UnsafePointer()).Elem(), reflect.NewAt(b.Type(), b.Addr().UnsafePointer()).Elem()
			if !reflect.DeepEqual(a.Interface(), b.Interface()) {
				t.Errorf("%s:\n%+v\nwant\n%+v", reflect.TypeFor[Summary]().Field(i).Name, a, b)
			}
		}
	}
}

// Symbols are numbered as names are met, so another process has others.
func TestThawInAnotherProcess(t *testing.T) {
	bytesOf := full(NewSymbols()).Freeze(nil)
	other := NewSymbols()
	for _, name := range []string{"name 9", "unheard of", "name 3"} {
		other.Intern(name)
	}
	s, ok := Thaw(other, "p", bytesOf)
	if !ok || !bytes.Equal(s.Freeze(nil), bytesOf) {
		t.Error("the bytes of the same summary differ")
	}
}

// Whatever stands in the bytes, reading them ends, and makes no more room than
// they could fill.
func TestThawOfDamage(t *testing.T) {
	whole := full(NewSymbols()).Freeze(nil)
	for n := range whole {
		if _, ok := Thaw(NewSymbols(), "p", whole[:n]); ok {
			t.Fatalf("%d of %d bytes are a summary", n, len(whole))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := bytes.Clone(whole)
		for range 1 + random.IntN(4) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		if s, ok := Thaw(NewSymbols(), "p", b); ok {
			src := NewSources(s.names.syms)
			src.Add(s)
			src.Catalog() // what it has can be added up
		}
	}
}

// Most of a start with summaries that are kept is this.
func BenchmarkThaw(b *testing.B) {
	syms := NewSymbols()
	s := NewSummary(syms, "p", "test", 0)
	s.Update(func() {
		for n := range 65 {
			e := billed("0f0e0d0c-1111-4aaa-8bbb-cccccccccccc", strconv.Itoa(n), 5, false)
			e.Time = at(float64(n))
			s.Add(int64(n)*900, &e)
			s.Add(int64(n)*900+300, &Event{SessionID: e.SessionID, RunID: e.RunID, Kind: ToolCall, Tool: "Bash", Use: Identify("tool", strconv.Itoa(n)), CallID: strconv.Itoa(n), Time: at(float64(n))})
		}
	})
	frozen := s.Freeze(nil)
	b.SetBytes(int64(len(frozen)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Thaw(syms, "p", frozen); !ok {
			b.Fatal("it cannot be read")
		}
	}
}
