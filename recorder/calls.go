package recorder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// ModelCall is a call of a model that is under way.
type ModelCall struct {
	run             *Run
	id              string
	provider, model string
	started         time.Time
	once            sync.Once
}

// Response is what came of a model call. What is zero is not told.
type Response struct {
	Text       string // what the model said
	Model      string // which one answered, when that is another than was asked
	StopReason string
	ID         string // the provider's id of the response: two records with one id are one call
	Tokens     Tokens // Input without what came from the cache or went there
	Cost       *Money // nil when nobody knows; see USD
}

// ModelCall tells that a model is asked.
func (r *Run) ModelCall(provider, model string) *ModelCall {
	if r == nil {
		return nil
	}
	c := &ModelCall{run: r, id: r.callID("m"), provider: provider, model: model, started: time.Now()}
	var o wire.Object
	o.Text("provider", provider)
	o.Text("model", model)
	r.turn(&o)
	o.Text("call_id", c.id)
	r.tell(Event{Kind: eventlog.ModelRequest, Time: eventlog.StampOf(c.started)}, &o)
	return c
}

// Finish tells what the model answered, what that took and what it cost, or why
// there was no answer. What a call that failed used is told too. Only the first
// call counts.
func (c *ModelCall) Finish(answer Response, err error) {
	if c == nil {
		return
	}
	c.once.Do(func() {
		if answer.Model == "" {
			answer.Model = c.model
		}
		var o wire.Object
		o.Text("content", answer.Text)
		o.Text("provider", c.provider)
		o.Text("model", answer.Model)
		answer.counts(&o)
		o.Text("stop_reason", answer.StopReason)
		o.Text("response_id", answer.ID)
		if err != nil {
			o.Text("error", err.Error())
		}
		o.Raw("latency_ms", sinceMS(c.started))
		o.Text("call_id", c.id)
		c.run.tell(Event{Kind: eventlog.ModelResponse, Failed: err != nil}, &o)
	})
}

// counts adds tokens and cost.
func (a *Response) counts(o *wire.Object) {
	t := a.Tokens
	if t != (Tokens{}) {
		o.Int("input_tokens", t.Input)
		o.Int("output_tokens", t.Output)
	}
	for _, n := range []struct {
		name  string
		count int64
	}{
		{"cache_read_tokens", t.CacheRead}, {"cache_write_5m_tokens", t.CacheWrite5m}, {"cache_write_1h_tokens", t.CacheWrite1h},
		{"reasoning_tokens", t.Reasoning},
	} {
		if n.count != 0 {
			o.Int(n.name, n.count)
		}
	}
	if a.Cost != nil {
		o.Raw("cost_usd", []byte(a.Cost.String()))
	}
}

// ToolCall is a call of a tool that is under way.
type ToolCall struct {
	run     *Run
	id      string
	tool    string
	started time.Time
	once    sync.Once
}

// ToolCall tells that a tool is called, with its arguments: anything that JSON
// can spell. The context that is returned carries the call: agents that are
// started under it stand below it.
func (r *Run) ToolCall(ctx context.Context, tool string, arguments any) (context.Context, *ToolCall) {
	if r == nil {
		return ctx, nil
	}
	c := &ToolCall{run: r, id: r.callID("t"), tool: tool, started: time.Now()}
	o := c.object()
	if arguments != nil {
		o.Raw("arguments", value(arguments))
	}
	r.tell(Event{Kind: eventlog.ToolCall, Time: eventlog.StampOf(c.started)}, o)
	return context.WithValue(ctx, contextKey{}, current{session: r.session, run: r, call: c.id}), c
}

func (c *ToolCall) object() *wire.Object {
	var o wire.Object
	o.Text("tool", c.tool)
	o.Text("tool_use_id", c.id)
	return &o
}

// Finish tells what the tool returned, or why it returned nothing. An error that
// is context.DeadlineExceeded is a timeout. Only the first call counts.
func (c *ToolCall) Finish(result any, err error) {
	if c == nil {
		return
	}
	c.once.Do(func() {
		e, o := Event{Kind: eventlog.ToolResult}, c.object()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			e.Kind = eventlog.ToolTimeout
		case err != nil:
			e.Kind = eventlog.ToolError
		case result != nil:
			o.Raw("result", value(result))
		}
		if err != nil {
			e.Failed = true
			o.Text("error", err.Error())
			o.Text("type", typeName(err))
		}
		o.Raw("latency_ms", sinceMS(c.started))
		c.run.tell(e, o)
	})
}

// typeName names the type of the error at the bottom, unless that says nothing.
func typeName(err error) string {
	switch name := fmt.Sprintf("%T", innermost(err)); name {
	case "*errors.errorString", "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError":
		return ""
	default:
		return name
	}
}

// innermost is what an error is about, without what was said around it.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}
