package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

type agentsOptions struct {
	filterOptions
	asJSON bool
}

func newAgents(env *Env) *cobra.Command {
	var opts agentsOptions
	c := &cobra.Command{
		Use: "agents [PATH...]", Short: "List agents: how they are, how often they fail, what they cost",
		Long: `List the agents of the sessions at the paths, or of all that are found on this
machine, by their names: how often they ran and failed, how long a run took,
and what they used, without and with what they started in their sessions.

An agent is active while it takes part in a session that is running; stale when
a run of it is open and nothing was heard for five minutes; in error when
something failed in its last session or in the past hour; new when it is only
named; and idle otherwise.`,
		RunE: func(c *cobra.Command, args []string) error { return runAgents(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print one JSON object an agent")
	formatFlag(c, env)
	return c
}

func runAgents(ctx context.Context, env *Env, paths []string, opts agentsOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	// Of the sessions that an agent took part in the others are not asked for.
	named, err := (&filterOptions{agent: opts.agent}).query()
	if err != nil {
		return err
	}
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	now := eventlog.StampOf(env.Now())
	t := &table{head: []string{"AGENT", "STATUS", ">SESSIONS", ">RUNS", ">FAILED", ">TOOLS", ">ERR", ">P50", ">P95", ">TOKENS", ">COST", ">WITH CHILDREN", ">SEEN", "MODELS"}}
	for _, a := range rollup.Agents(cat, keep, now) {
		if !named.Match(&eventlog.Subject{Agent: a.Name}) {
			continue
		}
		if opts.asJSON {
			if err := printJSON(env.Stdout, a); err != nil {
				return err
			}
			continue
		}
		t.add(agentCells(&a, now)...)
	}
	if opts.asJSON {
		return nil
	}
	return t.print(env.Stdout, 40)
}

func agentCells(a *rollup.Agent, now eventlog.Stamp) []string {
	failed, p50, p95, seen := "", "", "", ""
	if a.Failed > 0 {
		failed = fmt.Sprintf("%d (%s)", a.Failed, figure.Percent(float64(a.Failed), float64(a.Runs)))
	}
	if a.Timed > 0 {
		p50, p95 = figure.Duration(a.P50), figure.Duration(a.P95)
	}
	if a.Last.Known() {
		seen = figure.Ago(now.Sub(a.Last))
	}
	cost := func(s rollup.Sum) string {
		return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
	}
	return []string{
		a.Name, a.Status.String(), fmt.Sprint(a.Sessions), fmt.Sprint(a.Runs), failed, fmt.Sprint(a.Own.ToolCalls), orBlank(a.Own.Errors), p50, p95,
		figure.Count(a.Own.Usage.Total()), cost(a.Own), cost(a.Inclusive), seen, strings.Join(a.Models, ", "),
	}
}
