package transcript

import (
	"cmp"
	"path/filepath"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/agents"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/layers"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// reader takes the events of one agent's transcripts and records those of the
// conversations that the program holds. It belongs to the goroutine of a stream.
type reader struct {
	f             *Follower
	agent         agents.Agent
	layer         layers.Layer
	spell         foreign.Speller
	conversations map[string]*conversation
	order         []*conversation
	format        map[string]string // by path
	looks         int               // since the program ended
	postponed     bool              // something was left for a later look
}

func newReader(f *Follower, a agents.Agent, layer layers.Layer) *reader {
	return &reader{
		f: f, agent: a, layer: layer, conversations: map[string]*conversation{}, format: map[string]string{},
		spell: foreign.Speller{
			Run: f.opts.Run, Layer: layers.Transcript.String(), Prefix: layers.Transcript.String(), Copies: true,
		},
	}
}

// conversation is a session of the agent.
type conversation struct {
	id, path, format  string
	dir, goal, parent string
	outcome           eventlog.Outcome
	fresh             bool // something was written since the recording began
	contested         bool // another agent might hold it
	mine              bool
	runs              map[string]*run
	order             []*run
	waiting           []eventlog.Event // until it is known whose it is
	size              int
}

// run is a run of a conversation.
type run struct {
	id, agent, parent, call string
	link                    eventlog.Link
	last                    eventlog.Stamp
	begun, open             bool
}

// How much of a conversation is kept until it is known whose it is. What comes
// beyond that is not recorded; its own log has it.
const (
	mostWaiting      = 10_000
	mostWaitingBytes = 32 << 20
)

// Opened hears of a file.
func (r *reader) Opened(path, format string) { r.format[path] = format }

// Fault hears of a record that cannot be read. The agent's own log tells of it
// too, where it is opened.
func (r *reader) Fault(eventlog.Fault) error { return nil }

// Postponed hears that something is left for a later look.
func (r *reader) Postponed() { r.postponed = true }

// Event takes an event of a transcript.
func (r *reader) Event(path string, e *eventlog.Event) error {
	c := r.conversation(path, e)
	c.note(e)
	at := c.run(e)
	if !r.fresh(c, e) {
		return nil
	}
	c.fresh = true
	if c.mine {
		r.record(c, at, keep(e))
		return nil
	}
	c.wait(e)
	return nil
}

// wait keeps an event until it is known what becomes of it.
func (c *conversation) wait(e *eventlog.Event) {
	if size := len(e.Payload) + len(e.Input) + len(e.Output) + len(e.Text); len(c.waiting) < mostWaiting && c.size+size < mostWaitingBytes {
		c.waiting = append(c.waiting, *keep(e))
		c.size += size
	}
}

// forget lets go of what was kept: another layer tells it better.
func (c *conversation) forget() { c.waiting, c.size, c.fresh = nil, 0, false }

// keep returns a copy of an event that its decoder will use again.
func keep(e *eventlog.Event) *eventlog.Event {
	kept := *e
	if e.Bill != nil {
		bill := *e.Bill
		kept.Bill = &bill
	}
	return &kept
}

func (r *reader) conversation(path string, e *eventlog.Event) *conversation {
	id := cmp.Or(e.SessionID, path)
	c := r.conversations[id]
	if c == nil {
		c = &conversation{id: id, path: path, format: r.format[path], runs: map[string]*run{}}
		r.conversations[id] = c
		r.order = append(r.order, c)
	}
	return c
}

// note keeps what an event says about its conversation.
func (c *conversation) note(e *eventlog.Event) {
	if f := e.Facts; f != nil {
		c.dir, c.goal, c.parent = cmp.Or(c.dir, f.Directory), cmp.Or(c.goal, f.Goal), cmp.Or(c.parent, f.ParentID)
		c.outcome = cmp.Or(f.Outcome, c.outcome)
	}
}

// run returns the run of an event, with what the event says about it.
func (c *conversation) run(e *eventlog.Event) *run {
	id := cmp.Or(e.RunID, c.id)
	at := c.runs[id]
	if at == nil {
		at = &run{id: id}
		c.runs[id] = at
		c.order = append(c.order, at)
	}
	at.agent, at.last = cmp.Or(at.agent, e.Agent), max(at.last, e.Time)
	if e.ParentRunID != "" && (at.parent == "" || e.Link > at.link) {
		at.parent, at.call, at.link = e.ParentRunID, e.ParentCall, e.Link
	}
	return at
}

// fresh reports whether something happened since the recording began. Some logs
// keep whole seconds or milliseconds only; what has no time happened when what
// stands before it did.
func (r *reader) fresh(c *conversation, e *eventlog.Event) bool {
	if !e.Time.Known() {
		return c.fresh
	}
	unit := time.Millisecond
	if e.Time%eventlog.Stamp(time.Second) == 0 {
		unit = time.Second
	}
	return !e.Time.Time().Before(r.f.opts.Started.Truncate(unit))
}

// Idle is called after each look.
func (r *reader) Idle() error {
	for _, c := range r.order {
		if c.fresh && !c.mine && r.owns(c) {
			r.take(c)
		}
	}
	if !r.f.isEnding() {
		return nil
	}
	// The look before this one may have begun before the program ended.
	if r.looks++; r.looks > 1 && !r.postponed {
		return errEnded
	}
	r.postponed = false
	return nil
}

// owns reports whether the recorded program holds a conversation.
func (r *reader) owns(c *conversation) bool {
	f := r.f
	_, below := f.takenAs(c.parent)
	switch {
	case f.claimed(c.id), below, slices.Contains(f.opts.Args, c.id):
		return true
	case c.goal != "" && slices.Contains(f.opts.Args, c.goal):
		return true
	case f.procs.writes(r.agent.Name, c.path):
		return true
	}
	c.contested = c.contested || f.procs.rivals(r.agent.Name, c.dir)
	if c.contested {
		return false
	}
	return c.dir == "" || samePlace(c.dir, f.opts.Dir) || f.procs.worksIn(r.agent.Name, c.dir)
}

// samePlace reports whether two names of a folder are of the same.
func samePlace(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	y, err := filepath.EvalSymlinks(b)
	return err == nil && x == y
}

// take begins to record a conversation.
func (r *reader) take(c *conversation) {
	if !r.f.takeFromLog(c.id, c.order[0].id) {
		c.forget() // it is recorded already, as the program prints it
		return
	}
	c.mine = true
	_, below := r.f.takenAs(c.parent)
	r.announce(c, below)
	r.recordWaiting(c)
}

// recordWaiting records what was kept until it was known whose it is.
func (r *reader) recordWaiting(c *conversation) {
	waiting := c.waiting
	c.waiting, c.size = nil, 0
	for i := range waiting {
		r.record(c, c.run(&waiting[i]), &waiting[i])
	}
}

// announce tells which file is followed. The session of its own that it is as
// well, for those who read that file, is one that this run started.
func (r *reader) announce(c *conversation, below bool) {
	var o wire.Object
	o.Set("layers", []string{layers.Transcript.String()})
	o.Raw("hidden", []byte("true"))
	o.Text("text", "records the "+c.format+" transcript "+c.path)
	o.Text("format", c.format)
	o.Text("path", c.path)
	o.Text("conversation_id", c.id)
	if !below {
		var lt wire.Object
		lt.Set("adopts", []map[string]string{{"session_id": c.id, "parent_run_id": r.f.opts.Run, "link": eventlog.LinkSure.String()}})
		o.Raw("lt", lt.JSON())
	}
	r.emit(eventlog.Event{Kind: eventlog.Custom, Type: "transcript", Payload: o.JSON()})
}

// record records an event of a conversation that the program holds.
func (r *reader) record(c *conversation, at *run, e *eventlog.Event) {
	e.RunID = at.id
	up, call, link := r.above(c, at)
	switch {
	case e.Kind == eventlog.AgentStart:
		e.ParentRunID, e.ParentCall, e.Link = up, call, link
		at.begun, at.open = true, true
	case e.Kind == eventlog.AgentFinish:
		at.open = false
	case !at.begun:
		at.begun, at.open = true, true
		start := eventlog.Event{
			Kind: eventlog.AgentStart, SessionID: c.id, RunID: at.id, Agent: at.agent, Time: e.Time, Provider: e.Provider,
			ParentRunID: up, ParentCall: call, Link: link,
		}
		if at == c.order[0] {
			start.Text = c.goal
		}
		r.emit(r.spell.Event(&start, nil))
	}
	if e.ParentRunID != "" {
		e.ParentRunID, e.ParentCall, e.Link = up, call, link
	}
	saw := r.merge(c, e)
	out := r.spell.Event(e, saw)
	// Several events of a record have its id, and the pipeline wants one each.
	out.ID, out.Payload = "", wire.WithText(out.Payload, "record_id", e.ID)
	r.emit(out)
}

// above returns what a run lies below: the run and call that started it, as far
// as that is told, or else the conversation's parent or its own first run.
func (r *reader) above(c *conversation, at *run) (up, call string, link eventlog.Link) {
	switch main := c.order[0]; {
	case at.parent != "":
		return at.parent, at.call, at.link
	case at != main && main.begun:
		return main.id, "", eventlog.LinkTask
	}
	if parent, ok := r.f.takenAs(c.parent); ok {
		return parent, "", eventlog.LinkSure
	}
	return r.f.opts.Run, "", eventlog.LinkSure
}

// merge joins what the transcript tells with what other layers told.
func (r *reader) merge(c *conversation, e *eventlog.Event) (saw []string) {
	reg := r.f.registry
	switch e.Kind {
	case eventlog.ModelRequest, eventlog.ModelResponse:
		e.Again = true
		if e.Bill != nil {
			saw, e.Same = reg.Call(r.layer, r.exact(e), e.Bill)
		}
		if !e.Failed {
			break
		}
		if told, by := reg.Failure(r.layer, e.Message, true); told {
			e.Failed, saw = false, by
			if e.Bill != nil && e.Bill.Usage.Total() == 0 {
				e.Bill = nil // it is known to have been refused: nothing was called
			}
		}
	case eventlog.ToolCall:
		e.Again = true
		e.Use, saw = reg.Tool(r.layer, layers.ToolCall{
			Scope: c.id, ID: e.CallID, Name: e.Use, Exact: r.agent.ProviderIDs, Tool: e.Tool, Arguments: e.Input,
		})
	case eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		e.Again = true
		e.Use, saw = reg.Result(r.layer, c.id, e.CallID, e.Use)
	case eventlog.Error, eventlog.Retry, eventlog.AgentFinish:
		if e.Kind != eventlog.Retry && !e.Failed {
			break
		}
		var told bool
		if told, saw = reg.Failure(r.layer, e.Message, e.Kind != eventlog.AgentFinish); told {
			e.Failed = false
			e.Hidden = e.Hidden || e.Kind == eventlog.Retry
		}
	}
	return saw
}

// exact reports whether a bill is named as the provider named the response.
func (r *reader) exact(e *eventlog.Event) bool {
	return e.Bill.Rule == eventlog.RuleResponse && r.agent.ProviderIDs
}

// emit hands an event over; what could not be taken is counted there.
func (r *reader) emit(e eventlog.Event) { _ = r.f.sink.Emit(r.f.ctx, e) }

// end ends the runs of what was recorded, since the program has ended.
func (r *reader) end() {
	for _, c := range r.order {
		if !c.mine {
			if c.fresh && c.contested && (samePlace(c.dir, r.f.opts.Dir) || r.f.procs.worksIn(r.agent.Name, c.dir)) {
				r.f.leave()
			}
			continue
		}
		for _, at := range slices.Backward(c.order) {
			if !at.open {
				continue
			}
			finish := eventlog.Event{
				Kind: eventlog.AgentFinish, SessionID: c.id, RunID: at.id, Agent: at.agent, Time: at.last,
			}
			if at == c.order[0] {
				finish.Outcome = c.outcome
			}
			r.emit(r.spell.Event(&finish, nil))
		}
	}
}
