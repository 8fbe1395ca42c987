package guard

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// firing is what the actor has to do about a rule.
type firing struct {
	rule  *watched
	count int64
	most  int64
	last  cause
	at    time.Time
	bare  int64  // calls without a price by then
	why   string // the rule does not hold: a call has no price, and this is why
	first bool   // of these
}

// request asks for a paused program to go on.
type request struct {
	by     string
	answer chan bool // capacity 1: whether it was paused; nil when nobody waits
}

// How long things may take.
const (
	grace     = 10 * time.Second       // between asking to end and killing
	lookAgain = 500 * time.Millisecond // whether a paused program still is
	surely    = 3                      // looks, until it is believed that it is not
	endAgain  = 100 * time.Millisecond // whether all that was asked to end has
	killed    = time.Second            // for what was killed to be gone
	emitting  = 2 * time.Second        // for one event of ours to be taken
)

// Start begins to act on the program. What rules came to hold before is acted
// upon now.
func (g *Guard) Start(t Target) {
	g.begin(t)
	g.openControl()
}

func (g *Guard) begin(t Target) {
	g.mu.Lock()
	g.target, g.started = t, time.Now()
	g.done = make(chan struct{})
	g.mu.Unlock()
	go func() {
		defer close(g.done)
		g.act()
	}()
}

// Continued says that somebody wants the program to go on, if it is paused.
func (g *Guard) Continued(by string) { g.ask(request{by: by}) }

// Interrupted says that somebody wants the recording to end: a paused program
// goes on so that it can, and one that is being ended is not waited for.
func (g *Guard) Interrupted(signal string) {
	g.mu.Lock()
	g.hurry = g.stopped != ""
	g.mu.Unlock()
	g.ask(request{by: signal})
}

func (g *Guard) ask(r request) {
	g.mu.Lock()
	g.asked = append(g.asked, r)
	g.mu.Unlock()
	g.signal()
}

// Settle returns when what was asked to end has ended.
func (g *Guard) Settle() {
	g.mu.Lock()
	ending := g.ending
	g.mu.Unlock()
	if ending != nil {
		<-ending
	}
}

// Close ends the watching and returns when everything that was decided is told.
// Hooks go on until Drain.
func (g *Guard) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.stop()
	if g.done != nil {
		<-g.done
	}
	g.Settle()
	if g.control != nil {
		g.control.close()
	}
}

// Drain waits for hooks that are on their way, at most until ctx ends, and
// returns how many signals did not reach theirs.
func (g *Guard) Drain(ctx context.Context) (failed int64) { return g.hooks.close(ctx) }

// Stopped says why the program was ended: stopped by guard max_cost: $1.02 of
// $1.00. It is empty when no guard ended it.
func (g *Guard) Stopped() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopped
}

// act does what there is to do until the guard is closed.
func (g *Guard) act() {
	wall := time.NewTimer(time.Hour)
	defer wall.Stop()
	awake := 0 // times that a paused program was found to be at work
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		if d, ok := g.untilWall(); ok {
			wall.Reset(d)
		} else {
			wall.Stop()
		}
		var paused <-chan time.Time // only a pause is looked after
		if g.paused != "" {
			paused = look.C
		}
		select {
		case <-g.wake:
			g.serve()
		case <-wall.C:
			g.walls()
			g.serve()
		case <-paused:
			g.serve() // who asked comes before who did not
			if g.paused == "" || g.target.Paused() || g.target.Alive() == 0 {
				awake = 0
			} else if awake++; awake == surely {
				awake = 0
				g.resume("somebody else")
			}
		case <-g.ctx.Done():
			g.serve()
			return
		}
	}
}

// serve does what is due.
func (g *Guard) serve() {
	g.mu.Lock()
	due, asked := g.due, g.asked
	g.due, g.asked = nil, nil
	g.mu.Unlock()
	for _, f := range due {
		if f.why != "" {
			g.traceUnpriced(f)
		} else {
			g.fire(f)
		}
	}
	for _, r := range asked {
		was := g.resume(r.by)
		if r.answer != nil {
			r.answer <- was
		}
	}
}

// elapsed is how long the program has been at work.
func (g *Guard) elapsed(now time.Time) time.Duration {
	d := now.Sub(g.started) - g.rested
	if g.paused != "" {
		d -= now.Sub(g.since)
	}
	return d
}

// untilWall returns when the next limit on time is reached, if one can be.
func (g *Guard) untilWall() (next time.Duration, any bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.paused != "" || g.closed {
		return 0, false
	}
	now := g.elapsed(time.Now())
	for _, r := range g.rules {
		if r.Limit == Wall && !r.done {
			if d := max(0, time.Duration(r.most)-now); !any || d < next {
				next, any = d, true
			}
		}
	}
	return next, any
}

func (g *Guard) walls() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	at := int64(g.elapsed(now))
	for _, r := range g.rules {
		if r.Limit == Wall && !r.done && r.Limit.reached(at, r.most) {
			g.hold(r, at, cause{}, now)
		}
	}
}

// fire does what a rule says, and then tells of it: what burns money is stopped
// before anything is written about it.
func (g *Guard) fire(f firing) {
	r := f.rule
	reason := r.reason(f.count, f.most, &f.last)
	if f.bare > 0 {
		reason += fmt.Sprintf(", and %s without a price", figure.Plural(f.bare, "call"))
	}
	sentence := r.Name + " tripped: " + reason
	did, n := "", 0
	switch r.Action {
	case Pause:
		did, n = g.pause(sentence)
	case Stop:
		did, n = g.end(r.Name, reason)
	}
	if did != "" {
		sentence += ", " + did
	}
	g.trace(f, reason, sentence, did)
	if r.Action == Pause && n > 0 {
		g.traceState("running", "paused", sentence, n)
	}
	if r.Action == Notify || r.Action == Stop || r.Action == Pause {
		line := sentence
		if n > 0 && r.Action == Pause {
			line += fmt.Sprintf("; `lazytrace resume %d` lets it go on", os.Getpid())
		}
		g.host.Notice(line, n > 0 && r.Action == Pause)
	}
}

// pause stops the program and returns what came of it, and how many processes
// were stopped.
func (g *Guard) pause(sentence string) (did string, n int) {
	switch {
	case g.paused != "":
		return "paused already", 0
	case g.Stopped() != "":
		return "stopped already", 0
	}
	n, err := g.target.Pause()
	switch {
	case err != nil && n == 0:
		return "could not be paused: " + err.Error(), 0
	case n == 0:
		return "it had ended", 0
	}
	g.mu.Lock()
	g.paused, g.since = sentence, time.Now()
	g.mu.Unlock()
	return "paused", n
}

// resume lets the program go on, and raises the limits that it was paused for:
// as much again may be used from here on. It reports whether it was paused.
func (g *Guard) resume(by string) bool {
	if g.paused == "" {
		return false
	}
	n, err := g.target.Continue()
	g.mu.Lock()
	now := time.Now()
	took := now.Sub(g.since)
	g.rested += took
	g.paused = ""
	raised := ""
	for _, r := range g.rules {
		if r.Action != Pause || !r.done {
			continue
		}
		r.done = false
		count := r.count.sum
		if r.Limit == Wall {
			count = int64(g.elapsed(now))
		}
		r.most = plus(count, r.Most)
		raised += "; " + r.Name + " is " + r.Limit.words(r.most) + " now"
	}
	g.mu.Unlock()
	sentence := "resumed by " + by + " after " + span(took) + raised
	if err != nil {
		sentence += "; not all of it: " + err.Error()
	}
	g.traceState("paused", "running", sentence, n)
	return true
}

// end asks the program to end and has it killed when it does not.
func (g *Guard) end(name, reason string) (did string, n int) {
	if g.Stopped() != "" {
		return "stopped already", 0
	}
	// From here on whoever sees it end waits for the others.
	ending := make(chan struct{})
	g.mu.Lock()
	g.ending = ending
	g.mu.Unlock()
	n, err := g.target.Terminate()
	if n == 0 {
		close(ending)
	}
	switch {
	case err != nil && n == 0:
		return "could not be stopped: " + err.Error(), 0
	case n == 0:
		return "it had ended", 0
	}
	g.mu.Lock()
	g.stopped = "stopped by guard " + name + ": " + reason
	if g.paused != "" {
		g.rested += time.Since(g.since)
		g.paused = ""
	}
	g.mu.Unlock()
	go func() {
		defer close(ending)
		g.outlast()
	}()
	return "stopped", n
}

// outlast waits until what was asked to end has ended, and kills what has not
// in time.
func (g *Guard) outlast() {
	look := time.NewTicker(endAgain)
	defer look.Stop()
	late := time.Now().Add(grace)
	for g.target.Alive() > 0 {
		<-look.C
		g.mu.Lock()
		hurry := g.hurry
		g.mu.Unlock()
		if !hurry && time.Now().Before(late) {
			continue
		}
		_, _ = g.target.Kill() // whether it worked is seen by who is alive
		for gone := time.Now().Add(killed); g.target.Alive() > 0 && time.Now().Before(gone); {
			<-look.C
		}
		return
	}
}

// emit records an event of ours, which is not watched.
func (g *Guard) emit(e eventlog.Event) {
	g.mu.Lock()
	g.own[e.ID] = true
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), emitting)
	defer cancel()
	_ = g.host.Emit(ctx, e) // what could not be taken is counted there
	g.mu.Lock()
	delete(g.own, e.ID)
	g.mu.Unlock()
}
