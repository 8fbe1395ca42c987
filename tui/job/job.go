// Package job keeps track of work that is done in a command: one piece at a
// time, called off when it is no longer wanted, and done once more when what it
// was made of changed meanwhile.
package job

import "context"

// Ticket names one piece of work.
type Ticket int

// Job is the state of one kind of work. The zero Job is idle. It belongs to the
// update loop: no other goroutine may touch it.
type Job struct {
	ticket Ticket
	busy   bool
	again  bool
	ctx    context.Context
	cancel context.CancelFunc
}

// Restart begins new work and calls off what is under way: for when what was
// asked for changed.
func (j *Job) Restart(parent context.Context) (context.Context, Ticket) {
	j.Stop()
	ctx, cancel := context.WithCancel(parent)
	j.busy, j.ctx, j.cancel = true, ctx, cancel
	return ctx, j.ticket
}

// Start begins work unless some is under way, which is then done again when it
// has ended: for when only the data changed, so that a stream of changes cannot
// keep the work from ever ending.
func (j *Job) Start(parent context.Context) (context.Context, Ticket, bool) {
	if j.busy {
		j.again = true
		return nil, 0, false
	}
	ctx, t := j.Restart(parent)
	return ctx, t, true
}

// Land says that work has ended. Results that are not fresh must be dropped;
// again tells that the data changed meanwhile.
func (j *Job) Land(t Ticket) (fresh, again bool) {
	if t != j.ticket || !j.busy {
		return false, false
	}
	again = j.again
	j.Stop()
	return true, again
}

// Goes reports whether a piece of work is the one under way, so that its next
// part may be done in the context that it returns.
func (j *Job) Goes(t Ticket) (context.Context, bool) { return j.ctx, j.busy && t == j.ticket }

// Busy reports whether work is under way.
func (j *Job) Busy() bool { return j.busy }

// Stop calls off what is under way.
func (j *Job) Stop() {
	if j.cancel != nil {
		j.cancel()
	}
	j.ticket++
	j.busy, j.again, j.cancel = false, false, nil
}
