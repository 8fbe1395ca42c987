package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

var outlineShape = Shape{"payload": nil, "message": {"content": {"": nil}, "usage": {"": nil}}}

// outlines spells the members of an object as an outline tells them.
func outlines(o *Outliner, obj []byte) (string, []eventlog.Member, bool) {
	members, ok := o.Outline(obj, nil)
	var b strings.Builder
	for _, m := range members {
		fmt.Fprintf(&b, "%s=%s+%d\n", obj[m.Key:m.Key+uint32(m.KeyLen)], obj[m.From:m.To], m.Inner)
	}
	return b.String(), members, ok
}

// fields spells them as Fields and Elements tell them, which look at each key anew.
func fields(value []byte, shape Shape) (text string, n int, err error) {
	err = Members(value, func(key, v []byte) bool {
		inner, more := "", 0
		if s, ok := shape[string(key)]; ok && len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			if t, n, err := fields(v, s); err == nil {
				inner, more = t, n
			}
		}
		text += fmt.Sprintf("%s=%s+%d\n%s", key, v, more, inner)
		n += 1 + more
		return true
	})
	return text, n, err
}

// checkOutline holds an outline to what is told without one.
func checkOutline(t *testing.T, o *Outliner, obj []byte) []eventlog.Member {
	t.Helper()
	got, members, ok := outlines(o, obj)
	if !ok {
		if got != "" {
			t.Fatalf("%q is none, and has %q", obj, got)
		}
		return nil
	}
	want, _, err := fields(trim(obj), outlineShape)
	if err != nil || got != want {
		t.Fatalf("%q (%v)\n%swant\n%s", obj, err, got, want)
	}
	return members
}

// randomObject spells an object whose keys mostly stand in one of a few orders.
func randomObject(r *rand.Rand, deep int) string {
	var b strings.Builder
	b.WriteByte('{')
	orders := []string{"ts type id payload", "ts type id message text", "type ts a", "id", "message payload usage content", "content usage"}
	keys := strings.Fields(orders[r.IntN(len(orders))])
	if r.IntN(4) == 0 {
		keys = append(keys, fmt.Sprint("k", r.IntN(5000)), strings.Repeat("long", r.IntN(12)), "")
		r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	}
	space := func() string { return []string{"", " ", " ", " ", "\t ", strings.Repeat(" ", 30)}[min(r.IntN(40), 5)] }
	for i, key := range keys {
		if i > 0 {
			b.WriteString("," + space())
		}
		fmt.Fprintf(&b, `"%s":%s%s`, key, space(), randomValue(r, deep-1))
	}
	b.WriteByte('}')
	return b.String()
}

func randomValue(r *rand.Rand, deep int) string {
	switch n := r.IntN(8); {
	case n < 2 && deep > 0:
		return randomObject(r, deep)
	case n < 3 && deep > 0:
		return "[" + randomValue(r, deep-1) + " , " + randomValue(r, deep-1) + "]"
	case n < 5:
		return fmt.Sprint(r.IntN(1000))
	}
	return []string{`""`, `"id"`, `"a\"b\\"`, `null`, `"` + strings.Repeat("x", r.IntN(90)) + `"`}[r.IntN(5)]
}

// TestOutline holds what an outliner tells, after whatever it has seen, to what Fields does;
// and members with one number to one name in one place.
func TestOutline(t *testing.T) {
	o := NewOutliner(outlineShape)
	names := map[uint16]string{}
	r := rand.New(rand.NewPCG(1, 2))
	numbered := 0
	for range 20000 {
		obj := []byte(randomObject(r, 4))
		if r.IntN(20) == 0 { // a broken one
			obj[r.IntN(len(obj))] = `"{}[]:, x\`[r.IntN(10)]
		}
		members := checkOutline(t, o, obj)
		tellPlaces(obj, members, "", func(m *eventlog.Member, place string) {
			if m.Number == 0 {
				return
			}
			numbered++
			if was, ok := names[m.Number]; ok && was != place {
				t.Fatalf("%d is %q and %q", m.Number, was, place)
			}
			names[m.Number] = place
		})
	}
	if numbered == 0 || o.notes.count.Load() > mostKnown+1 {
		t.Errorf("%d members have numbers, of %d keys", numbered, o.notes.count.Load())
	}
}

// tellPlaces calls fn for each member and the names of those that it stands in.
func tellPlaces(obj []byte, members []eventlog.Member, above string, fn func(m *eventlog.Member, place string)) {
	for i := 0; i < len(members); i += 1 + int(members[i].Inner) {
		m := &members[i]
		place := above + "/" + string(obj[m.Key:m.Key+uint32(m.KeyLen)])
		fn(m, place)
		tellPlaces(obj, members[i+1:i+1+int(m.Inner)], place, fn)
	}
}

// TestOutlineOfMany is what TestOutline is, for several goroutines with one outliner.
func TestOutlineOfMany(t *testing.T) {
	o := NewOutliner(outlineShape)
	line := []byte(`{"ts":1,"type":2,"id":3,"payload":{"id":4}}`)
	told := make([][]eventlog.Member, 4)
	var wg sync.WaitGroup
	for n := range told {
		wg.Go(func() {
			for range 3 { // noted, then known
				told[n], _ = o.Outline(line, nil)
			}
			r := rand.New(rand.NewPCG(uint64(n), 3))
			for range 2000 {
				obj := []byte(randomObject(r, 4))
				if got, _, _ := outlines(o, obj); got != "" {
					if want, _, err := fields(obj, outlineShape); err != nil || got != want {
						t.Errorf("%q (%v)\n%swant\n%s", obj, err, got, want)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	for _, members := range told {
		if !slices.Equal(members, told[0]) || members[0].Number == 0 || members[4].Number == 0 {
			t.Errorf("%+v\nand\n%+v", told[0], members)
		}
	}
}

// What an outliner notes is bounded, whatever comes, and what it knew before stays known.
func TestOutlineOfEndlessKeys(t *testing.T) {
	o := NewOutliner(nil)
	line := []byte(`{"ts": 1, "type": 2}`)
	before, _ := o.Outline(line, nil)
	for n := range 5000 {
		o.Outline(fmt.Appendf(nil, `{"ts": 1, "k%d": {}, "type": 2, "%d": 1}`, n%3, n), nil)
		o.Outline(fmt.Appendf(nil, `{"key %d": 1, "%d": 2}`, n, n), nil)
	}
	if o.notes.count.Load() > mostKnown+1 {
		t.Errorf("%d keys are noted", o.notes.count.Load())
	}
	if after, _ := o.Outline(line, nil); len(after) != 2 || after[0] != before[0] || after[1] != before[1] || after[1].Number == 0 {
		t.Errorf("%+v, then %+v", before, after)
	}
}

// Neither known keys nor endless new ones cost memory.
func TestOutlineAllocatesNothing(t *testing.T) {
	o := NewOutliner(outlineShape)
	room := make([]eventlog.Member, 0, 64)
	next := 0
	for what, line := range map[string]func() []byte{
		"known": func() []byte { return []byte(`{"ts": 1, "type": "a", "payload": {"text": "b"}}`) },
		"endless": func() []byte {
			next++
			return fmt.Appendf(nil, `{"ts": 1, "payload": {"k%d": 1, "l%d": 2}}`, next, next)
		},
	} {
		for range 100 {
			o.Outline(line(), room)
		}
		lines := make([][]byte, 101)
		for i := range lines {
			lines[i] = line()
		}
		i := 0
		if n := testing.AllocsPerRun(100, func() { o.Outline(lines[i], room); i++ }); n > 0 {
			t.Errorf("%s: %v allocations a line", what, n)
		}
	}
}

// FuzzOutline holds outlines of any lines, one after the other, to Fields, and what an
// outline is made of to encoding/json's idea of an object.
func FuzzOutline(f *testing.F) {
	f.Add([]byte("{\"ts\": 1, \"type\": \"a\"}\n{\"ts\": 1, \"type\": \"b\", \"payload\": {\"a\": [1]}}\n{\"ts\": 1,\"type\":  2}"))
	f.Add([]byte(`{"message":{"content":[{"a":1},[],"x"],"usage":[]}}`))
	f.Add([]byte(`{"a":1,"a":2}x`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := NewOutliner(outlineShape)
		for line := range bytes.Lines(text) {
			members := checkOutline(t, o, line)
			if m := map[string]json.RawMessage{}; members == nil && json.Unmarshal(line, &m) == nil && len(m) > 0 && !bytes.Contains(line, []byte(`\`)) {
				t.Fatalf("%q has no outline", line)
			}
		}
	})
}
