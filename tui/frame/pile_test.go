package frame

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/tui/theme"
)

// A pile is drawn to an eighth where colours can lie behind each other, and in whole
// cells of its shades where they cannot.
func TestPile(t *testing.T) {
	draw := func(look theme.Look, tops ...int) string {
		th := look.Theme(true)
		layers := Layers(th, Layer{th.Fill, th.Shades[0]}, Layer{th.Human, th.Shades[2]})
		var b strings.Builder
		for row := range 3 {
			glyph, _ := Pile(th, layers, tops, row)
			if glyph == "" {
				glyph = "-"
			}
			b.WriteString(glyph)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		look theme.Look
		tops []int
		want string
	}{
		"nothing":                    {theme.Look{}, []int{0, 0}, "---"},
		"one layer":                  {theme.Look{}, []int{13, 13}, "█▅-"},
		"full":                       {theme.Look{}, []int{24, 24}, "███"},
		"two layers in a cell":       {theme.Look{}, []int{11, 24}, "█▃█"},
		"the larger part on top":     {theme.Look{}, []int{10, 15}, "█▇-"},
		"shades":                     {theme.Look{Name: "none"}, []int{8, 24}, "░██"},
		"shades, half a cell":        {theme.Look{Name: "none"}, []int{12, 12}, "░░-"},
		"shades, less than half":     {theme.Look{Name: "none"}, []int{11, 11}, "░--"},
		"shades, not nothing":        {theme.Look{Name: "none"}, []int{1, 1}, "░--"},
		"plain":                      {theme.Look{ASCII: true}, []int{8, 24}, ".##"},
		"plain signs have no eighth": {theme.Look{ASCII: true}, []int{0, 12}, "##-"},
	} {
		if got := draw(c.look, c.tops...); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	th := theme.Look{}.Theme(true)
	layers := Layers(th, Layer{th.Fill, th.Shades[0]}, Layer{th.Human, th.Shades[2]})
	back, _ := th.Human.Behind()
	if _, style := Pile(th, layers, []int{3, 8}, 0); style != th.Fill+back {
		t.Errorf("the upper layer is not behind the lower: %q", style)
	}
}

func TestEighths(t *testing.T) {
	for _, c := range []struct {
		value, top float64
		rows, want int
	}{{0, 10, 4, 0}, {10, 10, 4, 32}, {5, 10, 4, 16}, {0.001, 10, 4, 1}, {20, 10, 4, 32}, {1, 0, 4, 0}, {1, 1, 0, 0}} {
		if got := Eighths(c.value, c.top, c.rows); got != c.want {
			t.Errorf("%v of %v in %d rows: %d, want %d", c.value, c.top, c.rows, got, c.want)
		}
	}
}
