package redact

import "strings"

// maxLooks bounds how often a result is looked at again. Masking one value can
// reveal the shape of its neighbour; looking until nothing changes makes a
// second call with the result a no-op.
const maxLooks = 8

const (
	longText = 16 << 10 // from here on a text is looked at again around its masks only
	around   = 1 << 10  // how far around
)

// settle returns what look finds in s and, once that is masked, in what is
// left, all as parts of s.
func (r *Redactor) settle(s string, look func(string) []span) []span {
	spans := look(s)
	for n := 1; len(spans) > 0 && n < maxLooks; n++ {
		masked := r.apply(s, spans)
		if len(s) > longText && !again(masked, s, spans, look) {
			break
		}
		more := look(masked)
		if len(more) == 0 {
			break
		}
		spans = compose(spans, more)
	}
	return spans
}

// again reports whether look finds anything near the masks of a long text.
func again(masked, s string, spans []span, look func(string) []span) bool {
	shift := 0
	from, to := -1, -1 // of the stretch that is to be looked at
	for _, p := range spans {
		at := p.from + shift
		end := at + len(marker(p.kind))
		shift = end - p.to
		low, high := max(0, at-around), min(len(masked), end+around)
		if back := max(0, low-around); back < low {
			low = back + max(0, strings.LastIndexByte(masked[back:low], '\n'))
		}
		if from >= 0 && low > to {
			if len(look(masked[from:to])) > 0 {
				return true
			}
			from = -1
		}
		if from < 0 {
			from = low
		}
		to = high
	}
	return from >= 0 && len(look(masked[from:to])) > 0
}

// compose turns spans of a masked text into spans of the text before, joined
// with those that were masked: a new one swallows every mask that it touches.
func compose(masks, more []span) []span {
	out := make([]span, 0, len(masks)+len(more))
	shift, k := 0, 0 // of masked text against text, next mask
	for _, p := range more {
		for k < len(masks) && masks[k].from+shift+len(marker(masks[k].kind)) <= p.from {
			out = append(out, masks[k])
			shift += len(marker(masks[k].kind)) - (masks[k].to - masks[k].from)
			k++
		}
		joined := span{p.from - shift, p.to - shift, p.kind}
		if k < len(masks) && masks[k].from+shift < p.from {
			joined.from = masks[k].from
		}
		for k < len(masks) && masks[k].from+shift < p.to {
			end := masks[k].from + shift + len(marker(masks[k].kind))
			shift += len(marker(masks[k].kind)) - (masks[k].to - masks[k].from)
			joined.to = masks[k].to
			if p.to > end {
				joined.to = p.to - shift
			}
			k++
		}
		out = append(out, joined)
	}
	return append(out, masks[k:]...)
}
