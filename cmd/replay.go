package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/recorder/replay"
)

// replayOptions are the flags of replay, as they were written.
type replayOptions struct {
	serve  bool
	listen string
	match  string
	onMiss string
	until  string
	speed  string
	asJSON bool
	redact redactFlags
	home   homeOptions
}

func newReplay(env *Env) *cobra.Command {
	var opts replayOptions
	c := &cobra.Command{
		Use: "replay ID [PATH...] [-- COMMAND [ARGUMENTS...]]", Short: "See a session happen again, or run a command with its recorded answers",
		Long: `See a session happen again: in the explorer as it was from event to event, and
without a terminal as lines, in the order of their times and at their pace.

With --serve the calls that a command makes of model providers are answered from
what was recorded by lazytrace run --capture proxy --keep-exchanges: nothing
leaves this machine and nothing is paid for. Without a command the addresses are
printed, and answered at until Ctrl-C. A request that was not recorded is an
error that says what is different about it, and the exit code is 3.

  lazytrace replay 4f2a
  lazytrace replay --serve 4f2a -- python agent.py
  lazytrace replay --serve 4f2a > addresses &   # and in a shell: . ./addresses`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var command []string
			if at := c.ArgsLenAtDash(); at >= 0 {
				args, command = args[:at], args[at:]
			}
			if len(args) == 0 {
				return refuse("replay: say which session, by the beginning of its id; lazytrace sessions lists them")
			}
			return runReplay(c.Context(), env, args[0], args[1:], command, opts, c.Flags().Changed)
		},
	}
	f := c.Flags()
	f.BoolVar(&opts.serve, "serve", false, "answer calls of model providers from the record")
	f.StringVar(&opts.listen, "listen", "", "with --serve: where to listen, on the loopback (default: a free port)")
	f.StringVar(&opts.match, "match", "loose", "with --serve: know requests by what they ask (exact), else without what differs in each run (loose), or answer in order (sequence)")
	f.StringVar(&opts.onMiss, "on-miss", "stop", "with --serve: a request that was not recorded is an error (stop) or goes to the provider (pass)")
	f.StringVar(&opts.until, "until", "", "with --serve: use the first `N` calls only, or those before an event, by its id")
	f.StringVar(&opts.speed, "speed", "", "instant, real, or so many times as fast (default: real, with --serve instant)")
	f.BoolVar(&opts.asJSON, "json", false, "print one JSON object an event; with --serve, what was served")
	opts.redact.add(c)
	f.BoolVar(&opts.home.ascii, "ascii", false, "draw with ASCII only")
	f.StringVar(&opts.home.theme, "theme", "", "theme of the explorer")
	inputFormatFlag(c, env)
	return c
}

func runReplay(ctx context.Context, env *Env, id string, paths, command []string, opts replayOptions, given func(string) bool) error {
	if opts.serve {
		return serveReplay(ctx, env, id, paths, command, opts)
	}
	for _, name := range []string{"listen", "match", "on-miss", "until"} {
		if given(name) {
			return refuse("replay: --%s is about answering calls: add --serve", name)
		}
	}
	if len(command) > 0 {
		return refuse("replay: a command is run with recorded answers: add --serve")
	}
	speed, err := parseSpeed(opts.speed, 1)
	if err != nil {
		return refused(err)
	}
	if env.Terminal() && !opts.asJSON {
		opts.home.session, opts.home.replay, opts.home.all, opts.home.noFollow = id, true, true, true
		return explore(ctx, env, paths, "replay", opts.home)
	}
	return printReplay(ctx, env, id, paths, speed, opts.asJSON)
}

// parseSpeed reads how fast something is to happen again; 0 is at once.
func parseSpeed(text string, usual float64) (float64, error) {
	switch text {
	case "":
		return usual, nil
	case "real":
		return 1, nil
	case "instant":
		return 0, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(n > 0 && n <= 1e6) {
		return 0, fmt.Errorf("replay: --speed %s: instant, real or a number above 0 is expected", text)
	}
	return n, nil
}

// happened is an event that is told again.
type happened struct {
	at   eventlog.Stamp
	line string
}

// longestPause is how long nothing may happen, as in the explorer: nobody wants to
// wait as long as the session did.
const longestPause = 2 * time.Second

// printReplay prints the events of a session in the order of their times. Those without
// one stay behind the one that they followed.
func printReplay(ctx context.Context, env *Env, id string, paths []string, speed float64, asJSON bool) error {
	ctx, done := untilSignal(ctx)
	defer done()
	all, err := happenings(ctx, env, id, paths, asJSON)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(env.Stdout, 64<<10)
	var last eventlog.Stamp
	for _, h := range all {
		if wait := pauseBetween(last, h.at, speed); wait > 0 {
			if err := out.Flush(); err != nil {
				return err
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil
			}
		}
		last = h.at
		if _, err := out.WriteString(h.line + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

// pauseBetween is how long to wait between two events.
func pauseBetween(last, at eventlog.Stamp, speed float64) time.Duration {
	if speed <= 0 || !last.Known() || at <= last {
		return 0
	}
	return min(longestPause, time.Duration(float64(at.Sub(last))/speed))
}

func happenings(ctx context.Context, env *Env, id string, paths []string, asJSON bool) (all []happened, err error) {
	s, err := sessionAt(ctx, env, id, paths)
	if err != nil {
		return nil, err
	}
	var last eventlog.Stamp
	var failed error
	err = eachOfSession(ctx, env, s, func(e *eventlog.Event) error {
		if e.Hidden {
			return nil
		}
		h := happened{at: e.Time}
		if !h.at.Known() {
			h.at = last
		}
		last = h.at
		if asJSON {
			text, err := json.Marshal(eventObject(e))
			if err != nil {
				failed = err
				return err
			}
			h.line = string(text)
		} else {
			h.line = eventLine(e, e.Agent)
		}
		all = append(all, h)
		return nil
	})
	if failed != nil {
		return nil, failed
	}
	slices.SortStableFunc(all, func(a, b happened) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	return all, err
}

// sessionAt finds one session. Its files are closed again.
func sessionAt(ctx context.Context, env *Env, id string, paths []string) (*eventlog.Session, error) {
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return nil, err
	}
	defer done()
	return oneSession(cat, id)
}

// eachOfSession gives the events of a session, of one file after the other.
func eachOfSession(ctx context.Context, env *Env, s *eventlog.Session, take func(*eventlog.Event) error) error {
	read, _, err := sourceOptions(env, s.Paths, false)
	if err != nil {
		return err
	}
	h := &sharing{ids: map[string]bool{s.ID: true}, agents: map[string]string{}, number: map[string]int{}, take: func(_ string, _ int, e *eventlog.Event) error {
		return take(e)
	}}
	for _, other := range s.Others {
		h.ids[other] = true
	}
	return source.Stream(ctx, s.Paths, read, h)
}

// parseMatch reads --match.
func parseMatch(name string) (replay.Match, error) {
	m, err := replay.ParseMatch(name)
	if err != nil {
		return m, fmt.Errorf("replay: --match: %w", err)
	}
	return m, nil
}
