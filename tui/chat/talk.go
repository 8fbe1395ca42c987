package chat

import (
	"context"
	"slices"
	"sort"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/tui/forest"
)

// conversation is the items of a session with what is known of them without their
// bodies. It does not change.
type conversation struct {
	list   *talk.List
	turns  []talk.Turn
	sums   []sum   // of all model calls before an item
	parent []int32 // the item that one lies inside of, or -1
	at     []int32 // the item of a span plus one, by span; zero is none
	failed []int32 // items that failed
	bars   []bar   // of the cost ruler
	forked int     // the first item behind the history of another session, or -1
}

// sum is what model calls cost.
type sum struct {
	recorded, estimated eventlog.Money
	calls, unpriced     int32
}

func (s sum) less(o sum) sum {
	return sum{s.recorded - o.recorded, s.estimated - o.estimated, s.calls - o.calls, s.unpriced - o.unpriced}
}

func (s sum) cost() eventlog.Money { return s.recorded + s.estimated }

// String spells the cost; no calls cost nothing, which is not said.
func (s sum) String() string {
	return figure.Dollars(s.recorded, s.estimated, int64(s.calls), int64(s.unpriced), 0)
}

// bar is a stretch of the conversation on the cost ruler.
type bar struct {
	from int32
	cost eventlog.Money
}

// mostBars bounds the ruler: a screen has fewer rows.
const mostBars = 2000

// read finds the conversation of a session in a log.
func read(ctx context.Context, snap *eventlog.Snapshot, s *eventlog.Session) (*conversation, error) {
	var root eventlog.SpanID
	for _, id := range append([]string{s.ID}, s.Others...) {
		if sym, ok := snap.Symbols.Find(id); ok {
			if root, ok = talk.Session(snap, sym); ok {
				break
			}
		}
	}
	list, err := talk.Items(ctx, snap, root)
	if err != nil {
		return nil, err
	}
	n := len(list.Items)
	c := &conversation{list: list, turns: list.Turns(), sums: make([]sum, n+1), parent: make([]int32, n), at: make([]int32, snap.Spans.Len()+1), forked: -1}
	paid := make([]uint64, snap.Bills.Len()/64+1)
	var inside []int32 // the items that the next one lies inside of
	history := false
	for i := range list.Items {
		if i%65536 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		it := &list.Items[i]
		for len(inside) > 0 && int(inside[len(inside)-1])+int(list.Items[inside[len(inside)-1]].Below) < i {
			inside = inside[:len(inside)-1]
		}
		c.parent[i] = -1
		if len(inside) > 0 {
			c.parent[i] = inside[len(inside)-1]
		}
		if it.Below > 0 {
			inside = append(inside, int32(i))
		}
		if c.at[it.Span] == 0 {
			c.at[it.Span] = int32(i + 1)
		}
		if it.Flags.Has(talk.Failed) {
			c.failed = append(c.failed, int32(i))
		}
		if it.Depth == 0 {
			if history && !it.Flags.Has(talk.Copied) {
				c.forked = i
			}
			history = it.Flags.Has(talk.Copied)
		}
		c.sums[i+1] = c.sums[i]
		c.charge(snap, it, &c.sums[i+1], paid)
	}
	c.ruler()
	return c, nil
}

// charge adds the model call of an item, each once.
func (c *conversation) charge(snap *eventlog.Snapshot, it *talk.Item, to *sum, paid []uint64) {
	s := snap.Span(it.Span)
	if it.Kind != talk.Assistant || s.Bill == 0 || s.Kind != eventlog.SpanModel || paid[s.Bill/64]&(1<<(s.Bill%64)) != 0 {
		return
	}
	paid[s.Bill/64] |= 1 << (s.Bill % 64)
	b := snap.Bills.At(int(s.Bill) - 1)
	if b.Copied {
		return
	}
	to.calls += int32(b.Count())
	switch b.Source {
	case eventlog.Recorded:
		to.recorded += b.Cost
	case eventlog.Estimated:
		to.estimated += b.Cost
	case eventlog.Unpriced:
		to.unpriced += int32(b.Count())
	}
}

// ruler divides the conversation for the cost ruler: by turns, or, where there are
// hardly any, by model calls.
func (c *conversation) ruler() {
	const few = 4
	if len(c.turns) >= few {
		for _, t := range c.turns {
			c.bars = append(c.bars, bar{int32(t.From), c.sums[t.To].less(c.sums[t.From]).cost()})
		}
	} else {
		for i := range c.list.Items {
			if cost := c.sums[i+1].less(c.sums[i]).cost(); cost > 0 {
				c.bars = append(c.bars, bar{int32(i), cost})
			}
		}
	}
	if n := len(c.bars); n > mostBars {
		out := make([]bar, mostBars)
		for i := range out {
			from, to := i*n/mostBars, (i+1)*n/mostBars
			out[i].from = c.bars[from].from
			for _, b := range c.bars[from:to] {
				out[i].cost += b.cost
			}
		}
		c.bars = out
	}
}

// turn returns the turn that begins with an item, counted from one, or zero.
func (c *conversation) turn(item int) int {
	i := sort.Search(len(c.turns), func(i int) bool { return c.turns[i].From >= item })
	if i < len(c.turns) && c.turns[i].From == item {
		return i + 1
	}
	return 0
}

// find returns the item of a span, or of the nearest above it that is one, or -1.
func (c *conversation) find(id eventlog.SpanID) int {
	for range 1000 {
		if id <= 0 || int(id) >= len(c.at) {
			return -1
		}
		if i := c.at[id]; i > 0 {
			return int(i - 1)
		}
		id = c.list.Snap.Span(id).Parent
	}
	return -1
}

// alone reports whether an item is all that lies inside of the call that started
// it: then the call stands for both.
func (c *conversation) alone(i int) bool {
	p := c.parent[i]
	return p >= 0 && int(p) == i-1 && c.list.Items[i].Kind == talk.Agent && c.list.Items[p].Below == c.list.Items[i].Below+1
}

// hits lists the items that match the filter by themselves.
func (c *conversation) hits(l *forest.Lines) []int32 {
	if l.Matched == nil {
		return nil
	}
	var out []int32
	for i := range c.list.Items {
		if id := c.list.Items[i].Span; int(id) <= l.Snap.Spans.Len() && l.Hit(id) && c.list.Items[i].Kind != talk.Agent {
			out = append(out, int32(i))
		}
	}
	return out
}

// key names an item in any list of the same log.
type key struct {
	span eventlog.SpanID
	kind talk.Kind
}

func keyOf(it *talk.Item) key { return key{it.Span, it.Kind} }

// folds say what is folded: what the person asked for one by one, and what holds
// for all others. They do not change.
type folds struct {
	thinking bool // thoughts are shown
	tools    bool // calls are shown
	all      bool // agents and everything else are shown
	shut     bool // nothing is shown that can be folded
	one      map[key]bool
}

// with returns the folds with one item shown or not.
func (f folds) with(k key, open bool) folds {
	next := make(map[key]bool, len(f.one)+1)
	for k, v := range f.one {
		next[k] = v
	}
	next[k] = open
	f.one = next
	return f
}

// open reports whether an item is shown in full.
func (f *folds) open(it *talk.Item) bool {
	if open, ok := f.one[keyOf(it)]; ok {
		return open
	}
	switch {
	case f.all:
		return true
	case it.Kind == talk.Tool && it.Below == 0:
		return f.tools
	case it.Kind == talk.Thinking:
		return f.thinking
	}
	return false
}

// order lists the items that are not inside of one that is folded: of the whole
// conversation, or of what lies inside of one item.
func (c *conversation) order(ctx context.Context, f folds, root int) []int32 {
	from, to := 0, len(c.list.Items)
	if root >= 0 && root < to {
		from, to = root+1, root+1+int(c.list.Items[root].Below)
	}
	var out []int32
	for i := from; i < to; i++ {
		if i%65536 == 0 && ctx.Err() != nil {
			break
		}
		if c.alone(i) {
			continue // the call has a line for both
		}
		it := &c.list.Items[i]
		out = append(out, int32(i))
		if it.Below > 0 && !f.open(it) {
			i += int(it.Below)
		}
	}
	return slices.Clip(out)
}
