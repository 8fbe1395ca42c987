package replay

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// differs returns where two canonical requests first differ, "" for nowhere, and how
// much of them is the same, in values.
func differs(a, b []byte) (path string, same int) {
	x, okX := decode(a)
	y, okY := decode(b)
	if !okX || !okY {
		if bytes.Equal(a, b) {
			return "", 1
		}
		return "the body", 0
	}
	d := difference{}
	d.walk("", x, y)
	return d.first, d.same
}

type difference struct {
	first string
	same  int
}

func (d *difference) at(path string) {
	if d.first == "" {
		d.first = path
		if path == "" {
			d.first = "the body"
		}
	}
}

// walk goes through two documents side by side. The conversation is looked at last:
// what is said about it explains more.
func (d *difference) walk(path string, x, y any) {
	switch x := x.(type) {
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok {
			d.at(path)
			return
		}
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, name := range slices.SortedFunc(maps.Keys(all), byWeight) {
			inner := name
			if path != "" {
				inner = path + "." + name
			}
			vx, inX := x[name]
			vy, inY := y[name]
			if !inX || !inY {
				d.at(inner)
				continue
			}
			d.walk(inner, vx, vy)
		}
	case []any:
		y, ok := y.([]any)
		if !ok {
			d.at(path)
			return
		}
		for i := range min(len(x), len(y)) {
			d.walk(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])
		}
		if len(x) != len(y) {
			d.at(fmt.Sprintf("%s[%d]", path, min(len(x), len(y))))
		}
	default:
		if !equal(x, y) {
			d.at(path)
			return
		}
		d.same++
	}
}

// equal compares values that hold no others; what does is another value.
func equal(x, y any) bool {
	switch y.(type) {
	case map[string]any, []any:
		return false
	}
	return x == y
}

var talks = map[string]bool{"messages": true, "input": true, "contents": true}

func byWeight(a, b string) int {
	switch {
	case talks[a] != talks[b] && talks[a]:
		return 1
	case talks[a] != talks[b]:
		return -1
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
