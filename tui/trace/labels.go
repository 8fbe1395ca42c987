package trace

import "github.com/lazytrace/lazytrace/eventlog"

// words are what a line says beyond the name of its tool or agent.
type words struct {
	text string
	fail string
	last eventlog.RowID // the last row of the span when it was read
}

// cache keeps the labels of lines that were seen lately. Two generations come
// close to the least recently used at the cost of a map: when the young one is
// full it becomes the old one, and what is not asked for by then is forgotten.
type cache struct {
	young, old map[eventlog.SpanID]words
}

const generation = 2000

func (c *cache) get(id eventlog.SpanID) (words, bool) {
	if w, ok := c.young[id]; ok {
		return w, true
	}
	w, ok := c.old[id]
	return w, ok
}

func (c *cache) put(labels map[eventlog.SpanID]words) {
	if len(c.young) > generation || c.young == nil {
		c.old, c.young = c.young, make(map[eventlog.SpanID]words, generation)
	}
	for id, w := range labels {
		c.young[id] = w
	}
}
