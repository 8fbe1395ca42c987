package frame

import "github.com/lazytrace/lazytrace/tui/theme"

// Layer is a kind of thing in a picture of piles. Its shade tells it from others
// where its colour cannot.
type Layer struct {
	Style theme.Style
	Shade string
}

// Layers returns layers for a theme: all of them full where the theme's colours can
// lie behind each other, so that a cell can show two, and each in its shade where
// they cannot.
func Layers(t *theme.Theme, layers ...Layer) []Layer {
	for _, l := range layers {
		if _, ok := l.Style.Behind(); !ok {
			return layers
		}
	}
	if !t.Fine {
		return layers
	}
	for i := range layers {
		layers[i].Shade = ""
	}
	return layers
}

// Pile returns the cell of a pile in a row, counted from the lowest: its sign and
// its style. The sign is empty where nothing of the pile is. tops is how high each
// layer reaches, in eighths of a row, each at least as high as the one before.
func Pile(t *theme.Theme, layers []Layer, tops []int, row int) (string, theme.Style) {
	low, from := row*8, row*8
	best, under, over := -1, -1, -1 // the largest part of the cell, its lowest, its highest
	most, first := 0, 0
	for i, top := range tops {
		top = min(max(top, from), low+8)
		n := top - from
		from = top
		if n <= 0 {
			continue
		}
		if n > most {
			best, most = i, n
		}
		if under < 0 {
			under, first = i, n
		}
		over = i
	}
	full := from - low
	if best < 0 {
		return "", ""
	}
	l := layers[best]
	switch {
	case full == 8 && under != over && l.Shade == "" && layers[under].Shade == "" && layers[over].Shade == "":
		back, _ := layers[over].Style.Behind()
		return t.Blocks[first], layers[under].Style + back
	case full == 8 && t.Fine && (l.Shade == "" || l.Shade == t.Blocks[8]):
		back, _ := l.Style.Behind() // without it, fonts leave seams between the rows
		return t.Blocks[8], l.Style + back
	case l.Shade == "" || t.Fine && l.Shade == t.Blocks[8]:
		return t.Blocks[full], l.Style
	case full >= 4 || row == 0:
		return l.Shade, l.Style
	}
	return "", ""
}

// Eighths returns how high a value is of a top that is so many rows high, in
// eighths of a row. What is not nothing has a height.
func Eighths(value, top float64, rows int) int {
	if value <= 0 || top <= 0 || rows <= 0 {
		return 0
	}
	return max(1, min(rows*8, int(value/top*float64(rows*8)+0.5)))
}
