package jsonl

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"
)

// spellings calls fn for every text of up to so many of the letters.
func spellings(letters string, most int, fn func(text []byte)) {
	text := make([]byte, 0, most)
	var longer func()
	longer = func() {
		fn(text)
		if len(text) == most {
			return
		}
		for _, c := range []byte(letters) {
			text = append(text, c)
			longer()
			text = text[:len(text)-1]
		}
	}
	longer()
}

// TestShortNumbers holds what is quick with numbers to what takes everything: all
// texts of a few letters that numbers are spelled with.
func TestShortNumbers(t *testing.T) {
	spellings("019-.e+", 6, func(text []byte) {
		valid := json.Valid(text)
		if is := isScalar(text); is != valid {
			t.Fatalf("isScalar(%q) = %v", text, is)
		}
		d, ok := parseDecimal(text)
		if slow, slowOK := anyDecimal(text); ok != valid || slowOK != valid || valid && d != slow {
			t.Fatalf("%q is %+v, %v; looked at closely %+v, %v", text, d, ok, slow, slowOK)
		}
		if f, ok := Float(text); valid {
			if want, err := strconv.ParseFloat(string(text), 64); ok != (err == nil) || ok && f != want {
				t.Fatalf("%q is %v, want %v, %v", text, f, want, err)
			}
		}
		// What stands behind a number may end it, or make it none.
		for _, behind := range []string{",", "}", " ", "x"} {
			end := skipValue(append(bytes.Clone(text), behind...), 0)
			if want := len(text); valid && behind != "x" && end != want || (!valid || behind == "x") && end == want && want > 0 {
				t.Fatalf("%q before %q ends at %d", text, behind, end)
			}
		}
	})
}

// TestPlainEnd holds looking for the end of a key eight bytes at a time to looking at
// each, wherever in a word it is.
func TestPlainEnd(t *testing.T) {
	spellings("a\"\\", 9, func(text []byte) {
		for _, before := range []string{"", "agent", "parent_session", "\u00a2\u00dd"} {
			key := append([]byte(before), text...)
			want := bytes.IndexAny(key, "\"\\")
			if want >= 0 && key[want] == '\\' {
				want = -1
			}
			if end := plainEnd(key, 0); end != want {
				t.Fatalf("%q ends at %d, want %d", key, end, want)
			}
			if i := len(before); want >= i {
				if end := plainEnd(key, i); end != want {
					t.Fatalf("%q from %d on ends at %d, want %d", key, i, end, want)
				}
			}
		}
	})
}
