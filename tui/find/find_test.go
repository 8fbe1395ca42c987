package find

import (
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "  a  b ": {"a", "b"}, `"two words" c`: {"two words", "c"}, `say "x`: {"say", "x"}, `""`: nil, `"`: {`"`}, `a"b c"`: {`a"b`, `c"`}, "a\tb": {"a", "b"},
	} {
		if got := Words(text); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestSpots(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		words []string
		want  [][2]int
	}{
		"none":          {"abc", []string{"x"}, nil},
		"case":          {"Cart, CART", []string{"cart"}, [][2]int{{0, 4}, {6, 10}}},
		"overlapping":   {"abcd", []string{"abc", "bcd"}, [][2]int{{0, 4}}},
		"within":        {"abcd", []string{"bc", "abcd"}, [][2]int{{0, 4}}},
		"beyond ascii":  {"né Né", []string{"né"}, [][2]int{{0, 3}, {4, 7}}},
		"side by side":  {"aa", []string{"a"}, [][2]int{{0, 1}, {1, 2}}},
		"another order": {"x a b", []string{"b", "a"}, [][2]int{{2, 3}, {4, 5}}},
	} {
		if got := spots(c.text, c.words); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// However narrow the row, what is seen of a text begins so that its first word is
// seen, and no letter is cut in two.
func TestNear(t *testing.T) {
	text := strings.Repeat("日本語 é ", 40) + "cart and more"
	for room := range 100 {
		got := near(text, []string{"cart"}, room)
		if !strings.Contains(got, "cart") || strings.ContainsRune(got, '\ufffd') {
			t.Errorf("%d cells: %q", room, got)
		}
	}
	if got := near("the cart", []string{"cart"}, 40); got != "the cart" {
		t.Errorf("%q", got)
	}
}
