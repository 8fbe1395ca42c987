package compare

import (
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
)

// aligner makes the pairs of two sides.
type aligner struct {
	c      *Comparison
	a, b   *half
	levels int32
}

// likeness is how many eighths of their words two calls must share to be one
// that has changed.
const likeness = 2

// level aligns the steps of one conversation: the items of a range that do not
// lie within each other. What lies within a pair is a level of its own, so that
// agents are only compared with those that the same call started.
func (al *aligner) level(a0, a1, b0, b1 int32, depth uint16) {
	level := al.levels
	al.levels++
	a, b := al.a.flat(a0, a1), al.b.flat(b0, b1)
	ka, kb := al.a.keys(a), al.b.keys(b)
	runs, exact := textdiff.Match(ka, kb)
	al.c.Windowed = al.c.Windowed || !exact
	i, j := 0, 0
	for _, r := range append(runs, textdiff.Run{A: len(a), B: len(b)}) {
		al.gap(a[i:r.A], b[j:r.B], ka[i:r.A], kb[j:r.B], level, depth)
		for n := range r.N {
			al.pair(a[r.A+n], b[r.B+n], true, level, depth)
		}
		i, j = r.A+r.N, r.B+r.N
	}
}

// gap aligns what is not the same on both sides by what kind of steps it is.
func (al *aligner) gap(a, b []int32, ka, kb []uint64, level int32, depth uint16) {
	var runs []textdiff.Run
	if len(a) > 0 && len(b) > 0 {
		var exact bool
		runs, exact = textdiff.Match(al.a.shapes(a), al.b.shapes(b))
		al.c.Windowed = al.c.Windowed || !exact
	}
	i, j := 0, 0
	alone := func(to, upto int) {
		for ; i < to; i++ {
			al.only(a[i], OnlyA, level, depth)
		}
		for ; j < upto; j++ {
			al.only(b[j], OnlyB, level, depth)
		}
	}
	for _, r := range runs {
		for n := range r.N {
			if !al.like(a[r.A+n], b[r.B+n]) {
				continue // both are alone, and told before the next pair
			}
			alone(r.A+n, r.B+n)
			al.pair(a[i], b[j], ka[i] == kb[j], level, depth)
			i, j = i+1, j+1
		}
	}
	alone(len(a), len(b))
}

// like reports whether two steps of one kind are the same that has changed. Of
// calls, those that started agents are, and those whose arguments are alike.
func (al *aligner) like(a, b int32) bool {
	x, y := &al.a.steps[a], &al.b.steps[b]
	if al.a.list.Items[a].Kind != talk.Tool || x.key == y.key {
		return true
	}
	if al.a.list.Items[a].Below > 0 && al.b.list.Items[b].Below > 0 {
		return true
	}
	return alike(x.sketch, y.sketch) >= likeness
}

// pair adds a step of both sides and what lies within.
func (al *aligner) pair(a, b int32, same bool, level int32, depth uint16) {
	x, y := &al.a.list.Items[a], &al.b.list.Items[b]
	p := Pair{A: x.Span, B: y.Span, ItemA: a, ItemB: b, Level: level, Depth: depth, Kind: x.Kind}
	if !same {
		p.Parts |= Step
	}
	if al.a.steps[a].result != al.b.steps[b].result {
		p.Parts |= Result
	}
	if p.Parts != 0 {
		p.Relation = Changed
	}
	al.c.Pairs = append(al.c.Pairs, p)
	from := len(al.c.Pairs)
	if x.Below > 0 || y.Below > 0 {
		al.level(a+1, a+1+x.Below, b+1, b+1+y.Below, depth+1)
	}
	if x.Kind == talk.Tool && (x.Below == 0) != (y.Below == 0) {
		for i := range al.c.Pairs[from:] {
			al.c.Pairs[from+i].Unseen = true
		}
	}
}

// only adds a step of one side and what lies within.
func (al *aligner) only(item int32, r Relation, level int32, depth uint16) {
	h := al.a
	if r == OnlyB {
		h = al.b
	}
	top := h.list.Items[item].Depth
	within := al.levels // of everything inside
	if h.list.Items[item].Below > 0 {
		al.levels++
	}
	for i := item; i <= item+h.list.Items[item].Below; i++ {
		if !h.steps[i].use {
			continue
		}
		it := &h.list.Items[i]
		p := Pair{ItemA: -1, ItemB: -1, Level: level, Depth: depth + it.Depth - top, Relation: r, Kind: it.Kind, Parts: Step}
		if i > item {
			p.Level = within
		}
		if r == OnlyA {
			p.A, p.ItemA = it.Span, i
		} else {
			p.B, p.ItemB = it.Span, i
		}
		al.c.Pairs = append(al.c.Pairs, p)
	}
}

// flat returns the steps of a range that lie within no other step of it.
func (h *half) flat(from, to int32) []int32 {
	var out []int32
	for i := from; i < to; i++ {
		if !h.steps[i].use {
			continue // what lies within it is part of the level
		}
		out = append(out, i)
		i += h.list.Items[i].Below
	}
	return out
}

// keys returns the sums of some steps. An answer is what it says and the calls
// that it makes, which follow it.
func (h *half) keys(steps []int32) []uint64 {
	out := make([]uint64, len(steps))
	calls := uint64(0)
	for n := len(steps) - 1; n >= 0; n-- {
		i := steps[n]
		out[n] = h.steps[i].key
		switch h.list.Items[i].Kind {
		case talk.Tool:
			calls = mix(calls, h.steps[i].key)
		case talk.Assistant:
			out[n] = mix(out[n], calls)
			calls = 0
		default:
			calls = 0
		}
	}
	return out
}

func (h *half) shapes(steps []int32) []uint64 {
	out := make([]uint64, len(steps))
	for n, i := range steps {
		out[n] = h.steps[i].shape
	}
	return out
}
