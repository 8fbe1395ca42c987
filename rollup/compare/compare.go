// Package compare puts two sessions beside each other, step by step, and says
// where they first part. It knows no format: what is a step, and what it says, is
// told by package talk and the decoded events.
package compare

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup"
)

// Side is one of two sessions. Both may be in one log. Facts and Sum are what a
// catalog knows of it; without them there is no outcome, and the sum is that of
// the log alone.
type Side struct {
	Log     eventlog.Log
	Snap    *eventlog.Snapshot
	Session eventlog.Sym
	Facts   *eventlog.Facts
	Sum     *rollup.Sum
}

// Relation is how the steps of a pair relate.
type Relation uint8

// The relations of a pair.
const (
	Equal   Relation = iota // the same step with the same result
	Changed                 // the same step with another result, or one like it
	OnlyA
	OnlyB
)

var relationNames = [...]string{"equal", "changed", "only_a", "only_b"}

// String returns the name of the relation.
func (r Relation) String() string { return relationNames[r] }

// MarshalText returns the name of the relation.
func (r Relation) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Part says what is different in a pair that has changed.
type Part uint8

// The parts of a step.
const (
	Step   Part = 1 << iota // what was said or done: a text, arguments, the calls of an answer
	Result                  // what came of it
)

// Pair is a step of one side or of both, which is then the same one. Spans are
// zero, and items -1, where a side has none.
type Pair struct {
	A, B         eventlog.SpanID
	ItemA, ItemB int32 // in Comparison.Talk
	Level        int32 // pairs of one level follow each other in one conversation
	Depth        uint16
	Relation     Relation
	Parts        Part
	Kind         talk.Kind
	// Unseen is set of what lies within a step of both, of which the other log tells
	// nothing at all: its records are elsewhere or gone. That is no divergence.
	Unseen bool
}

// Fold is a stretch of pairs that are equal, To not included.
type Fold struct{ From, To int }

// Divergence is a point at which two sessions part.
type Divergence struct {
	Pair         int   // the first pair that is not equal
	ItemA, ItemB int32 // what each side did there, or -1 where it had ended
	Cause        Cause
	// Earlier is, where their input differed already, the pair where it first
	// did; else -1.
	Earlier int
}

// Cause says why two sessions part, as far as their logs tell.
type Cause uint8

// The causes.
const (
	ModelAlone Cause = iota // everything before is the same: the model alone differs
	InputApart              // what it had been given differed already
	Hidden                  // only what programs put in differed: system prompts, context
	Told                    // a person, or whoever gave the task, said something else
	Returned                // the same call came to something else
)

var causeNames = [...]string{"model_alone", "input_differed", "hidden_input_differed", "told_otherwise", "result_differs"}

// String returns the name of the cause.
func (c Cause) String() string { return causeNames[c] }

// MarshalText returns the name of the cause.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Totals is what one side came to.
type Totals struct {
	rollup.Sum
	Wall    time.Duration
	Outcome eventlog.Outcome
	Metrics map[string]float64
	Copied  int64 // model calls that are history of another session, and are not in the sum
}

// Comparison is two sessions aligned. It does not change.
type Comparison struct {
	A, B  Totals
	Pairs []Pair // in the order in which they are shown: what lies inside of a step follows it
	Folds []Fold // in order
	// First is the first pair that is not equal, Decision the first at which
	// something else was done or said rather than returned; nil where there is
	// none. Often they are one.
	First, Decision *Divergence
	// Windowed says that the sessions differ too much, over too long a stretch, to be
	// aligned exactly: steps far from each other may be the same.
	Windowed bool
	Equals   int // pairs that are equal

	sides [2]*half
}

// Talk returns the conversations that the items of pairs are numbers in.
func (c *Comparison) Talk() (a, b *talk.List) { return c.sides[0].list, c.sides[1].list }

// half is one side while it is aligned.
type half struct {
	side  Side
	root  eventlog.SpanID
	list  *talk.List
	steps []step // by item
}

// Align compares two sessions. It reads the bodies of all steps, in portions, and
// calls progress, which may be nil, with how many of how many items are read.
func Align(ctx context.Context, a, b Side, progress func(done, total int)) (*Comparison, error) {
	c := &Comparison{}
	total := 0
	for i, side := range []Side{a, b} {
		root, ok := talk.Session(side.Snap, side.Session)
		if !ok {
			return nil, fmt.Errorf("compare %s: its log has no event of it", side.Snap.Symbols.Name(side.Session))
		}
		list, err := talk.Items(ctx, side.Snap, root)
		if err != nil {
			return nil, err
		}
		c.sides[i] = &half{side: side, root: root, list: list}
		total += len(list.Items)
	}
	done := 0
	for _, h := range c.sides {
		err := h.read(ctx, func(n int) {
			if done += n; progress != nil {
				progress(done, total)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	al := aligner{c: c, a: c.sides[0], b: c.sides[1]}
	al.level(0, int32(len(al.a.steps)), 0, int32(len(al.b.steps)), 0)
	c.A, c.B = c.sides[0].totals(), c.sides[1].totals()
	c.fold()
	c.diverge()
	return c, ctx.Err()
}

// fewest is how many equal pairs are worth folding.
const fewest = 3

func (c *Comparison) fold() {
	for i := 0; i < len(c.Pairs); {
		end := i
		for end < len(c.Pairs) && c.Pairs[end].Relation == Equal {
			end++
		}
		c.Equals += end - i
		if end-i >= fewest {
			c.Folds = append(c.Folds, Fold{i, end})
		}
		i = max(end, i+1)
	}
}

// Rows walks the pairs from the first to the last: those of a stretch of equal
// ones that is to be shut together, every other one by itself. It yields which
// pairs, without the end; several are a stretch.
func (c *Comparison) Rows(shut func(Fold) bool) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		folds := c.Folds
		for i := 0; i < len(c.Pairs); {
			for len(folds) > 0 && folds[0].To <= i {
				folds = folds[1:]
			}
			to := i + 1
			if len(folds) > 0 && folds[0].From == i && shut(folds[0]) {
				to = folds[0].To
			}
			if !yield(i, to) {
				return
			}
			i = to
		}
	}
}

// diverge finds where the two part.
func (c *Comparison) diverge() {
	for i := range c.Pairs {
		p := &c.Pairs[i]
		if p.Relation == Equal || p.Unseen {
			continue
		}
		if c.First == nil {
			c.First = c.divergence(i)
		}
		if p.Relation != Changed || p.Parts&Step != 0 {
			c.Decision = c.divergence(i)
			return
		}
	}
}

func (c *Comparison) divergence(i int) *Divergence {
	p := &c.Pairs[i]
	d := &Divergence{Pair: i, ItemA: p.ItemA, ItemB: p.ItemB, Earlier: -1}
	// Where one did something that the other did not, the other did what comes next.
	for j := i + 1; j < len(c.Pairs) && c.Pairs[j].Depth >= p.Depth && (d.ItemA < 0 || d.ItemB < 0); j++ {
		q := &c.Pairs[j]
		if q.Level != p.Level {
			continue
		}
		if d.ItemA < 0 {
			d.ItemA = q.ItemA
		}
		if d.ItemB < 0 {
			d.ItemB = q.ItemB
		}
	}
	switch {
	case p.Relation == Changed && p.Parts&Step == 0:
		d.Cause = Returned
	case p.Kind == talk.User, p.Kind == talk.Task, p.Kind == talk.Decision, p.Kind == talk.Peer, p.Kind == talk.System:
		d.Cause = Told
	default:
		for j := range i {
			if q := &c.Pairs[j]; q.Level == p.Level && q.Relation != Equal && !q.Unseen {
				d.Cause, d.Earlier = InputApart, j
				return d
			}
		}
		if c.sides[0].hidden(p.Level, d.ItemA, c, 0) != c.sides[1].hidden(p.Level, d.ItemB, c, 1) {
			d.Cause = Hidden
		}
	}
	return d
}

// hidden sums up what programs had put into a conversation before an item: of a
// level, from its first pair on.
func (h *half) hidden(level, item int32, c *Comparison, side int) uint64 {
	first := int32(-1)
	for i := range c.Pairs {
		if p := &c.Pairs[i]; p.Level == level {
			if first = [2]int32{p.ItemA, p.ItemB}[side]; first >= 0 {
				break
			}
		}
	}
	if first < 0 || item < 0 {
		return 0
	}
	// The level begins behind the item that it lies in.
	depth := h.list.Items[first].Depth
	for first > 0 && h.list.Items[first-1].Depth >= depth {
		first--
	}
	sum := uint64(0)
	for i := first; i < item; i++ {
		if s := &h.steps[i]; s.machine && h.list.Items[i].Depth == depth {
			sum = mix(sum, s.key)
		}
	}
	return sum
}
