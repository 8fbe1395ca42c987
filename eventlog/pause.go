package eventlog

// Pause is a stretch of a span in which it was not at work: a call that waits
// to be allowed, a run whose turn is over. A call has none, one or, rarely, more.
type Pause struct {
	Start, End Stamp
	Span       SpanID // the call, or the run
	Kind       PauseKind
	Open       bool // no end was seen
}

// PauseKind says what a pause is a wait for.
type PauseKind uint8

// The kinds of pauses.
const (
	PauseApproval PauseKind = iota + 1 // a call waits for a person's decision
	PausePerson                        // a call or a run asked a person something
	PauseTurn                          // a run is at rest until it is told more, by a person if it is a top one
	PauseQueue                         // for its turn: not begun yet, or not tried again yet
)

// Until returns when the pause ended, up to now while it is open.
func (p *Pause) Until(now Stamp) Stamp {
	if p.Open && now > p.End {
		return now
	}
	return max(p.Start, p.End)
}

// waits keeps what an event tells of the waiting of its call, or of its run
// where it names no call.
func (x *Index) waits(key runKey, span SpanID, run *runState, e *Event) {
	call := span
	if s := x.spans.at(int(span) - 1); s.Kind != SpanTool {
		var ok bool
		if call, ok = x.callSpan(key, e.CallID); !ok {
			x.runWaits(run, e)
			return
		}
	}
	wait := e.Wait
	if wait == WaitSame && e.Kind == HILDecision && e.Began.Known() {
		wait = WaitAnswered // it says how long it took
	}
	s := x.spans.at(int(call) - 1)
	open, waiting := x.asked[call]
	until := e.Time
	if e.Ran.Known() && wait != WaitRefused {
		until = min(e.Time, e.Ran)
	}
	switch {
	case wait == WaitAsked || wait == WaitPerson:
		if !waiting && e.Time.Known() && s.Flags.Has(SpanOpen) {
			kind := PauseApproval
			if wait == WaitPerson {
				kind = PausePerson
			}
			x.asked[call] = x.pauses.append(Pause{Start: e.Time, End: e.Time, Span: call, Kind: kind, Open: true})
			return
		}
	case waiting:
		x.answered(call, open, until)
	case wait == WaitAnswered || wait == WaitRefused:
		x.pause(Pause{Start: max(s.Start, e.Began), End: until, Span: call, Kind: PauseApproval})
	case e.Ran.Known():
		x.pause(Pause{Start: s.Start, End: until, Span: call, Kind: PauseQueue})
	}
}

// runWaits keeps the wait of a run that no call of it is known to have caused.
func (x *Index) runWaits(run *runState, e *Event) {
	switch {
	case run == nil:
	case e.Kind == Retry:
		x.pause(Pause{Start: e.Time, End: e.Ran, Span: run.span, Kind: PauseQueue})
	case e.Kind == HILDecision && e.Began.Known():
		p := Pause{Start: e.Began, End: e.Time, Span: run.span, Kind: PausePerson}
		if e.Wait == WaitAnswered { // the run is a call, or will turn out to be one
			p.Kind = PauseApproval
		}
		x.pause(p)
	}
}

func (x *Index) pause(p Pause) {
	if p.Start.Known() && p.End > p.Start {
		x.pauses.append(p)
	}
}

// answered ends the open pause of a call.
func (x *Index) answered(call SpanID, open int, at Stamp) {
	p := x.pauses.edit(open)
	p.End, p.Open = max(p.Start, at), false
	delete(x.asked, call)
}

// returned ends what is left of the waiting of a call that has its result. When
// the answer to a question for approval was not told, neither is how much of
// the time was waiting: then all of it is execution.
func (x *Index) returned(call SpanID, at Stamp) {
	open, ok := x.asked[call]
	if !ok {
		return
	}
	if p := x.pauses.at(open); p.Kind == PauseApproval {
		at = p.Start
	}
	x.answered(call, open, at)
}

// turn notes when the turn of a run ends and the next one begins. What wakes a
// run is mostly a person; where it is something else, nobody was waited for.
func (x *Index) turn(run *runState, e *Event) {
	switch {
	case e.Idle == IdleYes && !run.idle && e.Time.Known():
		p := Pause{Start: e.Time, End: e.Time, Span: run.span, Kind: PauseTurn, Open: true}
		if e.Kind == HILDecision {
			p.Kind = PausePerson
		}
		if run.spare {
			*x.pauses.edit(int(run.pause)) = p
		} else {
			run.pause = int32(x.pauses.append(p))
		}
		run.idle, run.spare = true, false
	case e.Idle == IdleNo && run.idle:
		p := x.pauses.edit(int(run.pause))
		run.idle, p.Open = false, false
		at := e.Time
		if e.Began.Known() {
			at = min(at, e.Began)
		}
		if p.Kind == PausePerson || wakes(e) {
			p.End = max(p.Start, at)
		}
		run.spare = p.End == p.Start
	}
}

// wakes reports whether an event is how a person makes a run go on.
func wakes(e *Event) bool {
	return e.Kind == AgentStart || e.Kind == LoopStep || e.Kind == HILDecision || e.Kind == Message && e.Tool == "user"
}
