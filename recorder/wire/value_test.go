package wire

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

var pieces = []string{
	"{", "}", "[", "]", ",", ":", `"`, `\`, " ", "\n", "\t", "\r", "\v", "0", "1", "-", "+", ".", "e", "E", "12", "true", "false", "null", "NaN", "tru", "nul",
	`"a"`, `"a":`, `"é\n\u00e9"`, `"\x"`, `"\u12g4"`, `"\u00"`, "\"\x01\"", "\"\x7f\xff\"", `"eight bytes and more, then a quote"`, `{"a":1}`, `[1,2]`, `{}`, `[]`, "-0.5e+3", "01", "1.", ".5",
}

// A text is taken when encoding/json takes it, and no other.
func TestValueEnd(t *testing.T) {
	t.Parallel()
	check := func(text string) {
		t.Helper()
		b := []byte(text)
		end := valueEnd(b, skip(b, 0), 1)
		if got, want := end >= 0 && skip(b, end) == len(b), json.Valid(b); got != want {
			t.Fatalf("%q: %v, encoding/json says %v", text, got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var text strings.Builder
		for range r.IntN(9) {
			text.WriteString(pieces[r.IntN(len(pieces))])
		}
		check(text.String())
	}
	for _, n := range []int{9_999, 10_000, 10_001} {
		check(strings.Repeat("[", n) + strings.Repeat("]", n))
		check(strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n))
	}
	// One byte that is another, at each place of a word.
	for at := range 24 {
		for c := range 256 {
			b := []byte(`"` + strings.Repeat("x", 24) + `"`)
			b[1+at] = byte(c)
			check(string(b))
		}
	}
}

func FuzzValueEnd(f *testing.F) {
	for _, text := range pieces {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		end := valueEnd(b, skip(b, 0), 1)
		if got, want := end >= 0 && skip(b, end) == len(b), json.Valid(b); got != want {
			t.Fatalf("%q: %v, encoding/json says %v", b, got, want)
		}
	})
}
