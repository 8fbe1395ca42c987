package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

// seeds are objects that encoding/json takes, objects that only this package
// takes, and lines that nobody may take.
var seeds = []string{
	`{}`, `{"a":1}`, ` {"a" : [1,{"b":"}"}] , "c":null}`, `{"a":"\ud800\udc00\ud800","a":-1.5e-7}`,
	`{"a":NaN}`, "{\"a\":\"\x00\xff\"}", `{"a":"\x"}`, `{"a":1e400,"b":9223372036854775808}`,
	`{"id":1,"event_ty{"id": 2}`, `{"a":1}}`, `{"a":[}`, `[1,2]`, `"x"`, `{"\u0061\"":{}}`,
}

// FuzzFields holds the scanner to encoding/json: it takes every object that
// encoding/json takes and finds the same in it; and what it takes beyond that
// becomes strict JSON by Repair.
func FuzzFields(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		got := map[string][]byte{}
		err := Fields(data, func(k, v []byte) bool {
			got[clean(string(k))] = v
			return true
		})
		valid, repaired := Valid(data), Repair(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if !json.Valid(repaired) {
			t.Errorf("Repair gave %q", repaired)
		}
		if again := Repair(repaired); !bytes.Equal(again, repaired) {
			t.Errorf("Repair changed %q into %q", repaired, again)
		}
		if json.Valid(data) && !valid {
			t.Error("Valid refuses what encoding/json takes")
		}
		if valid && KindOf(trim(data)) == ObjectKind && err != nil {
			t.Errorf("Valid takes it, Fields does not: %v", err)
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			return
		}
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d keys, want %d", len(got), len(want))
		}
		for k, v := range want {
			compareValue(t, k, got[clean(k)], v)
		}
	})
}

// clean spells text as encoding/json does: each byte that is not UTF-8 becomes
// U+FFFD.
func clean(s string) string { return string([]rune(s)) }

// compareValue holds the value helpers to what encoding/json decodes.
func compareValue(t *testing.T, key string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%q is %s, want %s", key, got, want)
	}
	var decoded any
	if json.Unmarshal(want, &decoded) != nil { // a number beyond float64
		if f, ok := Float(got); ok && KindOf(got) == NumberKind {
			t.Errorf("%q: %s is %v, which encoding/json refuses", key, got, f)
		}
		return
	}
	switch d := decoded.(type) {
	case string:
		if s, ok := String(got); !ok || clean(s) != d {
			t.Errorf("%q is %q, want %q", key, s, d)
		}
	case float64:
		if f, ok := Float(got); !ok || f != d {
			t.Errorf("%q is %v, want %v", key, f, d)
		}
		var n int64
		if json.Unmarshal(want, &n) == nil {
			if i, ok := Int(got); !ok || i != n {
				t.Errorf("%q is %d, want %d", key, i, n)
			}
		}
	case bool:
		if is, ok := Bool(got); !ok || is != d {
			t.Errorf("%q is %v, want %v", key, is, d)
		}
	case nil:
		if !IsNull(got) {
			t.Errorf("%q is not null", key)
		}
	case map[string]any:
		compareObject(t, got, len(d))
	case []any:
		n := 0
		if err := Elements(got, func([]byte) bool { n++; return true }); err != nil || n != len(d) {
			t.Errorf("%q has %d elements, %v; want %d", key, n, err, len(d))
		}
	}
}

func compareObject(t *testing.T, obj []byte, want int) {
	t.Helper()
	keys := map[string]bool{}
	err := Fields(obj, func(k, _ []byte) bool { keys[clean(string(k))] = true; return true })
	if err != nil || len(keys) != want {
		t.Errorf("%s has %d keys, %v; want %d", obj, len(keys), err, want)
	}
}

// FuzzLines holds the lines that are read in small and growing pieces to those
// that a split at the newlines gives.
func FuzzLines(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s+"\n"+s), uint8(3))
	}
	f.Add([]byte("\ufeff{}\r\n\x00\x00\n\x00{}\n \x00"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, block uint8) {
		var want [][]byte
		text := bytes.TrimPrefix(data, byteOrderMark)
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if line = bytes.Trim(line, " \t\r\x00"); len(line) > 0 {
				want = append(want, line)
			}
		}
		g := &growing{}
		l := NewLines(g, LinesOptions{Block: int(block)})
		var got [][]byte
		for step := 1 + int(block)/2; ; {
			line, err := l.Next(t.Context())
			switch {
			case errors.Is(err, ErrUTF16):
				return
			case err == nil:
				if !bytes.Equal(line.Body, bytes.Trim(data[line.Pos:line.Pos+int64(line.Size)], " \t\r\n\x00")) {
					t.Fatalf("%q is not what stands at %d+%d", line.Body, line.Pos, line.Size)
				}
				if line.Again {
					got = got[:len(got)-1]
				}
				got = append(got, bytes.Clone(line.Body))
				continue
			case len(g.text) < len(data):
				g.text = data[:min(len(data), len(g.text)+step)]
				continue
			}
			break
		}
		if r, ok := l.Pending(); ok {
			if l.given != nil { // it takes the place of what was given
				got = got[:len(got)-1]
			}
			got = append(got, bytes.Clone(r.Body))
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
