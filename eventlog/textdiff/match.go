package textdiff

import (
	"slices"
	"sort"
)

// Run is a stretch that two sequences share: N elements from A on in the first
// and from B on in the second.
type Run struct{ A, B, N int }

// steps is how many differences are looked through at most before a stretch
// is taken apart by place, and window how long its parts are then. Both bound
// the work: it grows with the length, never with its square.
const (
	steps  = 512
	window = 256
)

// deepest is how often what lies between anchors is searched for anchors again.
const deepest = 8

// Match aligns two sequences and returns what they share, in order. What stands
// once in both is an anchor (patience); what lies between is a shortest edit
// (Myers, in linear memory). exact is false when a stretch differed too much and
// was compared in windows by its place, so that there may be more in common than
// is told.
func Match(a, b []uint64) (runs []Run, exact bool) {
	m := matcher{exact: true}
	// What the other side has nowhere cannot be shared, and is most of what
	// makes two sequences slow to compare.
	m.a, m.ai = kept(a, b)
	m.b, m.bi = kept(b, a)
	m.between(0, len(m.a), 0, len(m.b), 0)
	return m.runs, m.exact
}

// kept returns the elements of list that are in other, and where they were.
func kept(list, other []uint64) (values []uint64, at []int32) {
	there := make(map[uint64]struct{}, len(other))
	for _, v := range other {
		there[v] = struct{}{}
	}
	for i, v := range list {
		if _, ok := there[v]; ok {
			values, at = append(values, v), append(at, int32(i))
		}
	}
	return values, at
}

type matcher struct {
	a, b   []uint64
	ai, bi []int32 // where they stand in what was given
	runs   []Run
	fv, bv []int32 // the furthest points of the search, by diagonal
	exact  bool
}

// share tells that n elements are shared. Elements that were next to each other
// in what was given become one run.
func (m *matcher) share(a, b, n int) {
	for i := range n {
		at := Run{int(m.ai[a+i]), int(m.bi[b+i]), 1}
		if k := len(m.runs) - 1; k >= 0 && m.runs[k].A+m.runs[k].N == at.A && m.runs[k].B+m.runs[k].N == at.B {
			m.runs[k].N++
			continue
		}
		m.runs = append(m.runs, at)
	}
}

// between aligns a part of both: by what stands once in each, as long as there
// is any, else by a shortest edit.
func (m *matcher) between(a0, a1, b0, b1, depth int) {
	n := 0
	for a0+n < a1 && b0+n < b1 && m.a[a0+n] == m.b[b0+n] {
		n++
	}
	m.share(a0, b0, n)
	a0, b0 = a0+n, b0+n
	tail := 0
	for a1-tail > a0 && b1-tail > b0 && m.a[a1-tail-1] == m.b[b1-tail-1] {
		tail++
	}
	a1, b1 = a1-tail, b1-tail
	if a0 < a1 && b0 < b1 {
		if anchors := m.anchors(a0, a1, b0, b1, depth); len(anchors) > 0 {
			for _, at := range anchors {
				m.between(a0, int(at[0]), b0, int(at[1]), depth+1)
				m.share(int(at[0]), int(at[1]), 1)
				a0, b0 = int(at[0])+1, int(at[1])+1
			}
			m.between(a0, a1, b0, b1, depth+1)
		} else {
			m.edit(a0, a1, b0, b1)
		}
	}
	m.share(a1, b1, tail)
}

// anchors returns the places of what stands once in both parts, the longest
// list that is in order on both sides.
func (m *matcher) anchors(a0, a1, b0, b1, depth int) [][2]int32 {
	if depth >= deepest {
		return nil
	}
	const twice = -1
	inB := make(map[uint64]int32, b1-b0)
	for i := b0; i < b1; i++ {
		if _, seen := inB[m.b[i]]; seen {
			inB[m.b[i]] = twice
		} else {
			inB[m.b[i]] = int32(i)
		}
	}
	inA := make(map[uint64]int32, a1-a0)
	for i := a0; i < a1; i++ {
		inA[m.a[i]]++
	}
	var pairs [][2]int32
	for i := a0; i < a1; i++ {
		if at, ok := inB[m.a[i]]; ok && at != twice && inA[m.a[i]] == 1 {
			pairs = append(pairs, [2]int32{int32(i), at})
		}
	}
	// The longest rising list of places in b: last holds, by length, the pair
	// that ends such a list with the smallest place.
	var last []int32
	before := make([]int32, len(pairs))
	for i, p := range pairs {
		k := sort.Search(len(last), func(j int) bool { return pairs[last[j]][1] >= p[1] })
		before[i] = -1
		if k > 0 {
			before[i] = last[k-1]
		}
		if k == len(last) {
			last = append(last, 0)
		}
		last[k] = int32(i)
	}
	if len(last) == 0 {
		return nil
	}
	out := make([][2]int32, 0, len(last))
	for at := last[len(last)-1]; at >= 0; at = before[at] {
		out = append(out, pairs[at])
	}
	slices.Reverse(out)
	return out
}

// edit aligns two parts that have no anchor: what stands at both ends of them,
// then each side of a point in the middle of a shortest edit.
func (m *matcher) edit(a0, a1, b0, b1 int) {
	for a0 < a1 && b0 < b1 && m.a[a0] == m.b[b0] {
		m.share(a0, b0, 1)
		a0, b0 = a0+1, b0+1
	}
	tail := 0
	for a1-tail > a0 && b1-tail > b0 && m.a[a1-tail-1] == m.b[b1-tail-1] {
		tail++
	}
	a1, b1 = a1-tail, b1-tail
	if a0 < a1 && b0 < b1 {
		if x, y, ok := m.middle(a0, a1, b0, b1); ok {
			m.edit(a0, x, b0, y)
			m.edit(x, a1, y, b1)
		} else {
			m.exact = false
			m.windows(a0, a1, b0, b1)
		}
	}
	m.share(a1, b1, tail)
}

// windows aligns parts that stand in about the same place of both.
func (m *matcher) windows(a0, a1, b0, b1 int) {
	n, l := a1-a0, b1-b0
	parts := (max(n, l) + window - 1) / window
	for i := range parts {
		m.edit(a0+i*n/parts, a0+(i+1)*n/parts, b0+i*l/parts, b0+(i+1)*l/parts)
	}
}

// middle returns a point in the middle of a shortest edit, searched from both
// ends at once. It is not found when the edit is longer than twice the steps;
// parts no longer than a window have none that is.
func (m *matcher) middle(a0, a1, b0, b1 int) (x, y int, ok bool) {
	const off, size = steps + 2, 2*steps + 5
	if m.fv == nil {
		m.fv, m.bv = make([]int32, size), make([]int32, size)
	}
	const never = int32(1) << 30
	least, most := a0-b1, a1-b0 // the diagonals that there are
	fmid, bmid := a0-b0, a1-b1
	f := func(d int) *int32 { return &m.fv[d-fmid+off] }
	b := func(d int) *int32 { return &m.bv[d-bmid+off] }
	odd := (fmid-bmid)&1 != 0
	fmin, fmax, bmin, bmax := fmid, fmid, bmid, bmid
	*f(fmid), *b(bmid) = int32(a0), int32(a1)
	for range steps {
		if fmin > least {
			fmin--
			*f(fmin - 1) = -1
		} else {
			fmin++
		}
		if fmax < most {
			fmax++
			*f(fmax + 1) = -1
		} else {
			fmax--
		}
		for d := fmax; d >= fmin; d -= 2 {
			at := int(max(*f(d - 1)+1, *f(d + 1)))
			for at < a1 && at-d < b1 && m.a[at] == m.b[at-d] {
				at++
			}
			*f(d) = int32(at)
			if odd && bmin <= d && d <= bmax && int(*b(d)) <= at {
				return at, at - d, true
			}
		}
		if bmin > least {
			bmin--
			*b(bmin - 1) = never
		} else {
			bmin++
		}
		if bmax < most {
			bmax++
			*b(bmax + 1) = never
		} else {
			bmax--
		}
		for d := bmax; d >= bmin; d -= 2 {
			at := int(min(*b(d - 1), *b(d + 1)-1))
			for at > a0 && at-d > b0 && m.a[at-1] == m.b[at-d-1] {
				at--
			}
			*b(d) = int32(at)
			if !odd && fmin <= d && d <= fmax && at <= int(*f(d)) {
				return at, at - d, true
			}
		}
	}
	return 0, 0, false
}
