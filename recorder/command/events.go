package command

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// begin tells the log what is recorded: the session, and the run that stands
// for the program in it.
func (r *recording) begin(p *process.Process) {
	pid := 0
	if p != nil {
		pid = p.Pid()
	}
	about := r.about(pid)
	r.emit(eventlog.SessionStart, about.Payload(), about.Facts())
	var o wire.Object
	o.Text("task", r.task())
	e := r.event(eventlog.AgentStart, &o)
	e.ParentRunID, e.Time = r.opts.ParentRun, eventlog.StampOf(r.started)
	r.send(r.ctx, e)
	if len(r.opts.Metrics) > 0 {
		var o wire.Object
		o.Set("metrics", r.opts.Metrics)
		r.send(r.ctx, r.event(eventlog.Metrics, &o))
	}
	if r.opts.Raw != nil {
		var o wire.Object
		o.Text("text", "output is kept in "+r.opts.Raw.Path())
		o.Text("output_file", r.opts.Raw.Path())
		o.Raw("output_masked", strconv.AppendBool(nil, r.opts.Raw.Masks()))
		r.send(r.ctx, r.event(eventlog.LogLine, &o))
	}
	close(r.gate.open)
	if p != nil {
		r.guard.start(p)
		r.life.Go(func() { r.beat(pid) })
	}
}

// about is what is known of the session when it begins.
func (r *recording) about(pid int) *origin.Session {
	opts := r.opts
	layers := []string{"process"}
	if r.intake != nil {
		layers = append(layers, "intake")
	}
	about := &origin.Session{
		Name: opts.Name, Goal: opts.Goal, Agent: r.agent, Environment: opts.Environment, Experiment: opts.Experiment,
		Variant: opts.Variant, Version: opts.Version, Parent: opts.ParentSession, ParentRun: opts.ParentRun,
		Root: opts.RootSession, Run: r.run,
		Args: opts.Args, Dir: opts.Dir, PID: pid, Started: r.started, Metadata: opts.Metadata, Tags: opts.Tags,
		Metrics: opts.Metrics, Layers: append(layers, r.layers...), Unsafe: opts.UnsafePayloads,
	}
	if opts.Guard != nil {
		about.Guards = opts.Guard.Describe()
	}
	return about
}

// task is what the program was asked for: its goal, or how it was called.
func (r *recording) task() string {
	if r.opts.Goal != "" {
		return r.opts.Goal
	}
	return strings.Join(r.opts.Args, " ")
}

func (r *recording) heartbeat(pid int) eventlog.Event {
	var o wire.Object
	o.Int("pid", int64(pid))
	o.Int("elapsed_ms", time.Since(r.started).Milliseconds())
	e := r.event(eventlog.Heartbeat, &o)
	e.Facts = &eventlog.Facts{}
	return e
}

// finish tells the log how the program ended.
func (r *recording) finish(ctx context.Context, status process.Status, failure error) {
	took := time.Since(r.started)
	outcome := r.outcome(status)
	reason := cmp.Or(r.guard.stopped(), reasonOf(status, failure))
	if status.Code != 0 {
		var o wire.Object
		o.Text("error", reason)
		o.Text("type", "exit")
		o.Int("exit_code", int64(status.Code))
		o.Text("signal", status.Signal)
		e := r.event(eventlog.Error, &o)
		e.Failed = true
		r.send(ctx, e)
	}
	// The error event tells of the failure; it must not count twice.
	var o wire.Object
	o.Text("outcome", outcome.String())
	if outcome == eventlog.Cancelled {
		o.Raw("cancelled", []byte("true"))
	}
	o.Int("exit_code", int64(status.Code))
	o.Int("latency_ms", took.Milliseconds())
	e := r.event(eventlog.AgentFinish, &o)
	e.Outcome = outcome
	r.send(ctx, e)
	_ = r.rec.ReportDrops(ctx)
	_ = r.rec.Flush(ctx) // whether the store has failed is known after this
	r.send(ctx, r.sessionEnd(status, outcome, reason, took))
}

func (r *recording) sessionEnd(status process.Status, outcome eventlog.Outcome, reason string, took time.Duration) eventlog.Event {
	s := r.rec.Stats()
	var o wire.Object
	o.Int("exit_code", int64(status.Code))
	o.Text("signal", status.Signal)
	o.Text("outcome", outcome.String())
	if outcome != eventlog.Success {
		o.Text("failure_reason", reason)
	}
	o.Int("duration_ms", took.Milliseconds())
	o.Int("events", s.Stored)
	o.Int("dropped", s.DroppedTotal())
	o.Int("redact_dropped", s.RedactDropped)
	o.Int("lost", s.Lost)
	o.Int("export_failed", s.ExportFailed)
	if r.opts.Raw != nil {
		kept, left := r.opts.Raw.Counts()
		o.Int("output_bytes", kept)
		o.Int("output_left_out", left)
	}
	if bad, any := r.bad(); any {
		o.Int("bad_lines", bad)
	}
	if r.proxy != nil {
		o.Int("proxy_calls", r.proxy.Calls())
		o.Int("proxy_unread", r.proxy.Unread())
	}
	r.guard.counts(&o)
	if told := r.signalled.Load(); told != nil {
		o.Text("recorder_signal", *told)
	}
	e := r.event(eventlog.SessionEnd, &o)
	e.Facts = &eventlog.Facts{Closed: true, Ended: eventlog.StampOf(r.started.Add(took)), Outcome: outcome}
	if outcome != eventlog.Success {
		e.Facts.FailureReason = reason
	}
	return e
}

// bad is how much was sent that is no event, if anything could be sent.
func (r *recording) bad() (n int64, any bool) {
	if r.intake != nil {
		n, any = r.intake.Bad(), true
	}
	if r.receiver != nil {
		n, any = n+r.receiver.Bad(), true
	}
	return n, any
}

// outcome is cancelled when somebody ended the program, which is no failure of
// its own.
func (r *recording) outcome(status process.Status) eventlog.Outcome {
	switch {
	case r.guard.stopped() != "":
		return eventlog.Cancelled // whatever it made of being asked to end
	case status.Code == 0:
		return eventlog.Success
	case r.signalled.Load() != nil:
		return eventlog.Cancelled
	}
	switch status.Code - 128 {
	case 1, 2, 3, 15: // SIGHUP, SIGINT, SIGQUIT, SIGTERM, also when a shell tells of them
		return eventlog.Cancelled
	}
	return eventlog.Failure
}

func reasonOf(status process.Status, failure error) string {
	switch {
	case failure != nil:
		return "could not be started: " + failure.Error()
	case status.Signal != "":
		return "ended by " + status.Signal
	case status.Code != 0:
		return "exit code " + strconv.Itoa(status.Code)
	}
	return ""
}

// event makes an event of the recorder. All of them are told in the name of the
// agent that the program is.
func (r *recording) event(k eventlog.Kind, o *wire.Object) eventlog.Event {
	return eventlog.Event{Kind: k, Type: k.String(), Agent: r.agent, Payload: o.JSON()}
}

func (r *recording) emit(k eventlog.Kind, o *wire.Object, f *eventlog.Facts) {
	e := r.event(k, o)
	e.Facts, e.Time = f, eventlog.StampOf(r.started)
	r.send(r.ctx, e)
}

// send takes no answer: what could not be taken is counted, and told at the end.
func (r *recording) send(ctx context.Context, e eventlog.Event) { _ = r.rec.Emit(ctx, e) }
