package recorder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Session records what agents do. Its methods may be called by any goroutine; a
// nil session records nothing. It owns a goroutine that writes and one that says
// now and then that the session is alive; Close ends both.
type Session struct {
	engine *engine
	about  origin.Session
	id     string
	up     *Session // of a child: whose engine it is

	events atomic.Int64       // taken
	rest   context.CancelFunc // ends beats
	beats  sync.WaitGroup
	once   sync.Once
	err    error // of Close; read after once

	mu       sync.Mutex
	closed   bool
	children []*Session
	metrics  map[string]float64
	outcome  Outcome
	reason   string
}

// engine is what a session and its children share: one queue, one store, one
// list of exporters.
type engine struct {
	pipe      *pipeline.Pipeline
	history   *history
	batched   bool
	heartbeat time.Duration
	redactor  Redactor // nil masks nothing
	warn      func(string)
}

// NewSession opens the store and begins a session in it. The error says which
// option is wrong or why the store cannot be used; the session is nil then, which
// may be used all the same and records nothing.
func NewSession(o Options) (*Session, error) {
	if o.Warn == nil {
		o.Warn = warner(os.Stderr)
	}
	s, err := newSession(o)
	if err != nil {
		closeAll(o.Exporters)
		return nil, fmt.Errorf("new session: %w", err)
	}
	return s, nil
}

func newSession(o Options) (*Session, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p, err := o.pipeline()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	store, err := sqlite.Create(ctx, cmp.Or(o.store(os.Getenv(origin.EnvStore)), ":memory:"), sqlite.Options{Durable: o.Durable})
	if err != nil {
		return nil, err
	}
	h, err := newHistory(ctx, store, o.Price)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	p.Exporters = slices.Clone(o.Exporters)
	if o.Console {
		p.Exporters = append(p.Exporters, newConsole(o.consoleTo()))
	}
	about := o.about()
	about.Parent, about.ParentRun, about.Root = origin.Above(os.Getenv, o.Parent, o.Detached)
	if o.ParentRun != "" {
		about.ParentRun = o.ParentRun
	}
	about.Unsafe = p.Redactor == nil
	id := cmp.Or(o.ID, wire.NewID(about.Started))
	p.Session = id
	p.Open = func(context.Context) (pipeline.Store, error) { return store, nil }
	s := &Session{
		engine: &engine{
			pipe: pipeline.New(p), history: h, batched: o.Batched, redactor: p.Redactor, warn: o.Warn,
			heartbeat: cmp.Or(o.heartbeat, heartbeats),
		},
		about: about, id: id,
	}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.engine.close())
	}
	return s, nil
}

// about is what the options tell of the session.
func (o *Options) about() origin.Session {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // it was removed; the session can live with that
	}
	return origin.Session{
		Name: o.Name, Goal: o.Goal, Agent: o.Agent, Environment: o.Environment, Experiment: o.Experiment, Variant: o.Variant,
		Args: os.Args, Dir: dir, PID: os.Getpid(), Started: time.Now(), Metadata: o.Metadata, Tags: o.Tags, Layers: []string{"api"},
	}
}

// begin tells the log of the session and that it lives.
func (s *Session) begin() error {
	payload := s.about.Payload().JSON()
	e := Event{
		Kind: eventlog.SessionStart, Type: eventlog.SessionStart.String(), SessionID: s.id, Agent: s.about.Agent,
		Time: eventlog.StampOf(s.about.Started), Payload: payload, Facts: s.facts(payload),
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := s.record(ctx, e); err != nil {
		return fmt.Errorf("begin the session: %w", err)
	}
	life, rest := context.WithCancel(context.Background())
	s.rest = rest
	s.beats.Go(func() { s.beat(life) })
	return nil
}

// beat says that the session lives, so that nobody takes it for dead while an
// agent thinks for long.
func (s *Session) beat(ctx context.Context) {
	tick := time.NewTicker(s.engine.heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var o wire.Object
		o.Int("pid", int64(os.Getpid()))
		o.Int("elapsed_ms", time.Since(s.about.Started).Milliseconds())
		// One that finds no room is counted; the next one comes, but not before
		// this one is written.
		_ = s.committed(ctx, Event{
			Kind: eventlog.Heartbeat, Type: eventlog.Heartbeat.String(), SessionID: s.id, Payload: o.JSON(), Facts: &eventlog.Facts{},
		})
		if s.up == nil {
			_ = s.engine.pipe.ReportDrops(ctx)
		}
	}
}

// ID returns the id of the session.
func (s *Session) ID() string {
	if s == nil {
		return ""
	}
	return s.id
}

// Emit records an event of any type, of the run that the context carries, if it
// is one of this session. The payload is anything that JSON spells as an object;
// nil is an empty one.
//
// Without Options.Batched it returns after the commit, and the context bounds
// how long it waits for that; what was taken is committed even when it has
// ended. In batches it returns at once, unless the event waits for room.
//
// ErrFull and ErrRedact tell of an event that was dropped and counted.
func (s *Session) Emit(ctx context.Context, eventType string, payload any) error {
	if s == nil {
		return nil
	}
	run := RunFromContext(ctx)
	if run != nil && run.session != s {
		run = nil
	}
	return s.emit(ctx, run, eventType, payload)
}

// maxPayload is how long a payload may be, in bytes: what the socket of a
// recorder takes, too.
const maxPayload = wire.MaxLine

func (s *Session) emit(ctx context.Context, run *Run, eventType string, payload any) error {
	if s.ended() {
		return ErrClosed
	}
	if eventType == "" {
		return errors.New("emit: the event has no type")
	}
	raw, err := object(payload)
	if err != nil {
		return fmt.Errorf("emit %s: the payload %w", eventType, err)
	}
	e := Event{Kind: eventlog.ParseKind(eventType), Type: eventType, SessionID: s.id, Payload: raw}
	if run != nil {
		e.RunID, e.Agent = run.id, run.agent
	}
	return s.record(ctx, e)
}

// record hands an event over and, without batches, waits for its commit.
func (s *Session) record(ctx context.Context, e Event) error {
	var err error
	if s.engine.batched {
		err = s.engine.pipe.Emit(ctx, e)
	} else {
		err = s.committed(ctx, e)
	}
	if err == nil {
		s.events.Add(1)
	}
	return err
}

// committed hands an event over and waits for its commit.
func (s *Session) committed(ctx context.Context, e Event) error {
	done := make(chan error, 1)
	if err := s.engine.pipe.Record(ctx, e, func(err error) { done <- err }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell records an event on behalf of somebody who has no use for an error, and
// whose context may have ended: how a thing went is told also when it was
// cancelled. What is lost is counted.
func (s *Session) tell(ctx context.Context, e Event) {
	if s == nil || s.ended() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	e.SessionID = s.id
	_ = s.record(ctx, e)
}

// Flush returns when everything that was emitted before is committed and with the
// exporters. A context without a deadline is given five seconds.
func (s *Session) Flush(ctx context.Context) error {
	if s == nil {
		return nil
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, flushTimeout)
		defer cancel()
	}
	err := s.engine.pipe.Flush(ctx)
	if errors.Is(err, ErrClosed) {
		return nil // Close has written everything, or told why not
	}
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	if fault := s.engine.pipe.Stats().Fault; fault != nil {
		return fmt.Errorf("flush: %w", fault)
	}
	return nil
}

// Stats tells how the recording went, of a session and its children together.
func (s *Session) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	return s.engine.pipe.Stats()
}

func (s *Session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Close ends the children, tells the log how the session ended, writes what is
// left and closes the store and the exporters; of a child it ends that alone. It
// takes five seconds at most. Calls after the first wait for the same end and
// return the same error.
func (s *Session) Close() error {
	if s == nil {
		return nil
	}
	s.once.Do(func() { s.err = s.close() })
	return s.err
}

func (s *Session) close() error {
	s.mu.Lock()
	s.closed = true
	children := s.children
	s.mu.Unlock()
	var errs []error
	for _, c := range children {
		errs = append(errs, c.Close())
	}
	s.rest()
	s.beats.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	_ = s.engine.pipe.ReportDrops(ctx)
	errs = append(errs, s.Flush(ctx)) // whether the store has failed is known after this
	if err := s.record(ctx, s.end()); err != nil && s.engine.pipe.Stats().Fault == nil {
		errs = append(errs, fmt.Errorf("end the session: %w", err))
	}
	if s.up != nil {
		s.up.forget(s)
		return errors.Join(errs...)
	}
	errs = append(errs, s.engine.close())
	s.report()
	return errors.Join(errs...)
}

// end is how the session ended.
func (s *Session) end() Event {
	now := time.Now()
	s.mu.Lock()
	outcome, reason := s.outcome, s.reason
	s.mu.Unlock()
	var o wire.Object
	if outcome != eventlog.OutcomeUnknown {
		o.Text("outcome", outcome.String())
	}
	o.Text("failure_reason", reason)
	o.Int("duration_ms", now.Sub(s.about.Started).Milliseconds())
	o.Int("events", s.events.Load())
	if s.up == nil {
		stats := s.engine.pipe.Stats()
		o.Int("dropped", stats.DroppedTotal())
		o.Int("redact_dropped", stats.RedactDropped)
		o.Int("lost", stats.Lost)
	}
	payload := o.JSON()
	return Event{
		Kind: eventlog.SessionEnd, Type: eventlog.SessionEnd.String(), SessionID: s.id, Agent: s.about.Agent, Payload: payload,
		Time: eventlog.StampOf(now),
		Facts: &eventlog.Facts{
			Closed: true, Ended: eventlog.StampOf(now), Outcome: outcome, FailureReason: s.engine.masked(payload).Reason,
		},
	}
}

// forget lets go of a child that has ended.
func (s *Session) forget(child *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]*Session, 0, len(s.children))
	for _, c := range s.children {
		if c != child {
			kept = append(kept, c)
		}
	}
	s.children = kept
}

// report says in one line what is missing from the recording.
func (s *Session) report() {
	stats := s.engine.pipe.Stats()
	if n := stats.DroppedTotal() + stats.RedactDropped + stats.Lost; n > 0 {
		s.engine.warn(fmt.Sprintf("%d events were not recorded: %d found no room, %d could not be redacted, %d came after the store had failed",
			n, stats.DroppedTotal(), stats.RedactDropped, stats.Lost))
	}
}

// close ends the pipeline. What reads the store goes first: a writer that is not
// read takes its log into the database.
func (e *engine) close() error {
	err := e.history.close()
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	return errors.Join(err, e.pipe.Close(ctx))
}
