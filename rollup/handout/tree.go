package handout

import (
	"context"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// tree is the spans below one, as they are drawn.
type tree struct {
	snap  *eventlog.Snapshot
	root  eventlog.SpanID
	kids  []eventlog.SpanID // of all spans, those of one together
	from  []int32           // where the children of a span begin in kids
	bad   []int32           // failed spans below each one, and itself
	cost  []eventlog.Money  // likewise
	paid  []bool            // something below it, or itself, has a cost
	scale scale
}

// node is a row of the tree.
type node struct {
	span  eventlog.SpanID // zero stands for some that are left out
	depth int
	below int // how many rows behind it lie below it
	left  int // out here
}

// deepest is how deep rows are nested; what lies deeper is told at it. Browsers
// build no deeper documents.
const deepest = 40

func newTree(ctx context.Context, snap *eventlog.Snapshot, root eventlog.SpanID, now eventlog.Stamp) (*tree, error) {
	n := snap.Spans.Len() + 1
	t := &tree{snap: snap, root: root, from: make([]int32, n+1), kids: make([]eventlog.SpanID, n-1), bad: make([]int32, n), cost: make([]eventlog.Money, n), paid: make([]bool, n)}
	starts, parents := make([]eventlog.Stamp, n), make([]int32, n)
	for i, s := range snap.Spans.All() {
		t.from[s.Parent+1]++
		starts[i+1], parents[i+1] = s.Start, int32(s.Parent)
		if s.Flags.Has(eventlog.SpanFailed) {
			t.bad[i+1] = 1
		}
		if s.Bill > 0 {
			if b := snap.Bills.At(int(s.Bill) - 1); !b.Void && !b.Copied && b.Source != eventlog.Unpriced {
				t.cost[i+1], t.paid[i+1] = b.Cost, true
			}
		}
	}
	for i := 1; i < len(t.from); i++ {
		t.from[i] += t.from[i-1]
	}
	next := slices.Clone(t.from)
	for i := 1; i < n; i++ {
		t.kids[next[parents[i]]] = eventlog.SpanID(i)
		next[parents[i]]++
	}
	for p := range n {
		slices.SortStableFunc(t.below(eventlog.SpanID(p)), func(a, b eventlog.SpanID) int {
			if starts[a] == 0 || starts[b] == 0 {
				return 0
			}
			return int(min(1, max(-1, starts[a]-starts[b])))
		})
	}
	if root == 0 {
		return t, ctx.Err()
	}
	var work []stretch
	order := []eventlog.SpanID{root}
	for i := 0; i < len(order); i++ {
		if i%65536 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		order = append(order, t.below(order[i])...)
		s := snap.Span(order[i])
		if s.Kind != eventlog.SpanRun && s.Kind != eventlog.SpanSession && !s.Flags.Has(eventlog.SpanHidden) {
			work = append(work, stretch{s.Start, end(&s, now)})
		}
	}
	for _, id := range slices.Backward(order[1:]) {
		p := parents[id]
		t.bad[p] += t.bad[id]
		t.cost[p] += t.cost[id]
		t.paid[p] = t.paid[p] || t.paid[id]
	}
	t.scale = newScale(work)
	return t, ctx.Err()
}

// end is when a span ended: of an open one now, if anybody knows that it goes on.
func end(s *eventlog.Span, now eventlog.Stamp) eventlog.Stamp {
	if s.Flags.Has(eventlog.SpanOpen) {
		return max(s.End, now)
	}
	return s.End
}

func (t *tree) below(id eventlog.SpanID) []eventlog.SpanID { return t.kids[t.from[id]:t.from[id+1]] }

func (t *tree) shown(id eventlog.SpanID) bool {
	return t.bad[id] > 0 || !t.snap.Span(id).Flags.Has(eventlog.SpanHidden)
}

// top is where the tree begins: a session that is a single run says nothing that
// the run does not.
func (t *tree) top() eventlog.SpanID {
	if kids := t.below(t.root); len(kids) == 1 && t.snap.Span(kids[0]).Kind == eventlog.SpanRun {
		return kids[0]
	}
	return t.root
}

// rows lays the tree out in at most some rows: where there are more, each span
// tells the first of its children and those that failed.
func (t *tree) rows(most int) []node {
	if t.root == 0 {
		return nil
	}
	for _, each := range []int{1 << 30, 1000, 300, 100, 30, 10, 3} {
		if rows, whole := t.lay(each, most); whole {
			return rows
		}
	}
	rows, _ := t.lay(1, most)
	return rows
}

// lay makes rows with at most so many children of each span that did not fail, and
// reports whether that was all.
func (t *tree) lay(each, most int) (rows []node, whole bool) {
	type branch struct {
		kids []eventlog.SpanID
		row  int // that they hang below
		told int
		left int
	}
	rows = append(rows, node{span: t.top()})
	stack := []branch{{kids: t.below(t.top())}}
	for len(stack) > 0 {
		at := &stack[len(stack)-1]
		depth := min(len(stack), deepest)
		if len(at.kids) == 0 {
			if at.left > 0 {
				rows = append(rows, node{depth: depth, left: at.left})
			}
			rows[at.row].below = len(rows) - at.row - 1
			stack = stack[:len(stack)-1]
			continue
		}
		id := at.kids[0]
		at.kids = at.kids[1:]
		if !t.shown(id) {
			continue
		}
		if at.told >= each && t.bad[id] == 0 || len(rows) >= most {
			at.left++
			if len(rows) >= most && each > 1 {
				return rows, false
			}
			continue
		}
		at.told++
		rows = append(rows, node{span: id, depth: depth})
		if kids := t.below(id); len(kids) > 0 {
			stack = append(stack, branch{kids: kids, row: len(rows) - 1})
		}
	}
	return rows, true
}
