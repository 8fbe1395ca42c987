package command

import (
	"context"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/lines"
	"github.com/lazytrace/lazytrace/recorder/capture/transcript"
)

// follow has what the agents, that the program is or starts, write about themselves
// read while they write it: their transcripts, and what they print.
func (r *recording) follow() {
	capture := r.opts.Capture
	if !capture.Transcript && !capture.Stdout && !capture.Terminal {
		return
	}
	dir := r.opts.Dir
	if dir == "" {
		dir, _ = os.Getwd() // "" when it was removed: then no transcript is of it
	}
	if capture.Transcript {
		r.layers = append(r.layers, "transcript")
	}
	r.follower = transcript.Follow(context.WithoutCancel(r.ctx), r.gate, r.known, transcript.Options{
		Args: r.opts.Args, Env: r.opts.Env, Dir: dir, Session: r.opts.SessionID, Run: r.run, Started: r.started, Files: capture.Transcript,
	})
}

// claim tells the follower that the program holds a conversation.
func (r *recording) claim(conversation string) {
	if r.follower != nil {
		r.follower.Claim(conversation)
	}
}

// either decodes lines that are events, and gives the others to who knows what
// agents print.
func either(decode lines.Decoder, printed *transcript.Printed) lines.Decoder {
	return func(line []byte) (events []eventlog.Event, known bool) {
		if decode != nil {
			events, known = decode(line)
		}
		return events, known || printed.Line(line)
	}
}
