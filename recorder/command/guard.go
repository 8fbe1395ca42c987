package command

import (
	"context"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/guard"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// hooksAtEnd is how long hooks that are on their way are waited for.
const hooksAtEnd = 2 * time.Second

// guarding is the guard of a recording, or nothing: its methods do nothing then.
type guarding struct{ *guard.Guard }

// guardPipeline makes the guard, if there is one, and has it see what the
// pipeline takes.
func (r *recording) guardPipeline(pipe *pipeline.Options) {
	if r.opts.Guard == nil {
		return
	}
	r.guard = guarding{guard.New(*r.opts.Guard, guard.Host{
		Session: r.opts.SessionID, Agent: r.agent, Notice: r.notices.guard,
		// Somebody who watches wants to see it at once, so somebody waits for it.
		Emit: func(ctx context.Context, e eventlog.Event) error { return r.rec.Record(ctx, e, func(error) {}) },
	})}
	pipe.Tap = r.guard.Watch
	if r.opts.Guard.Pauses() {
		r.notices.keep = 1 // for the line that says so
	}
}

func (g guarding) start(p *process.Process) {
	if g.Guard != nil {
		g.Start(p.Tree())
	}
}

func (g guarding) interrupted(signal string) {
	if g.Guard != nil {
		g.Interrupted(signal)
	}
}

func (g guarding) continued(by string) {
	if g.Guard != nil {
		g.Continued(by)
	}
}

// settle waits for what was ended by the guard and outlives the program.
func (g guarding) settle() {
	if g.Guard != nil {
		g.Settle()
	}
}

func (g guarding) close() {
	if g.Guard != nil {
		g.Close()
	}
}

// drain waits for hooks. It is called when the log is closed: they are the last
// thing that anybody should wait for.
func (g guarding) drain(ctx context.Context) {
	if g.Guard != nil {
		ctx, cancel := context.WithTimeout(ctx, hooksAtEnd)
		defer cancel()
		g.Drain(ctx)
	}
}

// stopped says why the guard ended the program, or nothing.
func (g guarding) stopped() string {
	if g.Guard == nil {
		return ""
	}
	return g.Stopped()
}

// counts adds to the end of the session what the guard did not tell.
func (g guarding) counts(o *wire.Object) {
	if g.Guard == nil {
		return
	}
	if n := g.Silent(); n > 0 {
		o.Int("guard_untold", n)
	}
	if n := g.HooksFailed(); n > 0 {
		o.Int("hooks_failed", n)
	}
}
