package recorder

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Run is one agent at work on one task. Its methods may be called by any
// goroutine; those of a nil run do nothing. They return no errors: what could
// not be recorded is counted, and an agent has no use for it.
type Run struct {
	session *Session
	id      string
	agent   string
	ctx     context.Context // for its values
	started time.Time
	turns   atomic.Int64 // begun
	calls   atomic.Int64 // of tools and models
	once    sync.Once
}

// Run begins a run of an agent and returns a context that carries it. Under a
// context that carries a run of this session it stands below that run, and below
// the tool call that is under way there.
func (s *Session) Run(ctx context.Context, agent, task string) (context.Context, *Run) {
	if s == nil {
		return ctx, nil
	}
	above := currentOf(ctx)
	now := time.Now()
	r := &Run{session: s, id: wire.NewID(now), agent: agent, started: now}
	r.ctx = context.WithValue(ctx, contextKey{}, current{session: s, run: r})
	var o wire.Object
	o.Text("task", task)
	e := Event{Kind: eventlog.AgentStart, Time: eventlog.StampOf(now)}
	switch {
	case above.run != nil && above.session == s:
		e.ParentRunID = above.run.id
		o.Text("call_id", above.call)
	case s.about.ParentRun != "":
		e.ParentRunID = s.about.ParentRun // of the session above
	}
	r.tell(e, &o)
	return r.ctx, r
}

// ID returns the id of the run.
func (r *Run) ID() string {
	if r == nil {
		return ""
	}
	return r.id
}

// Session returns the session that the run is recorded in.
func (r *Run) Session() *Session {
	if r == nil {
		return nil
	}
	return r.session
}

// Emit records an event of any type in the name of the run; see Session.Emit.
func (r *Run) Emit(eventType string, payload any) error {
	if r == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), flushTimeout)
	defer cancel()
	return r.session.emit(ctx, r, eventType, payload)
}

// Step tells that a turn of the agent's loop begins, with how many messages are
// in its conversation.
func (r *Run) Step(messages int) {
	if r == nil {
		return
	}
	var o wire.Object
	o.Int("turn", r.turns.Add(1)-1)
	o.Int("messages", int64(messages))
	r.tell(Event{Kind: eventlog.LoopStep}, &o)
}

// Finish ends the run with what came of it, or why nothing did. A run that was
// cancelled has not failed. Only the first call counts, so that one may be
// deferred.
func (r *Run) Finish(result any, err error) {
	if r == nil {
		return
	}
	r.once.Do(func() {
		e := Event{Kind: eventlog.AgentFinish, Outcome: Success}
		var o wire.Object
		switch {
		case errors.Is(err, context.Canceled):
			e.Outcome = Cancelled
			o.Raw("cancelled", []byte("true"))
		case err != nil:
			e.Outcome, e.Failed = Failure, true
			o.Text("error", err.Error())
		case result != nil:
			o.Raw("payload", value(result))
		}
		o.Raw("latency_ms", sinceMS(r.started))
		r.tell(e, &o)
	})
}

func (r *Run) tell(e Event, o *wire.Object) {
	e.Type, e.RunID, e.Agent, e.Payload = e.Kind.String(), r.id, r.agent, o.JSON()
	r.session.tell(r.ctx, e)
}

// turn adds the number of the turn to an event, once there are turns.
func (r *Run) turn(o *wire.Object) {
	if n := r.turns.Load(); n > 0 {
		o.Int("turn", n-1)
	}
}

func (r *Run) callID(kind string) string { return kind + strconv.FormatInt(r.calls.Add(1), 10) }

// sinceMS is the time since a moment in milliseconds, to the microsecond.
func sinceMS(t time.Time) []byte {
	return strconv.AppendFloat(nil, float64(time.Since(t).Microseconds())/1000, 'f', -1, 64)
}
