// Package textdiff tells what is different between two sequences or texts. Its
// work and memory are bounded, whatever it is given: where two texts have too
// little in common for a shortest edit, it tells a longer one.
package textdiff

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says which of the two texts a piece stands in.
type Kind uint8

// The kinds of pieces.
const (
	Same    Kind = iota // in both
	Removed             // in the first only
	Added               // in the second only
)

var kindNames = [...]string{"same", "removed", "added"}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// MarshalText returns the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Piece is a part of one text or of both. The pieces of a diff that are not
// Added, one after the other, are the first text; those that are not Removed are
// the second.
type Piece struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
}

// Lines compares two texts line by line. Each piece is whole lines.
func Lines(a, b string) []Piece { return diff(lines(a), lines(b)) }

// Words compares two texts word by word, with the space between words and each
// sign as words of their own. Space that is all that two changes have between
// them belongs to the change.
func Words(a, b string) []Piece { return joined(diff(words(a), words(b))) }

// diff compares two texts that are cut into parts.
func diff(a, b []string) []Piece {
	ids := make(map[string]uint64, len(a)+len(b))
	number := func(parts []string) []uint64 {
		out := make([]uint64, len(parts))
		for i, p := range parts {
			id, ok := ids[p]
			if !ok {
				id = uint64(len(ids))
				ids[p] = id
			}
			out[i] = id
		}
		return out
	}
	runs, _ := Match(number(a), number(b))
	var out []Piece
	put := func(k Kind, parts []string) {
		if len(parts) > 0 {
			out = append(out, Piece{k, strings.Join(parts, "")})
		}
	}
	i, j := 0, 0
	for _, r := range append(runs, Run{A: len(a), B: len(b)}) {
		put(Removed, a[i:r.A])
		put(Added, b[j:r.B])
		put(Same, a[r.A:r.A+r.N])
		i, j = r.A+r.N, r.B+r.N
	}
	return out
}

// joined makes one change of changes that only space stands between.
func joined(pieces []Piece) []Piece {
	var out []Piece
	var cut, add strings.Builder
	flush := func() {
		if cut.Len() > 0 {
			out = append(out, Piece{Removed, cut.String()})
		}
		if add.Len() > 0 {
			out = append(out, Piece{Added, add.String()})
		}
		cut.Reset()
		add.Reset()
	}
	for i, p := range pieces {
		switch {
		case p.Kind == Removed:
			cut.WriteString(p.Text)
		case p.Kind == Added:
			add.WriteString(p.Text)
		case i > 0 && i < len(pieces)-1 && cut.Len() > 0 && add.Len() > 0 && strings.TrimSpace(p.Text) == "" && !strings.Contains(p.Text, "\n"):
			cut.WriteString(p.Text)
			add.WriteString(p.Text)
		default:
			flush()
			out = append(out, p)
		}
	}
	flush()
	return out
}

// lines cuts a text behind each line end.
func lines(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.SplitAfter(s, "\n")
	if parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// words cuts a text into words, stretches of space, and single signs.
func words(s string) []string {
	const word, space, sign = 1, 2, 3
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '_':
			return word
		case r == '\n':
			return sign
		case unicode.IsSpace(r):
			return space
		}
		return sign
	}
	var out []string
	for at := 0; at < len(s); {
		r, n := utf8.DecodeRuneInString(s[at:])
		end, is := at+n, kind(r)
		for is != sign && end < len(s) {
			r, n = utf8.DecodeRuneInString(s[end:])
			if kind(r) != is {
				break
			}
			end += n
		}
		out = append(out, s[at:end])
		at = end
	}
	return out
}

// Unified spells a line diff in the way that patches are written, with so many
// lines around each change, or with "" where nothing is different.
func Unified(pieces []Piece, around int) string {
	type line struct {
		kind Kind
		text string
	}
	var all []line
	changed := false
	for _, p := range pieces {
		changed = changed || p.Kind != Same
		for _, text := range lines(p.Text) {
			all = append(all, line{p.Kind, text})
		}
	}
	if !changed {
		return ""
	}
	// near tells which lines are close enough to a change to be shown.
	near := make([]bool, len(all))
	for i, l := range all {
		if l.kind != Same {
			for j := max(0, i-around); j <= min(len(all)-1, i+around); j++ {
				near[j] = true
			}
		}
	}
	var out strings.Builder
	a, b := 0, 0 // lines before
	for i := 0; i < len(all); {
		if !near[i] {
			a, b, i = a+1, b+1, i+1
			continue
		}
		var hunk strings.Builder
		na, nb := 0, 0
		for ; i < len(all) && near[i]; i++ {
			l := all[i]
			hunk.WriteByte(" -+"[l.kind])
			hunk.WriteString(l.text)
			if !strings.HasSuffix(l.text, "\n") {
				hunk.WriteString("\n\\ No newline at end of file\n")
			}
			if l.kind != Added {
				na++
			}
			if l.kind != Removed {
				nb++
			}
		}
		out.WriteString("@@ -" + place(a, na) + " +" + place(b, nb) + " @@\n")
		out.WriteString(hunk.String())
		a, b = a+na, b+nb
	}
	return out.String()
}

// place spells which lines a hunk is of: the first of them, from one, or, where
// there are none, the line that they would stand behind.
func place(before, n int) string {
	if n > 0 {
		before++
	}
	if n == 1 {
		return strconv.Itoa(before)
	}
	return strconv.Itoa(before) + "," + strconv.Itoa(n)
}
