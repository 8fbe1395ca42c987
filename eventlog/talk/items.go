// Package talk is the conversation in a log, for reading: who said what, which
// tools were called with what result, and what the agents that were started said
// among themselves. What happened in which order is told from rows and spans
// alone; the bodies of a few items are read when somebody looks at them. It knows
// no format: dialects say what is a text.
package talk

import (
	"context"
	"math"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Kind is what an item of a conversation is.
type Kind uint8

// The kinds of items.
const (
	Task       Kind = iota + 1 // what a run or session was started with
	User                       // a message of the person
	System                     // what the program put in: prompts, context, notes
	Assistant                  // an answer of the model, with what it thought
	Thinking                   // thoughts that the log tells apart from the answer
	Tool                       // a call and its result
	Agent                      // an agent that was started: what it said lies inside
	Peer                       // a message of another agent
	Result                     // what a run or session came to
	Compaction                 // the context was shortened, or what it was shortened to
	Decision                   // somebody decided: a person about a call, an agent what to do
	Error                      // a failure that is told by itself
	Note                       // anything else that says something
	kinds
)

var kindNames = [kinds]string{
	"", "task", "user", "system", "assistant", "thinking", "tool", "agent", "peer", "result", "compaction", "decision", "error", "note",
}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// MarshalText returns the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Flags are facts about an item.
type Flags uint8

// The flags of items.
const (
	Failed Flags = 1 << iota
	Open         // a call or run whose end was not seen
	Hidden       // machinery, folded by default
	Copied       // history of another session that this one began with
)

// Has reports whether all the flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Item is one thing that was said or done. Nothing of its body is read yet: some
// items turn out to say nothing (see Said.Empty).
type Item struct {
	Time  eventlog.Stamp
	Span  eventlog.SpanID
	Agent eventlog.Sym // who it is of, or who was started
	Below int32        // how many items behind it lie inside of it
	from  int32        // its rows, in the list's
	n     int32
	Depth uint16
	Kind  Kind
	Flags Flags
}

// List is the conversation below a span. It does not change.
type List struct {
	Items []Item
	Snap  *eventlog.Snapshot

	rows []eventlog.RowID // of all spans, those of a span together
}

// Rows returns the rows that tell of an item.
func (l *List) Rows(i int) []eventlog.RowID {
	it := &l.Items[i]
	return l.rows[it.from : it.from+it.n]
}

// Session finds the span of a session.
func Session(snap *eventlog.Snapshot, id eventlog.Sym) (eventlog.SpanID, bool) {
	for i, s := range snap.Spans.All() {
		if s.Kind == eventlog.SpanSession && s.Session == id {
			return eventlog.SpanID(i + 1), true
		}
	}
	return 0, false
}

// Items lists the conversation below a session or run, in the order in which it
// was said; what agents that were started said stands behind the call that
// started them, one deeper. No body is read: the work is proportional to the rows
// and spans of the log.
func Items(ctx context.Context, snap *eventlog.Snapshot, root eventlog.SpanID) (*List, error) {
	w := walk{list: &List{Snap: snap}, snap: snap, names: newNames(snap.Symbols)}
	if err := w.index(ctx); err != nil {
		return nil, err
	}
	if root > 0 && int(root) <= snap.Spans.Len() {
		w.list.Items = make([]Item, 0, snap.Spans.Len()) // hardly more in any log; what is not used takes no memory
		if err := w.below(ctx, root); err != nil {
			return nil, err
		}
	}
	w.list.history()
	return w.list, nil
}

// history marks what stands before something that was copied: a copy is the
// beginning of a conversation, and not every record of it says so.
func (l *List) history() {
	const none = math.MaxInt
	level := none // the depth of a conversation of which a later item is copied
	for i := len(l.Items) - 1; i >= 0; i-- {
		it := &l.Items[i]
		depth := int(it.Depth)
		if depth < level {
			level = none
		}
		if it.Flags.Has(Copied) {
			level = min(level, depth)
		}
		if level != none {
			it.Flags |= Copied
		}
	}
}

// names are the symbols that tell kinds apart.
type names struct {
	user, agent, assistant, tool, summary eventlog.Sym
	thoughts                              []eventlog.Sym
}

func newNames(syms *eventlog.Symbols) names {
	find := func(name string) eventlog.Sym {
		id, ok := syms.Find(name)
		if !ok {
			return ^eventlog.Sym(0) // nobody's
		}
		return id
	}
	n := names{user: find("user"), agent: find("agent"), assistant: find("assistant"), tool: find("tool"), summary: find("summary")}
	for _, name := range []string{"reasoning", "thinking"} {
		n.thoughts = append(n.thoughts, find(name))
	}
	return n
}

// walk goes through the spans below one, children in their order.
type walk struct {
	list  *List
	snap  *eventlog.Snapshot
	names names

	at       []int32 // where the rows of a span begin in list.rows, by span
	children []eventlog.SpanID
	from     []int32 // where the children of a span begin in children, by span
}

// index sorts rows by their span and spans by their parent, by counting.
func (w *walk) index(ctx context.Context) error {
	spans, rows := w.snap.Spans.Len(), w.snap.Rows.Len()
	w.at, w.from = make([]int32, spans+2), make([]int32, spans+2)
	for i, r := range w.snap.Rows.All() {
		if i%65536 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.at[r.Span+1]++
	}
	for _, s := range w.snap.Spans.All() {
		w.from[s.Parent+1]++
	}
	for i := range spans + 1 {
		w.at[i+1] += w.at[i]
		w.from[i+1] += w.from[i]
	}
	w.list.rows, w.children = make([]eventlog.RowID, rows), make([]eventlog.SpanID, spans)
	next := slices.Clone(w.at)
	for i, r := range w.snap.Rows.All() {
		w.list.rows[next[r.Span]] = eventlog.RowID(i)
		next[r.Span]++
	}
	copy(next, w.from)
	for i, s := range w.snap.Spans.All() {
		w.children[next[s.Parent]] = eventlog.SpanID(i + 1)
		next[s.Parent]++
	}
	return ctx.Err()
}

// entry is a child of a span, or a row of its own that is an item.
type entry struct {
	time eventlog.Stamp
	row  eventlog.RowID // the first
	span eventlog.SpanID
	own  int32 // the place of the row in list.rows plus one; zero is a child
	last bool  // of a row: what the span came to
	in   bool  // of a run: what it says is part of the conversation around it
}

// frame is a span whose entries are being listed.
type frame struct {
	entries []entry
	next    int
	item    int // which it is, or -1
	depth   uint16
	agent   eventlog.Sym
}

func (w *walk) below(ctx context.Context, root eventlog.SpanID) error {
	span := w.snap.Span(root)
	stack := []frame{{entries: w.entries(root, &span), item: -1, agent: span.Agent}}
	for steps := 0; len(stack) > 0; steps++ {
		if steps%65536 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f := &stack[len(stack)-1]
		if f.next == len(f.entries) {
			if f.item >= 0 {
				w.list.Items[f.item].Below = int32(len(w.list.Items) - f.item - 1)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		e := f.entries[f.next]
		f.next++
		if e.own > 0 {
			w.own(e, f)
			continue
		}
		s := w.snap.Span(e.span)
		item, depth, agent := -1, f.depth, f.agent
		if s.Agent != 0 {
			agent = s.Agent
		}
		if kind, hidden := w.kind(&s); kind != 0 && !e.in {
			item = len(w.list.Items)
			w.add(kind, hidden, e, &s, agent, depth)
			depth = min(depth, 1<<15) + 1
		}
		if w.from[e.span+1] > w.from[e.span] || s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession {
			stack = append(stack, frame{entries: w.entries(e.span, &s), item: item, depth: depth, agent: agent})
		}
	}
	return ctx.Err()
}

// entries returns what is to be listed of a span, in its order.
func (w *walk) entries(id eventlog.SpanID, s *eventlog.Span) []entry {
	kids := w.children[w.from[id]:w.from[id+1]]
	out := make([]entry, 0, len(kids))
	begun := false
	for _, kid := range kids {
		k := w.snap.Span(kid)
		begun = begun || k.Kind == eventlog.SpanRun && k.Event == eventlog.AgentStart
		out = append(out, entry{time: k.Start, row: k.First, span: kid})
	}
	if s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession && !begun {
		for i := w.at[id]; i < w.at[id+1]; i++ {
			row := w.list.rows[i]
			if r := w.snap.Rows.At(int(row)); edge(r.Kind) != 0 {
				out = append(out, entry{time: r.Time, row: row, span: id, own: i + 1, last: edge(r.Kind) == Result})
			}
		}
	}
	// What tells no time stands where it stands in the log.
	slices.SortFunc(out, func(a, b entry) int { return int(a.row) - int(b.row) })
	last, late := eventlog.Stamp(0), []int(nil)
	for i := range out {
		if out[i].time.Known() {
			last = out[i].time
		} else if out[i].time = last; out[i].last {
			late = append(late, i)
		}
	}
	for _, i := range late {
		if last.Known() {
			out[i].time = eventlog.Stamp(math.MaxInt64) // where others have times it stands at no place
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int {
		switch {
		case a.time < b.time:
			return -1
		case a.time > b.time:
			return 1
		}
		return 0
	})
	w.inside(s, out)
	if !last.Known() {
		w.untimed(out)
	}
	return out
}

// untimed puts in order what tells no time: some agents write the prompts behind
// the steps that came of them, and what it came to before.
func (w *walk) untimed(entries []entry) {
	kind := func(e entry) Kind {
		if e.own > 0 {
			return Note
		}
		s := w.snap.Span(e.span)
		k, _ := w.kind(&s)
		return k
	}
	worked := func(e entry) bool { k := kind(e); return k == Assistant || k == Tool }
	begin := slices.IndexFunc(entries, worked)
	if begin < 0 {
		return
	}
	end := len(entries)
	for !worked(entries[end-1]) {
		end--
	}
	prompt := func(e entry) bool { k := kind(e); return k == User || k == System }
	result := func(e entry) bool { return e.last }
	if slices.ContainsFunc(entries[begin:end], func(e entry) bool { return kind(e) == User }) {
		return
	}
	// Only what all work comes before, or behind, is out of place.
	head, steps, tail := entries[:begin], entries[begin:end], entries[end:]
	var out []entry
	for _, part := range []struct {
		of   []entry
		keep func(entry) bool
	}{
		{tail, prompt}, {head, func(e entry) bool { return !result(e) }}, {steps, func(entry) bool { return true }},
		{head, result}, {tail, func(e entry) bool { return !prompt(e) }},
	} {
		for _, e := range part.of {
			if part.keep(e) {
				out = append(out, e)
			}
		}
	}
	copy(entries, out)
}

// edge returns what an event at the beginning or end of a run or session is.
func edge(k eventlog.Kind) Kind {
	switch k {
	case eventlog.AgentStart, eventlog.SessionStart:
		return Task
	case eventlog.AgentFinish, eventlog.SessionEnd:
		return Result
	}
	return 0
}

// inside marks the runs whose conversation is that of the span which they hang
// below: the first run of a session, with those of the same agent, which are its
// turns; and the same below a run that says nothing by itself, as a recorded
// command does not.
func (w *walk) inside(s *eventlog.Span, entries []entry) {
	if s.Kind != eventlog.SpanSession && s.Kind != eventlog.SpanRun {
		return
	}
	first := -1
	for i, e := range entries {
		if e.own > 0 {
			continue
		}
		k := w.snap.Span(e.span)
		switch {
		case k.Kind == eventlog.SpanRun:
			if first < 0 {
				first = i
			}
		case s.Kind == eventlog.SpanRun && k.Kind != eventlog.SpanSession:
			if kind, hidden := w.kind(&k); kind != 0 && !hidden {
				return
			}
		}
	}
	if first < 0 {
		return
	}
	agent := w.snap.Span(entries[first].span).Agent
	for i := range entries {
		if k := w.snap.Span(entries[i].span); entries[i].own == 0 && k.Kind == eventlog.SpanRun && (i == first || k.Agent == agent) {
			entries[i].in = true
		}
	}
}

// kind returns what a span is in a conversation, or zero.
func (w *walk) kind(s *eventlog.Span) (kind Kind, hidden bool) {
	hidden = s.Flags.Has(eventlog.SpanHidden)
	switch s.Kind {
	case eventlog.SpanSession, eventlog.SpanRun:
		return Agent, false
	case eventlog.SpanModel:
		if hidden || s.Bill > 0 && w.snap.Bills.At(int(s.Bill)-1).Calls > 0 {
			return 0, true // a sum of calls was never said
		}
		return Assistant, false
	case eventlog.SpanTool:
		if hidden {
			return 0, true
		}
		return Tool, false
	}
	switch s.Event {
	case eventlog.Message:
		switch s.Tool {
		case w.names.user:
			return User, hidden
		case 0, w.names.assistant:
			return Assistant, hidden
		case w.names.agent:
			return Peer, hidden
		case w.names.summary:
			return Compaction, hidden
		case w.names.tool:
			return 0, true // the call tells of it
		}
		return System, hidden
	case eventlog.Custom:
		if slices.Contains(w.names.thoughts, w.snap.Rows.At(int(s.First)).Type) {
			return Thinking, true
		}
	}
	if hidden {
		return 0, true
	}
	switch s.Event {
	case eventlog.Compaction:
		return Compaction, false
	case eventlog.HILDecision, eventlog.Decision:
		return Decision, false
	case eventlog.Error:
		return Error, false
	case eventlog.Custom, eventlog.StateChange, eventlog.Signal, eventlog.Policy, eventlog.Retry:
		return Note, false
	}
	return 0, false
}

func (w *walk) add(kind Kind, hidden bool, e entry, s *eventlog.Span, agent eventlog.Sym, depth uint16) {
	it := Item{Time: s.Start, Span: e.span, Agent: agent, Depth: depth, Kind: kind}
	if kind != Agent {
		it.from, it.n = w.at[e.span], w.at[e.span+1]-w.at[e.span]
	}
	if s.Flags.Has(eventlog.SpanFailed) {
		it.Flags |= Failed
	}
	if s.Flags.Has(eventlog.SpanOpen) && s.Kind != eventlog.SpanEvent {
		it.Flags |= Open
	}
	if hidden {
		it.Flags |= Hidden
	}
	w.list.Items = append(w.list.Items, w.copied(it))
}

// own adds the item that a row at the beginning or end of a run is.
func (w *walk) own(e entry, f *frame) {
	r := w.snap.Rows.At(int(e.row))
	it := Item{Time: r.Time, Span: e.span, Agent: f.agent, Depth: f.depth, Kind: edge(r.Kind), from: e.own - 1, n: 1}
	if r.Flags&eventlog.RowFailed != 0 {
		it.Flags |= Failed
	}
	w.list.Items = append(w.list.Items, w.copied(it))
}

func (w *walk) copied(it Item) Item {
	if it.n > 0 && w.snap.Rows.At(int(w.list.rows[it.from])).Flags&eventlog.RowCopied != 0 {
		it.Flags |= Copied
	}
	return it
}
