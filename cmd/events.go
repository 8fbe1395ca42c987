package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/label"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup/sheet"
)

type eventsOptions struct {
	filterOptions
	types  []string
	errors bool
	all    bool
	asJSON bool
	follow bool
}

func newEvents(env *Env) *cobra.Command {
	var opts eventsOptions
	c := &cobra.Command{
		Use: "events [PATH...]", Short: "Print events, one a line",
		Long: `Print the events of the logs at the paths, or of all that are found on this
machine, one a line in the order of each log.`,
		RunE: func(c *cobra.Command, args []string) error { return runEvents(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	opts.more(c)
	formatFlag(c, env)
	return c
}

func newTail(env *Env) *cobra.Command {
	opts := eventsOptions{follow: true}
	c := &cobra.Command{
		Use: "tail PATH...", Short: "Follow logs on standard output, one event a line", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runEvents(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	opts.more(c)
	formatFlag(c, env)
	return c
}

func (o *eventsOptions) more(c *cobra.Command) {
	c.Flags().StringSliceVar(&o.types, "type", nil, "keep these event types")
	c.Flags().BoolVar(&o.errors, "errors", false, "keep failures only")
	c.Flags().BoolVar(&o.all, "all", false, "also print machinery: heartbeats, hooks, loop steps")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON object an event")
}

func runEvents(ctx context.Context, env *Env, paths []string, opts eventsOptions) error {
	if opts.errors {
		opts.failed = true
	}
	if len(opts.types) > 0 {
		opts.where = strings.TrimSpace("(" + orTrue(opts.where) + ") kind:" + strings.Join(opts.types, ","))
	}
	q, err := opts.query()
	if err != nil {
		return err
	}
	paths, done, err := withStdin(ctx, env, paths, opts.follow)
	if err != nil {
		return err
	}
	defer done()
	if opts.follow {
		ctx, done = untilSignal(ctx)
		defer done()
	}
	p := &eventPrinter{env: env, opts: opts, query: q, out: bufio.NewWriterSize(env.Stdout, 64<<10), formats: map[string]string{}, named: map[string]bool{}}
	err = streamPaths(ctx, env, paths, opts.follow, p)
	if ferr := p.out.Flush(); err == nil {
		err = ferr
	}
	return err
}

func orTrue(where string) string {
	if where == "" {
		return `kind:*`
	}
	return where
}

// streamPaths gives the events of the paths to a printer as they are read.
func streamPaths(ctx context.Context, env *Env, paths []string, follow bool, p *eventPrinter) error {
	opt, paths, err := sourceOptions(env, paths, follow)
	if err != nil {
		return err
	}
	return source.Stream(ctx, paths, opt, p)
}

// eventPrinter prints events as lines.
type eventPrinter struct {
	env   *Env
	opts  eventsOptions
	query eventlog.Query
	out   *bufio.Writer
	sheet *sheet.Events // instead of lines, where there is one
	err   error
	// formats are those of the logs, by path: in a session of which nobody has
	// said whose it is, this says what wrote it.
	formats map[string]string
	named   map[string]bool // sessions of which an agent was told
}

// Opened notes the format of a log.
func (p *eventPrinter) Opened(path, format string) {
	p.formats[path] = format
}

// Event prints one event.
func (p *eventPrinter) Event(path string, e *eventlog.Event) error {
	if e.Agent != "" {
		p.named[e.SessionID] = true
	}
	if e.Hidden && !p.opts.all {
		return p.err
	}
	s := subjectOf(path, e, eventlog.StampOf(p.env.Now()))
	if !p.query.Match(&s) {
		return p.err
	}
	switch {
	case p.sheet != nil:
		p.keep(p.sheet.Event(path, e))
	case p.opts.asJSON:
		p.keep(printJSON(p.out, eventObject(e)))
	default:
		agent := e.Agent
		if !p.named[e.SessionID] {
			agent = p.formats[path]
		}
		_, err := io.WriteString(p.out, eventLine(e, agent)+"\n")
		p.keep(err)
	}
	return p.err
}

// subjectOf is an event as queries see it.
func subjectOf(path string, e *eventlog.Event, now eventlog.Stamp) eventlog.Subject {
	s := eventlog.Subject{
		Kind: e.Kind, Type: e.Type, ID: e.ID, Session: e.SessionID, Run: e.RunID, Agent: e.Agent, Provider: e.Provider, Model: e.Model,
		Tool: e.Tool, Path: path, Facts: e.Facts, Link: e.Link, Failed: e.Failed, Time: e.Time, Now: now, Outcome: e.Outcome,
		Found: func(word string) bool {
			return strings.Contains(strings.ToLower(e.Text+"\n"+e.Message+"\n"+string(e.Payload)+string(e.Input)+string(e.Output)), word)
		},
	}
	if e.Bill != nil {
		s.Usage, s.Cost, s.Priced = e.Bill.Usage, e.Bill.Cost, e.Bill.Source != eventlog.Unpriced
	}
	return s
}

// Fault tells of a record that could not be read.
func (p *eventPrinter) Fault(f eventlog.Fault) error {
	fmt.Fprintf(p.env.Stderr, "lazytrace: %s\n", escape.Line(f.String()))
	return p.err
}

// Idle is called when nothing more is there for now.
func (p *eventPrinter) Idle() error {
	p.keep(p.out.Flush())
	return p.err
}

func (p *eventPrinter) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

// eventObject is one event in JSON.
func eventObject(e *eventlog.Event) map[string]any {
	m := map[string]any{"id": idValue(e.ID), "session_id": e.SessionID, "event_type": e.Type, "kind": e.Kind.String(), "ts": e.Time}
	put := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	put("run_id", e.RunID)
	put("parent_run_id", e.ParentRunID)
	put("agent", e.Agent)
	put("provider", e.Provider)
	put("model", e.Model)
	put("tool", e.Tool)
	put("call_id", e.CallID)
	put("text", e.Text)
	put("error", e.Message)
	for key, body := range map[string]json.RawMessage{"input": e.Input, "output": e.Output, "payload": e.Payload} {
		if len(body) > 0 {
			m[key] = strict(body)
		}
	}
	if e.Failed {
		m["failed"] = true
	}
	if b := e.Bill; b != nil {
		m["usage"] = billObject(b)
	}
	return m
}

// billObject is what one call used and cost in JSON.
func billObject(b *eventlog.Bill) map[string]any {
	u := b.Usage
	return map[string]any{
		"input_tokens": u.Input, "output_tokens": u.Output, "cache_read_tokens": u.CacheRead,
		"cache_write_5m_tokens": u.CacheWrite5m, "cache_write_1h_tokens": u.CacheWrite1h, "reasoning_tokens": u.Reasoning,
		"cost_usd": b.Cost, "cost_known": b.Source != eventlog.Unpriced,
	}
}

// idValue keeps an id that is a number in the log a number.
func idValue(id string) any {
	if n, ok := jsonl.Int([]byte(id)); ok && fmt.Sprint(n) == id {
		return n
	}
	return id
}

// strict returns JSON that every reader takes.
func strict(body json.RawMessage) json.RawMessage {
	if json.Valid(body) {
		return body
	}
	if fixed := jsonl.Repair(body); json.Valid(fixed) {
		return fixed
	}
	quoted, _ := json.Marshal(string(body))
	return quoted
}

// eventLine is one event for people, of an agent or what stands for it.
func eventLine(e *eventlog.Event, agent string) string {
	var b strings.Builder
	if e.Time.Known() {
		b.WriteString(e.Time.Time().Local().Format("15:04:05.000 "))
	} else {
		b.WriteString("--:--:--.--- ")
	}
	mark := " "
	if e.Failed {
		mark = "✗"
	}
	kind := e.Type
	if kind == "" {
		kind = e.Kind.String()
	}
	fmt.Fprintf(&b, "%s %-14s %-16s", mark, escape.Line(agent), escape.Line(kind))
	for _, part := range []string{e.Tool, e.Model, failure(e), label.Of(e)} {
		if part != "" {
			b.WriteString("  " + escape.Line(clip(part, 100)))
		}
	}
	if bill := e.Bill; bill != nil {
		fmt.Fprintf(&b, "  %s→%s", figure.Count(bill.Usage.Context()), figure.Count(bill.Usage.Output))
		if bill.Source != eventlog.Unpriced {
			b.WriteString("  " + dollars(bill.Cost))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// failure returns what went wrong, unless the label of the event says it.
func failure(e *eventlog.Event) string {
	if text := label.Failure(e); text != label.Of(e) {
		return text
	}
	return ""
}

func clip(s string, most int) string {
	r := []rune(s)
	if len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
