package window

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// gathering finds in a snapshot what the windows of the chosen runs are made of.
type gathering struct {
	ctx      context.Context
	log      eventlog.Log
	snap     *eventlog.Snapshot
	names    []string
	progress Progress

	node  []int32 // by span: the run or session that it is part of, or is; -1 outside of the chosen session
	said  []int32 // by span of a model call: bytes of the records of its answer
	items []item
	spoke []eventlog.RowID         // the rows of answers, unless they are too many to be measured
	limit map[int32]eventlog.RowID // by run: a record that may tell how large its window is
	left  int64
	bulky bool // there is too much to be measured: the sizes of records have to do
}

// item is one row that matters to the window of a run.
type item struct {
	at    eventlog.Stamp
	row   eventlog.RowID
	run   int32 // its span
	bytes int32
	what  what
}

// what a row is to a window.
type what uint8

const (
	aTurn     what = iota
	aCall          // a tool call: a part of the answer
	aResult        // of a tool
	aMessage       // of a person
	aContext       // the same, as it was sent, if a message tells of it too
	aSystem        // put there by the program
	aSummary       // of what was before a compaction
	aStart         // of a run, with its task
	aBoundary      // a compaction
)

// scope finds for every span the run or session that it is part of, and which of
// these lie below the chosen session. It reports whether that is there.
func (g *gathering) scope(session eventlog.Sym) bool {
	const unknown, outside = 0, -1
	n := g.snap.Spans.Len() + 1
	g.node = make([]int32, n)
	parents := make([]int32, n)
	within := make([]bool, n) // of runs and sessions
	there := false
	for i, s := range g.snap.Spans.All() {
		parents[i+1] = int32(s.Parent)
		if s.Kind == eventlog.SpanSession && s.Session == session {
			within[i+1], there = true, true
		}
		if isNode(s) {
			g.node[i+1] = int32(i + 1)
		}
	}
	var path []int32
	for id := int32(1); int(id) < n; id++ {
		at := id
		for path = path[:0]; at != 0 && g.node[at] == unknown; at = parents[at] {
			path = append(path, at)
		}
		for _, p := range path {
			g.node[p] = cmp.Or(g.node[at], outside)
		}
	}
	// A node is chosen when one above it is. Each is walked up to one that is known.
	known := make([]bool, n)
	known[0] = true
	for id := int32(1); int(id) < n; id++ {
		at := id
		for path = path[:0]; !known[at] && !within[at]; at = parents[at] {
			path = append(path, at)
		}
		for _, p := range path {
			known[p], within[p] = true, within[at]
		}
		known[id] = true
	}
	for id := 1; id < n; id++ {
		if at := g.node[id]; at > 0 && !within[at] {
			g.node[id] = outside
		}
	}
	return there
}

func isNode(s *eventlog.Span) bool {
	return s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession
}

// portion is how many events are read at once.
const portion = 256

// gather lists the rows that matter, run by run, in order.
func (g *gathering) gather() error {
	g.said = make([]int32, g.snap.Spans.Len()+1)
	g.limit = map[int32]eventlog.RowID{}
	// Several layers of a recording may tell of a call and of its result.
	called, seen := make([]bool, len(g.said)), make([]bool, len(g.said))
	var told, before eventlog.Row // the last record of an answer, and the row before
	group := 0                    // the first item of the record that is being gone through
	for i, r := range g.snap.Rows.All() {
		if i%4096 == 0 {
			if err := g.ctx.Err(); err != nil {
				return err
			}
			g.progress(i, g.snap.Rows.Len())
		}
		if !sameRecord(r, &before) {
			g.share(group)
			group = len(g.items)
		}
		before = *r
		if r.Span <= 0 || g.node[r.Span] <= 0 {
			continue
		}
		s := g.snap.Span(r.Span)
		it := item{at: r.Time, row: eventlog.RowID(i), run: g.node[r.Span], bytes: max(0, r.Size)}
		if s.Bill > 0 && s.First == it.row {
			b := g.snap.Bills.At(int(s.Bill) - 1)
			switch {
			case b.Void || b.Usage.Context() <= 0:
			case s.Kind != eventlog.SpanModel || b.Calls > 1:
				g.left++
			default:
				it.what = aTurn
				g.items = append(g.items, it)
			}
		}
		if r.Kind == eventlog.ModelResponse && s.Kind == eventlog.SpanModel && !sameRecord(r, &told) {
			told = *r
			g.said[r.Span] = add(g.said[r.Span], it.bytes)
		}
		if r.Kind == eventlog.ModelResponse && len(g.spoke) <= measured {
			g.spoke = append(g.spoke, it.row)
		}
		if r.Kind == eventlog.Metrics {
			g.limit[it.run] = it.row
		}
		what, ok := g.kindOf(r, &s)
		if !ok || what == aResult && seen[r.Span] || what == aCall && called[r.Span] {
			continue
		}
		seen[r.Span], called[r.Span] = seen[r.Span] || what == aResult, called[r.Span] || what == aCall
		if it.what = what; what == aCall && sameRecord(r, &told) {
			it.bytes = 0 // they are among those of the answer
		}
		g.items = append(g.items, it)
	}
	g.share(group)
	if err := g.sizes(); err != nil {
		return err
	}
	g.order()
	return g.ctx.Err()
}

func sameRecord(a, b *eventlog.Row) bool {
	return a.Size > 0 && a.Segment == b.Segment && a.Table == b.Table && a.Pos == b.Pos
}

// add adds sizes, of which no sum is larger than any text.
func add(a, b int32) int32 { return int32(min(int64(a)+int64(b), 1<<30)) }

// share parts the bytes of a record among the blocks that it holds.
func (g *gathering) share(from int) {
	n := int32(0)
	for i := from; i < len(g.items); i++ {
		if g.items[i].what > aCall {
			n++
		}
	}
	for i := from; n > 1 && i < len(g.items); i++ {
		if g.items[i].what > aCall {
			g.items[i].bytes /= n
		}
	}
}

// attachments begin the names of records that hold what a program puts beside
// what people write.
const attachments = "attachment"

// kindOf says what a row is to the window of its run, if it is anything.
func (g *gathering) kindOf(r *eventlog.Row, s *eventlog.Span) (what, bool) {
	switch r.Kind {
	case eventlog.ToolCall:
		return aCall, s.Kind == eventlog.SpanTool
	case eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		return aResult, s.Kind == eventlog.SpanTool
	case eventlog.Compaction:
		return aBoundary, true
	case eventlog.AgentStart:
		return aStart, true
	case eventlog.Custom:
		return aSystem, strings.HasPrefix(g.names[r.Type], attachments)
	case eventlog.Message:
		if s.Kind != eventlog.SpanEvent {
			return 0, false
		}
		switch g.names[s.Tool] {
		case "user":
			return aMessage, true
		case "context":
			return aContext, true
		case "summary":
			return aSummary, true
		case "system", "agent":
			return aSystem, true
		}
	}
	return 0, false
}

// measured is how many events are read to know how large they are. Records are
// larger than what the model is sent of them, some twice as large.
const measured = 16384

// sizes measures bodies: all of them where they are few, else only those whose
// log tells no sizes of records, since it is in memory.
func (g *gathering) sizes() error {
	var rows []eventlog.RowID
	var of []int // index into items; or -1, for an answer
	g.bulky = len(g.items)+len(g.spoke) > measured
	for i := range g.items {
		it := &g.items[i]
		if (it.bytes == 0 || !g.bulky) && (it.what != aTurn || g.snap.Rows.At(int(it.row)).Kind == eventlog.ModelRequest) {
			rows, of = append(rows, it.row), append(of, i)
		}
	}
	if !g.bulky {
		for _, row := range g.spoke {
			rows, of = append(rows, row), append(of, -1)
		}
		clear(g.said)
	}
	for from := 0; from < len(rows); from += portion {
		part := rows[from:min(from+portion, len(rows))]
		events, err := g.log.Events(g.ctx, part)
		if err != nil {
			return err
		}
		for k := range events {
			e := &events[k]
			if e.Kind == eventlog.Unreadable {
				continue
			}
			if at := of[from+k]; at < 0 {
				span := g.snap.Rows.At(int(part[k])).Span
				g.said[span] = add(g.said[span], int32(min(spoken(e), 1<<30)))
			} else {
				g.items[at].bytes = int32(min(body(e), 1<<30))
			}
		}
	}
	return nil
}

// body returns how many bytes the model was sent, or wrote, of an event.
func body(e *eventlog.Event) int64 {
	n := max(len(e.Text), len(e.Message))
	if e.Kind == eventlog.ToolCall {
		n = len(e.Input)
	}
	for _, other := range [...][]byte{e.Output, e.Input, e.Payload} {
		if n == 0 {
			n = len(other)
		}
	}
	return int64(n)
}

// spoken returns how many bytes of text a piece of an answer has, thinking included.
func spoken(e *eventlog.Event) int64 {
	n := len(e.Text)
	for _, d := range e.Details {
		if d.Name == "thinking" {
			n += len(d.Value)
		}
	}
	return int64(n)
}

// order puts what belongs to one run together, by time where all of it has one,
// else as it stands in the log.
func (g *gathering) order() {
	timeless := map[int32]bool{}
	for i := range g.items {
		if !g.items[i].at.Known() {
			timeless[g.items[i].run] = true
		}
	}
	slices.SortStableFunc(g.items, func(a, b item) int {
		if a.run != b.run {
			return cmp.Compare(a.run, b.run)
		}
		if !timeless[a.run] {
			if c := cmp.Compare(a.at, b.at); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.row, b.row)
	})
	// A call that shares its record with a compaction is the one that wrote the
	// summary: it read what was there before.
	for i := 1; i < len(g.items); i++ {
		a, b := &g.items[i-1], &g.items[i]
		if a.what == aBoundary && b.what == aTurn && a.run == b.run && g.wrote(a.row, b.row) {
			*a, *b = *b, *a
		}
	}
}

func (g *gathering) wrote(boundary, turn eventlog.RowID) bool {
	a, b := g.snap.Rows.At(int(boundary)), g.snap.Rows.At(int(turn))
	return sameRecord(&a, &b)
}
