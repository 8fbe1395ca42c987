package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// ErrRedact is returned for an event that was dropped because it could not be
// redacted.
var ErrRedact = errors.New("the event could not be redacted")

// redact masks the secrets of an event. From here on the payload is the only
// body that the event has: whatever else a layer filled in is left behind, so
// that there is one thing to mask and not six.
func (r *Pipeline) redact(e *eventlog.Event) error {
	e.Input, e.Output, e.Text, e.Message, e.Details = nil, nil, "", "", nil
	if r.opts.Redactor == nil {
		return nil
	}
	if r.mask(e) {
		return nil
	}
	err := r.giveUp(e)
	if err != nil {
		r.drops.redaction(1)
	}
	return err
}

// giveUp is what becomes of an event that cannot be redacted.
func (r *Pipeline) giveUp(e *eventlog.Event) error {
	if r.opts.OnError == Strict && e.Kind != eventlog.SessionEnd {
		return fmt.Errorf("%w: %s", ErrRedact, e.Kind)
	}
	// The envelope is kept, everything that anybody wrote is not.
	e.Payload, e.Facts = envelope(e)
	e.Agent = ""
	if e.Kind == eventlog.Custom {
		e.Type = e.Kind.String()
	}
	return nil
}

// envelope is what is left of an event that could not be redacted. The end of a
// session keeps how it ended, which nobody wrote but us: without it the session
// would never look finished.
func envelope(e *eventlog.Event) (json.RawMessage, *eventlog.Facts) {
	var o wire.Object
	o.Raw("redaction_failed", []byte("true"))
	if e.Kind != eventlog.SessionEnd || e.Facts == nil {
		return o.JSON(), nil
	}
	if code, ok := exitCode(e.Payload); ok {
		o.Int("exit_code", int64(code))
	}
	o.Text("outcome", e.Facts.Outcome.String())
	return o.JSON(), &eventlog.Facts{Closed: e.Facts.Closed, Ended: e.Facts.Ended, Outcome: e.Facts.Outcome}
}

// mask reports whether the redactor did its work. A panic is a failure like
// any other, and its value is thrown away: it may quote what it choked on.
func (r *Pipeline) mask(e *eventlog.Event) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	payload, n := r.opts.Redactor.JSON(e.Payload)
	if n < 0 || n > 0 && !json.Valid(payload) {
		return false
	}
	e.Payload = payload
	e.Agent = r.maskText(e.Agent)
	if e.Kind == eventlog.Custom {
		e.Type = r.maskText(e.Type)
	}
	if e.Facts != nil {
		facts := r.maskFacts(*e.Facts)
		e.Facts = &facts
	}
	return true
}

func (r *Pipeline) maskText(s string) string {
	if s == "" {
		return s
	}
	s, n := r.opts.Redactor.Text(s)
	if n < 0 {
		panic("a text could not be redacted") // recovered by mask
	}
	return s
}

// maskFacts masks what a person or a command line may have put there. Ids are
// left alone: they join things.
func (r *Pipeline) maskFacts(f eventlog.Facts) eventlog.Facts {
	for _, s := range []*string{
		&f.Name, &f.Goal, &f.Agent, &f.Directory, &f.Branch, &f.Environment, &f.Experiment, &f.Variant,
		&f.FailureReason, &f.Summary, &f.Command, &f.Title, &f.Project,
	} {
		*s = r.maskText(*s)
	}
	tags := make([]string, len(f.Tags))
	for i, tag := range f.Tags {
		tags[i] = r.maskText(tag)
	}
	f.Tags = tags
	if len(f.Metadata) > 0 {
		// As JSON, because the name beside a value tells what it is.
		f.Metadata = maps.Clone(f.Metadata)
		raw, err := json.Marshal(f.Metadata)
		if err != nil {
			panic("metadata is not JSON") // a map of strings always is
		}
		raw, n := r.opts.Redactor.JSON(raw)
		clear(f.Metadata)
		if err := json.Unmarshal(raw, &f.Metadata); err != nil || n < 0 {
			panic("redacted metadata is not JSON") // recovered by mask
		}
	}
	return f
}
