package dialect

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
)

// traces is what must be known of all spans of a segment. Spans come when they
// have ended, so a parent stands behind its children, often in a later record;
// but nobody promises any order.
//
// Nothing here changes what events a record has, only what they say: whoever
// looks at one record alone sees the same events.
type traces struct {
	nodes    []spanNode
	byID     map[spanID]int32
	sessions map[[16]byte]traceSession
	answers  map[answerKey]*told         // by the id that the provider or the agent gave
	alike    map[alikeKey][]*told        // by what they count, or the tool that they call
	silent   map[silentKey][]*told       // model calls whose span counts nothing
	open     []int32                     // agents whose next agent above is not known yet
	sums     []eventlog.Identity         // see eventlog.Event.Sums
	adopts   map[string][]eventlog.Adopt // by session
	mishaps  map[string][]*told          // failed attempts, by session
}

type (
	answerKey struct {
		session, id string
		tool        bool
	}
	alikeKey struct {
		session, name string
		in, out       int64
	}
	silentKey struct{ session, model string }
)

// traceSession is the session that the spans of a trace belong to, unless they
// tell of another.
type traceSession struct {
	name string
	told bool   // it was told by one of them, and is not the trace itself
	same string // what it turned out to be, when that was told too late
}

// session returns the session of an item. All of a trace belongs to the session
// that one of its spans names, or else is one. Once a span was put to the trace
// itself, all others are, and the trace turns out to be the same session as the
// one that is named later.
func (t *traces) session(it *otlpItem, own, file string) string {
	if !it.id.traced() {
		return cmp.Or(own, file)
	}
	trace := [16]byte(it.id[:16])
	s, ok := t.sessions[trace]
	switch {
	case !ok && own == "":
		s = traceSession{name: it.id.traceText()}
		t.sessions[trace] = s
	case !ok:
		s = traceSession{name: own, told: true}
		t.sessions[trace] = s
	case s.told && own != "":
		return own
	case own != "" && s.same == "":
		s.same = own
		t.sessions[trace] = s
	case own != "" && own != s.same:
		return own
	}
	return s.name
}

// spanNode is one span in its trace.
type spanNode struct {
	parent  int32 // index of the span above plus one; zero is none
	id      spanID
	told    *told // the call that it is
	role    role
	known   bool // it was told itself; others are only named as parents
	used    bool // calls below it count tokens
	direct  bool // and not only those that its tools made
	failed  bool // it or something below it has failed
	billed  bool
	agent   string // its name, of an agent
	session string
}

// told is one call, of a model or a tool, that several spans and log records may
// tell of.
type told struct {
	id       eventlog.Identity
	rule     eventlog.Rule
	run      string // where its first teller put it
	call     string
	from, to eventlog.Stamp
	voices   []string // who told of it
	answer   string
	counted  bool
	void     bool // it turned out to be a sum of calls
}

func newTraces() traces {
	return traces{
		byID: map[spanID]int32{}, sessions: map[[16]byte]traceSession{}, answers: map[answerKey]*told{},
		alike: map[alikeKey][]*told{}, silent: map[silentKey][]*told{}, adopts: map[string][]eventlog.Adopt{}, mishaps: map[string][]*told{},
	}
}

// node returns the place of a span, made now if need be.
func (t *traces) node(id spanID) int32 {
	n, ok := t.byID[id]
	if !ok {
		n = int32(len(t.nodes))
		t.nodes = append(t.nodes, spanNode{id: id})
		t.byID[id] = n
	}
	return n
}

// enter notes a span, and reports whether it was told before.
func (t *traces) enter(it *otlpItem, agent, session string) (again bool) {
	n := t.node(it.id)
	if t.nodes[n].known {
		return true
	}
	if it.parent.ok() {
		up := t.node(it.parent)
		if !t.below(up, n) {
			t.nodes[n].parent = up + 1
		}
	}
	s := &t.nodes[n]
	s.known, s.role, s.session = true, it.role, session
	if it.role == roleAgent {
		s.agent = agent
		if it.parent.ok() {
			t.open = append(t.open, n)
		}
	}
	if s.used {
		t.use(s.parent, s.direct && it.role != roleTool, "")
	}
	if s.failed {
		t.fail(s.parent)
	}
	return false
}

// below reports whether span a is b or stands below it.
func (t *traces) below(a, b int32) bool {
	for at := a + 1; at != 0; at = t.nodes[at-1].parent {
		if at-1 == b {
			return true
		}
	}
	return false
}

// use notes, in a span and those above it, that calls below it count tokens. A
// span that was billed as if it were such a call turns out to be their sum.
func (t *traces) use(at int32, direct bool, answer string) {
	for at != 0 {
		s := &t.nodes[at-1]
		if s.used && (s.direct || !direct) {
			return
		}
		s.used, s.direct = true, s.direct || direct
		if s.billed && s.sum() && (answer == "" || s.told.answer != answer) {
			s.billed, s.told.void = false, true
			t.sums = append(t.sums, s.told.id)
		}
		direct = direct && s.role != roleTool
		at = s.parent
	}
}

// sum reports whether what a span counts is the sum of calls below it: an
// agent's always is, a model's unless only its tools called others.
func (s *spanNode) sum() bool {
	if s.role == roleModel {
		return s.direct
	}
	return s.used
}

// fail notes a failure in a span and those above it, which it passes on to.
func (t *traces) fail(at int32) {
	for at != 0 && !t.nodes[at-1].failed {
		t.nodes[at-1].failed = true
		at = t.nodes[at-1].parent
	}
}

// agentAbove returns the next agent above a span, and whether all spans up to it
// are known.
func (t *traces) agentAbove(n int32) (up int32, known bool) {
	for at := t.nodes[n].parent; at != 0; at = t.nodes[at-1].parent {
		s := &t.nodes[at-1]
		if !s.known {
			return 0, false
		}
		if s.role == roleAgent {
			return at, true
		}
	}
	return 0, true
}

// settle finds the agents above those whose spans have become known.
func (t *traces) settle() {
	t.open = slices.DeleteFunc(t.open, func(n int32) bool {
		up, known := t.agentAbove(n)
		if up != 0 {
			s := &t.nodes[n]
			t.adopts[s.session] = append(t.adopts[s.session], eventlog.Adopt{
				RunID: s.id.run(), ParentRunID: t.nodes[up-1].id.run(), Agent: s.agent, Link: eventlog.LinkSure,
			})
		}
		return known
	})
}

// agentOf returns the name of the agent at or above a span, if it is known.
func (t *traces) agentOf(id spanID) string {
	n, ok := t.byID[id]
	if !ok {
		return ""
	}
	for at := n + 1; at != 0; at = t.nodes[at-1].parent {
		if t.nodes[at-1].agent != "" {
			return t.nodes[at-1].agent
		}
	}
	return ""
}

// teller is what somebody tells of a call.
type teller struct {
	voice    string // spans, or log records of one name
	session  string
	name     string // of the model or tool
	answer   string // the id of the response or tool call
	from, to eventlog.Stamp
	count    otlpCount
	tool     bool
}

// call finds the call that somebody tells of, or makes it. Spans and log
// records name a call by its span, by the id of its response, or not at all:
// then they are one call when they tell the same of the same time, and are
// different voices: nobody tells of one call twice. A span without counts is
// the call of the log record that has them.
func (t *traces) call(it *otlpItem, w teller) *told {
	var node *spanNode
	if it.id.ok() {
		node = &t.nodes[t.node(it.id)]
	}
	c, taken := t.find(it, node, w)
	if c == nil {
		c = &told{from: w.from, to: w.to}
		t.identify(c, it, w, taken)
	}
	if w.count.told && !c.counted || w.tool && len(c.voices) == 0 {
		t.alike[w.alike()] = append(t.alike[w.alike()], c)
	}
	if !w.tool && len(c.voices) == 0 {
		key := silentKey{w.session, w.name}
		t.silent[key] = append(t.silent[key], c)
	}
	c.voices = append(c.voices, w.voice)
	c.from, c.to = min(c.from, w.from), max(c.to, w.to)
	c.counted = c.counted || w.count.told
	if it.kind == itemSpan && node != nil {
		node.told = c
		c.run, c.call = it.parent.run(), it.id.run() // later records go there
	}
	if w.answer != "" && c.answer == "" && !taken {
		c.answer = w.answer
		t.answers[answerKey{w.session, w.answer, w.tool}] = c
	}
	return c
}

// find returns the call that is known already, and otherwise whether another
// call has taken the id of its response: some servers give all the same.
func (t *traces) find(it *otlpItem, node *spanNode, w teller) (c *told, taken bool) {
	if node != nil && node.told != nil && (it.kind == itemSpan || w.tool == (node.role == roleTool) && !slices.Contains(node.told.voices, w.voice)) {
		return node.told, false
	}
	if w.answer != "" {
		c := t.answers[answerKey{w.session, w.answer, w.tool}]
		switch {
		case c == nil:
		case !slices.Contains(c.voices, w.voice), it.kind == itemSpan && w.from < c.to && c.from < w.to, it.kind == itemLog && w.to == c.to:
			return c, false
		default:
			taken = true
		}
	}
	fits := func(c *told) bool {
		return !c.void && !slices.Contains(c.voices, w.voice) && (c.answer == "" || w.answer == "" || c.answer == w.answer) &&
			w.from <= c.to+slack && c.from <= w.to+slack
	}
	if w.count.told || w.tool {
		if c := latest(t.alike[w.alike()], fits); c != nil {
			return c, false
		}
	}
	if !w.tool {
		return latest(t.silent[silentKey{w.session, w.name}], func(c *told) bool { return c.counted != w.count.told && fits(c) }), taken
	}
	return nil, taken
}

// latest returns the last of some calls that fits. What was told long ago is
// not looked at, so that a long log stays linear to read.
func latest(calls []*told, fits func(*told) bool) *told {
	const most = 1024
	for _, c := range slices.Backward(calls[max(0, len(calls)-most):]) {
		if fits(c) {
			return c
		}
	}
	return nil
}

// mishap notes a failed attempt at a model call, and reports whether it is the
// first to tell of it.
func (t *traces) mishap(w teller) bool {
	fits := func(c *told) bool {
		return !slices.Contains(c.voices, w.voice) && w.from <= c.to+slack && c.from <= w.to+slack
	}
	c := latest(t.mishaps[w.session], fits)
	first := c == nil
	if first {
		c = &told{from: w.from, to: w.to}
		t.mishaps[w.session] = append(t.mishaps[w.session], c)
	}
	c.voices = append(c.voices, w.voice)
	return first
}

// slack is how far the times may be apart that a span and a log record tell of
// one call.
const slack = eventlog.Stamp(2e9)

func (w *teller) alike() alikeKey {
	if w.tool {
		return alikeKey{session: w.session, name: w.name}
	}
	return alikeKey{w.session, "", w.count.in, w.count.out}
}

// identify gives a call its identity, which another file has for it as well.
func (t *traces) identify(c *told, it *otlpItem, w teller, taken bool) {
	kind := "model"
	if w.tool {
		kind = "tool"
	}
	const short = 8 // shorter ids of tool calls are numbers that come again
	switch {
	case w.answer != "" && !taken && (!w.tool || len(w.answer) >= short):
		c.id, c.rule = eventlog.Identify("otlp", kind, w.session, w.answer), eventlog.RuleResponse
	case it.kind == itemSpan && it.id.ok():
		c.id, c.rule = eventlog.Identify("otlp", kind, string(it.id[:])), eventlog.RuleRecord
	default:
		c.id, c.rule = eventlog.Identify("otlp", kind, w.session, w.voice, w.name, strconv.FormatInt(int64(w.to), 10),
			strconv.FormatInt(w.count.in, 10), strconv.FormatInt(w.count.out, 10), string(it.attrs.of[attrArguments])), eventlog.RuleRecord
	}
	c.run, c.call = it.id.run(), w.answer
	if c.call == "" {
		c.call = w.voice + " " + strconv.FormatInt(int64(w.to), 10)
	}
}
