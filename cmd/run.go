package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact/external"
)

// runOptions are the flags of run, as they were written.
type runOptions struct {
	args []string

	db                string
	dbGiven           bool
	exports           exportFlags
	verbose           bool
	tell              bool // of what was found in the store
	name, goal, agent string

	sessionID, parent  string
	newSession         bool
	meta, tags, metric []string
	envName            string

	experiment, variant string
	capture             string
	raw                 string
	keepExchanges       bool
	redact              redactFlags
	masker              *external.Program // nil unless --redact-cmd names one

	batchSize     int
	batchInterval time.Duration
	maxQueue      int
	onFull        string
	critical      string
	durable       bool
	failOnError   bool
	tui           bool
	limits        guardOptions
}

func newRunCommand(env *Env) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [flags] [--] COMMAND [ARGUMENTS...]",
		Short: "Run a command and record what its agents do",
		Long: `Run a command and record what its agents do.

The command runs as it would without lazytrace: same terminal, signals and
output, and its exit code is ours (128+n when signal n ended it).`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.args, o.dbGiven = args, c.Flags().Changed("db")
			return runRun(c.Context(), env, o)
		},
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return refused(fmt.Errorf("run: no command to run"))
		}
		return nil
	}
	f := c.Flags()
	// What follows the name of the command belongs to the command.
	f.SetInterspersed(false)
	f.StringVar(&o.db, "db", "", "store to record into, or none to keep nothing (default: your own store)")
	o.exports.register(c)
	f.StringVar(&o.name, "name", "", "name of the session")
	f.StringVar(&o.goal, "goal", "", "what the run is meant to achieve")
	f.StringVar(&o.agent, "agent", "", "name of the agent (default: the command's)")
	f.StringVar(&o.sessionID, "session-id", "", "id of the session (default: a new one)")
	f.StringVar(&o.parent, "parent", "", "id of the session that this one was started by")
	f.BoolVar(&o.newSession, "new-session", false, "do not become a child of the session that we run in")
	f.StringArrayVar(&o.meta, "meta", nil, "`key=value` to keep with the session (repeatable)")
	f.StringArrayVar(&o.tags, "tag", nil, "tag of the session (repeatable)")
	f.StringVar(&o.envName, "env-name", "", "environment: production, staging, ...")
	f.StringVar(&o.experiment, "experiment", "", "experiment that the session belongs to")
	f.StringVar(&o.variant, "variant", "", "variant of the experiment")
	f.StringArrayVar(&o.metric, "metric", nil, "`key=number` that tells how it went (repeatable)")
	f.StringVar(&o.capture, "capture", "auto", "what to capture: of the output auto, stdout, pty or none; transcript (part of auto) is what agents write down; with http or otlp also what is sent, with proxy calls of model providers")
	f.StringVar(&o.raw, "raw", "", "keep captured output as it is in this `file`, masked, and make no events of it")
	f.BoolVar(&o.keepExchanges, "keep-exchanges", false, "with --capture proxy: also keep what was asked and answered, masked, for lazytrace replay --serve (bodies are large)")
	o.redact.addRun(c)
	f.IntVar(&o.batchSize, "batch-size", 100, "events written at once")
	f.DurationVar(&o.batchInterval, "batch-interval", time.Second, "how long an event may wait for its batch")
	f.IntVar(&o.maxQueue, "max-queue", 10_000, "events that may wait to be written")
	f.StringVar(&o.onFull, "on-full", "hybrid", "when the queue is full: hybrid (critical events wait, others are dropped), block, drop")
	f.StringVar(&o.critical, "critical", "", "event types that wait for room, in place of the usual ones (comma-separated)")
	f.BoolVar(&o.durable, "durable", false, "wait for the disk at every commit")
	f.BoolVar(&o.failOnError, "fail-on-error", false, "exit with 3 when the command succeeds but events tell of errors")
	f.BoolVar(&o.tui, "tui", false, "show the run while it goes on")
	o.limits.register(c)
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print events on stderr and store nothing")
	return c
}

func runRun(ctx context.Context, env *Env, o runOptions) error {
	// net/http complains of what providers send on the standard log, and stderr
	// is the program's.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	o.tell = o.verbose || o.exports.prints()
	if o.verbose && (o.dbGiven || o.exports.any()) {
		fmt.Fprintln(os.Stderr, "lazytrace: -v is ignored: it was said where the events go")
		o.verbose = false
	}
	if o.verbose {
		o.exports.console()
		o.db = "none"
	}
	options, err := o.command()
	if err != nil {
		return refused(fmt.Errorf("run: %w", err))
	}
	if err := o.sinks(&options); err != nil {
		return refused(fmt.Errorf("run: %w", err))
	}
	if o.redact.unsafe {
		fmt.Fprintln(os.Stderr, "lazytrace: payloads are stored without redaction, secrets and all (--unsafe-log-payloads)")
	}
	result, err := o.record(ctx, env, options)
	o.endMasker()
	if err != nil {
		return err
	}
	switch {
	case result.Code != 0:
		return exitError{code: result.Code}
	case o.failOnError && result.Stats.Errors > 0:
		return exitError{code: exitTripped}
	}
	return nil
}

// record records the command, and shows it when that was asked for.
func (o *runOptions) record(ctx context.Context, env *Env, options command.Options) (command.Result, error) {
	if o.tui && env.Terminal() {
		return recordLive(ctx, env, options)
	}
	return command.Record(ctx, options), nil
}

// command makes options of the flags and of the recorder around us.
func (o *runOptions) command() (c command.Options, err error) {
	c = command.Options{
		Args: o.args, Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Decode: wire.Line, SessionID: o.sessionID,
		Name: o.name, Goal: o.goal, Agent: o.agent, Environment: o.envName,
		Experiment: o.experiment, Variant: o.variant, Version: Version(),
		Tags: o.tags, UnsafePayloads: o.redact.unsafe,
	}
	if c.Dir, err = os.Getwd(); err != nil {
		c.Dir = "" // it was removed; the command can live with that
	}
	c.ParentSession, c.ParentRun, c.RootSession = origin.Above(os.Getenv, o.parent, o.newSession)
	if c.Capture, err = process.ParseCapture(o.capture); err != nil {
		return c, fmt.Errorf("--capture: %w", err)
	}
	c.KeepExchanges = o.keepExchanges
	if o.keepExchanges && !c.Capture.Proxy {
		return c, fmt.Errorf("--keep-exchanges keeps what passes the proxy: add --capture proxy")
	}
	if c.Metadata, err = pairs("--meta", o.meta); err != nil {
		return c, err
	}
	if c.Metrics, err = metrics(o.metric); err != nil {
		return c, err
	}
	if c.Pipeline, err = o.pipeline(); err != nil {
		return c, err
	}
	c.Guard, err = o.limits.guard(c.Pipeline.Redactor)
	return c, err
}

func (o *runOptions) pipeline() (p pipeline.Options, err error) {
	p = pipeline.Options{BatchSize: o.batchSize, BatchInterval: o.batchInterval, MaxQueue: o.maxQueue}
	if o.batchSize < 1 || o.maxQueue < 1 || o.batchInterval <= 0 {
		return p, fmt.Errorf("--batch-size, --batch-interval and --max-queue must be more than 0")
	}
	if p.OnFull, err = pipeline.ParseOnFull(o.onFull); err != nil {
		return p, fmt.Errorf("--on-full: %w", err)
	}
	if o.critical != "" {
		types := map[string]bool{}
		for _, name := range strings.Split(o.critical, ",") {
			types[strings.TrimSpace(name)] = true
		}
		p.Critical = func(e *eventlog.Event) bool { return types[e.Type] }
	}
	o.masker, err = o.redact.pipeline(&p)
	return p, err
}

// sinks says where events go. A sink that cannot be opened is one that fails:
// the command runs all the same.
func (o *runOptions) sinks(c *command.Options) error {
	path, err := o.store()
	if err != nil {
		return err
	}
	c.StorePath = path
	if path == "none" && o.keepExchanges {
		return fmt.Errorf("--keep-exchanges needs a store to keep them in, and there is none")
	}
	if path != "none" {
		c.Open = func(ctx context.Context) (pipeline.Store, error) {
			if !o.dbGiven {
				// The folder is ours, so it is made.
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					return nil, fmt.Errorf("create the store: %w", err)
				}
			}
			return o.openStore(ctx, path)
		}
	}
	if err := o.exports.open(c); err != nil {
		return err
	}
	return o.keepRaw(c)
}

// store returns the absolute path of the store, or none.
func (o *runOptions) store() (string, error) {
	path := o.db
	if path == "" {
		path = os.Getenv(origin.EnvStore) // of the recorder around us
	}
	switch path {
	case "none", ":memory:":
		return "none", nil
	case "":
		return defaultStore(os.Getenv)
	}
	return filepath.Abs(path)
}

func pairs(flag string, list []string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	m := make(map[string]string, len(list))
	for _, pair := range list {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%s %q: key=value is expected", flag, pair)
		}
		m[key] = value
	}
	return m, nil
}

func metrics(list []string) (map[string]float64, error) {
	given, err := pairs("--metric", list)
	if err != nil || given == nil {
		return nil, err
	}
	m := make(map[string]float64, len(given))
	for key, value := range given {
		switch value {
		case "true":
			value = "1"
		case "false":
			value = "0"
		}
		if m[key], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("--metric %s=%s: a number is expected", key, value)
		}
	}
	if err := origin.CheckMetrics(m); err != nil {
		return nil, fmt.Errorf("--metric %w", err)
	}
	return m, nil
}
