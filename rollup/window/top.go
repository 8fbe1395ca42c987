package window

import (
	"cmp"
	"container/heap"
	"slices"
)

// top keeps the blocks that were dearest to carry. It is a heap with the cheapest
// of them on top.
type top struct {
	most   int
	blocks []Block
}

// dearer orders blocks: by what carrying them cost, then, also where nothing has a
// price, by how many tokens were carried, then by their own, then as they came.
func dearer(a, b *Block) int {
	return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Carried, a.Carried), cmp.Compare(b.Tokens, a.Tokens),
		cmp.Compare(a.Row, b.Row), cmp.Compare(a.Kind, b.Kind))
}

func (t *top) Len() int           { return len(t.blocks) }
func (t *top) Less(i, j int) bool { return dearer(&t.blocks[i], &t.blocks[j]) > 0 }
func (t *top) Swap(i, j int)      { t.blocks[i], t.blocks[j] = t.blocks[j], t.blocks[i] }
func (t *top) Push(x any)         { t.blocks = append(t.blocks, x.(Block)) }

func (t *top) Pop() any {
	last := t.blocks[len(t.blocks)-1]
	t.blocks = t.blocks[:len(t.blocks)-1]
	return last
}

// offer keeps a block if it is among the dearest.
func (t *top) offer(b *Block) {
	switch {
	case len(t.blocks) < t.most:
		heap.Push(t, *b)
	case dearer(b, &t.blocks[0]) < 0:
		t.blocks[0] = *b
		heap.Fix(t, 0)
	}
}

// sorted returns the blocks that were kept, the dearest first.
func (t *top) sorted() []Block {
	slices.SortFunc(t.blocks, func(a, b Block) int { return dearer(&a, &b) })
	return t.blocks
}
