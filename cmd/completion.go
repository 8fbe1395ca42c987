package cmd

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// newCompletion prints what a shell needs to complete our command lines. The
// library's own command is not used: it explains itself in texts of its own.
func newCompletion(env *Env) *cobra.Command {
	shells := map[string]func(*cobra.Command, io.Writer) error{
		"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) },
		"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) },
	}
	names := slices.Sorted(maps.Keys(shells))
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print the completions of a shell", Args: cobra.ExactArgs(1),
		Long: `Print what bash, zsh, fish or powershell needs to complete commands, flags,
sessions, agents and queries.

  lazytrace completion bash > ~/.local/share/bash-completion/completions/lazytrace
  lazytrace completion zsh > "${fpath[1]}/_lazytrace"
  lazytrace completion fish > ~/.config/fish/completions/lazytrace.fish
  lazytrace completion powershell >> $PROFILE`,
		ValidArgs: names,
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := shells[args[0]]
			if !ok {
				return refuse("completions for %q are not known; there are %s", args[0], strings.Join(names, ", "))
			}
			return write(c.Root(), env.Stdout)
		},
	}
}

// completing reports whether a shell asks what may come next.
func completing(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// completionTime is what a person at a shell waits for; without what is kept of
// logs a first look may take longer, and then files are offered instead.
var completionTime = 2 * time.Second

// offer says for all commands what the values of their flags and their first
// argument may be. Only a shell that asks pays for it.
func offer(c *cobra.Command, env *Env) {
	values := map[string]cobra.CompletionFunc{
		"session": offerSessions(env, true),
		"agent":   offerOf(env, "agent"),
		"tag":     offerOf(env, "tag"),
		"where":   offerQuery(env),
		"status":  cobra.FixedCompletions([]string{"running", "done", "stale", "interrupted"}, cobra.ShellCompDirectiveNoFileComp),
		"since":   cobra.FixedCompletions([]string{"1h", "24h", "7d", "30d"}, cobra.ShellCompDirectiveNoFileComp),
		"by":      cobra.FixedCompletions(slices.Concat(usageBy, usageLabels), cobra.ShellCompDirectiveNoFileComp),
		"theme":   cobra.FixedCompletions([]string{"auto", "dark", "light", "dark-safe", "light-safe", "16", "none"}, cobra.ShellCompDirectiveNoFileComp),
		"on-trip": cobra.FixedCompletions([]string{"notify", "pause", "stop"}, cobra.ShellCompDirectiveNoFileComp),
		"on-full": cobra.FixedCompletions([]string{"hybrid", "block", "drop"}, cobra.ShellCompDirectiveNoFileComp),
		"capture": cobra.FixedCompletions([]string{"auto", "stdout", "pty", "transcript", "proxy", "http", "otlp", "none"}, cobra.ShellCompDirectiveNoFileComp),
	}
	values["last"], values["until"] = values["since"], values["since"]
	for name, of := range values {
		if c.Flags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, of) // it fails only for a flag that is not there
		}
	}
	words := strings.Fields(c.Use)
	if len(words) > 1 && slices.Contains([]string{"ID", "SESSION", "A"}, words[1]) {
		pair := words[1] == "A"
		sessions := offerSessions(env, false)
		c.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 || pair && len(args) == 1 {
				return sessions(c, args, word)
			}
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
	for _, sub := range c.Commands() {
		offer(sub, env)
	}
}

// found is the catalog of this machine, or nothing when that takes too long.
func found(env *Env, use func(*eventlog.Catalog)) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	quiet := *env
	quiet.Stderr = io.Discard // a shell would print it into the line that is typed
	if cat, done, err := load(ctx, &quiet, nil); err == nil {
		defer done()
		use(cat)
	}
}

// offerSessions offers the ids of sessions, newest first, with what they are called.
func offerSessions(env *Env, only bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) (out []string, _ cobra.ShellCompDirective) {
		found(env, func(cat *eventlog.Catalog) {
			for _, s := range cat.Sessions {
				if strings.HasPrefix(s.ID, word) && len(out) < 50 {
					out = append(out, cobra.CompletionWithDesc(escape.Line(s.ID), escape.Line(s.Label())))
				}
			}
		})
		if len(out) == 0 && !only {
			return nil, cobra.ShellCompDirectiveDefault // some of them take files as well
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// offerOf offers the values that a field of sessions has.
func offerOf(env *Env, field string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) (out []string, _ cobra.ShellCompDirective) {
		found(env, func(cat *eventlog.Catalog) {
			for _, v := range cat.Values()[field] {
				if strings.HasPrefix(v, word) {
					out = append(out, escape.Line(v))
				}
			}
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// offerQuery offers how a query may go on, as the explorer does.
func offerQuery(env *Env) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, text string) (out []string, _ cobra.ShellCompDirective) {
		var known map[string][]string
		c := eventlog.CompleteQuery(text, len(text), func(field string) []string {
			if known == nil {
				found(env, func(cat *eventlog.Catalog) { known = cat.Values() })
			}
			return known[field]
		})
		for _, w := range c.Words {
			out = append(out, text[:c.From]+escape.Line(w))
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
