package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/talk"
)

type transcriptOptions struct {
	asJSON   bool
	tools    string
	thinking bool
	system   bool
	agent    string
}

func newTranscript(env *Env) *cobra.Command {
	var opts transcriptOptions
	c := &cobra.Command{
		Use: "transcript ID [PATH...]", Short: "Write the conversation of a session as Markdown", Args: cobra.MinimumNArgs(1),
		Long: `Write what was said in a session, by the beginning of its id, as Markdown: what
people asked, what the agent answered, which tools it called, and inside of those
calls what the agents said that it started. The ID "only" stands for the only
session at the paths.`,
		RunE: func(c *cobra.Command, args []string) error {
			return runTranscript(c.Context(), env, args[0], args[1:], opts)
		},
	}
	f := c.Flags()
	f.BoolVar(&opts.asJSON, "json", false, "print one JSON object an item, with all that it says")
	f.StringVar(&opts.tools, "tools", "full", "how much is told of tool calls: none, names, full")
	f.BoolVar(&opts.thinking, "thinking", false, "also what the model thought")
	f.BoolVar(&opts.system, "system", false, "all of what programs put in: system prompts, context")
	f.StringVar(&opts.agent, "agent", "", "the conversations of this sub-agent only")
	formatFlag(c, env)
	return c
}

var transcriptTools = map[string]talk.Tools{"none": talk.ToolsNone, "names": talk.ToolsNames, "full": talk.ToolsFull}

func runTranscript(ctx context.Context, env *Env, id string, paths []string, opts transcriptOptions) error {
	tools, ok := transcriptTools[opts.tools]
	if !ok {
		return refuse("--tools %s is not known; it is one of none, names, full", opts.tools)
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	session, err := chosenSession(cat, id)
	if err != nil {
		return err
	}
	log, err := readWith(ctx, set, session)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // it was only read
	snap := log.Snapshot()
	roots, err := conversations(snap, session, opts.agent)
	if err != nil {
		return err
	}
	for i, root := range roots {
		list, err := talk.Items(ctx, snap, root)
		if err != nil {
			return err
		}
		if opts.asJSON {
			if err := printTalk(ctx, env.Stdout, log, list); err != nil {
				return err
			}
			continue
		}
		opt := talk.Options{Tools: tools, Thinking: opts.thinking, System: opts.system, Local: time.Local}
		switch {
		case opts.agent == "":
			opt.Title, opt.About = session.Label(), aboutSession(env, cat, session)
		default:
			span := snap.Span(root)
			opt.Title = snap.Symbols.Name(span.Agent) + " " + short(snap.Symbols.Name(span.Run))
		}
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if err := talk.Markdown(ctx, env.Stdout, log, list, opt); err != nil {
			return err
		}
	}
	return nil
}

// chosenSession finds a session by the beginning of its id, or the only one on
// top.
func chosenSession(cat *eventlog.Catalog, id string) (*eventlog.Session, error) {
	if id != "only" {
		return oneSession(cat, id)
	}
	top := roots(cat)
	if len(top) != 1 {
		return nil, refuse("there are %d sessions, not one; name one by the beginning of its id", len(top))
	}
	return top[0], nil
}

// readWith reads a session and those below it.
func readWith(ctx context.Context, set *source.Set, session *eventlog.Session) (eventlog.Log, error) {
	all := []*eventlog.Session{session}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Children...)
	}
	return set.ReadLog(ctx, all)
}

// conversations returns the spans whose conversation is meant: the session, or
// the runs of an agent.
func conversations(snap *eventlog.Snapshot, session *eventlog.Session, agent string) ([]eventlog.SpanID, error) {
	if agent == "" {
		root, ok := sessionSpan(snap, session)
		if !ok {
			return nil, fmt.Errorf("read session %s: its log has no event of it", session.ID)
		}
		return []eventlog.SpanID{root}, nil
	}
	var found []eventlog.SpanID
	there := map[string]bool{}
	for i, s := range snap.Spans.All() {
		if s.Kind != eventlog.SpanRun {
			continue
		}
		name := snap.Symbols.Name(s.Agent)
		there[name] = true
		if strings.EqualFold(name, agent) {
			found = append(found, eventlog.SpanID(i+1))
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	delete(there, "")
	return nil, refuse("no agent of session %s is called %q; there are: %s", short(session.ID), agent, strings.Join(slices.Sorted(maps.Keys(there)), ", "))
}

// sessionSpan finds the span of a session, whichever of its names it has there.
func sessionSpan(snap *eventlog.Snapshot, session *eventlog.Session) (eventlog.SpanID, bool) {
	for _, id := range append([]string{session.ID}, session.Others...) {
		if sym, ok := snap.Symbols.Find(id); ok {
			if root, ok := talk.Session(snap, sym); ok {
				return root, true
			}
		}
	}
	return 0, false
}

// aboutSession is what stands below the title of a transcript.
func aboutSession(env *Env, cat *eventlog.Catalog, s *eventlog.Session) []string {
	now := eventlog.StampOf(env.Now())
	var parts []string
	put := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if s.Agent != "" {
		put(s.Agent)
	} else {
		put(s.Format)
	}
	put(cat.Symbols.Name(s.Model))
	if at := s.Began(); at.Known() {
		put(at.Time().In(time.Local).Format("2006-01-02 15:04"))
		put(figure.Duration(s.Duration(now)))
	}
	put(figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast))
	lines := []string{strings.Join(parts, " · ")}
	where := strings.TrimSpace(s.Directory + " " + s.Branch)
	if where != "" {
		lines = append(lines, where)
	}
	return append(lines, "session "+s.ID)
}

// printTalk prints the items of a conversation as JSON, one a line. What says
// nothing is left out; what says again what was said before is marked.
func printTalk(ctx context.Context, w io.Writer, log eventlog.Log, list *talk.List) error {
	out := bufio.NewWriterSize(w, 64<<10)
	err := list.Each(ctx, log, func(s *talk.Said, repeats bool) error {
		if s.Empty() {
			return nil
		}
		return printJSON(out, talkObject(list, s, repeats))
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// talkObject is one item in JSON. What is not told is left out.
func talkObject(list *talk.List, s *talk.Said, repeats bool) map[string]any {
	span := list.Snap.Span(s.Span)
	m := map[string]any{"index": s.Index, "kind": s.Kind, "depth": s.Depth, "time": s.Time, "session_id": list.Snap.Symbols.Name(span.Session)}
	text := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	flag := func(key string, is bool) {
		if is {
			m[key] = true
		}
	}
	text("run_id", list.Snap.Symbols.Name(span.Run))
	text("agent", s.Who)
	text("model", s.Model)
	text("tool", s.Tool)
	text("call_id", s.CallID)
	text("label", s.Label)
	text("text", s.Joined(talk.Text))
	text("thinking", s.Joined(talk.Thought))
	text("asked", s.Joined(talk.Asked))
	text("error", s.Joined(talk.Failure))
	flag("failed", s.Flags.Has(talk.Failed))
	flag("open", s.Flags.Has(talk.Open))
	flag("hidden", s.Flags.Has(talk.Hidden))
	flag("copied", s.Flags.Has(talk.Copied))
	flag("repeats", repeats)
	flag("truncated", s.Cut)
	if s.Below > 0 {
		m["inside"] = s.Below
	}
	if s.End.Known() && s.Time.Known() {
		m["duration_ms"] = max(0, s.End.Sub(s.Time)).Milliseconds()
	}
	body := func(key string, raw json.RawMessage) {
		if len(raw) > 0 {
			m[key] = strict(raw)
		}
	}
	body("arguments", s.Raw(talk.Arguments))
	body("structured", s.Raw(talk.Structure))
	var images []string
	var edits []map[string]any
	for i := range s.Blocks {
		switch b := &s.Blocks[i]; b.Kind {
		case talk.Picture:
			images = append(images, b.Image)
		case talk.Diff:
			e := map[string]any{"path": b.Edit.Path, "verb": b.Edit.Verb, "diff": b.Edit.Diff}
			if b.Edit.To != "" {
				e["to"] = b.Edit.To
			}
			edits = append(edits, e)
		}
	}
	if images != nil {
		m["images"] = images
	}
	if edits != nil {
		m["edits"] = edits
	}
	if s.Billed {
		m["usage"] = billObject(&s.Bill)
	}
	return m
}
