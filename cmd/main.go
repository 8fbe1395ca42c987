// Package cmd is the command line: one file a command, flags, wiring and exit
// codes. It is the only package that knows every other one.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// Main runs the command line and returns the exit code.
func Main() int { return run(context.Background(), realEnv(), os.Args[1:]) }

// run runs the command line in a world.
func run(ctx context.Context, env *Env, args []string) int {
	if len(args) == 1 && args[0] == "--version" { // scripts ask before each use: no command has to be made for it
		return codeOf(printVersion(env))
	}
	root := newRootFor(env, args)
	if completing(args) {
		offer(root, env)
	}
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	var exit exitError
	if err != nil && !(errors.As(err, &exit) && exit.err == nil) && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(env.Stderr, "lazytrace: %s\n", oneLine(err))
	}
	return codeOf(err)
}

// Commands is the command line as a tree, for whoever writes its pages and manuals.
func Commands() *cobra.Command {
	root := newRoot(realEnv())
	root.InitDefaultHelpCmd()
	return root
}

// oneLine spells an error on one line that a terminal can take.
func oneLine(err error) string {
	return escape.Line(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
}

// newRootFor makes what the arguments need: a recording begins without making all
// the other commands.
func newRootFor(env *Env, args []string) *cobra.Command {
	if len(args) > 0 && args[0] == "run" {
		root := newBareRoot(env)
		root.AddCommand(newRunCommand(env))
		wrapArgs(root)
		return root
	}
	return newRoot(env)
}

// newBareRoot makes the root without its commands.
func newBareRoot(env *Env) *cobra.Command {
	var opts homeOptions
	root := &cobra.Command{
		Use:   "lazytrace",
		Short: "See what LLM agents do, from the terminal",
		Long: `lazytrace shows every agent session of this machine as a live, nested, priced
tree, records any agent that is started with it, and reads what agents left
behind.

  lazytrace                     every session of this machine
  lazytrace run CMD ARGS...     record an agent
  lazytrace open PATH...        read a log, a database or a folder
  lazytrace demo                see it at work, with nothing to set up`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return runHome(c.Context(), env, opts) },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return refused(err) })
	opts.flags(root)
	versionFlag(root, env)
	return root
}

func newRoot(env *Env) *cobra.Command {
	root := newBareRoot(env)
	root.AddCommand(
		newOpen(env),
		newTail(env),
		newSessions(env),
		newSearch(env),
		newEvents(env),
		newStat(env),
		newUsage(env),
		newErrors(env),
		newSlow(env),
		newGraph(env),
		newAgents(env),
		newTranscript(env),
		newCompare(env),
		newNote(env),
		newNotes(env),
		newFork(env),
		newReplay(env),
		newMCP(env),
		newExport(env),
		newImport(env),
		newPrices(env),
		newCache(env),
		newArchive(env),
		newDoctor(env),
		newKeys(env),
		newRedact(env),
		newScan(env),
		newScrub(env),

		newCheck(env),
		newDemo(env),
		newDemoAgent(),
		newRunCommand(env),
		newResume(env),
		newEmitCommand(),
		newCompletion(env),
		newCapabilities(env),
		newVersion(env),
	)
	wrapArgs(root)
	return root
}

// wrapArgs makes a wrong number of arguments a refusal.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error { return refused(check(c, args)) }
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}
