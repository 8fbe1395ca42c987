package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/capture/lines"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
	"github.com/lazytrace/lazytrace/recorder/capture/receiver"
	"github.com/lazytrace/lazytrace/recorder/capture/transcript"
	"github.com/lazytrace/lazytrace/recorder/layers"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Record runs a program, records it, and returns when both have ended.
func Record(ctx context.Context, o Options) Result {
	r := newRecording(ctx, o)
	p, err := r.startProgram()
	if err != nil {
		r.notices.add(cannotRun(o.Args[0], err))
		r.begin(nil)
		r.end(process.Status{Code: process.CodeOf(err)}, err)
		return r.result
	}
	if len(p.Layers()) == 0 || p.Layers()[0] == "pty" {
		r.notices.hold() // the program has the terminal
	}
	r.begin(p)
	status, err := p.Wait()
	r.guard.settle()
	r.notices.release()
	r.end(status, err)
	p.Close()
	return r.result
}

func cannotRun(name string, err error) string {
	if process.CodeOf(err) == process.NotFound {
		return name + ": command not found"
	}
	var cause error = err
	for inner := errors.Unwrap(cause); inner != nil; inner = errors.Unwrap(cause) {
		cause = inner
	}
	return fmt.Sprintf("%s: cannot be run: %v", name, cause)
}

// recording is one recorded program and everything that was made for it.
type recording struct {
	opts      Options
	ctx       context.Context
	run       string // the run that stands for the program
	agent     string
	started   time.Time
	notices   *notices
	rec       *pipeline.Pipeline
	gate      gate                 // to rec, for what the program tells
	intake    *intake.Server       // nil when there is no place for a socket
	receiver  *receiver.Server     // nil unless it was asked for
	proxy     *proxy.Server        // nil unless it was asked for
	follower  *transcript.Follower // nil unless it was asked for
	known     *layers.Registry     // what all layers have told
	guard     guarding
	streams   []stream
	kept      keptIn                 // where exchanges are kept
	signalled atomic.Pointer[string] // the first signal that asked us to end
	life      sync.WaitGroup         // heartbeats and flushes
	stop      context.CancelFunc     // ends them
	layers    []string
	result    Result
}

// stream takes what one stream of the program prints, until it is closed.
type stream interface {
	io.Writer
	Close(ctx context.Context) error
}

func newRecording(ctx context.Context, o Options) *recording {
	if o.Heartbeat <= 0 {
		o.Heartbeat = 30 * time.Second
	}
	if o.Notices == nil {
		o.Notices = o.Stderr
	}
	now := time.Now()
	if o.SessionID == "" {
		o.SessionID = wire.NewID(now)
	}
	r := &recording{opts: o, run: wire.NewID(now), agent: o.Agent, started: now, notices: &notices{out: o.Notices}, known: layers.New()}
	if r.agent == "" {
		r.agent = filepath.Base(o.Args[0])
	}
	r.ctx, r.stop = context.WithCancel(ctx)
	pipe := o.Pipeline
	pipe.PassiveDelay = passiveDelay
	pipe.Session, pipe.Run, pipe.Agent = o.SessionID, r.run, r.agent
	pipe.Open, pipe.Exporters, pipe.Warn = r.opening(o.Open), o.Exporters, r.notices.add
	r.guardPipeline(&pipe)
	r.rec = pipeline.New(pipe)
	r.gate = gate{r.rec, make(chan struct{})}
	r.result.Session = o.SessionID
	return r
}

// startProgram opens the socket, which the environment of the program names,
// and starts the program. Everything that takes time, the store above all, is
// opened meanwhile by the pipeline.
func (r *recording) startProgram() (*process.Process, error) {
	settings := map[string]string{
		origin.EnvSession: r.opts.SessionID, origin.EnvRun: r.run, origin.EnvRoot: r.root(), origin.EnvStore: r.opts.StorePath, origin.EnvSocket: "", origin.EnvURL: "", origin.EnvToken: "",
	}
	server, err := intake.Listen(context.WithoutCancel(r.ctx), r.gate, intake.Options{})
	if err != nil {
		r.notices.add(fmt.Sprintf("no events can be sent to this recording: %v", err))
	} else {
		r.intake = server
		settings[origin.EnvSocket] = server.Path()
	}
	r.follow()
	args := r.receive(r.opts.Args, settings)
	if r.opts.Capture.Proxy {
		args = r.redirect(args, settings)
	}
	p, err := process.Start(process.Options{
		Args: args, Env: environment(r.opts.Env, settings),
		Stdin: r.opts.Stdin, Stdout: r.opts.Stdout, Stderr: r.opts.Stderr,
		Capture: r.opts.Capture, Output: r.output, Told: r.told,
		Woken: func() { r.guard.continued("SIGCONT") }, Interrupted: func() { r.guard.continued("Ctrl-C") },
	})
	if err != nil {
		return nil, err
	}
	r.layers = append(r.layers, p.Layers()...)
	if r.proxy != nil {
		r.layers = append(r.layers, "proxy")
	}
	return p, nil
}

// root is the outermost session around the program.
func (r *recording) root() string {
	return cmp.Or(r.opts.RootSession, r.opts.ParentSession, r.opts.SessionID)
}

// output gives a captured stream to a layer of its own.
func (r *recording) output(name string) io.Writer {
	s := r.layer(name)
	r.streams = append(r.streams, s)
	return s
}

// layer keeps a stream as it is, or makes lines and events of it. Events are looked
// for where programs print results, not where they print complaints.
func (r *recording) layer(name string) stream {
	if r.opts.Raw != nil {
		return r.opts.Raw.Stream(r.rec.Patient())
	}
	decode := r.opts.Decode
	switch {
	case name == "stderr":
		decode = nil
	case r.follower != nil:
		decode = either(decode, r.follower.Printed())
	}
	return lines.New(context.WithoutCancel(r.ctx), name, r.gate, decode)
}

// told is called when somebody asked us to end. The program was told too and
// decides; what is there by now is written in case we are not asked again.
func (r *recording) told(signal string) {
	r.signalled.CompareAndSwap(nil, &signal)
	r.guard.interrupted(signal)
	r.life.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, flushAfterSignal)
		defer cancel()
		_ = r.rec.Flush(ctx) // the end flushes again and tells
	})
}

// beat shows that we live until the recording ends.
func (r *recording) beat(pid int) {
	tick := time.NewTicker(r.opts.Heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = r.rec.Emit(r.ctx, r.heartbeat(pid))
			_ = r.rec.ReportDrops(r.ctx)
		case <-r.ctx.Done():
			return
		}
	}
}

// end takes what is still on its way, tells how it ended, and closes. A
// program that was killed or a store that hangs must not keep us here.
func (r *recording) end(status process.Status, failure error) {
	limit, forOutput := flushAtEnd, 2*flushAtEnd
	if r.signalled.Load() != nil {
		limit, forOutput = flushAfterSignal, flushAfterSignal/2
	}
	r.stop()
	r.endStreams(forOutput)
	if r.opts.Raw != nil {
		if err := r.opts.Raw.Close(); err != nil {
			r.notices.add(err.Error())
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), limit)
	defer cancel()
	if r.intake != nil {
		if err := r.intake.Drain(ctx); err != nil {
			r.notices.add(fmt.Sprintf("remove the event socket: %v", err))
		}
	}
	if r.proxy != nil {
		_ = r.proxy.Drain(ctx) // what it could not tell is counted
	}
	if r.follower != nil {
		r.follower.Drain(ctx)
	}
	if r.receiver != nil {
		if err := r.receiver.Drain(ctx); err != nil {
			r.notices.add(fmt.Sprintf("end the receiver: %v", err))
		}
	}
	r.guard.close()
	r.finish(ctx, status, failure)
	if err := r.rec.Close(ctx); err != nil && r.rec.Stats().Fault == nil {
		r.notices.add(fmt.Sprintf("the recording is not complete: %v", err))
	}
	r.life.Wait()
	r.guard.drain(ctx)
	r.result.Code, r.result.Stats = status.Code, r.rec.Stats()
	r.report()
}

// endStreams takes what was printed last. It has a time of its own, and one that
// a disk which is slow just now does not use up: what comes after it, the end of
// the session above all, is to have the other.
func (r *recording) endStreams(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), limit)
	defer cancel()
	for _, s := range r.streams {
		_ = s.Close(ctx) // what it could not hand over is counted
	}
}

// report says in one line what is missing from the recording.
func (r *recording) report() {
	if r.follower != nil && r.follower.Left() > 0 {
		r.notices.add("a conversation in this folder was not recorded, since another agent runs here and it may be its")
	}
	if r.proxy != nil && r.proxy.Missed() > 0 {
		r.notices.add(fmt.Sprintf("%d exchanges with model providers were not kept: they found no room, could not be read or masked, or the store failed", r.proxy.Missed()))
	}
	s := r.result.Stats
	if n := s.DroppedTotal() + s.RedactDropped + s.Lost; n > 0 {
		r.notices.add(fmt.Sprintf("%d events were not recorded: %d found no room, %d could not be redacted, %d came after the store had failed",
			n, s.DroppedTotal(), s.RedactDropped, s.Lost))
	}
	if s.ExportFailed > 0 {
		by := make([]string, len(s.Exporters))
		for i, x := range s.Exporters {
			by[i] = fmt.Sprintf("%d by %s", x.Events, x.Exporter)
		}
		r.notices.add("events that were not exported: " + strings.Join(by, ", "))
	}
}
