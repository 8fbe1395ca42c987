package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/cmd/demo"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/rollup"
)

type demoOptions struct {
	db     string
	pace   float64
	asJSON bool
}

func newDemo(env *Env) *cobra.Command {
	var opts demoOptions
	c := &cobra.Command{
		Use: "demo", Short: "Record a small multi-agent run and show it live", Args: cobra.NoArgs,
		Long: `Record a small multi-agent run and show it live. The agents are real programs
that work on a project of their own; the model that they ask is a script on
loopback. Nothing is installed, configured or kept.`,
		RunE: func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), env, opts) },
	}
	c.Flags().StringVar(&opts.db, "db", "", "keep the recording in this store")
	c.Flags().Float64Var(&opts.pace, "pace", 0, "how slowly the agents work (default 1 on a terminal, else as fast as they can)")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print the figures as JSON instead of showing the run")
	return c
}

func runDemo(ctx context.Context, env *Env, opts demoOptions) error {
	live := env.Terminal() && !opts.asJSON
	if opts.pace <= 0 && live {
		opts.pace = 1
	}
	folder, err := os.MkdirTemp("", "lazytrace-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := demo.MakeProject(folder); err != nil {
		return err
	}
	if opts.db == "" {
		opts.db = filepath.Join(folder, "demo.sqlite")
	}
	model, err := demo.Serve(opts.pace)
	if err != nil {
		return err
	}
	defer func() { _ = model.Close() }() // the agent has ended by then
	// The agent ends when its standard input does, so that it never outlives us.
	hold, release, err := os.Pipe()
	if err != nil {
		return err
	}
	defer hold.Close()
	recorded := make(chan command.Result, 1)
	id := wire.NewID(env.Now())
	record, err := demoRecording(folder, model.URL, id, hold, opts)
	if err != nil {
		return err
	}
	go func() { recorded <- command.Record(ctx, record) }()
	if !live {
		result := <-recorded
		err := errors.Join(release.Close(), demoFailure(result))
		if err != nil {
			return err
		}
		return printDemo(ctx, env, opts)
	}
	err = runOpen(ctx, env, []string{opts.db}, homeOptions{session: id})
	err = errors.Join(err, release.Close())
	<-recorded
	return err
}

// demoRecording says how the demo's agent is recorded.
func demoRecording(folder, model, id string, hold *os.File, opts demoOptions) (command.Options, error) {
	self, err := os.Executable()
	if err != nil {
		return command.Options{}, fmt.Errorf("find this program: %w", err)
	}
	red, err := redact.New(redact.Options{})
	if err != nil {
		return command.Options{}, err
	}
	db, err := filepath.Abs(opts.db)
	if err != nil {
		return command.Options{}, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return command.Options{}, err
	}
	store, err := sqlite.Create(context.Background(), db, sqlite.Options{})
	if err != nil {
		return command.Options{}, err
	}
	env := append(os.Environ(),
		demo.EnvModel+"="+model, demo.EnvProject+"="+folder, demo.EnvPace+"="+strconv.FormatFloat(opts.pace, 'g', -1, 64))
	return command.Options{
		Args: []string{self, "demo-agent", "main", demo.Goal}, Env: env, Dir: folder, Stdin: hold, Stdout: null, Stderr: null,
		SessionID: id, Name: demo.Goal, Goal: demo.Goal, Agent: "demo", Version: Version(), Tags: []string{"demo"},
		Open: func(context.Context) (pipeline.Store, error) { return store, nil }, StorePath: db,
		Pipeline: pipeline.Options{Redactor: red},
	}, nil
}

func demoFailure(r command.Result) error {
	if r.Code != 0 {
		return fmt.Errorf("the demo's agent ended with code %d", r.Code)
	}
	return nil
}

// printDemo prints what the demo came to.
func printDemo(ctx context.Context, env *Env, opts demoOptions) error {
	cat, done, err := load(ctx, env, []string{opts.db})
	if err != nil {
		return err
	}
	defer done()
	report := rollup.New(cat, nil)
	if opts.asJSON {
		return printJSON(env.Stdout, usageObject(report, cat, []string{"agent", "model", "tool"}))
	}
	fmt.Fprint(env.Stdout, "A multi-agent run was recorded. On a terminal, lazytrace demo shows it live.\n\n")
	if err := printSessions(env, cat, report, func(*eventlog.Session) bool { return true }, 0); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	return printUsage(env, report, []string{"agent", "tool"})
}

// newDemoAgent is the program that the demo records.
func newDemoAgent() *cobra.Command {
	return &cobra.Command{
		Use: "demo-agent NAME GOAL", Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return runDemoAgent(c.Context(), args[0], args[1]) },
	}
}

func runDemoAgent(ctx context.Context, name, goal string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if name == "main" {
		go func() {
			_, _ = os.Stdin.Read(make([]byte, 1)) // ends when whoever shows us ends
			cancel()
		}()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	to, err := demo.Dial()
	if err != nil {
		return err
	}
	defer to.Close()
	pace, _ := strconv.ParseFloat(os.Getenv(demo.EnvPace), 64) // nothing is as fast as it can
	agent := demo.Agent{Recorder: to, Model: os.Getenv(demo.EnvModel), Project: os.Getenv(demo.EnvProject), Pace: pace, Self: self}
	return agent.Run(ctx, name, goal)
}
