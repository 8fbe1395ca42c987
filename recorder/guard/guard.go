package guard

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Options say what is guarded and how.
type Options struct {
	Rules    []Rule
	OnSignal []Hook // told of every signal

	Reader   Reader
	Prices   Prices   // nil leaves calls whose record tells no cost without a price
	Redactor Redactor // of what hooks are given; nil gives it as it is
}

// Pauses reports whether the program may be paused.
func (o Options) Pauses() bool {
	return slices.ContainsFunc(o.Rules, func(r Rule) bool { return r.Action == Pause })
}

// Reader decodes an event as whoever reads the log will. The event that emit is
// given is valid until Decode returns.
type Reader interface {
	Decode(e *eventlog.Event, full bool, emit func(*eventlog.Event)) error
}

// Redactor masks secrets.
type Redactor interface {
	JSON(raw []byte) ([]byte, int)
}

// Host is the recording that is guarded.
type Host struct {
	Session string
	Agent   string
	Emit    func(ctx context.Context, e eventlog.Event) error

	// Notice takes one line for the user. It is urgent when the program has just
	// been paused: nothing else will be shown until somebody has read it.
	Notice func(line string, urgent bool)
}

// Target is the program that is recorded, and what it started.
type Target interface {
	Pid() int
	Pause() (int, error)     // returns how many processes were stopped
	Continue() (int, error)  // of those
	Paused() bool            // whether the program is stopped
	Terminate() (int, error) // asks them to end
	Kill() (int, error)
	Alive() int // how many have not ended
}

// Guard watches one recording. Watch may be called by any goroutine; the other
// methods are called by the one that records.
type Guard struct {
	opts    Options
	host    Host
	hooks   *hooks
	started time.Time

	wake chan struct{} // capacity 1: the actor looks again; one token stands for any number
	done chan struct{} // closed when the actor has ended; nil before Start
	stop context.CancelFunc
	ctx  context.Context

	control *control // nil unless a rule may pause, and where there is no place for a socket

	mu       sync.Mutex
	rules    []*watched
	ledger   *ledger // of rules that count every call; nil when there is none
	calls    *calls  // nil when no rule counts repeats
	seen     memory[uint64, struct{}]
	seed     maphash.Seed
	own      map[string]bool // ids of our own events that are on their way
	failures memory[eventlog.Identity, struct{}]
	unpriced map[string]bool // models that were told of
	every    bool            // rules want to see events of all kinds
	full     bool            // and their bodies
	due      []firing        // what the actor has to do
	asked    []request       // to resume
	ending   chan struct{}   // closed when what was asked to end has ended; nil before
	hurry    bool            // what was asked to end is to be killed now
	closed   bool

	// Of the actor, which alone changes them:
	target  Target
	paused  string        // the sentence of why it is paused; "" while it is not
	since   time.Time     // of the pause
	rested  time.Duration // paused in all, but for the pause that goes on
	stopped string        // the reason, once it was asked to end
}

// watched is a rule at work.
type watched struct {
	Rule
	count  meter
	most   int64   // what holds now: a pause that was ended raises it
	book   *ledger // of a rule with a filter on calls
	rows   *rows   // of one that counts repeats
	done   bool    // it has held, and does so once
	fired  int
	silent int64 // times that it held and was not told of
	bare   int64 // calls without a price, of a rule on cost
}

// What a guard remembers, and how often one rule is told of.
const (
	mostSeen   = 1 << 16
	mostFired  = 100
	mostModels = 20
)

// New returns a guard. It counts from now on, and acts from Start on.
func New(o Options, h Host) *Guard {
	g := &Guard{
		opts: o, host: h, started: time.Now(), wake: make(chan struct{}, 1), seen: newMemory[uint64, struct{}](mostSeen),
		seed: maphash.MakeSeed(), own: map[string]bool{},
		failures: newMemory[eventlog.Identity, struct{}](mostSeen), unpriced: map[string]bool{},
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	for _, r := range o.Rules {
		w := &watched{Rule: r, most: r.Most, count: meter{within: r.Within}}
		filtered := !r.Where.IsZero()
		switch r.Limit {
		case Cost, Tokens:
			if filtered {
				w.book = newLedger(o.Prices)
			} else if g.ledger == nil {
				g.ledger = newLedger(o.Prices)
			}
		case Repeat:
			w.rows = newRows()
			g.calls = newCalls()
		}
		g.every = g.every || filtered
		g.full = g.full || filtered && r.Where.Reads()&eventlog.PartWords != 0
		g.rules = append(g.rules, w)
	}
	g.hooks = newHooks(o, h)
	return g
}

// Silent is how often rules held and were not told of, because they had been
// often enough.
func (g *Guard) Silent() (n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rules {
		n += r.silent
	}
	return n
}

// HooksFailed is how many signals did not reach a hook so far.
func (g *Guard) HooksFailed() int64 { return g.hooks.failed.Load() }

// Watch takes an event that was taken into the recording. It never blocks, and
// passes over what it was told before and what it told itself.
func (g *Guard) Watch(e *eventlog.Event) {
	if !g.every && !tells(e) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.own[e.ID] {
		return
	}
	key := maphash.String(g.seed, e.SessionID+"\x00"+e.ID)
	if _, again := g.seen.get(key); again {
		return
	}
	g.seen.put(key, struct{}{})
	now := time.Now()
	full := g.full || g.calls != nil && e.Kind.Class() == eventlog.ClassTool
	_ = g.opts.Reader.Decode(e, full, func(read *eventlog.Event) { g.look(e, read, now) }) // what cannot be read tells nothing
}

// tells reports whether an event may tell of what limits count.
func tells(e *eventlog.Event) bool {
	switch e.Kind {
	case eventlog.LogLine, eventlog.Heartbeat, eventlog.SessionStart, eventlog.SessionEnd, eventlog.Metrics, eventlog.Dropped,
		eventlog.Signal, eventlog.Policy, eventlog.StateChange:
		return false
	}
	return true
}

// look lets every rule count an event.
func (g *Guard) look(raw, e *eventlog.Event, now time.Time) {
	var c change
	if g.ledger != nil {
		c = g.ledger.add(e)
	}
	var same digest
	var ended bool
	if g.calls != nil && e.Kind.Class() == eventlog.ClassTool {
		same, ended = g.calls.take(e)
	}
	failed := g.failed(e)
	var s *eventlog.Subject
	if g.every {
		s = g.subject(e, now)
	}
	for _, r := range g.rules {
		if s != nil && !r.Where.Match(s) {
			continue
		}
		had := c
		if r.book != nil {
			had = r.book.add(e)
		}
		n, more := r.add(e, had, failed, same, ended, now)
		if more && !r.done && r.Limit.reached(n, r.most) {
			g.hold(r, n, causeOf(raw, e, r.Payload), now)
		}
		if r.Limit == Cost && had.why != "" {
			g.tellUnpriced(r, raw, e, had.why, now)
		}
	}
}

// failed reports whether an event is an error of its session. A tool call that
// several layers tell of fails once.
func (g *Guard) failed(e *eventlog.Event) bool {
	if !e.Failed || e.Use.IsZero() || e.Kind.Class() != eventlog.ClassTool {
		return e.Failed
	}
	_, again := g.failures.get(e.Use)
	g.failures.put(e.Use, struct{}{})
	return !again
}

// add counts an event, and returns what there is now and whether the event has
// to do with it. What counts up to its limit begins anew when that is reached.
func (r *watched) add(e *eventlog.Event, c change, failed bool, same digest, ended bool, now time.Time) (n int64, more bool) {
	switch r.Limit {
	case Cost:
		r.bare += c.unpriced
		return r.count.add(now, c.cost), c.cost > 0
	case Tokens:
		return r.count.add(now, c.tokens), c.tokens > 0
	case Errors:
		if failed {
			return r.count.add(now, 1), true
		}
	case Events:
		return r.count.add(now, 1), true
	case Repeat:
		if !ended {
			return 0, false
		}
		if r.Within == 0 {
			if n = r.rows.inRow(e, same); n >= r.most {
				r.rows.anew(e)
			}
			return n, true
		}
		m := r.rows.within(e, same, meter{within: r.Within})
		if n = m.add(now, 1); n >= r.most {
			m.clear()
		}
		return n, true
	}
	return 0, false
}

// hold notes that a rule holds.
func (g *Guard) hold(r *watched, n int64, last cause, now time.Time) {
	switch {
	case r.Limit == Repeat: // it has begun anew
	case r.Limit == Events, r.Within > 0:
		r.count.clear()
	default:
		r.done = true
	}
	if r.Action < Pause {
		if r.fired++; r.fired > mostFired {
			r.silent++
			return
		}
	}
	g.put(firing{rule: r, count: n, most: r.most, last: last, at: now, bare: r.bare})
}

// tellUnpriced has it told that calls of a model have no price, when a limit on
// cost cannot count them. It is told once a model.
func (g *Guard) tellUnpriced(r *watched, raw, e *eventlog.Event, why string, now time.Time) {
	key := e.Provider + "\x00" + e.Model + "\x00" + why
	if g.unpriced[key] || len(g.unpriced) >= mostModels {
		return
	}
	g.put(firing{rule: r, most: r.most, count: r.count.sum, last: causeOf(raw, e, false), at: now, bare: r.bare, why: why, first: len(g.unpriced) == 0})
	g.unpriced[key] = true
}

// put gives the actor something to do.
func (g *Guard) put(f firing) {
	g.due = append(g.due, f)
	g.signal()
}

func (g *Guard) signal() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// cause is the event that was the last straw.
type cause struct {
	id, session, run, agent string
	kind, tool, model       string
	provider                string
	payload                 []byte
}

func causeOf(raw, e *eventlog.Event, payload bool) cause {
	c := cause{id: raw.ID, session: e.SessionID, run: e.RunID, agent: e.Agent, kind: e.Type, tool: e.Tool, model: e.Model, provider: e.Provider}
	if payload {
		c.payload = raw.Payload
	}
	return c
}

// words names the event: tool_call of Bash.
func (c *cause) words() string {
	switch {
	case c.tool != "":
		return c.kind + " of " + c.tool
	case c.model != "":
		return c.kind + " of " + c.model
	}
	return orNone(c.kind, "an event")
}
