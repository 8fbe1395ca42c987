package pipeline

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Output takes what a stream of the program printed as one event. It waits for
// a place in the part of the queue that is open to output, unless everything is
// dropped for which there is no room: whoever reads the stream has passed it on
// by then, and has room of its own. The text may be overwritten afterwards.
//
// A line is masked in the company of others as it is when it comes alone.
func (r *Pipeline) Output(ctx context.Context, o wire.Output) error {
	lines := int64(max(o.Lines, 1))
	if r.opts.OnFull == Drop && r.Full(eventlog.LogLine) {
		r.drops.fullN(eventlog.LogLine, lines)
		return ErrFull
	}
	e := eventlog.Event{Kind: eventlog.LogLine, Type: eventlog.LogLine.String(), Payload: o.Head()}
	r.stamp(&e)
	if err := r.redactOutput(&e, &o); err != nil {
		r.drops.redaction(lines)
		return err
	}
	how := waiting
	if r.opts.OnFull == Drop {
		how = ifRoom
	}
	it := item{event: e, size: sizeOf(&e), heard: true, output: true}
	if err := r.queue.put(ctx, it, how); err != nil {
		r.drops.fullN(eventlog.LogLine, lines)
		return err
	}
	if r.opts.Tap != nil {
		r.opts.Tap(&e)
	}
	return nil
}

// Patient reports whether output waits for its place however long that takes.
func (r *Pipeline) Patient() bool { return r.opts.OnFull == Block }

// redactOutput masks what the event says of the output, and puts the text behind
// it, masked part by part.
func (r *Pipeline) redactOutput(e *eventlog.Event, o *wire.Output) error {
	if r.opts.Redactor != nil && !(r.mask(e) && r.maskParts(o)) {
		return r.giveUp(e)
	}
	e.Payload = o.Behind(e.Payload)
	return nil
}

func (r *Pipeline) maskParts(o *wire.Output) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return o.Mask(r.opts.Redactor.Text)
}
