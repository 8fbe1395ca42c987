package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/recorder/agents"
	"github.com/lazytrace/lazytrace/rollup/health"
	"github.com/lazytrace/lazytrace/tui"
	"github.com/lazytrace/lazytrace/tui/config"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// homeOptions are the flags of the explorer.
type homeOptions struct {
	query    string
	session  string
	noFollow bool
	ascii    bool
	theme    string
	banner   string
	replay   bool     // what is opened begins to happen again
	all      bool     // what was named is shown whatever its age
	paths    []string // what is explored; none is everything
}

func (o *homeOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&o.query, "where", "w", "", "begin with this filter")
	f.StringVar(&o.session, "session", "", "begin with this session, by the beginning of its id")
	f.BoolVar(&o.noFollow, "no-follow", false, "do not follow what is written")
	f.BoolVar(&o.ascii, "ascii", false, "draw with ASCII only")
	f.StringVar(&o.theme, "theme", "", "theme: auto "+strings.Join(theme.Looks, " "))
}

func newOpen(env *Env) *cobra.Command {
	var opts homeOptions
	c := &cobra.Command{
		Use: "open PATH...", Short: "Explore logs, databases and folders of them", Args: cobra.MinimumNArgs(1),
		Long: `Explore files, folders, patterns, or - for standard input. The format is told
by the content. What grows is followed; nothing is ever written.`,
		RunE: func(c *cobra.Command, args []string) error { return runOpen(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	formatFlag(c, env)
	return c
}

// runHome shows everything on this machine.
func runHome(ctx context.Context, env *Env, opts homeOptions) error {
	return explore(ctx, env, nil, "all sessions", opts)
}

func runOpen(ctx context.Context, env *Env, paths []string, opts homeOptions) error {
	paths, done, err := withStdin(ctx, env, paths, env.Terminal())
	if err != nil {
		return err
	}
	defer done()
	title := paths[0]
	if len(paths) > 1 {
		title = strings.Join(paths[:2], " ") + " …"
	}
	if opts.session == "" {
		opts.session = "only"
	}
	opts.all = true
	return explore(ctx, env, paths, title, opts)
}

// explore shows a set of paths on the terminal, or prints its sessions where
// there is none.
func explore(ctx context.Context, env *Env, paths []string, title string, opts homeOptions) error {
	if !env.Terminal() {
		return listSessions(ctx, env, paths, sessionsOptions{filterOptions: filterOptions{where: opts.query}})
	}
	go func() { // it takes milliseconds, and most starts have a processor to spare
		inLargePages(64 << 20) // the first screen takes half of that
		headStart()
	}()
	opts.paths = paths
	set, err := openSet(ctx, env, paths, !opts.noFollow, true)
	if err != nil {
		return err
	}
	return errors.Join(show(ctx, env, set, title, opts), set.Close())
}

// show runs the explorer over a set.
func show(ctx context.Context, env *Env, set *source.Set, title string, opts homeOptions) error {
	prices, err := openPrices(env)
	if err != nil {
		return err
	}
	folder, err := configFolder(env.Getenv)
	if err != nil {
		folder = ""
	}
	own, problems := config.Read(folder)
	o := tui.Options{
		Sources: set.Sources(), Open: set.OpenLog, Find: set.Find, Search: set.Search, Prices: prices.About(), Book: prices.Book, Now: env.Now, Title: title, Query: opts.query, Start: opts.session,
		Follow: !opts.noFollow, Replay: opts.replay, All: opts.all, ASCII: opts.ascii || own.Look.ASCII, Banner: opts.banner,
		Mouse: own.Mouse, Look: own.Look, Keys: own.Keys, Notify: own.Notify, Views: own.Views, Commands: own.Commands, Budget: own.Budget,
	}
	if opts.theme != "" {
		if o.Look, _, err = o.Look.Named(opts.theme, true); err != nil {
			return refused(err)
		}
	}
	o.Resume = func(s *eventlog.Session) string {
		if s.Parent != nil {
			return "" // what another session started is not gone on with by itself
		}
		return agents.Resume(s.Format, s.ID, s.Directory)
	}
	o.Stop, o.Fork = stopRecording, forkHere(env, set)
	if o.Notes, err = openNotes(env); err != nil {
		o.Notes = nil // the explorer says so when somebody wants to write
	}
	o.Author = cmp.Or(env.Getenv("USER"), env.Getenv("USERNAME"))
	o.Doctor = func(ctx context.Context, progress func(int64)) (*health.Report, error) {
		return examine(ctx, env, opts.paths, progress)
	}
	if folder != "" {
		o.SaveViews = func(views []tui.View) error { return config.SaveViews(folder, views) }
	}
	if len(problems) > 0 {
		o.Banner = problems[0].Error()
		if more := len(problems) - 1; more > 0 {
			o.Banner += fmt.Sprintf(" (and %d more: lazytrace keys --check)", more)
		}
	}
	// Go hands a processor from one of those that are busy to the next every ten
	// milliseconds at most. While large logs are read all are busy, and a key would wait
	// for several of them: with a few more than there are, it finds one that is free,
	// and the system gives way to whoever has waited.
	const spare = 4 // a key, what it asks for, and those who collect garbage
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spare)
	return tui.Run(ctx, o)
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// fileReason returns the part of a file error that its path is not in.
func fileReason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
