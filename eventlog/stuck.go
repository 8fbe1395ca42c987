package eventlog

import "slices"

// What a session is stuck with is kept while its events come in, without opening
// its log: the call that it waits for, the call that it makes again and again, and
// how many calls in a row have failed. It takes a fixed amount of memory a run.

// Waiting is what a session waits for a person with. The zero Waiting is nothing.
type Waiting struct {
	Kind  PauseKind // PauseApproval: to be allowed; PausePerson: for an answer
	Tool  Sym       // the call that waits, or zero when the run itself asked
	Run   Sym
	Since Stamp
}

// Loop is a call that a run makes again and again: the last calls of the run were
// one tool with the same arguments. The zero Loop is none.
type Loop struct {
	Tool  Sym
	Run   Sym
	Times int
	Since Stamp // when the first of them was made
}

// leastLoop is from how many calls on they are a loop.
const leastLoop = 3

// mostCalls is how many open calls of a run are kept in mind. More are rare, and
// their waiting is then told only when others have ended.
const mostCalls = 16

// openCall is a call without a result.
type openCall struct {
	id    uint64 // Print of its id
	tool  Sym
	asked Stamp // since when it waits; zero when it does not
	kind  PauseKind
}

// stuck is what is kept of a run.
type stuck struct {
	calls   []openCall // oldest first
	asked   Stamp      // since when the run itself waits for an answer
	tool    Sym        // of the last call
	print   uint64     // of its arguments
	id      uint64     // Print of its id
	times   int32      // how often it was made in a row
	since   Stamp
	ended   uint64 // the call that had a result last
	failing int32  // calls in a row that failed
	at      Stamp  // when something of this was told last
}

// follow keeps up with an event of the run. Again says that the event tells of a
// call that was told of before.
func (r *Run) follow(e *Event, names *recall, again bool) {
	s := &r.stuck
	switch {
	case e.Kind == AgentFinish:
		s.calls, s.asked = s.calls[:0], 0
	case e.Kind == ToolCall:
		s.called(e, names.intern(e.Tool), again)
	}
	if e.Wait != WaitSame || e.Ran.Known() || e.Kind == HILDecision && e.Began.Known() {
		s.waits(e)
	}
	if e.Kind.ends() && e.Kind.Class() == ClassTool {
		s.returned(e, again)
	}
	switch {
	case e.Idle == IdleYes && e.Kind == HILDecision && !s.asked.Known():
		s.asked, s.at = e.Time, max(s.at, e.Time)
	case e.Idle == IdleNo:
		s.asked = 0
	}
}

// called notes a call that is made.
func (s *stuck) called(e *Event, tool Sym, again bool) {
	id := printOf(e.CallID)
	if again || id != 0 && (id == s.id || s.find(id) >= 0) {
		return
	}
	s.at = max(s.at, e.Time)
	if len(s.calls) < mostCalls {
		s.calls = append(s.calls, openCall{id: id, tool: tool})
	}
	s.id = id
	if e.Print != 0 && e.Print == s.print && tool == s.tool {
		s.times++
		return
	}
	s.tool, s.print, s.times, s.since = tool, e.Print, 1, e.Time
}

func (s *stuck) find(id uint64) int {
	return slices.IndexFunc(s.calls, func(c openCall) bool { return c.id == id })
}

// waits notes what an event tells of the waiting of its call, as Index.waits does.
func (s *stuck) waits(e *Event) {
	i := s.find(printOf(e.CallID))
	if i < 0 || e.CallID == "" {
		return
	}
	c := &s.calls[i]
	switch asks := e.Wait == WaitAsked || e.Wait == WaitPerson; {
	case asks && c.asked.Known(): // it was told before
	case asks && e.Time.Known():
		c.asked, c.kind = e.Time, PauseApproval
		if e.Wait == WaitPerson {
			c.kind = PausePerson
		}
		s.at = max(s.at, e.Time)
	default:
		c.asked = 0
	}
}

// returned notes that a call has its result.
func (s *stuck) returned(e *Event, again bool) {
	id := printOf(e.CallID)
	i := s.find(id)
	if i >= 0 {
		s.calls = slices.Delete(s.calls, i, i+1)
	}
	if id != 0 && id == s.ended || again && i < 0 {
		return
	}
	s.ended, s.at = id, max(s.at, e.Time)
	if e.Failed {
		s.failing++
	} else {
		s.failing = 0
	}
}

// newer returns what is known of a run from two segments: what was told last. What
// is told at one moment is compared, so that it does not matter which comes first.
func (s stuck) newer(v stuck) stuck {
	if v.at != s.at {
		if v.at > s.at {
			return v
		}
		return s
	}
	if v.times > s.times || v.times == s.times && v.id > s.id {
		return v
	}
	return s
}

// waiting returns what the run waits for longest.
func (r *Run) waiting() (w Waiting) {
	for i := range r.stuck.calls {
		if c := &r.stuck.calls[i]; c.asked.Known() && (w.Kind == 0 || c.asked < w.Since) {
			w = Waiting{Kind: c.kind, Tool: c.tool, Run: r.ID, Since: c.asked}
		}
	}
	if w.Kind == 0 && r.stuck.asked.Known() {
		w = Waiting{Kind: PausePerson, Run: r.ID, Since: r.stuck.asked}
	}
	return w
}

// getsStuck finds the worst of what the runs of the session are stuck with.
func (s *Session) getsStuck() {
	if s.Closed {
		return
	}
	for _, r := range s.Runs {
		if w := r.waiting(); w.Kind != 0 && (s.Waiting.Kind == 0 || w.Since < s.Waiting.Since) {
			s.Waiting = w
		}
		if open := r.Open || r.ID == 0 && s.open; !open {
			continue
		}
		k := &r.stuck
		if n := int(k.times); n >= leastLoop && n > s.Loop.Times {
			s.Loop = Loop{Tool: k.tool, Run: r.ID, Times: n, Since: k.since}
		}
		s.Failing = max(s.Failing, int(k.failing))
	}
	s.open = s.open || s.Waiting.Kind != 0 // the answer is still to come
}
