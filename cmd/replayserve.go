package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/recorder/replay"
)

// serveReplay answers calls from the record of a session.
func serveReplay(ctx context.Context, env *Env, id string, paths, args []string, opts replayOptions) (err error) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // stderr is the program's
	o, program, err := opts.player()
	if err != nil {
		return refused(err)
	}
	if program != nil {
		defer func() { _ = program.Close() }() // what it could not mask was not compared
	}
	s, err := sessionAt(ctx, env, id, paths)
	if err != nil {
		return err
	}
	kept, err := openExchanges(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.reader.Close()) }()
	if o.Exchanges, err = opts.first(ctx, env, s, kept.list); err != nil {
		return err
	}
	o.Bodies = kept.reader.ExchangeBodies
	player := replay.New(o)
	r := command.ReplayOptions{
		Args: args, Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Address: opts.listen, Answer: player.Answer,
		Complain: func(problem string) { fmt.Fprintf(env.Stderr, "lazytrace: %s\n", escape.Line(problem)) },
	}
	var served command.Served
	if len(args) > 0 {
		served, err = command.Replay(ctx, r)
	} else {
		until, done := untilSignal(ctx)
		defer done()
		served, err = command.ServeReplay(until, r, func(settings [][2]string) {
			for _, one := range settings {
				fmt.Fprintf(env.Stdout, "export %s=%s\n", one[0], shellWord(one[1]))
			}
			fmt.Fprintf(env.Stderr, "lazytrace: %s of session %s can be served until Ctrl-C\n", figure.Plural(len(o.Exchanges), "recorded answer"), escape.Line(short(s.ID)))
		})
	}
	if err != nil {
		return refused(err)
	}
	sums := player.Sums()
	if err := opts.tell(env, s.ID, sums, served, len(args) > 0); err != nil {
		return err
	}
	switch {
	case sums.Missed > 0 && !o.Pass:
		return exitError{code: exitTripped}
	case served.Code != 0:
		return exitError{code: served.Code}
	}
	return nil
}

// player makes options of the flags. The program of --redact-cmd, if there is one, is
// the caller's to close.
func (o *replayOptions) player() (p replay.Options, program io.Closer, err error) {
	if p.Match, err = parseMatch(o.match); err != nil {
		return p, nil, err
	}
	switch o.onMiss {
	case "stop":
	case "pass":
		p.Pass = true
	default:
		return p, nil, fmt.Errorf("replay: --on-miss %s: stop or pass is expected", o.onMiss)
	}
	if p.Speed, err = parseSpeed(o.speed, 0); err != nil {
		return p, nil, err
	}
	r, external, err := o.redact.redactor()
	if err != nil {
		return p, nil, err
	}
	p.Masker = r
	if external != nil {
		p.Masker, program = external, external
	}
	return p, program, nil
}

// keptExchanges are those of a session, and what reads their bodies.
type keptExchanges struct {
	reader *sqlite.Reader
	list   []eventlog.Exchange
}

// openExchanges finds the store of a session that holds its exchanges.
func openExchanges(ctx context.Context, s *eventlog.Session) (k keptExchanges, err error) {
	for _, path := range s.Paths {
		reader, err := sqlite.Open(ctx, path)
		if errors.Is(err, sqlite.ErrNotSQLite) {
			continue
		}
		if err != nil {
			return k, err
		}
		list, err := reader.Exchanges(ctx, s.ID)
		if err == nil && len(list) > 0 {
			return keptExchanges{reader, list}, nil
		}
		if err = errors.Join(err, reader.Close()); err != nil {
			return k, err
		}
	}
	return k, refuse("session %s has no recorded answers: record it with lazytrace run --capture proxy --keep-exchanges -- COMMAND", escape.Line(short(s.ID)))
}

// first returns the exchanges up to where --until says.
func (o *replayOptions) first(ctx context.Context, env *Env, s *eventlog.Session, list []eventlog.Exchange) ([]eventlog.Exchange, error) {
	if o.until == "" {
		return list, nil
	}
	if n, err := strconv.Atoi(o.until); err == nil && n >= 0 && len(o.until) < 8 {
		return list[:min(n, len(list))], nil
	}
	var at eventlog.Stamp
	found := map[string]bool{}
	err := eachOfSession(ctx, env, s, func(e *eventlog.Event) error {
		if strings.HasPrefix(e.ID, o.until) {
			found[e.ID] = true
			at = e.Time
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, refuse("session %s has no event %q; lazytrace events --session %s --json lists them", escape.Line(short(s.ID)), o.until, escape.Line(short(s.ID)))
	case len(found) > 1:
		return nil, refuse("%d events of session %s have an id that begins with %q; give more of it", len(found), escape.Line(short(s.ID)), o.until)
	case !at.Known():
		return nil, refuse("event %q has no time; give the number of calls instead", o.until)
	}
	n := 0
	// An event's time is kept as a number of seconds, which costs a part of a microsecond.
	for n < len(list) && list[n].Began.Sub(at) <= 2*time.Microsecond {
		n++
	}
	return list[:n], nil
}

// replayObject is what a replay comes to, in JSON.
type replayObject struct {
	Session  string   `json:"session_id"`
	Recorded int      `json:"recorded"`
	Served   int      `json:"served"`
	Loosely  int      `json:"served_loosely"`
	InOrder  int      `json:"served_in_order"`
	Masked   int      `json:"served_masked"`
	Missed   int      `json:"missed"`
	Upstream int64    `json:"upstream_requests"`
	Misses   []string `json:"misses"`
}

// tell says what was served. A command has standard output for itself.
func (o *replayOptions) tell(env *Env, id string, s replay.Sums, served command.Served, hasCommand bool) error {
	out := env.Stdout
	if hasCommand {
		out = env.Stderr
	}
	if o.asJSON {
		misses := s.Misses
		if misses == nil {
			misses = []string{}
		}
		text, err := json.Marshal(replayObject{id, s.Recorded, s.Served, s.Loosely, s.InOrder, s.Masked, s.Missed, served.Passed, misses})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	}
	for _, miss := range s.Misses {
		fmt.Fprintf(env.Stderr, "lazytrace replay: %s\n", escape.Line(miss))
	}
	line := fmt.Sprintf("lazytrace replay: served %d of %d recorded answers", s.Served, s.Recorded)
	if s.Loosely > 0 {
		line += fmt.Sprintf(" (%d to requests that were worded a little differently)", s.Loosely)
	}
	if s.InOrder > 0 {
		line += " in their order, whatever was asked"
	}
	fmt.Fprintf(env.Stderr, "%s, missed %d, upstream requests %d\n", line, s.Missed, served.Passed)
	if s.Masked > 0 {
		fmt.Fprintf(env.Stderr, "lazytrace replay: %s held secrets when recorded, and had masks in their place now\n", figure.Plural(s.Masked, "answer"))
	}
	return nil
}
