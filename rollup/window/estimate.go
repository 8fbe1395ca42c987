package window

import "math/bits"

// bytesPerToken is a rule of thumb for where nothing else is known.
const bytesPerToken = 4

// guess returns the tokens of a block by itself.
func (b *block) guess() (int64, Basis) {
	if b.answer > 0 {
		return b.answer, Counted
	}
	return (int64(b.bytes) + bytesPerToken - 1) / bytesPerToken, Bytes
}

// estimate parts among the blocks that came since the last turn what the context
// of this one grew by, and puts them into the context. What they cannot account for
// is a block that no record tells of. It returns the tokens that came.
func (f *folding) estimate(t *Turn, first bool) (fresh int64) {
	switch {
	case first:
		f.begun(t.Context())
	case t.Grew > 0:
		f.grown(t.Grew)
	default:
		for i := range f.gap {
			f.gap[i].tokens, f.gap[i].basis = f.gap[i].guess()
		}
	}
	for i := range f.gap {
		fresh += f.gap[i].tokens
	}
	grew := t.Grew
	if first {
		grew = t.Context()
	}
	if rest := grew - fresh; rest > 0 {
		f.gap = append(f.gap, block{at: t.Time, row: t.Row, span: t.Span, tokens: rest, kind: Untold, basis: Growth})
		fresh += rest
	}
	for i := range f.gap {
		f.gap[i].turn = int32(len(f.run.Turns))
	}
	f.seg = append(f.seg, f.gap...)
	f.alive += fresh
	return fresh
}

// begun estimates what the first turn read, most of which stands in no record, as
// the description of the tools. So the blocks are measured by themselves.
func (f *folding) begun(context int64) {
	sum := int64(0)
	for i := range f.gap {
		f.gap[i].tokens, f.gap[i].basis = f.gap[i].guess()
		sum += f.gap[i].tokens
	}
	if sum <= context {
		return
	}
	before, given := int64(0), int64(0)
	for i := range f.gap {
		b := &f.gap[i]
		before += b.tokens
		upTo := part(context, before, sum)
		b.tokens, given = upTo-given, upTo
	}
}

// grown parts what the context grew by: an answer has as many tokens as were counted
// when it was written, unless that leaves too little for the rest, and the rest is
// parted by bytes. A token is at least one byte.
func (f *folding) grown(grew int64) {
	counted, size := int64(0), int64(0)
	for i := range f.gap {
		if b := &f.gap[i]; b.answer > 0 {
			counted += b.answer
		} else {
			size += b.size()
		}
	}
	answers := min(counted, grew)
	if need := counted + size/bytesPerToken; need > grew && counted > 0 {
		answers = part(grew, counted, need)
	}
	rest := grew - answers
	var before, given, said, told int64
	for i := range f.gap {
		b := &f.gap[i]
		b.basis = Growth
		if b.answer > 0 {
			said += b.answer
			upTo := part(answers, said, counted)
			b.tokens, told = upTo-told, upTo
			if answers == counted {
				b.basis = Counted
			}
			continue
		}
		before += b.size()
		upTo := part(rest, before, size)
		b.tokens, given = upTo-given, upTo
		if b.bytes > 0 {
			b.tokens = min(b.tokens, int64(b.bytes))
		}
	}
}

// size returns the weight of a block among others, also of one whose size nobody
// knows.
func (b *block) size() int64 { return max(1, int64(b.bytes)) }

// part returns a times b by c, rounded down; b is at most c.
func part(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}
