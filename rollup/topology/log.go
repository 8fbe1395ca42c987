package topology

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// FromLog draws the sessions of an opened log by its spans alone. What another
// log tells of as well, since a session was copied from it, counts here too:
// where the catalog is at hand, New with the log is exact. It stops with the
// context, and returns nil then.
func FromLog(ctx context.Context, snap *eventlog.Snapshot, opt Options) *Graph {
	s := newSketch(opt, snap.Symbols.Names())
	l := newLogSketch(s, snap)
	l.draw(ctx)
	if ctx.Err() != nil {
		return nil
	}
	g := s.graph()
	g.Timed = true
	l.sums(g)
	if !opt.Expanded {
		g.order()
	}
	if len(l.sessions) == 1 {
		g.SessionID = s.names[l.snap.Span(l.sessions[0]).Session]
	}
	return g
}

// logSketch adds what a log tells to a sketch. What is kept by span is flat: a
// log may have millions.
type logSketch struct {
	*sketch
	snap     *eventlog.Snapshot
	parent   []eventlog.SpanID
	node     []eventlog.SpanID // by span: the run or session that it is part of, or is
	sessions []eventlog.SpanID // on top
	own      map[eventlog.SpanID]rollup.Sum
}

func newLogSketch(s *sketch, snap *eventlog.Snapshot) *logSketch {
	l := &logSketch{sketch: s, snap: snap, parent: make([]eventlog.SpanID, snap.Spans.Len()+1), node: make([]eventlog.SpanID, snap.Spans.Len()+1), own: map[eventlog.SpanID]rollup.Sum{}}
	if len(s.names) < len(snap.Symbols.Names()) {
		s.names = snap.Symbols.Names() // the log has been read since
	}
	for i, span := range snap.Spans.All() {
		l.parent[i+1] = span.Parent
		if isNode(span) {
			l.node[i+1] = eventlog.SpanID(i + 1)
		}
		if span.Kind == eventlog.SpanSession && span.Parent == 0 {
			l.sessions = append(l.sessions, eventlog.SpanID(i+1))
		}
	}
	// Spans lie below each other as deep as anybody wrote. Each is walked over once.
	var path []eventlog.SpanID
	for id := range l.node {
		at := eventlog.SpanID(id)
		for path = path[:0]; at != 0 && l.node[at] == 0 && len(path) < len(l.node); at = l.parent[at] {
			path = append(path, at)
		}
		for _, p := range path {
			l.node[p] = l.node[at]
		}
	}
	return l
}

func isNode(s *eventlog.Span) bool {
	return s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession
}

// run returns the run that a span is part of, or that started the session that it
// is part of, and how sure that is. crossed says that a session lies between.
func (l *logSketch) run(id eventlog.SpanID) (run eventlog.SpanID, link eventlog.Link, crossed bool) {
	link = eventlog.LinkSure
	for range len(l.node) { // who lies below each other in a circle has none
		id = l.node[id]
		if id == 0 {
			return 0, eventlog.LinkNone, crossed
		}
		span := l.snap.Span(id)
		if span.Kind == eventlog.SpanRun {
			return id, link, crossed
		}
		crossed = true
		if span.Link != eventlog.LinkNone {
			link = min(link, span.Link)
		}
		id = span.Parent
	}
	return 0, eventlog.LinkNone, crossed
}

// agentOf returns the node of what a span is part of: a run, or the session's own
// where a call is part of none. With draw it is made where it is new.
func (l *logSketch) agentOf(id eventlog.SpanID, draw bool) (int32, bool) {
	n := l.node[id]
	if n == 0 {
		return 0, false
	}
	span := l.snap.Span(n)
	k := key{kind: Agent, name: orUnknown(l.names[span.Agent])}
	if span.Kind == eventlog.SpanSession {
		k.name = "unknown"
	}
	if l.opt.Expanded {
		k = key{kind: Agent, session: span.Session, run: span.Run}
		if span.Kind == eventlog.SpanSession {
			k.run = 0
		}
	}
	at, ok := l.nodes[k]
	if !ok && draw {
		name := l.names[span.Agent]
		if span.Kind == eventlog.SpanSession {
			return l.agent("", span.Session, 0), true
		}
		return l.agent(name, span.Session, span.Run), true
	}
	return at, ok
}

// times adds to a graph of the catalog what that does not know: how long calls
// took, and which runs started the sessions below.
func (l *logSketch) times(ctx context.Context) {
	for i, span := range l.snap.Spans.All() {
		if i%4096 == 0 && ctx.Err() != nil {
			return
		}
		id := eventlog.SpanID(i + 1)
		switch span.Kind {
		case eventlog.SpanTool, eventlog.SpanModel:
			l.time(id, span)
		case eventlog.SpanRun:
			from, link, crossed := l.run(l.parent[id])
			if !crossed || from == 0 {
				continue
			}
			if up, ok := l.agentOf(from, false); ok {
				if at, ok := l.agentOf(id, false); ok {
					l.started(up, at, link, span.Flags.Has(eventlog.SpanFailed))
				}
			}
		}
	}
}

// time notes how long a call took, on the edge that counts it.
func (l *logSketch) time(id eventlog.SpanID, span *eventlog.Span) {
	from, ok := l.agentOf(id, false)
	if !ok || !timed(span) {
		return
	}
	k, r := key{kind: Tool, name: orUnknown(l.names[span.Tool])}, Calls
	if span.Kind == eventlog.SpanModel {
		k, r = key{kind: Model, name: orUnknown(l.names[span.Model])}, Asks
	}
	if to, ok := l.nodes[k]; ok {
		if at, ok := l.edges[edgeKey{from, to, r}]; ok {
			l.lasted(at, span.Duration(0))
		}
	}
}

// timed reports whether it is known how long a call took: both ends were told.
func timed(s *eventlog.Span) bool {
	const no = eventlog.SpanOpen | eventlog.SpanApprox | eventlog.SpanCut
	return s.Flags&no == 0 && s.Start.Known() && s.End > s.Start
}

// draw makes the graph of the spans alone.
func (l *logSketch) draw(ctx context.Context) {
	for i, span := range l.snap.Spans.All() {
		if i%4096 == 0 && ctx.Err() != nil {
			return
		}
		id := eventlog.SpanID(i + 1)
		switch span.Kind {
		case eventlog.SpanSession:
			l.holds(id, span)
		case eventlog.SpanRun:
			l.start(id, span)
		case eventlog.SpanTool:
			at, ok := l.agentOf(id, true)
			if !ok {
				continue
			}
			one := rollup.Sum{ToolCalls: 1}
			if span.Flags.Has(eventlog.SpanFailed) {
				one.ToolErrors, one.Errors = 1, 1
			}
			l.called(at, l.names[span.Tool], 1, one.ToolErrors)
			l.add(id, one)
			l.time(id, span)
		case eventlog.SpanModel:
			l.ask(id, span)
		}
	}
}

func (l *logSketch) add(id eventlog.SpanID, one rollup.Sum) {
	sum := l.own[l.node[id]]
	sum.Add(one)
	l.own[l.node[id]] = sum
}

func (l *logSketch) holds(id eventlog.SpanID, span *eventlog.Span) {
	if !l.opt.Sessions {
		return
	}
	at := l.session(span.Session, l.names[span.Session])
	for up := l.node[l.parent[id]]; up != 0; up = l.node[l.parent[up]] {
		if above := l.snap.Span(up); above.Kind == eventlog.SpanSession {
			e, _ := l.edge(l.session(above.Session, l.names[above.Session]), at, Holds)
			e.Count++
			return
		}
	}
}

func (l *logSketch) start(id eventlog.SpanID, span *eventlog.Span) {
	at, _ := l.agentOf(id, true)
	failed := span.Flags.Has(eventlog.SpanFailed)
	l.ran(at, span.Session, failed)
	l.add(id, rollup.Sum{Runs: 1})
	from, link, crossed := l.run(l.parent[id])
	if l.opt.Sessions && (from == 0 || crossed) {
		e, _ := l.edge(l.session(span.Session, l.names[span.Session]), at, Holds)
		e.Count++
		if failed {
			e.Failed++
		}
	}
	if from == 0 {
		return
	}
	if !crossed {
		link = span.Link
	}
	up, _ := l.agentOf(from, true)
	l.started(up, at, link, failed)
}

func (l *logSketch) ask(id eventlog.SpanID, span *eventlog.Span) {
	at, ok := l.agentOf(id, true)
	if !ok || span.Bill == 0 {
		return
	}
	b := l.snap.Bills.At(int(span.Bill) - 1)
	if b.Void {
		return
	}
	one := rollup.SumOf(&eventlog.Entry{Bill: b})
	l.asked(at, "", l.names[span.Model], one)
	l.add(id, one)
	l.time(id, span)
}

// above returns what a run or session is added up into: the run that started it
// or, as in the roll-up, of a session the one that it hangs below.
func (l *logSketch) above(id eventlog.SpanID) eventlog.SpanID {
	session := l.snap.Span(id).Kind == eventlog.SpanSession
	for range len(l.node) {
		if id = l.node[l.parent[id]]; id == 0 || !session || l.snap.Span(id).Kind == eventlog.SpanSession {
			return id
		}
	}
	return 0
}

// sums adds up runs and sessions, each with what lies below it. Of runs of one
// agent that lie inside of each other only the outermost counts for the agent.
func (l *logSketch) sums(g *Graph) {
	below := map[eventlog.SpanID][]eventlog.SpanID{} // runs and sessions
	var order []eventlog.SpanID
	for i, span := range l.snap.Spans.All() {
		if id := eventlog.SpanID(i + 1); isNode(span) {
			up := l.above(id)
			below[up] = append(below[up], id)
		}
	}
	order = append(order, below[0]...)
	for i := 0; i < len(order); i++ {
		order = append(order, below[order[i]]...)
	}
	all := map[eventlog.SpanID]rollup.Sum{}
	for i := len(order) - 1; i >= 0; i-- {
		sum := all[order[i]]
		sum.Add(l.own[order[i]])
		all[order[i]] = sum
		if up := l.above(order[i]); up != 0 {
			whole := all[up]
			whole.Add(sum)
			all[up] = whole
		}
	}
	at := map[string]*Node{}
	for i := range g.Nodes {
		at[g.Nodes[i].ID] = &g.Nodes[i]
	}
	type step struct {
		id   eventlog.SpanID
		last bool
	}
	type within struct {
		session eventlog.Sym
		node    string
	}
	inside := map[within]int{}
	var stack []step
	for _, id := range below[0] {
		stack = append(stack, step{id, false})
	}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		span := l.snap.Span(s.id)
		name := within{span.Session, l.nodeID(&span)}
		if s.last {
			inside[name]--
			continue
		}
		if n := at[name.node]; n != nil {
			n.Own.Add(l.own[s.id])
			if inside[name] == 0 {
				n.Inclusive.Add(all[s.id])
			}
		}
		inside[name]++
		stack = append(stack, step{s.id, true})
		for _, id := range below[s.id] {
			stack = append(stack, step{id, false})
		}
	}
}

// nodeID is the id of the node of a run or session.
func (l *logSketch) nodeID(span *eventlog.Span) string {
	switch {
	case span.Kind == eventlog.SpanSession:
		return "session:" + l.names[span.Session]
	case l.opt.Expanded:
		return "run:" + l.names[span.Session] + "/" + l.names[span.Run]
	}
	return agentID(orUnknown(l.names[span.Agent]))
}
