package textdiff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sides returns the two texts that pieces are a diff of.
func sides(pieces []Piece) (a, b string) {
	for _, p := range pieces {
		if p.Kind != Added {
			a += p.Text
		}
		if p.Kind != Removed {
			b += p.Text
		}
	}
	return a, b
}

// spell writes pieces as people would mark them.
func spell(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p.Kind {
		case Removed:
			fmt.Fprintf(&b, "[-%s-]", p.Text)
		case Added:
			fmt.Fprintf(&b, "{+%s+}", p.Text)
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"nothing", "", "", ""},
		{"the same", "a b", "a b", "a b"},
		{"a word", "run npm test now", "run npm build now", "run npm [-test-]{+build+} now"},
		{"space between two changes is part of them", "one two", "three four", "[-one two-]{+three four+}"},
		{"signs are words", "f(x, y)", "f(x; y)", "f(x[-,-]{+;+} y)"},
		{"a line more", "a\nb", "a\nc\nb", "a\n{+c\n+}b"},
		{"only added", "", "all new", "{+all new+}"},
		{"bytes that are no text", "a\xffb", "a\xfeb", "a[-\xff-]{+\xfe+}b"},
	} {
		if got := spell(Words(c.a, c.b)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestUnified(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		around     int
		want       string
	}{
		{"the same", "a\nb\n", "a\nb\n", 3, ""},
		{"a new text", "", "a\nb\n", 3, "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"all gone", "a\n", "", 3, "@@ -1 +0,0 @@\n-a\n"},
		{"two hunks", "1\n2\n3\n4\n5\n6\n7\n", "1\nzwei\n3\n4\n5\nsechs\n7\n", 1, "@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n@@ -5,3 +5,3 @@\n 5\n-6\n+sechs\n 7\n"},
		{"no line end", "a", "b", 3, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"},
	} {
		if got := Unified(Lines(c.a, c.b), c.around); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// longest is the length of the longest common subsequence, by the table that
// everybody knows.
func longest(a, b []uint64) int {
	prev := make([]int, len(b)+1)
	for _, x := range a {
		row := make([]int, len(b)+1)
		for j, y := range b {
			if row[j+1] = max(row[j], prev[j+1]); x == y {
				row[j+1] = max(row[j+1], prev[j]+1)
			}
		}
		prev = row
	}
	return prev[len(b)]
}

// valid checks that runs are in order, do not overlap, and are shared, and
// returns how much is.
func valid(t *testing.T, a, b []uint64, runs []Run) int {
	t.Helper()
	i, j, n := 0, 0, 0
	for _, r := range runs {
		if r.A < i || r.B < j || r.N < 1 || r.A+r.N > len(a) || r.B+r.N > len(b) || !slices.Equal(a[r.A:r.A+r.N], b[r.B:r.B+r.N]) {
			t.Fatalf("%v is no match of %v and %v", runs, a, b)
		}
		i, j, n = r.A+r.N, r.B+r.N, n+r.N
	}
	return n
}

// Without anchors, which may choose a shorter list that reads better, the
// shortest edit is found.
func TestMatchIsShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		list := func() []uint64 {
			out := make([]uint64, r.IntN(24))
			for i := range out {
				out[i] = r.Uint64N(4)
			}
			return out
		}
		a, b := list(), list()
		runs, exact := Match(a, b)
		valid(t, a, b, runs)
		if !exact {
			t.Fatal("so short a list is compared in windows")
		}
		m := matcher{a: a, b: b, exact: true}
		for i := range max(len(a), len(b)) {
			m.ai, m.bi = append(m.ai, int32(i)), append(m.bi, int32(i))
		}
		m.edit(0, len(a), 0, len(b))
		if got, want := valid(t, a, b, m.runs), longest(a, b); got != want {
			t.Fatalf("%v and %v share %d, want %d", a, b, got, want)
		}
	}
}

// Two long lists of the same few values in another order are the worst there is:
// they have no anchor, and much to be searched for.
func TestMatchIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 60_000
	a, b := make([]uint64, n), make([]uint64, n)
	for i := range n {
		a[i], b[i] = r.Uint64N(1000), r.Uint64N(1000)
	}
	runs, exact := Match(a, b)
	if exact {
		t.Error("nothing says that it was compared in windows")
	}
	if shared := valid(t, a, b, runs); shared == 0 {
		t.Error("nothing is shared")
	}
}

func TestMatchFindsWhatMoved(t *testing.T) {
	a := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	b := []uint64{1, 2, 9, 3, 4, 6, 7, 10, 8}
	runs, _ := Match(a, b)
	if want := []Run{{0, 0, 2}, {2, 3, 2}, {5, 5, 2}, {7, 8, 1}}; !slices.Equal(runs, want) {
		t.Errorf("%v, want %v", runs, want)
	}
}

func FuzzDiff(f *testing.F) {
	for _, seed := range [][2]string{{"", ""}, {"a\nb\n", "b\na"}, {"x y z", "x  z"}, {"\xff\n", "\r\n\n"}, {strings.Repeat("ab ", 300), strings.Repeat("ba ", 300)}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for name, pieces := range map[string][]Piece{"Lines": Lines(a, b), "Words": Words(a, b)} {
			if x, y := sides(pieces); x != a || y != b {
				t.Errorf("%s(%q, %q) gives %q and %q back", name, a, b, x, y)
			}
			for i, p := range pieces {
				if p.Text == "" || i > 0 && p.Kind == Same && pieces[i-1].Kind == Same {
					t.Errorf("%s(%q, %q): %q", name, a, b, pieces)
				}
			}
		}
		if got := Unified(Lines(a, b), 3); (got == "") != (a == b) {
			t.Errorf("Unified(%q, %q) is %q", a, b, got)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 1_000_000
	x := make([]uint64, n)
	for i := range x {
		x[i] = r.Uint64N(5000)
	}
	y := slices.Clone(x)
	for range 2000 {
		y[r.IntN(n)] = r.Uint64()
	}
	b.ReportAllocs()
	for range b.N {
		Match(x, y)
	}
}
