package command

import (
	"context"
	"os"

	"github.com/lazytrace/lazytrace/recorder/capture/transcript"
)

// follow has the transcripts of the agents that the program is or starts read
// while they are written.
func (r *recording) follow() {
	dir := r.opts.Dir
	if dir == "" {
		dir, _ = os.Getwd() // "" when it was removed: then no transcript is of it
	}
	r.layers = append(r.layers, "transcript")
	r.follower = transcript.Follow(context.WithoutCancel(r.ctx), r.gate, r.known, transcript.Options{
		Args: r.opts.Args, Env: r.opts.Env, Dir: dir, Session: r.opts.SessionID, Run: r.run, Started: r.started,
	})
}

// claim tells the follower that the program holds a conversation.
func (r *recording) claim(conversation string) {
	if r.follower != nil {
		r.follower.Claim(conversation)
	}
}
