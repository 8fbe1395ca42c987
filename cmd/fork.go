package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/fork"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact"
)

type forkOptions struct {
	at     string
	db     string
	format string
	out    string
	unsafe bool
	asJSON bool
}

func newFork(env *Env) *cobra.Command {
	var opts forkOptions
	c := &cobra.Command{
		Use: "fork ID --at EVENT [PATH...]", Short: "Begin a new session with what happened up to an event of another", Args: cobra.MinimumNArgs(1),
		Long: `Begin a new session with what happened in another one up to an event. The
original stays as it is. The new session is written into lazytrace's store and
says what it was forked from. ID is the beginning of a session's id, EVENT the id
of an event, or its beginning, or end for all of it.

With --format the conversation is also written so that somebody can go on with
it: as a transcript of Claude Code or Codex, of a session that was held with it,
or as messages for a provider. Secrets are masked.

  lazytrace fork 4f2a --at 8e77c7a5 --format claude -o fork.jsonl
  lazytrace fork 4f2a --at end --format openai > messages.json`,
		RunE: func(c *cobra.Command, args []string) error {
			return runFork(c.Context(), env, args[0], args[1:], opts)
		},
	}
	f := c.Flags()
	f.StringVar(&opts.at, "at", "", "the last event that the two sessions share")
	f.StringVar(&opts.db, "db", "", "write the new session into this store instead of yours")
	f.StringVar(&opts.format, "format", "", "also write the conversation as "+strings.Join(fork.Formats(), ", "))
	f.StringVarP(&opts.out, "output", "o", "", "write it into this file, which must not be there, instead of standard output")
	f.BoolVar(&opts.unsafe, "unsafe-log-payloads", false, "write payloads without redacting secrets")
	f.BoolVar(&opts.asJSON, "json", false, "say in JSON what was made")
	inputFormatFlag(c, env)
	return c
}

// forkResult is what came of a fork.
type forkResult struct {
	Session      string `json:"session_id"`
	ForkOf       string `json:"fork_of"`
	Point        string `json:"fork_point"`
	Events       int    `json:"events"`
	Store        string `json:"store"`
	Format       string `json:"format,omitempty"`
	File         string `json:"file,omitempty"`
	Conversation string `json:"conversation_id,omitempty"` // what the agent calls the new session
	Messages     int    `json:"messages,omitempty"`
	Open         int    `json:"calls_left_out,omitempty"` // of tools that have no result
	Resume       string `json:"resume,omitempty"`
}

func runFork(ctx context.Context, env *Env, id string, paths []string, opts forkOptions) (err error) {
	format := fork.Format(opts.format)
	switch {
	case opts.at == "":
		return refuse("say at which event with --at; lazytrace events --session %s --json lists them", id)
	case opts.format != "" && !format.Known():
		return refuse("--format %s is not known; it is one of %s", opts.format, strings.Join(fork.Formats(), ", "))
	case opts.format == "" && opts.out != "":
		return refuse("-o is for the conversation; --format says how it is written")
	}
	if opts.db == "" {
		if opts.db, err = defaultStore(env.Getenv); err != nil {
			return err
		}
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	s, err := oneSession(cat, id)
	if err != nil {
		return err
	}
	text, result, err := forkSession(ctx, env, set, cat, s, opts)
	if err != nil {
		return err
	}
	return finishFork(env, opts, text, result)
}

// forkSession writes the new session, and returns the conversation that somebody
// can go on with, where a format says that it is wanted.
func forkSession(ctx context.Context, env *Env, set *source.Set, cat *eventlog.Catalog, s *eventlog.Session, opts forkOptions) (text []byte, result forkResult, err error) {
	f := forking{env: env, opts: opts, set: set, cat: cat, session: s, id: wire.NewID(env.Now())}
	if f.read, _, err = sourceOptions(env, s.Paths, false); err != nil {
		return nil, result, err
	}
	if opts.unsafe {
		f.read.Redactor = nil
	}
	if err := f.find(ctx); err != nil {
		return nil, result, err
	}
	result = forkResult{Session: f.id, ForkOf: s.ID, Point: f.point, Store: opts.db, Format: opts.format, File: opts.out}
	if opts.format != "" {
		if text, err = f.conversation(ctx, fork.Format(opts.format), &result); err != nil {
			return nil, result, err
		}
	}
	result.Events, err = f.store(ctx, opts.db, result.Conversation)
	return text, result, err
}

// forking is a fork that is being made. Its events are read once more, file by
// file: what a record means may depend on those before it.
type forking struct {
	env     *Env
	opts    forkOptions
	set     *source.Set
	cat     *eventlog.Catalog
	read    source.Options
	session *eventlog.Session
	id      string // of the new session
	all     bool   // it is forked at its end
	point   string // otherwise the id of the event
	path    string // where it is
	number  int    // and which event of that path, counted from 1
	time    eventlog.Stamp
	run     string
}

// sharing gives the events of a session, of one path after the other.
type sharing struct {
	ids    map[string]bool // of the session
	agents map[string]string
	number map[string]int // of the last event, by path
	take   func(path string, number int, e *eventlog.Event) error
}

// Event takes an event of a path.
func (h *sharing) Event(path string, e *eventlog.Event) error {
	if !h.ids[e.SessionID] || e.Kind == eventlog.Unreadable {
		return nil
	}
	h.number[path]++
	e.Agent = cmp.Or(h.agents[e.RunID], e.Agent) // another file may say what it is called
	return h.take(path, h.number[path], e)
}

// Fault passes over what cannot be read, which is no part of a conversation.
func (h *sharing) Fault(eventlog.Fault) error { return nil }

// Idle is called at the end.
func (h *sharing) Idle() error { return nil }

// events gives all events of the session.
func (f *forking) events(ctx context.Context, take func(path string, number int, e *eventlog.Event) error) error {
	h := &sharing{ids: map[string]bool{f.session.ID: true}, agents: map[string]string{}, number: map[string]int{}, take: take}
	for _, id := range f.session.Others {
		h.ids[id] = true
	}
	names := f.cat.Symbols.Names()
	for _, r := range f.session.Runs {
		h.agents[names[r.ID]] = names[r.Agent]
	}
	return source.Stream(ctx, f.session.Paths, f.read, h)
}

// find finds the event at which the session is forked. Several events of one
// record have its id: the last of them is meant.
func (f *forking) find(ctx context.Context) error {
	names, below := f.cat.Symbols.Names(), map[string]bool{}
	for _, r := range f.session.Runs {
		below[names[r.ID]] = r.Parent != 0
	}
	f.all = f.opts.at == "end"
	found := map[string]bool{}
	exact := false
	err := f.events(ctx, func(path string, number int, e *eventlog.Event) error {
		is := e.ID == f.opts.at
		switch {
		case f.all && (e.Kind == eventlog.SessionEnd || below[e.RunID]):
			return nil
		case f.all:
		case is && !exact:
			exact, found = true, map[string]bool{}
		case !is && (exact || !strings.HasPrefix(e.ID, f.opts.at)):
			return nil
		}
		found[e.ID] = true
		f.point, f.path, f.number, f.time, f.run = e.ID, path, number, e.Time, e.RunID
		return nil
	})
	switch {
	case err != nil:
		return err
	case f.all && len(found) == 0:
		return refuse("session %s has no events", f.session.ID)
	case f.all:
		f.point = cmp.Or(f.point, "end")
	case len(found) == 0:
		return refuse("session %s has no event %q; lazytrace events --session %s --json lists them", f.session.ID, f.opts.at, f.session.ID)
	case len(found) > 1:
		return refuse("%d events of session %s have an id that begins with %q; give more of it", len(found), f.session.ID, f.opts.at)
	}
	return nil
}

// each gives the events that the two sessions share: of the file of the event at
// which it is forked those before it, of others those that happened before it.
func (f *forking) each(ctx context.Context, take func(e *eventlog.Event) error) error {
	return f.events(ctx, func(path string, number int, e *eventlog.Event) error {
		switch {
		case e.Kind == eventlog.SessionEnd:
			return nil
		case f.all:
		case path == f.path:
			if number > f.number {
				return nil
			}
		case !e.Time.Known() || !f.time.Known() || e.Time > f.time:
			return nil
		}
		return take(e)
	})
}

// store writes the new session. What was written of one that fails is taken away.
func (f *forking) store(ctx context.Context, path, conversation string) (n int, err error) {
	store, err := sqlite.Create(ctx, path, sqlite.Options{})
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_, rerr := store.Remove(context.WithoutCancel(ctx), f.id)
			err = errors.Join(err, rerr)
		}
		err = errors.Join(err, store.Close())
	}()
	spell := foreign.Fork{Session: f.id, Of: f.session.ID, Point: f.point, Conversation: conversation, Title: "fork of " + f.session.Label(), Now: f.env.Now()}
	const portion = 256
	var batch []eventlog.Event
	var last eventlog.Stamp
	flush := func() error {
		err := store.WriteEvents(ctx, batch)
		batch = batch[:0]
		return err
	}
	batch = append(batch, spell.Start(f.session.Began(), &f.session.Facts))
	err = f.each(ctx, func(e *eventlog.Event) error {
		n++
		last = max(last, e.Time)
		if e.Kind == eventlog.SessionStart || e.Kind == eventlog.Heartbeat {
			return nil
		}
		if batch = append(batch, spell.Event(e)); len(batch) >= portion {
			return flush()
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	batch = append(batch, spell.End(last))
	if err := flush(); err != nil {
		return n, err
	}
	s := f.session
	return n, store.PutSession(ctx, f.id, eventlog.Facts{
		Name: s.Name, Title: spell.Title, Goal: s.Goal, Agent: s.Agent, Project: s.Project, Directory: s.Directory, Branch: s.Branch,
		Environment: s.Environment, ForkOf: s.ID, Conversation: conversation, Closed: true, Ended: last, Metadata: map[string]string{"fork_point": f.point},
	}, 0)
}

// conversation writes what was said, in memory: nothing is stored of a fork that
// cannot be written.
func (f *forking) conversation(ctx context.Context, format fork.Format, result *forkResult) ([]byte, error) {
	if format.Transcript() {
		return f.transcript(ctx, format, result)
	}
	var c fork.Conversation
	runs := f.runs()
	err := f.each(ctx, func(e *eventlog.Event) error {
		if runs[e.RunID] {
			c.Add(e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	result.Messages, result.Open = c.Len(), c.Open()
	if result.Messages == 0 {
		return nil, refuse("up to event %s of session %s nothing was said", f.point, f.session.ID)
	}
	if format == fork.Anthropic && c.System != "" {
		fmt.Fprintln(f.env.Stderr, "lazytrace: the system prompt is no message there; it was left out")
	}
	return c.Encode(format, f.id)
}

// runs returns the runs that the conversation was held in: that of the event, and
// where that one is on top all others of its agent that are.
func (f *forking) runs() map[string]bool {
	names := f.cat.Symbols.Names()
	var own *eventlog.Run
	for _, r := range f.session.Runs {
		if names[r.ID] == f.run {
			own = r
		}
	}
	runs := map[string]bool{f.run: true}
	for _, r := range f.session.Runs {
		if own == nil || own.Parent == 0 && r.Parent == 0 && (r.Agent == own.Agent || r.ID == 0) {
			runs[names[r.ID]] = true
		}
	}
	return runs
}

// transcript copies the lines of the agent's own transcript.
func (f *forking) transcript(ctx context.Context, format fork.Format, result *forkResult) ([]byte, error) {
	is := ""
	for i := range f.cat.Segments {
		if f.cat.Segments[i].Path == f.path {
			is = f.cat.Segments[i].Format
		}
	}
	switch {
	case is != string(format):
		return nil, refuse("event %s is in a log of %s, not of %s; --format openai, anthropic and agent-session are for any", f.point, is, format)
	case f.run != f.session.ID:
		return nil, refuse("event %s is of a sub-agent, which cannot be resumed; name one of the session's own", f.point)
	case !strings.HasSuffix(f.path, ".jsonl"):
		return nil, refuse("%s is packed; unpack it first", f.path)
	}
	upto := int64(math.MaxInt64 - 1)
	if !f.all {
		_, place, err := findEvent(ctx, f.set, f.session, f.point)
		if err != nil {
			return nil, err
		}
		upto = place.Pos
	}
	src, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	// The agent goes on under a name of its own, so that its log and the copy in the
	// store are told apart.
	result.Conversation = wire.NewID(f.env.Now())
	c := fork.Copy{From: f.session.ID, To: result.Conversation, Upto: upto, Now: eventlog.StampOf(f.env.Now())}
	if !f.opts.unsafe {
		red, err := redact.New(redact.Options{})
		if err != nil {
			return nil, err
		}
		c.Mask = func(line []byte) []byte {
			masked, _ := red.JSON(line)
			return masked
		}
	}
	var out bytes.Buffer
	if format == fork.Claude {
		result.Messages, err = c.Claude(src, &out)
		result.Resume = f.resumeClaude(result.Conversation)
	} else {
		result.Messages, err = c.Codex(src, &out)
		result.Resume = f.resumeCodex(result.Conversation)
	}
	if errors.Is(err, fork.ErrBased) {
		return nil, refuse("session %s cannot be written for Codex: %v; fork that one, or give --format openai", f.session.ID, err)
	}
	return out.Bytes(), err
}

// resumeClaude says how Claude Code goes on with a transcript. It keeps those of a
// folder below a name that is made of the folder's.
func (f *forking) resumeClaude(id string) string {
	root := f.env.Getenv("CLAUDE_CONFIG_DIR")
	if root == "" {
		root = filepath.Join("~", ".claude")
	}
	folder := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, f.session.Directory)
	return fmt.Sprintf("put it at %s, then: cd %s && claude --resume %s", filepath.Join(root, "projects", folder, id+".jsonl"), shellWord(f.session.Directory), id)
}

// shellWord spells a text that comes out of a log so that a shell takes it for one
// word, whatever it holds.
func shellWord(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func (f *forking) resumeCodex(id string) string {
	root := f.env.Getenv("CODEX_HOME")
	if root == "" {
		root = filepath.Join("~", ".codex")
	}
	now := f.env.Now().UTC()
	return fmt.Sprintf("put it at %s, then: codex resume %s",
		filepath.Join(root, "sessions", now.Format("2006"), now.Format("01"), now.Format("02"), "rollout-"+now.Format("2006-01-02T15-04-05")+"-"+id+".jsonl"), id)
}

// finishFork writes the conversation and says what was made: on standard output,
// unless the conversation is there.
func finishFork(env *Env, opts forkOptions, text []byte, r forkResult) error {
	said := env.Stdout
	switch {
	case r.Format == "":
	case r.File != "":
		if err := writeNew(r.File, text); err != nil {
			return err
		}
	default:
		if _, err := env.Stdout.Write(plainJSON(text)); err != nil {
			return err
		}
		said = env.Stderr
	}
	if opts.asJSON {
		return printJSON(said, r)
	}
	return r.print(said)
}

func (r *forkResult) print(w io.Writer) error {
	fmt.Fprintf(w, "session %s: %s of %s up to %s, in %s\n", escape.Line(r.Session), figure.Plural(r.Events, "event"), escape.Line(r.ForkOf), escape.Line(r.Point), escape.Line(r.Store))
	if r.File != "" {
		fmt.Fprintf(w, "written as %s to %s\n", r.Format, escape.Line(r.File))
	}
	if r.Open > 0 {
		fmt.Fprintf(w, "left out: %s of tools without a result\n", figure.Plural(r.Open, "call"))
	}
	if r.Resume != "" {
		fmt.Fprintln(w, escape.Line(r.Resume))
	}
	return nil
}

// writeNew writes a file that is not there yet, its owner's only.
func writeNew(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return refuse("%s is there already", path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, fileReason(err))
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
