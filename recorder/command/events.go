package command

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/alive"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// begin tells the log what is recorded: the session, and the run that stands
// for the program in it.
func (r *recording) begin(p *process.Process) {
	pid := 0
	if p != nil {
		pid = p.Pid()
	}
	r.emit(eventlog.SessionStart, r.sessionPayload(pid), r.facts())
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
	close(r.gate.open)
	if p != nil {
		r.life.Go(func() { r.beat(pid) })
	}
}

func (r *recording) sessionPayload(pid int) *wire.Object {
	opts := r.opts
	host, _ := os.Hostname() // left out when it has none
	var o wire.Object
	o.Text("name", opts.Name)
	o.Text("goal", opts.Goal)
	o.Text("agent", r.agent)
	o.Set("argv", opts.Args)
	o.Text("cwd", opts.Dir)
	o.Text("host", host)
	o.Int("pid", int64(pid))
	recorder, mark := alive.Self()
	o.Int("recorder_pid", int64(recorder))
	o.Text("recorder_mark", mark)
	o.Text("user", userName())
	o.Text("git_branch", gitBranch(opts.Dir))
	o.Text("parent_session_id", opts.ParentSession)
	o.Text("parent_run_id", opts.ParentRun)
	o.Text("run_id_of_command", r.run)
	if len(opts.Metadata) > 0 {
		o.Set("metadata", opts.Metadata)
	}
	if len(opts.Tags) > 0 {
		o.Set("tags", opts.Tags)
	}
	o.Text("experiment", opts.Experiment)
	o.Text("variant", opts.Variant)
	o.Text("environment", opts.Environment)
	o.Text("lazytrace_version", opts.Version)
	layers := []string{"process"}
	if r.intake != nil {
		layers = append(layers, "intake")
	}
	o.Set("capture", append(layers, r.layers...))
	if opts.UnsafePayloads {
		o.Raw("unsafe_payloads", []byte("true"))
		o.Text("banner", "payloads of this session were stored without redaction")
	}
	return &o
}

// facts are the same for the table of sessions.
func (r *recording) facts() *eventlog.Facts {
	opts := r.opts
	host, _ := os.Hostname()
	recorder, mark := alive.Self()
	return &eventlog.Facts{
		RecorderPid: recorder, RecorderMark: mark,
		Name: opts.Name, Goal: opts.Goal, Agent: r.agent, User: userName(), Directory: opts.Dir,
		Project: filepath.Base(opts.Dir), Branch: gitBranch(opts.Dir), Environment: opts.Environment,
		ParentID: opts.ParentSession, Experiment: opts.Experiment, Variant: opts.Variant, Version: opts.Version,
		Host: host, Command: strings.Join(opts.Args, " "), Started: eventlog.StampOf(r.started),
		Metadata: opts.Metadata, Tags: opts.Tags, Metrics: opts.Metrics,
	}
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
	reason := reasonOf(status, failure)
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
	if bad, any := r.bad(); any {
		o.Int("bad_lines", bad)
	}
	if r.proxy != nil {
		o.Int("proxy_calls", r.proxy.Calls())
		o.Int("proxy_unread", r.proxy.Unread())
	}
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
