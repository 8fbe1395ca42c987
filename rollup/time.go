package rollup

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Time is where the time of something went. Every moment is in one part, so
// that the parts add up to Wall; what runs side by side counts once.
type Time struct {
	Wall     time.Duration
	Tool     time.Duration // a tool runs
	Model    time.Duration // no tool runs, a model answers
	Approval time.Duration // nothing runs, a call waits for a person's decision
	Queue    time.Duration // nothing runs, a call waits for its turn, or to be tried again
	Human    time.Duration // nothing runs, a person is waited for
	Idle     time.Duration // nothing is known to be under way
}

// Busy is the time in which something ran.
func (t Time) Busy() time.Duration { return t.Tool + t.Model }

// Waited is the time in which only a person could make it go on.
func (t Time) Waited() time.Duration { return t.Approval + t.Human }

// Add adds v to t.
func (t *Time) Add(v Time) {
	t.Wall += v.Wall
	t.Tool += v.Tool
	t.Model += v.Model
	t.Approval += v.Approval
	t.Queue += v.Queue
	t.Human += v.Human
	t.Idle += v.Idle
}

// MarshalJSON writes milliseconds. The parts are rounded so that they still add
// up to the whole.
func (t Time) MarshalJSON() ([]byte, error) {
	var sum time.Duration
	var told int64
	part := func(d time.Duration) int64 {
		sum += d
		ms := sum.Round(time.Millisecond).Milliseconds() - told
		told += ms
		return ms
	}
	var o struct {
		Wall     int64 `json:"wall_ms"`
		Busy     int64 `json:"busy_ms"`
		Model    int64 `json:"model_ms"`
		Tool     int64 `json:"tool_ms"`
		Approval int64 `json:"approval_ms"`
		Human    int64 `json:"human_ms"`
		Queue    int64 `json:"queue_ms"`
		Idle     int64 `json:"idle_ms"`
	}
	o.Model, o.Tool, o.Approval, o.Human, o.Queue, o.Idle = part(t.Model), part(t.Tool), part(t.Approval), part(t.Human), part(t.Queue), part(t.Idle)
	o.Wall, o.Busy = told, o.Model+o.Tool
	return json.Marshal(o)
}

// Clock is the time of a run or a session.
type Clock struct {
	Own       Time // without what it started
	Inclusive Time // with everything below it
}

// Times is where the time of the sessions of a snapshot went.
type Times struct {
	Total    Time // the sum of the sessions on top, with everything below them
	Sessions map[eventlog.Sym]Clock
	Runs     map[RunID]Clock
	Agents   map[eventlog.Sym]Time // of the runs of an agent; side by side they count once a session
	Tools    map[eventlog.Sym]Time // of the calls of a tool, likewise
}

// Add adds the times of other sessions.
func (t *Times) Add(v *Times) {
	if t.Sessions == nil {
		t.Sessions, t.Runs = map[eventlog.Sym]Clock{}, map[RunID]Clock{}
		t.Agents, t.Tools = map[eventlog.Sym]Time{}, map[eventlog.Sym]Time{}
	}
	t.Total.Add(v.Total)
	maps.Copy(t.Sessions, v.Sessions)
	maps.Copy(t.Runs, v.Runs)
	addAll(t.Agents, v.Agents)
	addAll(t.Tools, v.Tools)
}

func addAll(to, from map[eventlog.Sym]Time) {
	for id, t := range from {
		sum := to[id]
		sum.Add(t)
		to[id] = sum
	}
}

// RunID names a run.
type RunID struct{ Session, Run eventlog.Sym }

// class is what a stretch of time is. Of several at one moment the first in
// this order counts.
type class uint8

const (
	toolRuns class = iota
	modelAnswers
	callAsks
	callQueues
	personWaited
	callDelegates // a call that started runs: as busy as they are, and what they leave is its own
	nothing       // the run or session is there
	classes
)

// piece is a stretch of time of one class.
type piece struct {
	start, end eventlog.Stamp
	class      class
	below      bool // of a run that was started: it counts while a call that started runs is open
}

// sweep attributes every moment that lies within a piece of class nothing to the
// first class that is there at that moment. What runs below counts as a tool: to
// the run that started it, it is one.
func sweep(pieces []piece) Time {
	type edge struct {
		at    eventlog.Stamp
		class class
		below bool
	}
	// Logs are written in the order of time, nearly, so that each of the two is
	// nearly sorted; both in one would not be.
	starts, ends := make([]edge, 0, len(pieces)), make([]edge, 0, len(pieces))
	for _, p := range pieces {
		if p.start.Known() && p.end > p.start {
			starts, ends = append(starts, edge{p.start, p.class, p.below}), append(ends, edge{p.end, p.class, p.below})
		}
	}
	byTime := func(a, b edge) int { return cmp.Compare(a.at, b.at) }
	slices.SortFunc(starts, byTime)
	slices.SortFunc(ends, byTime)
	var there, below [classes]int32
	var took [classes]time.Duration
	var last eventlog.Stamp
	for i, j := 0, 0; j < len(ends); {
		next, delta := &ends[j], int32(-1)
		if i < len(starts) && starts[i].at <= next.at {
			next, delta = &starts[i], 1
			i++
		} else {
			j++
		}
		if there[nothing] > 0 {
			c := toolRuns
			for there[c] == 0 && (below[c] == 0 || there[callDelegates] == 0) {
				c++
			}
			if there[c] == 0 && c == modelAnswers {
				c = callDelegates
			}
			took[c] += time.Duration(next.at - last)
		}
		last = next.at
		if next.below {
			below[next.class] += delta
		} else {
			there[next.class] += delta
		}
	}
	t := Time{
		Tool: took[toolRuns] + took[callDelegates], Model: took[modelAnswers], Approval: took[callAsks],
		Queue: took[callQueues], Human: took[personWaited], Idle: took[nothing],
	}
	t.Wall = t.Tool + t.Model + t.Approval + t.Queue + t.Human + t.Idle
	return t
}

// whole returns the pieces and one more that lasts from the first moment to the
// last at which a run or session was there: between them nothing was under way,
// but the whole was not over.
func whole(pieces []piece) []piece {
	all := piece{class: nothing}
	for _, p := range pieces {
		if p.class == nothing && p.start.Known() && (!all.start.Known() || p.start < all.start) {
			all.start = p.start
		}
		if p.class == nothing {
			all.end = max(all.end, p.end)
		}
	}
	return append(append(make([]piece, 0, len(pieces)+1), pieces...), all)
}

// timing is the state of one fold over a snapshot.
type timing struct {
	snap     *eventlog.Snapshot
	now      func(session eventlog.Sym) eventlog.Stamp
	node     []int32 // by span: the run or session that it is part of, or is
	delegate []bool  // by span: it is a call that started a run
	kids     map[int32][]int32
	started  map[int32][]int32 // by call: the runs and sessions that it started
	pauses   map[eventlog.SpanID][]eventlog.Pause
	cuts     map[eventlog.SpanID][]piece // by tool call, and by run for its model calls: in order, not touching
	rested   map[int32]eventlog.Stamp    // by run: when its last turn ended
	starts   map[int32][]eventlog.Stamp  // by session: of its top runs, in order
	own      map[int32][]piece
	tools    map[[2]eventlog.Sym][]piece // by session and tool
}

// NewTimes finds out where the time went, in the sessions of a snapshot. now
// says up to when what is open in a session goes on: now while it is running,
// and zero when nobody knows of its end. Its work grows with the calls, and with
// how deep runs are nested: call it from a command.
func NewTimes(ctx context.Context, snap *eventlog.Snapshot, now func(session eventlog.Sym) eventlog.Stamp) *Times {
	n := snap.Spans.Len() + 1
	f := &timing{
		snap: snap, now: now, node: make([]int32, n), delegate: make([]bool, n), kids: map[int32][]int32{}, started: map[int32][]int32{},
		pauses: map[eventlog.SpanID][]eventlog.Pause{}, cuts: map[eventlog.SpanID][]piece{}, rested: map[int32]eventlog.Stamp{},
		starts: map[int32][]eventlog.Stamp{}, own: map[int32][]piece{}, tools: map[[2]eventlog.Sym][]piece{},
	}
	f.nodes()
	f.waits()
	f.room()
	for i, s := range snap.Spans.All() {
		if i%4096 == 0 && ctx.Err() != nil {
			return &Times{}
		}
		f.span(eventlog.SpanID(i+1), s)
	}
	return f.add(ctx)
}

// room makes room for the pieces of the calls of each tool: of a long log they
// are many megabytes, which are not moved as they grow, since nothing else runs
// on a processor while it moves memory.
func (f *timing) room() {
	calls := map[[2]eventlog.Sym]int{}
	for _, s := range f.snap.Spans.All() {
		if s.Kind == eventlog.SpanTool {
			calls[[2]eventlog.Sym{s.Session, s.Tool}]++
		}
	}
	for key, n := range calls {
		f.tools[key] = make([]piece, 0, 2*n) // the call, and that it is there
	}
}

func isNode(s *eventlog.Span) bool {
	return s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession
}

// nodes finds for every span the run or session that it is part of, and makes
// a tree of those.
func (f *timing) nodes() {
	parents := make([]int32, len(f.node))
	for i, s := range f.snap.Spans.All() {
		parents[i+1] = int32(s.Parent)
		if isNode(s) {
			f.node[i+1] = int32(i + 1)
		}
	}
	var path []int32
	for id := range int32(len(parents)) {
		at := id
		for path = path[:0]; at != 0 && f.node[at] == 0; at = parents[at] {
			path = append(path, at)
		}
		for _, p := range path {
			f.node[p] = f.node[at]
		}
	}
	for i, s := range f.snap.Spans.All() {
		if id := int32(i + 1); isNode(s) {
			up := parents[id]
			if f.delegate[up] = true; f.node[up] != up {
				f.started[up] = append(f.started[up], id)
			}
			f.kids[f.node[up]] = append(f.kids[f.node[up]], id)
			if s.Kind == eventlog.SpanRun {
				f.starts[up] = append(f.starts[up], s.Start)
			}
		} else if s.Kind != eventlog.SpanEvent {
			f.delegate[parents[id]] = true // calls stand below a call in spans of OpenTelemetry
		}
	}
	for _, starts := range f.starts {
		slices.Sort(starts)
	}
}

// waits sorts the pauses by what they are pauses of, and by the calls that they
// cut: a call that waits does not run, and a run whose call waits for a person, or
// for another attempt, has no answer of a model coming in.
func (f *timing) waits() {
	for _, at := range f.snap.Pauses.All() {
		p, s := *at, f.snap.Span(at.Span)
		p.End = p.Until(f.now(s.Session))
		f.pauses[p.Span] = append(f.pauses[p.Span], p)
		run, cut := eventlog.SpanID(f.node[p.Span]), piece{start: p.Start, end: p.End}
		if s.Kind == eventlog.SpanTool {
			f.cuts[p.Span] = append(f.cuts[p.Span], cut)
		}
		if p.Kind == eventlog.PauseApproval || p.Kind == eventlog.PauseQueue && p.Span == run {
			f.cuts[run] = append(f.cuts[run], cut)
		}
		if p.Kind == eventlog.PauseTurn {
			f.rested[int32(run)] = max(f.rested[int32(run)], p.Start)
		}
	}
	for id, cuts := range f.cuts {
		f.cuts[id] = joined(cuts)
	}
}

// joined puts pieces in order and makes one of those that touch.
func joined(pieces []piece) []piece {
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.start, b.start) })
	out := pieces[:0]
	for _, p := range pieces {
		if last := len(out) - 1; last >= 0 && p.start <= out[last].end {
			out[last].end = max(out[last].end, p.end)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// until returns when a span ended, as far as anybody knows. A call that was open
// when its run came to rest is not under way, though its end was never told.
func (f *timing) until(id eventlog.SpanID, s *eventlog.Span) eventlog.Stamp {
	now := f.now(s.Session)
	if rested, ok := f.rested[f.node[id]]; ok && !isNode(s) && rested >= s.Start {
		now = 0
	}
	return s.Start + eventlog.Stamp(s.Duration(now))
}

// span puts the pieces that a span comes to where they belong.
func (f *timing) span(id eventlog.SpanID, s *eventlog.Span) {
	if !s.Start.Known() || s.Kind == eventlog.SpanEvent {
		return
	}
	node, end := f.node[id], f.until(id, s)
	at := len(f.own[node])
	switch s.Kind {
	case eventlog.SpanModel:
		f.busy(node, piece{start: s.Start, end: end, class: modelAnswers}, f.cuts[eventlog.SpanID(node)])
		return
	case eventlog.SpanTool:
		c := toolRuns
		if f.delegate[id] {
			c = callDelegates
		}
		f.busy(node, piece{start: s.Start, end: end, class: c}, f.cuts[id])
	default:
		f.own[node] = append(f.own[node], piece{start: s.Start, end: end, class: nothing})
	}
	for _, p := range f.pauses[id] {
		f.pause(node, s, p, end)
	}
	if key := [2]eventlog.Sym{s.Session, s.Tool}; s.Kind == eventlog.SpanTool {
		f.tools[key] = append(append(f.tools[key], f.own[node][at:]...), piece{start: s.Start, end: end, class: nothing})
	}
}

// busy adds what is left of a call without the cuts.
func (f *timing) busy(node int32, call piece, cuts []piece) {
	first, _ := slices.BinarySearchFunc(cuts, call.start, func(p piece, at eventlog.Stamp) int { return cmp.Compare(p.end, at) })
	for _, cut := range cuts[first:] {
		if cut.start >= call.end {
			break
		}
		f.own[node] = append(f.own[node], piece{start: call.start, end: cut.start, class: call.class})
		call.start = max(call.start, cut.end)
	}
	f.own[node] = append(f.own[node], call)
}

// pause adds a pause of a call or run.
func (f *timing) pause(node int32, s *eventlog.Span, p eventlog.Pause, end eventlog.Stamp) {
	class := personWaited
	switch p.Kind {
	case eventlog.PauseApproval:
		class = callAsks
	case eventlog.PauseQueue:
		class = callQueues
	case eventlog.PauseTurn:
		// Only a run on top waits for a person: others for the run that started them.
		up := f.snap.Span(max(1, s.Parent))
		if s.Parent != 0 && (up.Kind != eventlog.SpanSession || up.Parent != 0 || up.Flags.Has(eventlog.SpanOrphan)) {
			return
		}
		if p.Open { // nobody said anything more, or the next turn is a run of its own
			p.End = math.MaxInt64
			starts := f.starts[int32(s.Parent)]
			if i, _ := slices.BinarySearch(starts, p.Start+1); i < len(starts) {
				p.End = starts[i]
			}
		}
	}
	if s.Kind == eventlog.SpanTool {
		p.Start, p.End = max(s.Start, p.Start), min(end, p.End)
	}
	f.own[node] = append(f.own[node], piece{start: p.Start, end: p.End, class: class})
}

// enough bounds how many pieces are looked at again because they lie below
// several runs. Logs of real agents, which are a few levels deep, never come near
// it. Of what is left then no time is told, rather than a wrong one.
const enough = 1 << 23

// add sweeps over everything that is asked for.
func (f *timing) add(ctx context.Context) *Times {
	t := &Times{Sessions: map[eventlog.Sym]Clock{}, Runs: map[RunID]Clock{}, Agents: map[eventlog.Sym]Time{}, Tools: map[eventlog.Sym]Time{}}
	o := f.order()
	agents := map[[2]eventlog.Sym][]int{} // the runs of each, by session
	left := enough + 2*len(o.all)
	for i, id := range o.nodes {
		if ctx.Err() != nil {
			return &Times{}
		}
		s := f.snap.Span(eventlog.SpanID(id))
		if left -= len(o.below(i)); left < 0 && o.last[i] > i+1 {
			continue
		}
		own := o.own(i, func(node int32) bool {
			return node == id || s.Kind == eventlog.SpanSession && f.snap.Span(eventlog.SpanID(node)).Session == s.Session
		})
		c := Clock{Own: sweep(own)}
		if c.Inclusive = c.Own; slices.ContainsFunc(own, func(p piece) bool { return p.below }) {
			c.Inclusive = sweep(whole(o.below(i)))
		}
		if s.Kind == eventlog.SpanSession {
			t.Sessions[s.Session] = c
			continue
		}
		t.Runs[RunID{s.Session, s.Run}] = c
		key := [2]eventlog.Sym{s.Session, s.Agent}
		agents[key] = append(agents[key], i)
	}
	for key, runs := range agents {
		sum := t.Agents[key[1]]
		if len(runs) == 1 {
			sum.Add(t.Runs[RunID{key[0], f.snap.Span(eventlog.SpanID(o.nodes[runs[0]])).Run}].Own)
		} else {
			n := 0
			for _, i := range runs {
				n += len(o.below(i))
			}
			all := make([]piece, 0, min(n, max(0, left)))
			for _, i := range runs {
				if left -= len(o.below(i)); left < 0 {
					break
				}
				all = append(all, o.own(i, func(node int32) bool { return node == o.nodes[i] })...)
			}
			sum.Add(sweep(all))
		}
		t.Agents[key[1]] = sum
	}
	if left < 0 {
		clear(t.Agents)
	}
	for _, id := range f.kids[0] {
		t.Total.Add(t.Sessions[f.snap.Span(eventlog.SpanID(id)).Session].Inclusive)
	}
	for call, nodes := range f.started {
		s := f.snap.Span(eventlog.SpanID(call))
		key := [2]eventlog.Sym{s.Session, s.Tool}
		for _, node := range nodes {
			if left -= len(o.below(o.at[node])); left < 0 {
				return t
			}
			for _, p := range o.below(o.at[node]) {
				if p.class != nothing { // the time of a tool is that of its calls
					f.tools[key] = append(f.tools[key], p)
				}
			}
		}
	}
	for key, of := range f.tools {
		sum := t.Tools[key[1]]
		sum.Add(sweep(of))
		t.Tools[key[1]] = sum
	}
	return t
}

// order is all runs and sessions in an order in which what lies below one
// stands behind it, in one stretch.
type order struct {
	nodes []int32
	at    map[int32]int // where a node stands
	last  []int         // how far what lies below it goes
	from  []int         // where its pieces begin
	all   []piece
}

func (f *timing) order() *order {
	n := 0
	for _, pieces := range f.own {
		n += len(pieces)
	}
	o := &order{at: map[int32]int{}, all: make([]piece, 0, n)}
	for stack := slices.Clone(f.kids[0]); len(stack) > 0; {
		at := stack[len(stack)-1]
		o.at[at], o.nodes, o.from = len(o.nodes), append(o.nodes, at), append(o.from, len(o.all))
		o.all = append(o.all, f.own[at]...)
		stack = append(stack[:len(stack)-1], f.kids[at]...)
	}
	o.from = append(o.from, len(o.all))
	o.last = make([]int, len(o.nodes))
	for i, id := range slices.Backward(o.nodes) {
		o.last[i] = i + 1
		for _, kid := range f.kids[id] {
			o.last[i] = max(o.last[i], o.last[o.at[kid]])
		}
	}
	return o
}

// below returns the pieces of a node and of everything below it.
func (o *order) below(i int) []piece { return o.all[o.from[i]:o.from[o.last[i]]] }

// own returns the same, where what is not the node's own is marked.
func (o *order) own(i int, mine func(node int32) bool) []piece {
	out := slices.Clone(o.below(i))
	at := 0
	for j := i; j < o.last[i]; j++ {
		n := o.from[j+1] - o.from[j]
		if !mine(o.nodes[j]) {
			for k := at; k < at+n; k++ {
				out[k].below = true
			}
		}
		at += n
	}
	return out
}
