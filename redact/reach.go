package redact

// reach remembers how far a run of bytes goes, for whoever asks again from
// within it: a megabyte of "sk-sk-sk-" is one run with many beginnings, and
// going through it from each would take time in the square of its length.
type reach struct{ from, to int }

// holds reports whether a place lies within the run.
func (r reach) holds(i int) bool { return r.from <= i && i < r.to }

// most is how much of a long text is looked at to tell what it is. More of the
// same tells no more.
const most = 512

func head(s string) string { return s[:min(len(s), most)] }

// body returns the end of the token bytes at i; see bodyEnd.
func (c *scanner) body(i int, set uint8) int {
	if r := &c.bodies[set]; !r.holds(i) {
		*r = reach{i, bodyEnd(c.s, i, set)}
	}
	return max(i, c.bodies[set].to)
}

// bare returns the end of the unquoted value at from; see bareEnd.
func (c *scanner) bare(from int, element bool) int {
	if element {
		return trimTail(c.s, from, bareEnd(c.s, from, maxBare, true), bareTail)
	}
	if r := &c.bares; !r.holds(from) || from-r.from > maxBare {
		*r = reach{from, bareEnd(c.s, from, 2*maxBare, false)}
	}
	return trimTail(c.s, from, min(c.bares.to, from+maxBare), bareTail)
}

// judged returns as much of the value at v as is needed to judge it: of one
// within another that was judged already, the beginning.
func (c *scanner) judged(v value) string {
	limit := most
	if v.from < c.seen {
		limit = most / 8
	}
	to := min(v.to, v.from+limit)
	c.seen = max(c.seen, to)
	return c.s[v.from:to]
}
