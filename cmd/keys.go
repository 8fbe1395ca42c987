package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/config"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

type keysOptions struct {
	check bool
	json  bool
}

func newKeys(env *Env) *cobra.Command {
	var opts keysOptions
	c := &cobra.Command{
		Use: "keys", Short: "List the keys of the explorer, or check your own", Args: cobra.NoArgs,
		Long: `List every action of the explorer with its keys, as you have them: those of
keys.toml in the configuration folder take the place of the usual ones.

  trace.next_error = ["e", "ctrl+n"]

--check says what is wrong with keys.toml, config.toml and views.toml, and exits
with 2 when anything is.`,
		RunE: func(_ *cobra.Command, _ []string) error { return runKeys(env, opts) },
	}
	c.Flags().BoolVar(&opts.check, "check", false, "only check the configuration")
	c.Flags().BoolVar(&opts.json, "json", false, "print JSON")
	return c
}

func runKeys(env *Env, opts keysOptions) error {
	folder, err := configFolder(env.Getenv)
	if err != nil {
		return err
	}
	own, problems := config.Read(folder)
	if opts.check {
		if len(problems) > 0 {
			return refused(errors.Join(problems...))
		}
		fmt.Fprintf(env.Stdout, "%s: %d actions, no conflict\n", escape.Line(folder), len(own.Keys))
		return nil
	}
	for _, p := range problems {
		fmt.Fprintf(env.Stderr, "lazytrace: %s\n", escape.Line(p.Error()))
	}
	if opts.json {
		type row struct {
			Action keymap.Action `json:"action"`
			Scope  keymap.Scope  `json:"scope"`
			Keys   []string      `json:"keys"`
			Help   string        `json:"help"`
		}
		e := json.NewEncoder(env.Stdout)
		e.SetEscapeHTML(false)
		for _, r := range own.Keys {
			if err := e.Encode(row{r.Action, r.Scope, append([]string{}, r.Keys...), r.Help}); err != nil {
				return err
			}
		}
		return nil
	}
	last := keymap.Scope("")
	for _, r := range own.Keys {
		if r.Scope != last {
			if last != "" {
				fmt.Fprintln(env.Stdout)
			}
			last = r.Scope
			fmt.Fprintf(env.Stdout, "%s\n", strings.ToUpper(string(r.Scope)))
		}
		fmt.Fprintf(env.Stdout, "  %-20s  %-26s  %s\n", strings.Join(r.Keys, "  "), r.Action, r.Help)
	}
	return nil
}
