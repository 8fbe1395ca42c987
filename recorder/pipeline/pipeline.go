package pipeline

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Pipeline is where every event goes through. Its methods may be called by any goroutine. It
// owns one goroutine, which is the only one that touches the store and the
// exporters; Close ends it.
type Pipeline struct {
	opts    Options
	queue   *queue
	writer  *writer
	drops   drops
	errors  atomic.Int64 // events that are failures
	cancel  context.CancelFunc
	written chan struct{} // closed when the writer has ended
	once    sync.Once
}

// New starts a recorder.
func New(o Options) *Pipeline {
	o = o.filled()
	if o.Session == "" {
		o.Session = wire.NewID(o.Now())
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Pipeline{opts: o, queue: newQueue(o), cancel: cancel, written: make(chan struct{})}
	r.writer = newWriter(o, &r.drops)
	go func() {
		defer close(r.written)
		r.writer.run(ctx, r.queue)
	}()
	return r
}

// Session returns the id of the session that events belong to by default.
func (r *Pipeline) Session() string { return r.opts.Session }

// Emit takes an event. It returns ErrFull when the event was dropped, which
// has been counted by then; other errors are those of ctx and ErrClosed.
func (r *Pipeline) Emit(ctx context.Context, e eventlog.Event) error {
	return r.Record(ctx, e, nil)
}

// Record is Emit for somebody who waits: done is called once the event is
// committed, or with an error when it is not and will not be. It is called by
// the writer and must not block. When Record returns an error, done is not
// called.
func (r *Pipeline) Record(ctx context.Context, e eventlog.Event, done func(error)) error {
	if done == nil && r.opts.OnFull != Block && r.Full(e.Kind) {
		// Redacting a line that has no place is work for nothing.
		r.drops.full(e.Kind)
		return ErrFull
	}
	r.stamp(&e)
	if err := r.redact(&e); err != nil {
		return err
	}
	if e.Failed || e.Kind == eventlog.Error || e.Kind == eventlog.ToolError || e.Kind == eventlog.ToolTimeout {
		r.errors.Add(1)
	}
	it := item{event: e, size: sizeOf(&e), heard: done == nil && !ofSession(e.Kind), prompt: done != nil || begins(e.Kind), done: done}
	err := r.queue.put(ctx, it, r.admission(&e))
	switch {
	case err == ErrFull:
		r.drops.full(e.Kind)
	case err == nil && r.opts.Tap != nil:
		r.opts.Tap(&e)
	}
	return err
}

// Full reports whether there is no room just now for an event of a kind that has
// to leave some to others: lines of output, since others say more.
func (r *Pipeline) Full(k eventlog.Kind) bool {
	if k != eventlog.LogLine {
		return false
	}
	r.queue.mu.Lock()
	defer r.queue.mu.Unlock()
	return !r.queue.spare()
}

// own puts in an event of the recorder itself, whatever the queue holds.
func (r *Pipeline) own(ctx context.Context, e eventlog.Event) error {
	r.stamp(&e)
	return r.queue.put(ctx, item{event: e, size: sizeOf(&e), prompt: true}, always)
}

func (r *Pipeline) admission(e *eventlog.Event) admission {
	switch {
	case e.Kind == eventlog.SessionStart, e.Kind == eventlog.SessionEnd:
		return always
	case r.opts.OnFull == Block, r.opts.OnFull == Hybrid && r.opts.Critical(e):
		return waiting
	}
	return ifRoom
}

// begins tells the events that are committed at once: those after which
// somebody who watches wants to see that something is under way.
func begins(k eventlog.Kind) bool {
	switch k {
	case eventlog.AgentStart, eventlog.ToolCall, eventlog.ModelRequest, eventlog.SessionStart, eventlog.SessionEnd:
		return true
	}
	return false
}

func sizeOf(e *eventlog.Event) int64 { return int64(len(e.Payload)) + 512 }

// Flush returns when everything that was taken before it is written.
func (r *Pipeline) Flush(ctx context.Context) error {
	mark := make(chan struct{})
	if err := r.queue.put(ctx, item{prompt: true, mark: mark}, always); err != nil {
		return err
	}
	select {
	case <-mark:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ReportDrops records what was dropped since the last report, if anything, as
// a dropped event and in the counters of the store.
func (r *Pipeline) ReportDrops(ctx context.Context) error {
	full, redacted := r.drops.unreported()
	var total int64
	var byKind wire.Object
	for kind := range eventlog.Unreadable {
		if n := full[kind]; n > 0 {
			total += n
			byKind.Int(kind.String(), n)
		}
	}
	if total+redacted == 0 {
		return nil
	}
	var o wire.Object
	o.Int("count", total+redacted)
	o.Int("queue_full", total)
	o.Int("redaction_failed", redacted)
	o.Raw("by_type", byKind.JSON())
	return r.own(ctx, eventlog.Event{
		Kind: eventlog.Dropped, Type: eventlog.Dropped.String(), Payload: o.JSON(),
		Facts: &eventlog.Facts{RedactDropped: redacted, Dropped: total},
	})
}

// Close writes what is left and closes the store and the exporters. When ctx
// ends first, what is still being written is given up. Calls after the first
// wait for the same end.
func (r *Pipeline) Close(ctx context.Context) error {
	r.once.Do(func() {
		// ErrClosed cannot be: nobody else closes the queue.
		_ = r.ReportDrops(ctx)
		r.queue.close()
	})
	defer r.cancel()
	select {
	case <-r.written:
		return r.writer.closeErr
	case <-ctx.Done():
	}
	r.cancel()
	// A store that does not even answer to its context is left behind: the
	// command that was recorded has ended and its caller waits.
	select {
	case <-r.written:
		return r.writer.closeErr
	case <-time.After(100 * time.Millisecond):
		return ctx.Err()
	}
}

// stamp fills in what the event does not tell about itself and moves what the
// envelope says into the payload, which is all that a LazyBridge reader sees.
func (r *Pipeline) stamp(e *eventlog.Event) {
	now := r.opts.Now()
	if e.ID == "" {
		e.ID = wire.NewID(now)
	}
	if !e.Time.Known() {
		e.Time = eventlog.StampOf(now)
	}
	if e.SessionID == "" {
		e.SessionID = r.opts.Session
	}
	if e.Type == "" {
		e.Type = e.Kind.String()
	}
	if e.RunID == "" && !ofSession(e.Kind) {
		e.RunID = r.opts.Run
		if e.Agent == "" {
			e.Agent = r.opts.Agent
		}
	}
	if len(e.Payload) == 0 {
		e.Payload = json.RawMessage("{}")
	} else if e.Payload[0] != '{' {
		var o wire.Object
		o.Raw("value", e.Payload)
		e.Payload = o.JSON()
	}
	e.Payload = wire.WithText(e.Payload, "parent_run_id", e.ParentRunID)
	e.Payload = wire.WithText(e.Payload, "agent_name", e.Agent)
}

// ofSession tells the events that belong to no run.
func ofSession(k eventlog.Kind) bool {
	switch k {
	case eventlog.SessionStart, eventlog.SessionEnd, eventlog.Heartbeat, eventlog.Dropped:
		return true
	}
	return false
}
