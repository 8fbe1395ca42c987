package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

type slowOptions struct {
	filterOptions
	top    int
	by     string
	asJSON bool
}

// slowBy are the tables that slow prints.
var slowBy = []string{"call", "tool"}

func newSlow(env *Env) *cobra.Command {
	var opts slowOptions
	c := &cobra.Command{
		Use: "slow [PATH...]", Short: "Say which calls took longest",
		Long: `List the slowest calls of tools and models of the sessions at the paths, or of
all sessions found on this machine. What a call waited to be allowed, or to
begin, does not count. --by tool adds up the calls of each tool instead.`,
		RunE: func(c *cobra.Command, args []string) error { return runSlow(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	c.Flags().IntVarP(&opts.top, "top", "n", 20, "print so many at most")
	c.Flags().StringVar(&opts.by, "by", "call", "call or tool")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print one JSON object with calls and tools")
	formatFlag(c, env)
	return c
}

func runSlow(ctx context.Context, env *Env, paths []string, opts slowOptions) error {
	if !slices.Contains(slowBy, opts.by) {
		return refuse("--by %s is not known; it is call or tool", opts.by)
	}
	if opts.top < 1 {
		return refuse("--top %d is not a number of calls; it is 1 or more", opts.top)
	}
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	open := func(s *eventlog.Session) bool { return keep(s) && s.ToolCalls+s.Calls > 0 }
	r, err := findTrouble(ctx, env, set, cat, open, trouble.Options{Parts: trouble.PartSlow, Slowest: opts.top})
	if err != nil {
		return err
	}
	slow := r.Slow
	if opts.asJSON {
		return printJSON(env.Stdout, struct {
			Calls []trouble.SlowCall `json:"calls"`
			Tools []trouble.ToolTime `json:"tools"`
		}{some(slow.Calls), some(slow.Tools)})
	}
	if opts.by == "tool" {
		t := &table{head: []string{"TOOL", ">CALLS", ">FAILED", ">P50", ">P95", ">MAX", ">TOTAL"}}
		for _, tool := range slow.Tools[:min(len(slow.Tools), opts.top)] {
			t.add(tool.Tool, fmt.Sprint(tool.Calls), fmt.Sprint(tool.Failed), lasted(tool.P50), lasted(tool.P95), lasted(tool.Max), lasted(tool.Total))
		}
		return t.print(env.Stdout, 48)
	}
	ids := make([]string, len(cat.Sessions))
	for i, s := range cat.Sessions {
		ids[i] = s.ID
	}
	short := prefixes(ids)
	t := &table{head: []string{">TOOK", "START", "KIND", "SESSION", "AGENT", "NAME", "ABOUT"}}
	room := env.room(42, 20, 30, 50)
	for _, c := range slow.Calls {
		took := lasted(c.Took)
		if c.Open {
			took += "+"
		}
		t.add(took, env.clock(c.Time), c.Class.String(), short(c.Session), fit(c.Agent, room[0]), fit(c.Name, room[1]), fit(c.Label, room[2]))
	}
	return t.print(env.Stdout, 0)
}
