package window

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// folding makes the report, run by run.
type folding struct {
	*gathering
	parts parting
	r     *Report
	top   top
	kinds [kinds]Sum

	run  *Run
	seg  []block // what is in the context since the last compaction
	gap  []block // what came since the last turn
	prev int     // the last turn that read the context, since the last compaction; or -1

	// Of the first so many turns of the run: how many read the context, how many
	// of these have no price, and what a token that was there before cost them, in
	// parts of a billionth of a dollar.
	reads, unpriced []int64
	rates           []uint64
	alive           int64 // tokens of seg
}

// fraction is in how many parts a billionth of a dollar is divided, as bits.
const fraction = 20

// block is a Block while its run is gone through.
type block struct {
	at     eventlog.Stamp
	row    eventlog.RowID
	span   eventlog.SpanID
	tokens int64
	first  eventlog.Money
	turn   int32
	bytes  int32
	what   what
	kind   Kind
	basis  Basis
	answer int64 // tokens that were counted when it was written
}

// all goes through the items of each run.
func (f *folding) all() error {
	for from := 0; from < len(f.items); {
		to := from
		turns := 0
		for ; to < len(f.items) && f.items[to].run == f.items[from].run; to++ {
			if f.items[to].what == aTurn {
				turns++
			}
		}
		if turns > 0 {
			f.begin(eventlog.SpanID(f.items[from].run), turns)
			if err := f.through(f.items[from:to]); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// begin begins a run.
func (f *folding) begin(id eventlog.SpanID, turns int) {
	s := f.snap.Span(id)
	f.r.Runs = append(f.r.Runs, Run{
		Span: id, Parent: -1, Session: f.names[s.Session], Run: f.names[s.Run], Agent: f.names[s.Agent], Turns: make([]Turn, 0, turns),
	})
	f.run = &f.r.Runs[len(f.r.Runs)-1]
	f.seg, f.gap, f.prev, f.alive = f.seg[:0], f.gap[:0], -1, 0
	f.reads, f.unpriced, f.rates = append(f.reads[:0], 0), append(f.unpriced[:0], 0), append(f.rates[:0], 0)
}

// through goes through the items of one run.
func (f *folding) through(items []item) error {
	for i := range items {
		if i%4096 == 0 {
			if err := f.ctx.Err(); err != nil {
				return err
			}
		}
		switch it := &items[i]; it.what {
		case aTurn:
			f.turn(it, items[i+1:])
		case aBoundary:
			f.boundary(it)
		default:
			f.entered(it)
		}
	}
	f.shortened(len(f.run.Turns))
	f.unread()
	for i := range f.run.Turns {
		if f.run.Turns[i].Context() > f.run.Turns[f.run.Largest].Context() {
			f.run.Largest = i
		}
	}
	return nil
}

// kindsOf are the kinds of blocks that rows are.
var kindsOf = [...]Kind{aResult: Result, aMessage: User, aContext: System, aSystem: System, aSummary: Summary, aStart: User, aBoundary: Summary}

// entered notes a block that came between two turns.
func (f *folding) entered(it *item) {
	if it.what == aCall {
		for i := len(f.gap) - 1; i >= 0; i-- {
			if b := &f.gap[i]; b.kind == Answer {
				b.bytes = add(b.bytes, it.bytes)
				break
			}
		}
		return
	}
	r := f.snap.Rows.At(int(it.row))
	b := block{at: it.at, row: it.row, span: r.Span, bytes: it.bytes, what: it.what, kind: kindsOf[it.what]}
	if last := len(f.gap) - 1; it.what == aMessage && last >= 0 && f.gap[last].what == aContext {
		// It was told of as it was sent, and now as it was written: that is one
		// thing, which is shown where a person reads it.
		b.bytes = max(b.bytes, f.gap[last].bytes)
		f.gap[last] = b
		return
	}
	f.gap = append(f.gap, b)
}

// boundary notes a compaction that a record tells of.
func (f *folding) boundary(it *item) {
	run := f.run
	at := len(run.Turns)
	if n := len(run.Compactions); n > 0 && run.Compactions[n-1].At == at && !run.Compactions[n-1].Inferred {
		return // several layers tell of one
	}
	r := f.snap.Rows.At(int(it.row))
	c := Compaction{Span: r.Span, Row: it.row, Time: it.at, At: at}
	if f.prev >= 0 {
		c.Before = run.Turns[f.prev].Context()
	}
	written := false
	if at > 0 && f.wrote(it.row, run.Turns[at-1].Row) {
		t := &run.Turns[at-1]
		c.Call, c.Cost, c.Source, c.Known, written = t.Span, t.Cost, t.Source, true, true
	}
	run.Compactions = append(run.Compactions, c)
	var answer []block
	if n := len(f.gap); written && n > 0 && f.gap[n-1].kind == Answer { // what that call wrote is the summary
		f.gap[n-1].kind = Summary
		answer = append(answer, f.gap[n-1])
		f.gap = f.gap[:n-1]
	}
	f.shortened(at)
	f.unread()
	f.gap = append(f.gap, answer...)
	if !written {
		f.gap = append(f.gap, block{at: it.at, row: it.row, span: r.Span, bytes: it.bytes, what: aBoundary, kind: Summary})
	}
}

// lookahead is how many turns may come between two that read one context.
const lookahead = 3

// aside reports whether a turn that read much less than the one before reads
// something else, and a later one goes on where that one was.
func (f *folding) aside(before int64, rest []item) bool {
	left := lookahead
	for i := range rest {
		switch rest[i].what {
		case aBoundary:
			return false
		case aTurn:
			if f.bill(rest[i].row).Usage.Context() >= before {
				return true
			}
			if left--; left == 0 {
				return false
			}
		}
	}
	return false
}

func (f *folding) bill(row eventlog.RowID) eventlog.Bill {
	s := f.snap.Span(f.snap.Rows.At(int(row)).Span)
	return f.snap.Bills.At(int(s.Bill) - 1)
}

// shrunk reports whether a context is less than two thirds of another.
func shrunk(after, before int64) bool { return 3*after < 2*before }

// turn adds a model call.
func (f *folding) turn(it *item, rest []item) {
	row := f.snap.Rows.At(int(it.row))
	s, b, run := f.snap.Span(row.Span), f.bill(it.row), f.run
	b.Usage = bounded(b.Usage)
	n := len(run.Turns)
	t := Turn{
		Span: row.Span, Row: it.row, Time: cmp.Or(s.Start, it.at), Usage: b.Usage, Cost: b.Cost, Source: b.Source, Copied: b.Copied, AtLeast: b.AtLeast,
	}
	if s.Model != 0 {
		run.Model = f.names[s.Model]
	}
	before := int64(0)
	if f.prev >= 0 {
		before = run.Turns[f.prev].Context()
	}
	w, known := f.parts.of(&b, s.Model)
	f.count(&b, known)
	if t.Aside = f.prev >= 0 && shrunk(t.Context(), before) && f.aside(before, rest); t.Aside {
		if t.Source != eventlog.Unpriced {
			t.Read = w.portions(t.Cost, t.Usage, 0).read
			f.r.Read += t.Read
		}
		run.Turns = append(run.Turns, t)
		f.step(0, 0, 0)
		return
	}
	if f.prev >= 0 && shrunk(t.Context(), before) {
		run.Compactions = append(run.Compactions, Compaction{Span: t.Span, Row: t.Row, Time: t.Time, At: n, Before: before, Inferred: true})
		f.shortened(n)
		before = 0
	}
	if c := len(run.Compactions) - 1; c >= 0 && f.prev < 0 && run.Compactions[c].After == 0 {
		run.Compactions[c].After = t.Context()
	}
	t.Grew = t.Context() - before
	f.asked(it, &row)
	fresh := f.estimate(&t, f.prev < 0)
	f.prices(&t, &b, w, fresh)
	run.Turns = append(run.Turns, t)
	f.prev = n
	answer := max(0, t.Usage.Output-t.Usage.Reasoning)
	if answer == 0 {
		answer = t.Usage.Output
	}
	f.gap = append(f.gap, block{at: max(s.End, it.at), row: it.row, span: t.Span, bytes: f.said[t.Span], kind: Answer, answer: answer})
	if t.AtLeast {
		f.gap[len(f.gap)-1].answer = 0 // its log does not know
	}
}

// count adds a call to what the report is about.
func (f *folding) count(b *eventlog.Bill, known bool) {
	f.r.Calls++
	if b.Copied {
		f.r.Copied++
	}
	if b.Source == eventlog.Unpriced {
		f.r.Unpriced++
		return
	}
	f.r.Cost += b.Cost
	if b.Copied {
		f.r.CopyCost += b.Cost
	}
	if !known {
		f.r.ByTokens++
	}
}

// asked makes a block of what a request says, where no other record says what the
// model was asked.
func (f *folding) asked(it *item, row *eventlog.Row) {
	inputs, messages, summaries := 0, 0, 0
	for i := range f.gap {
		switch f.gap[i].what {
		case aMessage, aContext:
			messages++
			inputs++
		case aSummary:
			summaries++
			inputs++
		case aTurn: // an answer
		default:
			inputs++
		}
	}
	f.gap = slices.DeleteFunc(f.gap, func(b block) bool {
		return b.what == aStart && messages > 0 || b.what == aBoundary && summaries > 0
	})
	if inputs == 0 && row.Kind == eventlog.ModelRequest {
		f.gap = append(f.gap, block{at: it.at, row: it.row, span: row.Span, bytes: it.bytes, what: aMessage, kind: User})
	}
}

// prices finds out what the turn paid for what was there before, and for what is
// new, of which each block has its part.
func (f *folding) prices(t *Turn, b *eventlog.Bill, w weights, fresh int64) {
	added := f.seg[len(f.seg)-len(f.gap):]
	f.gap = f.gap[:0]
	old := f.alive - fresh
	if b.Source == eventlog.Unpriced {
		f.step(1, 1, 0)
		return
	}
	there := min(old, t.Context())
	p := w.portions(t.Cost, t.Usage, there)
	t.Read = p.read
	f.r.Read += p.read
	rate := uint64(0)
	if old > 0 {
		rate = scaled(p.old, old)
	}
	f.step(1, 0, rate)
	if whole := max(fresh, t.Context()-there); whole > 0 {
		for i := range added {
			added[i].first = eventlog.Money(times(uint64(p.read-p.old), uint64(added[i].tokens), uint64(whole)))
		}
	}
}

// scaled returns what one of some tokens cost, in parts, rounded down.
func scaled(cost eventlog.Money, tokens int64) uint64 {
	const most = 1 << 44 // so that sums over all calls of a log fit
	hi, lo := bits.Mul64(uint64(cost), 1<<fraction)
	if hi >= uint64(tokens) {
		return most
	}
	q, _ := bits.Div64(hi, lo, uint64(tokens))
	return min(q, most)
}

// step ends a turn.
func (f *folding) step(reads, unpriced int64, rate uint64) {
	n := len(f.reads) - 1
	f.reads, f.unpriced, f.rates = append(f.reads, f.reads[n]+reads), append(f.unpriced, f.unpriced[n]+unpriced), append(f.rates, f.rates[n]+rate)
}

// shortened ends what was in the context before a turn.
func (f *folding) shortened(turn int) {
	for i := range f.seg {
		f.done(&f.seg[i], turn)
	}
	f.seg, f.prev, f.alive = f.seg[:0], -1, 0
}

// noTurn is the turn of a block that no call read.
const noTurn = -1

// unread notes what came and was read by no call.
func (f *folding) unread() {
	for i := range f.gap {
		b := &f.gap[i]
		b.turn = noTurn
		b.tokens, b.basis = b.guess()
		f.done(b, 0)
	}
	f.gap = f.gap[:0]
}

// done adds up what a block cost until a turn that read it no more.
func (f *folding) done(b *block, until int) {
	out := Block{
		Kind: b.kind, Basis: b.basis, Run: len(f.r.Runs) - 1, Turn: int(b.turn), Span: b.span, Row: b.row, Time: b.at,
		Bytes: int64(b.bytes), Tokens: b.tokens, First: b.first,
	}
	if from := int(b.turn) + 1; from > 0 && from < until {
		out.Calls = f.reads[until] - f.reads[from]
		out.Unpriced = f.unpriced[until] - f.unpriced[from]
		hi, lo := bits.Mul64(uint64(b.tokens), f.rates[until]-f.rates[from])
		out.Cost = eventlog.Money(hi<<(64-fraction) | lo>>fraction)
	}
	out.Carried = out.Tokens * out.Calls
	f.kinds[out.Kind].add(&out)
	f.run.Blocks.add(&out)
	if out.Tokens > 0 {
		f.top.offer(&out)
	}
}

// finish puts the report together.
func (f *folding) finish() error {
	f.summarisers()
	f.tree()
	if err := f.limits(); err != nil {
		return err
	}
	r := f.r
	for k := range f.kinds {
		if f.kinds[k].Blocks > 0 {
			r.Kinds = append(r.Kinds, KindSum{Kind(k), f.kinds[k]})
			s := &f.kinds[k]
			r.Total.Blocks += s.Blocks
			r.Total.Bytes, r.Total.Tokens, r.Total.Carried = plus(r.Total.Bytes, s.Bytes), plus(r.Total.Tokens, s.Tokens), plus(r.Total.Carried, s.Carried)
			r.Total.First += s.First
			r.Total.Cost += s.Cost
		}
	}
	slices.SortStableFunc(r.Kinds, func(a, b KindSum) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Carried, a.Carried))
	})
	r.Blocks = f.top.sorted()
	return f.labels()
}

// summarisers finds the calls that wrote summaries, where an agent made them in a
// run of their own that says so.
func (f *folding) summarisers() {
	type call struct {
		run int
		end eventlog.Stamp
	}
	var calls []call
	for i := range f.r.Runs {
		run := &f.r.Runs[i]
		if name := strings.ToLower(run.Agent); strings.Contains(name, "compact") || strings.Contains(name, "summari") {
			calls = append(calls, call{i, f.snap.Span(run.Span).End})
		}
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.end, b.end) })
	const soon = eventlog.Stamp(time.Minute)
	taken := make([]bool, len(calls))
	for i := range f.r.Runs {
		run := &f.r.Runs[i]
		for k := range run.Compactions {
			c := &run.Compactions[k]
			if c.Known || c.Inferred || !c.Time.Known() {
				continue
			}
			at, _ := slices.BinarySearchFunc(calls, c.Time+soon, func(x call, t eventlog.Stamp) int { return cmp.Compare(x.end, t) })
			for at--; at >= 0 && (c.At == 0 || calls[at].end >= run.Turns[c.At-1].Time); at-- {
				if other := &f.r.Runs[calls[at].run]; other.Session == run.Session && calls[at].run != i && !taken[at] {
					taken[at] = true
					c.paid(other)
					break
				}
			}
		}
	}
}

// paid adds what the run cost that wrote the summary.
func (c *Compaction) paid(by *Run) {
	c.Known, c.Call, c.Source = true, by.Turns[len(by.Turns)-1].Span, eventlog.Recorded
	for i := range by.Turns {
		t := &by.Turns[i]
		if c.Cost += t.Cost; t.Source != eventlog.Recorded && c.Source != eventlog.Unpriced {
			c.Source = t.Source
		}
	}
}

// tree puts each run behind the one that started it.
func (f *folding) tree() {
	r, top := f.r, int32(len(f.r.Runs)) // top stands for what the runs on top hang below
	const unknown = -1
	near := make([]int32, f.snap.Spans.Len()+1) // by span: the nearest of the listed runs, itself included
	for i := range near {
		near[i] = unknown
	}
	near[0] = top
	for i := range r.Runs {
		near[r.Runs[i].Span] = int32(i)
	}
	kids := make([][]int32, top+1)
	var path []eventlog.SpanID
	for i := range r.Runs {
		at := f.snap.Span(r.Runs[i].Span).Parent
		for path = path[:0]; near[at] == unknown; at = f.snap.Span(at).Parent {
			path = append(path, at)
		}
		for _, p := range path {
			near[p] = near[at]
		}
		r.Runs[i].Parent = int(near[at])
		kids[near[at]] = append(kids[near[at]], int32(i))
	}
	place := make([]int, top) // where each run comes to stand
	order := make([]Run, 0, top)
	var stack []int32
	push := func(list []int32) {
		slices.SortStableFunc(list, func(a, b int32) int {
			return cmp.Compare(r.Runs[b].Turns[0].Time, r.Runs[a].Turns[0].Time)
		})
		stack = append(stack, list...)
	}
	push(kids[top])
	for len(stack) > 0 {
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		run := r.Runs[next]
		if place[next] = len(order); run.Parent == int(top) {
			run.Parent = -1
		} else {
			run.Parent = place[run.Parent]
			run.Depth = order[run.Parent].Depth + 1
		}
		order = append(order, run)
		push(kids[next])
	}
	r.Runs = order
	for i := range f.top.blocks {
		f.top.blocks[i].Run = place[f.top.blocks[i].Run]
	}
}
